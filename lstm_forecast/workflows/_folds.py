"""Which network forecasts which window, so that none is asked about what it learned."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.data.panel import Layout
from lstm_forecast.data.split import Split
from lstm_forecast.inference.forecasting import Exchange, Forecaster
from lstm_forecast.inference.session import Session
from lstm_forecast.model.history import Epoch, kept_epochs, read_history
from lstm_forecast.workflows._parts import Part
from lstm_forecast.workflows._shared import LoadedRun, load_run

__all__ = ["EVALUATED", "PUBLISHED", "RETRAINED", "Fold", "fold_forecasts", "published_folds", "retrained_folds"]

EVALUATED, PUBLISHED, RETRAINED = "evaluated", "published", "retrained"
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Windows that one network forecasts."""

    network: str  # evaluated, published or retrained
    forecaster: Forecaster
    index: Ints  # (n,): numbers of the windows
    ends: Ints  # (n_series,): row behind the last one of each series that it learned from


def published_folds(loaded: LoadedRun, part: Part, split: Split) -> list[Fold]:
    """The published network for windows after all rows of the training, the evaluated one of ``loaded`` for others."""
    new = part.origins >= split.end[part.series]
    learned = split.end if loaded.config.training.refit else split.validation_start
    folds = [Fold(EVALUATED, loaded.forecaster, np.flatnonzero(~new), split.validation_start)] if not new.all() else []
    if new.any():
        folds.append(Fold(PUBLISHED, load_run(loaded.run).forecaster, np.flatnonzero(new), learned))
    return folds


def retrained_folds(
    loaded: LoadedRun,
    layout: Layout,
    values: NDArray[np.float32],
    part: Part,
    split: Split,
    *,
    every: int,
    note: Callable[[str], None],
    report: Callable[[Epoch], None],
) -> list[Fold]:
    """What the run published, trained again before every ``every``-th origin on all rows until then.

    Scaler, choices and epochs stay those of the run. This is the one place of a backtest that needs Keras.
    """
    from lstm_forecast.model.graph import onnx_graph
    from lstm_forecast.workflows._fit import refit
    from lstm_forecast.workflows._prepare import Prepared

    run, scaler = loaded.run, loaded.forecaster.scaler
    ordinals = layout.ordinals(part.origins)
    numbers = np.unique(ordinals, return_inverse=True)[1] // every
    epochs = kept_epochs(read_history(run.read("history.csv").decode("utf-8")))
    folds = []
    for number in range(numbers.max() + 1):
        index = np.flatnonzero(numbers == number)
        first = int(ordinals[index].min())
        ends = layout.rows_before(first)
        note(f"training {number + 1} of {numbers.max() + 1}, on rows before {layout.grid.stamps(np.array([first]))[0]}")
        prepared = Prepared(loaded.config, layout, replace(split, end=ends), scaler, values, None, None, facts={})
        graph = onnx_graph(refit(prepared, run.manifest["published"], epochs, report))
        folds.append(Fold(RETRAINED, replace(loaded.forecaster, session=Session(graph)), index, ends))
    return folds


def fold_forecasts(
    folds: list[Fold],
    part: Part,
    rows: Ints,
    *,
    exchanged: Callable[[int], Exchange] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Floats:
    """Forecasts (n, horizon, n_targets, n_quantiles) of all windows, each by the network of its fold.

    ``rows`` (n,) are the windows' rows of the scaler; ``exchanged`` gives the exchange among so many windows.
    """
    found = []
    for fold in folds:
        windows, exchange = part.windows.only(fold.index), exchanged(len(fold.index)) if exchanged else None
        found.append(fold.forecaster.on_windows(windows, rows[fold.index], exchange=exchange, progress=progress))
    order = np.argsort(np.concatenate([fold.index for fold in folds]))
    forecast: Floats = np.concatenate(found)[order]
    return forecast
