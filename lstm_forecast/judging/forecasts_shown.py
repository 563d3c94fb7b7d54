"""What a picture of forecasts shows: newest history, what was forecast of it, and what comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.ahead import read_ahead
from lstm_forecast.forecasting.future import forecast_future, forecast_table
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.forecasting.sums import gathered_forecasts, gathered_values
from lstm_forecast.forecasting.table import panel_ids
from lstm_forecast.judging.earlier import earlier_forecasts
from lstm_forecast.judging.overview import Overview, choose_groups
from lstm_forecast.panel.ended import ended_notes
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.store.documents import read_manifest, read_test_forecasts, sound
from lstm_forecast.tables.source import Source

__all__ = ["USUAL", "Asked", "ForecastsShown", "show_forecasts"]

FEW_PANELS = 3  # each as wide as the page, with room for ten horizons of history
MIN_ROWS = 60  # of history, where the horizon is short
# of history where one series is forecast a step at a time: a picture 10 inches wide shows them
MOST_STEPS = 2_000


@dataclass(frozen=True)
class Asked:
    """What of a run is drawn."""

    data: Source | None = None  # newer table than the one trained on
    future: Source | None = None  # covariates known ahead
    series: Sequence[str] = ()  # none: all there are
    at: str | None = None  # last stamp of the window of the gates; None: the newest
    last: int | None = None  # steps of history
    levels: Sequence[int] | None = None  # of intervals, in percent; None: those trained for
    by: Sequence[str] | None = None  # columns whose groups are summed: of none, all; None: no sums


USUAL = Asked()


@dataclass(frozen=True)
class ForecastsShown:
    """Tables by ``unique_id`` of what is drawn, in the order of the panels."""

    history: pd.DataFrame  # unique_id, ds, y
    test: pd.DataFrame  # unique_id, ds, cutoff and the columns of the forecast
    future: pd.DataFrame  # the same
    overview: Overview
    targets: Mapping[str, str]  # of every name
    grid: Grid
    notes: tuple[str, ...]  # what is left out, for people
    # by part: those that the network learned from
    earlier: Mapping[str, pd.DataFrame] = field(default_factory=lambda: MappingProxyType({}))


def show_forecasts(loaded: LoadedRun, asked: Asked, *, most: int) -> ForecastsShown:
    """Forecast what ``asked`` for, in at most ``most`` panels; a series that is named is shown in
    any case.

    Raises UsageError if the options do not fit the run, RunError if it is damaged, DataError if the
    data do not fit it or nothing of them can be shown.
    """
    config, horizon = loaded.config, loaded.config.windows.horizon
    panel = read_ahead(loaded, asked.data, asked.future, steps=None if asked.series else horizon)
    test = read_test_forecasts(
        loaded.run, name=config.name, horizon=horizon, n_targets=config.n_outputs
    )
    overview = choose_groups(
        panel, config.data, test, name=config.name, series=asked.series, by=asked.by, most=most
    )
    panel = _only(loaded, panel, overview)
    rows = asked.last or _usual_rows(loaded, panel, overview)
    earlier: Mapping[str, pd.DataFrame] = {}
    if horizon == 1 and len(panel.layout.ids) == 1 and asked.by is None:
        rows = asked.last or MOST_STEPS
        evaluated = load_run(loaded.run, evaluated=True, levels=())
        earlier = earlier_forecasts(evaluated, panel, newest=rows)
    shown = _gathered(loaded, panel, overview, test, rows)
    return replace(shown, earlier=earlier)


def _only(loaded: LoadedRun, panel: Panel, overview: Overview) -> Panel:
    """The panel of the series that are shown: no other is forecast."""
    needed = set(chain.from_iterable(overview.groups.values()))
    ids = panel_ids(loaded.config.data, panel.layout)
    return panel.only(np.array([not needed.isdisjoint(row) for row in ids]))


def _usual_rows(loaded: LoadedRun, panel: Panel, overview: Overview) -> int:
    """Steps of history that show how the series go, and those that came after the training, behind
    which its test forecasts are.
    """
    layout, few = panel.layout, len(overview.groups) <= FEW_PANELS
    usual = max(MIN_ROWS, (10 if few else 6) * loaded.config.windows.horizon)
    newest = layout.latest
    with sound(loaded.run, "manifest.json"):
        newer = newest + 1 - layout.grid.after(read_manifest(loaded.run).cutoff)
    return max(usual, min(usual + newer, MOST_STEPS))


def _gathered(
    loaded: LoadedRun, panel: Panel, overview: Overview, test: pd.DataFrame, rows: int
) -> ForecastsShown:
    """The tables of all groups that have values and forecasts; the others are told."""
    name, data, groups = loaded.config.name, loaded.config.data, overview.groups
    ids = panel_ids(data, panel.layout).tolist()
    future = forecast_table(loaded, panel, forecast_future(loaded, panel)[0])
    future = gathered_forecasts(future, groups, [name], newest=True)
    values = gathered_values(panel, ids, groups, rows=rows)
    history = {group: values[group] for group in future["unique_id"].unique() if group in values}
    notes = [
        f"{group}: not drawn, as at no step all of its {len(members):,} series have a value"
        for group, members in groups.items()
        if group not in history
    ]
    if not history:
        raise DataError(*notes)
    places = {each: target for row in ids for each, target in zip(row, data.targets, strict=True)}
    return ForecastsShown(
        history=pd.concat([history[group] for group in groups if group in history]),
        test=gathered_forecasts(test, groups, [name]),
        future=future,
        overview=replace(
            overview, groups={each: groups[each] for each in groups if each in history}
        ),
        targets={group: places[groups[group][0]] for group in history},
        grid=panel.layout.grid,
        notes=(*ended_notes(panel.ended), *notes),
    )
