"""What targets can be: no forecast and no border of an interval lies outside of it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.commands.backtest import backtest
from lstm_forecast.commands.predict import predict
from lstm_forecast.config.loading import parse_config
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.store import Run, open_run
from tests.functional.conftest import train_all

LEVELS = "levels: [80, 95]"
CONFIG = """\
name: {name}
data: {{path: {name}.csv, timestamp: step, series_id: id, targets: y}}
preprocessing: {{log: false{more}}}
windows: {{horizon: 7, context_length: 14, normalisation: last, season_length: 7,
  evaluation_stride: 3}}
model: {{units: 4, segment_length: 7, segment_units: 0, linear: {linear}, ensemble: 1, {levels}}}
training: {{epochs: {epochs}, batch_size: 64, steps_per_epoch: 0, time_budget: 1, refit: {refit},
  fallback: false}}
"""
ROWS = 150


def table(draw: Callable[[np.random.Generator, int], np.ndarray]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"id": f"s{k}", "step": np.arange(ROWS), "y": draw(rng, k).astype(float)})
        for k in range(3)
    ]
    return pd.concat(parts)


def sold(rng: np.random.Generator, k: int) -> np.ndarray:
    """Spare parts: most days none."""
    return (rng.random(ROWS) < 0.15 + 0.1 * k) * (1 + rng.poisson(3, ROWS))


def share(rng: np.random.Generator, k: int) -> np.ndarray:
    """Nearly always nearly 1."""
    return rng.beta(6, 0.5 + 0.2 * k, ROWS)


def swing(rng: np.random.Generator, k: int) -> np.ndarray:
    return 3 * rng.normal(size=ROWS)


def jump(rng: np.random.Generator, k: int) -> np.ndarray:
    """Nothing, and then 1,000."""
    return np.append(np.zeros(ROWS - 1), 1000)


RUNS: dict[str, dict[str, Any]] = {
    "sold": {"draw": sold, "epochs": 1, "levels": LEVELS},
    "share": {"draw": share, "epochs": 1, "levels": LEVELS},
    "swing": {"draw": swing},
    "jump": {"draw": jump, "levels": LEVELS, "refit": "true", "linear": "smoothing"},
    "anything": {"draw": sold, "more": ", support: real"},
}


@pytest.fixture(scope="session")
def supported(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A run of every kind in ``RUNS``. Shared: read it only."""

    def fill(directory: Path) -> None:
        plain = {
            "epochs": 0,
            "levels": "levels: []",
            "more": "",
            "refit": "false",
            "linear": "ridge",
        }
        for name, how in RUNS.items():
            table(how["draw"]).to_csv(directory / f"{name}.csv", index=False)
            (directory / f"{name}.yaml").write_text(CONFIG.format(name=name, **(plain | how)))
        said = train_all(directory, *(("-c", f"{name}.yaml") for name in RUNS))
        (directory / "stderr.txt").write_text(said)

    return once("supported", fill)


def run_of(supported: Path, name: str) -> Run:
    return open_run(supported / "runs" / name)


def numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Forecasts and the borders of their intervals."""
    return frame[[column for column in frame if column.startswith(name)]].to_numpy()


@pytest.mark.parametrize(
    ("name", "found"),
    {
        "sold": "non_negative",
        "share": "unit",
        "swing": "real",
        "jump": "non_negative",
        "anything": "real",
    }.items(),
)
def test_what_targets_can_be_is_decided_recorded_and_shown(
    name: str, found: str, supported: Path
) -> None:
    run = run_of(supported, name)
    assert parse_config(run.read("config.yaml").decode(), source="").preprocessing.support == found
    reasons, told = run.manifest["resolved"], (supported / "stderr.txt").read_text()
    if name != "anything":  # which its config says
        assert reasons["preprocessing.support"].startswith(f"{found}: values from ")
        assert f"preprocessing.support: {reasons['preprocessing.support']}" in told


class Wild:
    """A network whose predictions lie far outside, and cross the borders of what can be."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        prediction = self.session.predict(inputs)
        return np.asarray(
            50 * prediction + np.resize([-9, 0, 9], prediction.shape[1])[:, None, None], np.float32
        )


@pytest.fixture
def wild(monkeypatch: pytest.MonkeyPatch) -> None:
    from lstm_forecast.forecasting import loaded

    monkeypatch.setattr(loaded, "Session", lambda network: Wild(Session(network)))


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize(("name", "most"), [("sold", np.inf), ("share", 1)])
def test_no_forecast_and_no_border_of_whatever_a_network_predicts_lies_outside(
    name: str, most: float, supported: Path
) -> None:
    found = predict(runs=supported / "runs", name=name, levels=[50, 80, 95], horizon=30).table
    listener: Any = type(
        "Silent", (), {"note": print, "epoch": print, "progress": lambda *_: None}
    )()
    judged = backtest(runs=supported / "runs", name=name, listener=listener).table
    for frame in (found, judged):
        values = numbers(frame, name)
        assert ((values >= 0) & (values <= most)).all()
        assert not np.signbit(values).any()
        assert (values == 0).any()  # and it is not for want of trying
    order = [
        f"{name}-lo-95",
        f"{name}-lo-80",
        f"{name}-lo-50",
        name,
        f"{name}-hi-50",
        f"{name}-hi-80",
        f"{name}-hi-95",
    ]
    assert (np.diff(found[order], axis=1) >= 0).all()


@pytest.mark.usefixtures("wild")
def test_a_run_that_may_forecast_anything_does(supported: Path) -> None:
    assert (predict(runs=supported / "runs", name="anything").table["anything"] < 0).any()


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize("name", ["sold", "share"])
def test_what_a_forecast_is_rolled_on_lies_inside_too(
    name: str, supported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watched(contexts: np.ndarray, *how: Any, **more: Any) -> Any:
        seen.append(contexts)
        return normalised(contexts, *how, **more)

    from lstm_forecast.forecasting import forecaster

    normalised = forecaster.normalised
    monkeypatch.setattr(forecaster, "normalised", watched)
    predict(runs=supported / "runs", name=name, horizon=28)
    scaler = json.loads(run_of(supported, name).read("scaler.json"))["series"]
    assert len(seen) == 4
    for contexts in seen:
        for context, pair in zip(contexts, (each["y"] for each in scaler.values()), strict=True):
            values = context[:, 0] * pair["scale"] + pair["center"]
            assert values.min() >= -1e-5
            assert name == "sold" or values.max() <= 1 + 1e-5


def test_the_metrics_judge_what_is_published(supported: Path) -> None:
    run = run_of(supported, "sold")
    frame = pd.read_parquet(io.BytesIO(run.read("forecasts.parquet")))
    assert (numbers(frame, "sold") >= 0).all()
    error = json.loads(run.read("metrics.json"))["test"]["errors"]["forecast"]["mae"]
    assert error == pytest.approx((frame["sold"] - frame["y"]).abs().mean())


def test_history_that_contradicts_is_counted_with_the_remedy(
    supported: Path, tmp_path: Path
) -> None:
    returned = table(sold)
    returned.iloc[[3, 200, -1], 2] = [-1, -2, -3]
    returned.to_csv(tmp_path / "returned.csv", index=False)
    result = predict(runs=supported / "runs", name="sold", data=tmp_path / "returned.csv")
    (note,) = [note for note in result.notes if "support" in note]
    assert (
        "3 of 450 rows hold a target outside of preprocessing.support: non_negative (they go from"
        " -3 to" in note
    )
    assert "set preprocessing.support: real and train again" in note
    assert not [
        note for note in predict(runs=supported / "runs", name="sold").notes if "support" in note
    ]


# Intervals


def test_nothing_and_then_a_thousand_has_an_interval_around_its_forecast(supported: Path) -> None:
    found = predict(runs=supported / "runs", name="jump")
    width = found.table["jump-hi-95"] - found.table["jump-lo-95"]
    assert (found.table["jump"] > 10).any()
    assert (width > 50).all()
    assert (width < 10_000).all()
    assert not [note for note in found.notes if "no width" in note]


def test_intervals_of_no_width_are_told_with_figures_where_the_run_has_no_calibration(
    supported: Path, tmp_path: Path
) -> None:
    told = (supported / "stderr.txt").read_text()
    # Before the jump all forecasts of the test part were 0 to 0: right, and nothing to rely on.
    assert "intervals with no width in 3 of 3 series: s0, step 1: 0 to" in told
    assert "its history goes from 0 to 1000" in told


# Levels


@pytest.mark.parametrize(("factor", "count"), [(1e-3, 3), (1e3, 3), (1, 0), (1.5, 0)])
def test_data_in_other_units_are_told_and_ordinary_ones_are_not(
    factor: float, count: int, supported: Path, tmp_path: Path
) -> None:
    other = table(share)
    other["y"] *= factor
    other.to_csv(tmp_path / "other.csv", index=False)
    notes = list(predict(runs=supported / "runs", name="share", data=tmp_path / "other.csv").notes)
    found = [note for note in notes if "newest level" in note]
    assert len(found) == bool(count)
    if found:
        assert (
            f"newest level of {count} of 3 series lies far outside of what training saw: series"
            " s0: " in found[0]
        )
