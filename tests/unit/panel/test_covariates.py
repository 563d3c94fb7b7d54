"""Covariates known ahead as columns of a panel: from the calendar, from constants of series, and
scaled.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError, DataError
from lstm_forecast.panel.covariates import Known, find_categories
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.scale import fit_scaler
from lstm_forecast.panel.steps.calendar import calendar_names, calendar_values
from lstm_forecast.panel.steps.grid import Grid
from tests.unit.conftest import build_panel, table_of

FEATURES = ("hour", "day_of_week", "day_of_month", "day_of_year", "week", "month")


def calendar(
    freq: str, start: str, zone: str | None, steps: int, *features: str, holidays: str | None = None
) -> Any:
    grid = Grid(freq, pd.Timestamp(start), zone)
    return calendar_values(grid, np.arange(steps), features=features, holidays=holidays)


def places(pairs: np.ndarray) -> np.ndarray:
    """Place in the cycle, 0 to 1, of sines and cosines."""
    return np.asarray(np.arctan2(pairs[:, 0], pairs[:, 1]) / (2 * np.pi) % 1)


def shops(**columns: Any) -> dict[str, Any]:
    """Two series of three days, and more columns."""
    days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    return {"id": ["a"] * 3 + ["b"] * 3, "ds": days * 2, "y": np.arange(6.0), **columns}


def panel(known: Known, missing: str = "error", **columns: Any) -> Panel:
    table = table_of(**shops(**columns))
    settings = {"missing": missing}
    return build_panel(
        table,
        timestamp="ds",
        targets=["y"],
        series_id="id",
        known=known,
        freq="D",
        policies=settings,
    )


# The calendar


@pytest.mark.parametrize(
    ("feature", "start", "freq", "expected"),
    [
        ("hour", "2024-01-01 06:30", "30min", [6.5 / 24, 7 / 24]),
        ("hour", "2024-01-01 23:00", "h", [23 / 24, 0]),
        ("day_of_week", "2024-01-07", "D", [6 / 7, 0]),
        ("day_of_month", "2024-02-28", "D", [27 / 29, 28 / 29, 0]),
        ("day_of_year", "2023-12-31", "D", [364 / 365, 0]),
        ("day_of_year", "2024-12-31", "D", [365 / 366, 0]),
        ("week", "2024-12-29", "D", [51 / 53, 0]),
        ("month", "2024-12-01", "MS", [11 / 12, 0]),
    ],
)
def test_a_feature_is_the_place_in_its_cycle_as_sine_and_cosine(
    feature: str, start: str, freq: str, expected: list[float]
) -> None:
    pairs = calendar(freq, start, None, len(expected), feature)
    np.testing.assert_allclose(places(pairs), expected, atol=1e-12)
    np.testing.assert_allclose((pairs**2).sum(axis=1), 1)


def test_clocks_and_holidays_are_those_of_the_zone_of_the_data() -> None:
    # In Melbourne 2015-01-01 begins at 13:00 UTC of the day before.
    values = calendar("h", "2014-12-31 11:00", "Australia/Melbourne", 4, "hour", holidays="AU-VIC")
    np.testing.assert_allclose(places(values[:, :2]) * 24, [22, 23, 0, 1], atol=1e-9)
    assert values[:, 2].tolist() == [0, 0, 1, 1]


def test_hours_follow_daylight_saving() -> None:
    values = calendar("h", "2024-03-31 00:00", "Europe/Vienna", 3, "hour")  # 1:00, then 3:00
    np.testing.assert_allclose(places(values) * 24, [1, 3, 4], atol=1e-9)


def test_holidays_are_those_of_the_place_and_of_every_year() -> None:
    christmas = calendar("D", "2022-12-24", None, 400, holidays="AT")[:, 0]
    assert christmas[:4].tolist() == [0, 1, 1, 0]
    assert christmas[365:369].tolist() == [0, 1, 1, 0]
    labour_day = [
        calendar("D", "2024-03-11", None, 1, holidays=place)[0, 0]
        for place in ("AU-VIC", "AU-NSW", "AT")
    ]
    assert labour_day == [1, 0, 0]


def test_rows_of_many_series_have_the_features_of_their_own_stamps() -> None:
    grid = Grid("D", pd.Timestamp("2024-01-01"))
    values = calendar_values(grid, np.array([5, 6, 0, 1, 5]), features=FEATURES, holidays="AT")
    assert values.shape == (5, len(calendar_names(FEATURES, "AT"))) == (5, 13)
    np.testing.assert_array_equal(values[0], values[4])
    np.testing.assert_array_equal(
        values[[2, 3]], calendar("D", "2024-01-01", None, 2, *FEATURES, holidays="AT")
    )


def test_step_numbers_have_no_calendar() -> None:
    with pytest.raises(DataError, match="need dates, but time is counted in integer steps"):
        calendar_values(Grid("1", 0), np.arange(3), features=("hour",), holidays=None)


# Static columns


def test_numbers_stay_numbers_and_text_becomes_a_column_for_each_category() -> None:
    columns = {
        "size": [7.5] * 3 + [2.0] * 3,
        "open": [True] * 3 + [False] * 3,
        "kind": ["big"] * 3 + ["small"] * 3,
    }
    categories = find_categories(pd.DataFrame(columns), ("size", "open", "kind"))
    assert categories == {"kind": ("big", "small")}
    found = panel(Known(static=("size", "kind", "open"), categories=categories), **columns)
    assert found.columns == ("y", "size", "kind big", "kind small", "open")
    assert found.values[:, 1:].tolist() == [[7.5, 1, 0, 1]] * 3 + [[2, 0, 1, 0]] * 3


def test_a_category_that_is_not_known_is_none_of_them_and_counted() -> None:
    known = Known(static=("kind",), categories={"kind": ("big", "tiny")})
    found = panel(known, kind=["big"] * 3 + ["small"] * 3)
    assert found.values[:, 1:].tolist() == [[1, 0]] * 3 + [[0, 0]] * 3
    assert found.unseen == {"kind": 1}


def test_a_static_value_that_changes_is_refused_where_it_changes() -> None:
    for cells in (["x", "x", "x", "x", "y", "x"], [1.0, 1, 1, 1, 2, 1]):
        known = Known(
            static=("kind",), categories=find_categories(pd.DataFrame({"kind": cells}), ("kind",))
        )
        with pytest.raises(
            DataError,
            match=r"row 5: series b, 2024-01-02 00:00:00: column kind: .*, after .* in the",
        ):
            panel(known, kind=cells)


def test_an_empty_static_cell_is_refused_unless_missing_values_have_a_policy() -> None:
    cells = [np.nan, 3.0, 3.0, 4.0, 4.0, 4.0]
    with pytest.raises(
        DataError, match="row 1: series a, 2024-01-01 00:00:00: column size: no value"
    ):
        panel(Known(static=("size",)), size=cells)
    assert panel(Known(static=("size",)), missing="ffill", size=cells).values[:, 1].tolist() == [
        3,
        3,
        3,
        4,
        4,
        4,
    ]
    with pytest.raises(DataError, match=r"series b.*column size: no value"):
        panel(Known(static=("size",)), missing="ffill", size=[3.0] * 3 + [np.nan] * 2 + [np.inf])


def test_more_than_64_categories_are_refused_with_their_columns() -> None:
    categories = {
        "city": tuple(f"c{k}" for k in range(60)),
        "kind": tuple(f"k{k}" for k in range(5)),
    }
    with pytest.raises(DataError, match=r"65 categories \(city 60, kind 5\), and at most 64"):
        panel(
            Known(static=("city", "kind"), categories=categories), city=["c1"] * 6, kind=["k1"] * 6
        )


# Panels


def test_the_columns_known_ahead_are_the_last_ones_in_the_order_that_known_names() -> None:
    known = Known(("price",), ("day_of_week",), "AT", ("kind",), {"kind": ("x",)})
    found = panel(known, price=np.arange(10.0, 16), kind=["x"] * 6)
    assert found.columns == ("y", *known.columns)
    assert known.columns == (
        "price",
        "day_of_week sine",
        "day_of_week cosine",
        "holiday AT",
        "kind x",
    )
    assert found.values[:, 1].tolist() == [10, 11, 12, 13, 14, 15]
    assert found.values[:, 4].tolist() == [1, 0, 0] * 2


def test_several_targets_all_carry_the_same_covariates() -> None:
    table = table_of(**shops(z=np.arange(6.0) * 10, price=np.arange(10.0, 16)))
    found = build_panel(
        table, timestamp="ds", targets=["y", "z"], series_id="id", known=Known(("price",)), freq="D"
    ).melted(np.array([["a/y", "a/z"], ["b/y", "b/z"]], object))
    assert found.values[:, 0].tolist() == [*range(6), *range(0, 60, 10)]
    assert found.values[:, 1].tolist() == [10, 11, 12, 13, 14, 15] * 2
    assert found.known.columns == ("price",)


# Scaling


def test_covariates_known_ahead_are_scaled_alike_in_all_series_and_by_training_rows_alone() -> None:
    columns = {
        "price": [1.0, 3, 99, 5, 7, 99],
        "promo": [0.0, 1, 5, 0, 0, 5],
        "size": [2.0] * 3 + [6.0] * 3,
    }
    known = Known(
        ("price", "promo"), ("day_of_week",), None, ("size", "kind"), {"kind": ("x", "z")}
    )
    found = panel(known, **columns, kind=["x"] * 3 + ["z"] * 3)
    scaler = fit_scaler(found, kind="standard", log=False, train_ends=np.array([2, 5]))
    assert scaler.columns == ("y",)
    # 0 and 1 stay as they are
    assert scaler.known[:2] == (("price", 4.0, np.sqrt(5)), ("promo", 0.0, 1.0))
    assert scaler.known[4] == ("size", 4.0, 2.0)  # over series, not rows
    assert {
        pair
        for name, *pair in scaler.known
        if "day" in name or "kind" in name
        for pair in [tuple(pair)]
    } == {(0, 1)}
    scaled = scaler.transform(found)
    np.testing.assert_allclose(
        scaled[:, 1], (np.array(columns["price"]) - 4) / np.sqrt(5), rtol=1e-6
    )
    np.testing.assert_allclose(scaled[:, 5], [-1] * 3 + [1] * 3)
    np.testing.assert_allclose(scaled[:, [3, 4, 6, 7]], found.values[:, [3, 4, 6, 7]], rtol=1e-6)


def test_the_logarithm_leaves_covariates_known_ahead_alone() -> None:
    found = panel(Known(("price",)), y=np.arange(1.0, 7), price=[-1.0, -3, 0, -5, -7, 0])
    scaler = fit_scaler(found, kind="none", log=True, train_ends=np.array([3, 6]))
    scaled = scaler.transform(found)
    np.testing.assert_allclose(
        scaled, np.stack([np.log(found.values[:, 0]), found.values[:, 1]], axis=1), rtol=1e-6
    )


# Config

DATA = "name: a\ndata: {path: a.csv, timestamp: ds, targets: y, series_id: id, covariates: {%s}}\n"


def parsed(covariates: str, rest: str = "windows: {horizon: 6}\n") -> Config:
    return parse_config(DATA % covariates + rest, source="a.yaml")


def test_covariates_may_be_named_one_by_one() -> None:
    found = parsed("future: price, static: kind, calendar: hour, holidays: AU-VIC").data.covariates
    assert (found.future, found.static, found.calendar, found.holidays) == (
        ("price",),
        ("kind",),
        ("hour",),
        "AU-VIC",
    )
    assert found.categories is None
    assert parsed("static: kind, categories: {kind: [a, 1]}").data.covariates.categories == {
        "kind": ("a", "1")
    }


@pytest.mark.parametrize(
    ("covariates", "problem"),
    [
        ("holidays: Nowhere", "no country with known holidays"),
        ("holidays: AU-ZZ", "no known part of AU; expected one of ACT, NSW"),
        ("calendar: [hours]", "did you mean hour?"),
        ("categories: {kind: [a]}", "kind is not one of data.covariates.static"),
        ("future: y", "columns with more than one role: y"),
        ("future: x, static: x", "columns with more than one role: x"),
    ],
)
def test_wrong_covariates_are_refused(covariates: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(covariates)
    assert problem in str(caught.value)


@pytest.mark.parametrize("covariates", ["future: x", "calendar: hour", "holidays: AT"])
def test_a_context_shorter_than_what_is_known_ahead_is_refused(covariates: str) -> None:
    rest = (
        "windows: {horizon: 6, context_length: %s}\nmodel: {segment_length: 1, context_lengths:"
        " %s}\n"
    )
    assert parsed(covariates, rest % (6, [6])).windows.context_length == 6
    for contexts in ((5, []), (8, [8, 4])):
        with pytest.raises(ConfigError, match=r"contexts .* of at least the horizon; received"):
            parsed(covariates, rest % contexts)
    assert parsed("static: x", rest % (5, [])).windows.context_length == 5
