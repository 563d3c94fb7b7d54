"""``forecast guide``: the pages, as they are through a pipe and rendered on a terminal."""

import json
import re
from pathlib import Path

import pytest

import lstm_forecast
from lstm_forecast.commands.guide import topics
from tests.functional.conftest import on_a_terminal
from tests.functional.test_cli import invoke

PAGES = Path(lstm_forecast.__file__).parent / "guide"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("topic", topics())
def test_a_page_comes_through_a_pipe_as_it_is_written(topic: str) -> None:
    page = (PAGES / f"{topic}.md").read_text()
    assert invoke("guide", topic).stdout == page
    told = json.loads(invoke("guide", topic, "--json").stdout)
    assert told == {
        "ok": True,
        "topic": topic,
        "title": page.split("\n")[0].removeprefix("# "),
        "text": page,
    }


@pytest.mark.parametrize("topic", topics())
def test_a_page_begins_with_a_title_and_one_sentence_that_says_what_it_is_for(topic: str) -> None:
    title, purpose, *rest = (PAGES / f"{topic}.md").read_text().split("\n\n")
    assert title.startswith("# ")
    assert "\n" not in title
    assert purpose.count(". ") == 0
    assert purpose.endswith(".")
    assert rest


def test_all_topics_are_listed_with_their_titles() -> None:
    lines = invoke("guide").stdout.splitlines()
    told = json.loads(invoke("guide", "--json").stdout)
    assert (
        [each["topic"] for each in told["topics"]]
        == topics()
        == sorted(path.stem for path in PAGES.iterdir())
    )
    for line, each in zip(lines, told["topics"], strict=True):
        assert line == f"- `{each['topic']}`: {each['title']}. {each['purpose']}"


@pytest.mark.parametrize(
    ("topic", "remedy"),
    [
        ("backtset", "did you mean backtest?"),
        ("Data", "did you mean data?"),
        ("xyzzy", f"there are {topics()[0]}, "),
    ],
)
def test_an_unknown_topic_is_a_usage_error_with_the_nearest_one(topic: str, remedy: str) -> None:
    result = invoke("guide", topic)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no page on '{topic}'; {remedy}" in result.stderr
    assert json.loads(invoke("guide", topic, "--json").stdout)["exit_code"] == 2


@pytest.mark.parametrize("topic", ["../ARCHITECTURE", "/etc/passwd", "data.md", "./data", ""])
def test_a_topic_is_no_path(topic: str) -> None:
    result = invoke("guide", topic)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(("columns", "widest"), [(60, 60), (200, 100)])
def test_a_terminal_gets_the_page_drawn_within_its_width(columns: int, widest: int) -> None:
    told = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
    drawn = on_a_terminal(columns, "guide", "exit-codes", **told)
    assert COLOUR.search(drawn)
    lines = COLOUR.sub("", drawn).splitlines()
    assert max(map(len, lines)) <= widest
    assert any(line.strip() == "Exit codes" for line in lines)
    assert not [line for line in lines if line.startswith(("#", "|", "```"))]
