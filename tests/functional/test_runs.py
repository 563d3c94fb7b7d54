"""``forecast runs``: what people and scripts are told about published runs."""

import json
import re
import shlex
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.store import FILES, Run, champions, locked, open_run, promote, publish, run_ids
from tests.functional.conftest import Forecast, on_a_terminal, tree
from tests.functional.test_cli import invoke, one_object
from tests.reliability.copies import writers
from tests.reliability.hostile_runs import seal


@pytest.fixture
def home(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``runs/sine`` with its champion, a copy promoted after it, and one kept for study."""
    monkeypatch.chdir(workspace)
    home = workspace / "runs" / "sine"
    first = open_run(home)
    copy = writers({name: first.read(name) for name in FILES})
    with locked(home):
        promote(home, publish(home, copy, facts(first)).run_id)
        judged = {"reason": "the challenger is worse than nothing"}
        publish(home, copy, facts(first) | {"for_study": True, "judged": judged})
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
    assert "1,000 rows in 1 series" in text
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
        publish(home, writers(contents), facts(first))
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
    assert one_object(invoke("runs", "promote", second, "--run", "sine", "--json").stdout)[
        "champion"
    ].endswith(second)
    assert open_run(home).run_id == second


def test_prune_removes_the_oldest_and_says_which(home: Path) -> None:
    with locked(home):
        contents = {name: (home / champions(home)[0] / name).read_bytes() for name in FILES}
        for _ in range(2):
            promote(home, publish(home, writers(contents), {}).run_id)
    first = sorted(path.name for path in home.glob("0*"))[0]
    assert one_object(invoke("runs", "prune", "--run", "sine", "--keep", "4", "--json").stdout)[
        "removed"
    ] == [first]


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
    assert {
        name: content for name, content in tree(home.parent).items() if name != "shops/lock"
    } == {name: content for name, content in before.items() if name != "shops/lock"}


# Beginnings of ids


def test_every_command_that_takes_an_id_takes_its_beginning(home: Path) -> None:
    first, second, third = run_ids(home)
    assert (
        one_object(invoke("runs", "show", "0001", "--run", "sine", "--json").stdout)["path"]
        == f"runs/sine/{first}"
    )
    (checked,) = one_object(invoke("runs", "verify", "0003-", "--run", "sine", "--json").stdout)[
        "runs"
    ]
    assert checked["run"] == third
    assert invoke("runs", "promote", "0001", "--run", "sine").stdout == f"runs/sine/{first}\n"
    assert champions(home) == [first, second]


@pytest.mark.parametrize("command", ["show", "verify", "promote"])
@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        ("0", "several runs begin with 0"),
        ("0009", "no run 0009"),
        ("2", "no run 2"),
        ("", "no run "),
        ("*", "no run"),
    ],
)
def test_a_beginning_of_several_runs_or_of_none_names_the_candidates(
    command: str, beginning: str, said: str, home: Path
) -> None:
    before = champions(home)
    result = invoke("runs", command, beginning, "--run", "sine", "--json")
    assert result.exit_code == 5
    (problem,) = one_object(result.stdout)["problems"]
    assert said in problem
    assert all(run_id in problem for run_id in run_ids(home))
    assert champions(home) == before


# For study


def test_a_run_kept_for_study_is_promoted_only_with_force_and_a_reason_which_is_shown(
    home: Path,
) -> None:
    before, study = champions(home), run_ids(home)[2]
    for options in ([], ["--force"], ["--reason", "it is right"]):
        result = invoke("runs", "promote", "0003", "--run", "sine", *options)
        assert result.exit_code == 2, options
        assert (
            "published for study only: the challenger is worse than nothing; to make it the"
            " champion" in result.stderr
        )
        assert champions(home) == before
    remedy = shlex.split(result.stderr.partition("say why: ")[2])
    assert remedy[-4:] == [f"{home.parent.relative_to(Path.cwd())}", "--force", "--reason", "TEXT"]
    assert invoke(*remedy[1:-1], "it is right\u2026 for spring").stdout == f"runs/sine/{study}\n"
    assert champions(home)[0] == study
    (told,) = one_object(invoke("runs", "show", "--run", "sine", "--json").stdout)["promotions"]
    assert (told["run"], told["reason"]) == (study, "it is right\u2026 for spring")
    page = invoke("runs", "show", "--run", "sine").stdout
    assert page.startswith(f"sine {study}, champion, for study\n")
    assert (
        f"promoted by hand\n  {told['time'][:16].replace('T', ' ')}  it is right\u2026 for spring\n"
        in page
    )


def test_a_run_that_was_good_enough_needs_neither_but_may_have_a_reason(home: Path) -> None:
    assert invoke("runs", "promote", "0001", "--run", "sine", "--reason", "older").exit_code == 0
    assert (
        invoke("runs", "promote", "0001", "--run", "sine", "--reason", "older still").exit_code == 0
    )
    assert re.search(
        r"  older\n.*  older still\n", invoke("runs", "show", "0001", "--run", "sine").stdout
    )
    assert "older" not in invoke("runs", "show", "0002", "--run", "sine").stdout
    assert invoke("runs", "promote", "0002", "--run", "sine", "--force").exit_code == 0


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "\x1b[31m", "x" * 501, "\udcff", "\u202e"])
def test_a_reason_that_is_none_or_would_garble_the_page_is_refused(reason: str, home: Path) -> None:
    before = tree(home)
    result = invoke("runs", "promote", "0003", "--run", "sine", "--force", "--reason", reason)
    assert result.exit_code == 2
    assert "--reason: expected one line of up to 500 characters" in result.stderr
    assert tree(home) == before


# What people see


def longer(home: Path) -> Path:
    """The same runs under the longest name that there may be, with other figures."""
    renamed = home.rename(home.with_name("x" * 64))
    run = renamed / champions(renamed)[0]
    content = json.loads((run / "manifest.json").read_text())
    content |= {
        "name": renamed.name,
        "cutoff": "2024-03-31 23:30:00+02:00",
        "published": "seasonal_naive",
        "columns": ["y" * 90, *"abc" * 9],
    }
    content |= {
        "repairs": {"gaps": 3, "duplicates": 12345},
        "resolved": {"model." + "units" * 12: "words " * 40},
    }
    (run / "manifest.json").write_text(json.dumps(content))
    seal(run)
    return renamed


@pytest.mark.parametrize("lengthened", [False, True])
def test_the_list_and_a_page_fit_80_columns_in_a_pipe_and_on_a_terminal(
    lengthened: bool, home: Path
) -> None:
    home = longer(home) if lengthened else home
    for args in (("runs", "list"), ("runs", "show", "--run", home.name)):
        piped = invoke(*args).stdout
        assert max(map(len, piped.splitlines())) <= 80
        assert on_a_terminal(80, *args) == piped
    listed = invoke("runs", "list")
    assert all(run_id in listed.stdout for run_id in run_ids(home))
    assert "skill" in listed.stdout
    if lengthened:
        assert (
            "columns left out, as they do not fit: published, MASE, cutoff; --json has all"
            in listed.stderr
        )
        wide = on_a_terminal(200, "runs", "list")
        assert home.name in wide
        assert "seasonal_naive" in wide
        assert "2024-03-31 23:30:00+02:00" in wide


def test_a_page_is_rounded_and_says_no_hash_and_no_raw_value(home: Path) -> None:
    longer(home)
    page = invoke("runs", "show", "--run", "x" * 64).stdout
    assert "12,345 duplicates" in page
    assert "published  seasonal naive" in page
    assert "and 18 more" in " ".join(page.split())
    assert not re.search(r"[0-9a-f]{32}|[{}\[\]]|\d\.\d{8}|None|null", page)


def test_control_characters_in_a_manifest_do_not_reach_the_terminal(home: Path) -> None:
    run = home / champions(home)[0]
    content = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(
        json.dumps(content | {"columns": ["a\x1b[31m", "b\nfake  line"]})
    )
    seal(run)
    page = invoke("runs", "show", "--run", "sine").stdout
    assert r"columns  a\x1b[31m, b fake  line" in page.replace("\n", "|")


@pytest.mark.parametrize(
    "wrong", [{"columns": "y"}, {"repairs": {"gaps": "x"}}, {"resolved": [1]}, {"judged": [[]]}]
)
def test_a_manifest_that_tells_something_else_is_damaged(wrong: dict[str, Any], home: Path) -> None:
    run = home / champions(home)[0]
    content = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(content | wrong))
    seal(run)
    result = invoke("runs", "show", "--run", "sine")
    assert result.exit_code == 5
    assert "manifest.json: damaged" in result.stderr


@pytest.mark.parametrize("command", ["list", "verify"])
def test_a_run_that_is_removed_while_it_is_looked_at_is_not_told_to_be_damaged(
    command: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = run_ids(home)

    def pruned(path: Path) -> Run:
        if path.name == first:
            shutil.rmtree(path)
        return open_run(path)

    monkeypatch.setattr("lstm_forecast.commands.runs.open_run", pruned)
    result = invoke("runs", command, "--run", "sine", "--json")
    assert result.exit_code == 0
    assert [run["run"] for run in one_object(result.stdout)["runs"]] == others
