"""Windows of one's own series: nothing of what is held back is learned from."""

import numpy as np
import pytest

from lstm_forecast.model.pretrained.lessons import Curriculum, own_lesson
from lstm_forecast.model.pretrained.own import LEAST_OWN_VALUES, OwnSeries, chosen_own, own_windows
from lstm_forecast.model.pretrained.season import HORIZON, Season

LENGTHS = (9, 40, 300)
SEASON = Season(4)


def numbered(share: float = 1.0, horizon: int = 5) -> OwnSeries:
    """Series whose values say where they stand: 1,000 times the series, and the step."""
    offsets = np.cumsum([0, *LENGTHS])
    values = np.concatenate([1_000 * k + np.arange(n) for k, n in enumerate(LENGTHS)])
    return OwnSeries(values.astype(np.float32), offsets, SEASON, horizon, share)


def test_windows_are_stretches_of_one_series_without_what_is_held_back() -> None:
    own = numbered()
    windows = own_windows(np.random.default_rng(0), 500, own, held_back=False)
    assert windows.shape == (500, SEASON.context_length + HORIZON)
    series = set()
    for row in windows:
        known = row[~np.isnan(row)]
        number, step = divmod(known, 1_000)
        assert len(set(number)) == 1
        assert (np.diff(step) == 1).all()
        assert step[-1] < LENGTHS[int(number[0])] - own.horizon
        series.add(int(number[0]))
    assert series == {0, 1, 2}


def test_windows_to_judge_by_are_followed_by_what_is_held_back_alone() -> None:
    own = numbered()
    windows = own_windows(np.random.default_rng(0), 100, own, held_back=True)
    for row in windows:
        number = int(np.nanmax(row) // 1_000)
        ahead = row[SEASON.context_length :]
        expected = 1_000 * number + LENGTHS[number] - own.horizon + np.arange(own.horizon)
        np.testing.assert_array_equal(ahead[: own.horizon], expected)
        assert np.isnan(ahead[own.horizon :]).all()


def test_longer_series_are_drawn_more_often() -> None:
    windows = own_windows(np.random.default_rng(1), 2_000, numbered(), held_back=True)
    number = np.nanmax(windows, axis=1) // 1_000
    shares = np.bincount(number.astype(int)) / len(number)
    left = np.array(LENGTHS) - 5
    np.testing.assert_allclose(shares, left / left.sum(), atol=0.03)


def test_what_was_not_observed_is_missing_in_the_windows_too() -> None:
    own = numbered()
    own.values[15:20] = np.nan
    windows = own_windows(np.random.default_rng(2), 300, own, held_back=False)
    assert not np.isin(windows, 1_000 + np.arange(6, 11)).any()
    assert np.isin(windows, [1_005, 1_011]).any()


@pytest.mark.parametrize("horizon", [6, 400])
def test_series_that_are_too_short_are_refused(horizon: int) -> None:
    values = np.zeros(LEAST_OWN_VALUES + horizon - 1, np.float32)
    with pytest.raises(ValueError, match=f"no series has {LEAST_OWN_VALUES + horizon} steps"):
        OwnSeries(values, np.array([0, len(values)]), SEASON, horizon, 1.0)


def test_targets_of_a_lesson_weigh_less_beyond_the_horizon() -> None:
    one = own_lesson(np.random.default_rng(3), 64, numbered(), held_back=False)
    seen = one.weights[one.weights > 0]
    assert set(np.unique(seen)) == {np.float32(0.2), np.float32(1)}
    assert (one.weights[..., 5:] < 1).all()


@pytest.mark.parametrize(("share", "expected"), [(1.0, 1.0), (0.3, 0.3)])
def test_each_panel_has_its_share_of_what_is_drawn(share: float, expected: float) -> None:
    rng, own = np.random.default_rng(4), (numbered(share / 2), numbered(share / 2))
    drawn = [chosen_own(rng, own) for _ in range(2_000)]
    for each in own:
        assert sum(one is each for one in drawn) / 2_000 == pytest.approx(expected / 2, abs=0.03)


def test_batches_of_ones_own_series_alone_hold_nothing_else() -> None:
    same = np.tile(np.arange(4, dtype=np.float32), 100)
    own = OwnSeries(same, np.array([0, 400]), SEASON, 5, 1.0)
    for one in Curriculum(0, 12, own=(own,)).batches(0):
        naive = one.simple[:, -1, 9]  # repeating the season is right
        missed = np.abs(naive - one.targets[:, -1]) * (one.weights[:, -1] > 0)
        long_enough = one.steps[:, 20, -6] > 0
        assert missed[long_enough].max() < 1e-3
