"""Keys that leave out lines of a file, where these are what keeps its table from being read."""

from collections.abc import Callable

import pandas as pd

from lstm_forecast.config.text_files import LONGEST_COMMENT, CsvConfig
from lstm_forecast.tables.faults import setting
from lstm_forecast.tables.files.footer import LINES_OF_TAIL
from lstm_forecast.tables.files.layout import rows_below

__all__ = ["line_remedy", "texts_of_rows"]


def line_remedy(
    frame: pd.DataFrame, csv: CsvConfig, is_read: Callable[[dict[str, object]], bool]
) -> str:
    """What leaves out lines of a table of cells as they stand in their file, where these are what
    is wrong: keys of the section ``csv`` under which it ``is_read``; nothing where there are none.
    """
    return _footer_remedy(frame, csv, is_read) or _comment_remedy(frame, csv, is_read)


def _footer_remedy(
    frame: pd.DataFrame, csv: CsvConfig, is_read: Callable[[dict[str, object]], bool]
) -> str:
    """What leaves the last lines out."""
    count = 0 if csv.footer else rows_below(texts_of_rows(frame.tail(LINES_OF_TAIL)), [])
    if not count or not is_read({"footer": count}):
        return ""
    lines = "line is no row" if count == 1 else f"{count} lines are no rows"
    return (
        f"if the last {lines}, set data.csv.footer: {count} (--set data.csv.footer={count}),"
        " else correct them"
    )


def _comment_remedy(
    frame: pd.DataFrame, csv: CsvConfig, is_read: Callable[[dict[str, object]], bool]
) -> str:
    """What leaves out lines that one word begins where most others begin with a digit, as subtotals
    do.
    """
    first = frame.iloc[:, 0].astype("str").fillna("").str.strip()
    odd = first[~first.str.match(r"\d")]
    begun = odd if odd.nunique() == 1 else odd.str.extract(r"^([^\W\d]+)", expand=False).dropna()
    if csv.comment or not 0 < len(begun) < len(first) / 2:
        return ""
    word = str(begun.mode()[0])
    if not 0 < len(word) <= LONGEST_COMMENT or not is_read({"comment": word}):
        return ""
    count = int(first.str.startswith(word).sum())
    begin = f"begins with {word} is" if count == 1 else f"begin with {word} are"
    lines = f"line that {begin}" if count == 1 else f"{count} lines that {begin}"
    return (
        f"if the {lines} no row, set data.csv.comment: {word!r} ({setting('csv.comment', word)}),"
        " else correct them"
    )


def texts_of_rows(frame: pd.DataFrame) -> list[list[str]]:
    """The cells of each row as they stand in a file."""
    rows: list[list[str]] = frame.astype("str").fillna("").to_numpy().tolist()
    return rows
