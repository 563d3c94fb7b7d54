"""Numbers as people write them: with thousands signs and decimal commas, with a unit or a currency
beside them, in brackets, as a limit of what could be measured, as yes or no.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = [
    "ALONE", "STYLES", "TRUTHS", "Amount", "Style", "are_flags", "censored_in", "is_limit",
    "numbers_written", "split", "truths_written",
]  # fmt: skip

MINUS = "-\u2212\u2013"
APOSTROPHES, SPACES = "'\u2019", " \xa0\u2009\u202f"
# What stands between thousands, by the sign that a config names.
SIGNS = {",": ",", ".": ".", "'": APOSTROPHES, " ": SPACES}
# R alone is the rand of South Africa where cents follow, and a letter of a code elsewhere.
RAND = r"R(?=\s[\d\s\u00a0\u202f.,]*[.,]\d\d(?!\d))"
CURRENCY = rf"[A-Z]{{0,3}}[$€£¥₹₽₩₺₴₫₪₱฿₦]|[A-Z]{{3}}|R[sp]\.?|{RAND}|Fr\.|kr\.?|zł"
PART_OF_TIME = r"(?:Q|H|W|KW|CW)\d|[AaPp][Mm]\b"  # 2008Q1 and 12 am are no amounts
# What a price or a rate is for; 5/Jan is none, but a date.
PER = (
    r"/\s?(?i:kg|g|q|qtl|mt|t|lb|oz|l|lt|ltr|ml|gal|m[23²³]?|km|ha|acre|h|hr|day|night|[km]?wh|unit"
    r"|piece|pcs?|ea|bag|box|crate|tray|dozen|doz|head)\b"
)
UNIT = (
    rf"(?:{PER}|(?!{PART_OF_TIME})(?:[^\W\d_]|[%‰°$€£¥₹₽₩₺₴₫₪₱฿₦])"
    r"(?:[^()<>=\s]|\s(?!\d)){0,15}?)"
)
DIGITS = rf"[.,]?\d(?:[\d.,{APOSTROPHES}{SPACES}]*\d)?[.,]?(?:[eE][+-]?\d+)?"
WRITTEN = re.compile(
    rf"(?P<limit>[<>≤≥]=?)?\s*(?:(?P<outer>{CURRENCY})\s*(?=\())?"
    rf"(?P<open>\()?\s*(?P<sign>[{MINUS}+])?\s*(?P<before>{CURRENCY})?\s*"
    rf"(?P<inner>[{MINUS}])?\s*(?P<digits>{DIGITS})\s*(?P<after>{UNIT})?\s*(?P<behind>[{MINUS}])?"
    r"\s*(?P<close>\))?"
)
# Words that stand for true and false in a column that holds no others.
TRUTHS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("ja", "nein"), ("j", "n"), ("wahr", "falsch"),
    ("oui", "non"), ("vrai", "faux"), ("sí", "no"), ("si", "no"), ("sim", "não"), ("on", "off"),
)  # fmt: skip
# Letters behind numbers that statistical offices put there: b for a break in the series, e for an
# estimate, p for provisional, r for revised and so on. Those that are units, such as g, are not.
FLAGS = r"[bdepru]{1,3}|[cfinsz]"
ALONE: Mapping[str, float] = {"": 1.0}  # no unit beside the number


class Amount(NamedTuple):
    """A text that holds one number."""

    limit: str  # < or >, where it is only known to lie there; else empty
    negative: bool
    digits: str
    unit: str


@dataclass(frozen=True)
class Style:
    """What the signs between digits mean."""

    decimal: str = "."
    thousands: str | None = None

    @property
    def keys(self) -> dict[str, str]:
        """The keys of the config's section csv that say so."""
        decimal = {"decimal": self.decimal}
        return decimal if self.thousands is None else decimal | {"thousands": self.thousands}

    @property
    def remedy(self) -> str:
        """The same as a message names them."""
        return " and ".join(f"data.csv.{key}: {sign!r}" for key, sign in self.keys.items())

    @cached_property
    def _form(self) -> re.Pattern[str]:
        decimals = rf"(?:{re.escape(self.decimal)}\d*)?"
        whole = r"\d+"
        if self.thousands is not None:
            sign = f"[{re.escape(SIGNS[self.thousands])}]"
            whole = rf"\d+|[1-9]\d{{0,2}}(?:{sign}\d{{3}})+"
            if self.thousands == ",":  # 12,34,567, as in India
                whole += r"|[1-9]\d?(?:,\d{2})+,\d{3}"
        return re.compile(rf"(?:(?:{whole}){decimals}|{re.escape(self.decimal)}\d+)([eE][+-]?\d+)?")

    def plain(self, cells: pd.Series) -> pd.Series:
        """Texts that are numbers without more beside them as a computer writes them; others as no
        number.
        """
        if self == STYLES[0]:
            return cells
        text = cells.str.strip()
        plain = text.where(text.str.fullmatch(rf"[-+]?(?:{self._form.pattern})"))
        if self.thousands is not None:
            plain = plain.str.replace(f"[{re.escape(SIGNS[self.thousands])}]", "", regex=True)
        return plain.str.replace(self.decimal, ".", regex=False)

    def number(self, digits: str) -> float | None:
        """The number that these digits and signs are; None where they are none."""
        if not self._form.fullmatch(digits):
            return None
        plain = digits
        if self.thousands is not None:
            plain = digits.translate(dict.fromkeys(map(ord, SIGNS[self.thousands])))
        return float(plain.replace(self.decimal, "."))


# The plainest first.
STYLES = (
    Style("."), Style(","), Style(".", ","), Style(",", "."), Style(".", "'"), Style(",", "'"),
    Style(".", " "), Style(",", " "),
)  # fmt: skip


def split(text: str) -> Amount | None:
    """The parts of a text that holds one number and what belongs to it; None where it does not."""
    found = WRITTEN.fullmatch(text)
    if found is None or (found["open"] is None) != (found["close"] is None):
        return None
    negative = [found[name] for name in ("sign", "inner", "behind", "open") if found[name]]
    beside = [found[name] for name in ("outer", "before", "after") if found[name]]
    if len(negative) > 1 or len(beside) > 1:
        return None
    return Amount(
        limit=(found["limit"] or "")[:1].translate({ord("≤"): "<", ord("≥"): ">"}),
        negative=bool(negative) and negative != ["+"],
        digits=found["digits"],
        unit=beside[0] if beside else "",
    )


def are_flags(texts: Collection[str]) -> bool:
    """Whether texts beside numbers may be the flags of statistical offices, such as p and e, which
    no number is multiplied by.
    """
    return all(re.fullmatch(FLAGS, text) for text in texts)


def numbers_written(
    cells: pd.Series, style: Style, units: Mapping[str, float], *, censored: str = "error"
) -> pd.Series:
    """The texts of a column as numbers, NaN where one is none in this ``style``.

    ``units`` says what a number is multiplied by for each text beside it, with "" for none.
    ``censored``: what <0.5 and >10 are: limit (the number), half (of a limit that values lie
    below), missing, or error (no number, as missing).
    """
    if "" in units:
        numbers = pd.to_numeric(style.plain(cells), errors="coerce") * units[""]
    else:
        numbers = pd.Series(np.nan, cells.index)
    odd = cells[numbers.isna()]  # few, in most tables
    codes, distinct = pd.factorize(odd)
    found = np.array([_number(text.strip(), style, units, censored) for text in distinct], float)
    numbers[numbers.isna()] = np.append(found, np.nan)[codes]
    return numbers


def _number(text: str, style: Style, units: Mapping[str, float], censored: str) -> float:
    amount = split(text)
    if amount is None or amount.unit not in units:
        return np.nan
    number = style.number(amount.digits)
    if number is None or (amount.limit and censored in ("error", "missing")):
        return np.nan
    share = 0.5 if amount.limit == "<" and censored == "half" else 1.0
    return number * units[amount.unit] * share * (-1 if amount.negative else 1)


def is_limit(text: str) -> bool:
    """Whether a text is a limit of what could be measured, such as <0.5."""
    amount = split(text)
    return amount is not None and amount.limit != ""


def censored_in(cells: pd.Series) -> pd.Series:
    """Which texts are limits of what could be measured, such as <0.5."""
    codes, distinct = pd.factorize(cells)
    found = [is_limit(text.strip()) for text in distinct]
    return pd.Series(np.append(np.array(found, bool), False)[codes], cells.index)


def truths_written(cells: pd.Series) -> pd.Series | None:
    """1 and 0 for words that mean true and false, NaN where cells are missing; None where there are
    others among them, or no words.
    """
    words = cells.astype("str").str.strip().str.lower().where(cells.notna())
    distinct = set(words.dropna().unique())
    for true, false in TRUTHS:
        if distinct and distinct <= {true, false}:
            return words.map({true: 1.0, false: 0.0}).astype("float64")
    return None
