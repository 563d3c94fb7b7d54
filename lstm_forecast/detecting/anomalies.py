"""Unusual steps, put together where they are one event."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.detecting.conformal import discoveries
from lstm_forecast.detecting.detection import DRIFT, FLAT, KINDS, MISSING, SPIKE, Anomaly
from lstm_forecast.detecting.rarity import NOT_OBSERVED, Steps
from lstm_forecast.panel.panel import Layout

__all__ = ["Beside", "anomalies_of", "stamp_of", "steps_table", "unusual"]

LARGEST_SCORE = 16.0  # where the p-value is smaller than a float64 tells from 0
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Beside:
    """What stands beside the rows of a panel, (n_rows, n_targets) each, NaN where not known."""

    actual: Floats
    expected: Floats
    low: Floats  # borders of what would be usual
    high: Floats


def unusual(steps: Steps, rate: float) -> Flags:
    """Which steps are anomalies where ``rate`` of usual ones may be called that; those of one stamp
    are judged together.
    """
    return discoveries(steps.rarity, steps.ordinal, rate)


def scores_of(steps: Steps) -> Floats:
    """-log10 of the p-value of each step."""
    scores: Floats = np.abs(np.log10(np.maximum(steps.rarity, 10.0**-LARGEST_SCORE)))
    return scores


def anomalies_of(
    steps: Steps,
    found: Flags,
    layout: Layout,
    beside: Beside,
    *,
    ids: NDArray[np.object_],
    rate: float,
) -> tuple[Anomaly, ...]:
    """Put the steps that were ``found`` together where what they judge touches or overlaps, the
    newest first; a drift, which goes on beside other things, stays by itself. ``ids`` (n_series,
    n_targets) name series and targets.
    """
    steps = steps.only(found)
    kinds = _kinds(steps, rate)
    drifts = kinds == KINDS.index(DRIFT)
    order = np.lexsort((steps.ordinal, drifts, steps.target, steps.series))
    steps, kinds = steps.only(order), kinds[order]
    streams = np.stack([steps.series, steps.target, drifts[order]])
    same = (np.diff(streams, axis=1) == 0).all(axis=0)
    begins = steps.since[np.arange(len(steps)), kinds]
    apart = ~same | (begins[1:] > steps.ordinal[:-1] + 1)
    events = [
        _anomaly(steps.only(index), kinds[index], layout, beside, ids)
        for index in np.split(np.arange(len(steps)), np.flatnonzero(apart) + 1)
        if len(index)
    ]
    return tuple(sorted(events, key=lambda event: event.until, reverse=True))


def _anomaly(
    steps: Steps,
    kinds: NDArray[np.int64],
    layout: Layout,
    beside: Beside,
    ids: NDArray[np.object_],
) -> Anomaly:
    scores, kind = scores_of(steps), _kind_of_all(kinds)
    judging = np.flatnonzero(kinds == kind)  # the steps that are unusual in this way
    worst = int(judging[scores[judging].argmax()])
    since = min(steps.since[judging[0], kind], steps.ordinal[0])
    row, target = int(steps.row[worst]), int(steps.target[0])

    def value(values: Floats) -> float | None:
        if row == NOT_OBSERVED or not np.isfinite(values[row, target]):
            return None
        return float(values[row, target])

    return Anomaly(
        unique_id=str(ids[steps.series[0], target]),
        kind=KINDS[kind],
        since=stamp_of(layout, since),
        until=stamp_of(layout, int(steps.ordinal[-1])),
        told=stamp_of(layout, int(steps.ordinal[0])),
        at=stamp_of(layout, int(steps.ordinal[worst])),
        steps=len(steps),
        score=round(float(scores[worst]), 2),
        actual=value(beside.actual),
        expected=value(beside.expected),
        low=value(beside.low),
        high=value(beside.high),
    )


def stamp_of(layout: Layout, ordinal: int) -> str | int:
    """The stamp of a number on the grid, in ISO 8601, or a step number."""
    found = layout.grid.stamps(np.array([ordinal]))[0]
    return int(found) if isinstance(found, int | np.integer) else str(found.isoformat())


def _kind_of_all(kinds: NDArray[np.int64]) -> int:
    """The kind of an anomaly whose steps are of these: values that are equal or missing explain
    what else is unusual about them, and a value that is another begins what is another level or
    pattern as often as it stands alone.
    """
    counts = np.bincount(kinds, minlength=len(KINDS))
    silent = [KINDS.index(kind) for kind in (MISSING, FLAT)]
    if counts[silent].any():
        return max(silent, key=counts.__getitem__)
    return int(kinds[0]) if kinds[0] != KINDS.index(SPIKE) else int(counts.argmax())


def _kinds(steps: Steps, rate: float) -> NDArray[np.int64]:
    """The kind in which each step is least usual; a drift where no other is rarer than ``rate``."""
    p = np.where(np.isnan(steps.p), np.inf, steps.p)
    drift = KINDS.index(DRIFT)
    others = np.delete(p, drift, axis=1).min(axis=1) <= rate
    p[others, drift] = np.inf
    return np.asarray(p.argmin(axis=1))


def steps_table(
    steps: Steps,
    found: Flags,
    layout: Layout,
    beside: Beside,
    *,
    ids: NDArray[np.object_],
    rate: float,
) -> pd.DataFrame:
    """Every step that was judged: unique_id, ds, y, expected, lo, hi, score, kind, anomaly."""
    order = np.lexsort((steps.ordinal, steps.target, steps.series))
    steps, found = steps.only(order), found[order]

    def values(of: Floats) -> Floats:
        cells: Floats = of[steps.row, steps.target]
        return np.where(steps.row == NOT_OBSERVED, np.nan, cells)

    kinds = np.array([*KINDS, ""], object)
    return pd.DataFrame(
        {
            "unique_id": ids[steps.series, steps.target],
            "ds": layout.grid.stamps(steps.ordinal),
            "y": values(beside.actual),
            "expected": values(beside.expected),
            "lo": values(beside.low),
            "hi": values(beside.high),
            "score": scores_of(steps).round(4),
            "kind": kinds[np.where(found, _kinds(steps, rate), len(KINDS))],
            "anomaly": found,
        }
    )
