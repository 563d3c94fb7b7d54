"""Columns of numbers that are not read, and why."""

import re
import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

import pandas as pd

from lstm_forecast.tables.faults import setting
from lstm_forecast.tables.numbers.amounts import STYLES, Style, split
from lstm_forecast.tables.numbers.style import SAMPLED_CELLS

__all__ = ["why_unread"]

MOST_UNITS = 4  # of numbers in one column; what has more are codes
ABOUT = "~\u2248\u223c"  # before a number that is about right
FIRST_CELLS = 20  # by which most columns are seen to hold no numbers
LEAST_AMOUNTS = 0.3  # share of cells with numbers, where all others are a few words
WORTH_OF_PREFIX = {
    "": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
PREFIXED = re.compile(r"(k|[KMGT]i?|)(B|b|bit|bps|Wh|W|Hz|VA|A|V|g|m)")


def why_unread(cells: pd.Series, name: str, style: Style) -> str:
    """What keeps a column of numbers from being read, where all others are written in a ``style``,
    and what to do; nothing for a column of anything else.
    """
    texts = (str(cell).strip() for cell in cells if not pd.isna(cell))
    given = list(islice(filter(None, texts), SAMPLED_CELLS))
    if not any(map(split, given[:FIRST_CELLS])):  # which tells most columns at once
        return ""
    numbers = (split(cell.lstrip(f"{ABOUT} ")) for cell in given)
    amounts = [amount for amount in numbers if amount is not None]
    if len(amounts) < len(given):
        return _among_words(given, name) if len(amounts) >= LEAST_AMOUNTS * len(given) else ""
    about = next((cell for cell in given if cell[0] in ABOUT), None)
    if about is not None:
        return f"of which some are about right, such as {about!r}: write plain ones, in one unit"
    units = {amount.unit for amount in amounts}
    if 1 < len(units) <= MOST_UNITS:
        worth = _worth_of(units)
        known = f", or say what each is worth ({setting('units', {name: worth})})" if worth else ""
        return f"in several units, such as {given[0]!r}: write them in one unit{known}"
    odd = (c for c, a in zip(given, amounts, strict=True) if style.number(a.digits) is None)
    if len(units) == 1 and (first := next(odd, None)) is not None:
        digits = [amount.digits for amount in amounts]
        if any(None not in map(each.number, digits) for each in STYLES):
            return f"with other signs than those of others, such as {first!r}: write them alike"
    return ""


def _among_words(given: Sequence[str], name: str) -> str:
    """That a few words stand in many cells of a column of numbers; nothing where they are many."""
    words = Counter(cell for cell in given if split(cell) is None)
    if len(words) > MOST_UNITS or any(map(str.isdigit, "".join(words))):
        return ""
    word, _ = words.most_common(1)[0]
    return f"and words such as {word!r}: --target {shlex.quote(name)} tells what reads these"


def _worth_of(units: Collection[str]) -> Mapping[str, float]:
    """What each of several units is worth in the smallest of them; nothing where unknown."""
    found = {unit: PREFIXED.fullmatch(unit) for unit in units}
    bases = {each[2] if each else None for each in found.values()}
    if None in bases or len(bases) > 1:
        return {}
    worth = {unit: WORTH_OF_PREFIX[each[1]] for unit, each in found.items() if each}
    least = min(worth.values())
    return {unit: each / least for unit, each in sorted(worth.items(), key=lambda pair: pair[1])}
