"""Every file that a scheduled run keeps, damaged in every way: what needs it names one command, all
else goes on.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_forecast.store import FILES, champions, open_run
from tests.functional.conftest import BASE, series
from tests.functional.test_cli import invoke, one_object
from tests.functional.test_meanwhile import copies

CHECKPOINT = f"checkpoints/{'0' * 64}"
STAGED = ".stage-0009-20260101T000000Z"
PREDICT_NEEDS = (
    "champion",
    "manifest.json",
    "config.yaml",
    "scaler.json",
    "calibration.safetensors",
    "network.onnx",
)
IN_RUN = ("manifest.json", *FILES)
REMEDY = re.compile(r"forecast (runs rollback --run grown|train --config FILE)$", re.MULTILINE)


def truncate(content: bytes) -> bytes:
    return content[: len(content) // 3]


def scramble(content: bytes) -> bytes:
    return bytes((37 * k + 11) % 256 for k in range(len(content)))


DAMAGE = {"missing": None, "empty": lambda content: b"", "truncated": truncate, "random": scramble}


@pytest.fixture(scope="module")
def two(first: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Two champions that forecast the same, with all that retraining keeps beside them.

    Shared: read it only.
    """

    def fill(directory: Path) -> None:
        shutil.copytree(first, directory, dirs_exist_ok=True)
        home = directory / "runs" / "grown"
        copies(home, 1)
        for name in (CHECKPOINT, STAGED):
            (home / name).parent.mkdir(exist_ok=True)
            (home / name).write_bytes(b"state" * 100)

    return once("two", fill)


@pytest.fixture
def home(two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that shares its files, so that what is changed has to be replaced."""
    directory = shutil.copytree(two, tmp_path / "two", copy_function=os.link)
    home = directory / "runs" / "grown"
    (home / "lock").unlink()
    (home / "lock").touch()  # what is locked is a file, not its name: tests run side by side
    monkeypatch.chdir(directory)
    return home


def forecast() -> str | None:
    result = invoke("predict", "--run", "grown")
    return result.stdout if result.exit_code == 0 else None


def hurt(path: Path, damage: str) -> None:
    content, change = path.read_bytes(), DAMAGE[damage]
    path.unlink()
    if change is not None:
        path.write_bytes(change(content))


CASES = [
    (name, damage)
    for name in ("champion", "lock", "status.json", CHECKPOINT, STAGED, *IN_RUN)
    for damage in DAMAGE
    if (name, damage) != ("champion", "missing")  # which takes a training: below
]


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_a_damaged_state_file_heals_or_names_the_one_command_to_run(
    name: str, damage: str, home: Path
) -> None:
    expected, champion = forecast(), champions(home)[0]
    hurt(home / (f"{champion}/{name}" if name in IN_RUN else name), damage)

    found = one_object(invoke("runs", "list", "--run", "grown", "--json").stdout)["runs"]
    states = {run["run"]: run["state"] for run in found}
    assert states[champion] == (
        "damaged" if name in ("manifest.json", "config.yaml", "metrics.json") else "readable"
    )
    assert list(states.values()).count("readable") >= 1
    verified = invoke("runs", "verify", champion, "--run", "grown")
    assert verified.exit_code == (5 if name in IN_RUN else 0)
    retrained = invoke("retrain", "-c", "grown.yaml", "--json")
    status = one_object(retrained.stdout)
    assert json.loads((home / "status.json").read_text()) == status

    if name in PREDICT_NEEDS:
        predicted = invoke("predict", "--run", "grown")
        for result in (predicted, retrained, *([verified] if name in IN_RUN else [])):
            assert result.exit_code == 5
            assert f"{name}: " in result.stderr
            assert REMEDY.search(result.stderr)[1] == "runs rollback --run grown"
        assert (status["outcome"], status["error"]) == ("failed", "run")
        assert invoke("runs", "rollback", "--run", "grown").exit_code == 0
    else:
        assert status["outcome"] == "not_due"
        assert not (home / STAGED).exists()
    assert forecast() == expected
    assert invoke("retrain", "-c", "grown.yaml").exit_code == 0


def test_a_lost_pointer_is_healed_by_the_next_scheduled_run(home: Path) -> None:
    hurt(home / "champion", "missing")
    assert (
        REMEDY.search(invoke("predict", "--run", "grown").stderr)[1] == "runs rollback --run grown"
    )
    status = one_object(invoke("retrain", "-c", "grown.yaml", "--json").stdout)
    assert (status["outcome"], status["reason"]) == ("promoted", "there was no champion")
    assert forecast() is not None


@pytest.mark.parametrize("name", PREDICT_NEEDS[1:])
def test_where_there_is_no_earlier_champion_the_command_is_to_train(
    name: str, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(grown / "runs" / "grown").path
    hurt(run / name, "random")
    result = invoke("predict", "--run", "grown")
    assert result.exit_code == 5
    assert REMEDY.search(result.stderr)[1] == "train --config FILE"


def test_a_challenger_starts_from_scratch_where_the_champions_weights_are_damaged(
    home: Path, two: Path
) -> None:
    expected = forecast()
    hurt(home / champions(home)[0] / "weights.safetensors", "random")
    Path("grown.csv").unlink()
    Path("grown.csv").write_text(series(BASE + 80))
    result = invoke("retrain", "-c", "grown.yaml", "--json", "--force", "--as-of", str(BASE + 79))
    status = one_object(result.stdout)
    assert (status["outcome"], status["start"]) == ("kept_champion", "scratch")
    assert "weights.safetensors: damaged" in result.stderr
    shutil.copy(two / "grown.csv", "grown.csv")
    assert forecast() == expected
