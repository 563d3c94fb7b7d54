"""``forecast pretrain``: a network, its weights, its history and its card, also after a stop."""

import csv
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from lstm_forecast.config.loading import load_recipe
from lstm_forecast.events import Epoch
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.architecture import QUANTILES, Architecture
from lstm_forecast.model.pretrained.inputs import N_CUT, N_STEP
from lstm_forecast.model.pretrained.season import HORIZON, STEPS
from lstm_forecast.model.pretrained.simple import SIMPLE
from lstm_forecast.store import locked
from tests.functional.commands import TINY
from tests.functional.conftest import (
    ROOT,
    environment,
    forecast_command,
    succeed,
    succeed_here,
    tree,
)
from tests.functional.test_cli import invoke
from tests.functional.test_resume import start_and_stop

ARGUMENTS = ("pretrain", "-c", "tiny.yaml", "-o", "made")
TWO_EPOCHS = ("--set", "training.steps=251")
FILES = {"card.md", "history.csv", "pretrained.onnx", "pretrained.safetensors", "lock"}


@pytest.fixture(scope="module")
def made(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """What a pretraining of two epochs leaves. Shared: read it only."""

    def fill(directory: Path) -> None:
        (directory / "tiny.yaml").write_text(TINY)
        (result,) = succeed_here(directory, [*ARGUMENTS, *TWO_EPOCHS])
        (directory / "stdout.txt").write_text(result.stdout)
        (directory / "stderr.txt").write_text(result.stderr)

    return once("pretrained", fill)


def test_the_network_its_weights_history_and_card_are_written(made: Path) -> None:
    assert (made / "stdout.txt").read_text() == "made/tiny\n"
    assert {path.name for path in (made / "made" / "tiny").iterdir()} == FILES
    said = (made / "stderr.txt").read_text()
    assert re.search(r"^epoch   2/2  loss \d+\.\d+  val_loss \d+\.\d+", said, re.M)
    *_, last = said.splitlines()
    assert re.fullmatch(
        r"pinball loss on series held back: \d+\.\d+ before the training, \d+\.\d+ after it", last
    )


def test_the_weights_have_the_sizes_of_the_config_and_the_graph_forecasts(made: Path) -> None:
    home = made / "made" / "tiny"
    weights = load((home / "pretrained.safetensors").read_bytes())
    assert Architecture.of(weights) == Architecture(units=8, layers=1, hidden=8)
    graph = (home / "pretrained.onnx").read_bytes()
    for steps in (STEPS, 3):
        feed = {
            "steps": np.zeros((2, steps, N_STEP), np.float32),
            "cut": np.zeros((2, N_CUT), np.float32),
            "simple": np.zeros((2, len(SIMPLE), HORIZON), np.float32),
        }
        forecast = Session(graph).run(feed)
        assert forecast.shape == (2, HORIZON, len(QUANTILES))
        assert (np.diff(forecast, axis=2) >= 0).all()


def test_the_card_holds_the_recipe_that_makes_the_network_again(made: Path, tmp_path: Path) -> None:
    card = (made / "made" / "tiny" / "card.md").read_text()
    assert card.startswith("# Pretrained network `tiny`\n")
    (shown,) = re.findall(r"```yaml\n(.*?)```", card, re.S)
    (tmp_path / "shown.yaml").write_text(shown)
    recipe = load_recipe(made / "tiny.yaml", overrides=TWO_EPOCHS[1:])
    assert load_recipe(tmp_path / "shown.yaml") == recipe
    assert "from 3,012 generated series" in card
    rows = re.findall(r"^\| \d+(?: and \d+)? \|(?: [^|]+ \|){6}$", card, re.M)
    assert len(rows) > 5
    assert "nan" not in card


def test_the_history_has_a_row_for_each_epoch_and_one_before(made: Path) -> None:
    with (made / "made" / "tiny" / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert all(float(row["val_loss"]) > 0 for row in rows)


def outcome(directory: Path) -> dict[str, object]:
    """What was made, without what tells of times."""
    home = directory / "made" / "tiny"
    names = ("pretrained.safetensors", "pretrained.onnx")
    rows = csv.DictReader((home / "history.csv").read_text().splitlines())
    history = [{key: cell for key, cell in row.items() if key != "seconds"} for row in rows]
    return {**{name: (home / name).read_bytes() for name in names}, "history": history}


def test_stopped_and_resumed_it_makes_the_weights_of_one_that_never_was(
    made: Path, tmp_path: Path
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    arguments, home = (*ARGUMENTS, *TWO_EPOCHS), tmp_path / "made" / "tiny"
    assert start_and_stop(tmp_path, *arguments, epoch=1, number=signal.SIGTERM) == 143
    assert {path.name for path in home.iterdir()} == {"checkpoints", "lock"}
    result = subprocess.run(
        forecast_command(*arguments, "--resume"),
        cwd=tmp_path,
        env=environment(PYTHONHASHSEED="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "going on from a checkpoint" in result.stderr
    assert outcome(tmp_path) == outcome(made)
    assert {path.name for path in home.iterdir()} == FILES


def test_a_network_that_is_there_is_replaced_by_force_alone(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Path(shutil.copytree(made, tmp_path / "copy"))
    monkeypatch.chdir(directory)
    before = outcome(directory)
    for options in ((), ("--resume",)):
        result = invoke(*ARGUMENTS, *options)
        assert (result.exit_code, result.stdout) == (7, "")
        assert "a network is there already; choose another directory with --output" in result.stderr
        assert outcome(directory) == before
    succeed(forecast_command(*ARGUMENTS, "--set", "training.steps=1", "--force"), directory)
    assert outcome(directory) != before


def learn_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a training end at once, with the weights of the network in ``home``, and nothing judge
    them.
    """
    weights = load((home / "pretrained.safetensors").read_bytes())
    learned = weights, [Epoch(0, None, 1.0, 0.001, 0.0, best=True)]
    monkeypatch.setattr(
        "lstm_forecast.model.network.pretraining.pretrain", lambda *_, **__: learned
    )
    monkeypatch.setattr("lstm_forecast.commands.pretrain.generated_errors", lambda _: ())


def test_another_directory_or_name_leaves_a_network_that_is_there(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Path(shutil.copytree(made, tmp_path / "copy"))
    monkeypatch.chdir(directory)
    learn_at_once(made / "made" / "tiny", monkeypatch)
    before = outcome(directory)
    for output, name, home in (("other", "tiny", "other/tiny"), ("made", "other", "made/other")):
        result = invoke("pretrain", "-c", "tiny.yaml", "--output", output, "--set", f"name={name}")
        assert (result.exit_code, result.stdout) == (0, f"{home}\n"), result.stderr
        assert {path.name for path in Path(home).iterdir()} == FILES
    assert outcome(directory) == before


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("network.unit=8", "--set network.unit: unknown key network.unit; did you mean network.un"),
        ("steps=3", "--set steps: unknown key steps; did you mean training.steps?"),
        ("training.steps=0", "training.steps: input should be greater than or equal to 1; receiv"),
        ("kinds=walk", "did you mean walks?"),
        ("name=a/b", "name: string should match pattern"),
        ("training", "--set training: expected section.key=value"),
    ],
)
def test_a_wrong_key_is_told_with_the_nearest_one(setting: str, message: str, folder: Path) -> None:
    Path("tiny.yaml").write_text(TINY)
    result = invoke(*ARGUMENTS, "--set", setting)
    assert (result.exit_code, result.stdout) == (3, "")
    assert message in result.stderr
    assert [path.name for path in folder.iterdir()] == ["tiny.yaml"]


def test_a_config_of_one_kind_is_refused_as_the_other(folder: Path) -> None:
    result = invoke("pretrain", "-c", ROOT / "configs" / "sine.yaml", "-o", "made")
    assert result.exit_code == 3
    assert "sine.yaml:" in result.stderr and "unknown key windows" in result.stderr
    Path("tiny.yaml").write_text(TINY)
    other = invoke("train", "-c", "tiny.yaml")
    assert other.exit_code == 3
    assert "tiny.yaml:2:1: unknown key network" in other.stderr


def test_the_environment_speaks_of_trainings_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tiny.yaml").write_text(TINY)
    before = load_recipe(Path("tiny.yaml"))
    monkeypatch.setenv("FORECAST_TRAINING__EPOCHS", "3")
    monkeypatch.setenv("FORECAST_SEED", "3")
    assert load_recipe(Path("tiny.yaml")) == before


def test_two_at_once_do_not_write_in_one_place(folder: Path) -> None:
    Path("tiny.yaml").write_text(TINY)
    with locked(Path("made/tiny")):
        result = invoke(*ARGUMENTS)
    assert (result.exit_code, result.stdout) == (75, "")
    assert set(tree(Path("made"))) == {"tiny", "tiny/lock"}


def test_nothing_is_written_into_a_run(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    (workspace / "tiny.yaml").write_text(TINY)
    (run,) = (workspace / "runs" / "sine").glob("0*")
    result = invoke("pretrain", "-c", "tiny.yaml", "-o", run)
    assert result.exit_code == 2
    assert "lies in a run, where only trainings write" in result.stderr


def test_a_place_that_cannot_be_written_exits_7(folder: Path) -> None:
    Path("tiny.yaml").write_text(TINY)
    Path("made").write_text("a file")
    assert invoke(*ARGUMENTS).exit_code == 7
