"""Rows that a config leaves out as their stamps are not written in its format, such as the sum of a
year behind its months.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from lstm_forecast.config.stamp_format import STEPS
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import NO_STAMPS, StampStyle, find_style, joined
from lstm_forecast.tables.stamps.numbers import MICROSECONDS_OF, numbered_stamps
from lstm_forecast.tables.stamps.reading import STEP, unread
from lstm_forecast.tables.stamps.several_periods import are_partly_years, several_periods

__all__ = [
    "OtherStamps", "of_one_period", "require_rows_of_stamps", "style_of_one_period",
    "without_other_stamps",
]  # fmt: skip

OtherStamps = Literal["error", "skip"]


def require_rows_of_stamps(layout: str | None) -> None:
    """Raise DataError where stamps are names of columns, which are no rows."""
    if layout in ("wide", "calendar"):
        raise DataError(
            f"data.other_stamps: skip leaves rows out, and with data.layout: {layout} stamps, or"
            " parts of them, are names of columns; leave it out, and take columns that are no"
            " stamps out of the table"
        )


def without_other_stamps(
    table: Table, column: str, style: str | None, policy: OtherStamps
) -> tuple[Table, list[Finding]]:
    """The rows whose stamps are written in the ``style``, and what was left out where the
    ``policy`` is ``skip``: others, and rows without a stamp.

    Raises DataError where no row is left, and where there is no style and every row has a stamp.
    """
    if policy == "error":
        return table, []
    cells = table.frame[column]
    texts = cells.str.strip() if pd.api.types.is_string_dtype(cells) else cells
    out = (cells.isna() | texts.isin(NO_STAMPS)).to_numpy()
    if style is None and not out.any():
        raise DataError(
            "data.other_stamps: skip needs data.timestamp_format, which says how the stamps that"
            " stay are written; set it, or leave data.other_stamps out"
        )
    if style is not None:
        out = out | cells.isin(_others(cells[~out], style)).to_numpy()
    rows = np.flatnonzero(out)
    if not len(rows):
        return table, []
    if out.all():
        raise DataError(
            f"{table.place(int(rows[0]))}: column {column}: no stamp is like {style}, as"
            f" {str(cells.iloc[rows[0]])!r} is not, and data.other_stamps: skip leaves no row;"
            " correct data.timestamp_format"
        )
    places = tuple(f"{table.place(int(row))}: {cells.iloc[row]}" for row in rows[:SHOWN_PLACES])
    wanted = "no stamp" if style is None else f"no stamp like {style}"
    finding = Finding("other_stamps", "settled", len(rows), f"{wanted}, left out", places)
    return replace(table, frame=table.frame[~out]), [finding]


def _others(cells: pd.Series, style: str) -> pd.Series:
    """The distinct cells that are not written in the style.

    Raises DataError for what is no style.
    """
    distinct = cells.drop_duplicates()
    texts = distinct.astype("str").reset_index(drop=True)
    try:
        if style == STEPS:
            bad = ~texts.str.fullmatch(STEP).to_numpy()
        elif style in MICROSECONDS_OF:
            bad = np.asarray(numbered_stamps(style, distinct).isna())
        else:
            bad = unread(texts, style)
    except ValueError as error:
        raise DataError(f"data.timestamp_format: {error}") from None
    return distinct[bad]


def of_one_period(table: Table, columns: Sequence[str], timestamp_format: str | None) -> Table:
    """The rows whose stamps in the ``columns`` are written in one format, as of data.other_stamps:
    skip.

    Raises DataError as ``without_other_stamps`` does.
    """
    whole, column, style = joined(table, columns, timestamp_format)
    kept, _ = without_other_stamps(whole, column, style, "skip")
    return replace(table, frame=table.frame.loc[kept.frame.index])


def style_of_one_period(
    table: Table, columns: Sequence[str], *, timestamp_format: str | None, timezone: str | None
) -> StampStyle:
    """How the stamps in the ``columns`` are written, as ``find_style`` tells it.

    Raises DataError as that does, and where they are of several periods and nobody said which.
    """
    try:
        found = find_style(table, columns, timestamp_format=timestamp_format, timezone=timezone)
    except DataError as error:
        mixed = several_periods(table, columns) if timestamp_format is None else None
        raise mixed or error from None
    mixed = None
    if found.format is None and are_partly_years(table.frame[columns[0]]):
        mixed = several_periods(table, columns)
    if mixed is not None:
        raise mixed
    return found
