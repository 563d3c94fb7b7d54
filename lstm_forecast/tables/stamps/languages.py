"""Formats with names of months, where these are those of another language."""

from contextlib import suppress

import pandas as pd

from lstm_forecast.tables.stamps.formats import language_of, parts_of, stamps_by
from lstm_forecast.tables.stamps.month_names import ENGLISH, languages_of, plain

__all__ = ["language_remedy"]


def language_remedy(cells: pd.Series, style: str) -> str:
    """What makes a format fit cells whose names of months are not of its language; nothing where
    that is not what is wrong. Begins with a semicolon.
    """
    _, bare = language_of(style)
    distinct = cells.drop_duplicates()
    with suppress(ValueError):
        parts = parts_of(bare, distinct)
        if "b" not in parts or parts["b"].isna().any():
            return ""
        languages = languages_of(parts["b"].map(plain).unique())
        formats = [bare if each == ENGLISH else f"{each}: {bare}" for each in languages]
        fitting = [each for each in formats if not stamps_by(each, distinct)[0].hasnans]
        if fitting:
            return (
                "; its months have names of another language: set data.timestamp_format:"
                f" {' or '.join(map(repr, fitting))}"
            )
    return ""
