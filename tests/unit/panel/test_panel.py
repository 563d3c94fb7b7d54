from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.placing import stamped_rows
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.tables.read import read_table
from tests.benchmarks.files import DATA
from tests.unit.conftest import build_panel, panel_of, table_of

NAN, INF = np.nan, np.inf
FILL = {"gaps": "fill", "missing": "ffill"}


def panel(
    steps: list[int],
    y: list[float],
    *,
    policies: dict[str, Any] | None = None,
    **columns: list[Any],
) -> Panel:
    """One series of integer steps, or several with ``id=[...]``; others are past covariates."""
    table = table_of(ds=steps, y=pd.Series(y, dtype="float64"), **columns)
    return build_panel(
        table,
        timestamp="ds",
        targets=["y"],
        past=[name for name in columns if name != "id"],
        series_id="id" if "id" in columns else None,
        freq="1",
        policies=policies or {},
    )


def problems(*args: Any, **kwargs: Any) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        panel(*args, **kwargs)
    return caught.value.problems


def content(found: Panel) -> list[tuple[str, int, tuple[float, ...]]]:
    """Every row as (series, step, values)."""
    rows = np.arange(len(found.values))
    layout = found.layout
    ids = [layout.ids[k] for k in layout.series_of(rows)]
    return list(
        zip(ids, layout.stamps(rows).tolist(), map(tuple, found.values.tolist()), strict=True)
    )


def rows(found: Panel) -> list[tuple[int, float]]:
    return [(step, values[0]) for _, step, values in content(found)]


# Faults: counted, placed, refused with a remedy


def test_all_faults_are_reported_at_once_each_with_count_place_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("step,y\n1,1\n2,inf\n3,\n\n6,4\n6,9\n6,10\n0,7\n8,-inf\n")
    with pytest.raises(DataError) as caught:
        build_panel(
            read_table(path, columns=["step", "y"], text=["step"]),
            timestamp="step", targets=["y"], freq="1", policies={"unsorted": "error"},
        )  # fmt: skip
    assert caught.value.problems == (
        (
            f"{path}:9: series y, 0: earlier than the row before it (1 such row); set"
            " data.unsorted: sort"
        ),
        (
            f"{path}:3: series y, 2: column y: infinite, or too large to calculate with (2 such"
            " rows); set data.infinite: missing"
        ),
        (
            f"{path}:7: series y, 6: the same stamp as {path}:6: series y, 6 (2 such rows); "
            "set data.duplicates: first, last, mean or sum"
        ),
        (
            "series y, after 3: 2 rows of freq 1 missing, the first of 2 gaps, the longest: 2,"
            " series y, after 3 (3 such rows); set data.gaps: fill, mask or split"
        ),
        (
            f"{path}:4: series y, 3: column y: no value (1 such row); set data.missing: ffill,"
            " seasonal, interpolate or mask"
        ),
    )


def test_filling_gaps_asks_for_a_policy_for_the_rows_that_it_adds() -> None:
    assert problems([1, 3], [1, 2], policies={"gaps": "fill"}) == (
        (
            "data.gaps: fill adds rows without values (1 such row); set data.missing: ffill,"
            " seasonal, interpolate or mask"
        ),
    )


def test_a_column_with_the_fault_is_named() -> None:
    assert problems([1, 2], [1, 2], x=[1, NAN])[0].startswith(
        "data, row 2: series y, 2: column x: no value (1 such row)"
    )
    assert problems([1, 2], [1, 2], x=[-INF, 1])[0].startswith(
        "data, row 1: series y, 1: column x: infinite, or"
    )


@pytest.mark.parametrize(
    ("kind", "row", "change"),
    [
        ("duplicates", 9999, {"ds": 8}),
        ("gaps", 9999, {"ds": 10}),
        ("missing", 9998, {"y": NAN}),
        ("infinite", 9999, {"y": -INF}),
    ],
)
def test_one_fault_in_the_last_of_1_000_series_is_found(
    kind: str, row: int, change: dict[str, float]
) -> None:
    table = table_of(
        id=np.repeat(np.arange(1000) + 1000, 10), ds=np.tile(np.arange(10), 1000), y=np.ones(10_000)
    )
    for name, value in change.items():
        table.frame.loc[row, name] = value
    with pytest.raises(DataError) as caught:
        build_panel(table, timestamp="ds", targets=["y"], series_id="id", freq="1")
    assert len(caught.value.problems) == 1
    assert "series 1999" in caught.value.problems[0]
    assert "(1 such row)" in caught.value.problems[0]
    assert f"set data.{kind}: " in caught.value.problems[0]


def test_rows_of_several_series_that_take_turns_are_not_unsorted() -> None:
    found = panel(
        [1, 1, 2, 2], [1, 10, 2, 20], id=["b", "a", "b", "a"], policies={"unsorted": "error"}
    )
    assert content(found) == [("a", 1, (10,)), ("a", 2, (20,)), ("b", 1, (1,)), ("b", 2, (2,))]
    assert found.repairs == {}


def test_a_sound_table_needs_no_repair() -> None:
    found = panel([3, 4, 5], [1, 2, 3], x=[7, 8, 9])
    assert content(found) == [("y", 3, (1, 7)), ("y", 4, (2, 8)), ("y", 5, (3, 9))]
    assert found.columns == ("y", "x")
    assert found.repairs == {}


# Policies, by hand


def test_sort_puts_rows_in_order_and_counts_the_late_ones() -> None:
    found = panel([3, 1, 2, 5, 4], [30, 10, 20, 50, 40])
    assert rows(found) == [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)]
    assert found.repairs == {"unsorted": 2}


@pytest.mark.parametrize(
    ("policy", "value"), [("first", 20), ("last", 5), ("mean", 12), ("sum", 36)]
)
def test_duplicates_are_settled_in_the_order_of_the_file(policy: str, value: float) -> None:
    found = panel([1, 2, 2, 3, 2], [10, 20, 11, 30, 5], policies={"duplicates": policy})
    assert rows(found) == [(1, 10), (2, value), (3, 30)]
    assert found.repairs == {"unsorted": 1, "duplicates": 2}


@pytest.mark.parametrize(("policy", "value"), [("first", 10), ("last", 8), ("mean", 8), ("sum", 8)])
def test_a_missing_value_among_duplicates_is_left_out_of_mean_and_sum(
    policy: str, value: float
) -> None:
    policies = {"duplicates": policy, "missing": "ffill"}
    found = panel([1, 2, 2, 3], [10, NAN, 8, 30], policies=policies)
    assert rows(found) == [(1, 10), (2, value), (3, 30)]


@pytest.mark.parametrize("policy", ["first", "last", "mean", "sum"])
def test_no_policy_for_duplicates_makes_a_number_of_missing_values(policy: str) -> None:
    found = panel(
        [1, 2, 3, 3, 4],
        [10, NAN, NAN, NAN, 40],
        policies={"duplicates": policy, "missing": "ffill"},
    )
    assert rows(found) == [(1, 10), (2, 10), (3, 10), (4, 40)]
    assert found.repairs == {"duplicates": 1, "missing": 2}


def test_fill_adds_the_skipped_rows_inside_each_series_only() -> None:
    found = panel([1, 4, 2, 9], [1, 4, 20, 90], id=["a", "a", "b", "b"], policies=FILL)
    assert content(found) == [
        *[("a", 1, (1,)), ("a", 2, (1,)), ("a", 3, (1,)), ("a", 4, (4,)), ("b", 2, (20,))],
        *[("b", step, (20,)) for step in range(3, 9)],
        ("b", 9, (90,)),
    ]
    assert found.repairs == {"gaps": 8}
    np.testing.assert_array_equal(found.layout.spans, found.layout.offsets)


def test_split_makes_spans_and_changes_no_row() -> None:
    found = panel([1, 2, 5, 6, 8], [1, 2, 5, 6, 8], policies={"gaps": "split"})
    assert rows(found) == [(1, 1), (2, 2), (5, 5), (6, 6), (8, 8)]
    assert found.layout.spans.tolist() == [0, 2, 4, 5]
    assert found.layout.first.tolist() == [0, 4, 7]
    assert found.layout.offsets.tolist() == [0, 5]
    assert found.repairs == {"gaps": 3}


@pytest.mark.parametrize(("policy", "between"), [("ffill", [10, 10]), ("interpolate", [20, 30])])
def test_missing_values_are_filled_between_others_and_in_covariates_at_the_end(
    policy: str, between: list[float]
) -> None:
    y, x = [10, NAN, NAN, 40, 50], [10, NAN, NAN, 40, NAN]
    found = panel([1, 2, 3, 4, 5], y, x=x, policies={"missing": policy})
    assert [each for _, _, each in content(found)] == [
        *[(each, each) for each in (10, *between, 40)],
        (50, 40),
    ]
    assert found.repairs == {"missing": 3}


@pytest.mark.parametrize("policy", ["ffill", "interpolate"])
def test_rows_before_the_first_value_of_any_column_are_dropped(policy: str) -> None:
    found = panel(
        [1, 2, 3, 4, 5],
        [NAN, 2, 3, NAN, 5],
        x=[1, NAN, NAN, NAN, 5],
        policies={"missing": policy},
    )
    assert content(found)[0] == ("y", 2, (2, 1 if policy == "ffill" else 2))
    found = panel(
        [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], x=[NAN, NAN, 7, NAN, 9], policies={"missing": policy}
    )
    assert content(found) == [
        ("y", 3, (3, 7)),
        ("y", 4, (4, 7 if policy == "ffill" else 8)),
        ("y", 5, (5, 9)),
    ]


@pytest.mark.parametrize("policy", ["ffill", "interpolate"])
def test_values_are_never_taken_from_another_series(policy: str) -> None:
    y, ids = [1, NAN, NAN, 5, NAN, 7], ["a", "a", "b", "b", "b", "b"]
    found = panel([1, 2, 1, 2, 3, 4], y, id=ids, policies={"missing": policy})
    middle = 5 if policy == "ffill" else 6
    assert content(found) == [
        ("a", 1, (1,)),
        *[("b", 2, (5,)), ("b", 3, (middle,)), ("b", 4, (7,))],
    ]


@pytest.mark.parametrize("policy", ["ffill", "interpolate"])
def test_values_are_never_carried_over_a_gap_that_was_not_filled(policy: str) -> None:
    policies = {"gaps": "split", "missing": policy}
    found = panel([1, 2, 1000, 1001, 1002], [1, NAN, NAN, 5, 6], policies=policies)
    assert rows(found) == [(1, 1), (2, 1), (1001, 5), (1002, 6)]
    assert found.layout.spans.tolist() == [0, 2, 4]


def test_infinite_values_become_missing_ones() -> None:
    found = panel(
        [1, 2, 3, 4],
        [1, INF, -INF, 4],
        policies={"infinite": "missing", "missing": "interpolate"},
    )
    assert rows(found) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert found.repairs == {"infinite": 2, "missing": 2}
    assert problems([1, 2, 3], [1, INF, 3], policies={"infinite": "missing"})[0].startswith(
        "data, row 2: series y, 2: column y: no"
    )


@pytest.mark.parametrize("policy", ["ffill", "interpolate"])
def test_a_series_without_any_value_is_named(policy: str) -> None:
    policies = {"missing": policy}
    message = problems([1, 2, 1, 2], [1, 2, NAN, NAN], id=["a", "a", "b", "b"], policies=policies)[
        0
    ]
    assert message.startswith(
        "series b: no row has a value, or one before it, in all of y (1 such series)"
    )


# Laws

POLICIES = st.fixed_dictionaries(
    {
        "duplicates": st.sampled_from(["mean", "sum"]),
        "gaps": st.sampled_from(["fill", "split"]),
        "missing": st.sampled_from(["ffill", "interpolate"]),
        "infinite": st.just("missing"),
    }
)
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["b", "a", "10", "9"]),
        st.integers(-5, 12),
        st.one_of(st.sampled_from([NAN, INF]), st.integers(-9, 9).map(float)),
        st.one_of(st.just(NAN), st.integers(-9, 9).map(float)),
    ),
    min_size=1,
    max_size=25,
)


def built(records: list[tuple[str, int, float, float]], policies: dict[str, Any]) -> Panel | str:
    ids, steps, y, x = map(list, zip(*records, strict=True))
    try:
        return panel(steps, y, id=ids, x=x, policies=policies)
    except DataError as error:
        return str(error)


def settled(
    cells: dict[int, list[float]], steps: list[int], policies: dict[str, Any]
) -> list[float]:
    """One column of one series at the ``steps``, from the values given for some of them."""
    known = {}
    for step, values in cells.items():
        found = [value for value in values if np.isfinite(value)]
        if found:
            known[step] = sum(found) / (len(found) if policies["duplicates"] == "mean" else 1)
    column = []
    for step in steps:
        start = min(s for s in steps if set(range(s, step)) <= set(steps) and s <= step)
        end = max(s for s in steps if set(range(step, s)) <= set(steps) and s >= step)
        before = max((s for s in known if start <= s <= step), default=None)
        after = min((s for s in known if step <= s <= end), default=None)
        if before is None:
            column.append(NAN)
        elif after is None or after == before or policies["missing"] == "ffill":
            column.append(known[before])
        else:
            column.append(
                known[before] + (step - before) / (after - before) * (known[after] - known[before])
            )
    return column


def by_hand(
    records: list[tuple[str, int, float, float]], policies: dict[str, Any]
) -> dict[tuple[str, int], list[float]]:
    """The same policies, cell by cell."""
    result = {}
    for name in {record[0] for record in records}:
        own = [record[1:] for record in records if record[0] == name]
        # what lies behind the last value of the target is not known yet
        last = max((step for step, y, _ in own if np.isfinite(y)), default=np.inf)
        own = [record for record in own if record[0] <= last]
        steps = sorted({step for step, *_ in own})
        if policies["gaps"] == "fill":
            steps = list(range(steps[0], steps[-1] + 1))
        cells = {step: [values for s, *values in own if s == step] for step, *_ in own}
        columns = [
            settled({s: [v[k] for v in cells[s]] for s in cells}, steps, policies) for k in range(2)
        ]
        for step, *values in zip(steps, *columns, strict=True):
            if not np.isnan(values).any():
                result[name, step] = values
    return result


@settings(max_examples=100, deadline=None)
@given(RECORDS, POLICIES)
def test_the_policies_agree_with_a_reading_cell_by_cell(
    records: list[tuple[str, int, float, float]], policies: dict[str, Any]
) -> None:
    expected, found = by_hand(records, policies), built(records, policies)
    if isinstance(found, str):
        assert {key[0] for key in expected} != {record[0] for record in records}
        return
    actual = {(name, step): list(values) for name, step, values in content(found)}
    assert list(actual) == sorted(expected)
    np.testing.assert_allclose(list(actual.values()), [expected[key] for key in actual], atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(RECORDS, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_series_does_not_matter(
    records: list[tuple[str, int, float, float]], policies: dict[str, Any], random: Any
) -> None:
    expected = built(records, policies)
    random.shuffle(records)
    found = built(records, policies)
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
        return
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
    for name in ("offsets", "spans", "first"):
        np.testing.assert_array_equal(getattr(found.layout, name), getattr(expected.layout, name))
    assert (found.layout.ids, found.layout.grid) == (expected.layout.ids, expected.layout.grid)


@settings(max_examples=50, deadline=None)
@given(RECORDS, POLICIES)
def test_a_panel_is_whole(
    records: list[tuple[str, int, float, float]], policies: dict[str, Any]
) -> None:
    found = built(records, policies)
    if isinstance(found, str):
        return
    layout, n = found.layout, len(found.values)
    assert np.isfinite(found.values).all()
    assert layout.ids == tuple(sorted({record[0] for record in records}))
    assert set(layout.offsets) <= set(layout.spans)
    assert layout.offsets[0] == layout.spans[0] == 0
    assert layout.offsets[-1] == layout.spans[-1] == n
    assert (layout.lengths > 0).all()
    assert (np.diff(layout.spans) > 0).all()
    for start, end in zip(layout.spans[:-1], layout.spans[1:], strict=True):
        span = np.arange(start, end)
        assert len(set(layout.series_of(span))) == 1
        assert len(set(layout.span_of(span))) == 1
        assert (np.diff(layout.ordinals(span)) == 1).all()


@settings(max_examples=50, deadline=None)
@given(RECORDS, POLICIES, st.sets(st.sampled_from(["b", "a", "10", "9"]), min_size=1))
def test_only_keeps_some_series_as_if_they_were_alone(
    records: list[tuple[str, int, float, float]], policies: dict[str, Any], names: set[str]
) -> None:
    found = built(records, policies)
    if isinstance(found, str):
        return
    kept = found.only(np.array([name in names for name in found.layout.ids]))
    assert content(kept) == [row for row in content(found) if row[0] in names]
    assert spans(kept) == [span for span in spans(found) if span[0] in names]
    assert kept.layout.spans[-1] == kept.layout.offsets[-1] == len(kept.values)


def spans(found: Panel) -> list[tuple[str, int, int]]:
    """Series, first step and length of every span."""
    layout = found.layout
    ids = [layout.ids[k] for k in layout.series_of(layout.spans[:-1])]
    return list(zip(ids, layout.first.tolist(), np.diff(layout.spans).tolist(), strict=True))


def test_no_input_frame_is_changed() -> None:
    everything = {
        "unsorted": "sort",
        "duplicates": "last",
        "gaps": "fill",
        "missing": "interpolate",
        "infinite": "missing",
    }
    for policies in (
        everything,
        everything | {"gaps": "split", "missing": "ffill", "duplicates": "sum"},
        {},
    ):
        table = table_of(ds=[3, 1, 1, 7], y=[INF, 1, NAN, 4], id=["a", "a", "a", "a"])
        before = table.frame.copy(deep=True)
        with suppress(DataError):
            build_panel(
                table, timestamp="ds", targets=["y"], series_id="id", freq="1", policies=policies
            )
        pd.testing.assert_frame_equal(table.frame, before)


# Series, stamps and the grid


def test_a_row_without_a_series_id_is_located_and_numbers_are_fine_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ds,id,y\n1,NA,1\n2,NA,2\n1, ,1\n")
    table = read_table(path, columns=["ds", "id", "y"], text=["ds", "id"])
    with pytest.raises(DataError, match=f"{path}:4: column id: no series id"):
        build_panel(table, timestamp="ds", targets=["y"], series_id="id")
    assert panel([1, 1, 1], [1, 2, 3], id=[10, 9, 7]).layout.ids == ("10", "7", "9")


def test_without_a_series_id_the_series_is_called_like_its_target() -> None:
    assert panel([1, 2], [1, 2]).layout.ids == ("y",)


def test_a_series_that_begins_where_another_ends_is_a_span_of_its_own() -> None:
    found = panel([1, 2, 3, 4], [1, 2, 3, 4], id=["a", "a", "b", "b"])
    assert found.layout.offsets.tolist() == found.layout.spans.tolist() == [0, 2, 4]
    assert found.layout.first.tolist() == [0, 2]


def test_the_frequency_is_that_of_the_longest_series() -> None:
    table = table_of(id=["a", "a", "b", "b", "b"], ds=[0, 10, 0, 5, 10], y=np.ones(5))
    with pytest.raises(DataError, match="series a, after 0: 1 rows of freq 5 missing"):
        build_panel(table, timestamp="ds", targets=["y"], series_id="id")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ds,y\n")
    with pytest.raises(DataError, match=f"{path}: no rows"):
        build_panel(
            read_table(path, columns=["ds", "y"], text=["ds"]), timestamp="ds", targets=["y"]
        )


def stamped(stamps: Any, **options: Any) -> Panel:
    table = table_of(ds=pd.Series(stamps).astype("str"), y=np.arange(len(stamps), dtype=float))
    return build_panel(table, timestamp="ds", targets=["y"], **options)


def test_rows_off_the_grid_are_counted_and_the_first_is_located() -> None:
    with pytest.raises(DataError) as caught:
        stamped(
            ["2024-01-01", "2024-01-02", "2024-01-02 06:00", "2024-01-03", "2024-01-04 07:00"],
            freq="D",
        )
    assert (
        str(caught.value)
        == "data, row 3: 2024-01-02 06:00:00: not on the grid of freq D that starts at 2024-01-01"
        " 00:00:00 (2 such rows); set data.freq, or data.off_grid: nearest"
    )


def test_days_of_a_zone_that_only_offsets_tell_ask_for_the_zone() -> None:
    stamps = pd.date_range("2024-03-20", periods=30, tz="Europe/Berlin")
    cells = [stamp.isoformat() for stamp in stamps]
    with pytest.raises(
        DataError, match=r"\(18 such rows\); .*, or data\.timezone where days are local"
    ):
        stamped(cells, freq="D")
    assert stamped(cells, timezone="Europe/Berlin").repairs == {}


def test_rows_after_the_end_are_left_out_with_their_faults_and_their_series() -> None:
    table = table_of(
        ds=[9, 1, 2, 3, 9, 9], y=[5, 1, 2, 3, INF, NAN], id=["b", "a", "a", "a", "a", "a"]
    )
    before = table.frame.copy(deep=True)
    found = build_panel(table, timestamp="ds", targets=["y"], series_id="id", end=2, freq="1")
    assert content(found) == [("a", 1, (1.0,)), ("a", 2, (2.0,))]
    pd.testing.assert_frame_equal(table.frame, before)


def test_faults_before_the_end_are_located_by_their_place_in_the_file() -> None:
    table = table_of(ds=[9, 1, 9, 2], y=[1.0, 1.0, 1.0, NAN], id=["b", "a", "a", ""])
    with pytest.raises(DataError, match=r"^data, row 4: column id: no series id"):
        build_panel(table, timestamp="ds", targets=["y"], series_id="id", end=2, freq="1")
    with pytest.raises(
        DataError, match=r"^data, row 4: 2024-01-01 07:00:00: not on the grid of freq D"
    ):
        stamped(
            ["2024-01-09", "2023-12-31", "2024-01-09", "2024-01-01 07:00"],
            end="2024-01-02",
            freq="D",
        )


@pytest.mark.parametrize(
    ("end", "rows"),
    [("2024-01-02", 25), ("2024-01-02 05:00", 30), ("2024-01-02T05:30", 30), ("2030-01-01", 48)],
)
def test_a_date_ends_the_data_at_that_very_stamp(end: str, rows: int) -> None:
    assert len(stamped(pd.date_range("2024-01-01", periods=48, freq="h"), end=end).values) == rows


def test_a_date_without_a_zone_is_in_that_of_the_stamps() -> None:
    cells = [
        stamp.isoformat()
        for stamp in pd.date_range("2024-10-26 22:00", periods=12, freq="h", tz="UTC")
    ]
    # 02:00 comes twice
    assert len(stamped(cells, timezone="Europe/Berlin", end="2024-10-27 02:00").values) == 4
    assert len(stamped(cells, timezone="Europe/Berlin", end="2024-10-27 02:00+02:00").values) == 3


DAYS = ["2024-01-02", "2024-01-03", "2024-01-04"]


@pytest.mark.parametrize(
    ("stamps", "end", "message"),
    [
        (
            [1, 2],
            "2024-01-31",
            "2024-01-31 is a date, but time is counted in integer steps; give the last step",
        ),
        (DAYS, 7, "7 is a step number, but the stamps are dates; write it like 2024-01-31"),
        (DAYS, "soon", "'soon' is not a date; write it like 2024-01-31"),
        (
            DAYS,
            "2024-01-31 00Z",
            "2024-01-31 00Z has a time zone, and the stamps have none; write it without",
        ),
        ([5, 6, 7], 4, "no row is left: 4 lies before the first stamp, 5; give a later one"),
        (
            DAYS,
            "2024-01-01",
            "no row is left: 2024-01-01 lies before the first stamp, 2024-01-02 00:00:00; give",
        ),
    ],
)
def test_an_end_that_does_not_fit_the_stamps_is_refused(
    stamps: list[Any], end: str | int, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        stamped(stamps, end=end)
    assert str(caught.value).startswith(f"data.end: {message}")


@pytest.mark.parametrize("freq", ["-1D", "0D", "0MS", "ns", "1", "", "daily"])
def test_a_freq_that_is_none_names_its_key(freq: str) -> None:
    with pytest.raises(DataError, match=rf"data\.freq: '{freq}' is not a pandas frequency alias"):
        stamped(["2024-01-01", "2024-01-02", "2024-01-03"], freq=freq)


@pytest.mark.parametrize("freq", ["0", "-1", "1.5", "D", "h"])
def test_a_freq_that_is_no_whole_number_does_not_fit_steps(freq: str) -> None:
    with pytest.raises(DataError, match=rf"data\.freq: '{freq}' does not fit integer steps"):
        stamped([1, 2, 3], freq=freq)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_year_of_hours_with_offsets_has_no_fault_and_keeps_its_stamps(zone: str) -> None:
    stamps = pd.date_range("2024-01-01", "2025-01-01", freq="h", tz=zone)
    found = stamped([stamp.isoformat() for stamp in stamps], timezone=zone)
    assert found.repairs == {}
    assert (found.layout.stamps(np.arange(len(stamps))) == stamps).all()


def test_a_year_of_days_with_the_zone_in_the_config_has_no_fault() -> None:
    days = pd.date_range("2024-01-01", periods=366).strftime("%Y-%m-%d")
    found = stamped(days, timezone="America/Santiago")
    assert found.repairs == {}
    assert found.layout.stamps(np.arange(366)).strftime("%Y-%m-%d").tolist() == days.tolist()


def test_one_missing_hour_beside_a_daylight_saving_change_is_one_gap() -> None:
    stamps = pd.date_range("2024-03-30", periods=96, freq="h", tz="Europe/Berlin").delete(26)
    with pytest.raises(
        DataError, match=r"after 2024-03-31 01:00:00\+01:00: 1 rows of freq h missing \(1 such"
    ):
        stamped([stamp.isoformat() for stamp in stamps], timezone="Europe/Berlin")


# Real data


def shared(name: str, columns: list[str], **options: Any) -> tuple[str, ...]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    table = read_table(path, columns=columns, text=columns[:1])
    with pytest.raises(DataError) as caught:
        build_panel(table, timestamp=columns[0], targets=columns[1:], **options)
    return caught.value.problems


def test_the_duplicates_and_missing_hours_of_the_metro_traffic_are_counted_exactly() -> None:
    path = DATA / "dirty_metro_traffic.csv.gz"
    duplicates, gaps = shared("dirty_metro_traffic.csv.gz", ["date_time", "traffic_volume"])
    assert duplicates.startswith(f"{path}:")
    assert "(7,629 such rows); set data.duplicates: first, last, mean or sum" in duplicates
    assert "rows of freq h missing" in gaps
    assert "(11,976 such rows); set data.gaps: fill, mask or split" in gaps


def test_the_missing_days_of_the_page_views_are_counted_exactly() -> None:
    (gaps,) = shared("wp_peyton_manning.csv.gz", ["ds", "y"])
    assert "rows of freq D missing" in gaps
    assert "(59 such rows); set data.gaps: fill, mask or split" in gaps


# Every target as a series of its own


def two_targets() -> Panel:
    """Series a with a gap and b without one, two targets and a past covariate."""
    table = table_of(
        id=["a"] * 4 + ["b"] * 3,
        ds=[0, 1, 5, 6, 2, 3, 4],
        y=np.arange(7.0),
        z=np.arange(7.0) + 100,
        x=-np.arange(7.0),
    )
    policies = {"gaps": "split"}
    return build_panel(
        table,
        timestamp="ds",
        targets=["y", "z"],
        past=["x"],
        series_id="id",
        freq="1",
        policies=policies,
    )


def test_melted_targets_are_series_beside_the_past_covariates() -> None:
    panel = two_targets()
    melted = panel.melted(np.array([["a/y", "a/z"], ["b/y", "b/z"]], object))
    assert melted.layout.ids == ("a/y", "b/y", "a/z", "b/z")
    assert melted.columns == ("value", "x")
    for name, source, target in zip(melted.layout.ids, (0, 1, 0, 1), (0, 0, 1, 1), strict=True):
        number = melted.layout.ids.index(name)
        rows = slice(*melted.layout.offsets[number : number + 2])
        own = slice(*panel.layout.offsets[source : source + 2])
        np.testing.assert_array_equal(melted.values[rows], panel.values[own][:, [target, 2]])
        stamps = melted.layout.stamps(np.arange(rows.start, rows.stop))
        assert stamps.tolist() == panel.layout.stamps(np.arange(own.start, own.stop)).tolist()


def test_melted_targets_have_the_gaps_of_their_series() -> None:
    melted = two_targets().melted(np.array([["a/y", "a/z"], ["b/y", "b/z"]], object))
    assert melted.layout.offsets.tolist() == [0, 4, 7, 11, 14]
    assert melted.layout.spans.tolist() == [0, 2, 4, 7, 9, 11, 14]
    assert melted.layout.ordinals(np.arange(14)).tolist() == [0, 1, 5, 6, 2, 3, 4] * 2
    assert melted.layout.series_of(melted.layout.spans[:-1]).tolist() == [0, 0, 1, 2, 2, 3]


def test_a_single_target_melts_to_what_it_was() -> None:
    panel = panel_of(5, 3)
    melted = panel.melted(np.array([["a"], ["b"]], object))
    assert melted.layout.ids == panel.layout.ids
    assert melted.layout.spans.tolist() == panel.layout.spans.tolist()
    np.testing.assert_array_equal(melted.values, panel.values)


# Places in time


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.booleans(), min_size=1, max_size=12).filter(any), min_size=1, max_size=4),
    st.integers(0, 14),
)
def test_rows_before_a_number_on_the_grid_are_counted_in_every_series_across_gaps(
    present: list[list[bool]], ordinal: int
) -> None:
    rows = [
        (name, step)
        for name, steps in enumerate(present)
        for step, there in enumerate(steps)
        if there
    ]
    table = table_of(
        id=[name for name, _ in rows], ds=[step for _, step in rows], y=np.zeros(len(rows))
    )
    layout = build_panel(
        table,
        timestamp="ds",
        targets=["y"],
        series_id="id",
        freq="1",
        policies={"gaps": "split"},
    ).layout
    found = layout.rows_before(ordinal) - layout.offsets[:-1]
    ordinals = layout.ordinals(np.arange(len(rows)))
    expected = [
        (ordinals[a:b] < ordinal).sum()
        for a, b in zip(layout.offsets[:-1], layout.offsets[1:], strict=True)
    ]
    assert found.tolist() == expected


# More policies


def test_the_value_a_season_before_fills_a_hole_and_the_last_one_where_there_is_none() -> None:
    table = table_of(ds=pd.date_range("2024-01-01", periods=18).astype("str"), y=np.arange(18.0))
    table.frame.loc[[2, 9, 10, 16], "y"] = NAN
    found = build_panel(table, timestamp="ds", targets=["y"], policies={"missing": "seasonal"})
    # nothing is known a week before 2, 9 and 16
    assert found.values[[2, 9, 10, 16], 0].tolist() == [1, 8, 3, 15]


def test_gaps_beyond_the_limit_split_and_shorter_ones_are_filled() -> None:
    policies = {"gaps": "fill", "missing": "ffill", "fill_limit": 2}
    found = panel([1, 4, 8, 9], [1, 4, 8, 9], policies=policies)
    assert rows(found) == [(1, 1), (2, 1), (3, 1), (4, 4), (8, 8), (9, 9)]
    assert found.layout.spans.tolist() == [0, 4, 6]
    assert found.repairs == {"gaps": 5}


def test_sentinels_are_missing_values_wherever_they_stand() -> None:
    found = panel(
        [1, 2, 3],
        [1, -200, 3],
        x=[6, 5, -1.5],
        policies={"sentinels": (-200.0, -1.5), "missing": "ffill"},
    )
    assert content(found) == [("y", 1, (1, 6)), ("y", 2, (1, 5)), ("y", 3, (3, 5))]
    assert found.repairs == {"sentinels": 2, "missing": 2}


def test_stamps_between_the_steps_move_to_the_nearest_one() -> None:
    stamps = [
        "2024-01-01 00:01",
        "2024-01-01 00:58",
        "2024-01-01 02:00",
        "2024-01-01 03:10",
        "2024-01-01 03:20",
    ]
    policies = {"off_grid": "nearest", "duplicates": "mean"}
    found = stamped(stamps, freq="h", policies=policies)
    assert [str(stamp)[11:16] for stamp in found.layout.stamps(np.arange(4))] == [
        "00:00",
        "01:00",
        "02:00",
        "03:00",
    ]
    assert found.values[:, 0].tolist() == [0, 1, 2, 3.5]
    assert found.repairs == {"off_grid": 4, "duplicates": 1}


def test_most_stamps_decide_where_the_steps_are() -> None:
    stamps = ["2024-01-01 00:31", "2024-01-01 01:30", "2024-01-01 02:30", "2024-01-01 03:30"]
    found = stamped(stamps, freq="h", policies={"off_grid": "nearest"})
    assert str(found.layout.stamps(np.array([0]))[0]) == "2024-01-01 00:30:00"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_nearest_step_of_a_calendar_is_no_farther_than_any_other(data: st.DataObject) -> None:
    freq = data.draw(st.sampled_from(["MS", "ME", "QS", "B", "W-SUN", "6h", "D"]))
    days = data.draw(st.lists(st.integers(0, 700), min_size=3, max_size=20))
    ticks = (
        (pd.Timestamp("2024-01-15") + pd.to_timedelta(sorted(days), unit="D")).as_unit("us").asi8
    )
    grid = Grid(freq, pd.Timestamp(ticks.min(), unit="us"))
    steps = pd.DatetimeIndex(grid.stamps(np.arange(4000))).as_unit("us").asi8
    distances = np.abs(steps[grid.nearest(ticks)] - ticks)
    assert (distances == np.abs(steps[:, None] - ticks).min(axis=0)).all()


def test_empty_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ds,y\n1,1\n,\n2,2\n,\n")
    table = read_table(path, columns=["ds", "y"], text=["ds"])
    found = build_panel(table, timestamp="ds", targets=["y"], freq="1")
    assert (rows(found), found.repairs) == ([(1, 1), (2, 2)], {"empty_rows": 2})
    path.write_text("ds,y,z\n1,1,4\n2,2,5\n,,sum\n")
    data = DataConfig(path="a.csv", timestamp="ds", targets=("y",))
    table = read_table(path, columns=["ds", "y"], text=["ds"])
    _, _, (finding,) = stamped_rows(table, data, ["y"])
    assert finding.text.startswith("a row with neither a stamp nor a value to forecast")
    path.write_text("ds,y\n1,1\n,7\n")
    with pytest.raises(DataError, match=f"{path}:3: column ds: no time stamp"):
        build_panel(
            read_table(path, columns=["ds", "y"], text=["ds"]),
            timestamp="ds",
            targets=["y"],
            freq="1",
        )


def test_values_whose_squares_are_no_numbers_are_refused() -> None:
    assert problems([1, 2], [1, 1e151])[0].startswith(
        "data, row 2: series y, 2: column y: infinite, or too large"
    )
    assert panel([1, 2], [1, -1e149]).repairs == {}


def test_ids_that_a_file_holds_as_floats_are_those_of_a_file_with_whole_numbers() -> None:
    whole = panel([1, 2, 1], [1, 2, 3], id=[7, 7, 8])
    assert (
        panel([1, 2, 1], [1, 2, 3], id=[7.0, 7.0, 8.0]).layout.ids == whole.layout.ids == ("7", "8")
    )
    assert panel([1, 1], [1, 2], id=[7.5, 8.0]).layout.ids == ("7.5", "8.0")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("written", ["local", "offset", "utc"])
def test_half_hours_over_both_daylight_saving_changes_are_one_span_in_their_zone(
    zone: str, written: str
) -> None:
    stamps = pd.date_range(
        "2023-12-31 13:00", "2024-12-31 11:30", freq="30min", tz="UTC"
    ).tz_convert(zone)
    cells = {"local": stamps.tz_localize(None), "offset": stamps, "utc": stamps.tz_convert("UTC")}[
        written
    ]
    table = table_of(
        ds=pd.Series([cell.isoformat() for cell in cells]), y=np.arange(len(stamps), dtype=float)
    )
    found = build_panel(
        table, timestamp="ds", targets=["y"], timezone=zone, policies={"dst": "first"}
    )
    assert (found.layout.grid.freq, len(found.layout.first)) == ("30min", 1)
    assert found.values[:, 0].tolist() == list(range(len(stamps)))
    assert found.layout.stamps(np.arange(len(stamps))).tolist() == stamps.tolist()
