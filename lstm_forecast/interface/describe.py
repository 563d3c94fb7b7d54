"""A call from Python to the config that it asks for: the same document that a file would be."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lstm_forecast.commands.init import name_of
from lstm_forecast.config.loading import Argument, config_of
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import UsageError
from lstm_forecast.interface.arguments import Location
from lstm_forecast.panel.asking.questions import Caller, table_as_asked
from lstm_forecast.tables.source import Frame, Source

__all__ = ["arguments_of", "as_argument", "settled_config"]

CALL = "train()"  # what messages name where no argument says it
UNNAMED = "forecast"  # runs of a frame that nobody gave a name
SHORT_NAMES = {  # and the keys of the config that they stand for
    "horizon": "windows.horizon",
    "target": "data.targets",
    "timestamp": "data.timestamp",
    "series_id": "data.series_id",
}


def settled_config(
    source: Source | None, config: Location | Config | None, arguments: Sequence[Argument]
) -> tuple[Config, Source]:
    """The config to train with, and the table to train on."""
    given = {key for argument in arguments for key, _ in argument.leaves()}
    if source is not None and ("data", "path") in given:
        raise UsageError("data.path is set twice: by the table that is given, and by a key")
    if config is None:
        if source is None:
            raise UsageError(
                "train what? Give a table first, a path or a frame, or a config that names one;"
                " data={...} holds keys of the config"
            )
        base = {"name": _name(source), "windows": {}}
        return table_as_asked(source, arguments, base, caller=Caller(CALL, as_argument))[0], source
    if not isinstance(config, Config | str | os.PathLike):
        raise UsageError(f"config {config!r}: expected the path of a YAML file, or a Config")
    if isinstance(config, Config):
        folder, base = Path(), config.model_dump(mode="json")
        found = config_of(base, arguments, source="config")
    else:
        folder = Path(config).parent
        found = config_of(Path(config), arguments, source=CALL)
    return found, found.data.located(folder) if source is None else source


def _name(source: Source) -> str:
    return UNNAMED if isinstance(source, Frame) else name_of(source)


def as_argument(keys: Mapping[str, object]) -> str:
    """How a call gives keys of the section data."""
    return f"data={dict(keys)!r}"


def arguments_of(given: Mapping[str, Any]) -> list[Argument]:
    """What a call says, as keys of a config; a section without a key sets nothing."""
    return [
        Argument(name, tuple(SHORT_NAMES.get(name, name).split(".")), value)
        for name, value in given.items()
        if (name not in SHORT_NAMES or value is not None)
        and not (isinstance(value, Mapping) and not value)
    ]
