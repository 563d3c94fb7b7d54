"""Rows of the steps to be forecast: behind the last targets of a table, or in one of their own."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.written_stamps import WrittenStamps
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.future import future_rows, future_stamps, future_table, look_ahead
from lstm_forecast.panel.panel import Panel
from tests.unit.conftest import build_panel, table_of

DAYS = [f"2024-01-{day:02d}" for day in range(1, 7)]
KNOWN = Known(future=("price", "promo"), calendar=("day_of_week",))
NAN = float("nan")


def history(
    ends: tuple[int, ...] = (4, 3), known: Known = KNOWN, later: int = 0, **policies: str
) -> Panel:
    """Series a, b ... from the first day on, and ``later`` rows that have a price and a promo
    alone.
    """
    rows = [
        {
            "id": chr(97 + k),
            "ds": DAYS[day],
            "y": float(day) if day < end else NAN,
            "price": day + 10.0 * k,
            "promo": 1.0,
        }
        for k, end in enumerate(ends)
        for day in range(end + later)
    ]
    table = table_of(**pd.DataFrame(rows).to_dict("list"))
    return build_panel(
        table,
        timestamp="ds",
        targets=["y"],
        series_id="id",
        known=known,
        freq="D",
        policies=dict(**policies),
    )


def given(panel: Panel, *rows: tuple[str, str, float, float], **how: Any) -> Any:
    ids, stamps, prices, promos = zip(*rows, strict=True)
    table = table_of(id=list(ids), ds=list(stamps), price=list(prices), promo=list(promos))
    options: dict[str, Any] = {"timestamp_format": None, "timezone": None, **how}
    return future_rows(table, panel, timestamp="ds", series_columns=["id"], **options)


FULL = [
    ("b", "2024-01-04", 14.0, 0.0), ("b", "2024-01-05", 15.0, 1.0),
    ("a", "2024-01-06", 6.0, 1.0), ("a", "2024-01-05", 5.0, 0.0),
]  # fmt: skip


def problems(panel: Panel, *rows: tuple[str, str, float, float]) -> list[str]:
    with pytest.raises(DataError) as caught:
        look_ahead(panel, horizon=2, given=given(panel, *rows))
    return list(caught.value.problems)


def test_rows_of_a_file_go_to_the_steps_after_the_end_of_their_series_in_any_order() -> None:
    panel = history()
    ahead = look_ahead(panel, horizon=2, given=given(panel, *FULL)).ahead
    assert ahead is not None
    assert ahead[..., 1:3].tolist() == [[[5, 0], [6, 1]], [[14, 0], [15, 1]]]
    weekday = 2 * np.pi * np.array([[4, 5], [3, 4]]) / 7  # the 5th of January 2024 is a Friday
    np.testing.assert_allclose(ahead[..., 3:], np.stack([np.sin(weekday), np.cos(weekday)], axis=2))
    # never read, but fit for every transformation
    assert ahead[..., 0].tolist() == [[3, 3], [2, 2]]


def test_rows_behind_the_last_target_are_no_history_and_tell_of_the_future() -> None:
    panel = history(later=2)
    assert panel.layout.lengths.tolist() == [4, 3]
    assert not panel.repairs
    ahead = look_ahead(panel, horizon=2, given=None).ahead
    assert ahead is not None
    assert ahead[..., 1].tolist() == [[4, 5], [13, 14]]
    shorter = look_ahead(panel, horizon=1, given=None).ahead  # a table may know more than is needed
    assert shorter is not None
    assert shorter[..., 1].tolist() == [[4], [13]]


def test_a_file_replaces_the_rows_behind_the_last_target() -> None:
    panel = history(later=2)
    ahead = look_ahead(panel, horizon=2, given=given(panel, *FULL)).ahead
    assert ahead is not None
    assert ahead[..., 1].tolist() == [[5, 6], [14, 15]]


def test_without_future_covariates_empty_targets_at_the_end_are_not_known_yet() -> None:
    panel = history(known=Known(), later=2)
    assert panel.layout.lengths.tolist() == [4, 3]
    assert panel.later is None


def test_a_series_without_a_target_has_no_future() -> None:
    with pytest.raises(DataError, match="series b, 2024-01-01 00:00:00: column y: no value"):
        history(ends=(4, 0), later=2)


def test_the_calendar_and_constants_alone_need_no_rows() -> None:
    panel = history(known=Known(calendar=("day_of_week",), static=("promo",)))
    ahead = look_ahead(panel, horizon=2, given=None).ahead
    assert ahead is not None
    assert ahead.shape == (2, 2, 4)
    assert (ahead[..., 3] == 1).all()
    constant = history(known=Known(static=("promo",)))
    assert look_ahead(constant, horizon=2, given=None).ahead is None


@pytest.mark.parametrize(
    ("freq", "zone", "timestamp_format"),
    [
        ("h", None, None),
        ("h", "Europe/Vienna", None),
        ("D", "Europe/Vienna", "%d.%m.%Y"),
        ("MS", None, "%m/%Y"),
    ],
)
def test_the_table_to_be_filled_in_has_exactly_the_rows_that_are_needed(
    freq: str, zone: str | None, timestamp_format: str | None
) -> None:
    stamps = pd.date_range("2024-03-01", periods=3, freq=freq)
    written = list(stamps.strftime(timestamp_format or "%Y-%m-%d %H:%M"))
    table = table_of(
        shop=["a"] * 3 + ["b"] * 2, at=written + written[:2], y=np.arange(5.0), price=np.arange(5.0)
    )
    style: dict[str, Any] = {"timestamp": "at", "timestamp_format": timestamp_format}
    panel = build_panel(
        table, targets=["y"], series_id="shop", known=Known(future=("price",)), freq=freq,
        timezone=zone, **style,
    )  # fmt: skip
    horizon = 800 if freq == "h" else 3  # over the end of winter time
    empty = future_table(panel, horizon=horizon, timestamp="at", series_columns=["shop"])
    if timestamp_format:
        empty = WrittenStamps(("at",), timestamp_format).put_into(empty)
    assert empty.columns.tolist() == ["shop", "at", "price"]
    read = pd.read_csv(io.StringIO(empty.assign(price=1.0).to_csv(index=False)))
    table = table_of(**read.to_dict("list"))
    rows = future_rows(table, panel, timezone=zone, series_columns=["shop"], **style)
    ahead = look_ahead(panel, horizon=horizon, given=rows).ahead
    assert ahead is not None
    assert (ahead[..., 1] == 1).all()


# What does not fit


@pytest.mark.parametrize(
    ("rows", "problem", "expected"),
    [
        (
            FULL[:3],
            "series a, 2024-01-05 00:00:00: no row of the future, where price, promo must be known",
            "`forecast template` writes the rows that are needed",
        ),
        (
            [*FULL, FULL[0]],
            "series b, 2024-01-04 00:00:00: 2 rows of the future, where price, promo must be known",
            "`forecast template` writes the rows that are needed",
        ),
        (
            [*FULL[:3], ("a", "2024-01-05", NAN, 1.0)],
            "series a, 2024-01-05 00:00:00: column price: no value",
            "all rows that are needed are there: fill in these cells",
        ),
        (
            [*FULL[:3], ("a", "2024-01-05", 1.0, np.inf)],
            "series a, 2024-01-05 00:00:00: column promo: inf",
            "all rows that are needed are there: fill in these cells",
        ),
    ],
)
def test_a_row_or_cell_too_few_is_named_with_what_mends_it(
    rows: list[tuple[str, str, float, float]], problem: str, expected: str
) -> None:
    found, remedy = problems(history(), *rows)
    assert found == problem
    assert remedy.startswith(expected)


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (
            [*FULL, ("a", "2024-01-07", 1.0, 1.0)],
            "data, row 5: series a, 2024-01-07 00:00:00: not to be forecast; "
            "expected rows from 2024-01-05 00:00:00 to 2024-01-06 00:00:00, freq D",
        ),
        (
            [*FULL, ("b", "2024-01-03", 1.0, 1.0)],
            "data, row 5: series b, 2024-01-03 00:00:00: not to be forecast; "
            "expected rows from 2024-01-04 00:00:00 to 2024-01-05 00:00:00, freq D",
        ),
        (
            [*FULL, ("c", "2024-01-05", 1.0, 1.0)],
            "data, row 5: series c, 2024-01-05 00:00:00: the series has no history",
        ),
        (
            [*FULL, ("a", "2024-01-05 12:00", 1.0, 1.0)],
            "data, row 5: series a, 2024-01-05 12:00:00: not to be forecast; "
            "expected rows from 2024-01-05 00:00:00 to 2024-01-06 00:00:00, freq D",
        ),
    ],
)
def test_rows_that_are_not_needed_are_told_and_not_read(
    rows: list[tuple[str, str, float, float]], note: str
) -> None:
    panel = history()
    exact, ahead = (
        look_ahead(panel, horizon=2, given=given(panel, *each)) for each in (FULL, rows)
    )
    assert ahead.notes == (f"1 rows of the future are not read, the first: {note}",)
    assert exact.ahead is not None
    assert np.array_equal(ahead.ahead, exact.ahead)


def test_all_problems_are_counted_and_the_first_five_named() -> None:
    *named, remedy = problems(
        history(ends=(4, 3, 2, 1)), ("a", "2024-01-05", NAN, NAN), ("a", "2024-01-09", 1.0, 1.0)
    )
    assert len(named) == 5
    assert "2024-01-09" in named[0]
    assert remedy.startswith("10 such problems; ")  # a needless row, 2 empty cells, 7 rows


def test_rows_behind_the_last_target_must_be_whole_too() -> None:
    with pytest.raises(DataError, match="series b, 2024-01-04 00:00:00: no row of the future"):
        look_ahead(history(), horizon=2, given=None)


@pytest.mark.parametrize("stamp", ["2024-01-05T00:00:00Z", "5"])
def test_stamps_of_another_kind_than_those_of_the_history_are_refused(stamp: str) -> None:
    panel = history()
    with pytest.raises(
        DataError, match=r"of another kind than the stamps of the history, such as 2024-01-04"
    ):
        given(panel, ("a", stamp, 1.0, 1.0))


@pytest.mark.parametrize("freq", ["h", "D"])
def test_the_future_may_be_written_in_another_zone_than_the_history(freq: str) -> None:
    stamps = pd.date_range("2024-03-29", periods=3, freq=freq, tz="Europe/Vienna")
    table = table_of(ds=stamps, y=[1.0, 2, 3], price=[1.0, 2, 3])
    panel = build_panel(
        table, timestamp="ds", targets=["y"], known=Known(future=("price",)), freq=freq
    )
    wanted = pd.DatetimeIndex(panel.layout.grid.stamps(future_stamps(panel.layout, 2).ravel()))
    later = table_of(ds=wanted.tz_convert("UTC"), price=[4.0, 5.0])
    rows = future_rows(
        later, panel, timestamp="ds", series_columns=(), timestamp_format=None, timezone=None
    )
    assert rows.rows.ordinals.tolist() == [3, 4]
