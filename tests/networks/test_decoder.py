"""Parallel decoding: one more step of the last cell for every segment of the horizon, in Keras and
in ONNX.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.network.build import (
    assign_weights,
    build_network,
    complete_network,
    named_weights,
)
from lstm_forecast.model.onnx.graph import OPERATORS, onnx_graph, weight_shapes
from lstm_forecast.model.spec import NetworkSpec
from tests.networks.test_cells import sigmoid
from tests.networks.test_graph import (
    CELLS,
    linear_part,
    member_of,
    predictions_of,
    random_weights,
    session_of,
    windows,
)
from tests.unit.conftest import changed, spec_of

SPEC = spec_of(
    context_length=12, n_features=3, horizon=7, units=(8,), segment_length=3, parallel=True
)
EVERYTHING: dict[str, Any] = {
    **{"padded": True, "units": (8, 5), "segment_units": 6, "activation": "tanh", "dense": (9,)},
    **{"n_targets": 2, "quantiles": (0.1, 0.5, 0.9), "dropout": 0.1, "recurrent_dropout": 0.1},
}
VARIANTS: dict[str, dict[str, Any]] = {  # of every cell
    "plain": {},
    "multi-target quantiles": {"n_targets": 2, "quantiles": (0.1, 0.5, 0.9)},
    "everything": EVERYTHING,
}
OTHERS: dict[str, dict[str, Any]] = {  # of the LSTM alone
    "whole segments": {"horizon": 6},
    "one segment": {"horizon": 2},
    "single steps": {"segment_length": 1},
    "one long step": {"segment_length": 12},
    "stacked": {"units": (8, 5, 7)},
    "masked": {"padded": True},
}
EVERY = [
    *(
        pytest.param(changed(SPEC, cell=cell, **v), id=f"{name}-{cell}")
        for name, v in VARIANTS.items()
        for cell in CELLS
    ),
    *(pytest.param(changed(SPEC, **options), id=name) for name, options in OTHERS.items()),
]


@pytest.mark.parametrize("spec", EVERY)
def test_onnx_predicts_what_keras_predicts(spec: NetworkSpec) -> None:
    members, x = [member_of(spec, linear=True)], windows(spec, 200)
    expected = np.array(complete_network(members)(x))
    assert expected.shape == (
        200,
        spec.framing.horizon,
        spec.channels.n_targets,
        len(spec.quantiles),
    )
    assert expected.std() > 0.1
    np.testing.assert_allclose(predictions_of(members, x), expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(predictions_of(members, x[:1]), expected[:1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("spec", EVERY)
def test_the_graph_is_valid_and_made_of_the_closed_list_of_operators(spec: NetworkSpec) -> None:
    graph = onnx_graph([member_of(spec)])
    model = onnx.load_from_string(graph)
    onnx.checker.check_model(model, full_check=True)
    assert {node.op_type for node in model.graph.node} <= OPERATORS
    assert {node.domain for node in model.graph.node} == {""}
    shape = ["batch", spec.framing.horizon, spec.channels.n_targets, len(spec.quantiles)]
    assert {o.name: o.shape for o in session_of(graph).get_outputs()} == {"prediction": shape}


@pytest.mark.parametrize("cell", CELLS)
def test_weights_have_the_shapes_that_the_spec_foretells_and_follow_the_seed(cell: Any) -> None:
    spec = changed(SPEC, cell=cell, **EVERYTHING)
    first, second, other = (
        named_weights(build_network(s)) for s in (spec, spec, changed(spec, seed=1))
    )
    shapes = {name: weight.shape for name, weight in first.items()}
    assert list(shapes.items()) == list(weight_shapes(spec).items())
    for name, weight in first.items():
        np.testing.assert_array_equal(weight, second[name])
        assert not name.endswith(("kernel", "position")) or np.abs(weight - other[name]).max() > 0


@pytest.mark.parametrize("spec", EVERY[-len(OTHERS) :])
def test_weights_survive_a_round_trip_by_name(spec: NetworkSpec) -> None:
    network, weights = build_network(spec), random_weights(spec)
    assert network.count_params() == sum(weight.size for weight in weights.values())
    assign_weights(network, dict(reversed(weights.items())))
    for name, weight in named_weights(network).items():
        np.testing.assert_array_equal(weight, weights[name])


@pytest.mark.parametrize("cell", CELLS)
def test_a_saved_ensemble_loads_with_the_same_predictions(cell: Any, tmp_path: Path) -> None:
    spec = changed(
        SPEC, cell=cell, padded=True, n_targets=2, quantiles=(0.1, 0.5, 0.9), recurrent_dropout=0.1
    )
    short = changed(spec, context_length=6, seed=1)
    members = [
        member_of(spec, linear=True),
        Member(short, random_weights(short, 1), linear_part(short)),
    ]
    complete, x = complete_network(members), windows(spec, 50)
    complete.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_allclose(loaded(x), complete(x), atol=1e-6)
    np.testing.assert_allclose(predictions_of(members, x), complete(x), rtol=0, atol=1e-5)
    assert onnx_graph(members) == onnx_graph(members)


def test_the_plain_lstm_takes_one_step_from_the_end_of_the_context_to_each_segment() -> None:
    spec, w = changed(SPEC, n_targets=2), random_weights(changed(SPEC, n_targets=2))
    kernel, recurrent, bias = (
        w[f"recurrent_0.{name}"] for name in ("kernel", "recurrent_kernel", "bias")
    )
    x = windows(spec, 20)

    def step(inputs: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        i, f, new, o = np.split(inputs @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
        return sigmoid(o) * np.tanh(c), c

    h = c = np.zeros((len(x), 8))
    for segment in x.reshape(len(x), 4, 3 * 3).swapaxes(0, 1):
        h, c = step(segment, h, c)
    # each from the same state
    outputs = [step(position, h, c)[0] for position in w["recurrent_0.position"]]
    assert len(outputs) == 3
    steps = [
        (each @ w["output.kernel"] + w["output.bias"]).reshape(-1, 3, 2, 1) for each in outputs
    ]
    # the last segment reaches two steps past the horizon
    expected = np.concatenate(steps, axis=1)[:, :7]
    np.testing.assert_allclose(
        predictions_of([Member(spec, w, None)], x), expected, rtol=0, atol=1e-5
    )
    network = build_network(spec)
    assign_weights(network, w)
    np.testing.assert_allclose(network(x), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_every_segment_is_the_next_step_of_the_cell_with_its_position_for_input(cell: Any) -> None:
    spec = changed(SPEC, cell=cell, horizon=9)
    # a fifth segment, and one to forecast
    direct = changed(spec, parallel=False, horizon=3, context_length=15)
    x, weights = windows(spec, 20), random_weights(spec)
    network, longer = build_network(spec), build_network(direct)
    assign_weights(network, weights)
    assign_weights(
        longer, {name: weight for name, weight in weights.items() if not name.endswith("position")}
    )
    prediction = np.array(network(x))
    for k, position in enumerate(weights["recurrent_0.position"]):
        continued = np.concatenate(
            [x, np.broadcast_to(position.reshape(1, 3, 3), (20, 3, 3))], axis=1
        )
        np.testing.assert_allclose(
            prediction[:, 3 * k : 3 * k + 3], longer(continued), rtol=0, atol=1e-5
        )
    parts = np.split(prediction, 3, axis=1)
    assert min(np.abs(parts[a] - parts[b]).max() for a, b in ((0, 1), (1, 2), (0, 2))) > 0.01


@pytest.mark.parametrize("cell", CELLS)
def test_left_padding_of_whole_segments_changes_nothing(cell: Any) -> None:
    short = changed(SPEC, cell=cell, context_length=6, **EVERYTHING)
    x = windows(short)
    x[..., -1] = 1
    networks = build_network(short), build_network(changed(short, context_length=15))
    for network in networks:
        assign_weights(network, random_weights(short))
    np.testing.assert_allclose(
        networks[0](x), networks[1](np.pad(x, ((0, 0), (9, 0), (0, 0)))), atol=1e-6
    )


@pytest.mark.parametrize("cell", CELLS)
def test_every_weight_learns_in_batches_of_several_sizes_with_dropout(cell: Any) -> None:
    spec = changed(
        SPEC, cell=cell, context_length=6, padded=True, recurrent_dropout=0.3, segment_units=4
    )
    network, x = build_network(spec), windows(spec, 20)
    network.compile(optimizer="adam", loss="mse", jit_compile=False)
    before = named_weights(network)
    targets = np.ones((len(x), *network.output_shape[1:]))
    history = network.fit(x, targets, batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.abs(w - before[name]).max() > 0 for name, w in named_weights(network).items())
    np.testing.assert_array_equal(network(x), network(x))  # no dropout outside of training


def test_dropout_follows_the_seed() -> None:
    spec = changed(SPEC, recurrent_dropout=0.5)
    x = windows(spec, 20)
    first, second = (build_network(spec)(x, training=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.abs(np.array(first) - build_network(spec)(x)).max() > 0.001
