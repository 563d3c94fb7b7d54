"""Documents: frozen dataclasses that are written, read and described by one class."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from lstm_forecast.documents import Answer, Document, described, parsed, plain_values, schema_of


@dataclass(frozen=True)
class Part:
    size: float = field(metadata=described("Size of it, in metres.", least=0))


@dataclass(frozen=True, kw_only=True)
class _First(Document):
    first: str = field(metadata=described("What comes first."))


@dataclass(frozen=True, kw_only=True)
class Thing(Part, _First):
    """A thing."""

    parts: Mapping[str, Part] = field(default_factory=dict, metadata=described("What it is of."))
    owner: str | None = field(default=None, metadata=described("Who.", missing_without="owner"))
    since: int | None = field(default=None, metadata=described("When.", missing_without="owner"))
    sold: bool | None = field(default=None, metadata=described("Whether it was sold."))
    tags: tuple[str, ...] = field(default=(), metadata=described("Words."))


THING = Thing(first="a", size=1.5, parts={"b": Part(0.5)}, tags=("c",))


def test_the_content_is_plain_values_in_the_order_of_the_fields_bases_first() -> None:
    assert list(THING.content()) == ["first", "size", "parts", "sold", "tags"]
    assert THING.content()["parts"] == {"b": {"size": 0.5}}
    assert THING.content()["tags"] == ["c"]
    assert plain_values({"x": (Part(1.0), None)}) == {"x": [{"size": 1.0}, None]}


def test_a_field_is_missing_only_while_the_one_that_it_needs_is_none() -> None:
    assert THING.content()["sold"] is None
    owned = Thing(first="a", size=1.5, owner="d").content()
    assert owned["owner"] == "d"
    assert owned["since"] is None


def test_what_is_read_is_what_was_written_and_unknown_fields_are_left_out() -> None:
    text = '{"first": "a", "size": 1.5, "parts": {"b": {"size": 0.5}}, "tags": ["c"], "new": 1}'
    assert parsed(Thing, text) == THING


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"first": 1, "size": 1}', '{"first": "a", "size": "1"}',
        '{"first": "a", "size": -1}', '{"first": "a", "size": NaN}',
        '{"first": "a", "size": 1, "parts": {"b": {"size": Infinity}}}', "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        parsed(Thing, text)


def test_the_schema_describes_every_field_and_requires_those_that_are_always_written() -> None:
    schema = schema_of(Thing)
    assert set(schema["required"]) == {"first", "size", "parts", "sold", "tags"}
    assert schema["properties"]["size"]["description"] == "Size of it, in metres."
    assert schema["properties"]["size"]["minimum"] == 0
    assert schema["$defs"]["Part"]["required"] == ["size"]


def test_the_schema_has_no_null_where_a_field_is_missing_instead() -> None:
    found = schema_of(Thing)["properties"]
    assert found["owner"]["anyOf"] == [{"type": "string"}]
    assert found["since"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    assert found["sold"]["anyOf"] == [{"type": "boolean"}, {"type": "null"}]


def test_an_answer_is_always_right() -> None:
    assert Answer().content() == {"ok": True}
    with pytest.raises(ValueError, match="ok"):
        parsed(Answer, '{"ok": false}')
