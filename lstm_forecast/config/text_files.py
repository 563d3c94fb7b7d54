"""The config's section about how text files are written."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lstm_forecast.config.fields import PositiveInt, Section, Whole
from lstm_forecast.config.standards import Encoding

__all__ = ["CsvConfig"]

LONGEST_COMMENT = 40  # characters
MOST_HEADER_LINES = 12


class CsvConfig(Section):
    """How to read CSV files; whatever is absent is detected."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="field delimiter; absent: detected"
    )
    decimal: Literal[".", ",", "error"] | None = Field(
        None,
        description=(
            "decimal sign, . or ,; absent: detected; error: refused, as where numbers have two"
            " readings and nobody has chosen"
        ),
    )
    thousands: Literal[",", ".", "'", " "] | None = Field(
        None,
        description=(
            "sign between thousands: , . ' or a space of any width; absent: none, and a number that"
            " seems to have one is refused"
        ),
    )
    encoding: Encoding | None = Field(
        None, description="encoding of the text, such as utf-8 or cp1252; absent: detected"
    )
    header: PositiveInt | None = Field(
        None,
        description=(
            "line, or row of a sheet, that names the columns; those before it are left out; where a"
            " file has other columns there, the line that has those of the config; absent: the"
            " first"
        ),
    )
    header_lines: Annotated[PositiveInt, Field(le=MOST_HEADER_LINES)] = Field(
        1,
        description=(
            "how many lines, from that of the header on, name the columns together: the texts of a"
            " column are joined by blanks, and where names would be repeated, a merged cell names"
            " the columns to its right, too"
        ),
    )
    comment: Annotated[str, Field(min_length=1, max_length=LONGEST_COMMENT)] | None = Field(
        None, description="what lines begin with that are left out, such as '#'; absent: none are"
    )
    units_row: bool = Field(
        False,
        description="whether the line below the header, or up to 6, hold units, and are left out",
    )
    totals_row: bool = Field(
        False,
        description=(
            "whether the line below the header, or up to 3, may hold totals of all rows: those"
            " that are called so and have no stamp are left out"
        ),
    )
    footer: Annotated[Whole, Field(ge=0, le=100)] = Field(
        0,
        description=(
            "how many lines at the end may be no rows, such as totals or notes; those that have no"
            " stamp are left out"
        ),
    )

    @model_validator(mode="after")
    def _signs_differ(self) -> "CsvConfig":
        if self.thousands is not None and self.thousands == self.decimal:
            raise ValueError("data.csv: decimal and thousands are one sign; they have to differ")
        return self
