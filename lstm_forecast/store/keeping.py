"""Which of the published runs is the champion, and which ones stay."""

from contextlib import suppress
from pathlib import Path

from lstm_forecast.errors import RunError
from lstm_forecast.store.publishing import STAGE, point_at, remove, sync, write_errors
from lstm_forecast.store.reading import RUN_ID, Run, champions, open_run, run_ids

__all__ = ["FOR_STUDY", "discard", "promote", "prune", "rollback"]

FOR_STUDY = "for_study"  # manifest key: true where the run was found no better than the champion of its time


def promote(home: Path, run_id: str) -> Run:
    """Make a published run the champion. Call it under ``locked(home)``.

    Raises RunError if it is missing or damaged, WriteError if the pointer cannot be written; the champion then stays.
    """
    run = _whole(home, run_id)
    with write_errors(home):
        point_at(home, [run_id, *(other for other in champions(home) if other != run_id)])
    return run


def rollback(home: Path) -> Run:
    """Make the champion before the present one the champion again. Call it under ``locked(home)``.

    Damaged ones are passed over. If the pointer itself is damaged it is the newest whole run that was not kept for
    study only. Raises RunError if there is none, WriteError if the pointer cannot be written.
    """
    earlier = champions(home)[1:]
    for run_id in earlier if champions(home) else reversed(run_ids(home)):
        try:
            run = _whole(home, run_id)
        except RunError:
            continue
        if run.manifest.get(FOR_STUDY, False) and not earlier:
            continue
        with write_errors(home):
            point_at(home, earlier[earlier.index(run_id) :] if earlier else [run_id])
        return run
    raise RunError(
        f"{home}: no earlier champion to go back to; forecast runs list shows what could be promoted, and "
        "forecast train --config FILE makes a new one"
    )


def prune(home: Path, *, keep: int) -> list[str]:
    """Remove all but the ``keep`` newest runs, the champion and the one before it. Call it under ``locked(home)``.

    Returns the ids that went. Raises RunError if the champion is not known, WriteError if a run cannot be removed.
    """
    pointed = champions(home)
    if not pointed:
        raise RunError(f"{home}: nothing is removed while the champion is not known; forecast runs rollback sets it")
    ids = run_ids(home)
    doomed = [run_id for run_id in ids[: max(0, len(ids) - keep)] if run_id not in pointed[:2]]
    with write_errors(home):
        for run_id in doomed:
            _remove_run(home, run_id)
        sync(home)
    return doomed


def discard(home: Path, run_id: str) -> None:
    """Remove a run that is not the champion, if that can be done. Call it under ``locked(home)``."""
    if run_id not in champions(home)[:1]:
        with suppress(OSError):
            _remove_run(home, run_id)


def _remove_run(home: Path, run_id: str) -> None:
    hidden = home / f"{STAGE}{run_id}"
    (home / run_id).rename(hidden)  # out of sight first, so that nobody reads half of it
    remove(hidden)


def _whole(home: Path, run_id: str) -> Run:
    if not RUN_ID.fullmatch(run_id) or not (home / run_id).is_dir():
        raise RunError(f"{home}: no run {run_id}; there are {', '.join(run_ids(home)) or 'none'}")
    run = open_run(home / run_id)
    run.verify()
    return run
