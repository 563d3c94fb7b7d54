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
from lstm_forecast.panel import parts, series_order
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
    "german": (6, "freq: h, timestamp_format: '%d.%m.%Y %H:%M', timezone: Europe/Paris"),
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
    in_german(shops(), place / "german.parquet")
    for name, (horizon, more) in RUNS.items():
        text = CONFIG.format(name=name, horizon=horizon, more=more)
        text = text.replace("shops.parquet", "german.parquet") if name == "german" else text
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


def in_german(table: pd.DataFrame, path: Path) -> Path:
    texts = table["hour"].dt.strftime("%d.%m.%Y %H:%M")
    table.assign(hour=texts).to_parquet(path)
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


OTHERS = {"german": in_german}
LAYOUTS: dict[str, Callable[[pd.DataFrame, Path], Path]] = {
    "by_series.parquet": by_series,
    "by_time.parquet": by_time,
    "folders": in_folders,
    "texts": many_texts,
}


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        *(("plain", layout) for layout in LAYOUTS),
        *((name, "by_time.parquet") for name in RUNS if name != "german"),
        ("german", "german"),
    ],
)
def test_the_bytes_are_those_of_all_series_at_once(
    in_parts: Path, tmp_path: Path, name: str, layout: str
):
    data = (LAYOUTS | OTHERS)[layout](
        shops(horizon=RUNS[name][0], whole=33),
        tmp_path / f"{layout}.parquet" if layout == "german" else tmp_path / layout,
    )
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


def odd_stamps(table: pd.DataFrame) -> pd.DataFrame:
    """The shops of the last regions half an hour later."""
    later = pd.to_timedelta(np.where(table["region"] > "r0/", 30, 0), "min")
    return table.assign(hour=table["hour"] + later)


def two_zones(table: pd.DataFrame) -> pd.DataFrame:
    texts = table["hour"].dt.tz_localize(None).astype(str)
    return table.assign(hour=texts + np.where(table["region"] == "r0/", "+01:00", "+02:00"))


ALL_TELL: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "steps": (odd_stamps, "lies between the steps of freq h"),
    "zones": (two_zones, "stamps in UTC+01:00 stand beside some in"),
    "other dates": (
        lambda table: table.assign(hour=table["hour"].dt.strftime("%d.%m.%Y %H:%M")),
        "stamps that do not begin like 2024-01-31",
    ),
    "decimals": (lambda table: table.assign(shop=table["shop"] + 0.5), "ids that are double"),
    "stamps": (
        lambda table: table.assign(shop=table["hour"].min() + pd.to_timedelta(table["shop"], "D")),
        "ids that are timestamp",
    ),
}


@pytest.mark.parametrize("kind", ALL_TELL)
def test_what_only_all_rows_tell_is_refused(
    in_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setattr(command, "rows_within", lambda memory, data: 1)  # a series in each part
    change, told = ALL_TELL[kind]
    change(shops()).sort_values(["region", "shop"]).to_parquet(tmp_path / "odd.parquet")
    done = invoke(
        "predict", "--run", "plain", "--data", str(tmp_path / "odd.parquet"), "--memory", "1GiB",
        "--output", str(tmp_path / "out.csv"),
    )  # fmt: skip
    assert done.exit_code == 4
    assert told in done.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("chunk", [200, 1000])
def test_files_that_are_longer_than_what_is_sorted_at_once_are_read_whole(
    in_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
):
    for module in (parts, series_order):
        monkeypatch.setattr(module, "CHUNK_ROWS", chunk)
    table = shops()
    data = tmp_path / "texts"
    data.mkdir()
    for k, early in enumerate((True, False)):
        rows = (table["hour"] < table["hour"].min() + pd.Timedelta(hours=40)) == early
        table[rows].to_csv(data / f"{k}.csv", index=False)
    once = at_once("plain", data, str(tmp_path / "once.csv"))
    assert predicted("plain", data, str(tmp_path / "parts.csv")) == once


@pytest.mark.parametrize("layout", [by_series, by_time])
@pytest.mark.parametrize("fewer", [False, True])
def test_a_table_that_changes_while_it_is_read_is_refused(
    in_parts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    layout: Callable[[pd.DataFrame, Path], Path],
    fewer: bool,
):
    data = layout(shops(), tmp_path / "shops.parquet")

    def written_to(*given: object, **named: object) -> object:
        """What reads the table in parts, which is written to before the first one is asked for."""
        found = parts.parts_of(*given, **named)
        layout(shops()[: 900 if fewer else None].assign(sold=1.0), data)
        return found

    monkeypatch.setattr(command, "parts_of", written_to)
    done = invoke(
        "predict", "--run", "plain", "--data", str(data), "--memory", "1GiB",
        "--output", str(tmp_path / "out.csv"),
    )  # fmt: skip
    assert (done.exit_code, "changed while it was read" in done.stderr) == (4, True), done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_counts_are_those_of_all_parts_also_of_parts_that_nothing_is_left_of(
    in_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(command, "rows_within", lambda memory, data: 1)  # a series in each part
    table = shops(horizon=1)
    first = table.groupby(["region", "shop"]).cumcount()
    data = by_series(table[(table["shop"] > 20) | (first < 5)], tmp_path / "shops.parquet")
    told = [
        invoke("predict", "--run", "short", "--data", str(data), "-o", "out.csv", *more).stderr
        for more in ([], ["--memory", "1GiB"])
    ]
    lines = [[line for line in text.splitlines() if "settled" in line] for text in told]
    assert lines[0] == lines[1] != []


def test_a_table_without_rows_is_told(in_parts: Path, tmp_path: Path):
    shops()[:0].to_parquet(tmp_path / "none.parquet")
    done = invoke(
        "predict", "--run", "plain", "--data", str(tmp_path / "none.parquet"), "--memory", "1GiB",
        "--output", "out.csv",
    )  # fmt: skip
    assert (done.exit_code, "no rows" in done.stderr) == (4, True), done.stderr


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
