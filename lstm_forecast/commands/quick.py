"""``forecast quick``: a table in, forecasts with intervals out, by the pretrained network."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.loading import Argument
from lstm_forecast.config.quantity import quantity
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import UsageError
from lstm_forecast.events import phase
from lstm_forecast.files import STDIN
from lstm_forecast.forecasting.prediction import QuickForecasts, QuickWritten
from lstm_forecast.forecasting.pretrained import (
    Network,
    forecast_series,
    own_periods,
    read_weights,
    shipped_network,
    told_season,
)
from lstm_forecast.forecasting.table import (
    actual_values,
    chosen_ids,
    long_table,
    panel_ids,
    quantile_columns,
    save_table,
    spreadsheet_safe,
    table_rows,
    with_keys,
)
from lstm_forecast.forecasting.workbook import column_meanings
from lstm_forecast.judging.held_back import HeldBack, held_back_windows, judge_held_back
from lstm_forecast.model.pretrained.season import LONGEST_PERIOD, Season
from lstm_forecast.panel.asking.questions import Caller, table_as_asked
from lstm_forecast.panel.asking.settle import Settled
from lstm_forecast.panel.open_end import OPEN_END
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.seasons import season_text
from lstm_forecast.panel.survey import repair_notes, survey_panel
from lstm_forecast.reporting.duration import next_steps
from lstm_forecast.store import write_whole
from lstm_forecast.store.outputs import PICTURES, require_output, require_suffix
from lstm_forecast.tables.faults import refuse
from lstm_forecast.tables.source import Source

if TYPE_CHECKING:
    from lstm_forecast.pictures.style import Figure

__all__ = [
    "Quick", "draw_quick", "quick", "quick_csv", "quick_document", "require_places", "write_quick",
]  # fmt: skip

NAME = "forecast"  # of the column
SUFFIXES = (".csv", ".parquet", ".json", ".xlsx")
MIN_ROWS = 60  # of history that a picture shows, where the horizon is short
MOST_NAMED = 5  # targets or series in a line that people read
# Keys of the section data that would do nothing here, and why.
WITHOUT_EFFECT = {
    "path": "the table is named by an argument",
    "end": "forecasts start from the end of the table",
    "covariates": "the pretrained network sees no covariates; a network that is trained does",
    "outliers": "only trainings clip",
    "short_series": "every series is forecast, however short",
    "unseen_series": "every series is new to the pretrained network",
    "ended_series": "every series is forecast, whenever it ended",
}
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Quick:
    """Forecasts of a table, and how good such forecasts were on its newest rows."""

    table: pd.DataFrame
    panel: Panel  # a series for every target, those wanted
    network: Network
    season: Season
    given: bool  # whether that was asked for: no series has another
    horizon: int
    levels: tuple[int, ...]
    held_back: HeldBack | None  # None: no series is long enough, or none varies
    findings: tuple[str, ...]
    measured: str  # what all series measure; empty: the name of each says it


def quick(
    source: Source,
    arguments: Sequence[Argument] = (),
    *,
    horizon: int,
    levels: Sequence[int],
    series: Sequence[str] = (),
    season: int | None = None,
    weights: Path | None = None,
    caller: Caller,
) -> Quick:
    """Forecast the next ``horizon`` steps of every series of a table, or of those named in
    ``series``.

    Columns are found and faults settled as by ``forecast init``; the ``arguments`` set keys of the
    config's section data. ``season`` is the rows of a season where it is another than usual, and
    ``weights`` a file of other ones than come with the package.

    Raises ConfigError for wrong keys, UsageError for keys that would do nothing, a season that is
    too long and a file that holds no weights, DataError if the table cannot be read, leaves
    something open or holds no value to forecast from.
    """
    network = shipped_network() if weights is None else read_weights(weights)
    _require_effect(arguments)
    _require_fitting(season)
    settled = _settled(source, arguments, horizon, caller)
    panel, told = _told(settled, series, season)
    numbers = np.arange(len(panel.layout.ids))
    phase(f"forecasting {len(numbers):,} series", series=len(numbers))
    given = season is not None
    periods = own_periods(panel, told, numbers, given=given)
    table = _table(network, panel, told, numbers, periods, horizon, levels)
    table = with_keys(table, settled.data.series_columns)
    phase("forecasting the newest rows, held back")
    held_back = judge_held_back(network, panel, told, horizon=horizon, given=given)
    findings = (*_findings(settled, told), *_other_periods(panel, told, periods))
    measured = quantity(settled.data)
    found = table, panel, network, told, given, horizon, tuple(levels), held_back
    return Quick(*found, findings, measured)


def _settled(
    source: Source, arguments: Sequence[Argument], horizon: int, caller: Caller
) -> Settled:
    """The table with its columns found and its faults settled, under the policies that are given.

    Raises ConfigError, and DataError where something stays open.
    """
    base = {"name": NAME, "windows": {"horizon": horizon}}
    if source == STDIN:  # a config can name no path of it
        arguments = [*arguments, Argument(caller.name, ("data", "path"), None)]
    config, settled = table_as_asked(source, arguments, base, caller=caller)
    return _under(config.data, settled, source)


def _require_effect(arguments: Sequence[Argument]) -> None:
    for argument in arguments:
        for (section, *key), _ in argument.leaves():
            if section != "data":
                raise UsageError(
                    f"{argument.place}: expected a key of a config's section data: data.KEY"
                )
            if key and key[0] in WITHOUT_EFFECT:
                why = WITHOUT_EFFECT[key[0]]
                raise UsageError(f"{argument.place}: data.{key[0]} does nothing here: {why}")


def _require_fitting(season: int | None) -> None:
    if season is not None and not Season(season).fits:
        raise UsageError(
            f"--season {season}: the network's window holds a season of {LONGEST_PERIOD} rows at"
            " most; give a shorter one, or --season 1 for none"
        )


def _first(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join([*names[:MOST_NAMED], *([f"and {more:,} more"] if more > 0 else [])])


def _under(given: DataConfig, settled: Settled, source: Source) -> Settled:
    """The table under the policies that were ``given``, where these are not those that were found.

    Raises DataError for faults that they do not settle.
    """
    data = given.model_copy(update={"sentinels": settled.data.sentinels})
    if data == settled.data:
        return settled
    panel, found, _ = survey_panel(data, source)
    refuse(found)
    doubts = [each for each in settled.findings if not hasattr(data, each.kind)]
    done = [each for each in found if each.level == "settled"]
    return replace(settled, data=data, panel=panel, findings=(*done, *doubts))


def _told(settled: Settled, series: Sequence[str], season: int | None) -> tuple[Panel, Season]:
    """A series for every target, those that are named alone, and the season of the whole table."""
    ids = panel_ids(settled.data, settled.panel.layout)
    wanted = set(chosen_ids(ids.tolist(), settled.panel.layout.ids, series))
    panel = settled.panel.melted(ids)
    named = np.array([name in wanted for name in panel.layout.ids])
    return panel.only(named), told_season(panel, season)


def _findings(settled: Settled, told: Season) -> Iterator[str]:
    """What the table was taken for, what may be a fault in it, and what policies settled."""
    data, layout = settled.data, settled.panel.layout
    names = " and ".join(data.series_columns)
    series = f"; series: {len(layout.ids):,} by {names}" if names else ""
    seasons = season_text(told.period, told.second)
    time = f"{' '.join(data.stamp_columns)}, freq {layout.grid.freq}, {seasons}"
    yield f"targets: {_first(data.targets)}{series}; time: {time}"
    yield from settled.panel.notes
    for found in settled.findings:
        if hasattr(data, found.kind):
            yield from repair_notes(data, {found.kind: found.count})
        else:
            text = found.text if found.kind == OPEN_END else f"{found.count:,} rows"
            yield f"{found.kind}: {text}" if found.count else found.text


def _other_periods(panel: Panel, told: Season, periods: Ints) -> Iterator[str]:
    """Which series have periods of their own."""
    ids, others = panel.layout.ids, np.flatnonzero(periods != told.period)
    if len(others):
        yield (
            f"series that repeat after another number of rows than {told.period:,}, and are"
            f" forecast so: {_first([f'{ids[k]} ({periods[k]:,})' for k in others])}"
        )


def _table(
    network: Network,
    panel: Panel,
    told: Season,
    numbers: Ints,
    periods: Ints,
    horizon: int,
    levels: Sequence[int],
    *,
    back: int = 0,
) -> pd.DataFrame:
    """Forecasts of some series with these periods, ``back`` rows before their ends."""
    quantiles = sorted({0.5, *(0.5 + sign * level / 200 for level in levels for sign in (-1, 1))})
    series = network, panel, told, numbers
    forecast = forecast_series(
        *series, horizon=horizon, quantiles=quantiles, back=back, periods=periods
    )
    return long_table(
        panel.layout,
        panel.layout.offsets[1:][numbers] - back,
        quantile_columns(NAME, quantiles, forecast[:, :, None]),
        ids=np.array(panel.layout.ids, object)[:, None],
    )


def write_quick(found: Quick, output: Path | None, picture: Path | None) -> None:
    """Write the forecasts and their picture, each whole or not at all. Raises WriteError."""
    if output is not None:
        suffix = output.suffix.lower()
        write_whole(output, lambda staged: _write(found, staged, suffix))
    if picture is not None:
        from lstm_forecast.pictures.style import write_figure

        phase("drawing")
        write_figure(draw_quick(found), picture)


def require_places(source: Source, output: Path | None, picture: Path | None) -> None:
    """Refuse places for results before the work begins. Raises UsageError, WriteError."""
    read = [source] if isinstance(source, Path) else []
    require_suffix("--output", output, SUFFIXES)
    require_suffix("--plot", picture, PICTURES)
    require_output("--output", output, read)
    require_output("--plot", picture, read)


def _write(found: Quick, path: Path, suffix: str) -> None:
    if suffix == ".json":
        document = quick_document(found, None, None, forecasts=True)
        text = json.dumps(document.content(), ensure_ascii=False, allow_nan=False)
        path.write_text(text, encoding="utf-8")
    else:
        meaning = dict(column_meanings(found.table.columns, NAME))
        save_table(found.table, path, suffix=suffix, meaning=meaning)


def quick_csv(found: Quick) -> str:
    """The table as CSV, safe for spreadsheets and terminals."""
    return str(spreadsheet_safe(found.table).to_csv(index=False))


def quick_document(
    found: Quick, output: Path | None, picture: Path | None, *, forecasts: bool
) -> QuickWritten:
    """What ``--json`` prints: with the ``forecasts``, or with where they were written."""
    held_back = found.held_back
    written = QuickWritten(
        pretrained=found.network.sha256,
        season_length=found.season.period,
        second_season=found.season.second,
        windows=0 if held_back is None else held_back.windows,
        errors={} if held_back is None else held_back.errors,
        findings=found.findings,
        output=None if output is None else str(output),
        picture=None if picture is None else str(picture),
    )
    if not forecasts:
        return written
    return QuickForecasts(**vars(written), forecasts=table_rows(found.table))


def draw_quick(found: Quick) -> "Figure":
    """The forecasts of the first series, behind their history and what was held back of it."""
    from lstm_forecast.pictures.forecast import forecast_figure
    from lstm_forecast.pictures.style import MAX_SMALL_PANELS, Labels

    layout, horizon, count = found.panel.layout, found.horizon, len(found.panel.layout.ids)
    shown = np.arange(min(MAX_SMALL_PANELS, count))
    ids = list(layout.ids[: len(shown)])
    every = [[name] for name in layout.ids]
    empty = found.table.iloc[:0]
    more = f", first {len(ids)} of {count:,} series" if len(ids) < count else ""
    return forecast_figure(
        actual_values(found.panel, every, ids, rows=max(MIN_ROWS, 10 * horizon)),
        empty,
        found.table[found.table["unique_id"].isin(ids)],
        earlier={"held-back": pd.concat([empty, *_held_back_tables(found, shown)])},
        name=NAME,
        title=f"pretrained network: {next_steps(horizon, layout.grid)}{more}",
        note="" if found.held_back is None else found.held_back.verdict,
        labels=Labels(axes=dict.fromkeys(ids, found.measured)),
    )


def _held_back_tables(found: Quick, shown: Ints) -> Iterator[pd.DataFrame]:
    """The forecasts of the windows held back, if any were judged, of series with a value before
    them and without a gap there.
    """
    layout, horizon = found.panel.layout, found.horizon
    if found.held_back is None:
        return
    for back, own in held_back_windows(layout, shown, horizon):
        newest = layout.offsets[1:][own] - 1
        whole = layout.ordinals(newest) - layout.ordinals(newest - back) == back
        if whole.any():
            series = found.panel, found.season, own[whole]
            periods = own_periods(*series, back=back, given=found.given)
            how = *series, periods, horizon, found.levels
            yield _table(found.network, *how, back=back).dropna(subset=[NAME])
