"""Why people made runs the champion: a line of JSON for each reason, in ``promotions.jsonl``."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lstm_forecast.documents import described
from lstm_forecast.errors import RunError, WriteError
from lstm_forecast.store.disk import sync, write_errors
from lstm_forecast.store.reading import MAX_FILE_BYTES, opened

__all__ = ["Promotion", "promotions", "recorded"]

FILE = "promotions.jsonl"
MOST_BYTES = 2**20  # that are read, from the end
FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Promotion:
    """That somebody made a run the champion, when (UTC) and why."""

    run: str = field(metadata=described("Id of the run."))
    time: str = field(metadata=described("When, UTC, in ISO 8601."))
    reason: str = field(metadata=described("Why, in a line."))


@contextmanager
def recorded(home: Path, run_id: str, reason: str) -> Iterator[None]:
    """Write a reason down before the pointer moves inside, and take it back where that fails.

    So no promotion lacks its reason after a power cut. Call it under ``pointing(home)``. Raises
    WriteError if it cannot be written.
    """
    promotion = Promotion(run_id, datetime.now(UTC).isoformat(timespec="seconds"), reason)
    with write_errors(home):
        descriptor = os.open(home / FILE, FLAGS, 0o644)
        file = os.fdopen(descriptor, "r+b", buffering=0)
    with file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise WriteError(
                f"{home / FILE}: not a regular file, in which reasons are written down; move it"
                " away"
            )
        try:
            with write_errors(home):
                torn = status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n"
                line = b"\n" * bool(torn) + json.dumps(asdict(promotion)).encode("ascii") + b"\n"
                if file.write(line) < len(line):  # as on a disk that has room for a part of it
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(home / FILE))
                os.fsync(descriptor)
                sync(home)
            yield
        except BaseException:
            with suppress(OSError):
                file.truncate(status.st_size)
            raise


def promotions(home: Path, run_id: str) -> list[Promotion]:
    """The reasons given for a run, oldest first.

    What cannot be read of them is left out, as no forecast depends on it.
    """
    try:
        with opened(home / FILE, MAX_FILE_BYTES) as file:
            file.seek(-min(MOST_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
            lines = file.read(MOST_BYTES).splitlines()
    except RunError:
        return []
    return [
        found for line in lines if (found := _promotion(line)) is not None and found.run == run_id
    ]


def _promotion(line: bytes) -> Promotion | None:
    """What a line says, if it is whole."""
    try:
        found = Promotion(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    return found if all(isinstance(value, str) for value in asdict(found).values()) else None
