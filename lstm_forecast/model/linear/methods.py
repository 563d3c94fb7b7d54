"""Simple methods of forecasting, as what they do to a window: matrices to multiply it by.

Every exponential smoothing with fixed parameters is linear in what it has seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.windows.batch import Batch
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows

__all__ = [
    "LONGEST_PAST", "Method", "best_kernel", "holt_winters",
    "last_value_kernel", "lengthened", "regression_kernel", "room", "sample", "seasonal_kernel",
    "theta",
]  # fmt: skip

# Parameters of smoothings: alphas, pairs of beta and phi, gammas.
ALPHAS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
TRENDS = ((0.0, 1.0), (0.05, 0.9), (0.05, 1.0), (0.15, 0.9), (0.15, 1.0), (0.4, 0.9), (0.4, 1.0))
GAMMAS = (0.1, 0.25, 0.5)
COMPARED_WINDOWS = 1_000  # that methods are compared on
SAMPLE_NUMBERS = 2**26  # in the inputs of all windows of a sample, at most
# Steps of a window that these and a ridge look at: twice as many take eight times as long.
LONGEST_PAST = 2_000
Floats = NDArray[np.float64]
Kernel = NDArray[np.float32]


def last_value_kernel(context_length: int, horizon: int) -> Kernel:
    """Repeat the last value: the naive forecast."""
    return seasonal_kernel(context_length, horizon, season_length=1)


def seasonal_kernel(context_length: int, horizon: int, *, season_length: int) -> Kernel:
    """Repeat the last season, which the context must hold: the seasonal naive forecast."""
    steps = np.arange(horizon)
    kernel = np.zeros((context_length, horizon), np.float32)
    kernel[context_length - season_length + steps % season_length, steps] = 1
    return kernel


def regression_kernel(context_length: int, horizon: int, *, season_length: int) -> Kernel:
    """Continue a straight line through the window, with a level for each phase where it holds two
    seasons.

    Of a longer window than ``LONGEST_PAST`` it goes through the newest steps. Hyndman &
    Athanasopoulos 2021, "Forecasting: principles and practice", section 7.4.
    """
    length = min(context_length, LONGEST_PAST)
    steps = np.arange(length + horizon)
    phases = season_length if 1 < season_length <= length // 2 else 1
    regressors = np.column_stack([steps, steps[:, None] % phases == np.arange(phases)])
    fit = np.linalg.pinv(regressors[:length].astype(np.float64))
    return lengthened(np.asarray((regressors[length:] @ fit).T, np.float32), context_length)


@dataclass(frozen=True)
class Method:
    """What a method does to a window of ``length`` values: both are to be multiplied by it from the
    left.
    """

    forecast: Floats  # (length, horizon)
    errors: Floats  # (length, length): of forecasts one step ahead, by step; 0 before the first


def holt_winters(
    length: int,
    horizon: int,
    *,
    season_length: int,
    alpha: float,
    beta: float,
    gamma: float,
    phi: float,
) -> Method:
    """Damped additive Holt-Winters smoothing, without a season where ``season_length`` is 1.

    Level and season start from the first season (or value), the trend from 0. Hyndman &
    Athanasopoulos 2021, "Forecasting: principles and practice", section 8.3, with gamma times 1 -
    alpha there.
    """
    one = np.eye(length)  # row t: how the value at step t depends on the window
    level, trend = one[:season_length].mean(axis=0), np.zeros(length)
    season = one[:season_length] - level
    errors = np.zeros((length, length))
    for t in range(season_length, length):
        expected = level + phi * trend
        errors[t] = one[t] - expected - season[t % season_length]
        level = expected + alpha * errors[t]
        trend = phi * trend + alpha * beta * errors[t]
        if season_length > 1:
            season[t % season_length] += gamma * (1 - alpha) * errors[t]
    damped = np.cumsum(phi ** np.arange(1, horizon + 1))[:, None]
    ahead = level + damped * trend + season[(length + np.arange(horizon)) % season_length]
    return Method(ahead.T, errors.T)


def theta(length: int, horizon: int, *, season_length: int, alpha: float) -> Method:
    """The Theta method: exponential smoothing, drifting by half the slope of a line through the
    window.

    Assimakopoulos & Nikolopoulos 2000, "The theta model", in the form of Hyndman & Billah 2003,
    "Unmasking the Theta method". The season is the mean of what each phase is above the line;
    ``season_length`` 1 means none.
    """
    steps = np.arange(length)
    one = np.eye(length)
    fit = np.linalg.pinv(np.stack([np.ones(length), steps], axis=1))
    above = one - fit[0] - steps[:, None] * fit[1]
    phase = steps % season_length
    season = np.stack([above[phase == k].mean(axis=0) for k in range(season_length)])
    season -= season.mean(axis=0)
    adjusted = one - season[phase]
    half_slope = (fit @ adjusted)[1] / 2
    drift = (1 - (1 - alpha) ** steps) / alpha  # one step ahead, after so many steps
    level, errors = adjusted[0].copy(), np.zeros((length, length))
    for t in range(1, length):
        errors[t] = adjusted[t] - level - drift[t] * half_slope
        level += alpha * (adjusted[t] - level)
    ahead = np.arange(horizon)
    along = ahead + (1 - (1 - alpha) ** length) / alpha
    forecast = level + along[:, None] * half_slope + season[(length + ahead) % season_length]
    return Method(forecast.T, errors.T)


def sample(windows: Windows, count: int) -> Batch | None:
    """``count`` windows spread evenly, or as many as there is ``room`` for; None where there are
    none.
    """
    count = room(windows.framing, windows.channels, count)
    return next(windows.batches(count, limit=count), None)


def room(framing: Framing, channels: Channels, count: int) -> int:
    """``count`` windows, or as many as hold ``SAMPLE_NUMBERS`` at once."""
    return max(1, min(count, SAMPLE_NUMBERS // (framing.context_length * channels.n_features)))


def best_kernel(windows: Windows, *, season_length: int) -> Kernel:
    """The exponential smoothing with the smallest absolute error on the windows, (n_targets,
    context_length, horizon).

    One set of parameters serves all series, as few windows cannot tell more apart.
    """
    length = min(windows.framing.context_length, LONGEST_PAST)
    kernels = _kernels(length, windows.framing.horizon, season_length)
    batch = sample(windows, COMPARED_WINDOWS)
    if batch is None:
        return lengthened(
            np.repeat(kernels[:1], windows.channels.n_targets, axis=0),
            windows.framing.context_length,
        )
    own, targets = (
        batch.inputs[:, -length:, : windows.channels.n_targets].transpose(2, 0, 1),
        batch.targets.transpose(2, 0, 1),
    )
    errors = [np.abs(own @ kernel - targets).mean(axis=(1, 2)) for kernel in kernels]
    return lengthened(kernels[np.argmin(errors, axis=0)], windows.framing.context_length)


def lengthened(kernel: Kernel, context_length: int) -> Kernel:
    """A kernel (..., length, horizon) for longer contexts, of which it sees the newest steps."""
    missing = context_length - kernel.shape[-2]
    return (
        np.pad(kernel, [*[(0, 0)] * (kernel.ndim - 2), (missing, 0), (0, 0)]) if missing else kernel
    )


@lru_cache(maxsize=2)  # what is compared changes from look to look, the kernels do not
def _kernels(context_length: int, horizon: int, season_length: int) -> Kernel:
    """Of smoothings with all parameters, (n, context_length, horizon)."""
    return np.stack(
        [
            holt_winters(
                context_length,
                horizon,
                season_length=season,
                alpha=alpha,
                beta=beta,
                gamma=gamma,
                phi=phi,
            ).forecast.astype(np.float32)
            for alpha, (beta, phi) in product(ALPHAS, TRENDS)
            for season, gamma in _seasons(context_length, season_length)
        ]
    )


def _seasons(context_length: int, season_length: int) -> Iterator[tuple[int, float]]:
    yield 1, 0.0
    if 1 < season_length <= context_length // 2:
        yield from ((season_length, gamma) for gamma in GAMMAS)
