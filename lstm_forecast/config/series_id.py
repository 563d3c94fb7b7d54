"""Keys of the section ``data`` about the columns that name series."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

__all__ = ["LONG_COLUMNS", "PaddedIds", "SeriesId"]

# Columns of a forecast table in long format, beside those called like the run.
LONG_COLUMNS = ("unique_id", "ds", "cutoff", "y")


def _checked_names(value: Any) -> Any:
    """Let a name stand for a list of one, and a list of one for its name."""
    names = value if isinstance(value, (list, tuple)) else [value]
    if not names or any(
        isinstance(name, bool) or not isinstance(name, (str, int, float)) for name in names
    ):
        raise ValueError(
            "must be the name of a column, or a list of those that name a series together"
        )
    return str(names[0]) if len(names) == 1 else tuple(map(str, names))


SeriesId = Annotated[str | tuple[str, ...], BeforeValidator(_checked_names)]
PaddedIds = Annotated[
    Literal["keep", "strip"],
    Field(
        description=(
            "blanks around the ids of series, as in columns of a fixed width: keep (as part of the"
            " ids) or strip (left out)"
        )
    ),
]
