"""Keys x events x duplicates: rows are read as exactly these series, or asked about; and what comes
out of each printed answer is what pandas makes of the same rows.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from lstm_forecast.commands.init import init
from lstm_forecast.panel.asking.draft import Question
from lstm_forecast.panel.series_names import joined_name
from tests.laws.law import ASKED, EQUAL, REFUSED, Read, Values, read, read_by, require_law

# Cells of a column of keys.
CELLS = (
    ("a/b", "c", "a"), ("north west", "south", "north"), ("7", "10", "8"), ("\\x", "ö/ü", "x"),
    ("1", "2", "3"), ("DE", "FR", "AT"), ("001", "002", "01"), ("milk 1 l", "milk", "rye, dark"),
)  # fmt: skip
NAMES = ("store", "item", "region", "sensor", "branch", "product_id")
RULES: dict[str, Callable[[Any], pd.Series]] = {
    "sum": lambda steps: steps.sum(min_count=1),
    "count": lambda steps: steps.count(),
    "mean": lambda steps: steps.mean(),
    "last": lambda steps: steps.last(),
    "max": lambda steps: steps.max(),
    "first": lambda steps: steps.first(),
}
ZERO_RULES = ("sum", "count")  # under which steps without a row are 0
# The steps of each frequency as periods of pandas, and whether they are called by their last day.
PERIODS = {"min": "min", "h": "h", "D": "D", "W-SUN": "W-SUN", "MS": "M"}


@dataclass(frozen=True)
class Rows:
    """Rows as they are written, and the columns that name their series."""

    frame: pd.DataFrame
    keys: tuple[str, ...]
    regular: bool  # whether a series has one row a step, or several of the same cells
    answer: int  # the place of the answer that is tried, among all that are printed


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Series of each day or hour, or events of any time; some rows twice, in any order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    keys = tuple(draw(st.permutations(NAMES))[: draw(st.integers(0, 3))])
    cells = draw(st.permutations(CELLS))[: len(keys)]
    names = list(product(*(each[: draw(st.integers(1, 3))] for each in cells)))
    names = [names[k] for k in sorted(rng.permutation(len(names))[: draw(st.integers(1, 8))])]
    kind = draw(st.sampled_from(["D", "h", "lines", "clock"]))
    parts = []
    for name in names:
        stamps = stamps_of(kind, draw(st.integers(25, 60)), rng)
        own = pd.DataFrame({"when": stamps, "sold": rng.gamma(2, 10, len(stamps)).round(2)})
        parts.append(own.assign(**dict(zip(keys, name, strict=True))))
    frame = pd.concat(parts, ignore_index=True)
    again = draw(st.sampled_from([0.0, 0.0, 0.005, 0.1]))
    frame = pd.concat([frame, frame[rng.random(len(frame)) < again]], ignore_index=True)
    if draw(st.booleans()):
        frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    columns = draw(st.permutations(list(frame.columns)))
    answer = draw(st.integers(0, 11))
    return Rows(frame[columns], keys, regular=kind in ("D", "h"), answer=answer)


def stamps_of(kind: str, count: int, rng: np.random.Generator) -> pd.DatetimeIndex:
    """Stamps of a series: of each step, of order lines by day, or of events by the clock."""
    later = int(rng.integers(0, 4))
    if kind in ("D", "h"):
        return pd.date_range("2023-01-02", periods=count + later, freq=kind)[later:]
    first = pd.Timestamp(2023, 1, 2) + pd.Timedelta(days=later)
    if kind == "lines":
        return pd.date_range(first, periods=count).repeat(rng.integers(1, 4, count))
    seconds = np.sort(rng.integers(0, count * 86_400, 4 * count))
    return first + pd.to_timedelta(seconds, unit="s")


def outcome(rows: Rows, path: Path) -> str:
    rows.frame.to_csv(path, index=False)
    return outcome_of(rows, path, read(path))


def outcome_of(rows: Rows, path: Path, found: Read | tuple[Question, ...] | None) -> str:
    if found is None:
        return REFUSED
    if isinstance(found, Read):
        repeated = rows.frame.duplicated([*rows.keys, "when"]).any()
        require_same(rows, found, {"duplicates": "first"} if repeated else {})
        return EQUAL
    (question,) = found
    answers = [choice for choice in question.answers if choice.keys]
    choice = answers[rows.answer % len(answers)]
    options = shlex.split(choice.option)
    assert options[::2] == ["--set"] * (len(options) // 2)
    if "series_id" in choice.keys:  # what its rows are is another question
        return outcome_of(rows, path, read(path, *options[1::2]))
    chosen = read_by(path.with_name("t.yaml"), path, *options[1::2])
    require_same(rows, chosen, choice.keys)
    return ASKED


def require_same(rows: Rows, found: Read, keys: Any) -> None:
    """The series are those of the keys, and each has the rows that the policies make of its own."""
    expected = by_pandas(rows, found, keys)
    values = found.values
    missing = {key: value for key, value in expected.items() if key not in values}
    assert not missing, (keys, list(missing.items())[:3], list(values.items())[:3])
    differ = {
        key: (value, values[key])
        for key, value in expected.items()
        if not np.isclose(value, values[key], rtol=1e-9)
    }
    assert not differ, (keys, list(differ.items())[:3])
    assert {name for name, _ in values} == {name for name, _ in expected}
    between = [values[key] for key in values.keys() - expected.keys()]
    assert keys.get("aggregate") not in ZERO_RULES or not np.any(between)
    assert found.data.gaps == "fill" or keys.get("aggregate") in ZERO_RULES or not between


def by_pandas(rows: Rows, found: Read, keys: Any) -> Values:
    """What the policies make of the rows, by the name of the series and the stamp."""
    frame, columns = rows.frame, list(found.data.series_columns)
    if keys.get("aggregate") and keys.get("duplicates") == "first":
        frame = frame.drop_duplicates()
    if rows.regular:  # the columns that were found tell all series apart
        assert series(frame, columns) == series(frame, rows.keys), "series are mixed"
    rule = keys.get("aggregate") or keys.get("duplicates")
    stamps = frame["when"]
    if "aggregate" in keys:
        periods = stamps.dt.to_period(PERIODS[keys["freq"]])
        ends = keys["freq"].startswith("W")
        stamps = periods.dt.end_time.dt.normalize() if ends else periods.dt.start_time
    elif "off_grid" in keys:
        stamps = stamps.dt.round(keys["freq"])
    one = found.panel.layout.ids[0]
    ids = frame[columns].apply(lambda row: joined_name(list(row)), axis=1) if columns else one
    cells = frame.assign(stamp=stamps, id=ids).sort_values("when", kind="stable")
    if rule is None:
        assert not cells.duplicated(["id", "stamp"]).any()
        rule = "first"
    if "aggregate" not in keys:  # the first row of a step is that of the table
        cells = cells.sort_index()
    made = RULES[rule](cells.groupby(["id", "stamp"])["sold"])
    made = made.dropna()
    return dict(zip(made.index.to_list(), made.to_list(), strict=True))


def series(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    return len(frame[[*columns]].drop_duplicates()) if columns else 1


def test_rows_are_these_series_or_asked_about_and_answers_do_what_pandas_does() -> None:
    require_law(tables(), outcome, least_equal=0.3)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_rows_that_are_there_twice_do_not_hide_what_names_the_series(
    tmp_path: Path, share: float
) -> None:
    days = pd.date_range("2023-01-02", periods=50)
    frame = pd.concat(
        pd.DataFrame({"when": days, "store": store, "item": item, "sold": range(n, n + 50)})
        for n, (store, item) in enumerate(product(("east", "west"), ("milk", "rye")))
    )
    again = np.random.default_rng(0).random(len(frame)) < share
    pd.concat([frame, frame[again]]).to_csv(tmp_path / "t.csv", index=False)
    draft = init(tmp_path / "t.csv", output=tmp_path / "t.yaml")
    assert draft.series_id == ("store", "item")
    (question,) = draft.questions
    assert (question.kind, question.count) == ("duplicates", again.sum())
