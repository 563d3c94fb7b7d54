"""The errors that a user can fix, each with the exit code that the command line returns for it."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from lstm_forecast.documents import Document, described

__all__ = [
    "QUALITY_GATE", "AbsentError", "BusyError", "ChangedError", "ConfigError", "DataError",
    "EmptyError", "Failure", "ForecastError", "MayFail", "RunError", "Stopped", "UsageError",
    "WriteError", "failure",
]  # fmt: skip


# the exit code of a command that found the champion, or forecasts, not to be replaced or trusted
QUALITY_GATE = 6


class ForecastError(Exception):
    """Base of every error whose message tells the user what to do.

    Anything else is a bug of ours (exit code 1).

    ``problems`` holds one complete message per problem, so that a user fixes all of them in one go.
    """

    exit_code: ClassVar[int]
    title: ClassVar[str]

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(ForecastError):
    """The options of the command do not fit each other, or this run."""

    exit_code = 2
    title = "usage"


class ConfigError(ForecastError):
    """The config, an override or an environment variable is wrong."""

    exit_code = 3
    title = "config"


class DataError(ForecastError):
    """The table of series cannot be used as it is."""

    exit_code = 4
    title = "data"


class AbsentError(DataError):
    """No file is where the path of a table leads."""


class EmptyError(DataError):
    """Nothing of a table, or of a part of it, is left to be used.

    ``repairs`` count what the policies did to it by kind, as those of a panel do.
    """

    def __init__(self, *problems: str, repairs: Mapping[str, int] | None = None) -> None:
        super().__init__(*problems)
        self.repairs = repairs or {}


class ChangedError(DataError):
    """A file changed while it was read, as one does that is being written."""


class RunError(ForecastError):
    """A saved run is missing, damaged or of another format."""

    exit_code = 5
    title = "run"


class WriteError(ForecastError):
    """The result could not be written: disk full, no permission, I/O error."""

    exit_code = 7
    title = "write"


class BusyError(ForecastError):
    """Another process holds the lock of this run directory."""

    exit_code = 75
    title = "busy"


class Stopped(BaseException):
    """SIGTERM or SIGINT asked the program to end.

    Like KeyboardInterrupt it passes through ``except Exception``.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


@dataclass(frozen=True, kw_only=True)
class Failure(Document):
    """What scripts are told of an error."""

    ok: Literal[False] = False
    exit_code: int = field(
        metadata=described(
            "Exit code: 1 a bug, 2 usage, 3 config, 4 data, 5 run, 7 write, 75 busy, else stopped."
        )
    )
    error: str = field(
        metadata=described(
            "Kind of the error: usage, config, data, run, write, busy, stopped or bug."
        )
    )
    problems: tuple[str, ...] = field(metadata=described("One complete message for each problem."))


class MayFail:
    """A document that tells of an error, if there was one."""

    exit_code: int
    error: str | None
    problems: tuple[str, ...]

    @property
    def failure(self) -> Failure | None:
        """What went wrong, if something did."""
        if self.error is None:
            return None
        return Failure(exit_code=self.exit_code, error=self.error, problems=self.problems)


def failure(error: BaseException) -> Failure:
    """What scripts are told of an error."""
    if isinstance(error, ForecastError):
        code, kind, problems = error.exit_code, error.title, error.problems
    elif isinstance(error, KeyboardInterrupt | Stopped):
        code, kind = getattr(error, "exit_code", 128 + signal.SIGINT), "stopped"
        problems = (f"stopped by {signal.Signals(code - 128).name}",)
    else:
        said = f"{type(error).__name__}: {error}; please report it with the lines above"
        code, kind, problems = 1, "bug", (f"a bug of ours: {said}",)
    return Failure(exit_code=code, error=kind, problems=problems)
