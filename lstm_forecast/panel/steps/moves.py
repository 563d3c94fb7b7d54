"""How far stamps are moved that are put on a grid, and whether that is the doing of an inexact
clock.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.panel.steps.spacing import MOST_MOVED, duration_text

__all__ = ["Moves", "moves_to"]

Ints = NDArray[np.int64]
CLOCK_ERROR = 0.1  # share of a step that some stamps of an inexact clock may be off the grid
# A clock is slow or fast whose stamps drift from the first to the last by more than so many
# standard deviations of all else, and by more than that share of a step.
DRIFT_DEVIATIONS, DRIFT_SHARE = 4, 0.01


@dataclass(frozen=True)
class Moves:
    """What it takes to put stamps on a grid: (n,) each."""

    steps: Ints  # numbers on the grid
    distances: Ints  # in microseconds, or in step numbers where time is counted in these
    shares: NDArray[np.float64]  # of the step behind, with a sign

    @property
    def small(self) -> bool:
        """Whether all are so small that no two stamps meet that are half a step apart."""
        return bool(np.abs(self.shares).max() < MOST_MOVED)

    @property
    def drift(self) -> bool:
        """Whether the clock is slow or fast: then the step is another one."""
        if np.ptp(self.steps) == 0:
            return False
        numbers = self.steps - self.steps.mean()
        line = np.polyfit(numbers, self.shares, 1)
        rest = float(np.std(self.shares - np.polyval(line, numbers)))
        drift = abs(float(line[0])) * float(np.ptp(self.steps))
        return drift > max(DRIFT_DEVIATIONS * rest, DRIFT_SHARE)

    @property
    def far(self) -> int:
        """How many are farther than those of most clocks."""
        return int(np.count_nonzero(np.abs(self.shares) > CLOCK_ERROR))

    @property
    def count(self) -> int:
        """How many stamps are moved."""
        return int(np.count_nonzero(self.distances))

    @property
    def text(self) -> str:
        """The median and the largest one of those that are moved at all, for people."""
        moved = np.abs(self.distances[self.distances != 0])
        middle, most = duration_text(int(np.median(moved))), duration_text(int(moved.max()))
        return f"by {middle} in the median, {most} at most"


def moves_to(grid: Grid, ticks: Ints) -> Moves:
    """The moves of stamps, as the grid counts them, to its nearest steps."""
    steps = grid.nearest(ticks)
    nearest, behind = grid.ticks(steps), grid.ticks(steps + 1)
    return Moves(steps, ticks - nearest, (ticks - nearest) / (behind - nearest))
