"""Which of the published runs is the champion, and which ones stay."""

import shlex
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from lstm_forecast.errors import BusyError, RunError, WriteError
from lstm_forecast.store.disk import remove, sync, write_errors
from lstm_forecast.store.pointer import LOCK, Version, point_at, pointing, version
from lstm_forecast.store.promotions import recorded
from lstm_forecast.store.reading import Run, champions, find_id, open_run, run_ids, runs_option

__all__ = [
    "STAGE", "chosen_meanwhile", "crown", "discard", "promote", "promotion_command",
    "prune", "rollback",
]  # fmt: skip

# How what is made, or taken away, is called; whoever gets the lock of ``home`` clears it away.
STAGE = ".stage-"


def promote(home: Path, beginning: str, *, reason: str | None = None) -> Run:
    """Make the run whose id begins so the champion, at any moment.

    A ``reason`` is written down, see ``promotions``. Raises RunError if the run is missing or
    damaged, WriteError if the pointer cannot be written; the champion then stays.
    """
    run = _whole(home, beginning)
    with pointing(home):
        find_id(home, run.run_id)  # it may have gone while its files were verified
        with recorded(home, run.run_id, reason) if reason else nullcontext():
            _lead(home, run.run_id)
    return run


def crown(home: Path, run_id: str, *, seen: Version) -> str:
    """Make the run just published the champion, unless somebody chose one since it was ``seen``.

    Returns the id of the champion, whichever it is. Call it under ``locked(home)``, which tells
    what was seen. Raises WriteError if the pointer cannot be written: the champion then stays, and
    the run goes, as it would pass for one that was tried.
    """
    try:
        with pointing(home):
            pointed = champions(home)
            if pointed and version(home) != seen:
                return pointed[0]
            _lead(home, run_id)
    except BusyError:
        raise BusyError(
            f"{home}: {run_id} is published, but not promoted, as another process holds {LOCK}; "
            f"once it has ended: {promotion_command(home, run_id)}"
        ) from None
    except BaseException:
        discard(home, run_id)
        raise
    return run_id


def promotion_command(home: Path, run_id: str, *options: str) -> str:
    """What makes a run the champion, to be typed."""
    return shlex.join(
        [
            "forecast",
            "runs",
            "promote",
            run_id,
            "--run",
            home.name,
            "--runs",
            str(home.parent),
            *options,
        ]
    )


def rollback(home: Path) -> Run:
    """Make the champion before the present one the champion again, at any moment.

    Damaged ones are passed over. If the pointer itself is damaged it is the newest whole run that
    was not kept for study only. Raises RunError if there is none, WriteError if the pointer cannot
    be written.
    """
    while True:  # until nobody else moved the pointer while files were verified
        pointed = champions(home)
        run = (
            _newest_whole(home, pointed[1:])
            if pointed
            else _newest_whole(home, run_ids(home)[::-1], study=False)
        )
        with pointing(home):
            if champions(home) == pointed and run.path.is_dir():
                with write_errors(home):
                    point_at(
                        home, pointed[pointed.index(run.run_id) :] if pointed else [run.run_id]
                    )
                return run


def prune(home: Path, *, keep: int) -> list[str]:
    """Remove all but the ``keep`` newest runs, the champion and the one before it.

    Call it under ``locked(home)``. Returns the ids that went. Raises RunError if the champion is
    not known, WriteError if a run cannot be removed.
    """
    with pointing(home):
        pointed = champions(home)
        if not pointed:
            raise RunError(
                f"{home}: nothing is removed while the champion is not known; forecast runs"
                " rollback sets it"
            )
        ids = run_ids(home)
        doomed = [run_id for run_id in ids[: max(0, len(ids) - keep)] if run_id not in pointed[:2]]
        with write_errors(home):
            hidden = [_hide(home, run_id) for run_id in doomed]
            sync(home)
    for path in hidden:
        remove(path)
    return doomed


def discard(home: Path, run_id: str) -> None:
    """Remove a run that nobody promoted, if that can be done. Call it under ``locked(home)``."""
    if not (home / run_id).is_dir():
        return
    with suppress(OSError, BusyError, WriteError):
        with pointing(home):
            if run_id in champions(home):
                return
            hidden = _hide(home, run_id)
        remove(hidden)


def _lead(home: Path, run_id: str) -> None:
    """Put a run before all champions that there were."""
    with write_errors(home):
        point_at(home, [run_id, *(other for other in champions(home) if other != run_id)])


def _hide(home: Path, run_id: str) -> Path:
    """Take a run out of sight before it is removed, so that nobody reads half of it."""
    return (home / run_id).rename(home / f"{STAGE}{run_id}")


def _newest_whole(home: Path, ids: Sequence[str], *, study: bool = True) -> Run:
    """The first of these that is whole, and not kept for study unless that is allowed."""
    for run_id in ids:
        with suppress(RunError):
            run = _whole(home, run_id)
            if study or not run.for_study:
                return run
    where = runs_option(home.parent)
    raise RunError(
        f"{home}: no earlier champion to go back to; forecast runs list{where} shows what could be"
        f" promoted, and forecast train --config FILE{where} makes a new one"
    )


def _whole(home: Path, beginning: str) -> Run:
    run = open_run(home / find_id(home, beginning))
    run.verify()
    return run


def chosen_meanwhile(run: Run, champion: str) -> str:
    """Why a run that was just published is not the champion, and the command that makes it so."""
    return (
        f"{run.run_id} is published, but not promoted: somebody chose {champion} as the champion"
        " while it was in training, and that stays; to make the new run the champion:"
        f" {promotion_command(run.path.parent, run.run_id)}"
    )
