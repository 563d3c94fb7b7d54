"""A few forecasts kept with a run: proof, at any later time and place, that it still forecasts the
same.
"""

import json
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.documents import Document, described, parsed
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.panel.panel import Layout
from lstm_forecast.windows.windows import Windows

__all__ = ["GOLDEN_TOLERANCE", "Golden", "golden_difference", "golden_json"]

GOLDEN_TOLERANCE = 1e-5  # of the largest forecast: another machine or version rounds differently
GOLDEN_WINDOWS = 3
Floats = NDArray[np.float64]
Row = tuple[float | None, ...]
Forecast = tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, kw_only=True)
class Golden(Document):
    """A few windows and what was forecast of them when the run was published: ``golden.json``."""

    series: tuple[str, ...] = field(metadata=described("Series of each window."))
    contexts: tuple[int, ...] = field(metadata=described("Rows of each window before its targets."))
    values: tuple[tuple[Row, ...], ...] = field(
        metadata=described("Rows of each window, scaled; null where not observed.")
    )
    forecasts: tuple[Forecast, ...] = field(
        metadata=described("By window, step, target and quantile, in original units.")
    )


def golden_json(forecaster: Forecaster, windows: Windows, layout: Layout) -> str:
    """Some of the ``windows`` with their forecasts, as the text of a ``Golden``."""
    index = np.unique(np.linspace(0, len(windows) - 1, GOLDEN_WINDOWS).astype(np.int64))
    origins, floors = windows.origins(index)
    starts = np.maximum(floors, origins - windows.framing.context_length)
    cut = [
        windows.values[start : origin + windows.framing.horizon]
        for start, origin in zip(starts, origins, strict=True)
    ]
    golden = Golden(
        series=tuple(layout.ids[k] for k in layout.series_of(origins - 1)),
        contexts=tuple((origins - starts).tolist()),
        values=tuple(map(_rows, cut)),
        forecasts=(),
    )
    content = golden.content() | {"forecasts": _forecasts(forecaster, golden).tolist()}
    return json.dumps(content, ensure_ascii=False)


def golden_difference(forecaster: Forecaster, text: str) -> float:
    """How far the forecasts differ now, as a share of the largest one: 0 on the machine that made
    them.

    Raises ValueError or TypeError if the text is not of ``golden_json``.
    """
    golden = parsed(Golden, text)
    expected = np.array(golden.forecasts, np.float64)
    found = _forecasts(forecaster, golden)
    if not (np.isfinite(expected).all() and np.isfinite(found).all()):
        return float("inf")
    return float(
        np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(np.float64).tiny)
    )


def _rows(values: NDArray[np.float32]) -> tuple[Row, ...]:
    return tuple(
        tuple(None if number != number else number for number in row) for row in values.tolist()
    )


def _forecasts(forecaster: Forecaster, golden: Golden) -> Floats:
    cut = [np.array(values, np.float32) for values in golden.values]
    bounds = np.cumsum([0, *map(len, cut)])
    floors = np.array([start for start, _ in pairwise(bounds)], np.int64)
    contexts = np.array(golden.contexts, np.int64)
    if not (contexts >= 0).all() or not (contexts <= [len(values) for values in cut]).all():
        raise ValueError("a context that is not in its values")
    series = forecaster.scaler.indices(golden.series)
    steps = len(cut[0]) - golden.contexts[0]
    return forecaster.ahead(np.concatenate(cut), floors + contexts, floors, series, steps=steps)
