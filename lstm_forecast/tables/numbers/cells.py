"""Columns of texts read as numbers, and what is said of cells that are none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.missing import Dashes
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, rows_told, setting
from lstm_forecast.tables.numbers.amounts import (
    ALONE,
    STYLES,
    Style,
    censored_in,
    numbers_written,
    split,
    truths_written,
)
from lstm_forecast.tables.numbers.nothing import DASHES, LONGEST_SENTINEL
from lstm_forecast.tables.numbers.style import (
    SAMPLED_CELLS,
    how_written,
    plain_numbers,
    units_beside,
)

__all__ = ["PLAIN", "Meaning", "may_have_two_readings", "require_one_reading", "with_numbers"]


@dataclass(frozen=True)
class Meaning:
    """What cells of columns of numbers mean that hold no plain number."""

    missing: Sequence[str] = ()  # texts that stand for a missing value
    units: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # as the config has them
    censored: str = "error"  # the policy for limits such as <0.5
    dashes: Dashes = "missing"  # and for cells that hold a dash alone


SENTINELS = "data.sentinels to what stands for a missing value"
DASHED = "may stand for 0 or for no value"
MOST_WORDS = 5  # of cells that may stand for missing values
PLAIN = Meaning()  # cells that are no plain numbers are faults


def may_have_two_readings(frame: pd.DataFrame) -> bool:
    """Whether points in columns of plain numbers may part thousands: 1.009 beside 714.

    A number that shows that they do not, in any column, shows it for all.
    """
    found = False
    for _, column in frame.select_dtypes("float64").items():
        values = np.abs(column[np.isfinite(column)].to_numpy())
        parts = values[values % 1 != 0]
        if (
            (parts < 1) | (parts >= 1000) | (np.abs(1000 * parts - np.round(1000 * parts)) > 1e-6)
        ).any():
            return False
        found = found or (0 < len(parts) < len(values) and values.max() < 1000)
    return found


def require_one_reading(frame: pd.DataFrame, delimiter: str, place: Callable[[int], str]) -> None:
    """Raise DataError where the numbers in columns of texts can be read in two ways."""
    found = how_written(frame, delimiter=delimiter)
    if found.rival is not None:
        row = found.rows_of_examples(frame)[0]
        raise DataError(f"{place(row)}: {found.problem}; set {', or '.join(found.remedies)}")


def with_numbers(
    frame: pd.DataFrame,
    names: Sequence[str],
    meaning: Meaning,
    style: Style,
    place: Callable[[int], str],
) -> tuple[pd.DataFrame, list[Finding]]:
    """The frame with texts in the columns of numbers read as such, and what policies settled.

    Raises DataError with the first place in every column where that cannot be.
    """
    problems, limits = list[tuple[str, str]](), np.zeros(len(frame), bool)
    words = dict[str, None]()  # in all columns that may stand for a missing value
    dashes = _Dashes(meaning, place)
    for name in _but_plain(frame, names, meaning, style):
        cells, dashed = dashes.taken_out(frame[name], name)
        numbers, limited = _read(cells, meaning.units.get(name, ALONE), meaning.censored, style)
        frame[name] = numbers.mask(dashed, 0.0)
        limits |= limited
        bad = cells.notna() & frame[name].isna() & ~limited
        bad[bad] = ~cells[bad].str.strip().isin(meaning.missing)
        if bad.any():
            row, count = _oddest(cells, bad)
            others = f", {int(bad.sum()) - count} of other kinds" if count < bad.sum() else ""
            told = (
                f"{place(row)}: column {name}: expected a number, received"
                f" {str(cells.iloc[row])!r} ({count} such cell{'s' if count > 1 else ''}{others});"
            )
            remedy = _remedy(name, cells, cells[bad], meaning, style)
            problems.append((told, remedy))
            words |= dict.fromkeys(cells[bad].str.strip() if remedy.endswith(SENTINELS) else ())
    _refuse([*dashes.problems, *problems], list(words))
    rows = np.flatnonzero(limits)
    if not len(rows):
        return frame, dashes.settled
    text = "a limit of what could be measured"
    places = tuple(place(int(row)) for row in rows[:SHOWN_PLACES])
    return frame, [*dashes.settled, Finding("censored", "settled", len(rows), text, places)]


class _Dashes:
    """Cells that hold a dash alone, by the policy for these, in one column after the other."""

    def __init__(self, meaning: Meaning, place: Callable[[int], str]) -> None:
        self.meaning, self.place = meaning, place
        self.problems: list[tuple[str, str]] = []
        self.count, self.places = 0, list[str]()

    def taken_out(self, cells: pd.Series, name: str) -> tuple[pd.Series, NDArray[np.bool_]]:
        """The cells of a column without those that are 0, and which these are."""
        found = np.zeros(len(cells), bool)
        if self.meaning.dashes == "missing":
            return cells, found
        text = cells.str.strip()
        found = (text.isin(DASHES) & ~text.isin(self.meaning.missing)).to_numpy(bool)
        rows = np.flatnonzero(found)
        if not len(rows):
            return cells, found
        if self.meaning.dashes == "error":
            told = f"{self.place(int(rows[0]))}: column {name}: {text.iloc[rows[0]]!r} {DASHED}"
            many = f" ({rows_told(len(rows))});"
            self.problems.append((told + many, "set data.dashes: zero or missing"))
        self.count += len(rows)
        self.places += [self.place(int(row)) for row in rows[:SHOWN_PLACES]]
        return cells.mask(found), found

    @property
    def settled(self) -> list[Finding]:
        """How many cells are 0."""
        places = tuple(dict.fromkeys(self.places))[:SHOWN_PLACES]
        text = "a dash alone, read as 0"
        return [Finding("dashes", "settled", self.count, text, places)] if self.count else []


def _oddest(cells: pd.Series, bad: pd.Series) -> tuple[int, int]:
    """The first of the ``bad`` cells of the rarest kind, and how many are of one as rare: by what
    stands beside their numbers, or that they are none.
    """
    kinds = {cell: _kind(cell) for cell in cells[bad].unique()}
    each = cells[bad].map(kinds)
    counts = each.value_counts()
    rarest = each.isin(counts.index[counts == counts.min()])
    row = int(np.flatnonzero(bad.to_numpy())[int(rarest.to_numpy().argmax())])
    return row, int(rarest.sum())


def _kind(cell: str) -> str:
    """What stands beside the number in a cell, and whether that is a limit."""
    amount = split(cell.strip())
    return "no number" if amount is None else f"{bool(amount.limit)} {amount.unit}"


def _but_plain(
    frame: pd.DataFrame, names: Sequence[str], meaning: Meaning, style: Style
) -> Iterator[str]:
    """The columns of texts, but for those of plain numbers, which become such in the frame."""
    for name in names:
        if pd.api.types.is_string_dtype(frame[name]):
            plain = _plainly(frame[name], meaning.units.get(name, ALONE), style)
            if plain is None:
                yield name
            else:
                frame[name] = plain


def _plainly(cells: pd.Series, units: Mapping[str, float], style: Style) -> pd.Series | None:
    """Texts as numbers, NaN where cells are missing; None where others are none as a computer
    writes them.
    """
    if style != STYLES[0] or units != ALONE or plain_numbers(cells.dropna()) is None:
        return None
    return pd.to_numeric(cells).astype("float64")


def _read(
    cells: pd.Series, units: Mapping[str, float], censored: str, style: Style
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Texts as numbers, NaN where one is none, and which are limits that a policy settled."""
    limited = np.zeros(len(cells), bool)
    truths = truths_written(cells)
    if truths is not None:
        return truths, limited
    if censored != "error":
        limited = censored_in(cells).to_numpy(bool)
    return numbers_written(cells, style, units, censored=censored), limited


def _remedy(column: str, cells: pd.Series, bad: pd.Series, meaning: Meaning, style: Style) -> str:
    """What to do about the ``bad`` cells of a column: keys of the config under which all of its
    cells are numbers, if there are any.
    """
    words = bad[bad.map(lambda cell: split(cell.strip()) is None)].str.strip()
    silent = sorted(words.unique()) if not words.str.contains(r"\d").any() else []
    if 0 < len(words) < len(bad) and len(silent) <= MOST_WORDS:
        cells, bad = cells.drop(words.index), bad.drop(words.index)
    ways = list(_ways(column, cells.dropna(), bad, meaning.units.get(column, ALONE), style))
    if ways:
        otherwise = "; or write plain numbers in the table" if "data.units" in ways[0] else ""
        nothing = f", with data.sentinels: {silent} for what is no value" if silent else ""
        return f"set {', or '.join(ways)}{nothing}{otherwise}"
    if bad.str.contains(r"\d").any():
        return "write plain numbers in the table, without notes, all in one unit"
    zero = "data.dashes: zero, or " if words.isin(DASHES).all() else ""
    return f"set {zero}{SENTINELS}"


def _refuse(problems: Sequence[tuple[str, str]], words: Sequence[str]) -> None:
    """Raise DataError for what is told, each with its remedy, if there is anything."""
    option = _option(words)
    told = [f"{text} {each}{option if each.endswith(SENTINELS) else ''}" for text, each in problems]
    if told:
        raise DataError(*told)


def _option(words: Sequence[str]) -> str:
    """The option by which the words stand for missing values, where they are few and short."""
    if not words or len(words) > MOST_WORDS or max(map(len, words)) > LONGEST_SENTINEL:
        return ""
    return f" ({setting('sentinels', list(words))}, where the key holds nothing else)"


def _ways(
    column: str, cells: pd.Series, bad: pd.Series, units: Mapping[str, float], style: Style
) -> Iterator[str]:
    """Keys of a config under which the ``bad`` ones and all other cells of a column are numbers:
    one way for each reading.
    """
    amounts = [split(cell.strip()) for cell in bad.unique()]
    beside = {amount.unit for amount in amounts if amount} - units.keys()
    alone = units == ALONE and len(bad) == len(cells)  # no number without a unit
    known = units_beside({} if alone else units, beside or units)
    if None in amounts or known is None:
        return
    listed = ", ".join(f"{unit!r}: {factor:g}" for unit, factor in known.items())
    keys = [f"data.units: {{{column!r}: {{{listed}}}}}"] if beside else []
    if any(amount.limit for amount in amounts if amount):
        keys.append("data.censored: limit, half or missing")
    seen: list[list[float]] = []
    for other in (style, *STYLES):
        read = partial(numbers_written, style=other, units=known, censored="limit")
        if any(read(some).isna().any() for some in (bad, cells.head(SAMPLED_CELLS), cells)):
            continue
        if (numbers := read(cells).tolist()) not in seen:
            seen.append(numbers)
            yield " and ".join([*([] if other == style else [other.remedy]), *keys])
