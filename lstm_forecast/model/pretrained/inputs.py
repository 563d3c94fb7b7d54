"""What the pretrained network sees of a window: a row of features a recurrent step, and at every
cutoff the simple forecasts.

Everything is causal: what stands at a step follows from values up to its end. Everything is
relative to the newest value there and to the running scale, the smaller of the mean changes from
step to step and from season to season (of what MASE divides by, those of the newest steps), never
less than a small part of the running deviation. So the units of the values say nothing; where all
values so far are equal, nothing has a size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.pretrained.season import HORIZON, LAGS
from lstm_forecast.model.pretrained.simple import SIMPLE, Floats, Ints, Past

__all__ = ["COUNT", "N_CUT", "N_STEP", "Inputs", "inputs_of", "standardised_windows"]

LEAST_SCALE = 0.03  # of the running deviation
NO_CHANGE = 1e-5  # scales, added to changes by which something is divided
SHOWN_LEADS = np.array([1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48])
N_SCALARS = 14
N_STEP = 3 * LAGS + 2 * len(SIMPLE) + N_SCALARS
COUNT = N_STEP - 6  # of the features of a step, the one that is 0 until something was observed
N_CUT = len(SIMPLE) * (len(SHOWN_LEADS) + 2) + 2 * HORIZON + N_SCALARS
LARGEST = 100  # scales from the newest value that a simple forecast may be away


@dataclass(frozen=True)
class Inputs:
    """What goes into the network for n windows, at ``cuts`` of their steps."""

    steps: Floats  # (n, n_steps, N_STEP)
    cuts: Floats  # (n, n_cuts, N_CUT)
    simple: Floats  # (n, n_cuts, n_simple, HORIZON), relative
    last: Floats  # (n, n_cuts)
    scale: Floats  # (n, n_cuts)


def inputs_of(past: Past, cuts: Ints) -> Inputs:
    """Compute the inputs; ``cuts`` (n_cuts,) are indices of recurrent steps, and the windows' ends
    are those of their season.
    """
    running = _Running.of(past)
    scale, scalars = running.scale, _scalars(past, running)
    simple = Past(past.values, past.observed, past.zero, past.season, past.ends[cuts])
    last, own = past.last[:, cuts], scale[:, cuts]
    forecasts = simple.forecasts(np.arange(1, HORIZON + 1))
    relative = (forecasts - last[..., None, None]) / own[..., None, None]
    relative = np.clip(relative, -LARGEST, LARGEST)
    missed, happened = _missed(past, scale)
    shown = np.arcsinh(relative)
    at_cut = np.concatenate(
        [
            shown[..., SHOWN_LEADS - 1].reshape(-1, len(cuts), len(SIMPLE) * len(SHOWN_LEADS)),
            shown[:, :, SIMPLE.index("seasons + level of a season")],
            shown[:, :, SIMPLE.index("second seasons + level of a season")],
            _usual(missed, happened)[:, cuts],
            scalars[:, cuts],
        ],
        axis=2,
    )
    lags = past.ends[:, None] - np.arange(LAGS - 1, -1, -1)
    seen, errors = past.observed[:, lags], past.seasonal_errors[0][:, lags]
    near = (past.values[:, lags] - past.last[..., None]) / scale[..., None]
    steps = np.concatenate(
        [
            np.arcsinh(near) * seen,
            np.arcsinh(errors / scale[..., None]),
            seen,
            missed,
            scalars,
        ],
        axis=2,
    )
    return Inputs(steps, at_cut, relative, last, own)


@dataclass(frozen=True)
class _Running:
    """What a series was like up to the end of each step, (n, n_steps) each."""

    mean: Floats
    deviation: Floats
    step: Floats  # mean absolute change from step to step, of half the weight 8 steps earlier
    seasonal: Floats  # the same from season to season
    scale: Floats

    @classmethod
    def of(cls, past: Past) -> "_Running":
        """Compute them; the scale is 1 where nothing changed yet."""
        slow = _slow(past)
        mean, deviation = past.moments
        (changes, both), (errors, known) = past.changes, past.seasonal_errors
        step = past.discounted(np.abs(changes), both, slow)
        seasonal = past.discounted(np.abs(errors), known, slow)
        has_seasonal = np.cumsum(known, axis=1)[:, past.ends] > 0
        smaller = np.where(has_seasonal, np.minimum(step, seasonal), step)
        scale = np.maximum(smaller, LEAST_SCALE * deviation)
        scale = np.where(past.sized > 0, scale, np.float32(1))
        return cls(mean, deviation, step, seasonal, scale)


def _slow(past: Past) -> float:
    """The factor a value by which a weight halves in 8 recurrent steps."""
    return float(0.5 ** (1 / (8 * past.season.stride)))


def _scalars(past: Past, running: _Running) -> Floats:
    """What else is said of the series up to each step, (n, n_steps, N_SCALARS)."""
    season, scale = past.season, running.scale
    errors, known = past.seasonal_errors
    recent = past.discounted(np.abs(errors), known, 0.9)
    seen = np.mean(past.observed[:, past.ends[:, None] - np.arange(LAGS)], axis=2)
    count = np.cumsum(past.observed, axis=1)[:, past.ends]
    before = np.concatenate([scale[:, :1], (past.sized * scale)[:, :-1]], axis=1)
    before = np.where(before > 0, before, scale)
    scalars = [
        np.arcsinh((past.last - running.mean) / scale) * past.sized,
        np.log(np.maximum(running.deviation / scale, 1e-2)) / 2,
        np.clip(np.log(scale / before), -3, 3),
        _ratio(running.step, running.seasonal, scale) / 2,
        _ratio(recent, running.seasonal, scale),
        *_around_zero(past, scale),
        np.log1p(count) / 5,
        np.clip(np.log(np.maximum(count, 1) / season.period), -3, 5) / 2,
        seen,
        *(
            np.full((1, len(past.ends)), told, np.float32)
            for told in (
                np.log(season.period) / 5,
                np.log(season.second or 1) / 6,
                season.stride / LAGS,
            )
        ),
    ]
    whole = 0 * scale
    return np.stack([each + whole for each in scalars], axis=2).astype(np.float32)


def _around_zero(past: Past, scale: Floats) -> list[Floats]:
    """How far 0 is, whether all values lie on one side of it, and how many are 0; 0 where nobody
    knows of it.
    """
    if past.zero is None:
        return [np.zeros((1, len(past.ends)), np.float32)] * 3
    is_zero = (past.values == past.zero[:, None]).astype(np.float32)
    return [
        np.arcsinh((past.last - past.zero[:, None]) / scale) * past.sized / 3,
        past.one_sided.astype(np.float32),
        past.discounted(is_zero, past.observed, _slow(past)),
    ]


def _ratio(changes: Floats, others: Floats, scale: Floats) -> Floats:
    """The logarithm of how much larger some changes are than others."""
    least = NO_CHANGE * scale
    ratio: Floats = np.log((changes + least) / (others + least))
    return np.clip(ratio, -5, 5)


def _missed(past: Past, scale: Floats) -> tuple[Floats, Floats]:
    """How far the simple forecasts made one step and two steps before were from the values since
    then, in scales, and whether that is known: (n, n_steps, 2 n_simple) each, 0 where it is not.
    """
    stride, n_steps = past.season.stride, len(past.ends)
    leads = np.unique(np.linspace(1, stride, 3).round().astype(np.int64))
    forecasts = past.forecasts(np.concatenate([leads, stride + leads]))
    parts, known = list[Floats](), list[Floats]()
    for back in (1, 2):
        made = forecasts[:, :-back, :, (back - 1) * len(leads) : back * len(leads)]
        at = past.ends[:-back, None] + (back - 1) * stride + leads
        seen = past.observed[:, at][:, :, None]
        error = np.abs(made - past.values[:, at][:, :, None]) * seen
        mean = np.sum(error, axis=3) / np.maximum(np.sum(seen, axis=3), 1)
        had = np.cumsum(past.observed, axis=1)[:, past.ends[:-back], None] > 0
        happened = (np.sum(seen, axis=3) > 0).astype(np.float32) * had + 0 * mean
        relative = np.arcsinh(mean / scale[:, back:, None]) * happened
        for found, each in ((parts, relative), (known, happened)):
            found.append(np.pad(each, ((0, 0), (back, 0), (0, 0)))[:, :n_steps])
    return np.concatenate(parts, axis=2), np.concatenate(known, axis=2)


def _usual(missed: Floats, happened: Floats) -> Floats:
    """Means of what was missed, over the steps so far, newer ones counting more."""
    step = np.arange(missed.shape[1])
    age = step - step[:, None]
    kernel = np.where(age >= 0, 0.9 ** np.maximum(age, 0), 0).astype(np.float32)
    total, count = (np.swapaxes(each, 1, 2) @ kernel for each in (missed, happened))
    usual: Floats = np.swapaxes(total / np.maximum(count, 1e-6), 1, 2)
    return usual


def standardised_windows(
    values: NDArray[np.floating],
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Scale windows (n, length), NaN where nothing was observed, to mean 0 and deviation 1.

    Returns the values, 0 where missing, whether each was observed, where 0 lies on that scale
    (n,), and mean and deviation (n,) in original units; constants stay 0, and have the deviation 0.
    """
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0).astype(np.float64)
    first = np.take_along_axis(filled, seen.argmax(axis=1)[:, None], 1)
    moved = np.where(seen, filled - first, 0)  # of constants exactly 0
    count = np.maximum(seen.sum(axis=1), 1)
    mean = moved.sum(axis=1) / count
    centred = np.where(seen, moved - mean[:, None], 0)
    mean += first[:, 0]
    deviation = np.sqrt((centred**2).sum(axis=1) / count)
    unit = np.where(deviation > 0, deviation, 1)
    scaled = (centred / unit[:, None]).astype(np.float32)
    zero = np.clip(-mean / unit, -1e6, 1e6).astype(np.float32)
    return scaled, seen.astype(np.float32), zero, mean, deviation
