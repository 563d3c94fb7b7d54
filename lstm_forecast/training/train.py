"""A training from the table to the champion: panel, windows, network, evaluation, publication."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_forecast.config.schema import Config
from lstm_forecast.events import Epoch, Listener
from lstm_forecast.store import Run, crown, locked
from lstm_forecast.store.report import Reports
from lstm_forecast.tables.source import Source
from lstm_forecast.training.choose import Choice
from lstm_forecast.training.learn import learn, learn_all_rows, start_checkpoints
from lstm_forecast.training.prepare import prepare
from lstm_forecast.training.publish import publish_trained

__all__ = ["TrainResult", "train"]


@dataclass(frozen=True)
class TrainResult:
    """A published run and what is worth saying about it."""

    run: Run
    champion: str  # id of the run that predict uses: another one if somebody chose it meanwhile
    metrics: Reports
    history: Sequence[Epoch]
    choice: Choice

    @property
    def promoted(self) -> bool:
        """Whether the run is what predict uses from now on."""
        return self.champion == self.run.run_id


def train(
    config: Config, source: Source, *, runs: Path, listener: Listener, resume: bool = False
) -> TrainResult:
    """Train on the table in ``source``, evaluate and publish under ``runs/<config.name>``; promote
    unless somebody chose meanwhile.

    What is evaluated learned from the training part alone; what is published learned the same way
    from all rows (``training.refit``). With ``resume``, a training that was stopped goes on where
    it was. Raises BusyError if another process writes there, DataError if the data do not allow
    training, WriteError if the run cannot be written. The champion then stays what it was.
    """
    home = runs / config.name
    with locked(home) as seen:
        checkpoints = start_checkpoints(home, listener, resume=resume)
        trained = learn(prepare(config, source), listener, checkpoints=checkpoints)
        learned = trained.learned
        if config.training.refit:
            learned = learn_all_rows(trained, listener, checkpoints=checkpoints)
        run = publish_trained(home, trained, learned, source=source)
        champion = crown(home, run.run_id, seen=seen)
        checkpoints.clear()
    return TrainResult(run, champion, trained.metrics, trained.fitted.history, trained.choice)
