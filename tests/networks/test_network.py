from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from lstm_forecast.config.network import Initializer
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.network.build import (
    assign_weights,
    build_network,
    complete_network,
    named_weights,
)
from lstm_forecast.model.onnx.graph import weight_shapes
from lstm_forecast.model.spec import NetworkSpec
from tests.networks.test_graph import CELLS, SPEC, random_weights
from tests.unit.conftest import changed

LARGE = changed(
    SPEC,
    n_targets=2,
    quantiles=(0.1, 0.5, 0.9),
    units=(8, 5),
    bidirectional=True,
    segment_length=3,
    segment_units=6,
    padded=True,
    dropout=0.1,
    recurrent_dropout=0.1,
    dense=(9, 7),
)


def windows(spec: NetworkSpec, n: int = 32) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, spec.framing.context_length, spec.channels.n_features)).astype(
        "float32"
    )


def linear_part(spec: NetworkSpec) -> Linear:
    rng = np.random.default_rng(2)
    kernel = rng.normal(
        size=(spec.channels.n_targets, spec.framing.context_length, spec.framing.horizon)
    ).astype("float32")
    bias = rng.normal(size=(spec.channels.n_targets, spec.framing.horizon)).astype("float32")
    return Linear(
        kernel, bias, ("ridge",) * spec.channels.n_targets, np.zeros(spec.channels.n_targets)
    )


def member_of(spec: NetworkSpec) -> Member:
    return Member(spec, random_weights(spec), linear_part(spec))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("spec", [SPEC, LARGE])
def test_the_weights_have_the_shapes_that_the_spec_foretells(cell: Any, spec: NetworkSpec) -> None:
    spec = changed(spec, cell=cell)
    network = build_network(spec)
    shapes = {name: weight.shape for name, weight in named_weights(network).items()}
    assert shapes == weight_shapes(spec)
    assert list(shapes) == list(weight_shapes(spec))
    assert network.count_params() == sum(np.prod(shape) for shape in shapes.values())
    assert network.output_shape == (
        None,
        spec.framing.horizon,
        spec.channels.n_targets,
        len(spec.quantiles),
    )


def test_layers_have_stable_names() -> None:
    names = " ".join(layer.name for layer in build_network(LARGE).layers)
    assert names == (
        "segments masking segment recurrent_0 recurrent_1 dropout dense_0 dense_1 output prediction"
    )
    assert "recurrent_0.backward.peephole" in weight_shapes(changed(LARGE, cell="peephole_lstm"))


@pytest.mark.parametrize("cell", CELLS)
def test_equal_specs_give_equal_weights_and_another_seed_gives_others(cell: Any) -> None:
    spec = changed(LARGE, cell=cell)
    first, second, other = (
        named_weights(build_network(s)) for s in (spec, spec, changed(spec, seed=1))
    )
    for name, weight in first.items():
        np.testing.assert_array_equal(weight, second[name])
        assert not name.endswith("kernel") or np.abs(weight - other[name]).max() > 0


def test_no_two_kernels_start_equal_not_even_the_halves_of_a_bidirectional_layer() -> None:
    weights = named_weights(build_network(changed(LARGE, units=(8, 8), dense=(9, 9, 9))))
    kernels = [w.tobytes() for name, w in weights.items() if name.endswith("kernel")]
    assert len(set(kernels)) == len(kernels)


@pytest.mark.parametrize("initializer", get_args(Initializer))
def test_every_initializer_works_for_every_kernel(initializer: Any) -> None:
    spec = changed(LARGE, kernel_initializer=initializer, recurrent_initializer=initializer)
    for name, weight in named_weights(build_network(spec)).items():
        assert np.isfinite(weight).all()
        assert not name.endswith("kernel") or weight.std() > 0


def test_a_zero_output_predicts_zero() -> None:
    assert not np.any(build_network(changed(LARGE, zero_output=True))(windows(LARGE)))


@pytest.mark.parametrize("cell", CELLS)
def test_weights_survive_a_round_trip_by_name(cell: Any) -> None:
    spec = changed(LARGE, cell=cell)
    network, weights = build_network(spec), random_weights(spec)
    assign_weights(network, dict(reversed(weights.items())))
    for name, weight in named_weights(network).items():
        np.testing.assert_array_equal(weight, weights[name])


def test_weights_that_do_not_fit_are_named_and_change_nothing() -> None:
    network, weights = build_network(SPEC), random_weights(SPEC)
    before = named_weights(network)
    missing = {name: weight for name, weight in weights.items() if name != "output.bias"}
    wrong = missing | {"extra": np.zeros(2), "recurrent_0.bias": np.zeros(3)}
    with pytest.raises(
        ValueError, match=r"extra: .*; output\.bias: .*; recurrent_0\.bias: .*received \(3,\)"
    ):
        assign_weights(network, wrong)
    for name, weight in named_weights(network).items():
        np.testing.assert_array_equal(weight, before[name])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_left_padding_of_whole_segments_changes_nothing(cell: Any, bidirectional: bool) -> None:
    short = changed(LARGE, cell=cell, bidirectional=bidirectional, context_length=6)
    long = changed(short, context_length=15)
    x = windows(short)
    x[..., -1] = 1
    networks = build_network(short), build_network(long)
    for network in networks:
        assign_weights(network, random_weights(short))
    padded = np.pad(x, ((0, 0), (9, 0), (0, 0)))
    np.testing.assert_allclose(networks[0](x), networks[1](padded), atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_a_masked_network_with_every_option_trains(cell: Any) -> None:
    spec = changed(LARGE, cell=cell, context_length=6, units=(8,))
    network, x = build_network(spec), windows(spec)
    x[: len(x) // 2, :3] = 0
    network.compile(optimizer="adam", loss="mse", jit_compile=False)
    before = named_weights(network)
    history = network.fit(x, np.ones((len(x), *network.output_shape[1:])), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.abs(w - before[name]).max() > 0 for name, w in named_weights(network).items())


@pytest.mark.parametrize("spec", [SPEC, LARGE, changed(SPEC, n_features=1)])
def test_the_complete_network_adds_the_linear_part_to_every_quantile(spec: NetworkSpec) -> None:
    network, member, x = build_network(spec), member_of(spec), windows(spec)
    assign_weights(network, member.weights)
    expected = (
        np.einsum("bcn,nch->bhn", x[..., : spec.channels.n_targets], linear_part(spec).kernel)
        + linear_part(spec).bias.T
    )
    actual = complete_network([member])(x) - network(x)
    np.testing.assert_allclose(
        actual, np.broadcast_to(expected[..., None], actual.shape), atol=1e-5
    )


def test_a_linear_part_of_another_shape_is_refused() -> None:
    linear = linear_part(SPEC)
    with pytest.raises(ValueError, match="shape"):
        complete_network(
            [replace(member_of(SPEC), linear=replace(linear, kernel=linear.kernel[:, 1:]))]
        )


def test_weights_of_another_shape_are_refused_by_name() -> None:
    member = member_of(changed(SPEC, units=(9,)))
    with pytest.raises(ValueError, match=r"recurrent_0\.bias: expected \(32,\), received \(36,\)"):
        complete_network([replace(member, spec=SPEC)])


def test_without_a_linear_part_the_complete_network_is_the_network() -> None:
    network, member, x = (
        build_network(LARGE),
        replace(member_of(LARGE), linear=None),
        windows(LARGE),
    )
    assign_weights(network, member.weights)
    np.testing.assert_allclose(complete_network([member])(x), network(x), atol=1e-6)


@pytest.mark.parametrize("contexts", [(12,), (6, 12), (3, 12, 6), (12, 9, 9, 6)])
@pytest.mark.parametrize("spec", [SPEC, LARGE])
def test_the_complete_network_of_an_ensemble_is_the_median_of_its_members(
    spec: NetworkSpec, contexts: tuple[int, ...]
) -> None:
    members, x = [], windows(spec)
    for number, length in enumerate(contexts):
        each = changed(spec, context_length=length, seed=number)
        members.append(Member(each, named_weights(build_network(each)), linear_part(each)))
    alone = [
        np.array(complete_network([member])(x[:, -member.spec.framing.context_length :]))
        for member in members
    ]
    np.testing.assert_allclose(complete_network(members)(x), np.median(alone, axis=0), atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_saved_complete_network_loads_with_the_same_predictions(
    cell: Any, tmp_path: Path
) -> None:
    spec = changed(LARGE, cell=cell)
    complete = complete_network([member_of(spec), member_of(changed(spec, context_length=6))])
    complete.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    x = windows(spec)
    np.testing.assert_allclose(complete(x), loaded(x), atol=1e-6)
