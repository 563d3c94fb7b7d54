"""What generated series are made of: trends, seasons, noise. All are arrays (n, length) of float32,
a series a row; amplitudes are about 1 unless said otherwise.

Ranges are ends of uniform distributions, of the value or of its logarithm; each row draws its own.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MOST_YEARS", "Floats", "Random", "autoregressive", "broken_trend", "chosen", "growth",
    "innovations", "log_uniform", "season_tables", "seasonal", "smooth_paths", "standardised",
    "state_space", "summed_over_seasons", "uniform", "volatile", "walk",
]  # fmt: skip

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Random: TypeAlias = np.random.Generator
FREQUENCIES_SHARED = 48  # that smooth paths of one call are sums of
MOST_HARMONICS = 8
MOST_YEARS = 60  # that a series may last


def log_uniform(rng: Random, low: float, high: float, n: int) -> Floats:
    """Draw a column (n, 1) whose logarithm is uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), (n, 1))).astype(np.float32)


def uniform(rng: Random, low: float, high: float, n: int) -> Floats:
    """Draw a column (n, 1)."""
    return rng.uniform(low, high, (n, 1)).astype(np.float32)


def chosen(rng: Random, share: float, n: int) -> Floats:
    """Draw a column (n, 1) of 1 for that share of the rows, otherwise 0."""
    return (rng.random((n, 1)) < share).astype(np.float32)


def standardised(values: Floats) -> Floats:
    """Each row with mean 0 and deviation 1; constant rows become 0."""
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-6))


def innovations(rng: Random, n: int, length: int) -> Floats:
    """White noise: normal, a quarter of the rows with heavy tails (Student's t with 3 to 6 degrees
    of freedom, within -10 and 10).
    """
    noise = rng.standard_normal((n, length), np.float32)
    heavy = np.flatnonzero(rng.random(n) < 0.25)
    degrees = rng.integers(3, 7, (len(heavy), 1))
    mixed = rng.chisquare(np.repeat(degrees, length, 1)).astype(np.float32) / degrees
    noise[heavy] = np.clip(noise[heavy] / np.sqrt(np.maximum(mixed, 0.01)), -10, 10)
    return noise


def volatile(rng: Random, noise: Floats) -> Floats:
    """The noise with a deviation that wanders (its logarithm is a smooth path of deviation 0.1 to
    0.9): volatility comes in clusters, as that of prices.
    """
    n, length = noise.shape
    size = uniform(rng, 0.1, 0.9, n)
    return np.asarray(noise * np.exp(size * smooth_paths(rng, n, length)))


def autoregressive(rng: Random, noise: Floats) -> Floats:
    """ARMA of the noise, from values that alternate to nearly a random walk; deviation 1.

    The roots are -0.4 to 0.99 and, in 2 of 5 rows, -0.6 to 0.95; half of the rows have a moving
    average of -0.8 to 0.8.
    """
    n = len(noise)
    first, second = rng.uniform(-0.4, 0.99, n), rng.uniform(-0.6, 0.95, n)
    second[rng.random(n) < 0.6] = 0
    one, two = (first + second).astype(np.float32), (-first * second).astype(np.float32)
    average = np.where(rng.random(n) < 0.5, 0, rng.uniform(-0.8, 0.8, n)).astype(np.float32)
    shocks = np.ascontiguousarray(noise.T)
    shocks[1:] += average * shocks[:-1]
    values = np.empty_like(shocks)
    last = before = np.zeros(n, np.float32)
    for t, shock in enumerate(shocks):
        last, before = one * last + two * before + shock, last
        values[t] = last
    return standardised(np.ascontiguousarray(values.T))


def walk(rng: Random, noise: Floats) -> Floats:
    """Random walk of noise of deviation 1, whose steps have the deviation 1/sqrt(length)."""
    return np.cumsum(noise, axis=1, dtype=np.float32) / np.float32(noise.shape[1] ** 0.5)


def smooth_paths(rng: Random, n: int, length: int) -> Floats:
    """Paths like those of stationary Gaussian processes, by random frequencies that all rows share
    (Rahimi and Recht 2007); deviation 1.

    Frequencies belong to kernels from squared exponential to rough with length scales of length/100
    to length; each row weighs those most that are near a scale of its own, length/50 to length.
    """
    count = FREQUENCIES_SHARED
    scale = np.exp(rng.uniform(np.log(0.01), 0, count)) * length
    tail = np.sqrt(rng.chisquare(rng.integers(1, 12, count)) / 4 + 0.05)
    frequency = rng.standard_normal(count) / scale / tail
    angle = np.outer(frequency, np.arange(length)).astype(np.float32)
    basis = np.concatenate([np.cos(angle), np.sin(angle)])
    own = rng.uniform(np.log(0.02 * length), np.log(length), (n, 1))
    near = np.exp(-0.5 * ((np.log(scale * tail) - own) / 0.5) ** 2) + 1e-3
    weights = rng.standard_normal((n, 2 * count)) * np.tile(near, 2)
    return standardised((weights @ basis).astype(np.float32))


def broken_trend(rng: Random, n: int, length: int) -> Floats:
    """Trends of deviation 1: three in five are straight lines that bend now and then, from every 8
    steps to never; a tenth each are damped and exponential, the others logistic or none.
    """
    time = np.linspace(0, 1, length, dtype=np.float32)
    slope = rng.standard_normal((n, 1), np.float32)
    every = np.exp(rng.uniform(np.log(8), np.log(20 * length + 100), (n, 1)))
    bends = rng.random((n, length)) < 1 / every
    changes = rng.standard_normal((n, length), np.float32) * bends * log_uniform(rng, 0.3, 2, n)
    slopes = slope + np.cumsum(changes, axis=1)
    rate = log_uniform(rng, 0.5, 30, n)
    middle, speed = uniform(rng, -0.2, 1.2, n), log_uniform(rng, 3, 40, n)
    forms = np.stack(
        [
            np.cumsum(slopes, axis=1),
            slope * (1 - np.exp(-rate * time)),
            slope * np.expm1(np.minimum(rate, 5) * time) / np.expm1(np.minimum(rate, 5)),
            slope / (1 + np.exp(-speed * (time - middle))),
            np.zeros((n, length), np.float32),
        ]
    )
    kind = rng.choice(5, n, p=[0.6, 0.1, 0.1, 0.075, 0.125])
    return standardised(np.asarray(forms[kind, np.arange(n)]))


def growth(rng: Random, n: int, length: int, steps_a_year: Floats) -> Floats:
    """Logarithms of levels whose growth persists: rates around a mean of their own (normal, 5 %
    a year with a deviation of 4 %), autoregressive, 0 to 0.95 from year to year; in 9 of 10 rows
    with shocks to the level. ``steps_a_year`` (n, 1) are those of each row; none lasts more than
    `MOST_YEARS`.
    """
    # the part of a year that a step is
    a_step = 1 / np.maximum(steps_a_year, np.float32(length / MOST_YEARS))
    yearly = a_step[:, 0]
    mean = rng.normal(0.05, 0.04, n).astype(np.float32) * yearly
    persistence = rng.uniform(0, 0.95, n).astype(np.float32) ** yearly
    spread = np.exp(rng.uniform(np.log(0.002), np.log(0.03), n)).astype(np.float32) * yearly
    shocks = innovations(rng, n, length).T * spread * np.sqrt(1 - persistence**2)
    rate = mean + spread * rng.standard_normal(n, np.float32)
    levels = np.empty((length, n), np.float32)
    level = np.zeros(n, np.float32)
    for t, shock in enumerate(shocks):
        rate = mean + persistence * (rate - mean) + shock
        level = level + rate
        levels[t] = level
    jumps = innovations(rng, n, length) * log_uniform(rng, 0.02, 0.2, n) * a_step**0.5
    return np.ascontiguousarray(levels.T) + np.cumsum(jumps * chosen(rng, 0.9, n), 1)


def season_tables(rng: Random, n: int, period: int) -> Floats:
    """One period of a seasonal shape, (n, period), deviation 1: harmonics (35 %), random values,
    half of them smoothed (20 %), on and off (12 %), peaks (13 %), or bumps (20 %).
    """
    phase = np.arange(period, dtype=np.float32) / np.float32(period)
    harmonic = _harmonics(rng, n, phase)
    rough = rng.standard_normal((n, period), np.float32)
    rough += chosen(rng, 0.5, n) * (np.roll(rough, 1, 1) + np.roll(rough, 2, 1))
    start, width = rng.integers(0, period, (n, 1)), uniform(rng, 0.1, 0.6, n)
    on = ((np.arange(period) - start) % period < np.maximum(width * period, 1)).astype(np.float32)
    on += 0.15 * rough * on
    peaks = np.exp(uniform(rng, 0.5, 1.5, n) * rough)
    bumps = _bumps(rng, n, phase)
    kind = rng.choice(5, n, p=[0.35, 0.2, 0.12, 0.13, 0.2])
    shapes = np.stack([harmonic, rough, on, peaks, bumps])
    return standardised(np.asarray(shapes[kind, np.arange(n)]))


def _harmonics(rng: Random, n: int, phase: Floats) -> Floats:
    """Sums of sines, the amplitudes falling with a power of the frequency of 0.2 to 2.5."""
    count = min(len(phase) // 2, MOST_HARMONICS)
    order = np.arange(1, count + 1, dtype=np.float32)
    size = rng.standard_normal((n, 2 * count), np.float32)
    size *= np.tile(order ** -uniform(rng, 0.2, 2.5, n), 2)
    angle = 2 * np.pi * np.outer(order, phase)
    return np.asarray(size @ np.concatenate([np.sin(angle), np.cos(angle)]).astype(np.float32))


def _bumps(rng: Random, n: int, phase: Floats) -> Floats:
    """Three bumps each, up or, less often, down, from as wide as the season to a tenth of it."""
    bumps = np.zeros((n, len(phase)), np.float32)
    for _ in range(3):
        sharp, centre = log_uniform(rng, 1, 40, n), uniform(rng, 0, 1, n)
        height = rng.standard_normal((n, 1), np.float32) + 0.5
        bumps += height * np.exp(sharp * (np.cos(2 * np.pi * (phase - centre)) - 1))
    return bumps


def seasonal(rng: Random, n: int, length: int, period: int, second: int = 0) -> Floats:
    """Seasonal patterns of deviation about 1, from a random phase on; 0 for a period of 1.

    With a second period that is a multiple of the first, days differ: each has an amplitude and a
    level of its own, and some a second shape, as weekends have; otherwise a second pattern is
    added. A third of the rows evolves from one shape towards another, 3 in 10 by a random walk of
    every phase, and a quarter changes its amplitude.
    """
    if period < 2:
        return np.zeros((n, length), np.float32)
    time = np.arange(length)
    start = rng.integers(0, max(period, second), (n, 1))
    phase = (time + start) % period
    table = season_tables(rng, n, period)
    pattern = np.take_along_axis(table, phase, 1)
    if second and second % period == 0:
        pattern = _with_days(rng, pattern, phase, (time + start) // period % (second // period))
    elif second:
        other = season_tables(rng, n, second)
        other = np.take_along_axis(other, (time + start) % second, 1)
        pattern = pattern * log_uniform(rng, 0.1, 1, n) + other * log_uniform(rng, 0.1, 1.5, n)
    _evolve(rng, pattern, phase, period)
    modulated = chosen(rng, 0.25, n) * uniform(rng, 0.1, 0.7, n)
    return np.asarray(pattern * (1 + modulated * np.tanh(smooth_paths(rng, n, length))))


def _evolve(rng: Random, pattern: Floats, phase: Ints, period: int) -> None:
    """Let a part of the patterns, in place, change from season to season."""
    n, length = phase.shape
    rows = np.flatnonzero(rng.random(n) < 0.35)  # on the way to another shape and back
    paths = smooth_paths(rng, len(rows), length)
    share = 0.5 - 0.5 * np.cos(np.pi * np.clip(paths + 0.5, 0, 1))
    to = np.take_along_axis(season_tables(rng, len(rows), period), phase[rows], 1)
    size = uniform(rng, 0.1, 1, len(rows))
    pattern[rows] += size * share * (to - pattern[rows])
    rows = np.flatnonzero(rng.random(n) < 0.3)  # a random walk of every phase
    steps = innovations(rng, len(rows), -(-length // period) * period)
    steps *= log_uniform(rng, 0.01, 0.4, len(rows))
    pattern[rows] += summed_over_seasons(steps, period)[:, :length]


def summed_over_seasons(steps: Floats, period: int) -> Floats:
    """Sum each phase of whole periods (n, periods * period) up from period to period."""
    n, length = steps.shape
    return steps.reshape(n, length // period, period).cumsum(axis=1).reshape(n, length)


def _with_days(rng: Random, pattern: Floats, phase: Ints, day: Ints) -> Floats:
    """Make the days of a week differ, in 85 % of the rows also in amplitude and level.

    Special days are the last two in 3 of 5 rows, otherwise any; in half of the rows they have a
    shape that is mixed with another one.
    """
    n, days = len(pattern), int(day.max()) + 1
    special = rng.random((n, days)) < 2 / 7
    weekend = np.arange(days) >= days - 2
    special = np.where(rng.random((n, 1)) < 0.6, weekend, special)
    other = season_tables(rng, n, int(phase.max()) + 1)
    mixed = uniform(rng, 0, 1, n) * chosen(rng, 0.5, n)
    is_special = np.take_along_axis(special, day, 1)
    replaced = np.take_along_axis(other, phase, 1)
    pattern = np.where(is_special, pattern + mixed * (replaced - pattern), pattern)
    each = rng.standard_normal((n, days), np.float32) * log_uniform(rng, 0.03, 0.5, n)
    amplitude = each + special * uniform(rng, -0.9, 0.3, n)
    level = rng.standard_normal((n, days), np.float32) * log_uniform(rng, 0.02, 0.7, n)
    level += special * rng.normal(0, 0.7, (n, 1)).astype(np.float32)
    has_days = chosen(rng, 0.85, n)
    amplitudes, levels = (np.take_along_axis(a * has_days, day, 1) for a in (amplitude, level))
    return np.asarray(pattern * (1 + amplitudes) + levels, np.float32)


def state_space(
    rng: Random, n: int, length: int, period: int, strength: tuple[float, float]
) -> Floats:
    """Additive innovations state space models, ETS(A, N or A or Ad, N or A) of Hyndman et al. 2008,
    with one-step errors of deviation 1.

    The level is smoothed by 0.2 to 1 in half of the rows, by 0.01 to 1 on a logarithmic scale in
    the others; half have a trend, 3 of 5 of those a damped one. Where there is a period, 9 of 10
    have a season, with a deviation of twice the least to 5 times the greatest ``strength``.
    """
    noise = innovations(rng, n, length).T
    low = np.exp(rng.uniform(np.log(0.01), 0, n)).astype(np.float32)
    alpha = np.where(rng.random(n) < 0.5, rng.uniform(0.2, 1, n), low).astype(np.float32)
    trended = rng.random(n) < 0.5
    of_level = alpha * np.exp(rng.uniform(np.log(0.005), np.log(0.5), n))
    beta = np.where(trended, of_level, 0).astype(np.float32)
    damping = np.where(rng.random(n) < 0.4, 1, rng.uniform(0.8, 0.99, n)).astype(np.float32)
    of_rest = np.exp(rng.uniform(np.log(0.003), np.log(0.6), n))
    gamma = ((1 - alpha) * of_rest).astype(np.float32)
    level = np.zeros(n, np.float32)
    slope = (trended * rng.normal(0, 0.3, n) * np.exp(rng.uniform(-3, 1.2, n))).astype(np.float32)
    size = log_uniform(rng, 2 * strength[0], 5 * strength[1], n) * chosen(rng, 0.9, n)
    table = (season_tables(rng, n, period) * size).T.copy() if period > 1 else None
    values = np.empty((length, n), np.float32)
    for t in range(length):
        error = noise[t]
        slope = damping * slope
        value = level + slope
        level = value + alpha * error
        slope = slope + beta * error
        if table is not None:
            now = table[t % period]
            values[t] = value + now + error
            now += gamma * error
        else:
            values[t] = value + error
    return np.ascontiguousarray(values.T)
