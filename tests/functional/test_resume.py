"""A training that is stopped or killed, and goes on with --resume, ends with the same bytes."""

import os
import random
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lstm_forecast.store import open_run
from tests.functional.conftest import environment, forecast_command, tree, write_inputs
from tests.functional.test_cli import invoke

EPOCHS = 12
OPTIONS = [
    "train",
    "-c",
    "sine.yaml",
    "--set",
    f"training.epochs={EPOCHS}",
    "--set",
    "training.patience=null",
]
OPTIONS += ["--set", "model.dropout=0.3", "--set", "training.refit=true"]
WITHIN = (
    "network.onnx",
    "evaluated.onnx",
    "weights.safetensors",
    "calibration.safetensors",
    "metrics.json",
    "golden.json",
    "forecasts.parquet",
)
# of an epoch, where a training in this process is interrupted, and of both networks together
BATCHES, ALL = 3, 24
SHORT = [
    *OPTIONS,
    "--set",
    "training.epochs=4",
    "--set",
    f"training.steps_per_epoch={BATCHES}",
    "--resume",
]
# so that each epoch is the best so far
SHORT += ["--set", "model.linear=none", "--set", "training.learning_rate=0.01"]


def start_and_stop(directory: Path, *args: str, epoch: int, number: signal.Signals) -> int:
    """Send a signal once an epoch is over; the exit code."""
    command = forecast_command(*args)
    with subprocess.Popen(
        command, cwd=directory, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(f"epoch {epoch:>3}/"):
                break
        process.send_signal(number)
        process.communicate(timeout=30 if number in (signal.SIGTERM, signal.SIGINT) else None)
        return process.returncode


def results(directory: Path) -> list[object]:
    """Weights, networks, history and forecasts of what was published."""
    run = open_run(directory / "runs" / "sine")
    rows = [line.split(",") for line in run.read("history.csv").decode().splitlines()]
    predicted = invoke("predict", "--runs", directory / "runs", "--run", "sine")
    assert predicted.exit_code == 0, predicted.output
    history = [[cell for k, cell in enumerate(row) if k != 6] for row in rows]  # 6: seconds
    return [*map(run.read, WITHIN), history, predicted.stdout]


def train_here(
    directory: Path, batch: int, stop: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """``forecast train --resume`` in this process until ``stop`` in that batch; exit code, and
    batches begun.
    """
    import keras

    begun, fit = [], keras.Sequential.fit

    def begin(number: int, logs: object = None) -> None:
        begun.append(number)
        if len(begun) == batch:
            stop()

    def stoppable(
        network: keras.Sequential, *args: object, callbacks: list[object], **rest: object
    ) -> object:
        stopper = keras.callbacks.LambdaCallback(on_train_batch_begin=begin)
        return fit(network, *args, callbacks=[*callbacks, stopper], **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        patch.setattr(keras.Sequential, "fit", stoppable)
        code = invoke(*SHORT).exit_code
    return code, len(begun)


def interrupted(directory: Path, batch: int, *, killed: bool = False) -> list[object]:
    """What a training publishes that was stopped in that batch, and resumed; 0: none.

    ``killed``: without a warning, by an error that nobody expects, so that what was not saved
    before is lost.
    """
    write_inputs(directory)
    stop = _die if killed else partial(os.kill, os.getpid(), signal.SIGTERM)
    if batch:
        code, _ = train_here(directory, batch, stop)
        assert code == (1 if killed else 143)
        assert not list((directory / "runs" / "sine").glob("0*"))
    assert train_here(directory, 0)[0] == 0
    return results(directory)


def _die() -> None:
    raise MemoryError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    return interrupted(tmp_path_factory.mktemp("whole"), 0)


@pytest.mark.parametrize("batch", [2 * BATCHES, *random.Random(1).sample(range(1, ALL), 2)])
def test_stopped_anywhere_it_publishes_the_same_weights_history_and_forecasts(
    batch: int, whole: list[object], tmp_path: Path
) -> None:
    assert interrupted(tmp_path, batch) == whole


def test_killed_after_an_epoch_was_saved_it_publishes_the_same_weights_history_and_forecasts(
    whole: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_forecast.model.network.checkpoint.CHECKPOINT_SECONDS", -1)
    assert interrupted(tmp_path, 2 * BATCHES + 1, killed=True) == whole


def test_stopped_twice_and_killed_once_it_ends_with_the_bytes_of_one_that_never_was(
    tmp_path: Path,
) -> None:
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
        write_inputs(tmp_path / name)
    assert start_and_stop(tmp_path / "whole", *OPTIONS, epoch=10**6, number=signal.SIGCONT) == 0
    stopped = tmp_path / "stopped"
    for number, epoch, code in (
        (signal.SIGTERM, 3, 143),
        (signal.SIGKILL, 5, -9),
        (signal.SIGINT, 8, 130),
    ):
        assert start_and_stop(stopped, *OPTIONS, "--resume", epoch=epoch, number=number) == code
        assert not list((stopped / "runs" / "sine").glob("0*"))
    assert start_and_stop(stopped, *OPTIONS, "--resume", epoch=10**6, number=signal.SIGCONT) == 0
    assert results(stopped) == results(tmp_path / "whole")
    assert not (stopped / "runs" / "sine" / "checkpoints").exists()


def test_a_retraining_that_is_stopped_leaves_the_champion_and_a_status_that_says_so(
    workspace: Path,
) -> None:
    before = tree(workspace / "runs" / "sine")
    args = [
        "retrain",
        "-c",
        "sine.yaml",
        "--force",
        "--set",
        "retrain.start=scratch",
        "--set",
        "training.epochs=5000",
    ]
    args += ["--set", "data.end=999", "--set", "training.patience=null"]
    assert start_and_stop(workspace, *args, epoch=2, number=signal.SIGTERM) == 143
    after = tree(workspace / "runs" / "sine")
    assert {name: after[name] for name in before} == before
    assert b'"exit_code": 143' in (after["status.json"] or b"")


@pytest.mark.parametrize("command", ["train", "retrain"])
def test_resume_without_anything_to_resume_says_so_and_trains(command: str, tmp_path: Path) -> None:
    write_inputs(tmp_path)
    args = [
        command,
        "-c",
        "sine.yaml",
        "--resume",
        "--set",
        "training.epochs=1",
        "--set",
        "retrain.refit=false",
    ]
    with subprocess.Popen(
        forecast_command(*args), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert "no checkpoint fits this config, these data and this version" in stderr
