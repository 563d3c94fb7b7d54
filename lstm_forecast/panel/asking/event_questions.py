"""What becomes of rows that may be events: the rules by which those of one step become one row, and
what each does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.config.table import DataConfig
from lstm_forecast.panel.asking.draft import Choice
from lstm_forecast.panel.asking.regular import LONGEST_FILLED_GAP
from lstm_forecast.panel.events import (
    ZERO_RULES,
    counted_text,
    marked_cells,
    moments_of,
    step_periods,
)
from lstm_forecast.panel.leave_out import without_series
from lstm_forecast.panel.placing import grid_from, stamped_rows
from lstm_forecast.panel.seasons import season_length
from lstm_forecast.panel.series_ids import series_of_rows
from lstm_forecast.panel.steps.frequency import TICKS_OF_DAY
from lstm_forecast.panel.steps.grid import stamp_text, ticks_of
from lstm_forecast.panel.steps.spacing import distinct
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.read import Table

__all__ = ["FIRST_ROWS", "EventLook"]

Stamps = pd.DatetimeIndex | pd.Index
Ints = NDArray[np.int64]
FIRST_ROWS: Mapping[str, Any] = {"duplicates": "first"}
# Frequencies that events are put together by, from short to long, with what their steps are.
STEP_WORDS = {"min": "minutes", "h": "hours", "D": "days", "W-SUN": "weeks", "MS": "months"}
# Steps of the longest series: with fewer hours minutes are tried, with fewer of others they are not
# offered beside shorter ones.
MANY_HOURS, LEAST_STEPS = 100, 20
EVENT_RULES, LEVEL_RULES = ("sum", "count", "mean", "last"), ("mean", "last", "sum")
# Changes from row to row, beside the standard deviation, of values that are no level; the share of
# rows of one that may have the stamp of another, or else of these that are equal.
RESTLESS_CHANGE, MOST_REPEATED, EQUAL_READINGS = 0.5, 0.01, 0.9
ALL_OPEN = ClosedConfig()
LEAST_FILLED = 0.2  # share of the steps of a frequency of stamps that is offered for events


@dataclass(frozen=True)
class EventLook:
    """Rows that may be events."""

    table: Table
    stamps: Stamps
    codes: NDArray[np.int32]  # (n_rows,): number of the series
    values: NDArray[np.float64]  # (n_rows, n_targets); no target of text holds one
    held: NDArray[np.bool_]  # (n_rows, n_targets): whether a cell holds something, a text as well
    targets: tuple[str, ...]
    equal: int  # rows that are equal to an earlier one in all columns
    # columns that may name series, how many of these, and of rows that repeat a stamp even then
    series: Mapping[tuple[str, ...], tuple[int, int]]

    @classmethod
    def of(
        cls,
        table: Table,
        data: DataConfig,
        *,
        equal: int,
        series: Mapping[tuple[str, ...], tuple[int, int]],
    ) -> Self:
        """The rows of a table that hold something."""
        table, stamps, _ = stamped_rows(table, data, data.targets)
        codes, ids = series_of_rows(table, data.series_columns, default=data.targets[0])
        table, stamps, codes, _, _ = without_series(table, stamps, codes, ids, data.leave_out)
        cells = table.frame[list(data.targets)]
        values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
        marks = [marked_cells(cells[name], data) for name in data.targets]
        held = ~np.isnan(np.column_stack(marks))
        return cls(table, stamps, codes, values, held, data.targets, equal, series)

    @cached_property
    def again(self) -> NDArray[np.bool_]:
        """Which rows have the stamp of an earlier one of their series, (n_rows,)."""
        cells = pd.DataFrame({"code": self.codes, "moment": moments_of(self.stamps)})
        return cells.duplicated().to_numpy()

    @property
    def repeated(self) -> int:
        """How many rows these are."""
        return int(self.again.sum())

    @cached_property
    def counted(self) -> Mapping[str, str]:
        """How many rows each rule takes, for people: of text only ``count`` takes any."""
        given = ~np.isnan(self.values)
        return {
            rule: counted_text(self.held if rule == "count" else given, self.targets, rule)
            for rule in EVENT_RULES
        }

    @property
    def have_clock_times(self) -> bool:
        """Whether stamps are dates that do not all have the same time of day."""
        if not isinstance(self.stamps, pd.DatetimeIndex):
            return False
        times = ticks_of(self.stamps, freq="D") % TICKS_OF_DAY
        return bool((times != times[0]).any())

    @property
    def are_levels(self) -> bool:
        """Whether the first target seems to be read from something that is always there: values of
        one stamp are equal, or stamps hardly repeat and values change little to the next one.
        """
        order = np.lexsort((moments_of(self.stamps), self.codes))
        values, stamps = self.values[order, 0], self.stamps[order]
        same = np.diff(self.codes[order]) == 0
        again = same & np.asarray(stamps[1:] == stamps[:-1])
        changes = np.abs(np.diff(values))
        later = changes[same & ~again & ~np.isnan(changes)]
        if not len(later):
            return False
        if (repeated := int(again.sum())) > MOST_REPEATED * len(values):
            if 2 * self.equal > repeated:  # rows are repeated, whatever they hold
                return False
            return bool(np.mean(changes[again] == 0) > EQUAL_READINGS > np.mean(later == 0))
        return bool(later.mean() < RESTLESS_CHANGE * np.nanstd(values))

    @property
    def irregular(self) -> Finding:
        """That the stamps have no frequency."""
        text = f"{len(self.stamps):,} rows are at irregular times, which no freq fits"
        places = tuple(
            f"{self.table.place(row)}: {stamp}"
            for row, stamp in enumerate(self.stamps[:SHOWN_PLACES])
        )
        kind = "off_grid" if self.have_clock_times else "duplicates"
        return Finding(kind, "refused", len(self.stamps), text, places)

    def choices(
        self, *, freq: str | None, regular: bool = False, closed: ClosedConfig = ALL_OPEN
    ) -> list[Choice]:
        """What the rows can become: by every rule with the steps of ``freq``, or else with the
        shortest that mostly have an event; and by the first rule with longer ones.

        Where stamps are ``regular`` but for those that repeat, the first row of each may do, too,
        and gaps are those of the table, which other keys settle. Of these steps some may be
        ``closed``, unless an answer makes them 0.
        """
        dates = isinstance(self.stamps, pd.DatetimeIndex)
        steps = None if freq is None else _Steps.of(self, freq)
        if steps is None or (regular and dates and steps.share < LEAST_FILLED):
            steps, regular = _shortest(self), False
        opened = _Steps.of(self, steps.freq, closed) if regular and closed.any else steps
        levels = self.are_levels
        rules = LEVEL_RULES if levels else EVENT_RULES
        found = [
            (steps if rule in ZERO_RULES else opened).choice(rule, fills=not regular)
            for rule in rules
        ]
        if self.equal:
            keys, effect = {**found[0].keys, **FIRST_ROWS}, found[0].effect
            told = f"; {self.equal:,} rows that are equal to an earlier one count once"
            found.append(Choice(keys, effect + told))
        if dates:
            others = (_Steps.of(self, name) for name in STEP_WORDS)
            longer = islice((each for each in others if each.length > steps.length), 1)
            found += [
                each.choice(rules[0], fills=not regular)
                for each in longer
                if each.most >= LEAST_STEPS
            ]
        first = [Choice(FIRST_ROWS, steps.effect_of_first_rows)] if regular else []
        by_rule = [*first, *found] if levels else [*found, *first]
        chosen = [*by_rule, *self.series_choices]
        return [_all_open(each, steps.freq) for each in chosen] if closed.any else chosen

    @property
    def series_choices(self) -> Iterator[Choice]:
        """That the rows are those of several series, which a column names."""
        for names, (count, again) in self.series.items():
            rows, each = len(self.stamps) // count, " and ".join(names)
            then = (
                f"; {again:,} of all {len(self.stamps):,} have the stamp of another row even then"
                if again
                else ", which all stay"
            )
            effect = f"each {each} is a series: {count:,} of about {rows:,} rows{then}"
            yield Choice({"series_id": names[0] if len(names) == 1 else list(names)}, effect)


@dataclass(frozen=True)
class _Steps:
    """What events are by the steps of a frequency."""

    freq: str
    rows: int
    told: Mapping[str, str]  # by rule, how many rows it takes
    filled: int  # steps with an event
    gaps: Ints  # steps without one, in each gap of a series
    most: int  # steps of the longest series
    length: float  # of a step, in the median
    span: str  # from the first to the last one

    @classmethod
    def of(cls, look: EventLook, freq: str, closed: ClosedConfig = ALL_OPEN) -> Self:
        """Those that have an event, and those between them that are not ``closed``."""
        periods = step_periods(look.stamps, freq, day_start=None)
        grid = grid_from(look.stamps, int(periods.names.min()), freq)
        grid = replace(grid, closed=closed) if closed.any else grid
        ordinals = grid.ordinals(periods.names)
        width = int(ordinals.max()) + 1
        series, steps = np.divmod(distinct(look.codes * np.int64(width) + ordinals), width)
        same = np.diff(series) == 0
        ahead = np.diff(steps)[same]
        lengths = 1 + np.bincount(series[1:][same], weights=ahead, minlength=1)
        first, last = map(stamp_text, grid.stamps(np.array([0, width - 1])))
        return cls(
            freq=freq,
            rows=len(ordinals),
            told=look.counted,
            filled=len(steps),
            gaps=ahead[ahead > 1] - 1,
            most=int(lengths.max()),
            length=float(np.median(periods.ends - periods.begins)),
            span=f"from {first} to {last}",
        )

    @property
    def empty(self) -> int:
        """Steps without an event between the first and the last one of their series."""
        return int(self.gaps.sum())

    @property
    def share(self) -> float:
        """How many of the steps have an event."""
        return self.filled / (self.filled + self.empty)

    @property
    def policies(self) -> dict[str, Any]:
        """What fills those of gaps that are not too long."""
        limit = {"fill_limit": self._limit} if (self.gaps > self._limit).any() else {}
        return {"gaps": "fill", **limit, "missing": "ffill"} if self.empty else {}

    @property
    def _limit(self) -> int:
        return max(season_length(self.freq), LONGEST_FILLED_GAP)

    def choice(self, rule: str, *, fills: bool) -> Choice:
        """The answer that ``rule`` makes one row of those of a step, and ``fills`` the gaps."""
        zeros = rule in ZERO_RULES
        filling = self.policies if fills and not zeros else {}
        keys = {"aggregate": rule, "freq": self.freq, **filling}
        added = self.empty if zeros else int(self.gaps[self.gaps <= self._limit].sum())
        words = STEP_WORDS.get(self.freq, f"steps of {self.freq}")
        effect = f"{self.filled + added:,} {words} {self.span}, {self.told[rule]}"
        if added:
            become = "0" if zeros else "filled"
            effect += f"; {added:,} without a row {'is' if added == 1 else 'are'} {become}"
        if added < self.empty:
            left = self.empty - added
            effect += f"; {left:,} in longer gaps {'stays' if left == 1 else 'stay'} away"
        return Choice(keys, effect)

    @property
    def effect_of_first_rows(self) -> str:
        """What it does that the first row of every stamp stands for all of them."""
        remain = f"{self.filled:,} of {self.rows:,} rows remain"
        return f"rows of one stamp are dropped but the first: {remain}"


def _all_open(answer: Choice, freq: str) -> Choice:
    """The answer, which says that no step is closed where it makes steps 0, or makes others than
    those of ``freq``.
    """
    if answer.keys.get("aggregate") in ZERO_RULES or answer.keys.get("freq", freq) != freq:
        return replace(answer, keys={**answer.keys, "closed": {}})
    return answer


def _shortest(look: EventLook) -> _Steps:
    """The shortest steps most of which have an event, or else the longest; days or longer where
    stamps have no times.
    """
    names = list(STEP_WORDS)
    if not look.have_clock_times:
        names = names[names.index("D") :]
    elif _Steps.of(look, "h").most >= MANY_HOURS:
        names.remove("min")
    for name in names:
        steps = _Steps.of(look, name)
        if steps.share > 1 / 2:
            break
    return steps
