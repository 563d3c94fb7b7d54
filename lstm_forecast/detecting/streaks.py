"""Stretches of equal values, and of missing ones, beside those that a series had before."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["streak_p_values", "streaks"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def streaks(goes_on: Bools) -> Ints:
    """How many of the newest steps, each step included, go on with what was before: (n,)."""
    index = np.arange(len(goes_on))
    broken = np.maximum.accumulate(np.where(goes_on, -1, index))
    return index - broken


def streak_p_values(lengths: Ints) -> Floats:
    """How rare the ``lengths`` (n,) of streaks are among those of the steps before, in one series.

    Streaks that go on by chance, with the probability q, are geometrically distributed: the longest
    of n steps is a stretch of 1 / (1 - q) steps, so that each of these has the p-value 1 / (n (1 -
    q)), times q for every step beyond the longest before. q is the share of streaks' steps that
    went on, with one step more of either kind (the rule of succession). A streak that began with
    the series is not rare, as there was nothing else.
    """
    n = np.arange(1, len(lengths) + 1)
    # what was known where the streak began, so that it does not speak for itself
    began = np.arange(len(lengths)) - lengths + 1
    before = np.append(0, np.cumsum(lengths > 0))[began]
    went_on = np.append(0, np.cumsum(lengths > 1))[began]
    share = (1 + went_on) / (2 + before)
    beyond = lengths - np.maximum.accumulate(np.append(0, lengths))[began] - 1
    rare = share ** np.maximum(beyond, 0) / (n * (1 - share))
    return np.where((beyond >= 0) & (began > 1), np.minimum(rare, 1), 1.0)
