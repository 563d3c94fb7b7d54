"""The page that explains an LSTM: what it says of the shipped sine is so."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.conftest import environment, forecast_command
from tests.functional.pages import GUIDE, ROOT, commands

PAGE = GUIDE / "lstm.md"


def run(directory: Path, command: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        forecast_command(*shlex.split(command)),
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def sine(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The shipped sine, trained as the page begins. Shared: read it only."""

    def fill(directory: Path) -> None:
        for folder in ("configs", "data"):
            shutil.copytree(ROOT / folder, directory / folder)
        first = commands(PAGE)[0]
        assert first == "forecast train --config configs/sine.yaml"
        told = run(directory, first.removeprefix("forecast ")).stderr
        (directory / "told.txt").write_text(told)

    return once("page-sine", fill)


def test_the_four_numbers_are_those_that_training_prints(sine: Path) -> None:
    told, page = (sine / "told.txt").read_text(), PAGE.read_text()
    ((first, second),) = re.findall(r"^(input dimension .*)\n(output .*)$", page, re.M)
    assert f"{first} {second}; lstm, 10,451 parameters" in told
    assert "windows: 680 training, 100 validation, 200 test" in told
    assert "4 x (50 x 1 + 50 x 50 + 50) = 10,400" in page


def test_what_the_page_says_of_the_gates_of_the_sine_is_so(sine: Path, tmp_path: Path) -> None:
    picture = tmp_path / "gates.png"
    found = json.loads(run(sine, f"plot gates --run sine --at 120 --json -o {picture}").stdout)
    assert found["published"] == "network"
    assert len(found["stamps"]) == len(found["steps"]) == 20
    (layer,) = found["layers"]
    assert [(group["name"], len(group["units"])) for group in layer["groups"]] == [("medium", 50)]
    assert 2 < min(layer["memory_lengths"]) < 3.2 < max(layer["memory_lengths"]) < 5
    assert "published: the LSTM (50 units)" in run(sine, "predict --run sine").stderr
