"""``forecast template``: the rows of the future that ``predict`` needs, with empty cells for what
is known ahead.
"""

from pathlib import Path

import pandas as pd

from lstm_forecast.errors import UsageError
from lstm_forecast.forecasting.loaded import load_run, usable_panel
from lstm_forecast.forecasting.table import obeyed
from lstm_forecast.panel.future import future_table
from lstm_forecast.store import find_run, write_whole
from lstm_forecast.store.outputs import require_output, require_suffix

__all__ = ["template", "template_csv"]

SUFFIXES = (".csv", ".parquet")


def template(
    *, runs: Path, name: str | None = None, data: Path | None = None, output: Path | None = None
) -> pd.DataFrame:
    """The table that ``predict --future`` reads: a row for each series and step after its end, in
    ``data`` if given.

    It is written to ``output``, whole or not at all, if that is given. Raises UsageError if the
    options do not fit the run or it has no future covariates, RunError if there is no sound run,
    DataError if the data do not fit it, WriteError if writing fails.
    """
    require_suffix("--output", output, SUFFIXES)
    run = find_run(runs, name)
    loaded = load_run(run)
    require_output("--output", output, [data, loaded.data_path])
    config = loaded.config.data
    if not config.covariates.future:
        raise UsageError(
            f"{run.path}: this run needs no rows of the future, as it has no"
            " data.covariates.future; calendar and holidays are computed"
        )
    # then one column holds them all, and the format is not that of the data
    several = len(config.stamp_columns) > 1
    table = future_table(
        usable_panel(loaded, data),
        horizon=loaded.config.windows.horizon,
        timestamp=" ".join(config.stamp_columns),
        series_columns=config.series_columns,
        timestamp_format=None if several else config.timestamp_format,
    )
    if output is not None:
        write_whole(
            output,
            lambda staged: _write(table, staged, parquet=output.suffix.lower() == ".parquet"),
        )
    return table


def _write(table: pd.DataFrame, path: Path, *, parquet: bool) -> None:
    if parquet:
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
