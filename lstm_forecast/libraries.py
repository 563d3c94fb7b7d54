"""Imports of libraries that print, write and ask more than an import should."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["scratch_file", "temporary_files_in", "without_notices"]


@contextlib.contextmanager
def without_notices() -> Iterator[None]:
    """Keep back what is written to stderr, by C++ code too, and show it after all if an error ends
    the block.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    terminal = os.dup(2)
    with scratch_file() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            yield
        except BaseException:
            notices.seek(0)
            os.write(terminal, notices.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def scratch_file() -> IO[bytes]:
    """A file without a name: in memory where the system can do that, as no disk may be writable."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("scratch"), "w+b")
    return tempfile.TemporaryFile()


@contextlib.contextmanager
def temporary_files_in(folder: str | Path) -> Iterator[None]:
    """Let libraries make their temporary files there, whatever the system's folder for them is."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
