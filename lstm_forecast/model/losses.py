"""Losses between targets (batch, horizon, n_targets) and predictions (batch, horizon, n_targets, n_quantiles)."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

__all__ = ["make_loss"]

Loss = Callable[[Any, Any], Any]


def make_loss(name: str, quantiles: tuple[float, ...]) -> Loss:
    """The pinball loss over several quantiles; with the median alone, ``mae``, ``mse`` or ``huber``."""
    if len(quantiles) > 1:
        return _pinball(quantiles)
    point: Loss = {"mae": _absolute, "mse": _squared, "huber": keras.losses.huber}[name]
    return lambda targets, predictions: point(targets, predictions[..., 0])


def _absolute(targets: Any, predictions: Any) -> Any:
    return ops.mean(ops.abs(targets - predictions), axis=-1)


def _squared(targets: Any, predictions: Any) -> Any:
    return ops.mean(ops.square(targets - predictions), axis=-1)


def _pinball(quantiles: tuple[float, ...]) -> Loss:
    """Koenker & Bassett 1978: ``max(q e, (q - 1) e)`` with e = target - prediction, averaged over the quantiles."""

    def loss(targets: Any, predictions: Any) -> Any:
        shares = ops.convert_to_tensor(quantiles, dtype=predictions.dtype)
        error = ops.expand_dims(targets, -1) - predictions
        return 2 * ops.mean(ops.maximum(shares * error, (shares - 1) * error), axis=(-1, -2))

    return loss
