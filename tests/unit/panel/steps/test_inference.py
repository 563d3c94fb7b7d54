"""The frequency that is found in stamps: the one that made them, or none."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.panel.placing import steps_of_rows
from lstm_forecast.panel.steps.frequency import ticks_from
from lstm_forecast.panel.steps.grid import Grid, clock
from lstm_forecast.panel.steps.inference import infer_freq
from lstm_forecast.panel.steps.moves import moves_to
from lstm_forecast.tables.read import Table

CALENDARS = [
    *("MS", "ME", "BMS", "BME", "QS", "QE", "YS", "YE", "2MS", "6ME"),
    *("MS-15", "MS-2", "MS-27", "MS-28", "MS-29", "MS-30", "3MS-15", "12MS-4"),
    *("SMS-15", "SME-15", "SMS-10", "MS-5-20", "MS-1-11-21", "MS-10-20-31"),
    *("WOM-1MON", "WOM-3FRI", "WOM-4SUN", "LWOM-FRI", "LWOM-MON"),
]
MINUTE = 60_000_000
SECOND = 1_000_000


def calendar_of(freq: str, start: str, count: int) -> np.ndarray:
    return ticks_from(pd.Timestamp(start), freq, count=count)


def as_list(ticks: np.ndarray) -> list[str]:
    return pd.DatetimeIndex(ticks.astype("M8[us]")).strftime("%Y-%m-%d %H:%M").tolist()


@settings(max_examples=300, deadline=None)
@given(
    freq=st.sampled_from(CALENDARS),
    start=st.dates(pd.Timestamp("1995-01-01").date(), pd.Timestamp("2035-12-31").date()),
    hour=st.sampled_from([0, 7, 23]),
    count=st.integers(30, 90),
    holes=st.sets(st.integers(1, 88), max_size=5),
)
def test_stamps_of_a_calendar_are_continued_as_by_hand(
    freq: str, start: object, hour: int, count: int, holes: set[int]
) -> None:
    every = calendar_of(freq, f"{start} {hour:02}:00", count + 12)
    given_ones = np.delete(every[:count], [hole for hole in holes if hole < count - 1])
    found = infer_freq(np.random.default_rng(0).permutation(given_ones), integers=False)
    origin = pd.Timestamp(int(given_ones[0]), unit="us")
    assert as_list(Grid(found, origin).ticks(np.arange(count + 12))) == as_list(every)


@pytest.mark.parametrize(
    ("stamps", "freq"),
    [
        (["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"], "MS-30"),
        (["2023-02-28", "2023-03-29", "2023-04-29", "2023-05-29"], "MS-29"),
        (["2023-12-29", "2024-01-29", "2024-02-29"], "MS-29"),
        (["2023-02-28", "2023-03-31", "2023-04-30"], "ME"),
        (["2023-02-28", "2023-03-28", "2023-04-28"], "MS-28"),
        (["2023-07-15", "2023-08-15", "2023-09-15"], "MS-15"),
        (["2021-07-04", "2022-07-04", "2023-07-04"], "12MS-4"),
        (["2023-02-15", "2023-05-15", "2023-08-15", "2024-02-15"], "3MS-15"),
        (["2024-01-01", "2024-01-15", "2024-02-01", "2024-02-15"], "SMS-15"),
        (["2024-01-15", "2024-01-31", "2024-02-15", "2024-02-29"], "SME-15"),
        (["2023-02-01", "2023-02-15", "2023-03-01", "2023-03-15"], "2W-WED"),
        (["2023-02-03", "2023-03-03", "2023-03-31"], "4W-FRI"),
    ],
)
def test_short_months_at_either_end_do_not_decide_the_day(stamps: list[str], freq: str) -> None:
    ticks = pd.DatetimeIndex(stamps).as_unit("us").asi8
    assert infer_freq(ticks, integers=False) == freq


def test_a_fourth_friday_that_is_always_the_last_is_asked() -> None:
    days = pd.DatetimeIndex(["2024-01-26", "2024-02-23", "2024-04-26", "2024-06-28"])
    with pytest.raises(DataError, match="on WOM-4FRI and on LWOM-FRI") as error:
        infer_freq(days.as_unit("us").asi8, integers=False)
    assert error.value.problems[0].endswith("set data.freq to one of them")


@pytest.mark.parametrize("stray", ["2014-05-03", "2012-02-20", "2018-11-30"])
def test_a_stamp_that_is_a_fault_does_not_hide_the_calendar(stray: str) -> None:
    days = pd.date_range("2012-01-01", periods=96, freq="MS") + pd.Timedelta(days=14)
    ticks = days.append(pd.DatetimeIndex([stray])).as_unit("us").asi8
    assert infer_freq(ticks, integers=False) == "MS-15"


@pytest.mark.parametrize("pattern", [(4, 4, 5), (4, 5, 4), (5, 4, 4)])
@pytest.mark.parametrize("leap_week", [False, True])
def test_fiscal_months_are_refused_by_name(pattern: tuple[int, ...], leap_week: bool) -> None:
    weeks = np.array(pattern * 12)
    if leap_week:
        weeks[23] += 1
    ticks = np.cumsum(weeks) * 7 * 86_400 * SECOND
    with pytest.raises(DataError, match="a fiscal calendar") as error:
        infer_freq(ticks, integers=False)
    assert "which is not supported; give weekly rows, or count the periods" in str(error.value)


def test_half_of_all_days_are_days_with_gaps_and_fewer_are_refused_with_what_they_are() -> None:
    every_second = 2 * np.arange(60)
    some = np.concatenate((every_second, np.arange(120, 140)))
    assert infer_freq(some * 86_400 * SECOND, integers=False) == "D"
    rare = np.cumsum([3, 5] * 20 + [7])
    with pytest.raises(DataError) as error:
        infer_freq(rare * 86_400 * SECOND, integers=False)
    text = str(error.value)
    assert "(commonest 5 d (50%), 3 d (48%), 7 d (2%))" in text
    assert "set data.freq: D with data.gaps (124 of 165 days have no row)" in text


# Inexact clocks


def placed(ticks: np.ndarray, freq: str | None = None) -> tuple[Grid, np.ndarray]:
    """The grid of stamps that are moved to it, and the step of each."""
    stamps = pd.DatetimeIndex(ticks.astype("M8[us]"))
    table = Table(pd.DataFrame({"ds": stamps}), ((Path("a.parquet"), len(stamps), None),))
    codes = np.zeros(len(stamps), np.int32)
    grid, steps, _ = steps_of_rows(table, stamps, codes, freq=freq, off_grid="nearest")
    return grid, steps


def jittered(
    minutes: int, share: float, count: int, seed: int, *, about: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Stamps of a clock that is wrong by up to a ``share`` of the step ``about`` such a one behind
    whole steps, and their true numbers, with holes.
    """
    rng, length = np.random.default_rng(seed), minutes * MINUTE
    numbers = np.sort(rng.choice(count, count - count // 20, replace=False))
    first = int(pd.Timestamp("2024-03-01").as_unit("us").asm8.astype(np.int64))
    wrong = (about + rng.uniform(-share, share, len(numbers))) * length
    return first + numbers * length + wrong.astype(np.int64), numbers


@settings(max_examples=150, deadline=None)
@given(
    minutes=st.sampled_from([1, 5, 10, 15, 20, 30, 60, 120, 360, 1440]),
    share=st.floats(0.0005, 0.1),
    about=st.floats(-0.1, 0.1),
    count=st.integers(100, 400),
    seed=st.integers(0, 99),
)
def test_a_clock_that_is_a_little_inexact_is_about_the_round_step(
    minutes: int, share: float, about: float, count: int, seed: int
) -> None:
    ticks, numbers = jittered(minutes, share, count, seed, about=about)
    grid, steps = placed(ticks)
    moves = moves_to(grid, ticks)
    assert grid.step == minutes * MINUTE
    np.testing.assert_array_equal(np.diff(steps), np.diff(numbers))
    assert moves.small and not moves.drift


@settings(max_examples=150, deadline=None)
@given(
    seconds=st.floats(1, 5_000),
    share=st.floats(0, 0.6),
    count=st.integers(30, 400),
    seed=st.integers(0, 99),
)
def test_what_is_settled_keeps_every_row_on_a_step_of_its_own_near_its_stamp(
    seconds: float, share: float, count: int, seed: int
) -> None:
    """Whatever the step and the clock are: rows that would meet are asked."""
    rng = np.random.default_rng(seed)
    true = np.arange(count) * seconds + rng.uniform(-share, share, count) * seconds
    ticks = np.unique((true * SECOND).astype(np.int64))
    grid, steps = placed(ticks)
    moves = moves_to(grid, ticks)
    if moves.small and not moves.drift:
        assert (np.abs(grid.ticks(steps) - ticks) < (grid.step or 0) / 4).all()
        assert (np.diff(steps) >= 0).all()


@pytest.mark.parametrize("seconds", [1203, 1195.5, 3590, 61])
def test_a_clock_that_is_slow_or_fast_is_not_taken_for_the_round_step(seconds: float) -> None:
    rng = np.random.default_rng(0)
    true = np.arange(40) * seconds + rng.uniform(-0.001, 0.001, 40) * seconds
    ticks = (true * SECOND).astype(np.int64)
    grid, _ = placed(ticks)
    moves = moves_to(grid, ticks)
    assert moves.drift or not moves.small


def test_an_exact_clock_keeps_a_step_that_is_not_round() -> None:
    ticks = np.delete(np.arange(200) * 1205 * SECOND, [5, 17])
    assert infer_freq(ticks, integers=False) == "1205s"


@pytest.mark.parametrize(
    ("first", "freq", "kept"),
    [
        ("06:58:30", "D", "07:00:00"),
        ("23:58:30", "D", "00:00:00"),
        ("06:28:30", "D", "06:30:00"),
        ("00:03:00", "20min", "00:00:00"),
        ("00:10:00", "h", "00:00:00"),
        ("00:20:00", "h", "00:20:00"),
    ],
)
def test_the_grid_lies_where_clocks_are_round(first: str, freq: str, kept: str) -> None:
    rng = np.random.default_rng(0)
    stamps = pd.date_range(f"2024-03-01 {first}", periods=200, freq=freq)
    ticks = stamps.as_unit("us").asi8 + rng.integers(-1 * SECOND, 90 * SECOND, 200)
    grid, steps = placed(ticks)
    assert grid.freq == freq
    assert str(grid.stamps(steps[:1])[0].time()) == kept


@pytest.mark.parametrize("freq", ["W-FRI", "MS-15", "SME-15", "LWOM-FRI", "B"])
def test_calendars_are_found_behind_an_inexact_clock(freq: str) -> None:
    true = calendar_of(freq, "2024-01-01 07:00", 80)
    ticks = true + np.random.default_rng(0).integers(-120 * SECOND, 180 * SECOND, 80)
    grid, steps = placed(ticks)
    assert grid.freq == freq
    np.testing.assert_array_equal(grid.ticks(steps), true)
    assert moves_to(grid, ticks).small


def test_days_of_a_zone_are_days_over_a_change_of_clocks_whatever_their_clock() -> None:
    days = pd.date_range("2024-03-01 07:00", periods=120, tz="Europe/Vienna")
    wrong = np.random.default_rng(0).integers(-120, 180, 120)
    stamps = days + pd.to_timedelta(wrong, unit="s")
    assert infer_freq(clock(stamps, freq=None), integers=False) == "D"
    assert (clock(stamps, freq=None) == clock(stamps, freq="D")).all()


def test_days_of_several_series_in_a_zone_keep_their_local_hour() -> None:
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-03-01 07:00", periods=60, tz="Europe/Vienna")
    stamps = days.append([days, days]) + pd.to_timedelta(rng.integers(-120, 180, 180), unit="s")
    table = Table(pd.DataFrame({"ds": stamps}), ((Path("a.parquet"), 180, None),))
    codes = np.repeat(np.arange(3, dtype=np.int32), 60)
    grid, steps, _ = steps_of_rows(table, stamps, codes, freq=None, off_grid="nearest")
    assert grid.freq == "D"
    assert (grid.stamps(steps) == days.append([days, days])).all()
