"""Conformal calibration: how wide an interval has to be, from errors on windows that the network
did not learn from.

Errors that are all 0, as those of a series that never changed, say nothing about a window that does
change. So no interval is narrower than a share of what its own window changes by from step to step,
see ``FLOOR_SHARE``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Calibration", "calibrate", "calibration_from_bytes", "calibrations_to_bytes", "uncalibrated",
    "with_floor",
]  # fmt: skip

# Quantiles of the errors that are kept: the borders of every whole percent.
PER_MILLE = tuple(range(5, 1000, 5))
# Errors that a quantile is taken from. Where windows are fewer, neighbouring steps share theirs.
ERRORS_PER_QUANTILE = 200
PRIOR_WINDOWS = 1.0  # that speak for a series being like the others
SMALLEST_WIDTH = 1e-6  # what is divided by instead of 0
# Share of the width that errors have where they grow with the changes of their windows. It binds
# where a window changes more than twice as much as those that were calibrated on, or where their
# errors were nearly all 0.
FLOOR_SHARE = 0.5
# Half the least width of the network's own intervals, as a share of the errors. Where a network
# sees hardly any error, errors relative to its own width have no measure.
LEAST_HALF_WIDTH = 0.1
# runs of earlier versions lack the others
PARTS, LATER_PARTS = ("residual", "factor", "spread"), ("floor", "least")
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Calibration:
    """What past errors say about intervals, in the units of the network's output."""

    levels: tuple[int, ...]  # ascending percents that the network has quantiles for
    # (n_quantiles, horizon, n_targets): of (actual - median) / width; no quantiles: not calibrated
    residual: Floats
    factor: Floats  # (n_levels, horizon, n_targets): by which the network's own intervals grow
    spread: Floats  # (n_series, n_targets): errors of a series relative to those of the others
    # (horizon, n_targets): least standard deviation of an error, relative to the changes of its
    # window
    floor: Floats
    # (horizon, n_targets): half the width that the network's own intervals have at least
    least: Floats

    @property
    def known(self) -> bool:
        """Whether intervals of any level can be given, not only those that the network was trained
        for.
        """
        return len(self.residual) > 0

    def apply(
        self, prediction: Floats, series: Ints, levels: Sequence[int], *, changes: Floats
    ) -> Floats:
        """Quantiles for the borders of ``levels`` and the median, (n, horizon, n_targets, 2 *
        len(levels) + 1).

        ``prediction`` (n, horizon, n_targets, n_quantiles) ascends in its last axis, and so does
        the result: a larger level contains a smaller one. ``series`` (n,) are rows of ``spread``;
        -1 is a series like all others. ``changes`` (n, n_targets) are root mean square ones of each
        window from step to step.
        """
        middle = prediction.shape[-1] // 2
        own = np.where(series[:, None] < 0, np.float32(1), self.spread[series])
        median, spread, least = prediction[..., middle], own[:, None], changes[:, None] * self.floor
        borders = [median]
        for level in sorted(levels):
            if level in self.levels:
                k = self.levels.index(level)
                center, half = _center_half(prediction, middle - 1 - k, self.least)
                low, high = (center + sign * half * spread * self.factor[k] for sign in (-1, 1))
            else:
                width = _width(prediction, self.least) * spread
                low, high = (
                    median + width * self.residual[PER_MILLE.index(500 + sign * 5 * level)]
                    for sign in (-1, 1)
                )
            if self.floor.any():
                half = np.float32(NormalDist().inv_cdf(0.5 + level / 200)) * least
                low, high = np.minimum(low, median - half), np.maximum(high, median + half)
            borders = [np.minimum(low, borders[0]), *borders, np.maximum(high, borders[-1])]
        return np.stack(borders, axis=-1)


def uncalibrated(
    levels: Sequence[int], *, horizon: int, n_targets: int, n_series: int
) -> Calibration:
    """The network's own intervals as they are."""
    return Calibration(
        levels=tuple(sorted(levels)),
        residual=np.zeros((0, horizon, n_targets), np.float32),
        factor=np.ones((len(levels), horizon, n_targets), np.float32),
        spread=np.ones((n_series, n_targets), np.float32),
        floor=np.zeros((horizon, n_targets), np.float32),
        least=np.zeros((horizon, n_targets), np.float32),
    )


def with_floor(calibration: Calibration) -> Calibration:
    """The same where nothing judged any interval: none is narrower than half of what a random
    walk's would be.
    """
    return replace(calibration, floor=np.full_like(calibration.floor, FLOOR_SHARE))


def calibrate(
    prediction: Floats,
    actual: Floats,
    series: Ints,
    changes: Floats,
    *,
    levels: Sequence[int],
    n_series: int,
    news: float,
    per_series: bool,
) -> Calibration:
    """Learn from ``prediction`` (n, horizon, n_targets, n_quantiles) and what came, ``actual`` (n,
    horizon, n_targets).

    ``series`` (n,) and ``changes`` (n, n_targets) are as in ``Calibration.apply``. Each step of the
    horizon is calibrated for itself, or with its neighbours where windows are few. If
    ``per_series``, each series has a factor of its own, which counts as much as it has windows,
    each with the share ``news`` of steps that the one before had not. Split conformal prediction
    (Lei et al. 2018, "Distribution-free predictive inference for regression") with a quantile for
    either side, and its form for networks with quantiles, relative to their width (Romano,
    Patterson & Candes 2019, "Conformalized quantile regression"; Sesia & Candes 2020). If the
    errors to come are like those, an interval holds its level on average.
    """
    errors = actual - prediction[..., prediction.shape[-1] // 2]
    least = LEAST_HALF_WIDTH * _root_mean_square(errors)
    residual = errors / _width(prediction, least)
    prior = PRIOR_WINDOWS / news if per_series else math.inf
    spread = _spread(np.abs(residual), series, n_series=n_series, prior=prior)
    own = spread[series][:, None]
    return Calibration(
        levels=tuple(sorted(levels)),
        residual=_residual_quantiles(residual / own),
        factor=_factors(prediction, actual, own, least, levels=sorted(levels)),
        spread=spread,
        floor=_floor(errors, changes),
        least=least,
    )


def _residual_quantiles(residual: Floats) -> Floats:
    """Quantiles of the errors (n, horizon, n_targets), (n_quantiles, horizon, n_targets): the lower
    ones corrected downwards, the upper ones upwards.
    """
    shares = np.array(PER_MILLE) / 1000
    below = -_quantile(-residual, 1 - shares[shares < 0.5])
    return np.concatenate([below, _quantile(residual, shares[shares >= 0.5])])


def _factors(
    prediction: Floats, actual: Floats, spread: Floats, least: Floats, *, levels: Sequence[int]
) -> Floats:
    """How many times as wide the network's own interval of each level has to be, (n_levels,
    horizon, n_targets); ``spread`` (n, 1, n_targets) is that of each window's series.
    """
    middle = prediction.shape[-1] // 2
    factors = np.empty((middle, *actual.shape[1:]), np.float32)
    for k in range(middle):
        center, half = _center_half(prediction, middle - 1 - k, least)
        scores = np.abs(actual - center) / (half * spread)
        factors[k] = _quantile(scores, np.array([levels[k] / 100]))[0]
    return factors


def calibrations_to_bytes(calibrations: Mapping[str, Calibration]) -> bytes:
    """A safetensors file of named calibrations; their levels are the config's."""
    from safetensors.numpy import save

    parts = (*PARTS, *LATER_PARTS)
    return save(
        {
            f"{name}.{part}": getattr(each, part)
            for name, each in calibrations.items()
            for part in parts
        }
    )


def calibration_from_bytes(
    content: bytes, name: str, *, levels: Sequence[int], horizon: int, n_targets: int, n_series: int
) -> Calibration:
    """Inverse of ``calibrations_to_bytes`` for one of them.

    Raises ValueError or KeyError on anything else.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    plain = uncalibrated(levels, horizon=horizon, n_targets=n_targets, n_series=n_series)
    found = {part: tensors[f"{name}.{part}"] for part in PARTS}
    found |= {part: tensors.get(f"{name}.{part}", getattr(plain, part)) for part in LATER_PARTS}
    shapes = {part: [getattr(plain, part).shape] for part in found}
    shapes["residual"] += [(len(PER_MILLE), horizon, n_targets)]
    for part, value in found.items():
        if (
            value.dtype != np.float32
            or value.shape not in shapes[part]
            or not np.isfinite(value).all()
        ):
            raise ValueError(
                f"calibration.safetensors: {name}.{part} is not what the config asks for"
            )
    return Calibration(plain.levels, **found)


def _root_mean_square(values: Floats) -> Floats:
    """Of windows, the first axis; summed in float64, of which the roots of float32 values are
    float32 again.
    """
    return np.asarray(np.sqrt(np.square(values, dtype=np.float64).mean(axis=0)), np.float32)


def _center_half(prediction: Floats, index: int, least: Floats) -> tuple[Floats, Floats]:
    """Middle and half the width of the interval between a quantile and its opposite, which is
    ``least`` at least.
    """
    low, high = prediction[..., index], prediction[..., -1 - index]
    half: Floats = np.maximum((high - low) / 2, np.maximum(least, np.float32(SMALLEST_WIDTH)))
    return low + half, half


def _width(prediction: Floats, least: Floats) -> Floats:
    """Half the width of the widest interval of the network; 1 where it has none."""
    if prediction.shape[-1] == 1:
        return np.ones(prediction.shape[:-1], np.float32)
    return _center_half(prediction, 0, least)[1]


def _floor(errors: Floats, changes: Floats) -> Floats:
    """The share ``FLOOR_SHARE`` of the errors (n, horizon, n_targets) relative to the changes of
    their windows, at each step.

    Both are root mean squares over windows, so that one error among many of 0 counts. An error
    counts as one change at most, which is that of the naive forecast of a random walk; so it does
    where no window changed.
    """
    error, change = _root_mean_square(errors), _root_mean_square(changes)
    relative = np.divide(
        error, change, out=np.ones_like(error), where=change > SMALLEST_WIDTH * (1 + error)
    )
    return np.asarray(FLOOR_SHARE * np.minimum(relative, 1), np.float32)


def _spread(size: Floats, series: Ints, *, n_series: int, prior: float) -> Floats:
    """Mean size of each series' errors relative to all at the same step, drawn towards 1 by
    ``prior`` windows.
    """
    relative = size / np.maximum(size.mean(axis=0), SMALLEST_WIDTH)
    count = np.bincount(series, minlength=n_series)[:, None]
    total = np.zeros((n_series, size.shape[2]))
    np.add.at(total, series, relative.mean(axis=1))
    return np.asarray(1 + (total - count) / (prior + count), np.float32)


def _quantile(scores: Floats, shares: NDArray[np.float64]) -> Floats:
    """Upper quantiles of scores (n, horizon, n_targets) with the correction for a finite sample, by
    step.
    """
    n, horizon, _ = scores.shape
    found = np.empty((len(shares), *scores.shape[1:]), np.float32)
    for steps in np.array_split(
        np.arange(horizon), max(1, min(horizon, n * horizon // ERRORS_PER_QUANTILE))
    ):
        pooled = scores[:, steps].reshape(-1, 1, scores.shape[2])
        corrected = np.minimum(1, np.ceil((len(pooled) + 1) * shares) / len(pooled))
        found[:, steps] = np.quantile(pooled, corrected, axis=0, method="higher")
    return found
