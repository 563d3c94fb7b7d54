"""Blanks around the ids of series: ``init`` finds them, a run that leaves them out reads files with
and without them alike, and a run of 0.1.0 whose ids have some forecasts as it did.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.forecasting.golden import GOLDEN_TOLERANCE
from lstm_forecast.store import open_run
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object, read_csv
from tests.reliability.hostile_runs import seal

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"
SMALL = """
windows: {horizon: 3, context_length: 7, season_length: 7}
split: {validation: 10, test: 10}
preprocessing: {log: false}
model: {units: 4, ensemble: 1, levels: [80], cell: gru, segment_length: 1}
training: {epochs: 0, refit: false}
"""


def table(pad: str, *, rows: int = 60, first: int = 0) -> str:
    days = pd.date_range("2024-01-01", periods=60 + 3).strftime("%Y-%m-%d")
    steps = range(first, first + rows)
    lines = [
        f"{pad.format(shop)},{days[k]},{'' if k >= 60 else 10 + k % 7 + size},{k % 2}"
        for size, shop in enumerate(("north", "east"))
        for k in steps
    ]
    return "\n".join(["shop,day,sold,promo", *lines, ""])


def test_blanks_are_found_told_once_and_left_out_by_all_that_a_run_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(table("{:8}"))
    found = one_object(invoke("init", "t.csv", "--target", "sold", "-o", "t.yaml", "--json").stdout)
    assert found["policies"] == {"padded_ids": "strip"}
    told = [line for line in found["findings"] if "padded" in line or "blanks" in line]
    assert told == ["padded_ids: 120 rows: data.padded_ids: strip (t.csv:2)"]
    data = Path("t.yaml").read_text().partition("\nsplit:")[0]
    Path("t.yaml").write_text(f"{data}\n  covariates: {{future: [promo]}}\n{SMALL}")
    train_all(tmp_path, ["--config", "t.yaml"])
    tables = []
    for name, pad, ahead in (("a", "{:8}", " {}"), ("b", "{}", "{}"), ("c", "  {}", "{:9}")):
        Path(f"{name}.csv").write_text(table(pad))
        Path(f"{name}-future.csv").write_text(table(ahead, rows=3, first=60))
        options = ("--data", f"{name}.csv", "--future", f"{name}-future.csv")
        tables.append(read_csv(invoke("predict", "--run", "t", *options)))
    assert [*tables[0]["unique_id"].unique()] == ["east", "north"]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other)


def test_ids_that_are_one_without_their_blanks_are_refused_or_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = table("{}").splitlines() + table("{} ").splitlines()[1:]
    Path("t.csv").write_text("\n".join([*rows, ""]))
    refused = invoke("init", "t.csv", "-o", "t.yaml")
    assert refused.exit_code == 4
    assert "t.csv:122: column shop: 'north ' is 'north' but for blanks around it" in refused.output
    keep = ("--set", "data.padded_ids=keep", "--json")
    kept = one_object(invoke("init", "t.csv", "-o", "t.yaml", *keep).stdout)
    assert kept["series"] == 4


def test_a_run_of_0_1_0_whose_ids_have_blanks_forecasts_as_it_did(tmp_path: Path) -> None:
    old = shutil.copytree(GOLDEN, tmp_path / "old")
    run = open_run(old / "runs" / "shops").path
    scaler = json.loads((run / "scaler.json").read_text())
    blanks = {shop: f" {shop}  " for shop in scaler["series"]}
    scaler["series"] = {blanks[shop]: numbers for shop, numbers in scaler["series"].items()}
    (run / "scaler.json").write_text(json.dumps(scaler))
    for path in (run / "history.csv", old / "shops.csv", old / "future.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame.replace({"shop": blanks}).to_csv(path, index=False)
    seal(run)
    asked = ("--run", "shops", "--runs", old / "runs", "--future", old / "future.csv")
    now, then = read_csv(invoke("predict", *asked)), pd.read_csv(GOLDEN / "shops-forecast.csv")
    assert {*now["unique_id"]} == {*blanks.values()}
    numbers = [*then.columns.drop(["unique_id", "ds", "cutoff"])]
    now["unique_id"] = now["unique_id"].str.strip()
    now, then = (each.sort_values(["unique_id", "ds"])[numbers].to_numpy() for each in (now, then))
    assert np.abs(now - then).max() <= GOLDEN_TOLERANCE * np.abs(then).max()
