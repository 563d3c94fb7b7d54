"""What a backtest works on: a run, a table, and the windows that the run did not learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.forecasting.loaded import LoadedRun, series_index, usable_panel
from lstm_forecast.forecasting.table import seen_by_networks
from lstm_forecast.judging.parts import Part, make_parts
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.split import Split, split_rows
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.tables.source import Source
from lstm_forecast.windows.windows import Windows, make_windows

__all__ = ["Task", "evaluation_windows", "known_split", "open_task"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """Windows to forecast, and what they were cut from."""

    loaded: LoadedRun
    panel: Panel
    values: NDArray[np.float32]  # (n_rows, n_columns): scaled
    split: Split  # of the rows that were there in training
    complete: bool  # whether those are all there
    part: Part
    rows: Ints  # (n_windows,): rows of the scaler
    warnings: tuple[str, ...]

    def training_windows(self, ends: Ints) -> Windows:
        """Windows to learn from where only rows before ``ends`` (n_series,) are known."""
        return _training_windows(self.loaded, self.panel.layout, self.values, self.split, ends)


def open_task(loaded: LoadedRun, data: Source | None, last: int | None) -> Task:
    """Find the windows of the test part and of newer rows, or the ``last`` ones of every series.

    ``loaded`` holds the evaluated network. Raises DataError where the data do not fit the run or
    hold no such window, UsageError where there are fewer than ``last``.
    """
    config, scaler = loaded.config, loaded.forecaster.scaler
    panel = seen_by_networks(usable_panel(loaded, data), config.data, melted=config.melted)
    index = series_index(scaler, panel, unseen=config.data.unseen_series)
    values = scaler.transform(panel)
    split, found = known_split(loaded, panel.layout, values)
    complete = found == read_manifest(loaded.run).windows.training
    starts = split.test_start if complete else split.end
    windows = evaluation_windows(loaded, panel.layout, values, starts, panel.layout.offsets[1:])
    if not len(windows):
        raise _nothing_new(loaded.run, complete=complete)
    windows, fewer = _newest(windows, panel.layout, last)
    part = make_parts(
        panel, split, {"chosen": windows}, season_length=config.windows.season_length
    )["chosen"]
    assert part is not None  # noqa: S101  there are windows
    warnings = () if complete else (_incomplete(loaded.run, found),)
    return Task(
        loaded,
        panel,
        values,
        split,
        complete,
        part,
        index[part.series],
        (*panel.notes, *warnings, *fewer),
    )


def _incomplete(run: Run, found: int) -> str:
    told = read_manifest(run)
    return (
        f"the rows up to the run's cutoff, {told.cutoff}, are not those that it was"
        f" trained on ({found:,} training windows, and it had"
        f" {told.windows.training:,}): only windows after the cutoff are tested, MASE"
        " and RMSSE are scaled by the rows there are, and there is no ridge"
    )


def known_split(
    loaded: LoadedRun, layout: Layout, values: NDArray[np.float32]
) -> tuple[Split, int]:
    """Find the split of the rows up to the run's cutoff again, and count its training windows.

    The parts are those of the training if its rows are all there, which as many windows tell.
    """
    shares = loaded.config.split
    split = split_rows(
        layout,
        validation=shares.validation,
        test=shares.test,
        horizon=loaded.forecaster.framing.horizon,
        ends=layout.rows_before(layout.grid.after(read_manifest(loaded.run).cutoff)),
    )
    return split, len(_training_windows(loaded, layout, values, split, split.validation_start))


def evaluation_windows(
    loaded: LoadedRun, layout: Layout, values: NDArray[np.float32], starts: Ints, ends: Ints
) -> Windows:
    """Cut the windows whose targets lie in rows ``starts`` to ``ends``, both (n_series,)."""
    framing = loaded.forecaster.framing
    stride = loaded.config.windows.evaluation_stride or framing.horizon
    return make_windows(
        layout,
        values,
        framing.with_stride(stride),
        loaded.forecaster.channels,
        part_starts=starts,
        part_ends=ends,
        latest=True,
    )


def _training_windows(
    loaded: LoadedRun, layout: Layout, values: NDArray[np.float32], split: Split, ends: Ints
) -> Windows:
    return make_windows(
        layout,
        values,
        loaded.forecaster.framing,
        loaded.forecaster.channels,
        part_starts=split.train_start,
        part_ends=ends,
    )


def _nothing_new(run: Run, *, complete: bool) -> DataError:
    """The error where there is no window to test; a ``complete`` table has all rows of the
    training.
    """
    larger = ", or train with a larger split.test" if complete else ""
    return DataError(
        "nothing to test: no window lies after what the network learned from or was chosen by;"
        f" the run's cutoff is {read_manifest(run).cutoff}: give newer rows with --data{larger}"
    )


def _newest(windows: Windows, layout: Layout, last: int | None) -> tuple[Windows, tuple[str, ...]]:
    """The ``last`` windows of every series, all if that is None; and what to say about it."""
    series = layout.series_of(windows.origins(np.arange(len(windows)))[0] - 1)
    counts = np.bincount(series, minlength=len(layout.ids))
    if last is None:
        return windows, ()
    if last > counts.max():
        raise UsageError(
            f"--last {last}: the windows before would lie in the training or validation part, which"
            f" the network has seen; at most {counts.max():,} can be asked for"
            " (windows.evaluation_stride rows apart)"
        )
    short = int((counts < last).sum())
    kept = np.cumsum(counts)[series] - np.arange(len(windows)) <= last
    fewer = (
        f"{short:,} of {len(counts):,} series have fewer than {last} windows that the network has"
        " not seen"
    )
    return windows.only(np.flatnonzero(kept)), (fewer,) if short else ()
