"""Names of columns: the words in them, and which of several is meant."""

import re
from collections.abc import Sequence

__all__ = ["preferred", "words_of"]

EASTERN_DATE = re.compile("일자|날짜|일시|년월|연월|日期|日付|日時|年月")


def words_of(name: str) -> list[str]:
    """The words in the name of a column: timestamp and ms of timestampMs or timestamp_ms, date of a
    Korean, Chinese or Japanese name of one.
    """
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return [*words, "date"] if EASTERN_DATE.search(name) else words


def preferred(names: Sequence[str], order: Sequence[str]) -> str | None:
    """The name that comes first in ``order``, whatever its capitals; None if none is in it."""
    ranked = [name for wanted in order for name in names if name.lower() == wanted]
    return ranked[0] if ranked else None
