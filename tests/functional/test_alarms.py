"""The metrics of alarms give what a calculation by hand gives."""

import numpy as np
import pytest

from tests.benchmarks.alarms import HORIZON, Labelled, Scored, best, nab_score, range_f1, vus_pr


def labelled(rows: int, *windows: tuple[int, int]) -> Labelled:
    labels = np.zeros(rows, np.int64)
    for start, end in windows:
        labels[start:end] = 1
    return Labelled(np.zeros(rows), labels, first=0, season=1)


def scored(rows: int, alarms: dict[int, float], reach: int = 0) -> Scored:
    scores = np.zeros(rows)
    scores[list(alarms)] = list(alarms.values())
    return Scored(scores, np.maximum(np.arange(rows) - reach, 0))


def test_alarms_within_a_horizon_are_one_anomaly_told_at_its_first() -> None:
    found = scored(200, {10: 5.0, 10 + HORIZON: 5.0, 90: 5.0, 150: 4.0})
    told, ranges = found.told(0, 5.0)
    assert told.tolist() == [10, 90]
    assert ranges.tolist() == [[10, 11 + HORIZON], [90, 91]]
    assert found.told(50, 5.0)[0].tolist() == [90]
    assert found.told(0, 6.0)[0].tolist() == []


def test_alarms_reach_back_over_what_they_speak_of() -> None:
    found = scored(100, {30: 5.0, 60: 3.0}, reach=9)
    assert found.told(0, 3.0)[1].tolist() == [[21, 61]]
    assert found.told(0, 4.0)[1].tolist() == [[21, 31]]
    spread = found.spread()
    assert (spread[21:31].tolist(), spread[[20, 31]].tolist()) == ([5.0] * 10, [0.0] * 2)


def test_nab_counts_the_first_alarm_of_a_window_and_every_one_outside() -> None:
    own = labelled(1000, (400, 500))
    score = nab_score(once=False)
    assert score([scored(1000, {400: 1.0, 450: 1.0})], [own], 1.0) == pytest.approx(100)
    assert score([scored(1000, {100: 1.0, 101: 1.0})], [own], 1.0) == pytest.approx(-11)
    # in the middle 2 / (1 + e^-2.5) - 1 = 0.84828, relative to 0.98661 at the beginning
    middle = 100 * (0.84828 / 0.98661 + 1) / 2
    assert score([scored(1000, {450: 1.0})], [own], 1.0) == pytest.approx(middle, abs=0.01)
    told = nab_score(once=True)
    assert told([scored(1000, {100: 1.0, 101: 1.0})], [own], 1.0) == pytest.approx(-5.5)


def test_without_an_alarm_the_best_score_is_that_of_none() -> None:
    own, rng = labelled(1000, (400, 401)), np.random.default_rng(0)
    wrong = Scored(rng.random(1000) - own.labels, np.arange(1000))
    assert best(nab_score(once=False), [wrong], [own]) == 0


def test_ranges_count_by_how_much_of_them_is_found() -> None:
    own = labelled(200, (50, 60), (150, 160))
    # the first is found by half, the second not; half of what is told is right
    found = scored(200, {50: 1.0, 54: 1.0})
    recall = (0.2 + 0.8 * 0.5 + 0) / 2
    assert range_f1([found], [own], 1.0) == pytest.approx(2 * recall / (recall + 1))
    wide = scored(200, {40: 1.0, 59: 1.0})  # 20 rows, of which 10 are right
    assert range_f1([wide], [own], 1.0) == pytest.approx(0.5)


def test_the_volume_is_the_mean_area_below_precision_and_recall_over_all_buffers() -> None:
    labels, scores = np.zeros(10, np.int64), np.zeros(10)
    labels[5] = scores[5] = 1
    # Without a buffer all is found, and nothing else. With one row on either side, of the weight
    # sqrt(1 / 2), row 5 is 1 of (1 + 2.414) / 2, and the rest comes with ten rows of weight 2.414.
    first = 1 / 1.7071
    assert vus_pr(scores, labels, buffer=0) == vus_pr(scores, labels, buffer=1) == 1
    whole = (1 + 1 + first + (1 - first) * 0.2414) / 3
    assert vus_pr(scores, labels, buffer=2) == pytest.approx(whole, abs=1e-4)
    assert vus_pr(np.zeros(10), labels, buffer=0) == pytest.approx(0.1)
