"""What people see: talk on stderr, results on stdout, the same lines on a terminal and in a log."""

import contextlib
import functools
import json
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from lstm_forecast.errors import ForecastError

if TYPE_CHECKING:
    from rich.progress import Progress

    from lstm_forecast.evaluation.spread import Spread
    from lstm_forecast.model.history import Epoch
    from lstm_forecast.workflows.compare import Comparison

__all__ = [
    "Talk", "comparison_text", "emit_json", "errors_table", "listening", "outcome", "reported", "say", "terminate",
]  # fmt: skip


def say(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr, flush=True)


def emit_json(content: Mapping[str, Any]) -> None:
    """The result as one JSON object, on stdout."""
    print(json.dumps(content, ensure_ascii=False, allow_nan=False, default=str))


class _Terminated(BaseException):
    """SIGTERM arrived. Like KeyboardInterrupt it passes through ``except Exception``."""


def terminate(number: int, frame: object) -> None:
    """Handle SIGTERM: unwind as on SIGINT, so that nothing half-written stays."""
    raise _Terminated


def reported(command: Callable[..., Any]) -> Callable[..., None]:
    """Turn what a command raises into a message and an exit code; with ``as_json``, into an object too."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        fail = functools.partial(_fail, as_json=options.get("as_json", False))
        try:
            command(*args, **options)
        except ForecastError as error:
            fail(error.exit_code, error.title, list(error.problems))
        except KeyboardInterrupt:
            fail(130, "stopped", ["stopped by SIGINT"])
        except _Terminated:
            fail(143, "stopped", ["stopped by SIGTERM"])
        except typer.Exit:
            raise
        except Exception as error:
            traceback.print_exc()
            fail(1, "bug", [f"a bug of ours: {type(error).__name__}: {error}; please report it with the lines above"])

    return run


def _fail(code: int, title: str, problems: list[str], *, as_json: bool) -> None:
    if as_json:
        emit_json({"ok": False, "exit_code": code, "error": title, "problems": problems})
    for problem in problems:
        say(f"{title}: {problem}")
    raise typer.Exit(code)


PUBLISHED = {
    "linear": "the linear part alone",
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
            self._progress.console.print(text, markup=False, highlight=False)

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
    if not sys.stderr.isatty():
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
        yield (
            f"the network does not pay here: published is {PUBLISHED[published]} (errors on the validation part: "
            f"{compared}; training.fallback: false would publish the network)"
        )


def errors_table(name: str, report: Mapping[str, Any]) -> str:
    """Errors of the forecast above those of the baselines, as aligned text."""
    header = ["", "MAE", "RMSE", "sMAPE", "MASE", "skill"]
    rows = [header]
    for label, errors in report["errors"].items():
        skill = report["skill"].get(label)
        numbers = [_number(errors[metric]) for metric in ("mae", "rmse", "smape", "mase")]
        rows.append([name if label == "forecast" else label, *numbers, "" if skill is None else f"{skill:+.1%}"])
    return _aligned(rows)


def comparison_text(comparison: "Comparison") -> str:
    """One row for each variation and baseline, wrapped between columns where stdout is a narrower terminal."""
    contexts = list(comparison.variations[0].timings)
    header = ["", "MAE", "RMSE", "sMAPE", "MASE", "epoch", "gap", "parameters", "seconds", "CPU s"]
    rows = [[*header, *(f"ms, {n}" for n in contexts), *(f"windows/s, {n}" for n in contexts)]]
    for row in (*comparison.variations, *comparison.baselines):
        errors = [_spread(row.errors[metric]) for metric in ("mae", "rmse", "smape", "mase")]
        timings = [row.timings[n] for n in contexts if n in row.timings]
        speeds = [*(f"{t.latency_ms:.3g}" for t in timings), *(f"{t.windows_per_second:,.0f}" for t in timings)]
        training = [_spread(row.epoch), _spread(row.gap), f"{row.parameters:,}"]
        costs = [_spread(row.seconds), _spread(row.cpu_seconds), *(speeds or [""] * 2 * len(contexts))]
        rows.append([row.name, *errors, *training, *costs])
    return _aligned(rows, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


def _spread(found: "Spread | None") -> str:
    """The median, and in brackets how far the seeds lie apart; nothing where nothing was measured."""
    if found is None:
        return ""
    if found.median is None or found.low is None or found.high is None:
        return "-"
    distance = float(f"{found.high - found.low:.2g}")
    return f"{found.median:.4g}" + (f" ({distance:g})" if len(found.values) > 1 else "")


def _aligned(rows: Sequence[Sequence[str]], *, width: int | None = None) -> str:
    """Columns under each other, the first one to the left; it is repeated where the others need more than ``width``."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    blocks: list[list[int]] = [[0]]
    for k in range(1, len(widths)):
        used = sum(widths[column] + 2 for column in blocks[-1])
        if width is not None and len(blocks[-1]) > 1 and used + widths[k] > width:
            blocks.append([0])
        blocks[-1].append(k)
    return "\n\n".join("\n".join(_line(row, widths, block) for row in rows) for block in blocks)


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[int]) -> str:
    first, *others = columns
    return "  ".join([row[first].ljust(widths[first]), *(row[k].rjust(widths[k]) for k in others)]).rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
