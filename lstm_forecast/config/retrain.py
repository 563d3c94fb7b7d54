"""The config's section about unattended retraining: when it is due, what it refuses, what it takes
to be promoted.
"""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lstm_forecast.config.fields import PositiveInt, Section, Share

__all__ = ["RetrainConfig", "seconds"]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(duration: str) -> float:
    """Length of a duration such as 90s, 10m, 12h, 7d or 2w. Raises ValueError if it is none."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])", str(duration).lower())
    if not found:
        raise ValueError("must be a duration such as 90s, 10m, 12h, 7d or 2w")
    return float(found[1]) * UNITS[found[2]]


def _checked_duration(value: object) -> object:
    seconds(str(value))
    return value


Duration = Annotated[str, BeforeValidator(_checked_duration)]
Limit = Annotated[float, Field(ge=0)]


class DriftConfig(Section):
    """How far new rows may lie from what came before, in spreads of stretches of that length."""

    warn: Limit | None = Field(
        5.0,
        description=(
            "drift (of level or spread of the new rows, in spreads of stretches of that "
            "length before) that is reported and makes retraining due despite max_age; null: never"
        ),
    )
    error: Limit | None = Field(
        100.0, description="drift from which the data are refused (exit code 4); null: never"
    )


class SilentConfig(Section):
    """Series of the champion that are missing, have no new row, or stand still as never before."""

    warn: Share | None = Field(
        0.0,
        description=(
            "share of the champion's series that are missing, have no new row or stand "
            "still as never before, above which they are reported; null: never"
        ),
    )
    error: Share | None = Field(
        0.5,
        description=(
            "share of such series above which the data are refused (exit code 4); null: never"
        ),
    )


class StaleConfig(Section):
    """How old the newest stamp may be; by the clock, or by ``--as-of``."""

    warn: Duration | None = Field(
        None,
        description=(
            "age of the newest row that is reported, such as 2d, by the clock or by "
            "--as-of; stamps without zone count as UTC; null: never"
        ),
    )
    error: Duration | None = Field(
        None, description="age from which the data are refused (exit code 4); null: never"
    )


class RetrainConfig(Section):
    """What ``forecast retrain`` does when nobody looks."""

    start: Literal["warm", "scratch", "both"] = Field(
        "warm",
        description=(
            "warm (from the champion's weights, in a third of the epochs), scratch, or both: the"
            " better one by the validation part"
        ),
    )
    min_new_rows: PositiveInt | None = Field(
        None,
        description=(
            "steps since the last training from which the next is due; absent: eight horizons"
        ),
    )
    max_age: Duration | None = Field(
        None,
        description=(
            "age below which a champion is left alone unless the data drifted, such as 7d; absent:"
            " none"
        ),
    )
    tolerance: Share = Field(
        0.01, description="share by which the challenger has to be better than the champion"
    )
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = Field(
        0.99, description="confidence of the block bootstrap that the challenger is better at all"
    )
    refit: bool = Field(
        True, description="publish the challenger trained again on all rows, gated in the same way"
    )
    keep: PositiveInt = Field(
        5, description="newest runs that stay; the champion and the one before it always do"
    )
    drift: DriftConfig = DriftConfig()
    silent: SilentConfig = SilentConfig()
    stale: StaleConfig = StaleConfig()
