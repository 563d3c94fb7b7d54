"""Frames of every library as tables: the same cells as those of a Parquet file."""

import datetime as dt
import decimal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lstm_forecast.errors import DataError
from lstm_forecast.tables.first_look import Given, first_look
from lstm_forecast.tables.read import column_names, read_table
from lstm_forecast.tables.source import Frame, given_source, in_kind

DAYS = [dt.datetime(2024, 1, 1) + dt.timedelta(days=day) for day in range(40)]
NAMES = ["a", "b"] * 20


def columns() -> dict[str, Any]:
    return {
        "ds": DAYS,
        "shop": NAMES,
        "y": [float(day) if day != 3 else None for day in range(40)],
        "n": list(range(40)),
    }


def arrow() -> pa.Table:
    return pa.table(columns())


def duck() -> duckdb.DuckDBPyRelation:
    return duckdb.from_arrow(arrow())


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(columns()),
    "pandas on arrow": lambda: pd.DataFrame(columns()).convert_dtypes(dtype_backend="pyarrow"),
    "nullable pandas": lambda: pd.DataFrame(columns()).convert_dtypes(),
    "polars": lambda: pl.DataFrame(columns()),
    "pyarrow": arrow,
    "duckdb": duck,
    "batches": lambda: arrow().to_reader(max_chunksize=7),
    "filtered pandas": lambda: pd.DataFrame(columns()).sample(frac=1, random_state=0).sort_index(),
}


def frame_of(data: object) -> Frame:
    found = given_source(data)
    assert isinstance(found, Frame)
    return found


def read(data: object, *names: str, text: tuple[str, ...] = ()) -> pd.DataFrame:
    return read_table(frame_of(data), columns=names, text=text).frame


@pytest.mark.parametrize("library", FRAMES)
def test_a_frame_of_any_library_is_read_as_the_parquet_file_of_it(
    library: str, tmp_path: Path
) -> None:
    pq.write_table(arrow(), tmp_path / "a.parquet")
    names, text = ["ds", "shop", "y", "n"], ["ds", "shop"]
    expected = read_table(tmp_path / "a.parquet", columns=names, text=text).frame
    table = read_table(frame_of(FRAMES[library]()), columns=names, text=text)
    pd.testing.assert_frame_equal(table.frame, expected)
    assert table.place(3) == "the frame, row 4"
    assert column_names(frame_of(FRAMES[library]())) == names


@pytest.mark.parametrize("library", FRAMES)
def test_equal_rows_have_one_hash_whatever_library_holds_them(library: str) -> None:
    names = ["ds", "shop", "n"]  # without nulls, below which libraries leave what they like
    whole = arrow().select(names)
    plain = frame_of(FRAMES[library]()).table.select(names).cast(whole.schema)
    assert Frame(plain, "pyarrow").sha256() == frame_of(whole).sha256()
    assert Frame(plain.slice(1), "pyarrow").sha256() != frame_of(whole).sha256()


def test_the_hash_is_that_of_the_rows_and_not_of_their_chunks_or_notes() -> None:
    table = pa.table({"y": [float(row) for row in range(200_000)], "x": ["ab"] * 200_000})
    whole = frame_of(table).sha256()
    parts = [table.slice(0, 70_001), table.slice(70_001)]
    noted = pa.concat_tables(parts).replace_schema_metadata({"library": "another"})
    assert frame_of(noted).sha256() == whole
    assert frame_of(table.set_column(0, "y", pa.array([0.0] * 200_000))).sha256() != whole


def test_categories_dates_decimals_and_long_texts_are_what_they_stand_for() -> None:
    frame = pl.DataFrame(
        {
            "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
            "shop": ["a", None],
            "kind": ["x", "y"],
            "price": [decimal.Decimal("1.25"), None],
            "open": [True, None],
            "half": [0.5, 1.5],
            "of_day": [dt.time(6, 30), dt.time(7)],
            "nothing": [None, None],
        },
        schema_overrides={
            "shop": pl.Categorical, "kind": pl.Enum(["x", "y"]), "price": pl.Decimal(10, 2),
            "half": pl.Float32,
        },
    )  # fmt: skip
    cells = read(frame, *frame.columns, text=("day", "shop", "kind", "of_day"))
    assert cells["day"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")]
    assert cells["shop"].isna().tolist() == [False, True]
    assert isinstance(cells["shop"].dtype, pd.StringDtype)
    assert cells["kind"].tolist() == ["x", "y"]
    assert cells["price"].iloc[0] == 1.25
    assert cells["price"].dtype == "float64"
    assert cells["half"].tolist() == [0.5, 1.5]
    assert cells["of_day"].str[:5].tolist() == ["06:30", "07:00"]
    assert cells["nothing"].isna().all()
    large = pa.table({"x": pa.array(["a", "b"], pa.large_string())})
    assert read(large, "x", text=("x",))["x"].tolist() == ["a", "b"]
    coded = pa.table({"x": pa.array(["b", "a", "b"]).dictionary_encode()})
    assert read(coded, "x", text=("x",))["x"].tolist() == ["b", "a", "b"]


def test_stamps_keep_their_zone_and_step_numbers_stay_numbers() -> None:
    zoned = pl.DataFrame({"ds": DAYS}).with_columns(
        pl.col("ds").dt.replace_time_zone("Europe/Vienna")
    )
    assert str(read(zoned, "ds", text=("ds",))["ds"].dtype) == "datetime64[us, Europe/Vienna]"
    steps = pd.DataFrame({"step": pd.array([1, 2, 3], "Int64")})
    assert read(steps, "step", text=("step",))["step"].tolist() == [1, 2, 3]


def test_a_first_look_leaves_columns_out_that_no_table_holds() -> None:
    frame = pl.DataFrame(columns()).with_columns(
        tags=pl.Series([["a"]] * 40), took=pl.lit(dt.timedelta(hours=1)), bytes=pl.lit(b"x")
    )
    look = first_look(frame_of(frame), Given(series_columns=["shop"], targets=["y"]))
    assert look.data.path is None
    assert look.data.timestamp == "ds"
    with pytest.raises(DataError, match=r"column tags: expected numbers, texts or stamps, rec"):
        read(frame, "ds", "tags", text=("ds",))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([1, 2], "received list: make a frame of it, for example with pandas.DataFrame"),
        ({"y": [1]}, "received dict: make a frame of it"),
        (3, "expected a path, or a frame of pandas, Polars, DuckDB, pyarrow .* received int$"),
        (pd.DataFrame, "received type"),
        (pl.DataFrame, "received type"),
        (pd.Series([1], name="y"), r"received pandas.Series: make it a frame, with .to_frame\(\)"),
        (pl.Series("y", [1]), r"received polars.Series: make it a frame, with .to_frame\(\)"),
        (pl.DataFrame({"y": [1]}).lazy(), r"polars.LazyFrame: give its rows, with .collect\(\)"),
        (pa.array([1]), "received pyarrow.Int64Array|cannot be read as a table"),
        (pd.DataFrame([[1, 2]], columns=["y", "y"]), "several columns are called y; rename all"),
        (
            pd.DataFrame({"y": [1]}, index=pd.Index(["2024-01-01"], name="ds")),
            r"its index \(ds\) holds .* make it a column with frame.reset_index\(\)",
        ),
        (
            pd.DataFrame({"y": [1.0, 2]}, index=pd.date_range("2024", periods=2)),
            r"its index holds what only columns can tell",
        ),
        (
            pd.DataFrame({"y": [1]}, index=pd.MultiIndex.from_tuples([("a", 1)])),
            r"reset_index\(drop=True\)",
        ),
        (
            pd.DataFrame({"ds": pd.period_range("2024-01", periods=2, freq="M")}),
            r"column ds: holds periods, .* frame\['ds'\].dt.to_timestamp\(\)",
        ),
        (pd.DataFrame({"y": [1, "a"]}), "the frame: cannot be read as a table: .*column y"),
    ],
)
def test_what_is_no_frame_is_told_with_what_to_do(data: object, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        given_source(data)


def test_an_index_that_is_a_column_as_well_or_only_numbers_rows_is_left_alone() -> None:
    frame = pd.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [1, 2]})
    assert column_names(frame_of(frame.set_index("ds", drop=False))) == ["ds", "y"]
    assert column_names(frame_of(frame[frame.y > 1])) == ["ds", "y"]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["z"], "the frame: no column z; its columns are ds, shop, y, n"),
        (["shop"], "the frame: column shop: expected numbers, received large_string"),
    ],
)
def test_wrong_columns_of_a_frame_are_told_as_those_of_a_file(
    names: list[str], problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        read_table(frame_of(arrow()), columns=names)


def test_columns_of_one_name_and_frames_without_rows_are_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["y", "y"])
    with pytest.raises(DataError, match="the frame: several columns are called y"):
        read_table(frame_of(twice))
    with pytest.raises(DataError, match="the frame: no rows"):
        read_table(frame_of(arrow().slice(0, 0)))


def test_a_frame_that_would_not_fit_is_refused_before_it_is_read() -> None:
    frame = pl.DataFrame({"id": ["x" * 100] * 100_000}, schema={"id": pl.Categorical})
    with pytest.raises(DataError, match="the frame: at least 100,000 rows and 10 MiB of text"):
        read_table(frame_of(frame), columns=["id"], text=["id"], memory_limit=20)


def test_a_path_is_no_frame_and_an_odd_one_is_a_path_too(tmp_path: Path) -> None:
    assert given_source("a.csv") == Path("a.csv")
    assert given_source(tmp_path) == tmp_path
    assert given_source("-") == Path("-")


def test_a_table_comes_back_as_the_kind_that_went_in() -> None:
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=2, tz="UTC"), "y": [1.0, 2]})
    kinds = {
        "pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table, "duckdb": pa.Table,
    }  # fmt: skip
    for library, kind in kinds.items():
        assert isinstance(in_kind(table, frame_of(FRAMES[library]())), kind)
    assert in_kind(table, Path("a.csv"), None) is table
    assert isinstance(in_kind(table, None, frame_of(pl.DataFrame(columns()))), pl.DataFrame)
    polars = in_kind(table, frame_of(pl.DataFrame(columns())))
    assert polars.to_dict(as_series=False)["y"] == [1.0, 2.0]
    assert polars.schema["ds"] == pl.Datetime("us", "UTC")


def test_the_parquet_file_of_a_frame_is_read_as_the_frame(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "day": [dt.date(2024, 1, 1) + dt.timedelta(days=row) for row in range(20)],
            "shop": ["a", "b"] * 10,
            "sold": [decimal.Decimal(row) / 4 for row in range(20)],
            "tags": [["x"]] * 20,
        },
        schema_overrides={"shop": pl.Categorical, "sold": pl.Decimal(10, 2)},
    )
    frame.write_parquet(tmp_path / "a.parquet")
    ours, theirs = (
        read_table(source).frame for source in (frame_of(frame), tmp_path / "a.parquet")
    )
    assert list(ours.columns) == ["day", "shop", "sold"]
    pd.testing.assert_frame_equal(ours, theirs)
