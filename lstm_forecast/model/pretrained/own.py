"""Series that somebody has, to learn from beside generated ones or instead of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.pretrained.processes import Random
from lstm_forecast.model.pretrained.season import HORIZON, Season

__all__ = ["LEAST_OWN_VALUES", "OwnSeries", "chosen_own", "own_windows"]

LEAST_OWN_VALUES = 4  # before the steps that are held back, to learn a forecast from


@dataclass(frozen=True)
class OwnSeries:
    """Series of one panel, on its grid. Their newest ``horizon`` steps are never learned from: the
    network is judged by them.
    """

    values: NDArray[np.float64]  # (n_values,), NaN where nothing was observed
    offsets: NDArray[np.int64]  # (n_series + 1,): where each series begins
    season: Season
    horizon: int
    share: float  # of all that is learned

    def __post_init__(self) -> None:
        """Raise ValueError where no series has `LEAST_OWN_VALUES` before what is held back."""
        if self.lengths.max(initial=0) < LEAST_OWN_VALUES:
            raise ValueError(f"no series has {LEAST_OWN_VALUES + self.horizon} steps")

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each series before those that are held back, (n_series,)."""
        return np.diff(self.offsets) - self.horizon


def own_windows(rng: Random, n: int, own: OwnSeries, *, held_back: bool) -> NDArray[np.float64]:
    """Draw n windows and what follows them, (n, season.context_length + HORIZON), NaN outside of
    the series.

    Series are drawn by their lengths. A window ends anywhere in its series, and nothing of what is
    held back follows it; or it ends where that begins.
    """
    lengths = np.where(own.lengths >= LEAST_OWN_VALUES, own.lengths, 0)
    number = rng.choice(len(lengths), n, p=lengths / lengths.sum())
    last = own.lengths[number]
    end = last if held_back else rng.integers(LEAST_OWN_VALUES, last + 1)
    until = own.lengths[number] + own.horizon * held_back
    steps = end[:, None] + np.arange(-own.season.context_length, HORIZON)
    inside = (steps >= 0) & (steps < until[:, None])
    rows = own.offsets[number][:, None] + np.where(inside, steps, 0)
    return np.where(inside, own.values[rows], np.nan)


def chosen_own(rng: Random, own: Sequence[OwnSeries]) -> OwnSeries | None:
    """One of them by its share of what is learned; None for generated series."""
    behind = np.cumsum([each.share for each in own])
    number = int(np.searchsorted(behind, rng.random(), side="right"))
    return own[number] if number < len(own) else None
