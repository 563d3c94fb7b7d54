"""``forecast runs``: what has been published, how good and how whole it is, and which of it is the champion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstm_forecast.errors import RunError
from lstm_forecast.inference.golden import GOLDEN_TOLERANCE, golden_difference
from lstm_forecast.store import FOR_STUDY, Run, champions, locked, open_run, run_home, run_homes, run_ids
from lstm_forecast.store import promote as promote_in
from lstm_forecast.store import prune as prune_in
from lstm_forecast.store import rollback as rollback_in
from lstm_forecast.workflows._documents import facts_of, read_config, read_metrics
from lstm_forecast.workflows._loaded import load_run

__all__ = ["Checked", "Listed", "list_runs", "promote", "prune", "rollback", "show", "verify"]


@dataclass(frozen=True)
class Listed:
    """A run and how good it was. Errors are those of the test part, or of the validation part where there is none."""

    name: str
    run: str
    champion: bool
    state: str  # readable, for study (found no better than the champion of its time), or damaged
    cutoff: str | None = None
    published: str | None = None
    mae: float | None = None
    mase: float | None = None
    skill: float | None = None  # against the seasonal naive forecast


@dataclass(frozen=True)
class Checked:
    """A run, and what is wrong with it."""

    run: str
    champion: bool
    problems: Sequence[str]
    difference: float | None  # of its golden forecasts from what they were, as a share of the largest; None: unreadable


def list_runs(*, runs: Path, name: str | None = None) -> list[Listed]:
    """All runs of that name, or of every name, oldest first. Raises RunError if there are none of that name."""
    homes = run_homes(runs) if name is None else [run_home(runs, name)]
    return [_listed(home, run_id) for home in homes for run_id in run_ids(home)]


def show(*, runs: Path, name: str | None = None, run_id: str | None = None) -> tuple[Run, Mapping[str, Any]]:
    """A run, the champion by default, and its metrics. Raises RunError if it is missing or damaged."""
    run = open_run(_path(run_home(runs, name), run_id))
    facts_of(run)
    return run, read_metrics(run, read_config(run))


def verify(*, runs: Path, name: str | None = None, run_id: str | None = None) -> list[Checked]:
    """Check every file of a run, or of all, against its hash, and make its golden forecasts again.

    Raises RunError if there is no such run.
    """
    home = run_home(runs, name)
    return [_checked(home, each) for each in ([_path(home, run_id).name] if run_id else run_ids(home))]


def promote(run_id: str, *, runs: Path, name: str | None = None) -> Run:
    """Make a run the champion. Raises RunError if it is missing or damaged, BusyError, WriteError."""
    return promote_in(run_home(runs, name), run_id)


def rollback(*, runs: Path, name: str | None = None) -> Run:
    """Make the champion before this one the champion again. Raises RunError if there is none, BusyError, WriteError."""
    return rollback_in(run_home(runs, name))


def prune(*, keep: int, runs: Path, name: str | None = None) -> list[str]:
    """Remove old runs, never the champion, nor the one before it. Raises RunError, WriteError.

    Raises BusyError while a training is at work: it may read the runs that would go.
    """
    home = run_home(runs, name)
    with locked(home):
        return prune_in(home, keep=keep)


def _path(home: Path, run_id: str | None) -> Path:
    if run_id is None:
        return home
    if run_id not in run_ids(home):
        raise RunError(f"{home}: no run {run_id}; there are {', '.join(run_ids(home)) or 'none'}")
    return home / run_id


def _listed(home: Path, run_id: str) -> Listed:
    champion = run_id in champions(home)[:1]
    try:
        run = open_run(home / run_id)
        facts, metrics = facts_of(run), read_metrics(run, read_config(run))
    except RunError:
        return Listed(home.name, run_id, champion, "damaged")
    part = metrics.get("test") or metrics.get("validation")
    errors = part["errors"]["forecast"] if part else {"mae": None, "mase": None}
    return Listed(
        name=home.name,
        run=run_id,
        champion=champion,
        state="for study" if run.manifest.get(FOR_STUDY) else "readable",
        cutoff=facts.cutoff,
        published=facts.published,
        mae=errors["mae"],
        mase=errors["mase"],
        skill=part["skill"].get("seasonal_naive") if part else None,
    )


def _checked(home: Path, run_id: str) -> Checked:
    champion = run_id in champions(home)[:1]
    try:
        run = open_run(home / run_id)
        run.verify()
        difference = golden_difference(load_run(run).forecaster, run.read("golden.json").decode("utf-8"))
    except RunError as error:
        return Checked(run_id, champion, error.problems, None)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        return Checked(run_id, champion, (f"{home / run_id}: golden.json is damaged: {error}; train again",), None)
    agrees = difference <= GOLDEN_TOLERANCE
    problem = f"{home / run_id}: forecasts differ by {difference:.2g} of the largest from those made at its publication"
    return Checked(run_id, champion, () if agrees else (problem,), difference)
