"""Which network forecasts which window, so that none is asked about what it learned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.engines.engine import IN_PROCESS, Engine
from lstm_forecast.events import Listener
from lstm_forecast.forecasting.forecaster import Exchange, Forecaster, batches
from lstm_forecast.forecasting.loaded import load_run
from lstm_forecast.judging.importance import Importance, permutation_importance
from lstm_forecast.judging.task import Task
from lstm_forecast.windows.windows import Windows

__all__ = [
    "EVALUATED", "PUBLISHED", "RETRAINED", "Fold", "fold_forecasts", "fold_importance",
    "published_folds",
]  # fmt: skip

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


@dataclass(frozen=True)
class _OnBatch:
    """What a network forecasts of some windows: a function that any process can run."""

    forecaster: Forecaster
    windows: Windows
    rows: Ints  # of the scaler
    exchange: Exchange | None

    def __call__(self, index: Ints) -> Floats:
        return self.forecaster.on_batch(self.windows, self.rows, index, self.exchange)


def published_folds(task: Task) -> list[Fold]:
    """The published network for windows after all rows of the training, the evaluated one for all
    others.
    """
    loaded, part, split = task.loaded, task.part, task.split
    new = part.origins >= split.end[part.series]
    learned = split.end if loaded.config.training.refit else split.validation_start
    folds = (
        [Fold(EVALUATED, loaded.forecaster, np.flatnonzero(~new), split.validation_start)]
        if not new.all()
        else []
    )
    if new.any():
        folds.append(
            Fold(PUBLISHED, load_run(loaded.run).shown().forecaster, np.flatnonzero(new), learned)
        )
    return folds


def fold_forecasts(
    folds: list[Fold],
    task: Task,
    *,
    engine: Engine = IN_PROCESS,
    exchanged: Callable[[int], Exchange] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Floats:
    """Forecasts (n, horizon, n_targets, n_quantiles) of all windows, each by the network of its
    fold, where the ``engine`` runs it.

    ``exchanged`` gives the exchange of inputs among so many windows; ``progress`` hears how many
    more are done.
    """
    found = []
    for fold in folds:
        count, windows = len(fold.index), task.part.windows.only(fold.index)
        exchange = exchanged(count) if exchanged else None
        on_batch = _OnBatch(fold.forecaster, windows, task.rows[fold.index], exchange)
        for forecast_of_some in engine.map(on_batch, batches(count)):
            found.append(forecast_of_some)
            progress(len(forecast_of_some))
    order = np.argsort(np.concatenate([fold.index for fold in folds]))
    forecast: Floats = np.concatenate(found)[order]
    return forecast


def fold_importance(
    task: Task,
    folds: list[Fold],
    forecast: Floats,
    listener: Listener,
    *,
    engine: Engine = IN_PROCESS,
) -> tuple[Importance, ...]:
    """How much each input matters to the ``forecast`` of all windows, the most important first."""
    config, middle = task.loaded.config, forecast.shape[-1] // 2

    def permuted(steps: slice, channels: Sequence[int], rng: np.random.Generator) -> Floats:
        found = fold_forecasts(
            folds,
            task,
            engine=engine,
            exchanged=lambda n: Exchange(rng.permutation(n), steps, channels),
        )
        return found[..., middle]

    return permutation_importance(
        permuted,
        actual=task.part.actual,
        forecast=forecast[..., middle],
        features=task.loaded.features,
        context_length=config.windows.context_length,
        segment_length=config.model.segment_length,
        seed=config.seed,
        progress=lambda done, total: listener.progress("importance", done, total),
    )
