"""What is written to disk or shown as JSON: one frozen dataclass each for writing, reading and its
published JSON Schema.

A class lives in the room of its concept. Its fields say what they hold with ``described``; nothing
here imports pydantic before a document is read or its schema is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

__all__ = ["Answer", "Document", "described", "parsed", "plain_values", "schema_of"]

MISSING_WITHOUT = "missing_without"
OPTIONAL = "optional"  # marks a property in a schema that is being made: what it needs
Kind = TypeVar("Kind")


def described(
    description: str, *, missing_without: str | None = None, least: float | None = None
) -> Mapping[str, object]:
    """What the schema says of a field, as the ``metadata`` of ``dataclasses.field``.

    A figure has a unit in its ``description``, and may have a ``least`` value. The field is not in
    the document while the field called ``missing_without``, often itself, is None.
    """
    told: dict[str, object] = {"description": description}
    if least is not None:
        told["ge"] = least
    if missing_without is not None:
        told |= {MISSING_WITHOUT: missing_without, "json_schema_extra": {OPTIONAL: missing_without}}
    return told


@dataclass(frozen=True, kw_only=True)
class Document:
    """Values that become a JSON object, in the order of the fields.

    Reading is strict: no text counts as a number, and no figure is infinite or not a number.
    Fields that came later have defaults, and what is not a field is left out.
    """

    __pydantic_config__: ClassVar["ConfigDict"] = {"strict": True, "allow_inf_nan": False}

    def content(self) -> dict[str, object]:
        """The document as plain values: what ``json.dumps`` takes."""
        return _fields(self)


@dataclass(frozen=True, kw_only=True)
class Answer(Document):
    """What a subcommand prints with ``--json`` where it succeeds."""

    ok: Literal[True] = True


def plain_values(value: object) -> object:
    """Dataclasses as mappings, whatever they stand in, and tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Mapping):
        return {key: plain_values(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(each) for each in value]
    return value


def _fields(value: object) -> dict[str, object]:
    kind: Any = type(value)
    return {
        name: plain_values(getattr(value, name))
        for name, needed in _names(kind)
        if needed is None or getattr(value, needed) is not None
    }


@cache
def _names(kind: Any) -> tuple[tuple[str, str | None], ...]:
    """The fields of a dataclass, each with the one that it is missing without."""
    return tuple((field.name, field.metadata.get(MISSING_WITHOUT)) for field in fields(kind))


def parsed(kind: type[Kind], content: bytes | str) -> Kind:
    """The document of that kind in a JSON text. Raises ValueError where it is none."""
    wanted: Any = kind
    adapter: TypeAdapter[Kind] = _adapter(wanted)
    return adapter.validate_json(content)


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of documents of that kind as they are written, or of several between bars."""
    schema = _adapter(kind).json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        if properties := part.get("properties"):
            part["required"] = [name for name, each in properties.items() if OPTIONAL not in each]
            for name, each in properties.items():
                if each.pop(OPTIONAL, None) == name and "anyOf" in each:
                    each["anyOf"] = [kind for kind in each["anyOf"] if kind != {"type": "null"}]
                each.pop("default", None)  # of documents that are older than a field
    return schema


@cache
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
