"""Training, rollback, promotion, pruning and reading at once, in random orders: who chose the
champion in the end?

Each is a thread with real files and real kernel locks. Every operation on the disk may be held up
for a moment, so that the others come in between, or be the last one, as if a signal came there.
Every move of the pointer is noted while its lock is held: their order is the one that there was.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lstm_forecast.errors import RunError
from lstm_forecast.store import (
    Run,
    champions,
    crown,
    keeping,
    locked,
    open_run,
    pointer,
    promote,
    prune,
    publish,
    publishing,
    reading,
    rollback,
    run_ids,
)  # fmt: skip
from tests.reliability.copies import writers

__all__ = ["Interleaving", "interleave"]

FILES = ("network.onnx", "config.yaml")  # fewer than there are: each behaves like the others
CONTENTS = {name: name.encode() for name in FILES}
ACTORS = ("train", "rollback", "rollback", "promote", "promote", "prune", "read")
LONGEST_SECONDS = 0.001  # that an operation is held up
ONE_IN = 40  # operations after which a signal comes


class Signal(BaseException):
    """Ends an actor at an operation on the disk."""


@dataclass(frozen=True)
class Move:
    """A writing of the pointer."""

    actor: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    version: pointer.Version


@dataclass
class Interleaving:
    """What happened in one, and what is wrong with it."""

    moves: list[Move] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)  # by actor and outcome
    wrong: list[str] = field(default_factory=list)


def interleave(home: Path, seed: int) -> Interleaving:
    """Let all actors loose on a ``home`` with three champions and a run that was never promoted."""
    found, actor = Interleaving(), threading.local()
    waiting = partial(publishing.held, poll=LONGEST_SECONDS)
    with (
        patch.object(publishing, "FILES", FILES),
        patch.object(reading, "FILES", FILES),
        patch.object(publishing, "held", waiting),
    ):
        with locked(home):
            for promoted in (True, True, True, False):
                run = publish(home, writers(CONTENTS), {})
                if promoted:
                    promote(home, run.run_id)
        first = tuple(champions(home))
        with _held_up(actor), _noted(actor, found), ThreadPoolExecutor(len(ACTORS)) as pool:
            for number, name in enumerate(ACTORS):
                pool.submit(_act, name, home, random.Random(f"{seed}/{number}"), actor, found)
        _check(home, first, found)
    return found


def _act(name: str, home: Path, moments: random.Random, actor: Any, found: Interleaving) -> None:
    actor.name, actor.moments = name, moments
    time.sleep(moments.uniform(0, 10 * LONGEST_SECONDS))
    for _ in range(3):
        try:
            end = globals()[f"_{name}"](home, moments, found)
        except (RunError, Signal) as error:
            end = type(error).__name__
        except BaseException as error:  # nothing else may happen to anybody
            found.wrong.append(f"{name}: {error!r}")
            return
        found.ends[f"{name}: {end}"] += 1


def _train(home: Path, moments: random.Random, found: Interleaving) -> str:
    with locked(home, wait=10) as seen:
        version = pointer.version(home)
        time.sleep(moments.uniform(0, 10 * LONGEST_SECONDS))
        run_id = publish(home, writers(CONTENTS), {}).run_id
        prune(home, keep=3)
        champion = crown(home, run_id, seen=seen)
        if champion != run_id:
            return "overtaken"
        written = [None, *(move.version for move in found.moves)]
        for number, move in enumerate(found.moves, start=1):
            known = max((k for k, each in enumerate(written) if each == version), default=0)
            if (move.actor, move.after[0]) == ("train", run_id) and number != known + 1:
                found.wrong.append(
                    f"{run_id} was promoted over what was chosen since: {found.moves[known:number]}"
                )
        return "promoted"


def _rollback(home: Path, moments: random.Random, found: Interleaving) -> str:
    rollback(home)
    return "done"


def _promote(home: Path, moments: random.Random, found: Interleaving) -> str:
    promote(home, moments.choice(run_ids(home)))
    return "done"


def _prune(home: Path, moments: random.Random, found: Interleaving) -> str:
    with locked(home, wait=10):
        prune(home, keep=moments.choice((1, 2)))
    return "done"


def _read(home: Path, moments: random.Random, found: Interleaving) -> str:
    run = open_run(home)
    try:
        for name in FILES:
            if run.read(name) != name.encode():
                found.wrong.append(f"{run.path / name}: not what was written")
    except RunError:
        if champions(home)[:1] == [run.run_id]:  # unless others became it since, and it was pruned
            raise AssertionError(f"{run.run_id} is the champion, and cannot be read") from None
    return "done"


def _check(home: Path, first: tuple[str, ...], found: Interleaving) -> None:
    """Note what is wrong in the end."""
    pointed = first
    for move in found.moves:
        if move.before != pointed:
            found.wrong.append(f"{move} does not follow upon {pointed}")
        if move.actor == "rollback" and move.after[0] not in pointed:
            found.wrong.append(f"{move}: nobody had ever chosen that")
        pointed = move.after
    if tuple(champions(home)) != pointed:
        found.wrong.append(f"{champions(home)} is not what was chosen last, {pointed}")
    open_run(home).verify()
    for run_id in run_ids(home):
        open_run(home / run_id).verify()


@contextmanager
def _noted(actor: Any, found: Interleaving) -> Iterator[None]:
    """Note every writing of the pointer."""
    real = keeping.point_at

    def point_at(home: Path, ids: list[str]) -> None:
        before, version = tuple(champions(home)), pointer.version(home)
        try:
            real(home, ids)
        finally:  # what was stopped may have come through, or have put the pointer back
            if pointer.version(home) != version:
                found.moves.append(
                    Move(actor.name, before, tuple(champions(home)), pointer.version(home))
                )

    with patch.object(keeping, "point_at", point_at):
        yield


@contextmanager
def _held_up(actor: Any) -> Iterator[None]:
    """Hold up operations on the disk, and let a signal come before some of them."""

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            if (moments := getattr(actor, "moments", None)) is not None:
                time.sleep(moments.uniform(0, LONGEST_SECONDS))
                if moments.randrange(ONE_IN) == 0:
                    raise Signal
            result = function(*args, **options)
            time.sleep(0 if moments is None else moments.uniform(0, LONGEST_SECONDS))
            return result

        return run

    with (
        patch.object(Run, "verify", watched(Run.verify)),
        patch.object(os, "fsync", watched(os.fsync)),
        patch.object(Path, "rename", watched(Path.rename)),
        patch.object(Path, "replace", watched(Path.replace)),
        patch.object(Path, "mkdir", watched(Path.mkdir)),
    ):
        yield
