"""A training that is stopped or killed, and goes on with --resume, ends with the same bytes."""

import signal
import subprocess
from pathlib import Path

import pytest

from lstm_forecast.store import open_run
from tests.functional.conftest import environment, forecast_command, tree, write_inputs

EPOCHS = 12
OPTIONS = ["train", "-c", "sine.yaml", "--set", f"training.epochs={EPOCHS}", "--set", "training.patience=null"]
OPTIONS += ["--set", "model.dropout=0.3", "--set", "training.refit=true"]
WITHIN = ("network.onnx", "evaluated.onnx", "weights.safetensors", "metrics.json", "golden.json")


def start_and_stop(directory: Path, *args: str, epoch: int, number: signal.Signals) -> int:
    """Send a signal once an epoch is over; the exit code."""
    command = forecast_command(*args)
    with subprocess.Popen(command, cwd=directory, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(f"epoch {epoch:>3}/"):
                break
        process.send_signal(number)
        process.communicate()
        return process.returncode


def results(directory: Path) -> list[object]:
    run = open_run(directory / "runs" / "sine")
    rows = [line.split(",") for line in run.read("history.csv").decode().splitlines()]
    return [*map(run.read, WITHIN), [[cell for k, cell in enumerate(row) if k != 6] for row in rows]]  # 6: seconds


def test_stopped_twice_and_killed_once_it_ends_with_the_bytes_of_one_that_never_was(
    tmp_path: Path,
) -> None:
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
        write_inputs(tmp_path / name)
    assert start_and_stop(tmp_path / "whole", *OPTIONS, epoch=10**6, number=signal.SIGCONT) == 0
    stopped = tmp_path / "stopped"
    for number, epoch, code in ((signal.SIGTERM, 3, 143), (signal.SIGKILL, 5, -9), (signal.SIGINT, 8, 130)):
        assert start_and_stop(stopped, *OPTIONS, "--resume", epoch=epoch, number=number) == code
        assert not list((stopped / "runs" / "sine").glob("0*"))
    assert start_and_stop(stopped, *OPTIONS, "--resume", epoch=10**6, number=signal.SIGCONT) == 0
    assert results(stopped) == results(tmp_path / "whole")
    assert not (stopped / "runs" / "sine" / "checkpoints").exists()


def test_a_retraining_that_is_stopped_leaves_the_champion_and_a_status_that_says_so(workspace: Path) -> None:
    before = tree(workspace / "runs" / "sine")
    args = ["retrain", "-c", "sine.yaml", "--force", "--set", "retrain.start=scratch", "--set", "training.epochs=5000"]
    args += ["--set", "data.end=999", "--set", "training.patience=null"]
    assert start_and_stop(workspace, *args, epoch=2, number=signal.SIGTERM) == 143
    after = tree(workspace / "runs" / "sine")
    assert {name: after[name] for name in before} == before
    assert b'"exit_code": 143' in (after["status.json"] or b"")


@pytest.mark.parametrize("command", ["train", "retrain"])
def test_resume_without_anything_to_resume_says_so_and_trains(command: str, tmp_path: Path) -> None:
    write_inputs(tmp_path)
    args = [command, "-c", "sine.yaml", "--resume", "--set", "training.epochs=1", "--set", "retrain.refit=false"]
    with subprocess.Popen(
        forecast_command(*args), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert "no checkpoint fits this config, these data and this version" in stderr
