"""P-values by rank, beyond the scores that are known, and of many series at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from lstm_forecast.detecting.conformal import Known, discoveries, grown

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


def known(values: object) -> Known:
    return Known(np.sort(np.asarray(values, np.float64)))


def test_a_p_value_is_the_share_of_scores_that_are_no_smaller_its_own_included() -> None:
    assert known([1, 2, 3]).p_values(np.array([0.0, 1.0, 2.5, 3.0])).tolist() == [1, 1, 0.5, 0.5]


def test_what_is_not_known_has_no_p_value() -> None:
    assert np.isnan(known([1, 2, 3]).p_values(np.array([np.nan]))).all()


@given(arrays(np.float64, st.integers(1, 300), elements=FINITE), st.lists(FINITE, min_size=2))
def test_a_larger_score_is_never_less_rare(scores: np.ndarray, tried: list[float]) -> None:
    p = known(scores).p_values(np.sort(np.array(tried)))
    assert (np.diff(p) <= 1e-12).all()
    assert ((p > 0) & (p <= 1)).all()


@pytest.mark.parametrize("count", [40, 1000])
def test_exchangeable_scores_are_rarer_than_a_rate_at_most_that_often(count: int) -> None:
    rng = np.random.default_rng(0)
    rate, trials = 0.05, 4000
    rare = 0
    for _ in range(trials):
        *scores, new = rng.exponential(size=count + 1)
        rare += known(scores).p_values(np.array([new]))[0] <= rate
    assert rare / trials < rate + 3 * np.sqrt(rate / trials)


@pytest.mark.parametrize("draw", ["exponential", "normal", "pareto"])
def test_beyond_the_known_scores_the_tail_tells_how_rare_one_is(draw: str) -> None:
    rng = np.random.default_rng(1)
    draws = {
        "exponential": lambda n: rng.exponential(size=n),
        "normal": lambda n: np.abs(rng.normal(size=n)),
        "pareto": lambda n: rng.pareto(4, size=n),
    }[draw]
    few, many = draws(1000), np.sort(draws(1_000_000))
    rare = many[-100]  # once in 10,000
    assert 1e-5 < known(few).p_values(np.array([rare]))[0] < 1e-3


def test_a_threshold_is_the_largest_score_that_is_not_as_rare() -> None:
    scores = known(np.random.default_rng(2).exponential(size=500))
    for p in (0.1, 0.01):
        border = scores.threshold(p)
        assert scores.p_values(np.array([border]))[0] > p
        assert scores.p_values(np.array([np.nextafter(border, 9)]))[0] <= p
    beyond = scores.threshold(1e-5)
    assert scores.p_values(np.array([beyond]))[0] == pytest.approx(1e-5, rel=1e-6)


def test_few_or_equal_scores_tell_nothing_beyond_them() -> None:
    for scores in (np.arange(5.0), np.ones(100)):
        n = len(scores)
        assert known(scores).p_values(np.array([1e9]))[0] == pytest.approx(1 / (n + 1))
        assert known(scores).threshold(1e-6) == np.inf


def test_new_scores_are_compared_with_those_before_them_once_they_are_a_quarter_more() -> None:
    scores, times = np.array([9.0, 8.0, np.nan, 7.0, 1.0]), np.array([3, 2, 0, 1, 4])
    parts = list(grown(known(np.arange(8.0)), scores, times))
    assert [part.tolist() for part, _ in parts] == [[3, 1], [0, 4]]
    assert [len(each.scores) for _, each in parts] == [8, 10]
    assert 7.0 in parts[1][1].scores


def test_what_goes_on_becomes_usual() -> None:
    rng = np.random.default_rng(4)
    scores = rng.exponential(3, size=5000)  # three times as large as what was known
    p = np.full(5000, np.nan)
    for part, each in grown(known(rng.exponential(1, size=200)), scores, np.arange(5000)):
        p[part] = each.p_values(scores[part])
    assert (p[:100] <= 0.01).mean() > 0.1
    assert (p[2500:] <= 0.01).mean() < 0.02


def test_discoveries_are_those_of_benjamini_and_hochberg_in_each_group() -> None:
    p = np.array([0.01, 0.02, 0.04, 0.9, 0.01, 0.02, 0.9])
    groups = np.array([0, 0, 0, 0, 1, 2, 2])
    found = discoveries(p, groups, 0.03)
    # of four the first is at most a quarter of the rate where it is found; one alone all of it
    assert found.tolist() == [False, False, False, False, True, False, False]
    assert discoveries(p, groups, 0.06).tolist() == [True, True, True, False, True, True, False]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=60),
    st.floats(0.001, 0.5),
)
def test_discoveries_agree_with_scipy(pairs: list[tuple[float, int]], rate: float) -> None:
    p, groups = (np.array(values) for values in zip(*pairs, strict=True))
    found = discoveries(p, groups, rate)
    for group in np.unique(groups):
        own = groups == group
        adjusted = false_discovery_control(p[own])
        sure = np.abs(adjusted - rate) > 1e-9
        assert (found[own] == (adjusted <= rate))[sure].all()
