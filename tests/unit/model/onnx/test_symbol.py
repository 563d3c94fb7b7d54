"""A symbol in the place of an array: its graph gives what NumPy gives, type and shape included, and
where it cannot, there is an error and no graph.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, basic_indices

from lstm_forecast.model.onnx import symbol
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.onnx.symbol import TYPES, Symbol
from lstm_forecast.model.onnx.writer import Graph

Code = Callable[..., Any]
SHAPES = {"x": (6, 4), "y": (6, 4)}
BATCHES = (1, 2, 7)
ONES = np.ones((4, 3), np.float32)
TABLE = np.array([[1, 2], [-1, 0]])


def content_of(code: Code, shapes: dict[str, tuple[int, ...]] = SHAPES) -> bytes:
    """The graph that code writes, with the type that the symbol says its output has."""
    graph = Graph()
    found = code(*(Symbol.of(graph, name, *shape) for name, shape in shapes.items()))
    graph.add("Identity", found.name, output="prediction")
    model = onnx.load_from_string(graph.model(shapes, {"prediction": ()}))
    output = model.graph.output[0].type.tensor_type
    output.elem_type = TYPES[found.example.dtype.name]
    output.ClearField("shape")
    return bytes(model.SerializeToString(deterministic=True))


def inputs_of(n: int, shapes: dict[str, tuple[int, ...]] = SHAPES) -> dict[str, np.ndarray]:
    """Numbers around 0, some of them whole, equal, or 0."""
    rng = np.random.default_rng(n)
    found = {
        name: rng.normal(0, 2, (n, *shape)).astype(np.float32) for name, shape in shapes.items()
    }
    for array in found.values():
        array[:, 1] = np.round(array[:, 1])
        array[:, 2] = 0
    return found


def assert_equal(found: np.ndarray, expected: Any) -> None:
    expected = np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)
    else:
        np.testing.assert_array_equal(found, expected)


def session_of(content: bytes) -> onnxruntime.InferenceSession:
    """One that runs a graph on rows as they come, as some of these add them up."""
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def assert_as_numpy(
    code: Code, shapes: dict[str, tuple[int, ...]] = SHAPES, *, of_numpy: Code | None = None
) -> None:
    """One graph gives for batches of any size what the same code makes of arrays."""
    session = session_of(content_of(code, shapes))
    for n in BATCHES:
        inputs = inputs_of(n, shapes)
        with np.errstate(all="ignore"):
            expected = (of_numpy or code)(*inputs.values())
        assert_equal(session.run(None, inputs)[0], expected)


def whole(x: Any) -> Any:
    return x.astype(np.int64)


def double(x: Any) -> Any:
    return x.astype(np.float64)


def positive(x: Any) -> Any:
    return np.absolute(x) + 0.25


UFUNCS: dict[str, Code] = {
    "absolute": lambda x, y: np.absolute(x),
    "absolute of whole numbers": lambda x, y: abs(whole(x)),
    "add": lambda x, y: x + y,
    "add a number": lambda x, y: 3 + x,
    "add whole numbers": lambda x, y: whole(x) + whole(y),
    "arcsinh": lambda x, y: np.arcsinh(x),
    "divide": lambda x, y: x / positive(y),
    "divide by 0": lambda x, y: x / y,
    "divide whole numbers": lambda x, y: whole(x) / (1 + abs(whole(y))),
    "divide whole numbers by a number": lambda x, y: whole(x) / 2,
    "divide by whole numbers": lambda x, y: x / (1 + abs(whole(y))),
    "equal": lambda x, y: x == 0,
    "equal whole numbers": lambda x, y: whole(x) == whole(y),
    "equal truths": lambda x, y: (x > 0) == (y > 0),
    "greater": lambda x, y: x > y,
    "greater the other way": lambda x, y: np.greater(0.5, x),
    "greater whole numbers": lambda x, y: whole(x) > 1,
    "greater and a half": lambda x, y: whole(x) > 0.5,
    "log": lambda x, y: np.log(positive(x)),
    "log of 0 and less": lambda x, y: np.log(x),
    "log of whole numbers": lambda x, y: np.log(1 + abs(whole(x))),
    "log1p": lambda x, y: np.log1p(np.absolute(x)),
    "log1p of whole numbers": lambda x, y: np.log1p(abs(whole(x))),
    "log1p of doubles": lambda x, y: np.log1p(abs(double(x))),
    "matmul": lambda x, y: x @ ONES,
    "matmul in double precision": lambda x, y: x @ ONES.astype(np.float64),
    "matmul from the left": lambda x, y: np.ones((2, 6), np.float32) @ x,
    "matmul of symbols": lambda x, y: x @ np.swapaxes(y, 1, 2),
    "matmul by a vector": lambda x, y: x @ ONES[:, 0],
    "maximum": lambda x, y: np.maximum(x, y),
    "maximum and a number": lambda x, y: np.maximum(0, x),
    "maximum of whole numbers": lambda x, y: np.maximum(whole(x), 0),
    "maximum of whole numbers and a half": lambda x, y: np.maximum(whole(x), 0.5),
    "minimum": lambda x, y: np.minimum(x, y),
    "minimum of NaN": lambda x, y: np.minimum(np.log(x), 0),
    "multiply": lambda x, y: x * y,
    "multiply by truths": lambda x, y: (x > 0) * y,
    "negative": lambda x, y: -x,
    "negative of whole numbers": lambda x, y: -whole(x),
    "sqrt": lambda x, y: np.sqrt(np.absolute(x)),
    "sqrt below 0": lambda x, y: np.sqrt(x),
    "sqrt of whole numbers": lambda x, y: np.sqrt(abs(whole(x))),
    "subtract": lambda x, y: x - y,
    "subtract from a number": lambda x, y: 1 - x,
}
FUNCTIONS: dict[str, Code] = {
    "argmax": lambda x, y: np.argmax(x, axis=1),
    "argmax of equal ones": lambda x, y: np.argmax(0 * x, axis=2),
    "argmax from behind": lambda x, y: np.argmax(x, axis=-1),
    "clip": lambda x, y: np.clip(x, -1, 1),
    "clip whole numbers by halves": lambda x, y: np.clip(whole(x), -0.5, 1.5),
    "concatenate": lambda x, y: np.concatenate([x, y, x], axis=2),
    "concatenate from behind": lambda x, y: np.concatenate([x, y], axis=-1),
    "concatenate windows": lambda x, y: np.concatenate([x, y]),
    "concatenate types": lambda x, y: np.concatenate([x, whole(x), double(y)], axis=1),
    "cumsum": lambda x, y: np.cumsum(x, axis=1),
    "cumsum from behind": lambda x, y: np.cumsum(x, axis=-1),
    "cumsum of truths": lambda x, y: np.cumsum(x > 0, axis=1),
    "mean": lambda x, y: np.mean(x, axis=1),
    "mean from behind": lambda x, y: np.mean(x, axis=-1),
    "mean of whole numbers": lambda x, y: np.mean(whole(x), axis=1),
    "mean of truths": lambda x, y: np.mean(x > 0, axis=2),
    "mean of windows": lambda x, y: np.mean(x, axis=0),
    "pad": lambda x, y: np.pad(x, ((0, 0), (2, 1), (0, 3))),
    "pad windows": lambda x, y: np.pad(x, ((1, 0), (0, 0), (0, 0))),
    "pad by a number": lambda x, y: np.pad(x, ((0, 0), (0, 2), (0, 0)), constant_values=1),
    "pad whole numbers": lambda x, y: np.pad(whole(x), ((0, 0), (1, 0), (0, 0)), constant_values=5),
    "pad truths": lambda x, y: np.pad(x > 0, ((0, 0), (1, 0), (0, 0)), constant_values=True),
    "stack": lambda x, y: np.stack([x, y], axis=1),
    "stack behind": lambda x, y: np.stack([x, y, x], axis=-1),
    "stack in front": lambda x, y: np.stack([x, y], axis=0),
    "stack types": lambda x, y: np.stack([whole(x), y > 0], axis=2),
    "sum": lambda x, y: np.sum(x, axis=2),
    "sum of whole numbers": lambda x, y: np.sum(whole(x), axis=1),
    "sum of truths": lambda x, y: np.sum(x > 0, axis=1),
    "sum of doubles": lambda x, y: np.sum(double(x), axis=1),
    "swapaxes": lambda x, y: np.swapaxes(x, 1, 2),
    "swapaxes from behind": lambda x, y: np.swapaxes(x, -1, -2),
    "swapaxes with the batch": lambda x, y: np.swapaxes(x, 0, 1),
    "take_along_axis": lambda x, y: np.take_along_axis(
        x[..., 0], np.argmax(y, axis=1), 1
    ),
    "take_along_axis one place": lambda x, y: np.take_along_axis(
        x, np.argmax(y, axis=1)[:, None], 1
    ),
    "take_along_axis from behind": lambda x, y: np.take_along_axis(
        x, np.argmax(y, axis=1)[:, None] - 6, -2
    ),
    "take_along_axis known places": lambda x, y: np.take_along_axis(
        x[..., 0], np.array([[3, 1, -1]]), 1
    ),
    "where": lambda x, y: np.where(x > 0, x, y),
    "where whole numbers": lambda x, y: np.where(x > 0, 1, -1),
    "where types": lambda x, y: np.where(x > 0, whole(y), y),
    "where numbers are not 0": lambda x, y: np.where(x, y, 1),
    "where it is known": lambda x, y: np.where(np.arange(4) > 1, x, y),
}  # fmt: skip
OTHERS: dict[str, Code] = {
    "maximum.accumulate": lambda x, y: np.maximum.accumulate(x, axis=1),
    "minimum.accumulate": lambda x, y: np.minimum.accumulate(x, axis=2),
    "maximum.accumulate from behind": lambda x, y: np.maximum.accumulate(x, axis=-1),
    "maximum.accumulate of whole numbers": lambda x, y: np.maximum.accumulate(whole(x), axis=1),
    "maximum.accumulate of one": lambda x, y: np.maximum.accumulate(x[:, :1], axis=1),
    "astype float64": lambda x, y: double(x),
    "astype int64": lambda x, y: whole(x),
    "astype bool": lambda x, y: x.astype(bool),
    "astype and back": lambda x, y: (x > 0).astype(np.float32),
    "astype its own": lambda x, y: x.astype(np.float32) + y,
    "reshape": lambda x, y: x.reshape(-1, 2, 12),
    "reshape windows": lambda x, y: x.reshape(-1, 4),
    "reshape and back": lambda x, y: np.concatenate([x, y]).reshape(2, -1, 6, 4)[1],
    "known for every window": lambda x, y: x + np.arange(4, dtype=np.float32).reshape(1, 1, 4),
    "known truths": lambda x, y: x * (np.arange(4) > 1),
    "known, of int32": lambda x, y: x + np.arange(4, dtype=np.int32),
    "known, of float64": lambda x, y: x * np.arange(4.0),
    "known numbers of NumPy's": lambda x, y: np.float64(0.5) * x + np.float32(2),
    "types together": lambda x, y: whole(x) + y,
    "large whole numbers": lambda x, y: whole(x) * 2**40 + 2**50,
}


def names_of(cases: dict[str, Code]) -> set[str]:
    return {name.split()[0] for name in cases}


def test_the_cases_are_all_that_symbols_support() -> None:
    assert names_of(UFUNCS) == {each.__name__ for each in symbol.OPERATORS} | {"log1p"}
    assert names_of(FUNCTIONS) == {each.__name__ for each in symbol.FUNCTIONS}


@pytest.mark.parametrize("name", [*UFUNCS, *FUNCTIONS, *OTHERS])
def test_a_symbol_computes_as_numpy_does(name: str) -> None:
    assert_as_numpy((UFUNCS | FUNCTIONS | OTHERS)[name])


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("length", [1, 3])
def test_what_is_known_beforehand_stands_beside_every_window(axis: int, length: int) -> None:
    shape = [1, 6, 4]
    shape[axis] = length
    known = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    assert_as_numpy(
        lambda x, y: np.concatenate([known, x, known], axis=axis),
        of_numpy=lambda x, y: np.concatenate(
            [each := np.repeat(known, len(x), 0), x, each], axis=axis
        ),
    )


def test_what_is_known_beforehand_can_be_stacked_on_every_window() -> None:
    known = np.arange(24).reshape(1, 6, 4)
    assert_as_numpy(
        lambda x, y: np.stack([x, known], axis=1),
        of_numpy=lambda x, y: np.stack([x, np.repeat(known, len(x), 0)], axis=1),
    )


def softmax(x: np.ndarray) -> np.ndarray:
    power = np.exp(x)
    return np.asarray(power / power.sum(axis=2, keepdims=True))


def test_what_numpy_lacks_can_be_applied() -> None:
    assert_as_numpy(lambda x, y: x.apply("Softmax", axis=2), of_numpy=lambda x, y: softmax(x))
    assert_as_numpy(lambda x, y: x.apply("Softplus"), of_numpy=lambda x, y: np.log1p(np.exp(x)))
    two = np.array(2, np.float32)
    assert_as_numpy(lambda x, y: x.apply("Pow", two), of_numpy=lambda x, y: x**2)
    assert_as_numpy(
        lambda x, y: x.apply("Tile", np.array([1, 2, 1]), shape=(3, 12, 4))[:, -1],
        of_numpy=lambda x, y: x[:, -1],
    )


PLACES = st.integers(1, 2).flatmap(
    lambda n: arrays(np.int64, st.tuples(*[st.integers(1, 3)] * n), elements=st.integers(-3, 2))
)
DEEP = {"x": (6, 4, 3)}
PARTS = basic_indices((6, 4, 3), allow_newaxis=True, max_dims=4)


def tuple_of(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


@settings(max_examples=150, deadline=None)
@given(PARTS)
def test_a_part_is_taken_as_numpy_does(key: Any) -> None:
    assert_as_numpy(lambda x: x[(slice(None), *tuple_of(key))], DEEP)


@settings(max_examples=100, deadline=None)
@given(PLACES, st.integers(1, 3), st.slices(3), st.booleans())
def test_places_are_taken_as_numpy_does(
    places: np.ndarray, axis: int, part: slice, more: bool
) -> None:
    keys = [slice(None)] * axis + [places] + [None] * more + [part] * (axis < 3)
    assert_as_numpy(lambda x: x[tuple(keys)], DEEP)
    assert_as_numpy(lambda x: x[..., places], DEEP)
    assert_as_numpy(lambda x: x[:, places, ..., None], DEEP)


@pytest.mark.parametrize("key", [..., (..., 0), (None, ...), (slice(None), 0, ..., -1)], ids=str)
def test_an_ellipsis_stands_for_whole_axes(key: Any) -> None:
    assert_as_numpy(lambda x: x[key], DEEP)


# Continuous steps from any array to one of as many numbers of about their size, so that the last
# bits, which NumPy and ONNX Runtime round each in their way, stay the last ones.
STEPS: dict[str, Code] = {
    "abs": lambda x: np.absolute(x),
    "arcsinh": lambda x: np.arcsinh(x.astype(np.float32)),
    "backwards": lambda x: x[:, ::-1],
    "clip": lambda x: np.clip(x, -2, 1.5),
    "concatenate": lambda x: np.concatenate([x[:, 1:], -x[:, :1]], axis=1),
    "constant": lambda x: x + np.linspace(-1, 1, x.shape[1], dtype=np.float32)[:, None],
    "cumsum": lambda x: np.cumsum(x, axis=2) / x.shape[2],
    "divide": lambda x: x / (1 + abs(x)),
    "double": lambda x: x.astype(np.float64),
    "gather": lambda x: x[:, np.arange(x.shape[1]) // 2],
    "largest so far": lambda x: np.maximum.accumulate(x, axis=1),
    "log": lambda x: np.log(1.5 + abs(x)),
    "log1p": lambda x: np.log1p(np.maximum(x, -0.5)),
    "matmul": lambda x: x @ np.eye(x.shape[2], dtype=np.float32)[::-1],
    "mean": lambda x: x - np.mean(x, axis=2)[..., None],
    "negative": lambda x: -x,
    "outer": lambda x: (x[:, :, None, :] * np.float32(0.5) + x[:, :, :, None])[..., 0],
    "pad": lambda x: np.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1],
    "reshape": lambda x: x.reshape(-1, x.shape[2], x.shape[1]),
    "single": lambda x: x.astype(np.float32),
    "smallest so far": lambda x: np.minimum.accumulate(x, axis=2),
    "sqrt": lambda x: np.sqrt(abs(x) + 0.1),
    "stack": lambda x: np.sum(np.stack([x, 0.5 * x], axis=1), axis=1),
    "swap": lambda x: np.swapaxes(x, 1, 2),
    "where": lambda x: np.where(x > 0, x, -2 * x),
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(list(STEPS)), min_size=2, max_size=9))
def test_formulas_of_many_steps_compute_as_numpy_does(steps: list[str]) -> None:
    def code(x: Any, y: Any) -> Any:
        return reduce(lambda value, step: STEPS[step](value), steps, x - y)

    session = session_of(content_of(code))
    for n in BATCHES:
        inputs = inputs_of(n)
        found, expected = session.run(None, inputs)[0], code(*inputs.values())
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [*UFUNCS, *FUNCTIONS, *OTHERS])
def test_equal_code_gives_equal_bytes_whatever_the_batch_of_examples(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (UFUNCS | FUNCTIONS | OTHERS)[name]
    content = content_of(code)
    assert content_of(code) == content
    monkeypatch.setattr(symbol, "BATCH", 5)
    assert content_of(code) == content


REFUSED: dict[str, Code] = {
    "a function that is not known": lambda x: np.exp(x),
    "a power": lambda x: x**2,
    "a comparison that is not known": lambda x: x >= 0,
    "another one": lambda x: x != 0,
    "logic": lambda x: ~(x > 0),
    "a method of a function": lambda x: np.add.reduce(x, axis=1),
    "sums so far by accumulate": lambda x: np.add.accumulate(x, axis=1),
    "differences so far": lambda x: np.subtract.accumulate(x, axis=1),
    "accumulate along no axis": lambda x: np.maximum.accumulate(x),
    "accumulate to a type": lambda x: np.maximum.accumulate(x, axis=1, dtype=np.float64),
    "every pair": lambda x: np.add.outer(x, np.ones(2)),
    "a result's type": lambda x: np.add(x, 1, dtype=np.float64),
    "a place for the result": lambda x: np.add(x, 1, out=np.zeros((3, 6, 4), np.float32)),
    "a part to compute": lambda x: np.add(x, 1, where=x > 0),
    "in place of an array": lambda x: np.ones((3, 6, 4)).__iadd__(x),
    "the largest number": lambda x: np.max(x, axis=1),
    "a median": lambda x: np.median(x, axis=1),
    "a sum of all": lambda x: np.sum(x),
    "a sum that keeps its axis": lambda x: np.sum(x, axis=1, keepdims=True),
    "a sum of another type": lambda x: np.sum(x, axis=1, dtype=np.float64),
    "the place of the largest of all": lambda x: np.argmax(x),
    "sums so far of all": lambda x: np.cumsum(x),
    "padding by copies": lambda x: np.pad(x, ((0, 0), (1, 1), (0, 0)), mode="edge"),
    "the same padding everywhere": lambda x: np.pad(x, 1),
    "clipping at one end": lambda x: np.clip(x, None, 1),
    "places where something holds": lambda x: np.where(x > 0),
    "half precision": lambda x: x.astype(np.float16),
    "whole numbers of 32 bits": lambda x: x.astype(np.int32),
    "roots of truths, of half precision": lambda x: np.sqrt(x > 0),
    "two arrays of places": lambda x: x[:, np.array([0, 1]), np.array([0, 1])],
    "a place and an array of places": lambda x: x[:, 0, np.array([0, 1])],
    "a list of places": lambda x: x[:, [0, 1]],
    "a place that is no plain number": lambda x: x[:, np.int64(1), 0],
    "computed places": lambda x: x[:, np.argmax(x, axis=1)],
    "computed truths": lambda x: x[x > 0],
    "places in every row": lambda x: np.take_along_axis(x, np.array([[[0], [1]]]), 1),
    "a place for several": lambda x: np.take_along_axis(x, np.argmax(x, 1)[:, :1, None], 1),
    "other places in every window": lambda x: np.take_along_axis(
        x[..., 0], np.array([[0], [1], [2]]), 1
    ),
    "a truth": lambda x: x if x[:, 0] > 0 else -x,
    "a loop": lambda x: sum(row for row in x),
    "a length": lambda x: x[len(x) - 1 :],
    "a number": lambda x: x * float(x),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_symbols_do_not_support_is_a_type_error(name: str) -> None:
    with pytest.raises(TypeError):
        content_of(REFUSED[name], {"x": (6, 4)})


UNKNOWN_TO_ONNX: dict[str, Code] = {
    "the largest truth": lambda x: np.maximum(x > 0, x > 1),
    "the first truth": lambda x: np.argmax(x > 0, axis=1),
    "the size of truths": lambda x: np.absolute(x > 0),
    "one truth or another": lambda x: np.where(x > 0, x > 1, x > 2),
    "truths before places": lambda x: x[:, np.arange(6) > 2],
    "doubles that ONNX Runtime has no code for": lambda x: np.arcsinh(x.astype(np.float64)),
}


@pytest.mark.parametrize("name", UNKNOWN_TO_ONNX)
def test_what_onnx_has_no_types_for_is_refused_before_it_runs(name: str) -> None:
    with pytest.raises(ValueError, match="refuses"):
        Session(content_of(UNKNOWN_TO_ONNX[name], {"x": (6, 4)}))


def test_shapes_that_do_not_fit_are_refused_as_numpy_does() -> None:
    for code in (lambda x: x + np.ones(5), lambda x: x @ np.ones((3, 2)), lambda x: x.reshape(7)):
        with pytest.raises(ValueError):
            content_of(code, {"x": (6, 4)})
    for code in (lambda x: x[:, 6], lambda x: x[:, 0, 0, 0], lambda x: x[:, np.array([6])]):
        with pytest.raises(IndexError):
            content_of(code, {"x": (6, 4)})
