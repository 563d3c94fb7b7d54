"""What is odd about a table as it stands, for people who have not described it yet."""

import shlex
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.document import quote
from lstm_forecast.config.missing import MOST_SENTINELS
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.files.encoding import WESTERN
from lstm_forecast.tables.number_columns import may_be_zeros, numbers_in
from lstm_forecast.tables.numbers.amounts import is_limit, split
from lstm_forecast.tables.numbers.nothing import DASHES, LONGEST_SENTINEL, says_nothing
from lstm_forecast.tables.numbers.style import Written
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.roles import Roles, Words
from lstm_forecast.tables.totals import total_notes

__all__ = [
    "count_rows_with", "dashes_in_doubt", "encoding_notes", "look_findings", "reading",
    "role_notes", "says_something", "word_notes",
    "words_of_targets",
]  # fmt: skip

NO_ROWS = np.empty(0, np.int64)


def look_findings(table: Table, written: Written, roles: Roles) -> Iterator[Finding]:
    """What is odd about the table as it stands."""
    yield from _readings(table, written)
    yield from _mixed(table, roles)
    yield from _keys(table, roles)
    yield from role_notes(roles, len(table.frame))
    yield from encoding_notes(table)
    yield from _doubled(table)


def says_something(word: str) -> bool:
    """Whether a text may be more than a word for a missing value: a number in other clothes, a note
    or a state.
    """
    return len(word) > LONGEST_SENTINEL or not says_nothing(word)


def dashes_in_doubt(frame: pd.DataFrame, roles: Roles, written: Written) -> Words:
    """The cells of all targets that hold a dash alone, where those of one may be 0 as well as no
    value.
    """
    found = {
        name: dashes
        for name in roles.targets
        if (dashes := {word: n for word, n in _of(roles, name).items() if word in DASHES})
    }
    for name in found:
        numbers = numbers_in(frame[name], written.style, written.units_of(name))
        if numbers is not None and may_be_zeros(numbers):
            return found
    return {}


def _of(roles: Roles, name: str) -> Mapping[str, int]:
    """The cells of a column that are no numbers."""
    return {**roles.words.get(name, {}), **roles.marks.get(name, {})}


def words_of_targets(roles: Roles, dashes: Words) -> tuple[set[str], Words]:
    """The texts in the targets that say nothing, and by target those that may say something; of
    neither kind are ``dashes`` in doubt.
    """
    roles = roles.without(DASHES) if dashes else roles
    in_targets = {name: roles.words[name] for name in roles.targets if name in roles.words}
    harmless = _harmless(in_targets)
    doubtful = {
        name: {word: count for word, count in found.items() if word not in harmless}
        for name, found in in_targets.items()
    }
    return harmless, {name: found for name, found in doubtful.items() if found}


def _harmless(words: Words) -> set[str]:
    """The texts that say nothing; none where they are more than a config may name."""
    found = {word for each in words.values() for word in each if not says_something(word)}
    return found if len(found) <= MOST_SENTINELS else set()


def reading(words: Iterable[str]) -> tuple[str, str]:
    """What the first of these texts seems to be, and what to write instead."""
    first = next(iter(words))
    amount = split(first)
    if not any(sign.isnumeric() for sign in first):
        return "words that may say something", "write the numbers that they stand for"
    if amount is None:
        return "numbers in words, codes or notes", "write the numbers"
    if amount.unit:
        unit = "numbers with a unit or a sign beside them"
        return unit, "write the number alone, all in one unit"
    return "numbers with other signs than the rest", "write them as the others are"


def count_rows_with(table: Table, *words: Words) -> int:
    """How many rows hold one of these texts in its column."""
    found = [_rows_with(table, name, texts) for each in words for name, texts in each.items()]
    rows = found or [NO_ROWS]
    return len(np.unique(np.concatenate(rows)))


def _rows_with(table: Table, name: str, words: Iterable[str]) -> NDArray[np.int64]:
    return np.flatnonzero(table.frame[name].astype("str").str.strip().isin(list(words)))


def _readings(table: Table, written: Written) -> Iterator[Finding]:
    """Numbers that could be others as well, if there are any."""
    if written.rival is not None:
        places = tuple(map(table.place, written.rows_of_examples(table.frame)))
        remedy = ", or ".join(written.remedies)
        yield Finding("csv", "refused", written.count, written.problem, places, remedy)


def _mixed(table: Table, roles: Roles) -> Iterator[Finding]:
    """Columns of numbers with texts in them; only those without digits may be a word for a missing
    value.
    """
    for name, found in roles.words.items():
        words = [word for word in found if not says_something(word)]
        limits = [word for word in found if is_limit(word)]
        telling = [word for word in found if says_something(word) and word not in limits]
        if words:
            remedy = f"data.sentinels: [{', '.join(words)}]"
            yield _texts(table, name, "mixed", words, "text in a column of numbers", remedy)
        if limits:
            text = f"column {name}: limits of what could be measured, such as {limits[0]!r}"
            yield _texts(
                table, name, "censored", limits, text, "data.censored: limit, half or missing"
            )
        if telling:
            meaning, better = reading(telling)
            text = (
                f"column {name}: text among numbers, most often {telling[0]!r}: {meaning}, by the"
                " look of it"
            )
            remedy = f"data.sentinels to those that say nothing; in the table, {better}"
            yield _texts(table, name, "texts", telling, text, remedy)


def _texts(
    table: Table, name: str, kind: str, words: Sequence[str], text: str, remedy: str
) -> Finding:
    rows = _rows_with(table, name, words)
    places = tuple(
        f"{table.place(int(row))}: column {name}: {table.frame[name].iloc[row]!r}"
        for row in rows[:SHOWN_PLACES]
    )
    return Finding(kind, "refused", len(rows), text, places, remedy, {name: len(rows)})


def _keys(table: Table, roles: Roles) -> Iterator[Finding]:
    """Several columns that name the series together, where those that are given do not."""
    if roles.keys.together:
        names = list(roles.keys.together)
        series = len(table.frame[names].drop_duplicates())
        text = (
            f"the columns {' and '.join(names)} tell rows of one stamp apart only together, as"
            f" {series:,} series: name them all, as data.series_id: {quote(names)}"
            f" ({' '.join(f'--series-id {shlex.quote(name)}' for name in names)})"
        )
        yield Finding("keys", "note", series, text)


def role_notes(roles: Roles, rows: int) -> Iterator[Finding]:
    """Other columns that could name the series, and columns that are the sum of others."""
    if roles.keys.rivals:
        text = (
            f"rows of one stamp are told apart by {' and '.join(roles.keys.columns)}, and would"
            f" be by {' and '.join(roles.keys.rivals)}, too: data.series_id names one or the other"
        )
        yield Finding("other_keys", "note", rows, text)
    for name in roles.keys.in_turn:
        options = [f"--series-id {shlex.quote(key)}" for key in (*roles.keys.columns, name)]
        text = (
            f"rows of each {name} come at even steps, in turn with others:"
            f" {roles.keys.possible[name]:,} series if it names them ({' '.join(options)})"
        )
        yield Finding("in_turn", "note", rows, text)
    if roles.other_times:
        text = (
            f"the time is {' and '.join(roles.timestamp)}; {', '.join(roles.other_times)} would do"
            f" as well (--timestamp {shlex.quote(roles.other_times[0])})"
        )
        yield Finding("other_times", "note", rows, text)
    for name, why in roles.unread.items():
        yield Finding("unread", "note", rows, f"column {name} is not read: it holds numbers {why}")
    for name in roles.counting:
        text = f"column {name} only counts rows, and is not offered (--target {shlex.quote(name)})"
        yield Finding("counting", "note", rows, text)
    yield from total_notes(roles.totals)


def word_notes(roles: Roles, words: Container[str], asked: Words) -> Iterator[Finding]:
    """How often the ``words``, and marks that need no key, stand in the targets and are read as
    missing values there; dashes that are ``asked`` about are not.
    """
    roles = roles.without(DASHES) if asked else roles
    for name in roles.targets:
        found = {word: n for word, n in roles.words.get(name, {}).items() if word in words}
        for key, each in ((" (data.sentinels)", found), ("", roles.marks.get(name, {}))):
            if each:
                counts = ", ".join(f"{word!r} ({count:,})" for word, count in each.items())
                text = f"column {name}: read as missing{key}: {counts}"
                yield Finding("words", "note", sum(each.values()), text)


def encoding_notes(table: Table) -> Iterator[Finding]:
    """That the text of a file was taken for Western European, as its bytes do not say."""
    for source, rows, dialect in table.sources:
        if dialect is not None and dialect.encoding == WESTERN:
            text = (
                f"not UTF-8: read as {WESTERN}, as Western European offices write it;"
                " data.csv.encoding: cp1250 reads Central European text, cp1254 Turkish"
            )
            yield Finding("encoding", "note", rows, text, (str(source),))


def _doubled(table: Table) -> list[Finding]:
    frame = table.frame
    rows = np.flatnonzero(
        frame.duplicated() & (frame.iloc[:, 0].notna() & (frame.iloc[:, 0] != ""))
    )
    if not len(rows):
        return []
    places = tuple(table.place(int(row)) for row in rows[:SHOWN_PLACES])
    return [Finding("doubled", "note", len(rows), "equal to an earlier row in all columns", places)]
