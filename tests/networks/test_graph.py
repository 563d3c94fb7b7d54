import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import onnx
import onnxruntime as ort
import pytest

from lstm_forecast.config.network import Activation, Cell
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.linear.smoothing import fit_smoothing
from lstm_forecast.model.network.build import complete_network
from lstm_forecast.model.onnx.graph import IR_VERSION, OPERATORS, OPSET, onnx_graph, weight_shapes
from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.windows.windows import Windows
from tests.unit.conftest import changed, spec_of

CELLS = get_args(Cell)
SPEC = spec_of(context_length=12, n_features=3, horizon=4, units=(8,))
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "dense": {"dense": (9, 7), "dropout": 0.1, "recurrent_dropout": 0.1},
    "bidirectional": {"bidirectional": True},
    "stacked": {"units": (8, 5)},
    "segmented": {"segment_length": 3},
    "segment layer": {"segment_length": 3, "segment_units": 6, "activation": "gelu"},
    "one step": {"segment_length": 12},
    "masked": {"padded": True},
    "masked bidirectional": {"padded": True, "bidirectional": True},
    "masked, segmented, stacked, bidirectional": {
        **{
            "padded": True,
            "segment_length": 3,
            "segment_units": 6,
            "units": (8, 5, 7),
            "bidirectional": True,
        }
    },
    "multi-target": {"n_targets": 2},
    "quantiles": {"quantiles": (0.1, 0.5, 0.9)},
    "multi-target quantiles": {
        **{"n_targets": 3, "n_features": 4, "quantiles": (0.1, 0.5, 0.9), "padded": True}
    },
}


def windows(spec: NetworkSpec, n: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, spec.framing.context_length, spec.channels.n_features)).astype(
        "float32"
    )
    if spec.channels.padded:
        padding = rng.integers(0, spec.framing.context_length, size=(n, 1))
        observed = np.arange(spec.framing.context_length) >= padding
        x[..., -1] = 1
        x *= observed[..., np.newaxis]
    return x


def random_weights(spec: NetworkSpec, seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights, biases included, of usual size: larger ones make the recurrence chaotic."""
    rng = np.random.default_rng(seed)
    shapes = weight_shapes(spec).items()
    return {name: (rng.normal(size=s) / s[0] ** 0.5).astype("float32") for name, s in shapes}


def linear_part(spec: NetworkSpec, seed: int = 2) -> Linear:
    rng = np.random.default_rng(seed)
    kernel = (
        rng.normal(
            size=(spec.channels.n_targets, spec.framing.context_length, spec.framing.horizon)
        )
        / spec.framing.context_length
    )
    bias = rng.normal(size=(spec.channels.n_targets, spec.framing.horizon))
    return Linear(
        kernel.astype("float32"),
        bias.astype("float32"),
        ("",) * spec.channels.n_targets,
        np.zeros(spec.channels.n_targets),
    )


def member_of(spec: NetworkSpec, *, linear: bool = False) -> Member:
    return Member(spec, random_weights(spec), linear_part(spec) if linear else None)


def training_windows(spec: NetworkSpec) -> Windows:
    """Walks and noise, so that every target has weights of its own."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(200, spec.channels.n_targets)).cumsum(axis=0) * np.arange(
        spec.channels.n_targets
    ) + rng.normal(size=(200, 1))
    return Windows(
        values=values.astype(np.float32),
        starts=np.array([spec.framing.context_length]),
        counts=np.array([150]),
        floors=np.array([0]),
        framing=replace(spec.framing, normalisation="last"),
        channels=replace(spec.channels, n_past=0),
    )


def smoothed_member(spec: NetworkSpec, *, season_length: int) -> Member:
    smoothing = fit_smoothing(training_windows(spec), season_length=season_length)
    share = np.linspace(1, 0.5, spec.channels.n_targets, dtype=np.float32)
    return Member(
        spec, random_weights(spec), replace(linear_part(spec), smoothing=smoothing, share=share)
    )


def ensemble_of(spec: NetworkSpec, contexts: tuple[int, ...]) -> list[Member]:
    """Members with weights of their own; every other one has a linear part."""
    specs = [changed(spec, context_length=length, seed=k) for k, length in enumerate(contexts)]
    return [
        Member(
            each,
            random_weights(each, seed=k),
            linear_part(each, seed=50 + k) if k % 2 == 0 else None,
        )
        for k, each in enumerate(specs)
    ]


def graph_of(spec: NetworkSpec, *, linear: bool = False) -> bytes:
    return onnx_graph([member_of(spec, linear=linear)])


def predictions_of(members: list[Member], x: np.ndarray) -> np.ndarray:
    (predictions,) = session_of(onnx_graph(members)).run(None, {"window": x})
    return np.asarray(predictions)


def session_of(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def assert_as_keras(spec: NetworkSpec, *, linear: bool = False) -> None:
    members, x = [member_of(spec, linear=linear)], windows(spec)
    expected = np.array(complete_network(members)(x))
    assert expected.std() > 0.1
    np.testing.assert_allclose(predictions_of(members, x), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_onnx_predicts_what_keras_predicts(cell: Any, variant: str) -> None:
    assert_as_keras(changed(SPEC, cell=cell, **VARIANTS[variant]))


@pytest.mark.parametrize("cell", CELLS)
def test_onnx_predicts_what_keras_predicts_with_a_linear_part(cell: Any) -> None:
    assert_as_keras(changed(SPEC, cell=cell, n_targets=2, quantiles=(0.1, 0.9)), linear=True)


@pytest.mark.parametrize("season", [1, 2, 5])
@pytest.mark.parametrize("variant", ["plain", "multi-target quantiles", "masked"])
def test_onnx_and_keras_smooth_windows_as_the_linear_part_does(
    variant: str, season: int, tmp_path: Path
) -> None:
    spec = changed(SPEC, context_length=24, **VARIANTS[variant])
    members, x = [smoothed_member(spec, season_length=season)], windows(spec)
    x[0, :, : spec.channels.n_targets] = 0
    complete_network(members).save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    expected = (
        np.array(complete_network([replace(members[0], linear=None)])(x))
        + members[0].linear.predict(x)[..., None]
    )
    np.testing.assert_allclose(predictions_of(members, x), expected, rtol=0, atol=2e-5)
    np.testing.assert_allclose(loaded(x), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("activation", get_args(Activation))
def test_onnx_has_every_activation_as_keras_does(activation: Any) -> None:
    assert_as_keras(changed(SPEC, activation=activation, segment_units=6, dense=(9,)))


def test_onnx_agrees_with_keras_on_a_realistic_size() -> None:
    assert_as_keras(changed(SPEC, context_length=168, horizon=24, units=(64,)))


def test_the_linear_part_is_added_to_every_quantile() -> None:
    spec = changed(SPEC, n_targets=2, quantiles=(0.1, 0.5, 0.9))
    x, linear = windows(spec, 20), linear_part(spec)
    expected = np.einsum("bcn,nch->bhn", x[..., :2], linear.kernel) + linear.bias.T
    np.testing.assert_allclose(linear.predict(x), expected, atol=1e-5)
    prediction = predictions_of([member_of(spec, linear=True)], x)
    network = predictions_of([member_of(spec)], x)
    np.testing.assert_allclose(prediction, network + expected[..., np.newaxis], atol=1e-5)


ENSEMBLES = {"1": (6,), "2": (12, 6), "3": (6, 12, 3), "4": (3, 9, 12, 9), "5 alike": (12,) * 5}


@pytest.mark.parametrize("contexts", ENSEMBLES.values(), ids=ENSEMBLES)
@pytest.mark.parametrize(
    "variant", ["plain", "multi-target", "quantiles", "masked", "multi-target quantiles"]
)
def test_an_ensemble_predicts_the_median_of_its_members_on_their_newest_steps_in_onnx_and_in_keras(
    variant: str, contexts: tuple[int, ...]
) -> None:
    spec = changed(SPEC, **VARIANTS[variant])
    members, x = (
        ensemble_of(spec, contexts),
        windows(changed(spec, context_length=max(contexts)), 200),
    )
    alone = [predictions_of([each], x[:, -each.spec.framing.context_length :]) for each in members]
    assert len({each.tobytes() for each in alone}) == len(contexts)
    predictions = predictions_of(members, x)
    np.testing.assert_allclose(predictions, np.median(alone, axis=0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        predictions, np.array(complete_network(members)(x)), rtol=0, atol=1e-5
    )


def test_an_ensemble_agrees_with_keras_for_every_cell_and_segment() -> None:
    for cell in CELLS:
        spec = changed(SPEC, cell=cell, **VARIANTS["masked, segmented, stacked, bidirectional"])
        members, x = ensemble_of(spec, (6, 12, 9)), windows(spec, 100)
        expected = np.array(complete_network(members)(x))
        np.testing.assert_allclose(predictions_of(members, x), expected, rtol=0, atol=1e-5)


def test_the_graph_of_an_ensemble_is_valid_and_has_one_input_and_one_output() -> None:
    model = onnx.load_from_string(onnx_graph(ensemble_of(SPEC, ENSEMBLES["4"])))
    onnx.checker.check_model(model, full_check=True)
    assert {node.op_type for node in model.graph.node} <= OPERATORS
    assert {node.domain for node in model.graph.node} == {""}
    session = session_of(model.SerializeToString())
    assert {i.name: i.shape for i in session.get_inputs()} == {"window": ["batch", 12, 3]}
    assert {o.name: o.shape for o in session.get_outputs()} == {"prediction": ["batch", 4, 1, 1]}


def test_equal_ensembles_give_equal_bytes() -> None:
    first, second = (onnx_graph(ensemble_of(SPEC, ENSEMBLES["3"])) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_graph_is_valid_and_made_of_the_closed_list_of_operators(
    cell: Any, variant: str
) -> None:
    model = onnx.load_from_string(
        graph_of(changed(SPEC, cell=cell, **VARIANTS[variant]), linear=True)
    )
    onnx.checker.check_model(model, full_check=True)
    assert {node.op_type for node in model.graph.node} <= OPERATORS
    assert {node.domain for node in model.graph.node} == {""}
    assert model.ir_version == IR_VERSION
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    assert not model.functions
    assert all(t.data_location == onnx.TensorProto.DEFAULT for t in model.graph.initializer)


def test_every_operator_of_the_closed_list_is_used() -> None:
    specs = [changed(SPEC, cell=cell, **VARIANTS[v]) for cell in CELLS for v in VARIANTS]
    specs += [changed(SPEC, segment_units=4, activation=a) for a in get_args(Activation)]
    specs.append(changed(SPEC, parallel=True))
    models = (onnx.load_from_string(graph_of(spec, linear=True)) for spec in specs)
    used = {node.op_type for model in models for node in model.graph.node}
    others = (
        ensemble_of(SPEC, ENSEMBLES["2"]),
        [smoothed_member(changed(SPEC, padded=True), season_length=1)],
    )
    models = (onnx.load_from_string(onnx_graph(members)) for members in others)
    assert used | {node.op_type for model in models for node in model.graph.node} == OPERATORS


@pytest.mark.parametrize("variant", VARIANTS)
def test_shapes_are_declared_with_a_symbolic_batch(variant: str) -> None:
    spec = changed(SPEC, **VARIANTS[variant])
    session = session_of(graph_of(spec, linear=True))
    assert {i.name: i.shape for i in session.get_inputs()} == {
        "window": ["batch", 12, VARIANTS[variant].get("n_features", 3)]
    }
    assert {o.name: o.shape for o in session.get_outputs()} == {
        "prediction": ["batch", 4, spec.channels.n_targets, len(spec.quantiles)],
    }


@pytest.mark.parametrize("cell", CELLS)
def test_equal_inputs_give_equal_bytes_and_equal_predictions(cell: Any) -> None:
    spec = changed(SPEC, cell=cell, **VARIANTS["masked, segmented, stacked, bidirectional"])
    assert graph_of(spec) == graph_of(spec)
    x = windows(spec)
    first, second = (session_of(graph_of(spec)).run(None, {"window": x})[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_window_alone_gives_what_it_gives_in_a_batch_and_quickly(capsys: Any) -> None:
    spec = changed(SPEC, context_length=168, horizon=24, units=(64,), padded=True)
    session, x = session_of(graph_of(spec, linear=True)), windows(spec, 50)
    together = session.run(["prediction"], {"window": x})[0]
    start = time.perf_counter()
    alone = [session.run(["prediction"], {"window": window[np.newaxis]})[0] for window in x]
    seconds = (time.perf_counter() - start) / len(x)
    np.testing.assert_allclose(np.concatenate(alone), together, atol=1e-5)
    with capsys.disabled():
        print(f"\none window of 168 steps, 64 units: {seconds * 1e3:.2f} ms")


def test_writing_a_graph_needs_no_keras() -> None:
    code = "import sys, lstm_forecast.model.onnx.graph; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
