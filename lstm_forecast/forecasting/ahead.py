"""What a run forecasts from: its history, with what is known of the steps to be forecast."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.files import STDIN
from lstm_forecast.forecasting.loaded import LoadedRun, usable_panel
from lstm_forecast.panel.ended import without_ended
from lstm_forecast.panel.future import Given, future_rows, look_ahead
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import meaning_of, numeric_sentinels
from lstm_forecast.store import Run
from lstm_forecast.tables.keys import is_empty
from lstm_forecast.tables.padded_ids import without_padding
from lstm_forecast.tables.read import Table, column_names, read_table
from lstm_forecast.tables.source import Frame, Source
from lstm_forecast.tables.stamps.other_stamps import OtherStamps, of_one_period

__all__ = ["read_ahead", "read_behind", "with_known_ahead"]


def read_ahead(
    loaded: LoadedRun, data: Source | None, future: Source | None, *, steps: int | None = None
) -> Panel:
    """The usable history, see ``usable_panel``, with what is known of the steps to be forecast, see
    ``with_known_ahead``.
    """
    if data == future == STDIN:
        raise UsageError(
            "--data and --future cannot both come in on standard input; write one to a file"
        )
    return with_known_ahead(loaded, usable_panel(loaded, data), data, future, steps=steps)


def with_known_ahead(
    loaded: LoadedRun,
    panel: Panel,
    data: Source | None,
    future: Source | None,
    *,
    steps: int | None = None,
) -> Panel:
    """A usable history, which was read from ``data``, with what is known of the steps to be
    forecast.

    ``future`` is a table of exactly these steps; without it, rows behind the last target in the
    history tell of them. Where ``steps`` are forecast for as long as that, series that ended are
    left out by the policy of the run.
    """
    given = None if future is None else _given(loaded, panel, data, future)
    if steps is not None:
        panel, given = without_ended(
            panel, given, policy=loaded.config.data.ended_series, steps=steps
        )
    return read_behind(loaded, panel, data, given=given)


def read_behind(
    loaded: LoadedRun, panel: Panel, data: Source | None, *, given: Given | None = None
) -> Panel:
    """Add what is known of the steps to be forecast to a usable history: rows ``given``, or those
    behind its last target.
    """
    horizon, template = loaded.forecaster.framing.horizon, _template_command(loaded.run, data)
    return look_ahead(panel, horizon=horizon, given=given, template=template)


def _given(loaded: LoadedRun, panel: Panel, data: Source | None, future: Source) -> Given:
    """The rows of a table of the ``future``, beside a history that was read from ``data``."""
    config = loaded.config.data
    if not panel.known.future:
        raise UsageError(
            f"--future {future}: this run needs no rows of the future, as it has no future"
            " covariates"
        )
    table, stamp = _read_future(loaded, future, data)
    style = config.timestamp_format if stamp == config.stamp_columns else None
    kept = _of_one_period(table, stamp, style, config.other_stamps)
    given = future_rows(
        kept,
        panel,
        timestamp=stamp,
        series_columns=config.series_columns,
        timestamp_format=style,
        timezone=config.timezone,
        dst=config.dst,
        sentinels=numeric_sentinels(config),
    )
    present = column_names(future, columns=[*map(str, table.frame)])
    if others := [name for name in present if name not in table.frame]:
        note = f"{future}: not needed, and not read: column {', '.join(others)}"
        given = replace(given, notes=(note,))
    if left_out := len(table.frame) - len(kept.frame):
        note = f"{future}: rows left out as they have no stamp of the run's kind: {left_out:,}"
        given = replace(given, notes=(*given.notes, note))
    return given


def _of_one_period(
    table: Table, stamp: Sequence[str], style: str | None, policy: OtherStamps
) -> Table:
    """The rows that the run would learn from by its ``policy``: with stamps in the ``style``, or
    with any where there is none.
    """
    lacks = is_empty(table.frame[list(stamp)]).any(axis=None)
    if policy == "error" or (style is None and not lacks):
        return table
    return of_one_period(table, stamp, style)


def _template_command(run: Run, data: Source | None = None) -> str:
    """The command that writes the rows of the future, as it can be typed here."""
    name, runs = run.path.parent.name, run.path.parent.parent
    where = [] if runs.absolute() == Path("runs").absolute() else ["--runs", str(runs)]
    newer = [] if data is None else ["--data", "FILE" if isinstance(data, Frame) else str(data)]
    command = ["forecast", "template", "--run", name, *where, *newer, "--output", "future.csv"]
    return shlex.join(command)


def _read_future(
    loaded: LoadedRun, source: Source, history: Source | None
) -> tuple[Table, tuple[str, ...]]:
    """The table of the future, and which of its columns hold the stamps: the parts of the history,
    or one for all.

    It has the columns that `forecast template` writes; others are not read. Its dialect is
    detected, as it is another file.
    """
    data, memory_limit = loaded.config.data, loaded.config.training.memory_limit
    whole = " ".join(data.stamp_columns)
    asked = [whole, *data.stamp_columns, *data.series_columns, *data.covariates.future]
    present = column_names(source, columns=asked)
    stamp = (whole,) if whole in present else data.stamp_columns
    keys = [*data.series_columns, *stamp]
    columns = [*keys, *data.covariates.future]
    problems = [f"{source}: no column {name}" for name in columns if name not in present]
    if problems:
        raise DataError(
            *problems,
            f"expected the columns {', '.join(columns)}, which"
            f" `{_template_command(loaded.run, history)}` writes",
        )
    table = read_table(
        source, columns=columns, text=keys, meaning=meaning_of(data), memory_limit=memory_limit
    )
    strips = data.padded_ids == "strip"
    return without_padding(table, data.series_columns) if strips else table, stamp
