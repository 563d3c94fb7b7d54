"""Which columns `forecast init` takes for those that name the series together."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.tables.keys import Keys
from lstm_forecast.tables.roles import Roles, find_roles

DAYS = [str(day.date()) for day in pd.date_range("2024-01-01", periods=60)]


def rows_of(keys: dict[str, list[object]], **more: object) -> pd.DataFrame:
    """A row for each day and each combination of keys."""
    rows = list(product(*keys.values(), DAYS))
    frame = pd.DataFrame(rows, columns=[*keys, "date"])
    return frame.assign(**more) if more else frame


def amounts(frame: pd.DataFrame, name: str, seed: int = 0) -> pd.DataFrame:
    return frame.assign(**{name: np.random.default_rng(seed).integers(0, 9, len(frame))})


def keys_of(frame: pd.DataFrame) -> Keys:
    return find_roles(frame).keys


@pytest.mark.parametrize(
    "keys",
    [
        {"store": [1, 2, 3], "item": [7, 8]},
        {"store_nbr": [1, 2, 3], "family": ["AUTOMOTIVE", "BEVERAGES"]},
        {"region": ["N", "S"], "product": ["a", "b"], "channel": ["web", "shop"]},
        {"load_zone": ["A", "B", "C"], "contract": [1, 2]},
    ],
    ids=["numbers", "words", "three", "a word of amounts in a text"],
)
@pytest.mark.parametrize("amount", ["sales", "units_sold", "anything"])
def test_the_fewest_columns_that_make_stamps_unique_name_the_series(
    keys: dict[str, list[object]], amount: str
) -> None:
    frame = amounts(rows_of(keys), amount)
    roles = find_roles(frame.sample(frac=1, random_state=0))
    assert (set(roles.keys.columns), roles.targets) == (set(keys), (amount,))
    assert not roles.keys.rivals and not roles.keys.together


def test_columns_that_follow_from_others_and_constant_ones_are_no_keys() -> None:
    frame = amounts(rows_of({"store_nbr": [1, 2], "item_id": ["x", "y", "z"]}), "sales")
    frame["category"] = frame["item_id"].map({"x": "food", "y": "food", "z": "toys"})
    frame["company"] = 1
    roles = find_roles(frame)
    assert set(roles.keys.columns) == {"store_nbr", "item_id"}
    assert roles.static == ("category",)


def test_other_columns_that_would_do_are_told() -> None:
    frame = amounts(rows_of({"town": ["Graz", "Linz"], "item": [1, 2, 3]}), "sales")
    frame["postcode"] = frame["town"].map({"Graz": 8010, "Linz": 4020})
    assert keys_of(frame) == Keys(("town", "item"), rivals=("item", "postcode"))


@pytest.mark.parametrize("name", ["sales", "quantity", "y", "unit_price", "order_count"])
def test_an_amount_that_makes_stamps_unique_is_no_key(name: str) -> None:
    frame = rows_of({"store": ["a", "b"], name: [1, 2, 3]})
    assert keys_of(frame).columns != ("store", name)
    assert name not in keys_of(frame).columns


@pytest.mark.parametrize("name", ["unique_id", "Series_ID", "item_id"])
def test_what_only_names_of_series_are_called_names_even_a_single_one(name: str) -> None:
    frame = amounts(pd.DataFrame({"date": DAYS, name: "T1"}), "y")
    assert keys_of(frame) == Keys((name,))
    frame[name] = [f"row {k}" for k in range(len(frame))]
    assert keys_of(frame) == Keys(())


def test_another_name_of_series_names_a_single_one_no_more_than_before() -> None:
    assert keys_of(amounts(pd.DataFrame({"date": DAYS, "store": "T1"}), "y")) == Keys(())


def test_an_item_id_that_is_not_enough_is_one_of_the_keys() -> None:
    frame = amounts(rows_of({"item_id": ["x", "y"], "dept": ["d", "e"], "state": ["CA"]}), "sales")
    assert keys_of(frame) == Keys(("item_id", "dept"))


def test_empty_cells_of_one_key_are_a_part_of_a_name_where_another_is_filled() -> None:
    places = [("", "Austria"), ("", "Chad"), ("Hubei", "China"), ("Hunan", "China")]
    frame = pd.DataFrame(
        [(province, country, day) for province, country in places for day in DAYS],
        columns=["Province/State", "Country/Region", "Date"],
    )
    found = keys_of(amounts(frame, "Confirmed"))
    assert found == Keys(("Province/State", "Country/Region"))


def test_columns_that_are_all_empty_in_a_row_are_no_keys() -> None:
    frame = amounts(rows_of({"a": ["", "p"], "b": ["", "q"]}), "sales")
    assert keys_of(frame) == Keys(())


def test_a_column_of_the_forecast_table_is_none_of_several_keys() -> None:
    frame = amounts(rows_of({"unique_id": ["x", "y"], "cutoff": ["m", "n"]}), "sales")
    assert keys_of(frame) == Keys(("unique_id",))


def test_events_are_told_apart_by_no_columns() -> None:
    rng = np.random.default_rng(0)
    days = np.sort(rng.choice(DAYS, 900))
    frame = pd.DataFrame({"date": days, "customer": rng.integers(0, 200, 900)})
    frame["product"] = rng.integers(0, 30, 900)
    assert keys_of(amounts(frame, "quantity")) == Keys(())


def test_some_column_of_numbers_is_left_to_be_forecast() -> None:
    roles: Roles = find_roles(rows_of({"a": ["x", "y"], "b": [1, 2, 3]}))
    assert roles.keys == Keys(()) and roles.targets == ("b",)


def test_given_columns_stay_and_what_they_lack_is_told() -> None:
    frame = amounts(rows_of({"store": [1, 2], "item": [1, 2], "size": ["s", "m"]}), "sales")
    found = find_roles(frame, series_columns=["store"]).keys
    assert found == Keys(("store",), together=("store", "item", "size"))
    assert find_roles(frame, series_columns=found.together).keys == Keys(found.together)
