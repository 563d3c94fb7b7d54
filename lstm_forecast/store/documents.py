"""What a run tells about itself beside its networks: each checked for size and shape before anybody
relies on it.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.documents import parsed
from lstm_forecast.errors import ConfigError, RunError
from lstm_forecast.events import Epoch
from lstm_forecast.panel.series_ids import LONGEST_SERIES_ID
from lstm_forecast.store import Run
from lstm_forecast.store.history import read_history
from lstm_forecast.store.manifest import Manifest
from lstm_forecast.store.report import FORECAST, Reports

__all__ = [
    "data_path", "read_config", "read_epochs", "read_manifest", "read_metrics",
    "read_test_forecasts", "sound",
]  # fmt: skip

ROW_BYTES = 256  # of a line of the history
STEP_BYTES = 4096  # of all errors of one step of the horizon
MOST_COLUMNS = 5 + 2 * 99  # of forecasts, with an interval for every percent
# that we write: others can make gigabytes of a page of kilobytes
CODECS = {"SNAPPY", "UNCOMPRESSED"}


@contextmanager
def sound(run: Run, name: str) -> Iterator[None]:
    """Raise RunError where the code inside cannot make sense of the file ``name`` of the run."""
    try:
        yield
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        OSError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"{run.path / name}: damaged: {reason}; train again") from None


def read_manifest(run: Run) -> Manifest:
    """What a run tells about itself. Raises RunError if some of it is missing or something else."""
    with sound(run, "manifest.json"):
        return parsed(Manifest, json.dumps(dict(run.manifest)))


def read_config(run: Run) -> Config:
    """The config of a run. Raises RunError if it is damaged."""
    content = run.read("config.yaml")
    try:
        return parse_config(content.decode("utf-8"), source=str(run.path / "config.yaml"))
    except (ConfigError, ValueError) as error:
        raise RunError(f"{run.path}: damaged: {error}; train again") from None


def data_path(run: Run, data: DataConfig) -> Path | None:
    """Where the data of the run lay in training; None if they were a frame.

    A run's config counts paths from its own directory.
    """
    return None if data.path is None else run.path / data.path


def read_metrics(run: Run, *, horizon: int) -> Reports:
    """Reports by part. Raises RunError if they are damaged."""
    content = run.read("metrics.json", limit=2**18 + STEP_BYTES * horizon)
    with sound(run, "metrics.json"):
        found = parsed(Reports, content)
        if not all(FORECAST in report.errors for report in found.parts.values()):
            raise ValueError("no errors of the forecast itself")
        return found


def read_epochs(run: Run, *, networks: int, epochs: int) -> list[Epoch]:
    """The history of the training. Raises RunError if it is damaged."""
    rows = 1 + networks * (1 + epochs)
    content = run.read("history.csv", limit=ROW_BYTES * rows)
    with sound(run, "history.csv"):
        if not (found := read_history(content.decode("utf-8"))):
            raise ValueError("no epoch")
        return found


def read_test_forecasts(run: Run, *, name: str, horizon: int, n_targets: int) -> pd.DataFrame:
    """Forecasts of the test part: ``unique_id, ds, cutoff, y`` and the columns of the forecast.

    The forecast is called ``name``. Raises RunError unless the footer of the file tells what that,
    the shape and the manifest ask for, before anything else is read.
    """
    import pyarrow.parquet

    rows = read_manifest(run).windows.test * horizon * n_targets
    content = run.read(
        "forecasts.parquet", limit=2**20 + rows * (LONGEST_SERIES_ID + 16 * MOST_COLUMNS)
    )
    with sound(run, "forecasts.parquet"):
        # Ids stay numbers of a dictionary: written out, one of a megabyte would be one in every
        # row.
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content), read_dictionary=["unique_id"])
        footer = file.metadata
        if footer.num_rows != rows:
            raise ValueError(f"{footer.num_rows:,} rows, and the test part has {rows:,}")
        _require_columns(file.schema_arrow, name, empty=rows == 0)
        groups = map(footer.row_group, range(footer.num_row_groups))
        if (
            not {group.column(k).compression for group in groups for k in range(footer.num_columns)}
            <= CODECS
        ):
            raise ValueError("compressed in another way than runs are")
        table: pd.DataFrame = file.read().to_pandas(ignore_metadata=True)
        return table.astype({name: float})


def _require_columns(schema: Any, name: str, *, empty: bool) -> None:
    """Raise ValueError unless they are those of forecasts called ``name``; without rows they have
    no type.
    """
    from pyarrow import types

    def is_stamp(kind: Any) -> bool:
        return bool(types.is_timestamp(kind) or types.is_int64(kind))

    kinds = {"unique_id": types.is_dictionary, "ds": is_stamp, "cutoff": is_stamp}
    forecast = re.compile(rf"y|{re.escape(name)}(-(lo|hi)-\d\d?)?")
    if len(set(schema.names)) < len(schema.names) or len(schema.names) > MOST_COLUMNS:
        raise ValueError("columns of the same name")
    for field in schema:
        known = (
            field.name in kinds or forecast.fullmatch(field.name)
        ) and b"ARROW:extension:name" not in (field.metadata or {})
        if not known or not (kinds.get(field.name, types.is_float64)(field.type) or empty):
            raise ValueError(f"the column {field.name[:80]!r} of type {field.type}")
