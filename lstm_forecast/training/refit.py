"""A run's network trained again as time goes on, for a backtest that asks what retraining would
have brought.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import UsageError
from lstm_forecast.events import Epoch, Listener
from lstm_forecast.judging.folds import RETRAINED, Fold
from lstm_forecast.judging.task import Task
from lstm_forecast.model.onnx.graph import onnx_graph
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_epochs, read_manifest
from lstm_forecast.training.fit import Fitted, learn_again
from lstm_forecast.training.prepared import Prepared

__all__ = ["retrained_folds"]


def retrained_folds(task: Task, listener: Listener, *, every: int) -> list[Fold]:
    """What the run published, trained again before every ``every``-th origin on all rows until
    then.

    Scaler, choices and epochs stay those of the run. Raises UsageError where the table lacks rows
    of the training.
    """
    if not task.complete:
        raise UsageError(
            "--refit trains on all rows before an origin, and this table lacks some that the"
            " run had; give them too, or leave --refit out"
        )
    loaded, layout = task.loaded, task.panel.layout
    run, config, forecaster = loaded.run, loaded.config, loaded.forecaster
    ordinals = layout.ordinals(task.part.origins)
    numbers = np.unique(ordinals, return_inverse=True)[1] // every
    report = partial(_report, listener, config.training.epochs)
    manifest = read_manifest(run)
    fitted = Fitted((), _epochs(run, config))
    folds, trainings = [], numbers.max() + 1
    for number in range(trainings):
        index = np.flatnonzero(numbers == number)
        first = int(ordinals[index].min())
        ends = layout.rows_before(first)
        stamp = layout.grid.stamps(np.array([first]))[0]
        listener.note(
            f"training {number + 1} of {trainings}, on rows before {stamp}", event="phase"
        )
        split = replace(task.split, end=ends)
        prepared = Prepared(
            config, layout, split, forecaster.scaler, task.values, None, None, facts=manifest
        )
        members = learn_again(prepared, fitted, manifest.published, report).members
        session = Session(onnx_graph(members))
        folds.append(Fold(RETRAINED, replace(forecaster, session=session), index, ends))
    return folds


def _report(listener: Listener, epochs: int, epoch: Epoch) -> None:
    listener.epoch(epoch, epochs)


def _epochs(run: Run, config: Config) -> tuple[Epoch, ...]:
    networks, epochs = config.model.ensemble, config.training.epochs
    return tuple(read_epochs(run, networks=networks, epochs=epochs))
