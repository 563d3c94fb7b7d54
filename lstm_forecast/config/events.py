"""Keys of the section ``data`` about rows that are events: how those of one step become one row."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

__all__ = ["Aggregate", "DayStart", "Partial", "Rule"]

Rule = Literal["sum", "mean", "last", "max", "count"]


def _checked_rule(rule: Rule | None, info: ValidationInfo) -> Rule | None:
    """Tell a rule that has a step, and nothing beside it that says something else of these rows."""
    others = info.data
    if rule is None:
        return None
    if "freq" in others and others["freq"] is None:
        raise ValueError(
            "needs data.freq, the step whose rows become one, such as D, W-SUN, MS or h"
        )
    if others.get("off_grid") == "nearest":
        raise ValueError(
            "needs data.off_grid: error, as every row belongs to the step that it lies in, and none"
            " is moved to the nearest one"
        )
    if (policy := others.get("duplicates")) in ("last", "mean", "sum"):
        raise ValueError(
            f"needs data.duplicates: error or first, as data.duplicates: {policy} says something"
            " else of rows with the same stamp"
        )
    return rule


def _checked_beside(value: str | None, info: ValidationInfo) -> str | None:
    """Tell what says something of rows that become one."""
    if value not in (None, "keep") and info.data.get("aggregate", "unknown") is None:
        raise ValueError("needs data.aggregate, which says how the rows of a step become one")
    return value


Aggregate = Annotated[
    Rule | None,
    AfterValidator(_checked_rule),
    Field(
        description=(
            "rows are events, and those of a series within one step of freq become one: the sum,"
            " mean, last or max of the cells that hold a value, or the count of the rows that hold"
            " something in the target's column, which may be text; steps without a row are 0 under"
            " sum and count, and gaps under the others; covariates become their mean, under last"
            " and max the same as targets; absent: rows are no events"
        )
    ),
]
DayStart = Annotated[
    Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None,
    AfterValidator(_checked_beside),
    Field(
        description=(
            "local time at which a day of data.aggregate begins, such as '06:00': the day is named"
            " by its date, and weeks and months consist of such days; absent: midnight"
        )
    ),
]
Partial = Annotated[
    Literal["keep", "drop"],
    AfterValidator(_checked_beside),
    Field(
        description=(
            "the steps of data.aggregate that the oldest and the newest row of the table lie in,"
            " which may not be whole: keep or drop"
        )
    ),
]
