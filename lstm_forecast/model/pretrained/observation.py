"""What observation does to series: shifts, outliers, dips, limits, rounding, gaps.

Each part alters some of the rows (n, length) in place; shares, and sizes in deviations of a series,
are drawn for every row.
"""

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.pretrained.processes import Floats, Random, log_uniform, uniform

__all__ = ["observed", "with_deviation_1"]


def observed(rng: Random, values: Floats) -> Floats:
    """Alter rows of deviation 1 as observation does, bring them back to that deviation, move some
    away from 0, turn some over, and leave out values of others: NaN.

    All that have values below 0 are moved: where 0 lies must not say what their mean will be.
    """
    n = len(values)
    for alter in (_shift_levels, _strike, _dip, _limit, _round):
        alter(rng, values)
    values = with_deviation_1(values)
    moved = (rng.random((n, 1)) < 0.3) | (values.min(axis=1, keepdims=True) < 0)
    offset = rng.standard_normal((n, 1), np.float32) * log_uniform(rng, 1, 16, n)
    values = np.where(moved, values + offset, values)
    flipped = rng.random((n, 1)) < 0.15
    values = np.where(flipped, -values, values)
    _leave_out(rng, values)
    return np.asarray(values, np.float32)


def with_deviation_1(values: Floats) -> Floats:
    """The rows divided by their deviations, so that 0 stays where it is for what cannot be
    negative.
    """
    deviation = values.std(axis=1, keepdims=True)
    return np.asarray(values / np.maximum(deviation, 1e-6))


def _some(rng: Random, values: Floats, share: float) -> NDArray[np.int64]:
    """Draw rows, that share of them."""
    return np.flatnonzero(rng.random(len(values)) < share)


def _shift_levels(rng: Random, values: Floats) -> None:
    """The level is another from some step on."""
    rows, length = _some(rng, values, 0.08), values.shape[1]
    at = uniform(rng, 0.05, 1, len(rows)) * length
    size = rng.normal(0, 1.5, (len(rows), 1)).astype(np.float32)
    values[rows] += size * (np.arange(length) > at)


def _strike(rng: Random, values: Floats) -> None:
    """Outliers on 0.2 to 3 % of the steps; in half of the rows all are peaks."""
    rows, length = _some(rng, values, 0.08), values.shape[1]
    struck = rng.random((len(rows), length)) < log_uniform(rng, 0.002, 0.03, len(rows))
    size = rng.normal(0, 4, (len(rows), length)).astype(np.float32)
    values[rows] += struck * np.where(rng.random((len(rows), 1)) < 0.5, np.abs(size), size)


def _dip(rng: Random, values: Floats) -> None:
    """One to three steps that come back every 20 to 400 steps are smaller, down to 0 as on closed
    days, or larger by up to 60 %.
    """
    rows, time = _some(rng, values, 0.05), np.arange(values.shape[1])
    every = rng.integers(20, 400, (len(rows), 1))
    since = (time + rng.integers(0, 400, (len(rows), 1))) % every
    hit = since < rng.integers(1, 4, (len(rows), 1))
    values[rows] *= 1 - hit * uniform(rng, -0.6, 1, len(rows))


def _limit(rng: Random, values: Floats) -> None:
    """Floors (3 of 5) and caps, a tenth to half of the range from its end."""
    rows = _some(rng, values, 0.06)
    own = values[rows]
    low, high = own.min(axis=1, keepdims=True), own.max(axis=1, keepdims=True)
    share = uniform(rng, 0.1, 0.5, len(rows)) * (high - low)
    below = rng.random((len(rows), 1)) < 0.6
    values[rows] = np.where(below, np.maximum(own, low + share), np.minimum(own, high - share))


def _round(rng: Random, values: Floats) -> None:
    """Values are whole multiples of a grain of 0.01 to 0.7."""
    rows = _some(rng, values, 0.1)
    grain = log_uniform(rng, 0.01, 0.7, len(rows))
    values[rows] = np.round(values[rows] / grain) * grain


def _leave_out(rng: Random, values: Floats) -> None:
    """Lone values or a stretch of up to a sixth of the length are missing."""
    rows, length = _some(rng, values, 0.08), values.shape[1]
    time = np.arange(length)
    lone = rng.random((len(rows), length)) < log_uniform(rng, 0.003, 0.2, len(rows))
    start = rng.integers(0, length, (len(rows), 1))
    stretch = (time >= start) & (time < start + log_uniform(rng, 2, length / 6, len(rows)))
    gone = np.where(rng.random((len(rows), 1)) < 0.5, lone, stretch)
    values[rows] = np.where(gone, np.float32(np.nan), values[rows])
