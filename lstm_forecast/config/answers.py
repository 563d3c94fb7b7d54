"""What looks at configs and schemas print with ``--json``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described

__all__ = ["ConfigShown", "SchemaNames", "SchemaShown"]


@dataclass(frozen=True, kw_only=True)
class ConfigShown(Answer):
    """A config with overrides, environment and defaults filled in."""

    config: Mapping[str, object] = field(
        metadata=described("Every key with its value; its schema is that of `config`.")
    )


@dataclass(frozen=True, kw_only=True)
class SchemaShown(Answer):
    """A JSON Schema."""

    schema: Mapping[str, object] = field(metadata=described("The JSON Schema itself."))


@dataclass(frozen=True, kw_only=True)
class SchemaNames(Answer):
    """The schemas that there are."""

    schemas: Mapping[str, str] = field(metadata=described("By name: what it describes."))
