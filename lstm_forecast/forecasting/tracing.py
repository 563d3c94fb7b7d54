"""The shapes that a network would make, worked out before it runs: nothing may grow beyond what its
config needs.

Arrays of floats are stood for by views of a single zero; whole numbers, which decide shapes, are
calculated.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.onnx_file import Network

__all__ = ["OPERATORS", "require_bounded"]

Array = NDArray[Any]
BATCH = 3  # that shapes are worked out for: no size of ours, so that it is not mistaken for one
MOST_NODES = 20_000


def require_bounded(
    network: Network, *, inputs: tuple[int, ...], outputs: tuple[int, ...], largest: int
) -> None:
    """Raise ValueError unless ``network`` maps ``window`` (batch, *inputs) to ``prediction``
    (batch, *outputs), all by
    known operators, with no array of more than ``largest`` numbers for each window on the way.

    A length of -1 in ``inputs`` fits any.
    """
    if set(network.inputs) != {"window"} or set(network.outputs) != {"prediction"}:
        raise ValueError("expected the input window and the output prediction")
    _, *given = network.inputs["window"]
    if len(given) != len(inputs) or any(
        want not in (-1, size) for size, want in zip(given, inputs, strict=True)
    ):
        raise ValueError(f"its window has shape {given}, and the config makes it {list(inputs)}")
    if len(network.nodes) > MOST_NODES:
        raise ValueError("more operators than any network of ours has")
    arrays: dict[str, Array] = {
        **network.constants,
        "": _zeros(()),
        "window": _bounded((BATCH, *given), largest),
    }
    for node in network.nodes:
        if node.operator not in OPERATORS:
            raise ValueError(f"the operator {node.operator}")
        try:
            results = OPERATORS[node.operator](
                node.attributes, *(arrays[name] for name in node.inputs)
            )
        except (KeyError, IndexError, TypeError, OverflowError, MemoryError) as error:
            raise ValueError(
                f"{node.operator} with inputs that do not fit ({type(error).__name__})"
            ) from None
        for name, shape in zip(node.outputs, results, strict=False):
            arrays[name] = shape if isinstance(shape, np.ndarray) else _bounded(shape, largest)
    if arrays.get("prediction", _zeros(())).shape != (BATCH, *outputs):
        raise ValueError(f"its prediction does not have the shape {list(outputs)} of the config")


def _zeros(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.float32(0), shape)


def _bounded(shape: tuple[int, ...], largest: int) -> Array:
    size = 1
    for length in shape:
        size *= length
    if size > BATCH * largest:
        raise ValueError(f"an array of shape {list(shape)}, which is more than the config needs")
    return _zeros(shape)


Result = list[tuple[int, ...] | Array]
Rule = Callable[..., Result]


def _elementwise(attributes: Mapping[str, Any], *inputs: Array) -> Result:
    return [np.broadcast_shapes(*(array.shape for array in inputs))]


def _matmul(attributes: Mapping[str, Any], a: Array, b: Array) -> Result:
    if min(a.ndim, b.ndim) < 2 or a.shape[-1] != b.shape[-2]:
        raise ValueError("matrices that do not fit each other")
    return [(*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])]


def _concat(attributes: Mapping[str, Any], *inputs: Array) -> Result:
    """Numbers of shapes, which are short, are put together; of other arrays the shape is enough."""
    axis, first = attributes["axis"], inputs[0]
    if all(array.ndim == 1 and array.dtype == np.int64 and array.size <= 8 for array in inputs):
        return [np.concatenate(inputs)]
    lengths = {(*array.shape[:axis], *array.shape[axis + 1 :]) for array in inputs}
    if not 0 <= axis < first.ndim or len(lengths) > 1:
        raise ValueError("Concat of arrays that do not fit each other")
    total = sum(array.shape[axis] for array in inputs)
    return [(*first.shape[:axis], total, *first.shape[axis + 1 :])]


def _gather(attributes: Mapping[str, Any], array: Array, index: Array) -> Result:
    axis = attributes.get("axis", 0)
    return [(*array.shape[:axis], *index.shape, *array.shape[axis + 1 :])]


def _gather_elements(attributes: Mapping[str, Any], array: Array, index: Array) -> Result:
    return [index.shape]


def _pad(attributes: Mapping[str, Any], array: Array, widths: Array, filling: Array) -> Result:
    before, after = np.reshape(_whole(widths), (2, array.ndim)).tolist()
    if min(*before, *after) < 0:
        raise ValueError("Pad that takes away")
    return [tuple(a + n + b for a, n, b in zip(before, array.shape, after, strict=True))]


def _arg_max(attributes: Mapping[str, Any], array: Array) -> Result:
    axis = attributes["axis"]
    if attributes.get("keepdims", 1):
        raise ValueError("ArgMax that keeps its axis")
    return [(*array.shape[:axis], *array.shape[axis + 1 :])]


def _expand(attributes: Mapping[str, Any], array: Array, shape: Array) -> Result:
    return [np.broadcast_shapes(array.shape, tuple(_whole(shape)))]


def _reshape(attributes: Mapping[str, Any], array: Array, shape: Array) -> Result:
    wanted = _whole(shape)
    if wanted.count(-1) > 1 or min(wanted, default=1) < -1 or 0 in wanted:
        raise ValueError("Reshape to a shape that is none")
    rest = int(np.prod([length for length in wanted if length != -1], dtype=object))
    sizes = tuple(array.size // rest if length == -1 else length for length in wanted)
    if np.prod(sizes, dtype=object) != array.size:
        raise ValueError("Reshape to another size")
    return [sizes]


def _reduce(attributes: Mapping[str, Any], array: Array, axes: Array) -> Result:
    gone = {axis % array.ndim for axis in _whole(axes)}
    if attributes.get("keepdims", 1):
        return [tuple(1 if axis in gone else length for axis, length in enumerate(array.shape))]
    return [tuple(length for axis, length in enumerate(array.shape) if axis not in gone)]


def _same(attributes: Mapping[str, Any], array: Array, *rest: Array) -> Result:
    return [array.shape]


def _shape(attributes: Mapping[str, Any], array: Array) -> Result:
    return [np.array(array.shape[attributes.get("start", 0) : attributes.get("end")], np.int64)]


def _slice(attributes: Mapping[str, Any], array: Array, *bounds: Array) -> Result:
    (start,), (stop,), (axis,), (step,) = map(_whole, bounds)
    return [
        tuple(len(range(n)[start:stop:step]) if k == axis else n for k, n in enumerate(array.shape))
    ]


def _transpose(attributes: Mapping[str, Any], array: Array) -> Result:
    return [array.transpose(attributes["perm"]).shape]


def _unsqueeze(attributes: Mapping[str, Any], array: Array, axes: Array) -> Result:
    return [np.expand_dims(array, tuple(_whole(axes))).shape]


def _recurrent(attributes: Mapping[str, Any], x: Array, w: Array, r: Array, *rest: Array) -> Result:
    steps, batch, width = x.shape
    directions, rows, columns = w.shape
    units = attributes["hidden_size"]
    if r.shape != (directions, rows, units) or columns != width or directions not in (1, 2):
        raise ValueError("a recurrent layer whose weights do not fit")
    state = (directions, batch, units)
    return [(steps, directions, batch, units), state, state]


def _whole(array: Array) -> list[int]:
    """Numbers that decide a shape; Slice alone has some beyond it."""
    if array.dtype != np.int64 or array.ndim != 1 or array.size > 8:
        raise ValueError("a shape that is not a short list of whole numbers")
    return [int(number) for number in array]


OPERATORS: dict[str, Rule] = {
    **dict.fromkeys(("Add", "Div", "Max", "Mean", "Min", "Mul", "Sub"), _elementwise),
    **dict.fromkeys(("Equal", "Greater", "Where"), _elementwise),
    **dict.fromkeys(
        ("Cast", "Ceil", "Elu", "Gelu", "Identity", "Log", "Relu", "Sigmoid", "Softmax", "Tanh"),
        _same,
    ),
    **dict.fromkeys(("Abs", "Asinh", "CumSum", "Neg", "Softplus", "Sqrt"), _same),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    "ArgMax": _arg_max,
    "Concat": _concat,
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "MatMul": _matmul,
    "Pad": _pad,
    "ReduceMean": _reduce,
    "ReduceSum": _reduce,
    "Reshape": _reshape,
    "ReverseSequence": _same,
    "Shape": _shape,
    "Slice": _slice,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""Every operator that a network of ours may have, and the shapes of its outputs."""
