"""Which of several readings of stamps is taken: the one that the rows fill, and else none."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.tables.stamps.likely import likely

MONTH_FIRST, DAY_FIRST = "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"


def readings(stamps: pd.DatetimeIndex) -> tuple[Mapping[str, pd.DatetimeIndex], pd.Series]:
    """Stamps that were written with the month first, read both ways."""
    cells = pd.Series(stamps.strftime(MONTH_FIRST))
    both = {
        style: pd.DatetimeIndex(pd.to_datetime(cells, format=style))
        for style in (DAY_FIRST, MONTH_FIRST)
    }
    return both, cells


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.3])
def test_minutes_of_two_days_are_not_those_of_two_months(lost: float) -> None:
    stamps = pd.date_range("2024-03-05 05:00", periods=1900, freq="min")
    kept = np.random.default_rng(0).random(1900) >= lost
    assert list(likely(*readings(stamps[kept]))) == [MONTH_FIRST]


def test_first_days_of_months_are_not_days_of_one_january() -> None:
    stamps = pd.date_range("2012-01-01", periods=96, freq="MS").delete([7, 30])
    assert list(likely(*readings(stamps))) == [MONTH_FIRST]


@pytest.mark.parametrize(
    "stamps",
    [
        pd.date_range("2024-03-12 06:00", periods=480, freq="min"),  # of one day
        pd.date_range("2024-03-05", periods=10, freq="h"),  # too few
        pd.DatetimeIndex([f"2022-{1 + k // 9:02}-{1 + k % 9:02}" for k in range(60)]),
    ],
)
def test_what_both_readings_fill_or_leave_empty_stays_open(stamps: pd.DatetimeIndex) -> None:
    both, cells = readings(stamps[::-1].append(stamps[:1]))
    assert likely(both, cells) == both
