"""Time stamps whose parts stand in several columns."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import pandas as pd

from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.month_names import languages_of, plain

__all__ = ["PARTS", "holds_parts", "is_called_hour", "joined", "part_of", "usual_format"]

PERIOD_NAMES = ("period", "periodo", "periode")  # of columns that may hold parts of years, as M01
PART = "[MQ]0?[1-9][0-3]?"
# Distinct texts of a column of parts: months, quarters and what is beside them; and the share of
# its rows that name a month.
MOST_PARTS, SHARE_OF_MONTHS, LEAST_MONTHS = 40, 0.5, 3

# How the parts of a stamp are written that stand in columns with these names.
FORMAT_OF_PART = {
    "year": "%Y",
    "half": "%h",
    "quarter": "%q",
    "month": "%m",
    "week": "%V",
    "dekad": "%K",
    "day": "%d",
    "dayofyear": "%j",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
}
PARTS = tuple(FORMAT_OF_PART)
OTHER_NAMES = {
    "yr": "year", "isoyear": "year", "jahr": "year", "annee": "year", "ano": "year", "anno": "year",
    "jaar": "year", "rok": "year", "vuosi": "year",
    "fiscalyear": "year", "fy": "year", "financialyear": "year",
    "halfyear": "half", "hy": "half", "semester": "half", "semestre": "half", "halbjahr": "half",
    "dekade": "dekad", "dekadofmonth": "dekad", "dekadenr": "dekad", "dekads": "dekad",
    "dekadal": "dekad", "decad": "dekad", "decade": "dekad", "decada": "dekad", "dekada": "dekad",
    "decadal": "dekad", "decadofmonth": "dekad", "decadeofmonth": "dekad", "decendio": "dekad",
    "decadedumois": "dekad", "decadadelmes": "dekad", "decadames": "dekad",
    "doy": "dayofyear", "yday": "dayofyear", "jday": "dayofyear", "julianday": "dayofyear",
    "dayyear": "dayofyear",
    "qtr": "quarter", "quartal": "quarter", "trimestre": "quarter", "kwartaal": "quarter",
    "kvartal": "quarter", "kwartal": "quarter",
    "mo": "month", "mon": "month", "monthname": "month", "monthno": "month", "monthnumber": "month",
    "monat": "month", "mois": "month", "mes": "month", "mese": "month", "maand": "month",
    "miesiac": "month", "mesic": "month", "maned": "month", "manad": "month", "kuukausi": "month",
    "dy": "day", "dom": "day", "dayofmonth": "day", "tag": "day",
    "jour": "day", "dia": "day", "giorno": "day",
    "wk": "week", "isoweek": "week", "weekno": "week", "weeknum": "week", "weeknumber": "week",
    "weekofyear": "week", "calendarweek": "week", "kw": "week", "woche": "week",
    "semaine": "week", "semana": "week", "settimana": "week", "vecka": "week", "uke": "week",
    "uge": "week", "tydzien": "week",
    "hh": "hour", "he": "hour", "hora": "hour", "heure": "hour", "ora": "hour",
    "godzina": "hour", "godz": "hour", "hodina": "hour", "timme": "hour", "tunti": "hour",
    "uur": "hour", "std": "hour", "hr": "hour", "hourending": "hour", "hourofday": "hour",
    "stunde": "hour", "小时": "hour", "小時": "hour", "时": "hour", "時": "hour", "시": "hour",
    "年": "year", "月": "month", "日": "day",
}  # fmt: skip


def part_of(column: str) -> str | None:
    """The part of a stamp that a column of this name holds, such as week for ISO_Week."""
    name = re.sub(r"[\W_]", "", plain(column))
    return name if name in PARTS else OTHER_NAMES.get(name)


def holds_parts(cells: pd.Series, column: str) -> bool:
    """Whether the texts of a column are parts of years: M01 in one that is called a period, or in
    most rows the names of months.
    """
    text = cells.astype("str").str.strip()
    distinct = text.drop_duplicates()
    if len(distinct) > MOST_PARTS:
        return False
    if column.lower() in PERIOD_NAMES and distinct.str.match(PART).mean() > SHARE_OF_MONTHS:
        return True
    words = distinct[distinct.str.fullmatch(r"[^\W\d_]{3,}\.?")]
    if len(words) < LEAST_MONTHS:
        return False
    months = [word for word in words if languages_of([plain(word)])]
    return len(months) >= LEAST_MONTHS and text.isin(months).mean() > SHARE_OF_MONTHS


def is_called_hour(column: str) -> bool:
    """Whether a word in the name of a column says that it holds hours."""
    return "hour" in map(part_of, words_of(column))


def joined(
    table: Table, columns: Sequence[str], timestamp_format: str | None = None
) -> tuple[Table, str, str | None]:
    """The table with stamps that several columns hold in one, the name of that, and the format if
    there is one; as it is where the stamps stand in one column already.

    Columns called year, month, week and so on need no format.
    """
    name = " ".join(columns)
    if len(columns) == 1 or name in table.frame:
        return table, name, timestamp_format
    first, *rest = (table.frame[column].astype("str").str.strip() for column in columns)
    cells = reduce(lambda left, right: left + " " + right, rest, first).str.strip()
    return (
        replace(table, frame=table.frame.assign(**{name: cells})),
        name,
        timestamp_format or usual_format(columns),
    )


def usual_format(columns: Sequence[str]) -> str | None:
    """The format of parts that the names of all their columns tell."""
    parts = [part_of(column) for column in columns]
    formats = [FORMAT_OF_PART[part] for part in parts if part is not None]
    if len(formats) < len(parts):
        return None
    usual = " ".join(formats)
    return usual.replace("%Y", "%G") if "week" in parts else usual
