"""How long a number of steps is, in words."""

import re

import pandas as pd

from lstm_forecast.panel.steps.frequency import fixed_step
from lstm_forecast.panel.steps.grid import Grid

__all__ = ["next_steps", "steps_text"]

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
PERIODS = {"W": "week", "M": "month", "MS": "month", "ME": "month", "Q": "quarter", "Y": "year"}


def steps_text(steps: int, grid: Grid) -> str:
    """So many steps of a grid for people: 14 days, 12 months, 30 steps."""
    if isinstance(grid.origin, int) or grid.closed is not None:
        return _counted(steps, "step")
    if step := fixed_step(grid.freq):
        seconds = steps * step / pd.Timedelta(seconds=1)
        for name, length in UNITS:
            if seconds >= length and seconds % length == 0:
                return _counted(int(seconds // length), name)
        return f"{seconds:g} seconds"
    alias = re.fullmatch(r"(\d*)(W|MS?|ME|Q|Y)(?:[SE])?(?:-[A-Z]{3}|-\d+)?", grid.freq)
    if alias is None:
        return _counted(steps, "step")
    return _counted(steps * int(alias[1] or 1), PERIODS[alias[2]])


def next_steps(steps: int, grid: Grid) -> str:
    """What a forecast is of, for titles: the next day, the next 12 months, the next 30 steps."""
    return f"the next {steps_text(steps, grid).removeprefix('1 ')}"


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
