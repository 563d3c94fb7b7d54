"""Simple forecasts as linear maps of a window: what the ridge regression is combined with, where data are few.

Every exponential smoothing with fixed parameters is linear in what it has seen, so it is a kernel (context_length,
horizon) like that of the ridge, and costs nothing at prediction time.
"""

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.data.windows import Windows

__all__ = ["best_smoothing", "best_theta", "last_value_kernel", "seasonal_kernel", "smoothing_kernel", "theta_kernel"]

ALPHAS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
TRENDS = ((0.0, 1.0), (0.05, 0.9), (0.05, 1.0), (0.15, 0.9), (0.15, 1.0), (0.4, 0.9), (0.4, 1.0))  # beta, phi
GAMMAS = (0.1, 0.25, 0.5)
SAMPLE = 1_000  # windows that parameters are compared on
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


def smoothing_kernel(
    context_length: int, horizon: int, *, season_length: int, alpha: float, beta: float, gamma: float, phi: float
) -> Kernel:
    """Damped additive Holt-Winters smoothing of a window, without a season where ``gamma`` is 0.

    Level and season start from the first season (or value), the trend from 0. Hyndman & Athanasopoulos 2021,
    "Forecasting: principles and practice", section 8.3, with gamma times 1 - alpha there.
    """
    season_length = season_length if gamma else 1
    one = np.eye(context_length)  # row t: how the value at step t depends on the window
    level, trend = one[:season_length].mean(axis=0), np.zeros(context_length)
    season = one[:season_length] - level
    for t in range(season_length, context_length):
        old = season[t % season_length].copy()
        new = alpha * (one[t] - old) + (1 - alpha) * (level + phi * trend)
        trend = beta * (new - level) + (1 - beta) * phi * trend
        season[t % season_length] += gamma * (one[t] - new - old)
        level = new
    damped = np.cumsum(phi ** np.arange(1, horizon + 1))[:, None]
    ahead = level + damped * trend + season[(context_length + np.arange(horizon)) % season_length]
    return np.asarray(ahead.T, np.float32)


def theta_kernel(context_length: int, horizon: int, *, season_length: int, alpha: float) -> Kernel:
    """The Theta method: exponential smoothing, drifting by half the slope of a line through the window.

    Assimakopoulos & Nikolopoulos 2000, "The theta model", in the form of Hyndman & Billah 2003, "Unmasking the Theta
    method". The season is the mean of what each phase is above the line; ``season_length`` 1 means none.
    """
    steps, ahead = np.arange(context_length), np.arange(horizon)
    line = np.stack([np.ones(context_length), steps], axis=1)
    fit = np.linalg.pinv(line)
    one = np.eye(context_length)  # row t: how the value at step t depends on the window
    phase = steps % season_length
    above = one - line @ fit
    season = np.stack([above[phase == k].mean(axis=0) for k in range(season_length)])
    season -= season.mean(axis=0)
    adjusted = one - season[phase]
    weights = alpha * (1 - alpha) ** steps[::-1]
    weights[0] /= alpha
    drift = ahead + (1 - (1 - alpha) ** context_length) / alpha
    forecast = weights @ adjusted + drift[:, None] / 2 * (fit @ adjusted)[1]
    return np.asarray((forecast + season[(context_length + ahead) % season_length]).T, np.float32)


def best_smoothing(windows: Windows, *, season_length: int) -> NDArray[np.float32]:
    """The exponential smoothing with the smallest absolute error on the windows, (n_targets, context_length, horizon).

    One set of parameters serves all series: few windows cannot tell more apart.
    """
    return _best(_smoothings(windows.context_length, windows.horizon, season_length), windows)


def best_theta(windows: Windows, *, season_length: int) -> NDArray[np.float32]:
    """The same for the Theta method."""
    return _best(_thetas(windows.context_length, windows.horizon, season_length), windows)


def _best(kernels: NDArray[np.float32], windows: Windows) -> NDArray[np.float32]:
    batch = next(windows.batches(SAMPLE, limit=SAMPLE))
    own, targets = batch.inputs[..., : windows.n_targets].transpose(2, 0, 1), batch.targets.transpose(2, 0, 1)
    errors = [np.abs(own @ kernel - targets).mean(axis=(1, 2)) for kernel in kernels]
    return np.asarray(kernels[np.argmin(errors, axis=0)], np.float32)


@lru_cache(maxsize=2)  # what is compared changes from look to look, the kernels do not
def _smoothings(context_length: int, horizon: int, season_length: int) -> NDArray[np.float32]:
    """Kernels of all parameters, (n, context_length, horizon)."""
    gammas = (0.0, *GAMMAS) if _is_seasonal(context_length, season_length) else (0.0,)
    return np.stack(
        [
            smoothing_kernel(
                context_length, horizon, season_length=season_length, alpha=alpha, beta=beta, gamma=gamma, phi=phi
            )
            for alpha, (beta, phi), gamma in product(ALPHAS, TRENDS, gammas)
        ]
    )


@lru_cache(maxsize=2)
def _thetas(context_length: int, horizon: int, season_length: int) -> NDArray[np.float32]:
    seasons = {1, season_length} if _is_seasonal(context_length, season_length) else {1}
    return np.stack(
        [
            theta_kernel(context_length, horizon, season_length=season, alpha=alpha)
            for season, alpha in product(sorted(seasons), ALPHAS)
        ]
    )


def _is_seasonal(context_length: int, season_length: int) -> bool:
    """Whether a window shows a season twice."""
    return 1 < season_length <= context_length // 2
