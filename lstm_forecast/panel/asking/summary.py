"""What a table was taken for, and what was done about its faults, in lines that people read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.document import quote
from lstm_forecast.config.table import DataConfig
from lstm_forecast.panel.asking.questions import POLICIES, shown
from lstm_forecast.panel.asking.settle import Settled
from lstm_forecast.panel.open_end import OPEN_END
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.placing import EMPTY_ROWS
from lstm_forecast.panel.repair import LEADING
from lstm_forecast.panel.seasons import season_text, second_season, usual_season
from lstm_forecast.panel.steps.closed import closed_text
from lstm_forecast.tables.faults import Finding, counted
from lstm_forecast.tables.roles import Roles

__all__ = ["fitting", "listed", "summary"]

LONGEST_LIST = 400  # characters that the names of columns may take in a line


def summary(settled: Settled, roles: Roles) -> Iterator[str]:
    """What the table is, and what policies did to how many rows, the first of them named."""
    panel, data = settled.panel, settled.data
    layout, lengths, names = panel.layout, panel.layout.lengths, " and ".join(data.series_columns)
    asked = {key for each in settled.questions for answer in each.answers for key in answer.keys}
    zone = None if "timezone" in asked else layout.grid.zone  # of an answer that nobody gave yet
    ends = layout.stamps(np.array([layout.offsets[0], layout.offsets[-1] - 1]))
    if "timezone" in asked and isinstance(ends, pd.DatetimeIndex):
        ends = ends.tz_localize(None)
    span = list(map(str, ends))
    yield (
        f"time: {' '.join(data.stamp_columns)}"
        + (f", read as {data.timestamp_format}" if data.timestamp_format else "")
        + f", freq {layout.grid.freq}"
        + (f", zone {zone}" if zone else "")
        + f"; {season_text(usual_season(layout), second_season(layout))}"
    )
    yield (
        f"series: {len(lengths):,}"
        + (f" by {names}, {_range(lengths)} rows each" if names else "")
        + (f", {lengths[0]:,} rows from {span[0]} to {span[1]}" if len(lengths) == 1 else "")
    )
    yield (
        f"targets: {listed(data.targets)}"
        + (f"; other numeric columns: {listed(roles.others)}" if roles.others else "")
        + (f"; constant in each series: {listed(roles.static)}" if roles.static else "")
    )
    if data.closed.any:
        yield _closed(layout, data)
    yield from _numbers(data)
    yield from panel.notes
    yield from (_told(found, data) for found in settled.findings)


def _told(found: Finding, data: DataConfig) -> str:
    """What was found, and the policy that settled it."""
    place = f" ({found.places[0]})" if found.places else ""
    if found.kind in (OPEN_END, LEADING):
        return f"{found.kind}: {found.text}{place}"
    if not found.count:  # the text says it all
        return f"{found.text}{place}"
    settles = found.kind in POLICIES
    policy = f": data.{found.kind}: {shown(getattr(data, found.kind))}" if settles else ""
    if found.kind == "gaps" and data.fill_limit is not None:
        policy += f", where longer ones than data.fill_limit: {data.fill_limit} part the series"
    clocks = re.search("; clocks in .*", found.text)  # what may be no fault
    more = clocks[0] if clocks else ""
    if found.kind == "aggregate":
        more = "".join(found.text.partition("; ")[1:])
    rows = counted(found.kind, found.count)
    neither = ", each without a stamp and a target" if found.kind == EMPTY_ROWS else ""
    return f"{found.kind}: {rows}{neither}{policy}{place}{more}"


def _closed(layout: Layout, data: DataConfig) -> str:
    """Which steps the grid leaves out, and how many."""
    newest = layout.latest
    stamps = layout.grid.ticks(np.array([layout.first.min(), newest]))
    every = replace(layout.grid, closed=None).ordinals(stamps)
    steps, still_open = (int(np.ptp(each)) + 1 for each in (every, layout.grid.ordinals(stamps)))
    return (
        f"closed: {closed_text(data.closed)}: {steps - still_open:,} of {steps:,} steps, on which"
        " nothing is ever observed, are left out and not forecast (data.closed)"
    )


def _numbers(data: DataConfig) -> Iterator[str]:
    """How numbers are written that are not as a computer writes them."""
    if data.csv.decimal == "," or data.csv.thousands:
        thousands = f", {data.csv.thousands!r} between thousands" if data.csv.thousands else ""
        yield f"numbers: {data.csv.decimal!r} before decimals{thousands}"
    for name, units in data.units.items():
        each = ", ".join(
            (f"{unit!r} is {factor:,g}" if factor != 1 else repr(unit)) if unit else "nothing"
            for unit, factor in units.items()
        )
        yield f"units: {name}: {each} beside the numbers"


def _range(lengths: NDArray[np.int64]) -> str:
    """The least and the largest of the numbers, or the only one."""
    least, most = int(lengths.min()), int(lengths.max())
    return f"{least:,}" + (f" to {most:,}" if most > least else "")


def listed(names: Sequence[str]) -> str:
    """Names between commas, as many as people read."""
    first = fitting(names)
    left = [f"and {len(names) - len(first):,} more"] if len(first) < len(names) else []
    return ", ".join([*first, *left])


def fitting(names: Sequence[str]) -> list[str]:
    """The first names that are not too long together."""
    lengths = np.cumsum([len(quote(name)) for name in names])
    return list(names[: int(np.searchsorted(lengths, LONGEST_LIST, side="right"))])
