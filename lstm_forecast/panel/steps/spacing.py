"""How far apart stamps are: the commonest step, the round one that an inexact clock is about, and
where in it the stamps lie.
"""

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.steps.frequency import TICKS_OF_DAY

__all__ = [
    "MOST_MOVED", "commonest_step", "distinct", "duration_text", "round_phase", "spacings",
    "usual_step",
]  # fmt: skip

Ints = NDArray[np.int64]
MILLISECOND, SECOND, MINUTE, HOUR = 1_000, 1_000_000, 60_000_000, 3_600_000_000  # microseconds
# Divisors of a second in the steps of 1, 2 and 5; of a minute, of an hour and of a day.
ROUND_STEPS = np.array(
    [
        *(n * MILLISECOND for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
        *(n * SECOND for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
        *(n * MINUTE for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
        *(n * HOUR for n in (1, 2, 3, 4, 6, 8, 12)),
        TICKS_OF_DAY,
    ]
)
UNITS = {"d": TICKS_OF_DAY, "h": HOUR, "min": MINUTE, "s": SECOND, "ms": MILLISECOND, "us": 1}
EXACT_SHARE = 0.5  # of the steps of an exact clock that are the commonest one, or some of it
ROUND_DISTANCE = 0.03  # share of a round step by which the median step may differ from it
# A stamp that moves by less than this share of a step is nearer to it than to the middle between
# two: no two of them meet on one step unless they are less than half a step apart.
MOST_MOVED = 0.25


def distinct(stamps: Ints) -> Ints:
    """Ascending.

    Unlike np.unique, which keeps hundreds of bytes for each stamp of a long series.
    """
    ordered = np.sort(stamps)
    found: Ints = ordered[np.append(True, np.diff(ordered) > 0)]
    return found


def spacings(unique: Ints) -> tuple[Ints, Ints]:
    """All steps between ascending stamps, and how often each is there."""
    return np.unique(np.diff(unique), return_counts=True)


def commonest_step(unique: Ints) -> int:
    """The step that is there most often; 0 where there is none."""
    steps, counts = spacings(unique)
    return int(steps[counts.argmax()]) if len(steps) else 0


def usual_step(unique: Ints) -> int:
    """The commonest step of ascending stamps in microseconds, or the round one that an inexact
    clock is about; 0 where there is none.
    """
    steps, counts = spacings(unique)
    if not len(steps):
        return 0
    commonest = int(steps[counts.argmax()])
    if counts[steps % commonest == 0].sum() >= EXACT_SHARE * counts.sum():
        return commonest
    median = float(np.median(np.diff(unique)))
    nearest = int(ROUND_STEPS[np.abs(ROUND_STEPS - median).argmin()])
    if median > 1.5 * TICKS_OF_DAY:
        nearest = round(median / TICKS_OF_DAY) * TICKS_OF_DAY
    return nearest if abs(median - nearest) <= ROUND_DISTANCE * nearest else commonest


def round_phase(ticks: Ints, step: int) -> int | None:
    """Where in a ``step`` all ``ticks`` lie about, as round as it can be told: on a multiple of an
    hour or of a shorter unit which all are within a quarter of; None where there is none.

    No unit is longer: the midnight that is nearest to a late evening is that of another day.
    """
    for unit in ROUND_STEPS[::-1].tolist():
        if unit <= HOUR and step % unit == 0:
            phase = (int(ticks[0]) + unit // 2) // unit * unit % step
            off = (ticks - phase + step // 2) % step - step // 2
            if np.abs(off).max() < MOST_MOVED * unit:
                return int(phase)
    return None


def duration_text(ticks: int) -> str:
    """Microseconds in words, for people: 3min 25s."""
    shown, rest = [], ticks
    for unit, length in UNITS.items():
        count, rest = divmod(rest, length)
        shown += [f"{count} {unit}"] if count else []
    return " ".join(shown[:2]) or "0 s"
