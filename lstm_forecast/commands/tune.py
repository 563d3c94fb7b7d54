"""``forecast tune``: values of some keys are tried, judged on folds before the test part, and a run
is trained with the best of them.
"""

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from lstm_forecast.config.loading import override_config
from lstm_forecast.config.rewriting import rewritten
from lstm_forecast.config.schema import Config
from lstm_forecast.engines.engine import Engine
from lstm_forecast.errors import UsageError
from lstm_forecast.events import Listener, phase
from lstm_forecast.store import write_whole
from lstm_forecast.store.disk import held
from lstm_forecast.store.journal import Journal
from lstm_forecast.store.outputs import PICTURES, require_output, require_suffix
from lstm_forecast.tables.fingerprint import fingerprint
from lstm_forecast.training.train import TrainResult, train
from lstm_forecast.tuning.judging import Judging, study_key
from lstm_forecast.tuning.trial import OPTION, Bench
from lstm_forecast.tuning.tuned import Trial, Tuned

__all__ = ["Asked", "tune"]

CONFIGS = (".yaml", ".yml")
JOURNAL, LOCK = "tuning.sqlite3", "tuning.lock"  # beside the runs
ENOUGH = 12  # trials without a gain, after which it is said that there may be none


@dataclass(frozen=True)
class Asked:
    """How long is searched, on what, and where the result goes."""

    trials: int
    seconds: float | None  # from which on no training begins
    folds: int
    engine: AbstractContextManager[Engine]  # what trains
    overrides: Sequence[str] = ()  # key=value, which the config has already
    output: Path | None = None
    picture: Path | None = None


def tune(
    config: Config, asked: Asked, *, config_path: Path, runs: Path, listener: Listener
) -> tuple[Tuned, TrainResult | None]:
    """Search for settings that err less than the config as it stands, and train and publish a run
    with the best of them, if they gain by more than the folds differ.

    No trial sees a row of the test part, on which the published run alone is evaluated. What was
    judged is kept beside the runs: the same search goes on after a kill, or with more trials.
    Raises UsageError without Optuna, DataError if the data do not allow training, BusyError if
    another process searches or trains there, WriteError if a result cannot be written.
    """
    _require_optuna()
    data_path = config.data.located(config_path.parent)
    for option, path, suffixes in (
        ("--output", asked.output, CONFIGS),
        ("--plot", asked.picture, PICTURES),
    ):
        require_suffix(option, path, suffixes)
        require_output(option, path, [config_path, data_path])
    found, trained = _searched(config, asked, data_path, runs / config.name, listener), None
    if found.gained:
        tuned = override_config(config, found.settings, option=OPTION)
        trained = train(tuned, data_path, runs=runs, listener=listener)
        run = trained.run
        found = replace(found, run=run.run_id, path=str(run.path), metrics=trained.metrics)
    return _written(found, asked, config_path), trained


def _written(found: Tuned, asked: Asked, config_path: Path) -> Tuned:
    """The same, once the config and the picture that were asked for are there."""
    if asked.output is not None and found.gained:
        text = rewritten(
            config_path.read_text(encoding="utf-8"),
            [*asked.overrides, *found.settings],
            option=OPTION,
        )
        write_whole(asked.output, lambda staged: staged.write_text(text, encoding="utf-8"))
        found = replace(found, output=str(asked.output))
    if asked.picture is not None:
        _draw(found, asked.picture)
        found = replace(found, plot=str(asked.picture))
    return found


def _require_optuna() -> None:
    if find_spec("optuna") is None:
        raise UsageError(
            "forecast tune: needs Optuna, which is not installed; python -m pip install"
            " 'lstm-forecast-cli[tune]' (or '.[tune]' in the project's directory)"
        )


def _searched(
    config: Config, asked: Asked, data_path: Path, home: Path, listener: Listener
) -> Tuned:
    from lstm_forecast.tuning.search import Search, importance, sampler_for
    from lstm_forecast.tuning.space import distributions, size

    begun, space = time.monotonic(), distributions(config)
    bench = Bench.of(config, data_path)
    key = study_key(config, fingerprint(bench.table))
    journal = Journal(home / JOURNAL)
    deadline = math.inf if asked.seconds is None else time.time() + asked.seconds
    with held(home / LOCK, wait=0), asked.engine as engine:
        judging = Judging(engine, bench, journal, key, asked.folds, deadline)
        phase("judging the config as it stands")
        folds, usual = judging.as_it_stands()
        sampler = sampler_for(space, most=asked.trials, seed=config.seed)
        if len(folds) < asked.folds:
            listener.note(f"only {len(folds)} of {asked.folds} folds have rows enough before them")
        search = Search(space, sampler, judging, usual, folds)
        most = int(min(asked.trials, size(space)))
        trials = search.trials(most, _Teller(listener, most))
    if not search.can_gain:
        listener.note("the config as it stands makes no error on a fold: nothing can be gained")
    elif len(trials) <= most:
        listener.note(
            f"the time is over after {len(trials) - 1:,} settings; the same command goes on there"
        )
    return Tuned.of(
        config.name,
        trials,
        windows=[each.windows for each in usual],
        importance=importance(space, trials),
        seconds=time.monotonic() - begun,
    )


class _Teller:
    """Tells of trials as they end."""

    def __init__(self, listener: Listener, most: int) -> None:
        self._listener, self._most, self._told, self._warned = listener, most, 1, False

    def __call__(self, trials: Sequence[Trial]) -> None:
        for trial in trials[self._told :]:
            figures = {"state": trial.state, "ratios": trial.ratios, "settings": trial.settings}
            self._listener.note(_line(trial), event="compared", trial=trial.number, **figures)
        self._told, tried = len(trials), len(trials) - 1
        least = min(trial.ratio for trial in trials if trial.ratios)
        if tried >= ENOUGH and least >= 1 and not self._warned:
            self._warned = True
            self._listener.note(
                f"none of {tried} trials errs less than the config as it stands: there may be"
                " nothing to gain here; what was judged is kept if you stop"
            )
        self._listener.progress(f"trying {self._most:,} settings", tried, self._most)


def _line(trial: Trial) -> str:
    """What a trial reached, in one line."""
    shown = " ".join(trial.settings)
    if trial.state == "failed":
        return f"trial {trial.number} failed: {shown}: {trial.problem}"
    by_fold = ", ".join(f"{ratio - 1:+.1%}" for ratio in trial.ratios)
    on = "on the newest fold alone" if trial.state == "stopped" else "by fold"
    return f"trial {trial.number}: error {by_fold} {on}: {shown}"


def _draw(found: Tuned, path: Path) -> None:
    from lstm_forecast.pictures.style import write_figure
    from lstm_forecast.pictures.tuning import tuning_figure

    figure = tuning_figure(
        ratios=[trial.ratios for trial in found.trials],
        settings=[
            dict(setting.split("=", 1) for setting in trial.settings) for trial in found.trials
        ],
        importance=found.importance,
        title=f"{found.name}: {len(found.trials) - 1:,} settings tried",
        note=(
            f"{len(found.windows)} folds before the test part,"
            f" {sum(found.windows):,} windows; at the right: on the newest fold"
        ),
    )
    write_figure(figure, path)
