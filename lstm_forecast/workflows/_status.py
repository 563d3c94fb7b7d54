"""What an unattended command leaves behind: a status file, a textfile for Prometheus, and commands that are told."""

import json
import resource
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lstm_forecast.errors import UsageError
from lstm_forecast.store import write_whole
from lstm_forecast.workflows._output import require_output

__all__ = ["OUTCOMES", "STATUS", "peak_mib", "run_hooks", "split_command", "write_metrics", "write_status"]

STATUS = "status.json"
OUTCOMES = ("promoted", "kept_champion", "not_due", "failed")
HOOK_SECONDS = 60


def write_status(home: Path, status: Mapping[str, Any]) -> None:
    """Replace ``status.json``, whole or not at all. Raises WriteError."""
    text = json.dumps(status, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(home / STATUS, lambda staged: staged.write_text(text, encoding="utf-8"))


def write_metrics(path: Path, status: Mapping[str, Any]) -> None:
    """Replace a textfile for the node exporter of Prometheus, whole or not at all. Raises WriteError."""
    label = f'{{name="{status["name"]}"}}'
    values = {
        "timestamp_seconds": datetime.fromisoformat(status["finished"]).timestamp(),
        "duration_seconds": status["seconds"],
        "exit_code": status["exit_code"],
        "new_rows": status.get("new_rows"),
        "drift": status.get("drift"),
        "peak_memory_bytes": status["peak_mib"] * 2**20,
    }
    lines = [f"forecast_retrain_{key}{label} {value:.10g}" for key, value in values.items() if value is not None]
    for outcome in OUTCOMES:
        labels = f'{{name="{status["name"]}",outcome="{outcome}"}}'
        lines.append(f"forecast_retrain_outcome{labels} {int(outcome == status['outcome'])}")
    for side, loss in ((status.get("judged") or {}).get("losses") or {}).items():
        if loss is not None:
            lines.append(f'forecast_retrain_loss{{name="{status["name"]}",of="{side}"}} {loss:.10g}')
    require_output("--metrics-file", path)
    write_whole(path, lambda staged: staged.write_text("\n".join([*lines, ""]), encoding="utf-8"))


def split_command(command: str) -> list[str]:
    """The argument list of a command, which no shell will see. Raises UsageError if it is empty or not closed."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--on-promote, --on-failure: {command!r}: {error}") from None
    if not words:
        raise UsageError("--on-promote, --on-failure: expected a command, received nothing")
    return words


def run_hooks(commands: Sequence[Sequence[str]], status: Mapping[str, Any]) -> list[str]:
    """Run commands one after another, with the status as JSON on their stdin; returns what went wrong, in words.

    What they print goes to stderr, as stdout is for the result.
    """
    problems = []
    for command in commands:
        try:
            subprocess.run(  # noqa: S603  the user's own argument list, without a shell
                command,
                input=json.dumps(status),
                text=True,
                timeout=HOOK_SECONDS,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError) as error:
            problems.append(f"{shlex.join(command)}: {error}")
    return problems


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
