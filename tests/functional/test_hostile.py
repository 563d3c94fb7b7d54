"""Runs made to harm whoever loads them: refused with exit code 5, before code runs, memory fills or
a file changes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.errors import RunError
from lstm_forecast.forecasting.loaded import load_run
from lstm_forecast.store import open_run
from tests.functional.conftest import environment
from tests.reliability.hostile_runs import HOSTILE, NETWORKS, forge, seal


@pytest.fixture(scope="session")
def outcomes(
    once: Callable[[str, Callable[[Path], None]], Path], trained: Path
) -> dict[str, dict[str, Any]]:
    def fill(directory: Path) -> None:
        (directory / "outcomes.json").write_text(json.dumps(forge(directory, trained)))

    content = json.loads((once("hostile", fill) / "outcomes.json").read_text())
    return {row["name"]: row for row in content}


def test_there_are_many_hostile_runs(outcomes: dict[str, dict[str, Any]]) -> None:
    assert len(outcomes) == len(HOSTILE) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_run_is_refused_without_any_side_effect(
    outcomes: dict[str, dict[str, Any]], name: str
) -> None:
    row = outcomes[name]
    assert row["exit_code"] == 5, row
    assert row["events"] == []
    assert row["mib"] < 64


@pytest.mark.parametrize(
    "name", ["expand_bomb", "metadata", "second_input", "network_is_pickle", "empty_network"]
)
def test_the_network_that_a_backtest_asks_is_taken_apart_as_well(
    trained: Path, tmp_path: Path, name: str
) -> None:
    run = copied(trained, tmp_path)
    sound = (run / "network.onnx").read_bytes()
    NETWORKS[name](run)
    (run / "network.onnx").replace(run / "evaluated.onnx")
    (run / "network.onnx").write_bytes(sound)
    seal(run)
    load_run(open_run(run))
    with pytest.raises(RunError, match=r"damaged|not a regular file"):
        load_run(open_run(run), evaluated=True)


def copied(trained: Path, directory: Path) -> Path:
    shutil.copytree(trained / "runs" / "sine", directory / "sine")
    return open_run(directory / "sine").path


def test_what_is_never_read_can_hold_anything(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    run = open_run(tmp_path / "copy" / "runs" / "sine").path
    (run / "network.keras").unlink()
    os.mkfifo(run / "network.keras")
    command = [sys.executable, "-m", "lstm_forecast", "predict", "--run", "sine"]
    result = subprocess.run(
        command,
        cwd=tmp_path / "copy",
        env=environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
