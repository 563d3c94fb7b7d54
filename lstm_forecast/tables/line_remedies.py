"""Keys that leave out lines of a file, where these are what keeps its table from being read."""

import re
from collections.abc import Callable, Mapping

import pandas as pd

from lstm_forecast.config.text_files import LONGEST_COMMENT, CsvConfig
from lstm_forecast.tables.faults import setting
from lstm_forecast.tables.files.footer import LINES_OF_TAIL
from lstm_forecast.tables.files.layout import rows_below

__all__ = ["line_remedy", "texts_of_rows"]


# Whether a table is read under these keys of the section csv, and whether rows without a stamp are
# left out as well.
IsRead = Callable[[Mapping[str, object], bool], bool]
RULE = re.compile(r"([-_=*+~])\1{2,}")  # a line drawn with one sign
MOST_LINES_BELOW = 4  # a header, that tell of its columns
SKIP = setting("other_stamps", "skip")


def line_remedy(frame: pd.DataFrame, csv: CsvConfig, is_read: IsRead) -> str:
    """What leaves out lines of a table of cells as they stand in their file, where these are what
    is wrong: keys under which it ``is_read``; nothing where there are none.
    """
    ways = (_footer_remedy, _comment_remedy, _skip_remedy)
    found = next(filter(None, (way(frame, csv, is_read) for way in ways)), "")
    return found or _head_remedy(frame) or _tables_remedy(frame)


def _head_remedy(frame: pd.DataFrame) -> str:
    """That several lines below the header tell of columns, as how each is transformed; nothing
    where not each one below these begins with a digit.
    """
    first = frame.iloc[:, 0].astype("str").fillna("").str.strip()
    are_rows = first.str.match(r"\d").to_numpy()
    count = int(are_rows.argmax()) if len(frame) else 0
    if not 1 < count <= MOST_LINES_BELOW or not are_rows[count:].all():
        return ""
    begun = " and ".join(repr(text[:LONGEST_COMMENT]) for text in first[:count])
    return f"if the {count} lines that begin with {begun} are no rows, take them out of the file"


def _tables_remedy(frame: pd.DataFrame) -> str:
    """That other tables stand below the first one, as in an annotated CSV of InfluxDB; nothing
    where no row holds most names of the columns.
    """
    named = [str(name) for name in frame.columns if not str(name).startswith("Unnamed: ")]
    cells = frame[named].astype("str")
    again = int((cells.isin(named).mean(axis=1) > 1 / 2).sum()) if len(named) > 1 else 0
    if not again:
        return ""
    tables = "another table stands" if again == 1 else f"{again} other tables stand"
    return (
        f"as a row below holds the names of columns, {tables} in the file: write each to a file of"
        " its own, and give the folder of those that belong together"
    )


def _skip_remedy(frame: pd.DataFrame, csv: CsvConfig, is_read: IsRead) -> str:
    """What leaves out lists' subtotals, which have no stamp, and the rules drawn between rows."""
    first = frame.iloc[:, 0].astype("str").fillna("").str.strip()
    drawn = first[first.str.fullmatch(RULE.pattern)]
    if not len(drawn) or csv.comment:
        if not is_read({}, True):
            return ""
        return f"set data.other_stamps: skip ({SKIP}), which leaves out rows without a stamp"
    sign = drawn.iloc[0][0]
    if not is_read({"comment": sign}, True):
        return ""
    return (
        f"set data.csv.comment: {sign!r} ({setting('csv.comment', sign)}), which leaves out"
        f" {len(drawn):,} lines drawn with it, and data.other_stamps: skip ({SKIP}), which leaves"
        " out rows without a stamp"
    )


def _footer_remedy(frame: pd.DataFrame, csv: CsvConfig, is_read: IsRead) -> str:
    """What leaves the last lines out."""
    count = 0 if csv.footer else rows_below(texts_of_rows(frame.tail(LINES_OF_TAIL)), [])
    if not count or not is_read({"footer": count}, False):
        return ""
    lines = "line is no row" if count == 1 else f"{count} lines are no rows"
    return (
        f"if the last {lines}, set data.csv.footer: {count} (--set data.csv.footer={count}),"
        " else correct them"
    )


def _comment_remedy(frame: pd.DataFrame, csv: CsvConfig, is_read: IsRead) -> str:
    """What leaves out lines that one word begins where most others begin with a digit, as subtotals
    do.
    """
    first = frame.iloc[:, 0].astype("str").fillna("").str.strip()
    odd = first[~first.str.match(r"\d")]
    begun = odd if odd.nunique() == 1 else odd.str.extract(r"^([^\W\d]+)", expand=False).dropna()
    if csv.comment or not 0 < len(begun) < len(first) / 2:
        return ""
    word = str(begun.mode()[0])
    if not 0 < len(word) <= LONGEST_COMMENT or not is_read({"comment": word}, False):
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
