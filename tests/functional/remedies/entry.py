"""What an entry says: a message, what brings it up, and the remedies that it names."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = [
    "EDITED", "OUT", "RULES", "Files", "Tried", "Typed", "csv", "daily", "database", "days",
    "hours", "stamped", "workbook",
]  # fmt: skip

Files = Callable[[Path], None]
OUT = "leave it out"  # what was given is not given; the name of a key: that one is not
EDITED = "in the table"  # what was given stays, as does what the remedy says of options


@dataclass(frozen=True)
class Tried:
    """A message, and its remedies."""

    text: str  # a part of the text in the source
    files: str | bytes | Files  # the text of a table, or what writes it
    # what to look for in the message -> the options that it means, "" for what stands there
    remedies: Mapping[str, str]
    given: str = ""  # options of `init`; with `keys`, of `train`
    keys: Mapping[str, Any] | None = None  # of the section data: then training reads the table
    name: str = "t.csv"
    beside: str = ""  # options that the remedy needs beside, as another message says
    edited: Mapping[str, str] = field(default_factory=dict)  # in the table, beside the remedy
    then: str = ""  # what is said instead, where a remedy brings only that


@dataclass(frozen=True)
class Typed:
    """A message of a command that is typed where runs are published, and its remedies."""

    text: str  # a part of the text in the source
    command: str  # after `forecast`; several that && joins, of which the last one says it
    # what to look for in the message -> the command, or several, that it means
    remedies: Mapping[str, str]
    files: Files | None = None  # what writes more than the runs and tables that are there
    then: str = ""  # what is said instead, where a remedy brings only that


def days(count: int = 60, first: str = "2022-01-03") -> list[str]:
    return [str(day.date()) for day in pd.date_range(first, periods=count)]


def csv(header: str, rows: list[str], before: str = "") -> str:
    return "\n".join([f"{before}{header}", *rows, ""])


def daily(odd: Mapping[int, str] | None = None, before: str = "", count: int = 60) -> str:
    """A daily series, some of its cells odd."""
    cells = [(odd or {}).get(k, f"{10 + k % 7}.5") for k in range(count)]
    return csv("ds,y", [f"{d},{y}" for d, y in zip(days(count), cells, strict=True)], before)


def stamped(stamps: list[str], header: str = "ds,y") -> str:
    return csv(header, [f"{stamp},{10 + k % 7}.5" for k, stamp in enumerate(stamps)])


def hours(first: str, count: int = 96, form: str = "%Y-%m-%d %H:%M:%S") -> list[str]:
    return list(pd.date_range(first, periods=count, freq="h").strftime(form))


def database(*tables: str, cell: object = 1.5) -> Files:
    def write(folder: Path) -> None:
        with sqlite3.connect(folder / "t.db") as connection:
            for name in tables:
                connection.execute(f"CREATE TABLE {name} (ds, y, note)")
                rows = [(day, 10.5 + k % 7, cell) for k, day in enumerate(days())]
                connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", rows)

    return write


def workbook(*sheets: str) -> bytes:
    content = BytesIO()
    frame = pd.DataFrame({"ds": days(), "y": [10.5 + k % 7 for k in range(60)]})
    with pd.ExcelWriter(content, engine="xlsxwriter") as writer:
        for name in sheets:
            frame.to_excel(writer, sheet_name=name, index=False)
    return content.getvalue()


RULES = "data.aggregate: sum, mean, last, max or count"
