"""Dates with the name of their weekday, in any language: it is known by that each of the names
stands beside dates of one weekday.
"""

import re

import numpy as np
import pandas as pd

from lstm_forecast.tables.stamps.formats import language_of, stamps_by
from lstm_forecast.tables.stamps.guesses import guesses

__all__ = ["with_weekdays"]

WORD = r"(?P<word>[^\W\d_]+\.?)"
BEFORE = rf"^{WORD}(?P<sign>,?\s+(?:[^\W\d_]{{1,3}}\s+)?)(?P<date>\d.*)$"  # Freitag, den 11.8.2023
BEHIND = rf"^(?P<date>.*\d[.,]?|.*\d[日일])(?P<sign>,?\s*[(（]?){WORD}(?P<end>[)）]?)$"  # noqa: RUF001
DAYS_OF_WEEK, FEW_NAMES, LEAST_CELLS = 7, 2, 10
SHARE_OF_DAY = 0.9  # of the dates beside names that are of the weekday that the name has mostly


def with_weekdays(first: str, cells: pd.Series, name: str) -> list[str]:
    """Formats of these texts, the ``first`` of which is a date with a word beside it, if the words
    are names of weekdays by all of them; ``name`` is that of their column.
    """
    for shape in (BEFORE, BEHIND):
        if found := re.fullmatch(shape, first):
            break
    else:
        return []
    parts = cells.str.strip().str.extract(shape).dropna()
    words = parts["word"].str.casefold().str.rstrip(".")
    few = words.nunique() == FEW_NAMES and len(words) < LEAST_CELLS
    if few or not FEW_NAMES <= words.nunique() <= DAYS_OF_WEEK:
        return []
    beside = ["%a", found["sign"]] if shape == BEFORE else [found["sign"], "%a", found["end"]]
    styles = []
    for style in guesses(parts["date"], name):
        _, date = language_of(style)
        if "%a" not in date and "%A" not in date and _name_days(words, parts["date"], style):
            written = "".join([*beside, date] if shape == BEFORE else [date, *beside])
            styles.append(style.removesuffix(date) + written)
    return styles


def _name_days(words: pd.Series, dates: pd.Series, style: str) -> bool:
    """Whether each word stands beside dates of one weekday, and no two beside those of the same."""
    stamps, _ = stamps_by(style, dates)
    days = pd.Series(stamps.day_of_week, index=words.index).dropna()
    if len(days) < SHARE_OF_DAY * len(words):
        return False
    counts = pd.crosstab(words[days.index], days).to_numpy()
    alike = counts.max(axis=1).sum() >= SHARE_OF_DAY * len(words)
    return bool(alike and len(np.unique(counts.argmax(axis=1))) == len(counts))
