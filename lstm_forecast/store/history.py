"""The history of a training, ``history.csv``: one row per epoch."""

import csv
import io
from collections.abc import Sequence

from lstm_forecast.events import Epoch

__all__ = ["history_csv", "read_history"]


def history_csv(history: Sequence[Epoch]) -> str:
    """One row per epoch."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["network", "epoch", "loss", "val_loss", "gap", "learning_rate", "seconds", "best"]
    )
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
