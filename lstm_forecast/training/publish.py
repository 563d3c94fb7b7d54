"""What was trained, as the files of a published run."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.loading import dump_config
from lstm_forecast.config.schema import Config
from lstm_forecast.detecting.reference import FILE as REFERENCE
from lstm_forecast.detecting.reference import Reference, reference_to_bytes
from lstm_forecast.errors import DataError
from lstm_forecast.events import phase
from lstm_forecast.forecasting.calibration import Calibration, calibrations_to_bytes
from lstm_forecast.forecasting.golden import golden_json
from lstm_forecast.judging.parts import DIVERGED
from lstm_forecast.libraries import temporary_files_in
from lstm_forecast.model.ensemble import Member, published_weights
from lstm_forecast.model.network.startup import backend, devices
from lstm_forecast.model.onnx.graph import onnx_graph
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.shipped import weights_hash
from lstm_forecast.model.published import NETWORK
from lstm_forecast.store import Run, publish
from lstm_forecast.store.disk import Writer
from lstm_forecast.store.history import history_csv
from lstm_forecast.store.manifest import Manifest, Verdict
from lstm_forecast.store.report import Reports
from lstm_forecast.tables.source import Frame, Source
from lstm_forecast.training.choose import Choice
from lstm_forecast.training.fit import Fitted, Learned
from lstm_forecast.training.prepared import Prepared

__all__ = ["Judged", "Trained", "publish_trained"]

ONNX_TOLERANCE = 1e-5  # of the largest prediction, or of 1 where all are smaller
ONNX_WINDOWS = 256
Single = NDArray[np.float32]
PACKAGES = (
    "lstm-forecast-cli",
    "keras",
    "numpy",
    "pandas",
    "scikit-learn",
    "onnx",
    "onnxruntime",
)


@dataclass(frozen=True)
class Judged:
    """What the manifest says of a challenger."""

    start: str  # warm or scratch
    verdict: Verdict
    against: str  # id of the champion


@dataclass(frozen=True)
class Trained:
    """What was trained on the training part, and judged on the others."""

    prepared: Prepared
    fitted: Fitted
    # the network, or the simpler forecast that the validation part preferred
    members: Sequence[Member]
    evaluated: bytes  # the same as an ONNX file
    calibrations: Mapping[str, Calibration]  # of the evaluated and of the published network
    choice: Choice
    metrics: Reports
    table: pd.DataFrame  # test forecasts
    usual: Reference | None  # scores of rows that the evaluated network did not learn from

    @property
    def learned(self) -> Learned:
        """What was learned from the training part alone, ready to be published."""
        return Learned(tuple(self.members), self.fitted.members)


def publish_trained(
    home: Path,
    trained: Trained,
    learned: Learned,
    *,
    source: Source,
    judged: Judged | None = None,
) -> Run:
    """Publish what was ``learned`` beside the evaluation in ``trained``, under ``locked(home)``.

    Raises DataError if the ONNX network does not agree with Keras, WriteError if the run cannot be
    written.
    """
    phase("publishing")
    config = trained.prepared.config
    # A path in a config counts from the config's directory: from the run, the data lie elsewhere.
    located = (
        None
        if isinstance(source, Frame)
        else os.path.relpath(source.resolve(), home.resolve() / "run")
    )
    resolved = config.model_copy(update={"data": config.data.model_copy(update={"path": located})})
    files = _network_files(learned, trained) | _other_files(resolved, trained)
    return publish(home, files, _manifest(trained, judged).content())


def _require_agreement(
    graph: bytes, predict: Callable[[Single], Single], prepared: Prepared
) -> None:
    """Refuse an ONNX network that does not predict what the Keras network does, on real windows."""
    windows = prepared.windows()
    inputs = next(windows.batches(ONNX_WINDOWS, limit=ONNX_WINDOWS)).inputs
    expected = np.sort(predict(inputs), axis=-1)
    difference = np.abs(Session(graph).predict(inputs) - expected).max()
    limit = ONNX_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    if not difference <= limit:  # also where the difference is not a number
        raise DataError(
            f"the ONNX network differs from the Keras network by {difference:.2g} (at most"
            f" {limit:.2g} is allowed), so nothing is published; {DIVERGED}"
        )


def _network_files(learned: Learned, trained: Trained) -> dict[str, Writer]:
    """The published network for ``predict``, and the trained one, to go on from or look into."""
    from safetensors.numpy import save

    from lstm_forecast.model.network.build import complete_network

    prepared = trained.prepared
    graph, weights = onnx_graph(learned.members), save(published_weights(learned.networks))
    network = complete_network(learned.networks)
    same = learned.members is learned.networks
    published = network if same else complete_network(learned.members)
    _require_agreement(
        graph, lambda inputs: np.asarray(published(inputs, training=False)), prepared
    )
    forecaster = prepared.forecaster(graph, trained.calibrations["network"])
    windows = prepared.windows(everything=True)
    golden = golden_json(forecaster, windows, prepared.layout)

    def save_network(path: Path) -> None:
        with temporary_files_in(path.parent):
            network.save(path)

    return {
        "network.onnx": lambda path: path.write_bytes(graph),
        "evaluated.onnx": lambda path: path.write_bytes(trained.evaluated),
        "weights.safetensors": lambda path: path.write_bytes(weights),
        "network.keras": save_network,
        "calibration.safetensors": lambda path: path.write_bytes(
            calibrations_to_bytes(trained.calibrations)
        ),
        "golden.json": lambda path: path.write_text(golden, encoding="utf-8"),
    } | _further_files(trained)


def _further_files(trained: Trained) -> dict[str, Writer]:
    """What not every run has."""
    found: dict[str, Writer] = {}
    if trained.choice.pretrained:
        graph = trained.prepared.pretrained_graph
        found["pretrained.onnx"] = lambda path: path.write_bytes(graph)
    if trained.usual is not None:
        content = reference_to_bytes(trained.usual)
        found[REFERENCE] = lambda path: path.write_bytes(content)
    return found


def _other_files(config: Config, trained: Trained) -> dict[str, Writer]:
    def text(content: str) -> Writer:
        return lambda path: path.write_text(content, encoding="utf-8")

    return {
        "config.yaml": text(dump_config(config)),
        "scaler.json": text(trained.prepared.scaler.to_json()),
        "history.csv": text(history_csv(trained.fitted.history)),
        "metrics.json": text(json.dumps(trained.metrics.content(), indent=1, allow_nan=False)),
        "forecasts.parquet": lambda path: trained.table.to_parquet(path, index=False),
    }


def _manifest(trained: Trained, judged: Judged | None) -> Manifest:
    prepared = trained.prepared
    return Manifest(
        **vars(prepared.facts),
        name=prepared.config.name,
        seed=prepared.config.seed,
        python=platform.python_version(),
        versions={name: version(name) for name in (*PACKAGES, backend())},
        devices=devices(),
        published=trained.choice.published,
        pretrained_share=trained.choice.pretrained or None,
        pretrained_sha256=weights_hash() if trained.choice.pretrained else None,
        weights=NETWORK,
        validation_errors=trained.choice.scores,
        start=judged.start if judged else None,
        judged=judged.verdict if judged else None,
        judged_against=judged.against if judged else None,
        for_study=not judged.verdict.better if judged else None,
    )
