"""``forecast template``: the rows of the future that ``predict`` needs, with empty cells for what
is known ahead.
"""

from pathlib import Path

import pandas as pd

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import UsageError
from lstm_forecast.events import SILENT, Listener
from lstm_forecast.forecasting.loaded import load_run, usable_panel
from lstm_forecast.forecasting.table import obeyed
from lstm_forecast.forecasting.written_stamps import written_as
from lstm_forecast.panel.ended import ended_notes, without_ended
from lstm_forecast.panel.future import future_table
from lstm_forecast.panel.panel import Panel
from lstm_forecast.store import find_run, write_whole
from lstm_forecast.store.outputs import require_new, require_output, require_suffix

__all__ = ["template", "template_csv"]

SUFFIXES = (".csv", ".parquet")


def template(
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    output: Path | None = None,
    force: bool = False,
    listener: Listener = SILENT,
) -> pd.DataFrame:
    """The table that ``predict --future`` reads: a row for each series and step after its end, in
    ``data`` if given.

    The ``listener`` hears which series it leaves out. The table is written to ``output``, whole or
    not at all, if that is given; over a file that is there, which may be filled in, only with
    ``force``. Raises UsageError if the options do not fit the run or it has no future covariates,
    RunError if there is no sound run, DataError if the data do not fit it, WriteError if writing
    fails.
    """
    require_suffix("--output", output, SUFFIXES)
    run = find_run(runs, name)
    loaded = load_run(run)
    require_output("--output", output, [data, loaded.data_path])
    require_new(output, force=force)
    config = loaded.config.data
    if not config.covariates.future:
        raise UsageError(
            f"{run.path}: this run needs no rows of the future, as it has no"
            " data.covariates.future; calendar and holidays are computed"
        )
    horizon, policy = loaded.config.windows.horizon, config.ended_series
    panel, _ = without_ended(usable_panel(loaded, data), None, policy=policy, steps=horizon)
    for line in ended_notes(panel.ended):
        listener.note(line, event="repair")
    table = _rows_ahead(panel, config, horizon)
    if output is not None:
        write_whole(output, lambda staged: _write(table, staged, suffix=output.suffix.lower()))
    return table


def _rows_ahead(panel: Panel, data: DataConfig, horizon: int) -> pd.DataFrame:
    table = future_table(
        panel,
        horizon=horizon,
        timestamp=" ".join(data.stamp_columns),
        series_columns=data.series_columns,
    )
    written = written_as(data)  # both are read the same way
    return table if written is None else written.put_into(table)


def _write(table: pd.DataFrame, path: Path, *, suffix: str) -> None:
    if suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        path.write_text(template_csv(table), encoding="utf-8")


def template_csv(table: pd.DataFrame) -> str:
    """The table as CSV.

    Raises UsageError if an id or a name in it is one that spreadsheets or terminals obey:
    ``predict`` would not know the series again by anything else.
    """
    if (odd := obeyed(table)) is not None:
        raise UsageError(
            f"a spreadsheet or a terminal would obey {odd!r}, so that it is not written as CSV;"
            " give an --output that ends in .parquet"
        )
    return str(table.to_csv(index=False))
