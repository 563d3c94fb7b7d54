"""Forecast tables: names and ids from the data come out, and nobody obeys them."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.table import spreadsheet_safe, unique_ids
from tests.unit.conftest import panel_of

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x")',
    " =1",
    "-a",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_begins_like_a_formula_is_text_in_csv(cell: str) -> None:
    table = spreadsheet_safe(pd.DataFrame({"unique_id": [cell], cell: [-1.5]}))
    assert table.unique_id[0].startswith("'")
    assert table.columns[1].startswith("'")
    assert table.iloc[0, 1] == -1.5


@pytest.mark.parametrize("cell", ["-5", "+5.25", "shop", "a=b", "Größe", "日本", "-1,5"])
def test_numbers_and_words_stay_as_they_are(cell: str) -> None:
    assert spreadsheet_safe(pd.DataFrame({"unique_id": [cell]})).unique_id[0] == cell


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_no_cell_holds_a_control_sign_or_begins_a_formula(cell: str) -> None:
    text = spreadsheet_safe(pd.DataFrame({"unique_id": [cell], "y": [1.0]})).to_csv(index=False)
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    (found,) = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=str).unique_id
    assert found[:1] not in ("=", "@", "\t", "\r")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(FORMULAS) | st.text(max_size=4), min_size=1, max_size=8), st.booleans()
)
def test_a_column_of_repeated_texts_is_written_as_one_by_one(
    cells: list[str], as_objects: bool
) -> None:
    column = pd.Series(
        cells * 3, dtype=object if as_objects else "str", index=range(5, 5 + 3 * len(cells))
    )
    table = pd.DataFrame({"unique_id": column})
    one_by_one = [
        spreadsheet_safe(pd.DataFrame({"unique_id": [cell]})).unique_id[0] for cell in cells
    ]
    assert spreadsheet_safe(table).unique_id.tolist() == one_by_one * 3
    assert spreadsheet_safe(table).index.equals(table.index)


def test_each_text_is_looked_at_once_however_many_rows_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    monkeypatch.setattr(
        "lstm_forecast.forecasting.table.harmless", lambda text: seen.append(text) or f"'{text}"
    )
    table = pd.DataFrame({"unique_id": np.repeat(["=a", "b", "c"], 1000), "y": 1.0})
    assert (
        spreadsheet_safe(table)["'unique_id"].tolist()
        == ["'=a"] * 1000 + ["'b"] * 1000 + ["'c"] * 1000
    )
    assert seen == ["unique_id", "y", "=a", "b", "c"]


def test_two_series_and_targets_with_one_id_are_refused() -> None:
    layout = panel_of(3, 3).layout
    assert unique_ids(layout, targets=["x", "y"], named=True).tolist() == [
        ["a/x", "a/y"],
        ["b/x", "b/y"],
    ]
    layout = replace(layout, ids=("a", "a/b"))
    with pytest.raises(DataError, match="the same unique_id, a/b/c; rename a series or a target"):
        unique_ids(layout, targets=["b/c", "c"], named=True)
    assert unique_ids(layout, targets=["b/c"], named=True).tolist() == [["a"], ["a/b"]]


def test_numbers_pass_through_untouched() -> None:
    frame = pd.DataFrame({"unique_id": ["a"] * 3, "y": np.array([-1.0, 2.5, -1e-9])})
    assert spreadsheet_safe(frame).y.tolist() == frame.y.tolist()
