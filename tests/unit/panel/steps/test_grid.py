import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.panel.seasons import season_length
from lstm_forecast.panel.steps.grid import Grid, clock, stamp_text
from lstm_forecast.panel.steps.inference import infer_freq

WEEKLY = [f"W-{day}" for day in ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")]
FREQS = [
    *(
        "h",
        "30min",
        "5min",
        "s",
        "2h",
        "36h",
        "D",
        "2D",
        "B",
        "2B",
        "MS",
        "ME",
        "BMS",
        "BME",
        "3MS",
    ),
    *("QS", "QE", "QS-NOV", "YS", "YE", "YE-JUN", "2W-WED"),
    *WEEKLY,
]
# the last one shifts by half an hour
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def micros(stamps: pd.DatetimeIndex) -> np.ndarray:
    return stamps.as_unit("us").asi8


def grid_of(freq: str, start: str = "2019-12-30 00:00") -> tuple[Grid, pd.DatetimeIndex]:
    stamps = pd.date_range(start, periods=120, freq=freq)
    return Grid(freq, stamps[0]), stamps


# Numbers and stamps


@pytest.mark.parametrize("freq", FREQS)
@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 119), max_size=30))
def test_stamps_and_ordinals_undo_each_other(freq: str, picked: list[int]) -> None:
    grid, stamps = grid_of(freq)
    ordinals = np.array(picked, np.int64)
    assert grid.stamps(ordinals).tolist() == stamps[ordinals].tolist()
    if picked:
        np.testing.assert_array_equal(grid.ordinals(micros(stamps[ordinals])), ordinals)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([1, 5, 3600]),
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**6), min_size=1),
)
def test_integer_steps_and_ordinals_undo_each_other(
    step: int, origin: int, picked: list[int]
) -> None:
    grid, ordinals = Grid(str(step), origin), np.array(picked, np.int64)
    steps = grid.stamps(ordinals)
    assert steps.tolist() == [origin + step * ordinal for ordinal in picked]
    np.testing.assert_array_equal(grid.ordinals(steps.to_numpy()), ordinals)


@pytest.mark.parametrize("freq", FREQS)
def test_a_stamp_off_the_grid_or_before_it_is_minus_one(freq: str) -> None:
    grid, stamps = grid_of(freq)
    off = stamps + pd.Timedelta(100, unit="ms")
    np.testing.assert_array_equal(grid.ordinals(micros(off)), -1)
    later = Grid(freq, stamps[60])
    np.testing.assert_array_equal(later.ordinals(micros(stamps)), [*[-1] * 60, *range(60)])


def test_an_integer_off_the_grid_or_before_it_is_minus_one() -> None:
    np.testing.assert_array_equal(
        Grid("5", 10).ordinals(np.array([10, 15, 16, 5, 0, 20])), [0, 1, -1, -1, -1, 2]
    )


@pytest.mark.parametrize("freq", ["YS", "QE", "bh"])
def test_data_that_hold_no_stamp_of_the_calendar_are_all_off_the_grid(freq: str) -> None:
    days = pd.date_range("2020-02-02", periods=5)
    np.testing.assert_array_equal(Grid(freq, days[0]).ordinals(micros(days)), -1)


def test_the_future_of_a_month_end_series_knows_leap_years() -> None:
    grid = Grid("ME", pd.Timestamp("2023-11-30"))
    assert grid.stamps(np.arange(5)).strftime("%m-%d").tolist() == [
        "11-30",
        "12-31",
        "01-31",
        "02-29",
        "03-31",
    ]


# Inference


@pytest.mark.parametrize("freq", [freq for freq in FREQS if freq != "2B"])
@pytest.mark.parametrize("gaps", [[], [10, 25, 26, 40]])
def test_the_frequency_is_inferred_across_gaps_and_in_any_order(freq: str, gaps: list[int]) -> None:
    _, stamps = grid_of(freq)
    ticks = np.delete(micros(stamps), gaps)
    inferred = infer_freq(np.random.default_rng(0).permutation(ticks), integers=False)
    np.testing.assert_array_equal(
        Grid(inferred, stamps[0]).ordinals(micros(stamps)), np.arange(120)
    )


@pytest.mark.parametrize(
    ("steps", "freq"), [([7, 8, 9], "1"), ([0, 5, 10, 30, 35], "5"), ([1, 1, 2, 2, 5, 6], "1")]
)
def test_the_spacing_of_integer_steps_is_inferred_across_gaps(steps: list[int], freq: str) -> None:
    assert infer_freq(np.array(steps), integers=True) == freq


def test_weekdays_with_holidays_are_business_days_and_not_days_with_gaps() -> None:
    days = pd.bdate_range("2024-01-01", periods=60).delete([0, 20, 21])
    assert infer_freq(micros(days), integers=False) == "B"


@pytest.mark.parametrize("days", [[0, 1], [3, 3, 3]])
def test_too_few_stamps_to_infer_from_ask_for_the_key(days: list[int]) -> None:
    with pytest.raises(DataError, match=r"data\.freq: too few stamps"):
        infer_freq(micros(pd.Timestamp("2024") + pd.to_timedelta(days, unit="D")), integers=False)


def test_stamps_without_a_rule_ask_for_the_key() -> None:
    days = pd.Timestamp("2024") + pd.to_timedelta([0, 3, 10, 12, 31], unit="D")
    with pytest.raises(DataError, match=r"data\.freq: no regular spacing found .*; set data\.freq"):
        infer_freq(micros(days), integers=False)


# Daylight saving


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("freq", ["h", "30min", "15min"])
def test_no_stamp_is_lost_or_doubled_when_daylight_saving_comes_and_goes(
    zone: str, known: bool, freq: str
) -> None:
    stamps = pd.date_range("2024-01-01", "2024-12-31", freq=freq, tz=zone)
    ticks = clock(stamps, freq=freq if known else None)
    assert infer_freq(ticks, integers=False) == freq
    grid = Grid(freq, pd.Timestamp(int(ticks[0]), unit="us"), zone)
    ordinals = grid.ordinals(ticks)
    np.testing.assert_array_equal(ordinals, np.arange(len(stamps)))
    assert (grid.stamps(ordinals) == stamps).all()
    assert str(grid.stamps(ordinals).tz) == zone


@pytest.mark.parametrize(
    "zone",
    [
        *ZONES,
        "America/Santiago",
        "Africa/Cairo",
        "America/Havana",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "UTC",
    ],
)
@pytest.mark.parametrize("freq", ["D", "W-SUN", "MS", None])
def test_local_midnight_stays_midnight_even_where_daylight_saving_skips_or_repeats_it(
    zone: str, freq: str | None
) -> None:
    days = pd.date_range("2024-01-01", "2025-12-31", freq=freq or "D")
    stamps = days.tz_localize(zone, ambiguous=np.ones(len(days), bool), nonexistent="shift_forward")
    ticks = clock(stamps, freq=freq)
    inferred = infer_freq(ticks, integers=False)
    assert inferred == (freq or "D")
    grid = Grid(inferred, pd.Timestamp(int(ticks[0]), unit="us"), zone)
    np.testing.assert_array_equal(grid.ordinals(ticks), np.arange(len(stamps)))
    assert (grid.stamps(np.arange(len(stamps))) == stamps).all()
    assert (stamps.date == days.date).all()


def test_daily_stamps_at_noon_stay_at_noon() -> None:
    stamps = pd.date_range("2024-01-01 12:00", periods=366, tz="America/Santiago")
    ticks = clock(stamps, freq="D")
    assert set(np.diff(ticks)) == {86_400_000_000}


# Seasons


@pytest.mark.parametrize(
    ("freq", "length"),
    [
        *[
            ("5min", 288),
            ("10min", 144),
            ("15min", 96),
            ("30min", 48),
            ("h", 24),
            ("2h", 12),
            ("6h", 4),
            ("12h", 2),
        ],
        *[
            ("24h", 7),
            ("D", 7),
            ("B", 5),
            ("W-SUN", 52),
            ("W-WED", 52),
            ("2W-SUN", 26),
            ("MS", 12),
            ("ME", 12),
        ],
        *[
            ("BMS", 12),
            ("BME", 12),
            ("3MS", 4),
            ("QS", 4),
            ("QE", 4),
            ("QS-OCT", 4),
            ("BQE-DEC", 4),
            ("YS", 1),
        ],
        *[("YE-DEC", 1), ("2D", 1), ("7D", 1), ("7h", 1), ("36h", 1), ("1", 1), ("5", 1)],
    ],
)
def test_the_season_is_a_day_a_week_or_a_year(freq: str, length: int) -> None:
    assert season_length(freq) == length


# The first step after a stamp


@pytest.mark.parametrize(
    ("freq", "zone"), [("h", None), ("h", "Europe/Vienna"), ("D", "Europe/Vienna"), ("MS", None)]
)
def test_a_stamp_as_text_is_found_again_on_the_grid(freq: str, zone: str | None) -> None:
    grid = Grid(freq, pd.Timestamp("2024-01-01"), zone)
    numbers = np.arange(0, 7500, 83) if freq == "h" else np.arange(300)
    for number, stamp in zip(numbers, grid.stamps(numbers), strict=True):
        assert grid.after(str(stamp)) == number + 1


def test_a_stamp_between_two_steps_or_before_all_has_the_next_step_after_it() -> None:
    hours, months = (Grid(freq, pd.Timestamp("2024-01-01")) for freq in ("h", "MS"))
    assert (hours.after("2024-01-01 03:30"), hours.after("2020-01-01")) == (4, 0)
    assert (months.after("2024-02-15"), months.after("2020-01-01")) == (2, 0)
    steps = Grid("5", 100)
    assert [steps.after(text) for text in ("100", "104", "105", "7")] == [1, 1, 2, 0]


@pytest.mark.parametrize(
    ("zone", "stamp"), [(None, "2024-01-01 00:00:00+01:00"), ("Europe/Vienna", "2024-01-01")]
)
def test_a_stamp_with_a_zone_does_not_fit_data_without_one(zone: str | None, stamp: str) -> None:
    with pytest.raises(DataError, match="a time zone, like 2024-01-01"):
        Grid("h", pd.Timestamp("2024-01-01"), zone).after(stamp)


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        (7, "step 7"),
        (pd.Timestamp("2024-01-31"), "2024-01-31"),
        (pd.Timestamp("2024-01-31 12:00"), "2024-01-31 12:00"),
        (pd.Timestamp("2024-01-31 12:00:00.5"), "2024-01-31 12:00:00.500000"),
        (pd.Timestamp("2024-01-31 12:30:10", tz="Europe/Berlin"), "2024-01-31 12:30:10"),
    ],
)
def test_a_stamp_is_told_without_loss(stamp: object, text: str) -> None:
    assert stamp_text(stamp) == text
