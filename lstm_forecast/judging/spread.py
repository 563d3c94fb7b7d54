"""A figure that differs from seed to seed."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from lstm_forecast.documents import described

__all__ = ["Spread", "spread"]


@dataclass(frozen=True)
class Spread:
    """Where the values of a figure lie; None if one of them is missing, which the median of the
    others would hide.
    """

    median: float | None = field(metadata=described("Their median."))
    low: float | None = field(metadata=described("The smallest."))
    high: float | None = field(metadata=described("The largest."))
    values: tuple[float | None, ...] = field(metadata=described("In the order of the seeds."))


def spread(values: Iterable[float | None]) -> Spread:
    """Of at least one value.

    One that is not finite, as after a training that diverged, counts as missing.
    """
    every = tuple(value if value is not None and math.isfinite(value) else None for value in values)
    known = [value for value in every if value is not None]
    if len(known) < len(every):
        return Spread(None, None, None, every)
    return Spread(statistics.median(known), min(known), max(known), every)
