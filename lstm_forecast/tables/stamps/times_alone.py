"""Times of day, or times elapsed, that no date stands beside: they are no stamps."""

import pandas as pd

__all__ = ["are_times_alone", "times_alone"]

TIME_ALONE = r"\d{1,3}:[0-5]\d(:[0-5]\d([.,]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?"


def are_times_alone(cells: pd.Series) -> bool:
    """Whether each cell of a column that is given is a time without a date, in changing order."""
    if not pd.api.types.is_string_dtype(cells):
        return False
    given = cells.dropna().str.strip()
    given = given[given != ""]
    return bool(len(given) and 2 * given.nunique() > len(cells)) and bool(
        given.str.fullmatch(TIME_ALONE).all()
    )


def times_alone(first: str) -> str:
    """What such times lack, and what to do."""
    return (
        f"times of day, or times elapsed, without a date, such as {first!r}, are no stamps: write"
        f" the date into the column, as in '2024-01-31 {first}', or number the rows in a column"
        " called step"
    )
