"""A call from Python to the config that it asks for: the same document that a file would be."""

import os
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from lstm_forecast.commands.init import name_of, question_lines
from lstm_forecast.config.loading import Argument, config_of
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.interface.run import Location
from lstm_forecast.panel.settle import Question, settle
from lstm_forecast.tables.first_look import first_look
from lstm_forecast.tables.source import Frame, Source

__all__ = ["settled_config"]

CALL = "train()"  # what messages name where no argument says it
UNNAMED = "forecast"  # runs of a frame that nobody gave a name
# stand in for columns that are found later, while the other keys are checked
OPEN = {"timestamp": "(the time)", "targets": ["(the target)"]}


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
        return _described(source, arguments, given), source
    if not isinstance(config, Config | str | os.PathLike):
        raise UsageError(f"config {config!r}: expected the path of a YAML file, or a Config")
    if isinstance(config, Config):
        folder, base = Path(), config.model_dump(mode="json")
        found = config_of(base, arguments, source="config")
    else:
        folder = Path(config).parent
        found = config_of(Path(config), arguments, source=CALL)
    return found, found.data.located(folder) if source is None else source


def _described(
    source: Source, arguments: Sequence[Argument], given: Set[tuple[str, ...]]
) -> Config:
    """The config for a table that nobody has described, as ``forecast init`` would write it.

    Raises ConfigError for wrong keys before the table is read, DataError for what has to be chosen.
    """
    path = None if isinstance(source, Frame) else str(source)
    base: dict[str, Any] = {"name": _name(source), "data": {"path": path}, "windows": {}}
    asked = config_of({**base, "data": {"path": path, **OPEN}}, arguments, source=CALL).data
    look = first_look(
        source,
        timestamp=asked.stamp_columns if ("data", "timestamp") in given else (),
        timestamp_format=asked.timestamp_format,
        series_id=asked.series_id,
        targets=asked.targets if ("data", "targets") in given else (),
    )
    found = look.data.model_copy(update={"path": path, "sentinels": ()}).model_dump(mode="json")
    known = config_of({**base, "data": found}, arguments, source=CALL).data
    words = (*known.sentinels, *look.data.sentinels)
    settled = settle(
        replace(
            look,
            data=known.model_copy(update={"sentinels": words}),
            harmless=(*look.harmless, *known.sentinels),
            doubtful={} if ("data", "sentinels") in given else look.doubtful,
        ),
        source,
    )
    if settled.questions:
        raise DataError(*map(_asked, settled.questions))
    base["data"] = settled.data.model_dump(mode="json")
    return config_of(base, arguments, source=CALL)


def _name(source: Source) -> str:
    return UNNAMED if isinstance(source, Frame) else name_of(source)


def _asked(question: Question) -> str:
    """What the table leaves open, the answers there are, and how one is given."""
    first, *others = question_lines(question, section="data.")
    keys = next((dict(choice.keys) for choice in question.choices if choice.keys), None)
    how = "" if keys is None else f"; choose, for example with data={keys!r}"
    return "\n".join([first + how, *others])
