"""``forecast train``: table -> panel -> windows -> network -> a published run, which becomes the champion."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.loading import dump_config
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import DataError
from lstm_forecast.evaluation.report import make_report
from lstm_forecast.inference.session import Session
from lstm_forecast.inference.table import long_table, quantile_columns
from lstm_forecast.model.graph import onnx_graph
from lstm_forecast.model.history import Epoch, history_csv
from lstm_forecast.model.linear import Linear, fit_linear
from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.model.startup import start_keras
from lstm_forecast.store import Run, locked, publish
from lstm_forecast.workflows._prepare import Part, Prepared, prepare
from lstm_forecast.workflows._shared import make_forecaster

if TYPE_CHECKING:
    import keras

__all__ = ["Listener", "TrainResult", "train"]

Floats = NDArray[np.float64]
ONNX_TOLERANCE = 1e-5  # of the largest prediction, or of 1 where all are smaller
ONNX_WINDOWS = 256
PACKAGES = ("lstm-forecast-cli", "keras", "tensorflow", "numpy", "pandas", "scikit-learn", "onnx", "onnxruntime")


class Listener(Protocol):
    """Hears what training does, while it does it."""

    def note(self, text: str) -> None:
        """A line for people."""

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """An epoch is over."""


@dataclass(frozen=True)
class TrainResult:
    """A published run and what is worth saying about it."""

    run: Run
    metrics: Mapping[str, Any]
    history: list[Epoch]


@dataclass(frozen=True)
class _Fitted:
    """A trained network in every form that is published."""

    network: "keras.Model"  # complete: the linear part included
    onnx: bytes
    weights: Mapping[str, NDArray[np.float32]]
    linear: Linear  # a baseline where the network does not contain it
    history: list[Epoch]


def train(config: Config, *, config_path: Path, runs: Path, listener: Listener) -> TrainResult:
    """Train, evaluate and publish under ``runs/<config.name>``.

    Raises BusyError if another process writes there, DataError if the data do not allow training, WriteError if the
    run cannot be written. The champion then stays what it was.
    """
    home = runs / config.name
    data_path = config_path.parent / config.data.path
    with locked(home):
        prepared = prepare(config, data_path)
        _describe_data(prepared, listener)
        fitted = _fit(prepared, listener)
        forecaster = make_forecaster(prepared.config, fitted.onnx, prepared.scaler)
        parts = {name: part for name in ("validation", "test") if (part := getattr(prepared, name)) is not None}
        forecasts = {name: forecaster.on_windows(part.windows, part.series) for name, part in parts.items()}
        metrics = {name: _report(prepared, part, forecasts[name], fitted.linear) for name, part in parts.items()}
        table = _test_table(prepared, forecasts.get("test"))
        # A path in a config counts from the config's directory: from the run, the data lie elsewhere.
        located = os.path.relpath(data_path.resolve(), home.resolve() / "run")
        resolved = prepared.config.model_copy(
            update={"data": prepared.config.data.model_copy(update={"path": located})}
        )
        writers = _writers(resolved, prepared, fitted, metrics, table)
        run = publish(home, writers, _facts(prepared))
    return TrainResult(run, metrics, fitted.history)


def _describe_data(prepared: Prepared, listener: Listener) -> None:
    facts, windows = prepared.facts, prepared.facts["windows"]
    listener.note(
        f"{facts['rows']:,} rows in {facts['series']:,} series, freq {facts['freq']}, up to {facts['cutoff']}; "
        f"windows: {windows['training']:,} training, {windows['validation']:,} validation, {windows['test']:,} test"
    )
    for kind, count in facts["repairs"].items():
        policy = getattr(prepared.config.data, kind)
        listener.note(f"data.{kind}: {policy} settled {count:,} rows")
    if facts["padded_series"]:
        listener.note(
            f"{facts['padded_series']:,} series are shorter than windows.context_length + windows.horizon: "
            "their windows are padded on the left and masked"
        )
    if prepared.validation is None:
        listener.note("no validation windows: training runs all epochs and keeps the last weights")


def _fit(prepared: Prepared, listener: Listener) -> _Fitted:
    linear = fit_linear(prepared.training)
    # After this line the process is large: everything that can be done without Keras is done before it.
    start_keras()
    from lstm_forecast.model.network import assign_weights, build_network, complete_network, named_weights
    from lstm_forecast.model.training import train_network

    config, spec = prepared.config, _network_spec(prepared)
    network = build_network(spec)
    _describe_network(spec, network.count_params(), listener)
    history = train_network(
        network,
        training=prepared.training,
        validation=None if prepared.validation is None else prepared.validation.windows,
        linear=linear if config.model.linear else None,
        quantiles=spec.quantiles,
        **config.training.model_dump(),
        seed=config.seed,
        report=lambda epoch: listener.epoch(epoch, config.training.epochs),
    )
    weights = named_weights(network)
    # Published without loss and optimiser, so that other Keras tools can load it: rebuilt rather than as trained.
    complete: keras.Model = build_network(spec)
    assign_weights(complete, weights)
    if config.model.linear:
        complete = complete_network(complete, kernel=linear.kernel, bias=linear.bias)
    graph = onnx_graph(spec, weights, linear=(linear.kernel, linear.bias) if config.model.linear else None)
    _check_graph(graph, complete, prepared)
    if config.model.linear:
        weights |= {"linear.kernel": linear.kernel, "linear.bias": linear.bias}
    return _Fitted(complete, graph, weights, linear, history)


def _network_spec(prepared: Prepared) -> NetworkSpec:
    model, training = prepared.config.model, prepared.training
    return NetworkSpec(
        context_length=training.context_length,
        n_features=training.values.shape[1] + training.padded,
        horizon=training.horizon,
        n_targets=training.n_targets,
        quantiles=model.quantiles,
        masked=training.padded,
        zero_output=model.linear,
        seed=prepared.config.seed,
        **model.model_dump(exclude={"levels", "linear"}),
    )


def _describe_network(spec: NetworkSpec, parameters: int, listener: Listener) -> None:
    """Print the four things that people get wrong."""
    width = spec.segment_units or spec.segment_length * spec.n_features
    listener.note(
        f"input dimension {width}"
        + (
            f" (segments of {spec.segment_length} steps x {spec.n_features} features)"
            if spec.segment_length > 1
            else ""
        )
        + f", sequence length {spec.n_steps}, hidden size {' + '.join(map(str, spec.units))}"
        + (" in each direction" if spec.bidirectional else "")
        + f", output taken from the last of the {spec.n_steps} steps; {spec.cell}, {parameters:,} parameters"
    )


def _check_graph(graph: bytes, network: "keras.Model", prepared: Prepared) -> None:
    """Refuse an ONNX network that does not predict what the Keras network does, on real windows."""
    batches = prepared.training.batches(ONNX_WINDOWS, limit=ONNX_WINDOWS)
    inputs = next(iter(batches)).inputs
    expected = np.sort(np.asarray(network(inputs, training=False)), axis=-1)
    difference = np.abs(Session(graph).predict(inputs) - expected).max()
    limit = ONNX_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    if not difference <= limit:  # also where the difference is not a number
        raise DataError(
            f"the ONNX network differs from the Keras network by {difference:.2g} (at most {limit:.2g} is allowed), so "
            "nothing is published; training has probably diverged: lower training.learning_rate, or clip gradients"
        )


def _report(prepared: Prepared, part: Part, forecast: Floats, linear: Linear) -> dict[str, Any]:
    batches = (
        linear.predict(batch.inputs) * batch.scale + batch.center for batch in part.windows.batches(ONNX_WINDOWS)
    )
    ridge = prepared.scaler.invert(np.concatenate(list(batches)), part.series, n_targets=part.windows.n_targets)
    return make_report(
        actual=part.actual,
        forecast=forecast,
        quantiles=prepared.config.model.quantiles,
        baselines=part.baselines | {"ridge": ridge},
        scale=part.scale,
    )


def _test_table(prepared: Prepared, forecast: Floats | None) -> pd.DataFrame:
    """Test forecasts beside the actual values, in long format; no rows if there is no test window."""
    config, part = prepared.config, prepared.test
    if part is None or forecast is None:
        return pd.DataFrame({"unique_id": [], "ds": [], "cutoff": [], "y": [], config.name: []})
    columns = {"y": part.actual, **quantile_columns(config.name, config.model.quantiles, forecast)}
    targets, series_id = config.data.targets, config.data.series_id
    return long_table(prepared.layout, part.origins, columns, targets=targets, series_id=series_id)


def _writers(
    config: Config, prepared: Prepared, fitted: _Fitted, metrics: Mapping[str, Any], table: pd.DataFrame
) -> dict[str, Callable[[Path], Any]]:
    from safetensors.numpy import save

    def text(content: str) -> Callable[[Path], Any]:
        return lambda path: path.write_text(content, encoding="utf-8")

    return {
        "config.yaml": text(dump_config(config)),
        "scaler.json": text(prepared.scaler.to_json()),
        "network.onnx": lambda path: path.write_bytes(fitted.onnx),
        "weights.safetensors": lambda path: path.write_bytes(save(dict(fitted.weights))),
        "network.keras": lambda path: fitted.network.save(path),
        "history.csv": text(history_csv(fitted.history)),
        "metrics.json": text(json.dumps(metrics, indent=1, allow_nan=False)),
        "forecasts.parquet": lambda path: table.to_parquet(path, index=False),
    }


def _facts(prepared: Prepared) -> dict[str, Any]:
    return {
        "name": prepared.config.name,
        "seed": prepared.config.seed,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        **prepared.facts,
    }
