"""What people see: talk on stderr, results on stdout, the same lines on a terminal and in a log."""

import contextlib
import functools
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from lstm_forecast.errors import ForecastError, Stopped, WriteError, failure

if TYPE_CHECKING:
    from rich.progress import Progress

    from lstm_forecast.model.history import Epoch

__all__ = [
    "Talk", "emit_json", "fail", "listening", "log_as_json", "outcome", "plain", "plain_json", "reported", "say",
    "show_report", "terminate", "unseen_categories",
]  # fmt: skip

LEVELS = ("refused", "settled", "note")
_as_json = False


def log_as_json(wanted: bool) -> None:
    """Say everything that follows as one JSON object a line, for what collects logs."""
    global _as_json
    _as_json = wanted


def plain(text: str) -> str:
    """The text with control characters shown, not obeyed: names from the data may hold any."""
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def say(*lines: str) -> None:
    """Lines for people, on stderr; or objects with ``time`` and ``message``. What cannot be written is lost.

    A log on a full disk is no reason to stop a training. Line breaks in names cannot make lines of their own.
    """
    for line in filter(None, lines) if _as_json else lines:
        with contextlib.suppress(OSError):
            print(_object(line) if _as_json else _line(line), file=sys.stderr, flush=True)


def _object(text: str) -> str:
    return json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "message": text.strip()})


def _line(text: str) -> str:
    return plain(text).replace("\n", "\\n")


def emit_json(content: Mapping[str, Any]) -> None:
    """The result as one JSON object, on stdout."""
    print(plain_json(json.dumps(content, ensure_ascii=False, allow_nan=False, default=str)))


def plain_json(text: str) -> str:
    """JSON text with what cannot be printed escaped, as JSON alone does not: terminals obey some of it."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 2**16 else json.dumps(sign)[1:-1]


def terminate(number: int, frame: object) -> None:
    """Handle SIGTERM: unwind as on SIGINT, so that nothing half-written stays."""
    raise Stopped(143)


def reported(command: Callable[..., Any]) -> Callable[..., None]:
    """Turn what a command raises into a message and an exit code; with ``as_json``, into an object too."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except typer.Exit:
            raise
        except (Exception, KeyboardInterrupt, Stopped) as error:
            if isinstance(error, OSError) and error.filename is None:  # unlike files, what we print to has no name
                error = WriteError(f"stdout: cannot be written: {error.strerror or error}")
            elif isinstance(error, Exception) and not isinstance(error, ForecastError):
                say(*traceback.format_exc().splitlines())
            fail(failure(error), as_json=options.get("as_json", False))

    return run


def fail(answer: Mapping[str, Any], *, as_json: bool) -> NoReturn:
    """End a command with what scripts are told of an error, on stdout with ``as_json``, and its problems on stderr."""
    if as_json:
        with contextlib.suppress(OSError):  # the exit code tells it too
            emit_json(answer)
    for problem in answer["problems"]:
        say(f"{answer['error']}: {problem}")
    raise typer.Exit(answer["exit_code"])


PUBLISHED = {
    "blend": "the mean of the network and its linear part",
    "linear": "the linear part alone",
    "smoothing": "an exponential smoothing",
    "seasonal_naive": "the seasonal naive forecast",
    "naive": "the last value",
}


class Talk:
    """Hears what training does: one line per epoch, and on a terminal a progress bar below them."""

    def __init__(self, progress: "Progress | None") -> None:
        self._progress = progress
        self._task = None if progress is None else progress.add_task("reading", total=None)

    def note(self, text: str) -> None:
        """A line for people."""
        if self._progress is None:
            say(text)
        else:
            self._progress.console.print(_line(text), markup=False, highlight=False)

    def epoch(self, epoch: "Epoch", epochs: int) -> None:
        """An epoch is over."""
        losses = {"loss": epoch.loss, "val_loss": epoch.val_loss, "gap": epoch.gap}
        shown = "  ".join(f"{name} {value:.4f}" for name, value in losses.items() if value is not None)
        kept = "  best so far" if epoch.best else ""
        number = f"network {epoch.network}, " if epoch.network > 1 else ""
        self.note(f"{number}epoch {epoch.epoch:>3}/{epochs}  {shown}  {epoch.seconds:.1f} s{kept}")
        self.progress("training", epoch.epoch, epochs)

    def progress(self, text: str, done: int, total: int) -> None:
        """What is being done now, and how much of everything is done: on a terminal alone."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=text, completed=done, total=total)


@contextlib.contextmanager
def listening() -> Iterator[Talk]:
    """A Talk, with a progress bar while it lasts if stderr is a terminal."""
    if _as_json or not sys.stderr.isatty():
        yield Talk(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Talk(progress)


def outcome(history: Sequence["Epoch"], published: str, scores: Mapping[str, float]) -> Iterator[str]:
    """What training kept and what is published, in sentences."""
    kept = {row.network: row for row in history if row.best or row.val_loss is None}
    for network, row in kept.items():
        name = f"network {network}: " if len(kept) > 1 else ""
        losses = {"loss": row.loss, "val_loss": row.val_loss, "overfitting gap": row.gap}
        shown = ", ".join(f"{label} {value:.4f}" for label, value in losses.items() if value is not None)
        yield f"{name}kept epoch {row.epoch}: {shown}" + (" (nothing beyond its start)" if row.epoch == 0 else "")
    if published != "network":
        compared = ", ".join(f"{name.replace('_', ' ')} {score:.4g}" for name, score in scores.items())
        verdict = "" if published == "blend" else "the network does not pay here: "
        if not scores:
            compared, verdict = "none, as all series are too short for one", "nothing shows that the network pays: "
        yield (
            f"{verdict}published is {PUBLISHED[published]} (errors on the validation part: {compared}; "
            "training.fallback: false would publish the network)"
        )


def unseen_categories(unseen: Mapping[str, int]) -> Iterator[str]:
    """What the network cannot know, in sentences: a static column with values that were not there in training."""
    for column, count in unseen.items():
        yield f"column {column}: {count:,} series have a category not seen in training; forecast as of none"


def show_report(report: Mapping[str, Any], *, as_json: bool) -> None:
    """What ``check`` found, on stdout."""
    if as_json:
        emit_json({"ok": not report["problems"], "exit_code": 4 if report["problems"] else 0, **report})
    else:
        print("\n".join(map(plain, _report_lines(report))))


def _report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What training refuses first."""
    facts, columns = report["facts"], report["facts"]["columns"]
    yield report["data"]
    if "freq" in facts:
        zone = f", zone {facts['timezone']}" if facts["timezone"] else ""
        share = "" if facts["freq_share"] is None else f" ({facts['freq_share']:.1%} of steps)"
        yield f"  {facts['rows']:,} rows in {facts['series']:,} series of {facts['shortest']:,} to {facts['longest']:,}"
        yield f"  {facts['first']} to {facts['last']}, freq {facts['freq']}{share}{zone}"
        yield "  " + ", ".join(f"{key} {value!r}" for key, value in facts["file"].items())
    for role, names in columns.items():
        if names:
            yield f"  {role}: {names if isinstance(names, str) else ', '.join(names)}"
    for finding in sorted(report["findings"], key=lambda finding: LEVELS.index(finding["level"])):
        counts = ", ".join(f"{name} {count:,}" for name, count in finding["columns"].items())
        yield f"{finding['level']}: {finding['kind']}: {finding['count']:,}: {finding['text']}"
        yield from (f"    {place}" for place in finding["places"])
        if counts:
            yield f"    by column: {counts}"
        if finding["remedy"] and finding["level"] != "settled":
            yield f"    set {finding['remedy']}"
