"""Counts x signs for nothing: zeros that are written as dashes, and codes below 0, are asked about,
and the answers give the counts that were meant.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import assume
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from tests.laws.law import ASKED, EQUAL, REFUSED, Read, read, read_by, require_law

DASHES = ("-", "--", "---", "\u2013", "\u2014")
CODES = (-1, -7, -9, -99, -999)
IDS = ("a", "b")
LAYOUTS = ("one", "series", "wide")


@dataclass(frozen=True)
class Counts:
    """Counts of days, and how they are written."""

    values: tuple[int, ...]
    zero: str  # what stands for 0
    code: int | None  # what stands where nothing was counted
    coded: frozenset[int]  # the rows where it does
    layout: str
    again: bool  # whether init hears the answers, or the training does

    @property
    def cells(self) -> list[str]:
        given = [self.zero if value == 0 else str(value) for value in self.values]
        return [str(self.code) if k in self.coded else cell for k, cell in enumerate(given)]

    @property
    def meant(self) -> list[float]:
        return [np.nan if k in self.coded else value for k, value in enumerate(self.values)]

    @property
    def stamps(self) -> pd.DatetimeIndex:
        return pd.date_range("2023-01-02", periods=len(self.values))


@st.composite
def tables(draw: st.DrawFn) -> Counts:
    values = tuple(draw(st.lists(st.integers(0, 9), min_size=12, max_size=20)))
    code = draw(st.none() | st.sampled_from(CODES))
    rows = st.sets(st.integers(1, len(values) - 2), min_size=2, max_size=3)
    return Counts(
        values=values,
        zero=draw(st.sampled_from(("0", *DASHES))),
        code=code,
        coded=frozenset() if code is None else frozenset(draw(rows)),
        layout=draw(st.sampled_from(LAYOUTS)),
        again=draw(st.integers(0, 7)) == 0,
    )


def write(counts: Counts, path: Path) -> None:
    days = counts.stamps.strftime("%Y-%m-%d")
    if counts.layout == "wide":
        rows = [",".join([name, *counts.cells]) for name in IDS]
        lines = [",".join(["place", *days]), *rows]
    elif counts.layout == "series":
        pairs = list(zip(days, counts.cells, strict=True))
        lines = ["place,ds,y", *(f"{name},{day},{cell}" for name in IDS for day, cell in pairs)]
    else:
        lines = ["ds,y", *(f"{day},{cell}" for day, cell in zip(days, counts.cells, strict=True))]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def outcome(counts: Counts, path: Path) -> str:
    given = [value for k, value in enumerate(counts.values) if k not in counts.coded]
    assume({1, 2} & {*given} and given[0] and given[-1])
    write(counts, path)
    found = read(path)
    if found is None:
        return REFUSED
    dashed = counts.zero != "0" and 0 in given
    if isinstance(found, Read):
        assert not dashed, "a dash among small counts was read in silence"
        assert counts.code is None or (
            counts.code <= -100 and found.data.sentinels == (counts.code,)
        )
        require_equal(found, counts)
        return EQUAL
    kinds = {question.kind for question in found}
    assert ("dashes" in kinds) == dashed
    keys = ["data.dashes=zero"] if dashed else []
    if counts.code is not None:
        keys += [f"data.sentinels=[{counts.code}]", "data.missing=mask"]
    answered = read(path, *keys) if counts.again else trained(path, *keys)
    if isinstance(answered, Read):
        require_equal(answered, counts)
        return EQUAL
    return ASKED


def trained(path: Path, *answers: str) -> Read | None:
    """The table by the config that asks, and the answers; None where these leave something open."""
    try:
        return read_by(path.with_name("t.yaml"), path, *answers)
    except DataError:
        return None


def require_equal(found: Read, counts: Counts) -> None:
    """The counts that were meant, and no others: a code is none of them."""
    meant = dict(zip(counts.stamps, counts.meant, strict=True))
    for (_, stamp), value in found.values.items():
        filled = np.isnan(meant[stamp]) and found.data.missing != "mask"
        assert filled or np.array_equal(value, meant[stamp], equal_nan=True), (stamp, found.values)
    assert min(found.values.values()) >= 0 or np.isnan(min(found.values.values()))


def test_dashes_for_zeros_and_codes_below_zero_are_asked_about_and_read_as_answered() -> None:
    require_law(tables(), outcome, least_equal=0.6)
