"""What the shell is offered for the values of options: read from the runs and the config's schema,
in a moment.

A completion says nothing of its own: what cannot be read offers nothing, and nothing is written to
stderr.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import typer

from lstm_forecast.errors import ForecastError

__all__ = [
    "cells", "data_keys", "group_columns", "join_words", "keys", "recipe_keys", "run_ids",
    "run_names", "schemas", "series", "topics",
]  # fmt: skip

MOST_OFFERED = 200
MOST_BYTES = 2**22  # of a file that is read while someone waits
MOST_ENTRIES = 10_000  # of a directory that are looked at
PLAIN = re.compile(r"[\w@%+,./][\w@%+=,./-]*")  # what shells take as it stands
_before = ""  # the beginning of the current word that bash keeps to itself, see join_words

Offers = Callable[[typer.Context, str], list[str]]


def join_words(environment: MutableMapping[str, str]) -> None:
    """Put together what bash has cut: ``model.cell=g`` comes as three words, of which only the last
    is completed.
    """
    global _before
    words, place = environment.get("COMP_WORDS", "").split("\n"), environment.get("COMP_CWORD", "")
    if "=" not in words or not place.isdecimal() or int(place) >= len(words):
        return
    joined: list[str] = []
    for word, last in zip(words[: int(place) + 1], ["", *words], strict=False):
        if joined and "=" in (word, last):
            joined[-1] += word
        else:
            joined.append(word)
    if "=" in words[int(place) - 1 : int(place) + 1]:
        whole = joined.pop()
        current = "" if words[int(place)] == "=" else words[int(place)]
        _before = whole.removesuffix(current)
        if whole.startswith("-"):
            option, _, _before = _before.partition("=")
            joined.append(option)
        joined.append(current)
    environment["COMP_WORDS"] = "\n".join(joined)
    environment["COMP_CWORD"] = str(len(joined) - 1)


def _quiet(offers: Callable[[typer.Context, str], Iterable[str]]) -> Offers:
    """A completion that offers what the shell takes as it stands, and nothing where anything goes
    wrong.
    """

    def offered(ctx: typer.Context, incomplete: str) -> list[str]:
        found: list[str] = []
        typed = _before + incomplete
        try:
            for value in offers(ctx, typed):
                if value.startswith(typed) and PLAIN.fullmatch(value):
                    found.append(value.removeprefix(_before))
                if len(found) == MOST_OFFERED:
                    break
        except (
            ForecastError,
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ):
            return []
        return found

    offered.__doc__ = offers.__doc__
    return offered


@_quiet
def run_names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Names in the directory of runs."""
    yield from (home.name for home in _homes(ctx))


@_quiet
def run_ids(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Ids of the runs of the name that was given, or of all, newest first."""
    from lstm_forecast.store import run_ids as ids_in

    for home in _homes(ctx):
        if ctx.params.get("name") in (None, home.name):
            yield from reversed(ids_in(home))


@_quiet
def series(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Series that the champion knows."""
    from lstm_forecast.store import open_run, run_home

    path = open_run(run_home(_runs(ctx), ctx.params.get("name"))).path / "scaler.json"
    if path.is_file() and path.stat().st_size <= MOST_BYTES:
        yield from json.loads(path.read_bytes())["series"]


@_quiet
def group_columns(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Columns of the champion's table that tell series apart, or have one value in each."""
    from lstm_forecast.store import open_run, run_home
    from lstm_forecast.store.documents import read_config

    data = read_config(open_run(run_home(_runs(ctx), ctx.params.get("name")))).data
    yield from (*data.series_columns, *data.covariates.static)


@_quiet
def keys(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Keys of a config with a ``=`` behind them; once that is typed, the possible values."""
    from lstm_forecast.config.schema import Config

    yield from _assignments(Config.model_json_schema(), incomplete)


@_quiet
def data_keys(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Those of the section data."""
    from lstm_forecast.config.schema import Config

    every = _assignments(Config.model_json_schema(), incomplete)
    yield from (each for each in every if each.startswith("data."))


@_quiet
def recipe_keys(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The same of the config of a pretraining."""
    from lstm_forecast.config.pretrain import PretrainConfig

    yield from _assignments(PretrainConfig.model_json_schema(), incomplete)


@_quiet
def schemas(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Names of JSON Schemas."""
    from lstm_forecast.commands.schema import DOCUMENTS

    yield from DOCUMENTS


@_quiet
def cells(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Kinds of cells, also behind a comma."""
    from typing import get_args

    from lstm_forecast.config.network import Cell

    before, comma, _ = incomplete.rpartition(",")
    yield from (
        f"{before}{comma}{cell}" for cell in get_args(Cell) if cell not in before.split(",")
    )


@_quiet
def topics(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Topics of the guide."""
    from lstm_forecast.commands.guide import topics as known

    yield from known()


def _runs(ctx: typer.Context) -> Path:
    return Path(ctx.params.get("runs") or os.environ.get("FORECAST_RUNS") or "runs")


def _homes(ctx: typer.Context) -> list[Path]:
    """Directories of runs, as many as can be looked at in a moment."""
    from itertools import islice

    with os.scandir(_runs(ctx)) as entries:
        found = [Path(entry.path) for entry in islice(entries, MOST_ENTRIES) if entry.is_dir()]
    return sorted(home for home in found if (home / "champion").exists())


def _assignments(schema: Mapping[str, Any], incomplete: str) -> Iterator[str]:
    """Keys with a ``=`` behind them; once that is typed, the possible values."""
    known = dict(_keys(schema, schema["$defs"], ""))
    key, equals, _ = incomplete.partition("=")
    if equals:
        yield from (f"{key}={value}" for value in known[key])
    else:
        yield from (f"{each}=" for each in known)


def _keys(
    section: Mapping[str, Any], parts: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, list[str]]]:
    """Every key of a JSON Schema with its possible values, if they can be counted."""
    for name, field in section["properties"].items():
        inner = parts.get(str(field.get("$ref", "")).rpartition("/")[2])
        if inner is None:
            yield f"{prefix}{name}", list(_values(field))
        else:
            yield from _keys(inner, parts, f"{prefix}{name}.")


def _values(field: Mapping[str, Any]) -> Iterator[str]:
    """What a field may hold where that can be counted; ``anyOf`` may stand in itself."""
    yield from map(str, field.get("enum", ()))
    yield from [str(field["const"])] if "const" in field else []
    yield from ["true", "false"] if field.get("type") == "boolean" else []
    for inner in field.get("anyOf", ()):
        yield from _values(inner)
