"""Rows of a table beside what a run forecasts of them: which are unlike it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.detecting.anomalies import Beside, Verdicts
from lstm_forecast.detecting.looking import LEVELS, Looked, look, rows_to_look_at
from lstm_forecast.detecting.rarity import (
    Steps,
    kinds_of,
    missing_steps,
    observed_steps,
    spike_borders,
)
from lstm_forecast.detecting.reference import FILE, Reference, reference_from_bytes
from lstm_forecast.detecting.scores import Scores, row_scores
from lstm_forecast.errors import DataError, RunError, UsageError
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import LoadedRun, load_run, series_index, usable
from lstm_forecast.forecasting.table import seen_by_networks, window_ids
from lstm_forecast.judging.task import known_split
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.placing import stamped_rows
from lstm_forecast.panel.steps.grid import ticks_of
from lstm_forecast.panel.survey import read_panel, survey_table
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.source import Source

__all__ = ["Judged", "judge", "read_reference"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Judged:
    """Steps of a table, each with how rare it is."""

    panel: Panel
    reference: Reference
    verdicts: Verdicts
    complete: bool  # whether the rows of the training are all there
    unjudged: int  # rows with a value that lack what their forecast needs


def read_reference(run: Run) -> Reference:
    """Read what a run knows of usual rows. Raises UsageError if it knows nothing, RunError if that
    is damaged.
    """
    if FILE not in run.manifest["files"]:
        raise UsageError(
            f"{run.path}: does not know how usual rows are: it was trained without a validation"
            " part or without calibration, or by an earlier version; train again, with"
            " split.validation and model.calibration"
        )
    try:
        return reference_from_bytes(run.read(FILE))
    except ValueError as error:
        raise RunError(f"{run.path}: damaged: {error}; train again") from None


def judge(
    loaded: LoadedRun,
    data: Source | None,
    *,
    rate: float,
    last: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Judged:
    """Judge the rows of a table that the run did not learn from, or the ``last`` steps of every
    series that can be judged.

    Rows behind the run's cutoff are forecast by the published network, those of its validation and
    test part by the evaluated one. ``rate`` is the share of usual steps that may be called
    anomalies. Raises UsageError if the run does not know usual rows, DataError if the data do not
    fit it or hold nothing to judge.
    """
    reference, horizon = read_reference(loaded.run), loaded.config.windows.horizon
    panel, actual, newest = _filled(loaded, data)
    layout = panel.layout
    values = loaded.forecaster.scaler.transform(panel)
    split, found = known_split(loaded, layout, values)
    complete = found == read_manifest(loaded.run).windows.training
    starts, until = _reach(
        loaded, layout, split.validation_start if complete else split.end, newest
    )
    if last is not None:
        starts = np.maximum(starts, until - _never_judged(loaded.forecaster) - last + 1)
    rows = _Rows(loaded, panel, values, actual, progress)
    looks = [rows.looked(loaded.forecaster, split.end, layout.offsets[1:])]
    if complete and (starts <= layout.ordinals(split.end - 1)).any():
        looks.append(rows.looked(_evaluated(loaded), split.validation_start, split.end))
    scores = [row_scores(each, layout, horizon=horizon) for each in looks]
    steps = _steps(rows, scores, reference, starts=starts, until=until, rate=rate)
    unjudged = rows.unjudged(steps, starts)
    if not len(steps):
        raise _nothing_to_judge(loaded, unjudged)
    beside = rows.beside(looks, scores, reference, p=rate / kinds_of(horizon))
    ids = window_ids(loaded.config.data, layout, melted=loaded.config.melted)
    verdicts = Verdicts(steps, rate, horizon, layout, beside, ids)
    return Judged(panel, reference, verdicts, complete, unjudged)


def _steps(
    rows: "_Rows",
    scores: list[Scores],
    reference: Reference,
    *,
    starts: Ints,
    until: Ints,
    rate: float,
) -> Steps:
    """The steps from number ``starts`` (n_series,) to ``until`` (n_series,) on the grid, judged;
    the first ``scores`` are those of new rows.
    """
    layout, horizon = rows.panel.layout, rows.loaded.config.windows.horizon
    parts = [
        observed_steps(
            each, layout, rows.actual, reference, horizon=horizon, rate=rate, new=each is scores[0]
        )
        for each in scores
    ]
    parts.append(missing_steps(layout, rows.actual, starts=starts, until=until))
    steps = Steps.joined(parts).corrected(kinds_of(horizon))
    return steps.only(steps.ordinal >= starts[steps.series])


def _reach(loaded: LoadedRun, layout: Layout, rows: Ints, newest: int) -> tuple[Ints, Ints]:
    """The numbers on the grid from which on and up to which each series is judged, (n_series,)
    each, where that begins with ``rows`` (n_series,).

    A series that was there at the end of the training goes on to the ``newest`` stamp of all.
    """
    own = layout.ordinals(layout.offsets[1:] - 1)
    begins = layout.ordinals(np.minimum(rows, layout.offsets[1:] - 1))
    starts = np.where(rows < layout.offsets[1:], begins, own + 1)
    cutoff = layout.grid.after(read_manifest(loaded.run).cutoff) - 1
    goes_on = own >= cutoff - loaded.config.windows.horizon
    return starts, np.where(goes_on, max(int(own.max()), newest), own)


@dataclass(frozen=True)
class _Rows:
    """The rows of a table, and how they are looked at."""

    loaded: LoadedRun
    panel: Panel
    values: NDArray[np.float32]  # (n_rows, n_columns): scaled
    actual: Floats  # (n_rows, n_targets): in original units, NaN where nothing was observed
    progress: Progress

    def looked(self, forecaster: Forecaster, starts: Ints, ends: Ints) -> Looked:
        """The rows ``starts`` to ``ends``, both (n_series,), beside their forecasts."""
        layout, policy = self.panel.layout, self.loaded.config.data.unseen_series
        rows, floors = rows_to_look_at(forecaster, layout, starts=starts, ends=ends)
        index = series_index(forecaster.scaler, self.panel, unseen=policy)
        done = 0
        if len(rows):
            self.progress(done, len(rows))

        def more(count: int) -> None:
            nonlocal done
            done += count
            self.progress(done, len(rows))

        return look(
            replace(forecaster, levels=LEVELS),
            layout,
            self.values,
            self.actual,
            rows=rows,
            floors=floors,
            series=index[layout.series_of(rows)],
            progress=more,
        )

    def unjudged(self, steps: Steps, starts: Ints) -> int:
        """How many rows with a value, from number ``starts`` (n_series,) on, are not judged."""
        layout = self.panel.layout
        index = np.arange(len(self.actual))
        wanted = layout.ordinals(index) >= starts[layout.series_of(index)]
        wanted &= np.isfinite(self.actual).any(axis=1)
        wanted[steps.row[steps.row >= 0]] = False
        return int(wanted.sum())

    def beside(
        self, looks: list[Looked], scores: list[Scores], reference: Reference, *, p: float
    ) -> Beside:
        """What stands beside the rows; what is usual ends where a value by itself has the p-value
        ``p``.
        """
        expected, low, high = (np.full(self.actual.shape, np.nan) for _ in range(3))
        least, most = self.loaded.forecaster.support
        for each, scored in zip(looks, scores, strict=True):
            new, layout = scored is scores[0], self.panel.layout
            border = spike_borders(scored, layout, reference, p=p, new=new)
            rows, wider = each.rows, border[each.rows]
            expected[rows] = each.expected
            low[rows] = (each.expected - (each.expected - each.low) * wider).clip(min=least)
            high[rows] = (each.expected + (each.high - each.expected) * wider).clip(max=most)
        return Beside(self.actual, expected, low, high)


def _filled(loaded: LoadedRun, data: Source | None) -> tuple[Panel, Floats, int]:
    """The panel that is forecast from, without a fault where values are missing, as that is to be
    told; the targets that were observed, (n_rows, n_targets), NaN for others; and the number on the
    grid of the newest stamp, which may have no value.
    """
    config = loaded.config
    gaps = "fill" if config.data.gaps == "error" else config.data.gaps
    missing = "ffill" if config.data.missing == "error" else config.data.missing
    section = config.data.model_copy(update={"gaps": gaps, "missing": missing})
    limit = config.training.memory_limit
    panel, table = read_panel(section, loaded.source(data), memory_limit=limit)
    panel = seen_by_networks(usable(loaded, panel), section, melted=config.melted)
    section = config.data.model_copy(update={"gaps": "split", "missing": "mask"})
    observed, _ = survey_table(section, table)
    newest = _newest(table, section, observed.layout)
    observed = seen_by_networks(observed, section, melted=config.melted)
    layout, numbers = panel.layout, {name: k for k, name in enumerate(observed.layout.ids)}
    series = np.array([numbers[name] for name in layout.ids])
    index = np.arange(len(panel.values))
    rows = observed.layout.rows_at(series[layout.series_of(index)], layout.ordinals(index))
    n_targets = loaded.forecaster.channels.n_targets
    actual = np.where(rows[:, None] >= 0, observed.values[rows, :n_targets], np.nan)
    return panel, actual, newest


def _newest(table: Table, data: DataConfig, layout: Layout) -> int:
    """The number on the grid of the newest row that is not in the future; of the newest value where
    rows without one are about the future, or are no rows of the grid.
    """
    newest = layout.latest
    empty = table.frame[list(data.targets)].isna().all(axis=1)
    if data.aggregate is not None or data.covariates.future or not empty.any():
        return newest
    _, stamps, _ = stamped_rows(table, data, data.targets)
    if isinstance(stamps, pd.DatetimeIndex):
        stamps = stamps[stamps <= pd.Timestamp.now(tz=stamps.tz)]
    ticks = ticks_of(stamps, freq=layout.grid.freq)
    return (
        max(newest, int(layout.grid.nearest(ticks[[ticks.argmax()]])[0])) if len(ticks) else newest
    )


def _never_judged(forecaster: Forecaster) -> int:
    """How many of the newest rows lack what is known ahead of the horizon behind them."""
    return forecaster.framing.horizon - 1 if forecaster.channels.n_ahead else 0


def _evaluated(loaded: LoadedRun) -> Forecaster:
    """The evaluated network, calibrated as the published one is."""
    found = load_run(loaded.run, evaluated=True).forecaster
    return replace(found, calibration=loaded.forecaster.calibration)


def _nothing_to_judge(loaded: LoadedRun, unjudged: int) -> DataError:
    if unjudged:
        needed = loaded.forecaster.framing.context_length
        return DataError(
            f"nothing to judge: {unjudged:,} rows lack what their forecast needs: {needed:,} rows"
            " without a gap before them (windows.context_length) and, where there are future"
            " covariates, those of the whole horizon; give more history with --data"
        )
    return DataError(
        "nothing to judge: no row lies after what the network learned from; the run's cutoff is"
        f" {read_manifest(loaded.run).cutoff}: give newer rows with --data"
    )
