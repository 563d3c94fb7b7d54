"""What a network that learned from the training part alone forecasts of the rows before the test
part.
"""

import numpy as np
import pandas as pd

from lstm_forecast.forecasting.loaded import LoadedRun, series_index
from lstm_forecast.forecasting.table import (
    long_table,
    quantile_columns,
    seen_by_networks,
    window_ids,
)
from lstm_forecast.judging.task import evaluation_windows, known_split
from lstm_forecast.panel.panel import Panel
from lstm_forecast.store.documents import read_manifest

__all__ = ["earlier_forecasts"]


def earlier_forecasts(loaded: LoadedRun, panel: Panel, *, newest: int) -> dict[str, pd.DataFrame]:
    """Forecast the training and the validation part, each a table in long format by its name.

    ``loaded`` holds the evaluated network. Of each series only the ``newest`` rows of the panel are
    forecast. There are no tables where the rows of the training are no longer all there, as nobody
    can tell then where parts begin. Raises DataError if a series was not there in training, unless
    that is the policy.
    """
    config, forecaster = loaded.config, loaded.forecaster
    panel = seen_by_networks(panel, config.data, melted=config.melted)
    layout, values = panel.layout, forecaster.scaler.transform(panel)
    index = series_index(forecaster.scaler, panel, unseen=config.data.unseen_series)
    split, found = known_split(loaded, layout, values)
    if found != read_manifest(loaded.run).windows.training:
        return {}
    first = layout.offsets[1:] - newest
    borders = {
        "training": (np.maximum(split.train_start, first), split.validation_start),
        "validation": (np.maximum(split.validation_start, first), split.test_start),
    }
    ids = window_ids(config.data, layout, melted=config.melted)
    tables = {}
    for part, (starts, ends) in borders.items():
        windows = evaluation_windows(loaded, layout, values, starts, ends)
        if len(windows):
            origins, _ = windows.origins(np.arange(len(windows)))
            forecast = forecaster.on_windows(windows, index[layout.series_of(origins - 1)])
            columns = quantile_columns(config.name, forecaster.quantiles, forecast)
            tables[part] = long_table(layout, origins, columns, ids=ids)
    return tables
