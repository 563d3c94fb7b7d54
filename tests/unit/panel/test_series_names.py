"""Names that several columns tell: the parts are found again, and no two series share a name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.series_names import joined_name, name_parts
from lstm_forecast.panel.survey import survey_panel
from tests.unit.conftest import build_panel, table_of

TEXTS = st.text("ab/\\ ,\"'\n.7é", max_size=6)
MANY = st.lists(TEXTS, min_size=2, max_size=4)


@given(MANY, st.text("ab/\\"))
def test_the_parts_of_a_joined_name_are_found_again_whatever_target_stands_behind(
    parts: list[str], target: str
) -> None:
    name = joined_name(parts)
    for text in (name, f"{name}/{target}"):
        assert name_parts([text], len(parts)).tolist() == [parts]


@given(
    st.integers(2, 4).flatmap(lambda n: st.tuples(*[st.lists(TEXTS, min_size=n, max_size=n)] * 2))
)
def test_two_series_share_no_name(both: tuple[list[str], list[str]]) -> None:
    assert (joined_name(both[0]) == joined_name(both[1])) == (both[0] == both[1])


@given(TEXTS)
def test_the_name_in_one_column_stays_as_it_is(name: str) -> None:
    assert joined_name([name]) == name and name_parts([name], 1).tolist() == [[name]]


def panel_ids(**columns: list[object]) -> tuple[str, ...]:
    n = len(next(iter(columns.values())))
    table = table_of(**columns, ds=[0] * n, y=[1.0] * n)
    return build_panel(
        table, timestamp="ds", targets=["y"], series_id=list(columns), freq="1"
    ).layout.ids


def test_numbers_are_names_and_whole_ones_have_no_decimals() -> None:
    assert panel_ids(store=[2.0, 10.0, 2.0], item=["x", "x", "y"]) == ("10/x", "2/x", "2/y")
    assert panel_ids(store=[7.0, None], item=["x", "y"]) == ("/y", "7/x")
    assert panel_ids(store=[2.5, 10.0], item=[1, 1]) == ("10.0/1", "2.5/1")


def test_a_part_may_be_empty_beside_another() -> None:
    assert panel_ids(province=["", None, "Hubei"], country=["Austria", "Chad", "China"]) == (
        "/Austria",
        "/Chad",
        "Hubei/China",
    )


def test_a_row_without_any_part_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match=r"data, row 2: columns a, b: no series id"):
        panel_ids(a=["x", " "], b=["y", None])


def test_three_columns_name_series_and_a_slash_in_a_part_makes_no_other_of_it() -> None:
    found = panel_ids(a=["x", "x/y"], b=["y/z", "z"], c=["", "1"])
    assert found == ("x/y\\/z/", "x\\/y/z/1")


def test_a_name_that_is_too_long_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match=r"row 2: columns a, b: a series id of 1,202 characters"):
        panel_ids(a=["x", "y" * 600], b=["y", "z" * 601])


KEYS = st.text("ab/\\ ,\"'7.é-", min_size=1, max_size=4).filter(lambda text: text.strip())


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 3).flatmap(
        lambda n: st.lists(st.tuples(*[KEYS] * n), min_size=1, max_size=6, unique=True)
    ),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_every_table_of_keys_and_stamps_is_read_as_those_series_and_values(
    tmp_path_factory: pytest.TempPathFactory,
    keys: list[tuple[str, ...]],
    steps: int,
    random: object,
) -> None:
    names = [f"key{k}" for k in range(len(keys[0]))]
    rows = [(*key, step, 100 * k + step) for k, key in enumerate(keys) for step in range(steps)]
    random.shuffle(rows)  # type: ignore[attr-defined]
    path: Path = tmp_path_factory.mktemp("keys") / "table.csv"
    pd.DataFrame(rows, columns=[*names, "step", "y"]).to_csv(path, index=False)
    data = DataConfig(path=str(path), timestamp="step", series_id=names, targets=["y"], freq="1")
    panel, _, _ = survey_panel(data, path)
    found = {
        tuple(parts): panel.values[start:end, 0].tolist()
        for parts, start, end in zip(
            name_parts(panel.layout.ids, len(names)).tolist(),
            panel.layout.offsets[:-1],
            panel.layout.offsets[1:],
            strict=True,
        )
    }
    assert found == {key: list(np.arange(100.0 * k, 100 * k + steps)) for k, key in enumerate(keys)}


@pytest.mark.parametrize("pad", ["{:4}", " {}", "{}\t", "{}\u00a0"])
@pytest.mark.parametrize(("keys", "end"), [("id", ""), (["id", "part"], "/x")])
def test_blanks_around_ids_are_left_out_where_a_config_says_so_and_told_once(
    tmp_path: Path, pad: str, keys: str | list[str], end: str
) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{pad.format(name)},x,{step},{step}" for name in "ab" for step in range(4)]
    path.write_text("\n".join(["id,part,step,y", *rows, ""]), encoding="utf-8")
    kept = DataConfig(path=str(path), timestamp="step", series_id=keys, targets=["y"], freq="1")
    panel, found, _ = survey_panel(kept, path)
    assert (panel.layout.ids, found) == (tuple(f"{pad.format(name)}{end}" for name in "ab"), [])
    panel, found, _ = survey_panel(kept.model_copy(update={"padded_ids": "strip"}), path)
    assert panel.layout.ids == (f"a{end}", f"b{end}")
    assert [(each.kind, each.count) for each in found] == [("padded_ids", 8)]


def test_ids_that_are_one_without_their_blanks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{name},{step},{step}" for name in ("a", "b", "b ") for step in range(4)]
    path.write_text("\n".join(["id,step,y", *rows, ""]))
    data = DataConfig(
        path=str(path), timestamp="step", series_id="id", targets=["y"], padded_ids="strip"
    )
    with pytest.raises(DataError, match=r"t.csv:10: column id: 'b ' is 'b' but for blanks"):
        survey_panel(data, path)
