"""A few forecasts kept with a run: proof, at any later time and place, that it still forecasts the
same.
"""

import json
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.panel.panel import Layout
from lstm_forecast.windows.windows import Windows

__all__ = ["GOLDEN_TOLERANCE", "golden_difference", "golden_json"]

GOLDEN_TOLERANCE = 1e-5  # of the largest forecast: another machine or version rounds differently
WINDOWS = 3
Floats = NDArray[np.float64]


def golden_json(forecaster: Forecaster, windows: Windows, layout: Layout) -> str:
    """Some of the ``windows`` with their forecasts.

    Values are scaled, one list per row, null where not observed; forecasts are (horizon, n_targets,
    n_quantiles) in original units.
    """
    index = np.unique(np.linspace(0, len(windows) - 1, WINDOWS).astype(np.int64))
    origins, floors = windows.origins(index)
    starts = np.maximum(floors, origins - windows.framing.context_length)
    cut = [
        windows.values[start : origin + windows.framing.horizon]
        for start, origin in zip(starts, origins, strict=True)
    ]
    content: dict[str, Any] = {
        "series": [layout.ids[k] for k in layout.series_of(origins - 1)],
        "contexts": (origins - starts).tolist(),
        "values": [_plain(values) for values in cut],
    }
    return json.dumps(
        content | {"forecasts": _forecasts(forecaster, content).tolist()}, ensure_ascii=False
    )


def golden_difference(forecaster: Forecaster, text: str) -> float:
    """How far the forecasts differ now, as a share of the largest one: 0 on the machine that made
    them.

    Raises ValueError, KeyError or TypeError if the text is not of ``golden_json``.
    """
    content = json.loads(text)
    expected = np.array(content["forecasts"], np.float64)
    found = _forecasts(forecaster, content)
    if not (np.isfinite(expected).all() and np.isfinite(found).all()):
        return float("inf")
    return float(
        np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(np.float64).tiny)
    )


def _plain(values: NDArray[np.float32]) -> list[list[float | None]]:
    return [[None if number != number else number for number in row] for row in values.tolist()]


def _forecasts(forecaster: Forecaster, content: dict[str, Any]) -> Floats:
    cut = [np.array(values, np.float32) for values in content["values"]]
    bounds = np.cumsum([0, *map(len, cut)])
    floors = np.array([start for start, _ in pairwise(bounds)], np.int64)
    contexts = np.array(content["contexts"], np.int64)
    if not (contexts >= 0).all() or not (contexts <= [len(values) for values in cut]).all():
        raise ValueError("a context that is not in its values")
    series = forecaster.scaler.indices(content["series"])
    steps = len(cut[0]) - content["contexts"][0]
    return forecaster.ahead(np.concatenate(cut), floors + contexts, floors, series, steps=steps)
