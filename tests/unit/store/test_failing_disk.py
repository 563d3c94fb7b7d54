"""Every single operation on the disk fails in turn: the champion stays, byte for byte, and the next
run is clean.
"""

import errno
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.errors import WriteError
from lstm_forecast.store import (
    Checkpoints,
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
    write_whole,
)
from tests.reliability.copies import writers
from tests.reliability.failing_disk import NEVER, failing_disk
from tests.unit.store.test_store import CONTENTS, Stop, operations

CODES = [errno.ENOSPC, errno.EIO, errno.EACCES]
FILES = ("network.onnx", "config.yaml")  # fewer than there are: each behaves like the others
OLD = {name: f"old {name}".encode() for name in FILES}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three champions, one after another, and a checkpoint."""
    for module in (publishing, reading):
        monkeypatch.setattr(module, "FILES", FILES)
    home = tmp_path / "sine"
    with locked(home):
        for _ in range(3):
            promote(home, publish(home, writers(OLD), {}).run_id)
        checkpoints(home).save("key", b"old")
    return home


def checkpoints(home: Path) -> Checkpoints:
    return Checkpoints(home, resume=True, note=lambda text: None)


def challenge(home: Path) -> None:
    """What ``retrain`` does where the challenger is better."""
    with locked(home) as seen:
        run = publish(home, writers(CONTENTS), {})
        prune(home, keep=2)
        crown(home, run.run_id, seen=seen)


def train(home: Path) -> None:
    with locked(home) as seen:
        run = publish(home, writers(CONTENTS), {})
        crown(home, run.run_id, seen=seen)


def go_back(home: Path) -> None:
    rollback(home)


def save(home: Path) -> None:
    checkpoints(home).save("key", b"new" * 1000)


def sweep(
    action: Callable[[Path], None], home: Path, code: int, then: str = "works"
) -> Iterator[tuple[str, Path, bool]]:
    """The operation that failed in a fresh copy of ``home``, that copy, and whether the action did:
    for every one.
    """
    work = home.with_name("work")
    for n in count():
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(home, work)
        with failing_disk(n, code, then=then) as disk:
            try:
                action(work)
                failed = False
            except WriteError as error:
                assert os.strerror(code) in str(error)
                failed = True
        if not disk.failed:
            return
        yield disk.done[n], work, failed


def whole(home: Path) -> bool:
    """Whether every run is, the champion among them."""
    for run_id in run_ids(home):
        open_run(home / run_id).verify()
    return open_run(home).run_id == champions(home)[0]


@pytest.mark.parametrize("action", [challenge, go_back], ids=lambda action: action.__name__)
@pytest.mark.parametrize("then", ["works", "same"])
@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
def test_wherever_the_disk_fails_the_champion_stays_and_the_next_try_is_clean(
    code: int, then: str, action: Callable[[Path], None], home: Path
) -> None:
    kinds, before = Counter[str](), (home / "champion").read_bytes()
    for kind, work, failed in sweep(action, home, code, then):
        kinds[kind] += failed
        if failed:
            assert (work / "champion").read_bytes() == before
        assert whole(work)
        with failing_disk(NEVER, code):
            action(work)
        assert whole(work)
        assert (work / "champion").read_bytes() != before
        assert not list(work.glob(".*"))
    publishes = action is challenge
    assert kinds["write"] == (len(FILES) + 2 if publishes else 1)  # manifest and pointer
    assert kinds["rename"] == (3 if publishes else 1)  # the new run, the oldest one, the pointer
    assert kinds["fsync"] >= kinds["write"] + kinds["rename"]
    # the lock, and that of the pointer each time
    assert kinds["open"] == kinds["write"] + (3 if publishes else 1)


@pytest.mark.parametrize("then", ["works", "same"])
@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
def test_wherever_the_disk_fails_the_reason_for_a_promotion_is_there_just_if_it_took_place(
    code: int, then: str, home: Path
) -> None:
    oldest, before = run_ids(home)[0], (home / "champion").read_bytes()
    failures = 0
    for _, work, failed in sweep(
        lambda work: promote(work, oldest, reason="why"), home, code, then
    ):
        failures += failed
        assert [each.reason for each in promotions(work, oldest)] == ([] if failed else ["why"])
        assert ((work / "champion").read_bytes() == before) == failed
    assert failures > 5


def test_a_reason_that_is_cut_off_by_a_full_disk_is_taken_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            return super().write(bytes(data)[:10])

    oldest, before = run_ids(home)[0], (home / "champion").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", lambda descriptor, *_, **__: Full(descriptor, "r+"))
        with pytest.raises(
            WriteError, match=r"promotions\.jsonl: cannot be written: No space left"
        ):
            promote(home, oldest, reason="why")
    assert ((home / "champion").read_bytes(), (home / "promotions.jsonl").read_bytes()) == (
        before,
        b"",
    )


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
def test_a_disk_that_goes_read_only_anywhere_keeps_a_whole_champion(code: int, home: Path) -> None:
    moved = []
    for kind, work, failed in sweep(challenge, home, code, "all"):
        assert failed or kind == "mkdir"
        assert whole(work)
        moved.append(champions(work) != champions(home))
    # Only where it takes the new pointer and then nothing any more, not even the old one.
    assert moved == [False] * (len(moved) - 1) + [True]


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
def test_a_checkpoint_or_a_result_that_cannot_be_written_is_the_old_one(
    code: int, home: Path
) -> None:
    for kind, work, failed in sweep(save, home, code):
        assert failed or kind == "mkdir"
        assert checkpoints(work).load("key") == (b"old" if failed else b"new" * 1000)
        assert [path.name for path in (work / "checkpoints").iterdir()] == ["key"]
    (home / "out").write_text("old")
    for kind, work, failed in sweep(lambda work: write_whole(work / "out", write_new), home, code):
        assert failed or kind == "mkdir"
        assert (work / "out").read_text() == ("old" if failed else "new")
        assert not list(work.glob(".out*"))


def write_new(path: Path) -> None:
    path.write_text("new")


def test_a_first_run_on_a_disk_that_fails_anywhere_leaves_no_run_and_no_pointer(home: Path) -> None:
    new = home.with_name("new")
    new.mkdir()
    for _, work, failed in sweep(train, new, errno.ENOSPC):
        assert (work / "champion").exists() != failed
        assert bool(run_ids(work)) != failed


def test_a_signal_at_any_operation_of_a_promotion_leaves_the_champion(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ids = (home / "champion").read_bytes(), run_ids(home)
    for n in range(4):  # write, fsync, rename, fsync of the directory
        with locked(home), monkeypatch.context() as patch:
            done = operations(patch, fail_at=n, error=Stop())
            with pytest.raises(Stop):
                promote(home, ids[0])
        assert len(done) > n
        assert (home / "champion").read_bytes() == before
        assert not list(home.glob(".*"))
    with locked(home), monkeypatch.context() as patch:
        assert len(operations(patch, fail_at=4, error=Stop())) == 0
        assert promote(home, ids[0]).run_id == champions(home)[0] == ids[0]
