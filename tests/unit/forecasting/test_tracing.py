"""Networks of every kind that we write pass the check that hostile ones fail, with the shapes that
ONNX gives them.
"""

from typing import get_args

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from lstm_forecast.config.network import Cell
from lstm_forecast.forecasting.onnx_file import read_network
from lstm_forecast.forecasting.tracing import OPERATORS, require_bounded
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.onnx import graph
from tests.unit.conftest import spec_of

CELLS = get_args(Cell)


def member(seed: int = 0, **choices: object) -> Member:
    plain = {"context_length": 12, "n_features": 2, "horizon": 5, "quantiles": (0.1, 0.5, 0.9)}
    spec = spec_of(**{**plain, "units": (3,), "segment_length": 4, **choices})
    rng = np.random.default_rng(seed)
    weights = {
        k: rng.normal(size=shape).astype(np.float32)
        for k, shape in graph.weight_shapes(spec).items()
    }
    kernel = np.zeros(
        (spec.channels.n_targets, spec.framing.context_length, spec.framing.horizon), np.float32
    )
    bias = np.zeros((spec.channels.n_targets, spec.framing.horizon), np.float32)
    return Member(spec, weights, Linear(kernel, bias, ("ridge",), np.ones(1)))


def accepted(*members: Member, largest: int = 2000) -> None:
    spec = members[0].spec
    context = max(one.spec.framing.context_length for one in members)
    require_bounded(
        read_network(graph.onnx_graph(members)),
        inputs=(context, spec.channels.n_features),
        outputs=(spec.framing.horizon, spec.channels.n_targets, len(spec.quantiles)),
        largest=largest,
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_every_network_of_ours_is_accepted(cell: str, bidirectional: bool, masked: bool) -> None:
    common = {"cell": cell, "padded": masked}
    accepted(
        member(**common, bidirectional=bidirectional, units=(3, 2), segment_units=5, dense=(4,))
    )
    accepted(*(member(k, **common, context_length=length) for k, length in enumerate((12, 8, 4))))
    if not bidirectional:
        accepted(member(**common, parallel=True, activation="gelu", segment_units=4))


def test_the_operators_are_those_that_we_write() -> None:
    assert set(OPERATORS) == graph.OPERATORS


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": (12, 3)},
        {"inputs": (13, 2)},
        {"inputs": (12,)},
        {"outputs": (5, 1, 1)},
        {"outputs": (6, 1, 3)},
        {"largest": 10},
    ],
)
def test_a_network_of_another_size_is_refused(wrong: dict) -> None:
    network = read_network(graph.onnx_graph([member()]))
    with pytest.raises(ValueError):
        require_bounded(
            network, **{"inputs": (12, 2), "outputs": (5, 1, 3), "largest": 2000, **wrong}
        )


def test_a_file_reads_as_onnx_reads_it() -> None:
    content = graph.onnx_graph(
        [member(units=(3, 2), dense=(4,)), member(1, units=(3, 2), dense=(4,))]
    )
    found, model = read_network(content), onnx.load_from_string(content)
    assert [(n.operator, n.inputs, n.outputs) for n in found.nodes] == [
        (n.op_type, tuple(n.input), tuple(n.output)) for n in model.graph.node
    ]
    for node, expected in zip(found.nodes, model.graph.node, strict=True):
        values = {a.name: onnx.helper.get_attribute_value(a) for a in expected.attribute}
        assert node.attributes == {
            name: value.decode()
            if isinstance(value, bytes)
            else tuple(value)
            if isinstance(value, list)
            else value
            for name, value in values.items()
        }
    for tensor in model.graph.initializer:
        np.testing.assert_array_equal(found.constants[tensor.name], numpy_helper.to_array(tensor))


CONTENT = graph.onnx_graph([member()])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.builds(lambda a, b, c: CONTENT[:a] + b + CONTENT[a + c :],
    st.integers(0, len(CONTENT)), st.binary(max_size=8), st.integers(0, 8)))  # fmt: skip
def test_any_bytes_are_a_network_or_a_value_error(content: bytes) -> None:
    try:
        network = read_network(content)
        require_bounded(network, inputs=(12, 2), outputs=(5, 1, 3), largest=2000)
    except ValueError:
        pass
