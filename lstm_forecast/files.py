"""What a user names, opened: regular files and standard input, and never anything that has to be
waited for.
"""

import errno
import io
import os
import resource
import select
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TextIO

from lstm_forecast.errors import DataError, ForecastError

__all__ = [
    "STDIN", "available_memory", "from_folder", "given_path", "is_text", "memory_taken",
    "open_regular", "read_short",
]  # fmt: skip

STDIN = Path("/dev/stdin")
KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}
PIPE_SECONDS = 5.0  # that a short text may take to come through a pipe
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
BLOCK = 1 << 20
# What standard input may fill: a part of the memory left, as a table takes more than its bytes, and
# this at most.
SHARE, MOST_PIPED = 4, 512 * 2**20


def from_folder(folder: Path, path: str) -> Path:
    """A path as seen from a ``folder``, without those that it only goes back through, unless one of
    these is a link.
    """
    given = folder / path
    plain = os.path.normpath(given)
    with suppress(OSError, ValueError):  # as of a name that is too long
        return Path(plain) if os.path.samefile(given, plain) else given  # noqa: PTH121
    return given


def given_path(text: str) -> Path:
    """The path that an argument names: ``-`` is standard input, a file of that name is ``./-``."""
    return STDIN if text == "-" else Path(text)


def is_text(name: str) -> bool:
    """Whether a name is UTF-8, as names of files need not be."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def open_regular(path: Path, *, error: type[ForecastError] = DataError) -> BinaryIO:
    """Open a regular file, or what came in on standard input, to read its bytes.

    What has no size is empty, and not read: so are files that the kernel makes up while they are
    read, as below ``/proc``, some of which never end. Raises ``error`` for all that is no regular
    file, without waiting for it.
    """
    if path == STDIN and error is DataError:
        return io.BytesIO(_all_of(_standard_input()))
    with _plain_words(path, error):
        _require_regular(path, path.stat(), error)  # opening alone would set some devices going
        descriptor = os.open(path, FLAGS)
        try:
            status = os.fstat(descriptor)
            # what was looked at may have been replaced before it was opened
            _require_regular(path, status, error)
        except BaseException:
            os.close(descriptor)
            raise
        if status.st_size:
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
        return io.BytesIO()


def read_short(path: Path, most: int, *, error: type[ForecastError]) -> bytes:
    """The first ``most`` bytes of a regular file, or of what comes through a pipe within a few
    seconds.
    """
    with _plain_words(path, error):
        if not stat.S_ISFIFO(path.stat().st_mode):
            with open_regular(path, error=error) as file:
                return file.read(most)
        descriptor = os.open(path, FLAGS)
        try:
            return _through_pipe(descriptor, most)
        finally:
            os.close(descriptor)


def _through_pipe(descriptor: int, most: int) -> bytes:
    poller, deadline, content = select.poll(), time.monotonic() + PIPE_SECONDS, b""
    poller.register(descriptor, select.POLLIN)
    while len(content) < most:
        if not poller.poll(max(0.0, 1000 * (deadline - time.monotonic()))):
            raise TimeoutError(
                errno.ETIMEDOUT, f"a pipe whose end did not come within {PIPE_SECONDS:g} seconds"
            )
        block = os.read(descriptor, most - len(content))
        if not block:
            break
        content += block
    return content


@contextmanager
def _plain_words(path: Path, error: type[ForecastError]) -> Iterator[None]:
    """Turn what the system says into ``error``."""
    try:
        yield
    except FileNotFoundError as problem:
        why = (
            f"a link to {path.readlink()}, which is not there"
            if path.is_symlink()
            else problem.strerror
        )
        raise error(f"{path}: cannot be read: {why}") from None
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from None
    except ValueError as problem:  # no file can have that name
        raise error(f"{path}: cannot be read: {problem}") from None


@lru_cache(maxsize=1)
def available_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may still take: of the machine, its control groups (v1 and v2) and
    its own limit.

    The system is asked once: what a process takes later is its own, and counted where it is.
    """
    return max(0, min([_left_on_machine(root), *_left_in_groups(root), *_left_to_process(root)]))


def memory_taken() -> int:
    """Bytes of memory that this process has taken and not given back."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _require_regular(path: Path, status: os.stat_result, error: type[ForecastError]) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        piped = ", or pipe it in where - is taken" if error is DataError else ""
        raise error(
            f"{path}: {kind}, and only regular files are read; write what it gives to a file"
            f" first{piped}"
        )


def _standard_input() -> TextIO:
    if sys.stdin is None or sys.stdin.closed:
        raise DataError(
            f"{STDIN}: standard input is closed; pipe a table in, as in: cat FILE | forecast"
            " check -"
        )
    if sys.stdin.isatty():
        raise DataError(
            f"{STDIN}: standard input is a terminal; pipe a table in, as in: cat FILE | forecast"
            " check -"
        )
    return sys.stdin


@lru_cache(maxsize=1)
def _all_of(stream: TextIO) -> bytes:
    """All that comes in on a stream, which can be read once alone."""
    content, most = io.BytesIO(), min(MOST_PIPED, available_memory() // SHARE)
    with suppress(OSError, ValueError):  # what is no pipe
        os.set_blocking(stream.fileno(), True)  # or a pause of the sender would pass for the end
    try:
        while block := stream.buffer.read(BLOCK):
            content.write(block)
            if content.tell() > most:
                raise DataError(
                    f"{STDIN}: more than {most / 2**20:,.0f} MiB; write it to a file first"
                )
    except OSError as problem:
        raise DataError(f"{STDIN}: cannot be read: {problem.strerror}") from None
    return content.getvalue()


def _left_on_machine(root: Path) -> int:
    with suppress(OSError, StopIteration, ValueError):
        lines = (root / "proc/meminfo").read_text().splitlines()
        return next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")
        )
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _left_in_groups(root: Path) -> Iterator[int]:
    """What each control group around this process has left; the cache of files in it is given back
    when needed.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    base = root / "sys/fs/cgroup"
    for _, controllers, name in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if not controllers:
            yield from _left_in_group(base, name, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _left_in_group(base / "memory", name, *names)


def _left_in_group(base: Path, name: str, limit: str, usage: str, cache: str) -> Iterator[int]:
    """The same in one hierarchy, from the group up; a container may not see its own group but what
    it is in alone.
    """
    own = base / name.strip("/")
    for group in (own, *own.parents[: len(own.parts) - len(base.parts)]):
        with suppress(OSError, ValueError):  # a group without a limit says max
            counted = dict(
                line.split() for line in (group / "memory.stat").read_text().splitlines()
            )
            used = int((group / usage).read_text()) - int(counted.get(cache, 0))
            yield int((group / limit).read_text()) - used


def _left_to_process(root: Path) -> Iterator[int]:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        with suppress(OSError):
            yield limit - int((root / "proc/self/statm").read_text().split()[0]) * os.sysconf(
                "SC_PAGE_SIZE"
            )
