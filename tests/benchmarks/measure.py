"""Whole processes and repeated calls, timed side by side on a machine that others use too."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FORECAST = [sys.executable, "-m", "lstm_forecast"]


@dataclass(frozen=True)
class Usage:
    seconds: float
    peak_mib: float


def run(command: Sequence[str], *, cwd: Path, expect: int = 0) -> Usage:
    """One process: wall time and peak resident memory."""
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expect:
        raise RuntimeError(f"{command}: exit {process.returncode}\n{errors.decode()}")
    return Usage(seconds, usage.ru_maxrss / 1024)


def side_by_side(
    commands: Mapping[str, Sequence[str]], *, cwd: Path, rounds: int, expect: Mapping[str, int]
) -> dict:
    """Median usage of each command; the rounds are interleaved, and one unmeasured round warms the
    caches.
    """
    usages: dict[str, list[Usage]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            usage = run(command, cwd=cwd, expect=expect.get(name, 0))
            if round_number:
                usages[name].append(usage)
    return {
        name: Usage(
            statistics.median(u.seconds for u in many), statistics.median(u.peak_mib for u in many)
        )
        for name, many in usages.items()
    }


def interleaved(
    calls: Mapping[str, Callable[[], object]], *, rounds: int
) -> dict[str, list[float]]:
    """Seconds of each call, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return seconds
