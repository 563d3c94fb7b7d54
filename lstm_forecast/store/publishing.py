"""Publishing of runs, so that a crash, a full disk or a second process never harms the champion."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lstm_forecast.errors import BusyError, WriteError
from lstm_forecast.store.reading import CHAMPION, FILES, FORMAT_VERSION, MANIFEST, Run, champions, fingerprint, run_ids

__all__ = ["STAGE", "locked", "point_at", "publish", "remove", "sync", "write_errors", "write_whole"]

LOCK, STAGE = "lock", ".stage-"
CHAMPIONS = 32  # that the pointer remembers
POLL_SECONDS = 0.1

Writer = Callable[[Path], Any]


@contextmanager
def locked(home: Path, *, wait: float = 0) -> Iterator[None]:
    """Hold the kernel lock of ``runs/<name>`` and clear away what dead runs left staged.

    The lock dies with the process that holds it, so nothing ever has to be unlocked by hand. Raises BusyError if
    another process still holds it after ``wait`` seconds, WriteError if the directory cannot be written.
    """
    with write_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        with write_errors(home):
            _acquire(home, descriptor, deadline=time.monotonic() + wait)
            for leftover in home.glob(f"{STAGE}*"):
                remove(leftover)
        yield
    finally:
        os.close(descriptor)


def _acquire(home: Path, descriptor: int, *, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(f"{home}: another process is writing here; try again when it is done") from None
            time.sleep(POLL_SECONDS)
        else:
            return


def publish(home: Path, writers: Mapping[str, Writer], manifest: Mapping[str, Any], *, promote: bool = True) -> Run:
    """Write a run, one writer for each of ``FILES``, and make it the champion unless ``promote`` is false.

    Call it under ``locked(home)``. Raises WriteError if anything could not be written; the previous champion is then
    still the champion.
    """
    with write_errors(home):
        previous = _content(home / CHAMPION)
        created = datetime.now(UTC)
        run_id = f"{_next_number(home):04d}-{created:%Y%m%dT%H%M%SZ}"
        stage = home / f"{STAGE}{run_id}"
        try:
            stage.mkdir()
            for name in FILES:
                writers[name](stage / name)
                sync(stage / name)
            content: dict[str, Any] = {
                "format_version": FORMAT_VERSION,
                "run_id": run_id,
                "created": created.isoformat(timespec="seconds"),
                **manifest,
                "files": {name: hashlib.sha256((stage / name).read_bytes()).hexdigest() for name in FILES},
            }
            content["sha256"] = fingerprint(content)
            _write(stage / MANIFEST, json.dumps(content, indent=2, ensure_ascii=False).encode())
            sync(stage)
            stage.rename(home / run_id)
            sync(home)
            if promote:
                point_at(home, [run_id, *champions(home)])
            sync(home.parent)
        except BaseException:
            with suppress(OSError):
                _withdraw(home, run_id, previous)
            raise
    return Run(home / run_id, content)


def write_whole(path: Path, write: Writer) -> None:
    """Write a result file through a temporary one beside it, so that readers see the old file or the new one."""
    with write_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if path.exists() and not path.is_file():  # /dev/stdout, a named pipe: to be written to, not to be replaced
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


def point_at(home: Path, ids: Sequence[str]) -> None:
    """Replace the pointer: the champion first, then those before it. If that fails, it stays as it was."""
    previous, staged = _content(home / CHAMPION), home / f"{STAGE}{CHAMPION}"
    try:
        _write(staged, "".join(f"{run_id}\n" for run_id in ids[:CHAMPIONS]).encode("ascii"))
        staged.replace(home / CHAMPION)
        sync(home)
    except BaseException:
        with suppress(OSError):
            _point_back(home, previous)
        raise


def _point_back(home: Path, previous: bytes | None) -> None:
    """Take a new pointer back. On a disk that no longer syncs, this is at least what readers see."""
    pointer, staged = home / CHAMPION, home / f"{STAGE}{CHAMPION}"
    if _content(pointer) != previous:
        if previous is None:
            pointer.unlink()
        else:
            staged.write_bytes(previous)
            with suppress(OSError):
                sync(staged)
            staged.replace(pointer)
    remove(staged)
    sync(home)


def _withdraw(home: Path, run_id: str, previous: bytes | None) -> None:
    """Take a half published run back: the pointer first, so that no reader follows it to a run that is gone."""
    with suppress(OSError):
        _point_back(home, previous)
    if _content(home / CHAMPION) == previous:
        for path in (home / run_id, home / f"{STAGE}{run_id}"):
            remove(path)


def remove(path: Path) -> None:
    """Take away a file, or a directory with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _content(path: Path) -> bytes | None:
    """What is in a small file of ours, None if it is not there."""
    return path.read_bytes() if path.is_file() else None


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    sync(path)


def sync(path: Path) -> None:
    """Force a file's content, or a directory's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _next_number(home: Path) -> int:
    """Runs are ordered by a counter, as clocks can jump."""
    return 1 + max((int(run_id.partition("-")[0]) for run_id in run_ids(home)), default=0)


@contextmanager
def write_errors(home: Path) -> Iterator[None]:
    """Turn an OSError into a WriteError that names the file."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"{error.filename or home}: cannot be written: {error.strerror or error}") from error
