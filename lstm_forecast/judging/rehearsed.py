"""How good the pretrained network would have been on the newest rows, beside naive forecasts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.pretrained import Network, forecast_series, windows_before
from lstm_forecast.judging.metrics import seasonal_scale
from lstm_forecast.model.pretrained.season import Season
from lstm_forecast.panel.panel import Panel

__all__ = ["Rehearsal", "rehearse"]

Floats = NDArray[np.float64]
WINDOWS = 3  # held back of every series, one after the other
MOST_SERIES = 1_000  # that are rehearsed, evenly chosen: at once for 100,000 series too
LEAST_ROWS = 3  # before a window


@dataclass(frozen=True)
class Rehearsal:
    """Errors on windows that were held back: MASE by the name of what forecasts."""

    windows: int  # of each series, at most
    series: int
    errors: Mapping[str, float]

    def __str__(self) -> str:
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
        figures = ", ".join(
            f"{key.replace('_', ' ')} {value:.3g}" for key, value in self.errors.items()
        )
        return (
            f"on the newest {self.windows} windows held back, the network is {compared} repeating"
            f" {name} (MASE: {figures})"
        )


def rehearse(network: Network, panel: Panel, season: Season, *, horizon: int) -> Rehearsal | None:
    """Forecast the newest windows of the first column from the rows before them; None where no
    series is long enough to hold back one, or none changes before it.
    """
    lengths = panel.layout.lengths
    fitting = np.flatnonzero(lengths >= horizon + LEAST_ROWS)
    if not len(fitting):
        return None
    chosen = fitting[np.unique(np.linspace(0, len(fitting) - 1, MOST_SERIES).astype(np.int64))]
    parts = list(_windows(network, panel, season, chosen, horizon))
    errors = np.concatenate(parts)
    if not len(errors):
        return None
    names = ("pretrained", "naive", "seasonal_naive")[: 3 if season.period > 1 else 2]
    means = errors.mean(axis=0)
    return Rehearsal(
        len(parts),
        len(chosen),
        {name: float(mean) for name, mean in zip(names, means, strict=False)},
    )


def _windows(
    network: Network, panel: Panel, season: Season, chosen: NDArray[np.int64], horizon: int
) -> Iterator[Floats]:
    """Scaled absolute errors (n, 3) of every window, the newest ones first."""
    period = season.period
    length = Season(period).context_length
    for back in range(horizon, (WINDOWS + 1) * horizon, horizon):
        own = chosen[panel.layout.lengths[chosen] >= back + LEAST_ROWS]
        if not len(own):
            return
        past = windows_before(panel, own, length, back=back)
        actual = windows_before(panel, own, horizon, back=back - horizon)
        forecast = forecast_series(
            network, panel, season, own, horizon=horizon, quantiles=(0.5,), back=back
        )[..., 0]
        filled = _filled(past)
        seasonal = filled[:, -period:][:, np.arange(horizon) % period]
        scale = np.array([seasonal_scale(row[:, None], period)[0] for row in past])
        made = (forecast, filled[:, -1:], seasonal)
        sizes = np.stack([_mean_sizes(each - actual) for each in made], axis=1)
        known = (scale > 0) & np.isfinite(sizes).all(axis=1)
        yield sizes[known] / scale[known, None]


def _mean_sizes(errors: Floats) -> Floats:
    """Mean absolute errors of each row (n, steps) where they are known; NaN where none is."""
    known = ~np.isnan(errors)
    total = np.abs(np.where(known, errors, 0)).sum(axis=1)
    return np.asarray(np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan))


def _filled(past: Floats) -> Floats:
    """Each missing value as the newest one before it."""
    at = np.maximum.accumulate(np.where(np.isnan(past), -1, np.arange(past.shape[1])), axis=1)
    return np.take_along_axis(past, np.maximum(at, 0), 1)
