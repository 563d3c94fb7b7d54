from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.panel.notes import fences, season_strength, suspected_sentinels
from lstm_forecast.panel.panel import Panel
from tests.unit.conftest import build_panel, table_of


def panel(values: Any) -> Panel:
    return build_panel(
        table_of(ds=np.arange(len(values)), y=np.asarray(values, float)),
        timestamp="ds",
        targets=["y"],
    )


def outside(values: Any) -> list[float]:
    low, high = fences(np.asarray(values, float))
    return [value for value in values if not low <= value <= high]


def test_values_farther_from_the_others_than_those_are_from_each_other_are_outliers() -> None:
    assert outside([0, *range(243, 311), *range(243, 311)]) == [0]
    assert outside([*range(100), 10_000]) == [10_000]
    assert outside([*range(1, 100), 197, -97]) == []  # the others are up to 98 from each other
    assert outside([*range(1, 100), 198, -98]) == [198, -98]


@pytest.mark.parametrize("values", [[5.0] * 50, [0.0] * 99 + [1.0], [1.0, 900.0], [], [np.nan] * 9])
def test_there_is_no_outlier_where_nothing_else_moves_or_little_is_known(
    values: list[float],
) -> None:
    assert fences(np.array(values)) == (-np.inf, np.inf)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=0, max_size=60))
def test_at_most_a_few_values_are_outliers_on_either_side(values: list[float]) -> None:
    array = np.array(values)
    found = outside(array)
    assert len(found) <= 2 * max(1, len(values) // 100)
    assert set(outside(-array)) == {-value for value in found}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-200, 1.5, 3, -200], (-200,)),
        ([-200, -199, 3], ()),
        ([-9999, -40, 50], (-9999,)),
        ([999, 100, 3, -999], (-999, 999)),
        ([-9, -8, 1], ()),
        ([-200, -200], ()),
        ([999.5, 1], ()),
        ([99, np.nan, np.inf], ()),
    ],
)
def test_common_sentinels_count_only_far_from_all_other_values(
    values: list[float], expected: tuple[float, ...]
) -> None:
    assert suspected_sentinels(np.array(values, float)) == expected


def test_the_strength_of_a_season_is_what_it_explains_beside_the_trend() -> None:
    steps = np.arange(700)
    season = np.sin(steps * 2 * np.pi / 7)
    noise = np.random.default_rng(0).normal(size=700)
    assert season_strength(panel(season + 0.01 * steps), 7) > 0.999
    assert season_strength(panel(noise), 7) < 0.05
    assert 0.3 < season_strength(panel(season + noise * season.std()), 7) < 0.7
    assert season_strength(panel(season[:20]), 7) == 0  # too short to say
    holes = np.delete(steps, [100, 101, 300])
    table = table_of(ds=holes, y=season[holes])
    gappy = build_panel(table, timestamp="ds", targets=["y"], freq="1", policies={"gaps": "split"})
    assert season_strength(gappy, 7) > 0.95
