"""Networks of every kind that we write pass the check that hostile ones fail, with the shapes that
ONNX gives them.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from lstm_forecast.config.network import Cell
from lstm_forecast.errors import RunError
from lstm_forecast.forecasting.limits import sound_pretrained
from lstm_forecast.forecasting.onnx_file import read_network
from lstm_forecast.forecasting.tracing import OPERATORS, require_bounded
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.onnx import graph
from lstm_forecast.model.onnx.pretrained import window_graph
from lstm_forecast.model.onnx.writer import Graph
from lstm_forecast.model.pretrained.architecture import Architecture
from lstm_forecast.model.pretrained.season import LAGS, STEPS, Season
from lstm_forecast.model.pretrained.shipped import weights
from lstm_forecast.store import Run
from tests.unit.conftest import spec_of

CELLS = get_args(Cell)
SEASONS = (Season(12), Season(1), Season(24, 168))


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


def pretrained(season: Season = SEASONS[0], *, horizon: int = 60, length: int = 90) -> bytes:
    """The graph of a small pretrained network."""
    rng = np.random.default_rng(0)
    small = Architecture(units=6, layers=1, hidden=5)
    random = {
        name: rng.normal(size=shape).astype(np.float32) for name, shape in small.shapes.items()
    }
    return window_graph(random, season, context_length=length, horizon=horizon)


def test_the_operators_are_those_that_we_write() -> None:
    networks = (read_network(pretrained(season)) for season in SEASONS)
    pretrained_ones = {node.operator for network in networks for node in network.nodes}
    assert set(OPERATORS) == graph.OPERATORS | pretrained_ones


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


FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
Write = Callable[[Graph], str]
# What is made of `window` (batch, 6, 4), whose shape we work out.
RULES: dict[str, Write] = {
    "Gather": lambda g: g.add("Gather", "window", g.constant([5, 0, 0]), axis=1),
    "Gather by a table": lambda g: g.add("Gather", "window", g.constant([[1, 2]] * 3), axis=2),
    "Gather a place": lambda g: g.add("Gather", "window", g.constant(2), axis=1),
    "GatherElements": lambda g: g.add("GatherElements", "window", places(g), axis=1),
    "Pad": lambda g: g.add("Pad", "window", g.constant([0, 1, 2, 0, 3, 0]), g.constant(0.5)),
    "Pad nothing": lambda g: g.add("Pad", "window", g.constant([0] * 6), g.constant(0.0)),
    "ArgMax": lambda g: as_floats(g, g.add("ArgMax", "window", axis=1, keepdims=0)),
    "ArgMax of the last axis": lambda g: as_floats(
        g, g.add("ArgMax", "window", axis=2, keepdims=0)
    ),
    "Concat": lambda g: g.add("Concat", "window", "window", axis=1),
    "Concat to a constant": lambda g: g.add("Concat", "window", table(g, 3, 6, 2), axis=2),
    "Concat of shapes": lambda g: g.add(
        "Expand", g.constant(1.0), g.add("Concat", shape_of(g), g.constant([5]), axis=0)
    ),
    "Equal": lambda g: as_floats(g, g.add("Equal", "window", table(g, 1, 1, 4))),
    "Greater": lambda g: as_floats(g, g.add("Greater", table(g, 3, 6, 1), "window")),
    "Where": lambda g: g.add(
        "Where", g.add("Greater", "window", table(g)), table(g, 6, 1), table(g, 1, 1, 4)
    ),
    "CumSum": lambda g: g.add("CumSum", "window", g.constant(1)),
    "Abs, Asinh, Neg, Softplus, Sqrt": lambda g: g.add(
        "Sqrt", g.add("Softplus", g.add("Neg", g.add("Asinh", g.add("Abs", "window"))))
    ),
}


def table(g: Graph, *shape: int) -> str:
    return g.constant(np.ones(shape, np.float32))


def as_floats(g: Graph, name: str) -> str:
    return g.add("Cast", name, to=FLOAT)


def places(g: Graph) -> str:
    """Whole numbers (batch, 2, 4)."""
    return g.add("Cast", g.slice("window", 1, 0, 2), to=INT64)


def shape_of(g: Graph) -> str:
    return g.add("Shape", "window", start=0, end=2)


def written(write: Write) -> bytes:
    g = Graph()
    g.add("Identity", write(g), output="prediction")
    return g.model({"window": (6, 4)}, {"prediction": (6, 4)})


def shape_when_run(content: bytes) -> tuple[int, ...]:
    model = onnx.load_from_string(content)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    window = np.zeros((3, 6, 4), np.float32)
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"window": window})
    return tuple(found.shape)


def traced(content: bytes, *outputs: int, largest: int = 200) -> None:
    require_bounded(read_network(content), inputs=(6, 4), outputs=outputs, largest=largest)


@pytest.mark.parametrize("name", RULES)
def test_a_shape_is_worked_out_as_onnx_runtime_has_it(name: str) -> None:
    content = written(RULES[name])
    n, *shape = shape_when_run(content)
    assert n == 3
    traced(content, *shape)
    with pytest.raises(ValueError, match="does not have the shape"):
        traced(content, *shape[:-1], shape[-1] + 1)
    with pytest.raises(ValueError, match="more than the config needs"):
        traced(content, *shape, largest=int(np.prod(shape)) - 1)


MISFITS: dict[str, tuple[str, Write]] = {
    "Gather by a text": ("TypeError", lambda g: g.add("Gather", "window", places(g), axis="1")),
    "Gather of nothing": ("TypeError", lambda g: g.add("Gather", "window", axis=1)),
    "Gather by what there is not": ("KeyError", lambda g: g.add("Gather", "window", "?", axis=1)),
    "GatherElements of nothing": ("TypeError", lambda g: g.add("GatherElements", "window")),
    "Pad that takes away": ("takes away", lambda g: padded(g, [0, 1, 0, 0, -1, 0])),
    "Pad of too few axes": ("reshape", lambda g: padded(g, [0, 1, 0, 1])),
    "Pad by no whole numbers": ("whole numbers", lambda g: padded(g, [0.0] * 6)),
    "Pad by a table": ("whole numbers", lambda g: padded(g, [[0, 0, 0], [0, 1, 0]])),
    "Pad by what is computed": (
        "whole numbers", lambda g: g.add("Pad", "window", places(g), g.constant(0.0))
    ),
    "Pad by nothing": ("TypeError", lambda g: g.add("Pad", "window", g.constant([0] * 6))),
    "ArgMax of no axis": ("KeyError", lambda g: g.add("ArgMax", "window", keepdims=0)),
    "Concat of another length": (
        "not fit", lambda g: g.add("Concat", "window", table(g, 3, 5, 3), axis=1)
    ),
    "Concat of fewer axes": (
        "not fit", lambda g: g.add("Concat", "window", table(g, 3, 6), axis=1)
    ),
    "Concat of other batches": (
        "not fit", lambda g: g.add("Concat", "window", table(g, 1, 6, 4), axis=1)
    ),
    "Concat along no axis": ("KeyError", lambda g: g.add("Concat", "window", "window")),
    "Concat along another axis": (
        "not fit", lambda g: g.add("Concat", "window", "window", axis=3)
    ),
    "Concat from behind": ("not fit", lambda g: g.add("Concat", "window", "window", axis=-1)),
    "Concat of nothing": ("IndexError", lambda g: g.add("Concat", axis=0)),
    "Equal to another length": (
        "mismatch", lambda g: g.add("Equal", "window", table(g, 3))
    ),
    "Greater than another length": (
        "mismatch", lambda g: g.add("Greater", table(g, 5, 4), "window")
    ),
    "Where of another length": (
        "mismatch", lambda g: g.add("Where", "window", table(g, 3), table(g))
    ),
    "Where of another condition": (
        "mismatch", lambda g: g.add("Where", table(g, 3, 5, 4), "window", "window")
    ),
}  # fmt: skip


def padded(g: Graph, widths: list[Any]) -> str:
    return g.add("Pad", "window", g.constant(widths), g.constant(0.0))


@pytest.mark.parametrize("name", MISFITS)
def test_inputs_that_do_not_fit_are_refused(name: str) -> None:
    message, write = MISFITS[name]
    with pytest.raises(ValueError, match=message):
        traced(written(write), 6, 4)


LARGE: dict[str, Write] = {
    "Gather": lambda g: g.add("Gather", "window", g.constant([0] * 1000), axis=1),
    "Gather by a table": lambda g: g.add("Gather", "window", g.constant([[0] * 9] * 9), axis=1),
    "GatherElements": lambda g: g.add(
        "GatherElements", "window", g.constant(np.zeros((3, 100, 4), np.int64)), axis=1
    ),
    "Pad": lambda g: padded(g, [0, 0, 0, 0, 100, 0]),
    "Pad beyond what can be counted": lambda g: padded(g, [0, 2**62, 2**62, 0, 2**62, 0]),
    "Concat": lambda g: g.add("Concat", *["window"] * 10, axis=1),
    "Equal to every one": lambda g: g.add("Equal", "window", table(g, 50, 1, 1, 1)),
    "Greater than every one": lambda g: g.add("Greater", table(g, 50, 1, 1, 1), "window"),
    "Where": lambda g: g.add("Where", "window", table(g, 10, 1, 1, 1), table(g, 10, 1, 1, 1, 1)),
    "ArgMax of what is too large": lambda g: g.add(
        "ArgMax", padded(g, [0, 0, 0, 0, 100, 0]), axis=1, keepdims=0
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_more_numbers_than_the_config_needs_are_refused(name: str) -> None:
    content = written(LARGE[name])
    with pytest.raises(ValueError, match="more than the config needs"):
        traced(content, 6, 4, largest=200)


def squared(g: Graph, **how: int) -> str:
    """A column and a row of all numbers, added: if the column is taken for a row, they are few."""
    row = g.add("Reshape", "window", g.constant([-1]))
    column = g.add("Unsqueeze", row, g.constant([1]))
    kept = as_floats(g, g.add("ArgMax", column, axis=1, **how))
    every = g.add("Reshape", g.add("Add", kept, row), g.constant([-1]))
    return g.add("Mul", "window", g.add("ReduceSum", every, g.constant([0])))


@pytest.mark.parametrize("how", [{}, {"keepdims": 1}])
def test_an_axis_that_is_kept_does_not_hide_how_an_array_grows(how: dict[str, int]) -> None:
    content = written(lambda g: squared(g, **how))
    with pytest.raises(ValueError):
        traced(content, 6, 4, largest=24)


def run_of(folder: Path, content: bytes) -> Run:
    """A run with nothing but this pretrained network."""
    (folder / "pretrained.onnx").write_bytes(content)
    return Run(folder, {"files": {"pretrained.onnx": hashlib.sha256(content).hexdigest()}})


@pytest.mark.parametrize("horizon", [1, 48, 150])
@pytest.mark.parametrize(
    "season", [Season(1), Season(24, 168), Season(7, 365), Season(60)], ids=str
)
def test_the_shipped_network_of_a_run_is_sound(
    season: Season, horizon: int, tmp_path: Path
) -> None:
    content = window_graph(weights(), season, context_length=season.context_length, horizon=horizon)
    assert sound_pretrained(run_of(tmp_path, content), horizon=horizon) == content
    with pytest.raises(ValueError, match="does not have the shape"):
        sound_pretrained(run_of(tmp_path, content), horizon=horizon + 1)


def test_the_graph_of_short_windows_can_be_read() -> None:
    require_bounded(
        read_network(pretrained(length=20, horizon=5)),
        inputs=(20, 2),
        outputs=(5, 7),
        largest=10_000,
    )


def test_a_pretrained_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    for content, message in (
        (graph.onnx_graph([member()]), "its window has shape|prediction"),
        (pretrained(length=STEPS * LAGS + 1, horizon=5), "that sees 769 values"),
        (pretrained(horizon=5)[:-3], "cut off"),
    ):
        with pytest.raises(ValueError, match=message):
            sound_pretrained(run_of(tmp_path, content), horizon=5)
    damaged = run_of(tmp_path, pretrained(horizon=5))
    (tmp_path / "pretrained.onnx").write_bytes(pretrained(horizon=4))
    with pytest.raises(RunError, match="damaged"):
        sound_pretrained(damaged, horizon=5)


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
