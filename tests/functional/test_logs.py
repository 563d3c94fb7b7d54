"""What is said, for people and for what collects logs; and what is refused before it takes the machine's memory."""

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from lstm_forecast.terminal import Talk
from tests.functional.conftest import Forecast
from tests.functional.test_cli import invoke


@pytest.mark.parametrize("args", [["--log-format", "json"], []], ids=["option", "environment"])
def test_every_line_of_talk_is_an_object_where_asked(args: list[str], workspace: Path, forecast: Forecast) -> None:
    env = {} if args else {"FORECAST_LOG_FORMAT": "json"}
    command = [*args, "train", "-c", "sine.yaml", "--set", "training.epochs=0", "--set", "training.memory_limit=1"]
    result = forecast(*command, cwd=workspace, **env)
    assert result.returncode == 3
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert all(set(line) == {"time", "message"} for line in lines)
    assert lines[0]["message"].startswith("1,000 rows in 1 series")


@pytest.mark.parametrize("progress", [False, True])
def test_a_line_break_in_a_name_makes_no_line_of_its_own(progress: bool, capsys: pytest.CaptureFixture[str]) -> None:
    bars = Progress(console=Console(stderr=True, width=200)) if progress else None
    Talk(bars).note("column a\nchampion: promoted\x1b[31m: 3 gaps")
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert said == [r"column a\nchampion: promoted\x1b[31m: 3 gaps"]


def test_the_next_command_talks_plainly_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    assert invoke("--log-format", "json", "predict", "--run", "nobody").stderr.startswith("{")
    assert invoke("predict", "--run", "nobody").stderr.startswith("run: ")


@pytest.mark.parametrize("command", ["train", "check"])
def test_a_training_above_the_memory_limit_is_refused_with_a_figure_before_it_starts(
    command: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    shutil.rmtree("runs")
    result = invoke(command, "-c", "sine.yaml", "--set", "training.memory_limit=500", "--json")
    assert result.exit_code == 3
    (problem,) = json.loads(result.stdout)["problems"]
    assert "training.memory_limit: training would take about 84" in problem
    assert "500 are allowed" in problem
    assert not list(Path("runs/sine").glob("0*"))
