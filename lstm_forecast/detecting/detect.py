"""Rows of a table beside what a run forecasts of them: which are unlike it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.detecting.anomalies import Beside, unusual
from lstm_forecast.detecting.looking import LEVELS, Looked, look, rows_to_look_at
from lstm_forecast.detecting.rarity import Steps, kinds_of, missing_steps, observed_steps
from lstm_forecast.detecting.reference import FILE, Reference, reference_from_bytes
from lstm_forecast.detecting.scores import Scores, row_scores
from lstm_forecast.errors import DataError, RunError, UsageError
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import LoadedRun, load_run, series_index, usable_panel
from lstm_forecast.forecasting.table import seen_by_networks
from lstm_forecast.judging.task import known_split
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_manifest
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
    steps: Steps
    found: NDArray[np.bool_]  # (n,): which steps are anomalies
    beside: Beside
    complete: bool  # whether the rows of the training are all there


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
    series.

    Rows behind the run's cutoff are forecast by the published network, those of its validation and
    test part by the evaluated one. ``rate`` is the share of usual steps that may be called
    anomalies. Raises UsageError if the run does not know usual rows, DataError if the data do not
    fit it or hold nothing to judge.
    """
    reference, config = read_reference(loaded.run), loaded.config
    panel, actual = _filled(loaded, data)
    layout, ends = panel.layout, panel.layout.offsets[1:]
    values = loaded.forecaster.scaler.transform(panel)
    split, found = known_split(loaded, layout, values)
    complete = found == read_manifest(loaded.run).windows.training
    first = split.validation_start if complete else split.end
    if last is not None:
        first = np.maximum(first, ends - last)
    rows = _Rows(loaded, panel, values, actual, progress)
    looks = [rows.looked(loaded.forecaster, split.end, ends)]
    if (first < split.end).any():
        looks.append(rows.looked(_evaluated(loaded), split.validation_start, split.end))
    scores = [row_scores(each, layout, horizon=config.windows.horizon) for each in looks]
    steps = rows.steps(scores, reference, starts=first, cutoffs=split.end)
    if not len(steps):
        raise _nothing_to_judge(loaded)
    kinds = kinds_of(config.windows.horizon)
    steps = steps.corrected(kinds)
    beside = rows.beside(looks, scores, reference.spikes.threshold(rate / kinds))
    return Judged(panel, reference, steps, unusual(steps, rate), beside, complete)


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

    def steps(
        self, scores: list[Scores], reference: Reference, *, starts: Ints, cutoffs: Ints
    ) -> Steps:
        """The steps from row ``starts`` (n_series,) on, judged.

        A series that has values behind its ``cutoffs`` (n_series,) goes on to the newest stamp.
        """
        layout, horizon = self.panel.layout, self.loaded.config.windows.horizon
        newest = layout.ordinals(layout.offsets[1:] - 1)
        until = np.where(cutoffs < layout.offsets[1:], newest.max(), newest)
        parts = [
            observed_steps(each, layout, self.actual, reference, horizon=horizon) for each in scores
        ]
        steps = Steps.joined(
            [*parts, missing_steps(layout, self.actual, starts=starts, until=until)]
        )
        from_ = layout.ordinals(np.minimum(starts, layout.offsets[1:] - 1))
        from_ = np.where(starts < layout.offsets[1:], from_, from_ + 1)
        return steps.only(steps.ordinal >= from_[steps.series])

    def beside(self, looks: list[Looked], scores: list[Scores], threshold: float) -> Beside:
        """What stands beside the rows; borders are ``threshold`` times as far as those of the
        forecast's interval, where errors are as large as usual.
        """
        expected, low, high = (np.full(self.actual.shape, np.nan) for _ in range(3))
        least, most = self.loaded.forecaster.support
        for each, scored in zip(looks, scores, strict=True):
            rows, wider = each.rows, threshold * scored.scales[each.rows]
            expected[rows] = each.expected
            if np.isfinite(threshold):
                low[rows] = (each.expected - (each.expected - each.low) * wider).clip(min=least)
                high[rows] = (each.expected + (each.high - each.expected) * wider).clip(max=most)
        return Beside(self.actual, expected, low, high)


def _filled(loaded: LoadedRun, data: Source | None) -> tuple[Panel, Floats]:
    """The panel that is forecast from, without a fault where values are missing, as that is to be
    told; and the targets that were observed, (n_rows, n_targets), NaN for others.
    """
    given = loaded.config.data
    gaps = "fill" if given.gaps == "error" else given.gaps
    missing = "ffill" if given.missing == "error" else given.missing
    panel = _seen(loaded, data, gaps=gaps, missing=missing, usable=True)
    observed = _seen(loaded, data, gaps="split", missing="mask", usable=False)
    layout, numbers = panel.layout, {name: k for k, name in enumerate(observed.layout.ids)}
    series = np.array([numbers[name] for name in layout.ids])
    index = np.arange(len(panel.values))
    rows = observed.layout.rows_at(series[layout.series_of(index)], layout.ordinals(index))
    n_targets = loaded.forecaster.channels.n_targets
    actual = np.where(rows[:, None] >= 0, observed.values[rows, :n_targets], np.nan)
    return panel, actual


def _seen(
    loaded: LoadedRun, data: Source | None, *, gaps: str, missing: str, usable: bool
) -> Panel:
    """The panel with these policies for what is missing; ``usable`` without series that the run
    leaves out.
    """
    config = loaded.config
    section = config.data.model_copy(update={"gaps": gaps, "missing": missing})
    config = config.model_copy(update={"data": section})
    if usable:
        panel = usable_panel(replace(loaded, config=config), data)
    else:
        limit = config.training.memory_limit
        panel, _ = read_panel(section, loaded.source(data), memory_limit=limit)
    return seen_by_networks(panel, section, melted=config.melted)


def _evaluated(loaded: LoadedRun) -> Forecaster:
    """The evaluated network, calibrated as the published one is."""
    found = load_run(loaded.run, evaluated=True).forecaster
    return replace(found, calibration=loaded.forecaster.calibration)


def _nothing_to_judge(loaded: LoadedRun) -> DataError:
    return DataError(
        "nothing to judge: no row lies after what the network learned from; the run's cutoff is"
        f" {read_manifest(loaded.run).cutoff}: give newer rows with --data"
    )
