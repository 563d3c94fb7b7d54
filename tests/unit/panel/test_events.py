"""Rows that are events: the step that each lies in, and what those of one step become."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.periods import periods_of
from lstm_forecast.tables.faults import Finding
from tests.unit.conftest import build_panel, inspected, table_of

NAN = np.nan
RULES = ("sum", "mean", "last", "max", "count")
MASKED = {"gaps": "mask", "missing": "mask"}  # what is not there stays NaN
DAYS = ("D", "W-SUN", "W-WED", "MS", "ME", "QS", "QE-NOV", "YS", "YE", "SMS-15", "BMS", "BME", "B")
HOUR = 3_600_000_000
seconds = st.integers(0, 400 * 86_400)


def events(
    stamps: Any, y: list[Any], *, rule: str = "sum", freq: str = "D", **keys: Any
) -> tuple[Panel, list[Finding]]:
    """The panel of a table of events, and what was found; other columns are keys of data."""
    columns = {name: keys.pop(name) for name in ("x", "id", "now") if name in keys}
    policies = {"aggregate": rule, "freq": freq, **keys.pop("policies", {})}
    table = table_of(ds=[str(stamp) for stamp in stamps], y=y, **columns)
    if "id" in columns:
        keys["series_id"] = "id"
    return inspected(table, timestamp="ds", targets=["y"], policies=policies, **keys)


def rows(found: Panel) -> dict[str, float]:
    """The first column of a panel by its stamps."""
    stamps = found.layout.stamps(np.arange(len(found.values)))
    return dict(zip(map(str, stamps), found.values[:, 0].tolist(), strict=True))


def by_day(stamps: list[str], y: list[Any], **keys: Any) -> dict[str, float]:
    found, findings = events(stamps, y, **keys)
    assert not [each for each in findings if each.level == "refused"]
    return {stamp[:10]: value for stamp, value in rows(found).items()}


def by_pandas(local: pd.DatetimeIndex, values: np.ndarray, rule: str, freq: str) -> pd.Series:
    """What pandas makes of events at local times, in an order of its own."""
    order = np.argsort(local, kind="stable")
    steps = pd.Series(values, index=local).iloc[order].resample(freq)
    sizes = steps.size()
    found = steps.sum(min_count=1) if rule == "sum" else getattr(steps, rule)()
    return found.where(sizes > 0, 0) if rule in ("sum", "count") else found


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(seconds, st.one_of(st.just(NAN), st.integers(-9, 9))), min_size=1),
    st.sampled_from(RULES),
    st.sampled_from(DAYS),
    st.sampled_from([None, "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo"]),
    st.sampled_from([None, "06:00", "23:30"]),
)
def test_days_and_longer_steps_are_those_of_pandas_on_local_clocks(
    cells: list[tuple[int, float]], rule: str, freq: str, zone: str | None, day_start: str | None
) -> None:
    moments = pd.Timestamp("2017-01-30 05:00") + pd.to_timedelta([s for s, _ in cells], unit="s")
    values = np.array([value for _, value in cells], np.float64)
    local, stamps = moments, moments
    if zone is not None:
        stamps = moments.tz_localize("UTC").tz_convert(zone)
        local = stamps.tz_localize(None)
    valued = ~np.isnan(values)
    assume(rule == "count" or valued.any())  # see below: nothing is known of such a series
    keys = {"timezone": zone, "day_start": day_start, **MASKED}
    found, _ = events(stamps, values, rule=rule, freq=freq, policies=keys)
    shift = pd.Timedelta(f"{day_start or '00:00'}:00")
    # pandas orders by what clocks show, and an hour that they repeat comes twice
    order = np.argsort(moments, kind="stable")
    assume(rule != "last" or local[order].is_monotonic_increasing)
    expected = by_pandas(local - shift, values, rule, freq)
    if valued.any():  # what lies behind the last value is not known yet
        last = by_pandas((local - shift)[valued], values[valued], rule, freq).index[-1]
        expected = expected[:last]
    names = found.layout.stamps(np.arange(len(found.values)))
    assert [str(name)[:10] for name in names] == [str(day.date()) for day in expected.index]
    assert np.allclose(found.values[:, 0], expected.to_numpy(np.float64), equal_nan=True)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "count"])
def test_events_without_a_value_in_any_of_them_are_refused(rule: str) -> None:
    with pytest.raises(DataError, match="series y: no row has a value"):
        events(["2017-01-30", "2017-01-30", "2017-01-31"], [NAN] * 3, rule=rule, policies=MASKED)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 9 * 86_400), st.integers(-9, 9)), min_size=1),
    st.sampled_from(RULES),
    st.sampled_from(["h", "30min", "15min", "2h"]),
    st.sampled_from([None, "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]),
)
def test_hours_and_shorter_steps_begin_as_local_clocks_show_full_ones(
    cells: list[tuple[int, int]], rule: str, freq: str, zone: str | None
) -> None:
    assume(zone is None or freq != "2h")  # which clocks move to other hours
    moments = pd.Timestamp("2024-03-27") + pd.to_timedelta([s for s, _ in cells], unit="s")
    values = np.array([value for _, value in cells], np.float64)
    stamps = moments if zone is None else moments.tz_localize("UTC").tz_convert(zone)
    found, _ = events(stamps, values, rule=rule, freq=freq, policies={"timezone": zone, **MASKED})
    expected = by_pandas(stamps, values, rule, freq)
    assert list(rows(found)) == [str(stamp) for stamp in expected.index]
    assert np.allclose(found.values[:, 0], expected.to_numpy(np.float64), equal_nan=True)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(-9, 9)), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_matter_and_every_series_ends_with_its_own_last_event(
    cells: list[tuple[str, int, int]], random: Any
) -> None:
    def total(cells: list[tuple[str, int, int]]) -> dict[tuple[str, int], float]:
        stamps = [pd.Timestamp("2024-02-20") + pd.Timedelta(hours=9 * k) for _, k, _ in cells]
        found, _ = events(stamps, [y for *_, y in cells], id=[name for name, *_ in cells])
        numbers = np.arange(len(found.values))
        ids = [found.layout.ids[k] for k in found.layout.series_of(numbers)]
        days = found.layout.stamps(numbers).astype("str").tolist()
        return dict(zip(zip(ids, days, strict=True), found.values[:, 0], strict=True))

    shuffled = random.sample(cells, len(cells))
    found = total(cells)
    assert found == total(shuffled)
    for name in {name for name, *_ in cells}:
        own = {day: value for (each, day), value in found.items() if each == name}
        days = [
            pd.Timestamp("2024-02-20") + pd.Timedelta(hours=9 * k) for n, k, _ in cells if n == name
        ]
        span = pd.date_range(min(days).normalize(), max(days).normalize())
        assert list(own) == [str(day.date()) for day in span]
        assert sum(own.values()) == sum(y for each, _, y in cells if each == name)


@settings(deadline=None)
@given(
    st.lists(st.integers(-(10**15), 10**16), min_size=1, max_size=20),
    st.sampled_from(
        [
            "D",
            "3D",
            "7h",
            "W-SUN",
            "2W-TUE",
            "MS",
            "5ME",
            "MS-15",
            "MS-1-11-21",
            "3MS-31",
            "2QS-FEB",
        ]
    ),
    st.integers(0, 23),
)
def test_every_stamp_lies_in_its_step_and_other_stamps_do_not_move_the_steps(
    ticks: list[int], freq: str, hour: int
) -> None:
    found = periods_of(np.array(ticks), freq, day_start=hour * HOUR)
    assert (found.begins <= ticks).all() and (ticks < found.ends).all()
    for k, tick in enumerate(ticks):
        alone = periods_of(np.array([tick]), freq, day_start=hour * HOUR)
        assert (alone.names[0], alone.begins[0]) == (found.names[k], found.begins[k])
        behind = periods_of(np.array([found.ends[k]]), freq, day_start=hour * HOUR)
        assert behind.begins[0] == found.ends[k] and behind.names[0] > found.names[k]


def test_a_purchase_in_the_evening_belongs_to_its_day() -> None:
    stamps = ["2024-05-01 00:00", "2024-05-01 23:59:59", "2024-05-02 12:00:01", "2024-05-04 08:00"]
    assert by_day(stamps, [1, 2, 4, 8]) == {
        "2024-05-01": 3, "2024-05-02": 4, "2024-05-03": 0, "2024-05-04": 8,
    }  # fmt: skip


def test_a_day_that_begins_in_the_morning_is_named_by_the_date_of_its_morning() -> None:
    stamps = ["2024-05-01 05:59", "2024-05-01 06:00", "2024-05-02 02:00", "2024-05-02 06:01"]
    found = by_day(stamps, [1, 2, 4, 8], policies={"day_start": "06:00"})
    assert found == {"2024-04-30": 1, "2024-05-01": 6, "2024-05-02": 8}


def test_a_week_is_named_by_the_day_that_ends_it() -> None:
    stamps = ["2024-05-05 23:00", "2024-05-06 01:00", "2024-05-12 23:30"]
    found = by_day(stamps, [1, 2, 4], freq="W-SUN")
    assert found == {"2024-05-05": 1, "2024-05-12": 6}


def test_day_15_of_the_month_begins_a_step() -> None:
    stamps = ["2024-05-14 23:00", "2024-05-15 01:00", "2024-06-14 23:30", "2024-06-15 00:00"]
    found = by_day(stamps, [1, 2, 4, 8], freq="MS-15")
    assert found == {"2024-04-15": 1, "2024-05-15": 6, "2024-06-15": 8}


def test_steps_that_are_counted_become_longer_steps() -> None:
    table = table_of(ds=[7, 8, 12, 19, 40], y=[1.0, 2, 4, 8, 16])
    policies = {"aggregate": "sum", "freq": "10"}
    found, _ = inspected(table, timestamp="ds", targets=["y"], policies=policies)
    assert rows(found) == {"0": 3, "10": 12, "20": 0, "30": 0, "40": 16}


def test_days_of_23_and_25_hours_are_days() -> None:
    hours = pd.date_range(
        "2024-03-30", "2024-04-02", freq="h", tz="Europe/Berlin", inclusive="left"
    )
    keys = {"timezone": "Europe/Berlin"}
    assert by_day([*hours], [1] * len(hours), policies=keys) == {
        "2024-03-30": 24, "2024-03-31": 23, "2024-04-01": 24,
    }  # fmt: skip
    hours = pd.date_range(
        "2024-10-26", "2024-10-29", freq="h", tz="Europe/Berlin", inclusive="left"
    )
    assert list(by_day([*hours], [1] * len(hours), policies=keys).values()) == [24, 25, 24]


def test_the_last_value_of_a_step_is_that_of_the_newest_stamp_and_of_equal_ones_the_later_row() -> (
    None
):
    stamps = ["2024-05-01 18:00", "2024-05-01 09:00", "2024-05-02 09:00", "2024-05-02 09:00"]
    assert by_day(stamps, [1, 2, 3, 4], rule="last") == {"2024-05-01": 1, "2024-05-02": 4}
    later = ["2024-05-01 09:00", "2024-05-01 18:00"]
    assert by_day(later, [1, NAN], rule="last") == {"2024-05-01": 1}


def test_in_a_repeated_hour_the_last_value_is_of_the_later_moment() -> None:
    stamps = ["2024-10-27 02:10+01:00", "2024-10-27 02:50+02:00"]
    keys = {"timezone": "Europe/Berlin"}
    assert by_day(stamps, [1, 2], rule="last", policies=keys) == {"2024-10-27": 1}


@pytest.mark.parametrize(
    ("rule", "expected"), [("sum", NAN), ("mean", NAN), ("last", NAN), ("max", NAN), ("count", 0)]
)
def test_events_without_a_value_have_none_and_are_counted_as_none(
    rule: str, expected: float
) -> None:
    stamps = ["2024-05-01 09:00", "2024-05-02 09:00", "2024-05-02 10:00", "2024-05-03 10:00"]
    found, findings = events(stamps, [5.0, NAN, NAN, 6.0], rule=rule, policies=MASKED)
    assert np.array_equal(found.values[1], [expected], equal_nan=True)
    text = next(each.text for each in findings if each.kind == "aggregate")
    assert "; 2 of 4 rows " in text and text.endswith("; 2 have no value of y")


def test_an_amount_that_is_not_known_is_refused_as_a_missing_one() -> None:
    stamps = ["2024-05-01 09:00", "2024-05-02 09:00", "2024-05-03 10:00"]
    with pytest.raises(DataError, match=r"data, row 2: series y, 2024-05-02.*no value"):
        build_panel(
            table_of(ds=stamps, y=[1, NAN, 3]), timestamp="ds", targets=["y"],
            policies={"aggregate": "sum", "freq": "D"},
        )  # fmt: skip


@pytest.mark.parametrize("rule", ["mean", "last", "max"])
def test_a_step_without_an_event_is_a_gap_where_nothing_is_added_up(rule: str) -> None:
    stamps = ["2024-05-01 09:00", "2024-05-04 10:00"]
    _, findings = events(stamps, [1, 2], rule=rule)
    (gap,) = [each for each in findings if each.level == "refused"]
    assert (gap.kind, gap.count) == ("gaps", 2)
    found = by_day(stamps, [1, 2], rule=rule, policies={"gaps": "fill", "missing": "ffill"})
    assert list(found.values()) == [1, 1, 1, 2]


def test_words_and_numbers_for_missing_values_are_neither_added_up_nor_counted() -> None:
    stamps = ["2024-05-01 09:00", "2024-05-01 10:00", "2024-05-02 10:00"]
    sentinels = {"sentinels": [-200.0, 0.0, "gone"]}
    assert by_day(stamps, [-200, 5, 7], policies=sentinels) == {"2024-05-01": 5, "2024-05-02": 7}
    counted = by_day(stamps, ["-200", "gone", "x"], rule="count", policies=sentinels)
    assert counted == {"2024-05-01": 0, "2024-05-02": 1}


def test_rows_of_text_are_counted_where_they_hold_something() -> None:
    stamps = [f"2024-05-01 {hour:02}:00" for hour in range(6)]
    cells = ["ERROR", "", None, "NA", "warn", " "]
    assert by_day(stamps, cells, rule="count") == {"2024-05-01": 2}


@pytest.mark.parametrize(("rule", "expected"), [("sum", 2), ("count", 2), ("last", 3), ("max", 3)])
def test_covariates_become_their_mean_or_what_targets_become(rule: str, expected: float) -> None:
    stamps = ["2024-05-01 09:00", "2024-05-01 10:00"]
    found, _ = events(stamps, [1, 2], rule=rule, x=[1.0, 3.0], past=["x"])
    assert found.values[0, 1] == expected


def test_a_step_of_zero_has_no_past_covariate_and_asks_for_a_policy() -> None:
    stamps = ["2024-05-01 09:00", "2024-05-03 10:00"]
    _, findings = events(stamps, [1, 2], x=[1.0, 3.0], past=["x"])
    (refused,) = [each for each in findings if each.level == "refused"]
    assert (refused.kind, refused.count) == ("missing", 1)
    assert "data.aggregate: sum adds steps that have no covariates" in refused.text
    keys = {"missing": "ffill"}
    found, findings = events(stamps, [1, 2], x=[1.0, 3.0], past=["x"], policies=keys)
    assert found.values.tolist() == [[1, 1], [0, 1], [2, 3]]
    assert all(each.level != "refused" for each in findings)


def test_what_is_known_of_the_days_behind_the_last_event_stays_beside_it() -> None:
    stamps = ["2024-05-01 09:00", "2024-05-01 10:00", "2024-05-02 00:00", "2024-05-02 01:00"]
    keys = {"x": [1.0, 2.0, 5.0, 7.0], "known": Known(future=("x",))}
    found, _ = events(stamps, [1.0, 2.0, NAN, NAN], **keys)
    assert list(rows(found).values()) == [3]
    assert found.later is not None and found.later.values.tolist() == [[6]]


@pytest.mark.parametrize(
    ("end", "day_start", "expected"),
    [
        ("2024-05-02", None, [1, 2]),
        ("2024-05-02 09:30", None, [1, 2]),
        ("2024-05-03", "08:00", [1, 2, 4 + 8]),
        ("2024-05-02", "10:00", [3, 4]),
    ],
)
def test_a_date_that_ends_the_training_ends_with_its_day(
    end: str, day_start: str | None, expected: list[float]
) -> None:
    found, _ = events(EDGES, [1, 2, 4, 8], end=end, policies={"day_start": day_start})
    assert list(rows(found).values()) == expected


def test_stamps_in_several_columns_are_those_of_events() -> None:
    table = table_of(
        date=["2024-05-01", "2024-05-01", "2024-05-02"], time=["09:00", "19:00", "19:00"],
        y=[1.0, 2.0, 4.0],
    )  # fmt: skip
    policies = {"aggregate": "sum", "freq": "D"}
    found, _ = inspected(table, timestamp=("date", "time"), targets=["y"], policies=policies)
    assert list(rows(found).values()) == [3, 4]


EDGES = ["2024-05-01 20:00", "2024-05-02 09:00", "2024-05-03 09:00", "2024-05-04 07:00"]


def test_the_oldest_and_the_newest_step_are_told_and_can_be_left_out() -> None:
    found, findings = events(EDGES, [1, 2, 4, 8])
    (note,) = found.notes
    assert "the newest row is of 2024-05-04 07:00:00, the oldest of 2024-05-01 20:00:00" in note
    assert "data.partial: drop" in note
    assert [each.level for each in findings if each.kind == "partial"] == ["note"]
    found, findings = events(EDGES, [1, 2, 4, 8], policies={"partial": "drop"})
    assert list(rows(found).values()) == [2, 4] and found.notes == ()
    assert found.repairs["partial"] == 2


def test_the_running_day_is_left_out_of_all_series_and_new_ones_with_it() -> None:
    stamps = [*EDGES, "2024-05-03 10:00", "2024-05-04 06:00", "2024-05-04 05:00"]
    ids = [*"aaaa", "b", "b", "new"]
    found, _ = events(stamps, [1, 2, 4, 8, 16, 32, 64], id=ids, policies={"partial": "drop"})
    assert found.layout.ids == ("a", "b")
    assert found.values[:, 0].tolist() == [2, 4, 16]


def test_without_the_running_day_its_covariates_are_known_ahead() -> None:
    keys = {"x": [1.0, 2.0, 3.0, 4.0], "known": Known(future=("x",))}
    found, _ = events(EDGES, [1, 2, 4, 8], policies={"partial": "drop"}, **keys)
    assert found.values[:, 0].tolist() == [2, 4]
    assert found.later is not None and found.later.values.tolist() == [[4]]


def test_nothing_but_the_oldest_and_the_newest_step_cannot_be_left_out() -> None:
    with pytest.raises(DataError, match=r"data\.partial: drop leaves no row: the newest row is of"):
        events(EDGES[:1] * 2, [1, 2], policies={"partial": "drop"})


def test_equal_rows_count_each_and_are_told_unless_they_are_to_count_once() -> None:
    stamps = ["2024-05-01 09:00", "2024-05-01 09:00", "2024-05-01 09:00", "2024-05-02 09:00"]
    found, findings = events(stamps, [3, 3, 4, 3])
    assert list(rows(found).values()) == [10, 3]
    (note,) = [each for each in findings if each.kind == "duplicates"]
    assert (note.level, note.count, note.places) == ("note", 1, ("data, row 2",))
    found, _ = events(stamps, [3, 3, 4, 3], policies={"duplicates": "first"})
    assert list(rows(found).values()) == [7, 3] and found.repairs["duplicates"] == 1


def test_events_out_of_order_are_refused_where_the_config_says_so() -> None:
    stamps = ["2024-05-01 09:00", "2024-05-01 08:00"]
    _, findings = events(stamps, [1, 2], policies={"unsorted": "error"})
    (refused,) = [each for each in findings if each.level == "refused"]
    assert (refused.kind, refused.count) == ("unsorted", 1)
    assert refused.places == ("data, row 2: 2024-05-01 08:00:00",)


@pytest.mark.parametrize("freq", ["h", "30min"])
def test_steps_shorter_than_a_day_have_no_day_start(freq: str) -> None:
    with pytest.raises(DataError, match=r"data\.day_start: 06:00: steps of freq"):
        events(["2024-05-01 09:00"], [1], freq=freq, policies={"day_start": "06:00"})


def test_a_stamp_of_another_century_makes_no_millions_of_zeros() -> None:
    stamps = ["1924-05-01 09:00", *EDGES]
    with pytest.raises(DataError, match=r"too many to be written as 0; set a longer data\.freq"):
        events(stamps, [1, 2, 4, 8, 16], freq="min")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"aggregate": "sum"}, "needs data.freq"),
        ({"aggregate": "sum", "freq": "D", "off_grid": "nearest"}, "needs data.off_grid: error"),
        ({"aggregate": "sum", "freq": "D", "duplicates": "sum"}, "needs data.duplicates: error"),
        ({"aggregate": "sum", "freq": "D", "day_start": "6:00"}, "should match pattern"),
        ({"aggregate": "sum", "freq": "D", "day_start": "24:00"}, "should match pattern"),
        ({"day_start": "06:00"}, "needs data.aggregate"),
        ({"partial": "drop"}, "needs data.aggregate"),
    ],
)
def test_keys_that_say_something_else_of_events_are_refused(
    keys: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        DataConfig(path="a.csv", timestamp="ds", targets=("y",), **keys)
