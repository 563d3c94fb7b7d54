"""Unusual steps, put together where they are one event."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.detecting.conformal import discoveries
from lstm_forecast.detecting.detection import DRIFT, FLAT, KINDS, MISSING, SPIKE, Anomaly
from lstm_forecast.detecting.rarity import NOT_OBSERVED, Steps
from lstm_forecast.panel.panel import Layout

__all__ = ["Beside", "Verdicts"]

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


@dataclass(frozen=True)
class Verdicts:
    """Steps that were judged, and which of them are anomalies where ``rate`` of usual ones may be
    called that.
    """

    steps: Steps
    rate: float
    horizon: int
    layout: Layout
    beside: Beside
    ids: NDArray[np.object_]  # (n_series, n_targets): names of series and targets

    @cached_property
    def found(self) -> Flags:
        """Which steps are anomalies, (n,); those of one stamp are judged together."""
        return discoveries(self.steps.rarity, self.steps.ordinal, self.rate)

    def anomalies(self) -> tuple[Anomaly, ...]:
        """Put the steps that were found together where no horizon lies between what they judge, as
        that much is forecast from what was unusual; the newest first. A drift, which goes on beside
        other things, stays by itself.
        """
        steps = self.steps.only(self.found)
        kinds = _kinds(steps, self.rate)
        drifts = kinds == KINDS.index(DRIFT)
        order = np.lexsort((steps.ordinal, drifts, steps.target, steps.series))
        steps, kinds = steps.only(order), kinds[order]
        streams = np.stack([steps.series, steps.target, drifts[order]])
        same = (np.diff(streams, axis=1) == 0).all(axis=0)
        begins = steps.since[np.arange(len(steps)), kinds]
        apart = ~same | (begins[1:] > steps.ordinal[:-1] + self.horizon)
        events = [
            self._anomaly(steps.only(index), kinds[index])
            for index in np.split(np.arange(len(steps)), np.flatnonzero(apart) + 1)
            if len(index)
        ]
        return tuple(sorted(events, key=lambda event: event.until, reverse=True))

    def _anomaly(self, steps: Steps, kinds: NDArray[np.int64]) -> Anomaly:
        scores, kind = _scores(steps), _kind_of_all(kinds)
        judging = np.flatnonzero(kinds == kind)  # the steps that are unusual in this way
        worst = int(judging[scores[judging].argmax()])
        since = min(steps.since[judging[0], kind], steps.ordinal[0])
        row, target, beside = int(steps.row[worst]), int(steps.target[0]), self.beside

        def value(values: Floats) -> float | None:
            if row == NOT_OBSERVED or not np.isfinite(values[row, target]):
                return None
            return float(values[row, target])

        return Anomaly(
            unique_id=str(self.ids[steps.series[0], target]),
            kind=KINDS[kind],
            since=self.stamp(since),
            until=self.stamp(int(steps.ordinal[-1])),
            told=self.stamp(int(steps.ordinal[0])),
            at=self.stamp(int(steps.ordinal[worst])),
            steps=len(steps),
            score=round(float(scores[worst]), 2),
            actual=value(beside.actual),
            expected=value(beside.expected),
            low=value(beside.low),
            high=value(beside.high),
        )

    def stamp(self, ordinal: int) -> str | int:
        """The stamp of a number on the grid, in ISO 8601, or a step number."""
        found = self.layout.grid.stamps(np.array([ordinal]))[0]
        return int(found) if isinstance(found, int | np.integer) else str(found.isoformat())

    def table(self) -> pd.DataFrame:
        """Every step that was judged: unique_id, ds, y, expected, lo, hi, score, kind, anomaly."""
        order = np.lexsort((self.steps.ordinal, self.steps.target, self.steps.series))
        steps, found, beside = self.steps.only(order), self.found[order], self.beside

        def values(of: Floats) -> Floats:
            cells: Floats = of[steps.row, steps.target]
            return np.where(steps.row == NOT_OBSERVED, np.nan, cells)

        kinds = np.array([*KINDS, ""], object)
        return pd.DataFrame(
            {
                "unique_id": self.ids[steps.series, steps.target],
                "ds": self.layout.grid.stamps(steps.ordinal),
                "y": values(beside.actual),
                "expected": values(beside.expected),
                "lo": values(beside.low),
                "hi": values(beside.high),
                "score": _scores(steps).round(4),
                "kind": kinds[np.where(found, _kinds(steps, self.rate), len(KINDS))],
                "anomaly": found,
            }
        )


def _scores(steps: Steps) -> Floats:
    """-log10 of the p-value of each step."""
    scores: Floats = np.abs(np.log10(np.maximum(steps.rarity, 10.0**-LARGEST_SCORE)))
    return scores


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
