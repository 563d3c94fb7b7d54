"""Tables that a config says are turned round, read as it describes them."""

from dataclasses import replace
from functools import partial

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.files.budget import Budget
from lstm_forecast.tables.numbers.amounts import Style
from lstm_forecast.tables.numbers.cells import Meaning, with_numbers
from lstm_forecast.tables.numbers.nothing import words_for_missing
from lstm_forecast.tables.numbers.style import decimal_of
from lstm_forecast.tables.read import Table, column_names, data_files, read_table
from lstm_forecast.tables.source import Frame, Source
from lstm_forecast.tables.stamps.header import (
    Names,
    Parts,
    find_names,
    find_parts,
    no_names,
    require_no_others,
)
from lstm_forecast.tables.turned.crossed import find_years
from lstm_forecast.tables.turned.styles import calendar_style, names_style
from lstm_forecast.tables.turned.table import Turn, TurnedTable, header_of, stamp_texts, turned

__all__ = ["read_turned"]


def read_turned(
    data: DataConfig, source: Source, *, meaning: Meaning, memory_limit: int | None = None
) -> TurnedTable:
    """The table in ``source``, which ``data.layout`` says is turned round, with a row for each
    value.

    Raises DataError as ``read_table`` and ``turned`` do, and for a header without such names, or
    with others among them.
    """
    found = _found(data, source)
    categories = data.covariates.categories
    read = partial(
        read_table,
        source,
        columns=[*data.columns_as_written, *found.names],
        memory_limit=memory_limit,
        written=data.csv,
        inside=data.inside,
    )
    keys = [*(name for name in data.keys if name in data.columns_as_written), *(categories or ())]
    either = data.covariates.static if categories is None else ()
    (value,) = data.targets
    units = meaning.units.get(value)
    of_columns = {} if units is None else dict.fromkeys(found.names, units)
    budget = Budget.of(source, limit=memory_limit, as_text=False)
    try:
        table = read(
            text=keys,
            either=either,
            meaning=replace(meaning, units={**meaning.units, **of_columns}),
        )
    except DataError:
        texts = read(text=[*keys, *found.names], either=either)
        _require_numbers(turned(texts, _turn(data, texts, found), budget), data, meaning)
        raise
    return turned(table, _turn(data, table, found), budget)


def _found(data: DataConfig, source: Source) -> Names | Parts:
    """The columns of values in the header of all files.

    Raises DataError where there are none, or others in another file.
    """
    used = data.columns_as_written
    names_of = partial(column_names, written=data.csv, inside=data.inside, columns=used)
    names = names_of(source)
    for file in () if isinstance(source, Frame) else data_files(source)[1:]:
        if names_of(file) != names:
            raise DataError(
                f"{file}: not the columns of the first file in {source}, as data.layout:"
                f" {data.layout} needs; write one table, or read each file alone"
            )
    free = [name for name in names if name not in used]
    found = find_names(free) if data.layout == "wide" else find_parts(free) or find_years(free)
    if found is None or data.layout is None:
        raise DataError(no_names(source, data.layout or "rows", free))
    require_no_others(source, names, found.names, used)
    return found


def _turn(data: DataConfig, table: Table, found: Names | Parts) -> Turn:
    """How the table is turned, its stamps written as the config says or as they are found to be."""
    (value,) = data.targets
    how = Turn(
        found.names,
        time=" ".join(data.stamp_columns),
        value=value,
        keys=data.series_columns,
        constants=data.covariates.static,
        timezone=data.timezone,
        missing=words_for_missing(data.dashes),
    )
    if isinstance(found, Names):
        header = header_of(table, found.names, column=how.time)
        style, prefix = names_style(header, found, data.timestamp_format, data.timezone)
        return replace(how, style=style.format, prefix=prefix)
    how = replace(how, rows=data.stamp_columns, years=found.kind == "year")
    texts, _ = stamp_texts(table, how)
    style = calendar_style(table, texts, how, found, data.timestamp_format)
    return replace(how, style=style.format)


def _require_numbers(table: TurnedTable, data: DataConfig, meaning: Meaning) -> None:
    """Raise DataError for values that are no numbers, told by the column that comes of them: what
    a message names is a key of that.
    """
    (value,) = data.targets
    cells = table.frame[value]
    missing = cells.str.strip().isin([*words_for_missing(meaning.dashes), *meaning.missing])
    dialect = table.sources[0][2]
    decimal = (dialect.decimal if dialect else decimal_of(data.csv)) or "."
    style = Style(decimal, data.csv.thousands)
    with_numbers(cells.mask(missing).to_frame(), [value], meaning, style, table.place)
