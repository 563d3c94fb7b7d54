"""Zones of time stamps: letters behind them, and local times that clocks skip or repeat."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.read import Table

__all__ = [
    "ZONE_LETTERS", "are_letters", "in_zone", "letter_offsets", "letter_readings",
    "zone_of_letters", "zone_of_offsets", "zones_with",
]  # fmt: skip

OTHER_STAMPS = "write stamps with an offset, or in UTC with data.timezone: UTC"
# Hours ahead of UTC that the letters of a zone mean where they are in common use.
HOURS_OF_LETTERS = {
    "UTC": 0, "UT": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1,
    "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "SAST": 2, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9,
    "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "ADT": -3, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "IDT": 3,
}  # fmt: skip
# Those that several parts of the world use, with a zone and its hours for each.
HOURS_OF_ZONES: Mapping[str, Mapping[str, float]] = {
    "CST": {"America/Chicago": -6, "Asia/Shanghai": 8},
    "IST": {"Asia/Kolkata": 5.5, "Asia/Jerusalem": 2, "Europe/Dublin": 1},
    "BST": {"Europe/London": 1, "Asia/Dhaka": 6},
    "AST": {"America/Halifax": -4, "Asia/Riyadh": 3},
}
ZONE_LETTERS = frozenset((*HOURS_OF_LETTERS, *HOURS_OF_ZONES))
MOST_LETTERS = 4  # of zones in a column that holds nothing else
# The two letters of zones whose clocks change, and zones with the same ones that change otherwise.
ZONES_OF_PAIRS: Mapping[frozenset[str], tuple[str, ...]] = {
    frozenset(("CET", "CEST")): ("Europe/Berlin",),
    frozenset(("MEZ", "MESZ")): ("Europe/Berlin",),
    frozenset(("GMT", "BST")): ("Europe/London",),
    frozenset(("GMT", "IST")): ("Europe/Dublin",),
    frozenset(("WET", "WEST")): ("Europe/Lisbon", "Africa/Casablanca"),
    frozenset(("EET", "EEST")): ("Europe/Athens", "Africa/Cairo", "Asia/Beirut"),
    frozenset(("IST", "IDT")): ("Asia/Jerusalem",),
    frozenset(("AST", "ADT")): ("America/Halifax",),
    frozenset(("EST", "EDT")): ("America/New_York",),
    frozenset(("CST", "CDT")): ("America/Chicago", "America/Mexico_City"),
    frozenset(("MST", "MDT")): ("America/Denver", "America/Mazatlan"),
    frozenset(("PST", "PDT")): ("America/Los_Angeles", "America/Tijuana"),
    frozenset(("AKST", "AKDT")): ("America/Anchorage",),
    frozenset(("AEST", "AEDT")): ("Australia/Sydney", "Australia/Hobart"),
    frozenset(("ACST", "ACDT")): ("Australia/Adelaide",),
    frozenset(("NZST", "NZDT")): ("Pacific/Auckland",),
}
YEARS_OF_FORECASTS = 5  # behind the last stamp, in which zones that are one may not part


def letter_readings(letters: str) -> Mapping[str, float]:
    """Zones that may be meant by letters with more than one meaning, each with its hours ahead of
    UTC.
    """
    return HOURS_OF_ZONES.get(letters, {})


def are_letters(cells: pd.Series) -> bool:
    """Whether a column holds nothing but the letters of zones, as beside local times."""
    first = next((cell for cell in cells if not pd.isna(cell)), None)
    if first not in ZONE_LETTERS:  # which tells most columns at once
        return False
    distinct = cells.dropna().unique()
    return len(distinct) <= MOST_LETTERS and ZONE_LETTERS.issuperset(distinct)


def letter_offsets(letters: Collection[str], timezone: str | None) -> dict[str, float]:
    """Hours ahead of UTC of the capital ``letters`` that have one meaning, by themselves, beside
    the others, or in the zone of the data.
    """
    hours: dict[str, float] = {
        each: HOURS_OF_LETTERS[each] for each in letters if each in HOURS_OF_LETTERS
    }
    told = {
        (each, zones[0])
        for pair, zones in ZONES_OF_PAIRS.items()
        if pair <= set(letters)
        for each in pair
    }
    for each in letters:
        readings = letter_readings(each).items()
        meant = {ahead for zone, ahead in readings if (each, zone) in told}
        if not meant and timezone is not None:
            meant = {ahead for _, ahead in readings} & _hours_of_zone(timezone)
        if len(meant) == 1:
            hours[each] = meant.pop()
    return hours


def zone_of_letters(
    letters: Collection[str], stamps: pd.DatetimeIndex, local: pd.DatetimeIndex
) -> str | None:
    """The zone whose clocks showed ``local`` at these aware stamps, with both of its ``letters``;
    None where there is a doubt, then or in the years to be forecast.
    """
    first, *rivals = ZONES_OF_PAIRS.get(frozenset(letters), (None,))
    if first is None or not _shows(first, stamps, local):
        return None
    return _undoubted([first, *(each for each in rivals if _shows(each, stamps, local))], stamps)


def zone_of_offsets(stamps: pd.DatetimeIndex, local: pd.DatetimeIndex) -> str | None:
    """The zone whose clocks showed ``local`` at these aware stamps, before and after a change; None
    where there is a doubt, then or in the years to be forecast.
    """
    if len((local - stamps.tz_convert("UTC").tz_localize(None)).unique()) == 1:
        return None
    zones = dict.fromkeys(zone for zones in ZONES_OF_PAIRS.values() for zone in zones)
    return _undoubted([zone for zone in zones if _shows(zone, stamps, local)], stamps)


def zones_with(letters: str) -> tuple[list[str], list[str]]:
    """Zones whose clocks change and that have these letters for some time of the year, and offsets
    from UTC that the letters may stand for in zones without changes.
    """
    if letters in HOURS_OF_ZONES:
        return [*HOURS_OF_ZONES[letters]], []
    changing = [zones[0] for pair, zones in ZONES_OF_PAIRS.items() if letters in pair]
    minutes = round(60 * HOURS_OF_LETTERS[letters])
    hours = f"{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return changing, [f"{'-' if minutes < 0 else '+'}{hours}"]


def _shows(zone: str, stamps: pd.DatetimeIndex, local: pd.DatetimeIndex) -> bool:
    """Whether the clocks of a zone showed ``local`` at these stamps."""
    return bool(stamps.tz_convert(zone).tz_localize(None).equals(local))


def _undoubted(zones: Sequence[str], stamps: pd.DatetimeIndex) -> str | None:
    """The first of the zones, if the others go on as it does in the years to be forecast."""
    days = pd.date_range(
        stamps.max().tz_convert("UTC").normalize(), periods=365 * YEARS_OF_FORECASTS, freq="D"
    )
    ahead = [days.tz_convert(zone).tz_localize(None) for zone in zones]
    return zones[0] if zones and all(each.equals(ahead[0]) for each in ahead) else None


def _hours_of_zone(timezone: str) -> set[float]:
    """Hours ahead of UTC in a zone, now, in winter and in summer.

    Raises DataError if there is no such zone.
    """
    days = pd.DatetimeIndex(["2024-01-01", "2024-07-01"], tz="UTC")
    try:
        local = days.tz_convert(timezone).tz_localize(None)
    except (LookupError, ValueError, OSError) as error:
        raise _unknown(timezone, error) from None
    return set((local - days.tz_localize(None)) / pd.Timedelta(hours=1))


def _unknown(timezone: str, error: Exception) -> DataError:
    return DataError(f"data.timezone: {timezone!r} is not a known time zone ({error})")


def in_zone(
    table: Table,
    stamps: pd.DatetimeIndex,
    *,
    column: str,
    series_columns: Sequence[str],
    timezone: str,
    dst: str,
) -> tuple[pd.DatetimeIndex, list[Finding]]:
    """Stamps in a zone, and those that lie in an hour that daylight saving repeats or skips there.

    ``dst``: first or last (which of the repeated hours a stamp is; of two in a series, one each;
    skipped ones are refused), shift (as first, and skipped stamps move to the end of the skipped
    hour) or error. Raises DataError if there is no such zone.
    """
    # A day begins once, whatever the clock does.
    whole_days = bool((stamps == stamps.normalize()).all())
    try:
        if stamps.tz is not None:
            return stamps.tz_convert(timezone), []
        localised = partial(_localised, stamps, timezone, forward=whole_days or dst == "shift")
        first, second = localised(first=True), localised(first=False)
    except (LookupError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise _unknown(timezone, error) from None
    skipped = np.asarray(first.isna()) | np.asarray(first.tz_localize(None) != stamps)
    repeated = np.asarray(first != second) & ~np.asarray(first.isna())
    touched = np.flatnonzero(skipped | repeated)
    if whole_days or not len(touched):
        return first, []
    finding = Finding(
        "dst",
        "settled" if dst == "shift" or (dst != "error" and not first.hasnans) else "refused",
        len(touched),
        f"in the hour that daylight saving repeats or skips in {timezone}",
        _places(table, column, stamps, touched),
        f"data.dst: {'shift' if skipped.any() else 'first or last'}, or {OTHER_STAMPS}",
    )
    again, series = np.zeros(len(stamps), bool), table.frame.loc[repeated, list(series_columns)]
    again[repeated] = _second_pass(series, stamps[repeated], dst)
    return _localised(stamps, timezone, first=~again, forward=True), [finding]


def _localised(
    stamps: pd.DatetimeIndex, timezone: str, *, first: bool | NDArray[np.bool_], forward: bool
) -> pd.DatetimeIndex:
    """Naive stamps in a zone: in the ``first`` of repeated hours or in the second one, and moved
    ``forward`` out of a skipped hour or NaT.
    """
    return stamps.tz_localize(
        timezone,
        ambiguous=np.broadcast_to(first, len(stamps)),
        nonexistent="shift_forward" if forward else "NaT",
    )


def _places(
    table: Table, column: str, stamps: pd.DatetimeIndex, rows: NDArray[np.int64]
) -> tuple[str, ...]:
    """Where the first of these rows stand, and their stamps."""
    return tuple(
        f"{table.place(int(row))}: column {column}: {stamps[row]}" for row in rows[:SHOWN_PLACES]
    )


def _second_pass(series: pd.DataFrame, stamps: pd.DatetimeIndex, dst: str) -> NDArray[np.bool_]:
    """Which rows of a repeated hour belong to its second pass: of two with equal ``series`` and
    stamp, whatever else their texts hold, the later row.
    """
    keys = series.set_axis(range(series.shape[1]), axis=1).assign(stamp=stamps.asi8)
    return np.where(keys.duplicated(keep=False), keys.duplicated(), dst == "last")
