"""What an unattended command leaves behind: a status file, a textfile for Prometheus, and commands
that are told.
"""

import json
import resource
import shlex
import subprocess
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from lstm_forecast.errors import ForecastError, RunError, UsageError, WriteError, failure
from lstm_forecast.events import Listener
from lstm_forecast.libraries import scratch_file
from lstm_forecast.store import open_run, write_whole
from lstm_forecast.store.documents import facts_of
from lstm_forecast.store.outputs import require_output

__all__ = [
    "METRICS", "OUTCOMES", "STATUS", "failed", "peak_mib", "run_hooks", "split_command", "tell_all",
    "write_monitor_metrics", "write_retrain_metrics", "write_status",
]  # fmt: skip

STATUS = "status.json"
OUTCOMES = ("promoted", "kept_champion", "not_due", "failed")
HOOK_SECONDS = 60
MOST_BYTES = 2**20  # of a status, and of what a hook says
_CHAMPION = {
    "champion_created_timestamp_seconds": "When the champion was published.",
    "champion_cutoff_timestamp_seconds": "Stamp of the newest row that the champion knows.",
    "champion_cutoff_step": "The same where time is a step number.",
}
# two files of one directory must not hold the same metric, so that each command has its own
_BY_PREFIX = {
    "forecast_retrain_": {
        "timestamp_seconds": "When the last retraining ended.",
        "duration_seconds": "Seconds that it took.",
        "exit_code": "Its exit code: 0 done, 6 champion kept, others as in forecast --help.",
        "outcome": "1 for what came of it, 0 for what did not.",
        "new_rows": "Steps since the training before it.",
        "drift": "How far the new rows moved, in spreads of stretches of that length before.",
        "loss": "Mean loss on the rows that judged, of champion, challenger and seasonal_naive.",
        "peak_memory_bytes": "Largest resident memory.",
        **_CHAMPION,
    },
    "forecast_monitor_": {
        "timestamp_seconds": "When the forecasts were last compared with what came.",
        "exit_code": "Exit code of that: 0 no alarm, 6 alarm, others as in forecast --help.",
        "rows": "Forecasts whose actual value is known.",
        "waiting_rows": "Forecasts whose actual value has not come in.",
        "mae": "Live mean absolute error, in original units.",
        "test_mae": "Mean absolute error of the champion on its test part.",
        "skill": "1 - live error / that of the seasonal naive forecast.",
        "coverage": "Share of actual values inside the interval of that level in percent.",
        "promised_coverage": "Share that the interval promises.",
        "drift": "How far the data moved since the first of the forecasts.",
        "alarms": "Number of alarms.",
        **_CHAMPION,
        "last_retrain_timestamp_seconds": "When the last retraining ended.",
        "last_retrain_duration_seconds": "Seconds that it took.",
        "last_retrain_exit_code": "Its exit code.",
        "last_retrain_outcome": "1 for what came of it, 0 for what did not.",
    },
}
METRICS = {
    prefix + name: text for prefix, named in _BY_PREFIX.items() for name, text in named.items()
}
# metric without its prefix, labels, value if it is known
Sample = tuple[str, Mapping[str, str], float | None]


def write_status(home: Path, status: Mapping[str, Any]) -> None:
    """Replace ``status.json``, whole or not at all. Raises WriteError."""
    text = json.dumps(status, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(home / STATUS, lambda staged: staged.write_text(text, encoding="utf-8"))


def write_retrain_metrics(path: Path, home: Path, status: Mapping[str, Any]) -> None:
    """Replace the textfile that tells Prometheus of a retraining in ``home``. Raises WriteError."""
    judged = status.get("judged") or {}
    samples: list[Sample] = [
        ("timestamp_seconds", {}, datetime.fromisoformat(status["finished"]).timestamp()),
        ("duration_seconds", {}, status["seconds"]),
        ("exit_code", {}, status["exit_code"]),
        *(("outcome", {"outcome": outcome}, outcome == status["outcome"]) for outcome in OUTCOMES),
        ("new_rows", {}, status.get("new_rows")),
        ("drift", {}, status.get("drift")),
        *(("loss", {"of": side}, loss) for side, loss in (judged.get("losses") or {}).items()),
        ("peak_memory_bytes", {}, status["peak_mib"] * 2**20),
        *_champion_samples(home),
    ]
    _write_samples(path, "forecast_retrain_", status["name"], samples)


def write_monitor_metrics(
    path: Path, home: Path | None, name: str, status: Mapping[str, Any]
) -> None:
    """Replace the textfile that tells Prometheus of forecasts and actual values. Raises WriteError.

    ``home`` is where the run lies, None if that is not known; what could not be found out is left
    out.
    """
    live = status.get("live") or {}
    samples: list[Sample] = [
        ("timestamp_seconds", {}, datetime.now(UTC).timestamp()),
        ("exit_code", {}, status["exit_code"]),
        ("rows", {}, live.get("rows")),
        ("waiting_rows", {}, status.get("waiting")),
        ("mae", {}, live.get("mae")),
        ("test_mae", {}, status.get("expected")),
        ("skill", {}, live.get("skill")),
        *(
            ("coverage", {"level": level}, share)
            for level, share in live.get("coverage", {}).items()
        ),
        *(
            ("promised_coverage", {"level": level}, float(level) / 100)
            for level in live.get("coverage", {})
        ),
        ("drift", {}, status.get("drift")),
        ("alarms", {}, len(status["alarms"]) if "alarms" in status else None),
        *(() if home is None else (*_champion_samples(home), *_last_samples(home))),
    ]
    _write_samples(path, "forecast_monitor_", name, samples)


def _champion_samples(home: Path) -> list[Sample]:
    try:
        run = open_run(home)
        cutoff = facts_of(run).cutoff
        created = datetime.fromisoformat(run.manifest["created"]).timestamp()
        step = cutoff.removeprefix("-").isdigit()
        known = (
            ("cutoff_step", float(cutoff))
            if step
            else ("cutoff_timestamp_seconds", _moment(cutoff))
        )
    except (RunError, KeyError, TypeError, ValueError, OverflowError):
        return []  # there is none yet, or it is damaged: exit code and outcome tell
    return [
        ("champion_created_timestamp_seconds", {}, created),
        (f"champion_{known[0]}", {}, known[1]),
    ]


def _moment(stamp: str) -> float:
    """Seconds since 1970; stamps without zone count as UTC."""
    moment = datetime.fromisoformat(stamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class _Retrained(BaseModel):
    """What is read of ``status.json``."""

    finished: datetime
    seconds: float
    exit_code: int
    outcome: str


def _last_samples(home: Path) -> list[Sample]:
    """Of the last retraining in ``home``, if its status is there."""
    path = home / STATUS
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return []
        last = _Retrained.model_validate_json(path.read_bytes())
    except (OSError, ValueError):  # the next retraining makes it anew
        return []
    outcomes = (
        ("last_retrain_outcome", {"outcome": each}, each == last.outcome) for each in OUTCOMES
    )
    return [
        ("last_retrain_timestamp_seconds", {}, last.finished.timestamp()),
        ("last_retrain_duration_seconds", {}, last.seconds),
        ("last_retrain_exit_code", {}, last.exit_code),
        *outcomes,
    ]


def _write_samples(path: Path, prefix: str, name: str, samples: Sequence[Sample]) -> None:
    """Write what is known in Prometheus' text format, whole or not at all."""
    lines: list[str] = []
    for metric, labels, value in samples:
        if value is None:
            continue
        title = f"# TYPE {prefix}{metric} gauge"
        if title not in lines:  # samples of one metric come one after another
            lines += [f"# HELP {prefix}{metric} {METRICS[prefix + metric]}", title]
        shown = ",".join(
            f'{key}="{_escaped(text)}"' for key, text in {"name": name, **labels}.items()
        )
        lines.append(f"{prefix}{metric}{{{shown}}} {repr(float(value)).removesuffix('.0')}")
    content = "\n".join([*lines, ""]).encode(errors="backslashreplace")
    require_output("--metrics-file", path)
    write_whole(path, lambda staged: staged.write_bytes(content))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def failed(error: BaseException, listener: Listener) -> dict[str, Any]:
    """What a status says of an error, after the traceback of a bug was told."""
    if isinstance(error, Exception) and not isinstance(error, ForecastError):
        listener.note(*"".join(traceback.format_exception(error)).splitlines(), event="bug")
    return failure(error)


def tell_all(
    status: Mapping[str, Any], *tellers: Callable[[Mapping[str, Any]], None]
) -> Mapping[str, Any]:
    """The status after all have told it.

    Where one cannot, it says so from then on, and those before tell it again.

    Whoever is told of it in a file, on stdout, by a hook or by the exit code then hears the same.
    An error that it tells of already stays.
    """
    for number, tell in enumerate(tellers):
        try:
            tell(status)
        except WriteError as error:
            if "error" in status:
                continue
            status = {**status, **failure(error)}
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


def run_hooks(commands: Sequence[Sequence[str]], status: Mapping[str, Any]) -> Iterator[str]:
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
                    input=json.dumps(status).encode(),
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
