"""What the pretrained network is told of a series, and how far back it looks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["HORIZON", "LAGS", "LONGEST_PERIOD", "STEPS", "Season"]

HORIZON = 48  # steps that one pass forecasts
LAGS = 24  # newest values that each recurrent step sees
STEPS = 32  # recurrent steps
LONGEST_PERIOD = STEPS * LAGS - 1  # of which the longest window holds more than one


@dataclass(frozen=True)
class Season:
    """The periods of a series, in steps; 1 where it has no season, 0 where it has no second one."""

    period: int
    second: int = 0

    @cached_property
    def stride(self) -> int:
        """Values between two recurrent steps, at most `LAGS`: each sees all since the one before.

        Short seasons are repeated whole and long ones divided into equal parts, where whole numbers
        allow it; the window holds more than a season of up to `LONGEST_PERIOD` values, and a second
        one of up to 720 values and a forecast's length.
        """
        held = max(self.period + 1, self.second + HORIZON if self.second else 0)
        least = max(-(-(held - LAGS) // (STEPS - 1)), 1 if self.second else 4)
        least = min(least, LAGS)
        if self.period <= LAGS:
            repeated = -(-least // self.period)
            return min(self.period * repeated, LAGS)
        for parts in range(-(-self.period // LAGS), self.period // 8 + 1):
            if self.period % parts == 0 and self.period // parts >= least:
                return self.period // parts
        return min(max(round(self.period / -(-self.period // LAGS)), least), LAGS)

    @property
    def context_length(self) -> int:
        """Newest values that the network looks at."""
        return (STEPS - 1) * self.stride + LAGS

    @property
    def fits(self) -> bool:
        """Whether that holds more than a period."""
        return self.period < self.context_length

    @property
    def ends(self) -> NDArray[np.int64]:
        """The index of the newest value that each recurrent step sees, (STEPS,)."""
        return np.arange(LAGS - 1, self.context_length, self.stride)
