"""``forecast runs``: what has been published, how good it is, and which of it is the champion.

Who chooses a champion is in a hurry: what reads documents and networks is imported where it is
needed alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_forecast.errors import RunError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.store import (
    Promotion,
    Run,
    champions,
    find_id,
    locked,
    open_run,
    promotion_command,
    promotions,
    run_home,
    run_homes,
    run_ids,
)
from lstm_forecast.store import promote as promote_in
from lstm_forecast.store import prune as prune_in
from lstm_forecast.store import rollback as rollback_in

if TYPE_CHECKING:
    from lstm_forecast.store.listing import Checked, Listed, RunPage
    from lstm_forecast.store.manifest import Manifest
    from lstm_forecast.store.report import Reports

__all__ = ["Shown", "list_runs", "promote", "prune", "rollback", "show", "verify"]

LONGEST_REASON = 500  # characters


@dataclass(frozen=True)
class Shown:
    """All that a run tells about itself, and what people said of it."""

    run: Run
    champion: bool
    manifest: "Manifest"
    metrics: "Reports"
    promotions: Sequence[Promotion]  # for which somebody gave a reason

    def page(self) -> "RunPage":
        """The same as a document, without the hashes."""
        from lstm_forecast.store.listing import RunPage

        return RunPage(
            path=str(self.run.path),
            champion=self.champion,
            promotions=tuple(self.promotions),
            manifest=replace(self.manifest, files=None, sha256=None),
            metrics=self.metrics,
        )


def list_runs(*, runs: Path, name: str | None = None) -> "list[Listed]":
    """All runs of that name, or of every name, oldest first.

    Raises RunError if there are none of that name.
    """
    homes = run_homes(runs) if name is None else [run_home(runs, name)]
    found = [(home / run_id, _listed(home, run_id)) for home in homes for run_id in run_ids(home)]
    # what was removed meanwhile is not damaged
    return [listed for path, listed in found if path.exists()]


def show(*, runs: Path, name: str | None = None, run_id: str | None = None) -> Shown:
    """A run, the champion by default. Raises RunError if it is missing or damaged."""
    from lstm_forecast.store.documents import read_config, read_manifest, read_metrics

    home = run_home(runs, name)
    run = open_run(home if run_id is None else home / find_id(home, run_id))
    return Shown(
        run=run,
        champion=run.run_id in champions(run.path.parent)[:1],
        manifest=read_manifest(run),
        metrics=read_metrics(run, horizon=read_config(run).windows.horizon),
        promotions=promotions(run.path.parent, run.run_id),
    )


def verify(*, runs: Path, name: str | None = None, run_id: str | None = None) -> "list[Checked]":
    """Check every file of a run, or of all, against its hash, and make its golden forecasts again.

    Raises RunError if there is no such run.
    """
    home = run_home(runs, name)
    if run_id is not None:
        return [_checked(home, find_id(home, run_id))]
    found = [_checked(home, each) for each in run_ids(home)]
    return [checked for checked in found if (home / checked.run).exists()]  # as in a list


def promote(
    run_id: str,
    *,
    runs: Path,
    name: str | None = None,
    force: bool = False,
    reason: str | None = None,
) -> Run:
    """Make a run the champion, and write the ``reason`` down.

    One that was kept for study takes ``force`` and a reason. Raises UsageError without them,
    RunError if the run is missing or damaged, BusyError, WriteError.
    """
    home = run_home(runs, name)
    if reason is not None and not (
        reason.strip() and reason.isprintable() and len(reason) <= LONGEST_REASON
    ):
        raise UsageError(
            f"--reason: expected one line of up to {LONGEST_REASON} characters that can be printed"
        )
    run = open_run(home / find_id(home, run_id))
    if run.for_study and not (force and reason):
        from lstm_forecast.store.documents import read_manifest

        judged = read_manifest(run).judged
        found = judged.reason if judged and judged.reason else "it was found no better"
        raise UsageError(
            f"{run.path}: published for study only: {found}; to make it the champion"
            " all the same, say why:"
            f" {promotion_command(home, run.run_id, '--force', '--reason', 'TEXT')}"
        )
    return promote_in(home, run.run_id, reason=reason)


def rollback(*, runs: Path, name: str | None = None) -> Run:
    """Make the champion before this one the champion again.

    Raises RunError if there is none, BusyError, WriteError.
    """
    return rollback_in(run_home(runs, name))


def prune(*, keep: int, runs: Path, name: str | None = None) -> list[str]:
    """Remove old runs, never the champion, nor the one before it. Raises RunError, WriteError.

    Raises BusyError while a training is at work: it may read the runs that would go.
    """
    home = run_home(runs, name)
    with locked(home):
        return prune_in(home, keep=keep)


def _listed(home: Path, run_id: str) -> "Listed":
    from lstm_forecast.store.documents import read_config, read_manifest, read_metrics
    from lstm_forecast.store.listing import Listed

    champion = run_id in champions(home)[:1]
    try:
        run = open_run(home / run_id)
        manifest, metrics = (
            read_manifest(run),
            read_metrics(run, horizon=read_config(run).windows.horizon),
        )
    except RunError:
        return Listed(home.name, run_id, champion, "damaged")
    report = metrics.judged[1] if metrics.judged else None
    return Listed(
        name=home.name,
        run=run_id,
        champion=champion,
        state="for study" if run.for_study else "readable",
        cutoff=manifest.cutoff,
        published=manifest.published,
        mae=report.own.mae if report else None,
        mase=report.own.mase if report else None,
        skill=report.skill.get("seasonal_naive") if report else None,
    )


def _checked(home: Path, run_id: str) -> "Checked":
    from lstm_forecast.forecasting.golden import GOLDEN_TOLERANCE, golden_difference
    from lstm_forecast.forecasting.loaded import load_run
    from lstm_forecast.store.listing import Checked

    phase(f"verifying {home / run_id}", run=run_id)
    champion = run_id in champions(home)[:1]
    try:
        run = open_run(home / run_id)
        run.verify()
        difference = golden_difference(
            load_run(run).forecaster, run.read("golden.json").decode("utf-8")
        )
    except RunError as error:
        return Checked(run_id, champion, error.problems, None)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        return Checked(
            run_id,
            champion,
            (f"{home / run_id}: golden.json is damaged: {error}; train again",),
            None,
        )
    agrees = difference <= GOLDEN_TOLERANCE
    problem = (
        f"{home / run_id}: forecasts differ by {difference:.2g} of the largest from those made at"
        " its publication"
    )
    return Checked(run_id, champion, () if agrees else (problem,), difference)
