"""Training from Python.

>>> import pyarrow
>>> table = pyarrow.table({"step": range(100), "y": [step % 5 for step in range(100)]})
>>> train(table, horizon=5, model={"unit": 32})
Traceback (most recent call last):
lstm_forecast.errors.ConfigError: argument model: unknown key model.unit; did you ...
>>> run = train(table, horizon=5, name="five", windows={"context_length": 10},
...             model={"units": 4, "ensemble": 1}, training={"epochs": 1})
>>> run.predict().num_rows
5
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from lstm_forecast.config.schema import Config
from lstm_forecast.events import SILENT, Listener
from lstm_forecast.interface.alone import alone
from lstm_forecast.interface.arguments import Data, Location, source_of
from lstm_forecast.interface.describe import arguments_of, settled_config
from lstm_forecast.interface.run import Run
from lstm_forecast.store import chosen_meanwhile
from lstm_forecast.tables.source import Frame

__all__ = ["Keys", "train"]


class Keys(TypedDict, total=False):
    """Keys of the config as keyword arguments of ``train``: a section is a mapping of its keys.

    The columns of stamps and of the names of series have short names of their own.
    """

    timestamp: str | Sequence[str]
    series_id: str | Sequence[str]
    name: str
    seed: int
    data: Mapping[str, Any]
    split: Mapping[str, Any]
    preprocessing: Mapping[str, Any]
    windows: Mapping[str, Any]
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    retrain: Mapping[str, Any]
    tune: Mapping[str, Any]


def train(
    data: Data | None = None,
    /,
    *,
    horizon: int | None = None,
    target: str | Sequence[str] | None = None,
    config: Location | Config | None = None,
    runs: Location = "runs",
    listener: Listener = SILENT,
    **keys: Unpack[Keys],
) -> Run:
    """Train a network on ``data``, a path or a frame, and publish it as a run that forecasts
    ``horizon`` steps of ``target``.

    Columns that are not named are found as ``forecast init`` finds them, and faults are settled as
    it settles them; what it would ask is an error that says what to give. All other keys of the
    config are keyword arguments, sections as mappings: ``model={"units": 32}``, or
    ``**{"model.units": 32}``. With a ``config``, a file or a value, nothing is looked for: the
    arguments stand above it. A frame is not kept beside the run.

    The run is published under ``runs/NAME`` (``name``; absent: of the file, or ``forecast``) and
    becomes the champion of that name. Raises ConfigError with all problems of the keys, DataError
    if the data do not allow training, BusyError if another process trains there, WriteError.
    """
    given = {"horizon": horizon, "target": target, **keys}
    settled, source = settled_config(source_of(data), config, arguments_of(given))
    from lstm_forecast.commands.train import train as run

    with alone():
        result = run(settled, source, runs=Path(runs), listener=listener)
    found = result.run
    if not result.promoted:
        kept = chosen_meanwhile(found, result.champion)
        listener.note(kept, event="kept", champion=result.champion)
    return Run(found.path, found.manifest, source if isinstance(source, Frame) else None)
