"""Public series with labelled anomalies: the known causes and the traffic of the Numenta Anomaly
Benchmark, by the metrics of ``tests.benchmarks.alarms``.

The first 15 % of a series, 750 rows at most, are learned from. ``detect`` learns anew whenever
there are four times as many rows, as ``retrain`` would, and ``detect, trained once`` does not. A
moving z-score learns with every row. STL and an isolation forest of all rows know the whole series
before they judge its beginning, which no detector does that runs beside one.

STL comes from statsmodels, which the extra ``baselines`` brings with it. ``vus_pr`` and
``average_precision``, the area below precision and recall of rows in windows, are means over all
series.
"""

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score

import lstm_forecast
from lstm_forecast.detecting.detect import judge
from lstm_forecast.forecasting.loaded import load_run
from lstm_forecast.tables.source import given_source
from tests.benchmarks.alarms import (
    HORIZON,
    Floats,
    Labelled,
    Scored,
    best,
    nab_score,
    range_f1,
    vus_pr,
)
from tests.benchmarks.files import data_file

SETS = ("nab_realKnownCause", "nab_realTraffic")
LEARNED, MOST_LEARNED = 0.15, 750
GROWTH = 4  # times as many rows from which on a run is trained again
DAY = pd.Timedelta(days=1)


def nab() -> Iterator[dict[str, Any]]:
    """Metrics of ``detect`` and of other detectors."""
    series = list(_series())
    for name, detector in DETECTORS.items():
        scored = [detector(each) for each in series]
        pairs = list(zip(scored, series, strict=True))
        yield {
            "detector": name,
            "nab": round(best(nab_score(once=False), scored, series), 1),
            "nab_told_once": round(best(nab_score(once=True), scored, series), 1),
            "range_f1": round(best(range_f1, scored, series), 3),
            "vus_pr": _mean(
                vus_pr(each.spread()[own.first :], own.labels[own.first :]) for each, own in pairs
            ),
            "average_precision": _mean(
                average_precision_score(own.labels[own.first :], each.scores[own.first :])
                for each, own in pairs
            ),
        }


def _mean(values: Iterator[float]) -> float:
    return round(float(np.mean(list(values))), 3)


def _series() -> Iterator[Labelled]:
    for name in SETS:
        table = pd.read_csv(data_file(f"{name}.csv.gz"), parse_dates=["ds"])
        for _, rows in table.groupby("unique_id"):
            yield Labelled(
                values=rows["y"].to_numpy(np.float64),
                labels=rows["in_window"].to_numpy(np.int64),
                first=min(int(LEARNED * len(rows)), MOST_LEARNED),
                season=round(DAY / rows["ds"].diff().median()),
            )


def _detect(own: Labelled, *, again: bool = True) -> Scored:
    rows = len(own.values)
    found = Scored(np.zeros(rows), np.arange(rows))
    known = own.first
    while known < rows:
        until = min(GROWTH * known, rows) if again else rows
        _judge(own.values, known, until, found)
        known = until
    return found


def _judge(values: Floats, known: int, until: int, found: Scored) -> None:
    """Score the rows from number ``known`` to ``until`` by a run of those before them."""
    table = pd.DataFrame({"step": np.arange(until), "y": values[:until]})
    with tempfile.TemporaryDirectory() as folder:
        run = lstm_forecast.train(
            table.head(known),
            target="y",
            timestamp="step",
            horizon=HORIZON,
            runs=folder,
            model={"ensemble": 1},
            preprocessing={"log": False},
        )
        steps = judge(load_run(run), given_source(table), rate=0.001).verdicts.steps
    steps = steps.only(steps.row >= known)
    kinds = np.where(np.isnan(steps.p), np.inf, steps.p).argmin(axis=1)
    found.scores[steps.row] = -np.log10(np.maximum(steps.rarity, 1e-300))
    found.since[steps.row] = steps.since[np.arange(len(steps)), kinds]


def _moving(own: Labelled, rows: int) -> Scored:
    rolling = pd.Series(own.values).rolling(rows, min_periods=10)
    mean, deviation = rolling.mean().shift(1), rolling.std().shift(1)
    scale = deviation + 1e-3 * np.std(own.values) + 1e-9
    scores = ((own.values - mean).abs() / scale).fillna(0).to_numpy()
    return Scored(scores, np.arange(len(scores)))


def _stl(own: Labelled) -> Scored:
    """Residuals relative to their deviation; those of 3 or more are alarms by the usual rule."""
    from statsmodels.tsa.seasonal import STL

    residuals = STL(own.values, period=own.season).fit().resid
    scores = np.abs(residuals - residuals.mean()) / residuals.std()
    return Scored(scores, np.arange(len(scores)))


def _forest(own: Labelled, learned: int) -> Scored:
    windows = np.lib.stride_tricks.sliding_window_view(own.values, HORIZON)
    forest = IsolationForest(random_state=0).fit(windows[: learned - HORIZON + 1])
    found = -forest.score_samples(windows)
    since = np.maximum(np.arange(len(own.values)) - HORIZON + 1, 0)
    return Scored(np.append(np.full(HORIZON - 1, found.min()), found), since)


DETECTORS: dict[str, Callable[[Labelled], Scored]] = {
    "moving z-score, 24 rows": lambda own: _moving(own, 24),
    "moving z-score, 100 rows": lambda own: _moving(own, 100),
    "isolation forest, learned rows": lambda own: _forest(own, own.first),
    "isolation forest, all rows": lambda own: _forest(own, len(own.values)),
    "STL residuals, all rows": _stl,
    "detect": _detect,
    "detect, trained once": lambda own: _detect(own, again=False),
}
