"""A retraining that is stopped at any stage is gone within ten seconds, leaves the champion, and
says so.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_forecast.store import champions, run_ids
from tests.functional.conftest import BASE, environment, series

BROKEN = BASE + 10
ARGUMENTS = ["retrain", "-c", "grown.yaml", "--force", "--resume", "--json"]
# Runs `forecast retrain` again and again in one process, as Keras takes seconds to import; in each
# run, a function sends a signal to this process when it is called. Prints how the runs ended, and
# after how many seconds of processor time, as the clock tells more about what else a machine does.
STRIKE = """
import json, os, signal, sys, threading, time
from importlib import import_module
from pathlib import Path
from lstm_forecast.cli import main

def struck(where, at, number, delay):
    module, _, names = where.partition(":")
    owner, (*outer, name) = import_module(module), names.split(".")
    for each in outer:
        owner = getattr(owner, each)
    real, calls = getattr(owner, name), []
    def strike(*args, **options):
        calls.append(name)
        if len(calls) == at:
            sent.append(time.process_time())
            if delay:
                threading.Timer(delay, os.kill, (os.getpid(), number)).start()
            else:
                os.kill(os.getpid(), number)
        return real(*args, **options)
    setattr(owner, name, strike)
    return lambda: setattr(owner, name, real)

# shells make what they start in the background deaf to it
signal.signal(signal.SIGINT, signal.default_int_handler)
stages, arguments = map(json.loads, sys.argv[1:])
sys.argv = ["forecast", *arguments]
for where, at, number, delay in stages:
    sent, code = [], None
    undo = struck(where, at, number, delay)
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    undo()
    champion = Path("runs/grown/champion").read_text()
    print(json.dumps([code, time.process_time() - sent[0] if sent else 0, champion]), flush=True)
"""
STAGES = {
    "reading": ("lstm_forecast.commands.retrain:read_panel", 1, signal.SIGTERM, 0),
    "training": ("lstm_forecast.model.network.training:Feed.__getitem__", 3, signal.SIGINT, 0),
    "judging": ("lstm_forecast.retraining.challenge:judge_challenger", 1, signal.SIGTERM, 0),
    "publishing": ("lstm_forecast.store.publishing:fingerprint", 1, signal.SIGINT, 0),
    "reading back": (
        "lstm_forecast.commands.retrain:require_same_forecasts",
        1,
        signal.SIGTERM,
        0.3,
    ),
    "promoting": ("lstm_forecast.commands.retrain:crown", 1, signal.SIGTERM, 0),
    "none": ("lstm_forecast.commands.retrain:crown", 0, 0, 0),
}
# A batch that takes a minute, from the second one on.
SLOW = """
import sys, time
from lstm_forecast.cli import main
from lstm_forecast.model.network.training import Feed
real, asked = Feed.__getitem__, []
def slow(feed, step):
    asked.append(step)
    if len(asked) == 3:
        print("asleep", flush=True)
        time.sleep(60)
    return real(feed, step)
Feed.__getitem__ = slow
sys.argv = ["forecast", "retrain", "-c", "grown.yaml", "--force"]
main()
"""


@pytest.fixture
def due(grown: Path) -> Path:
    """A directory where the challenger will be better than the champion."""
    (grown / "grown.csv").write_text(series(BROKEN + 250, broken=BROKEN))
    return grown


def test_at_every_stage_of_a_retraining_a_signal_ends_it_within_ten_seconds_and_leaves_the_champion(
    due: Path,
) -> None:
    home = due / "runs" / "grown"
    before, ids = (home / "champion").read_text(), run_ids(home)
    command = [
        sys.executable,
        "-c",
        STRIKE,
        json.dumps(list(STAGES.values())),
        json.dumps(ARGUMENTS),
    ]
    result = subprocess.run(
        command, cwd=due, env=environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    lines = list(map(json.loads, result.stdout.splitlines()))
    *stopped, (last, ended) = zip(lines[::2], lines[1::2], strict=True)
    for stage, (status, (code, seconds, champion)) in zip(STAGES, stopped, strict=False):
        expected = 128 + STAGES[stage][2]
        assert (stage, code, status["exit_code"], status.get("error")) == (
            stage,
            expected,
            expected,
            "stopped",
        ), status
        assert (stage, status["outcome"], champion) == (stage, "failed", before)
        assert seconds < 10, stage
    assert len(stopped) == len(STAGES) - 1
    assert (last["outcome"], ended[0]) == ("promoted", 0)
    assert json.loads((home / "status.json").read_text()) == last
    assert run_ids(home) == [*ids, last["run"]]  # and no other one is left
    assert champions(home) == run_ids(home)[::-1]
    assert not list(home.glob(".*"))


def test_the_first_signal_waits_for_the_batch_and_the_second_one_does_not(due: Path) -> None:
    before = (due / "runs" / "grown" / "champion").read_text()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW],
        cwd=due,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asleep\n"
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 143
    assert (due / "runs" / "grown" / "champion").read_text() == before
