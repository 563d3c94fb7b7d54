"""Years, quarters and spans of months as they are written in Chinese, Japanese and Korean, and
years of the Buddhist era, as in Thai tables.
"""

import re

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table

__all__ = ["eastern_periods", "require_common_era"]

SPAN = r"\d{4}(?P<year>[年년]\s*)(?P<first>\d\d?)(?P<sign>\s*[-~～〜－–]\s*)(?P<last>\d\d?)[月월].*"  # noqa: RUF001
NUMBERED = {
    r"\d{4}(年)": "%Y{0}",
    r"\d{4}(年度)": "%Y{0}",
    r"\d{4}(년)": "%Y{0}",
    r"\d{4}(年度?\s*第?)[1-4]([季四].*)": "%Y{0}%q{1}",
    r"\d{4}(년\s*)[1-4](분기|/4분기)": "%Y{0}%q{1}",
}
LEAST_SPANS = 0.9  # share of the texts, below which notes may stand
MONTHS = 12
BUDDHIST_YEAR = r"(?<!\d)2[4-6]\d\d(?!\d)"


def eastern_periods(first: str, cells: pd.Series) -> list[str]:
    """Formats of these texts by the look of the ``first`` one: of spans of months, if all are as
    long.
    """
    for shape, style in NUMBERED.items():
        if found := re.fullmatch(shape, first):
            return [style.format(*found.groups())]
    if not (found := re.fullmatch(SPAN, first)):
        return []
    parts = cells.str.strip().str.extract(f"^{SPAN}$")
    spans = parts.dropna()
    lengths = (spans["last"].astype("int64") - spans["first"].astype("int64")) % MONTHS
    if len(spans) < LEAST_SPANS * len(parts) or lengths.nunique() > 1 or lengths.iloc[0] == 0:
        return []
    return [f"%Y{found['year']}%m{found['sign']}%*"]


def require_common_era(table: Table, cells: pd.Series, column: str) -> None:
    """Raise DataError for years that are centuries ahead in all rows, as 2566, which is 2023."""
    if not len(cells) or not re.search(BUDDHIST_YEAR, cells.iloc[0]):
        return
    if cells.str.contains(BUDDHIST_YEAR).all():
        raise DataError(
            f"{table.place(0)}: column {column}: {cells.iloc[0]!r} has a year of the Buddhist era,"
            f" by the look of it ({len(cells):,} such rows); write years of the common era, 543"
            " less"
        )
