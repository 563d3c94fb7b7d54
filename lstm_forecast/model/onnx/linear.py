"""The linear part as ONNX operators: matrix products, and a softmax where it smooths."""

import numpy as np

from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.linear.smoothing import LEAST_ERROR, LEAST_SQUARE, Group, Smoothing
from lstm_forecast.model.onnx.writer import Graph
from lstm_forecast.model.spec import NetworkSpec

__all__ = ["write_linear"]


def write_linear(graph: Graph, spec: NetworkSpec, window: str, linear: Linear) -> str:
    """Write the linear part (batch, horizon, n_targets)."""
    targets = graph.slice(window, 2, 0, spec.channels.n_targets)
    past = graph.add("Transpose", targets, perm=[2, 0, 1])  # a matrix product per target
    product = graph.add("MatMul", past, graph.constant(linear.kernel))
    total = graph.add("Add", product, graph.constant(linear.bias[:, np.newaxis]))
    if linear.smoothing is not None:
        smoothed = _smoothing(graph, spec, window, past, linear.smoothing)
        total = graph.add(
            "Add", total, graph.add("Mul", smoothed, graph.constant(linear.share[:, None, None]))
        )
    total = graph.add("Transpose", total, perm=[1, 2, 0])
    if not (n_known := linear.known.shape[2]):
        return total
    newest = graph.slice(
        window, 1, spec.framing.context_length - spec.framing.horizon, spec.framing.context_length
    )
    known = graph.slice(newest, 2, linear.first, linear.first + n_known)
    # a matrix product per step of the horizon
    steps = graph.add("Transpose", known, perm=[1, 0, 2])
    effect = graph.add("MatMul", steps, graph.constant(linear.known.transpose(1, 2, 0)))
    return graph.add("Add", total, graph.add("Transpose", effect, perm=[1, 0, 2]))


def _smoothing(
    graph: Graph, spec: NetworkSpec, window: str, past: str, smoothing: Smoothing
) -> str:
    """Write the smoothing of the past (n_targets, batch, context_length): (n_targets, batch,
    horizon).
    """
    last = graph.slice(past, 2, spec.framing.context_length - 1, spec.framing.context_length)
    total, left = graph.add("Mul", last, graph.constant(np.zeros(spec.framing.horizon))), ""
    flag = graph.slice(window, 2, spec.channels.n_features - 1, spec.channels.n_features)
    for group in smoothing.groups:
        first = spec.framing.context_length - group.length
        forecast = _group(
            graph, spec, graph.slice(past, 2, first, spec.framing.context_length), group, smoothing
        )
        if not smoothing.padded:
            return forecast
        observed = graph.slice(flag, 1, first, first + 1)  # (batch, 1, 1)
        share = graph.add("Reshape", observed, graph.constant([-1, 1]))
        share = graph.add("Mul", share, left) if left else share
        left = graph.add("Sub", left or graph.constant([[1.0]]), share)
        total = graph.add("Add", total, graph.add("Mul", forecast, share))
    return (
        graph.add("Add", total, graph.add("Mul", last, left))
        if left
        else graph.add("Add", total, last)
    )


def _group(graph: Graph, spec: NetworkSpec, own: str, group: Group, smoothing: Smoothing) -> str:
    """Write the weighted mean of several methods, from values (n_targets, batch, length) to (...,
    horizon).
    """
    split = graph.constant(
        [spec.channels.n_targets, -1, group.n_methods, group.errors.shape[1] // group.n_methods]
    )
    errors = graph.add("Reshape", graph.add("MatMul", own, graph.constant(group.errors)), split)
    squares = graph.add(
        "ReduceMean", graph.add("Mul", errors, errors), graph.constant([3]), keepdims=0
    )
    size = graph.add("ReduceMean", graph.add("Mul", own, own), graph.constant([2]))
    floor = graph.add("Mul", size, graph.constant([LEAST_SQUARE]))
    squares = graph.add("Add", graph.add("Add", squares, floor), graph.constant([LEAST_ERROR]))
    power, prior = (
        group.exponent * smoothing.power[:, None, None],
        smoothing.prior[:, None, : group.n_methods],
    )
    score = graph.add("Mul", graph.add("Log", squares), graph.constant(power))
    score = graph.add("Add", score, graph.constant(prior))
    weights = graph.add("Unsqueeze", graph.add("Softmax", score, axis=2), graph.constant([3]))
    split = graph.constant([spec.channels.n_targets, -1, group.n_methods, spec.framing.horizon])
    forecasts = graph.add(
        "Reshape", graph.add("MatMul", own, graph.constant(group.forecasts)), split
    )
    return graph.add(
        "ReduceSum", graph.add("Mul", forecasts, weights), graph.constant([2]), keepdims=0
    )
