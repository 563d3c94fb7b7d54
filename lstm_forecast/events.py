"""What a command tells while it runs: events of its log, epochs, progress, and the phase that it is
in.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["LEVELS", "LOGGER", "SILENT", "Epoch", "Event", "Listener", "phase"]

LOGGER = "lstm_forecast"  # of the phases, in Python's own logging
Event = Literal[
    "alarm",
    "bug",
    "champion",
    "checkpoint",
    "choice",
    "compared",
    "data",
    "due",
    "epoch",
    "errors",
    "failed",
    "finding",
    "hook",
    "kept",
    "library",
    "memory",
    "network",
    "next",
    "note",
    "phase",
    "published",
    "removed",
    "repair",
    "retrained",
    "verdict",
    "warning",
]
LEVELS: dict[Event, str] = {  # of all others: info
    "alarm": "warning",
    "bug": "error",
    "failed": "error",
    "library": "warning",
    "warning": "warning",
}


@dataclass(frozen=True)
class Epoch:
    """What one epoch did.

    Epoch 0 is the network before training. Losses are in locally normalised units.
    """

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


class Listener(Protocol):
    """Hears what is worth knowing while something goes on."""

    def note(self, *lines: str, event: Event = "note", **figures: object) -> None:
        """Lines for people, or an event with its figures for what collects logs."""

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """An epoch is over, of at most ``epochs``."""

    def progress(self, text: str, done: int, total: int) -> None:
        """What is being done now, and how much of everything is done."""


class _Silent:
    """Hears everything and says nothing: the listener of whoever gives none."""

    def note(self, *lines: str, event: Event = "note", **figures: object) -> None:
        pass

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        pass

    def progress(self, text: str, done: int, total: int) -> None:
        pass


SILENT: Listener = _Silent()


def phase(text: str, **figures: object) -> None:
    """Say what begins now and may take a while, such as reading a file.

    It is a record of Python's logging, of level INFO: the command line shows it once nothing else
    was said for a while, and who uses the package from Python hears it where logging is asked for.
    """
    import logging  # 10 ms that commands which are over at once need not wait for

    logging.getLogger(LOGGER).info("%s", text, extra={"figures": figures})
