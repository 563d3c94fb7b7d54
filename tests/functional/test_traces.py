"""What every subcommand leaves behind: no connection, no look-up, no file but what the guide names.

System calls are watched with strace, where HOME is an empty folder, and where it is unset and the
whole system is read-only but for the working directory.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from lstm_forecast.cli import app
from lstm_forecast.store import champions
from tests.functional.commands import TINY
from tests.functional.conftest import environment, forecast_command

FORECASTS = "unique_id,ds,cutoff,sine\n" + "".join(
    f"y,{step},990,0.1\n" for step in range(991, 996)
)
CONFIG = ("--config", "sine.yaml")
COMMANDS: dict[str, tuple[str, ...]] = {
    "quick": ("sine.csv", "--horizon", "5", "--output", "out/quick.csv", "--plot", "out/quick.png"),
    "pretrain": ("--config", "tiny.yaml", "--output", "out"),
    "init": ("sine.csv", "--output", "configs/new.yaml"),
    "check": CONFIG,
    "train": CONFIG,
    "predict": ("--run", "sine", "--output", "out/forecasts.csv"),
    "template": ("--run", "sine"),
    "backtest": ("--run", "sine", "--importance", "--output", "out/backtest.parquet"),
    "plot": ("--run", "sine", "--output", "out/forecast.png"),
    "report": ("--run", "sine", "--importance", "--output", "out/report.html"),
    "explain": ("--run", "sine", "--output", "out/parts.csv", "--plot", "out/why.png"),
    "compare": (
        *CONFIG,
        "--cells",
        "gru",
        "--seeds",
        "0",
        "--plot",
        "out/compare.svg",
        "--output",
        "out/compare.csv",
    ),
    "tune": (
        *CONFIG,
        *("--trials", "1", "--folds", "1", "--jobs", "1"),
        *("--plot", "out/tune.png", "--output", "out/tuned.yaml"),
    ),
    "retrain": (*CONFIG, "--force", "--metrics-file", "out/metrics.prom"),
    "monitor": ("out/old.csv", "--run", "sine", "--output", "out/monitor.pdf"),
    "detect": (
        "--run",
        "sine",
        "--rate",
        "0.003",
        "--output",
        "out/steps.csv",
        "--plot",
        "out/a.png",
    ),
    "schedule": (*CONFIG, "--cron"),
    "runs list": (),
    "runs show": ("--run", "sine"),
    "runs verify": ("--run", "sine"),
    "runs promote": ("{champion}", "--run", "sine"),
    "runs rollback": ("--run", "sine"),
    "runs prune": ("--run", "sine"),
    "config show": CONFIG,
    "config schema": (),
    "guide": ("data",),
    "schema": ("metrics",),
}
# Some end in other ways here: no covariates, no earlier champion, too little new data, and
# forecasts made up.
CODES = {"template": 2, "runs rollback": 5, "retrain": 6, "monitor": 6}
PLACES = ("runs", "out", "configs")  # where the guide says that something is written
# The last: locks in memory that pretrain shares with the process which draws its series; they lose
# their names as soon as they are made.
HARMLESS = re.compile(r"/dev/(null|tty)|/proc/(self|\d+)/.*|/memfd:.*|/dev/shm/sem\.[\w-]+")
CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<arguments>.*?)\)? += (?P<result>-?\d+|\?)")
PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<path>(?:[^"\\]|\\.)*)"')
OPENING = {"open", "openat", "openat2"}
READING = {
    "access",
    "chdir",
    "execve",
    "faccessat",
    "faccessat2",
    "fstat",
    "fstatfs",
    "getcwd",
    "getxattr",
    "lgetxattr",
    "lstat",
    "name_to_handle_at",
    "newfstatat",
    "readlink",
    "readlinkat",
    "stat",
    "statfs",
    "statx",
}
LOOK_UPS = re.compile(r'"[^"]*(resolv\.conf|/etc/hosts|host\.conf|gai\.conf)"')
THIRD_PARTIES = re.compile(
    "absl|joblib|keras|matplotlib|oneDNN|onnxruntime|tensorflow|[Ww]arning:|Traceback"
)
# Bound to itself before the rest becomes read-only, the working directory stays writable.
READ_ONLY = "mount --bind . . && mount -o remount,ro,bind / && cd . && exec "

strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def subcommands(group: typer.Typer, prefix: str = "") -> Iterator[str]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield prefix + (command.name or command.callback.__name__)
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from subcommands(each.typer_instance, f"{each.name} ")


def test_every_subcommand_is_watched() -> None:
    assert set(COMMANDS) == set(subcommands(app))


@pytest.fixture(scope="session")
def read_only() -> list[str]:
    """The start of a command line that runs the rest of it where nothing but the working directory
    can be written.
    """
    trial = ["unshare", "--mount", "sh", "-c", f"{READ_ONLY} true"]
    if shutil.which("unshare") is None or subprocess.run(trial, cwd="/usr", check=False).returncode:
        pytest.skip("this user may not mount")
    return ["unshare", "--mount", "sh", "-c"]


def watched(
    workspace: Path, name: str, *, wrapper: list[str] | None = None, **extra: str | None
) -> tuple[list[str], str]:
    """What is wrong with the system calls of that subcommand, and its stderr."""
    (workspace / "out").mkdir()
    (workspace / "out" / "old.csv").write_text(FORECASTS)
    (workspace / "tiny.yaml").write_text(TINY)
    champion = champions(workspace / "runs" / "sine")[0]
    arguments = [*name.split(), *(each.format(champion=champion) for each in COMMANDS[name])]
    log = workspace / "calls"
    tracer = [
        "strace",
        "-f",
        "-y",
        "-qq",
        "--seccomp-bpf",
        "-e",
        "trace=%network,%file",
        "-o",
        str(log),
    ]
    command = [*tracer, *forecast_command(*arguments)]
    if wrapper is not None:
        command = [*wrapper, READ_ONLY + shlex.join(command)]
    # Libraries behave better where they see a build server.
    told = environment(PYTHONDONTWRITEBYTECODE="1")
    told = {
        key: value for key, value in told.items() if key not in ("CI", "GITHUB_ACTIONS", "TF_BUILD")
    }
    told = {key: value for key, value in {**told, **extra}.items() if value is not None}
    result = subprocess.run(
        command, cwd=workspace, env=told, capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == CODES.get(name, 0), result.stderr
    calls = log.read_text(errors="replace").splitlines()
    assert len(calls) > 100
    return [fault for call in calls if (fault := fault_of(call, workspace))], result.stderr


def fault_of(line: str, workspace: Path) -> str | None:
    """The line of strace if it is a connection, a look-up, or a change of a file that nobody asked
    for.
    """
    found = CALL.match(line)
    if found is None:
        return None
    name, arguments = found["name"], found["arguments"]
    if LOOK_UPS.search(arguments):
        return line
    if name in READING or (
        name in OPENING and not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|TMPFILE)", arguments)
    ):
        return None
    paths = [Path(each["folder"] or workspace, each["path"]) for each in PATH.finditer(arguments)]
    if not paths:  # of network calls
        return None if "AF_UNIX" in arguments and name in ("socket", "socketpair") else line
    if found["result"] == "-1":
        return None
    allowed = [workspace / place for place in PLACES]
    wrong = [
        path
        for path in paths
        if not HARMLESS.fullmatch(str(path))
        and not any(path.is_relative_to(each) for each in allowed)
    ]
    return line if wrong else None


@strace
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_sent_looked_up_or_written_elsewhere(
    name: str, workspace: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    faults, stderr = watched(workspace, name, HOME=str(home))
    assert not faults
    assert not list(home.iterdir())
    assert not THIRD_PARTIES.search(stderr)


@strace
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_needed_but_the_working_directory(
    name: str, workspace: Path, read_only: list[str]
) -> None:
    faults, stderr = watched(workspace, name, wrapper=read_only, HOME=None, TMPDIR=None)
    assert not faults
    assert not THIRD_PARTIES.search(stderr)


def test_settings_of_keras_in_a_home_decide_nothing(tmp_path: Path) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"floatx": "float16"}')
    script = (
        "from lstm_forecast.model.network.startup import start_keras as s; s(); import keras;"
        " print(keras.config.floatx())"
    )
    command = [sys.executable, "-c", script]
    told = environment(HOME=str(tmp_path))
    result = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
    assert result.stdout == "float32\n"
    assert result.stderr == ""
