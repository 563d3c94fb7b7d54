"""Forecasts of a table that is read in parts, so that memory does not grow with the number of its
series.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError, EmptyError
from lstm_forecast.events import Listener
from lstm_forecast.forecasting.ahead import read_behind
from lstm_forecast.forecasting.future import TableStyle, table_ahead
from lstm_forecast.forecasting.loaded import LoadedRun, usable
from lstm_forecast.forecasting.table import dated_columns
from lstm_forecast.forecasting.written_parts import TableWriter
from lstm_forecast.forecasting.written_stamps import written_as
from lstm_forecast.panel.ended import ended_notes, ended_series
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.parts import Parts
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.panel.survey import repair_notes, settled_panel
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.source import Source

__all__ = ["PartsForecast", "Streamed"]

MOST_DOUBTS = 10  # that are told, each of the part that it is about


@dataclass(frozen=True)
class Streamed:
    """What is to be known of forecasts that were written part by part."""

    repairs: Mapping[str, int]
    notes: tuple[str, ...]  # for people
    unseen: Mapping[str, int]  # series of no known category, by static column


@dataclass(frozen=True)
class _Whole:
    """What all rows of a table tell together, and what is made of each part depends on.

    ``None`` is what is not known before the parts were looked at.
    """

    newest: Any = None  # stamp of the newest row
    alone: bool | None = None  # whether a single series has not ended: then all are forecast
    dated: frozenset[str] | None = None  # columns whose stamps are all at midnight


@dataclass(frozen=True)
class _Part:
    """What was made of one part, and what it tells of the whole."""

    newest: Any = None  # stamp of its newest row
    assumed: Any = None  # the newest of all rows, as far as it was known
    alive: int = 0  # series that have not ended
    ended: tuple[str, ...] = ()  # those that were left out
    empty: EmptyError | None = None  # why nothing of it is left
    grid: Grid | None = None
    table: pd.DataFrame | None = None  # of its forecasts, if it has any
    dated: frozenset[str] | None = None  # if it has a table
    repairs: Mapping[str, int] = field(default_factory=dict)
    unseen: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartsForecast:
    """What is forecast of a table in ``parts``, which came from ``data``.

    ``fresh`` data are others than those of the training, by what the caller knows.
    """

    loaded: LoadedRun
    parts: Parts
    data: Source | None
    horizon: int | None
    style: TableStyle
    fresh: bool

    def write(self, path: Path, *, suffix: str, listener: Listener) -> Streamed:
        """Write the forecasts of all parts to ``path``, whose format the ``suffix`` says.

        Its bytes are those of forecasting all series at once. What all rows tell together is known
        after the last part only; where a part was taken for something else, all are forecast again.
        Raises DataError if the data do not fit the run.
        """
        whole = _Whole()
        while True:
            with self.parts.unchanged():
                told = list(self._written(path, whole, suffix, listener))
            whole, before = _together(told), whole
            if all(_as_known(part, before, whole) for part in told):
                return self._summed(told)

    def _written(
        self, path: Path, whole: _Whole, suffix: str, listener: Listener
    ) -> Iterator[_Part]:
        done, total, newest, grid = 0, self.parts.series, whole.newest, None
        by_input = suffix == ".csv" and self.style.columns == "input"
        written = written_as(self.loaded.config.data) if by_input else None
        tables = self.parts.read()
        with TableWriter(path, suffix=suffix, dated=whole.dated) as writer:
            for size in self.parts.sizes:
                listener.progress(f"forecasting {total:,} series", done, total)
                part = self._part(tables, replace(whole, newest=newest), grid)
                done, newest, grid = done + size, part.assumed or newest, grid or part.grid
                if part.table is not None:
                    writer.append(written.put_into(part.table) if written else part.table)
                part = replace(part, table=None)  # which need not wait for the next one
                yield part
        listener.progress(f"forecasting {total:,} series", total, total)

    def _part(self, tables: Iterator[Table], whole: _Whole, grid: Grid | None) -> _Part:
        """The forecasts of the next part, if the policies of the run leave anything of it;
        ``grid`` is that of the parts before.

        Nothing holds its rows once they are a panel.
        """
        loaded, data = self.loaded, self.loaded.config.data
        try:
            panel = usable(loaded, settled_panel(data, next(tables)))
        except EmptyError as error:
            return _Part(empty=error, repairs=error.repairs)
        _require_one_grid(panel, grid)
        newest = panel.layout.newest
        assumed = newest if whole.newest is None else max(newest, whole.newest)
        steps = self.horizon or loaded.config.windows.horizon
        ended = ended_series(panel.layout, steps, newest=str(assumed))
        alive = int((~ended).sum())
        if data.ended_series == "forecast" or whole.alone:
            ended[:] = False
        names = tuple(panel.layout.ids[k] for k in ended.nonzero()[0])
        part = _Part(
            newest,
            assumed,
            alive,
            names,
            grid=panel.layout.grid,
            notes=panel.notes,
            repairs=panel.repairs,
        )
        if ended.all():
            return part
        return self._forecast(part, panel.only(~ended) if ended.any() else panel)

    def _forecast(self, part: _Part, panel: Panel) -> _Part:
        """The same with the forecasts of its ``panel``."""
        panel = read_behind(self.loaded, panel, self.data)
        fresh = self.fresh or str(part.assumed) != read_manifest(self.loaded.run).cutoff
        table, doubts = table_ahead(
            self.loaded, panel, horizon=self.horizon, style=self.style, fresh=fresh
        )
        return replace(
            part,
            table=table,
            dated=frozenset(dated_columns(table)),
            unseen=panel.unseen,
            notes=panel.notes,
            doubts=tuple(doubts),
        )

    def _summed(self, told: Sequence[_Part]) -> Streamed:
        """What all parts tell to people."""
        repairs = _sums(part.repairs for part in told)
        ended = list(chain.from_iterable(part.ended for part in told))
        notes = dict.fromkeys(chain.from_iterable(part.notes for part in told))
        doubts = list(dict.fromkeys(chain.from_iterable(part.doubts for part in told)))
        return Streamed(
            repairs={**repairs, **({"ended_series": len(ended)} if ended else {})},
            notes=(
                *repair_notes(self.loaded.config.data, repairs),
                *ended_notes(ended),
                *(f"warning: {note}" for note in notes),
                *doubts[:MOST_DOUBTS],
                *_further(len(doubts) - MOST_DOUBTS),
            ),
            unseen=_sums(part.unseen for part in told),
        )


def _require_one_grid(panel: Panel, first: Grid | None) -> None:
    """Raise DataError where the steps of a part are not those of the parts before, whose grid is
    the ``first``, or rows were moved to them: all rows tell which steps there are.
    """
    own, start, told = panel.layout.grid, np.zeros(1, np.int64), ""
    if moved := panel.repairs.get("off_grid"):
        told = f"{moved:,} rows lie between the steps of freq {own.freq}"
    elif first is not None and first.zone != own.zone:
        told = f"stamps in {first.zone or 'no zone'} stand beside some in {own.zone or 'no zone'}"
    elif first is not None:
        early, late = sorted((first, own), key=lambda grid: grid.origin)
        if early.ordinals(late.ticks(start))[0] < 0:
            steps = f"the steps of freq {own.freq} from {early.stamps(start)[0]} on"
            told = f"{late.stamps(start)[0]} lies between {steps}"
    if told:
        raise DataError(
            f"--memory: {told}, and what that means is told by all rows at once: leave it out"
        )


def _together(told: Sequence[_Part]) -> _Whole:
    """What all parts tell of the whole. Raises EmptyError if nothing is left of any."""
    if all(part.empty for part in told) and (error := told[0].empty):
        raise error
    dated = [part.dated for part in told if part.dated is not None]
    return _Whole(
        newest=max(part.newest for part in told if part.empty is None),
        alone=sum(part.alive for part in told) == 1,
        dated=frozenset.intersection(*dated),
    )


def _as_known(part: _Part, before: _Whole, whole: _Whole) -> bool:
    """Whether a part was made by what is known of the ``whole``, from what was known ``before``."""
    if part.empty is not None:
        return True
    dated = part.dated if before.dated is None else before.dated
    known = part.assumed == whole.newest and bool(before.alone) == whole.alone
    return known and (part.dated is None or dated == whole.dated)


def _sums(counts: Iterator[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def _further(count: int) -> Iterator[str]:
    if count > 0:
        yield f"warning: {count:,} further warnings about other parts of the table"
