"""Sizes of the pretrained network, and its ONNX graph run without Keras."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.model.onnx.pretrained import network_graph
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.architecture import (
    MIDDLE,
    QUANTILES,
    STRETCHES,
    Architecture,
)
from lstm_forecast.model.pretrained.inputs import N_CUT, N_STEP
from lstm_forecast.model.pretrained.season import HORIZON, STEPS
from lstm_forecast.model.pretrained.simple import SIMPLE

SMALL = Architecture(units=8, layers=2, hidden=10)
SIZES = st.builds(Architecture, st.integers(1, 40), st.integers(1, 4), st.integers(1, 40))


def weights_of(architecture: Architecture, seed: int = 0, size: float = 0.3) -> dict:
    rng = np.random.default_rng(seed)
    return {
        name: (size * rng.normal(size=shape)).astype(np.float32)
        for name, shape in architecture.shapes.items()
    }


def inputs_of(n: int, n_steps: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {"steps": (n_steps, N_STEP), "cut": (N_CUT,), "simple": (len(SIMPLE), HORIZON)}
    return {name: rng.normal(size=(n, *shape)).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(network_graph(weights_of(SMALL)))


@settings(max_examples=20, deadline=None)
@given(SIZES)
def test_sizes_are_found_from_the_weights(architecture: Architecture) -> None:
    weights = {name: np.empty(shape) for name, shape in architecture.shapes.items()}
    assert Architecture.of(weights) == architecture
    assert architecture.n_parameters == sum(weight.size for weight in weights.values())


def changed(**weights: tuple[int, ...] | None) -> dict[str, np.ndarray]:
    """Weights, some with another shape or, with None, left out; ``__`` for a dot."""
    found = weights_of(SMALL)
    for name, shape in weights.items():
        name = name.replace("__", ".")
        if shape is None:
            del found[name]
        else:
            found[name] = np.zeros(shape, np.float32)
    return found


@pytest.mark.parametrize(
    "weights",
    [
        {},
        changed(segment__bias=None),
        changed(hidden__bias=None),
        changed(recurrent_0__recurrent_kernel=None),
        changed(recurrent_1__kernel=None),
        changed(segment__kernel=(N_STEP + 1, 8)),
        changed(cut__kernel=(8 + N_CUT - 1, 10)),
        changed(output__kernel=(10, HORIZON * len(QUANTILES) - 1)),
        changed(weights__bias=(len(SIMPLE),)),
        changed(another__kernel=(3, 3)),
        changed(recurrent_7__recurrent_kernel=(8, 32)),
    ],
)
def test_other_weights_are_refused(weights: dict[str, np.ndarray]) -> None:
    for use in (Architecture.of, network_graph):
        with pytest.raises(ValueError, match="not the weights of a pretrained network"):
            use(weights)


def test_quantiles_and_stretches_are_what_the_layers_need() -> None:
    assert QUANTILES[MIDDLE] == 0.5
    assert [round(1 - quantile, 3) for quantile in reversed(QUANTILES)] == list(QUANTILES)
    assert STRETCHES[-1] == HORIZON
    assert sorted(set(STRETCHES)) == list(STRETCHES)


@pytest.mark.parametrize("n_steps", [1, 2, 17, STEPS])
@pytest.mark.parametrize("n", [1, 5])
def test_any_number_of_steps_gives_ascending_quantiles(
    n: int, n_steps: int, session: Session
) -> None:
    prediction = session.run(inputs_of(n, n_steps))
    assert prediction.shape == (n, HORIZON, len(QUANTILES))
    assert np.isfinite(prediction).all()
    assert (np.diff(prediction, axis=2) >= 0).all()


def test_earlier_steps_are_remembered(session: Session) -> None:
    inputs = inputs_of(3, 9)
    later = inputs | {"steps": inputs["steps"][:, 2:]}
    assert not np.allclose(session.run(inputs), session.run(later), atol=1e-4)


def test_series_play_no_part_in_each_other(session: Session) -> None:
    inputs = inputs_of(6, 7)
    one = {name: array[2:3] for name, array in inputs.items()}
    np.testing.assert_allclose(session.run(one)[0], session.run(inputs)[2], atol=1e-5)


def test_without_corrections_the_median_is_a_weighted_mean_of_the_simple_forecasts() -> None:
    weights = weights_of(SMALL)
    for name in ("output.kernel", "output.bias", "weights.kernel"):
        weights[name] = np.zeros_like(weights[name])
    inputs = inputs_of(4, 3)
    prediction = Session(network_graph(weights)).run(inputs)
    logits = weights["weights.bias"].reshape(len(STRETCHES), len(SIMPLE))
    for lead in range(1, HORIZON + 1):
        stretch = sum(last < lead for last in STRETCHES)
        share = np.exp(logits[stretch]) / np.exp(logits[stretch]).sum()
        expected = inputs["simple"][:, :, lead - 1] @ share
        median = prediction[:, lead - 1, MIDDLE]
        np.testing.assert_allclose(median, expected, rtol=1e-4, atol=1e-5)
    distances = np.diff(prediction, axis=2)
    np.testing.assert_allclose(distances, math.log(2), rtol=1e-4)


def test_equal_weights_give_an_equal_file() -> None:
    assert network_graph(weights_of(SMALL)) == network_graph(weights_of(SMALL))
