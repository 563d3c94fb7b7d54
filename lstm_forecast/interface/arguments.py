"""What is given from Python, checked as the command line checks its options."""

import os
from collections.abc import Sequence

from lstm_forecast.errors import UsageError
from lstm_forecast.tables.source import ArrowStream, Source, given_source

__all__ = [
    "MOST_STEPS", "Data", "Location", "names_of", "require_levels", "require_list",
    "require_range", "source_of",
]  # fmt: skip

Location = str | os.PathLike[str]
Data = Location | ArrowStream
MOST_STEPS = 100_000  # of a horizon, and origins of a series


def source_of(data: Data | None) -> Source | None:
    """What is given, as a source.

    Raises DataError if it is neither a path nor a frame.
    """
    return None if data is None else given_source(data)


def require_range(option: str, number: object, most: int) -> None:
    """Raise UsageError for what is neither None nor a whole number from 1 to ``most``."""
    if number is None:
        return
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
        raise UsageError(f"{option} {number!r}: expected a whole number from 1 to {most:,}")


def require_list(option: str, values: object) -> Sequence[object]:
    """Return what is a list or tuple: a text is a sequence of its letters, which nobody means.

    Raises UsageError for anything else.
    """
    if not isinstance(values, list | tuple):
        raise UsageError(f"{option} {values!r}: expected a list")
    return values


def require_levels(levels: Sequence[int] | None) -> None:
    """Raise UsageError for levels of intervals that are no whole percents."""
    for level in require_list("levels", levels or ()):
        require_range("levels", level, 99)


def names_of(names: str | Sequence[str]) -> list[str]:
    """One name, or several."""
    return [names] if isinstance(names, str) else list(names)
