"""How time stamps are written, as ``data.timestamp_format`` says it."""

import re

__all__ = ["STEPS", "checked_format"]

YEAR = "%[YyGEcxDF]"  # the directives that tell one
STEPS = "steps"
# What numbers may count, in the place of a format.
COUNTED = ("seconds", "milliseconds", "microseconds", "nanoseconds", "days", "excel", STEPS)


def checked_format(value: str) -> str:
    """Tell a format of stamps.

    Raises ValueError for a text that says nothing about them, or not of which year they are.
    """
    if "%" in value and not re.search(YEAR, value):
        raise ValueError(
            "must tell the year (%Y or %y), as stamps without one are of no year; write it into the"
            " table"
        )
    if "%" in value or value in COUNTED:
        return value
    raise ValueError(
        "must be a format of strptime such as %d.%m.%Y %H:%M, or what numbers count:"
        f" {', '.join(COUNTED)}"
    )
