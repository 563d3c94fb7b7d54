"""A panel: every series in order on one regular grid, float columns, faults settled by policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.steps.grid import Grid

__all__ = ["Layout", "Panel"]

NOTHING = Known()  # no covariate is known ahead


@dataclass(frozen=True)
class Layout:
    """Which rows of one long array belong to which series and stamp.

    A span is a stretch of a series without a gap.
    """

    ids: tuple[str, ...]
    offsets: NDArray[np.int64]  # (n_series + 1,): series i is rows offsets[i] to offsets[i + 1]
    spans: NDArray[np.int64]  # (n_spans + 1,): span k is rows spans[k] to spans[k + 1]
    first: NDArray[np.int64]  # (n_spans,): number on the grid of each span's first row
    grid: Grid

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Rows of every series, shape (n_series,)."""
        return np.diff(self.offsets)

    @property
    def newest(self) -> Any:
        """Stamp of the newest row of all series."""
        return self.stamps(self.offsets[1:] - 1).max()

    @property
    def latest(self) -> int:
        """Number on the grid of the newest row of all series."""
        return int(self.ordinals(self.offsets[1:] - 1).max())

    def series_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Series that each row lies in."""
        return np.searchsorted(self.offsets, rows, side="right") - 1

    def span_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Span that each row lies in."""
        return np.searchsorted(self.spans, rows, side="right") - 1

    def ordinals(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number on the grid of each row."""
        span = self.span_of(rows)
        return self.first[span] + rows - self.spans[span]

    def rows_at(self, series: NDArray[np.int64], ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of each series and number on the grid; -1 where there is none."""
        rows = np.arange(self.offsets[-1])
        own = self.ordinals(rows)
        width = int(own.max()) + 2
        keys = self.series_of(rows) * width + own
        inside = (series >= 0) & (ordinals >= 0) & (ordinals < width)
        wanted = np.where(inside, series * width + ordinals, -1)
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[found] == wanted, found, -1)

    def rows_before(self, ordinal: int) -> NDArray[np.int64]:
        """Row behind the last one of each series before that number on the grid: (n_series,)."""
        inside = np.clip(ordinal - self.first, 0, np.diff(self.spans))  # rows of each span
        counts: NDArray[np.int64] = np.add.reduceat(inside, self.span_of(self.offsets[:-1]))
        return self.offsets[:-1] + counts

    def until(self, ends: NDArray[np.int64]) -> "Layout":
        """The layout without the rows of each series from row ``ends`` (n_series,) on."""
        starts = self.spans[:-1]
        counts = np.clip(ends[self.series_of(starts)] - starts, 0, np.diff(self.spans))
        kept = counts > 0
        return replace(
            self,
            offsets=np.append(0, np.cumsum(ends - self.offsets[:-1])),
            spans=np.append(0, np.cumsum(counts[kept])),
            first=self.first[kept],
        )

    def stamps(self, rows: NDArray[np.int64]) -> pd.Index:
        """Stamp of each row, as users see it."""
        return self.grid.stamps(self.ordinals(rows))


@dataclass(frozen=True)
class Panel:
    """All series one after another in one array, every fault settled.

    Each series ends with the last value of one of its targets. What is NaN at the end of another
    target is its open end, which is not known yet: see ``ends``.
    """

    layout: Layout
    columns: tuple[str, ...]  # targets, covariates known up to now, covariates known ahead
    values: NDArray[np.float64]  # (n_rows, n_columns)
    repairs: Mapping[str, int]  # what the policies changed, and in how many rows
    known: Known = NOTHING  # what the last columns are
    # Series with a category that training has not seen, by static column.
    unseen: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what is odd about the files themselves, for people
    # Rows behind the last target of their series, as given: values of known.future alone.
    later: Rows | None = None
    # (n_series, horizon, n_columns): the steps to be forecast, see look_ahead.
    ahead: NDArray[np.float64] | None = None
    ended: tuple[str, ...] = ()  # series that were left out, see without_ended
    together: bool = False  # whether all targets end with their series: NaN there is a hole

    @property
    def n_own(self) -> int:
        """Columns that are not known ahead: targets and past covariates, the first ones."""
        return len(self.columns) - len(self.known.columns)

    def place(self, row: int, column: int) -> str:
        """Where a value stands, as messages say it."""
        rows = np.array([row])
        series, stamp = self.layout.series_of(rows)[0], self.layout.stamps(rows)[0]
        return f"series {self.layout.ids[series]}, {stamp}: column {self.columns[column]}"

    def only(self, kept: NDArray[np.bool_]) -> "Panel":
        """The panel without the series that are not ``kept`` (n_series,)."""
        layout = self.layout
        spans = kept[layout.series_of(layout.spans[:-1])]
        remaining = Layout(
            ids=tuple(compress(layout.ids, kept)),
            offsets=np.concatenate(([0], np.cumsum(layout.lengths[kept]))),
            spans=np.concatenate(([0], np.cumsum(np.diff(layout.spans)[spans]))),
            first=layout.first[spans],
            grid=layout.grid,
        )
        values, later = self.values[np.repeat(kept, layout.lengths)], self.later
        if later is not None:
            later = later.take(np.flatnonzero(kept[later.codes]))
            later = replace(later, codes=(np.cumsum(kept) - 1).astype(np.int32)[later.codes])
        ahead = None if self.ahead is None else self.ahead[kept]
        return replace(self, layout=remaining, values=values, later=later, ahead=ahead)

    def ends(self, n_targets: int) -> NDArray[np.int64]:
        """Row behind the last value of each target of each series, (n_series, n_targets): there its
        forecast starts.
        """
        last = self.layout.offsets[1:]
        ends = np.repeat(last[:, None], n_targets, axis=1)
        if not self.together and np.isnan(self.values[last - 1, :n_targets]).any():
            behind = np.arange(1, len(self.values) + 1)[:, None]
            given = np.where(np.isnan(self.values[:, :n_targets]), 0, behind)
            found = np.maximum.reduceat(given, self.layout.offsets[:-1])
            ends = np.where(found > 0, found, ends)  # a target that was never observed has no end
        return ends

    def until(self, ends: NDArray[np.int64]) -> "Panel":
        """The panel without the rows of each series from row ``ends`` (n_series,) on, which then
        tell what is known of the steps to be forecast.

        Raises DataError where these rows have a gap.
        """
        layout = self.layout
        cut = np.arange(len(self.values)) >= np.repeat(ends, layout.lengths)
        if not cut.any():
            return self
        ahead = None if self.ahead is None else self._ahead_of(self.ahead, ends)
        return replace(self, layout=layout.until(ends), values=self.values[~cut], ahead=ahead)

    def _ahead_of(self, ahead: NDArray[np.float64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is known of as many steps from row ``ends`` on: first the rows there, then what is
        known ``ahead`` of the end of the series.
        """
        layout, last = self.layout, self.layout.offsets[1:]
        rows = last - ends
        gaps = layout.ordinals(last - 1) - layout.ordinals(ends - 1) != rows
        if gaps.any():
            raise DataError(
                f"series {layout.ids[gaps.argmax()]}: rows are missing behind the last value of a"
                f" target, where {', '.join(self.known.ahead)} must be known; give them, or train"
                " with data.gaps: fill and data.missing: ffill"
            )
        steps = np.arange(ahead.shape[1])
        inside = np.minimum(ends[:, None] + steps, last[:, None] - 1)
        later = np.maximum(steps - rows[:, None], 0)[..., None]
        known = np.where(
            (steps < rows[:, None])[..., None],
            self.values[inside],
            np.take_along_axis(ahead, later, axis=1),
        )
        # never read, as in look_ahead
        known[..., : self.n_own] = self.values[ends - 1, None, : self.n_own]
        return known

    def ending_together(self, n_targets: int) -> "Panel":
        """The panel with every series up to where the first of its targets ends, for networks that
        see all targets at once.
        """
        layout, ends = self.layout, self.ends(n_targets).min(axis=1)
        cut = np.flatnonzero(np.arange(len(self.values)) >= np.repeat(ends, layout.lengths))
        if not len(cut):
            return self
        future = slice(self.n_own, self.n_own + len(self.known.future))
        codes = layout.series_of(cut).astype(np.int32)
        later = Rows(codes, layout.ordinals(cut), self.values[cut, future])
        if self.later is not None:
            later = later.followed_by(self.later)
        where = f"series {layout.ids[codes[0]]}, {layout.stamps(cut[:1])[0]}"
        note = (
            f"{len(cut):,} rows lie behind the end of one of their targets and are not used, as the"
            f" network sees all targets at once (model.channels: joint); the first: {where}"
        )
        return replace(
            self.until(ends),
            later=later if self.known.future else None,
            together=True,
            notes=(*self.notes, note),
        )

    def melted(self, names: NDArray[np.object_]) -> "Panel":
        """Every target as a series of its own, named by ``names`` (n_series, n_targets), beside all
        other columns, up to its own last value.

        All series of the first target come first, then those of the second, and so on.
        """
        layout, n_targets = self.layout, names.shape[1]
        shifts = np.arange(n_targets)[:, None] * len(self.values)

        def tiled(borders: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.append((borders[:-1] + shifts).ravel(), n_targets * len(self.values))

        def beside(values: NDArray[np.float64]) -> NDArray[np.float64]:
            rest = range(n_targets, len(self.columns))
            return np.concatenate([values[..., [target, *rest]] for target in range(n_targets)])

        whole = replace(
            self,
            layout=Layout(
                ids=tuple(names.T.ravel()),
                offsets=tiled(layout.offsets),
                spans=tiled(layout.spans),
                first=np.tile(layout.first, n_targets),
                grid=layout.grid,
            ),
            columns=("value", *self.columns[n_targets:]),
            values=beside(self.values),
            later=None,
            ahead=None if self.ahead is None else beside(self.ahead),
        )
        return whole.until((self.ends(n_targets).T + shifts).ravel())

    def extended(self) -> "Panel":
        """The panel with the steps to be forecast as rows of their series: what windows of the
        future gather from.
        """
        if self.ahead is None:
            if self.known.ahead:
                raise ValueError(
                    "nothing is known of the steps to be forecast: look_ahead comes first"
                )
            return self
        layout, steps = self.layout, self.ahead.shape[1]
        # series before each border
        ended = np.searchsorted(layout.offsets[1:], layout.spans, side="right")
        longer = replace(
            layout,
            offsets=layout.offsets + steps * np.arange(len(layout.offsets)),
            spans=layout.spans + steps * ended,
        )
        places = np.repeat(layout.offsets[1:], steps)
        values = np.insert(self.values, places, self.ahead.reshape(-1, len(self.columns)), axis=0)
        return replace(self, layout=longer, values=values, ahead=None)
