"""Time-series forecasting with recurrent networks, from one YAML file and one command, or from
Python.

>>> import pandas as pd
>>> import lstm_forecast
>>> days = pd.date_range("2024-01-01", periods=120)
>>> sales = pd.DataFrame({"day": days, "sold": [20 + day.day_of_week for day in days]})
>>> run = lstm_forecast.train(sales, horizon=7, windows={"context_length": 14},
...                           model={"units": 4, "ensemble": 1}, training={"epochs": 1})
>>> forecast = run.predict(levels=[80])
>>> list(forecast.columns)
['unique_id', 'ds', 'cutoff', 'forecast', 'forecast-lo-80', 'forecast-hi-80']

Names are imported when they are first used: ``import lstm_forecast`` loads no numeric library.
"""

import os
from typing import TYPE_CHECKING, Any

# Nothing leaves the machine: from 1.29 on ONNX Runtime collects and sends data about it unless it
# is told not to before it is imported. This line runs before any module of ours can do that, and
# what this process starts inherits it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from lstm_forecast.config.schema import Config
    from lstm_forecast.errors import (
        BusyError,
        ChangedError,
        ConfigError,
        DataError,
        ForecastError,
        RunError,
        UsageError,
        WriteError,
    )
    from lstm_forecast.events import SILENT, Epoch, Event, Listener
    from lstm_forecast.interface.quick import quick
    from lstm_forecast.interface.run import Backtest, Run, load
    from lstm_forecast.interface.train import train

    __version__: str

__all__ = [
    "SILENT", "Backtest", "BusyError", "ChangedError", "Config", "ConfigError", "DataError",
    "Epoch", "Event", "ForecastError", "Listener", "Run", "RunError", "UsageError", "WriteError",
    "__version__", "load", "quick", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import what is asked for, once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = _imported(name)
    return value


def _imported(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("lstm-forecast-cli")
    if name == "Config":
        from lstm_forecast.config.schema import Config

        return Config
    if name == "train":
        from lstm_forecast.interface.train import train

        return train
    if name == "quick":
        from lstm_forecast.interface.quick import quick

        return quick
    if name in ("Backtest", "Run", "load"):
        from lstm_forecast.interface import run

        return getattr(run, name)
    from lstm_forecast import errors, events

    return getattr(errors if hasattr(errors, name) else events, name)


def __dir__() -> list[str]:
    """All public names, also those that nobody asked for yet."""
    return sorted({*globals(), *__all__})
