"""How good the pretrained network would have been on the newest rows, beside naive forecasts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.pretrained import (
    Network,
    forecast_series,
    own_periods,
    windows_before,
)
from lstm_forecast.judging.metrics import seasonal_scale
from lstm_forecast.model.pretrained.season import Season
from lstm_forecast.panel.panel import Layout, Panel

__all__ = ["HeldBack", "held_back_windows", "judge_held_back"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WINDOWS = 3  # held back of every series, one after the other
MOST_SERIES = 1_000  # that are judged, evenly chosen: at once for 100,000 series too
LEAST_ROWS = 3  # before a window


@dataclass(frozen=True)
class HeldBack:
    """Errors on windows that were held back: MASE by the name of what forecasts."""

    windows: int  # of each series, at most
    errors: Mapping[str, float]

    def __str__(self) -> str:
        figures = ", ".join(
            f"{key.replace('_', ' ')} {value:.3g}" for key, value in self.errors.items()
        )
        return f"{self.verdict} (MASE: {figures})"

    @property
    def verdict(self) -> str:
        """How the network compares to the better naive forecast, in words."""
        own, naive = self.errors["pretrained"], self.errors["naive"]
        seasonal = self.errors.get("seasonal_naive", naive)
        name = "the season before" if seasonal < naive else "the last value"
        best = min(seasonal, naive)
        gain = round(100 * (1 - own / best)) if best > 0 else 0
        compared = (
            f"{abs(gain)} % {'better' if gain > 0 else 'worse'} than" if gain else "as good as"
        )
        if best == 0:
            compared = "worse than" if own > 0 else "as good as"
        windows = f"{self.windows} windows" if self.windows > 1 else "window"
        return f"on the newest {windows} held back, the network is {compared} repeating {name}"


def judge_held_back(
    network: Network, panel: Panel, season: Season, *, horizon: int, given: bool = False
) -> HeldBack | None:
    """Forecast the newest windows of the first column from the rows before them; None where no
    series is long enough to hold back one, or none changes before it.

    Series may have periods of their own, unless the season was ``given``.
    """
    fitting = _long_enough(panel.layout, np.arange(len(panel.layout.ids)), horizon)
    if not len(fitting):
        return None
    chosen = fitting[np.unique(np.linspace(0, len(fitting) - 1, MOST_SERIES).astype(np.int64))]
    parts = list(_errors(network, panel, season, chosen, horizon, given=given))
    errors = np.concatenate(parts)
    if not len(errors):
        return None
    names = ("pretrained", "naive", "seasonal_naive")[: 3 if season.period > 1 else 2]
    means = errors.mean(axis=0)
    return HeldBack(
        len(parts), {name: float(mean) for name, mean in zip(names, means, strict=False)}
    )


def held_back_windows(layout: Layout, numbers: Ints, horizon: int) -> Iterator[tuple[int, Ints]]:
    """How many steps before the end each window begins, the newest one first, and those of the
    series by their ``numbers`` that have rows enough before it.
    """
    for back in range(horizon, (WINDOWS + 1) * horizon, horizon):
        own = _long_enough(layout, numbers, back)
        if len(own):
            yield back, own


def _long_enough(layout: Layout, numbers: Ints, back: int) -> Ints:
    return numbers[layout.lengths[numbers] >= back + LEAST_ROWS]


def _errors(
    network: Network, panel: Panel, season: Season, chosen: Ints, horizon: int, *, given: bool
) -> Iterator[Floats]:
    """Scaled absolute errors (n, 3) of every window, the newest ones first."""
    length = Season(season.period).context_length
    for back, numbers in held_back_windows(panel.layout, chosen, horizon):
        past = windows_before(panel, numbers, length, back=back)
        actual = windows_before(panel, numbers, horizon, back=back - horizon)
        periods = own_periods(panel, season, numbers, back=back, given=given)
        series = network, panel, season, numbers
        forecast = forecast_series(
            *series, horizon=horizon, quantiles=(0.5,), back=back, periods=periods
        )[..., 0]
        filled = _filled(past)
        before = length - periods[:, None] + np.arange(horizon) % periods[:, None]
        last, seasonal = filled[:, -1:], np.take_along_axis(filled, before, 1)
        made = (forecast, last, np.where(np.isnan(seasonal), last, seasonal))
        scale = _scales(past, periods)
        sizes = np.stack([_mean_sizes(each - actual) for each in made], axis=1)
        known = (scale > 0) & np.isfinite(sizes).all(axis=1)
        yield sizes[known] / scale[known, None]


def _scales(past: Floats, periods: Ints) -> Floats:
    """What MASE divides by, (n,), from the first value of each window (n, length) on."""
    first = (~np.isnan(past)).argmax(axis=1)
    return np.array(
        [
            seasonal_scale(row[start:, None], period)[0]
            for row, start, period in zip(past, first, periods.tolist(), strict=True)
        ]
    )


def _mean_sizes(errors: Floats) -> Floats:
    """Mean absolute errors of each row (n, steps) where they are known; NaN where none is."""
    known = ~np.isnan(errors)
    total = np.abs(np.where(known, errors, 0)).sum(axis=1)
    return np.asarray(np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan))


def _filled(past: Floats) -> Floats:
    """Each missing value as the newest one before it."""
    at = np.maximum.accumulate(np.where(np.isnan(past), -1, np.arange(past.shape[1])), axis=1)
    return np.take_along_axis(past, np.maximum(at, 0), 1)
