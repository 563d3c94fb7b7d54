"""Conformal calibration: how wide an interval has to be, from errors on windows that the network did not learn from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Calibration", "calibrate", "calibration_from_bytes", "calibrations_to_bytes", "uncalibrated",
]  # fmt: skip

PER_MILLE = tuple(range(5, 1000, 5))  # quantiles of the errors that are kept: the borders of every whole percent
POOL = 200  # errors that a quantile is taken from: where windows are fewer, neighbouring steps share theirs
PRIOR = 1.0  # windows that speak for a series being like the others
TINY = 1e-6
PARTS = ("residual", "factor", "spread")
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Calibration:
    """What past errors say about intervals, in the units of the network's output."""

    levels: tuple[int, ...]  # ascending percents that the network has quantiles for
    residual: Floats  # (n_quantiles, horizon, n_targets): of (actual - median) / width; no quantiles: not calibrated
    factor: Floats  # (n_levels, horizon, n_targets): by which the network's own intervals grow
    spread: Floats  # (n_series, n_targets): errors of a series relative to those of the others

    @property
    def known(self) -> bool:
        """Whether intervals of any level can be given, not only those that the network was trained for."""
        return len(self.residual) > 0

    def apply(self, prediction: Floats, series: Ints, levels: Sequence[int]) -> Floats:
        """Quantiles for the borders of ``levels`` and the median, (n, horizon, n_targets, 2 * len(levels) + 1).

        ``prediction`` (n, horizon, n_targets, n_quantiles) ascends in its last axis, and so does the result: a larger
        level contains a smaller one. ``series`` (n,) are rows of ``spread``; -1 is a series like all others.
        """
        middle = prediction.shape[-1] // 2
        own = np.where(series[:, None] < 0, np.float32(1), self.spread[series])
        median, spread = prediction[..., middle], own[:, None]
        borders = [median]
        for level in sorted(levels):
            if level in self.levels:
                k = self.levels.index(level)
                center, half = _center_half(prediction, middle - 1 - k)
                low, high = (center + sign * half * spread * self.factor[k] for sign in (-1, 1))
            else:
                width = _width(prediction) * spread
                low, high = (
                    median + width * self.residual[PER_MILLE.index(500 + sign * 5 * level)] for sign in (-1, 1)
                )
            borders = [np.minimum(low, borders[0]), *borders, np.maximum(high, borders[-1])]
        return np.stack(borders, axis=-1)


def uncalibrated(levels: Sequence[int], *, horizon: int, n_targets: int, n_series: int) -> Calibration:
    """The network's own intervals as they are."""
    return Calibration(
        levels=tuple(sorted(levels)),
        residual=np.zeros((0, horizon, n_targets), np.float32),
        factor=np.ones((len(levels), horizon, n_targets), np.float32),
        spread=np.ones((n_series, n_targets), np.float32),
    )


def calibrate(
    prediction: Floats,
    actual: Floats,
    series: Ints,
    *,
    levels: Sequence[int],
    n_series: int,
    news: float,
    per_series: bool,
) -> Calibration:
    """Learn from ``prediction`` (n, horizon, n_targets, n_quantiles) and what came, ``actual`` (n, horizon, n_targets).

    Each step of the horizon is calibrated for itself, or with its neighbours where windows are few. If ``per_series``,
    each series has a factor of its own, which counts as much as it has windows, each with the share ``news`` of steps
    that the one before had not. Split conformal
    prediction (Lei et al. 2018, "Distribution-free predictive inference for regression") with a quantile for either
    side, and its form for networks with quantiles, relative to their width (Romano, Patterson & Candes 2019,
    "Conformalized quantile regression"; Sesia & Candes 2020). If the errors to come are like those, an interval holds
    its level on average.
    """
    middle = prediction.shape[-1] // 2
    residual = (actual - prediction[..., middle]) / _width(prediction)
    spread = _spread(np.abs(residual), series, n_series=n_series, prior=PRIOR / news if per_series else math.inf)
    own = spread[series][:, None]
    factors = []
    for k in range(middle):
        center, half = _center_half(prediction, middle - 1 - k)
        factors.append(_quantile(np.abs(actual - center) / (half * own), np.array([sorted(levels)[k] / 100]))[0])
    shares = np.array(PER_MILLE) / 1000
    below, above = (
        -_quantile(-residual / own, 1 - shares[shares < 0.5]),
        _quantile(residual / own, shares[shares >= 0.5]),
    )
    return Calibration(
        levels=tuple(sorted(levels)),
        residual=np.concatenate([below, above]),
        factor=np.array(factors, np.float32).reshape(len(factors), *actual.shape[1:]),
        spread=spread,
    )


def calibrations_to_bytes(calibrations: Mapping[str, Calibration]) -> bytes:
    """A safetensors file of named calibrations; their levels are the config's."""
    from safetensors.numpy import save

    return save({f"{name}.{part}": getattr(each, part) for name, each in calibrations.items() for part in PARTS})


def calibration_from_bytes(
    content: bytes, name: str, *, levels: Sequence[int], horizon: int, n_targets: int, n_series: int
) -> Calibration:
    """Inverse of ``calibrations_to_bytes`` for one of them. Raises ValueError or KeyError on anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    found = {part: tensors[f"{name}.{part}"] for part in PARTS}
    plain = uncalibrated(levels, horizon=horizon, n_targets=n_targets, n_series=n_series)
    shapes = {part: [getattr(plain, part).shape] for part in PARTS}
    shapes["residual"] += [(len(PER_MILLE), horizon, n_targets)]
    for part, value in found.items():
        if value.dtype != np.float32 or value.shape not in shapes[part] or not np.isfinite(value).all():
            raise ValueError(f"calibration.safetensors: {name}.{part} is not what the config asks for")
    return Calibration(plain.levels, **found)


def _center_half(prediction: Floats, index: int) -> tuple[Floats, Floats]:
    """Middle and half the width of the interval between a quantile and its opposite."""
    low, high = prediction[..., index], prediction[..., -1 - index]
    half: Floats = np.maximum((high - low) / 2, np.float32(TINY))
    return low + half, half


def _width(prediction: Floats) -> Floats:
    """Half the width of the widest interval of the network; 1 where it has none."""
    if prediction.shape[-1] == 1:
        return np.ones(prediction.shape[:-1], np.float32)
    return _center_half(prediction, 0)[1]


def _spread(size: Floats, series: Ints, *, n_series: int, prior: float) -> Floats:
    """Mean size of each series' errors relative to all at the same step, drawn towards 1 by ``prior`` windows."""
    relative = size / np.maximum(size.mean(axis=0), TINY)
    count = np.bincount(series, minlength=n_series)[:, None]
    total = np.zeros((n_series, size.shape[2]))
    np.add.at(total, series, relative.mean(axis=1))
    return np.asarray(1 + (total - count) / (prior + count), np.float32)


def _quantile(scores: Floats, shares: NDArray[np.float64]) -> Floats:
    """Upper quantiles of scores (n, horizon, n_targets) with the correction for a finite sample, by step."""
    n, horizon, _ = scores.shape
    found = np.empty((len(shares), *scores.shape[1:]), np.float32)
    for steps in np.array_split(np.arange(horizon), max(1, min(horizon, n * horizon // POOL))):
        pooled = scores[:, steps].reshape(-1, 1, scores.shape[2])
        corrected = np.minimum(1, np.ceil((len(pooled) + 1) * shares) / len(pooled))
        found[:, steps] = np.quantile(pooled, corrected, axis=0, method="higher")
    return found
