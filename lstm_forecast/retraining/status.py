"""What an unattended command leaves behind: a status file, and commands that are told."""

import json
import resource
import shlex
import subprocess
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar, get_args

from lstm_forecast.detecting.detection import Detection
from lstm_forecast.documents import Document, described
from lstm_forecast.errors import (
    Failure,
    ForecastError,
    MayFail,
    UsageError,
    WriteError,
    failure,
)
from lstm_forecast.events import Listener
from lstm_forecast.judging.live import Monitored
from lstm_forecast.libraries import scratch_file
from lstm_forecast.store import write_whole
from lstm_forecast.store.manifest import Verdict

__all__ = [
    "OUTCOMES", "STATUS", "Outcome", "Status", "failed", "peak_mib", "run_hooks", "split_command",
    "tell_all", "write_status",
]  # fmt: skip

STATUS = "status.json"
Outcome = Literal["promoted", "kept_champion", "not_due", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
HOOK_SECONDS = 60
MOST_BYTES = 2**20  # of what a hook says


@dataclass(frozen=True, kw_only=True)
class Status(MayFail, Document):
    """What came of a retraining: ``status.json``, and what hooks and ``--json`` tell."""

    ok: bool = field(default=True, metadata=described("Whether the exit code is 0."))
    name: str = field(metadata=described("Name of the config."))
    as_of: str | int | None = field(
        default=None, metadata=described("Last stamp that was used, if one was set.")
    )
    cutoff: str | None = field(
        default=None, metadata=described("Stamp of the newest row.", missing_without="cutoff")
    )
    new_rows: int | None = field(
        default=None,
        metadata=described("Steps since the training before.", missing_without="cutoff"),
    )
    drift: float | None = field(
        default=None,
        metadata=described(
            "How far the new rows moved, in spreads of stretches of that length before.",
            missing_without="cutoff",
        ),
    )
    due: str | None = field(
        default=None,
        metadata=described("Why a challenger was due, or not.", missing_without="cutoff"),
    )
    warnings: tuple[str, ...] = field(
        default=(),
        metadata=described("What may be a fault of the data.", missing_without="cutoff"),
    )
    start: str | None = field(
        default=None,
        metadata=described("Where the training started: warm or scratch.", missing_without="start"),
    )
    judged: Verdict | None = field(
        default=None, metadata=described("How it was judged.", missing_without="judged")
    )
    run: str | None = field(
        default=None, metadata=described("Id of what was trained.", missing_without="run")
    )
    reason: str = field(default="", metadata=described("Why it ended so, in a sentence."))
    removed: tuple[str, ...] | None = field(
        default=None,
        metadata=described("Ids of old runs that were removed.", missing_without="removed"),
    )
    exit_code: int = field(
        default=0, metadata=described("0; 6 where the champion was kept; else as in `failure`.")
    )
    error: str | None = field(
        default=None, metadata=described("Kind of the error.", missing_without="error")
    )
    problems: tuple[str, ...] = field(
        default=(),
        metadata=described("One complete message for each problem.", missing_without="error"),
    )
    outcome: Outcome = field(default="failed", metadata=described("What came of it."))
    champion: str | None = field(default=None, metadata=described("Id of the champion now."))
    started: str = field(default="", metadata=described("When it began, UTC, in ISO 8601."))
    finished: str = field(default="", metadata=described("When it ended, UTC, in ISO 8601."))
    seconds: float = field(default=0.0, metadata=described("Seconds that it took.", least=0))
    peak_mib: float = field(
        default=0.0, metadata=described("Largest resident memory, in MiB.", least=0)
    )


Told = TypeVar("Told", Status, Monitored, Detection)


def write_status(home: Path, status: Status) -> None:
    """Replace ``status.json``, whole or not at all. Raises WriteError."""
    text = json.dumps(status.content(), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(home / STATUS, lambda staged: staged.write_text(text, encoding="utf-8"))


def failed(error: BaseException, listener: Listener) -> Failure:
    """What a status says of an error, after the traceback of a bug was told."""
    if isinstance(error, Exception) and not isinstance(error, ForecastError):
        listener.note(*"".join(traceback.format_exception(error)).splitlines(), event="bug")
    return failure(error)


def tell_all(status: Told, *tellers: Callable[[Told], None]) -> Told:
    """The status after all have told it.

    Where one cannot, it says so from then on, and those before tell it again.

    Whoever is told of it in a file, on stdout, by a hook or by the exit code then hears the same.
    An error that it tells of already stays.
    """
    for number, tell in enumerate(tellers):
        try:
            tell(status)
        except WriteError as error:
            if status.error is not None:
                continue
            status = replace(status, **vars(failure(error)))
            for again in tellers[:number]:
                with suppress(WriteError):
                    again(status)
    return status


def split_command(command: str) -> list[str]:
    """The argument list of a command, which no shell will see.

    Raises UsageError if it is empty or not closed.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--on-promote, --on-failure: {command!r}: {error}") from None
    if not words:
        raise UsageError("--on-promote, --on-failure: expected a command, received nothing")
    return words


def run_hooks(commands: Sequence[Sequence[str]], status: Status) -> Iterator[str]:
    """Run commands one after another, with the status as JSON on their stdin.

    Yields what they said on stderr, and what went wrong, in words. What they print on stdout is
    nobody's.
    """
    for command in commands:
        problem = None
        with scratch_file() as said:  # a pipe would wait for whatever a hook leaves running
            try:
                subprocess.run(  # noqa: S603  the user's own argument list, without a shell
                    command,
                    input=json.dumps(status.content()).encode(),
                    timeout=HOOK_SECONDS,
                    check=True,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                )
            except (OSError, subprocess.SubprocessError) as error:
                problem = f"{shlex.join(command)}: {error}"
            said.seek(0)
            yield from filter(None, said.read(MOST_BYTES).decode(errors="replace").splitlines())
        if problem is not None:
            yield problem


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
