"""Losses between targets (batch, horizon, n_targets, 1) and predictions (batch, horizon, n_targets,
n_quantiles).
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

__all__ = ["make_loss"]

Loss = Callable[[Any, Any], Any]


def make_loss(name: str, quantiles: tuple[float, ...]) -> Loss:
    """The pinball loss over several quantiles; with the median alone, ``mae``, ``mse`` or
    ``huber``.
    """
    if len(quantiles) > 1:
        return _pinball(quantiles)
    losses: dict[str, Loss] = {
        "mae": keras.losses.mean_absolute_error,
        "mse": keras.losses.mean_squared_error,
        "huber": keras.losses.huber,
    }
    return losses[name]


def _pinball(quantiles: tuple[float, ...]) -> Loss:
    """Koenker & Bassett 1978: ``max(q e, (q - 1) e)`` with e = target - prediction, averaged over
    the quantiles.

    Twice that, so that the median alone would give the absolute error.
    """

    def loss(targets: Any, predictions: Any) -> Any:
        shares = ops.convert_to_tensor(quantiles, dtype=predictions.dtype)
        error = targets - predictions
        return 2 * ops.mean(ops.maximum(shares * error, (shares - 1) * error), axis=-1)

    return loss
