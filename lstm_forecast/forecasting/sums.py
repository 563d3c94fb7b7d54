"""Groups of series by what their columns say, and sums over them: of values, and of forecasts."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import UsageError
from lstm_forecast.forecasting.table import actual_values
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.series_names import joined_name, name_parts

__all__ = ["Groups", "gathered_forecasts", "gathered_values", "groups_by", "is_sum"]

Groups = Mapping[str, Sequence[str]]
"""What is drawn in one panel, by its name: the ids that are summed there, or the one of that name,
which is drawn as it is.
"""
UNKNOWN = "unknown"  # a category that training has not seen


def is_sum(name: str, members: Sequence[str]) -> bool:
    """Whether a group is more than the one id that it is called by."""
    return list(members) != [name]


def _alone(groups: Groups) -> list[str]:
    return [name for name, members in groups.items() if not is_sum(name, members)]


def groups_by(panel: Panel, data: DataConfig, ids: list[list[str]], by: Sequence[str]) -> Groups:
    """The ids of every target in groups of series that have the same in all columns ``by``.

    ``ids`` (n_series, n_targets) are those of the panel. Without a column all series are one group.
    Raises UsageError for a column that does not name series and is no static covariate.
    """
    known = (*data.series_columns, *data.covariates.static)
    for column in by:
        if column not in known:
            named = f"expected {' or '.join(known)}" if known else "the run has one series"
            raise UsageError(
                f"--by {column}: neither names series nor has one value in each of them; {named}"
            )
    parts = [_texts(panel, data, column) for column in by]
    names = [joined_name(row) for row in zip(*parts, strict=True)] if by else ["total"] * len(ids)
    groups: dict[str, list[str]] = {}
    for name, row in zip(names, ids, strict=True):
        for target, unique_id in zip(data.targets, row, strict=True):
            group = name if len(data.targets) == 1 else f"{name}/{target}"
            groups.setdefault(group, []).append(unique_id)
    return groups


def _texts(panel: Panel, data: DataConfig, column: str) -> list[str]:
    """What a column says of every series of the panel."""
    keys, ids = data.series_columns, panel.layout.ids
    if column in keys:
        return [str(part) for part in name_parts(ids, len(keys))[:, keys.index(column)]]
    categories = panel.known.categories.get(column)
    shown = [column] if categories is None else [f"{column} {value}" for value in categories]
    first = panel.columns.index(shown[0], len(panel.columns) - len(panel.known.constant))
    values = panel.values[panel.layout.offsets[:-1], first : first + len(shown)]
    if categories is None:
        return [f"{column} {value:g}" for value in values[:, 0]]
    texts = np.array([*categories, UNKNOWN], object)
    return list(texts[np.where(values.any(axis=1), values.argmax(axis=1), len(categories))])


def gathered_values(
    panel: Panel, ids: list[list[str]], groups: Groups, *, rows: int
) -> dict[str, pd.DataFrame]:
    """Actual values of the newest ``rows`` steps of each group, ``unique_id, ds, y``.

    A sum ends with the first of its series, and is NaN where one of them has no value; one without
    any value is left out.
    """
    whole = _alone(groups)
    summed = {name: groups[name] for name in groups if name not in set(whole)}
    found = _summed_values(panel, ids, summed, rows) if summed else {}
    if whole:
        own = actual_values(panel, ids, whole, rows=rows)
        found |= {str(name): frame for name, frame in own.groupby("unique_id", sort=False)}
    return {name: found[name] for name in groups if name in found}


def _summed_values(
    panel: Panel, ids: list[list[str]], groups: Groups, rows: int
) -> dict[str, pd.DataFrame]:
    layout = panel.layout
    number = {each: k for k, members in enumerate(groups.values()) for each in members}
    codes = np.array([[number.get(each, -1) for each in row] for row in ids])
    last = layout.ordinals(panel.ends(codes.shape[1]) - 1)
    newest = np.full(len(groups), last.max())
    np.minimum.at(newest, codes[codes >= 0], last[codes >= 0])
    ordinals = layout.ordinals(np.arange(len(panel.values)))
    series = np.repeat(np.arange(len(ids)), layout.lengths)
    totals, counts = np.zeros((2, len(groups) * rows))
    for target in range(codes.shape[1]):
        code, values = codes[series, target], panel.values[:, target]
        place = ordinals - newest[code] + rows - 1
        inside = (code >= 0) & (place >= 0) & (place < rows) & np.isfinite(values)
        where = code[inside] * rows + place[inside]
        totals += np.bincount(where, values[inside], minlength=len(totals))
        counts += np.bincount(where, minlength=len(totals))
    sizes = np.bincount(codes[codes >= 0], minlength=len(groups))
    totals = np.where(counts == np.repeat(sizes, rows), totals, np.nan).reshape(len(groups), rows)
    return dict(_frames(panel, list(groups), totals, newest))


def _frames(
    panel: Panel, names: Sequence[str], totals: NDArray[np.float64], newest: NDArray[np.int64]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The sums (n_groups, n_rows) of each group that has any, from the first one on."""
    for name, sums, end in zip(names, totals, newest, strict=True):
        known = np.flatnonzero(~np.isnan(sums))
        if len(known):
            steps = np.arange(end - len(sums) + 1 + known[0], end + 1)
            y, stamps = sums[known[0] :], panel.layout.grid.stamps(steps)
            yield name, pd.DataFrame({"unique_id": name, "ds": stamps, "y": y})


def gathered_forecasts(
    table: pd.DataFrame, groups: Groups, columns: Sequence[str], *, newest: bool = False
) -> pd.DataFrame:
    """Forecasts of each group, ``unique_id, ds, cutoff`` and sums of the ``columns``, beside those
    of groups of one as they are.

    A sum stands where all of its series have a forecast from the same cutoff, or, where there is
    only the ``newest`` one of each, from any. It has no interval, as borders do not add up to one.
    """
    whole = set(_alone(groups))
    own = table[table["unique_id"].isin(whole)]
    names = {each: name for name, ids in groups.items() if name not in whole for each in ids}
    if not names:
        return own
    named = table.assign(unique_id=table["unique_id"].astype(object).map(names))
    named = named.dropna(subset="unique_id")
    if newest:
        named["cutoff"] = named.groupby("unique_id")["cutoff"].transform("min")
    by_step = named.groupby(["unique_id", "cutoff", "ds"])[list(columns)]
    sums, counts = by_step.sum().reset_index(), by_step.size().to_numpy()
    sizes = sums["unique_id"].map({name: len(ids) for name, ids in groups.items()})
    found: pd.DataFrame = sums[counts == sizes]
    parts = [each for each in (found, own) if len(each)]
    return pd.concat(parts, ignore_index=True) if parts else found
