"""Scaling by column, of most columns in each series: fitted on training rows by scikit-learn, kept
as plain numbers.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import PreprocessingConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.notes import fences
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.repair import LARGEST_VALUE
from lstm_forecast.panel.series_ids import LONGEST_SERIES_ID

__all__ = ["Scaler", "fit_config_scaler", "fit_scaler", "most_bytes"]

Floats = NDArray[np.float64]
# Scales from the center that a value may lie: squares of such numbers still fit into float32.
FARTHEST_SCALED = 1e15
BLOCK_ROWS = 2**16  # that are scaled at once


@dataclass(frozen=True)
class Scaler:
    """``(f(x) - center) / scale`` with f the logarithm or nothing; one pair for each series and
    column.

    Covariates known ahead have one pair for all series and no logarithm: no local normalisation
    follows, so that the network sees what 30 degrees are, in every series alike.
    """

    log: bool
    columns: tuple[str, ...]  # the first ones of a panel
    ids: tuple[str, ...]
    center: Floats  # (n_series, n_columns)
    scale: Floats  # (n_series, n_columns), above 0
    known: tuple[tuple[str, float, float], ...] = ()  # known ahead: column, center and scale
    # (2, n_series, n_columns): the least and the largest value, others are clipped
    limits: Floats | None = None

    def indices(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Row of each id in ``center``; -1 for an id that was not there in training."""
        rows = {name: index for index, name in enumerate(self.ids)}
        return np.array([rows.get(name, -1) for name in ids], np.int64)

    def transform(self, panel: Panel) -> NDArray[np.float32]:
        """All values of the panel scaled, shape (n_rows, n_columns).

        Every series must have been there in training, or all pairs be equal.

        Raises DataError at the first value that has no logarithm, or lies too far from what
        training saw.
        """
        layout, n = panel.layout, len(self.columns)
        center, scale = np.array([pair for _, *pair in self.known], np.float64).reshape(-1, 2).T
        scaled = np.empty(panel.values.shape, np.float32)
        indices = self.indices(layout.ids)
        for start in range(0, len(scaled), BLOCK_ROWS):  # no temporary as large as the panel
            end = min(start + BLOCK_ROWS, len(scaled))
            index = indices[layout.series_of(np.arange(start, end))]
            values, known = panel.values[start:end, :n], panel.values[start:end, n:]
            if self.limits is not None:
                values = values.clip(*self.limits[:, index])
            if self.log:
                values = _logarithm(values, panel, start)
            values = (values - self.center[index]) / self.scale[index]
            if self.known:
                values = np.concatenate([values, (known - center) / scale], axis=1)
            if (np.abs(values) > FARTHEST_SCALED).any():
                raise _too_far(values, panel, start, unclipped=n if self.limits is None else 0)
            scaled[start:end] = values
        return scaled

    def outliers(self, panel: Panel) -> int:
        """Rows with a value that ``transform`` clips."""
        if self.limits is None:
            return 0
        low, high = np.repeat(
            self.limits[:, self.indices(panel.layout.ids)], panel.layout.lengths, axis=1
        )
        values = panel.values[:, : len(self.columns)]
        return int(((values < low) | (values > high)).any(axis=1).sum())

    def scaled(self, value: float, index: NDArray[np.int64], *, n_targets: int) -> Floats:
        """One value in original units as scaled targets of series, (n, 1, n_targets); ``index`` as
        in ``invert``.
        """
        # 0, and what is below it, lie infinitely far below in logarithms
        with np.errstate(divide="ignore"):
            flat = np.log(max(value, 0.0)) if self.log else value
        return np.asarray(
            (flat - self.center[index, None, :n_targets]) / self.scale[index, None, :n_targets]
        )

    def invert(
        self, scaled: NDArray[np.floating], index: NDArray[np.int64], *, n_targets: int
    ) -> Floats:
        """Original units of scaled target values (n, horizon, n_targets, ...); ``index`` (n,) comes
        from indices.
        """
        shape = (len(index), 1, n_targets, *(1,) * (scaled.ndim - 3))
        values = scaled * self.scale[index, :n_targets].reshape(shape) + self.center[
            index, :n_targets
        ].reshape(shape)
        with np.errstate(over="ignore"):  # an infinite forecast is refused by whoever shows it
            return np.exp(values) if self.log else values

    def to_json(self) -> str:
        """Numbers keyed by series id and column, and those of the covariates known ahead."""
        series = {
            name: {
                column: {part: float(numbers[row, k]) for part, numbers in self._parts().items()}
                for k, column in enumerate(self.columns)
            }
            for row, name in enumerate(self.ids)
        }
        content = {"log": self.log, "clip": self.limits is not None, "columns": list(self.columns)}
        return json.dumps({**content, "known": self.known, "series": series}, ensure_ascii=False)

    def _parts(self) -> dict[str, Floats]:
        """Every number of a series and column by its name in JSON."""
        parts = {"center": self.center, "scale": self.scale}
        return (
            parts
            if self.limits is None
            else parts | {"low": self.limits[0], "high": self.limits[1]}
        )

    @classmethod
    def from_json(cls, text: str) -> "Scaler":
        """Inverse of ``to_json``. Raises ValueError, KeyError or TypeError on anything else."""
        # so that no number is too large
        content: Mapping[str, Any] = json.loads(text, parse_int=float)
        log, clip = content["log"], content.get("clip", False)
        columns, series = tuple(content["columns"]), dict(content["series"])

        def table(part: str) -> Floats:
            rows = [[numbers[column][part] for column in columns] for numbers in series.values()]
            if not all(type(number) is float for row in rows for number in row):
                raise TypeError(f"a {part} is not a number")
            return np.array(rows, np.float64).reshape(len(series), len(columns))

        if type(log) is not bool or type(clip) is not bool:
            raise TypeError("log or clip is neither true nor false")
        limits = np.stack([table("low"), table("high")]) if clip else None
        known = tuple((str(name), center, scale) for name, center, scale in content["known"])
        if not all(type(number) is float for _, *pair in known for number in pair):
            raise TypeError("a center or scale is not a number")
        scaler = cls(log, columns, tuple(series), table("center"), table("scale"), known, limits)
        pairs = np.array([pair for _, *pair in known], np.float64).reshape(-1, 2)
        numbers, scales = [*scaler._parts().values(), pairs], np.append(scaler.scale, pairs[:, 1])
        if not (all(np.isfinite(part).all() for part in numbers) and (scales > 0).all()):
            raise ValueError("a number is not finite, or a scale is not above 0")
        return scaler


def most_bytes(n_series: int, columns: Sequence[str], known: Sequence[str] = ()) -> int:
    """Size of the largest JSON text of a scaler of so many series with these columns."""
    character, numbers = 6, 200  # \\u0000; four numbers with their names
    own, others = (
        sum(character * len(name) + numbers for name in names) for names in (columns, known)
    )
    return 2**16 + own + others + n_series * (character * (LONGEST_SERIES_ID + 1) + own)


def fit_scaler(
    panel: Panel,
    *,
    kind: str,
    log: bool,
    train_ends: NDArray[np.int64],
    pooled: bool = False,
    clip: bool = False,
) -> Scaler:
    """Fit on the rows of each series before ``train_ends`` (n_series,), or of all series together
    (``pooled``).

    ``kind``: standard (mean, standard deviation), minmax, robust (median, interquartile range) or
    none. A constant column has scale 1. ``clip`` keeps outliers within the ``fences`` of the same
    rows. Covariates known ahead are fitted on all series together and never clipped, static ones
    with one value of each; columns of 0 and 1, sines and cosines stay as they are. Raises DataError
    at the first training value that has no logarithm.
    """
    layout = panel.layout
    own = panel.values[:, : panel.n_own]
    bounds = list(zip(layout.offsets[:-1], train_ends, strict=True))
    limits = None
    if clip:
        parts = [own[start:end] for start, end in bounds]
        parts = [np.concatenate(parts)] if pooled else parts
        fenced = np.array([_limits(values) for values in parts])
        limits = np.swapaxes(np.repeat(fenced, len(layout.ids) if pooled else 1, axis=0), 0, 1)

    def training_rows(series: int, start: int, end: int) -> Floats:
        values = own[start:end] if limits is None else own[start:end].clip(*limits[:, series])
        return _logarithm(values, panel, start) if log else values

    _require_observed(panel, own, bounds, pooled=pooled)
    rows = (training_rows(series, start, end) for series, (start, end) in enumerate(bounds))
    fitted = [
        _center_scale(kind, values) for values in ([np.concatenate(list(rows))] if pooled else rows)
    ]
    center, scale = np.swapaxes(np.array(fitted * len(layout.ids) if pooled else fitted), 0, 1)
    columns, known = panel.columns[: own.shape[1]], tuple(_known(panel, kind, train_ends))
    return Scaler(log, columns, layout.ids, center, scale, known, limits)


def fit_config_scaler(
    preprocessing: PreprocessingConfig,
    panel: Panel,
    train_ends: NDArray[np.int64],
    *,
    outliers: str,
) -> Scaler:
    """The scaler that a config describes, see ``fit_scaler``; ``outliers`` is their policy."""
    return fit_scaler(
        panel,
        kind=preprocessing.scaler,
        log=bool(preprocessing.log),
        train_ends=train_ends,
        pooled=preprocessing.scope == "global",
        clip=outliers == "clip",
    )


def _known(
    panel: Panel, kind: str, train_ends: NDArray[np.int64]
) -> Iterator[tuple[str, float, float]]:
    """Column, center and scale of every covariate known ahead."""
    starts, known = panel.layout.offsets[:-1], panel.known
    for column, name in enumerate(known.columns, start=panel.n_own):
        center, scale = 0.0, 1.0
        if name in known.measured:
            values = panel.values[:, column]
            seen = (
                values[starts]
                if name in known.static
                else np.concatenate(
                    [values[start:end] for start, end in zip(starts, train_ends, strict=True)]
                )
            )
            seen = seen[~np.isnan(seen)]
            if not np.isin(seen, (0, 1)).all():
                center, scale = (float(number[0]) for number in _center_scale(kind, seen[:, None]))
        yield name, center, scale


def _require_observed(
    panel: Panel, own: Floats, bounds: list[tuple[int, int]], *, pooled: bool
) -> None:
    """Raise DataError for a column without a single value to fit on: all of them are NaN under a
    policy ``mask``.
    """
    seen = np.array([(~np.isnan(own[start:end])).any(axis=0) for start, end in bounds])
    missing = np.argwhere(~seen.any(axis=0, keepdims=True) if pooled else ~seen)
    if len(missing):
        series, column = missing[0]
        raise DataError(
            f"series {panel.layout.ids[series]}: column {panel.columns[column]}: no value was"
            f" observed in its training rows ({len(missing):,} such columns of series); leave it"
            " out, or make split.validation and split.test smaller"
        )


def _limits(values: Floats) -> Floats:
    """The least and the largest value of every column that is no outlier, (2, n_columns)."""
    limits: Floats = np.array([fences(column) for column in values.T]).T
    return limits.clip(-LARGEST_VALUE, LARGEST_VALUE)


def _center_scale(kind: str, values: Floats) -> tuple[Floats, Floats]:
    """Both (n_columns,), of values (n_rows, n_columns)."""
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    if kind == "standard":
        fitted = StandardScaler().fit(values)
        return fitted.mean_, fitted.scale_
    if kind == "minmax":
        fitted = MinMaxScaler().fit(values)
        return fitted.data_min_, 1 / fitted.scale_
    if kind == "robust":
        fitted = RobustScaler().fit(values)
        return fitted.center_, fitted.scale_
    return np.zeros(values.shape[1]), np.ones(values.shape[1])


def _logarithm(values: Floats, panel: Panel, start: int) -> Floats:
    if (values <= 0).any():
        row, column = np.argwhere(values <= 0)[0]
        raise DataError(
            f"{panel.place(start + row, column)}: {values[row, column]:g} has no logarithm; train"
            " with preprocessing.log: false"
        )
    return np.log(values)


def _too_far(scaled: Floats, panel: Panel, start: int, *, unclipped: int) -> DataError:
    """The error at the first value that lies too far out; the first ``unclipped`` columns could be
    clipped, and are not.
    """
    row, column = np.argwhere(np.abs(scaled) > FARTHEST_SCALED)[0]
    series = panel.layout.series_of(np.array([start + row]))[0]
    own = panel.values[slice(*panel.layout.offsets[series : series + 2]), column]
    clips = column < unclipped and np.isfinite(fences(own)).all()
    remedy = "correct it, or train with data.outliers: clip" if clips else "correct it"
    return DataError(
        f"{panel.place(start + row, column)}: {panel.values[start + row, column]:g} lies"
        f" {FARTHEST_SCALED:g} times as far out as the training rows; {remedy}"
    )
