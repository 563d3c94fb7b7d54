"""What must not matter does not, and what must carry over does: order, names, scale and neighbours
of series.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.onnx.graph import onnx_graph, weight_shapes
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.store import open_run
from lstm_forecast.training.fit import network_spec
from lstm_forecast.training.prepare import prepare
from lstm_forecast.training.prepared import Prepared

CONFIG = """\
name: a
data: {{path: a.csv, timestamp: ds, series_id: id, targets: y}}
windows: {{context_length: 20, horizon: 5, normalisation: {normalisation}, padding: false}}
preprocessing: {{log: false, scaler: {scaler}}}
model: {{units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}}
training: {{epochs: 2, batch_size: 128, steps_per_epoch: 0}}
"""
ROWS = 120


def config(normalisation: str = "last", scaler: str = "standard") -> Config:
    return parse_config(CONFIG.format(normalisation=normalisation, scaler=scaler), source="a.yaml")


def table(*names: str, rows: int = ROWS) -> pd.DataFrame:
    steps = np.arange(rows)
    parts = []
    for k, name in enumerate(names):
        noise = np.random.default_rng(k).normal(size=rows)
        parts.append(
            pd.DataFrame({"id": name, "ds": steps, "y": 20 + 5 * np.sin(steps / (3 + k)) + noise})
        )
    return pd.concat(parts, ignore_index=True)


def prepared(frame: pd.DataFrame, folder: Path, settings: Config | None = None) -> Prepared:
    frame.to_csv(folder / "a.csv", index=False)
    return prepare(settings or config(), folder / "a.csv")


def forecasts(found: Prepared, network: bytes) -> dict[str, np.ndarray]:
    """The forecast (horizon,) of every series by one and the same network."""
    forecaster = found.forecaster(network)
    origins = found.layout.offsets[1:]
    series = np.arange(len(origins))
    ahead = forecaster.ahead(found.values, origins, found.layout.offsets[:-1], series, steps=5)
    return {name: ahead[k, :, 0, 0] for k, name in enumerate(found.layout.ids)}


def learned(found: Prepared) -> dict[str, np.ndarray]:
    """The same by a linear part that is fitted to them."""
    windows = found.windows(20)
    spec = network_spec(found, windows.framing.context_length, 0)
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(spec).items()}
    return forecasts(found, onnx_graph([Member(spec, weights, fit_linear(windows))]))


@pytest.fixture(scope="session")
def network(trained: Path) -> bytes:
    content = open_run(trained / "runs" / "sine").read("network.onnx")
    Session(content)
    return content


def test_the_order_of_rows_changes_no_byte(tmp_path: Path, network: bytes) -> None:
    frame = table("a", "b", "c")
    plain = prepared(frame, tmp_path)
    for seed in range(3):
        shuffled = prepared(frame.sample(frac=1, random_state=seed), tmp_path)
        assert shuffled.values.tobytes() == plain.values.tobytes()
        assert shuffled.scaler.to_json() == plain.scaler.to_json()
        for name, forecast in forecasts(shuffled, network).items():
            assert forecast.tobytes() == forecasts(plain, network)[name].tobytes()


def test_other_names_of_series_change_names_alone(tmp_path: Path, network: bytes) -> None:
    frame = table("a", "b", "c")
    plain = forecasts(prepared(frame, tmp_path), network)
    names = {"a": "zebra", "b": "07", "c": "a"}  # another order too
    renamed = forecasts(prepared(frame.replace({"id": names}), tmp_path), network)
    for name, forecast in plain.items():
        np.testing.assert_array_equal(renamed[names[name]], forecast)


@pytest.mark.parametrize("normalisation", ["none", "last", "mean", "standard", "last_standard"])
@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
@pytest.mark.parametrize(
    ("factor", "shift"), [(1000.0, 0.0), (1e-3, 0.0), (1.0, 5000.0), (7.0, -300.0)]
)
def test_a_series_in_other_units_is_forecast_in_those(
    tmp_path: Path, network: bytes, normalisation: str, scaler: str, factor: float, shift: float
) -> None:
    frame = table("a", "b")
    settings = config(normalisation, scaler)
    plain = forecasts(prepared(frame, tmp_path, settings), network)
    other = frame.assign(y=np.where(frame.id == "a", factor * frame.y + shift, frame.y))
    found = forecasts(prepared(other, tmp_path, settings), network)
    size = np.ptp(factor * frame.y[frame.id == "a"])
    assert np.abs(found["a"] - (factor * plain["a"] + shift)).max() < 1e-4 * size
    np.testing.assert_array_equal(found["b"], plain["b"])


@pytest.mark.parametrize("normalisation", ["none", "last", "mean", "standard", "last_standard"])
@pytest.mark.parametrize(
    ("factor", "shift"), [(1000.0, 0.0), (1e-3, 0.0), (1.0, 500.0), (7.0, -300.0)]
)
def test_what_is_learned_in_other_units_is_forecast_in_those(
    tmp_path: Path, normalisation: str, factor: float, shift: float
) -> None:
    frame, settings = table("a", "b"), config(normalisation)
    units = [frame, frame.assign(y=factor * frame.y + shift)]
    plain, other = (learned(prepared(each, tmp_path, settings)) for each in units)
    for name, forecast in plain.items():
        size = np.ptp(factor * frame.y[frame.id == name])
        assert np.abs(other[name] - (factor * forecast + shift)).max() < 1e-4 * size


def test_an_unrelated_series_leaves_the_scales_of_others_as_they_are(
    tmp_path: Path, network: bytes
) -> None:
    alone = prepared(table("a", "b"), tmp_path)
    extra = table("x").assign(y=lambda frame: frame.y * 1e6)
    more = prepared(pd.concat([table("a", "b"), extra]), tmp_path)
    for part in ("center", "scale"):
        assert getattr(more.scaler, part)[:2].tobytes() == getattr(alone.scaler, part).tobytes()
    for name, forecast in forecasts(alone, network).items():
        np.testing.assert_array_equal(forecasts(more, network)[name], forecast)


def test_a_common_scale_does_depend_on_other_series(tmp_path: Path) -> None:
    pooled = config().model_copy(
        update={"preprocessing": config().preprocessing.model_copy(update={"scope": "global"})}
    )
    alone = prepared(table("a"), tmp_path, pooled)
    more = prepared(pd.concat([table("a"), table("x").assign(y=1e6)]), tmp_path, pooled)
    assert alone.scaler.center[0, 0] != more.scaler.center[0, 0]
