"""Series that are the sum of others, as tables have a total beside its parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.series_ids import series_of_rows
from lstm_forecast.panel.series_names import name_parts
from lstm_forecast.tables.faults import Finding, setting
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.totals import (
    MIN_ROWS,
    Total,
    find_totals,
    listed,
    rounding,
    rounding_of_sums,
)

__all__ = ["SeriesOrder", "series_totals"]

MOST_ROWS = 200_000  # that are looked at before all others
MOST_SERIES, MOST_CELLS = 500, 5_000_000  # among which sums of a few are looked for
LEAST_AGREEING = 0.95  # share of the stamps at which a total is the sum of its parts
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeriesOrder:
    """How the series of a file follow each other, as a total stands beside its parts."""

    names: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()  # those with one text in a static covariate

    @classmethod
    def of(cls, table: Table, data: DataConfig) -> Self:
        """That of the rows of a table, if there are not too many series."""
        if not data.series_columns:
            return cls()
        codes, ids = series_of_rows(table, data.series_columns, default="")
        places = np.flatnonzero(~pd.Series(codes).duplicated())
        if len(places) > MOST_SERIES:
            return cls()
        names = np.array([ids[code] for code in codes[places]], object)
        first = table.frame.iloc[places].reset_index(drop=True)
        groups = (
            tuple(names[rows])
            for column in data.covariates.static
            for rows in first.groupby(column).indices.values()
        )
        return cls(tuple(names), tuple(group for group in groups if 1 < len(group) < len(names)))


@np.errstate(over="ignore", invalid="ignore")
def series_totals(panel: Panel, data: DataConfig, order: SeriesOrder) -> list[Finding]:
    """Series whose targets are the sum of all others at nearly every stamp, of those that differ
    from them in one of several columns of ``data.series_id`` alone, or, at all stamps, of a few
    others that the ``order`` of the file tells.
    """
    n_targets, keys = len(data.targets), data.series_columns
    layout, values = panel.layout, panel.values[:, :n_targets]
    if len(layout.ids) < 3:
        return []
    stamps = layout.first - layout.spans[:-1]
    stamps = np.repeat(stamps, np.diff(layout.spans)) + np.arange(len(values))
    series = np.repeat(np.arange(len(layout.ids)), layout.lengths)
    some = stamps % -(-len(values) // MOST_ROWS) == 0
    units = rounding(values[some])
    totals: dict[int, tuple[int, str]] = {}
    for groups, others in _groupings(layout.ids, keys):
        cells, _ = pd.factorize(groups[series] * (stamps.max() + 1) + stamps)
        if some.all() or _agreeing(values[some], units, cells[some], series[some], least=2).any():
            counts = _agreeing(values, units, cells, series, least=MIN_ROWS)
            totals = {int(k): (int(counts[k]), others) for k in np.flatnonzero(counts)} | totals
    for name, (count, others) in _sums_in_order(panel, n_targets, order).items():
        totals.setdefault(name, (count, others))
    return [_finding(layout.ids, totals)] if totals else []


def _sums_in_order(panel: Panel, n_targets: int, order: SeriesOrder) -> dict[int, tuple[int, str]]:
    """The series that are the sum of those right before or behind them, or of a group, by number:
    at how many stamps, and of which. Of many series none.
    """
    layout = panel.layout
    numbers = {name: k for k, name in enumerate(layout.ids)}
    names = [name for name in order.names if name in numbers]
    rows = np.arange(len(panel.values))
    ordinals, series = layout.ordinals(rows), layout.series_of(rows)
    n_stamps = int(np.ptp(ordinals)) + 1 if len(rows) else 0
    if not 2 < len(names) <= MOST_SERIES or n_stamps * len(layout.ids) > MOST_CELLS:
        return {}
    found: list[dict[str, Total]] = []
    for target in range(n_targets):
        cells = np.full((len(layout.ids), n_stamps), np.nan)
        cells[series, ordinals - ordinals.min()] = panel.values[:, target]
        columns = {name: cells[numbers[name]] for name in names}
        found.append({each.column: each for each in find_totals(columns, order.groups)})
    alike = [
        name
        for name, total in found[0].items()
        if all(name in each and each[name].parts == total.parts for each in found)
    ]
    return {numbers[name]: (found[0][name].rows, listed(found[0][name].parts)) for name in alike}


def _groupings(ids: Sequence[str], keys: Sequence[str]) -> Iterator[tuple[Ints, str]]:
    """Groups of series (n_series,) in which one may be a total, and what the others are to it."""
    yield np.zeros(len(ids), np.int64), "all others"
    if len(keys) > 1:
        parts = pd.DataFrame(name_parts(ids, len(keys)), columns=list(keys))
        for key in keys:
            same = [other for other in keys if other != key]
            yield (
                parts.groupby(same).ngroup().to_numpy().astype(np.int64),
                f"those that differ from it in {key} alone",
            )


def _agreeing(values: Floats, units: Floats, cells: Ints, series: Ints, *, least: int) -> Ints:
    """At how many stamps each series is the sum of the others in its ``cells``, groups at a stamp,
    of which two or more are not 0, (n_series,).

    That is 0 where it is not so at nearly all of them, or at fewer than the ``least``.
    """
    counts = np.full(series.max() + 1, len(values))
    for column, unit in zip(values.T, units, strict=True):
        own = np.nan_to_num(column)
        others, sizes, parts = (
            np.bincount(cells, weights=each)[cells] - each
            for each in (own, np.abs(own), (own != 0).astype(np.float64))
        )
        by_series = pd.Series(column).groupby(series)
        spread = (by_series.max() - by_series.min()).reindex(range(len(counts))).to_numpy()
        slack = rounding_of_sums(unit, parts, spread[series], sizes + np.abs(own))
        compared = np.isfinite(column) & (parts >= 2)
        agree = compared & (np.abs(own - others) <= slack)
        agreed, looked = (np.bincount(series, each, len(counts)) for each in (agree, compared))
        is_total = (spread > 0) & (agreed >= np.maximum(least, LEAST_AGREEING * looked))
        counts = np.where(is_total, np.minimum(counts, agreed), 0).astype(np.int64)
    return counts


def _finding(ids: Sequence[str], totals: dict[int, tuple[int, str]]) -> Finding:
    each = [
        f"series {ids[k]} is the sum of {others}, at {count:,} stamps"
        for k, (count, others) in totals.items()
    ]
    option = setting("leave_out", [ids[k] for k in totals])
    text = (
        f"{listed(each, between='; ')}: what learns from a total and its parts sees the same twice;"
        f" {option} leaves the rows of the total{'s' * (len(totals) > 1)} out"
    )
    return Finding("totals", "note", sum(count for count, _ in totals.values()), text)
