"""A forecast that was split, as documents and as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.documents import Answer, Document, described
from lstm_forecast.forecasting.chosen_window import ChosenWindow, Stamp, plain_stamp
from lstm_forecast.forecasting.explaining import PARTS, Split
from lstm_forecast.forecasting.players import Kind, Player

__all__ = [
    "Changed", "Contribution", "Explanation", "Line", "Summary", "contributions", "split_table",
    "summary",
]  # fmt: skip

Numbers = tuple[float, ...]
NEAR_SEASON = 8  # a season has so many times the steps that are near enough on either side
NEWEST, SEASON, OLDER = range(3)
AGES = (
    "newest {horizon} steps",
    "around whole seasons of {season_length} steps before",
    "older steps",
)


@dataclass(frozen=True, kw_only=True)
class Contribution(Document):
    """What one input contributes to each step of a forecast, in original units."""

    kind: Kind = field(
        metadata=described(
            "What the input is: history (of the target), past, future, calendar or static."
        )
    )
    input: str = field(metadata=described("The column."))
    since: Stamp | None = field(
        metadata=described("First step of a part of the history; null: all there are.")
    )
    until: Stamp | None = field(metadata=described("Last step of it; null: all there are."))
    contribution: Numbers = field(metadata=described("By step of the forecast."))
    error: Numbers = field(metadata=described("Standard error of each; 0: it is exact."))
    linear: Numbers = field(metadata=described("How much of each is of the linear part."))
    network: Numbers = field(metadata=described("How much of each is of the trained network."))
    pretrained: Numbers = field(metadata=described("How much is of the pretrained network."))


@dataclass(frozen=True, kw_only=True)
class Line(Document):
    """What some inputs contribute together, as it is shown to people."""

    input: str = field(metadata=described("Which inputs, in words."))
    contribution: float = field(metadata=described("What they contribute, in original units."))
    linear: float = field(metadata=described("How much of that is of the linear part."))
    network: float = field(metadata=described("How much of that is of the trained network."))
    pretrained: float = field(metadata=described("How much is of the pretrained network."))


@dataclass(frozen=True, kw_only=True)
class Summary(Document):
    """One step of a forecast, or the mean of all: the base and all lines sum to the forecast."""

    step: int | None = field(metadata=described("Number of the step; null: the mean of all."))
    base: float = field(metadata=described("The forecast of a window that stands still."))
    lines: tuple[Line, ...] = field(metadata=described("What moves it from there."))
    moved: Line = field(metadata=described("All lines together."))
    forecast: float = field(metadata=described("The forecast."))


@dataclass(frozen=True, kw_only=True)
class Changed(Document):
    """A step of a forecast, and what it would be with other covariates."""

    ds: Stamp = field(metadata=described("Stamp of the step."))
    forecast: float = field(metadata=described("The forecast, in original units."))
    changed: float = field(metadata=described("The forecast with the covariates as they are set."))
    difference: float = field(metadata=described("That minus the forecast."))


@dataclass(frozen=True, kw_only=True)
class Explanation(Answer):
    """What makes the forecast of one series: at each step the base and all contributions sum to
    it.
    """

    run: str = field(metadata=described("Id of the run that forecasts."))
    path: str = field(metadata=described("Directory of that run."))
    published: str = field(metadata=described("What forecasts: network, or a simpler forecast."))
    series: str = field(metadata=described("The unique_id of the series."))
    cutoff: Stamp = field(metadata=described("Last stamp of the window."))
    stamps: tuple[Stamp, ...] = field(metadata=described("Stamps of the steps."))
    forecast: Numbers = field(metadata=described("The forecast by step, in original units."))
    base: Numbers = field(
        metadata=described("By step: the forecast of a window in which nothing moves.")
    )
    orders: int | None = field(
        metadata=described("Orders of inputs that contributions are means of; null: exact.")
    )
    summary: Summary = field(metadata=described("What is shown to people."))
    contributions: tuple[Contribution, ...] = field(metadata=described("Every input."))
    changes: Mapping[str, float] = field(
        metadata=described("By covariate: the value that --what-if sets in the whole horizon.")
    )
    what_if: tuple[Changed, ...] = field(
        metadata=described("By step: the forecast with these changes; empty without any.")
    )
    notes: tuple[str, ...] = field(metadata=described("What is to be known of it, for people."))
    output: str | None = field(metadata=described("File of the table; null: none."))
    picture: str | None = field(metadata=described("File of the picture; null: none."))


def contributions(split: Split, window: ChosenWindow) -> tuple[Contribution, ...]:
    """What every player contributes."""
    rows = zip(split.players, split.total, split.error, split.parts, strict=True)
    return tuple(
        Contribution(
            kind=player.kind,
            input=player.name,
            since=None if (ends := _ends(player, window)) is None else plain_stamp(ends[0]),
            until=None if ends is None else plain_stamp(ends[1]),
            contribution=tuple(total.tolist()),
            error=tuple(error.tolist()),
            **dict(zip(PARTS, map(tuple, parts.T.tolist()), strict=True)),
        )
        for player, total, error, parts in rows
    )


def summary(split: Split, window: ChosenWindow, *, step: int | None, season_length: int) -> Summary:
    """One ``step`` from 1 on, or the mean of all, with the history in a few lines."""
    horizon = len(split.forecast)
    steps = range(horizon) if step is None else range(step - 1, step)
    lines: dict[tuple[int, str], NDArray[np.float64]] = {}
    for number, (player, total, parts) in enumerate(
        zip(split.players, split.total, split.parts, strict=True), start=len(AGES)
    ):
        for k in steps:
            age = _age(player, window.origin, k, horizon=horizon, season_length=season_length)
            key = (number, f"{player.name} ({player.kind})")
            if age is not None:
                words = AGES[age].format(horizon=horizon, season_length=season_length)
                key = (age, f"{player.name}: {words}")
            lines[key] = lines.get(key, 0) + np.array([total[k], *parts[k]]) / len(steps)
    told = slice(steps.start, steps.stop)
    shown = {label: lines[at, label] for at, label in sorted(lines)}
    return Summary(
        step=step,
        base=float(split.base[told].mean()),
        lines=tuple(starmap(_line, shown.items())),
        moved=_line("all inputs", sum(shown.values(), start=np.zeros(1 + len(PARTS)))),
        forecast=float(split.forecast[told].mean()),
    )


def _line(label: str, values: NDArray[np.float64]) -> Line:
    total, *parts = values.tolist()
    return Line(input=label, contribution=total, **dict(zip(PARTS, parts, strict=True)))


def split_table(split: Split, window: ChosenWindow) -> pd.DataFrame:
    """One row for each step and input, the base among them: ``unique_id, ds, cutoff, kind, input,
    since, until, contribution, error, linear, network, pretrained``.

    The contributions of a step sum to its forecast.
    """
    horizon, n_players = len(split.forecast), len(split.players)
    every, layout = 1 + n_players, window.rows.layout
    known = np.array([player.rows is not None for player in split.players])
    # of what has no stamps, those of the cutoff stand here until they are cleared
    last = range(window.origin - 1, window.origin)
    rows = [last, *(player.rows or last for player in split.players)]
    ends = {
        name: layout.stamps(np.array([each[at] for each in rows])).to_series().convert_dtypes()
        for name, at in (("since", 0), ("until", -1))
    }
    table = pd.DataFrame(
        {
            "unique_id": window.unique_id,
            "ds": window.ahead(horizon).repeat(every),
            "cutoff": window.cutoff,
            "kind": ["base", *(player.kind for player in split.players)] * horizon,
            "input": ["base", *(player.name for player in split.players)] * horizon,
        }
    )
    shown = np.tile(np.append(False, known), horizon)
    for name, stamps in ends.items():
        column = pd.concat([stamps] * horizon, ignore_index=True)
        table[name] = column.where(shown)
    table["contribution"] = np.concatenate([split.base[None], split.total]).T.ravel()
    table["error"] = np.concatenate([np.zeros((1, horizon)), split.error]).T.ravel()
    parts = np.concatenate([np.full((1, horizon, len(PARTS)), np.nan), split.parts])
    for part, values in zip(PARTS, parts.transpose(2, 1, 0), strict=True):
        table[part] = values.ravel()
    return table


def _ends(player: Player, window: ChosenWindow) -> tuple[Any, Any] | None:
    """The stamps of the first and of the last step of a part of the history."""
    if player.rows is None:
        return None
    first, last = window.rows.layout.stamps(np.array([player.rows[0], player.rows[-1]]))
    return first, last


def _age(player: Player, origin: int, step: int, *, horizon: int, season_length: int) -> int | None:
    """Which of AGES a part of the history has, seen from a ``step`` of the forecast; None for other
    inputs.
    """
    if player.rows is None:
        return None
    near = season_length // NEAR_SEASON
    lags = [origin + step - row for row in player.rows]
    seasonal = [lag for lag in lags if season_length - near <= lag and season_length > 1]
    if any((lag + near) % season_length <= 2 * near for lag in seasonal):
        return SEASON
    return NEWEST if player.rows[-1] >= origin - horizon else OLDER
