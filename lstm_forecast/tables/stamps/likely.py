"""Which of several readings of a column of stamps is the one that its rows speak for."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

__all__ = ["likely"]

# Stamps from which on steps or their order may tell one reading from others, and the largest share
# of equal steps that these may have.
LEAST_REGULAR, MOST_ALIKE = 20, 0.9
# Share of the steps from the first stamp to the last that one reading fills, and of that the
# largest share that any other one does.
LEAST_FILLED, MOST_OF_FILLED = 0.5, 0.1


def likely(
    readings: Mapping[str, pd.DatetimeIndex], cells: pd.Series
) -> Mapping[str, pd.DatetimeIndex]:
    """The one reading by which alone the stamps are regular, fill their steps, or are in order; all
    where there is no such one.
    """
    if len(readings) < 2:
        return readings
    return _regular(readings) or _filling(readings) or _in_order(readings, cells) or readings


def _filling(readings: Mapping[str, pd.DatetimeIndex]) -> dict[str, pd.DatetimeIndex] | None:
    """The one reading that fills most of its steps, where all others leave nearly all of theirs
    empty; None where there is no such one.
    """
    shares = {style: _share_filled(stamps) for style, stamps in readings.items()}
    best = max(shares, key=lambda style: shares[style])
    rest = max(share for style, share in shares.items() if style != best)
    if shares[best] < LEAST_FILLED or rest > MOST_OF_FILLED * shares[best]:
        return None
    return {best: readings[best]}


def _share_filled(stamps: pd.DatetimeIndex) -> float:
    """The share of the steps between the first and the last of distinct stamps that have one, each
    as long as the commonest; 1 for few stamps, and for those without a common step, of which none
    tells.
    """
    unique = np.unique(stamps.asi8)
    if len(unique) < LEAST_REGULAR:
        return 1.0
    steps, counts = np.unique(np.diff(unique), return_counts=True)
    if counts.max() < LEAST_FILLED * counts.sum():  # they have no step
        return 1.0
    return min(1.0, len(unique) / float(1 + np.ptp(unique) / steps[counts.argmax()]))


def _regular(readings: Mapping[str, pd.DatetimeIndex]) -> dict[str, pd.DatetimeIndex] | None:
    """The one reading by which all steps are equal, if no other one has mostly equal steps or those
    of a calendar; None where there is no such one.
    """
    shares = {style: _share_of_step(stamps) for style, stamps in readings.items()}
    regular = [style for style, share in shares.items() if share == 1]
    rest = [share for share in shares.values() if share < 1]
    if len(regular) != 1 or max(rest, default=1) > MOST_ALIKE:
        return None
    return {regular[0]: readings[regular[0]]}


def _in_order(
    readings: Mapping[str, pd.DatetimeIndex], cells: pd.Series
) -> dict[str, pd.DatetimeIndex] | None:
    """The one reading by which the rows are in the order of time; None where there is no such one,
    and where the texts or the numbers in them are in order as they stand: who has sorted these says
    nothing of time.
    """
    if cells.nunique() < LEAST_REGULAR:
        return None
    numbers = cells.str.split(r"[^0-9]+", regex=True, expand=True)
    written = pd.MultiIndex.from_frame(numbers.apply(pd.to_numeric))
    if _is_sorted(cells) or _is_sorted(written):
        return None
    ordered = {style: stamps for style, stamps in readings.items() if _is_sorted(stamps)}
    return ordered if len(ordered) == 1 else None


def _is_sorted(values: pd.Series | pd.Index) -> bool:
    return bool(values.is_monotonic_increasing or values.is_monotonic_decreasing)


def _share_of_step(stamps: pd.DatetimeIndex) -> float:
    """The share of the steps between distinct stamps that are the commonest one; 1 for those of a
    calendar, 0 for few.
    """
    unique = stamps.unique().sort_values()
    if len(unique) < LEAST_REGULAR:
        return 0.0
    _, counts = np.unique(np.diff(unique.asi8), return_counts=True)
    share = float(counts.max() / counts.sum())
    with warnings.catch_warnings(action="ignore"):
        return 1.0 if share < 1 and pd.infer_freq(unique) else share
