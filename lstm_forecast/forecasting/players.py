"""The inputs of one window, each a player that may be absent: steps of its history, and columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.chosen_window import ChosenWindow
from lstm_forecast.forecasting.forecaster import Forecaster, Seen
from lstm_forecast.panel.covariates import Known
from lstm_forecast.windows.channels import Channels

__all__ = ["Kind", "Player", "Table", "set_table"]

Kind = Literal["history", "past", "future", "calendar", "static"]
MOST_BLOCKS = 128  # into which a history is cut
ALWAYS = -1  # the player of what is never absent: padding and flags
Single = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Player:
    """A part of what a forecast is made from."""

    kind: Kind
    name: str  # of the column
    rows: range | None = None  # of the history of the target


@dataclass(frozen=True)
class Table:
    """Who plays, and what is seen of a window whoever is absent."""

    players: tuple[Player, ...]
    seen: Seen  # of the one window, all present
    still: Seen  # of the same, all absent
    places: Places  # (context_length, n_features): the player of each input
    past_places: Places  # (steps, n_targets): of each value that the pretrained network sees

    def with_only(self, present: NDArray[np.bool_]) -> Seen:
        """What the networks see where only those players are ``present`` (n, n_players)."""
        there = np.append(present, np.ones((len(present), 1), bool), axis=1)  # ALWAYS is the last
        inputs = np.where(there[:, self.places], self.seen.inputs, self.still.inputs)
        past = None
        if self.seen.past is not None and self.still.past is not None:
            past = np.where(there[:, self.past_places], self.seen.past, self.still.past)
        return replace(self.seen, inputs=inputs, past=past)


def set_table(
    forecaster: Forecaster,
    window: ChosenWindow,
    values: Single,
    known: Known,
    *,
    names: Sequence[str],
) -> Table:
    """Seat the players of a window of scaled ``values``; ``names`` are those of its targets and
    past covariates.

    Absent targets and past covariates stand still: at the level that the window's normalisation
    subtracts, or where there is none at their mean in the window. Absent covariates of the future
    are at their mean up to the cutoff, or 0 where they are flags, as are waves and holidays of a
    calendar. Absent static ones are 0 in scale, as of no category. Which steps were observed stays
    as it is.
    """
    channels, length = forecaster.channels, forecaster.framing.context_length
    seen = forecaster.seen(values, np.array([window.origin]), np.array([window.floor]))
    still = _still(forecaster, window, values, seen, n_future=len(known.future))
    padding = max(0, length - (window.origin - window.floor))
    blocks = _blocks(names[window.column], window.origin, rows=length - padding)
    columns = list(_columns(channels, known, names, without=window.column))
    places = np.full((length, channels.n_features), ALWAYS)
    places[:, window.column] = _blocks_of(blocks, window.origin, rows=length)
    for number, (_, own) in enumerate(columns, start=len(blocks)):
        places[:, own] = number
    steps = 0 if seen.past is None else seen.past.shape[1]
    past_places = places[-1:, channels.targets].repeat(steps, axis=0)
    past_places[:, window.column] = _blocks_of(blocks, window.origin, rows=steps)
    places[:padding] = ALWAYS
    players = (*blocks, *(player for player, _ in columns))
    return Table(players, seen, still, places, past_places)


def _blocks(name: str, origin: int, *, rows: int) -> list[Player]:
    """The newest rows of a history one by one, or, of many, in blocks that end with the newest."""
    size = -(-rows // MOST_BLOCKS)
    ends = range(origin, origin - rows, -size)
    return [
        Player("history", name, range(max(origin - rows, end - size), end)) for end in ends[::-1]
    ]


def _blocks_of(blocks: Sequence[Player], origin: int, *, rows: int) -> Places:
    """The block of each of the newest rows; what lies before all of them goes with the first."""
    starts = [block.rows.start for block in blocks if block.rows]
    newest = np.arange(origin - rows, origin)
    return np.maximum(np.searchsorted(starts, newest, side="right") - 1, 0)


def _columns(
    channels: Channels, known: Known, names: Sequence[str], *, without: int
) -> Iterator[tuple[Player, list[int]]]:
    """Every other column, with the channels that it has; waves of a calendar and categories belong
    together.
    """
    for channel, name in enumerate(names):
        if channel != without:
            yield Player("past", name), [channel]
    ahead: list[tuple[Kind, str, int]] = [
        *(("future", name, 1) for name in known.future),
        *(("calendar", feature, 2) for feature in known.calendar),
        *(("calendar", f"holiday {place}", 1) for place in filter(None, [known.holidays])),
    ]
    static = [(name, len(known.categories.get(name, (name,)))) for name in known.static]
    at, later = channels.n_own, channels.n_ahead + channels.n_static
    for kind, name, count in ahead:
        own = list(range(at, at + count))
        yield Player(kind, name), [*own, *(channel + later for channel in own)]
        at += count
    for name, count in static:
        yield Player("static", name), list(range(at, at + count))
        at += count


def _still(
    forecaster: Forecaster, window: ChosenWindow, values: Single, seen: Seen, *, n_future: int
) -> Seen:
    """What the networks see of the window where all players are absent."""
    channels, origin = forecaster.channels, window.origin
    first = max(window.floor, origin - forecaster.framing.context_length)
    level = np.zeros(channels.n_own, np.float32)
    if forecaster.framing.normalisation == "none":
        level = _means(values[first:origin, channels.own])
    future = slice(channels.n_own, channels.n_own + n_future)
    usual = np.zeros(channels.n_ahead, np.float32)
    given = window.rows.values[:origin, future]
    flags = (np.isnan(given) | np.isin(given, (0, 1))).all(axis=0)
    usual[:n_future] = np.where(flags, 0, _means(values[:origin, future]))
    inputs = seen.inputs.copy()
    inputs[..., : channels.n_own + channels.n_known] = np.concatenate(
        [level, usual, np.zeros(channels.n_static, np.float32), usual]
    )
    past = seen.past
    if past is not None:
        past = np.where(np.isnan(past), past, level[channels.targets])
    return replace(seen, inputs=inputs, past=past)


def _means(values: Single) -> Single:
    """Of the values of each column that were observed; 0 where none was."""
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    return np.asarray(np.nansum(values, axis=0, dtype=np.float64) / count, np.float32)
