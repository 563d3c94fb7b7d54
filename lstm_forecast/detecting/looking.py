"""Every row beside the forecasts that were made of it: how wrong they were, relative to how wrong
they were expected to be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.split import MIN_CONTEXT

__all__ = ["LEVELS", "Looked", "look", "rows_to_look_at"]

LEVELS = (80,)  # percents of the intervals that errors are relative to
BATCH = 512  # windows whose forecasts are held at a time, and after which progress is told
LEAST_WIDTH = 1e-9  # of an interval, relative to what lies in it
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Looked:
    """Rows, each with the forecasts from the row before it.

    A relative error is (forecast - actual) / the distance of the median from the border of the 80 %
    interval on that side. All but ``rows`` are (n, n_targets), NaN where not known.
    """

    rows: Ints  # (n,): the first row that is forecast
    expected: Floats  # the median forecast of that row, in original units
    low: Floats  # borders of its interval
    high: Floats
    error: Floats  # relative error of that row
    level: Floats  # median of the relative errors over the horizon
    spread: Floats  # median distance from that

    @classmethod
    def joined(cls, parts: Sequence["Looked"]) -> "Looked":
        """Return the rows of all parts."""
        return cls(
            **{
                name: np.concatenate([vars(part)[name] for part in parts])
                for name in vars(parts[0])
            }
        )


def rows_to_look_at(
    forecaster: Forecaster, layout: Layout, *, starts: Ints, ends: Ints
) -> tuple[Ints, Ints]:
    """The rows ``starts`` to ``ends``, both (n_series,), that can be forecast from the row before,
    and the first row that the context of each may use.

    A context is full, or padded where a span has room for none.
    """
    floors, behind = layout.spans[:-1], layout.spans[1:]
    series = layout.series_of(floors)
    last = np.minimum(behind, ends[series])
    if forecaster.channels.n_ahead:  # what is known ahead has to be known up to the horizon
        last = np.minimum(last, behind - forecaster.framing.horizon + 1)
    first = np.maximum(starts[series], floors + forecaster.framing.context_length)
    if forecaster.channels.padded:
        first = np.where(first >= last, np.maximum(starts[series], floors + MIN_CONTEXT), first)
    counts = np.maximum(last - first, 0)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within, np.repeat(floors, counts)


def look(
    forecaster: Forecaster,
    layout: Layout,
    values: NDArray[np.float32],
    actual: Floats,
    *,
    rows: Ints,
    floors: Ints,
    series: Ints,
    progress: Callable[[int], None] = lambda done: None,
) -> Looked:
    """Forecast each of the ``rows`` (n,), and what follows it, from the row before.

    ``values`` (n_rows, n_columns) are scaled, ``actual`` (n_rows, n_targets) in original units, NaN
    where nothing was observed; ``series`` (n,) are rows of the scaler. ``progress`` hears how many
    more rows are done.
    """
    nothing = np.empty((0, actual.shape[1]))
    parts = [Looked(rows[:0], *[nothing] * 6)]
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        forecast = forecaster.ahead(
            values, rows[part], floors[part], series[part], steps=forecaster.framing.horizon
        )
        parts.append(_compared(forecast, _behind(layout, actual, rows[part], forecast), rows[part]))
        progress(len(rows[part]))
    return Looked.joined(parts)


def _behind(layout: Layout, actual: Floats, rows: Ints, forecast: Floats) -> Floats:
    """What came of the steps from each row on, NaN behind the end of its span."""
    wanted = rows[:, None] + np.arange(forecast.shape[1])
    inside = wanted < layout.spans[layout.span_of(rows) + 1][:, None]
    found: Floats = np.where(inside[..., None], actual[np.minimum(wanted, len(actual) - 1)], np.nan)
    return found


def _compared(forecast: Floats, actual: Floats, rows: Ints) -> Looked:
    low, median, high = np.moveaxis(forecast, -1, 0)
    error = median - actual
    width = np.where(error > 0, median - low, high - median)
    relative = error / np.maximum(width, LEAST_WIDTH * (1 + np.abs(median)))
    # medians, so that one wrong step is a spike and nothing else
    level = np.median(relative, axis=1)
    spread = np.median(np.abs(relative - level[:, None]), axis=1)
    return Looked(rows, median[:, 0], low[:, 0], high[:, 0], relative[:, 0], level, spread)
