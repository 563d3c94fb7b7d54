"""Functions in forks of a process that has imported everything: what they do is measured, not the
imports.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.benchmarks.reliability.grown import open_files, resident_mib

IMPORTED = [
    "keras",
    "lstm_forecast.commands.retrain",
    "lstm_forecast.model.network.training",
    "tests.benchmarks.reliability",
]


def fork(task: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a task in a process of its own."""
    # as startup.py does before the import
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_DETERMINISTIC_OPS": "1"}
    process = _server().Process(target=task, args=arguments)
    process.start()
    return process


def _server() -> ForkServerContext:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(IMPORTED)
    return server


def forecast(
    arguments: list[str], folder: Path, ahead: timedelta, report: Connection, times: int = 1
) -> None:
    """One ``forecast`` command, or many ``times`` the same, on a clock that is ``ahead`` of ours.

    Reports open descriptors and resident MiB after each, and ends with the exit code of the last.
    """
    from lstm_forecast.cli import main

    os.chdir(folder)
    sys.argv = ["forecast", *arguments]
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    _set_clock(ahead)
    code = None
    for _ in range(times):
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        report.send((open_files(), resident_mib()))
    sys.exit(code)


def _set_clock(ahead: timedelta) -> None:
    """Change ``datetime.now`` in every module of ours; ``time.time``, which dates the status, as
    well.
    """

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    import time

    now = time.time
    time.time = lambda: now() + ahead.total_seconds()
    for name, module in sys.modules.items():
        if name.startswith("lstm_forecast") and getattr(module, "datetime", None) is datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]
