"""Whoever dies while training or publishing leaves a champion that predicts what it predicted
before.
"""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.store import FILES, crown, locked, open_run, publish
from tests.functional.conftest import Forecast, champion_files, environment, forecast_command
from tests.reliability.copies import writers

PUBLISHING_KILLS = 40
TRAINING_KILLS = 20
CHOOSING_KILLS = 20
# Publishes copies of a run one after another, as fast as the disk allows; says where it is.
PUBLISH = """
import sys
from pathlib import Path
from lstm_forecast.store import FILES, crown, locked, open_run, publish
home = Path(sys.argv[1])
run = open_run(home)
contents = {name: run.read(name) for name in FILES}
facts = {key: fact for key, fact in run.manifest.items()
    if key not in ("run_id", "created", "files", "sha256")}
writers = {name: (lambda path, content=content: path.write_bytes(content))
    for name, content in contents.items()}
print("ready", flush=True)
while True:
    with locked(home) as seen:
        print(crown(home, publish(home, writers, facts).run_id, seen=seen), flush=True)
"""
# Chooses one run after another as the champion; says which one before, and "chosen" after it.
CHOOSE = """
import random, sys
from pathlib import Path
from lstm_forecast.store import champions, promote, rollback, run_ids
home, moments = Path(sys.argv[1]), random.Random(sys.argv[2])
print("ready", flush=True)
while True:
    others = champions(home)[1:]
    run_id = others[0] if others and moments.random() < 0.5 else moments.choice(run_ids(home))
    print(run_id, flush=True)
    promote(home, run_id, reason="why") if run_id not in others[:1] else rollback(home)
    print("chosen", flush=True)
"""
HOLD = """
import sys
from pathlib import Path
from lstm_forecast.errors import BusyError
from lstm_forecast.store import locked
try:
    with locked(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
except BusyError:
    print("busy", flush=True)
    sys.stdin.read()
"""


def start_publishing(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PUBLISH, str(home)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill it, wait for its end, and return the whole lines that it said."""
    process.send_signal(signal.SIGKILL)
    stdout, _ = process.communicate()
    return [line.strip() for line in stdout.splitlines(keepends=True) if line.endswith("\n")]


def forecast_of(workspace: Path) -> str:
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(workspace / "runs"), "--run", "sine"]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_publisher_killed_at_any_moment_leaves_a_whole_champion(workspace: Path) -> None:
    home = workspace / "runs" / "sine"
    contents, forecast = champion_files(home), forecast_of(workspace)
    moments = random.Random(0)
    torn = 0
    for k in range(PUBLISHING_KILLS):
        process = start_publishing(home)
        time.sleep(moments.uniform(0, 0.03))
        said = kill(process)
        torn += bool(list(home.glob(".stage-*")))
        champion = open_run(home)
        if said:  # what was reported as published is there, and may be followed by one more
            assert champion.run_id >= said[-1]
        assert champion_files(home) == contents
        if k % 4 == 0:
            assert forecast_of(workspace) == forecast
    with locked(home):  # nothing has to be unlocked or repaired by hand
        assert not list(home.glob(".stage-*"))
    # every run that is visible under its name is whole, champion or not
    for run in home.glob("0*"):
        assert {name: open_run(run).read(name) for name in FILES} == contents
    assert torn  # the kills did hit publishing


def test_whoever_dies_while_choosing_a_champion_leaves_the_one_before_or_the_one_meant(
    workspace: Path,
) -> None:
    home = workspace / "runs" / "sine"
    contents = champion_files(home)
    for _ in range(4):
        with locked(home) as seen:
            run = publish(
                home,
                writers(contents),
                {},
            )
            crown(home, run.run_id, seen=seen)
    moments, torn = random.Random(0), 0
    for k in range(5 * CHOOSING_KILLS):
        before = open_run(home).run_id
        command = [sys.executable, "-c", CHOOSE, str(home), str(k)]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 0.02))
        said = [line for line in kill(process) if line != "chosen"]
        torn += (home / ".champion").exists()
        # The last one that was begun, or the one before it; nobody has to unlock or to repair
        # anything.
        assert open_run(home).run_id in [before, *said][-2:]
        assert champion_files(home) == contents
        if torn and k >= CHOOSING_KILLS:  # the kills did hit the writing of the pointer
            return
    pytest.fail("no kill came while the pointer was written")


def test_a_reader_never_sees_half_a_run_while_another_process_publishes(workspace: Path) -> None:
    home = workspace / "runs" / "sine"
    contents = champion_files(home)
    process = start_publishing(home)
    seen = []
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        run = open_run(home)
        seen.append(run.run_id)
        assert {name: run.read(name) for name in FILES} == contents
    published = kill(process)
    assert len(set(seen)) > 3
    assert seen == sorted(seen)
    assert len(published) > 3


def test_only_one_of_many_writers_that_start_together_gets_the_lock(workspace: Path) -> None:
    home = workspace / "runs" / "sine"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", HOLD, str(home)]
    processes = [subprocess.Popen(command, env=environment(), **pipes) for _ in range(12)]
    answers = sorted(
        process.stdout.readline() for process in processes if process.stdout is not None
    )
    for process in processes:
        process.communicate()  # closes its stdin, which ends it
    assert answers == ["busy\n"] * 11 + ["held\n"]
    with locked(home):
        pass


def test_a_training_killed_at_any_moment_leaves_the_champion_and_the_next_one_works(
    workspace: Path, retrained: Path, forecast: Forecast
) -> None:
    home = workspace / "runs" / "sine"
    contents, before = champion_files(home), forecast_of(workspace)
    duration = json.loads((retrained / "seconds.json").read_text())
    moments = random.Random(1)
    for k in range(TRAINING_KILLS):
        command = forecast_command("train", "-c", "sine.yaml")
        with subprocess.Popen(
            command,
            cwd=workspace,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                process.wait(duration * (k + moments.random()) / TRAINING_KILLS)
            except subprocess.TimeoutExpired:
                kill(process)
        # Where a training came through, its run is the champion: the same network, as the seed is
        # the same.
        assert forecast_of(workspace) == before
        assert champion_files(home)["network.onnx"] == contents["network.onnx"]
    newest = open_run(home).run_id
    result = forecast("train", "-c", "sine.yaml", cwd=workspace)
    assert result.returncode == 0, result.stderr
    assert open_run(home).run_id > newest
    assert result.stdout == f"runs/sine/{open_run(home).run_id}\n"
    assert not list(home.glob(".stage-*"))
    assert forecast_of(workspace) == before


@pytest.mark.parametrize(
    ("leftover", "remedy"),
    [
        (b"", "runs rollback --run sine"),
        (b"0009-20260101T000000Z\n", "train "),
        (b"\0" * 22, "runs rollback --run sine"),
    ],
)
def test_a_pointer_torn_by_hand_is_reported_and_healed_by_the_next_publish(
    leftover: bytes, remedy: str, workspace: Path
) -> None:
    home = workspace / "runs" / "sine"
    contents = champion_files(home)
    (home / "champion").write_bytes(leftover)
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(workspace / "runs"), "--run", "sine"]
    )
    assert result.exit_code == 5
    assert f"forecast {remedy}" in result.stderr
    with locked(home) as seen:
        run = publish(home, writers(contents), {})
        crown(home, run.run_id, seen=seen)
    assert champion_files(home) == contents
