"""What every writer needs: whole files or none, kernel locks, and errors that name the file."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lstm_forecast.errors import BusyError, WriteError

__all__ = [
    "Writer", "content_of", "held", "remove", "sync", "write_errors", "write_synced", "write_whole",
]  # fmt: skip

POLL_SECONDS = 0.1

Writer = Callable[[Path], object]


@contextmanager
def held(lock: Path, *, wait: float, poll: float = POLL_SECONDS) -> Iterator[None]:
    """Hold the kernel lock of a file, which is made if it is not there, and never removed.

    It dies with the process that holds it, so nothing ever has to be unlocked by hand. Raises
    BusyError if another process still holds it after ``wait`` seconds, WriteError if the file
    cannot be opened for writing.
    """
    with write_errors(lock.parent):
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        with write_errors(lock.parent):
            _acquire(lock.parent, descriptor, deadline=time.monotonic() + wait, poll=poll)
        yield
    finally:
        os.close(descriptor)


def _acquire(home: Path, descriptor: int, *, deadline: float, poll: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"{home}: another process is writing here; try again when it is done"
                ) from None
            time.sleep(poll)
        else:
            return


def write_whole(path: Path, write: Writer) -> None:
    """Write a result file through a temporary one beside it, so that readers see the old file or
    the new one.
    """
    with write_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        # /dev/stdout, a named pipe: to be written to, not to be replaced
        if path.exists() and not path.is_file():
            # or a pipe waits for ever
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY), "wb"):
                write(path)
            return
        target = Path(os.path.realpath(path))  # a link stays a link
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            write(staged)
            sync(staged)
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)


def content_of(path: Path) -> bytes | None:
    """What is in a small file of ours, None if it is not there."""
    return path.read_bytes() if path.is_file() else None


def write_synced(path: Path, content: bytes) -> None:
    """Write a small file, and force it to disk."""
    path.write_bytes(content)
    sync(path)


def sync(path: Path) -> None:
    """Force a file's content, or a directory's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Take away a file, or a directory with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def write_errors(home: Path) -> Iterator[None]:
    """Turn an OSError into a WriteError that names the file."""
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"{error.filename or home}: cannot be written: {error.strerror or error}"
        ) from error
