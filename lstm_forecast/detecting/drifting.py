"""A sequential test for levels that go away slowly."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALLOWANCE", "cumulative_sums", "false_alarm_share"]

# Half the shift, in standard deviations, that is to be found soonest: a small one.
ALLOWANCE = 0.25
OVERSHOOT = 1.166  # by which a sum of normal steps passes a border, on average, both sides
Floats = NDArray[np.float64]


def cumulative_sums(steps: Floats) -> tuple[Floats, Floats]:
    """The cumulative sums of ``steps`` (n,) upwards and downwards, which never fall below 0.

    Steps are standard normal where nothing drifts (Page 1954, "Continuous inspection schemes").
    """
    upwards, downwards = (_reflected(sign * steps - ALLOWANCE) for sign in (1, -1))
    return upwards, downwards


def false_alarm_share(sums: Floats) -> Floats:
    """The share of steps on which one of both sums passes ``sums`` where nothing drifts: 1 / the
    average run length, in Siegmund's approximation (1985, "Sequential Analysis", 2.6).
    """
    scaled = 2 * ALLOWANCE * (np.minimum(sums, 1000.0) + OVERSHOOT)
    run_length = (np.exp(np.minimum(scaled, 500.0)) - scaled - 1) / (2 * ALLOWANCE**2)
    return np.minimum(1.0, 2 / run_length)


def _reflected(steps: Floats) -> Floats:
    walk = np.cumsum(steps)
    return walk - np.minimum(np.minimum.accumulate(walk), 0)
