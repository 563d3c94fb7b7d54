"""What deserves doubt in a forecast: values, levels and intervals that training does not back."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import SUPPORTS, PreprocessingConfig, Support
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.panel.seasons import held_season

__all__ = [
    "doubtful_intervals", "doubtful_levels", "doubtful_season", "doubtful_support",
    "outside_support", "target_ranges",
]  # fmt: skip

# A level is far that lies so many standard deviations from the mean. Fewer than 1 % of the rows of
# a training do, whatever their distribution (Cantelli); a line is there after it has gone on for
# five times as long. The second is for values that come once in 10,000 rows, and are 0 otherwise.
FAR_DEVIATIONS, FAR_DEVIATIONS_SPARSE = 10, 100
# A level is small that is so many times as small as the mean and as the standard deviation: the
# lows of a strong season are larger. Of logarithms it is so many standard deviations away, which
# lines reach after twice the rows.
SMALL_RATIO, SMALL_LOGARITHM_DEVIATIONS = 30, 6
# Rows that a level is the median of: a season or a horizon, within these limits.
LEAST_LEVEL_ROWS, MOST_LEVEL_ROWS = 3, 366
# Standard deviations in the range of a uniform, and between the quartiles of a normal distribution.
DEVIATIONS_IN_RANGE, DEVIATIONS_IN_QUARTILES = math.sqrt(12), 1.349
NO_WIDTH = 1e-5  # share of the range of a history
MOST_WIDTH = 10  # times the range of a history
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def doubtful_season(season_length: int | None, layout: Layout) -> Iterator[str]:
    """A line about a season that the rows do not hold, if the config names such a one."""
    season = season_length or 1
    if not held_season(layout, season):
        yield (
            f"windows.season_length: no series holds two seasons of {season:,} rows (the longest"
            f" has {layout.lengths.max():,}), so that nothing tells that there is one; leave it to"
            " auto, or give more rows"
        )


def outside_support(support: Support | None, values: Floats) -> int:
    """How many rows of target ``values`` (n_rows, n_targets) hold one that
    ``preprocessing.support`` rules out.
    """
    low, high = SUPPORTS[support or "real"]
    return int(((values < low) | (values > high)).any(axis=1).sum())


def doubtful_support(support: Support | None, values: Floats) -> Iterator[str]:
    """A line about rows of target ``values`` (n_rows, n_targets) that ``preprocessing.support``
    rules out, if any.
    """
    if count := outside_support(support, values):
        yield (
            f"warning: {count:,} of {len(values):,} rows hold a target outside of"
            f" preprocessing.support: {support} (they go from"
            f" {np.nanmin(values):.6g} to {np.nanmax(values):.6g}), and no forecast does; if that"
            " is wrong, set preprocessing.support: real and train again"
        )


def target_ranges(layout: Layout, values: NDArray[np.floating]) -> Floats:
    """The least and the largest value of every series and target, (2, n_series, n_targets);
    ``values`` (n_rows, ...).

    Where nothing was observed it is not a number.
    """
    least, largest = (
        np.minimum.reduceat(np.nan_to_num(values, nan=np.inf), layout.offsets[:-1]),
        np.maximum.reduceat(np.nan_to_num(values, nan=-np.inf), layout.offsets[:-1]),
    )
    known = least <= largest
    return np.where(known, np.stack([least, largest]), np.nan)


def doubtful_intervals(
    forecast: Floats,
    series: Ints,
    ranges: Floats,
    ids: NDArray[np.object_],
    levels: tuple[int, ...],
) -> Iterator[str]:
    """Intervals of no width beside a history that varies, or of many times its range: one line for
    each kind.

    ``forecast`` is (n, steps, n_targets, n_quantiles) for the ``series`` (n,); ``ranges`` as of
    ``target_ranges``, ``ids`` (n_series, n_targets). A constant forecast of a history that never
    varied may have no width.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # the difference of two numbers may be none
        low, high = ranges[:, series, None]
        extent, median = high - low, forecast[..., forecast.shape[-1] // 2]
        beyond = np.maximum(np.maximum(low - median, median - high), 0)
        varies = (extent > 0) | (beyond > NO_WIDTH * np.abs(high))
        ordered = sorted(levels, reverse=True)
        middle = len(ordered)
        # (n_levels, ...)
        width = (forecast[..., :middle:-1] - forecast[..., :middle]).transpose(3, 0, 1, 2)
        kinds = {
            "no width": varies & (width <= NO_WIDTH * np.maximum(extent, beyond)),
            f"more than {MOST_WIDTH} times the range of the history": (
                (extent > 0) & (width > MOST_WIDTH * extent)
            ),
        }
    for text, found in kinds.items():
        if found.any():
            k, n, step, target = np.argwhere(found)[0]
            count = len({(series[i], j) for i, j in np.argwhere(found.any(axis=(0, 2)))})
            named = ", ".join(str(ordered[k]) for k in np.flatnonzero(found.any(axis=(1, 2, 3))))
            yield (
                f"warning: {named} % intervals with {text} in {count:,} of {ids.size:,} series: "
                f"{ids[series[n], target]}, step {step + 1}: {forecast[n, step, target, k]:.6g} to "
                f"{forecast[n, step, target, -1 - k]:.6g}, and its history goes from "
                f"{low[n, 0, target]:.6g} to {high[n, 0, target]:.6g}; do not rely on them"
            )


def doubtful_levels(
    scaler: Scaler,
    panel: Panel,
    index: Ints,
    *,
    preprocessing: PreprocessingConfig,
    n_targets: int,
    cycle: int,
) -> Iterator[str]:
    """A line about series whose newest level lies far outside of what training saw, as other units
    make it.

    ``panel`` has a series for every row of the scaler in ``index`` (n_series,); a ``cycle`` of rows
    is a season or a horizon, whichever is longer. What training saw is known from the scaler, so
    that there is nothing to be said with ``preprocessing.scaler: none``.
    """
    if preprocessing.scaler == "none":
        return
    steps = min(MOST_LEVEL_ROWS, max(LEAST_LEVEL_ROWS, cycle))
    newest = _newest(panel, steps, n_targets)
    middle, deviation = _seen(scaler, index, preprocessing.scaler, n_targets)
    pooled = preprocessing.scope == "global"
    level, sparse, far = _far_levels(newest, middle, deviation, scaler=scaler, pooled=pooled)
    if not far.any():
        return
    series, target = np.argwhere(far)[0]
    kind = "least but 0" if sparse[series, target] else "median"
    constant = preprocessing.scaler == "standard" and scaler.scale[index[series], target] == 1
    around = 0 if constant else 2 * deviation[series, target]
    shown = level[series, target], middle[series, target] - around, middle[series, target] + around
    with np.errstate(over="ignore"):
        now, low, high = np.exp(shown) if scaler.log else shown
    yield (
        f"warning: the newest level of {far.sum():,} of {far.size:,} series lies far outside of"
        f" what training saw: series {panel.layout.ids[series]}: {now:.6g} ({kind} of its newest"
        f" {steps} rows), and training saw about {low:.6g} to {high:.6g}; correct the units, or"
        " train again if this is how it is now"
    )


def _far_levels(
    newest: Floats, middle: Floats, deviation: Floats, *, scaler: Scaler, pooled: bool
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """The level of the ``newest`` values (n_series, steps, n_targets), whether it is of sparse
    demand, and whether it is too far out: (n_series, n_targets) each.

    ``middle`` and ``deviation`` are what training saw; series share one scale where ``pooled``. Too
    far is a level ``FAR_DEVIATIONS`` away, times the root of the number of series where these share
    one scale, or one beside which both mean and standard deviation are ``SMALL_RATIO`` times as
    large. A level of 0 is none: demand may cease. Where more than half of the newest rows are 0,
    the least of the others is the level, which may lie ``FAR_DEVIATIONS_SPARSE`` away.
    """
    with np.errstate(all="ignore"):
        values = np.log(newest) if scaler.log else newest
        values = np.where(np.isnan(values).all(axis=1, keepdims=True), middle[:, None], values)
        level, most = np.nanmedian(values, axis=1), np.nanmax(np.abs(values), axis=1)
        sparse = (level == 0) & (most > 0) & (not scaler.log)
        level = np.where(sparse, np.where(values == 0, np.inf, np.abs(values)).min(axis=1), level)
        limit = np.where(sparse, FAR_DEVIATIONS_SPARSE, FAR_DEVIATIONS) * (
            math.sqrt(len(scaler.ids)) if pooled else 1
        )
        far = np.abs(level - middle) > limit * deviation
        if scaler.log:
            far |= np.abs(level - middle) > np.maximum(
                math.log(SMALL_RATIO), SMALL_LOGARITHM_DEVIATIONS * deviation
            )
        elif not pooled:
            far |= (level != 0) & (SMALL_RATIO * most < np.minimum(np.abs(middle), deviation))
    return level, sparse, far


def _newest(panel: Panel, steps: int, n_targets: int) -> Floats:
    """The newest values of every series, (n_series, steps, n_targets); not a number where there are
    none.
    """
    starts, ends = panel.layout.offsets[:-1, None], panel.layout.offsets[1:, None]
    rows = ends - np.arange(steps, 0, -1)
    values: Floats = panel.values[np.maximum(rows, starts), :n_targets]
    return np.where((rows >= starts)[..., None], values, np.nan)


def _seen(scaler: Scaler, index: Ints, kind: str, n_targets: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the training rows, about, (n_series, n_targets) each, in the
    scaler's units.

    A scale of 1 is that of a series that never changed, which counts as a deviation as large as its
    value.
    """
    center, scale = scaler.center[index, :n_targets], scaler.scale[index, :n_targets]
    if kind == "minmax":
        return center + scale / 2, scale / DEVIATIONS_IN_RANGE
    if kind == "robust":  # where half of the values are equal, quartiles tell nothing of the others
        return center, np.where(scale == 1, np.inf, scale / DEVIATIONS_IN_QUARTILES)
    return center, np.where(scale == 1, np.maximum(1, np.abs(center)), scale)
