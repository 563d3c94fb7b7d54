"""Several methods weighted by the window: which of them suit it is seen in the window itself.

Their forecasts and their errors on the way are products of the window with matrices, so that two of
these and a softmax serve series that were never seen before as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.linear.methods import Method, holt_winters, sample, theta
from lstm_forecast.windows.windows import Windows

__all__ = [
    "LEAST_ERROR", "LEAST_SQUARE", "N_METHODS", "Group", "Smoothing", "fit_smoothing",
    "most_numbers",
]  # fmt: skip

# Parameters of the methods, as measured on M3, M4 and tourism: more of them gain nothing. They are
# alphas of a level alone and of Theta, pairs of alpha and beta of a trend, gammas of a season (the
# first one beside a trend), and the damping of a trend.
ALPHAS = (0.05, 0.2, 0.6, 1.0)
TRENDS = tuple(product((0.4, 0.8), (0.1, 0.4)))
GAMMAS, PHI = (0.2, 0.6), 0.9
N_METHODS = 2 * (2 * len(ALPHAS) + len(TRENDS)) + len(ALPHAS)  # without and with a season
# Newest rows that methods look at: so many seasons, but within these limits.
SEASONS_SEEN, LEAST_ROWS_SEEN, MOST_ROWS_SEEN = 4, 64, 336
# Methods for short series look at ever fewer rows: each time this share, down to the shortest.
SHRINK, SHORTEST = 0.75, 3
TRAINING_WINDOWS = 1_000  # that weights are learned from, of all targets together
# Numbers in the largest array on the way. More windows are forecast block by block.
MOST_NUMBERS = 2**24
# Powers that are tried: of a window's likelihoods, and of the errors on other windows.
POWERS, STRENGTHS = (0.0, 0.3, 1.0), (0.0, 10.0, 40.0, 200.0)
# Errors of a window that count. Many more would leave one method, and magnify rounding.
MOST_EVIDENCE = 40
# The mean square error that counts as none, relative to the mean square of the window; and the
# least error, which keeps logarithms and quotients finite where all of a window is 0.
LEAST_SQUARE, LEAST_ERROR = 1e-8, 1e-30
Kernel = NDArray[np.float32]


@dataclass(frozen=True)
class Group:
    """Several methods for the newest ``length`` steps of a window."""

    forecasts: Kernel  # (length, n_methods * horizon)
    errors: Kernel  # (length, n_methods * n_errors)
    n_methods: int

    @property
    def length(self) -> int:
        """Steps that the methods look at."""
        return len(self.errors)

    @property
    def exponent(self) -> float:
        """What the mean square errors are raised to, as likelihoods: half of the number of errors,
        up to a limit.
        """
        n_errors: int = self.errors.shape[1] // self.n_methods
        return -min(n_errors, MOST_EVIDENCE) / 2

    def likelihoods(self, own: Kernel) -> Kernel:
        """Logarithms, (n_targets, n, n_methods), but for a constant, of the values (n_targets, n,
        length).
        """
        squares = np.square(self._products(own, self.errors)).mean(axis=3)
        floor = LEAST_SQUARE * np.square(own).mean(axis=2, keepdims=True) + np.float32(LEAST_ERROR)
        return np.asarray(self.exponent * np.log(squares + floor), np.float32)

    def all_forecasts(self, own: Kernel) -> Kernel:
        """Of every method, (n_targets, n, n_methods, horizon)."""
        return self._products(own, self.forecasts)

    def _products(self, own: Kernel, kernel: Kernel) -> Kernel:
        n_targets, n, _ = own.shape
        return (own @ kernel).reshape(
            n_targets, n, self.n_methods, kernel.shape[1] // self.n_methods
        )


@dataclass(frozen=True)
class Smoothing:
    """Exponential smoothings and Theta methods, weighted in each window by how well they forecast
    its own steps.

    The weights are Gaussian likelihoods: Kolassa 2011, "Combining exponential smoothing forecasts
    using Akaike weights", International Journal of Forecasting 27, without its penalty, as all
    methods here have fixed parameters. They are raised to some power, and multiplied by what
    other windows tell of the methods.
    """

    groups: tuple[Group, ...]  # the longest first
    horizon: int
    # Whether windows may be padded: the first group that looks at observed steps alone forecasts
    # such a one.
    padded: bool
    prior: Kernel  # (n_targets, n_methods): logarithm of what each method's weight starts from
    power: Kernel  # (n_targets,): of the likelihoods

    def predict(self, own: Kernel, observed: Kernel) -> Kernel:
        """Values (n_targets, n, context_length) to forecasts (n_targets, n, horizon).

        ``observed`` (n, context_length) is 0 at padding, and 1 elsewhere, in windows that may be
        padded.
        """
        prediction = np.repeat(own[..., -1:], self.horizon, axis=2)
        left = np.ones(own.shape[1], np.bool_)
        for group in self.groups:
            fits = left & (observed[:, -group.length] > 0) if self.padded else left
            rows, room = (
                np.flatnonzero(fits),
                max(1, MOST_NUMBERS // (len(own) * group.errors.shape[1])),
            )
            for block in np.split(rows, range(room, len(rows), room)):
                prediction[:, block] = self._predict(group, own[:, block, -group.length :])
            left = left & ~fits
        return prediction

    def _predict(self, group: Group, own: Kernel) -> Kernel:
        score = (
            self.power[:, None, None] * group.likelihoods(own)
            + self.prior[:, None, : group.n_methods]
        )
        return _mean(group.all_forecasts(own), score)


def _mean(forecasts: Kernel, score: Kernel) -> Kernel:
    """Over methods, (n_targets, n, horizon), weighted by the softmax of their score (n_targets, n,
    n_methods).
    """
    weights = np.exp(score - score.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return np.asarray((weights[:, :, None] @ forecasts)[:, :, 0], np.float32)


def fit_smoothing(windows: Windows, *, season_length: int) -> Smoothing:
    """What other windows tell of the methods, and how far a window's own steps are to be trusted.

    Both are powers, of each method's mean absolute error over the horizon and of the likelihoods,
    and those that forecast the windows best. Equal weights for all methods and the one that is best
    everywhere are limits of that.
    """
    n_targets, horizon = windows.channels.n_targets, windows.framing.horizon
    groups = _groups(
        windows.framing.context_length, horizon, season_length, windows.channels.padded
    )
    prior, power = np.zeros((n_targets, N_METHODS), np.float32), np.ones(n_targets, np.float32)
    plain = Smoothing(groups, horizon, windows.channels.padded, prior, power)
    batch = sample(windows, max(1, TRAINING_WINDOWS // n_targets))
    if batch is None or not groups:
        return plain
    full = (
        batch.inputs[:, -groups[0].length, -1] > 0
        if windows.channels.padded
        else np.ones(len(batch.inputs), np.bool_)
    )
    if not full.any():
        return plain
    own = batch.inputs[full, -groups[0].length :, :n_targets].transpose(2, 0, 1)
    targets = batch.targets[full].transpose(2, 0, 1)
    forecasts, likelihoods = groups[0].all_forecasts(own), groups[0].likelihoods(own)
    errors = np.abs(forecasts - targets[:, :, None]).mean(axis=(1, 3))  # (n_targets, n_methods)
    logarithms = np.log(np.maximum(errors, LEAST_ERROR))
    elsewhere = logarithms.min(axis=1, keepdims=True) - logarithms
    choices = list(product(POWERS, STRENGTHS))
    scores = (power * likelihoods + strength * elsewhere[:, None] for power, strength in choices)
    found = [np.abs(_mean(forecasts, score) - targets).mean(axis=(1, 2)) for score in scores]
    power, strength = np.array(choices, np.float32)[np.argmin(found, axis=0)].T
    return replace(
        plain,
        prior=np.pad(strength[:, None] * elsewhere, ((0, 0), (0, N_METHODS - elsewhere.shape[1]))),
        power=power,
    )


def most_numbers(context_length: int, horizon: int, *, season_length: int) -> int:
    """Upper bound of the numbers in all matrices of such a smoothing, from its arguments alone."""
    longest = _longest(context_length, season_length)
    groups = 1 / (1 - SHRINK)  # if padded, each shorter than the one before
    return int(groups * N_METHODS * longest * (longest + horizon))


def _longest(context_length: int, season_length: int) -> int:
    return min(context_length, MOST_ROWS_SEEN, max(SEASONS_SEEN * season_length, LEAST_ROWS_SEEN))


@lru_cache(maxsize=4)  # looks and members of an ensemble ask for the same again and again
def _groups(
    context_length: int, horizon: int, season_length: int, padded: bool
) -> tuple[Group, ...]:
    """Methods for windows of ``context_length``, and for shorter ones where they may be padded."""
    lengths = [_longest(context_length, season_length)]
    while padded and lengths[-1] > SHORTEST:
        lengths.append(max(SHORTEST, int(SHRINK * lengths[-1])))
    return tuple(_group(length, horizon, season_length) for length in lengths if length >= SHORTEST)


def _group(length: int, horizon: int, season_length: int) -> Group:
    seasonal = 1 < season_length <= length // 2
    methods = [
        *_methods(length, horizon, 1),
        *(_methods(length, horizon, season_length) if seasonal else ()),
    ]
    first = season_length if seasonal else 2  # error that all methods make
    return Group(
        forecasts=np.hstack([method.forecast for method in methods]).astype(np.float32),
        errors=np.hstack([method.errors[:, first:] for method in methods]).astype(np.float32),
        n_methods=len(methods),
    )


def _methods(length: int, horizon: int, season_length: int) -> Iterator[Method]:
    smoothed = partial(holt_winters, length, horizon, season_length=season_length)
    for alpha in ALPHAS:
        for gamma in GAMMAS if season_length > 1 else GAMMAS[:1]:
            yield smoothed(alpha=alpha, beta=0, gamma=gamma, phi=1)
        yield theta(length, horizon, season_length=season_length, alpha=alpha)
    for alpha, beta in TRENDS:
        yield smoothed(alpha=alpha, beta=beta, gamma=GAMMAS[0], phi=PHI)
