"""Covariates from the table to the forecast: one tiny training, and all that reads its run."""

import io
import json
import math
import shlex
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.loading import load_config, parse_config
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.store import open_run
from lstm_forecast.training.prepare import prepare
from tests.functional.conftest import ROOT, train_all
from tests.functional.test_cli import HEAVY, invoke, loaded_modules, one_object, read_csv

CONFIG = """\
name: stores
data:
  path: stores.csv
  timestamp: day
  series_id: store
  targets: [sold, spent]
  covariates: {future: [promo, price], static: [region, size], calendar: day_of_week, holidays: AT}
split: {validation: 8, test: 8}
preprocessing: {log: true}
windows: {context_length: 8, horizon: 4, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80]}
training: {epochs: 1, batch_size: 64, steps_per_epoch: 0, fallback: false, refit: false}
"""
STORES = {"001": ("north", 2.5), "002": ("south", 4.0)}
LAST = date(2024, 3, 31)


def stores(start: date, days: int, *, known: bool = True) -> pd.DataFrame:
    """Sales that a promotion doubles; without targets where only the future is ``known``."""
    rows = []
    for number, (store, (region, size)) in enumerate(STORES.items()):
        for day in (start + timedelta(k) for k in range(days)):
            k = day.toordinal() + 3 * number
            promo, price = k % 11 in (3, 4), 5 + k % 4 / 10
            sold = round((10 + 3 * math.sin(k / 3)) * (1 + promo), 3)
            rows.append((store, day, sold, sold * price, str(promo).upper(), price, region, size))
    columns = ["store", "day", "sold", "spent", "promo", "price", "region", "size"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame if known else frame.assign(sold=np.nan, spent=np.nan)


def past() -> pd.DataFrame:
    return stores(LAST - timedelta(79), 80)


def future(days: int = 4) -> pd.DataFrame:
    return stores(LAST + timedelta(1), days, known=False)


@pytest.fixture(scope="session")
def stored(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The run ``stores`` beside its data, and ``future.csv``. Shared: read it only."""

    def fill(directory: Path) -> None:
        past().to_csv(directory / "stores.csv", index=False)
        future()[["store", "day", "promo", "price"]].to_csv(directory / "future.csv", index=False)
        (directory / "stores.yaml").write_text(CONFIG)
        (directory / "stderr.txt").write_text(train_all(directory, ["-c", "stores.yaml"]))

    return once("stored", fill)


@pytest.fixture
def work(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``stored`` to write in, and the current directory."""
    monkeypatch.chdir(shutil.copytree(stored, tmp_path / "work"))
    return tmp_path / "work"


def predicted(*args: str | Path) -> pd.DataFrame:
    return read_csv(invoke("predict", *args))


def ridge_error(**covariates: object) -> float:
    """Validation error of the linear part of the shipped config, with some of its covariates
    changed.
    """
    overrides = [f"data.covariates.{name}={value}" for name, value in covariates.items()]
    # so that no time goes into looking for them
    settled = ["preprocessing.log=false", "model.linear=ridge"]
    path = ROOT / "configs" / "covariates.yaml"
    config = load_config(path, overrides=[*overrides, *settled], environment={})
    prepared = prepare(config, path.parent / config.data.path)
    assert prepared.validation is not None
    linear = fit_linear(prepared.windows())
    batches = list(prepared.validation.windows.batches(1000))
    return float(
        np.mean([np.abs(linear.predict(batch.inputs) - batch.targets).mean() for batch in batches])
    )


def test_the_shipped_config_forecasts_better_than_without_what_it_knows_ahead() -> None:
    assert ridge_error() < 0.95 * ridge_error(future="[]", calendar="[]")


def test_a_run_holds_all_that_is_needed_to_rebuild_what_it_saw(stored: Path) -> None:
    run = open_run(stored / "runs" / "stores")
    config = parse_config(run.read("config.yaml").decode(), source="")
    assert config.data.covariates.categories == {"region": ("north", "south")}
    names = [name for name, *_ in json.loads(run.read("scaler.json"))["known"]]
    calendar = ["day_of_week sine", "day_of_week cosine", "holiday AT"]
    assert names == ["promo", "price", *calendar, "region north", "region south", "size"]


def test_forecasts_are_those_of_each_target_with_what_is_known_of_its_days(work: Path) -> None:
    table = predicted("--future", "future.csv")
    assert sorted(set(table["unique_id"])) == ["001/sold", "001/spent", "002/sold", "002/spent"]
    assert table.groupby("unique_id").size().tolist() == [4] * 4
    days = pd.read_csv("future.csv", dtype="str")
    days.assign(promo=days["promo"].map({"TRUE": "FALSE", "FALSE": "TRUE"})).to_csv(
        "other.csv", index=False
    )
    changed = predicted("--future", "other.csv")
    assert (changed["stores"] != table["stores"]).all()
    assert changed[["unique_id", "ds", "cutoff"]].equals(table[["unique_id", "ds", "cutoff"]])


def test_rows_without_targets_at_the_end_of_the_table_do_the_same_as_a_file(work: Path) -> None:
    expected = predicted("--future", "future.csv")
    pd.concat([past(), future(days=6)]).to_csv("longer.csv", index=False)
    assert predicted("--data", "longer.csv").equals(expected)
    # promo is read as true and false
    days = pd.read_csv("future.csv", dtype={"store": "str"}, parse_dates=["day"])
    days.to_parquet("f.parquet")
    assert predicted("--future", "f.parquet").equals(expected)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_template_is_what_predict_needs_once_it_is_filled_in(work: Path, suffix: str) -> None:
    path = f"template.{suffix}"
    result = invoke("template", "--output", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}\n")
    refused = invoke("predict", "--future", path)
    assert refused.exit_code == 4
    assert "series 001, 2024-04-01 00:00:00: column promo: no value" in refused.stderr
    assert "16 such problems; all rows that are needed are there: fill in" in refused.stderr
    read, write = (
        (pd.read_csv, pd.DataFrame.to_csv)
        if suffix == "csv"
        else (pd.read_parquet, pd.DataFrame.to_parquet)
    )
    table = read(path)
    assert table.columns.tolist() == ["store", "day", "promo", "price"]
    known = future()
    write(table.assign(promo=known["promo"].eq("TRUE"), price=known["price"]), path, index=False)
    kept = {"store": "str"}  # as 001 is no number
    if suffix == "csv":
        pd.read_csv(path, dtype=kept).assign(store=known["store"]).to_csv(path, index=False)
    assert predicted("--future", path).equals(predicted("--future", "future.csv"))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_template_overwrites_what_is_filled_in_only_where_that_is_said(
    work: Path, suffix: str
) -> None:
    path = Path(f"future.{suffix}")
    path.write_bytes(b"filled in")
    refused = invoke("template", "--output", path)
    assert (refused.exit_code, refused.stdout) == (7, "")
    assert f"{path}: exists already; choose another with --output" in refused.stderr
    assert path.read_bytes() == b"filled in"
    assert invoke("template", "--output", path, "--force").exit_code == 0
    assert path.read_bytes() != b"filled in"


def test_the_template_begins_where_newer_data_end(work: Path) -> None:
    stores(LAST - timedelta(50), 60).to_csv("newer.csv", index=False)
    result = invoke("template", "--data", "newer.csv")
    assert pd.read_csv(io.StringIO(result.stdout), dtype="str")["day"].str[:10].tolist()[:2] == [
        "2024-04-10",
        "2024-04-11",
    ]
    content = one_object(invoke("template", "--json").stdout)
    assert len(content["future"]) == 8
    first = content["future"][0]
    assert (first["store"], first["day"][:10], first["promo"], first["price"]) == (
        "001",
        "2024-04-01",
        None,
        None,
    )
    assert one_object(invoke("template", "--json", "-o", "t.csv").stdout) == {
        "ok": True,
        "output": "t.csv",
    }


def test_what_training_prints_as_next_runs_as_it_stands(work: Path) -> None:
    lines = (work / "stderr.txt").read_text().splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("next: "))
    first, told, *others = (
        line.removeprefix("next: ").strip() for line in lines[start : start + 4]
    )
    assert told == "and, with its cells filled in:"
    Path("future.csv").unlink()
    assert invoke(*shlex.split(first)[1:]).exit_code == 0
    rows = pd.read_csv("future.csv", dtype={"store": "str"})
    rows.assign(promo="TRUE", price=1.5).to_csv("future.csv", index=False)
    for command in others:
        assert invoke(*shlex.split(command)[1:]).exit_code == 0


def test_what_is_wrong_with_the_future_is_named_and_exits_4(work: Path) -> None:
    days = pd.read_csv("future.csv", dtype="str")
    days.drop(columns="price").assign(weather="sun").to_csv("columns.csv", index=False)
    wrong = invoke("predict", "--future", "columns.csv")
    assert wrong.exit_code == 4
    assert "columns.csv: no column price" in wrong.stderr
    days[1:].to_csv("rows.csv", index=False)
    content = one_object(invoke("predict", "--future", "rows.csv", "--json").stdout)
    assert content["exit_code"] == 4
    assert content["problems"][0].startswith(
        "series 001, 2024-04-01 00:00:00: no row of the future, where promo, price"
    )
    days.assign(promo="maybe").to_csv("cells.csv", index=False)
    assert (
        "column promo: expected a number, received 'maybe'"
        in invoke("predict", "--future", "cells.csv").stderr
    )
    nothing = invoke("predict")
    assert nothing.exit_code == 4
    command = "forecast template --run stores --output future.csv"
    assert f"8 such problems; `{command}` writes the rows that are needed" in nothing.stderr
    newer = invoke("predict", "--data", "stores.csv").stderr
    assert "`forecast template --run stores --data stores.csv --output future.csv` writes" in newer


def test_a_shorter_horizon_is_cut_and_a_longer_one_refused(work: Path) -> None:
    whole = predicted("--future", "future.csv")
    cut = predicted("--future", "future.csv", "--horizon", "2")
    first = whole[whole.groupby("unique_id").cumcount() < 2].reset_index(drop=True)
    assert cut.equals(first)
    longer = invoke("predict", "--future", "future.csv", "--horizon", "5")
    assert longer.exit_code == 2
    assert (
        "with covariates no forecast is rolled further; train with windows.horizon: 5"
        in longer.stderr
    )


def test_a_category_not_seen_in_training_is_said_and_forecast_as_none(work: Path) -> None:
    past().replace({"region": {"south": "west"}}).to_csv("west.csv", index=False)
    result = invoke("predict", "--data", "west.csv", "--future", "future.csv")
    assert "column region: 1 series have a category not seen in training" in result.stderr
    table, known = read_csv(result), predicted("--future", "future.csv")
    same = table["stores"] == known["stores"]
    assert same.groupby(table["unique_id"].str[:3]).all().to_dict() == {"001": True, "002": False}


def test_a_static_value_that_changes_exits_4(work: Path) -> None:
    moved = past()
    moved.loc[moved["day"] > LAST - timedelta(2), "region"] = "east"
    moved.to_csv("moved.csv", index=False)
    result = invoke("predict", "--data", "moved.csv", "--future", "future.csv")
    assert result.exit_code == 4
    assert (
        "moved.csv:80: series 001, 2024-03-30 00:00:00: column region: east, after north in the"
        " same" in result.stderr
    )


def test_a_picture_needs_the_future_too(work: Path) -> None:
    assert invoke("plot").exit_code == 4
    result = invoke("plot", "--future", "future.csv")
    assert (result.exit_code, result.stdout) == (0, "stores-forecast.png\n")
    assert invoke("plot", "training", "--future", "future.csv").exit_code == 2


def test_a_run_without_future_covariates_needs_no_rows(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    for args in (
        ["template", "--run", "sine"],
        ["predict", "--run", "sine", "--future", "sine.csv"],
    ):
        result = invoke(*args)
        assert result.exit_code == 2
        assert "this run needs no rows of the future" in result.stderr


def test_neither_the_template_nor_a_forecast_with_covariates_imports_keras(stored: Path) -> None:
    allowed = {"pandas", "numpy", "pyarrow", "onnxruntime"}
    for args in (["template"], ["predict", "--future", "future.csv"]):
        code, loaded = loaded_modules(*args, cwd=stored)
        assert code == 0
        assert loaded & set(HEAVY) <= allowed


def test_a_backtest_sees_what_was_known_ahead_and_says_what_it_matters(work: Path) -> None:
    report = one_object(invoke("backtest", "--importance", "--json").stdout)
    measured = pd.read_parquet(
        io.BytesIO(open_run(work / "runs" / "stores").read("forecasts.parquet"))
    )
    assert report["errors"]["forecast"]["mae"] == pytest.approx(
        (measured["stores"] - measured["y"]).abs().mean()
    )
    inputs = {row["input"]: row["growth"] for row in report["importance"]}
    assert {"target", "promo", "price", "size", "region north"} <= set(inputs)
    assert inputs["promo"] > 0  # a promotion doubles the sales of its day
