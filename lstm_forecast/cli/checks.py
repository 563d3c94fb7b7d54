"""A look at a table before anything is trained on it: ``check``."""

from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.cli.options import AsJson, Overrides
from lstm_forecast.cli.terminal import emit_json, listening, plain, reported
from lstm_forecast.cli.text import inspection_text
from lstm_forecast.errors import UsageError
from lstm_forecast.files import given_path

__all__ = ["check"]


@reported
def check(
    data: Annotated[
        Path | None,
        typer.Argument(
            parser=given_path,
            metavar="DATA",
            help="File, directory or glob of files; - is stdin.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="YAML config with columns and policies.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Report what is wrong or worth knowing in DATA, or in the data of a config; exit code 4 if
    training refuses it.
    """
    from lstm_forecast.config.loading import assigned, load_config

    loaded = None if config is None else load_config(config, overrides=overrides or ())
    path = (
        loaded.data.located(config.parent)
        if data is None and config is not None and loaded is not None
        else data
    )
    if data is not None and config is None and data.suffix.lower() in (".yaml", ".yml"):
        raise UsageError(f"{data}: is a config by its name; check it with --config {data}")
    if path is None:
        raise UsageError("check what? Name a table, or a config with --config")
    with listening():
        from lstm_forecast.commands.check import check as run

        settings = [assigned(each, option="--set") for each in overrides or ()]
        found = run(path, config=loaded, settings=settings)
    if as_json:
        emit_json(found)
    else:
        print(plain(inspection_text(found)))
    raise typer.Exit(found.exit_code)
