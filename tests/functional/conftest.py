"""One tiny training for all functional tests, in whichever test process needs it first."""

import contextlib
import fcntl
import json
import math
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.panel.asking.settle import settle
from lstm_forecast.store import FILES, open_run
from tests.functional.unchosen import unchosen

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lstm_forecast.panel.asking.settle import Settled
    from lstm_forecast.tables.first_look import FirstLook
    from lstm_forecast.tables.source import Source

ROOT = Path(__file__).parents[2]
CONFIG = """\
name: sine
data: {path: sine.csv, timestamp: step, targets: y}
windows: {context_length: 20, horizon: 5, evaluation_stride: 5, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 2, batch_size: 128, steps_per_epoch: 0, refit: false, fallback: false}
"""
GROWN = """\
name: grown
data: {path: grown.csv, timestamp: step, targets: y}
windows: {context_length: 24, horizon: 4, normalisation: last, season_length: 12}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 2, batch_size: 64, steps_per_epoch: 0, fallback: false}
"""
BASE = 500  # steps of the first training
OWN = ("run_id", "created", "files", "sha256")  # of a manifest, whatever was trained
SHOPS = """\
name: shops
data: {path: shops.csv, timestamp: day, series_id: shop, targets: [sold, price]}
windows: {context_length: 12, horizon: 4, evaluation_stride: 4, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80]}
training: {epochs: 1, batch_size: 128, steps_per_epoch: 0, refit: false, fallback: false}
"""
# `forecast train` with each list of arguments, in one process.
TRAIN_ALL = """
import json, sys
from lstm_forecast.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["forecast", "train", *arguments]
    try:
        main()
    except SystemExit as stop:
        if stop.code:
            raise
"""


class Forecast(Protocol):
    """Runs the command in a process of its own."""

    def __call__(
        self, *args: str | Path, cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Its exit code, stdout and stderr."""


def environment(**extra: str) -> dict[str, str]:
    """This process' environment without what would change the command or slow it down."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FORECAST_", "PYTHONDONTWRITE"))
    }
    return {**kept, **extra}


def forecast_command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "lstm_forecast", *map(str, args)]


def succeed(
    command: Sequence[str], directory: Path, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a command there; it must succeed."""
    result = subprocess.run(
        command,
        cwd=directory,
        env=environment(**extra),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result


def run_here(directory: Path, *commands: Sequence[str]) -> list[Result]:
    """What comes of each of these commands in that directory and in this process: it imports Keras,
    which takes seconds, for many tests.
    """
    with contextlib.chdir(directory):
        return [CliRunner().invoke(app, each) for each in commands]


def succeed_here(directory: Path, *commands: Sequence[str]) -> list[Result]:
    """The same where each has to succeed."""
    results = run_here(directory, *commands)
    assert not any(each.exit_code for each in results), "".join(each.output for each in results)
    return results


def train_all(directory: Path, *arguments: Sequence[str]) -> str:
    """Train there once with each of these arguments; returns what was said."""
    results = succeed_here(directory, *(["train", *each] for each in arguments))
    return "".join(each.stderr for each in results)


def train_apart(directory: Path, *arguments: Sequence[str], **extra: str) -> str:
    """The same in a process of its own, with an ``extra`` environment."""
    command = [sys.executable, "-c", TRAIN_ALL, json.dumps(arguments)]
    return succeed(command, directory, **extra).stderr


def on_a_terminal(columns: int, *args: str, **extra: str) -> str:
    """What a command prints on a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    own = {name: value for name, value in environment().items() if name != "COLUMNS"} | extra
    with subprocess.Popen(
        forecast_command(*args), env=own, stdout=theirs, stderr=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # how the end of a terminal reads
            while chunk := os.read(ours, 1 << 16):
                said += chunk
    os.close(ours)
    assert process.returncode == 0
    return said.decode().replace("\r\n", "\n")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process no command tells its phases, however slow the machine is: tests compare what
    is said.
    """
    monkeypatch.setattr("lstm_forecast.cli.terminal.QUIET_SECONDS", math.inf)


@pytest.fixture(autouse=True)
def nothing_lost_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``init`` in this process writes a policy that loses anything and that nobody chose."""

    def watched(look: "FirstLook", source: "Source") -> "Settled":
        settled = settle(look, source)
        lost = list(unchosen(look, settled))
        assert not lost, f"{source}: {lost}\n{settled.data!r}"
        return settled

    monkeypatch.setattr("lstm_forecast.commands.init.settle", watched)


@pytest.fixture(scope="session")
def forecast() -> Forecast:
    def run(*args: str | Path, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
        command = forecast_command(*args)
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment(**extra),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a directory once for all test processes: the first one makes it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (base / name).exists():
                unfinished = base / f"{name}.unfinished"
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                fill(unfinished)
                unfinished.rename(base / name)
        return base / name

    return make


def write_inputs(directory: Path) -> None:
    """Two configs beside their data: one series with integer steps; two series of two targets with
    dates.
    """
    shutil.copy(ROOT / "data" / "sine.csv", directory)
    (directory / "sine.yaml").write_text(CONFIG)
    (directory / "shops.yaml").write_text(SHOPS)
    (directory / "shops.csv").write_text(shops_csv(31 + 29 + 31))


def shops_csv(days: int, names: tuple[str, ...] = ("north", "south")) -> str:
    """The first days of 2024 in every shop."""
    lengths = [31, 29, 31, 30]
    dates = [
        f"2024-{month:02d}-{day:02d}"
        for month, n in enumerate(lengths, 1)
        for day in range(1, n + 1)
    ][:days]
    rows = [
        f"{name},{date},{10 + 3 * math.sin(day / 3 + k):.3f},{k + day % 7}"
        for k, name in enumerate(names)
        for day, date in enumerate(dates)
    ]
    return "\n".join(["shop,day,sold,price", *rows, ""])


@pytest.fixture(scope="session")
def trained(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Configs, data, and the published runs ``sine`` and ``shops``. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_inputs(directory)
        configs = ("-c", "sine.yaml"), ("-c", "shops.yaml")
        said = train_apart(directory, *configs, PYTHONHASHSEED="1")
        (directory / "stderr.txt").write_text(said)

    return once("trained", fill)


@pytest.fixture(scope="session")
def retrained(once: Callable[[str, Callable[[Path], None]], Path], forecast: Forecast) -> Path:
    """``sine`` trained once more in another process with another hash seed; ``result.json`` is what
    it printed.
    """

    def fill(directory: Path) -> None:
        write_inputs(directory)
        before = os.times()
        result = forecast("train", "-c", "sine.yaml", "--json", cwd=directory, PYTHONHASHSEED="2")
        after = os.times()
        assert result.returncode == 0, result.stderr
        (directory / "result.json").write_text(result.stdout)
        (directory / "seconds.json").write_text(json.dumps(after.elapsed - before.elapsed))

    return once("retrained", fill)


@pytest.fixture
def workspace(trained: Path, tmp_path: Path) -> Path:
    """A copy of ``trained`` to write in."""
    return shutil.copytree(trained, tmp_path / "workspace")


@pytest.fixture
def inside(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That copy, as the working directory."""
    monkeypatch.chdir(workspace)
    return workspace


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(directory: Path) -> dict[str, bytes | None]:
    """Everything below a directory: bytes of files, None for directories."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
    }


def champion_files(home: Path) -> dict[str, bytes]:
    """Every verified file of the champion."""
    run = open_run(home)
    return {name: run.read(name) for name in FILES}


def series(steps: int, *, broken: int | None = None, scale_from: int | None = None) -> str:
    """A wave with noise, whose season and level change at ``broken``; ten times as large from
    ``scale_from`` on.
    """
    rng, t = np.random.default_rng(0), np.arange(steps)
    y = 10 + 3 * np.sin(2 * np.pi * t / 12) + 0.3 * rng.normal(size=steps)
    if broken is not None:
        other = 14 + 3 * np.sin(2 * np.pi * t / 7) + 0.3 * rng.normal(size=steps)
        y = np.where(t < broken, y, other)
    if scale_from is not None:
        y = np.where(t < scale_from, y, 10 * y)
    return "\n".join(["step,y", *(f"{step},{value:.5f}" for step, value in enumerate(y)), ""])


@pytest.fixture(scope="session")
def first(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A champion made by ``forecast retrain`` where there was none. Shared: read it only."""

    def fill(directory: Path) -> None:
        (directory / "grown.yaml").write_text(GROWN)
        (directory / "grown.csv").write_text(series(BASE))
        (result,) = succeed_here(directory, ["retrain", "-c", "grown.yaml", "--json"])
        (directory / "first.json").write_text(result.stdout)

    return once("first", fill)


@pytest.fixture
def grown(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = shutil.copytree(first, tmp_path / "grown")
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list["Figure"]:
    """Every figure that ``forecast plot`` writes."""
    from lstm_forecast.pictures import style

    drawn: list[Figure] = []
    save_figure = style.save_figure

    def keep(figure: "Figure", path: Path, *, suffix: str) -> None:
        drawn.append(figure)
        save_figure(figure, path, suffix=suffix)

    monkeypatch.setattr(style, "save_figure", keep)
    return drawn
