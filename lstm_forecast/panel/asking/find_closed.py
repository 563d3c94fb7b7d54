"""Steps on which nothing is ever observed: which hours, days, holidays and parts of the year they
are, where chance does not explain them.

A slot, such as Sunday or 18:00, is closed that no row with a value ever lies in, if so many of its
steps would hardly all be missing by chance: each with the probability q, which is that of steps in
slots that do have values (with Laplace's rule of succession, as few steps say little). As all slots
are tried, the probability that one of them is empty by chance is at most their number times q^n.

What stops a sensor for days stops it on days that follow each other, so that these say no more than
one does. Holidays and parts of the year are hence judged by stretches of missing dates: q is the
probability that one begins, and n how many there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.closed import DAYS, MINUTES_OF_DAY, ClosedConfig
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.steps.closed import closed_text, dates_of_year, open_steps
from lstm_forecast.panel.steps.frequency import DAY, fixed_step
from lstm_forecast.panel.steps.holiday_dates import holiday_dates
from lstm_forecast.tables.faults import setting

__all__ = ["alike_text", "find_closed", "never_text"]

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
LEAST_CHANCE = 1e-4  # of slots to be empty by chance, from which on they are
MOST_STEPS = 20_000_000  # that are looked through
LEAST_OF_SLOT, LEAST_HOLIDAYS = 3, 5  # weeks or days of a slot; days off of a calendar
SEARCHED_YEARS = 5  # newest ones, in which holidays are looked for first
MOST_DATES_MISSING = 0.25  # of those that are open, where holidays are looked for
LEAST_YEARS = 2  # in which a date has to be missing
DAYS_OF_WEEK = len(DAYS)
# The largest share of the holidays of a country that parts of it may not have.
MOST_OBSERVED = 1 / 3
LEAP_DAY = 229  # which is rarely there, and as closed as the dates beside it
SHOWN_CALENDARS = 4
NO_PLACES = np.empty(0, np.int64)
NEW_YORK = "XNYS"  # before other markets that are alike


def find_closed(panel: Panel, *, n_targets: int) -> tuple[ClosedConfig, tuple[str, ...]]:
    """The rule of the steps on which no series ever has a value of a target, and the calendars that
    are like that of its holidays so far.
    """
    seen = _observed(panel, n_targets)
    if seen is None:
        return ClosedConfig(), ()
    weekly = tuple(_weekly(seen))
    dates = _Dates.of(seen.only(open_steps(ClosedConfig(weekly=weekly), seen.local)))
    calendars = _holidays(dates)
    holidays = calendars[:1]
    dates = dates.without(ClosedConfig(holidays=holidays))
    rule = ClosedConfig(weekly=weekly, yearly=tuple(_yearly(dates)), holidays=holidays)
    return rule, calendars[1:]


def alike_text(rule: ClosedConfig, alike: Sequence[str]) -> str:
    """That other calendars have the holidays of the rule, for people."""
    return (
        f"holidays of {rule.holidays[0]} are in these rows those of"
        f" {', '.join(alike[:SHOWN_CALENDARS])} as well: data.closed.holidays says on which nothing"
        " is forecast"
    )


def never_text(rule: ClosedConfig, layout: Layout) -> str:
    """That no event ever lies on the steps of the rule, which are open, for people."""
    newest = layout.latest
    every = np.arange(int(layout.first.min()), newest + 1)
    is_open = open_steps(rule, layout.grid.local(layout.grid.ticks(every)))
    keys = rule.model_dump(mode="json", exclude_defaults=True)
    return (
        f"{closed_text(rule)}: no event ever lies there, and {np.count_nonzero(~is_open):,} of"
        f" {len(every):,} steps are 0; data.closed leaves them out, which are not forecast then"
        f" ({setting('closed', keys)})"
    )


@dataclass(frozen=True)
class _Steps:
    """Steps from the first to the last one with a value, (n,)."""

    local: pd.DatetimeIndex  # without a zone
    observed: Flags

    def only(self, kept: Flags) -> "_Steps":
        return _Steps(self.local[kept], self.observed[kept])


def _observed(panel: Panel, n_targets: int) -> _Steps | None:
    """Which steps of the grid have a value in any series; None where all have, or where steps are
    no parts of a day, or too many.
    """
    layout, grid = panel.layout, panel.layout.grid
    step = None if isinstance(grid.origin, int) else fixed_step(grid.freq)
    if grid.freq != "B" and (step is None or DAY % step != pd.Timedelta(0)):
        return None
    valued = np.isfinite(panel.values[:, :n_targets]).any(axis=1)
    ordinals = layout.ordinals(np.flatnonzero(valued))
    if not len(ordinals) or np.ptp(ordinals) >= MOST_STEPS:
        return None
    first = int(ordinals.min())
    observed = np.zeros(int(np.ptp(ordinals)) + 1, bool)
    observed[ordinals - first] = True
    if observed.all():
        return None
    return _Steps(grid.local(grid.ticks(first + np.arange(len(observed)))), observed)


def _hardly(
    n: Ints | int, steps: int, missing: int, *, slots: int, likeness: float = 1.0
) -> Flags | bool:
    """Whether ``n`` steps would hardly all be missing by chance, in any of so many slots: where of
    the ``steps`` of others so many are ``missing``, which are not most; each after the first one is
    as much alike with the probability ``likeness``.
    """
    chance = (missing + 1) / (steps + 2)
    by_chance = slots * chance * (chance * likeness) ** (n - 1)
    return (2 * missing < steps) & (by_chance < LEAST_CHANCE)


def _weekly(seen: _Steps) -> Iterator[str]:
    """Hours of all days, whole days of the week and hours of these that are closed."""
    minute = (seen.local.hour * 60 + seen.local.minute).to_numpy()
    times, time = np.unique(minute, return_inverse=True)
    weekday = seen.local.day_of_week.to_numpy()
    shape = (DAYS_OF_WEEK, len(times))
    slot = np.ravel_multi_index((weekday, time), shape)
    size = DAYS_OF_WEEK * len(times)
    n = np.bincount(slot, minlength=size).reshape(shape)
    values = np.bincount(slot[seen.observed], minlength=size).reshape(shape)
    used = values > 0
    missing, steps = int((n - values)[used].sum()), int(n[used].sum())

    def closed(n: Ints, values: Ints) -> Flags:
        """Slots without a value, (k,): they have so many steps at least."""
        hardly = _hardly(n, steps, missing, slots=n.size)
        return np.asarray((values == 0) & (n >= LEAST_OF_SLOT) & hardly)

    hours = closed(n.sum(axis=0), values.sum(axis=0))
    # a closed day is missing once, however many steps it has
    days = closed(n.max(axis=1), values.sum(axis=1))
    rest = closed(n.ravel(), values.ravel()).reshape(shape) & ~hours & ~days[:, None]
    yield from _spans(times, hours)
    yield from (name for name, is_closed in zip(DAYS, days, strict=True) if is_closed)
    days_of_span: dict[str, list[str]] = {}
    for name, row in zip(DAYS, rest, strict=True):
        for span in _spans(times, row):
            days_of_span.setdefault(span, []).append(name)
    yield from (f"{','.join(names)} {span}" for span, names in days_of_span.items())


def _spans(minutes: Ints, closed: Flags) -> Iterator[str]:
    """Stretches of the day in which all of these ``minutes`` are closed: 18:00-24:00."""
    borders = np.append(minutes, MINUTES_OF_DAY)
    for is_closed, places in groupby(range(len(minutes)), key=closed.__getitem__):
        if is_closed:
            first, *more = places
            yield f"{_clock(borders[first])}-{_clock(borders[first + len(more) + 1])}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@dataclass(frozen=True)
class _Dates:
    """Dates with a step that is open, ascending, and which of them have a value: (n,)."""

    days: NDArray[np.datetime64]
    observed: Flags

    @classmethod
    def of(cls, seen: _Steps) -> "_Dates":
        days, place = np.unique(seen.local.to_numpy().astype("M8[D]"), return_inverse=True)
        observed = np.zeros(len(days), bool)
        observed[place[seen.observed]] = True
        return cls(days, observed)

    @property
    def missing(self) -> int:
        return int(np.count_nonzero(~self.observed))

    def without(self, rule: ClosedConfig) -> "_Dates":
        """Those that the rule leaves open."""
        kept = open_steps(rule, pd.DatetimeIndex(self.days))
        return _Dates(self.days[kept], self.observed[kept])

    def since(self, first: np.datetime64) -> "_Dates":
        """Those from the ``first`` on."""
        kept = self.days >= first
        return _Dates(self.days[kept], self.observed[kept])

    def share_observed(self, code: str) -> float:
        """The share of the holidays of a country or market that have a value."""
        off = self.observed[self.holidays(code)]
        return float(off.mean()) if len(off) else 0.0

    def holidays(self, code: str) -> Ints:
        """Places of the dates on which a country or market is closed."""
        off = holiday_dates(code, *self.years)
        places = np.searchsorted(self.days[:-1], off)
        found: Ints = places[self.days[places] == off]
        return found

    def are_closed(self, off: Ints, known: Ints, *, slots: int) -> Flags | bool:
        """Whether the places ``off`` would hardly all be missing by chance where those ``known``
        are closed, as of one of so many calendars.
        """
        either = np.union1d(off, known)
        explained, before = self.whole_stretches(either), self.whole_stretches(known)
        others = len(self.days) - len(either), len(self.stretches) - explained
        return _hardly(explained - before, *others, slots=slots)

    @cached_property
    def stretches(self) -> list[Ints]:
        """Places of the missing dates that follow each other, for each such stretch."""
        return _runs(~self.observed)

    @cached_property
    def lengths(self) -> Ints:
        """Dates in each stretch, (n_stretches,)."""
        return np.array([len(stretch) for stretch in self.stretches], np.int64)

    @cached_property
    def stretch_of(self) -> Ints:
        """Number of the stretch that each date is in, -1 for those that are observed."""
        number = np.full(len(self.days), -1)
        if self.stretches:
            number[np.concatenate(self.stretches)] = np.arange(len(self.lengths)).repeat(
                self.lengths
            )
        return number

    def whole_stretches(self, places: Ints) -> int:
        """How many stretches have no other dates than these."""
        numbers = self.stretch_of[places]
        found = np.bincount(numbers[numbers >= 0], minlength=len(self.lengths))
        return int(np.count_nonzero(found == self.lengths))

    @cached_property
    def years(self) -> tuple[int, int]:
        """Those of the first and the last date."""
        first, last = pd.DatetimeIndex(self.days[[0, -1]]).year
        return first, last


def _holidays(dates: _Dates) -> tuple[str, ...]:
    """The calendars that explain most missing dates that chance does not, and have no holiday that
    is not missing: they are the same on these dates.
    """
    if not LEAST_HOLIDAYS <= dates.missing < MOST_DATES_MISSING * len(dates.days):
        return ()
    codes, usual = _searched(dates)
    fitting = {code: off for code in codes if len(off := dates.holidays(code)) >= LEAST_HOLIDAYS}
    explained = {code: dates.whole_stretches(off) for code, off in fitting.items()}
    found, most = tuple[str, ...](), 0

    def order(code: str) -> tuple[bool, int, int, int]:
        return code not in usual, explained[code], len(fitting[code]), -usual.get(code, 0)

    for code in sorted(fitting, key=order):
        off, known = fitting[code], fitting[found[0]] if found else NO_PLACES
        if dates.observed[off].any() or not dates.are_closed(off, NO_PLACES, slots=len(codes)):
            continue
        if np.array_equal(off, known):
            found = (*found, code)
        elif explained[code] > most and (
            code in usual or dates.are_closed(off, known, slots=len(codes))
        ):
            found, most = (code,), explained[code]
    return found


def _searched(dates: _Dates) -> tuple[list[str], dict[str, int]]:
    """The calendars that the newest dates allow; and those that most rows are of and that need no
    proof against the others: markets, and countries with so many parts.
    """
    from holidays import list_supported_countries, list_supported_financial

    countries = list_supported_countries(include_aliases=False)
    markets = list_supported_financial(include_aliases=False)
    recent = dates.since(dates.days[-1] - np.timedelta64(366 * SEARCHED_YEARS))
    shares = {
        code: recent.share_observed(code) for code in (*countries, NEW_YORK, *sorted(markets))
    }
    near = [code for code in countries if shares[code] <= MOST_OBSERVED]
    parts = [f"{code}-{part}" for code in near for part in countries[code]]
    likely = [code for code, share in shares.items() if share == 0]
    usual = {code: len(parts) for code, parts in countries.items() if parts}
    return [*likely, *parts], usual | dict.fromkeys(markets, 0)


def _yearly(dates: _Dates) -> Iterator[str]:
    """Dates, and stretches of them, that are missing in all of several years."""
    every, place = np.unique(dates_of_year(pd.DatetimeIndex(dates.days)), return_inverse=True)
    years = np.bincount(place)
    empty = np.bincount(place[dates.observed], minlength=len(every)) == 0
    for places in _runs(empty, circle=True):
        recur = np.flatnonzero(years[places] >= LEAST_YEARS)
        if not len(recur):
            continue
        first, last = int(recur[0]), int(recur[-1])
        first -= first > 0 and every[places[first - 1]] == LEAP_DAY
        last += last + 1 < len(places) and every[places[last + 1]] == LEAP_DAY
        inner = places[first : last + 1]
        if _recur(dates, np.isin(place, inner), len(inner), slots=len(every)):
            begin, end = (f"{date // 100:02d}-{date % 100:02d}" for date in every[inner[[0, -1]]])
            yield begin if begin == end else f"{begin}/{end}"


def _recur(dates: _Dates, inner: Flags, length: int, *, slots: int) -> Flags | bool:
    """Whether stretches of missing dates would hardly have the ``inner`` ones in common, ``length``
    of each year, by chance, beside others as long as they are: they begin and end about alike.
    """
    own = [stretch for stretch in dates.stretches if inner[stretch].any()]
    shortest = min(map(len, own))
    if 2 * length < shortest:  # where long ones that move from year to year meet
        return False
    long = np.count_nonzero(dates.lengths >= shortest)
    within = [np.flatnonzero(inner[stretch])[[0, -1]] for stretch in own]
    earlier = max(int(first) for first, _ in within)
    later = max(
        len(stretch) - 1 - int(last) for stretch, (_, last) in zip(own, within, strict=True)
    )
    steps = len(dates.days) - np.count_nonzero(inner)
    return _hardly(
        len(own),
        int(steps),
        int(long) - len(own),
        slots=slots,
        likeness=(1 + earlier) * min(1.0, (1 + later) / length),
    )


def _runs(flags: Flags, *, circle: bool = False) -> list[Ints]:
    """Places of each stretch of true flags, on a line or a circle; none where all are true."""
    start = int(np.argmin(flags)) if circle else 0  # no stretch goes over a false one
    turned = (np.arange(len(flags)) + start) % max(1, len(flags))
    borders = np.flatnonzero(np.diff(flags[turned])) + 1
    parts = np.split(turned, borders)
    return [places for places in parts if len(places) and flags[places].all()]
