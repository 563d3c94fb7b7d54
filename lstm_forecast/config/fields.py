"""Kinds of values that several sections of the config share."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic_core import CoreSchema, core_schema

__all__ = [
    "AUTO", "OPEN", "AutoInt", "Names", "Part", "PositiveInt", "Section", "Share", "Units", "Whole",
    "as_list",
]  # fmt: skip


def as_list(value: Any) -> Any:
    """Let a single value stand for a list of one: ``units: 64``, ``targets: sales``."""
    return [value] if isinstance(value, (str, int)) and not isinstance(value, bool) else value


def _no_flag(value: Any) -> Any:
    """Keep ``true`` from being 1."""
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value


def _is_share(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value < 1


def _checked_part(value: Any) -> Any:
    """Tell a share from a row count from a date, with one message for all three."""
    if isinstance(value, str):
        with suppress(ValueError):
            datetime.fromisoformat(value)
            return value
    elif not isinstance(value, bool) and (
        (isinstance(value, int) and value >= 0) or _is_share(value)
    ):
        return value
    raise ValueError("must be a share from 0 to below 1, a number of rows, or an ISO date")


class _Auto:
    """Let ``auto``, or nothing, stand for a value that the data decide.

    The type says what a resolved config holds: until then the value is None, and only what resolves
    configs meets it.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Accept ``auto`` and null beside whatever the annotated type accepts."""
        known = core_schema.nullable_schema(handler(source))
        return core_schema.no_info_wrap_validator_function(
            lambda value, validated: validated(None if value == "auto" else value), known
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say so in the JSON Schema."""
        return {"anyOf": [handler(schema), {"const": "auto"}]}


AUTO = _Auto()
OPEN: Any = None  # a key left to auto, until it is resolved
Whole = Annotated[int, BeforeValidator(_no_flag)]
Names = Annotated[tuple[str, ...], BeforeValidator(as_list)]
Units = Annotated[tuple[Annotated[Whole, Field(ge=1, le=8192)], ...], BeforeValidator(as_list)]
PositiveInt = Annotated[Whole, Field(ge=1)]
AutoInt = Annotated[PositiveInt, AUTO]
Share = Annotated[float, Field(ge=0, lt=1)]
Part = Annotated[int | float | str, BeforeValidator(_checked_part)]


class Section(BaseModel):
    """A group of keys: a frozen value that knows every key it may have."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, coerce_numbers_to_str=True
    )
