"""``forecast train``: table -> panel -> windows -> network -> a published run, which becomes the champion."""

import json
import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
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
from lstm_forecast.model.ensemble import Member, published_weights
from lstm_forecast.model.graph import onnx_graph, weight_shapes
from lstm_forecast.model.history import Epoch, history_csv
from lstm_forecast.model.linear import Linear, fit_linear
from lstm_forecast.store import Run, locked, publish
from lstm_forecast.workflows._fit import NETWORK, Fitted, choose, fit, network_spec, refit, start
from lstm_forecast.workflows._prepare import Part, Prepared, prepare
from lstm_forecast.workflows._shared import make_forecaster, panel_ids, repair_notes

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
    history: Sequence[Epoch]
    published: str  # network, or the simpler forecast that the validation part preferred
    scores: Mapping[str, float]  # errors of both on the validation part


def train(config: Config, *, config_path: Path, runs: Path, listener: Listener) -> TrainResult:
    """Train, evaluate and publish under ``runs/<config.name>``.

    What is evaluated learned from the training part alone; what is published learned the same way from all rows
    (``training.refit``). Raises BusyError if another process writes there, DataError if the data do not allow training,
    WriteError if the run cannot be written. The champion then stays what it was.
    """
    home = runs / config.name
    data_path = config_path.parent / config.data.path
    with locked(home):
        prepared = prepare(config, data_path)
        _describe_data(prepared, listener)
        _describe_network(prepared, listener)
        config = prepared.config

        def report(epoch: Epoch) -> None:
            listener.epoch(epoch, config.training.epochs)

        fitted = fit(prepared, report)
        published, scores = choose(prepared, fitted) if config.training.fallback else (NETWORK, {})
        members = fitted.members if published == NETWORK else start(prepared, published)
        evaluated = onnx_graph(members)
        forecaster = make_forecaster(config, evaluated, prepared.scaler)
        parts = {name: part for name in ("validation", "test") if (part := getattr(prepared, name)) is not None}
        forecasts = {name: forecaster.on_windows(part.windows, part.series) for name, part in parts.items()}
        ridge = fit_linear(prepared.windows(config.windows.context_length))
        metrics = {name: _report(prepared, part, forecasts[name], ridge) for name, part in parts.items()}
        table = _test_table(prepared, forecasts.get("test"))
        if config.training.refit and parts:
            listener.note("training again on all rows, for the forecasts to come")
            again = published != NETWORK
            members = start(prepared, published, everything=True) if again else refit(prepared, fitted, report).members
        # A path in a config counts from the config's directory: from the run, the data lie elsewhere.
        located = os.path.relpath(data_path.resolve(), home.resolve() / "run")
        resolved = config.model_copy(update={"data": config.data.model_copy(update={"path": located})})
        files = _network_files(members, evaluated, prepared) | _other_files(resolved, prepared, fitted, metrics, table)
        run = publish(home, files, _facts(prepared) | {"published": published, "validation_errors": scores})
    return TrainResult(run, metrics, fitted.history, published, scores)


def _describe_data(prepared: Prepared, listener: Listener) -> None:
    facts, windows = prepared.facts, prepared.facts["windows"]
    listener.note(
        f"{facts['rows']:,} rows in {facts['series']:,} series, freq {facts['freq']}, up to {facts['cutoff']}; "
        f"windows: {windows['training']:,} training, {windows['validation']:,} validation, {windows['test']:,} test"
    )
    for note in repair_notes(prepared.config.data, facts["repairs"]):
        listener.note(note)
    if facts["padded_series"]:
        listener.note(
            f"{facts['padded_series']:,} series are shorter than windows.context_length + windows.horizon: "
            "their windows are padded on the left and masked"
        )
    if prepared.validation is None:
        listener.note("no validation windows: training runs all epochs and keeps the last weights")


def _describe_network(prepared: Prepared, listener: Listener) -> None:
    """Print the four things that people get wrong."""
    config = prepared.config
    spec = network_spec(prepared, prepared.windows(config.windows.context_length), 0)
    width = spec.segment_units or spec.segment_length * spec.n_features
    parameters = sum(math.prod(shape) for shape in weight_shapes(spec).values())
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
        + (f", {config.model.ensemble} networks" if config.model.ensemble > 1 else "")
    )


def _check_graph(graph: bytes, network: "keras.Model", prepared: Prepared) -> None:
    """Refuse an ONNX network that does not predict what the Keras network does, on real windows."""
    windows = prepared.windows(prepared.config.windows.context_length)
    batches = windows.batches(ONNX_WINDOWS, limit=ONNX_WINDOWS)
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
    layout = prepared.layout
    ids = np.array(layout.ids, object)[:, None] if config.melted else panel_ids(config, layout)
    return long_table(layout, part.origins, columns, ids=ids)


def _network_files(members: Sequence[Member], evaluated: bytes, prepared: Prepared) -> dict[str, Callable[[Path], Any]]:
    from safetensors.numpy import save

    from lstm_forecast.model.network import complete_network

    network, graph, weights = complete_network(members), onnx_graph(members), save(published_weights(members))
    _check_graph(graph, network, prepared)
    return {
        "network.onnx": lambda path: path.write_bytes(graph),
        "evaluated.onnx": lambda path: path.write_bytes(evaluated),
        "weights.safetensors": lambda path: path.write_bytes(weights),
        "network.keras": lambda path: network.save(path),
    }


def _other_files(
    config: Config, prepared: Prepared, fitted: Fitted, metrics: Mapping[str, Any], table: pd.DataFrame
) -> dict[str, Callable[[Path], Any]]:
    def text(content: str) -> Callable[[Path], Any]:
        return lambda path: path.write_text(content, encoding="utf-8")

    return {
        "config.yaml": text(dump_config(config)),
        "scaler.json": text(prepared.scaler.to_json()),
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
