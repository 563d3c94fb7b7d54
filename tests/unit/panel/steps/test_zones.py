"""Naive local times: hours that clocks skip and repeat are told from other gaps and duplicates."""

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import Finding
from tests.unit.conftest import inspected, table_of

KINDS = ("gaps", "duplicates")


def local_year(zone: str, freq: str, *, year: int = 2024) -> pd.DatetimeIndex:
    """What a clock on the wall of a zone shows through a year."""
    return pd.date_range(
        f"{year}-01-01", f"{year + 1}-01-01", freq=freq, tz=zone, inclusive="left"
    ).tz_localize(None)


def findings(stamps: pd.DatetimeIndex, **how: object) -> dict[str, Finding]:
    table = table_of(ds=stamps.astype("str"), y=np.arange(len(stamps)) % 17.0)
    _, found = inspected(table, timestamp="ds", targets=["y"], freq="h", **how)
    return {finding.kind: finding for finding in found}


@pytest.mark.parametrize("year", [2016, 2024])
@pytest.mark.parametrize(
    ("zone", "named"),
    [
        ("Europe/Vienna", "Europe/Berlin"),
        ("Europe/Lisbon", "Europe/London"),
        ("Europe/Helsinki", "Europe/Athens"),
        ("America/Chicago", "America/New_York"),
        ("Australia/Melbourne", "Australia/Sydney"),
    ],
)
def test_the_hours_that_clocks_change_name_a_zone_and_its_config_lines(
    zone: str, named: str, year: int
) -> None:
    found = findings(local_year(zone, "h", year=year))
    for kind, words in zip(
        KINDS, ("skip exactly such hours", "show exactly such hours twice"), strict=True
    ):
        assert found[kind].count == 1
        assert f"clocks in {named} {words}" in found[kind].problem
        first = (
            f"set data.timezone: {named}, or the zone of the data, with data.dst: first, or"
            f" data.{kind}: "
        )
        assert first in found[kind].problem


def test_the_remedy_of_the_hint_settles_both() -> None:
    stamps = local_year("Europe/Vienna", "h")
    assert (
        findings(stamps, timezone="Europe/Berlin", policies={"dst": "first"})["dst"].level
        == "settled"
    )
    assert not findings(stamps, timezone="Europe/Berlin", policies={"dst": "first"}).keys() & set(
        KINDS
    )


@pytest.mark.parametrize("freq", ["15min", "30min"])
def test_steps_shorter_than_an_hour_are_understood_too(freq: str) -> None:
    stamps = local_year("America/New_York", freq)
    table = table_of(ds=stamps.astype("str"), y=np.zeros(len(stamps)))
    _, found = inspected(table, timestamp="ds", targets=["y"])
    told = {finding.kind for finding in found if "clocks in America/New_York" in finding.text}
    assert told == set(KINDS) == {finding.kind for finding in found} - {"unsorted"}


def test_other_gaps_and_duplicates_name_no_zone() -> None:
    stamps = local_year("Europe/Vienna", "h")
    found = findings(stamps.delete(4000).insert(0, stamps[0]))
    assert [found[kind].count for kind in KINDS] == [2, 2]
    assert not any("clocks" in found[kind].problem for kind in KINDS)


def test_days_and_stamps_with_a_zone_name_none() -> None:
    days = pd.date_range("2024-01-01", periods=366).delete(90)  # 31 March
    table = table_of(ds=days.astype("str"), y=np.zeros(len(days)))
    _, found = inspected(table, timestamp="ds", targets=["y"])
    assert [finding.kind for finding in found if "clocks" not in finding.text] == ["gaps"]
    hours = pd.date_range("2024-01-01", periods=8784, freq="h", tz="UTC")
    skipped = hours[hours.tz_localize(None) != pd.Timestamp("2024-03-31 02:00")]
    assert "clocks" not in findings(skipped)["gaps"].text


# Stamps later than now

NOW = pd.Timestamp("2024-06-15 12:00", tz="UTC")


@pytest.mark.parametrize(
    ("freq", "last", "late"),
    [
        ("h", "2024-06-16 13:00", 0),
        ("h", "2024-06-16 14:00", 1),
        ("D", "2024-06-17", 0),
        ("D", "2024-06-19", 2),
        ("ME", "2024-06-30", 0),
        ("MS", "2024-09-01", 2),
    ],
)
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_rows_later_than_the_clock_by_more_than_a_day_and_a_step_are_found(
    freq: str, last: str, late: int, zone: str | None
) -> None:
    stamps = pd.date_range(end=last, periods=30, freq=freq)
    table = table_of(ds=stamps.astype("str"), y=np.arange(30.0))
    now = NOW if zone is None else NOW.tz_localize(None).tz_localize(zone)
    for policy, level in (("error", "refused"), ("keep", "note"), ("drop", "settled")):
        settings = {"future_rows": policy}
        panel, found = inspected(
            table,
            timestamp="ds",
            targets=["y"],
            freq=freq,
            timezone=zone,
            now=now,
            policies=settings,
        )
        assert [(finding.kind, finding.level, finding.count) for finding in found] == [
            ("future_rows", level, late)
        ][:late]
        assert len(panel.values) == 30 - (late if policy == "drop" else 0)


def test_a_series_that_lies_later_than_now_altogether_is_not_dropped_in_silence() -> None:
    early, late = pd.date_range("2024-01-01", periods=30), pd.date_range("2025-01-01", periods=30)
    table = table_of(
        id=["a"] * 30 + ["b"] * 30, ds=early.append(late).astype("str"), y=np.arange(60.0)
    )
    how = {"timestamp": "ds", "targets": ["y"], "series_id": "id", "now": NOW}
    with pytest.raises(
        DataError,
        match="data, row 31: series b, 2025-01-01 00:00:00: all rows of the series are later",
    ):
        inspected(table, **how, policies={"future_rows": "drop"})
    _, (finding,) = inspected(table, **how)
    assert finding.count == 30


def test_steps_have_no_clock_and_rows_that_tell_of_future_covariates_are_no_fault() -> None:
    from lstm_forecast.panel.covariates import Known

    steps = table_of(ds=np.arange(30), y=np.arange(30.0))
    assert not inspected(steps, timestamp="ds", targets=["y"], now=NOW)[1]
    days = pd.date_range("2024-06-01", periods=30).astype("str")
    plans = table_of(ds=days, y=[*np.arange(14.0), *[np.nan] * 16], plan=np.arange(30.0))
    panel, found = inspected(
        plans, timestamp="ds", targets=["y"], known=Known(future=("plan",)), now=NOW
    )
    assert not found
    assert panel.later is not None
    assert len(panel.later.codes) == 16


def test_rows_after_the_end_are_counted() -> None:
    days = table_of(ds=pd.date_range("2024-01-01", periods=30).astype("str"), y=np.arange(30.0))
    panel, (finding,) = inspected(days, timestamp="ds", targets=["y"], end="2024-01-20")
    assert (finding.kind, finding.level, finding.count) == ("rows_after_end", "settled", 10)
    assert len(panel.values) == 20
