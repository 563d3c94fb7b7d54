"""Columns that are the sum of others are found, whatever they are called, and no others."""

import time
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstm_forecast.tables.totals import find_totals, total_notes

RNG = np.random.default_rng(0)
Floats = NDArray[np.float64]


def counts(rows: int = 200, mean: float = 20) -> Floats:
    return RNG.poisson(mean, rows).astype(np.float64)


def found(columns: Mapping[str, Floats]) -> list[tuple[str, tuple[str, ...]]]:
    return [(total.column, total.parts) for total in find_totals(columns)]


def test_a_column_that_is_the_sum_of_all_others_is_found_wherever_it_stands() -> None:
    a, b, c = counts(), counts(), counts()
    assert found({"x": a, "whole": a + b + c, "y": b, "z": c}) == [("whole", ("x", "y", "z"))]


def test_parts_with_a_common_word_are_found_between_other_columns() -> None:
    north, south = counts(), counts()
    columns = {"sales_north": north, "temp": RNG.normal(size=200), "sales_south": south}
    columns |= {"rain": RNG.normal(size=200), "all": north + south}
    assert found(columns) == [("all", ("sales_north", "sales_south"))]
    columns["all_sales"] = columns.pop("all")
    assert found(columns) == [("all_sales", ("sales_north", "sales_south"))]


@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_parts_beside_their_total_are_found(first: bool) -> None:
    parts = {"apples": counts(), "pears": counts(), "plums": counts()}
    total = {"fruit": np.sum(list(parts.values()), axis=0)}
    block = {**total, **parts} if first else {**parts, **total}
    columns = {"price": RNG.normal(size=200), **block, "wind": RNG.normal(size=200)}
    assert found(columns) == [("fruit", ("apples", "pears", "plums"))]


def test_numbers_that_are_rounded_add_up_within_their_decimals() -> None:
    parts = RNG.uniform(0, 100, (300, 5))
    columns = {f"part {k}": column.round(1) for k, column in enumerate(parts.T)}
    assert found({**columns, "total": parts.sum(axis=1).round(1)}) == [("total", tuple(columns))]


def test_one_row_that_does_not_add_up_makes_it_no_total() -> None:
    a, b = counts(), counts()
    total = a + b
    total[137] += 3
    assert not found({"a": a, "b": b, "total": total})


def test_rows_with_an_empty_cell_tell_nothing_and_are_not_counted() -> None:
    a, b = counts(), counts()
    total = a + b
    a[5:9] = np.nan
    (one,) = find_totals({"a": a, "b": b, "total": total})
    assert one.rows == 196


def test_what_needs_no_part_of_some_columns_is_not_called_their_sum() -> None:
    price, paid, fee = counts(mean=900), counts(mean=300), counts()
    alike = price + RNG.uniform(0, 0.001, 200).round(4)
    columns = {"price": price, "close": alike, "paid": paid, "fee": fee, "basis": -paid - fee}
    assert ("price", ("close", "paid", "fee", "basis")) not in found(columns)
    a, b = counts(), counts()
    columns = {"whole": a + b, "a": a, "b": b, "in": paid, "out": -paid}
    assert found(columns) == [("whole", ("a", "b"))]


def test_many_parts_of_which_some_cancel_are_not_called_those_of_a_sum() -> None:
    parts = {f"part {k}": counts() for k in range(12)}
    total = np.sum(list(parts.values()), axis=0)
    assert found({**parts, "all": total}) == [("all", tuple(parts))]
    flow = counts(mean=90)
    columns = {**parts, "in": flow, "out": -flow, "all": total}
    assert found(columns) == [("all", tuple(parts))]


@pytest.mark.parametrize(
    "columns",
    [
        {"a": counts(), "copy of nothing": np.zeros(200), "b": counts()},
        {"a": np.arange(200.0), "same": np.arange(200.0), "zero": np.zeros(200)},
        {"a": counts(9), "b": counts(9), "few": counts(9)},
        {f"c{k}": RNG.poisson(0.05, 200).astype(np.float64) for k in range(40)},
        {f"c{k}": RNG.integers(0, 2, 200).astype(np.float64) for k in range(40)},
        {f"c{k}": RNG.normal(size=200) for k in range(40)},
        {"a": np.full(200, np.inf), "b": -np.full(200, np.inf), "c": np.full(200, 1e300)},
        {},
    ],
    ids=["unlike", "a copy", "few rows", "sparse", "flags", "noise", "infinite", "none"],
)
def test_what_is_no_sum_is_not_called_one(columns: Mapping[str, Floats]) -> None:
    assert not find_totals(columns) and not list(total_notes(find_totals(columns)))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 6), st.integers(0, 4), st.integers(0, 3), st.integers(0, 2**32 - 1), st.data()
)
def test_a_block_that_adds_up_is_found_and_is_true(
    n_parts: int, n_others: int, decimals: int, seed: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.normal(10, 30, (50, n_parts)).round(decimals)
    others = list(rng.normal(size=(n_others, 50)))
    cut = data.draw(st.integers(0, n_others))
    every = [*others[:cut], *parts.T, parts.sum(axis=1).round(decimals), *others[cut:]]
    columns = {f"{chr(97 + k)}": column for k, column in enumerate(every)}
    totals = find_totals(columns)
    names = tuple(columns)[cut : cut + n_parts]
    assert (tuple(columns)[cut + n_parts], names) in [(each.column, each.parts) for each in totals]
    for each in totals:
        added = np.sum([columns[name] for name in each.parts], axis=0)
        np.testing.assert_allclose(columns[each.column], added, atol=3)


def test_three_thousand_columns_are_looked_at_in_a_second() -> None:
    columns = {f"shop {k}": counts(1_000, 5) for k in range(3_000)}
    columns["total"] = np.sum(list(columns.values()), axis=0)
    start = time.process_time()
    assert found(columns) == [("total", tuple(columns)[:-1])]
    assert time.process_time() - start < 3  # 0.4 s on a machine that does nothing else


def test_a_note_names_the_first_parts_and_counts_the_others() -> None:
    columns = {f"shop {k}": counts() for k in range(9)}
    total = np.sum(list(columns.values()), axis=0)
    (note,) = total_notes(find_totals({**columns, "total": total}))
    assert (note.kind, note.level, note.count) == ("totals", "note", 200)
    assert "total is the sum of shop 0, shop 1, shop 2, 6 more in all 200 rows" in note.text
