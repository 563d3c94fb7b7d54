"""What a disk may hold after a power cut: every state that unsynced operations allow, and what a
reader makes of it.

Pessimistic POSIX: the content of a file that was not fsynced may be gone, and of the changes of a
directory that was not fsynced any subset may have reached the disk. Recorded are the calls that
real publishes make, and promotions, rollbacks and prunings between them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lstm_forecast.store import (
    crown,
    disk,
    keeping,
    locked,
    promote,
    prune,
    publish,
    publishing,
    reading,
    rollback,
)
from lstm_forecast.store.reading import RUN_ID
from tests.reliability.copies import writers

__all__ = ["Operation", "Outcome", "check", "recorded_choices", "recorded_publishes", "without"]

FILES = ("network.onnx", "config.yaml")  # fewer than there are: each behaves like the others
Entries = dict[tuple[int, str], int]  # (directory, name) -> file or directory, all by inode


@dataclass(frozen=True)
class Operation:
    """A system call: mkdir, write (the whole content of a new file), fsync, rename, remove (with
    all that is below).

    Or ``choosing`` and ``chosen``: that what makes this run the champion begins, and has returned.
    """

    kind: str
    path: str
    target: str = ""


@dataclass(frozen=True)
class Outcome:
    """How many different states there are, and what is wrong with some."""

    states: int
    violations: tuple[str, ...]


def recorded_publishes(home: Path, *, times: int) -> list[Operation]:
    """The operations of that many publishes, the first of which finds nothing."""
    done: list[Operation] = []
    with _recording(done):
        for number in range(times):
            _choose(done, lambda number=number: _trained(home, number))
    return done


def recorded_choices(home: Path) -> list[Operation]:
    """The operations of all that moves the pointer, and of a training that finds it moved by
    somebody else.
    """
    done: list[Operation] = []
    with _recording(done):
        first, second = (
            _choose(done, lambda number=number: _trained(home, number)) for number in range(2)
        )
        _choose(done, lambda: promote(home, first).run_id)
        with locked(home) as seen:
            _choose(done, lambda: rollback(home).run_id)
            assert crown(home, publish(home, _writers(2), {}).run_id, seen=seen) == second
            assert prune(home, keep=1) == [first]
    return done


def _choose(done: list[Operation], choice: Callable[[], str]) -> str:
    done.append(Operation("choosing", ""))
    done.append(Operation("chosen", champion := choice()))
    return champion


def _trained(home: Path, number: int) -> str:
    with locked(home) as seen:
        return crown(home, publish(home, _writers(number), {}).run_id, seen=seen)


def _writers(number: int) -> dict[str, Callable[[Path], Any]]:
    return writers({name: f"{name} {number}".encode() for name in FILES})


@contextmanager
def _recording(done: list[Operation]) -> Iterator[None]:
    """Note what is called, and call it."""

    def watched(function: Callable[..., Any], note: Callable[..., Operation]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            done.append(note(*args))
            return result

        return run

    def moved(path: Path, target: Path) -> Operation:
        return Operation("rename", str(path), str(target))

    def opened(descriptor: int) -> Operation:
        return Operation("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    def written(path: Path, content: bytes) -> Operation:
        return Operation("write", str(path), content.decode())

    def removed(path: Path) -> Operation:
        return Operation("remove", str(path))

    with (
        patch.object(publishing, "FILES", FILES),
        patch.object(reading, "FILES", FILES),
        patch.object(keeping, "remove", watched(disk.remove, removed)),
        patch.object(os, "fsync", watched(os.fsync, opened)),
        patch.object(Path, "rename", watched(Path.rename, moved)),
        patch.object(Path, "replace", watched(Path.replace, moved)),
        patch.object(Path, "write_bytes", watched(Path.write_bytes, written)),
        patch.object(
            Path, "mkdir", watched(Path.mkdir, lambda path, *_, **__: Operation("mkdir", str(path)))
        ),
    ):
        yield


def without(operations: Sequence[Operation]) -> Iterator[tuple[Operation, list[Operation]]]:
    """Each fsync, and the operations without it."""
    for k, operation in enumerate(operations):
        if operation.kind == "fsync":
            yield operation, [*operations[:k], *operations[k + 1 :]]


def check(operations: Sequence[Operation], *, home: Path) -> Outcome:
    """Read every state that a power cut after any of the operations may leave.

    Every run must be whole, and the champion the last one that was chosen or the one that is being
    chosen; there is none only if none was chosen.
    """
    seen: set[Any] = set()
    violations: list[str] = []
    for length in range(len(operations) + 1):
        prefix = operations[:length]
        disk = _Disk(prefix, root=str(home.parent))
        chosen = [each.path for each in prefix if each.kind == "chosen"][-1:]
        under_way = [each.kind for each in prefix if each.kind in ("choosing", "chosen")][-1:] == [
            "choosing"
        ]
        coming = [each.path for each in operations[length:] if each.kind == "chosen"][:1]
        allowed = [*chosen, *(coming if under_way else [])]
        for state in disk.states():
            key = (frozenset(state[0].items()), state[1], tuple(allowed))
            if key in seen:
                continue
            seen.add(key)
            if wrong := _wrong(disk, *state, home=home.name, allowed=allowed, needed=bool(chosen)):
                violations.append(f"after {length} operations: {wrong}")
    return Outcome(len(seen), tuple(violations))


class _Disk:
    """What has reached the disk for certain, and what may have."""

    def __init__(self, operations: Sequence[Operation], *, root: str) -> None:
        self.inodes: dict[str, int] = {root: 0}
        self.contents: dict[int, str] = {}
        # directory, added, removed
        self.changes: list[tuple[int, Entries, list[tuple[int, str]]]] = []
        self.synced_changes: set[int] = set()
        self.synced_contents: set[int] = set()
        for operation in operations:
            getattr(self, f"_{operation.kind}")(operation)

    def _choosing(self, operation: Operation) -> None:
        """Nothing happens on the disk."""

    _chosen = _choosing

    def _remove(self, operation: Operation) -> None:
        for path in [each for each in self.inodes if f"{each}/".startswith(f"{operation.path}/")]:
            parent, name = os.path.split(path)
            self.changes.append((self.inodes[parent], {}, [(self.inodes[parent], name)]))

    def _mkdir(self, operation: Operation) -> None:
        if operation.path not in self.inodes:
            self._add(operation.path)

    def _write(self, operation: Operation) -> None:
        self.contents[self._add(operation.path)] = operation.target

    def _add(self, path: str) -> int:
        inode = len(self.inodes) + 1_000 * len(self.changes)
        parent, name = os.path.split(path)
        self.inodes[path] = inode
        self.changes.append((self.inodes[parent], {(self.inodes[parent], name): inode}, []))
        return inode

    def _rename(self, operation: Operation) -> None:
        (parent, old), new = os.path.split(operation.path), Path(operation.target).name
        inode, directory = self.inodes.pop(operation.path), self.inodes[parent]
        self.inodes[operation.target] = inode
        for path in [each for each in self.inodes if each.startswith(f"{operation.path}/")]:
            self.inodes[operation.target + path.removeprefix(operation.path)] = self.inodes.pop(
                path
            )
        self.changes.append((directory, {(directory, new): inode}, [(directory, old)]))

    def _fsync(self, operation: Operation) -> None:
        inode = self.inodes[operation.path]
        self.synced_contents.add(inode)
        self.synced_changes |= {
            k for k, (directory, _, _) in enumerate(self.changes) if directory == inode
        }

    def states(self) -> Iterator[tuple[Entries, frozenset[int]]]:
        """Directory entries, and the files whose content is lost."""
        open_changes = [k for k in range(len(self.changes)) if k not in self.synced_changes]
        unsynced = [inode for inode in self.contents if inode not in self.synced_contents]
        for lost in _subsets(open_changes):
            entries: Entries = {}
            for k, (_, added, removed) in enumerate(self.changes):
                if k not in lost:
                    entries = {
                        key: inode for key, inode in entries.items() if key not in removed
                    } | added
            for empty in _subsets(unsynced):
                yield entries, frozenset(empty)


def _subsets(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(items, count) for count in range(len(items) + 1))


def _wrong(
    disk: _Disk,
    entries: Entries,
    empty: frozenset[int],
    *,
    home: str,
    allowed: Sequence[str],
    needed: bool,
) -> str:
    """What a reader finds wrong; empty if nothing is."""
    directory = entries.get((0, home))
    pointer = None if directory is None else entries.get((directory, "champion"))
    if pointer is None:
        return "the champion is gone" if needed else ""
    run_id = "" if pointer in empty else disk.contents[pointer].partition("\n")[0]
    if not run_id:
        return "the pointer is empty"
    runs = {
        name: inode
        for (parent, name), inode in entries.items()
        if parent == directory and RUN_ID.fullmatch(name)
    }
    if run_id not in runs:
        return f"{run_id}: the champion's directory is not there"
    for run, inode in runs.items():
        for name in (*FILES, "manifest.json"):
            file = entries.get((inode, name))
            if file is None or file in empty:
                return f"{run}/{name}: not whole"
    return "" if run_id in allowed else f"{run_id}: nobody chose it"
