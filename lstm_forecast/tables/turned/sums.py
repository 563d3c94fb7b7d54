"""Columns that are sums or means of others, told by their numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "sum_or_mean"]

MOST_DECIMALS = 6
ROUNDING = 1e-9  # share of a number that is lost where many are added
Floats = NDArray[np.floating[Any]]


def sum_or_mean(parts: Floats, whole: Floats) -> str | None:
    """What ``whole`` (n_rows,) is of ``parts`` (n_rows, n_parts) in every row that has all of them:
    "sum", "mean", or None for neither.
    """
    rows = _complete(parts, whole)
    if not rows.any():
        return None
    for name, numbers in (("sum", parts.sum(axis=1)), ("mean", parts.mean(axis=1))):
        if not _differs(numbers, parts, whole)[rows].any():
            return name
    return None


def _complete(parts: Floats, whole: Floats) -> NDArray[np.bool_]:
    complete: NDArray[np.bool_] = ~np.isnan(parts).any(axis=1) & ~np.isnan(whole)
    return complete


def _differs(numbers: Floats, parts: Floats, whole: Floats) -> NDArray[np.bool_]:
    """Where the numbers differ by more than the last decimals, which are rounded, leave open."""
    blur = 0.5 * (10.0 ** -_decimals(whole) + 10.0 ** -_decimals(parts))
    differs: NDArray[np.bool_] = np.abs(numbers - whole) > blur + ROUNDING * np.abs(whole)
    return differs


def _decimals(numbers: Floats) -> int:
    """Decimals that all of the numbers need at most."""
    given = numbers[~np.isnan(numbers)]
    for decimals in range(MOST_DECIMALS):
        scaled = given * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) < ROUNDING * np.maximum(np.abs(scaled), 1000)).all():
            return decimals
    return MOST_DECIMALS
