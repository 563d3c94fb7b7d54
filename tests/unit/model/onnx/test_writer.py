"""Graphs that are written node by node: each constant once, and every name its own."""

from itertools import combinations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lstm_forecast.forecasting.onnx_file import read_network
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.onnx.writer import IR_VERSION, OPSET, Graph

NUMBERS = st.sampled_from([0, 1, -1])
CONSTANTS = st.lists(
    st.sampled_from([np.float32, np.int64]).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_side=0, max_dims=2, max_side=2),
                             elements=NUMBERS)
    ),
    max_size=12,
)  # fmt: skip


def content_of(graph: Graph) -> bytes:
    return graph.model({"window": (2,)}, {"prediction": (2,)})


@settings(max_examples=200, deadline=None)
@given(CONSTANTS)
def test_constants_share_a_name_if_type_shape_and_numbers_are_equal(
    values: list[np.ndarray],
) -> None:
    graph = Graph()
    names = [graph.constant(each) for each in values]
    for (one, first), (other, second) in combinations(zip(names, values, strict=True), 2):
        same = (first.dtype, first.shape) == (second.dtype, second.shape)
        assert (one == other) == (same and np.array_equal(first, second))
    written = {each.name: onnx.numpy_helper.to_array(each) for each in graph.constants}
    assert len(written) == len(graph.constants)
    assert set(written) == set(names)
    for name, value in zip(names, values, strict=True):
        assert (written[name].dtype, written[name].shape) == (value.dtype, value.shape)
        np.testing.assert_array_equal(written[name], value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(2, np.float32), np.zeros(1, np.int64)),
        (np.zeros(0, np.float32), np.zeros(0, np.int64)),
        (np.zeros((2, 0), np.float32), np.zeros((0, 2), np.float32)),
        (np.zeros((1, 2), np.float32), np.zeros((2, 1), np.float32)),
        (np.ones(1, np.float32), np.float32(1)),
    ],
)
def test_equal_bytes_of_another_type_or_shape_are_other_constants(
    one: np.ndarray, other: np.ndarray
) -> None:
    assert one.tobytes() == other.tobytes()
    graph = Graph()
    assert graph.constant(one) != graph.constant(other)
    assert len(graph.constants) == 2


def test_the_two_zeros_are_two_constants() -> None:
    graph = Graph()
    assert graph.constant(0.0) != graph.constant(-0.0)


def test_constants_are_of_64_bit_whole_numbers_or_single_precision() -> None:
    graph = Graph()
    assert graph.constant([1, 2]) == graph.constant(np.array([1, 2], np.int32))
    assert graph.constant([0.1]) == graph.constant(np.array([0.1], np.float32))
    assert {each.data_type for each in graph.constants} == {
        onnx.TensorProto.INT64,
        onnx.TensorProto.FLOAT,
    }


def test_the_order_in_memory_plays_no_part() -> None:
    table = np.arange(6.0).reshape(2, 3)
    graph = Graph()
    names = {graph.constant(each) for each in (table, np.asfortranarray(table), table.T.copy().T)}
    assert len(names) == 1
    assert graph.constant(table.T) not in names


def test_a_constant_that_changes_afterwards_stays_as_it_was_written() -> None:
    graph, value = Graph(), np.ones(2, np.float32)
    name = graph.constant(value)
    value += 1
    assert graph.constant(value) != name
    np.testing.assert_array_equal(read_network(content_of(graph)).constants[name], [1, 1])


def test_a_constant_may_be_used_again_and_again() -> None:
    graph, total = Graph(), "window"
    for _ in range(3):
        total = graph.add("Add", total, graph.constant([1.0, 10.0]))
    graph.add("Identity", total, output="prediction")
    assert len(graph.constants) == 1
    window = np.zeros((2, 2), np.float32)
    np.testing.assert_array_equal(
        Session(content_of(graph)).run({"window": window}), [[3, 30], [3, 30]]
    )


def test_every_output_has_a_name_of_its_own_and_the_graph_is_valid() -> None:
    graph = Graph()
    parts = graph.node("Split", ["window"], 2, axis=1, num_outputs=2)
    joined = graph.add("Concat", *reversed(parts), axis=1)
    turned = graph.slice(joined, 1, -1, -3, -1)
    graph.add("Identity", turned, output="prediction")
    model = onnx.load_from_string(content_of(graph))
    onnx.checker.check_model(model, full_check=True)
    outputs = [name for node in model.graph.node for name in node.output]
    assert len(outputs) == len(set(outputs)) == 5
    assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET)
    window = np.array([[3, 5]], np.float32)
    np.testing.assert_array_equal(Session(content_of(graph)).run({"window": window}), window)


def test_equal_calls_give_equal_bytes() -> None:
    def content() -> bytes:
        graph = Graph()
        graph.add("Add", "window", graph.constant([1.0]), output="prediction")
        return content_of(graph)

    assert content() == content()
