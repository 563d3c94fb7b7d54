"""NumPy code that writes itself into an ONNX graph: a `Symbol` stands for an array of any batch,
and what NumPy is asked to compute of it becomes nodes.

NumPy hands its functions over by the protocols ``__array_ufunc__`` and ``__array_function__`` (NEP
13 and NEP 18), so one formula serves arrays and graphs. Each symbol carries an example, of which
NumPy itself works out shape and type. The first axis is the batch: arrays of length 1 there belong
to every window.
"""

from collections.abc import Callable, Mapping, Sequence
from types import EllipsisType, NoneType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray
from onnx import TensorProto

from lstm_forecast.model.onnx.writer import Graph

__all__ = ["Symbol"]

BATCH = 3  # of the examples
KEYS = (int, slice, np.ndarray, NoneType, EllipsisType)  # by which parts are taken
TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
}
OPERATORS: Mapping[np.ufunc, str] = {
    np.absolute: "Abs", np.add: "Add", np.arcsinh: "Asinh", np.divide: "Div", np.equal: "Equal",
    np.greater: "Greater", np.log: "Log", np.matmul: "MatMul", np.maximum: "Max",
    np.minimum: "Min", np.multiply: "Mul", np.negative: "Neg", np.sqrt: "Sqrt",
    np.subtract: "Sub",
}  # fmt: skip


class Symbol(NDArrayOperatorsMixin):
    """An array that a graph computes: float32, float64, int64 or bool."""

    __bool__ = __iter__ = None  # which would be those of the example

    def __init__(self, graph: Graph, name: str, example: NDArray[Any]) -> None:
        self.graph, self.name, self.example = graph, name, example

    @classmethod
    def of(cls, graph: Graph, name: str, *shape: int) -> "Symbol":
        """A value (batch, *shape) of float32 that the graph has already."""
        return cls(graph, name, np.zeros((BATCH, *shape), np.float32))

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array; the first length is that of the example."""
        return self.example.shape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **how: Any) -> Any:
        if method == "accumulate" and ufunc in (np.maximum, np.minimum) and set(how) == {"axis"}:
            return self._accumulated(ufunc, inputs[0], axis=how["axis"])
        if method != "__call__" or how:
            return NotImplemented
        if ufunc is np.log1p:
            return np.log(1 + inputs[0])
        if ufunc not in OPERATORS:
            return NotImplemented
        with np.errstate(all="ignore"):  # examples are zeros
            example = ufunc(*map(_example, inputs))
        dtype = _common_type(inputs) if example.dtype == bool else example.dtype
        names = [self._input(each, dtype) for each in inputs]
        return self._node(OPERATORS[ufunc], names, example)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, inputs: Sequence[Any], how: dict[str, Any]
    ) -> Any:
        write = FUNCTIONS.get(function)
        return NotImplemented if write is None else write(self, *inputs, **how)

    def __getitem__(self, key: Any) -> "Symbol":
        keys = key if isinstance(key, tuple) else (key,)
        if True in (filled := [each is Ellipsis for each in keys]):
            at = filled.index(True)
            rest = sum(each is not None for each in keys) - 1
            whole = (slice(None),) * (self.example.ndim - rest)
            keys = (*keys[:at], *whole, *keys[at + 1 :])
        places = [each for each in keys if isinstance(each, int | np.ndarray)]
        if not all(isinstance(each, KEYS) for each in keys) or (
            len(places) > 1 and any(isinstance(each, np.ndarray) for each in places)
        ):
            raise TypeError(f"a graph takes no part by {key!r}")  # NumPy pairs arrays
        taken, axis = self, 0
        for each in keys:
            taken = taken._taken(axis, each)
            axis += np.ndim(each) if isinstance(each, np.ndarray) else not isinstance(each, int)
        return taken

    def astype(self, dtype: DTypeLike) -> "Symbol":
        """Of another type."""
        example = self.example.astype(dtype)
        if example.dtype == self.example.dtype:
            return self
        if example.dtype.name not in TYPES:
            raise TypeError(f"a graph of ours has no {example.dtype.name}")
        return self._node("Cast", [self.name], example, to=TYPES[example.dtype.name])

    def reshape(self, *shape: int) -> "Symbol":
        """The same numbers in another shape; -1 for the length that any batch may choose."""
        return self._node(
            "Reshape", [self.name, self.graph.constant(shape)], self.example.reshape(shape)
        )

    def apply(
        self, operator: str, *others: NDArray[Any], shape: Sequence[int] = (), **how: Any
    ) -> "Symbol":
        """What an operator that NumPy lacks makes of it, of the same shape unless one is given."""
        names = [self.name, *map(self._input, others)]
        example = np.zeros(shape or self.shape, self.example.dtype)
        return self._node(operator, names, example, **how)

    def _node(self, operator: str, names: Sequence[str], example: Any, **how: Any) -> "Symbol":
        name = self.graph.add(operator, *names, **how)
        return Symbol(self.graph, name, np.asarray(example))

    def _input(self, value: Any, dtype: Any = None) -> str:
        """The name of a symbol or a constant, of that type where one is given."""
        if not isinstance(value, Symbol):
            array = np.asarray(value, dtype)
            whole = array.dtype.kind in "bi"
            stored = array.astype(np.int64 if whole else np.float32)
            value, dtype = Symbol(self.graph, self.graph.constant(stored), stored), array.dtype
        name: str = value.name if dtype is None else value.astype(dtype).name
        return name

    def _whole(self, value: Any) -> "Symbol":
        """The value with as many rows as this symbol has."""
        if isinstance(value, Symbol):
            return value
        array = np.asarray(value)
        rows = self.graph.add("Shape", self.name, start=0, end=1)
        shape = self.graph.add("Concat", rows, self.graph.constant(array.shape[1:]), axis=0)
        example = np.broadcast_to(array, (len(self.example), *array.shape[1:]))
        return self._node("Expand", [self._input(array), shape], example)

    def _taken(self, axis: int, key: Any) -> "Symbol":
        """A part of an axis, an axis less, or one more."""
        whole = (slice(None),) * axis
        example = self.example[(*whole, key)]
        if key is None:
            return self._node("Unsqueeze", [self.name, self.graph.constant([axis])], example)
        if isinstance(key, slice):
            if key == slice(None):
                return self
            start, stop, step = key.indices(self.shape[axis])
            stop = stop if stop >= 0 else -self.shape[axis] - 1  # backwards to the first
            return Symbol(self.graph, self.graph.slice(self.name, axis, start, stop, step), example)
        index = self.graph.constant(np.asarray(key))
        return self._node("Gather", [self.name, index], example, axis=axis)

    def _accumulated(self, ufunc: np.ufunc, values: Any, *, axis: int) -> Any:
        """The largest or smallest so far, by doubling how far each step looks back."""
        shift, length, axis = 1, values.shape[axis], axis % values.example.ndim
        ahead = (slice(None),) * axis
        while shift < length:
            first, rest = values[(*ahead, slice(0, shift))], values[(*ahead, slice(shift, None))]
            before = values[(*ahead, slice(0, length - shift))]
            values = np.concatenate([first, ufunc(rest, before)], axis=axis)
            shift *= 2
        return values


def _example(value: Any) -> Any:
    return value.example if isinstance(value, Symbol) else value


def _common_type(values: Sequence[Any]) -> Any:
    return np.result_type(*map(_example, values))


def _where(this: Symbol, condition: Any, yes: Any, no: Any) -> Any:
    dtype = _common_type([yes, no])
    names = [this._input(condition, bool), this._input(yes, dtype), this._input(no, dtype)]
    example = np.where(_example(condition), _example(yes), _example(no))
    return this._node("Where", names, example)


def _concatenate(this: Symbol, values: Sequence[Any], axis: int = 0) -> Any:
    dtype = _common_type(values)
    whole = [this._whole(each).astype(dtype) for each in values]
    example = np.concatenate([each.example for each in whole], axis)
    return this._node("Concat", [each.name for each in whole], example, axis=axis)


def _stack(this: Symbol, values: Sequence[Any], axis: int) -> Any:
    axis %= _example(values[0]).ndim + 1
    at = (slice(None),) * axis + (None,)
    return _concatenate(this, [each[at] for each in values], axis)


def _take_along_axis(this: Symbol, values: Any, at: Any, axis: int) -> Any:
    if isinstance(at, Symbol):
        fits = np.array_equal(np.delete(values.shape, axis), np.delete(at.shape, axis))
    else:
        fits = (at.ndim, len(at), values.example.ndim, axis) == (2, 1, 2, 1)
    if not fits:
        raise TypeError("a graph takes along an axis only what needs no repeating")
    if not isinstance(at, Symbol):  # the same place in every row
        return values[(slice(None),) * axis + (at[0],)]
    example = np.take_along_axis(values.example, at.example, axis)
    return this._node("GatherElements", [values.name, at.name], example, axis=axis)


def _cumsum(this: Symbol, values: Any, axis: int) -> Any:
    example = np.cumsum(values.example, axis)
    names = [values.astype(example.dtype).name, this.graph.constant(axis)]
    return this._node("CumSum", names, example)


def _pad(
    this: Symbol, values: Any, widths: Sequence[tuple[int, int]], constant_values: float = 0
) -> Any:
    ends = [width[side] for side in (0, 1) for width in widths]
    filling = this._input(constant_values, values.example.dtype)
    names = [values.name, this.graph.constant(ends), filling]
    return this._node("Pad", names, np.pad(values.example, widths))


def _argmax(this: Symbol, values: Any, axis: int) -> Any:
    example = np.argmax(values.example, axis)
    return this._node("ArgMax", [values.name], example, axis=axis, keepdims=0)


def _reduced(operator: str, function: Callable[..., Any]) -> Callable[..., Symbol]:
    def write(this: Symbol, values: Any, axis: int) -> Any:
        example = function(values.example, axis=axis)
        names = [values.astype(example.dtype).name, this.graph.constant([axis])]
        return this._node(operator, names, example, keepdims=0)

    return write


def _swapaxes(this: Symbol, values: Any, one: int, other: int) -> Any:
    order = list(range(values.example.ndim))
    order[one], order[other] = order[other], order[one]
    return this._node("Transpose", [values.name], values.example.transpose(order), perm=order)


def _clip(this: Symbol, values: Any, low: float, high: float) -> Any:
    return np.minimum(np.maximum(values, low), high)


FUNCTIONS: Mapping[Callable[..., Any], Callable[..., Symbol]] = {
    np.argmax: _argmax,
    np.clip: _clip,
    np.concatenate: _concatenate,
    np.cumsum: _cumsum,
    np.mean: _reduced("ReduceMean", np.mean),
    np.pad: _pad,
    np.stack: _stack,
    np.sum: _reduced("ReduceSum", np.sum),
    np.swapaxes: _swapaxes,
    np.take_along_axis: _take_along_axis,
    np.where: _where,
}
