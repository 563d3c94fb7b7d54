"""What looks at configs, schemas and the guide print with ``--json``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described

__all__ = ["ConfigShown", "PageShown", "SchemaNames", "SchemaShown", "Topic", "Topics"]


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


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A line of the list of pages."""

    topic: str = field(metadata=described("Name of the page, as ``forecast guide`` takes it."))
    title: str = field(metadata=described("Its title."))
    purpose: str = field(metadata=described("Its first sentence."))


@dataclass(frozen=True, kw_only=True)
class Topics(Answer):
    """The pages that there are."""

    topics: tuple[Topic, ...] = field(metadata=described("Every page, in order of the names."))


@dataclass(frozen=True, kw_only=True)
class PageShown(Answer):
    """One page."""

    topic: str = field(metadata=described("Name of the page."))
    title: str = field(metadata=described("Its title."))
    text: str = field(metadata=described("All of it, in Markdown."))
