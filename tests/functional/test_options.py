"""What holds for every option of every command, also for those that somebody adds."""

from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from lstm_forecast.cli import app


def commands(
    command: object, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    yield path, command
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))
SINGLE = [
    (path, spelling)
    for path, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option"
    and not (option.multiple or option.is_flag or option.count)
    for spelling in option.opts
]


def test_the_options_of_one_value_were_found() -> None:
    names = {(*path, spelling) for path, spelling in SINGLE}
    assert {
        ("--log-format",),
        ("init", "--horizon"),
        ("runs", "show", "--run"),
        ("config", "show", "-c"),
    } <= names
    assert ("init", "--target") not in names and ("init", "--force") not in names


@pytest.mark.parametrize(
    ("path", "spelling"), SINGLE, ids=lambda part: part if isinstance(part, str) else "_".join(part)
)
def test_an_option_of_one_value_that_is_given_twice_is_a_usage_error(
    path: tuple[str, ...], spelling: str
) -> None:
    result = CliRunner().invoke(app, [*path, spelling, "1", spelling, "1", "nothing.csv"])
    assert result.exit_code == 2
    assert "takes one value, and is given 2 times" in " ".join(result.stderr.split())


def test_the_long_and_the_short_name_of_an_option_are_one() -> None:
    result = CliRunner().invoke(app, ["predict", "--run", "a", "-r", "b"])
    assert result.exit_code == 2
    assert "--run" in result.stderr


def test_flags_and_repeatable_options_may_be_given_again() -> None:
    result = CliRunner().invoke(
        app, ["init", "nothing.csv", "--force", "--force", "--target", "a", "--target", "b"]
    )
    assert result.exit_code == 4
    assert "nothing.csv: no such file" in result.stderr
