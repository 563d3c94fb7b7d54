"""``forecast template``: the rows of the future that ``predict`` needs, with empty cells for what is known ahead."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.config.table import DataConfig
from lstm_forecast.data.future import future_stamps
from lstm_forecast.errors import UsageError
from lstm_forecast.store import find_run, write_whole
from lstm_forecast.workflows._loaded import load_run, usable_panel

__all__ = ["template"]

SUFFIXES = (".csv", ".parquet")


def template(
    *, runs: Path, name: str | None = None, data: Path | None = None, output: Path | None = None
) -> pd.DataFrame:
    """The table that ``predict --future`` reads: a row for each series and step after its end, in ``data`` if given.

    It is written to ``output``, whole or not at all, if that is given. Raises UsageError if the options do not fit the
    run or it has no future covariates, RunError if there is no sound run, DataError if the data do not fit it,
    WriteError if writing fails.
    """
    if output is not None and output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--output {output}: expected a name that ends in {', '.join(SUFFIXES)}")
    run = find_run(runs, name)
    loaded = load_run(run)
    config = loaded.config.data
    if not config.covariates.future:
        raise UsageError(
            f"{run.path}: this run needs no rows of the future, as it has no data.covariates.future; calendar and "
            "holidays are computed"
        )
    panel = usable_panel(loaded, data)
    ordinals = future_stamps(panel.layout, loaded.config.windows.horizon)
    frame: dict[str, Any] = {}
    if config.series_id is not None:
        frame[config.series_id] = np.repeat(np.array(panel.layout.ids, object), ordinals.shape[1])
    frame[" ".join(config.stamp_columns)] = _written(panel.layout.grid.stamps(ordinals.ravel()), config)
    table = pd.DataFrame(frame | {column: np.full(ordinals.size, np.nan) for column in config.covariates.future})
    if output is not None:
        write_whole(output, lambda staged: _write(table, staged, parquet=output.suffix.lower() == ".parquet"))
    return table


def _written(stamps: pd.Index, config: DataConfig) -> pd.Index:
    """The stamps as ``predict`` reads them again: in the format of the data, unless several columns hold the parts."""
    if config.timestamp_format and isinstance(stamps, pd.DatetimeIndex) and len(config.stamp_columns) == 1:
        return stamps.strftime(config.timestamp_format)
    return stamps


def _write(table: pd.DataFrame, path: Path, *, parquet: bool) -> None:
    if parquet:
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
