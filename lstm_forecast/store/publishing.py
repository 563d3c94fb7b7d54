"""Publishing of runs, so that a crash, a full disk or a second process never harms the champion."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lstm_forecast.store.disk import Writer, held, remove, sync, write_errors, write_synced
from lstm_forecast.store.keeping import STAGE, discard
from lstm_forecast.store.pointer import Version, version
from lstm_forecast.store.reading import (
    FILES,
    FORMAT_VERSION,
    MANIFEST,
    MORE_FILES,
    Run,
    fingerprint,
    run_ids,
)

__all__ = ["locked", "publish"]

LOCK = "lock"


@contextmanager
def locked(home: Path, *, wait: float = 0) -> Iterator[Version]:
    """Hold the kernel lock of ``runs/<name>`` and clear away what dead trainings left staged.

    Whoever makes runs or takes them away holds it for as long as that takes; the pointer has a lock
    of its own. Yields the version of the pointer, for ``crown``. Raises BusyError if another
    process still holds it after ``wait`` seconds, WriteError if the directory cannot be written.
    """
    with write_errors(home):
        home.mkdir(parents=True, exist_ok=True)
    with held(home / LOCK, wait=wait):
        with write_errors(home):
            for leftover in home.glob(f"{STAGE}*"):
                remove(leftover)
        yield version(home)


def publish(home: Path, writers: Mapping[str, Writer], manifest: Mapping[str, object]) -> Run:
    """Write a run, one writer for each of ``FILES`` and, if wanted, of ``MORE_FILES``; ``crown``
    makes it the champion.

    ``manifest`` is the content of a ``Manifest``, to which version, id, time and hashes are added.

    Call it under ``locked(home)``. Raises WriteError if anything could not be written; nothing is
    left of the run then.
    """
    names = (*FILES, *(name for name in MORE_FILES if name in writers))
    with write_errors(home):
        created = datetime.now(UTC)
        run_id = f"{_next_number(home):04d}-{created:%Y%m%dT%H%M%SZ}"
        stage = home / f"{STAGE}{run_id}"
        try:
            stage.mkdir()
            for name in names:
                writers[name](stage / name)
                sync(stage / name)
            content = dict(manifest) | {
                "format_version": FORMAT_VERSION,
                "run_id": run_id,
                "created": created.isoformat(timespec="seconds"),
                "files": {
                    name: hashlib.sha256((stage / name).read_bytes()).hexdigest() for name in names
                },
            }
            content["sha256"] = fingerprint(content)
            write_synced(
                stage / MANIFEST, json.dumps(content, indent=2, ensure_ascii=False).encode()
            )
            sync(stage)
            stage.rename(home / run_id)
            sync(home)
            sync(home.parent)
        except BaseException:
            remove(stage)
            discard(home, run_id)
            raise
    return Run(home / run_id, content)


def _next_number(home: Path) -> int:
    """Runs are ordered by a counter, as clocks can jump."""
    return 1 + max((int(run_id.partition("-")[0]) for run_id in run_ids(home)), default=0)
