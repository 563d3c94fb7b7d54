from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import refuse
from lstm_forecast.tables.read import read_table
from lstm_forecast.tables.stamps.columns import find_style, joined, looks_like_time, parse_stamps
from lstm_forecast.tables.stamps.zones import in_zone
from tests.unit.conftest import table_of


def parse(
    *cells: str, timezone: str | None = None, dst: str = "error", **options: str
) -> pd.DatetimeIndex:
    table = table_of(ds=pd.Series(cells, dtype="str"))
    stamps = parse_stamps(table, column="ds", **options)
    assert isinstance(stamps, pd.DatetimeIndex)
    if timezone is not None:
        stamps, findings = in_zone(
            table, stamps, column="ds", series_columns=(), timezone=timezone, dst=dst
        )
        refuse(findings)
    return stamps


def texts(*cells: str, **options: str) -> list[str]:
    return [stamp.isoformat() for stamp in parse(*cells, **options)]


def refused(*cells: str, **options: str) -> str:
    with pytest.raises(DataError) as caught:
        parse(*cells, **options)
    return str(caught.value)


# What is read


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2024-01-31", "2024-02-01"], ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (["2024-01", "2024-02"], ["2024-01-01T00:00:00", "2024-02-01T00:00:00"]),
        (
            ["2024-01-31 12:30", "2024-02-01T00:00:01.25"],
            ["2024-01-31T12:30:00", "2024-02-01T00:00:01.250000"],
        ),
        (["20240131", "20240201"], ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (["2024/01/02", "2024/01/03"], ["2024-01-02T00:00:00", "2024-01-03T00:00:00"]),
        (["31/01/2024", "01/02/2024"], ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (["01/02/2024", "31/01/2024"], ["2024-02-01T00:00:00", "2024-01-31T00:00:00"]),
        (["01/31/2024", "02/01/2024"], ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (["02/01/2024", "01/31/2024"], ["2024-02-01T00:00:00", "2024-01-31T00:00:00"]),
        (["31.1.2024 18:00", "1.2.2024 19:00"], ["2024-01-31T18:00:00", "2024-02-01T19:00:00"]),
        (["Jan 31, 2024", "Feb 1, 2024"], ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_dates_are_read_however_they_are_written(
    cells: list[str], expected: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert texts(*cells) == expected
    assert capfd.readouterr() == ("", "")


def test_one_offset_is_kept_as_the_zone() -> None:
    stamps = parse("2024-01-31T00:00+01:00", "2024-01-31T01:00+01:00")
    assert [stamp.isoformat() for stamp in stamps] == [
        "2024-01-31T00:00:00+01:00",
        "2024-01-31T01:00:00+01:00",
    ]


def test_mixed_offsets_become_utc_or_the_zone_of_the_config() -> None:
    cells = ["2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31T02:00Z"]
    assert texts(*cells) == [f"2024-03-31T0{hour}:00:00+00:00" for hour in range(3)]
    assert texts(*cells, timezone="Europe/Berlin")[0] == "2024-03-31T01:00:00+01:00"
    assert texts(*cells, timezone="Europe/Berlin")[2] == "2024-03-31T04:00:00+02:00"


def test_a_format_reads_what_no_rule_could_guess() -> None:
    assert texts("7-24", "12-23", timestamp_format="%m-%y") == [
        "2024-07-01T00:00:00",
        "2023-12-01T00:00:00",
    ]
    assert texts("2024|3", timestamp_format="%Y|%m") == ["2024-03-01T00:00:00"]
    offsets = texts(
        "01.02.2024 00:00 +0100", "01.07.2024 00:00 +0200", timestamp_format="%d.%m.%Y %H:%M %z"
    )
    assert offsets == ["2024-01-31T23:00:00+00:00", "2024-06-30T22:00:00+00:00"]


@pytest.mark.parametrize(
    "cells", [["1", "2", "30"], ["-5", "007"], ["2020", "2021"], ["1704067200", "1704070800"]]
)
def test_whole_numbers_are_steps_also_years_and_epochs(cells: list[str]) -> None:
    steps = parse_stamps(table_of(ds=pd.Series(cells, dtype="str")), column="ds")
    assert steps.dtype == np.int64
    assert steps.tolist() == [int(cell) for cell in cells]


def test_whole_numbers_in_parquet_are_steps_and_dates_like_20240131_dates() -> None:
    assert parse_stamps(table_of(ds=[3, 4, 5]), column="ds").tolist() == [3, 4, 5]
    dates = parse_stamps(table_of(ds=[20240131, 20240201]), column="ds")
    assert dates.tolist() == [pd.Timestamp("2024-01-31"), pd.Timestamp("2024-02-01")]


def test_a_format_makes_dates_of_whole_numbers() -> None:
    assert texts("240131", "240201", timestamp_format="%y%m%d") == [
        "2024-01-31T00:00:00",
        "2024-02-01T00:00:00",
    ]


def test_typed_stamps_are_taken_as_they_are() -> None:
    stamps = pd.date_range("2024", periods=3, tz="Asia/Tokyo")
    assert parse_stamps(table_of(ds=stamps), column="ds").equals(stamps.as_unit("us"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")),
        min_size=1,
        max_size=20,
    )
)
def test_iso_stamps_come_back_to_the_microsecond(stamps: list[pd.Timestamp]) -> None:
    assert parse(*(stamp.isoformat() for stamp in stamps)).to_pydatetime().tolist() == stamps


# What is refused


@pytest.mark.parametrize(
    "cell", ["soon", "2024-02-30", "NA", "None", "12024-01-01", "  ", "1704067200"]
)
def test_garbage_is_located_and_counted(cell: str) -> None:
    message = refused("2024-01-01", "2024-01-02", cell, "2024-01-04", cell)
    assert message == (
        "data, row 3: column ds: expected a time stamp by ISO 8601 (2024-01-31 18:00), received"
        f" {cell!r} (2 such rows); correct them"
    )


@pytest.mark.parametrize("cell", ["", "nan", "NaT", "NaN"])
def test_a_row_without_a_stamp_is_located_whatever_stands_for_it(cell: str) -> None:
    message = (
        "data, row 2: column ds: no time stamp (2 such rows); set data.other_stamps: skip, which"
        " leaves rows without one out"
    )
    assert refused("2024-01-01", cell, "2024-01-03", cell) == message
    assert refused("01.01.24", cell, "03.01.24", cell, timestamp_format="%d.%m.%y") == message


def test_garbage_in_the_first_row_does_not_hide_how_the_others_are_written() -> None:
    assert refused("total", "2024-01-01", "2024-01-02").startswith(
        "data, row 1: column ds: expected a time stamp"
    )


def test_garbage_in_a_file_is_located_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ds,y\n2024-01-01,1\n\n2024-01-02,2\ntomorrow,3\n")
    with pytest.raises(DataError, match=f"{path}:5: column ds: .* received 'tomorrow'"):
        parse_stamps(read_table(path, columns=["ds", "y"], text=["ds"]), column="ds")


@pytest.mark.parametrize("sign", ["/", ".", "-"])
def test_dates_that_may_have_the_month_or_the_day_first_are_refused(sign: str) -> None:
    cells = [f"0{month}{sign}01{sign}2024" for month in range(1, 10)]
    assert (
        refused(*cells)
        == f"data, row 2: column ds: '02{sign}01{sign}2024' may have the month or the day first (8"
        f" such rows); set data.timestamp_format: '%m{sign}%d{sign}%Y' or '%d{sign}%m{sign}%Y'"
    )
    assert texts(*cells, timestamp_format=f"%m{sign}%d{sign}%Y")[8] == "2024-09-01T00:00:00"


def test_stamps_that_do_not_match_the_format_are_located() -> None:
    assert (
        refused("01.02.2024", "2024-02-02", timestamp_format="%d.%m.%Y")
        == "data, row 2: column ds: expected a stamp like %d.%m.%Y, received '2024-02-02' (1 such"
        " row)"
    )


@pytest.mark.parametrize("style", ["%O", "%P", "%Q"])
def test_a_format_that_is_none_names_its_key(style: str) -> None:
    assert refused("2024", timestamp_format=style).startswith("data.timestamp_format: ")


@pytest.mark.parametrize("naive", ["2024-01-01T02:00", "2024-01-01 02:00:00.5", "20240101T02"])
def test_naive_stamps_among_those_with_an_offset_are_refused(naive: str) -> None:
    message = "column ds: no offset, where other stamps have one (1 such row)"
    assert (
        refused("2024-01-01T00:00Z", "2024-01-01T02:00+01:00", naive) == f"data, row 3: {message}"
    )
    assert refused(naive, "2024-01-01T00:00Z", "2024-01-01T01:00Z") == f"data, row 1: {message}"


@pytest.mark.parametrize(
    ("zone", "skipped", "repeated"),
    [
        ("Europe/Berlin", "2024-03-31 02:30", "2024-10-27 02:30"),
        ("America/New_York", "2024-03-10 02:30", "2024-11-03 01:30"),
        ("Australia/Lord_Howe", "2024-10-06 02:15", "2024-04-07 01:45"),
    ],
)
def test_local_times_that_daylight_saving_skips_or_repeats_are_refused_with_their_place(
    zone: str, skipped: str, repeated: str
) -> None:
    for stamp in (skipped, repeated):
        message = refused("2024-01-01 00:30", stamp, timezone=zone)
        assert message.startswith(
            f"data, row 2: column ds: {pd.Timestamp(stamp)}: in the hour that daylight saving"
        )
        assert f"in {zone} (1 such row); set data.dst: " in message
        assert message.endswith("or write stamps with an offset, or in UTC with data.timezone: UTC")
        assert parse(stamp, timezone="UTC")[0] == pd.Timestamp(stamp, tz="UTC")


@pytest.mark.parametrize(
    ("zone", "day"), [("America/Santiago", "2024-09-08"), ("America/Havana", "2024-11-03")]
)
def test_a_day_whose_midnight_is_skipped_or_repeated_is_still_a_day(zone: str, day: str) -> None:
    stamps = parse(day, timezone=zone)
    assert str(stamps[0].date()) == day


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "Europe", "", "../../etc/passwd", "/etc/localtime", "a\0b", "CEST"]
)
@pytest.mark.parametrize("cell", ["2024-01-01 12:00", "2024-01-01T12:00Z"])
def test_an_unknown_zone_names_its_key(zone: str, cell: str) -> None:
    assert f"data.timezone: {zone!r} is not a known time zone" in refused(cell, timezone=zone)


# Daylight saving: half-hourly local times over both changes of a year


# the last one moves its clock by half an hour
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def half_hours(zone: str) -> pd.DatetimeIndex:
    return (
        pd.date_range("2023-12-31 13:00", "2024-12-31 11:30", freq="30min", tz="UTC")
        .tz_convert(zone)
        .as_unit("us")
    )


@pytest.mark.parametrize("dst", ["first", "last", "shift"])
@pytest.mark.parametrize("zone", ZONES)
def test_no_half_hour_of_a_year_is_lost_or_doubled(zone: str, dst: str) -> None:
    stamps = half_hours(zone)
    assert parse(*stamps.tz_localize(None).astype("str"), timezone=zone, dst=dst).equals(stamps)


@pytest.mark.parametrize("zone", ZONES)
def test_one_pass_of_a_repeated_hour_is_the_first_or_the_last(zone: str) -> None:
    stamps = half_hours(zone)
    local = stamps.tz_localize(None)
    for dst, keep in (("first", "first"), ("last", "last"), ("shift", "first")):
        kept = ~local.duplicated(keep=keep)  # type: ignore[arg-type]
        found = parse(*local[kept].astype("str"), timezone=zone, dst=dst)
        assert found.equals(stamps[kept])


def test_series_that_take_turns_have_a_second_pass_each() -> None:
    cells = ["2024-10-27 02:00"] * 4
    table = table_of(ds=pd.Series(cells, dtype="str"), id=["a", "b", "a", "b"])
    stamps = parse_stamps(table, column="ds")
    assert isinstance(stamps, pd.DatetimeIndex)
    found, _ = in_zone(
        table, stamps, column="ds", series_columns=["id"], timezone="Europe/Berlin", dst="first"
    )
    assert [stamp.utcoffset() // pd.Timedelta("1h") for stamp in found] == [2, 2, 1, 1]


def test_series_of_several_columns_have_a_second_pass_each() -> None:
    cells = ["2024-10-27 02:00"] * 4
    table = table_of(ds=pd.Series(cells, dtype="str"), a=["x", "x", "x", "x"], b=[1, 2, 2, 1])
    stamps = parse_stamps(table, column="ds")
    assert isinstance(stamps, pd.DatetimeIndex)
    keys = ["a", "b"]
    found, _ = in_zone(
        table, stamps, column="ds", series_columns=keys, timezone="Europe/Berlin", dst="first"
    )
    assert [stamp.utcoffset() // pd.Timedelta("1h") for stamp in found] == [2, 2, 1, 1]


def test_skipped_times_are_refused_unless_they_shift() -> None:
    cells = ["2024-03-31 01:30", "2024-03-31 02:00", "2024-03-31 02:30", "2024-03-31 03:30"]
    assert "(2 such rows); set data.dst: shift" in refused(
        *cells, timezone="Europe/Berlin", dst="first"
    )
    shifted = texts(*cells, timezone="Europe/Berlin", dst="shift")
    assert [text[11:16] for text in shifted] == ["01:30", "03:00", "03:00", "03:30"]


# Stamps in several columns, and other ways to write them


def test_parts_of_a_stamp_in_several_columns_need_no_format() -> None:
    table = table_of(year=["2024", "2024"], Month=["1", "12"], day=["2", "31"], hour=["3", "23"])
    whole, column, known = joined(table, ["year", "Month", "day", "hour"])
    assert column == "year Month day hour"
    stamps = parse_stamps(whole, column=column, timestamp_format=known)
    assert [str(stamp) for stamp in stamps] == ["2024-01-02 03:00:00", "2024-12-31 23:00:00"]


def test_a_date_and_a_time_of_day_with_points_are_one_stamp() -> None:
    table = table_of(Date=["10/03/2004", "13/03/2004"], Time=["18.00.00", "07.30.00"])
    whole, column, known = joined(table, ["Date", "Time"])
    assert [str(s) for s in parse_stamps(whole, column=column, timestamp_format=known)] == [
        "2004-03-10 18:00:00",
        "2004-03-13 07:30:00",
    ]
    assert find_style(table, ["Date", "Time"]).format == "%d/%m/%Y %H.%M.%S"


def test_whole_numbers_like_202401_are_months() -> None:
    assert texts("202312", "202401") == ["2023-12-01T00:00:00", "2024-01-01T00:00:00"]


@pytest.mark.parametrize(
    "cells", [["13/01/2024", "02/02/2024"], ["2/13/2024", "3/1/2024"], ["13.1.2024 08:00"]]
)
def test_dates_with_the_day_or_the_month_first_look_like_time(cells: list[str]) -> None:
    assert looks_like_time(pd.Series(cells, dtype="str"))
    assert not looks_like_time(pd.Series(["north of it", "south of it"], dtype="str"))
