"""Forecasts of the pretrained network: a panel in, quantiles in original units out, without any
training.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.errors import UsageError
from lstm_forecast.files import read_short
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained import shipped
from lstm_forecast.model.pretrained.architecture import QUANTILES
from lstm_forecast.model.pretrained.inputs import inputs_of, standardised_windows
from lstm_forecast.model.pretrained.rolling import rolled_block
from lstm_forecast.model.pretrained.season import HORIZON, STEPS, Season
from lstm_forecast.model.pretrained.simple import Past
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.seasons import held_season, strongest_season, usual_seasons

__all__ = [
    "Network", "at_quantiles", "forecast_series", "own_periods", "read_weights", "season_of_rows",
    "shipped_network", "told_season", "windows_before",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 1_024  # series at a time: few enough to stay in the cache, and enough for long products
MOST_WEIGHT_BYTES = 2**28
DAY_PERIODS = (24, 48, 96)  # rows of a day that have a week as second season


@dataclass(frozen=True)
class Network:
    """A pretrained network, ready to run."""

    session: Session
    sha256: str  # of its weights


@cache
def shipped_network() -> Network:
    """The one that comes with the package."""
    return Network(Session(shipped.network()), shipped.weights_hash())


def read_weights(path: Path) -> Network:
    """The one whose weights ``forecast pretrain`` wrote. Raises UsageError if they are none."""
    content = read_short(path, MOST_WEIGHT_BYTES, error=UsageError)
    # what only others' weights need
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from lstm_forecast.model.onnx.pretrained import network_graph

    try:
        graph = network_graph(load(content))
    except (ValueError, SafetensorError) as error:
        raise UsageError(
            f"{path}: expected pretrained.safetensors as `forecast pretrain` writes it: {error}"
        ) from None
    return Network(Session(graph), hashlib.sha256(content).hexdigest())


def told_season(panel: Panel, period: int | None = None) -> Season:
    """The season that the network is told: ``period`` rows, which fit into its window, or the usual
    one of the frequency.

    Where the rows or the network's window do not hold the usual one, or time is a step number, it
    is the one found in the values.
    """
    layout, freq = panel.layout, panel.layout.grid.freq
    if period is None:
        period, _ = usual_seasons(layout.grid)
        seen = held_season(layout, period) and Season(period).fits
        if freq.isdigit() or not seen:
            found, _ = strongest_season(panel.values[:, 0], layout.offsets[:-1], layout.offsets[1:])
            return Season(found)
    return season_of_rows(layout, period)


def season_of_rows(layout: Layout, period: int) -> Season:
    """The season of so many rows, with a second one where the rows hold two of it.

    Parts of a day have the week, and days the year.
    """
    (usual, longer), longest = usual_seasons(layout.grid), int(layout.lengths.max())
    if period != usual:
        longer = 7 * period if period in DAY_PERIODS else 0
    elif layout.grid.closed is None and period not in (7, *DAY_PERIODS):
        longer = 0
    fits = longer and Season(period, longer).context_length >= longer + HORIZON
    return Season(period, longer if fits and longest >= 2 * longer else 0)


def forecast_series(
    network: Network,
    panel: Panel,
    season: Season,
    numbers: Ints,
    *,
    horizon: int,
    quantiles: Sequence[float],
    back: int = 0,
    periods: Ints | None = None,
) -> Floats:
    """Forecast the first column of some series by their ``numbers`` (n,), ``back`` steps before
    their ends: (n, horizon, n_quantiles), NaN where the newest window holds no value.

    Series whose own ``periods`` (n,) are not the season's have those. No forecast of a series is
    below 0 where none of its values until then is.
    """
    periods = np.full(len(numbers), season.period) if periods is None else periods
    forecast = np.empty((len(numbers), horizon, len(quantiles)))
    for period in np.unique(periods):
        own = season if period == season.period else Season(int(period))
        places = np.flatnonzero(periods == period)
        for part in np.split(places, range(BATCH, len(places), BATCH)):
            windows = windows_before(panel, numbers[part], own.context_length, back=back)
            found = _rolled(network.session, windows, own, horizon)
            forecast[part] = at_quantiles(found, quantiles)
    lowest = np.where(_least(panel, back)[numbers] >= 0, 0, -np.inf)
    return np.asarray(np.maximum(forecast, lowest[:, None, None]))


def own_periods(
    panel: Panel, season: Season, numbers: Ints, *, back: int = 0, given: bool = False
) -> Ints:
    """The period of each of these series before its last ``back`` steps, (n,): that of the season,
    or another near it, unless the season was ``given``.

    It is the distance, of half the season's period to twice of it, at which values repeat best, if
    they miss at most half as much there as at the season's, and less than at the distances beside
    it. Three periods have to be seen, of both.
    """
    period, found = season.period, np.full(len(numbers), season.period)
    lags = range(max(1, period // 2), 2 * period + 2)
    if given or period == 1:
        return found
    places = np.arange(len(numbers))
    for part in np.split(places, range(BATCH, len(places), BATCH)):
        windows = windows_before(panel, numbers[part], season.context_length, back=back)
        missed = np.stack([_missed(windows, lag) for lag in lags], axis=1)
        inner, told = missed[:, 1:-1], missed[:, period - lags[0], None]
        least = (inner < missed[:, :-2]) & (inner < missed[:, 2:])
        far_better = np.isfinite(told) & (inner <= told / 2) & least
        best = np.where(far_better, inner, np.inf).argmin(axis=1)
        found[part] = np.where(far_better.any(axis=1), lags[1] + best, period)
    return found


def _missed(windows: Floats, lag: int) -> Floats:
    """Mean absolute change over ``lag`` steps in each window; infinite where it is seen less than
    twice ``lag`` times.
    """
    change = np.abs(windows[:, lag:] - windows[:, :-lag])
    known = ~np.isnan(change)
    count = known.sum(axis=1)
    total = np.where(known, change, 0).sum(axis=1)
    return np.asarray(np.where(count >= 2 * lag, total / np.maximum(count, 1), np.inf))


def _least(panel: Panel, back: int) -> Floats:
    """The least value of every series without its last ``back`` steps, (n_series,), NaN where there
    is none.
    """
    layout = panel.layout
    ends = layout.ordinals(layout.offsets[1:] - 1) - back
    until = layout.ordinals(np.arange(len(panel.values))) <= np.repeat(ends, layout.lengths)
    values = np.where(until, panel.values[:, 0], np.nan)
    return np.asarray(np.fmin.reduceat(values, layout.offsets[:-1]))


def windows_before(panel: Panel, numbers: Ints, length: int, *, back: int = 0) -> Floats:
    """The newest values of some series without their last ``back`` steps, (n, length), NaN where
    nothing was observed.
    """
    layout = panel.layout
    starts, ends = layout.offsets[:-1][numbers], layout.offsets[1:][numbers]
    starts = np.maximum(starts, ends - back - length)
    number = np.repeat(np.arange(len(numbers)), ends - starts)
    rows = np.arange(len(number)) + (starts - np.append(0, np.cumsum(ends - starts)[:-1]))[number]
    age = layout.ordinals(ends - 1)[number] - back - layout.ordinals(rows)
    kept = (age >= 0) & (age < length)
    windows = np.full((len(numbers), length), np.nan)
    windows[number[kept], length - 1 - age[kept]] = panel.values[rows[kept], 0]
    return windows


def at_quantiles(forecast: Floats, quantiles: Sequence[float]) -> Floats:
    """The forecast (..., n_quantiles) at other quantiles: straight lines between those of
    `QUANTILES`, and beyond them, over the scale of a normal distribution.
    """
    normal = NormalDist()
    at = np.array([normal.inv_cdf(quantile) for quantile in QUANTILES])
    wanted = np.array([normal.inv_cdf(quantile) for quantile in quantiles])
    above = np.clip(np.searchsorted(at, wanted), 1, len(at) - 1)
    share = (wanted - at[above - 1]) / (at[above] - at[above - 1])
    return np.asarray(forecast[..., above - 1] * (1 - share) + forecast[..., above] * share)


def _rolled(session: Session, windows: Floats, season: Season, horizon: int) -> Floats:
    """The forecast of windows (n, context_length), (n, horizon, n_quantiles) of `QUANTILES`.

    Beyond `HORIZON` steps it is rolled forward on the paths of its quantiles, see `rolled_block`.
    Of a window without any value nothing is known: NaN.
    """
    forecast = _once(session, windows, season)
    while forecast.shape[1] < horizon:
        after = []
        for number in range(len(QUANTILES)):
            behind = np.concatenate([windows, forecast[..., number]], axis=1)
            after.append(_once(session, behind[:, -season.context_length :], season))
        block = np.sort(rolled_block(np.stack(after)), axis=2)
        forecast = np.concatenate([forecast, block], axis=1)
    unseen = np.asarray(np.isnan(windows).all(axis=1))
    return np.where(unseen[:, None, None], np.nan, forecast[:, :horizon])


def _once(session: Session, windows: Floats, season: Season) -> Floats:
    """`HORIZON` steps of each window, those of one length together: padding is never looked at."""
    oldest = (~np.isnan(windows)).argmax(axis=1)
    steps = STEPS - np.searchsorted(season.ends, oldest)
    forecast = np.empty((len(windows), HORIZON, len(QUANTILES)))
    for n_steps in np.unique(steps):
        own = steps == n_steps
        length = season.ends[n_steps - 1] + 1
        forecast[own] = _both_ways(session, windows[own, -length:], season, season.ends[:n_steps])
    return forecast


def _both_ways(session: Session, windows: Floats, season: Season, ends: Ints) -> Floats:
    """The mean of what the network says of the series and, turned over, of its mirror image."""
    scaled, seen, zero, mean, deviation = standardised_windows(windows)
    total = np.zeros((len(windows), HORIZON, len(QUANTILES)), np.float32)
    for sign in (1, -1):
        past = Past(sign * scaled, seen, sign * zero, season, ends)
        inputs = inputs_of(past, np.array([len(ends) - 1]))
        feed = {"steps": inputs.steps, "cut": inputs.cuts[:, 0], "simple": inputs.simple[:, 0]}
        relative = session.run(feed)
        one = inputs.last[:, :, None] + relative * inputs.scale[:, :, None]
        total += one if sign == 1 else -one[..., ::-1]
    return np.asarray(mean[:, None, None] + total / 2 * deviation[:, None, None], np.float64)
