"""Years, quarters and spans of months as they are written in Chinese, Japanese and Korean."""

import re

import pandas as pd

__all__ = ["eastern_periods"]

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
