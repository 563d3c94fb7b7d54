"""What is known ahead, in networks and in their graphs."""

import numpy as np
import pytest

from lstm_forecast.model.ensemble import Member, published_weights
from lstm_forecast.model.linear.linear import Linear, fit_linear
from lstm_forecast.model.network.build import build_network, complete_network, named_weights
from lstm_forecast.model.onnx.graph import onnx_graph, weight_shapes
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.spec import NetworkSpec
from tests.unit.windows.test_known_ahead import random_windows


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_the_published_graph_and_the_keras_network_predict_what_the_linear_part_does(
    n_targets: int, padded: bool
) -> None:
    windows = random_windows(n_targets, padded=padded)
    linear: Linear = fit_linear(windows)
    spec = NetworkSpec(
        framing=windows.framing,
        channels=windows.channels,
        quantiles=(0.1, 0.5, 0.9),
        units=(3,),
        zero_output=True,
    )
    members = [Member(spec, named_weights(build_network(spec)), linear)]
    inputs = next(windows.batches(20)).inputs
    expected = np.repeat(linear.predict(inputs)[..., None], 3, axis=3)
    np.testing.assert_allclose(Session(onnx_graph(members)).predict(inputs), expected, atol=1e-5)
    np.testing.assert_allclose(np.asarray(complete_network(members)(inputs)), expected, atol=1e-5)
    assert set(published_weights(members)) == {f"0/{name}" for name in weight_shapes(spec)} | {
        "0/linear.kernel", "0/linear.bias", "0/linear.known"
    }  # fmt: skip
