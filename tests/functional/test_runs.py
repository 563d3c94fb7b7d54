"""``forecast runs``: what people and scripts are told about published runs."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.store import FILES, Run, champions, locked, open_run, promote, publish
from tests.functional.conftest import Forecast, tree
from tests.functional.test_cli import invoke, one_object


@pytest.fixture
def home(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``runs/sine`` with its champion, a copy that was promoted after it, and one kept for study."""
    monkeypatch.chdir(workspace)
    home = workspace / "runs" / "sine"
    first = open_run(home)
    contents = {name: first.read(name) for name in FILES}
    writers = {name: lambda path: path.write_bytes(contents[path.name]) for name in FILES}
    with locked(home):
        promote(home, publish(home, writers, facts(first)).run_id)
        publish(home, writers, facts(first) | {"for_study": True})
    return home


def facts(run: Run) -> dict[str, Any]:
    return {key: run.manifest[key] for key in ("name", "cutoff", "published", "series", "windows")}


def test_the_list_says_what_there_is_and_how_good_it_was(home: Path) -> None:
    found = one_object(invoke("runs", "list", "--run", "sine", "--json").stdout)["runs"]
    assert [run["champion"] for run in found] == [False, True, False]
    assert [run["state"] for run in found] == ["readable", "readable", "for study"]
    metrics = json.loads(open_run(home).read("metrics.json"))
    assert {run["mae"] for run in found} == {metrics["test"]["errors"]["forecast"]["mae"]}
    lines = invoke("runs", "list").stdout.splitlines()
    assert len(lines) == 1 + 3 + 1  # a header, three of sine, one of shops
    assert all(run["run"] in line for run, line in zip(found, lines[2:], strict=False))


def test_a_damaged_run_is_listed_as_damaged_and_the_others_as_they_are(home: Path) -> None:
    (home / champions(home)[1] / "metrics.json").write_bytes(b"")
    found = one_object(invoke("runs", "list", "--run", "sine", "--json").stdout)["runs"]
    assert [run["state"] for run in found] == ["damaged", "readable", "for study"]


def test_show_tells_where_a_run_comes_from_and_what_its_errors_are(home: Path) -> None:
    shown = one_object(invoke("runs", "show", champions(home)[1], "--run", "sine", "--json").stdout)
    assert shown["manifest"]["rows"] == 1000
    assert shown["metrics"] == json.loads(open_run(home).read("metrics.json"))
    text = invoke("runs", "show", champions(home)[1], "--run", "sine").stdout
    assert "rows: 1000\n" in text
    assert "test errors, 40 windows" in text


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_verify_finds_damage_in_any_file_and_names_it(name: str, home: Path) -> None:
    assert invoke("runs", "verify", "--run", "sine").exit_code == 0
    path = home / champions(home)[1] / name
    path.write_bytes(path.read_bytes()[:-1])
    result = invoke("runs", "verify", "--run", "sine")
    assert result.exit_code == 5
    assert f"{name}: damaged" in result.stderr
    assert "predict goes on without it" in result.stderr
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["damaged", "whole", "whole"]
    assert one_object(invoke("runs", "verify", "--run", "sine", "--json").stdout)["exit_code"] == 5


def test_a_run_forecasts_in_any_process_exactly_what_it_did_when_it_was_published(
    home: Path, forecast: Forecast
) -> None:
    for name in ("sine", "shops"):
        result = forecast("runs", "verify", "--run", name, "--json", cwd=home.parents[1])
        assert {run["difference"] for run in json.loads(result.stdout)["runs"]} == {0.0}


def test_verify_finds_a_whole_run_that_does_not_forecast_what_it_did(home: Path) -> None:
    first = open_run(home)
    contents = {name: first.read(name) for name in FILES}
    contents["scaler.json"] = contents["scaler.json"].replace(b'"scale": ', b'"scale": 1')
    with locked(home):
        writers = {name: lambda path: path.write_bytes(contents[path.name]) for name in FILES}
        publish(home, writers, facts(first))
    result = invoke("runs", "verify", "--run", "sine")
    assert result.exit_code == 5
    assert "forecasts differ by" in result.stderr


def test_switching_back_takes_less_than_a_second_and_changes_what_predict_uses(home: Path) -> None:
    second, first = champions(home)
    started = time.monotonic()
    result = invoke("runs", "rollback", "--run", "sine")
    assert time.monotonic() - started < 1
    assert result.stdout == f"runs/sine/{first}\n"
    assert one_object(invoke("predict", "--run", "sine", "--json").stdout)["run"] == first
    assert one_object(invoke("runs", "promote", second, "--run", "sine", "--json").stdout)["champion"].endswith(second)
    assert open_run(home).run_id == second


def test_prune_removes_the_oldest_and_says_which(home: Path) -> None:
    with locked(home):
        writers = {name: (home / champions(home)[0] / name).read_bytes() for name in FILES}
        for _ in range(2):
            contents = {name: lambda path: path.write_bytes(writers[path.name]) for name in FILES}
            promote(home, publish(home, contents, {}).run_id)
    first = sorted(path.name for path in home.glob("0*"))[0]
    assert one_object(invoke("runs", "prune", "--run", "sine", "--keep", "4", "--json").stdout)["removed"] == [first]


@pytest.mark.parametrize(
    "args",
    [
        ["show", "0009-20260101T000000Z", "--run", "sine"],
        ["promote", "nothing", "--run", "sine"],
        ["verify", "../shops", "--run", "sine"],
        ["list", "--run", "nobody"],
        ["rollback", "--run", "shops"],
        ["show"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_exits_5_and_changes_nothing(args: list[str], home: Path) -> None:
    before = tree(home.parent)
    result = invoke("runs", *args)
    assert result.exit_code == 5
    assert "there are " in result.stderr or "forecast runs list" in result.stderr
    assert {name: content for name, content in tree(home.parent).items() if name != "shops/lock"} == {
        name: content for name, content in before.items() if name != "shops/lock"
    }
