"""Forecasts at once from Python, by the pretrained network.

>>> import pyarrow
>>> table = pyarrow.table({"step": range(100), "y": [step % 5 for step in range(100)]})
>>> forecast = quick(table, horizon=5, levels=[80])
>>> forecast.column_names
['unique_id', 'ds', 'cutoff', 'forecast', 'forecast-lo-80', 'forecast-hi-80']
>>> quick(table, horizon=5, data={"gap": "fill"})
Traceback (most recent call last):
lstm_forecast.errors.ConfigError: argument data: unknown key data.gap; did you mean data.gaps?
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict, Unpack

from lstm_forecast.errors import UsageError
from lstm_forecast.events import SILENT, Listener
from lstm_forecast.forecasting.prediction import LEVELS
from lstm_forecast.interface.arguments import Data, require_list, require_range
from lstm_forecast.interface.describe import arguments_of, as_argument
from lstm_forecast.panel.asking.questions import Caller
from lstm_forecast.tables.source import given_source, in_kind

__all__ = ["QuickKeys", "quick"]

CALL = "quick()"  # what messages name where no argument says it
MOST_STEPS, HIGHEST_LEVEL = 10_000, 99


class QuickKeys(TypedDict, total=False):
    """Keys of a config's section data: those of columns have names of their own, all others stand
    in the mapping ``data``.
    """

    target: str | Sequence[str]
    timestamp: str | Sequence[str]
    series_id: str | Sequence[str]
    data: Mapping[str, Any]


def quick(
    data: Data,
    /,
    *,
    horizon: int,
    levels: Sequence[int] = LEVELS,
    series: str | Sequence[str] = (),
    season: int | None = None,
    weights: str | PathLike[str] | None = None,
    listener: Listener = SILENT,
    **keys: Unpack[QuickKeys],
) -> Any:
    """Forecast the next ``horizon`` steps of every series of ``data``, a path or a frame, by the
    pretrained network.

    Columns that are not named are found, and faults settled, as by ``forecast init``. ``season`` is
    the rows of a season where it is another than usual; 1: there is none. ``weights`` is
    pretrained.safetensors of ``forecast pretrain``, where another network than ours forecasts.

    The table has the columns ``unique_id, ds, cutoff, forecast, forecast-lo-80, forecast-hi-80``
    and so on, and is a frame of the kind that was given, of pandas for a path. What was found, and
    how good such forecasts were on the newest rows, is told to the ``listener``. Raises UsageError,
    ConfigError for wrong keys, DataError if the table cannot be read or leaves something open.
    """
    from lstm_forecast.commands.quick import quick as run

    _require_ranges(horizon, levels, season)
    wanted = [series] if isinstance(series, str) else require_list("series", series)
    source = given_source(data)
    given = {name: value for name, value in keys.items() if value is not None}
    found = run(
        source, arguments_of(given), horizon=horizon, levels=levels,
        series=[str(name) for name in wanted], season=season,
        weights=None if weights is None else Path(weights), caller=Caller(CALL, as_argument),
    )  # fmt: skip
    for finding in found.findings:
        listener.note(finding, event="finding")
    if found.held_back is not None:
        listener.note(str(found.held_back), event="errors", errors=found.held_back.errors)
    return in_kind(found.table, source)


def _require_ranges(horizon: object, levels: object, season: object) -> None:
    from lstm_forecast.model.pretrained.season import LONGEST_PERIOD

    if horizon is None:
        raise UsageError("quick() forecasts how far? Give the steps: horizon=14")
    require_range("horizon", horizon, MOST_STEPS)
    require_range("season", season, LONGEST_PERIOD)
    for level in require_list("levels", levels):
        require_range("levels", level, HIGHEST_LEVEL)
