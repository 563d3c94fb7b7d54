"""Prediction intervals of published runs: any level, from one calibration."""

import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.commands.predict import predict
from lstm_forecast.errors import RunError, UsageError
from lstm_forecast.forecasting.loaded import load_run, make_forecaster
from lstm_forecast.store import find_run
from tests.functional.conftest import run_here, succeed_here


def test_any_level_can_be_asked_for_at_prediction_time(trained: Path) -> None:
    (result,) = succeed_here(
        trained, ["predict", "--run", "sine", "--levels", "95", "--levels", "60"]
    )
    table = pd.read_csv(io.StringIO(result.stdout))
    assert list(table)[3:] == ["sine", "sine-lo-60", "sine-hi-60", "sine-lo-95", "sine-hi-95"]
    order = ["sine-lo-95", "sine-lo-60", "sine", "sine-hi-60", "sine-hi-95"]
    assert (np.diff(table[order], axis=1) >= 0).all()
    assert (table["sine-hi-95"] > table["sine-lo-95"]).all()


def test_levels_change_no_forecast_and_fewer_of_them_change_no_interval(trained: Path) -> None:
    plain, some, more = (
        predict(runs=trained / "runs", name="shops", levels=levels).table
        for levels in (None, [80], [99, 80, 7])
    )
    assert list(plain) == list(some)
    pd.testing.assert_frame_equal(plain, some)
    pd.testing.assert_frame_equal(plain, more[list(plain)])


@pytest.mark.parametrize("level", ["0", "100", "many"])
def test_a_level_that_is_none_is_a_usage_error(level: str, trained: Path) -> None:
    (result,) = run_here(trained, ["predict", "--run", "sine", "--levels", level])
    assert result.exit_code == 2
    assert "levels" in result.stderr


def test_without_calibration_only_trained_levels_can_be_had(trained: Path) -> None:
    run = find_run(trained / "runs", "shops")
    loaded = load_run(run)
    rebuilt = partial(
        make_forecaster,
        run.read("network.onnx"),
        loaded.forecaster.scaler,
        loaded.forecaster.framing,
        loaded.forecaster.channels,
        trained_levels=loaded.config.model.levels,
        support=loaded.config.preprocessing.bounds,
    )
    assert rebuilt(levels=[80]).quantiles == (0.1, 0.5, 0.9)
    with pytest.raises(
        UsageError, match=r"--levels 90: the run was neither trained for it .* and has 80"
    ):
        rebuilt(levels=[90])


@pytest.mark.parametrize("name", ["sine", "shops"])
def test_coverage_on_the_test_part_is_reported_for_what_was_evaluated(
    name: str, trained: Path
) -> None:
    run = find_run(trained / "runs", name)
    intervals = json.loads(run.read("metrics.json"))["test"]["intervals"]
    table = pd.read_parquet(io.BytesIO(run.read("forecasts.parquet")))
    assert set(intervals) == ({"80", "95"} if name == "sine" else {"80"})
    for level, found in intervals.items():
        inside = table["y"].between(table[f"{name}-lo-{level}"], table[f"{name}-hi-{level}"])
        assert found["coverage"] == pytest.approx(inside.mean(), abs=1e-9)


def test_a_damaged_calibration_is_a_damaged_run(workspace: Path) -> None:
    run = find_run(workspace / "runs", "sine")
    (run.path / "calibration.safetensors").write_bytes(b"x")
    with pytest.raises(RunError, match=r"calibration\.safetensors: damaged"):
        load_run(run)
