"""How long it takes to make another run the champion while a training runs."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lstm_forecast.commands import runs
from lstm_forecast.store import FILES, champions, locked, open_run, promote, publish
from tests.benchmarks.measure import FORECAST
from tests.benchmarks.reliability.grown import first
from tests.benchmarks.reliability.stores import OWN
from tests.reliability.copies import writers

ENDLESS = ["--set", "training.epochs=1000000", "--set", "training.patience=null"]
Switch = Callable[[], object]


def switching(folder: Path, count: int) -> None:
    """Go back and promote by turns, by the call and by the whole command, without and with a
    training beside it.
    """
    home = first(folder)
    newest = _copy(home)

    def command(*arguments: str) -> Switch:
        return lambda: subprocess.run(
            [*FORECAST, "runs", *arguments, "--run", home.name],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    def call(function: Callable[..., object], *arguments: str) -> Switch:
        return lambda: function(*arguments, runs=home.parent, name=home.name)

    switches = {
        "the call": (call(runs.rollback), call(runs.promote, newest)),
        "the whole command": (command("rollback"), command("promote", newest)),
    }
    for beside in (False, True):
        with _training(folder, endless=beside):
            for kind, pair in switches.items():
                seconds = [[_timed(switch) for switch in pair] for _ in range(count)]
                for name, times in zip(
                    ("rollbacks", "promotions"), 1000 * np.array(seconds).T, strict=True
                ):
                    print(
                        f"switching: {count} {name}, {kind},"
                        f" {'beside a training' if beside else 'alone'}: {np.median(times):.1f} ms"
                        f" (median), {times.max():.1f} ms (longest)"
                    )
    print(f"  the champion is the one chosen last: {champions(home)[0] == newest}")


def _copy(home: Path) -> str:
    """The champion once more, as the next one."""
    run = open_run(home)
    contents = {name: run.read(name) for name in FILES}
    facts = {key: value for key, value in run.manifest.items() if key not in OWN}
    with locked(home):
        copy = publish(
            home,
            writers(contents),
            facts,
        )
    return promote(home, copy.run_id).run_id


def _timed(switch: Switch) -> float:
    started = time.perf_counter()
    switch()
    return time.perf_counter() - started


@contextmanager
def _training(folder: Path, *, endless: bool) -> Iterator[None]:
    """A training that has begun and does not end by itself, if one is wanted."""
    if not endless:
        yield
        return
    command = [*FORECAST, "train", "-c", "grown.yaml", *ENDLESS]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith(b"epoch"):
            assert line, "the training ended"
        yield
        assert process.poll() is None, "the training ended"
        process.kill()
