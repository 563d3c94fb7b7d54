"""The pages that people read, taken apart: their blocks of code, commands and links.

A block that is indented by four spaces, or fenced as ``sh``, holds commands, one a line. A comment
``exits with N`` says that a command ends so.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from lstm_forecast.cli import app

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "lstm_forecast" / "guide"
# Those with commands. Every one of them is followed by a test, in the order of its commands.
FOLLOWED = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / folder / "README.md" for folder in ("configs", "data", "tests/benchmarks")),
    *sorted(GUIDE.glob("*.md")),
]
PAGES = [
    *FOLLOWED,
    *(ROOT / name for name in ("CHANGELOG.md", "SECURITY.md", "lstm_forecast/ARCHITECTURE.md")),
]
LANGUAGES = {"sh", "crontab", "yaml", "json", "text", "python", "pycon"}


@dataclass(frozen=True)
class Block:
    """Lines of a page that are code, and where they begin."""

    language: str
    text: str
    line: int


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Every block of code in a page; one that is only indented holds commands."""
    found = re.compile(r"^```(\w*)\n((?:[^\n]*\n)*?)```$|(?<=\n\n)((?: {4}[^\n]*\n)+)", re.M)
    text = page.read_text()
    for block in found.finditer(text):
        language, fenced, indented = block.groups()
        line = text[: block.start()].count("\n") + 1
        if indented is None:
            yield Block(language, fenced, line)
        else:
            yield Block("sh", re.sub(r"^ {4}", "", indented, flags=re.M), line)


def commands(page: Path) -> list[str]:
    """Every line that can be typed, in order."""
    lines = (
        line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()
    )
    return [line for line in lines if line.strip() and not line.startswith("#")]


def inline_commands(page: Path) -> list[str]:
    """What stands between backticks in the text and begins with the name of the program and a
    command.
    """
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    return [
        " ".join(found.split())
        for found in re.findall(r"`((?:forecast|python -m tests\.benchmarks) [^`]+)`", text)
    ]


def expected_code(command: str) -> int:
    """The exit code that a comment tells, or 0."""
    told = re.search(r"# exits with (\d+)", command)
    return int(told[1]) if told else 0


def parsed(command: str) -> None:
    """Raise what the parser does where a subcommand or an option of the command does not exist."""
    name, *words = shlex.split(command.replace("\\|", "|"), comments=True)
    assert name == "forecast"
    group: Any = typer.main.get_command(app)
    while True:
        parser = group.make_parser(group.context_class(group, info_name=name))
        _, rest, _ = parser.parse_args(list(words))
        if not hasattr(group, "commands") or not rest or rest[0].isupper():  # COMMAND
            return
        group, words = group.commands[rest[0]], rest[1:]
