"""Every message that names an option or a key says what helps: it is done here, word for word."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.config.document import dump_values
from lstm_forecast.config.loading import load_config
from lstm_forecast.errors import ForecastError
from lstm_forecast.panel.survey import read_panel
from tests.functional.commands import prepare
from tests.functional.message_texts import Text, texts
from tests.functional.remedies import (
    checks,
    config,
    judging,
    panel,
    parts,
    pictures,
    runs,
    store,
    tables,
    training,
    turned,
)
from tests.functional.remedies.entry import EDITED, OUT, Tried, Typed
from tests.functional.remedies.told import TOLD

TEXTS = list(texts())
TEMPLATES = {each.template for each in TEXTS}
READ = [*tables.TRIED, *turned.TRIED, *panel.TRIED]
ROOMS = (checks, config, judging, parts, pictures, runs, store, training)
TYPED = [entry for room in ROOMS for entry in room.TYPED]
KNOWN = [*(each.text for each in READ), *(each.text for each in TYPED), *TOLD]


def cases(entries: Sequence[Tried] | Sequence[Typed]) -> list[Any]:
    """Every remedy of every entry, by its text."""
    return [
        pytest.param(each, remedy, id=f"{each.text[:50]} {remedy[:25]}")
        for each in entries
        for remedy in each.remedies
    ]


def message_of(entry: Tried | Typed) -> re.Pattern[str]:
    """What finds the message in what is said."""
    forms = {
        ".*?".join(map(re.escape, each.template.split("{}")))
        for each in TEXTS
        if covers(entry.text, each)
    }
    return re.compile("|".join(forms), re.DOTALL)


def covers(known: str, text: Text) -> bool:
    """Whether a text is the ``known`` one, or holds it where that is none by itself."""
    return known == text.template or (known not in TEMPLATES and known in text.template)


def test_every_text_that_names_a_remedy_is_tried_or_is_named_here() -> None:
    open_ones = [each for each in TEXTS if not any(covers(one, each) for one in KNOWN)]
    assert not open_ones, "\n".join(f"{each.place}: {each.template!r}" for each in open_ones)


def test_every_entry_is_of_a_text_that_is_there() -> None:
    gone = [one for one in KNOWN if not any(covers(one, each) for each in TEXTS)]
    assert not gone
    for one in TOLD:
        assert len({each.template for each in TEXTS if covers(one, each)}) == 1, one


def said(tried: Tried, options: list[str], keys: dict[str, object]) -> tuple[int, str]:
    """The exit code and all that is said of the table."""
    if tried.keys is None:
        command = ["init", tried.name, "--force", "--output", "c.yaml", *options]
        result = CliRunner().invoke(app, command)
        return result.exit_code, result.output
    data = {"path": tried.name, "timestamp": "ds", "targets": "y", **keys}
    Path("c.yaml").write_text(dump_values({"name": "c", "data": data, "windows": {"horizon": 2}}))
    try:
        loaded = load_config(Path("c.yaml"), overrides=options[1::2], environment={}).data
        read_panel(loaded, Path(tried.name), memory_limit=None, training=True)
    except ForecastError as error:
        return error.exit_code, str(error)
    return 0, ""


def alternatives(words: str) -> list[list[str]]:
    """The options that words such as ``data.dst: first or last`` mean, one list for each choice."""
    if words.startswith("--"):
        return [shlex.split(words)]
    choices: list[list[str]] = [[]]
    for setting in words.split(" and data."):
        key, value = setting.removeprefix("data.").split(": ", 1)
        values = re.split(r", | or ", value) if re.fullmatch(r"[\w, ]+", value) else [value]
        choices = [[*each, "--set", f"data.{key}={one}"] for each in choices for one in values]
    return choices


@pytest.mark.parametrize(("tried", "remedy"), cases(READ))
def test_what_a_message_says_to_do_makes_it_go(folder: Path, tried: Tried, remedy: str) -> None:
    if callable(tried.files):
        tried.files(folder)
    else:
        content = tried.files if isinstance(tried.files, bytes) else tried.files.encode()
        (folder / tried.name).write_bytes(content)
    message = message_of(tried)
    given = shlex.split(tried.given)
    _, before = said(tried, given, dict(tried.keys or {}))
    assert message.search(before), before
    found = re.search(remedy, before)
    assert found, before
    means = tried.remedies[remedy]
    for old, new in tried.edited.items():
        table = folder / tried.name
        table.write_text(table.read_text().replace(old, new))
    in_place = means in (OUT, EDITED) or means in (tried.keys or {})
    for each in [[]] if in_place else alternatives(means or found[0]):
        options = [*each, *shlex.split(tried.beside)]
        again = given if means == EDITED else []
        code, after = said(tried, [*again, *options], keys_left(tried, means, options))
        assert not message.search(after), (options, after)
        assert (code == 0 and not tried.then) or (tried.then and tried.then in after), after


@pytest.mark.parametrize(("typed", "remedy"), cases(TYPED))
def test_what_a_command_says_to_do_makes_it_go(inside: Path, typed: Typed, remedy: str) -> None:
    prepare(inside)
    if typed.files is not None:
        typed.files(inside)
    message = message_of(typed)
    before = typed_out(typed.command)
    assert message.search(before.output), before.output
    assert re.search(remedy, before.output), before.output
    after = typed_out(typed.remedies[remedy])
    assert not message.search(after.output), after.output
    assert (after.exit_code == 0 and not typed.then) or (
        typed.then and typed.then in after.output
    ), after.output


def typed_out(commands: str) -> Result:
    """What comes of the last of commands that && joins, once the others have succeeded."""
    *first, last = commands.split(" && ")
    for each in first:
        done = CliRunner().invoke(app, shlex.split(each))
        assert done.exit_code == 0, done.output
    return CliRunner().invoke(app, shlex.split(last))


def keys_left(tried: Tried, means: str, options: list[str]) -> dict[str, object]:
    """The keys of the config that stay: not those that are to be left out or are set anew."""
    keys = tried.keys or {}
    anew = {each.partition("=")[0].removeprefix("data.") for each in options}
    return {} if means == OUT else {k: v for k, v in keys.items() if k != means and k not in anew}
