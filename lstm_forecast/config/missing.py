"""Keys of the section ``data`` about cells that may stand for a missing value."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lstm_forecast.config.fields import as_list

__all__ = ["MOST_SENTINELS", "Dashes", "DashesKey", "Negative", "Sentinels"]

MOST_SENTINELS = 32


def _checked_sentinel(value: Any) -> Any:
    """A number, or a text that stands where a number should."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value:
        return value
    raise ValueError("must be a number or a text")


def _as_sentinels(value: Any) -> Any:
    return [value] if isinstance(value, float) else as_list(value)


Sentinels = Annotated[
    tuple[Annotated[float | str, BeforeValidator(_checked_sentinel)], ...],
    BeforeValidator(_as_sentinels),
    Field(
        max_length=MOST_SENTINELS,
        description=(
            "numbers and texts in value columns that stand for a missing value, such as [-200, n/a]"
        ),
    ),
]
Dashes = Literal["missing", "zero", "error"]
DashesKey = Annotated[
    Dashes,
    Field(
        description=(
            "cells of numbers that hold a dash alone, which offices write for 0 or for no value:"
            " missing, zero or error; data.sentinels names other dashes than - that are missing"
        )
    ),
]
Negative = Annotated[
    Literal["keep", "error"],
    Field(
        description=(
            "values of targets below 0 that data.sentinels does not name, such as -1 where a"
            " counter failed: keep or error"
        )
    ),
]
