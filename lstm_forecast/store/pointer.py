"""The pointer ``champion``, the only file that is replaced, and the lock that its writers hold."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lstm_forecast.errors import RunError
from lstm_forecast.store.disk import content_of, held, remove, sync, write_errors, write_synced
from lstm_forecast.store.reading import CHAMPION, MAX_MANIFEST_BYTES, opened

__all__ = ["LOCK", "Version", "point_at", "pointing", "version"]

LOCK, STAGED = "champion.lock", ".champion"
REMEMBERED = 32  # champions
# Others hold the lock for as long as two fsyncs take. Who waits longer than this waits for a
# process that is stopped.
WAIT_SECONDS, POLL_SECONDS = 10, 0.002

# Time of writing and content of the pointer; None where there is none. An inode would tell writings
# apart as well, but does not stay the same for as long as a training on every file system.
Version = tuple[int, bytes] | None


@contextmanager
def pointing(home: Path) -> Iterator[None]:
    """Hold the lock of the pointer, for milliseconds, whatever else is at work in ``home``.

    Whoever reads the pointer, decides by it and writes it does all of that in here. So does whoever
    takes a run away, as nobody may point at it meanwhile. Raises BusyError if the lock is not to be
    had, WriteError if ``home`` cannot be written.
    """
    with held(home / LOCK, wait=WAIT_SECONDS, poll=POLL_SECONDS):
        with write_errors(home):
            remove(home / STAGED)  # of a writer that died
        yield


def version(home: Path) -> Version:
    """Tell one writing of the pointer from every other: also from one that says the same."""
    try:
        with opened(home / CHAMPION, MAX_MANIFEST_BYTES) as file:
            return os.fstat(file.fileno()).st_mtime_ns, file.read()
    except RunError:
        return None


def point_at(home: Path, ids: Sequence[str]) -> None:
    """Replace the pointer: the champion first, then those before it.

    Call it under ``pointing(home)``. If it fails, the pointer stays as it was: OSError.
    """
    previous, staged = content_of(home / CHAMPION), home / STAGED
    try:
        write_synced(staged, "".join(f"{run_id}\n" for run_id in ids[:REMEMBERED]).encode("ascii"))
        staged.replace(home / CHAMPION)
        sync(home)
    except BaseException:
        with suppress(OSError):
            _point_back(home, previous)
        raise


def _point_back(home: Path, previous: bytes | None) -> None:
    """Take a new pointer back.

    On a disk that no longer syncs, this is at least what readers see.
    """
    pointer, staged = home / CHAMPION, home / STAGED
    if content_of(pointer) != previous:
        if previous is None:
            pointer.unlink()
        else:
            staged.write_bytes(previous)
            with suppress(OSError):
                sync(staged)
            staged.replace(pointer)
    remove(staged)
    sync(home)
