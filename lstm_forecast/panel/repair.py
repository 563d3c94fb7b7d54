"""Faults in the rows of a panel: counted in all of the data, and settled by policy or refused.

Never in silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.panel.fill import with_rows_added, without_missing
from lstm_forecast.panel.grid import Grid, season_length
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.zones import MOST_SKIPPED, clock_hint
from lstm_forecast.tables.faults import SHOWN, Finding, Level

__all__ = ["LARGEST", "Settings", "settle"]

LARGEST = 1e150  # squares of larger values, as in a variance, are no numbers any more
VALUES = "ffill, seasonal, interpolate or mask"


@dataclass(frozen=True)
class Settings:
    """One policy per kind of fault; ``error`` refuses the data."""

    unsorted: str = "sort"  # sort
    duplicates: str = "error"  # first, last, mean, sum
    # fill (as missing values), mask (as values that were not observed: NaN), split
    gaps: str = "error"
    missing: str = "error"  # ffill, seasonal, interpolate, mask (they stay NaN)
    infinite: str = "error"  # missing
    sentinels: tuple[float, ...] = ()  # values that stand for a missing one
    fill_limit: int | None = None  # longest gap that is filled; longer ones split
    off_grid: str = "error"  # nearest
    dst: str = "error"  # first, last, shift
    future_rows: str = "error"  # keep, drop


def settle(
    rows: Rows,
    *,
    settings: Settings,
    ids: Sequence[str],
    columns: Sequence[str],
    grid: Grid,
    place: Callable[[int], str],
) -> tuple[Rows, list[Finding]]:
    """Rows in order of series and time, and what the policies did or, with policy ``error``, left
    as it was.

    ``place`` describes a row as it came in: where it stands, its series and stamp. The rows are
    sound if no finding is refused. Raises DataError for a series without any value.
    """
    survey = _Survey(rows, settings, columns, place, grid, [])
    rows = _sorted(rows, survey)
    if settings.sentinels:
        cells = np.isin(rows.values, settings.sentinels)
        rows = survey.read_as_missing(
            "sentinels", rows, cells, "stands for a missing value", str(settings.sentinels)
        )
    unusable = (rows.values > LARGEST) | (rows.values < -LARGEST)
    rows = survey.read_as_missing(
        "infinite", rows, unusable, "infinite, or too large to calculate with", "missing"
    )
    rows = _distinct(rows, survey)
    gaps = _Gaps(rows)
    survey.add_gaps(rows, gaps, ids)
    survey.add_cells("missing", rows, np.isnan(rows.values), "no value", VALUES)
    if settings.gaps == "fill" and len(gaps.after):
        rows = with_rows_added(rows, limit=settings.fill_limit)
        if settings.missing == "error":
            text = "data.gaps: fill adds rows without values"
            survey.findings.append(
                Finding("missing", "refused", gaps.total, text, (), f"data.missing: {VALUES}")
            )
    if settings.missing not in ("error", "mask") and np.isnan(rows.values).any():
        season = season_length(grid.freq)
        rows = without_missing(rows, settings.missing, season=season, ids=ids, columns=columns)
    if settings.gaps == "mask" and len(gaps.after):
        rows = with_rows_added(rows, limit=settings.fill_limit)
    return rows, survey.findings


class _Gaps:
    """Where steps of the grid are missing inside series."""

    def __init__(self, rows: Rows) -> None:
        skipped = np.where(np.diff(rows.codes) == 0, np.diff(rows.ordinals) - 1, 0)
        self.after = np.flatnonzero(skipped)  # rows before a gap
        self.sizes = skipped[self.after]
        self.total = int(self.sizes.sum())

    def steps(self, rows: Rows) -> NDArray[np.int64]:
        """Numbers on the grid of the missing steps, (total,)."""
        before = np.cumsum(self.sizes) - self.sizes  # missing ones, before each gap
        return np.asarray(
            np.repeat(rows.ordinals[self.after] + 1 - before, self.sizes) + np.arange(self.total)
        )


@dataclass(frozen=True)
class _Survey:
    """Collects the findings about some given rows."""

    given: Rows
    settings: Settings
    columns: Sequence[str]
    place: Callable[[int], str]
    grid: Grid
    findings: list[Finding]

    def add(
        self,
        kind: str,
        count: int,
        text: str,
        places: Sequence[str],
        remedy: str,
        *,
        first: str = "",
        columns: Mapping[str, int] | None = None,
    ) -> None:
        """Add a finding; its policy decides what becomes of it.

        ``first``: a remedy that comes before the policy.
        """
        level: Level = "refused" if getattr(self.settings, kind) == "error" else "settled"
        advice = f"{first}data.{kind}: {remedy}"
        self.findings.append(
            Finding(kind, level, count, text, tuple(places), advice, columns or {})
        )

    def add_cells(
        self, kind: str, rows: Rows, cells: NDArray[np.bool_], text: str, remedy: str
    ) -> None:
        """Add a finding about values (n_rows, n_columns), if there are any."""
        touched = np.flatnonzero(cells.any(axis=1))
        if len(touched):
            places = [
                f"{self.place(self.source(rows, row)[0])}: column"
                f" {self.columns[cells[row].argmax()]}"
                for row in touched[:SHOWN]
            ]
            counts = {
                name: int(n) for name, n in zip(self.columns, cells.sum(axis=0), strict=True) if n
            }
            self.add(kind, len(touched), text, places, remedy, columns=counts)

    def read_as_missing(
        self, kind: str, rows: Rows, cells: NDArray[np.bool_], text: str, remedy: str
    ) -> Rows:
        """Rows with some values taken for missing, where the policy is not to refuse them."""
        self.add_cells(kind, rows, cells, text, remedy)
        if getattr(self.settings, kind) == "error" or not cells.any():
            return rows
        return Rows(rows.codes, rows.ordinals, np.where(cells, np.nan, rows.values))

    def add_gaps(self, rows: Rows, gaps: _Gaps, ids: Sequence[str]) -> None:
        """Add the gaps, if there are any."""
        if not len(gaps.after):
            return
        grid = self.grid

        def after(k: int) -> str:
            row = gaps.after[k]
            return f"series {ids[rows.codes[row]]}, after {grid.stamps(rows.ordinals[[row]])[0]}"

        longest = int(gaps.sizes.argmax())
        text = f"{gaps.sizes[0]:,} rows of freq {grid.freq} missing"
        if len(gaps.after) > 1:
            text += (
                f", the first of {len(gaps.after):,} gaps, the longest: {gaps.sizes[longest]:,},"
                f" {after(longest)}"
            )
        steps = gaps.steps(rows) if gaps.sizes[longest] <= MOST_SKIPPED else np.empty(0, np.int64)
        hint, first = clock_hint(grid, steps, repeated=False)
        places = [after(k) for k in range(min(SHOWN, len(gaps.after)))]
        self.add("gaps", gaps.total, text + hint, places, "fill, mask or split", first=first)

    def source(self, rows: Rows, row: int) -> NDArray[np.int64]:
        """Rows as they came in that have the series and step of a row."""
        same = (self.given.ordinals == rows.ordinals[row]) & (self.given.codes == rows.codes[row])
        return np.flatnonzero(same)


def _sorted(rows: Rows, survey: _Survey) -> Rows:
    """Rows by series and time; those of equal stamps stay in their order."""
    step = np.diff(rows.codes)
    if bool(((step > 0) | ((step == 0) & (np.diff(rows.ordinals) >= 0))).all()):
        return rows
    by_series = np.argsort(rows.codes, kind="stable")
    back = (np.diff(rows.codes[by_series]) == 0) & (np.diff(rows.ordinals[by_series]) < 0)
    late = by_series[1:][back]
    if len(late):
        places = [survey.place(int(row)) for row in late[:SHOWN]]
        survey.add("unsorted", len(late), "earlier than the row before it", places, "sort")
    return rows.take(np.lexsort((rows.ordinals, rows.codes)))


def _distinct(rows: Rows, survey: _Survey) -> Rows:
    """One row for every series and stamp; the first, where the policy refuses more."""
    repeated = np.flatnonzero((np.diff(rows.codes) == 0) & (np.diff(rows.ordinals) == 0)) + 1
    if not len(repeated):
        return rows
    is_first = np.ones(len(rows.codes), bool)
    is_first[repeated] = False
    starts = np.flatnonzero(is_first)
    places = []
    for row in repeated[:SHOWN]:
        nth = int(row - starts[np.searchsorted(starts, row) - 1])
        places.append([survey.place(int(k)) for k in survey.source(rows, row)[[nth, nth - 1]]])
    here = [place for place, _ in places]
    hint, first = clock_hint(survey.grid, rows.ordinals[repeated], repeated=True)
    text = f"the same stamp as {places[0][1]}{hint}"
    survey.add("duplicates", len(repeated), text, here, "first, last, mean or sum", first=first)
    policy = survey.settings.duplicates
    if policy in ("first", "error"):
        return rows.take(starts)
    if policy == "last":
        return rows.take(np.append(starts[1:], len(rows.codes)) - 1)
    groups = pd.DataFrame(rows.values).groupby(np.cumsum(is_first) - 1)
    # the sum of nothing is missing, not 0
    settled = groups.mean() if policy == "mean" else groups.sum(min_count=1)
    return Rows(
        codes=rows.codes[starts],
        ordinals=rows.ordinals[starts],
        values=settled.to_numpy(np.float64),
    )
