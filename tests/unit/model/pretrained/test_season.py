"""What a season promises of the windows in which the network sees it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_forecast.model.pretrained.lessons import FREQUENCIES
from lstm_forecast.model.pretrained.season import HORIZON, LAGS, LONGEST_PERIOD, STEPS, Season
from lstm_forecast.panel.seasons import LONGEST_SEASON

SEASONS = st.builds(Season, st.integers(1, 2_000), st.integers(0, 2_000))
TOLD = [frequency.season for frequency in FREQUENCIES if frequency.season is not None]


@given(SEASONS)
def test_each_step_sees_all_values_since_the_one_before(season: Season) -> None:
    assert 1 <= season.stride <= LAGS


@given(SEASONS)
def test_steps_end_at_equal_distances_and_fill_the_window(season: Season) -> None:
    assert season.ends.shape == (STEPS,)
    assert set(np.diff(season.ends)) == {season.stride}
    assert season.ends[0] == LAGS - 1
    assert season.ends[-1] == season.context_length - 1


@given(st.integers(1, 2_000), st.integers(1, 31 * LAGS - HORIZON + LAGS))
def test_the_window_holds_a_second_season_and_a_forecast(period: int, second: int) -> None:
    assert Season(period, second).context_length >= second + HORIZON


@pytest.mark.parametrize("second", [0, 168, 365, 672])
def test_the_window_holds_more_than_a_season_of_up_to_the_longest_period(second: int) -> None:
    fitting = [period for period in range(1, 1_001) if Season(period, second).fits]
    assert fitting == list(range(1, LONGEST_PERIOD + 1))


def test_every_season_that_is_found_in_values_fits_into_the_window() -> None:
    assert LONGEST_SEASON <= LONGEST_PERIOD


@given(st.integers(1, LAGS // 2))
def test_short_seasons_are_repeated_whole(period: int) -> None:
    assert Season(period).stride % period == 0


@pytest.mark.parametrize(("period", "stride"), [(24, 24), (48, 24), (52, 13), (60, 20), (168, 24)])
def test_long_seasons_are_divided_into_equal_parts(period: int, stride: int) -> None:
    assert Season(period).stride == stride


@pytest.mark.parametrize("season", TOLD, ids=str)
def test_what_is_learned_fits_into_the_window(season: Season) -> None:
    assert season.context_length >= 2 * season.period + HORIZON
    if season.second:
        assert season.context_length >= season.second + HORIZON
