"""How time stamps are written, as ``data.timestamp_format`` says it."""

__all__ = ["STEPS", "checked_format"]

STEPS = "steps"
# What numbers may count, in the place of a format.
COUNTED = ("seconds", "milliseconds", "microseconds", "nanoseconds", "days", "excel", STEPS)


def checked_format(value: str) -> str:
    """Tell a format of stamps.

    Raises ValueError for a text that says nothing about them.
    """
    if "%" in value or value in COUNTED:
        return value
    raise ValueError(
        "must be a format of strptime such as %d.%m.%Y %H:%M, or what numbers count:"
        f" {', '.join(COUNTED)}"
    )
