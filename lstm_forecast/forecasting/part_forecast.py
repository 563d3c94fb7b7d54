"""What is forecast of one part of a table: a function of its rows, and of what is known of all
rows, that any process can run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lstm_forecast.errors import DataError, EmptyError
from lstm_forecast.forecasting.ahead import read_behind
from lstm_forecast.forecasting.future import TableStyle, table_ahead
from lstm_forecast.forecasting.loaded import LoadedRun, usable
from lstm_forecast.forecasting.table import dated_columns
from lstm_forecast.forecasting.written_parts import Piece, piece_of
from lstm_forecast.forecasting.written_stamps import written_as
from lstm_forecast.panel.ended import ended_series
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.row_stream import PartRows
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.panel.survey import settled_panel
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.tables.source import Source

__all__ = ["MadePart", "PartForecast", "Whole", "require_one_grid"]


@dataclass(frozen=True)
class Whole:
    """What all rows of a table tell together, and what is made of each part depends on.

    ``None`` is what is not known before the parts were looked at.
    """

    newest: Any = None  # stamp of the newest row
    alone: bool | None = None  # whether a single series has not ended: then all are forecast
    dated: frozenset[str] | None = None  # columns whose stamps are all at midnight
    grid: Grid | None = None  # of a part before


@dataclass(frozen=True)
class MadePart:
    """What was made of one part, and what it tells of the whole."""

    newest: Any = None  # stamp of its newest row
    assumed: Any = None  # the newest of all rows, as far as it was known
    alive: int = 0  # series that have not ended
    ended: tuple[str, ...] = ()  # those that were left out
    empty: EmptyError | None = None  # why nothing of it is left
    grid: Grid | None = None
    piece: Piece = None  # of the file of forecasts, if it has any
    dated: frozenset[str] | None = None  # if it has a piece
    repairs: Mapping[str, int] = field(default_factory=dict)
    unseen: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartForecast:
    """Forecasts parts of a table that came from ``data``, for a file of that ``suffix``.

    ``fresh`` data are others than those of the training, by what the caller knows.
    """

    loaded: LoadedRun
    data: Source | None
    horizon: int | None
    style: TableStyle
    fresh: bool
    suffix: str

    def __call__(self, given: tuple[PartRows, Whole]) -> MadePart:
        """The forecasts of a part, if the policies of the run leave anything of it.

        Nothing holds its rows once they are a panel. Raises DataError if they do not fit the run.
        """
        (rows, whole), loaded, data = given, self.loaded, self.loaded.config.data
        try:
            panel = usable(loaded, settled_panel(data, rows.table()))
        except EmptyError as error:
            return MadePart(empty=error, repairs=error.repairs)
        if moved := panel.repairs.get("off_grid"):
            freq = panel.layout.grid.freq
            raise _told_by_all(f"{moved:,} rows lie between the steps of freq {freq}")
        require_one_grid(panel.layout.grid, whole.grid)
        newest = panel.layout.newest
        assumed = newest if whole.newest is None else max(newest, whole.newest)
        steps = self.horizon or loaded.config.windows.horizon
        ended = ended_series(panel.layout, steps, newest=str(assumed))
        alive = int((~ended).sum())
        if data.ended_series == "forecast" or whole.alone:
            ended[:] = False
        names = tuple(panel.layout.ids[k] for k in ended.nonzero()[0])
        part = MadePart(
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
        return self._forecast(part, panel.only(~ended) if ended.any() else panel, whole.dated)

    def _forecast(self, part: MadePart, panel: Panel, dated: frozenset[str] | None) -> MadePart:
        """The same with the forecasts of its ``panel``."""
        loaded, style = self.loaded, self.style
        panel = read_behind(loaded, panel, self.data)
        fresh = self.fresh or str(part.assumed) != read_manifest(loaded.run).cutoff
        table, doubts = table_ahead(loaded, panel, horizon=self.horizon, style=style, fresh=fresh)
        own = frozenset(dated_columns(table))
        if self.suffix == ".csv" and style.columns == "input":
            written = written_as(loaded.config.data)
            table = written.put_into(table) if written else table
        return replace(
            part,
            piece=piece_of(table, suffix=self.suffix, dated=dated),
            dated=own,
            unseen=panel.unseen,
            notes=panel.notes,
            doubts=tuple(doubts),
        )


def require_one_grid(own: Grid, first: Grid | None) -> None:
    """Raise DataError where the steps of a part are not those of the ``first``, before it: all rows
    tell which steps there are.
    """
    if first is None:
        return
    start, told = np.zeros(1, np.int64), ""
    if first.zone != own.zone:
        told = f"stamps in {first.zone or 'no zone'} stand beside some in {own.zone or 'no zone'}"
    else:
        early, late = sorted((first, own), key=lambda grid: grid.origin)
        if early.ordinals(late.ticks(start))[0] < 0:
            steps = f"the steps of freq {own.freq} from {early.stamps(start)[0]} on"
            told = f"{late.stamps(start)[0]} lies between {steps}"
    if told:
        raise _told_by_all(told)


def _told_by_all(what: str) -> DataError:
    return DataError(
        f"--memory and --engine: {what}, and what that means is told by all rows at once: leave"
        " them out"
    )
