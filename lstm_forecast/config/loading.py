"""YAML text, ``--set`` options and environment to a Config; every error at once, each with its
place.

Precedence: option > ``FORECAST_*`` environment > file > default.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lstm_forecast.config.document import (
    Document,
    Key,
    config_error,
    dump_values,
    open_section,
    override,
    parse_document,
    received,
)
from lstm_forecast.config.fields import Section
from lstm_forecast.config.pretrain import PretrainConfig
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError
from lstm_forecast.files import read_short

__all__ = [
    "ENVIRONMENT_PREFIX", "MAX_BYTES", "Argument", "assigned", "config_of", "dump_config",
    "load_config", "load_recipe", "override_config", "parse_config",
]  # fmt: skip

Kind = TypeVar("Kind", bound=Section)
ENVIRONMENT_PREFIX = "FORECAST_"
MAX_BYTES = 64 * 1024
# that are told: nobody reads thousands, and to look for what was meant takes its time
MOST_PROBLEMS = 200
OTHER_WORDS = {  # of other forecasting tools, for keys of ours
    **dict.fromkeys(
        ("lookback", "look_back", "seq_len", "input_size", "window_size", "input_chunk_length"),
        "windows.context_length",
    ),
    **dict.fromkeys(
        ("h", "pred_len", "prediction_length", "output_chunk_length", "fh"), "windows.horizon"
    ),
    **dict.fromkeys(("lr",), "training.learning_rate"),
    **dict.fromkeys(("hidden_size", "hidden_dim", "n_units"), "model.units"),
    **dict.fromkeys(("max_epochs", "n_epochs", "max_steps"), "training.epochs"),
    **dict.fromkeys(("time_col", "time_column", "ds", "date_column"), "data.timestamp"),
    **dict.fromkeys(("unique_id", "item_id", "group_ids", "id_column"), "data.series_id"),
    **dict.fromkeys(("exogenous", "exog", "regressors", "past_covariates"), "data.covariates.past"),
}
PLAIN_WORDS = {  # instead of pydantic's, which speak of Python
    "model_type": "expected a section with keys and values",
    "tuple_type": "expected a list, or a single value of its kind",
}


def load_config(
    path: Path, *, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Config:
    """Read the config at ``path``, with ``section.key=value`` overrides on top.

    Raises ConfigError with all problems at once: file:line:column, what was received, what is
    allowed.
    """
    document = _parse_file(path)
    _apply_environment(document, os.environ if environment is None else environment)
    _assign(document, overrides, option="--set")
    return _validated(document, Config)


def load_recipe(path: Path, *, overrides: Sequence[str] = ()) -> PretrainConfig:
    """Read the config of a pretraining at ``path`` in the same way, without the environment, which
    speaks of trainings.

    Raises ConfigError as load_config does.
    """
    document = _parse_file(path)
    _assign(document, overrides, option="--set")
    return _validated(document, PretrainConfig)


@dataclass(frozen=True)
class Argument:
    """What a call from Python sets: one key, or the keys of a section."""

    name: str  # as the caller knows it
    key: tuple[str, ...]
    value: Any

    @property
    def place(self) -> str:
        """What messages call it: an option by its name, of a call the argument."""
        return self.name if self.name.startswith("--") else f"argument {self.name}"

    def leaves(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Every key that is set, with its value as YAML has them."""
        yield from _leaves(self.key, self.value)


def assigned(assignment: str, *, option: str) -> Argument:
    """The argument that an option ``section.key=value`` is, its value in YAML.

    Raises ConfigError where it is none.
    """
    document = Document({}, places={})
    _assign(document, [assignment], option=option)
    if document.problems:
        raise config_error(document.problems)
    key, _, _ = assignment.partition("=")
    names = tuple(key.strip().split("."))
    value: Any = document.values
    for name in names:
        value = value[name]
    return Argument(f"{option} {key.strip()}", names, value)


def config_of(
    base: Path | Mapping[str, Any], arguments: Sequence[Argument], *, source: str
) -> Config:
    """The config in the file ``base``, or of the values there, with the ``arguments`` of a call on
    top.

    Raises ConfigError as load_config does; messages name the argument, or ``source`` for what no
    argument says.
    """
    if isinstance(base, Path):
        document = _parse_file(base)
        _apply_environment(document, os.environ)
    else:
        document = Document({}, places={(): source})
        arguments = [Argument(source, (name,), value) for name, value in base.items()] + [
            *arguments
        ]
    places: dict[tuple[str, ...], str] = {}
    for argument in arguments:
        place = source if argument.name == source else argument.place
        for key, value in argument.leaves():
            if (first := places.get(key, source)) != source:
                problem = f"{'.'.join(key)} is set twice; first by {first}"
                document.problems.append(f"{place}: {problem}")
            elif (section := open_section(document, key, source=place)) is not None:
                section[key[-1]], places[key] = value, place
    return _validated(document, Config)


def _leaves(key: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves((*key, str(name)), inner)
    else:
        yield key, _plain_value(value)


def _plain_value(value: Any) -> Any:
    """A value of Python, NumPy or pandas as YAML has it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, date):
        return str(value)
    return [_plain_value(each) for each in value] if isinstance(value, list | tuple) else value


def override_config(config: Config, assignments: Sequence[str], *, option: str) -> Config:
    """The config with some keys set anew.

    Raises ConfigError as load_config does; messages name the ``option``.
    """
    document = Document(
        config.model_dump(mode="json"), places={(): " ".join([option, *assignments])}
    )
    _assign(document, assignments, option=option)
    return _validated(document, Config)


def parse_config(text: str, *, source: str) -> Config:
    """Read a config from its text.

    Raises ConfigError as load_config does; ``source`` names the text in messages.
    """
    return _validated(parse_document(text, source=source), Config)


def dump_config(config: Config) -> str:
    """The config as YAML, defaults included; ``load_config`` reads it back to an equal one."""
    return dump_values(config.model_dump(mode="json"))


def _apply_environment(document: Document, environment: Mapping[str, str]) -> None:
    for name, value in sorted(environment.items()):
        key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if name.startswith(ENVIRONMENT_PREFIX) and (len(key) > 1 or key[0] in Config.model_fields):
            override(document, key, value, source=f"environment variable {name}")


def _assign(document: Document, assignments: Sequence[str], *, option: str) -> None:
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if equals and name.strip():
            override(document, name.strip().split("."), value, source=f"{option} {name.strip()}")
        else:
            document.problems.append(f"{option} {assignment}: expected section.key=value")


def _parse_file(path: Path) -> Document:
    try:
        content = read_short(path, MAX_BYTES + 1, error=ConfigError)
        if len(content) > MAX_BYTES:
            raise ConfigError(
                f"{path}: larger than {MAX_BYTES // 1024} KiB; a config is a short text"
            )
        return parse_document(content.decode("utf-8"), source=str(path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None


def _validated(document: Document, kind: type[Kind]) -> Kind:
    problems = list(document.problems)
    try:
        config = kind.model_validate(document.values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        if len(details) > MOST_PROBLEMS:
            problems.append(
                f"{document.place(())}: {len(details):,} problems; the first {MOST_PROBLEMS} follow"
            )
        for detail in details[:MOST_PROBLEMS]:
            key = _written(detail["loc"])
            if not any(key[:depth] in document.refused for depth in range(len(key) + 1)):
                text = _describe(key, detail, kind)
                named = key or (
                    _key_named_in(text, document) if detail["type"] == "value_error" else key
                )
                problems.append(f"{document.place(named)}: {text}")
    if problems:
        raise config_error(problems)
    return config


def _written(place: Key) -> Key:
    """The place of a problem, without the kind of what `tune` holds there, which nobody wrote."""
    return (*place[:2], *place[3:]) if place[:1] == ("tune",) else tuple(place)


def _key_named_in(text: str, document: Document) -> Key:
    """The last key that a message about the whole config names, as its place says more than that of
    the config.
    """
    keys = [tuple(word.split(".")) for word in re.findall(r"[a-z_]+(?:\.[a-z_]+)*", text)]
    return next((key for key in reversed(keys) if key in document.places), ())


def _describe(key: Key, detail: Mapping[str, Any], kind: type[Section]) -> str:
    name = ".".join(map(str, key))
    if detail["type"] == "extra_forbidden":
        return f"unknown key {name}{_suggest(key, kind)}"
    if detail["type"] == "missing":
        return f"{name} is missing: {_field_help(key, kind)}"
    message = PLAIN_WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    if not key or (detail["type"] == "value_error" and isinstance(detail["input"], dict)):
        return str(message)
    near = _nearest_value(str(detail["input"]), detail) if detail["type"] == "literal_error" else ""
    return f"{name}: {message[0].lower()}{message[1:]}; received {received(detail['input'])}{near}"


def _nearest_value(wrong: str, detail: Mapping[str, Any]) -> str:
    allowed = re.findall(r"'([^']+)'", detail["ctx"]["expected"])
    near = difflib.get_close_matches(wrong.lower(), allowed, n=1) or [
        word for word in allowed if word in wrong.lower()
    ]
    return f"; did you mean {near[0]}?" if near else ""


def _suggest(key: Key, kind: type[Section]) -> str:
    """The nearest valid key: what other tools call by that word, then in the same section, then
    anywhere.
    """
    section = _section_at(key[:-1], kind)
    wrong = str(key[-1])
    if kind is Config and wrong.lower() in OTHER_WORDS:
        return f"; did you mean {OTHER_WORDS[wrong.lower()]}?"
    here = (
        difflib.get_close_matches(wrong, section.model_fields, n=1, cutoff=0.6) if section else []
    )
    if here:
        return f"; did you mean {'.'.join(map(str, (*key[:-1], here[0])))}?"
    everywhere = {path[-1]: ".".join(path) for path in _all_keys(kind)}
    there = difflib.get_close_matches(wrong, everywhere, n=1, cutoff=0.75)
    if there:
        return f"; did you mean {everywhere[there[0]]}?"
    return f"; allowed here: {', '.join(section.model_fields)}" if section else ""


def _field_help(key: Key, kind: type[Section]) -> str:
    section = _section_at(key[:-1], kind)
    info = section.model_fields.get(str(key[-1])) if section else None
    return (info.description or "required") if info else "required"


def _section_at(key: Key, kind: type[Section]) -> type[BaseModel] | None:
    section: type[BaseModel] = kind
    for name in key:
        info = section.model_fields.get(str(name))
        if info is None or not (
            isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
        ):
            return None
        section = info.annotation
    return section


def _all_keys(section: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, info in section.model_fields.items():
        yield (*prefix, name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _all_keys(info.annotation, (*prefix, name))
