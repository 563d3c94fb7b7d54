"""YAML text to plain values that know the place they came from, and back.

Knows nothing of the keys of a config.
"""

import io
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.scanner import Scanner

from lstm_forecast.errors import ConfigError

__all__ = [
    "Document", "Key", "config_error", "dump_values", "open_section", "override",
    "parse_document", "quote", "received",
]  # fmt: skip

MAX_DEPTH, MOST_TOKENS = 16, 20_000
NULL = "~"  # a sign that is a value of YAML
TAG = "tag:yaml.org,2002:"
# Dates stay text: pandas reads them with the data's own time zone. A value "=" or "<<" is a text
# like any other.
SCALARS = {"null", "bool", "int", "float", "str", "timestamp", "value", "merge"}

Key = tuple[str | int, ...]  # ("model", "units", 0)


@dataclass
class Document:
    """Plain values, and the place in a file, option or environment that each key came from."""

    values: dict[str, Any]
    places: dict[Key, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    # keys whose value is not there because of one of the problems
    refused: set[Key] = field(default_factory=set)

    def refuse(self, key: Key, place: str, problem: str) -> None:
        """Note what is wrong with the value of a key, so that nothing else is said about it."""
        self.problems.append(f"{place}: {problem}")
        self.refused.add(key)

    def place(self, key: Key) -> str:
        """The place of a key, or of the nearest section around it."""
        while key and key not in self.places:
            key = key[:-1]
        return self.places.get(key, "")


def parse_document(text: str, *, source: str) -> Document:
    """The values in a text.

    Raises ConfigError if it is not YAML, or not one mapping; ``source`` names the text.
    """
    document = Document({})
    root = _compose(text, source=source, problems=document.problems)
    if document.problems:
        raise config_error(document.problems)
    if not isinstance(root, MappingNode):
        raise ConfigError(
            f"{source}: expected sections such as data: and windows:, received"
            f" {received(text[:40])}"
        )
    document.values = _plain(root, (), document, source)
    return document


def override(document: Document, key: Sequence[str], text: str, *, source: str) -> None:
    """Set one key to a YAML value, making the sections on the way.

    A bare sign, as in ``decimal=,``, and a format that begins with a percent sign, are taken as
    they are: in YAML the one is mostly no value, and the other never.
    """
    problems_before = len(document.problems)
    bare = text.startswith("%") or (len(text) == 1 and text != NULL and not text.isalnum())
    node = _compose(quote(text) if bare else text, source=source, problems=document.problems)
    if len(document.problems) > problems_before:
        return
    section = open_section(document, key, source=source)
    if section is not None:
        section[key[-1]] = None if node is None else _plain(node, tuple(key), document, source)


def open_section(document: Document, key: Sequence[str], *, source: str) -> dict[str, Any] | None:
    """The section in which ``source`` sets a key anew, with the sections on the way; None, with a
    problem noted, where one of these is a value.
    """
    section = document.values
    for depth, name in enumerate(key[:-1], start=1):
        inner = section.get(name)
        if not isinstance(inner, dict | None):
            where = document.place(tuple(key[:depth]))
            problem = (
                f"{'.'.join(key[:depth])} is not a section: it is {received(inner)} at {where}"
            )
            document.refuse(tuple(key[:depth]), source, problem)
            return None
        document.places.setdefault(tuple(key[:depth]), source)
        section[name] = section = inner or {}
    for replaced in [known for known in document.places if known[: len(key)] == tuple(key)]:
        del document.places[replaced]
    document.places[tuple(key)] = source
    return section


def dump_values(values: Mapping[str, Any]) -> str:
    """The values as YAML text; ``parse_document`` reads it back to equal ones."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.width = 2**31  # ruamel.yaml loses spaces where it breaks lines
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    yaml.dump(values, stream)
    return stream.getvalue()


def quote(value: Any) -> str:
    """A value as JSON, which is YAML, with escapes for what YAML does not allow as it is."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)


def config_error(problems: Sequence[str]) -> ConfigError:
    """All problems as one error.

    Control characters are shown, not obeyed: a key can hold any that YAML can escape.
    """
    return ConfigError(
        *("".join(c if c.isprintable() else repr(c)[1:-1] for c in text) for text in problems)
    )


def received(value: Any) -> str:
    """A value as messages show it."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class _Representer(SafeRepresenter):
    """Quotes every text that is not a plain word: ruamel.yaml leaves some bare that it cannot read
    back.
    """

    def text(self, text: str) -> ScalarNode:
        """The node of a text."""
        plain = re.fullmatch(r"(\.{0,2}/)*[A-Za-z_][\w./-]*", text, re.ASCII)
        return self.represent_scalar(f"{TAG}str", text, style=None if plain else '"')


_Representer.add_representer(str, _Representer.text)


class _Scanner(Scanner):
    """Stops at what is no config, where the parser would go on for a second.

    It tries each of a thousand brackets as the beginning of a key before it finds them nested too
    deep.
    """

    fetched = 0

    def fetch_more_tokens(self) -> Any:
        """One more sign, key or value."""
        self.fetched += 1
        if self.fetched > MOST_TOKENS:
            raise MarkedYAMLError(
                problem="more values than a config has", problem_mark=self.reader.get_mark()
            )
        return super().fetch_more_tokens()

    def fetch_flow_collection_start(
        self,
        TokenClass: Any,  # noqa: N803  its name there
        to_push: str,
    ) -> None:
        """A bracket opens."""
        if len(self.flow_context) + len(self.indents) >= MAX_DEPTH:
            raise MaxDepthExceededError(problem_mark=self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


def _compose(text: str, *, source: str, problems: list[str]) -> Node | None:
    """Parse YAML to nodes; what is wrong with it becomes a problem."""
    try:
        return _nodes(text)
    except MaxDepthExceededError as error:
        place = _at(source, error.problem_mark)
        problems.append(f"{place}: nested deeper than {MAX_DEPTH} levels")
    except ReaderError as error:
        before = text[: error.position].split("\n")
        place = f"{source}:{len(before)}:{len(before[-1]) + 1}"
        problems.append(
            f"{place}: not valid YAML: the character {chr(error.character)!r} is not allowed"
        )
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _at(source, mark) if mark else source
        problems.append(f"{place}: not valid YAML: {error.problem or error.context}")
    except (YAMLError, ValueError, RecursionError) as error:
        problems.append(
            f"{source}: not valid YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}"
        )
    return None


@lru_cache(maxsize=16)  # a config is read once it is written, and again by each call
def _nodes(text: str) -> Node | None:
    """Parse YAML 1.2 (``NO`` is a text, ``1e-3`` a number) to nodes that know their place."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    yaml.max_depth = MAX_DEPTH
    # anchors are refused anyway
    with warnings.catch_warnings(action="ignore", category=ReusedAnchorWarning):
        return yaml.compose(text)  # type: ignore[no-any-return]


def _at(source: str, mark: Any) -> str:
    """The place of a mark of ruamel.yaml's, which counts lines and columns from 0."""
    return f"{source}:{mark.line + 1}:{mark.column + 1}"


def _plain(node: Node, key: Key, document: Document, source: str) -> Any:
    """Nodes to dicts, lists and scalars; anchors, tags, duplicate keys and deep nesting become
    problems.
    """
    place = _at(source, node.start_mark)
    document.places.setdefault(key, place)
    kind = str(node.tag).removeprefix(TAG)
    if node.anchor is not None:
        document.refuse(key, place, "anchors and aliases are not allowed; write the value out")
    elif isinstance(node, MappingNode) and kind == "map":
        return _plain_mapping(node, key, document, source)
    elif isinstance(node, SequenceNode) and kind == "seq":
        return [
            _plain(item, (*key, index), document, source) for index, item in enumerate(node.value)
        ]
    elif isinstance(node, ScalarNode) and kind in SCALARS:
        return _plain_scalar(kind, node.value)
    else:
        document.refuse(key, place, f"the tag {node.tag} is not allowed")
    return None


def _plain_mapping(node: MappingNode, key: Key, document: Document, source: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name_node, value_node in node.value:
        place = _at(source, name_node.start_mark)
        name = name_node.value
        if not isinstance(name_node, ScalarNode):
            document.problems.append(f"{place}: expected a key, received a list or a section")
        elif str(name_node.tag) == f"{TAG}merge":
            document.problems.append(f"{place}: merge keys are not allowed; write the values out")
        elif str(name_node.tag).removeprefix(TAG) not in SCALARS:
            document.problems.append(f"{place}: the tag {name_node.tag} is not allowed")
        elif name in values:
            document.problems.append(
                f"{place}: {name} is set twice; first at {document.place((*key, name))}"
            )
        else:
            document.places[(*key, name)] = place
            values[name] = _plain(value_node, (*key, name), document, source)
    return values


def _plain_scalar(kind: str, text: str) -> Any:
    """The value of a scalar; what does not look like its kind, or is a YAML 1.1 boolean such as
    ``no``, stays text.
    """
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
