"""The same input gives the same bytes, and what was measured in training is what predict gives."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.store import open_run
from tests.functional.conftest import OWN, Forecast, champion_files


def test_two_processes_with_different_hash_seeds_train_the_same_network(
    trained: Path, retrained: Path
) -> None:
    first, second = (
        champion_files(trained / "runs" / "sine"),
        champion_files(retrained / "runs" / "sine"),
    )
    for name in (
        "network.onnx",
        "weights.safetensors",
        "scaler.json",
        "config.yaml",
        "metrics.json",
    ):
        assert first[name] == second[name], name
    tables = [pd.read_parquet(io.BytesIO(files["forecasts.parquet"])) for files in (first, second)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    histories = [
        pd.read_csv(io.BytesIO(files["history.csv"])).drop(columns="seconds")
        for files in (first, second)
    ]
    pd.testing.assert_frame_equal(*histories, check_exact=True)


def test_manifests_of_equal_runs_differ_in_time_alone(trained: Path, retrained: Path) -> None:
    manifests = [
        open_run(directory / "runs" / "sine").manifest for directory in (trained, retrained)
    ]
    facts = [{key: value for key, value in each.items() if key not in OWN} for each in manifests]
    assert facts[0] == facts[1]
    differing = {
        name
        for name in manifests[0]["files"]
        if manifests[0]["files"][name] != manifests[1]["files"][name]
    }
    assert differing <= {"history.csv", "network.keras"}  # seconds per epoch; zip dates


def test_two_processes_with_different_hash_seeds_forecast_the_same_bytes(
    trained: Path, retrained: Path, forecast: Forecast
) -> None:
    outputs = {
        forecast("predict", "--run", "sine", cwd=directory, PYTHONHASHSEED=seed).stdout
        for directory in (trained, retrained)
        for seed in ("3", "4")
    }
    assert len(outputs) == 1
    assert outputs.pop().startswith("unique_id,ds,cutoff,sine\n")


@pytest.mark.parametrize("run", ["sine", "shops"])
def test_a_fresh_process_predicts_what_training_measured_for_the_last_test_window(
    run: str, workspace: Path, forecast: Forecast
) -> None:
    measured = pd.read_parquet(
        io.BytesIO(open_run(workspace / "runs" / run).read("forecasts.parquet"))
    )
    cutoff = measured["cutoff"].max()
    # Intervals are those of other rows: what is published was calibrated on the test part too.
    columns = ["unique_id", "ds", "cutoff", run]
    expected = measured.loc[measured["cutoff"] == cutoff, columns]
    rows = pd.read_csv(workspace / f"{run}.csv")
    stamp = {"sine": "step", "shops": "day"}[run]
    past = rows[rows[stamp] <= (int(cutoff) if run == "sine" else str(cutoff.date()))]
    assert 0 < len(past) < len(rows)
    past.to_csv(workspace / "past.csv", index=False)
    result = forecast(
        "predict", "--run", run, "--data", "past.csv", "-o", "out.parquet", cwd=workspace
    )
    assert result.returncode == 0, result.stderr
    predicted = pd.read_parquet(workspace / "out.parquet")[columns]
    # One window instead of many: ONNX Runtime adds float32 numbers in another order.
    order = {"by": ["unique_id", "ds"], "ignore_index": True}
    pd.testing.assert_frame_equal(
        predicted.sort_values(**order), expected.sort_values(**order), rtol=1e-6, atol=1e-6
    )


def test_the_reported_errors_are_those_of_the_saved_forecasts(trained: Path) -> None:
    run = open_run(trained / "runs" / "sine")
    table = pd.read_parquet(io.BytesIO(run.read("forecasts.parquet")))
    errors = json.loads(run.read("metrics.json"))["test"]["errors"]["forecast"]
    error = table["sine"] - table["y"]
    assert len(table) == 40 * 5
    assert errors["mae"] == pytest.approx(error.abs().mean(), rel=1e-12)
    assert errors["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-12)
    assert errors["bias"] == pytest.approx(error.mean(), rel=1e-9)


def test_saved_actual_values_are_those_of_the_data(trained: Path) -> None:
    table = pd.read_parquet(
        io.BytesIO(open_run(trained / "runs" / "sine").read("forecasts.parquet"))
    )
    data = pd.read_csv(trained / "sine.csv").set_index("step")["y"]
    assert table["y"].tolist() == data[table["ds"].astype(int)].tolist()
    assert table["ds"].max() == data.index.max()


def test_the_published_scaler_was_fitted_on_the_training_rows_alone(trained: Path) -> None:
    scaler = json.loads(open_run(trained / "runs" / "sine").read("scaler.json"))["series"]["y"]["y"]
    # 10 % validation and 20 % test follow
    rows = pd.read_csv(trained / "sine.csv")["y"].to_numpy()[:700]
    assert scaler["center"] == pytest.approx(rows.mean(), rel=1e-9)
    assert scaler["scale"] == pytest.approx(rows.std(), rel=1e-9)
