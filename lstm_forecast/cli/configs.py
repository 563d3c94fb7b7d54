"""Looks at configs and formats: ``config show``, ``config schema`` and ``schema``."""

import json
from typing import Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.alignment import aligned
from lstm_forecast.cli.options import AsJson, ConfigFile, Overrides
from lstm_forecast.cli.terminal import emit_json, reported

__all__ = ["config_schema", "schema", "show"]


@reported
def show(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print a config with overrides, environment and defaults filled in."""
    from lstm_forecast.commands.config import show as run
    from lstm_forecast.config.loading import dump_config

    loaded = run(config, overrides=overrides or ())
    if as_json:
        from lstm_forecast.config.answers import ConfigShown

        emit_json(ConfigShown(config=loaded.model_dump(mode="json")))
    else:
        print(dump_config(loaded), end="")


@reported
def config_schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema of configs."""
    _print_schema("config", as_json=as_json)


@reported
def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            help="What is described; all names are listed without one.",
            show_default=False,
            autocompletion=completion.schemas,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of a file, or of what a subcommand prints with --json."""
    if name is not None:
        _print_schema(name, as_json=as_json)
        return
    from lstm_forecast.commands.schema import DOCUMENTS
    from lstm_forecast.config.answers import SchemaNames

    if as_json:
        emit_json(SchemaNames(schemas=DOCUMENTS))
    else:
        print(aligned(list(DOCUMENTS.items()), left=2))


def _print_schema(name: str, *, as_json: bool) -> None:
    from lstm_forecast.commands.schema import find_schema
    from lstm_forecast.config.answers import SchemaShown

    found = find_schema(name)
    if as_json:
        emit_json(SchemaShown(schema=found))
    else:
        print(json.dumps(found, indent=2))
