"""Names of columns that are time stamps, or the finer part of one, as in tables that are turned
round.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lstm_forecast.errors import DataError
from lstm_forecast.tables.source import Source
from lstm_forecast.tables.stamps.guesses import DIGITS_OF_DATE, DIGITS_OF_MONTH
from lstm_forecast.tables.stamps.month_names import (
    ENGLISH,
    LANGUAGES,
    languages_of,
    month_numbers,
    plain,
)
from lstm_forecast.tables.stamps.parts import part_of

__all__ = [
    "NUMBERED", "Names", "Parts", "find_names", "find_parts", "no_names", "require_no_others",
]  # fmt: skip

LEAST_NAMES = 3  # by which a table is known to be turned round
MOST_HOURS = 24
SHOWN_NAMES = 10
# What stands before numbers that count steps, such as d_1 and V2.
COUNTING_WORDS = {
    "", "d", "day", "f", "h", "hour", "p", "period", "s", "step", "t", "v", "w", "week", "wk", "x",
    "m", "month", "q", "quarter", "y", "year", "time",
}  # fmt: skip
# What stands before or behind the number of a part, with its directive and all of its numbers.
WORDS_OF_PART = {
    "month": {"m", "month", "monat", "mois", "mes", "mese", "maand"},
    "quarter": {"q", "qtr", "quarter", "quartal", "kvartal", "kwartaal", "trim", "trimestre"},
    "hour": {"h", "hr", "hour", "he", "stunde", "uhr", "hora", "heure", "ora", "uur"},
}
DIRECTIVE_OF_PART = {"month": "%m", "quarter": "%q", "hour": "%H"}
NUMBERS_OF_PART = {
    "month": (range(1, 13),),
    "quarter": (range(1, 5),),
    "hour": (range(MOST_HOURS), range(1, MOST_HOURS + 1)),
}
# Times of a day as a column may be called, and how that is written.
TIMES = {
    r"\d?\d:\d\d": "%H:%M", r"\d?\d:\d\d:\d\d": "%H:%M:%S", r"\d{4}": "%H%M",
    r"\d?\d ?[ap]m": "%I%p", r"\d?\d:\d\d ?[ap]m": "%I:%M%p",
}  # fmt: skip
# Hours from their beginning to their end: 00h-01h, 0:00 - 1:00.
SPAN = r"(?P<first>\d?\d)(?P<behind>h|:00|)(?P<between> ?[-\u2013] ?)(?P<last>\d?\d)(?P=behind)"
NAMELESS = r"Unnamed: \d+"  # as a column without a name is called
NUMBERED = r"(\D*)(\d{1,18})(\D*)"


@dataclass(frozen=True)
class Names:
    """Names that are written alike, and hold a number each."""

    names: tuple[str, ...]
    prefix: str  # what all of them begin with
    counts: bool  # whether they may number steps one by one

    @property
    def is_counter(self) -> bool:
        """Whether they are called like what numbers steps."""
        word = re.sub(r"[\W_]", "", self.prefix).lower()
        return self.counts and (word in COUNTING_WORDS or part_of(self.prefix) == "year")

    @property
    def are_short_numbers(self) -> bool:
        """Whether they are nothing but numbers, and no years."""
        return all(re.fullmatch(r"\d{1,3}", name) for name in self.names)


@dataclass(frozen=True)
class Parts:
    """Names that are the finer part of a stamp, of which rows hold the rest."""

    names: tuple[str, ...]
    kind: str  # month, quarter or hour
    styles: tuple[str, ...]  # the formats that they may be written in
    plain: bool  # whether they are nothing but numbers, which may be anything
    whole: bool  # whether no month, quarter or hour is left out


def find_names(names: Sequence[str]) -> Names | None:
    """The most names that are written alike and hold a number each; None where these are few."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if re.search(r"\d", name):
            groups.setdefault(_shape(name), []).append(name)
    alike = max(groups.values(), key=len, default=[])
    if len(alike) < LEAST_NAMES:
        return None
    prefixes = {re.match(r"\D*", name)[0] for name in alike}  # type: ignore[index]
    prefix = prefixes.pop() if len(prefixes) == 1 else ""
    return Names(tuple(alike), prefix, _count(alike, prefix))


def find_parts(names: Sequence[str], *, languages: bool = True) -> Parts | None:
    """The most names that are months, quarters or hours; None where these are few.

    Months have their names in English, or in one of all ``languages``, which takes time to load.
    """
    found = [*_months(names, languages), *_numbered(names), *_times(names), *_spans(names)]
    found = [parts for parts in found if len(parts.names) >= LEAST_NAMES]
    return max(
        found, key=lambda parts: (len(parts.names), not parts.plain, parts.whole), default=None
    )


def no_names(source: Source, layout: str, names: Sequence[str]) -> str:
    """What is missing in a header of these other ``names`` for a ``layout``."""
    expected = {
        "wide": "names of columns that are stamps of one format, or numbers one after the other"
        " behind one beginning, such as d_1 d_2 d_3",
        "calendar": "names of columns that are months, quarters or hours, and a column that holds"
        " the year, or for hours the day, of each row; or years, and one of their parts",
    }[layout]
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return (
        f"{source}: data.layout: {layout}: expected {LEAST_NAMES} or more {expected}; received the"
        f" columns {', '.join(names[:SHOWN_NAMES])}{more}; set data.layout: rows, or rename them"
    )


def require_no_others(
    source: Source, names: Sequence[str], values: Sequence[str], used: Sequence[str]
) -> None:
    """Raise DataError for a name with a number in it behind the first of the ``values`` that is
    none of them, as a stamp that is written in another way: its column would be lost.
    """
    known, first = {*values, *used}, names.index(values[0])
    for name in names[first:]:
        if name not in known and re.search(r"\d", name) and not re.fullmatch(NAMELESS, name):
            raise DataError(
                f"{source}: column {name}: not written as {values[0]} and the columns beside it,"
                f" which hold values; rename it, or put it before {values[0]}"
            )


def _shape(name: str) -> str:
    """A name with one digit for each number in it, and one letter for each longer word."""
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]{3,}\.?", "b", name))


def _count(names: Sequence[str], prefix: str) -> bool:
    """Whether the names number steps: one after the other, or years in order."""
    rest = [name[len(prefix) :] for name in names]
    if not all(re.fullmatch(r"\d{1,9}", each) for each in rest):
        return False
    if all(re.fullmatch(f"{DIGITS_OF_DATE}|{DIGITS_OF_MONTH}", each) for each in rest):
        return False
    numbers = list(map(int, rest))
    numbers = numbers if numbers[0] < numbers[-1] else numbers[::-1]
    if all(re.fullmatch(r"(1[5-9]|20|21)\d\d", each) for each in rest):
        return numbers == sorted(set(numbers))
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _months(names: Sequence[str], all_languages: bool) -> Iterator[Parts]:
    """Names of months, in the language that knows the most of them."""
    words = {name: plain(name.strip()) for name in names if not re.search(r"\d", name)}
    n_months = len(NUMBERS_OF_PART["month"][0])
    known = [name for name in words if words[name] in month_numbers(ENGLISH)]
    if all_languages and len(known) < n_months <= len(words):
        in_each = [
            [name for name in words if words[name] in month_numbers(language)]
            for language in LANGUAGES
        ]
        known = max(in_each, key=len)
    if len(known) >= LEAST_NAMES:
        found = languages_of([words[name] for name in known])
        styles = tuple("%b" if each == ENGLISH else f"{each}: %b" for each in found)
        whole = len(known) == n_months
        yield Parts(tuple(known), "month", styles, plain=False, whole=whole)


def _numbered(names: Sequence[str]) -> Iterator[Parts]:
    """Numbers of months, quarters or hours, bare or beside a word for them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in names:
        if (found := re.fullmatch(NUMBERED, name.strip())) and len(found[2]) <= len("24"):
            groups.setdefault((found[1], found[3]), []).append(name)
    for (before, behind), found_names in groups.items():
        words = {re.sub(r"[\W_]", "", each).lower() for each in (before, behind)} - {""}
        numbers = sorted(int(re.sub(r"\D", "", name)) for name in found_names)
        for kind, ranges in NUMBERS_OF_PART.items():
            if words and not words <= WORDS_OF_PART[kind]:
                continue
            if "%" in before + behind or not any(set(numbers) <= set(each) for each in ranges):
                continue
            style = f"{before}{DIRECTIVE_OF_PART[kind]}{behind}"
            whole = any(numbers == list(each) for each in ranges)
            yield Parts(tuple(found_names), kind, (style,), plain=not words, whole=whole)


def _times(names: Sequence[str]) -> Iterator[Parts]:
    """Times of a day, such as 00:30."""
    for shape, style in TIMES.items():
        found = [name for name in names if re.fullmatch(shape, name.strip(), re.IGNORECASE)]
        if len(found) < LEAST_NAMES:
            continue
        digits = [re.sub(r"\D", "", name) for name in found]
        if style == "%H%M" and not _are_clock_times(digits):
            continue
        spaced = {bool(re.search(r"\d [ap]", name, re.IGNORECASE)) for name in found}
        if len(spaced) == 1:
            written = style.replace("%p", " %p") if spaced.pop() else style
            whole = len(found) % MOST_HOURS == 0
            yield Parts(tuple(found), "hour", (written,), plain=style == "%H%M", whole=whole)


def _spans(names: Sequence[str]) -> Iterator[Parts]:
    """Hours by their beginning and their end, such as 00h-01h."""
    groups: dict[str, list[str]] = {}
    for name in names:
        found = re.fullmatch(SPAN, name.strip())
        if found and int(found["last"]) % MOST_HOURS == (int(found["first"]) + 1) % MOST_HOURS:
            minute = found["behind"].replace("00", "%M")
            style = f"%H{minute}{found['between']}%*"
            groups.setdefault(style, []).append(name)
    for style, found_names in groups.items():
        whole = len(found_names) == MOST_HOURS
        yield Parts(tuple(found_names), "hour", (style,), plain=False, whole=whole)


def _are_clock_times(digits: Sequence[str]) -> bool:
    """Whether four digits are times of a day, from its first hour on, rather than years."""
    fit = all(int(each[:2]) <= MOST_HOURS and int(each[2:]) < 60 for each in digits)
    return fit and min(digits) <= "0100"
