"""Tables that would take more memory than they may are refused before they do, whatever they are
packed in.
"""

import bz2
import gzip
import lzma
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import read_table

MIB = 2**20
ROW = b"2024-01-01,1.5\n"


def refused(path: Path, limit: int, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, memory_limit=limit, **options)  # type: ignore[arg-type]
    return str(caught.value)


def zipped(content: bytes) -> bytes:
    path = Path("packed.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        ("gz", gzip.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
        ("zip", zipped),
        ("", bytes),
    ],
)
def test_text_is_counted_as_it_is_unpacked_and_not_as_it_is_stored(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"a.csv.{suffix}".rstrip(".")
    path.write_bytes(pack(b"ds,y\n" + ROW * (8 * MIB // len(ROW))))
    tracemalloc.start()
    message = refused(path, 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message.startswith(f"{path}: at least ")
    assert (
        "training.memory_limit allows 20; keep fewer rows or columns, or raise"
        " training.memory_limit" in message
    )
    assert peak < 32 * MIB
    assert len(read_table(path, memory_limit=400).frame) == 8 * MIB // len(ROW)


def test_all_files_of_a_directory_count_together(tmp_path: Path) -> None:
    for k in range(8):
        (tmp_path / f"{k}.csv").write_bytes(b"ds,y\n" + ROW * 40_000)
    assert len(read_table(tmp_path / "0.csv", memory_limit=20).frame) == 40_000
    assert refused(tmp_path, 20).startswith(f"{tmp_path}: at least ")


def test_cells_of_two_bytes_count_as_the_numbers_that_they_become(tmp_path: Path) -> None:
    names = [f"c{k}" for k in range(64)]
    path = tmp_path / "a.csv"
    path.write_text(",".join(names) + "\n" + (",".join("1" * 64) + "\n") * 10_000)  # 1.2 MiB
    assert "rows and 0 MiB of text inside, which would take 1" in refused(path, 10, columns=names)
    assert len(read_table(path, columns=names[:3], memory_limit=10).frame) == 10_000


def test_one_line_without_an_end_is_refused_though_it_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"ds,y\n1,2\n" + b"," * (16 * MIB))
    assert "which would take" in refused(path, 100, columns=["y"])


def test_a_file_that_is_sparse_behind_its_first_rows_is_named_at_the_hole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"ds,y\n" + ROW * 40_000)
    with path.open("r+b") as file:
        file.truncate(8 * 2**30)
    assert (
        refused(path, 10_000)
        == f"{path}: nothing but zeros from byte 1,048,576 on; the file is damaged"
    )


def test_rows_of_parquet_count_by_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    zeros = pa.DictionaryArray.from_arrays(pa.array(np.zeros(MIB, np.int32)), pa.array([1.5]))
    pq.write_table(
        pa.table({"ds": zeros.cast(pa.float64()), "y": zeros.cast(pa.float64())}),
        path,
        compression="zstd",
    )
    assert path.stat().st_size < MIB / 8
    assert "1,048,576 rows" in refused(path, 50, columns=["ds", "y"])
    assert len(read_table(path, columns=["ds", "y"], memory_limit=300).frame) == MIB


@pytest.mark.parametrize("columns", [None, ["id", "y"]])
def test_a_long_text_that_recurs_in_parquet_counts_once_a_row(
    columns: list[str] | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"id": ["x" * MIB] * 500, "y": np.arange(500.0)}), path, compression="zstd"
    )
    assert path.stat().st_size < MIB / 8
    text = ["id"] if columns else []
    assert "500 rows and 500 MiB of text" in refused(path, 200, columns=columns, text=text)


def test_one_text_too_long_for_memory_is_refused_by_the_footer_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["x" * (64 * MIB)], "y": [1.0]}), path, compression="zstd")
    assert path.stat().st_size < MIB / 8
    assert "64 MiB of text" in refused(path, 100, columns=["id", "y"], text=["id"])


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("columns", [None, ["id", "y"]])
def test_a_text_that_nobody_could_look_at_in_time_is_refused_with_its_place(
    form: str, columns: list[str] | None, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{form}"
    frame = pd.DataFrame({"id": ["a", None, "x" * 2**16 + "y"], "y": [1, 2, 3]})
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    place = f"{path}:4" if form == "csv" else f"{path}, row 3"
    text = ["id"] if columns else []
    assert refused(path, 100, columns=columns, text=text).startswith(
        f"{place}: column id: a text of 65,537 characters"
    )
    frame["id"] = frame["id"].str[:-1]
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    assert len(read_table(path, columns=columns, text=text).frame) == 3


def test_values_of_lists_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"y": [[0.0] * (4 * MIB)], "ds": [1]}), path, compression="zstd")
    assert list(read_table(path, memory_limit=1).frame.columns) == ["ds"]
    assert "column y: expected numbers, texts or stamps, received list" in refused(
        path, 1, columns=["ds", "y"]
    )


def test_texts_that_recur_come_out_of_parquet_as_they_went_in(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"id": ["a", None, "ü", "a"], "day": pd.date_range("2024", periods=4), "y": [1, 2, 3, 4]}
    )
    for name in ("a", "b"):
        frame.to_parquet(tmp_path / f"{name}.parquet")
    read = read_table(tmp_path, columns=["id", "day", "y"], text=["id", "day"]).frame
    plain = pq.read_table(tmp_path, columns=["id", "day", "y"]).to_pandas(ignore_metadata=True)
    pd.testing.assert_frame_equal(read, plain)


def test_without_a_limit_the_memory_that_is_left_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_forecast.tables.files.budget.available_memory", lambda: 10 * MIB)
    path = tmp_path / "a.csv"
    path.write_bytes(b"ds,y\n" + ROW * 400_000)
    for limit in (None, 1000):
        with pytest.raises(
            DataError,
            match="there is room for 10; keep fewer rows or columns, or use a machine with",
        ):
            read_table(path, memory_limit=limit)
