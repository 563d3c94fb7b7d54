"""Forecasts as tables: the long format that the field's tools read, or the columns of the input."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.workbook import write_workbook
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.series_names import name_parts

__all__ = [
    "GROUP_ROWS", "actual_values", "chosen_ids", "dated_columns", "harmless", "input_table",
    "long_table", "obeyed", "panel_ids", "quantile_columns", "save_table", "seen_by_networks",
    "spreadsheet_safe", "table_rows", "unique_ids", "window_ids", "with_keys",
]  # fmt: skip

FORMULA, NUMBER = re.compile(r"\s*[=+\-@\t\r]"), re.compile(r"[+-]?[\d.,]+")
# series ids that a wrong one is compared with: that takes less than a second
MOST_COMPARED = 20_000
GROUP_ROWS = 2**17  # of a Parquet file that are written at once, and have to be in memory
Columns = Mapping[str, NDArray[np.floating]]  # arrays (n, steps, n_targets), one row per origin


def seen_by_networks(panel: Panel, data: DataConfig, *, melted: bool) -> Panel:
    """The panel with every target as a series of its own, where they are ``melted``; else all of a
    series end together.
    """
    if melted:
        return panel.melted(panel_ids(data, panel.layout))
    return panel.ending_together(len(data.targets))


def long_table(
    layout: Layout, origins: NDArray[np.int64], columns: Columns, *, ids: NDArray[np.object_]
) -> pd.DataFrame:
    """One row per origin, target and step: ``unique_id, ds, cutoff``, then ``columns``.

    ``origins`` are the first forecast rows, (n,), or (n, n_targets) where each target has its own;
    the row before each is its cutoff. ``ids`` is (n_series, n_targets).
    """
    ordinals, cutoffs, series = _ordinals(layout, origins, columns)
    frame = {
        "unique_id": np.repeat(ids[series].ravel(), ordinals.shape[2]),
        "ds": layout.grid.stamps(ordinals.ravel()),
        "cutoff": layout.grid.stamps(np.repeat(cutoffs.ravel(), ordinals.shape[2])),
    }
    return pd.DataFrame(
        frame | {name: values.transpose(0, 2, 1).ravel() for name, values in columns.items()}
    )


def input_table(
    layout: Layout,
    origins: NDArray[np.int64],
    columns: Columns,
    *,
    name: str,
    targets: Sequence[str],
    timestamp: str,
    series_columns: Sequence[str],
) -> pd.DataFrame:
    """One row per origin and forecast stamp under the names of the input; a column ``NAME-lo-80``
    becomes ``TARGET-lo-80``.

    ``origins`` are as in ``long_table``; what is not forecast of a target at a stamp, as it has a
    value there, is NaN.
    """
    ordinals, cutoffs, series = _ordinals(layout, origins, columns)
    first = cutoffs.min(axis=1)
    lengths = ordinals[..., -1].max(axis=1) - first  # from the first stamp to the last one
    starts = np.cumsum(lengths) - lengths
    places = (starts - first - 1)[:, None, None] + ordinals  # row of each forecast
    forecast = np.zeros(lengths.sum(), bool)
    forecast[places.ravel()] = True
    stamps = np.arange(len(forecast)) + np.repeat(first + 1 - starts, lengths)
    names = name_parts(layout.ids, len(series_columns))
    parts = names[series].repeat(lengths, axis=0)[forecast]
    frame: dict[str, Any] = dict(zip(series_columns, parts.T, strict=True))
    frame[timestamp] = layout.grid.stamps(stamps[forecast])
    for k, target in enumerate(targets):
        for column, values in columns.items():
            cells = np.full(len(forecast), np.nan)
            cells[places[:, k].ravel()] = values[..., k].ravel()
            frame[target + column.removeprefix(name)] = cells[forecast]
    return pd.DataFrame(frame)


def with_keys(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """A table in long format with the columns that name its series behind ``unique_id``, where they
    are several.
    """
    if len(keys) < 2:
        return table
    numbers, names = pd.factorize(table["unique_id"])
    parts = name_parts(names.to_list(), len(keys))[numbers]
    first, *others = table.columns
    columns = {first: table[first], **dict(zip(keys, parts.T, strict=True))}
    return pd.DataFrame(columns | {name: table[name] for name in others})


def actual_values(
    panel: Panel, ids: list[list[str]], shown: Sequence[str], *, rows: int
) -> pd.DataFrame:
    """Actual values of the newest ``rows`` steps of each series shown, up to the last value of its
    target; NaN in gaps, so that no line crosses one.
    """
    layout, ends = panel.layout, panel.ends(len(ids[0]))
    places = {
        unique_id: (series, target)
        for series, row in enumerate(ids)
        for target, unique_id in enumerate(row)
    }
    frames = []
    for unique_id in shown:
        series, target = places[unique_id]
        end = ends[series, target]
        index = np.arange(max(layout.offsets[series], end - rows), end)
        ordinals = layout.ordinals(index)
        steps = np.arange(max(ordinals[0], ordinals[-1] - rows + 1), ordinals[-1] + 1)
        recent = ordinals >= steps[0]
        y = np.full(len(steps), np.nan)
        y[ordinals[recent] - steps[0]] = panel.values[index[recent], target]
        frames.append(
            pd.DataFrame({"unique_id": unique_id, "ds": layout.grid.stamps(steps), "y": y})
        )
    return pd.concat(frames, ignore_index=True)


def panel_ids(data: DataConfig, layout: Layout) -> NDArray[np.object_]:
    """The ``unique_id`` of every series and target as in the table, (n_series, n_targets)."""
    return unique_ids(layout, targets=data.targets, named=bool(data.series_columns))


def chosen_ids(ids: list[list[str]], series: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the ``unique_id`` of everything ``wanted``, all of them if nothing is.

    ``ids`` has the targets of each of the ``series``, whose own name stands for all of its targets.
    Raises DataError with the nearest names for one that there is not.
    """
    every = list(chain.from_iterable(ids))
    known = dict(zip(series, ids, strict=True)) | {unique_id: [unique_id] for unique_id in every}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DataError(
            *(f"--series {name}: no such series; {_near(name, list(known))}" for name in unknown)
        )
    return list(dict.fromkeys(unique_id for name in wanted or every for unique_id in known[name]))


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known[:MOST_COMPARED], n=5, cutoff=0.5)
    return (
        f"did you mean {', '.join(near)}?"
        if near
        else f"there are {', '.join(known[:5])} ({len(known):,} in all)"
    )


def window_ids(data: DataConfig, layout: Layout, *, melted: bool) -> NDArray[np.object_]:
    """The same for windows, whose targets are series of their own where they are ``melted``."""
    return np.array(layout.ids, object)[:, None] if melted else panel_ids(data, layout)


def unique_ids(layout: Layout, *, targets: Sequence[str], named: bool) -> NDArray[np.object_]:
    """What ``unique_id`` holds, (n_series, n_targets): the series where they are ``named``, the
    target, or both where there are many of each.

    Raises DataError if two series and targets would have the same.
    """
    if not named:
        return np.array([list(targets)], object)
    if len(targets) == 1:
        return np.array(layout.ids, object)[:, None]
    ids = np.array([[f"{name}/{target}" for target in targets] for name in layout.ids], object)
    names, counts = np.unique(ids, return_counts=True)
    if len(names) < ids.size:
        raise DataError(
            f"two series and targets have the same unique_id, {names[counts.argmax()]}; rename a"
            " series or a target so that no / in them makes one out of two"
        )
    return ids


def spreadsheet_safe(table: pd.DataFrame, *, dated: Collection[str] | None = None) -> pd.DataFrame:
    """The table with names and ids that neither a spreadsheet nor a terminal obeys, for CSV.

    A text that begins like a formula gets a ' in front, unless it is a number (OWASP, "CSV
    Injection"); control signs are written as escapes. Stamps are dates in all rows of a column or
    in none: in those that are ``dated``, in the whole table that these rows are of.
    """
    table = _with_whole_stamps(table, dated_columns(table) if dated is None else dated)
    safe = table.rename(columns=harmless)
    texts = [name for name in safe.columns if pd.api.types.is_string_dtype(safe[name])]
    return safe.assign(**{name: _all_harmless(safe[name]) for name in texts})


def dated_columns(table: pd.DataFrame) -> list[Any]:
    """Columns with stamps that are all at midnight."""
    stamps = table.select_dtypes(["datetime", "datetimetz"])
    return [name for name in stamps if (stamps[name] == stamps[name].dt.normalize()).all()]


def _with_whole_stamps(table: pd.DataFrame, dated: Collection[str]) -> pd.DataFrame:
    """The table with stamps as texts in columns that are not ``dated``: pandas decides about each
    block of rows alone whether it writes their times.
    """
    stamps = table.select_dtypes(["datetime", "datetimetz"])
    texts = {}
    for name in stamps.columns.difference(list(dated)):
        numbers, distinct = pd.factorize(stamps[name])
        written = pd.array([str(stamp) for stamp in distinct], dtype="str")
        texts[name] = pd.Series(written.take(numbers, allow_fill=True), index=table.index)
    return table.assign(**texts) if texts else table


def save_table(
    table: pd.DataFrame, path: Path, *, suffix: str, meaning: Mapping[str, str] | None = None
) -> None:
    """Write a table as Parquet or, with what its columns and others are, as a workbook where
    ``suffix`` says so, else as CSV that is safe to open.
    """
    if suffix == ".parquet":
        table.to_parquet(path, index=False, row_group_size=GROUP_ROWS)
    elif suffix == ".xlsx":
        write_workbook(table, meaning or {}, path)
    else:
        spreadsheet_safe(table).to_csv(path, index=False)


def table_rows(table: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """The rows as JSON has them, stamps in ISO 8601; what is not forecast is None."""
    table = table.copy()
    for column in table.columns[table.dtypes.map(pd.api.types.is_datetime64_any_dtype)]:
        each_once = pd.DatetimeIndex(table[column].unique())
        table[column] = table[column].map({stamp: stamp.isoformat() for stamp in each_once})
    if table.isna().to_numpy().any():
        table = table.astype(object).where(table.notna(), None)
    return tuple(
        {str(column): value for column, value in row.items()} for row in table.to_dict("records")
    )


def obeyed(table: pd.DataFrame) -> str | None:
    """A name or id of the table that a spreadsheet or a terminal would obey, if there is one."""
    texts = [name for name in table.columns if pd.api.types.is_string_dtype(table[name])]
    written = [*table.columns, *(text for name in texts for text in table[name].unique())]
    return next((text for text in written if harmless(text) != text), None)


def _all_harmless(texts: pd.Series) -> pd.Series:
    """The same for all rows of a column, with one look at each text: an id stands in as many rows
    as it has steps.
    """
    numbers, distinct = pd.factorize(texts)
    shown = [harmless(text) for text in distinct]
    if shown == list(distinct):
        return texts
    return pd.Series(shown, dtype=texts.dtype).reindex(numbers).set_axis(texts.index)


def harmless(text: str) -> str:
    """The text as neither a spreadsheet nor a terminal obeys it, see ``spreadsheet_safe``."""
    shown = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
    return f"'{shown}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else shown


def quantile_columns(
    name: str, quantiles: Sequence[float], forecast: NDArray[np.floating]
) -> dict[str, NDArray[np.floating]]:
    """Columns ``name``, ``name-lo-80``, ``name-hi-80`` ... of a forecast (n, steps, n_targets,
    n_quantiles).

    ``quantiles`` ascend symmetrically about the median; levels are whole percents.
    """
    middle = len(quantiles) // 2
    columns = {name: forecast[..., middle]}
    for distance in range(1, middle + 1):
        level = round(100 * (quantiles[middle + distance] - quantiles[middle - distance]))
        columns[f"{name}-lo-{level}"] = forecast[..., middle - distance]
        columns[f"{name}-hi-{level}"] = forecast[..., middle + distance]
    return columns


def _ordinals(
    layout: Layout, origins: NDArray[np.int64], columns: Columns
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Numbers on the grid of the forecast steps (n, n_targets, steps) and of the cutoffs (n,
    n_targets), and the series (n,).
    """
    n, steps, n_targets = next(iter(columns.values())).shape
    newest = origins.reshape(n, -1) - 1
    cutoffs = np.broadcast_to(layout.ordinals(newest), (n, n_targets))
    return cutoffs[..., None] + np.arange(1, steps + 1), cutoffs, layout.series_of(newest[:, 0])
