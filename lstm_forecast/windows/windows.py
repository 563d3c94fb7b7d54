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

from lstm_forecast.panel.holes import carried, count_between, weights
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.split import MIN_CONTEXT

__all__ = ["Batch", "Windows", "gather_contexts", "make_windows", "normalised"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
NONE = slice(0, 0)


@dataclass(frozen=True)
class Batch:
    """Locally normalised windows. A prediction p means ``p * scale + center`` in scaled units."""

    # (batch, context_length, n_features): columns, those a horizon later, flags of both kinds
    inputs: Floats
    targets: Floats  # (batch, horizon, n_targets)
    center: Floats  # (batch, 1, n_targets)
    scale: Floats  # (batch, 1, n_targets)


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Ranges of windows.

    Window k of a range has its first target at row ``starts + k * stride``.
    """

    values: Floats  # (n_rows, n_columns): scaled; targets are the first columns
    starts: Ints  # (n_ranges,)
    counts: Ints  # (n_ranges,): windows in the range
    floors: Ints  # (n_ranges,): first row that a context may use
    stride: int
    context_length: int
    horizon: int
    n_targets: int
    normalisation: str
    padded: bool
    # newest rows of the context that the local statistics come from; None: all of it
    span: int | None = None
    n_ahead: int = 0  # columns known ahead, before the static ones
    n_static: int = 0  # the last columns
    # the first columns that may be NaN: each has a channel that is 1 where it was observed
    n_flagged: int = 0

    @property
    def n_own(self) -> int:
        """Columns that are normalised in the window: targets and past covariates."""
        return int(self.values.shape[1]) - self.n_ahead - self.n_static

    @property
    def n_known(self) -> int:
        """Channels of the inputs that follow them: columns known ahead, static ones, and the first
        a horizon later.
        """
        return 2 * self.n_ahead + self.n_static

    @property
    def n_features(self) -> int:
        """Width of the inputs."""
        return self.n_own + self.n_known + self.n_flagged + self.padded

    def __len__(self) -> int:
        return int(self.counts.sum())

    def origins(self, index: Ints) -> tuple[Ints, Ints]:
        """Row of the first target, and first row that the context may use, of the windows
        ``index``.
        """
        behind = np.cumsum(self.counts)
        rank = np.searchsorted(behind, index, side="right")
        within = index - (behind[rank] - self.counts[rank])
        return self.starts[rank] + within * self.stride, self.floors[rank]

    def only(self, index: Ints) -> "Windows":
        """The windows ``index`` alone, in that order."""
        origins, floors = self.origins(index)
        return replace(self, starts=origins, floors=floors, counts=np.ones_like(origins))

    def observed(self) -> "Windows":
        """The windows with no NaN among their targets or what is known ahead of them, and none but
        NaN before them.
        """
        missing = np.isnan(self.values)
        wanted = np.delete(missing, np.s_[self.n_targets : self.n_own], axis=1)
        origins, floors = self.origins(np.arange(len(self)))
        first = np.maximum(floors, origins - self.context_length)
        kept = count_between(np.asarray(wanted.any(axis=1)), origins, origins + self.horizon) == 0
        for column in range(self.n_targets):
            kept &= count_between(~missing[:, column], first, origins) > 0
        index = np.flatnonzero(kept)
        rank = np.repeat(np.arange(len(self.counts)), self.counts)[index]
        heads = np.flatnonzero((np.diff(index, prepend=-2) != 1) | (np.diff(rank, prepend=-1) != 0))
        counts = np.diff(np.append(heads, len(index)))
        return replace(
            self, starts=origins[index[heads]], floors=floors[index[heads]], counts=counts
        )

    def batch(self, index: Ints) -> Batch:
        """Gather and normalise the windows ``index``."""
        origins, floors = self.origins(index)
        shifted = slice(self.n_own, self.n_own + self.n_ahead)
        contexts, observed = gather_contexts(
            self.values, origins, floors, self.context_length, shifted=shifted, shift=self.horizon
        )
        inputs, center, scale = normalised(
            contexts, observed, self.normalisation,
            padded=self.padded, span=self.span, n_own=self.n_own, n_flagged=self.n_flagged,
        )  # fmt: skip
        rows = origins[:, None] + np.arange(self.horizon)
        center, scale = center[..., : self.n_targets], scale[..., : self.n_targets]
        targets = (self.values[rows, : self.n_targets] - center) / scale
        return Batch(inputs, targets, center, scale)

    def batches(self, batch_size: int, *, limit: int | None = None) -> Iterator[Batch]:
        """All windows in order, or ``limit`` of them spread evenly."""
        count = len(self)
        index = (
            np.arange(count)
            if limit is None or limit >= count
            else np.linspace(0, count - 1, limit).astype(int)
        )
        for start in range(0, len(index), batch_size):
            yield self.batch(index[start : start + batch_size])


def make_windows(
    layout: Layout,
    values: Floats,
    *,
    part_starts: Ints,
    part_ends: Ints,
    context_length: int,
    horizon: int,
    stride: int,
    n_targets: int,
    normalisation: str,
    padded: bool,
    span: int | None = None,
    latest: bool = False,
    n_flagged: int = 0,
    **known: int,
) -> Windows:
    """Windows whose targets lie in rows ``part_starts`` to ``part_ends`` of each series, both
    (n_series,).

    A span with room for full contexts has only those; a shorter one has, if ``padded``, windows
    padded on the left: the fullest one alone, but all of them to be evaluated (``latest``).
    ``latest`` aligns windows of a large stride with the end of the part instead of its start. Where
    columns are ``n_flagged``, only windows whose targets were observed are left. ``known``: see
    Windows.
    """
    series = layout.series_of(layout.spans[:-1])
    floors = layout.spans[:-1]
    ends = np.minimum(layout.spans[1:], part_ends[series]) - horizon  # last possible first target
    starts = np.maximum(part_starts[series], floors + context_length)
    if padded:
        # To learn from, the fullest window: one that holds little of a series would teach that the
        # past is constant.
        first = np.maximum(part_starts[series], floors + MIN_CONTEXT)
        starts = np.where(starts > ends, first if latest else np.maximum(first, ends), starts)
    keep = starts <= ends
    starts, ends, floors = starts[keep], ends[keep], floors[keep]
    if latest:
        starts = starts + (ends - starts) % stride
    windows = Windows(
        values=values,
        starts=starts,
        counts=(ends - starts) // stride + 1,
        floors=floors,
        stride=stride,
        context_length=context_length,
        horizon=horizon,
        n_targets=n_targets,
        normalisation=normalisation,
        padded=padded,
        span=span,
        n_flagged=n_flagged,
        **known,
    )
    return windows.observed() if n_flagged else windows


def gather_contexts(
    values: Floats,
    origins: Ints,
    floors: Ints,
    context_length: int,
    *,
    shifted: slice = NONE,
    shift: int = 0,
) -> tuple[Floats, NDArray[np.bool_] | None]:
    """The ``context_length`` rows before each origin, 0 where there are none: (batch,
    context_length, n_channels).

    Channels are all columns, then the ``shifted`` ones as they are ``shift`` rows later. Also which
    steps are observed, (batch, context_length), or None where all are.
    """
    rows = origins[:, None] + np.arange(-context_length, 0)
    whole = bool((rows[:, 0] >= floors).all())
    observed = rows >= floors[:, None]
    rows = rows if whole else np.maximum(rows, floors[:, None])
    contexts = values[rows]
    if shifted.stop > shifted.start:
        contexts = np.concatenate([contexts, values[rows + shift, shifted]], axis=2)
    if whole:
        return contexts, None
    return np.where(observed[..., None], contexts, np.float32(0)), observed


def normalised(
    contexts: Floats,
    observed: NDArray[np.bool_] | None,
    kind: str,
    *,
    padded: bool,
    span: int | None = None,
    n_own: int | None = None,
    n_flagged: int = 0,
) -> tuple[Floats, Floats, Floats]:
    """Normalise each context by its own statistics per column: inputs, center and scale, the latter
    (batch, 1, n).

    Only the first ``n_own`` channels are normalised, all by default: the others mean what they mean
    in every window.

    ``kind``: none; last (subtract the last value); mean; standard (mean, then divide by the
    standard deviation, unless the context is constant); last_standard (last value, same division).
    The statistics are those of the newest ``span`` rows, observed values alone. What was not is
    NaN, in the first ``n_flagged`` channels: each appends a feature that tells where it was.
    ``padded`` appends the one that tells observed steps from padding.
    """
    weight = None if observed is None else observed[..., None].astype(np.float32)
    given = ~np.isnan(contexts[..., :n_flagged]) & (True if weight is None else weight > 0)
    contexts, others = (
        contexts[..., :n_own],
        contexts[..., contexts.shape[2] if n_own is None else n_own :],
    )
    if n_flagged:
        contexts, others = (
            carried(contexts, given[..., :n_own]),
            np.where(np.isnan(others), np.float32(0), others),
        )
    recent = slice(-(span or 0), None)
    newest, seen = contexts[:, recent], None if weight is None else weight[:, recent]
    if n_flagged:
        seen = weights(given[:, recent, :n_own])
    ones = np.ones((len(contexts), 1, contexts.shape[2]), np.float32)
    center, scale = np.zeros_like(ones), ones
    if kind in ("last", "last_standard"):
        center = contexts[:, -1:]
    elif kind in ("mean", "standard"):
        center = _mean(newest, seen)
    if kind in ("standard", "last_standard"):
        deviation = np.sqrt(_mean((newest - _mean(newest, seen)) ** 2, seen))
        constant = deviation <= 1e-5 * np.sqrt(_mean(newest**2, seen))
        scale = np.where(constant, ones, deviation)
    inputs = (contexts - center) / scale
    if weight is not None:
        inputs = inputs * weight
    parts = [inputs, others] if others.shape[2] else [inputs]
    if n_flagged:
        parts.append(given.astype(np.float32))
    if padded:
        parts.append(
            weight if weight is not None else np.ones((*contexts.shape[:2], 1), np.float32)
        )
    return inputs if len(parts) == 1 else np.concatenate(parts, axis=2), center, scale


def _mean(values: Floats, weight: Floats | None) -> Floats:
    """Mean over the observed steps, shape (batch, 1, n_columns); summed in float64, so that
    constants stay constant.
    """
    count = values.shape[1] if weight is None else weight.sum(axis=1, keepdims=True)
    total = (values if weight is None else values * weight).sum(
        axis=1, keepdims=True, dtype=np.float64
    )
    mean: Floats = (total / count).astype(np.float32)
    return mean
