"""Values that were not observed, end to end: no part of a training, a forecast or a judgement
depends on them.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_forecast.config.loading import parse_config
from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.loaded import load_run, usable_panel
from lstm_forecast.judging.parts import linear_forecast
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.retraining.judge import judge_challenger
from lstm_forecast.store import open_run
from lstm_forecast.training.prepare import prepare
from tests.benchmarks.files import DATA
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object
from tests.functional.test_dirty import predicted
from tests.unit.conftest import needs_shared

CONFIG = """\
name: NAME
data:
  path: NAME.csv
  timestamp: ds
  series_id: id
  targets: [y, z]
  covariates: {past: [p], future: [f], calendar: [day_of_week]}
  sentinels: [CONTENT]
  gaps: mask
  missing: mask
  fill_limit: 9
  ended_series: forecast
preprocessing: {log: false}
windows: {context_length: 12, horizon: 4, normalisation: standard, padding: true}
split: {validation: 30, test: 30}
model: {units: 4, segment_length: 3, segment_units: 0, linear: combined, ensemble: 1,
  levels: [80], channels: CHANNELS}
training: {epochs: EPOCHS, steps_per_epoch: 2, batch_size: 64, refit: false, fallback: false}
"""
BEIJING = """\
name: beijing
data: {path: beijing.csv, timestamp: [year, month, day, hour], targets: pm2.5, missing: mask}
preprocessing: {log: false}
windows: {context_length: 24, horizon: 6, normalisation: last, evaluation_stride: 24}
model: {units: 4, segment_length: 6, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 0, refit: false, fallback: false}
"""
AHEAD = 4


def shops(content: str) -> pd.DataFrame:
    """Two long shops and a short one with holes of every kind, which hold ``content``."""
    rng, frames = np.random.default_rng(5), []
    for name, n in (("a", 160), ("b", 160), ("c", 11)):
        steps = np.arange(n + AHEAD)
        cells = {
            column: (
                (20 + k + 5 * np.sin(steps * 2 * np.pi / 7) + rng.normal(size=len(steps)))
                .round(3)
                .astype("str")
            )
            for k, column in enumerate("yzpf")
        }
        frame = pd.DataFrame(
            {
                "id": name,
                "ds": pd.date_range("2024-01-01", periods=len(steps)).astype("str"),
                **cells,
            }
        )
        frame.loc[n:, ["y", "z", "p"]] = ""
        holes = rng.random((n, 4)) < 0.04
        holes[n - 1] = [n > 100, False, True, False]  # the newest row of a forecast
        frame.loc[: n - 1, list("yzpf")] = np.where(
            holes, content, frame.loc[: n - 1, list("yzpf")]
        )
        frames.append(frame.drop(index=[30, 31, *range(60, 75)] if n > 100 else [7]))
    return pd.concat(frames)


@pytest.fixture(scope="session")
def masked(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    def fill(directory: Path) -> None:
        configs = []
        for name, content, channels in (
            ("low", "-200", "joint"),
            ("high", "1e6", "joint"),
            ("apart", "7e7", "independent"),
        ):
            shops(content).to_csv(directory / f"{name}.csv", index=False)
            text = CONFIG.replace("NAME", name).replace("CONTENT", content)
            text = text.replace("CHANNELS", channels).replace(
                "EPOCHS", "1" if channels == "joint" else "0"
            )
            (directory / f"{name}.yaml").write_text(text)
            configs.append(f"{name}.yaml")
        shops("").to_csv(directory / "filled.csv", index=False)
        filled = (
            text.replace("apart", "filled").replace("independent", "joint").replace("[7e7]", "[]")
        )
        (directory / "filled.yaml").write_text(
            filled.replace("gaps: mask", "gaps: fill").replace("missing: mask", "missing: ffill")
        )
        configs.append("filled.yaml")
        if DATA.exists():
            whole = pd.read_csv(
                DATA / "dirty_beijing_pm25.csv.gz", dtype=str, keep_default_na=False
            )
            whole.head(9_000).to_csv(directory / "beijing.csv", index=False)
            (directory / "beijing.yaml").write_text(BEIJING)
            configs.append("beijing.yaml")
        said = train_all(directory, *(("-c", config) for config in configs))
        (directory / "stderr.txt").write_text(said)

    return once("masked", fill)


def test_what_stands_in_masked_cells_changes_no_byte_of_a_run(masked: Path) -> None:
    low, high = (open_run(masked / "runs" / name) for name in ("low", "high"))
    for file in (
        "scaler.json",
        "network.onnx",
        "evaluated.onnx",
        "weights.safetensors",
        "calibration.safetensors",
    ):
        assert low.read(file) == high.read(file), file
    assert json.loads(low.read("metrics.json")) == json.loads(high.read("metrics.json"))
    first, second = (predicted(masked, name)["forecasts"] for name in ("low", "high"))
    renamed = [{key.replace("high", "low"): value for key, value in row.items()} for row in second]
    assert renamed == first
    assert {row["unique_id"] for row in first} == {"a/y", "a/z", "b/y", "b/z", "c/y", "c/z"}


def test_masks_are_counted_and_told(masked: Path) -> None:
    repairs = open_run(masked / "runs" / "low").manifest["repairs"]
    assert repairs["gaps"] == 2 * 17 + 1
    assert repairs["missing"] == repairs["sentinels"] > 30
    told = (masked / "stderr.txt").read_text()
    assert "data.gaps: mask settled 35 rows" in told
    left_out = open_run(masked / "runs" / "low").manifest["unobserved_windows"]
    assert (
        f"{left_out} more training windows left out: a value among their targets was not observed"
        in told
    )
    assert left_out >= 50


@pytest.mark.parametrize("name", ["low", "apart"])
def test_only_observed_values_judge(masked: Path, name: str) -> None:
    run = open_run(masked / "runs" / name)
    report = json.loads(run.read("metrics.json"))["test"]
    table = pd.read_parquet(run.path / "forecasts.parquet")
    assert np.isfinite(table["y"]).all()
    assert (table["y"] < 100).all()
    finite = [error for figures in report["errors"].values() for error in figures.values()]
    assert np.isfinite([error for error in finite if error is not None]).all()
    origins = 30 - AHEAD + 1  # of each series
    assert 0 < report["windows"] < origins * (2 if name == "low" else 4)


def test_a_backtest_with_importance_and_pictures_work_with_masks(
    masked: Path, tmp_path: Path
) -> None:
    for name in ("low", "apart"):
        run = ["--runs", masked / "runs", "--run", name]
        report = one_object(invoke("backtest", "--importance", "--json", *run).stdout)
        assert {row["input"] for row in report["importance"]} >= (
            {"f", "p", "z"} if name == "low" else {"f", "p", "target"}
        )
        assert all(np.isfinite(row["growth"]) for row in report["importance"])
        invoke("runs", "verify", "--runs", masked / "runs")
        invoke("plot", "forecast", *run, "--output", tmp_path / f"{name}.svg")
        forecasts = tmp_path / f"{name}.csv"
        invoke("predict", *run, "--output", forecasts)


def test_a_context_without_an_observed_value_is_refused(masked: Path, tmp_path: Path) -> None:
    frame = shops("-200")
    rows = np.flatnonzero((frame["id"] == "b") & (frame["y"] != ""))[-16:]
    # a hole before the end of the other target, where the forecast of both starts
    frame.iloc[rows[:11], frame.columns.get_loc("y")] = ""
    frame.iloc[rows[11], frame.columns.get_loc("y")] = "-200"
    frame.iloc[rows[12:], frame.columns.get_loc("z")] = ""
    frame.to_csv(tmp_path / "new.csv", index=False)
    content = predicted(masked, "low", "--data", str(tmp_path / "new.csv"), expect=4)
    assert content["problems"][0].startswith(
        "series b: no value of a target was observed in its newest 12 rows"
    )


@needs_shared
def test_the_missing_values_of_a_year_in_beijing_are_masked_and_beat_the_seasonal_naive_forecast(
    masked: Path,
) -> None:
    run = open_run(masked / "runs" / "beijing")
    assert run.manifest["repairs"] == {
        "missing": (pd.read_csv(masked / "beijing.csv")["pm2.5"].isna()).sum()
    }
    errors = json.loads(run.read("metrics.json"))["test"]["errors"]
    assert errors["forecast"]["mae"] < errors["seasonal_naive"]["mae"]
    rows = predicted(masked, "beijing")["forecasts"]
    assert np.isfinite([row["beijing"] for row in rows]).all()


# Series c has too few rows to scale its errors by: it must not keep the others from being judged.
def test_a_champion_that_knows_no_holes_is_judged_fairly_beside_one_that_does(masked: Path) -> None:
    champion, challenger = (
        load_run(open_run(masked / "runs" / name)) for name in ("filled", "low")
    )
    panel = usable_panel(challenger, None)
    assert np.isnan(panel.values).any()
    ends = panel.layout.offsets[1:]
    verdict = judge_challenger(
        champion,
        challenger.forecaster,
        challenger.config,
        panel,
        learned=ends - 60,
        unseen=np.maximum(ends - 60, 0),
    )
    assert verdict.windows > 20
    assert all(loss is not None for loss in verdict.losses.values())
    assert verdict.losses["champion"] is not None
    assert verdict.losses["challenger"] is not None
    assert verdict.losses["champion"] < 2 * verdict.losses["challenger"]


HOLES = """\
name: a
data: {path: a.csv, timestamp: ds, series_id: id, targets: [y, z], gaps: mask, missing: mask,
  covariates: {past: [p]}}
windows: {context_length: 6, horizon: 3, normalisation: KIND, season_length: 7, padding: true}
preprocessing: {log: false, scaler: SCALER}
model: {linear: combined, ensemble: 1, channels: CHANNELS}
"""


@settings(
    max_examples=60, deadline=10_000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, 9),
    st.floats(0, 0.95),
    st.sampled_from(["last", "standard", "last_standard", "mean", "none"]),
    st.sampled_from(["standard", "minmax", "robust", "none"]),
    st.sampled_from(["joint", "independent"]),
)
def test_any_holes_give_finite_figures_or_a_refusal_with_a_remedy(
    tmp_path: Path, seed: int, share: float, kind: str, scaler: str, channels: str
) -> None:
    rng, rows = np.random.default_rng(seed), 90
    frame = pd.DataFrame({"id": ["a"] * 60 + ["b"] * 30, "ds": [*range(60), *range(30)]})
    for column in "yzp":
        frame[column] = np.where(rng.random(rows) < share**2, np.nan, rng.normal(10, 1, rows))
    frame[rng.random(rows) > share**3].to_csv(tmp_path / "a.csv", index=False)
    text = HOLES.replace("KIND", kind).replace("SCALER", scaler).replace("CHANNELS", channels)
    try:
        with np.errstate(all="raise", under="ignore"):
            found = prepare(parse_config(text, source="a.yaml"), tmp_path / "a.csv")
            windows = found.windows(6)
            linear = fit_linear(windows, season_length=2, kind="combined")
            for part in found.parts.values():
                forecast = linear_forecast(linear, part.windows, found.scaler, part.series)
                for each in (forecast, part.actual, part.scale, *part.baselines.values()):
                    assert np.isfinite(each).all()
    except DataError as refusal:
        assert all("; " in problem for problem in refusal.problems)
