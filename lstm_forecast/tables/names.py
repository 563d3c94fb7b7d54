"""Names of columns: the words in them, and which of several is meant."""

import re
from collections.abc import Sequence

__all__ = ["preferred", "words_of"]


def words_of(name: str) -> list[str]:
    """The words in the name of a column: timestamp and ms of timestampMs or timestamp_ms."""
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def preferred(names: Sequence[str], order: Sequence[str]) -> str | None:
    """The name that comes first in ``order``, whatever its capitals; None if none is in it."""
    ranked = [name for wanted in order for name in names if name.lower() == wanted]
    return ranked[0] if ranked else None
