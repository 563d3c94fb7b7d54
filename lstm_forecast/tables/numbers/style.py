"""How the numbers of a table are written, decided over all of its cells: the signs between digits,
and the units beside them.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.tables.faults import SHOWN_PLACES
from lstm_forecast.tables.numbers.amounts import ALONE, STYLES, Amount, Style, are_flags, split

__all__ = [
    "MOST_ODD_CELLS",
    "SAMPLED_CELLS",
    "Written",
    "decimal_of",
    "detect_decimal",
    "how_written",
    "plain_numbers",
    "units_beside",
]

MOST_ODD_CELLS = 0.1  # share of cells that are no numbers in a column of numbers
SAMPLED_CELLS = 1000  # the first ones, by which most columns are told apart
MOST_DIGITS = 16  # of a number
MOST_UNITS = 5  # different texts beside the numbers of a column; more are codes or names
THOUSANDS = r"-?[1-9]\d{0,2},\d{3}"  # 1,234 may be a thousand or a little more than one
THREE_DECIMALS = r"[-+]?[1-9]\d{0,2}\.\d{3}"  # a point that may part thousands, too
# Nothing is known of how a table is written.
UNKNOWN = CsvConfig()
NOTHING: Mapping[str, Mapping[str, float]] = MappingProxyType({})
# What numbers that end so are multiplied by, where several of these occur in a column.
MAGNITUDES = {
    "K": 1e3, "k": 1e3, "Tsd": 1e3, "Tsd.": 1e3, "M": 1e6, "Mio": 1e6, "Mio.": 1e6,
    "B": 1e9, "bn": 1e9, "Bn": 1e9, "Mrd": 1e9, "Mrd.": 1e9,
}  # fmt: skip
# What says that a number beside it is of another size than one without.
SCALING = {*MAGNITUDES, "%", "‰"}


@dataclass(frozen=True)
class Written:
    """How the numbers of a table are written."""

    style: Style = STYLES[0]
    rival: Style | None = None  # in which as many cells are numbers, and others
    examples: Mapping[str, str] = field(default_factory=dict)  # by column, what both read first
    count: int = 0  # cells of all columns that both read
    says: bool = False  # whether the config has to name the style
    units: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # where there are any
    # numbers of the columns in which all cells are such as a computer writes them
    plain: Mapping[str, pd.Series] = field(default_factory=dict, compare=False, repr=False)

    @property
    def problem(self) -> str:
        """What the two readings are."""
        styles = [each for each in (self.style, self.rival) if each is not None]
        shown, told = list(self.examples)[:SHOWN_PLACES], []
        for name in shown:
            read = " or ".join(f"{style.number(self.examples[name]):,.6g}" for style in styles)
            told.append(f"column {name}: {self.examples[name]!r} has two readings, {read}")
        more = len(self.examples) - len(shown)
        return "; ".join(told) + (f"; and so in {more:,} more columns" if more else "")

    @property
    def example(self) -> str:
        """The first of the numbers with two readings."""
        return next(iter(self.examples.values()))

    @property
    def remedies(self) -> list[str]:
        """The keys of a config that choose each of them."""
        return [style.remedy for style in (self.style, self.rival) if style is not None]

    def rows_of_examples(self, frame: pd.DataFrame) -> list[int]:
        """The first rows that hold these numbers, of each column that is told."""
        told = list(self.examples.items())[:SHOWN_PLACES]
        cells = (frame[name].str.contains(text, regex=False) for name, text in told)
        return list(dict.fromkeys(int(each.to_numpy().argmax()) for each in cells))

    def units_of(self, name: str) -> Mapping[str, float]:
        """What the numbers of a column are multiplied by for each text beside them."""
        return self.units.get(name, ALONE)

    def has_words(self, name: str) -> bool:
        """Whether letters stand beside the numbers of a column, as in 500 g."""
        return any(map(str.isalpha, "".join(self.units_of(name))))


@dataclass(frozen=True)
class _Numbers:
    """The numbers in one column of texts, and how often each occurs."""

    amounts: Mapping[Amount, int]

    @property
    def fixed(self) -> bool:
        """Whether all have a sign between their digits, as where all have as many decimals."""
        return all("." in amount.digits or "," in amount.digits for amount in self.amounts)

    def read(self, style: Style) -> int:
        """How many cells are numbers in a style."""
        return sum(n for one, n in self.amounts.items() if style.number(one.digits) is not None)

    def between(self, one: Style, other: Style) -> Mapping[str, int]:
        """Digits that both styles read, as different numbers, and how often each occurs.

        Nothing where a number of a thousand or more is written without a sign: points beside it
        are decimal signs.
        """
        found: dict[str, int] = {}
        if one == STYLES[0] and any(
            re.match(r"\d{4}|.*[eE]", amount.digits) for amount in self.amounts
        ):
            return found
        for amount, count in self.amounts.items():
            read = one.number(amount.digits), other.number(amount.digits)
            if None not in read and read[0] != read[1]:
                found[amount.digits] = count
        return found

    @property
    def doubtful(self) -> bool:
        """Whether later rows may leave open what their points are."""
        return bool(self.between(Style("."), Style(",", ".")))

    @property
    def units(self) -> Mapping[str, float] | None:
        """What a number is multiplied by for each text beside it; None where that is not clear.

        One unit stands for itself. Zeros need none.
        """
        found = {
            amount.unit for amount in self.amounts if amount.unit or amount.digits.strip("0.,")
        }
        zeros = dict.fromkeys({amount.unit for amount in self.amounts} - found, 1.0)
        named = found - {""}
        if len(found) <= 1:
            return zeros | dict.fromkeys(found, 1.0)
        if len(named) > 1 and named <= MAGNITUDES.keys():
            return zeros | {unit: MAGNITUDES.get(unit, 1.0) for unit in sorted(found)}
        return None


def how_written(
    frame: pd.DataFrame,
    *,
    delimiter: str | None = None,
    given: CsvConfig = UNKNOWN,
    units: Mapping[str, Mapping[str, float]] = NOTHING,
    missing: Collection[str] = (),
) -> Written:
    """Decide over all cells of columns that are mostly numbers what is not ``given``, nor in
    ``units``.

    Texts in ``missing`` are left out. ``delimiter`` is that of the file, None if it is no CSV. A
    column whose numbers all have three decimals has them as its file's language writes decimals.
    """
    plain: dict[str, pd.Series] = {}
    columns = dict(_columns(frame, missing, plain))
    styles = [style for style in STYLES if _fits(style, given)]
    read = {style: sum(each.read(style) for each in columns.values()) for style in styles}
    style, *others = (style for style in styles if read[style] == max(read.values()))
    beside = {name: each.units for name, each in columns.items()}
    written = Written(
        style=style,
        plain=plain,
        says=style != STYLES[0] or any(each.doubtful for each in columns.values()),
        units={name: each for name, each in beside.items() if each and each != ALONE} | dict(units),
    )
    usual = Style("," if delimiter == ";" else ".")
    for other in others:
        doubts = {name: found for name in columns if (found := columns[name].between(style, other))}
        if doubts and (style != usual or not all(columns[name].fixed for name in doubts)):
            count = sum(sum(each.values()) for each in doubts.values())
            examples = {name: next(iter(found)) for name, found in doubts.items()}
            return replace(written, rival=other, examples=examples, count=count)
    return written


def _fits(style: Style, given: CsvConfig) -> bool:
    """Whether a style is one that the config allows."""
    return given.decimal in (None, "error", style.decimal) and given.thousands in (
        None,
        style.thousands,
    )


def _columns(
    frame: pd.DataFrame, missing: Collection[str], plain: dict[str, pd.Series]
) -> Iterator[tuple[str, _Numbers]]:
    """The numbers of every column of texts that are mostly numbers with signs or units; numbers
    without any are put into ``plain``.
    """
    for name, column in frame.items():
        if not pd.api.types.is_string_dtype(column):
            continue
        whole = plain_numbers(column)
        if whole is not None:
            plain[str(name)] = whole
        numbers = _numbers(column.dropna(), missing) if whole is None else _of_plain(column)
        if numbers is not None:
            yield str(name), numbers


def _of_plain(cells: pd.Series) -> _Numbers | None:
    """The same of a column whose cells are all numbers as a computer writes them."""
    head = (text for text in cells.head(SAMPLED_CELLS) if "." in text)
    plainly = next((text for text in head if not re.fullmatch(THREE_DECIMALS, text)), None)
    if plainly is None:
        points = cells[cells.str.contains(".", regex=False)]
        others = points[~points.str.fullmatch(THREE_DECIMALS)]
        plainly = others.iloc[0] if len(others) else None
        if not len(points):
            return None
    one = split(plainly.strip()) if plainly else None  # which tells as much as all
    return _of(cells) if one is None else _Numbers({one: len(cells)})


def _numbers(cells: pd.Series, missing: Collection[str]) -> _Numbers | None:
    """The numbers of a column; None where there are few, or nothing to decide."""
    if plain_numbers(cells) is not None:
        return _of_plain(cells)
    cells = cells.str.strip()
    cells = cells[~cells.isin(missing)]
    if not any(split(text) for text in cells.head(SAMPLED_CELLS)):
        return None
    found = _of(cells)
    units = {amount.unit for amount in found.amounts}
    few = sum(found.amounts.values()) < (1 - MOST_ODD_CELLS) * len(cells)
    return None if few or len(units) > MOST_UNITS else found


def plain_numbers(cells: pd.Series) -> pd.Series | None:
    """The cells as numbers, if all of them are such as a computer writes them."""
    if len(cells) > 2 * SAMPLED_CELLS and plain_numbers(cells.head(SAMPLED_CELLS)) is None:
        return None
    numbers = pd.to_numeric(cells, errors="coerce")
    return numbers if numbers.notna().all() else None


def _of(cells: pd.Series) -> _Numbers:
    """The numbers of texts, one for all that have the same signs in the same places."""
    shapes = cells.str.strip().str.replace("[1-9]", "9", regex=True)
    for _ in range(MOST_DIGITS):
        shapes = shapes.str.replace("90", "99", regex=False)  # only a leading zero tells
    counts = shapes.value_counts()
    amounts: Counter[Amount] = Counter()
    for row in np.flatnonzero(~shapes.duplicated()):
        if amount := split(cells.iloc[row].strip()):
            amounts[amount] += int(counts[shapes.iloc[row]])
    return _Numbers(amounts)


def units_beside(known: Mapping[str, float], found: Collection[str]) -> Mapping[str, float] | None:
    """The ``known`` units and those ``found`` beside other numbers, which are worth 1; None where
    they may be worth more: beside another unit, or a percent sign beside plain numbers.
    """
    every = {*known, *found}
    named = every - {""}
    several = len(named) > 1 and not are_flags(named)
    mixed = several or ("" in every and not named.isdisjoint(SCALING))
    new = every - known.keys()
    return None if new and mixed else {**known, **dict.fromkeys(sorted(new), 1.0)}


def decimal_of(written: CsvConfig) -> str | None:
    """The decimal sign, where the config names it or the other one for thousands."""
    if written.decimal in (".", ","):
        return written.decimal
    return {".": ",", ",": "."}.get(written.thousands or "")


def detect_decimal(rows: Sequence[Sequence[str]]) -> str:
    """The decimal sign of most numbers in the first rows of a file."""
    cells = [cell.strip() for row in rows for cell in row]
    comma = sum(
        bool(re.fullmatch(r"-?\d+,\d+", cell)) and not re.fullmatch(THOUSANDS, cell)
        for cell in cells
        if "," in cell
    )
    point = sum(bool(re.fullmatch(r"-?\d+\.\d+", cell)) for cell in cells if "." in cell)
    return "," if comma > point else "."
