"""The simple forecasts between which the pretrained network chooses, at many cutoffs at once.

Values are scaled so that 32-bit arithmetic is exact enough; ``zero`` says where 0 lies on that
scale, for what multiplies. Discounted means stand for exponential smoothing: a mean whose weights
fall by a factor a step needs no first level and passes over missing values.

Graphs are written by the same code, from symbols in the place of arrays: it keeps to the functions
that `onnx.symbol` has, and changes nothing in place.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.pretrained.season import Season

__all__ = ["SIMPLE", "Past"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
SEASON_DISCOUNT = 0.7  # from season to season, where several are averaged
MOST_SEASONS = 6
LEAST_WEIGHT = 1e-20  # of all values, which 32-bit numbers still hold
GREATEST_GROWTH = 1.5  # of the logarithm, over a horizon

SIMPLE = (
    "last value",
    "smoothing .5",
    "smoothing .2",
    "smoothing .03",
    "mean",
    "drift",
    "damped trend",
    "half drift",
    "damped growth",
    "seasonal naive",
    "seasonal drift",
    "seasonal naive + level",
    "seasons + level .4",
    "seasons + level of a season",
    "seasons x level of a season",
    "seasons + level .4 + half drift",
    "second season",
    "second seasons + level .2",
    "second seasons + level of a season",
    "second seasons x level of a season",
)


@dataclass(frozen=True)
class Past:
    """Windows of series, and what can be said at some of their steps without looking further."""

    values: Floats  # (n, context_length), 0 where nothing was observed
    observed: Floats  # the same shape, or (1, context_length); 1 where a value was observed
    zero: Floats | None  # (n,); None where nobody knows
    season: Season
    ends: Ints  # (n_ends,) indices of the newest values that are looked at

    def discounted(
        self, values: Floats, weights: Floats, kept: float, otherwise: Floats | float = 0
    ) -> Floats:
        """Means with weights that fall by the factor ``kept`` a step: (n, n_ends); ``otherwise``
        where no value is near enough to weigh anything.
        """
        age = self.ends - np.arange(self.values.shape[1])[:, None]
        kernel = np.where(age >= 0, kept ** np.maximum(age, 0), 0).astype(np.float32)
        total = weights @ kernel
        mean = (values * weights) @ kernel / np.maximum(total, LEAST_WEIGHT)
        return np.where(total > LEAST_WEIGHT, mean, otherwise)

    @cached_property
    def newest(self) -> Ints:
        """Index of the newest observed value at every step, (n, context_length); -1 before all."""
        at = np.where(self.observed > 0, np.arange(self.values.shape[1]), -1)
        return np.maximum.accumulate(at, axis=1)

    @cached_property
    def oldest(self) -> Ints:
        """Index of the first observed value, (n, 1)."""
        first: Ints = np.argmax(self.observed, axis=1)[:, None]
        return first

    @cached_property
    def last(self) -> Floats:
        """Newest observed value at every end, (n, n_ends)."""
        at = np.maximum(self.newest[:, self.ends], 0)
        return np.take_along_axis(self.values, at, 1)

    @cached_property
    def moments(self) -> tuple[Floats, Floats]:
        """Mean and deviation of all values up to every end, (n, n_ends) each; exactly 0 for equal
        values, which the difference of large sums is not.
        """
        first = np.take_along_axis(self.values, self.oldest, 1)
        centred = ((self.values - first) * self.observed).astype(np.float64)
        count = np.maximum(np.cumsum(self.observed, axis=1)[:, self.ends], 1)
        mean, square = (
            np.cumsum(each, axis=1)[:, self.ends] / count for each in (centred, centred * centred)
        )
        deviation = np.sqrt(np.maximum(square - mean * mean, 0))
        return (first + mean).astype(np.float32), deviation.astype(np.float32)

    @cached_property
    def sized(self) -> Floats:
        """1 where not all values up to an end are equal, otherwise 0: what comes then has no
        size.
        """
        return (self.moments[1] > 0).astype(np.float32)

    @cached_property
    def changes(self) -> tuple[Floats, Floats]:
        """Change to the step before, and whether both were observed: (n, context_length) each."""
        return self.against(*self._lagged(1))

    def against(self, forecast: Floats, known: Floats) -> tuple[Floats, Floats]:
        """What a forecast of every step misses, and where that is known."""
        weights = self.observed * known[:, : self.values.shape[1]]
        return (self.values - forecast[:, : self.values.shape[1]]) * weights, weights

    def _lagged(self, period: int, seasons: int = 1) -> tuple[Floats, Floats]:
        """Discounted mean of the values whole periods before each step of the window and of one
        period beyond it, and whether there is one: (n, context_length + period) each.
        """
        length = self.values.shape[1]
        values = self.values * self.observed
        total, weight = _behind(values, period), _behind(self.observed, period)
        for back in range(1, min(seasons, -(-length // period))):
            lag, share = back * period, np.float32(SEASON_DISCOUNT**back)
            total = total + share * _behind(values[:, :-lag], lag + period)
            weight = weight + share * _behind(self.observed[:, :-lag], lag + period)
        positive: Floats = np.maximum(weight, 1e-6)
        return total / positive, (weight > 0).astype(np.float32)

    @cached_property
    def seasonal_errors(self) -> tuple[Floats, Floats]:
        """What the seasonal naive forecast misses, and where that is known."""
        return self.against(*self._lagged(self.season.period))

    def forecasts(self, leads: Ints) -> Floats:
        """The forecasts of `SIMPLE` at every end for so many steps ahead: (n, n_ends, n_simple,
        n_leads). What needs more than was observed repeats a simpler one.
        """
        ahead = leads.astype(np.float32)
        last = self.last[..., None] + 0 * ahead
        half_drift = np.float32(0.5) * self._drift()[..., None] * ahead
        return np.stack(
            [
                *self._without_season(last, half_drift, ahead),
                *self._with_season(last, half_drift, leads),
            ],
            axis=2,
        )

    def _without_season(self, last: Floats, half_drift: Floats, ahead: Floats) -> list[Floats]:
        levels = (
            self.discounted(self.values, self.observed, kept, self.last)
            for kept in (0.5, 0.8, 0.97, 1.0)
        )
        trend = self.discounted(*self.changes, 0.7)[..., None] * _damped(ahead, 0.9)
        return [
            last,
            *(level[..., None] + 0 * ahead for level in levels),
            last + 2 * half_drift,
            last + trend,
            last + half_drift,
            self._grown(last, trend, ahead),
        ]

    def _with_season(self, last: Floats, half_drift: Floats, leads: Ints) -> list[Floats]:
        period, second = self.season.period, self.season.second
        slow = float(np.exp(-1 / max(period, 4)))
        naive = _Seasonal.of(self, period, 1, leads)
        average = _Seasonal.of(self, period, MOST_SEASONS, leads)
        other, others = naive, average
        if second:
            other = _Seasonal.of(self, second, 1, leads)
            others = _Seasonal.of(self, second, MOST_SEASONS, leads)
        growing = naive.level(0.9)[..., None] * naive.periods_ahead
        return [
            naive.plain(last),
            naive.plain(last, growing),
            naive.plus(last, 0.5),
            average.plus(last, 0.6),
            average.plus(last, slow),
            average.times(last, slow),
            average.plus(last + half_drift, 0.6, half_drift),
            other.plain(last),
            others.plus(last, 0.8),
            others.plus(last, slow),
            others.times(last, slow),
        ]

    def _drift(self) -> Floats:
        """Mean change a step between the first and the newest value, (n, n_ends)."""
        first = np.take_along_axis(self.values, self.oldest, 1)
        steps = np.maximum(self.newest[:, self.ends] - self.oldest, 1)
        drift: Floats = ((self.last - first) / steps).astype(np.float32)
        return drift

    @cached_property
    def one_sided(self) -> NDArray[np.bool_]:
        """Whether all values so far lie on one side of 0, at every end, for all that is known: (n,
        n_ends).
        """
        if self.zero is None:
            return np.zeros((1, len(self.ends)), bool)
        side = (self.values - self.zero[:, None]) * self.observed
        low = np.minimum.accumulate(np.where(self.observed > 0, side, 1), axis=1)
        high = np.maximum.accumulate(np.where(self.observed > 0, side, -1), axis=1)
        return np.asarray((low > 0) | (high < 0))[:, self.ends]

    def _grown(self, last: Floats, trend: Floats, ahead: Floats) -> Floats:
        """Growth at the rate of the newest steps, less and less of it."""
        if self.zero is None:
            return last + trend
        changes = self.discounted(*self.changes, 0.9)
        size = self.discounted(self.values, self.observed, 0.9, self.last) - self.zero[:, None]
        rate = changes / np.where(np.abs(size) > 1e-6, size, 1)
        grown = np.clip(rate[..., None] * _damped(ahead, 0.95), -GREATEST_GROWTH, GREATEST_GROWTH)
        exponential = last + (last - self.zero[:, None, None]) * np.expm1(grown)
        return np.where(self.one_sided[..., None], exponential, last + trend)


def _behind(values: Floats, steps: int) -> Floats:
    """The values (n, length), so many steps of 0 later."""
    later: Floats = np.pad(values, ((0, 0), (steps, 0)))
    return later


def _damped(ahead: Floats, kept: float) -> Floats:
    """Steps ahead of which each counts less than the one before."""
    return np.asarray(kept * (1 - kept**ahead) / (1 - kept), np.float32)


@dataclass(frozen=True)
class _Seasonal:
    """The pattern of the newest seasons ahead of every end, and what it missed so far."""

    past: Past
    pattern: Floats  # (n, n_ends, n_leads)
    known: NDArray[np.bool_]  # of that shape
    errors: Floats  # (n, context_length)
    weights: Floats
    fitted: Floats  # (n, context_length)
    periods_ahead: Floats  # (n_leads,) whole periods back from which the pattern is taken

    @classmethod
    def of(cls, past: Past, period: int, seasons: int, leads: Ints) -> "_Seasonal":
        length = past.values.shape[1]
        seasons = min(seasons, max(past.season.context_length // period, 1))
        values, known = past._lagged(period, seasons)
        ahead = (leads - 1) % period + 1
        at = past.ends[:, None] + ahead
        errors, weights = past.against(values, known)
        return cls(
            past,
            values[:, at],
            known[:, at] > 0,
            errors,
            weights,
            values[:, :length],
            ((leads - 1) // period + 1).astype(np.float32),
        )

    def level(self, kept: float) -> Floats:
        """Mean of what the pattern missed, (n, n_ends)."""
        return self.past.discounted(self.errors, self.weights, kept)

    def plain(self, otherwise: Floats, more: Floats | float = 0) -> Floats:
        return np.where(self.known, self.pattern + more, otherwise)

    def plus(self, otherwise: Floats, kept: float, more: Floats | float = 0) -> Floats:
        """Shift the pattern to the level of the newest steps."""
        return self.plain(otherwise, self.level(kept)[..., None] + more)

    def times(self, otherwise: Floats, kept: float) -> Floats:
        """Stretch the pattern to that level, where all values lie on one side of 0."""
        if self.past.zero is None:
            return self.plus(otherwise, kept)
        zero = self.past.zero[:, None]
        size = self.past.discounted(self.fitted, self.weights, kept) - zero
        size = np.where(np.abs(size) > 1e-6, size, 1)[..., None]
        factor = np.clip((self.pattern - zero[..., None]) / size, 0, 4)
        factor = np.where(self.past.one_sided[..., None], factor, 1)
        return self.plain(otherwise, self.level(kept)[..., None] * factor)
