"""What no config of ``init`` may do without being told to, watched in every functional test."""

from collections.abc import Iterator

from lstm_forecast.panel.asking.settle import Settled
from lstm_forecast.panel.notes import USUAL_SENTINELS
from lstm_forecast.tables.first_look import FirstLook

__all__ = ["unchosen"]

SHARE = 0.01  # of the rows, that a policy may touch unasked
# Policies that drop, merge or move rows or read cells as missing, and what of them loses nothing.
HARMLESS = {
    "duplicates": ("error",),
    "off_grid": ("error",),
    "future_rows": ("error", "keep"),
    "infinite": ("error",),
    "censored": ("error",),
    "partial": ("keep",),
}


def unchosen(look: FirstLook, settled: Settled) -> Iterator[str]:
    """The policies that were written for a table, lose something of it, and that nobody chose."""
    given, data = look.data, settled.data
    counts = {each.kind: each.count for each in settled.findings if each.level == "settled"}
    for key, harmless in HARMLESS.items():
        policy = getattr(data, key)
        # the clock of a sensor moves rows, which keep a step each unless some are merged as well
        moved_alone = key == "off_grid" and data.duplicates == "error"
        if policy in harmless or policy == getattr(given, key) or moved_alone:
            continue
        if (count := counts.get(key, 0)) > SHARE * settled.rows:
            yield f"{key}: {policy} touches {count} of {settled.rows} rows"
    if data.aggregate != given.aggregate:
        yield f"aggregate: {data.aggregate}"
    if data.closed.rows != given.closed.rows:
        yield f"closed.rows: {data.closed.rows}"
    for word in set(data.sentinels) - set(look.harmless):
        if word not in USUAL_SENTINELS:
            yield f"sentinels: {word!r}, which no one named and is no documented code"
    yield from (
        f"sentinels: {word!r} says something"
        for word in set(look.harmless) - set(given.sentinels)
        if isinstance(word, str) and any(map(str.isdigit, word))
    )
