"""What is said, for people and for what collects logs; and what is refused before it takes the
machine's memory.
"""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.console import Console
from rich.progress import Progress

import lstm_forecast
from lstm_forecast.cli.terminal import Talk
from lstm_forecast.events import LEVELS, Event
from tests.functional.commands import FAIL, SUCCEED, prepare, run_all
from tests.functional.conftest import Forecast, environment
from tests.functional.test_cli import invoke

LOGS = Path(lstm_forecast.__file__).parent / "guide" / "logs.md"
KEYS = ["time", "level", "event", "message"]
# Python, a library beneath it, and a bug of ours write on stderr while a command runs.
CHATTER = """
import logging, sys, warnings
import lstm_forecast.commands.runs as runs
from lstm_forecast.cli import main
def chatter(**_):
    warnings.warn("careful")
    logging.getLogger("some.library").error("oh")
    print("half", "a line", file=sys.stderr, end=" and ")
    print("the rest", file=sys.stderr)
    raise ZeroDivisionError("ours")
runs.list_runs = chatter
sys.argv = ["forecast", "--log-format", "json", "runs", "list"]
main()
"""


def objects(stderr: str) -> list[dict[str, Any]]:
    """Every line of stderr, which has to be an object as documented."""
    found = [json.loads(line) for line in stderr.splitlines()]
    for each in found:
        assert list(each)[:4] == KEYS
        moment = datetime.fromisoformat(each["time"])
        assert abs((datetime.now(UTC) - moment).total_seconds()) < 600
        assert re.search(r"\.\d{3}\+00:00$", each["time"])
        assert each["level"] in ("info", "warning", "error")
        assert each["event"] in get_args(Event)
        assert each["message"].strip()
    return found


def test_the_page_on_logs_lists_every_event_with_its_level() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", LOGS.read_text(), re.M)
    assert rows == [(event, LEVELS.get(event, "info")) for event in sorted(get_args(Event))]


def test_every_line_of_every_subcommand_is_an_object_where_asked(workspace: Path) -> None:
    prepare(workspace)
    streams = ("null", "null", "file")
    lines = [
        ["train", "-c", "known.yaml"],
        *([*name.split(), *args] for name, args in SUCCEED.items()),
    ]
    wrong = [[*name.split(), *args] for name, args in FAIL.items()]
    cases = [(streams, ["--log-format", "json", *args]) for args in (*lines, *wrong)]
    found = run_all(cases, workspace)
    for args, (code, stderr) in zip(lines, found, strict=False):
        assert (args, code) == (args, 0), stderr
        assert not {"bug", "failed", "library"} & {each["event"] for each in objects(stderr)}, (
            stderr
        )
    for args, (code, stderr) in zip(wrong, found[len(lines) :], strict=True):
        *_, last = objects(stderr) or [{}]
        if code:
            assert (args, last["event"], last["level"], last["exit_code"]) == (
                args,
                "failed",
                "error",
                code,
            )
    trained = {each["event"]: each for each in objects(found[0][1])}
    assert trained.keys() >= {
        "data",
        "network",
        "memory",
        "epoch",
        "kept",
        "errors",
        "published",
        "next",
    }
    assert (
        trained["data"]["rows"],
        trained["data"]["series"],
        trained["data"]["windows"]["test"],
    ) == (1000, 1, 40)
    assert (trained["epoch"]["epoch"], trained["epoch"]["epochs"], trained["epoch"]["network"]) == (
        2,
        2,
        1,
    )
    assert trained["epoch"]["gap"] == pytest.approx(
        trained["epoch"]["val_loss"] - trained["epoch"]["loss"]
    )
    assert trained["epoch"]["seconds"] > 0
    assert trained["errors"]["errors"]["forecast"]["mae"] > 0
    assert trained["errors"]["skill"].keys() >= {"naive", "ridge"}
    assert Path(trained["published"]["path"]).name == trained["published"]["run"]


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["nosuch"],
        ["--bogus"],
        ["runs"],
        ["train"],
        ["predict", "--horizon", "0"],
        ["predict", "--columns"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_object_on_stderr_and_with_json_one_on_stdout(
    args: list[str], tmp_path: Path, forecast: Forecast
) -> None:
    result = forecast(*args, "--json", cwd=tmp_path, FORECAST_LOG_FORMAT="json")
    (said,) = objects(result.stderr)
    assert (result.returncode, said["event"], said["error"], said["exit_code"]) == (
        2,
        "failed",
        "usage",
        2,
    )
    answer = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert (answer["ok"], answer["exit_code"], answer["error"]) == (False, 2, "usage")
    assert said["message"] == f"usage: {answer['problems'][0]}"


@pytest.mark.parametrize(("group", "command"), [("runs", "verify"), ("config", "schema")])
def test_where_a_command_is_missing_help_lists_them_as_is_said(
    group: str, command: str, tmp_path: Path, forecast: Forecast
) -> None:
    result = forecast("--log-format", "json", group, cwd=tmp_path)
    (said,) = objects(result.stderr)
    assert (result.returncode, said["message"]) == (
        2,
        "usage: expected a command; --help lists them",
    )
    result = forecast("--log-format", "json", group, "--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert f" {command} " in result.stdout


@pytest.mark.parametrize(
    ("args", "value", "as_object"),
    [
        (["runs", "list"], "xml", False),
        (["--log-format", "xml", "runs", "list"], "json", False),
        (["runs", "list", "--log-format", "json"], "", True),
        (["--log-format=json", "--log-format", "x"], "", False),
    ],
)
def test_an_unknown_log_format_is_wrong_usage(
    args: list[str], value: str, as_object: bool, tmp_path: Path, forecast: Forecast
) -> None:
    result = forecast(*args, cwd=tmp_path, FORECAST_LOG_FORMAT=value)
    assert (result.returncode, result.stdout) == (2, "")
    assert "log-format" in (objects(result.stderr)[0]["message"] if as_object else result.stderr)


def test_what_python_libraries_and_bugs_write_is_made_objects_too(trained: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", CHATTER],
        cwd=trained,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    *library, bug = objects(result.stderr)
    assert [each["event"] for each in library] == ["library"] * 3
    assert [each["message"].rpartition(": ")[2] for each in library] == [
        "careful",
        "oh",
        "half a line and the rest",
    ]
    assert (bug["event"], bug["level"], bug["exit_code"]) == ("bug", "error", 1)
    assert bug["message"].startswith("Traceback")
    assert "a bug of ours: ZeroDivisionError: ours" in bug["message"]


def test_what_a_hook_says_is_told_as_its_own_event(grown: Path) -> None:
    hook = "sh -c 'echo careful >&2; exit 3'"
    args = ["--set", "data.path=none.csv", "--on-failure", hook]
    said = objects(invoke("--log-format", "json", "retrain", "-c", "grown.yaml", *args).stderr)
    hooks = [each["message"] for each in said if each["event"] == "hook"]
    assert hooks[0] == "hook: careful"
    assert "exit status 3" in hooks[1]


def test_a_hook_that_leaves_something_running_is_not_waited_for(grown: Path) -> None:
    args = ["--set", "data.path=none.csv", "--on-failure", "sh -c 'sleep 100 & echo started >&2'"]
    started = datetime.now(UTC)
    said = invoke("retrain", "-c", "grown.yaml", *args).stderr
    assert "hook: started" in said
    assert (datetime.now(UTC) - started).total_seconds() < 30


@pytest.mark.parametrize("progress", [False, True])
def test_a_line_break_in_a_name_makes_no_line_of_its_own(
    progress: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = Progress(console=Console(stderr=True, width=200)) if progress else None
    Talk(bars).note("column a\nchampion: promoted\x1b[31m: 3 gaps")
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert said == [r"column a\nchampion: promoted\x1b[31m: 3 gaps"]


def test_figures_that_json_has_no_word_for_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    from lstm_forecast.cli.streams import log_as_json, say

    log_as_json(True)
    try:
        say("warning: diverged", loss=float("nan"), losses={"a": [float("inf"), 1]})
    finally:
        log_as_json(False)
    (said,) = objects(capsys.readouterr().err)
    assert (said["level"], said["message"]) == ("warning", "diverged")
    assert (said["loss"], said["losses"]) == (None, {"a": [None, 1]})


def test_the_next_command_talks_plainly_again(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
