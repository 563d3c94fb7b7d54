"""A sequential test for levels that go away slowly."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALLOWANCE",
    "LEAST_KNOWN",
    "UNSURE",
    "allowance_for",
    "cumulative_sums",
    "false_alarm_share",
]

# Half the shift, in standard deviations, that is to be found soonest: a small one.
ALLOWANCE = 0.25
# Independent steps that have to tell what is usual, and by how much more often than they say sums
# pass a border where steps as few as that do.
LEAST_KNOWN, UNSURE = 30, 2.0
OVERSHOOT = 1.166  # by which a sum of normal steps passes a border, on average, both sides
Floats = NDArray[np.float64]


def cumulative_sums(steps: Floats, allowance: float, *, alarm: float) -> Floats:
    """The cumulative sums of ``steps`` (n,) upwards and downwards, (2, n), which never fall below 0
    and begin anew behind a step on which one of them has a false alarm share of at most ``alarm``.

    Steps are standard normal where nothing drifts, and count for what they are above the
    ``allowance`` (Page 1954, "Continuous inspection schemes").
    """
    sums = np.empty((2, len(steps)))
    start = 0
    while start < len(steps):
        for side, sign in enumerate((1, -1)):
            walk = np.cumsum(sign * steps[start:] - allowance)
            sums[side, start:] = walk - np.minimum(np.minimum.accumulate(walk), 0)
        shares = false_alarm_share(sums[:, start:].max(axis=0), allowance)
        passed = np.flatnonzero(shares <= alarm)
        start = start + int(passed[0]) + 1 if len(passed) else len(steps)
    return sums


def false_alarm_share(sums: Floats, allowance: float) -> Floats:
    """The share of steps on which one of both sums passes ``sums`` where nothing drifts: 1 / the
    average run length, in Siegmund's approximation (1985, "Sequential Analysis", 2.6).
    """
    scaled = 2 * allowance * (np.minimum(sums, 1000.0) + OVERSHOOT)
    run_length = (np.exp(np.minimum(scaled, 500.0)) - scaled - 1) / (2 * allowance**2)
    return np.minimum(1.0, 2 / run_length)


def allowance_for(count: float) -> float:
    """The allowance where what is usual is known of so many independent steps: three standard
    errors of their mean more, as that is not known better.
    """
    return ALLOWANCE + 3 / math.sqrt(count)
