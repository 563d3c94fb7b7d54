"""The search: settings are drawn by what those before reached, and judged fold by fold."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, GridSampler, TPESampler
from optuna.trial import TrialState

from lstm_forecast.tuning.judging import Settings
from lstm_forecast.tuning.space import Distributions, params_of, settings_of, size
from lstm_forecast.tuning.trial import Judged
from lstm_forecast.tuning.tuned import Trial

__all__ = ["Judge", "Search", "Told", "importance", "sampler_for"]

WAVE = 4  # trials that are drawn together, whatever the number of processes
KEPT = 1 / 3  # of all trials, by their newest fold: those go on to the others
TELLING = 8  # trials from which on their differences are explained
OTHER_VALUES = "its windows judge by other values than those of the config"

# What settings reach on folds, by number; None where there is no time left for one of them.
Judge = Callable[[Sequence[tuple[Settings, int]]], list[Judged] | None]
Told = Callable[[Sequence[Trial]], None]  # hears of all trials that are over, after every wave


def sampler_for(space: Distributions, *, most: int, seed: int) -> BaseSampler:
    """Every setting in turn where there are no more than ``most``; else the tree-structured Parzen
    estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization").
    """
    if size(space) <= most:
        choices = {key: _all_values(each) for key, each in space.items()}
        return GridSampler(choices, seed=seed)
    return TPESampler(seed=seed, constant_liar=True)


def _all_values(distribution: optuna.distributions.BaseDistribution) -> list[str | int]:
    if isinstance(distribution, CategoricalDistribution):
        return [str(choice) for choice in distribution.choices]
    assert isinstance(distribution, optuna.distributions.IntDistribution)  # noqa: S101  finite
    return list(range(distribution.low, distribution.high + 1))


@dataclass(frozen=True)
class Search:
    """A search in a space, whose trials are judged on folds as the config was.

    Trials are drawn in waves, each by what all waves before reached: the same ones come whatever
    the number of processes, and after a kill. The newest fold decides which of them are judged on
    the others: the best third of all so far, the rule of successive halving (Li et al. 2020, "A
    system for massively parallel hyperparameter tuning").
    """

    space: Distributions
    sampler: BaseSampler
    judge: Judge
    usual: Sequence[Judged]  # the config as it stands, by fold
    folds: Sequence[int]  # their numbers, the newest first

    @property
    def can_gain(self) -> bool:
        """Whether the config errs at all."""
        return all(each.error for each in self.usual)

    def trials(self, most: int, told: Told) -> list[Trial]:
        """The config as it stands, and up to ``most`` settings that were tried."""
        found = [self._trial(0, (), self.usual)]
        told(found)
        study = _study(self.sampler)
        most = int(min(most, size(self.space)))
        while len(found) <= most and self.can_gain:
            count = min(WAVE, most + 1 - len(found))
            drawn = [study.ask(dict(self.space)) for _ in range(count)]
            wave = self._wave([settings_of(each.params) for each in drawn], found)
            if wave is None:
                break
            found += wave
            told(found)
            if len(found) <= most:  # a sampler whose grid is over must not hear of it
                for each, trial in zip(drawn, wave, strict=True):
                    _tell(study, each, trial)
        return found

    def _wave(self, wave: Sequence[Settings], before: Sequence[Trial]) -> list[Trial] | None:
        """Trials of these settings, if there is time for all of them."""
        newest, *others = self.folds
        first = self.judge([(settings, newest) for settings in wave])
        if first is None:
            return None
        judged = [[each] for each in first]
        tried = self._trials(wave, judged, len(before))
        reached = sorted(
            (trial.ratios[0], trial.number) for trial in [*before, *tried] if trial.ratios
        )
        best = {number for _, number in reached[: math.ceil(KEPT * len(reached))]}
        going = [k for k, trial in enumerate(tried) if trial.number in best]
        rest = self.judge([(wave[k], fold) for k in going for fold in others])
        if rest is None:
            return None
        for place, k in enumerate(going):
            judged[k] += rest[place * len(others) : (place + 1) * len(others)]
        return self._trials(wave, judged, len(before))

    def _trials(
        self, wave: Sequence[Settings], judged: Sequence[Sequence[Judged]], first: int
    ) -> list[Trial]:
        pairs = zip(wave, judged, strict=True)
        return [self._trial(number, *pair) for number, pair in enumerate(pairs, start=first)]

    def _trial(self, number: int, settings: Settings, judged: Sequence[Judged]) -> Trial:
        seconds = sum(each.seconds for each in judged)
        pairs = list(zip(judged, self.usual, strict=False))
        problem = next((each.problem for each in judged if each.problem), "")
        if not problem and any(each.values != usual.values for each, usual in pairs):
            problem = OTHER_VALUES
        if problem:
            return Trial(number, settings, "failed", (), seconds, problem)
        ratios = tuple(_ratio(each.error or 0.0, usual.error or 0.0) for each, usual in pairs)
        complete = len(ratios) == len(self.usual)
        return Trial(number, settings, "complete" if complete else "stopped", ratios, seconds)


def _ratio(error: float, usual: float) -> float:
    """An error in those of the config; where that makes none, nothing is tried beside it."""
    return error / usual if usual else 1.0


def _study(sampler: BaseSampler | None = None) -> optuna.Study:
    """A study in memory that says nothing."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=sampler)


def _tell(study: optuna.Study, drawn: optuna.Trial, trial: Trial) -> None:
    """Tell Optuna what a trial reached."""
    match trial.state:
        case "complete":
            study.tell(drawn, trial.ratio)
        case "stopped":
            drawn.report(trial.ratios[0], 0)
            study.tell(drawn, state=TrialState.PRUNED)
        case "failed":
            study.tell(drawn, state=TrialState.FAIL)


def importance(space: Distributions, trials: Sequence[Trial]) -> dict[str, float]:
    """Share of the differences among trials on the newest fold that each key explains, the largest
    first (functional analysis of variance, Hutter et al. 2014, "An efficient approach for assessing
    hyperparameter importance"); nothing where they do not differ, or are too few to tell.
    """
    known = [trial for trial in trials if trial.settings and trial.ratios]
    if len(known) < TELLING or len({trial.ratios[0] for trial in known}) < 2:
        return {}
    study = _study()
    for trial in known:
        drawn = optuna.create_trial(
            params=params_of(space, trial.settings),
            distributions=dict(space),
            value=trial.ratios[0],
        )
        study.add_trial(drawn)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)
