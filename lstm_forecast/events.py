"""What a command tells while it runs: the closed list of events in its log, and the phase that it is in."""

from typing import Literal, Protocol

__all__ = ["LEVELS", "LOGGER", "Event", "Listener", "phase"]

LOGGER = "lstm_forecast"  # of the phases, in Python's own logging
Event = Literal[
    "alarm", "bug", "champion", "checkpoint", "choice", "compared", "data", "due", "epoch", "errors", "failed",
    "finding", "hook", "kept", "library", "memory", "network", "next", "note", "phase", "published", "removed",
    "repair", "retrained", "verdict", "warning",
]  # fmt: skip
LEVELS: dict[Event, str] = {  # of all others: info
    "alarm": "warning", "bug": "error", "failed": "error", "library": "warning", "warning": "warning",
}  # fmt: skip


class Listener(Protocol):
    """Hears what is worth knowing while something goes on."""

    def note(self, *lines: str, event: Event = "note", **figures: object) -> None:
        """Lines for people, or an event with its figures for what collects logs."""


def phase(text: str, **figures: object) -> None:
    """Say what begins now and may take a while, such as reading a file.

    It is a record of Python's logging, of level INFO: the command line shows it once nothing else was said for a while,
    and who uses the package from Python hears it where logging is asked for.
    """
    import logging  # 10 ms that commands which are over at once need not wait for

    logging.getLogger(LOGGER).info("%s", text, extra={"figures": figures})
