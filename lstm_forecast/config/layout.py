"""How the rows of a table are laid out, as ``data.layout`` says it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from lstm_forecast.config.covariates import CovariatesConfig

__all__ = ["LayoutOfTable", "OptionalLayout", "columns_as_written", "require_one_value"]

LayoutOfTable = Literal["rows", "wide", "calendar"]
OptionalLayout = Annotated[
    LayoutOfTable | None,
    Field(
        description=(
            "how the table is laid out: rows (a row for each stamp), wide (a row for each series,"
            " and stamps or numbers of steps as names of columns; timestamp and targets name what"
            " comes of these) or calendar (timestamp is the column of the year or the day, and"
            " months, quarters or hours are names of columns; or the column of the month, quarter,"
            " week or day, and years are); absent: rows"
        )
    ),
]


def columns_as_written(
    layout: LayoutOfTable | None,
    columns: Sequence[str],
    *,
    stamps: Sequence[str],
    targets: Sequence[str],
) -> tuple[str, ...]:
    """Those of the ``columns`` that have their names before the table is turned round."""
    made = {None: (), "rows": (), "wide": (*stamps, *targets), "calendar": targets}[layout]
    return tuple(name for name in columns if name not in made)


def require_one_value(
    layout: LayoutOfTable | None,
    *,
    stamps: Sequence[str],
    targets: Sequence[str],
    covariates: CovariatesConfig,
) -> None:
    """Raise ValueError for more than one value of a stamp where a table can hold no more."""
    if layout in (None, "rows"):
        return
    if len(targets) > 1 or covariates.past or covariates.future:
        raise ValueError(
            f"data.layout: {layout}: such a table holds one value of a stamp: it has one target,"
            " and neither covariates.past nor covariates.future"
        )
    if layout == "wide" and len(stamps) > 1:
        raise ValueError("data.layout: wide: its stamps come into one column: name one timestamp")
