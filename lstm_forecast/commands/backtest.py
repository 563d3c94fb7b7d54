"""``forecast backtest``: what a run would have forecast from origins that it has not seen, and how
wrong that was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.engines.engine import engine_of
from lstm_forecast.events import Listener, phase
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.forecasting.table import save_table, window_ids
from lstm_forecast.judging.backtest import BacktestReport
from lstm_forecast.judging.folds import (
    RETRAINED,
    Fold,
    fold_forecasts,
    fold_importance,
    published_folds,
)
from lstm_forecast.judging.parts import linear_forecast, part_report, part_table, require_finite
from lstm_forecast.judging.report import worst_series
from lstm_forecast.judging.statistical import check_statistical, statistical_forecasts
from lstm_forecast.judging.task import Task, open_task
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.panel.holes import history
from lstm_forecast.store import Run, find_run, write_whole
from lstm_forecast.store.outputs import require_output, require_suffix
from lstm_forecast.tables.source import Source

__all__ = ["Asked", "Backtest", "backtest", "backtest_run"]

SUFFIXES = (".csv", ".parquet")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Backtest:
    """Forecasts beside what came, and the figures."""

    run: Run
    report: BacktestReport
    table: pd.DataFrame  # unique_id, ds, cutoff, y, forecasts and baselines


@dataclass(frozen=True)
class Asked:
    """What a backtest is asked."""

    data: Source | None = None  # newer history; None: what the run was trained on
    last: int | None = None  # origins of every series; None: the test part and what is newer
    # What trains networks anew, see ``training.refit``; None: the run's own networks forecast.
    retrained: Callable[[Task, Listener], list[Fold]] | None = None
    baselines: Sequence[str] = ()  # names of statistical forecasts to compare with
    importance: bool = False  # whether to measure how much each input matters
    engine: str | None = None  # what runs the networks, see ``engine_of``; None: this process


def backtest(
    asked: Asked = Asked(),
    *,
    runs: Path,
    name: str | None = None,
    output: Path | None = None,
    listener: Listener,
) -> Backtest:
    """Forecast from every origin of the test part and of newer rows, or from the last ones.

    A window whose rows all came after the training is forecast by the published network, any other
    by the one that learned from the training part alone, or all by networks trained anew. The
    table is written to ``output``, whole or not at all. Raises UsageError if the options do not fit
    the run, RunError if there is no sound run, DataError if the data do not fit it or hold nothing
    to test, WriteError if writing fails.
    """
    require_suffix("--output", output, SUFFIXES)
    check_statistical(asked.baselines)
    loaded = load_run(find_run(runs, name), evaluated=True).shown()
    given = asked.data if isinstance(asked.data, Path) else None
    require_output("--output", output, [given, loaded.data_path])
    found = backtest_run(loaded, asked, listener)
    if output is not None:
        table, suffix = found.table, output.suffix.lower()
        write_whole(output, lambda staged: save_table(table, staged, suffix=suffix))
        return replace(found, report=replace(found.report, output=str(output)))
    return found


def backtest_run(loaded: LoadedRun, asked: Asked, listener: Listener) -> Backtest:
    """What ``backtest`` finds, of a run that was loaded with its evaluated network.

    Raises UsageError if the options do not fit the run, DataError if the data do not fit it or hold
    nothing to test.
    """
    check_statistical(asked.baselines)
    engine = engine_of(asked.engine)
    task = open_task(loaded, asked.data, asked.last)
    retrained = asked.retrained
    folds = published_folds(task) if retrained is None else retrained(task, listener)
    log, importance = bool(loaded.config.preprocessing.log), None
    with engine as used:
        counted = _counted(listener, len(task.rows))
        forecast = fold_forecasts(folds, task, engine=used, progress=counted)
        require_finite(task.part, forecast, task.panel.layout, log=log)
        if asked.importance:
            importance = fold_importance(task, folds, forecast, listener, engine=used)
    phase("measuring the errors")
    others = _baselines(task, folds, asked.baselines, listener)
    report = replace(_report(task, folds, forecast, others), importance=importance)
    config, quantiles = task.loaded.config, task.loaded.forecaster.quantiles
    columns = task.part.baselines | others
    table = part_table(
        task.panel.layout,
        task.part,
        forecast,
        name=config.name,
        ids=_ids(task),
        quantiles=quantiles,
        baselines=columns,
        keys=config.data.series_columns,
    )
    return Backtest(task.loaded.run, report, table)


def _counted(listener: Listener, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        listener.progress("forecasting", done, total)

    return count


def _baselines(
    task: Task, folds: list[Fold], names: Sequence[str], listener: Listener
) -> dict[str, Floats]:
    """The ridge of the window, learned from the rows that its fold's network learned from;
    statistical forecasts.
    """
    config, part, scaler = task.loaded.config, task.part, task.loaded.forecaster.scaler
    origins, floors = part.windows.origins(np.arange(len(part.windows)))
    season = config.windows.season_length
    found = statistical_forecasts(
        names,
        history(
            task.panel.values[:, part.windows.channels.targets], task.panel.layout.spans, season
        ),
        origins,
        floors,
        horizon=config.windows.horizon,
        season_length=season,
        progress=lambda done, total: listener.progress("baselines", done, total),
    )
    if not task.complete:
        return found
    ridge = np.empty_like(part.actual)
    for fold in folds:
        training = task.training_windows(fold.ends)
        windows = part.windows.only(fold.index)
        ridge[fold.index] = linear_forecast(
            fit_linear(training), windows, scaler, task.rows[fold.index]
        )
    return {"ridge": ridge} | found


def _report(
    task: Task,
    folds: list[Fold],
    forecast: Floats,
    others: Mapping[str, Floats],
) -> BacktestReport:
    part, layout, run = task.part, task.panel.layout, task.loaded.run
    quantiles = task.loaded.forecaster.quantiles
    report = part_report(part, forecast, quantiles=quantiles, baselines=others)
    stamps = layout.stamps(part.origins - 1)
    networks: dict[str, int] = {}
    for fold in folds:
        networks[fold.network] = networks.get(fold.network, 0) + len(fold.index)
    return BacktestReport(
        run=run.run_id,
        path=str(run.path),
        output=None,
        networks=networks,
        trainings=len(folds) if RETRAINED in networks else 0,
        cutoffs=(str(stamps.min()), str(stamps.max())),
        **vars(replace(report, warnings=(*task.warnings, *report.warnings))),
        by_series=worst_series(
            actual=part.actual,
            forecast=forecast[..., len(quantiles) // 2],
            reference=part.baselines[part.reference],
            scale=part.scale,
            ids=_ids(task)[part.series],
        ),
    )


def _ids(task: Task) -> NDArray[np.object_]:
    config = task.loaded.config
    return window_ids(config.data, task.panel.layout, melted=config.melted)
