"""Zones that the name of a column of stamps tells, such as ``Date Time, GMT+02:00`` of a logger."""

import re
from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

import pandas as pd

from lstm_forecast.tables.faults import Finding, setting
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.zones import ZONE_LETTERS, zones_with

__all__ = ["zone_notes"]

APART = r"(?<![^\W_])"  # of a word before
ZONE = re.compile(
    rf"{APART}(?P<utc>UTC|GMT|utc|gmt)?\s*"
    r"(?P<sign>[+\u2212-])(?P<hours>\d\d?)(?(utc)(?::?(?P<minutes>\d\d))?|:(?P<parts>\d\d))(?!\w)"
    rf"|{APART}(?P<letters>utc|gmt|{'|'.join(sorted(ZONE_LETTERS - {'Z'}))})(?![^\W_])"
)
IANA = re.compile(rf"{APART}[A-Z][A-Za-z_]+(?:/[A-Z][\w+-]+)+")  # such as Europe/Berlin
UTC = ("UTC", "UT", "GMT")
CLOCK = re.compile(r"\d:\d\d")  # a time of day
OWN_ZONE = re.compile(r"(?:[+-]\d\d:?\d\d|[A-LN-Z])\s*$")  # behind one, which AM or PM is not


def zone_notes(table: Table, columns: Sequence[str]) -> list[Finding]:
    """What data.timezone would be by the names of the ``columns`` of stamps, where cells hold times
    of day and no zone: nothing, unless a zone stands in a name.
    """
    for name in columns:
        remedy = _remedy(name)
        if remedy and _are_without_zone(table.frame[list(columns)]):
            text = f"the name of column {name} tells a zone, which is not used: {remedy}"
            return [Finding("stamps", "note", len(table.frame), text, (table.place(0),))]
    return []


def _are_without_zone(frame: pd.DataFrame) -> bool:
    """Whether the first stamp has a time of day and no zone of its own."""
    times = [text for cell in frame.iloc[0] if CLOCK.search(text := str(cell))]
    return bool(times) and not any(map(OWN_ZONE.search, times))


@cache
def _zones() -> set[str]:
    """The names of all zones, which lie in files."""
    return available_timezones()


def _remedy(name: str) -> str:
    """The options that take the zone in a name, one for each that may be meant; empty without."""
    for each in IANA.findall(name):
        if each in _zones():
            return setting("timezone", each)
    found = ZONE.search(name)
    if found is None:
        return ""
    if found["sign"]:
        sign = "+" if found["sign"] == "+" else "-"
        minutes = found["minutes"] or found["parts"] or "00"
        return setting("timezone", f"{sign}{found['hours']:0>2}:{minutes}")
    letters = found["letters"].upper()
    if letters in UTC:
        return setting("timezone", "UTC")
    clocks, fixed = zones_with(letters)
    ways = [f"{setting('timezone', zone)} for clocks as there" for zone in clocks]
    ways += [f"{setting('timezone', zone)} for clocks that never change" for zone in fixed]
    return ", or ".join(ways)
