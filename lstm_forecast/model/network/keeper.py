"""Keeps the best weights of a training, and its history."""

import math
import time
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from lstm_forecast.events import Epoch
from lstm_forecast.model.network.checkpoint import Progress

__all__ = ["BestKeeper"]

Floats = NDArray[np.float32]


class BestKeeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Validates before the first and after every epoch, keeps the best weights, and stops when
    nothing improves.

    Keras' own EarlyStopping never considers the untrained network, which here is the linear part
    alone.
    """

    def __init__(
        self,
        validation: keras.utils.PyDataset | None,
        patience: int | None,
        report: Callable[[Epoch], None],
    ) -> None:
        super().__init__()
        self.validation, self.patience, self.report = validation, patience, report
        self.history: list[Epoch] = []
        self.best_loss, self.best_epoch = math.inf, 0
        self.best_weights: list[Floats] = []
        self.started = 0.0
        self.done = False

    def progress(self, *, last: int) -> Progress:
        """How far the training has come, of ``last`` epochs."""
        done = self.model.stop_training or self.history[-1].epoch >= last
        return Progress(self.history, self.best_loss, self.best_epoch, self.best_weights, done)

    def restore(self, progress: Progress) -> int:
        """Take up a training where it was left, and return the epoch."""
        self.history, self.best_weights, self.done = (
            list(progress.history),
            list(progress.best_weights),
            progress.done,
        )
        self.best_loss, self.best_epoch = progress.best_loss, progress.best_epoch
        for epoch in self.history:
            self.report(epoch)
        return self.history[-1].epoch

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Judge the network untrained."""
        self.started = time.monotonic()
        if not self.history:
            self._record(0, None)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self.started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Judge the epoch, and stop where nothing improves or the loss is not finite."""
        self._record(epoch + 1, (logs or {})["loss"])
        diverged = not math.isfinite((logs or {})["loss"])
        waited = epoch + 1 - self.best_epoch
        if diverged or (
            self.validation is not None and self.patience is not None and waited >= self.patience
        ):
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Take up the best weights."""
        if self.best_weights:
            self.model.set_weights(self.best_weights)

    def _record(self, epoch: int, loss: float | None) -> None:
        val_loss = None
        weights = self.model.get_weights() if self.model.optimizer.use_ema and epoch else None
        if weights is not None:
            # the averages
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        if self.validation is not None:
            val_loss = self.model.evaluate(self.validation, verbose=0, return_dict=True)["loss"]
        best = val_loss is not None and val_loss < self.best_loss
        if val_loss is not None and best:
            self.best_loss, self.best_epoch = val_loss, epoch
            self.best_weights = self.model.get_weights()
        if weights is not None:
            self.model.set_weights(weights)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.history.append(
            Epoch(epoch, loss, val_loss, rate, time.monotonic() - self.started, best)
        )
        self.report(self.history[-1])
