"""Any sequence of what moves the pointer, beside trainings that begin and end: it says what a model
of a list says.
"""

import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lstm_forecast.errors import RunError
from lstm_forecast.store import (
    FOR_STUDY,
    Version,
    champions,
    crown,
    locked,
    open_run,
    promote,
    promotions,
    prune,
    publish,
    publishing,
    reading,
    rollback,
    run_ids,
)
from tests.reliability.copies import writers

FILES = ("network.onnx",)  # fewer than there are: each behaves like the others
CONTENTS = {name: name.encode() for name in FILES}
TICK_SECONDS = 0.005  # that times on a disk are apart: what comes within less is no training


class Choices(RuleBasedStateMachine):
    """``pointed`` is None where the pointer was damaged, ``runs`` tells which ones were kept for
    study.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        for module in (publishing, reading):
            self.stack.enter_context(patch.object(module, "FILES", FILES))
        self.folder = Path(tempfile.mkdtemp())
        self.home = self.folder / "sine"
        self.pointed: list[str] | None = []
        self.runs: dict[str, bool] = {}
        self.reasons: dict[str, list[str]] = {}
        self.training: ExitStack | None = None
        self.seen: Version = None
        self.chosen_since = False

    def teardown(self) -> None:
        if self.training is not None:
            self.training.close()
        self.stack.close()
        shutil.rmtree(self.folder)

    @initialize()
    def first(self) -> None:
        self.begin()
        self.end(study=False)

    @precondition(lambda self: self.training is None)
    @rule()
    def begin(self) -> None:
        self.training, self.chosen_since = ExitStack(), False
        self.seen = self.training.enter_context(locked(self.home))
        time.sleep(TICK_SECONDS)

    @precondition(lambda self: self.training is not None)
    @rule(study=st.booleans())
    def end(self, study: bool) -> None:
        assert self.training is not None
        with self.training:
            run_id = publish(self.home, writers(CONTENTS), {FOR_STUDY: study}).run_id
            self.runs[run_id] = study
            overtaken = self.pointed and self.chosen_since
            if not study:
                champion = crown(self.home, run_id, seen=self.seen)
                assert (champion == run_id) == (not overtaken)
            if not study and not overtaken:
                self.pointed = [run_id, *(self.pointed or [])]
        self.training = None

    @precondition(lambda self: self.training is not None)
    @rule()
    def die(self) -> None:
        assert self.training is not None
        (self.home / ".stage-0099-20260101T000000Z").mkdir(exist_ok=True)
        self.training.close()
        self.training = None

    @rule(number=st.integers(0, 9), reason=st.sampled_from([None, "spring"]))
    def promote(self, number: int, reason: str | None) -> None:
        run_id = list(self.runs)[number % len(self.runs)]
        promote(self.home, run_id, reason=reason)
        self.pointed = [run_id, *(each for each in self.pointed or [] if each != run_id)]
        self.chosen_since = True
        if reason:
            self.reasons.setdefault(run_id, []).append(reason)

    @rule()
    def rollback(self) -> None:
        if self.pointed is None:
            fitting = [run_id for run_id, study in reversed(self.runs.items()) if not study]
            rest = fitting[:1]
        else:
            rest = self.pointed[1:]
            while rest and rest[0] not in self.runs:
                rest = rest[1:]
        if not rest:
            with pytest.raises(RunError, match="no earlier champion"):
                rollback(self.home)
            return
        assert rollback(self.home).run_id == rest[0]
        self.pointed, self.chosen_since = rest, True

    @rule(keep=st.integers(1, 3))
    def prune(self, keep: int) -> None:
        with ExitStack() as stack:
            if self.training is None:
                stack.enter_context(locked(self.home))
            if self.pointed is None:
                with pytest.raises(RunError, match="the champion is not known"):
                    prune(self.home, keep=keep)
                return
            gone = prune(self.home, keep=keep)
        kept = {*list(self.runs)[-keep:], *self.pointed[:2]}
        assert gone == [run_id for run_id in self.runs if run_id not in kept]
        self.runs = {run_id: study for run_id, study in self.runs.items() if run_id in kept}

    @rule(content=st.sampled_from([b"", b"garbage", b"\0" * 22]))
    def damage(self, content: bytes) -> None:
        (self.home / "champion").write_bytes(content)
        self.pointed = None

    @invariant()
    def the_disk_says_what_the_model_says(self) -> None:
        if not self.runs:
            return
        assert champions(self.home) == (self.pointed or [])
        assert run_ids(self.home) == list(self.runs)
        if self.pointed:
            open_run(self.home).verify()
        for run_id in self.runs:
            assert [each.reason for each in promotions(self.home, run_id)] == self.reasons.get(
                run_id, []
            )


TestChoices = Choices.TestCase
TestChoices.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
