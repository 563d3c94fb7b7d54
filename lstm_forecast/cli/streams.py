"""The standard streams: results on stdout; on stderr talk, in lines for people or objects for what
collects logs.
"""

import contextlib
import io
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from lstm_forecast.errors import WriteError
from lstm_forecast.events import LEVELS, Event

__all__ = [
    "log_as_json", "logs_json", "one_line", "open_streams", "plain", "printing", "say",
    "say_warning",
]  # fmt: skip

STDERR = 2
WARNING = "warning: "  # what a line of that level begins with


def open_streams() -> None:
    """Put something in the place of every standard stream that is closed, before a file takes its
    number.

    Of stdin nothing is read then, what is printed on stdout cannot be written, and what is said on
    stderr is lost.
    """
    for name, way, mode in (
        ("stdin", os.O_RDONLY, "r"),
        ("stdout", os.O_RDONLY, "w"),
        ("stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, way)  # the lowest one that is free: that of the stream
            os.set_inheritable(number, True)
            how = "utf-8", "backslashreplace"
            stream = open(number, mode, -1, *how, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    out, err = sys.stdout, sys.stderr
    if isinstance(getattr(out, "buffer", None), io.RawIOBase):
        # As with PYTHONUNBUFFERED: of a large table Python would then write what fits, and lose the
        # rest in silence.
        descriptor, encoding = out.fileno(), out.encoding
        sys.stdout = open(descriptor, "w", -1, encoding, out.errors, closefd=False)  # noqa: SIM115
    if err.fileno() == STDERR:
        # Talk goes on where libraries that print past Python are silenced, as TensorFlow is while
        # it starts. Without a buffer, what could not be written is not tried again, and cannot fail
        # again, when Python ends.
        raw = open(os.dup(STDERR), "wb", buffering=0, closefd=False)  # noqa: SIM115
        sys.stderr = io.TextIOWrapper(
            raw, encoding=err.encoding, errors=err.errors, write_through=True
        )


@contextlib.contextmanager
def printing() -> Iterator[None]:
    """What is printed inside has been written when this ends.

    Raises WriteError otherwise, and gives stdout up.
    """
    try:
        yield
        sys.stdout.flush()
    except UnicodeEncodeError as error:
        if error.encoding.lower() in ("utf-8", "utf8"):  # as files have it
            raise
        wrong = f"{error.object[error.start]!r} is not in its encoding {error.encoding}"
        raise WriteError(
            f"stdout: cannot be written: {wrong}; set PYTHONIOENCODING=utf-8"
        ) from None
    except OSError as error:
        if error.filename is not None:  # unlike files, what we print to has no name
            raise
        with contextlib.suppress(OSError):  # or Python tries again at its end, and exits with 120
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise WriteError(f"stdout: cannot be written: {error.strerror or error}") from error


def plain(text: str) -> str:
    """The text with control characters shown, not obeyed: names from the data may hold any."""
    return "".join(
        sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text
    )


def one_line(text: str) -> str:
    """The same with line breaks shown, too: names cannot make lines of their own."""
    return plain(text).replace("\n", "\\n")


class _Objects(io.TextIOBase):
    """A stderr whose lines become objects, whoever writes them: Python's warnings, tracebacks,
    libraries.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream, self._rest = stream, ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            say(line, event="library")
        return len(text)

    def flush(self) -> None:
        if self._rest:
            self.write("\n")

    def fileno(self) -> int:
        return self.stream.fileno()


def log_as_json(wanted: bool) -> None:
    """Say everything that follows as one JSON object a line, for what collects logs."""
    if wanted and not isinstance(sys.stderr, _Objects):
        sys.stderr = _Objects(sys.stderr)
    elif not wanted and isinstance(sys.stderr, _Objects):
        sys.stderr = sys.stderr.stream


def logs_json() -> bool:
    """Whether that is so now."""
    return isinstance(sys.stderr, _Objects)


def say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say what Python warns of: this takes the place of ``warnings.showwarning``."""
    say(f"{filename}:{lineno}: {category.__name__}: {message}", event="library")


def say(*lines: str, event: Event = "note", **figures: object) -> None:
    """Lines for people, on stderr; or one object with ``time``, ``level``, ``event``, ``message``
    and the figures.

    The event decides the level, but for lines that begin with "warning: ". What cannot be written
    is lost: a log on a full disk is no reason to stop a training.
    """
    stream = sys.stderr
    if isinstance(stream, _Objects):
        stream, lines = stream.stream, _object(lines, event, figures)
    for line in lines:
        # ValueError: closed by whoever started us in this process
        with contextlib.suppress(OSError, ValueError):
            stream.write(one_line(line) + "\n")
            stream.flush()


def _object(lines: Sequence[str], event: Event, figures: Mapping[str, object]) -> tuple[str, ...]:
    """The line of JSON, or none where there is nothing to say."""
    message = "\n".join(filter(str.strip, lines)).strip()
    if not message:
        return ()
    own = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "warning" if message.startswith(WARNING) else LEVELS.get(event, "info"),
        "event": event,
        "message": message.removeprefix(WARNING),
    }
    return (
        json.dumps(
            own | {name: _plain_value(value) for name, value in figures.items()}, default=str
        ),
    )


def _plain_value(value: Any) -> Any:
    """The same without numbers that JSON has no word for, and with NumPy's as Python's."""
    if isinstance(value, Mapping):
        return {str(name): _plain_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(each) for each in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
