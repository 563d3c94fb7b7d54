"""What people choose while a training runs stays chosen, and takes no longer than at any other
time.
"""

import fcntl
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.store import champions, locked, open_run, promote, publish, run_ids
from tests.functional.conftest import BASE, OWN, champion_files, environment, series
from tests.functional.test_cli import invoke, one_object
from tests.reliability.copies import writers

# Runs commands one after another in one process; each waits, where it is told to, until a line
# comes on its stdin.
WAITING = """
import importlib, json, sys
from lstm_forecast.cli import main

def waiting(where):
    module, _, name = where.partition(":")
    owner, *inner, name = importlib.import_module(module), *name.split(".")
    for part in inner:
        owner = getattr(owner, part)
    real, asked = getattr(owner, name), []

    def run(*args, **options):
        if not asked:
            asked.append(where)
            print("waiting", flush=True)
            sys.stdin.readline()
        return real(*args, **options)

    setattr(owner, name, run)
    return lambda: setattr(owner, name, real)

for where, arguments in map(json.loads, sys.argv[1:]):
    undo = waiting(where)
    sys.argv = ["forecast", *arguments]
    try:
        main()
        code = None
    except SystemExit as stop:
        code = stop.code
    undo()
    print(json.dumps({"code": code}), flush=True)
"""
STAGES = {
    "reading": "lstm_forecast.training.train:prepare",
    "training": "lstm_forecast.model.network.training:Feed.__getitem__",
    "publishing": "lstm_forecast.store.publishing:fingerprint",
    "promoting": "lstm_forecast.training.train:crown",
}


@contextmanager
def commands(folder: Path, stages: list[tuple[str, list[str]]]) -> Iterator[Callable[[str], str]]:
    """Says a line to the process of these commands, if it is not empty, and returns the next one
    that it prints.
    """
    command = [sys.executable, "-c", WAITING, *map(json.dumps, stages)]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None

        def say(line: str = "") -> str:
            if line:
                stdin.write(f"{line}\n")
                stdin.flush()
            answer = stdout.readline()
            assert answer, stderr.read()
            return answer

        yield say
        process.kill()


def copies(home: Path, count: int) -> list[str]:
    """Ids of that many champions after the first, which forecast the same, oldest first."""
    contents, manifest = champion_files(home), open_run(home).manifest
    facts = {key: value for key, value in manifest.items() if key not in OWN}
    for _ in range(count):
        with locked(home):
            run = publish(
                home,
                writers(contents),
                facts,
            )
        promote(home, run.run_id)
    return run_ids(home)


def within_a_second(*args: str | Path) -> dict[str, Any]:
    started = time.monotonic()
    answer = one_object(invoke(*args, "--json").stdout)
    assert time.monotonic() - started < 1
    return answer


def test_at_every_stage_of_a_training_the_champion_can_be_chosen_and_stays(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    home = Path("runs/sine")
    ids = copies(home, 4)
    command = ["train", "-c", "sine.yaml", "--json"]
    with commands(workspace, [(where, command) for where in STAGES.values()]) as say:
        answer = say()
        for number, stage in enumerate(STAGES):
            assert answer == "waiting\n", stage
            before = champions(home)
            assert within_a_second("runs", "rollback", "--run", "sine")["ok"]
            assert champions(home) == before[1:]
            if number % 2:  # there and back is a choice as well
                assert within_a_second("runs", "promote", before[0], "--run", "sine")["ok"]
            chosen = champions(home)
            assert (
                one_object(invoke("predict", "--run", "sine", "--json").stdout)["run"] == chosen[0]
            )
            assert invoke("runs", "prune", "--run", "sine").exit_code == 75
            told, ended = json.loads(say("go on")), json.loads(say())
            assert (told["ok"], told["exit_code"], told["promoted"], ended["code"]) == (
                False,
                6,
                False,
                6,
            )
            assert (told["champion"], champions(home)) == (chosen[0], chosen)
            ids.append(told["run"])
            assert run_ids(home) == ids
            answer = say() if stage != "promoting" else ""
    assert {
        run["state"] for run in one_object(invoke("runs", "list", "--json").stdout)["runs"]
    } == {"readable"}


def test_a_training_that_was_overtaken_says_who_is_champion_and_what_promotes_its_run(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    (first, second), moved = copies(Path("runs/sine"), 1), Path("the runs")
    Path("runs").rename(moved)
    where = "lstm_forecast.training.train:crown"
    command = [
        sys.executable,
        "-c",
        WAITING,
        json.dumps((where, ["train", "-c", "sine.yaml", "--runs", str(moved)])),
    ]
    pipes = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    with subprocess.Popen(command, env=environment(), **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        assert invoke("runs", "rollback", "--run", "sine", "--runs", moved).exit_code == 0
        stdout, stderr = process.communicate("go on\n")
    path, ended = stdout.splitlines()
    new = Path(path).name
    assert (json.loads(ended), path) == ({"code": 6}, f"the runs/sine/{new}")
    (line,) = [line for line in stderr.splitlines() if "not promoted" in line]
    assert f"somebody chose {first} as the champion" in line
    assert "next:" not in stderr
    remedy = shlex.split(line.partition("to make the new run the champion: ")[2])
    assert invoke(*remedy[1:]).exit_code == 0
    assert champions(moved / "sine") == [new, first]
    assert second in run_ids(moved / "sine")


def test_a_better_challenger_is_not_promoted_over_a_champion_that_it_was_not_compared_with(
    grown: Path,
) -> None:
    home = grown / "runs" / "grown"
    first, second = copies(home, 1)
    (grown / "grown.csv").write_text(series(BASE + 260, broken=BASE + 10))
    command = ["retrain", "-c", "grown.yaml", "--json"]
    with commands(grown, [("lstm_forecast.commands.retrain:train_challenger", command)]) as say:
        assert say() == "waiting\n"
        assert invoke("runs", "rollback", "--run", "grown").exit_code == 0
        status, ended = json.loads(say("go on")), json.loads(say())
    assert (status["outcome"], status["exit_code"], ended["code"]) == ("kept_champion", 6, 6)
    assert "error" not in status
    assert status["judged"]["better"]
    assert (status["champion"], champions(home)) == (first, [first])
    assert f"somebody chose {first} as the champion" in status["reason"]
    assert f"forecast runs promote {status['run']} --run grown" in status["reason"]
    assert run_ids(home) == [first, second, status["run"]]
    assert json.loads((home / "status.json").read_text()) == status
    # it was not for study
    assert invoke("runs", "promote", status["run"][:4], "--run", "grown").exit_code == 0


def test_a_retraining_whose_pointer_is_held_by_another_process_names_its_run_and_tells_the_hooks(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_forecast.store.pointer.WAIT_SECONDS", 0.2)
    home = grown / "runs" / "grown"
    (home / "champion").unlink()  # so that a first training promotes what it made
    with (home / "champion.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = invoke("retrain", "-c", "grown.yaml", "--json", "--on-failure", "touch told")
    status = one_object(result.stdout)
    assert (result.exit_code, status["outcome"], status["error"]) == (7, "failed", "write")
    command = f"forecast runs promote {run_ids(home)[-1]} --run grown"
    assert command in status["problems"][0]
    assert Path("told").exists()
