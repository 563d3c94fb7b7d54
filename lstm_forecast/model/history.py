"""What training did, epoch by epoch."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Epoch", "history_csv", "read_history"]


@dataclass(frozen=True)
class Epoch:
    """What one epoch did. Epoch 0 is the network before training. Losses are in locally normalised units."""

    epoch: int
    loss: float | None  # mean over the batches of the epoch, dropout included
    val_loss: float | None
    learning_rate: float  # at the end of the epoch
    seconds: float
    best: bool  # lowest validation loss so far: these weights are kept
    network: int = 1  # number of the network in its ensemble

    @property
    def gap(self) -> float | None:
        """Overfitting gap: validation loss - training loss."""
        return None if self.loss is None or self.val_loss is None else self.val_loss - self.loss


def history_csv(history: Sequence[Epoch]) -> str:
    """One row per epoch."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["network", "epoch", "loss", "val_loss", "gap", "learning_rate", "seconds", "best"])
    for row in history:
        values = [
            row.network,
            row.epoch,
            row.loss,
            row.val_loss,
            row.gap,
            row.learning_rate,
            round(row.seconds, 3),
            int(row.best),
        ]
        writer.writerow(["" if value is None else value for value in values])
    return stream.getvalue()


def read_history(text: str) -> list[Epoch]:
    """Inverse of ``history_csv``. Raises KeyError or ValueError on anything else."""
    return [
        Epoch(
            epoch=int(row["epoch"]),
            loss=float(row["loss"]) if row["loss"] else None,
            val_loss=float(row["val_loss"]) if row["val_loss"] else None,
            learning_rate=float(row["learning_rate"]),
            seconds=float(row["seconds"]),
            best=row["best"] == "1",
            network=int(row["network"]),
        )
        for row in csv.DictReader(io.StringIO(text))
    ]
