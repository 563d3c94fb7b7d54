"""Faults in the rows of a panel: counted in all of the data, and settled by policy or refused.

Never in silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.events import ZERO_RULES, counted_text, one_row_per_step
from lstm_forecast.panel.fill import require_values, with_rows_added, without_missing
from lstm_forecast.panel.open_end import open_cells, without_open_rows
from lstm_forecast.panel.placing import event_remedy
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.seasons import usual_seasons
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.panel.steps.zones import MOST_STEPS_SKIPPED, clock_hint
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, Level

__all__ = ["LARGEST_VALUE", "LEADING", "empty_targets", "numeric_sentinels", "settle"]

# Squares of larger values, as in a variance, are no numbers any more.
LARGEST_VALUE = 1e150
# Steps without an event that are written as 0: these at least, and so many for each that has one.
MOST_EMPTY_STEPS, MOST_EMPTY_SHARE = 1_000_000, 200
LEADING = "leading_rows"  # kind of what is found of rows that nothing can fill
MANY_REPEATED = 0.25  # share of the rows from which those of a repeated stamp may be events
FILLING = "ffill, seasonal, interpolate or mask"  # policies for values that are not there


def numeric_sentinels(data: DataConfig) -> tuple[float, ...]:
    """Numbers that stand for a missing value."""
    return tuple(number for number in data.sentinels if isinstance(number, float))


def empty_targets(rows: Rows, data: DataConfig) -> NDArray[np.bool_]:
    """Which targets of rows as they came in have no value, or one that stands for none."""
    targets = rows.values[:, : len(data.targets)]
    empty = np.isnan(targets)
    if sentinels := numeric_sentinels(data):
        empty |= np.isin(targets, sentinels)
    if data.infinite == "missing":
        empty |= np.abs(targets) > LARGEST_VALUE
    return empty


def settle(
    rows: Rows,
    data: DataConfig,
    *,
    ids: Sequence[str],
    columns: Sequence[str],
    grid: Grid,
    place: Callable[[int], str],
) -> tuple[Rows, list[Finding]]:
    """Rows in order of series and time, and what the policies of ``data`` did or, with policy
    ``error``, left as it was.

    ``place`` describes a row as it came in: where it stands, its series and stamp. The rows are
    sound if no finding is refused. Raises DataError for a series without any value.
    """
    survey = _Survey(rows, data, columns, place, grid, [])
    rows = _usable(_sorted(rows, survey), survey)
    if data.aggregate is None:
        rows = _distinct(rows, survey)
    else:
        rows = one_row_per_step(rows, data.aggregate, n_targets=len(data.targets))
    rows = without_open_rows(rows, len(data.targets))
    gaps = _Gaps(rows)
    if data.aggregate is not None:
        survey.add_events(rows, gaps)
    if data.aggregate not in ZERO_RULES:
        survey.add_gaps(rows, gaps, ids)
    holes = np.isnan(rows.values) & ~open_cells(rows, len(data.targets))
    survey.add_cells("missing", data.missing, rows, holes, "no value", FILLING)
    return _filled(rows, gaps, survey, ids), survey.findings


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
    data: DataConfig
    columns: Sequence[str]
    place: Callable[[int], str]
    grid: Grid
    findings: list[Finding]

    def add(
        self,
        kind: str,
        policy: str,
        count: int,
        text: str,
        places: Sequence[str],
        remedy: str,
        *,
        first: str = "",
        columns: Mapping[str, int] | None = None,
    ) -> None:
        """Add a finding, which is refused under the policy ``error`` and settled under any other.

        ``first``: a remedy that comes before the policy.
        """
        level: Level = "refused" if policy == "error" else "settled"
        advice = f"{first}data.{kind}: {remedy}"
        self.findings.append(
            Finding(kind, level, count, text, tuple(places), advice, columns or {})
        )

    def add_cells(
        self,
        kind: str,
        policy: str,
        rows: Rows,
        cells: NDArray[np.bool_],
        text: str,
        remedy: str,
    ) -> None:
        """Add a finding about values (n_rows, n_columns), if there are any."""
        touched = np.flatnonzero(cells.any(axis=1))
        if len(touched):
            places = [
                f"{self.place(self.source(rows, row)[0])}: column"
                f" {self.columns[cells[row].argmax()]}"
                for row in touched[:SHOWN_PLACES]
            ]
            counts = {
                name: int(n) for name, n in zip(self.columns, cells.sum(axis=0), strict=True) if n
            }
            self.add(kind, policy, len(touched), text, places, remedy, columns=counts)

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
        steps = (
            gaps.steps(rows) if gaps.sizes[longest] <= MOST_STEPS_SKIPPED else np.empty(0, np.int64)
        )
        hint, first = clock_hint(grid, steps, repeated=False)
        places = [after(k) for k in range(min(SHOWN_PLACES, len(gaps.after)))]
        self.add(
            "gaps",
            self.data.gaps,
            gaps.total,
            text + hint,
            places,
            "fill, mask or split",
            first=first,
        )

    def add_events(self, rows: Rows, gaps: _Gaps) -> None:
        """Add how many events became the ``rows`` of steps, and what was left out of them."""
        data, steps, events = self.data, len(rows.codes), len(self.given.codes)
        text = f"events in {steps:,} steps of freq {self.grid.freq}, one row for each"
        if gaps.total and data.aggregate in ZERO_RULES:
            text += f"; {gaps.total:,} steps between them have none, and are 0"
            if gaps.total > max(MOST_EMPTY_STEPS, MOST_EMPTY_SHARE * steps):
                raise DataError(
                    f"data.aggregate: {data.aggregate}: {gaps.total:,} of"
                    f" {gaps.total + steps:,} steps of freq {self.grid.freq} have no row, too many"
                    " to be written as 0; set a longer data.freq, or correct stamps that are far"
                    " from all others"
                )
        targets = self.given.values[:, : len(data.targets)]
        given = ~np.isnan(targets)
        if not given.all():
            text += f"; {counted_text(given, data.targets, data.aggregate or '')}"
        self.findings.append(Finding("aggregate", "settled", events, text))

    def add_heads(self, before: Rows, filled: Rows) -> None:
        """Add the rows ``before`` that are not among those ``filled``, if there are any."""
        width = int(before.ordinals.max(initial=0)) + 1
        steps, kept = (
            rows.codes.astype(np.int64) * width + rows.ordinals for rows in (before, filled)
        )
        gone = np.flatnonzero(~np.isin(steps, kept))
        if len(gone):
            sources = [self.source(before, int(row)) for row in gone[:SHOWN_PLACES]]
            places = tuple(self.place(int(each[0])) for each in sources if len(each))
            text = (
                f"{len(gone):,} rows without a value before the first one of their series, or the"
                " first behind a gap, are left out: nothing before them could fill them"
            )
            self.findings.append(Finding(LEADING, "settled", len(gone), text, places))

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
        places = [survey.place(int(row)) for row in late[:SHOWN_PLACES]]
        text = "earlier than the row before it"
        survey.add("unsorted", survey.data.unsorted, len(late), text, places, "sort")
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
    for row in repeated[:SHOWN_PLACES]:
        nth = int(row - starts[np.searchsorted(starts, row) - 1])
        places.append([survey.place(int(k)) for k in survey.source(rows, row)[[nth, nth - 1]]])
    here = [place for place, _ in places]
    hint, first = clock_hint(survey.grid, rows.ordinals[repeated], repeated=True)
    text = f"the same stamp as {places[0][1]}{hint}"
    policy = survey.data.duplicates
    events = event_remedy(many=len(repeated) > MANY_REPEATED * len(rows.codes))
    remedy = f"first, last, mean or sum{events}"
    survey.add("duplicates", policy, len(repeated), text, here, remedy, first=first)
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


def _usable(rows: Rows, survey: _Survey) -> Rows:
    """Rows without the numbers that stand for a missing value or cannot be calculated with, where
    these are not refused.
    """
    data = survey.data
    if sentinels := numeric_sentinels(data):
        cells = np.isin(rows.values, sentinels)
        text = "stands for a missing value"
        survey.add_cells("sentinels", "settled", rows, cells, text, str(sentinels))
        rows = _without(rows, cells)
    if data.negative == "error":
        below = rows.values < 0
        below[:, len(data.targets) :] = False
        numbers = np.unique(rows.values[below])
        code = f", or data.sentinels: [{numbers[0]:g}]" if len(numbers) == 1 else ""
        survey.add_cells("negative", "error", rows, below, "less than 0", f"keep{code}")
    beyond = (rows.values > LARGEST_VALUE) | (rows.values < -LARGEST_VALUE)
    text = "infinite, or too large to calculate with"
    survey.add_cells("infinite", data.infinite, rows, beyond, text, "missing")
    return rows if data.infinite == "error" else _without(rows, beyond)


def _without(rows: Rows, cells: NDArray[np.bool_]) -> Rows:
    """Rows with some of their values missing."""
    if not cells.any():
        return rows
    return Rows(rows.codes, rows.ordinals, np.where(cells, np.nan, rows.values))


def _filled(rows: Rows, gaps: _Gaps, survey: _Survey, ids: Sequence[str]) -> Rows:
    """Rows with the missing steps and values that policies put in their place."""
    data, has_gaps = survey.data, len(gaps.after) > 0
    zeros = len(data.targets) if data.aggregate in ZERO_RULES else 0
    if has_gaps and (zeros or data.gaps == "fill"):
        rows = with_rows_added(rows, limit=None if zeros else data.fill_limit, zeros=zeros)
        if data.missing == "error" and zeros < len(survey.columns):
            text = (
                f"data.aggregate: {data.aggregate} adds steps that have no covariates"
                if zeros
                else "data.gaps: fill adds rows without values"
            )
            survey.add("missing", "error", gaps.total, text, (), FILLING)
    unknown = open_cells(rows, len(data.targets))
    if data.missing not in ("error", "mask") and (np.isnan(rows.values) & ~unknown).any():
        season, _ = usual_seasons(survey.grid)
        before = rows
        rows = without_missing(
            rows,
            data.missing,
            season=season,
            unknown=unknown,
            ids=ids,
            columns=survey.columns,
        )
        survey.add_heads(before, rows)
    elif data.missing == "mask":
        valued = np.flatnonzero(~np.isnan(rows.values[:, : len(data.targets)]).all(axis=1))
        require_values(rows, valued, ids=ids, columns=data.targets)
    if has_gaps and data.gaps == "mask" and not zeros:
        rows = with_rows_added(rows, limit=data.fill_limit)
    return rows
