"""YAML text, ``--set`` options and environment to a Config; every error at once, each with its place.

Precedence: option > ``FORECAST_*`` environment > file > default.
"""

import difflib
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError

__all__ = ["ENVIRONMENT_PREFIX", "dump_config", "load_config", "parse_config"]

ENVIRONMENT_PREFIX = "FORECAST_"
MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
TAG = "tag:yaml.org,2002:"
# Dates stay text: pandas reads them with the data's own time zone. A value "=" or "<<" is a text like any other.
SCALARS = {"null", "bool", "int", "float", "str", "timestamp", "value", "merge"}
PLAIN_WORDS = {  # instead of pydantic's, which speak of Python
    "model_type": "expected a section with keys and values",
    "tuple_type": "expected a list, or a single value of its kind",
}

Key = tuple[str | int, ...]  # ("model", "units", 0)


@dataclass
class _Document:
    """Plain values, and the place in a file, an option or the environment that each key came from."""

    values: dict[str, Any]
    places: dict[Key, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    refused: set[Key] = field(default_factory=set)  # keys whose value is not there because of one of the problems

    def refuse(self, key: Key, place: str, problem: str) -> None:
        """Note what is wrong with the value of a key, so that nothing else is said about it."""
        self.problems.append(f"{place}: {problem}")
        self.refused.add(key)

    def place(self, key: Key) -> str:
        """The place of a key, or of the nearest section around it."""
        while key and key not in self.places:
            key = key[:-1]
        return self.places.get(key, "")


def load_config(path: Path, *, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Config:
    """Read the config at ``path``, with ``section.key=value`` overrides on top.

    Raises ConfigError with all problems at once: file:line:column, what was received, what is allowed.
    """
    document = _parse_file(path)
    for name, value in sorted((os.environ if environment is None else environment).items()):
        key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if name.startswith(ENVIRONMENT_PREFIX) and (len(key) > 1 or key[0] in Config.model_fields):
            _override(document, key, value, source=f"environment variable {name}")
    for assignment in overrides:
        name, equals, value = assignment.partition("=")
        if equals and name.strip():
            _override(document, name.strip().split("."), value, source=f"--set {name.strip()}")
        else:
            document.problems.append(f"--set {assignment}: expected section.key=value")
    return _validated(document)


def parse_config(text: str, *, source: str) -> Config:
    """Read a config from its text. Raises ConfigError as load_config does; ``source`` names the text in messages."""
    return _validated(_parse(text, source))


def dump_config(config: Config) -> str:
    """The config as YAML, defaults included; ``load_config`` reads it back to an equal one."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = None
    yaml.width = 110
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    yaml.dump(config.model_dump(mode="json"), stream)
    return stream.getvalue()


class _Representer(SafeRepresenter):  # type: ignore[misc]
    """Quotes every text that is not a plain word: ruamel.yaml leaves some bare that it cannot read back."""

    def text(self, text: str) -> ScalarNode:
        """The node of a text."""
        return self.represent_scalar(
            f"{TAG}str", text, style=None if re.fullmatch(r"[A-Za-z_][\w./-]*", text, re.A) else '"'
        )


_Representer.add_representer(str, _Representer.text)


def _parse_file(path: Path) -> _Document:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB; a config is a short text")
        return _parse(content.decode("utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None


def _parse(text: str, source: str) -> _Document:
    document = _Document({})
    root = _compose(text, source=source, problems=document.problems)
    if document.problems:
        raise _config_error(document.problems)
    if not isinstance(root, MappingNode):
        raise ConfigError(f"{source}: expected sections such as data: and windows:, received {_received(text[:40])}")
    document.values = _plain(root, (), document, source)
    return document


def _compose(text: str, *, source: str, problems: list[str]) -> Node | None:
    """Parse YAML 1.2 (``NO`` is a text, ``1e-3`` a number) to nodes that know their place."""
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = MAX_DEPTH
    try:
        return yaml.compose(text)  # type: ignore[no-any-return]
    except MaxDepthExceededError as error:
        mark = error.problem_mark
        problems.append(f"{source}:{mark.line + 1}:{mark.column + 1}: nested deeper than {MAX_DEPTH} levels")
    except ReaderError as error:
        before = text[: error.position].split("\n")
        place = f"{source}:{len(before)}:{len(before[-1]) + 1}"
        problems.append(f"{place}: not valid YAML: the character {chr(error.character)!r} is not allowed")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        problems.append(f"{place}: not valid YAML: {error.problem or error.context}")
    except (YAMLError, ValueError, RecursionError) as error:
        problems.append(f"{source}: not valid YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}")
    return None


def _plain(node: Node, key: Key, document: _Document, source: str) -> Any:
    """Nodes to dicts, lists and scalars; anchors, tags, duplicate keys and deep nesting become problems."""
    place = f"{source}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
    document.places.setdefault(key, place)
    kind = str(node.tag).removeprefix(TAG)
    if node.anchor is not None:
        document.refuse(key, place, "anchors and aliases are not allowed; write the value out")
    elif isinstance(node, MappingNode) and kind == "map":
        return _plain_mapping(node, key, document, source)
    elif isinstance(node, SequenceNode) and kind == "seq":
        return [_plain(item, (*key, index), document, source) for index, item in enumerate(node.value)]
    elif isinstance(node, ScalarNode) and kind in SCALARS:
        return _plain_scalar(kind, node.value)
    else:
        document.refuse(key, place, f"the tag {node.tag} is not allowed")
    return None


def _plain_mapping(node: MappingNode, key: Key, document: _Document, source: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name_node, value_node in node.value:
        place = f"{source}:{name_node.start_mark.line + 1}:{name_node.start_mark.column + 1}"
        name = name_node.value
        if not isinstance(name_node, ScalarNode):
            document.problems.append(f"{place}: expected a key, received a list or a section")
        elif str(name_node.tag) == f"{TAG}merge":
            document.problems.append(f"{place}: merge keys are not allowed; write the values out")
        elif str(name_node.tag).removeprefix(TAG) not in SCALARS:
            document.problems.append(f"{place}: the tag {name_node.tag} is not allowed")
        elif name in values:
            document.problems.append(f"{place}: {name} is set twice; first at {document.place((*key, name))}")
        else:
            document.places[(*key, name)] = place
            values[name] = _plain(value_node, (*key, name), document, source)
    return values


def _plain_scalar(kind: str, text: str) -> Any:
    """The value of a scalar; what does not look like its kind, or is a YAML 1.1 boolean such as ``no``, stays text."""
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}.get(text.lower(), text)
            case "int":
                return int(text.replace("_", ""), 0) if text.lstrip("+-0") else 0
            case "float":
                return float(text.replace("_", ""))
    except ValueError:
        pass
    return text


def _override(document: _Document, key: Sequence[str], text: str, *, source: str) -> None:
    """Set one key to a YAML value, making the sections on the way."""
    problems_before = len(document.problems)
    node = _compose(text, source=source, problems=document.problems)
    if len(document.problems) > problems_before:
        return
    section = document.values
    for depth, name in enumerate(key[:-1], start=1):
        inner = section.get(name)
        if not isinstance(inner, dict | None):
            where = document.place(tuple(key[:depth]))
            problem = f"{'.'.join(key[:depth])} is not a section: it is {_received(inner)} at {where}"
            document.refuse(tuple(key[:depth]), source, problem)
            return
        document.places.setdefault(tuple(key[:depth]), source)
        section[name] = section = inner or {}
    for replaced in [known for known in document.places if known[: len(key)] == tuple(key)]:
        del document.places[replaced]
    document.places[tuple(key)] = source
    section[key[-1]] = None if node is None else _plain(node, tuple(key), document, source)


def _validated(document: _Document) -> Config:
    problems = list(document.problems)
    try:
        config = Config.model_validate(document.values)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            key = tuple(detail["loc"])
            if not any(key[:depth] in document.refused for depth in range(len(key) + 1)):
                text = _describe(key, detail)
                named = key or (_key_named_in(text, document) if detail["type"] == "value_error" else key)
                problems.append(f"{document.place(named)}: {text}")
    if problems:
        raise _config_error(problems)
    return config


def _config_error(problems: Sequence[str]) -> ConfigError:
    """Control characters are shown, not obeyed: a key can hold any that YAML can escape."""
    return ConfigError(*("".join(c if c.isprintable() else repr(c)[1:-1] for c in text) for text in problems))


def _key_named_in(text: str, document: _Document) -> Key:
    """The last key that a message about the whole config names, as its place says more than that of the config."""
    keys = [tuple(word.split(".")) for word in re.findall(r"[a-z_]+(?:\.[a-z_]+)*", text)]
    return next((key for key in reversed(keys) if key in document.places), ())


def _describe(key: Key, detail: Mapping[str, Any]) -> str:
    name = ".".join(map(str, key))
    if detail["type"] == "extra_forbidden":
        return f"unknown key {name}{_suggest(key)}"
    if detail["type"] == "missing":
        return f"{name} is missing: {_field_help(key)}"
    message = PLAIN_WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    if not key or (detail["type"] == "value_error" and isinstance(detail["input"], dict)):
        return str(message)
    near = _nearest_value(str(detail["input"]), detail) if detail["type"] == "literal_error" else ""
    return f"{name}: {message[0].lower()}{message[1:]}; received {_received(detail['input'])}{near}"


def _nearest_value(wrong: str, detail: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(wrong.lower(), re.findall(r"'([^']+)'", detail["ctx"]["expected"]), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _received(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _suggest(key: Key) -> str:
    """The nearest valid key: in the same section first, then anywhere."""
    section = _section_at(key[:-1])
    wrong = str(key[-1])
    here = difflib.get_close_matches(wrong, section.model_fields, n=1, cutoff=0.6) if section else []
    if here:
        return f"; did you mean {'.'.join(map(str, (*key[:-1], here[0])))}?"
    everywhere = {path[-1]: ".".join(path) for path in _all_keys(Config)}
    there = difflib.get_close_matches(wrong, everywhere, n=1, cutoff=0.75)
    if there:
        return f"; did you mean {everywhere[there[0]]}?"
    return f"; allowed here: {', '.join(section.model_fields)}" if section else ""


def _field_help(key: Key) -> str:
    section = _section_at(key[:-1])
    info = section.model_fields.get(str(key[-1])) if section else None
    return (info.description or "required") if info else "required"


def _section_at(key: Key) -> type[BaseModel] | None:
    section: type[BaseModel] = Config
    for name in key:
        info = section.model_fields.get(str(name))
        if info is None or not (isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)):
            return None
        section = info.annotation
    return section


def _all_keys(section: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, info in section.model_fields.items():
        yield (*prefix, name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _all_keys(info.annotation, (*prefix, name))
