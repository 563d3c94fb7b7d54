"""Public series with labelled anomalies, by the scoring of the Numenta Anomaly Benchmark.

Lavin & Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms": in each labelled window the
first alarm counts, the more the earlier it is; each alarm outside costs 0.11 of a window, less soon
after one; a window without an alarm costs 1. 100 is the score of alarms at the beginning of all
windows, 0 that of none. The threshold is the one that is best over all series, for each detector
alike, as the benchmark does it. The first 15 % of a series, 750 rows at most, are learned from.

An alarm that goes on is told once, so that scores are also given where alarms within a horizon of a
higher one do not count, again for all detectors alike. ``average_precision`` is the area below
precision and recall of rows in windows, the mean of all series.
"""

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score

import lstm_forecast
from lstm_forecast.detecting.detect import judge
from lstm_forecast.forecasting.loaded import load_run
from lstm_forecast.tables.source import given_source
from tests.benchmarks.files import data_file

SETS, HORIZON = ("nab_realKnownCause", "nab_realTraffic"), 24
LEARNED, MOST_LEARNED = 0.15, 750
FALSE_ALARM = 0.11
THRESHOLDS = 300
Floats = NDArray[np.float64]


def nab() -> Iterator[dict[str, Any]]:
    """Scores of ``detect`` and of other detectors."""
    series = list(_series())
    for name, scores in _detectors(series).items():
        once = [_records(score) for score in scores]
        precision = [
            average_precision_score(labels[first:], score[first:])
            for (_, labels, first), score in zip(series, scores, strict=True)
        ]
        yield {
            "detector": name,
            "nab": round(_best(scores, series), 2),
            "nab_told_once": round(_best(once, series), 2),
            "average_precision": round(float(np.mean(precision)), 3),
        }


Series = tuple[Floats, NDArray[np.int64], int]  # values, whether in a window, first row judged


def _series() -> Iterator[Series]:
    for name in SETS:
        table = pd.read_csv(data_file(f"{name}.csv.gz"))
        for _, rows in table.groupby("unique_id"):
            first = min(int(LEARNED * len(rows)), MOST_LEARNED)
            yield rows["y"].to_numpy(np.float64), rows["in_window"].to_numpy(np.int64), first


def _detectors(series: list[Series]) -> Mapping[str, list[Floats]]:
    return {
        "detect": [_detect(values, first) for values, _, first in series],
        "moving z-score, 24 rows": [_moving(values, 24) for values, _, _ in series],
        "moving z-score, 100 rows": [_moving(values, 100) for values, _, _ in series],
        "isolation forest, learned rows": [_forest(values, first) for values, _, first in series],
        "isolation forest, all rows": [_forest(values, len(values)) for values, _, _ in series],
    }


def _detect(values: Floats, first: int) -> Floats:
    table = pd.DataFrame({"step": np.arange(len(values)), "y": values})
    with tempfile.TemporaryDirectory() as folder:
        run = lstm_forecast.train(
            table.head(first),
            target="y",
            timestamp="step",
            horizon=HORIZON,
            runs=folder,
            model={"ensemble": 1},
            preprocessing={"log": False},
        )
        steps = judge(load_run(run), given_source(table), rate=0.001).verdicts.steps
    scores = np.zeros(len(values))
    scores[steps.ordinal] = -np.log10(np.maximum(steps.rarity, 1e-300))
    return scores


def _moving(values: Floats, rows: int) -> Floats:
    rolling = pd.Series(values).rolling(rows, min_periods=10)
    mean, deviation = rolling.mean().shift(1), rolling.std().shift(1)
    scale = deviation + 1e-3 * np.std(values) + 1e-9
    return ((values - mean).abs() / scale).fillna(0).to_numpy()


def _forest(values: Floats, learned: int) -> Floats:
    windows = np.lib.stride_tricks.sliding_window_view(values, HORIZON)
    forest = IsolationForest(random_state=0).fit(windows[: learned - HORIZON + 1])
    found = -forest.score_samples(windows)
    return np.append(np.full(HORIZON - 1, found.min()), found)


def _records(scores: Floats) -> Floats:
    """Scores that are higher than all within a horizon before; the least for others."""
    before = pd.Series(scores).rolling(HORIZON, min_periods=1).max().shift(1).fillna(-np.inf)
    return np.where(scores > before, scores, scores.min())


def _best(scores: list[Floats], series: list[Series]) -> float:
    """The score at the best threshold for all series."""
    judged = np.concatenate([s[first:] for s, (_, _, first) in zip(scores, series, strict=True)])
    shares = np.geomspace(1e-5, 0.2, THRESHOLDS)
    rows = [_row_values(labels) for _, labels, _ in series]
    return max(
        _score(scores, series, rows, threshold)
        for threshold in np.unique(np.quantile(judged, 1 - shares))
    )


def _score(
    scores: list[Floats],
    series: list[Series],
    rows: list[tuple[NDArray[np.int64], Floats]],
    threshold: float,
) -> float:
    total, count = 0.0, 0
    for score, (_, _, first), (window, value) in zip(scores, series, rows, strict=True):
        alarm = score >= threshold
        alarm[:first] = False
        total += value[alarm & (window < 0)].sum()
        for k in range(window.max() + 1):
            inside = np.flatnonzero(window == k)
            if inside[-1] < first:
                continue
            hits = inside[alarm[inside]]
            total += value[hits[0]] if len(hits) else -1.0
            count += 1
    return 100 * (total + count) / (2 * count)


def _row_values(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """The number of the window that each row lies in, -1 outside, and what an alarm is worth."""
    window, value = np.full(len(labels), -1), np.full(len(labels), -FALSE_ALARM)
    starts = np.flatnonzero(np.diff(labels, prepend=0) == 1)
    ends = np.flatnonzero(np.diff(labels, append=0) == -1)
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        length = end - start + 1
        inside = np.arange(start, end + 1)
        window[inside] = k
        value[inside] = _sigmoid((inside - end - 1) / length) / _sigmoid(np.array(-1.0))
        behind = np.arange(end + 1, len(labels))
        distance = (behind - end) / max(length - 1, 1)
        value[behind] = FALSE_ALARM * np.where(distance > 3, -1.0, _sigmoid(distance))
    return window, value


def _sigmoid(distance: Floats) -> Floats:
    return 2 / (1 + np.exp(5 * distance)) - 1
