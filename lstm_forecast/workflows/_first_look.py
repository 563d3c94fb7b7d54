"""A table that nobody has described: what its columns are for, and what is odd about it as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstm_forecast.config.table import CsvConfig, DataConfig
from lstm_forecast.data.faults import SHOWN, Finding
from lstm_forecast.data.read import Table, read_table
from lstm_forecast.data.roles import Roles, find_roles
from lstm_forecast.data.stamps import joined, stamp_format

__all__ = ["FirstLook", "first_look"]


@dataclass(frozen=True)
class FirstLook:
    """What a table seems to be."""

    data: DataConfig  # its columns and how they are written; policies for nothing but cells that are no numbers
    roles: Roles
    findings: list[Finding]


def first_look(
    path: Path,
    *,
    timestamp: Sequence[str] = (),
    timestamp_format: str | None = None,
    series_id: str | None = None,
    targets: Sequence[str] = (),
) -> FirstLook:
    """Look at all cells of the table at ``path``; what the caller names is taken.

    Raises DataError if the table cannot be read, a named column is absent, or none can be the time or a target.
    """
    table = read_table(path)
    dialect = table.sources[0][2]
    decimal = dialect.decimal if dialect else "."
    roles = find_roles(table.frame, decimal=decimal, timestamp=timestamp, series_id=series_id, targets=targets)
    named = set(targets)
    words = sorted({word for name, found in roles.words.items() if name not in named for word in found})
    data = DataConfig(
        path=f"./{path.name}",  # whoever writes it down knows from where
        timestamp=roles.timestamp if len(roles.timestamp) > 1 else roles.timestamp[0],
        timestamp_format=timestamp_format or _format(table, roles),
        series_id=roles.series_id,
        targets=roles.targets,
        csv=CsvConfig(delimiter=dialect.delimiter, decimal=",") if dialect and decimal == "," else CsvConfig(),
        sentinels=tuple(words),
    )
    return FirstLook(data, roles, [*_mixed(table, roles), *_doubled(table)])


def _format(table: Table, roles: Roles) -> str | None:
    """The format of the stamps, where there is more than one way to read them."""
    whole, column, known = joined(table, roles.timestamp)
    return None if known else stamp_format(whole, column)


def _mixed(table: Table, roles: Roles) -> list[Finding]:
    findings = []
    for name, words in roles.words.items():
        rows = np.flatnonzero(table.frame[name].astype("str").str.strip().isin(words))
        places = tuple(
            f"{table.place(int(row))}: column {name}: {table.frame[name].iloc[row]!r}" for row in rows[:SHOWN]
        )
        remedy = f"data.sentinels: [{', '.join(words)}]"
        text = "text in a column of numbers"
        findings.append(Finding("mixed", "refused", len(rows), text, places, remedy, {name: len(rows)}))
    return findings


def _doubled(table: Table) -> list[Finding]:
    frame = table.frame
    rows = np.flatnonzero(frame.duplicated() & (frame.iloc[:, 0].notna() & (frame.iloc[:, 0] != "")))
    if not len(rows):
        return []
    places = tuple(table.place(int(row)) for row in rows[:SHOWN])
    return [Finding("doubled", "note", len(rows), "equal to an earlier row in all columns", places)]
