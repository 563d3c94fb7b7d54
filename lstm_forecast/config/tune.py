"""The config's section about ``forecast tune``: which keys are tried, and which values of them."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from lstm_forecast.config.fields import Section

__all__ = ["Range", "Space", "Tried", "is_whole", "require_tunable"]

Value = bool | int | float | str | None | tuple[int, ...]
# editors need not know the kinds of all keys
VALUES = {"type": ["boolean", "number", "string", "null", "array"]}
Choices = Annotated[
    tuple[Value, ...],
    Field(min_length=1),
    WithJsonSchema({"type": "array", "minItems": 1, "items": VALUES}),
]

TUNABLE = ("preprocessing", "windows", "model", "training")
# Trials are judged alike by medians of the same windows, and in the same memory.
HELD = (
    "windows.horizon",
    "windows.evaluation_stride",
    "windows.season_length",
    "model.levels",
    "model.calibration",
    "training.memory_limit",
    "training.refit",
)


class Range(Section):
    """All numbers between two, both included."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _has_numbers(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError(f"log: true needs low ({self.low:g}) to be above 0")
        return self


def _kind(value: object) -> str:
    return "range" if isinstance(value, Mapping | Range) else "values"


Tried = Annotated[
    Annotated[Choices, Tag("values")] | Annotated[Range, Tag("range")], Discriminator(_kind)
]
Space = Mapping[str, Tried]


def require_tunable(key: str, values: Tried, sections: Mapping[str, Any]) -> None:
    """Raise ValueError where a key may not be tried, or a value is none of its kind.

    ``sections`` are those of the config that were sound.
    """
    section, _, name = key.partition(".")
    if section not in TUNABLE or key in HELD:
        raise ValueError(
            f"tune: {key} cannot be tuned, as trials have to be judged alike: the keys of"
            f" {', '.join(TUNABLE)} can, but for {', '.join(HELD)}"
        )
    owner = sections.get(section)
    if owner is None:  # its own problems are told
        return
    if name not in type(owner).model_fields:
        near = difflib.get_close_matches(name, type(owner).model_fields, n=1)
        meant = f"; did you mean {section}.{near[0]}?" if near else ""
        raise ValueError(f"tune: unknown key {key}{meant}")
    ends = map(_shortest, (values.low, values.high)) if isinstance(values, Range) else values
    for value in ends:
        for problem in _problems(owner, name, value):
            raise ValueError(f"tune: {key}: {value}: {problem}")


def is_whole(owner: BaseModel, name: str, values: Range) -> bool:
    """Whether only whole numbers of a range can be values of a key."""
    return any(_problems(owner, name, values.low + 0.5))


def _shortest(number: float) -> int | float:
    """The whole number that it is, if it is one."""
    return int(number) if number.is_integer() else number


def _problems(owner: BaseModel, name: str, value: object) -> Iterator[str]:
    """What is wrong with the value of one key, whatever stands beside it."""
    try:
        type(owner).model_validate({**owner.model_dump(), name: value})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["loc"][:1] == (name,):
                yield detail["msg"].removeprefix("Value error, ")
