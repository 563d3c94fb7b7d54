"""Forecasts of a table that is read in parts: the same bytes as at once, in memory that does not
grow.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lstm_forecast.commands.predict as command
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke

CONFIG = """\
name: {name}
data: {{path: shops.parquet, timestamp: hour, series_id: [region, shop], targets: [sold, price],
  unseen_series: global, missing: mask, {more}}}
windows: {{context_length: 12, horizon: {horizon}}}
split: {{validation: 12, test: 12}}
preprocessing: {{scope: global, log: false}}
model: {{units: 4, segment_units: 0, ensemble: 1, levels: [80], pretrained: 0}}
training: {{epochs: 0, refit: false, fallback: false}}
"""
RUNS = {  # name of the run: its horizon, and more keys of its data
    "plain": (6, "freq: h"),
    "ahead": (6, "freq: h, covariates: {future: [promo]}"),
    "every": (6, "freq: h, ended_series: forecast"),
    "short": (1, "freq: h, short_series: skip"),
}
SERIES = 40


def shops(*, horizon: int = 6, whole: int = SERIES) -> pd.DataFrame:
    """Hours of shops of which some ended, some miss their newest prices, and each knows its next
    promotions.
    """
    rng, parts = np.random.default_rng(0), []
    for k in range(SERIES):
        length = 60 + k % 5 - (30 if k >= whole else 0)
        hours = np.arange(length + horizon)
        sold = 100 + k + 10 * np.sin(2 * np.pi * hours / 24) + rng.normal(size=len(hours))
        cells = {
            "region": f"r{k % 3}/",
            "shop": k * 7 % 100,
            "hour": pd.Timestamp("2024-01-01", tz="Europe/Paris") + pd.to_timedelta(hours, "h"),
            "sold": np.where(hours < length, sold.round(2), np.nan),
            "price": np.where(hours < length - k % 4, (sold / 7).round(3), np.nan),
            "promo": (hours + k) % 5 == 0,
        }
        parts.append(pd.DataFrame(cells))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with runs."""
    place = tmp_path_factory.mktemp("parts")
    shops().to_parquet(place / "shops.parquet")
    for name, (horizon, more) in RUNS.items():
        text = CONFIG.format(name=name, horizon=horizon, more=more)
        (place / f"{name}.yaml").write_text(text)
    train_all(place, *(["--config", f"{name}.yaml"] for name in RUNS))
    return place


@pytest.fixture
def in_parts(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with parts of a few series."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(command, "rows_within", lambda memory, data: 300)
    return place


def predicted(name: str, data: Path, output: str, *more: str) -> bytes:
    done = invoke(
        "predict", "--run", name, "--data", str(data), "--output", output, "--memory", "1GiB", *more
    )
    assert done.exit_code == 0, done.stderr
    return Path(output).read_bytes()


def at_once(name: str, data: Path, output: str, *more: str) -> bytes:
    done = invoke("predict", "--run", name, "--data", str(data), "--output", output, *more)
    assert done.exit_code == 0, done.stderr
    return Path(output).read_bytes()


def by_series(table: pd.DataFrame, path: Path) -> Path:
    texts = table.assign(shop=table["shop"].astype(str))
    order = texts.sort_values(["region", "shop"], kind="stable").index
    table.loc[order].to_parquet(path, row_group_size=200)
    return path


def by_time(table: pd.DataFrame, path: Path) -> Path:
    table.sort_values(["hour", "sold"]).to_parquet(path, row_group_size=500)
    return path


def in_folders(table: pd.DataFrame, path: Path) -> Path:
    for region, rows in table.groupby("region"):
        folder = path / f"region={str(region).replace('/', '%2F')}"
        folder.mkdir(parents=True)
        rows.drop(columns="region").to_parquet(folder / "rows.parquet")
    return path


def many_texts(table: pd.DataFrame, path: Path) -> Path:
    path.mkdir()
    for k, rows in enumerate(np.array_split(np.random.default_rng(1).permutation(len(table)), 5)):
        table.iloc[rows].to_csv(path / f"{k}.csv", index=False)
    return path


LAYOUTS: dict[str, Callable[[pd.DataFrame, Path], Path]] = {
    "by_series.parquet": by_series,
    "by_time.parquet": by_time,
    "folders": in_folders,
    "texts": many_texts,
}


@pytest.mark.parametrize(
    ("name", "layout"),
    [*(("plain", layout) for layout in LAYOUTS), *((name, "by_time.parquet") for name in RUNS)],
)
def test_the_bytes_are_those_of_all_series_at_once(
    in_parts: Path, tmp_path: Path, name: str, layout: str
):
    data = LAYOUTS[layout](shops(horizon=RUNS[name][0], whole=33), tmp_path / layout)
    for suffix in (".parquet", ".csv"):
        once = at_once(name, data, str(tmp_path / f"once{suffix}"))
        assert predicted(name, data, str(tmp_path / f"parts{suffix}")) == once
    once = at_once(name, data, str(tmp_path / "own.csv"), "--columns", "input", "--digits", "2")
    own = predicted(name, data, str(tmp_path / "own2.csv"), "--columns", "input", "--digits", "2")
    assert own == once


def test_notes_and_counts_are_those_of_the_whole_table(in_parts: Path, tmp_path: Path):
    data = by_time(shops(whole=33), tmp_path / "shops.parquet")
    lines = []
    for more in ([], ["--memory", "1GiB"]):
        output = str(tmp_path / "out.csv")
        done = invoke("predict", "--run", "plain", "--data", str(data), "--output", output, *more)
        lines.append([line for line in done.stderr.splitlines() if "skip leaves out" in line])
    assert lines[0] == lines[1] != []


def test_a_single_series_that_goes_on_keeps_all_of_them(in_parts: Path, tmp_path: Path):
    table = shops(whole=0)
    last = table["shop"] == 39 * 7 % 100
    table.loc[last, "hour"] += pd.Timedelta(hours=40)
    for layout in (by_series, by_time):
        data = layout(table, tmp_path / f"{layout.__name__}.parquet")
        once = at_once("plain", data, str(tmp_path / "once.csv"))
        assert predicted("plain", data, str(tmp_path / "parts.csv")) == once
        assert len(pd.read_csv(tmp_path / "parts.csv")["unique_id"].unique()) == 2 * SERIES


def test_stamps_are_dates_in_all_parts_or_in_none(in_parts: Path, tmp_path: Path):
    table = shops(horizon=1)
    table = table[table["sold"].notna()]
    # the next step of half of the shops is midnight
    ends = table.groupby("shop")["hour"].transform("max")
    midnight = pd.Timestamp("2024-01-03 23:00", tz="Europe/Paris")
    for most in (20, 0):
        early = table["shop"].rank(method="dense") > most
        moved = table.assign(hour=table["hour"] - ends.where(early, midnight) + midnight)
        data = by_series(moved, tmp_path / f"{most}.parquet")
        once = at_once("short", data, str(tmp_path / "once.csv"))
        assert predicted("short", data, str(tmp_path / "parts.csv")) == once


def test_a_fault_is_told_with_its_row_in_the_files(in_parts: Path, tmp_path: Path):
    table = shops()
    table = pd.concat([table, table.iloc[[1234]].assign(sold=1.0)], ignore_index=True)
    for name, layout in LAYOUTS.items():
        data = layout(table, tmp_path / name)
        told = [
            invoke("predict", "--run", "plain", "--data", str(data), *more).stderr
            for more in (["-o", "out.csv"], ["-o", "out.csv", "--memory", "1GiB"])
        ]
        assert "duplicates" in told[0]
        assert told[1].splitlines()[-1] == told[0].splitlines()[-1]


def test_nothing_is_left_beside_the_output_and_a_fault_leaves_the_old_one(
    in_parts: Path, tmp_path: Path
):
    data = by_time(shops(), tmp_path / "shops.parquet")
    place = tmp_path / "out"
    place.mkdir()
    before = predicted("plain", data, str(place / "out.parquet"))
    assert [file.name for file in place.iterdir()] == ["out.parquet"]
    table = shops()
    broken = pd.concat([table, table.iloc[[5]].assign(sold=1.0)])
    data = by_time(broken, tmp_path / "broken.parquet")
    done = invoke(
        "predict", "--run", "plain", "--data", str(data), "--memory", "1GiB",
        "--output", str(place / "out.parquet"),
    )  # fmt: skip
    assert done.exit_code == 4
    assert [file.name for file in place.iterdir()] == ["out.parquet"]
    assert (place / "out.parquet").read_bytes() == before


def test_json_tells_where_the_table_is(in_parts: Path, tmp_path: Path):
    output = str(tmp_path / "out.csv")
    done = invoke("predict", "--run", "plain", "--memory", "1GiB", "--output", output, "--json")
    assert json.loads(done.stdout)["output"] == output


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "give --output FILE.parquet"),
        (["--output", "a.json"], "expected a name that ends in .csv, .parquet"),
        (["--output", "a.csv", "--digits", "auto"], "give a number of digits"),
        (["--output", "a.csv", "--future", "f.csv"], "behind its last targets"),
    ],
)
def test_what_takes_all_forecasts_at_once_is_refused(in_parts: Path, more: list[str], told: str):
    done = invoke("predict", "--run", "plain", "--memory", "1GiB", *more)
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("size", "told"), [("much", "expected a size such as 1GiB"), ("20MB", "MiB or more")]
)
def test_a_size_that_is_none_or_too_small_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, size: str, told: str
):
    monkeypatch.chdir(place)
    done = invoke("predict", "--run", "plain", "--memory", size, "--output", "a.csv")
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr
