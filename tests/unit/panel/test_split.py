import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.split import MIN_CONTEXT, split_rows
from tests.unit.conftest import build_panel, panel_of, table_of


def sizes(
    layout: Layout,
    *,
    validation: int | float | str = 0.1,
    test: int | float | str = 0.2,
    horizon: int = 3,
) -> list[tuple[int, int, int]]:
    """Training, validation and test rows of every series."""
    split = split_rows(layout, validation=validation, test=test, horizon=horizon)
    np.testing.assert_array_equal(split.train_start, layout.offsets[:-1])
    np.testing.assert_array_equal(split.end, layout.offsets[1:])
    borders = np.stack([split.train_start, split.validation_start, split.test_start, split.end])
    return [tuple(map(int, series)) for series in np.diff(borders, axis=0).T]


def days(*lengths: int, zone: str | None = None) -> Layout:
    """Series of days that all begin on the same day."""
    stamps = pd.date_range("2024-01-01", periods=max(lengths))
    table = table_of(
        id=[k for k, length in enumerate(lengths) for _ in range(length)],
        ds=[stamp for length in lengths for stamp in stamps[:length]],
        y=np.ones(sum(lengths)),
    )
    return build_panel(
        table, timestamp="ds", targets=["y"], series_id="id", timezone=zone, freq="D"
    ).layout


def test_shares_are_of_each_series() -> None:
    assert sizes(panel_of(100, 50, 1000).layout) == [(70, 10, 20), (35, 5, 10), (700, 100, 200)]


def test_a_share_is_rounded_up_but_not_by_the_error_of_a_binary_fraction() -> None:
    assert sizes(panel_of(101).layout, validation=0.1, test=0.25) == [(101 - 26 - 11, 11, 26)]
    assert sizes(panel_of(100).layout, validation=0.07, test=0.29) == [(64, 7, 29)]


def test_a_share_is_at_least_one_horizon_and_a_share_of_nothing_is_nothing() -> None:
    assert sizes(panel_of(100).layout, validation=0.01, test=0.02, horizon=12) == [(76, 12, 12)]
    assert sizes(panel_of(100).layout, validation=0.0, test=0.0, horizon=12) == [(100, 0, 0)]


def test_counts_are_rows_of_each_series() -> None:
    assert sizes(panel_of(100, 30).layout, validation=5, test=10) == [(85, 5, 10), (15, 5, 10)]
    assert sizes(panel_of(20).layout, validation=0, test=0) == [(20, 0, 0)]


@pytest.mark.parametrize(
    ("validation", "test"), [(0.1, 0.2), (5, 10), ("2024-02-20", "2024-03-01")]
)
def test_the_split_of_a_training_is_found_again_after_new_rows_have_come(
    validation: float | str, test: float | str
) -> None:
    old, new = days(100, 80), days(130, 110)
    expected = split_rows(old, validation=validation, test=test, horizon=3)
    found = split_rows(
        new, validation=validation, test=test, horizon=3, ends=new.offsets[:-1] + old.lengths
    )
    for name in ("train_start", "validation_start", "test_start", "end"):
        shifts = new.offsets[:-1] - old.offsets[:-1]
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name) + shifts)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (12, (6, 3, 3)),
        (11, (5, 3, 3)),
        (10, (7, 0, 3)),
        (8, (5, 0, 3)),
        (7, (7, 0, 0)),
        (5, (5, 0, 0)),
        (1, (1, 0, 0)),
    ],
)
def test_a_short_series_gives_up_its_validation_part_and_then_its_test_part(
    rows: int, expected: tuple[int, int, int]
) -> None:
    assert MIN_CONTEXT + 3 == 5
    assert sizes(panel_of(rows, 100).layout) == [expected, (70, 10, 20)]
    assert sizes(panel_of(100, rows).layout, validation=3, test=3) == [(94, 3, 3), expected]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.one_of(st.integers(0, 50), st.floats(0, 0.99)),
    st.one_of(st.integers(0, 50), st.floats(0, 0.99)),
    st.integers(1, 12),
)
def test_parts_follow_each_other_and_training_has_room_for_a_window_or_the_whole_series(
    lengths: list[int], validation: float, test: float, horizon: int
) -> None:
    for length, parts in zip(
        lengths,
        sizes(panel_of(*lengths).layout, validation=validation, test=test, horizon=horizon),
        strict=True,
    ):
        assert sum(parts) == length
        assert min(parts) >= 0
        assert parts[0] >= min(length, MIN_CONTEXT + horizon)


# Dates


def test_dates_are_the_first_rows_of_their_parts() -> None:
    layout = days(31, 20)
    assert sizes(layout, validation="2024-01-11", test="2024-01-16") == [(10, 5, 16), (10, 5, 5)]
    assert sizes(layout, validation=2, test="2024-01-16T12:00") == [(14, 2, 15), (14, 2, 4)]
    assert sizes(layout, validation="2024-01-11", test=5) == [(10, 16, 5), (10, 5, 5)]


def test_a_date_behind_the_data_leaves_an_empty_part() -> None:
    assert sizes(days(31), validation=0, test="2025-01-01") == [(31, 0, 0)]


@pytest.mark.parametrize("date", ["2024-01-16", "2024-01-15T15:00Z", "2024-01-16T00:00+09:00"])
def test_a_date_counts_in_the_zone_of_the_data_unless_it_has_its_own(date: str) -> None:
    assert sizes(days(31, zone="Asia/Tokyo"), validation=0, test=date) == [(15, 0, 16)]


def test_a_date_in_an_hour_that_daylight_saving_skips_or_repeats_is_a_date() -> None:
    layout = days(366, zone="Europe/Berlin")
    assert sizes(layout, validation="2024-03-31T02:30", test="2024-10-27T02:30") == [(91, 210, 65)]
    assert sizes(days(366, zone="America/Santiago"), validation=0, test="2024-09-08") == [
        (251, 0, 115)
    ]


def test_a_date_with_a_zone_for_stamps_without_one_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"split\.test: 2024-01-16T00:00Z has a time zone, and the stamps have none"
    ):
        sizes(days(31), test="2024-01-16T00:00Z")


def test_what_is_no_date_is_refused_by_its_key() -> None:
    with pytest.raises(DataError, match=r"split\.validation: 'someday' is not a date"):
        sizes(days(31), validation="someday")


def test_a_date_for_integer_steps_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"split\.test: 2024-01-16 is a date, but time is counted in integer steps"
    ):
        sizes(panel_of(30).layout, test="2024-01-16")


@pytest.mark.parametrize("parts", [{"test": "2024-01-01"}, {"validation": "2023-12-31", "test": 3}])
def test_a_date_that_leaves_a_series_without_training_rows_is_refused(
    parts: dict[str, int | str],
) -> None:
    with pytest.raises(
        DataError,
        match="split: 2 of 2 series have no row before the date that ends training, 0 among",
    ):
        sizes(days(31, 20), **parts)


def test_a_series_too_short_before_a_date_trains_on_no_later_row() -> None:
    assert sizes(days(31, 20), validation=0, test="2024-01-02", horizon=5) == [
        (1, 0, 30),
        (1, 0, 19),
    ]
