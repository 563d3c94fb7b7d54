"""What people see while a command runs and when it ends: phases, epochs, results and errors."""

import contextlib
import functools
import json
import math
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from lstm_forecast.cli.streams import logs_json, one_line, plain, printing, say
from lstm_forecast.documents import Document
from lstm_forecast.errors import Failure, ForecastError, Stopped, WriteError, failure
from lstm_forecast.events import LOGGER, Event

if TYPE_CHECKING:
    from rich.progress import Progress

    from lstm_forecast.events import Epoch

__all__ = [
    "Talk", "emit_json", "listening", "plain", "plain_json", "printing", "reported",
    "say", "say_failure", "tell_failure", "terminate",
]  # fmt: skip

QUIET_SECONDS = 1.0  # without a word, after which the phase that a command is in is told,
DRAWN_SECONDS = 0.6  # or drawn on a terminal
TICK_SECONDS = 0.1


def emit_json(document: Document) -> None:
    """The result as one JSON object, on stdout."""
    print(plain_json(json.dumps(document.content(), ensure_ascii=False, allow_nan=False)))


def plain_json(text: str) -> str:
    """JSON text with what cannot be printed escaped, as JSON alone does not: terminals obey some of
    it.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 2**16 else json.dumps(sign)[1:-1]


def terminate(number: int, frame: object) -> None:
    """Handle SIGTERM: unwind as on SIGINT, so that nothing half-written stays."""
    raise Stopped(143)


def reported(command: Callable[..., Any]) -> Callable[..., None]:
    """Turn what a command raises into a message and an exit code; with ``as_json``, into an object
    too.
    """

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            with printing():
                command(*args, **options)
        except typer.Exit:
            raise
        except (Exception, KeyboardInterrupt, Stopped) as error:
            raise typer.Exit(tell_failure(error, as_json=options.get("as_json", False))) from None

    return run


def tell_failure(error: BaseException, *, as_json: bool) -> int:
    """Say what ended a command, and return its exit code.

    Where the reader of stdout is gone it ends by SIGPIPE, as any program does in front of ``head``.
    """
    if isinstance(error, WriteError) and isinstance(error.__cause__, BrokenPipeError):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.raise_signal(signal.SIGPIPE)
    is_bug = isinstance(error, Exception) and not isinstance(error, ForecastError)
    trace = "".join(traceback.format_exception(error)).splitlines() if is_bug else []
    answer = failure(error)
    if as_json:
        with contextlib.suppress(WriteError), printing():  # the exit code tells it too
            emit_json(answer)
    say_failure(answer, trace)
    return answer.exit_code


def say_failure(failure: Failure, trace: Sequence[str] = ()) -> None:
    """What went wrong, on stderr, after the traceback of a bug."""
    event: Event = "bug" if failure.error == "bug" else "failed"
    for problem in failure.problems:
        line = f"{failure.error}: {problem}"
        say(*trace, line, event=event, error=failure.error, exit_code=failure.exit_code)


class Talk:
    """Hears what a command does: tells it in lines, and draws on a terminal how far it is, if that
    takes a while.
    """

    def __init__(self, progress: "Progress | None" = None, *, drawn: bool = False) -> None:
        self._progress, self._drawn = progress, drawn or progress is not None
        self._lock = threading.RLock()
        self._phase, self._figures, self._told = "starting", dict[str, object](), False
        self._done: tuple[int, int | None] = 0, None
        self._task: Any = None
        self._said = time.monotonic()

    def note(self, *lines: str, event: Event = "note", **figures: object) -> None:
        """Lines for people, or an event with its figures for what collects logs."""
        with self._lock:
            self._said = max(self._said, time.monotonic())
            if self._progress is None:
                say(*lines, event=event, **figures)
                return
            for line in lines:
                with contextlib.suppress(OSError):  # as of a terminal that is gone: see say
                    self._progress.console.print(one_line(line), markup=False, highlight=False)

    def epoch(self, epoch: "Epoch", epochs: int) -> None:
        """An epoch is over."""
        losses = {"loss": epoch.loss, "val_loss": epoch.val_loss, "gap": epoch.gap}
        shown = "  ".join(
            f"{name} {value:.4f}" for name, value in losses.items() if value is not None
        )
        kept = "  best so far" if epoch.best else ""
        number = f"network {epoch.network}, " if epoch.network > 1 else ""
        rest = {"seconds": epoch.seconds, "learning_rate": epoch.learning_rate, "best": epoch.best}
        self.note(
            f"{number}epoch {epoch.epoch:>3}/{epochs}  {shown}  {epoch.seconds:.1f} s{kept}",
            event="epoch",
            epoch=epoch.epoch,
            epochs=epochs,
            network=epoch.network,
            **losses,
            **rest,
        )
        self.progress("training", epoch.epoch, epochs)
        self._told = self._told or not self._drawn  # by the epochs themselves

    def phase(self, text: str, **figures: object) -> None:
        """Something begins that may take a while."""
        self._enter(text, figures, (0, None))

    def progress(self, text: str, done: int, total: int) -> None:
        """What is being done now, and how much of everything is done."""
        self._enter(text, {"total": total}, (done, total))

    def _enter(self, text: str, figures: dict[str, object], done: tuple[int, int | None]) -> None:
        with self._lock:
            if text != self._phase:
                self._told = False
                if self._progress is not None and self._task is not None:
                    self._progress.remove_task(self._task)
                    self._task = None
            self._phase, self._figures, self._done = text, figures, done
            if self._progress is not None:
                self._draw(self._progress)

    def look(self) -> None:
        """Tell or draw the phase once there was quiet for a while."""
        with self._lock:
            quiet = time.monotonic() - self._said
            if self._told or quiet < (DRAWN_SECONDS if self._drawn else QUIET_SECONDS):
                return
            self._told = True
            if not self._drawn:
                self.note(self._phase, event="phase", **self._figures)
            elif self._progress is None:
                self._progress = _bars()
                self._draw(self._progress)
                self._progress.start()

    def _draw(self, progress: "Progress") -> None:
        done, total = self._done
        if self._task is None:
            self._task = progress.add_task(one_line(self._phase), total=total)
        progress.update(self._task, completed=done, total=total)

    def stop(self) -> None:
        """Clear what was drawn, and tell phases no more, before a result is printed."""
        with self._lock:
            self._said = math.inf
            if self._progress is not None:
                self._progress.stop()
                self._progress = None


def _bars() -> "Progress":
    from rich import progress
    from rich.console import Console

    text = progress.TextColumn("{task.description}", markup=False)
    times = progress.TimeElapsedColumn(), progress.TimeRemainingColumn()
    columns = text, progress.BarColumn(), progress.MofNCompleteColumn(), *times
    console = Console(stderr=True)
    return progress.Progress(*columns, console=console, transient=True, redirect_stdout=False)


@contextlib.contextmanager
def listening() -> Iterator[Talk]:
    """A Talk that also hears the phases of what runs inside, and shows them when it has been quiet
    for a while.
    """
    import logging

    class Phases(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            talk.phase(record.getMessage(), **getattr(record, "figures", {}))

    def watch() -> None:
        while not over.wait(TICK_SECONDS):
            talk.look()

    talk = Talk(drawn=sys.stderr.isatty() and not logs_json())
    over, logger, handler = threading.Event(), logging.getLogger(LOGGER), Phases()
    watcher = threading.Thread(target=watch, daemon=True)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # TensorFlow gives the root logger a handler of its own
    watcher.start()
    try:
        yield talk
    finally:
        over.set()
        watcher.join()
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
        talk.stop()
