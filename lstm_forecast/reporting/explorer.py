"""Series that a report shows one by one: those named, the worst and the best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.panel.panel import Panel
from lstm_forecast.pictures.page.page import Explorer, Series, Track, Values
from lstm_forecast.reporting.outcomes import Forecasts, Outcomes

__all__ = ["MOST_SERIES", "clock_seconds", "explorer", "seen"]

MOST_SERIES = 200  # of which curves are in the page
MOST_VALUES = 200_000  # of the history, for all of them
LEAST_VALUES = 200  # of each
MOST_LEVELS = 2  # of intervals
DIGITS = 6  # that are significant
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def explorer(
    panel: Panel,
    tested: Outcomes,
    future: Forecasts | None,
    *,
    quantity: str,
    named: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Explorer:
    """The series that are ``named``, then the worst and the best, at most 200 in all, with the
    newest values of each.
    """
    order, errors, skills = _worst_first(tested)
    levels = list((future or tested).borders)[-MOST_LEVELS:]
    shown = _chosen(order, [tested.ids.index(each) for each in named])
    rows = max(LEAST_VALUES, MOST_VALUES // len(shown))
    ends = panel.ends(len(tested.ids) // len(panel.layout.ids))
    found = [
        _Drawn(k, *_history(panel, ends, k, rows)).with_forecasts(tested, future, levels)
        for k in shown.tolist()
    ]
    start, last = min(each.first for each in found), max(each.last for each in found)
    stamps = panel.layout.grid.stamps(np.arange(start, last + 1))
    return Explorer(
        stamps=clock_seconds(stamps),
        time=isinstance(stamps, pd.DatetimeIndex),
        levels=tuple(levels),
        quantity=quantity,
        series=tuple(each.series(tested.ids[each.number], start) for each in found),
        errors=tuple(
            (tested.ids[k], seen(errors[[k]], 4)[0], seen(skills[[k]], 4)[0])
            for k in order.tolist()
        ),
        notes=tuple(notes),
    )


def clock_seconds(stamps: pd.Index) -> list[float]:
    """Stamps as seconds on their own clock since 1970, or whole steps as they are."""
    if not isinstance(stamps, pd.DatetimeIndex):
        return [int(each) for each in stamps]
    seconds = (stamps.tz_localize(None).as_unit("ms").asi8 / 1000).tolist()
    return [int(each) if each == int(each) else each for each in seconds]


def seen(values: NDArray[np.floating], digits: int = DIGITS) -> Values:
    """Values with as many digits as can be seen; None for what is not known."""
    return [float(f"{each:.{digits}g}") if np.isfinite(each) else None for each in values.tolist()]


@dataclass(frozen=True)
class _Drawn:
    """A series of the explorer, counted on the grid of the panel."""

    number: int  # of its id
    first: int
    y: Floats
    test: Track | None = None
    future: Track | None = None

    @property
    def tracks(self) -> list[Track]:
        return [track for track in (self.test, self.future) if track is not None]

    @property
    def last(self) -> int:
        ends = (track.first + len(track.y) for track in self.tracks)
        return max(self.first + len(self.y), *ends, 0) - 1

    def with_forecasts(
        self, tested: Outcomes, future: Forecasts | None, levels: Sequence[int]
    ) -> "_Drawn":
        shown = tested.apart & (tested.ends >= self.first)
        test = _track(tested, np.flatnonzero(shown & (tested.series == self.number)), levels)
        if future is None:
            return replace(self, test=test)
        own = np.flatnonzero(future.series == self.number)
        return replace(self, test=test, future=_track(future, own, levels))

    def series(self, name: str, start: int) -> Series:
        test, future = (
            track and replace(track, first=track.first - start)
            for track in (self.test, self.future)
        )
        return Series(name, self.first - start, seen(self.y), test, future)


def _worst_first(tested: Outcomes) -> tuple[Ints, Floats, Floats]:
    """Numbers of the ids, and by id the mean absolute error and the skill against the season
    before; the worst has the least skill, those without one come last.
    """
    known = np.isfinite(tested.reference)
    own = tested.by_series(np.where(known, np.abs(tested.error), np.nan))
    other = tested.by_series(np.abs(tested.reference - tested.actual))
    skills = 1 - np.divide(own, other, out=np.full(len(own), np.nan), where=other > 0)
    order = np.argsort(np.nan_to_num(skills, nan=np.inf), kind="stable")
    return order, tested.by_series(np.abs(tested.error)), skills


def _chosen(order: Ints, named: Sequence[int]) -> Ints:
    """Named ones, then the worst and a quarter of the room for the best."""
    others = order[~np.isin(order, named)]
    room = max(0, MOST_SERIES - len(named))
    if len(others) > room:
        best = room // 4
        others = np.append(others[: room - best], others[len(others) - best :])
    return np.append(np.array(named, np.int64), others)


def _history(panel: Panel, ends: Ints, k: int, rows: int) -> tuple[int, Floats]:
    """Number on the grid of the first of the newest rows up to the last value of a target, behind
    which its row among the ``ends`` (n_series, n_targets) is, and its values along the grid.
    """
    layout = panel.layout
    number, target = divmod(k, ends.shape[1])
    last = int(ends[number, target])
    index = np.arange(max(int(layout.offsets[number]), last - rows), last)
    return _along(layout.ordinals(index), panel.values[index, target])


def _along(numbers: Ints, values: NDArray[np.floating]) -> tuple[int, Floats]:
    """Values at every number on the grid from the first one on, NaN where there is none."""
    first = int(numbers.min())
    found = np.full(int(numbers.max()) - first + 1, np.nan)
    found[numbers - first] = values
    return first, found


def _track(forecasts: Forecasts, rows: Ints, levels: Sequence[int]) -> Track | None:
    if not len(rows):
        return None
    ends = forecasts.ends[rows]
    first, y = _along(ends, forecasts.forecast[rows])
    low, high = (
        tuple(
            seen(_along(ends, forecasts.borders[level][side][rows])[1])
            for level in levels
            if level in forecasts.borders
        )
        for side in (0, 1)
    )
    return Track(first, seen(y), low, high)
