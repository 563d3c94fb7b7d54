"""Windows as indices into one float32 array: nothing is materialised until a batch is asked for.

With ``context_length`` 3 and ``horizon`` 2, the first windows of a series are

    ====== ============ =========
    window context rows target rows
    ====== ============ =========
    0      0 1 2        3 4
    1      1 2 3        4 5
    ====== ============ =========

The targets of a window never leave the part (train, validation, test) and the span (stretch without
a gap) that it belongs to. Its context may reach back into earlier parts, as it does when
forecasting, but never across a gap.

Covariates known ahead enter twice: at their own step, and with their value ``horizon`` steps later.
The newest ``horizon`` steps of the context then hold what is known of exactly the steps to be
forecast.

Values that were not observed (policy ``mask``) are NaN. Windows with one among their targets are
left out; a context holds the last value observed in their place, or 0 for a column known ahead, and
a flag beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.holes import count_between
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.split import MIN_CONTEXT
from lstm_forecast.windows.batch import Batch, gather_contexts, normalised
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

__all__ = ["Windows", "make_windows"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Ranges of windows: window k of a range has its first target at ``starts + k * stride``."""

    values: Floats  # (n_rows, n_columns): scaled
    starts: Ints  # (n_ranges,)
    counts: Ints  # (n_ranges,): windows in the range
    floors: Ints  # (n_ranges,): first row that a context may use
    framing: Framing
    channels: Channels

    def __len__(self) -> int:
        return int(self.counts.sum())

    def origins(self, index: Ints) -> tuple[Ints, Ints]:
        """Row of the first target, and first row that the context may use, of windows ``index``."""
        behind = np.cumsum(self.counts)
        rank = np.searchsorted(behind, index, side="right")
        within = index - (behind[rank] - self.counts[rank])
        return self.starts[rank] + within * self.framing.stride, self.floors[rank]

    def only(self, index: Ints) -> "Windows":
        """Return the windows ``index`` alone, in that order."""
        origins, floors = self.origins(index)
        return replace(self, starts=origins, floors=floors, counts=np.ones_like(origins))

    def with_context(self, context_length: int) -> "Windows":
        """Return the same windows as a network with another context sees them."""
        return replace(self, framing=self.framing.with_context(context_length))

    def observed(self) -> "Windows":
        """Return the windows that can teach or judge where columns may hold NaN.

        None is among their targets or what is known ahead of them, and each target has a value
        before them.
        """
        missing, framing, channels = np.isnan(self.values), self.framing, self.channels
        wanted = np.delete(missing, channels.past, axis=1)
        origins, floors = self.origins(np.arange(len(self)))
        first = np.maximum(floors, origins - framing.context_length)
        ends = origins + framing.horizon
        kept = count_between(np.asarray(wanted.any(axis=1)), origins, ends) == 0
        for column in range(channels.n_targets):
            kept &= count_between(~missing[:, column], first, origins) > 0
        index = np.flatnonzero(kept)
        rank = np.repeat(np.arange(len(self.counts)), self.counts)[index]
        gaps = (np.diff(index, prepend=-2) != 1) | (np.diff(rank, prepend=-1) != 0)
        heads = np.flatnonzero(gaps)
        counts = np.diff(np.append(heads, len(index)))
        return replace(
            self, starts=origins[index[heads]], floors=floors[index[heads]], counts=counts
        )

    def batch(self, index: Ints) -> Batch:
        """Gather and normalise the windows ``index``."""
        origins, floors = self.origins(index)
        framing, channels = self.framing, self.channels
        contexts, observed = gather_contexts(self.values, origins, floors, framing, channels)
        inputs, center, scale = normalised(contexts, observed, framing, channels)
        rows = origins[:, None] + np.arange(framing.horizon)
        center, scale = center[..., channels.targets], scale[..., channels.targets]
        targets = (self.values[rows, channels.targets] - center) / scale
        return Batch(inputs, targets, center, scale)

    def batches(self, batch_size: int, *, limit: int | None = None) -> Iterator[Batch]:
        """Yield all windows in order, or ``limit`` of them spread evenly."""
        count = len(self)
        everything = limit is None or limit >= count
        index = (
            np.arange(count) if everything else np.linspace(0, count - 1, limit or 0).astype(int)
        )
        for start in range(0, len(index), batch_size):
            yield self.batch(index[start : start + batch_size])


def make_windows(
    layout: Layout,
    values: Floats,
    framing: Framing,
    channels: Channels,
    *,
    part_starts: Ints,
    part_ends: Ints,
    latest: bool = False,
) -> Windows:
    """Cut windows whose targets lie in rows ``part_starts`` to ``part_ends``, both (n_series,).

    ``values`` (n_rows, n_columns) are scaled. A span with room for full contexts has only those; a
    shorter one has, if padded, windows padded on the left: the fullest one alone, but all of them
    to be evaluated (``latest``). ``latest`` aligns windows of a large stride with the end of the
    part instead of its start. Where columns are flagged, only windows whose targets were observed
    are left.
    """
    series = layout.series_of(layout.spans[:-1])
    floors = layout.spans[:-1]
    ends = np.minimum(layout.spans[1:], part_ends[series]) - framing.horizon  # last first target
    starts = np.maximum(part_starts[series], floors + framing.context_length)
    if channels.padded:
        # To learn from, the fullest window: one that holds little of a series would teach that the
        # past is constant.
        first = np.maximum(part_starts[series], floors + MIN_CONTEXT)
        starts = np.where(starts > ends, first if latest else np.maximum(first, ends), starts)
    keep = starts <= ends
    starts, ends, floors = starts[keep], ends[keep], floors[keep]
    if latest:
        starts = starts + (ends - starts) % framing.stride
    windows = Windows(
        values=values,
        starts=starts,
        counts=(ends - starts) // framing.stride + 1,
        floors=floors,
        framing=framing,
        channels=channels,
    )
    return windows.observed() if channels.n_flagged else windows
