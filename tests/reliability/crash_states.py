"""What a disk may hold after a power cut: every state that unsynced operations allow, and what a reader makes of it.

Pessimistic POSIX: the content of a file that was not fsynced may be gone, and of the changes of a directory that was
not fsynced any subset may have reached the disk. Recorded are the calls that a real publish makes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lstm_forecast.store import locked, publish, publishing, reading

__all__ = ["Operation", "Outcome", "check", "recorded_publishes", "without"]

FILES = ("network.onnx", "config.yaml")  # fewer than there are: each behaves like the others
Entries = dict[tuple[int, str], int]  # (directory, name) -> file or directory, all by inode


@dataclass(frozen=True)
class Operation:
    """A system call: mkdir, write (the whole content of a new file), fsync, rename; or that a publish has returned."""

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
    with patch.object(publishing, "FILES", FILES), patch.object(reading, "FILES", FILES), _recording(done):
        for number in range(times):
            with locked(home):
                writers = {name: lambda path, n=number: path.write_bytes(f"{path.name} {n}".encode()) for name in FILES}
                run = publish(home, writers, {})
            done.append(Operation("published", run.run_id))
    return done


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

    with (
        patch.object(os, "fsync", watched(os.fsync, opened)),
        patch.object(Path, "rename", watched(Path.rename, moved)),
        patch.object(Path, "replace", watched(Path.replace, moved)),
        patch.object(Path, "write_bytes", watched(Path.write_bytes, written)),
        patch.object(Path, "mkdir", watched(Path.mkdir, lambda path, **_: Operation("mkdir", str(path)))),
    ):
        yield


def without(operations: Sequence[Operation]) -> Iterator[tuple[Operation, list[Operation]]]:
    """Each fsync, and the operations without it."""
    for k, operation in enumerate(operations):
        if operation.kind == "fsync":
            yield operation, [*operations[:k], *operations[k + 1 :]]


def check(operations: Sequence[Operation], *, home: Path) -> Outcome:
    """Read every state that a power cut after any of the operations may leave.

    The champion must be whole, must be the last published one or the one in the making, and none only if none was
    published.
    """
    seen: set[Any] = set()
    violations: list[str] = []
    for length in range(len(operations) + 1):
        prefix = operations[:length]
        disk = _Disk(prefix, root=str(home.parent))
        published = [each.path for each in prefix if each.kind == "published"]
        for state in disk.states():
            key = (frozenset(state[0].items()), state[1], tuple(published))
            if key in seen:
                continue
            seen.add(key)
            if wrong := _wrong(disk, *state, home=home.name, published=published):
                violations.append(f"after {length} operations: {wrong}")
    return Outcome(len(seen), tuple(violations))


class _Disk:
    """What has reached the disk for certain, and what may have."""

    def __init__(self, operations: Sequence[Operation], *, root: str) -> None:
        self.inodes: dict[str, int] = {root: 0}
        self.contents: dict[int, str] = {}
        self.changes: list[tuple[int, Entries, list[tuple[int, str]]]] = []  # directory, added, removed
        self.synced_changes: set[int] = set()
        self.synced_contents: set[int] = set()
        for operation in operations:
            getattr(self, f"_{operation.kind}")(operation)

    def _published(self, operation: Operation) -> None:
        """Nothing happens on the disk."""

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
            self.inodes[operation.target + path.removeprefix(operation.path)] = self.inodes.pop(path)
        self.changes.append((directory, {(directory, new): inode}, [(directory, old)]))

    def _fsync(self, operation: Operation) -> None:
        inode = self.inodes[operation.path]
        self.synced_contents.add(inode)
        self.synced_changes |= {k for k, (directory, _, _) in enumerate(self.changes) if directory == inode}

    def states(self) -> Iterator[tuple[Entries, frozenset[int]]]:
        """Directory entries, and the files whose content is lost."""
        open_changes = [k for k in range(len(self.changes)) if k not in self.synced_changes]
        unsynced = [inode for inode in self.contents if inode not in self.synced_contents]
        for lost in _subsets(open_changes):
            entries: Entries = {}
            for k, (_, added, removed) in enumerate(self.changes):
                if k not in lost:
                    entries = {key: inode for key, inode in entries.items() if key not in removed} | added
            for empty in _subsets(unsynced):
                yield entries, frozenset(empty)


def _subsets(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(items, count) for count in range(len(items) + 1))


def _wrong(disk: _Disk, entries: Entries, empty: frozenset[int], *, home: str, published: Sequence[str]) -> str:
    """What a reader finds wrong; empty if nothing is."""
    directory = entries.get((0, home))
    pointer = None if directory is None else entries.get((directory, "champion"))
    if pointer is None:
        return "the champion is gone" if published else ""
    run_id = "" if pointer in empty else disk.contents[pointer].partition("\n")[0]
    if not run_id:
        return "the pointer is empty"
    run = entries.get((directory or 0, run_id))
    if run is None:
        return f"{run_id}: the champion's directory is not there"
    for name in (*FILES, "manifest.json"):
        file = entries.get((run, name))
        if file is None or file in empty:
            return f"{run_id}/{name}: not whole"
    return "" if not published or run_id >= published[-1] else f"{run_id}: older than what was published"
