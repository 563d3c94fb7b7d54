"""A figure that differs from seed to seed."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Spread", "spread"]


@dataclass(frozen=True)
class Spread:
    """Where the values of a figure lie; None if one of them is missing, which the median of the
    others would hide.
    """

    median: float | None
    low: float | None  # the smallest
    high: float | None  # the largest
    values: tuple[float | None, ...]  # by seed


def spread(values: Iterable[float | None]) -> Spread:
    """Of at least one value.

    One that is not finite, as after a training that diverged, counts as missing.
    """
    every = tuple(value if value is not None and math.isfinite(value) else None for value in values)
    known = [value for value in every if value is not None]
    if len(known) < len(every):
        return Spread(None, None, None, every)
    return Spread(statistics.median(known), min(known), max(known), every)
