"""How the weights of a network are learned, as plain values."""

from dataclasses import dataclass
from typing import Literal

from lstm_forecast.config.schema import TrainingConfig

__all__ = ["Optimisation", "Schedule"]

Schedule = Literal["constant", "cosine", "exponential"]


@dataclass(frozen=True, kw_only=True)
class Optimisation:
    """What decides, beside the network and the windows, how a training ends.

    No field has a default: whoever makes one says all of it. A checkpoint is found by all of it.
    """

    loss: str  # mae, mse or huber of point forecasts; several quantiles use the pinball loss
    quantiles: tuple[float, ...]  # ascending, those of the network's output
    optimizer: str  # adam, adamw or rmsprop
    learning_rate: float  # at the start of the schedule
    schedule: Schedule
    clipnorm: float | None  # largest norm of a gradient
    ema: float | None  # momentum of the averages of the weights that are kept
    epochs: int  # that the schedule is made for
    stop_after: int | None  # epochs that are trained; None: all of the schedule
    batch_size: int
    steps_per_epoch: int  # batches of an epoch at most; 0: all windows
    patience: int | None  # epochs without a better validation loss before stopping
    seed: int  # of the order of the windows, and of dropout

    @property
    def last_epoch(self) -> int:
        """The epoch that training ends with at the latest."""
        return self.epochs if self.stop_after is None else self.stop_after

    @classmethod
    def of(
        cls,
        training: TrainingConfig,
        *,
        quantiles: tuple[float, ...],
        seed: int,
        stop_after: int | None,
    ) -> "Optimisation":
        """What the config's section ``training`` asks for, of a network with these quantiles."""
        return cls(
            loss=training.loss,
            quantiles=quantiles,
            optimizer=training.optimizer,
            learning_rate=training.learning_rate,
            schedule=training.schedule,
            clipnorm=training.clipnorm,
            ema=training.ema,
            epochs=training.epochs,
            stop_after=stop_after,
            batch_size=training.batch_size,
            steps_per_epoch=training.steps_per_epoch,
            patience=training.patience,
            seed=seed,
        )
