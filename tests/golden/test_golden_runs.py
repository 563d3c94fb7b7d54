"""Runs that version 0.1.0 published go on loading, and forecast and measure what they did then."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.forecasting.golden import GOLDEN_TOLERANCE

GOLDEN = Path(__file__).parent / "0.1.0"
ASKED = {"shops": ["--future", str(GOLDEN / "future.csv")], "power": ["--horizon", "9"]}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "old")
    return tmp_path / "old" / "runs"


def answer(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ASKED)
def test_an_old_run_is_whole_and_forecasts_as_it_did_when_it_was_published(
    name: str, runs: Path
) -> None:
    (checked,) = json.loads(answer("runs", "verify", "--run", name, "--runs", str(runs), "--json"))[
        "runs"
    ]
    assert checked["problems"] == []
    assert checked["difference"] <= GOLDEN_TOLERANCE


@pytest.mark.parametrize("name", ASKED)
def test_an_old_run_forecasts_the_future_that_it_forecast(name: str, runs: Path) -> None:
    found = answer("predict", "--run", name, "--runs", str(runs), *ASKED[name])
    expected = (GOLDEN / f"{name}-forecast.csv").read_text()
    now, then = (pd.read_csv(io.StringIO(text)) for text in (found, expected))
    assert list(now.columns) == list(then.columns)
    texts = ["unique_id", "ds", "cutoff"]
    pd.testing.assert_frame_equal(now[texts], then[texts])
    numbers = [column for column in then.columns if column not in texts]
    largest = np.abs(then[numbers].to_numpy()).max()
    assert np.abs(now[numbers].to_numpy() - then[numbers].to_numpy()).max() <= (
        GOLDEN_TOLERANCE * largest
    )


def close(found: Any, expected: Any, where: str = "") -> None:
    """Everything that 0.1.0 told is told still, numbers within what machines round differently."""
    if isinstance(expected, dict):
        assert expected.keys() <= found.keys(), where
        for key, value in expected.items():
            close(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            close(one, other, f"{where}[{index}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6), where
    else:
        assert found == expected, where


@pytest.mark.parametrize("name", ASKED)
def test_an_old_run_is_measured_as_it_was(name: str, runs: Path) -> None:
    found = json.loads(answer("backtest", "--run", name, "--runs", str(runs), "--json"))
    expected = json.loads((GOLDEN / f"{name}-backtest.json").read_text())
    close({**found, "path": ""}, {**expected, "path": ""})


@pytest.mark.parametrize("name", ASKED)
def test_an_old_run_is_listed_and_shown_as_a_champion_that_is_whole(name: str, runs: Path) -> None:
    (listed,) = json.loads(answer("runs", "list", "--run", name, "--runs", str(runs), "--json"))[
        "runs"
    ]
    assert (listed["champion"], listed["state"]) == (True, "readable")
    shown = json.loads(answer("runs", "show", "--run", name, "--runs", str(runs), "--json"))
    metrics = json.loads((runs / name / listed["run"] / "metrics.json").read_text())
    close(shown["metrics"], metrics)
