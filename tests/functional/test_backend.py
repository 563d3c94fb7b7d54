"""Keras on JAX trains the same configs: ``KERAS_BACKEND`` chooses what computes."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.store import open_run
from lstm_forecast.store.documents import read_manifest
from tests.functional.conftest import environment, forecast_command

CONFIG = """\
name: waves
data: {path: waves.csv, timestamp: step, targets: y}
windows: {horizon: 5, context_length: 20, season_length: 20, normalisation: last}
split: {validation: 40, test: 40}
preprocessing: {log: false, support: real}
model: {cell: coupled_lstm, units: 4, ensemble: 1, levels: [80], segment_length: 5, pretrained: 0}
training: {epochs: 2, batch_size: 32, fallback: false, refit: false}
"""
Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def trained_on_jax(once: Once) -> Path:
    """A run that JAX trained, and what was printed. Shared: read it only."""

    def fill(directory: Path) -> None:
        values = np.sin(np.arange(300) * np.pi / 10).round(4)
        table = pd.DataFrame({"step": np.arange(300), "y": values})
        table.to_csv(directory / "waves.csv", index=False)
        (directory / "waves.yaml").write_text(CONFIG)
        result = subprocess.run(
            forecast_command("train", "-c", "waves.yaml", "--json"),
            cwd=directory,
            env=environment(KERAS_BACKEND="jax"),
            capture_output=True,
            text=True,
            check=False,
        )
        (directory / "told.json").write_text(json.dumps(vars(result), default=str))

    return once("trained_on_jax", fill)


def test_a_run_that_jax_trained_is_published_and_says_so(trained_on_jax: Path) -> None:
    """Publishing checks that the ONNX network predicts what Keras does."""
    told = json.loads((trained_on_jax / "told.json").read_text())
    assert told["returncode"] == 0, told["stderr"]
    assert "Traceback" not in told["stderr"]
    manifest = read_manifest(open_run(trained_on_jax / "runs" / "waves"))
    assert (manifest.published, manifest.devices) == ("network", ("cpu:0",))
    assert "jax" in manifest.versions
    assert "tensorflow" not in manifest.versions


def test_it_forecasts_and_verifies_as_any_other_does(trained_on_jax: Path) -> None:
    shown = ["predict --run waves --json", "runs verify --run waves --json"]
    for command in shown:
        result = subprocess.run(
            forecast_command(*command.split()),
            cwd=trained_on_jax,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(result.stdout)["ok"]
