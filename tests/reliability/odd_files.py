"""Kinds of files in the place of every path that a command takes.

``python -m tests.reliability.odd_files COMMAND SHARE`` tries one command with one of so many of
them, inside this process, in a directory that holds what the shared trainings made and
``made.csv``, a table of forecasts; it prints one JSON line for each.
"""

import inspect
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer
from typer.models import OptionInfo, ParameterInfo
from typer.testing import CliRunner

from lstm_forecast import files
from lstm_forecast.cli import app

__all__ = [
    "CODES", "KINDS", "LONGEST_SECONDS", "MOST_MIB", "Place", "arguments", "commands", "fits",
    "places", "problem", "target",
]  # fmt: skip

CODES = {0, 2, 3, 4, 5, 7}
LONGEST_SECONDS, MOST_MIB = 10.0, 1024
# where one is needed
GIVEN = {
    "config": "sine.yaml",
    "data": "sine.csv",
    "forecasts": "made.csv",
    "run_id": "0001",
    "horizon": "4",
}
FLAGS = {"config": ["--config"], "horizon": ["--horizon"]}  # of what else must be given
MORE = {  # what else a command needs; a horizon that no data allow ends what would train
    "init": ["--force"],
    "schedule": ["--cron"],
    **{command: ["--set", "windows.horizon=5000"] for command in ("train", "retrain", "compare")},
}
ENDINGS = {
    ("plot", "output"): ".png",
    ("quick", "plot"): ".png",
    ("monitor", "output"): ".png",
    ("compare", "picture"): ".png",
}


@dataclass(frozen=True)
class Place:
    """A path that a command takes: an option, an argument, or the config key of the data."""

    command: str
    name: str
    flags: tuple[str, ...]  # in front of it


def commands(
    typer_app: typer.Typer = app, prefix: str = ""
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every subcommand by its name."""
    for command in typer_app.registered_commands:
        assert command.callback is not None
        yield f"{prefix}{command.name or command.callback.__name__}", command.callback
    for group in typer_app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{prefix}{group.name} ")


def places() -> list[Place]:
    """Every path that a command takes, collected from the commands themselves."""
    found = []
    for command, callback in commands():
        for name, hint in get_type_hints(callback, include_extras=True).items():
            if name == "overrides":
                found.append(Place(command, "data.path", ("--set",)))
            info = next((each for each in get_args(hint) if isinstance(each, ParameterInfo)), None)
            if info is not None and Path in (get_args(hint)[0], *get_args(get_args(hint)[0])):
                flag = next(iter(info.param_decls or ()), f"--{name.replace('_', '-')}")
                found.append(Place(command, name, (flag,) if isinstance(info, OptionInfo) else ()))
    return found


def arguments(place: Place, path: Path) -> list[str]:
    """The command line with that path, and otherwise what the command needs."""
    parameters = inspect.signature(dict(commands())[place.command]).parameters
    filled = [*MORE.get(place.command, []), *(["--run", "sine"] if "name" in parameters else [])]
    for name, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and name != place.name:
            filled += [*FLAGS.get(name, ()), GIVEN[name]]
    if place.command == "check" and place.name == "data.path":
        filled += ["--config", GIVEN["config"]]
    value = f"data.path={path}" if place.name == "data.path" else str(path)
    return [*place.command.split(), *filled, *place.flags, value]


# Kinds: each makes something at a path, and gives what to name in its stead


@contextmanager
def _linked(path: Path, target: str) -> Iterator[Path]:
    path.symlink_to(target)
    yield path


@contextmanager
def _pipe(path: Path, *, held: bool = False) -> Iterator[Path]:
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR) if held else None  # and never says a word
    yield path
    if writer is not None:
        os.close(writer)


@contextmanager
def _socket(path: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))
        yield path


@contextmanager
def _terminal(path: Path) -> Iterator[Path]:
    leader, follower = os.openpty()
    path.symlink_to(os.ttyname(follower))
    yield path
    os.close(leader)
    os.close(follower)


@contextmanager
def _directory(path: Path, *, of: str = "", pattern: str = "") -> Iterator[Path]:
    path.mkdir()
    if of == "pipes":
        os.mkfifo(path / "pipe.csv")
    elif of == "circles":
        (path / "one").symlink_to(path)
        (path / "two").symlink_to(path)
    yield path / pattern


@contextmanager
def _sparse(path: Path) -> Iterator[Path]:
    path.write_bytes(path.with_name("whole").read_bytes())
    os.truncate(path, 2**40)
    yield path


@contextmanager
def _text(path: Path, content: bytes) -> Iterator[Path]:
    path.write_bytes(content)
    yield path


@contextmanager
def _busy(path: Path, step: Callable[[Path, bytes], None]) -> Iterator[Path]:
    """A file that another thread is at work on all the time."""
    content, over = path.with_name("whole").read_bytes(), threading.Event()
    path.write_bytes(content)

    def work() -> None:
        while not over.wait(0.001):
            step(path, content)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield path
    finally:
        over.set()
        worker.join()


def _grow(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content[-5:])


def _come_and_go(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


@contextmanager
def _renamed(path: Path, name: bytes) -> Iterator[Path]:
    other = Path(os.fsdecode(os.fsencode(path.parent) + b"/" + name + os.fsencode(path.suffix)))
    other.write_bytes(path.with_name("whole").read_bytes())
    yield other


@contextmanager
def _named(path: Path, name: str) -> Iterator[Path]:
    yield path.parent / f"{name}{path.suffix}"


Kind = Callable[[Path], Any]
KINDS: dict[str, Kind] = {
    "pipe": _pipe,
    "pipe that is held open": lambda path: _pipe(path, held=True),
    "socket": _socket,
    "device": lambda path: _linked(path, "/dev/zero"),
    "terminal": _terminal,
    "directory": _directory,
    "directory with a pipe": lambda path: _directory(path, of="pipes"),
    "glob with a pipe": lambda path: _directory(path, of="pipes", pattern="*.csv"),
    "glob with circles": lambda path: _directory(path, of="circles", pattern="**/*.csv"),
    "dangling link": lambda path: _linked(path, "nowhere"),
    "looping link": lambda path: _linked(path, path.name),
    "log of the kernel": lambda path: _linked(path, "/proc/kmsg"),
    "memory of the process": lambda path: _linked(path, "/proc/self/mem"),
    "map of the pages": lambda path: _linked(path, "/proc/self/pagemap"),
    "counter of the kernel": lambda path: _linked(path, "/sys/kernel/uevent_seqnum"),
    "memory of the kernel": lambda path: _linked(path, "/proc/kcore"),
    "sparse": _sparse,
    "growing": lambda path: _busy(path, _grow),
    "coming and going": lambda path: _busy(path, _come_and_go),
    "empty": lambda path: _text(path, b""),
    "zeros": lambda path: _text(path, bytes(2**22)),
    "nested deeply": lambda path: _text(path, b"[" * 100_000),
    "name that is not UTF-8": lambda path: _renamed(path, b"m\xe4rz"),
    "name that is too long": lambda path: _named(path, "x" * 5000),
    "nothing": lambda path: _named(path, "nothing"),
    "in no directory": lambda path: _named(path, "none/nothing"),
}


def target(place: Place, folder: Path) -> Path:
    """A path to be made odd, of the suffix that the place asks for, beside ``whole``, what would be
    right there.
    """
    folder.mkdir(parents=True)
    right = {"config": "sine.yaml", "forecasts": "made.csv", "output": "made.csv"}.get(
        place.name, "sine.csv"
    )
    (folder / "whole").write_bytes(Path(right).read_bytes())
    ending = ".yaml" if place.name == "config" else ENDINGS.get((place.command, place.name), ".csv")
    return folder / f"odd{ending}"


def fits(place: Place, kind: str) -> bool:
    """Whether a kind is one to be tried: what is written to a terminal waits for whoever looks at
    it, as it should.
    """
    return kind != "terminal" or place.name not in ("output", "picture", "metrics_file")


def problem(code: int | None, seconds: float, said: str) -> str:
    """What is wrong with how a command ended; nothing if all is well."""
    if code not in CODES:
        return f"exit code {code}"
    if "Traceback" in said or "a bug of ours" in said:
        return "a traceback"
    if code and not said.strip():
        return "no message"
    return f"{seconds:.1f} s" if seconds > LONGEST_SECONDS else ""


def main(command: str, share: int) -> None:
    """Try the kinds in the place of each path of a command, one of so many for each."""
    files.PIPE_SECONDS = 0.2
    signal.signal(signal.SIGALRM, _late)
    for number, place in enumerate(each for each in places() if each.command == command):
        for k, (name, kind) in enumerate(KINDS.items()):
            if (k + number + len(command)) % share == 0 and fits(place, name):
                print(
                    json.dumps(_tried(place, name, kind, Path("odd") / f"{number}-{k}")), flush=True
                )
    print(json.dumps({"peak": _peak_mib()}))


def _peak_mib() -> float:
    """Largest memory of this program: getrusage tells that of whoever started it, if that was
    larger.
    """
    status = Path("/proc/self/status").read_text()
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")
    )


def _late(number: int, frame: object) -> None:
    raise TimeoutError(f"still at work after {LONGEST_SECONDS} s")


def _tried(place: Place, name: str, kind: Kind, folder: Path) -> dict[str, Any]:
    with kind(target(place, folder)) as path:
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
        result = CliRunner().invoke(app, arguments(place, path))
        signal.setitimer(signal.ITIMER_REAL, 0)
        seconds = time.monotonic() - began
    said = result.output + (
        repr(result.exception) if not isinstance(result.exception, SystemExit | None) else ""
    )
    found = problem(result.exit_code, seconds, said)
    where = f"{place.command} {place.name}"
    return {
        "place": where,
        "kind": name,
        "code": result.exit_code,
        "seconds": seconds,
        "said": said,
        "problem": found,
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
