"""Several networks that forecast together: each with a context and a linear part of its own, and
their median.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.spec import NetworkSpec

__all__ = ["Member", "median_of", "published_weights", "with_context"]

T = TypeVar("T")


@dataclass(frozen=True)
class Member:
    """One network: its spec, its weights by name, and the linear part that it corrects."""

    spec: NetworkSpec
    weights: Mapping[str, NDArray[np.float32]]
    linear: Linear | None


def with_context(member: Member, context_length: int) -> Member:
    """The member as it would be with another context: its weights do not depend on that, its linear
    part becomes 0.

    ``context_length`` must be a multiple of the member's segment length. For timing, not for
    forecasts.
    """
    linear = member.linear
    if linear is not None:
        n_targets, _, horizon = linear.kernel.shape
        kernel = np.zeros((n_targets, context_length, horizon), np.float32)
        linear = replace(linear, kernel=kernel, smoothing=None)
    return replace(
        member,
        spec=replace(member.spec, framing=member.spec.framing.with_context(context_length)),
        linear=linear,
    )


def median_of(
    values: Sequence[T],
    *,
    low: Callable[[T, T], T],
    high: Callable[[T, T], T],
    mean: Callable[..., T],
) -> T:
    """The median from minima and maxima alone, which Keras and ONNX both have: odd-even
    transposition sort.
    """
    ordered = list(values)
    for turn in range(len(ordered)):
        for k in range(turn % 2, len(ordered) - 1, 2):
            first, second = ordered[k : k + 2]
            ordered[k : k + 2] = [low(first, second), high(first, second)]
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else mean(ordered[middle - 1], ordered[middle])


def published_weights(members: Sequence[Member]) -> dict[str, NDArray[np.float32]]:
    """All weights, named ``number of the member / layer . weight``."""
    named: dict[str, NDArray[np.float32]] = {}
    for number, member in enumerate(members):
        weights = dict(member.weights)
        if member.linear is not None:
            weights |= {"linear.kernel": member.linear.kernel, "linear.bias": member.linear.bias}
            weights |= {"linear.known": member.linear.known} if member.linear.known.size else {}
            weights |= {"linear.smoothing": member.linear.share} if member.linear.smoothing else {}
        named |= {f"{number}/{name}": weight for name, weight in weights.items()}
    return named
