"""Series that nobody owns, for learning what forecasts have in common.

Rows are made by arrays over whole batches. `KINDS` says which kinds there are; every row is of one
kind, but for the one in ten that is mixed with another, and then a part of the rows is altered as
observations are. Ranges follow published generators (KernelSynth of Ansari et al. 2024, ForecastPFN
of Dooley et al. 2023, TiRex of Auer et al. 2025, TempoPFN of Moroshan et al. 2025) and what
economic, calendar and sales series look like.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lstm_forecast.model.pretrained.observation import observed, with_deviation_1
from lstm_forecast.model.pretrained.processes import (
    MOST_YEARS,
    Floats,
    Random,
    autoregressive,
    broken_trend,
    chosen,
    growth,
    innovations,
    log_uniform,
    seasonal,
    smooth_paths,
    standardised,
    state_space,
    summed_over_seasons,
    uniform,
    volatile,
    walk,
)
from lstm_forecast.model.pretrained.season import Season

__all__ = ["KINDS", "generate"]

STEPS_A_YEAR = {4: 4, 5: 260, 7: 365, 12: 12, 24: 8760, 48: 17520, 52: 52, 96: 35040}
WITHOUT_WEEKENDS = (1, 5)  # seasons of prices more often than of people
STRENGTHS = {
    **dict.fromkeys((24, 48, 96), (0.2, 8)),
    7: (0.03, 4),
    5: (0.02, 1.5),
    12: (0.08, 3),
}


def generate(
    rng: Random,
    n: int,
    length: int,
    season: Season,
    kinds: Sequence[str] = (),
    *,
    slow: bool = False,
) -> Floats:
    """Draw series (n, length) with these periods, of at least 12 values; NaN where one is missing.

    Rows have deviation 1, but for constant ones, before values are left out, at the end too; their
    means are anywhere. ``kinds`` names those wanted, all of `KINDS` where it is empty; ``slow``
    draws them as often as they are among years and quarters.

    Raises:
        KeyError: there is no such kind.
    """
    wanted = {kind: KINDS[kind] for kind in kinds or KINDS}
    column = 2 if slow else int(season.period in WITHOUT_WEEKENDS)
    shares = np.array([share[column] for share, _ in wanted.values()])
    drawn = rng.choice(len(wanted), n, p=shares / shares.sum())
    values = np.empty((n, length), np.float32)
    for number, (_, make) in enumerate(wanted.values()):
        rows = np.flatnonzero(drawn == number)
        if len(rows):
            values[rows] = make(rng, len(rows), length, season)
    return observed(rng, _mixed(rng, with_deviation_1(values)))


def _mixed(rng: Random, values: Floats) -> Floats:
    """One row in ten becomes a weighted mean of itself and another."""
    n = len(values)
    rows = np.flatnonzero(rng.random(n) < 0.1)
    share = uniform(rng, 0.2, 0.8, len(rows))
    values[rows] = share * values[rows] + (1 - share) * values[rng.integers(0, n, len(rows))]
    return values


def _strength(season: Season) -> tuple[float, float]:
    """Range of a season's deviation beside a level that moves by about 1: days shape what people do
    more than weeks do, and these more than years do; months say more of a year than quarters do.
    """
    return STRENGTHS.get(season.period, (0.03, 1.5))


def _steps_a_year(rng: Random, n: int, length: int, season: Season) -> Floats:
    """How many steps of each row make a year, (n, 1): 12 to 365 where the season does not say it; 4
    in 5 short series without a season are of years.
    """
    if season.period in STEPS_A_YEAR:
        return np.full((n, 1), STEPS_A_YEAR[season.period], np.float32)
    drawn = log_uniform(rng, max(12, length / MOST_YEARS), 365, n)
    years = chosen(rng, 0.8, n) * (season.period == 1 and length <= 2 * MOST_YEARS)
    return np.where(years, np.float32(1), drawn)


def _drift(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Mean change a step of random walks whose steps have deviation 1, (n, 1). In deviations of a
    year's change it is 0.3 with a deviation of 0.5 in 4 of 5 rows (normal), and 0 in the others.
    """
    size = rng.normal(0.3, 0.5, (n, 1)) * chosen(rng, 0.8, n)
    return (size / np.sqrt(_steps_a_year(rng, n, length, season))).astype(np.float32)


def _structural(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Trend, season, noise and a wandering level, added or, in 2 of 5 rows, multiplied."""
    noise = innovations(rng, n, length)
    red = chosen(rng, 0.5, n)
    values = seasonal(rng, n, length, season.period, season.second)
    values *= log_uniform(rng, *_strength(season), n) * chosen(rng, 0.9, n)
    values += broken_trend(rng, n, length) * log_uniform(rng, 0.05, 4, n)
    wandering = chosen(rng, 0.6, n) * log_uniform(rng, 0.1, 6, n)
    values += walk(rng, innovations(rng, n, length)) * wandering
    ragged = red * autoregressive(rng, noise) + (1 - red) * noise
    swelling = 1 + chosen(rng, 0.15, n) * np.abs(standardised(values))
    values += ragged * swelling * log_uniform(rng, 0.03, 1.5, n)
    return _multiplied(rng, values, 0.4)


def _multiplied(rng: Random, values: Floats, share: float) -> Floats:
    """Powers of e of that share of the rows, brought to a deviation of 0.05 to 1 before, so that
    what was added multiplies; the rest stay as they are.
    """
    n = len(values)
    deviation = np.maximum(values.std(axis=1, keepdims=True), 1e-6)
    size = log_uniform(rng, 0.05, 1, n)
    centred = values - values.mean(axis=1, keepdims=True)
    powers = np.exp(np.clip(centred / deviation * size, -9, 9))
    return np.asarray(np.where(rng.random((n, 1)) < share, powers, values))


def _smoothing(rng: Random, n: int, length: int, season: Season) -> Floats:
    """What exponential smoothing assumes."""
    return _multiplied(rng, state_space(rng, n, length, season.period, _strength(season)), 0.5)


def _integrated(rng: Random, n: int, length: int, season: Season) -> Floats:
    """ARMA noise: summed up over steps in half of the rows, in one in ten twice; half of the rows
    also have noise that is summed up over seasons.
    """
    noise = innovations(rng, n, length)
    values = autoregressive(rng, noise)
    once = rng.random((n, 1))
    summed = np.cumsum(values + _drift(rng, n, length, season), 1)
    values = np.where(once < 0.5, summed, values)
    twice = np.flatnonzero(once[:, 0] < 0.1)
    values[twice] = np.cumsum(values[twice], 1)
    if season.period > 1:
        rows = np.flatnonzero(rng.random(n) < 0.5)
        periods = -(-length // season.period)
        padded = np.zeros((len(rows), periods * season.period), np.float32)
        padded[:, :length] = autoregressive(rng, noise[rows])
        sums = summed_over_seasons(padded, season.period)
        values[rows] = standardised(values[rows]) * log_uniform(rng, 0.05, 2, len(rows))
        values[rows] += standardised(sums[:, :length])
    values = values + noise * values.std(1, keepdims=True) * chosen(rng, 0.3, n) * 0.1
    return _multiplied(rng, values, 0.3)


def _smooth(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Smooth paths and a season, which multiplies in 3 of 10 rows and is added otherwise."""
    values = smooth_paths(rng, n, length) * log_uniform(rng, 0.1, 3, n)
    values += smooth_paths(rng, n, length) * log_uniform(rng, 0.05, 1, n)
    pattern = seasonal(rng, n, length, season.period, season.second)
    pattern *= log_uniform(rng, *_strength(season), n) * chosen(rng, 0.85, n)
    product = chosen(rng, 0.3, n)
    values = values + pattern * (1 - product) + pattern * product * (1 + values / 2)
    values += innovations(rng, n, length) * log_uniform(rng, 0.01, 0.6, n)
    return _multiplied(rng, values, 0.25)


def _walks(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Prices and the like: random walks, with volatility in clusters, drift, jumps, or a pull back
    to a mean; a slight season or none.
    """
    steps = innovations(rng, n, length)
    rows = np.flatnonzero(rng.random(n) < 0.5)
    steps[rows] = volatile(rng, steps[rows])
    steps += _drift(rng, n, length, season)
    steps += chosen(rng, 0.2, n) * (rng.random((n, length)) < 0.01) * steps * 6
    # some steps go on a little, or are taken back a little
    lagged = rng.normal(0, 0.12, (n, 1)).astype(np.float32) * chosen(rng, 0.5, n)
    steps[:, 1:] += lagged * steps[:, :-1]
    kept = np.where(rng.random(n) < 0.75, 1, 1 - np.exp(rng.uniform(-6, -2, n))).astype(np.float32)
    values = np.empty((length, n), np.float32)
    level = np.zeros(n, np.float32)
    for t, step in enumerate(np.ascontiguousarray(steps.T)):
        level = kept * level + step
        values[t] = level
    path = standardised(np.ascontiguousarray(values.T))
    path += standardised(steps) * chosen(rng, 0.3, n) * log_uniform(rng, 0.003, 0.05, n)
    slight = chosen(rng, 0.4, n) * log_uniform(rng, 0.01, 0.5, n)
    return _multiplied(
        rng, path + slight * seasonal(rng, n, length, season.period, season.second), 0.6
    )


def _growing(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Economic series: levels whose growth persists, times a season, times noise; a quarter of the
    rows are the logarithms of such series. All end near the same level.
    """
    level = growth(rng, n, length, _steps_a_year(rng, n, length, season))
    spread = np.maximum(level.std(axis=1, keepdims=True), 1e-3)
    pattern = seasonal(rng, n, length, season.period, season.second)
    low, high = _strength(season)
    level += pattern * log_uniform(rng, low / 10, high / 10, n) * chosen(rng, 0.7, n)
    red = chosen(rng, 0.4, n)
    noise = innovations(rng, n, length)
    noise = red * autoregressive(rng, noise) + (1 - red) * noise
    level += noise * log_uniform(rng, 0.001, 0.05, n)
    level = np.clip(level - level[:, -1:], -8, 8)
    straight = rng.random((n, 1)) < 0.25
    return np.asarray(
        np.where(straight, level / spread + log_uniform(rng, 1, 30, n), np.exp(level))
    )


def _counted(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Counts: Poisson, half of the rows with a rate that varies beside (negative binomial); in a
    third of the rows nothing happens at all on 10 to 95 % of the steps.
    """
    rate = seasonal(rng, n, length, season.period, season.second)
    rate *= log_uniform(rng, 0.1, 1, n) * chosen(rng, 0.8, n)
    rate += broken_trend(rng, n, length) * log_uniform(rng, 0.1, 1.5, n) * chosen(rng, 0.6, n)
    rate += smooth_paths(rng, n, length) * log_uniform(rng, 0.05, 0.7, n) * chosen(rng, 0.5, n)
    rate = np.exp(np.clip(rate, -5, 4)) * log_uniform(rng, 0.1, 60, n)
    shape = log_uniform(rng, 0.5, 20, n)
    varied = rng.standard_gamma(np.broadcast_to(shape, rate.shape)).astype(np.float32) / shape
    rate = np.where(rng.random((n, 1)) < 0.5, rate * varied, rate)
    counts = rng.poisson(np.minimum(rate, 1e6)).astype(np.float32)
    happens = rng.random((n, length)) < np.where(
        rng.random((n, 1)) < 0.33, uniform(rng, 0.05, 0.9, n), 1
    )
    return np.asarray(counts * happens)


def _switching(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Regimes that last 20 to 500 steps on average: each with a level, a deviation and a strength
    of the season of its own. In 3 of 5 rows 2 to 4 regimes return, in the others they are new.
    """
    changes = rng.random((n, length)) < log_uniform(rng, 0.002, 0.05, n)
    regime = np.cumsum(changes, axis=1, dtype=np.int64)
    returning = rng.integers(2, 5, (n, 1))
    regime = np.where(rng.random((n, 1)) < 0.6, regime % returning, np.minimum(regime, 63))

    def each(size: Floats) -> Floats:
        return np.take_along_axis(rng.standard_normal((n, 64), np.float32) * size, regime, 1)

    pattern = seasonal(rng, n, length, season.period, season.second) * chosen(rng, 0.8, n)
    levels, strengths = each(log_uniform(rng, 0.1, 3, n)), each(log_uniform(rng, 0.05, 1, n))
    values = levels + pattern * np.exp(strengths)
    noise = innovations(rng, n, length) * np.exp(each(log_uniform(rng, 0.1, 1, n)))
    return _multiplied(rng, values + noise * log_uniform(rng, 0.02, 0.6, n), 0.3)


def _pulsed(rng: Random, n: int, length: int, season: Season) -> Floats:
    """Peaks over a quiet level, as of campaigns, storms and batches: once a season (12 steps where
    there is none) in 7 of 10 rows, otherwise at random; in half of the rows they fade away.
    """
    distance = max(season.period, 4) * (season.period > 1) or 12
    phase = (np.arange(length) + rng.integers(0, distance, (n, 1))) % distance
    regular = phase < np.maximum(uniform(rng, 0.02, 0.4, n) * distance, 1)
    random = rng.random((n, length)) < log_uniform(rng, 0.005, 0.1, n)
    struck = np.where(rng.random((n, 1)) < 0.7, regular, random)
    height = np.exp(uniform(rng, 0.05, 0.8, n) * rng.standard_normal((n, length), np.float32))
    strength = np.ascontiguousarray((struck * height).T)
    kept = np.where(rng.random(n) < 0.5, 0, rng.uniform(0, 0.9, n)).astype(np.float32)
    level = np.zeros(n, np.float32)
    for t in range(length):
        level = np.maximum(strength[t], kept * level)
        strength[t] = level
    base = broken_trend(rng, n, length) * log_uniform(rng, 0.05, 1, n)
    noise = innovations(rng, n, length) * log_uniform(rng, 0.005, 0.3, n)
    return np.asarray(strength.T + base + noise, np.float32)


Maker = Callable[[Random, int, int, Season], Floats]
# How each kind is made, and its share: of most series, of long ones without a season or one of
# business days, and of those of years and quarters.
KINDS: Mapping[str, tuple[tuple[float, float, float], Maker]] = MappingProxyType(
    {
        "structural": ((0.24, 0.11, 0.08), _structural),
        "smoothing": ((0.16, 0.09, 0.07), _smoothing),
        "integrated": ((0.08, 0.06, 0.02), _integrated),
        "smooth": ((0.06, 0.03, 0.02), _smooth),
        "walks": ((0.24, 0.6, 0.1), _walks),
        "growing": ((0.06, 0.03, 0.67), _growing),
        "counted": ((0.07, 0.03, 0.02), _counted),
        "switching": ((0.06, 0.03, 0.01), _switching),
        "pulsed": ((0.03, 0.02, 0.01), _pulsed),
    }
)
