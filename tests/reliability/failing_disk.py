"""A disk on which the n-th operation that changes it fails: in this process, on real files."""

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

__all__ = ["NEVER", "FailingDisk", "failing_disk"]

NEVER = sys.maxsize  # an operation that there is not

ALL = ("open", "write", "mkdir", "rename", "fsync")


class FailingDisk:
    """Counts operations, and raises OSError with ``code`` instead of number ``n`` and what ``then``
    says behind it.
    """

    def __init__(self, n: int, code: int, then: Callable[[str], tuple[str, ...]]) -> None:
        self.n, self.code, self.then = n, code, then
        self.done: list[str] = []
        self.broken: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether there was an operation number ``n``."""
        return len(self.done) > self.n

    def step(self, kind: str, path: Any) -> None:
        """One operation is to be made."""
        self.done.append(kind)
        if len(self.done) - 1 == self.n:
            self.broken = self.then(kind)
        elif kind not in self.broken:
            return
        raise OSError(self.code, os.strerror(self.code), os.fspath(path))


@contextmanager
def failing_disk(n: int, code: int, *, then: str = "works") -> Iterator[FailingDisk]:
    """Opening for writing, writing, mkdir, rename and fsync, of which number ``n`` fails; half of a
    write is made.

    Behind it the disk ``works``, fails at the ``same`` kind of operation, or at ``all`` of them.
    Nothing is really synced, which only a power cut could tell.
    """
    then_broken = {"works": lambda kind: (), "same": lambda kind: (kind,), "all": lambda kind: ALL}[
        then
    ]
    disk = FailingDisk(n, code, then_broken)

    class File(io.FileIO):
        def write(self, data: Any) -> int:
            try:
                disk.step("write", self.name)
            except OSError:
                super().write(memoryview(data).cast("B")[: len(data) // 2])
                raise
            return super().write(data)

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: Any = None,
        *args: Any,
        **rest: Any,
    ) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return real_open(file, mode, buffering, encoding, *args, **rest)
        disk.step("open", file)
        raw = File(file, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding or "utf-8")

    def descriptor(path: Any, flags: int, *args: Any, **rest: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            disk.step("open", path)
        return real_descriptor(path, flags, *args, **rest)

    def watched(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(path: Any, *args: Any, **rest: Any) -> Any:
            disk.step(kind, path)
            return function(path, *args, **rest)

        return run

    def synced(number: int) -> None:
        disk.step("fsync", Path(f"/proc/self/fd/{number}").readlink())

    real_open, real_descriptor = io.open, os.open
    with (
        patch.object(io, "open", opened),
        patch.object(builtins, "open", opened),
        patch.object(os, "open", descriptor),
        patch.object(os, "mkdir", watched("mkdir", os.mkdir)),
        patch.object(os, "rename", watched("rename", os.rename)),
        patch.object(os, "replace", watched("rename", os.replace)),
        patch.object(os, "fsync", synced),
    ):
        yield disk
