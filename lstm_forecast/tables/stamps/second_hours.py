"""Hours that clocks show twice in autumn, of which the second one has a letter, as 3A or 02b."""

import re

import pandas as pd

from lstm_forecast.tables.faults import rows_told

__all__ = ["SECOND_HOUR", "second_hour_problem"]

SECOND_HOUR = r"0?(?P<hour>[1-4])[abAB]"
BEHIND_DATE = rf"(?:.*\D)?{SECOND_HOUR}(?::00)?"
HOUR = r"(?<![0-9])([0-9][0-9]?)(?::00)?$"
LAST_HOUR = 24  # where hours are counted from 1 on, each by its end


def second_hour_problem(wrong: pd.Series, cells: pd.Series) -> str:
    """What such hours are, and what to do, if they are all that is ``wrong`` among the cells; empty
    if not.
    """
    found = re.fullmatch(BEHIND_DATE, str(wrong.iloc[0]).strip())
    if not found or not wrong.str.strip().str.fullmatch(BEHIND_DATE).all():
        return ""
    hours = pd.to_numeric(cells.str.strip().str.extract(HOUR, expand=False))
    by_end = hours.max() == LAST_HOUR
    hour = int(found["hour"]) - by_end
    all_less = "count all hours from 0 to 23, one less, and " if by_end else ""
    return (
        f"{wrong.iloc[0]!r} is an hour that clocks show twice in autumn, with a letter that tells"
        f" which of the two it is ({rows_told(len(wrong))}); {all_less}write both as {hour}, after"
        " which `init` asks for the zone; or give stamps in UTC, or with an offset"
    )
