"""The kinds of generated series: what each promises, and that none is another one's double."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.model.pretrained.generator import KINDS, generate
from lstm_forecast.model.pretrained.season import Season

SEASONS = [Season(1), Season(4), Season(12), Season(7, 365), Season(24, 168)]
SEEDS = st.integers(0, 2**32)
LENGTH = 500


def drawn(seed: int = 0, *, n: int = 64, length: int = 120, kinds: tuple = ()) -> np.ndarray:
    return generate(np.random.default_rng(seed), n, length, Season(12), kinds)


@cache
def made(kind: str, season: Season = SEASONS[0], n: int = 400, length: int = LENGTH) -> np.ndarray:
    """Series of a kind as they are before they are mixed and observed."""
    _, make = KINDS[kind]
    return make(np.random.default_rng(2), n, length, season)


def correlation(values: np.ndarray, lag: int) -> np.ndarray:
    """Autocorrelation of each row."""
    centred = values - values.mean(axis=1, keepdims=True)
    square = (centred**2).sum(axis=1)
    return (centred[:, :-lag] * centred[:, lag:]).sum(axis=1) / np.maximum(square, 1e-9)


def moment(values: np.ndarray, power: int) -> np.ndarray:
    """Skewness (3) or kurtosis (4) of each row."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = np.maximum(centred.std(axis=1), 1e-9)
    return (centred**power).mean(axis=1) / deviation**power


def trend(values: np.ndarray) -> np.ndarray:
    """How closely each row follows a straight line."""
    time = np.arange(values.shape[1])
    return np.abs([0 if row.std() == 0 else np.corrcoef(row, time)[0, 1] for row in values])


def bends(values: np.ndarray) -> np.ndarray:
    """How much means of 25 steps change direction."""
    means = values.reshape(len(values), -1, 25).mean(axis=2)
    changes = np.diff(means, axis=1)
    return np.diff(changes, axis=1).var(axis=1) / np.maximum(changes.var(axis=1), 1e-9)


STATISTICS = {
    "whole numbers": lambda values: (values == np.round(values)).mean(axis=1),
    "skewness": lambda values: moment(values, 3),
    "memory": lambda values: correlation(values, 10),
    "memory of changes": lambda values: correlation(np.diff(values), 1),
    "size of memory of changes": lambda values: np.abs(correlation(np.diff(values), 1)),
    "surprises": lambda values: moment(np.diff(values), 4),
    "trend": trend,
    "bends": bends,
}


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_deviation_1_and_finite_values(kind: str, season: Season) -> None:
    values = generate(np.random.default_rng(1), 200, 150, season, (kind,))
    assert values.dtype == np.float32
    assert not np.isinf(values).any()
    complete = values[~np.isnan(values).any(axis=1)]
    assert len(complete) > 150
    deviation = complete.std(axis=1)
    varies = deviation > 1e-3  # a row of counts may be 0 throughout
    assert varies.mean() > 0.95
    np.testing.assert_allclose(deviation[varies], 1, atol=2e-3)


def test_some_values_are_missing_the_last_ones_too() -> None:
    missing = np.isnan(drawn(n=4_000))
    assert 0.05 < missing.any(axis=1).mean() < 0.12
    assert 0 < missing[:, -1].mean() < 0.03
    assert not missing.all(axis=1).any()


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(12, 60))
def test_equal_seeds_give_equal_bits_and_others_others(seed: int, length: int) -> None:
    values = drawn(seed, n=8, length=length)
    np.testing.assert_array_equal(values, drawn(seed, n=8, length=length))
    assert not np.array_equal(values, drawn(seed + 1, n=8, length=length), equal_nan=True)


def test_only_kinds_that_are_asked_for_are_drawn() -> None:
    growing = drawn(n=400, kinds=("growing",))
    both = drawn(n=400, kinds=("growing", "counted"))
    share_of_zeros = [(np.nan_to_num(values) == 0).mean() for values in (growing, both)]
    assert share_of_zeros[0] < 0.02 < share_of_zeros[1]


def test_series_of_years_and_quarters_are_of_other_kinds() -> None:
    """Most of them grow, and that shows in how closely they follow a line."""
    fast, slow = (
        generate(np.random.default_rng(0), 600, LENGTH, Season(4), slow=each)
        for each in (False, True)
    )
    lines = [np.median(trend(np.nan_to_num(values))) for values in (fast, slow)]
    assert lines[1] > lines[0] + 0.15


def test_walks_drift_the_more_the_fewer_of_their_steps_are_a_year() -> None:
    """In 500 hours that is lost in what chance changes, and in 500 quarters it is most of the way;
    500 steps that nobody knows the year of are some of both.
    """

    def drift(period: int) -> float:
        """Of the rows that drift most, beside the deviation of sums of as many steps."""
        steps = np.diff(made("walks", Season(period), 2_000))
        sizes = np.abs(steps.mean(axis=1) / steps.std(axis=1)) * LENGTH**0.5
        return float(np.quantile(sizes, 0.8))

    assert drift(24) < 1.2 < 1.4 < drift(1) < 1.9 < drift(12) < 2.7 < drift(4)


def test_a_kind_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        drawn(kinds=("counted", "unheard of"))


@pytest.mark.parametrize(("one", "other"), [*combinations(KINDS, 2)])
def test_two_kinds_differ_in_a_simple_statistic(one: str, other: str) -> None:
    """A row of one kind has more of it than one of the other, more often than by chance."""
    shares = []
    for statistic in STATISTICS.values():
        first, second = (statistic(made(kind)) for kind in (one, other))
        more = (first[:, None] > second).mean() + (first[:, None] == second).mean() / 2
        shares.append(max(more, 1 - more))
    assert max(shares) > 0.6


@pytest.mark.parametrize(
    ("kind", "statistic", "sign"),
    [
        ("counted", "whole numbers", 1),
        ("growing", "trend", 1),
        ("pulsed", "surprises", 1),
        ("walks", "size of memory of changes", -1),
    ],
)
def test_a_kind_has_most_or_least_of(kind: str, statistic: str, sign: int) -> None:
    medians = {each: sign * np.median(STATISTICS[statistic](made(each))) for each in KINDS}
    assert max(medians, key=lambda each: medians[each]) == kind


def test_growth_persists_and_that_of_walks_does_not() -> None:
    def persistence(kind: str) -> float:
        growth = np.diff(made(kind, Season(4)).reshape(400, -1, 20).mean(axis=2), axis=1)
        return float(np.mean([np.corrcoef(row[:-2], row[2:])[0, 1] for row in growth]))

    assert persistence("growing") > 0.15 > 0 > persistence("walks")


def test_counts_are_whole_and_often_0() -> None:
    counts = made("counted")
    assert (counts == np.round(counts)).all()
    assert counts.min() == 0
    assert 0.2 < (counts == 0).mean() < 0.7


def test_changes_of_walks_are_small_beside_their_levels() -> None:
    def ratio(kind: str) -> float:
        values = made(kind)
        return float(np.median(np.diff(values).var(axis=1) / values.var(axis=1)))

    assert ratio("walks") < 0.05
    assert ratio("structural") > 0.2


def test_pulses_stand_out_of_a_quiet_level() -> None:
    values = made("pulsed")
    low, middle, high = np.quantile(values, [0.02, 0.5, 0.98], axis=1)
    assert np.median((high - middle) / (high - low)) > 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_seasons_show_at_their_lag(kind: str) -> None:
    """Where values are like those 12 steps before, more than like those a little nearer or farther,
    in more rows with a season of 12 than with another one.
    """

    def share(period: int) -> float:
        changes = np.diff(made(kind, Season(period)))
        at, before, after = (correlation(changes, lag) for lag in (12, 10, 14))
        return float((at > np.maximum(before, after) + 0.1).mean())

    noisy = kind in ("walks", "counted")
    assert share(12) > share(17) + (0.12 if noisy else 0.3)


@pytest.mark.parametrize("kind", ["structural", "smooth", "switching"])
def test_a_second_season_shows_at_its_lag(kind: str) -> None:
    """A day is more like the one a week before than like other days."""

    def share(season: Season) -> float:
        values = made(kind, season, 300, 960)
        at, before, after = (correlation(values, lag) for lag in (168, 144, 192))
        return float((at > np.maximum(before, after) + 0.02).mean())

    assert share(Season(24, 168)) > share(Season(24)) + 0.3


@pytest.mark.parametrize("season", SEASONS, ids=str)
def test_series_may_be_short(season: Season) -> None:
    assert generate(np.random.default_rng(0), 50, 12, season).shape == (50, 12)
