"""What is new since the champion was trained: whether it is sound, and whether it is enough to
train again.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.retrain import RetrainConfig, seconds
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import DataError, RunError
from lstm_forecast.forecasting.loaded import LoadedRun
from lstm_forecast.forecasting.table import seen_by_networks
from lstm_forecast.panel.drift import drift, standing_still
from lstm_forecast.panel.holes import history
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.store import open_run, run_ids
from lstm_forecast.store.documents import read_manifest

__all__ = ["News", "check_news", "is_due", "look_for_news"]

# New horizons that it takes to learn from the first half, and to judge by the second. Twice as many
# promote fewer ties by chance, but learn a new regime up to eight horizons later (`python -m
# tests.benchmarks reliability power`).
HORIZONS_UNTIL_DUE = 8


@dataclass(frozen=True)
class News:
    """What the data hold that the champion does not know."""

    panel: Panel  # as networks see it: melted where every target is a series of its own
    cutoff: str  # newest stamp
    end: int  # number on the grid behind the newest row
    first_new: int  # number of the first row that the champion does not know
    fresh: int  # steps since any run was trained, promoted or not
    drift: float | None
    silent: tuple[str, ...]
    known: int  # series of the champion
    age: float | None  # seconds since the newest stamp; None where time is a step number

    @property
    def rows(self) -> int:
        """Steps that the champion does not know."""
        return max(0, self.end - self.first_new)


def look_for_news(config: Config, champion: LoadedRun, panel: Panel, home: Path) -> News:
    """Measure what is new.

    Raises DataError where champion and config do not forecast the same columns and steps.
    """
    _require_same_schema(config, champion, panel)
    view = seen_by_networks(panel, config.data, melted=config.melted)
    layout = view.layout
    end = layout.latest + 1
    newest = layout.grid.stamps(np.array([end - 1]))[0]
    first = min(end, layout.grid.after(read_manifest(champion.run).cutoff))
    last = max([first, *(min(end, number) for number in _learned(home, layout.grid))])
    rows = layout.rows_before(first)
    silent = _without_new_rows(view, rows, len(panel.layout.ids), config.windows.horizon)
    still = standing_still(layout, view.values[:, 0], rows) | silent
    ids = champion.forecaster.scaler.ids
    sounding = {name for name, silent in zip(layout.ids, still, strict=True) if not silent}
    return News(
        panel=view,
        cutoff=str(newest),
        end=end,
        first_new=first,
        fresh=end - last,
        drift=drift(layout, history(view.values, layout.spans, 1), rows),
        silent=() if first >= end else tuple(name for name in ids if name not in sounding),
        known=len(ids),
        age=_age(newest, config.data.end),
    )


def _without_new_rows(
    view: Panel, rows: NDArray[np.int64], n_series: int, horizon: int
) -> NDArray[np.bool_]:
    """Series of which nothing came at or behind ``rows`` (n,), the first new ones.

    Targets of one of the ``n_series`` of the table follow each other by less than a ``horizon``
    where one is known later than another: then it is enough that one has new rows.
    """
    last = view.layout.offsets[1:]
    silent = rows == last
    ordinals = view.layout.ordinals(last - 1)
    open_end = ordinals + horizon > ordinals.max()
    others = np.tile(~silent.reshape(-1, n_series).all(axis=0), len(last) // n_series)
    return np.asarray(silent & ~(open_end & others))


@dataclass(frozen=True)
class _Check:
    """A figure of the news beside its limits in the config."""

    key: str  # of the config's section retrain
    value: float | None  # None: there is nothing to measure
    warn: float | str | None
    error: float | str | None
    text: str

    def exceeds(self, limit: float | str | None) -> bool:
        """Whether the figure is above a limit: a number, or a duration; nothing is above None."""
        return self.value is not None and self.value > _limit(limit)


def check_news(news: News, limits: RetrainConfig) -> list[str]:
    """What is worth a warning. Raises DataError, with all problems, above the limits for errors."""
    checks = list(_checks(news, limits))
    errors = [
        f"{check.text} (retrain.{check.key}.error); look at the data, and if they are right: --set"
        f" retrain.{check.key}.error=null"
        for check in checks
        if check.exceeds(check.error)
    ]
    if errors:
        raise DataError(*errors)
    return [
        f"{check.text} (retrain.{check.key}.warn)" for check in checks if check.exceeds(check.warn)
    ]


def _checks(news: News, limits: RetrainConfig) -> Iterator[_Check]:
    drift, silent, stale = limits.drift, limits.silent, limits.stale
    text = f"the new rows drifted by {news.drift or 0:.1f}"
    yield _Check("drift", news.drift, drift.warn, drift.error, text)
    named = f"{', '.join(news.silent[:5])}{' ...' if len(news.silent) > 5 else ''}"
    text = (
        f"{len(news.silent):,} of {news.known:,} series are missing, have no new row or stand"
        f" still: {named}"
    )
    yield _Check("silent", len(news.silent) / news.known, silent.warn, silent.error, text)
    text = f"the newest row is of {news.cutoff}"
    yield _Check("stale", news.age, stale.warn, stale.error, text)


def _limit(limit: float | str | None) -> float:
    return math.inf if limit is None else seconds(limit) if isinstance(limit, str) else limit


def is_due(news: News, config: Config, champion: LoadedRun, *, force: bool) -> tuple[bool, str]:
    """Whether to train a challenger now, and why."""
    limits = config.retrain
    need = limits.min_new_rows or HORIZONS_UNTIL_DUE * champion.config.windows.horizon
    enough = f"{news.fresh:,} new steps since the last training, of {need:,} (retrain.min_new_rows)"
    if force:
        return True, "--force"
    if news.fresh < need:
        return False, enough
    if (news.drift or 0) > _limit(limits.drift.warn):
        return True, f"{enough}; drift {news.drift:.1f}"
    if limits.max_age is not None:
        now = _as_of(config.data.end) or pd.Timestamp(datetime.now(UTC))
        age = (now - pd.Timestamp(read_manifest(champion.run).created)).total_seconds()
        # a champion from the future means a clock that was set back
        if 0 <= age < seconds(limits.max_age):
            return (
                False,
                f"the champion is {age / 86_400:.1f} days old (retrain.max_age: {limits.max_age})",
            )
    return True, enough


def _require_same_schema(config: Config, champion: LoadedRun, panel: Panel) -> None:
    trained, data, grid = champion.config, config.data, panel.layout.grid
    pairs: dict[str, tuple[object, object]] = {
        "data.targets": (trained.data.targets, data.targets),
        "data.covariates.past": (trained.data.covariates.past, data.covariates.past),
        "data.freq": (trained.data.freq, grid.freq),
        "model.channels": (trained.melted, config.melted),
    }
    zones = read_manifest(champion.run).timezone, grid.zone
    if None in zones:  # stamps of two zones can be compared; with one and without cannot
        pairs["data.timezone"] = zones
    problems = [
        f"{name}: the champion {champion.run.run_id} was trained with {old!r}, and now it is"
        f" {new!r}; they cannot be compared: use another name for it, or publish it unconditionally"
        " with forecast train"
        for name, (old, new) in pairs.items()
        if old != new
    ]
    if problems:
        raise DataError(*problems)


def _learned(home: Path, grid: Grid) -> Iterator[int]:
    """Number of the first step that each readable run does not know, where its stamps are of the
    kind of these data.
    """
    for run_id in run_ids(home):
        with suppress(RunError, DataError, ValueError):
            yield grid.after(read_manifest(open_run(home / run_id)).cutoff)


def _as_of(end: str | int | None) -> pd.Timestamp | None:
    """``--as-of`` as a moment, in UTC where it has no zone; None where it is absent or a step
    number.
    """
    if not isinstance(end, str):
        return None
    moment = pd.Timestamp(end)
    return moment.tz_localize(UTC) if moment.tz is None else moment


def _age(newest: object, end: str | int | None) -> float | None:
    if not isinstance(newest, pd.Timestamp):
        return None
    aware = newest.tz_localize(UTC) if newest.tz is None else newest
    return ((_as_of(end) or pd.Timestamp(datetime.now(UTC))) - aware).total_seconds()
