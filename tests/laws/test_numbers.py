"""Numbers x encoding x delimiter: numbers as people write them are read as they were meant, or
asked about, or refused with a place.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import assume
from hypothesis import strategies as st

from lstm_forecast.tables.numbers.amounts import STYLES, Style
from tests.laws.law import ASKED, EQUAL, REFUSED, Read, read, require_law

BESIDE = {
    "": "{}", "kg": "{} kg", "%": "{}%", "€": "€{}", "EUR": "EUR {}", "kr": "{} kr", "m3": "{} m3",
    "CHF": "CHF {}", "£": "£{}",
}  # fmt: skip
NEGATIVE = ["-{}", "\u2212{}", "({})", "{}-", "- {}"]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")
NAMES = ("sold", "Menge", "Erlös", "größe")
IDS = ("Köln", "Graz", "Málaga", "Århus")


@dataclass(frozen=True)
class Written:
    """How a column of numbers is written."""

    values: tuple[int, ...]  # in units of the last decimal
    decimals: int
    style: Style
    unit: str
    negative: str
    delimiter: str
    encoding: str
    name: str
    ids: tuple[str, ...]  # of the series, none for one

    @property
    def meant(self) -> list[float]:
        return [value / 10**self.decimals for value in self.values]

    @property
    def cells(self) -> list[str]:
        return [spelled(value, self) for value in self.meant]


def spelled(value: float, how: Written) -> str:
    """A number as people write it in a style."""
    text = f"{abs(value):,.{how.decimals}f}"
    signs = {",": how.style.thousands or "", ".": how.style.decimal}
    amount = BESIDE[how.unit].format("".join(signs.get(sign, sign) for sign in text))
    return how.negative.format(amount) if value < 0 else amount


def is_text_of(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


@st.composite
def tables(draw: st.DrawFn) -> Written:
    """A column of numbers in one style, beside the stamps and perhaps the names of its series."""
    numbers = st.sampled_from(
        [st.integers(-(10**8), 10**8), st.integers(-2000, 2000), st.integers(1000, 999_999)]
    )
    written = Written(
        values=tuple(draw(st.lists(draw(numbers), min_size=5, max_size=40))),
        decimals=draw(st.integers(0, 3)),
        style=draw(st.sampled_from(STYLES)),
        unit=draw(st.sampled_from(list(BESIDE))),
        negative=draw(st.sampled_from(NEGATIVE)),
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),
        encoding=draw(st.sampled_from(ENCODINGS)),
        name=draw(st.sampled_from(NAMES)),
        ids=draw(st.sampled_from([(), IDS[:2], IDS])),
    )
    fits = is_text_of("".join(written.cells), written.encoding)
    return written if fits else replace(written, encoding="utf-8")


def write(written: Written, path: Path) -> None:
    """Write the table: the same numbers for each series, which is what its rows are told by."""
    stamps = pd.date_range("2023-01-02", periods=len(written.values)).strftime("%Y-%m-%d")
    rows = list(zip(stamps, written.cells, strict=True))
    with path.open("w", encoding=written.encoding, newline="") as file:
        table = csv.writer(file, delimiter=written.delimiter)
        if written.ids:
            table.writerow(["Ort", "ds", written.name])
            table.writerows([(name, *row) for name in written.ids for row in rows])
        else:
            table.writerows([("ds", written.name), *rows])


def outcome(written: Written, path: Path) -> str:
    write(written, path)
    found = read(path)
    if found is None:
        return REFUSED
    if not isinstance(found, Read):
        return ASKED
    assume(found.data.sentinels == ())  # -9999 stands for a missing value, and is told
    names = written.ids or (written.name,)
    assert found.data.targets == (written.name,)
    assert found.panel.layout.ids == tuple(sorted(names))
    values = found.panel.values[:, 0]
    assert any(np.allclose(values, each * len(names), rtol=1e-12) for each in readings(written)), (
        found.data,
        values[:5],
    )
    return EQUAL


def readings(written: Written) -> Iterator[list[float]]:
    """What was meant; and as decimals, where all numbers have one sign before three digits, which
    parts decimals in the language of the file: the guide says so.
    """
    yield written.meant
    decimal = "," if written.delimiter == ";" else "."
    thousands = all(1000 <= abs(value) < 1_000_000 for value in written.values)
    if thousands and not written.decimals and written.style.thousands == decimal:
        yield [value / 1000 for value in written.meant]


def test_numbers_are_read_as_they_were_meant_or_asked_about_or_refused() -> None:
    require_law(tables(), outcome, least_equal=0.6)
