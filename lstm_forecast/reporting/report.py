"""A whole report of a run, from its files and the table that it forecasts."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.quantity import quantity
from lstm_forecast.documents import Answer, described
from lstm_forecast.errors import DataError
from lstm_forecast.events import Listener, phase
from lstm_forecast.forecasting.ahead import with_known_ahead
from lstm_forecast.forecasting.future import forecast_future, forecast_table
from lstm_forecast.forecasting.loaded import LoadedRun, load_run, usable_panel
from lstm_forecast.forecasting.table import chosen_ids, panel_ids
from lstm_forecast.judging.folds import fold_forecasts, fold_importance, published_folds
from lstm_forecast.judging.task import open_task
from lstm_forecast.panel.ended import ended_notes
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.closed import closed_text
from lstm_forecast.pictures.page.page import Grid, Page, Section, Sentence
from lstm_forecast.reporting import sections
from lstm_forecast.reporting.against import against
from lstm_forecast.reporting.duration import next_steps, steps_text
from lstm_forecast.reporting.explorer import explorer
from lstm_forecast.reporting.outcomes import Forecasts, Outcomes, forecast_rows, outcome_rows
from lstm_forecast.reporting.verdict import verdict
from lstm_forecast.store import Run
from lstm_forecast.store.documents import (
    read_epochs,
    read_manifest,
    read_metrics,
    read_test_forecasts,
    sound,
)
from lstm_forecast.store.manifest import Manifest
from lstm_forecast.store.reading import runs_option
from lstm_forecast.store.report import Reports
from lstm_forecast.tables.source import Source

__all__ = ["Asked", "ReportWritten", "make_page"]


@dataclass(frozen=True)
class Asked:
    """What a report is to hold."""

    data: Source | None = None  # newer history; None: what the run was trained on
    future: Source | None = None  # table of covariates known ahead
    series: Sequence[str] = ()  # that the page has curves of in any case
    importance: bool = False  # whether to measure how much each input matters
    against: Sequence[Run] = ()  # runs to compare with


@dataclass(frozen=True, kw_only=True)
class ReportWritten(Answer):
    """A report that was written."""

    run: str = field(metadata=described("Id of the run."))
    report: str = field(metadata=described("File of the report."))
    verdict: tuple[Sentence, ...] = field(
        metadata=described("What it says first: sentences, and whether each is good or bad.")
    )


def make_page(
    run: Run, asked: Asked, listener: Listener, *, more: tuple[Section, ...] = ()
) -> Page:
    """The report of a run, whose ``more`` sections come first.

    Raises UsageError if the options do not fit, RunError if the run is damaged, DataError if the
    data do not fit it.
    """
    loaded = load_run(run).shown()
    config, manifest = loaded.config, read_manifest(run)
    panel = usable_panel(loaded, asked.data)
    future, notes = _ahead(loaded, panel, asked)
    ids = panel_ids(config.data, panel.layout)
    metrics = read_metrics(run, horizon=config.windows.horizon)
    season = _reference_season(metrics, config.windows.season_length)
    outcomes = _outcomes(loaded, panel, ids, season)
    phase("making the report")
    ahead = steps_text(config.windows.horizon, panel.layout.grid)
    named = chosen_ids(ids.tolist(), panel.layout.ids, asked.series) if asked.series else []
    shown = quantity(config.data) or "original units"
    told, judged = _judged(metrics, outcomes, ahead=ahead, quantity=shown)
    if judged or asked.importance:
        judged.append(_importance(run, asked, listener))
    if asked.against:
        judged.append(against(run, asked.against))
    return Page(
        title=f"{run.path.parent.name}: {next_steps(config.windows.horizon, panel.layout.grid)}",
        subtitle=f"{loaded.published}. Data up to {manifest.cutoff}. Run {run.run_id}.",
        verdict=told,
        explorer=explorer(panel, outcomes, future, quantity=shown, named=named, notes=notes),
        sections=(*more, *judged, *_made(loaded, manifest)),
    )


def _judged(
    metrics: Reports, outcomes: Outcomes, *, ahead: str, quantity: str
) -> tuple[tuple[Sentence, ...], list[Section]]:
    """The verdict, and the sections about errors."""
    if metrics.judged is None:
        return (Sentence("No window was left to measure errors on.", "bad"),), []
    part, report = metrics.judged
    judged = [sections.errors(report, part=part, quantity=quantity)]
    if len(outcomes.ends):
        judged.append(sections.residuals(outcomes))
    if report.intervals:
        judged.append(sections.calibration(report, outcomes))
    return verdict(report, outcomes, part=part, ahead=ahead), judged


def _made(loaded: LoadedRun, manifest: Manifest) -> Iterator[Section]:
    """How the run came to be."""
    config, run = loaded.config, loaded.run
    closed = "" if config.data.closed is None else closed_text(config.data.closed)
    yield sections.training(
        read_epochs(run, networks=config.model.ensemble, epochs=config.training.epochs)
    )
    yield sections.decisions(manifest, published=loaded.published)
    yield sections.data(manifest, closed=closed)
    yield _origin(run, manifest)


def _ahead(
    loaded: LoadedRun, panel: Panel, asked: Asked
) -> tuple[Forecasts | None, tuple[str, ...]]:
    """The forecast of what comes next, and what is to be known of it.

    Without what is known ahead there is no forecast, and a note says so.
    """
    config = loaded.config
    steps = config.windows.horizon
    try:
        live = with_known_ahead(loaded, panel, asked.data, asked.future, steps=steps)
    except DataError as error:
        if asked.future is not None or not config.data.covariates.future:
            raise
        told = "; ".join(error.problems)
        return None, (f"The future is not shown here, and needs --future: {told}.",)
    forecast, doubts = forecast_future(loaded, live)
    table = forecast_table(loaded, live, forecast)
    future = forecast_rows(table, panel, panel_ids(config.data, panel.layout), name=config.name)
    return future, tuple(chain(doubts, ended_notes(live.ended)))


def _reference_season(metrics: Reports, season_length: int) -> int:
    """Steps after which the better of the two naive forecasts repeats itself."""
    report = None if metrics.judged is None else metrics.judged[1]
    naive, seasonal = (
        None if report is None or name not in report.errors else report.errors[name].mae
        for name in ("naive", "seasonal_naive")
    )
    better = naive is not None and seasonal is not None and naive < seasonal
    return 1 if better else season_length


def _outcomes(
    loaded: LoadedRun, panel: Panel, ids: NDArray[np.object_], season_length: int
) -> Outcomes:
    """The test forecasts of series that the panel has."""
    config, run = loaded.config, loaded.run
    table = read_test_forecasts(
        run, name=config.name, horizon=config.windows.horizon, n_targets=config.n_outputs
    )
    table = table[table["unique_id"].isin(ids.ravel())]
    if table.empty:
        table = table.astype({"ds": _kind(panel), "cutoff": _kind(panel)})
    with sound(run, "forecasts.parquet"):
        return outcome_rows(table, panel, ids, name=config.name, season_length=season_length)


def _kind(panel: Panel) -> str:
    stamps = panel.layout.grid.stamps(np.arange(1))
    return str(stamps.dtype) if isinstance(stamps, pd.DatetimeIndex) else "int64"


def _importance(run: Run, asked: Asked, listener: Listener) -> Section:
    """How much each input matters, or how to have that measured: many forecasts of all windows."""
    if not asked.importance:
        home = run.path.parent
        return sections.not_measured(home.name, runs_option(home.parent))
    task = open_task(load_run(run, evaluated=True).shown(), asked.data, None)
    folds = published_folds(task)
    found = fold_importance(task, folds, fold_forecasts(folds, task), listener)
    return sections.importance({each.input: 100 * (each.share or 0) for each in found})


def _origin(run: Run, manifest: Manifest) -> Section:
    """What made the run, and how to make it again."""
    where = runs_option(run.path.parent.parent)
    rows = (
        ("run", run.run_id),
        ("published", manifest.created),
        ("seed", str(manifest.seed)),
        ("data, SHA-256", manifest.data_sha256),
        ("Python", manifest.python),
        *manifest.versions.items(),
        *((("trained on", ", ".join(manifest.devices)),) if manifest.devices else ()),
        ("this report was made on", platform.platform()),
    )
    config = run.path / "config.yaml"
    return Section(
        "How was it made?",
        texts=(
            f"Trained again with the same versions, seed and data it has the same bytes:"
            f" forecast train --config {config}{where}",
        ),
        grids=(Grid(("", ""), rows),),
    )
