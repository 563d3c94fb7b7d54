"""Whoever waits is told within two seconds what for: in lines, objects, or a bar that moves."""

import json
import os
import pty
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.cli import terminal
from lstm_forecast.cli.terminal import Talk, listening
from lstm_forecast.events import phase
from tests.functional.commands import SUCCEED, prepare
from tests.functional.conftest import environment, forecast_command
from tests.functional.test_cli import invoke

ROWS = 1_000_000
# What would take longer to choose than a test needs.
SETTLED = [
    *(
        "--set",
        "preprocessing.log=false",
        "--set",
        "windows.normalisation=last",
        "--set",
        "windows.context_length=96",
    )
]
AT_ONCE = (
    "runs list",
    "runs show",
    "runs promote",
    "runs rollback",
    "runs prune",
    "config show",
    "config schema",
    "guide",
    "schema",
)
# seconds of Keras: their phases are those of check, which prepares all that they do
TRAIN = "train", "compare", "tune"


@pytest.fixture(scope="session")
def large(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A table that takes seconds to read. Shared: read it only."""

    def fill(directory: Path) -> None:
        rows = (f"{k},{10 + k % 24 / 3:.3f}\n" for k in range(ROWS))
        (directory / "large.csv").write_text("step,y\n" + "".join(rows))
        text = (
            "name: large\ndata: {path: large.csv, timestamp: step, targets: y}\nwindows: {horizon:"
            " 4}\n"
        )
        (directory / "large.yaml").write_text(text)

    return once("large", fill)


@pytest.fixture
def two_seconds(tmp_path: Path) -> float:
    """Two seconds of an idle machine: more on a busy one, as the start of Python tells."""
    start = time.monotonic()
    subprocess.run(
        forecast_command("--version"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=True,
    )
    return 2 * max(1.0, (time.monotonic() - start) / 0.3)


def timed(args: list[str], cwd: Path) -> list[tuple[float, str]]:
    """Lines on stderr, and after how many seconds each came; the end last, as an empty one."""
    start = time.monotonic()
    command = forecast_command(*args)
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines = [(time.monotonic() - start, line) for line in process.stderr]
    assert process.returncode == 0, lines
    return [*lines, (time.monotonic() - start, "")]


def test_off_a_terminal_one_line_says_what_goes_on_and_how_much_of_it(
    large: Path, two_seconds: float
) -> None:
    lines = timed(["check", "large.csv"], large)
    ended = lines[-1][0]
    assert ended > two_seconds / 2
    assert lines[0][0] < two_seconds
    assert lines[0][1] in ("starting\n", "reading large.csv (13.9 MB)\n", "looking at 2 columns\n")
    assert len(lines) <= 6  # not one a second


def test_choosing_is_told_too_and_for_collectors_of_logs_as_events(
    large: Path, two_seconds: float
) -> None:
    lines = timed(["--log-format", "json", "check", "-c", "large.yaml", *SETTLED], large)
    said = [json.loads(line) for _, line in lines[:-1]]
    assert lines[0][0] < two_seconds
    assert {each["event"] for each in said} == {"phase"}
    assert "choosing what the config leaves to auto" in [each["message"] for each in said]
    assert all(each["bytes"] > 1e7 for each in said if each["message"].startswith("reading"))


def test_on_a_terminal_something_moves_and_goes_before_the_result(
    large: Path, two_seconds: float
) -> None:
    start = time.monotonic()
    child, terminal_end = pty.fork()
    if not child:
        os.chdir(large)
        command = forecast_command("check", "large.csv")
        os.execvpe(command[0], command, environment(TERM="xterm", COLUMNS="100"))
    seen = list(_read(terminal_end, start))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert seen[0][0] < two_seconds
    assert len({frame for _, frame in seen}) > 5
    whole = b"".join(frame for _, frame in seen)
    result = whole.rpartition(b"\x1b[")[2]  # behind the last thing that was drawn
    assert b"large.csv" in result
    assert f"{ROWS:,} rows in 1 series".encode() in result


def _read(end: int, start: float) -> Iterator[tuple[float, bytes]]:
    while True:
        try:
            frame = os.read(end, 2**16)
        except OSError:  # as Linux tells of a terminal that nobody writes to any more
            return
        if not frame:
            return
        yield time.monotonic() - start, frame


def test_a_phase_that_is_over_in_a_moment_is_not_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "QUIET_SECONDS", 0.5)
    with listening() as talk:
        phase("short")
        time.sleep(0.1)
        phase("long", rows=3)
        time.sleep(1.5)
        talk.note("a line")
        phase("short again")
    assert capsys.readouterr().err == "long\na line\n"


def test_after_a_command_phases_are_heard_by_nobody_and_an_error_ends_the_watch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "QUIET_SECONDS", 0.0)
    with pytest.raises(ZeroDivisionError), listening():
        raise ZeroDivisionError
    said = capsys.readouterr().err
    phase("later")
    time.sleep(0.3)
    assert capsys.readouterr().err == ""
    assert "later" not in said


@pytest.mark.parametrize("name", sorted(set(SUCCEED) - set(AT_ONCE) - {*TRAIN, "schedule"}))
def test_every_command_that_may_last_has_phases(
    name: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    prepare(workspace)
    heard: list[str] = []
    real = Talk.phase

    def hear(talk: Talk, text: str, **figures: Any) -> None:
        heard.append(text)
        real(talk, text, **figures)

    monkeypatch.setattr(Talk, "phase", hear)
    args = [word.replace("known", "sine").replace("made.csv", "then.csv") for word in SUCCEED[name]]
    invoke(*name.split(), *args)
    assert heard, name
