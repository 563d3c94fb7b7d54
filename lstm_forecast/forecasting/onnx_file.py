"""A published ONNX file taken apart before ONNX Runtime sees it: plain operators on bounded arrays,
or nothing.

The few message types of the format (https://onnx.ai/onnx/repo-docs/IR.html) are read here, as
importing ``onnx`` would take longer than a forecast. A field that our own files do not have is
refused, so that nothing can hide in one: no external data, functions, subgraphs, foreign operators.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Network", "Node", "read_network"]

Part = memoryview | int
Fields = dict[int, list[Part]]
FLOAT, INT64 = 1, 7
# little-endian, as we are
DTYPES: dict[Part, type[np.float32] | type[np.int64]] = {FLOAT: np.float32, INT64: np.int64}
VARINT, EIGHT, TEXT, FOUR = 0, 1, 2, 5  # wire types
MODEL, GRAPH = {1, 2, 7, 8}, {1, 2, 5, 11, 12}  # fields that are known of each message
NODE, ATTRIBUTE, TENSOR = {1, 2, 3, 4, 5}, {1, 2, 3, 4, 7, 8, 9, 20}, {1, 2, 8, 9}


@dataclass(frozen=True)
class Node:
    """One operator."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, int | float | str | tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Network:
    """Everything in a file. Shapes begin with the batch, which is -1."""

    nodes: tuple[Node, ...]
    constants: dict[str, NDArray[np.float32] | NDArray[np.int64]]
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]


def read_network(content: bytes | bytearray) -> Network:
    """Take a file apart; its constants are views of its bytes.

    Raises ValueError if it holds anything but nodes, plain tensors and float inputs.
    """
    try:
        model = _message(memoryview(content), MODEL)
        for opset in model.get(8, []):
            if _text(_message(opset, {1, 2}), 1):
                raise ValueError("operators of another domain")
        (graph,) = model[7]
        parts = _message(graph, GRAPH)
        constants = dict(map(_tensor, parts.get(5, [])))
        return Network(
            nodes=tuple(map(_node, parts.get(1, []))),
            constants=constants,
            inputs=dict(map(_value, parts.get(11, []))),
            outputs=dict(map(_value, parts.get(12, []))),
        )
    except (KeyError, IndexError, TypeError, OverflowError, struct.error) as error:
        raise ValueError(f"not an ONNX file of ours ({type(error).__name__})") from None


def _node(content: Part) -> Node:
    parts = _message(content, NODE)
    inputs, outputs = (tuple(map(_decoded, parts.get(number, []))) for number in (1, 2))
    return Node(_text(parts, 4), inputs, outputs, dict(map(_attribute, parts.get(5, []))))


def _attribute(content: Part) -> tuple[str, int | float | str | tuple[int, ...]]:
    parts = _message(content, ATTRIBUTE)
    name, kind = _text(parts, 1), parts[20][0]
    if kind == 2:
        return name, _signed(parts.get(3, [0])[0])
    if kind == 1:
        return name, float(struct.unpack("<f", _view(parts[2][0]))[0])
    if kind == 3:
        return name, _text(parts, 4)
    if kind == 7:
        return name, tuple(_integers(parts.get(8, [])))
    raise ValueError(f"an attribute of type {_signed(kind)}")


def _tensor(content: Part) -> tuple[str, NDArray[np.float32] | NDArray[np.int64]]:
    parts = _message(content, TENSOR)
    shape, raw, dtype = (
        _integers(parts.get(1, [])),
        _view(parts.get(9, [memoryview(b"")])[0]),
        DTYPES[parts[2][0]],
    )
    size = np.dtype(dtype).itemsize
    for length in shape:
        if not 0 <= length <= len(raw):
            raise ValueError("a tensor larger than its data")
        size *= length
    if size != len(raw):
        raise ValueError("a tensor whose shape does not fit its data")
    array: NDArray[Any] = np.frombuffer(raw, dtype).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError("a weight that is not a finite number")
    return _text(parts, 8), array


def _value(content: Part) -> tuple[str, tuple[int, ...]]:
    """Name and shape of an input or output."""
    parts = _message(content, {1, 2})
    kind = _message(_message(parts[2][0], {1})[1][0], {1, 2})
    if kind[1] != [FLOAT]:
        raise ValueError("an input or output that is not of float32")
    sizes = [_message(size, {1, 2}) for size in _message(kind[2][0], {1}).get(1, [])]
    return _text(parts, 1), tuple(_signed(size[1][0]) if 1 in size else -1 for size in sizes)


def _message(content: Part, known: set[int]) -> Fields:
    """The fields of a message by number."""
    fields: Fields = {}
    for number, value in _fields(_view(content)):
        if number not in known:
            raise ValueError(f"an unexpected part, number {number}")
        fields.setdefault(number, []).append(value)
    return fields


def _fields(content: memoryview) -> Iterator[tuple[int, Part]]:
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(content, at)
            yield key >> 3, value
            continue
        if kind == TEXT:
            length, at = _varint(content, at)
        else:
            length = {EIGHT: 8, FOUR: 4}[kind]
        if length > len(content) - at:
            raise ValueError("cut off")
        yield key >> 3, content[at : at + length]
        at += length


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A number and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number that does not end")


def _integers(values: list[Part]) -> list[int]:
    """A repeated number, packed or not."""
    found: list[int] = []
    for value in values:
        if isinstance(value, int):
            found.append(_signed(value))
            continue
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            found.append(_signed(number))
    return found


def _signed(value: Part) -> int:
    if not isinstance(value, int):
        raise TypeError("expected a number")
    return value - 2**64 if value >= 2**63 else value


def _view(value: Part) -> memoryview:
    if isinstance(value, int):
        raise TypeError("expected bytes")
    return value


def _decoded(value: Part) -> str:
    return bytes(_view(value)).decode("utf-8")


def _text(parts: Fields, number: int) -> str:
    return _decoded(parts[number][0]) if number in parts else ""
