"""The panel that a config's ``data`` section describes: read, surveyed, and settled by its
policies.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import AbsentError, DataError
from lstm_forecast.events import phase
from lstm_forecast.panel.building import inspect_panel
from lstm_forecast.panel.covariates import find_categories, known_ahead
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.repair import numeric_sentinels
from lstm_forecast.tables.faults import Finding, counted, refuse
from lstm_forecast.tables.files.formats import require_inside
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.numbers.cells import Meaning
from lstm_forecast.tables.padded_ids import without_padding
from lstm_forecast.tables.read import Table, column_names, data_files, read_table
from lstm_forecast.tables.source import Source
from lstm_forecast.tables.stamps.other_stamps import require_rows_of_stamps
from lstm_forecast.tables.turned.reading import read_turned

__all__ = [
    "for_a_run", "known_ahead", "meaning_of", "numeric_sentinels", "read_described", "read_panel",
    "repair_notes", "require_columns_of_training", "settled_panel", "survey_panel", "survey_table",
    "wanted_cells",
]  # fmt: skip

AGAIN = ", and train again"


def read_panel(
    data: DataConfig, source: Source, *, memory_limit: int | None, training: bool = False
) -> tuple[Panel, Table]:
    """Read the table in ``source`` as ``data`` describes it, and settle its faults by the policies
    there.

    It may take ``memory_limit`` MiB, or what the machine has left. Only ``training`` stops at
    ``data.end``: forecasts start from the end of whatever they are given. Their policies are those
    of the run.
    """
    if training:
        panel, findings, table = survey_panel(data, source, end=data.end, memory_limit=memory_limit)
        refuse(findings)
        return panel, table
    require_columns_of_training(data, source)
    with for_a_run():
        table = read_described(data, source, memory_limit=memory_limit)
    return settled_panel(data, table), table


def settled_panel(data: DataConfig, table: Table) -> Panel:
    """The panel of a table that was read for a run, its faults settled by the policies there.

    Raises DataError for those that none settles.
    """
    with for_a_run():
        panel, findings = survey_table(data, table)
    # A later table may be without a series that is left out.
    refuse([finding for finding in findings if finding.kind != "leave_out"], afterwards=AGAIN)
    return panel


@contextmanager
def for_a_run() -> Iterator[None]:
    """Say of a problem whose remedy is a key of the config that a run keeps it as it was."""
    try:
        yield
    except DataError as error:
        problems = (text + AGAIN if "set data." in text else text for text in error.problems)
        raise type(error)(*problems) from None


def require_columns_of_training(data: DataConfig, source: Source) -> None:
    """Raise DataError with what is missing, and what is new, where a table lacks a column that
    training had.
    """
    used = data.columns_as_written
    present = column_names(source, data.csv, data.inside, columns=used)
    new = [name for name in present if name not in used]
    problems = []
    for name in used:
        if name not in present:
            near = [other for other in new if other.strip().lower() == name.strip().lower()]
            near = near or difflib.get_close_matches(name, new, n=1)
            problems.append(
                f"- {name}" + (f", unless it is {near[0]} now: then rename that" if near else "")
            )
    if problems:
        listed = f"+ {', '.join(new)}" if new else "nothing new"
        raise DataError(
            f"{source}: not the columns of the training: {'; '.join(problems)}; {listed}"
        )


def repair_notes(data: DataConfig, repairs: Mapping[str, int]) -> list[str]:
    """What the policies of a config changed, for people."""
    notes = []
    for kind, count in repairs.items():
        if hasattr(data, kind):
            policy = getattr(data, kind)
            shown = list(policy) if isinstance(policy, tuple) else policy
            series = kind.endswith("_series")
            what = f"{count:,} series" if series else counted(kind, count)
            notes.append(f"data.{kind}: {shown} settled {what}")
        else:
            notes.append(f"{count:,} {kind.replace('_', ' ')} left out")
    return notes


def survey_panel(
    data: DataConfig,
    source: Source,
    *,
    end: str | int | None = None,
    memory_limit: int | None = None,
) -> tuple[Panel, list[Finding], Table]:
    """As ``read_panel``, but faults without a policy are told, not raised: the panel is sound if
    none is refused.
    """
    table = read_described(data, source, memory_limit=memory_limit)
    return (*survey_table(data, table, end=end), table)


def read_described(data: DataConfig, source: Source, *, memory_limit: int | None = None) -> Table:
    """The table in ``source``, its cells and ids as ``data`` describes them."""
    table = _read(data, source, memory_limit)
    strips = data.padded_ids == "strip"
    return without_padding(table, data.series_columns) if strips else table


def _read(data: DataConfig, source: Source, memory_limit: int | None) -> Table:
    named_by_option = data.path is None or not str(source).endswith(data.path)
    try:
        if isinstance(source, Path) and not named_by_option:
            require_inside(data_files(source)[0], data.inside)
        if data.layout in ("wide", "calendar"):
            if data.other_stamps == "skip":
                require_rows_of_stamps(data.layout)
            meaning = meaning_of(data)
            return read_turned(data, source, meaning=meaning, memory_limit=memory_limit)
        wanted = wanted_cells(data, _compared(data, source))
        return read_table(
            source,
            columns=wanted.columns,
            text=wanted.text,
            either=wanted.either,
            meaning=wanted.meaning,
            memory_limit=memory_limit,
            written=data.csv,
            inside=data.inside,
        )
    except AbsentError as error:
        if named_by_option:
            raise
        remedy = "put the data there, or give their absolute path: --set data.path=PATH"
        raise AbsentError(
            f"{error}; data.path names it, from the directory of the config; {remedy}"
        ) from None


def wanted_cells(data: DataConfig, others: Sequence[str] = ()) -> Wanted:
    """The cells of a table that ``data`` describes, and those of ``others`` of its columns."""
    categories = data.covariates.categories
    counted = data.targets if data.aggregate == "count" else ()
    return Wanted(
        [*data.columns, *others],
        [*data.keys, *(categories or ()), *counted, *others],
        data.covariates.static if categories is None else (),
        meaning_of(data),
    )


def _compared(data: DataConfig, source: Source) -> list[str]:
    """The columns that are read only to tell whether events are equal in all of them."""
    if data.aggregate is None or data.duplicates != "first":
        return []
    names = column_names(source, data.csv, data.inside, columns=data.columns)
    return [name for name in names if name not in data.columns]


def survey_table(
    data: DataConfig, table: Table, *, end: str | int | None = None
) -> tuple[Panel, list[Finding]]:
    """As ``survey_panel``, for a table that was read."""
    phase(f"looking for faults in {len(table.frame):,} rows", rows=len(table.frame))
    covariates = data.covariates
    if covariates.categories is None:
        covariates = covariates.model_copy(
            update={"categories": find_categories(table.frame, covariates.static)}
        )
    data = data.model_copy(update={"covariates": covariates})
    return inspect_panel(table, data, end=end, now=pd.Timestamp.now(tz="UTC"))


def meaning_of(data: DataConfig) -> Meaning:
    """What cells mean that hold no plain number."""
    missing = tuple(word for word in data.sentinels if isinstance(word, str))
    return Meaning(missing, data.units, data.censored, data.dashes)
