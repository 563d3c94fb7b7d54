"""Alarms beside labelled anomalies: by the Numenta Anomaly Benchmark and by ranges.

A detector gives each row of a series a score, and the first row that the score speaks of. What lies
above a threshold is an alarm; alarms between which no horizon lies are one anomaly, which is told
once, at its first alarm, and reaches from the first row that it speaks of to its last alarm. The
same holds for every detector, and the threshold is the one that is best over all series.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HORIZON", "Labelled", "Scored", "best", "nab_score", "range_f1", "vus_pr"]

HORIZON = 24
FALSE_ALARM = 0.11
THRESHOLDS = 200
BUFFER = 24  # rows beside an anomaly that count in part, at most
EXISTENCE = 0.2  # what it counts that an anomaly is found at all, beside how much of it
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Metric = Callable[["Sequence[Scored]", "Sequence[Labelled]", float], float]


@dataclass(frozen=True)
class Labelled:
    """A series: arrays (n,)."""

    values: Floats
    labels: Ints  # 1 in the window of an anomaly
    first: int  # row that is judged
    season: int  # rows in a day


@dataclass(frozen=True)
class Scored:
    """What a detector says of the rows of a series: arrays (n,)."""

    scores: Floats  # the larger the less usual, from what is known by the row
    since: Ints  # the first row that the score speaks of

    def told(self, first: int, threshold: float) -> tuple[Ints, Ints]:
        """The rows, from ``first`` on, at which anomalies are told, and what these reach over,
        (n, 2): the first row and the one behind the last.
        """
        rows = first + np.flatnonzero(self.scores[first:] >= threshold)
        begins, ends = np.ones((2, len(rows)), bool)
        begins[1:] = ends[:-1] = self.since[rows[1:]] > rows[:-1] + HORIZON
        told, last = rows[begins], rows[ends]
        return told, np.stack([np.maximum(self.since[told], first), last + 1], axis=1)

    def spread(self) -> Floats:
        """The highest of the scores that speak of each row."""
        found = self.scores.copy()
        for row in np.argsort(self.scores, kind="stable"):
            part = found[self.since[row] : row + 1]
            np.maximum(part, self.scores[row], out=part)
        return found


def best(metric: Metric, scored: Sequence[Scored], series: Sequence[Labelled]) -> float:
    """The metric at the best threshold for all series; 0 where there is no alarm."""
    judged = [each.scores[own.first :] for each, own in zip(scored, series, strict=True)]
    levels = np.quantile(np.concatenate(judged), 1 - np.geomspace(1e-5, 0.3, THRESHOLDS))
    return max(0.0, *(metric(scored, series, level) for level in np.unique(levels)))


def nab_score(*, once: bool) -> Metric:
    """The score of Lavin & Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms", in the
    standard profile: every row above the threshold is an alarm, or an anomaly is told ``once``.

    In each labelled window the first alarm counts, the more the earlier it is; each alarm outside
    costs 0.11 of a window, less soon after one; a window without an alarm costs 1. 100 is the score
    of alarms at the beginning of all windows, 0 that of none.
    """

    def score(scored: Sequence[Scored], series: Sequence[Labelled], threshold: float) -> float:
        total, count = 0.0, 0
        for each, own in zip(scored, series, strict=True):
            window, value = _row_values(own.labels)
            rows = own.first + np.flatnonzero(each.scores[own.first :] >= threshold)
            alarms = each.told(own.first, threshold)[0] if once else rows
            total += value[alarms[window[alarms] < 0]].sum()
            for k in np.unique(window[own.first :][window[own.first :] >= 0]):
                hits = alarms[window[alarms] == k]
                total += value[hits[0]] if len(hits) else -1.0
                count += 1
        return 100 * (total + count) / (2 * count)

    return score


def _row_values(labels: Ints) -> tuple[Ints, Floats]:
    """The number of the window that each row lies in, -1 outside, and what an alarm is worth."""
    window, value = np.full(len(labels), -1), np.full(len(labels), -FALSE_ALARM)
    for k, (start, end) in enumerate(_ranges(labels)):
        inside = np.arange(start, end)
        window[inside] = k
        value[inside] = _sigmoid((inside - end) / (end - start)) / _sigmoid(np.array(-1.0))
        behind = np.arange(end, len(labels))
        distance = (behind - end + 1) / max(end - start - 1, 1)
        value[behind] = FALSE_ALARM * np.where(distance > 3, -1.0, _sigmoid(distance.clip(max=3)))
    return window, value


def _sigmoid(distance: Floats) -> Floats:
    return 2 / (1 + np.exp(5 * distance)) - 1


def _ranges(labels: Ints) -> Ints:
    """The first row of each stretch that is not 0, and the one behind its last, (n, 2)."""
    edges = np.diff((labels > 0).astype(np.int64), prepend=0, append=0)
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)


def range_f1(scored: Sequence[Scored], series: Sequence[Labelled], threshold: float) -> float:
    """The range-based F1 of Tatbul et al. 2018, "Precision and Recall for Time Series", of all
    anomalies: flat bias, reciprocal cardinality, and ``EXISTENCE`` for one that is found at all.
    """
    recalls, precisions = [], []
    for each, own in zip(scored, series, strict=True):
        found = each.told(own.first, threshold)[1]
        real = own.first + _ranges(own.labels[own.first :])
        for share, count in _shares(real, found):
            recalls.append(EXISTENCE * (count > 0) + (1 - EXISTENCE) * share / max(count, 1))
        precisions += [share / max(count, 1) for share, count in _shares(found, real)]
    recall, precision = np.mean(recalls), np.mean(precisions or [0.0])
    return float(2 * recall * precision / (recall + precision)) if recall + precision else 0.0


def _shares(ranges: Ints, others: Ints) -> Iterator[tuple[float, int]]:
    """What share of each range lies in others, and in how many."""
    for start, end in ranges:
        inside = np.minimum(end, others[:, 1]) - np.maximum(start, others[:, 0])
        yield inside.clip(min=0).sum() / (end - start), int((inside > 0).sum())


def vus_pr(scores: Floats, labels: Ints, *, buffer: int = BUFFER) -> float:
    """The volume below precision and recall of Paparrizos et al. 2022, "Volume Under the Surface":
    the mean over buffers of 0 to ``buffer`` rows, which count in part on both sides of an anomaly.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    volumes = []
    for width in range(buffer + 1):
        weights = _buffered(labels, width)
        hits = np.cumsum(weights[order])[ends]
        highest = np.sort([scores[start:end].max() for start, end in _ranges(weights > 0)])
        found = 1 - np.searchsorted(highest, scores[order][ends], side="left") / len(highest)
        recall = np.minimum(hits / ((labels.sum() + weights.sum()) / 2), 1) * found
        volumes.append(float((np.diff(recall, prepend=0) * hits / (ends + 1)).sum()))
    return float(np.mean(volumes))


def _buffered(labels: Ints, buffer: int) -> Floats:
    weights, index = labels.astype(float), np.arange(len(labels))
    for start, end in _ranges(labels):
        distance = np.maximum(start - index, index - end + 1)
        beside = (distance > 0) & (distance <= buffer // 2)
        weights[beside] += np.sqrt(1 - distance[beside] / buffer)
    return np.minimum(weights, 1)
