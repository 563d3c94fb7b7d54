"""What axes say of a target."""

import pytest

from lstm_forecast.config.quantity import measured, quantity
from lstm_forecast.config.table import DataConfig


def data(units: dict[str, float], targets: tuple[str, ...] = ("price",)) -> DataConfig:
    return DataConfig(path="t.csv", timestamp="day", targets=targets, units={"price": units})


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({}, "price"),
        ({"€": 1}, "price (€)"),
        ({"€": 1, "": 1}, "price (€)"),
        ({"K": 1000, "M": 1000000, "": 1}, "price"),
        ({"kW": 1000, "W": 1}, "price (W)"),
        ({"$": 1, "USD": 1}, "price"),
    ],
)
def test_an_axis_has_the_unit_in_which_a_target_is_forecast(
    units: dict[str, float], expected: str
) -> None:
    assert measured(data(units), "price") == expected
    assert quantity(data(units)) == expected


def test_several_targets_have_no_quantity_in_common() -> None:
    assert quantity(data({"€": 1}, ("price", "sold"))) == ""
