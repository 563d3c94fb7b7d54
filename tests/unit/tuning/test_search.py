"""A search over trials that cost nothing: what is drawn, who goes on, and what is told."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstm_forecast.tuning.search import Search, importance, sampler_for
from lstm_forecast.tuning.trial import Judged
from lstm_forecast.tuning.tuned import Trial, Tuned

SPACE = {
    "training.learning_rate": FloatDistribution(0.0003, 0.1, log=True),
    "model.units": IntDistribution(2, 64, log=True),
    "model.cell": CategoricalDistribution(["lstm", "gru"]),
}
CELLS = {
    "model.cell": CategoricalDistribution(["lstm", "gru", "rnn"]),
    "model.ensemble": IntDistribution(1, 3),
}
FOLDS = 3
USUAL = [Judged(error=2.0, values="x", windows=10) for _ in range(FOLDS)]
Settings = tuple[str, ...]


def error_of(chosen: Settings, fold: int) -> float:
    """A bowl around a learning rate of 0.01, a little apart on every fold."""
    drawn = dict(each.split("=") for each in chosen)
    rate = float(drawn.get("training.learning_rate", 0.01))
    return 1.0 + abs(math.log10(rate) + 2) + 0.01 * fold + (drawn.get("model.cell") == "gru") * 0.1


class Judge:
    """Judges as ``error_of`` says, for so long as there is time."""

    def __init__(self, time: float = math.inf) -> None:
        self.time, self.judged = time, dict[tuple[Settings, int], Judged]()

    def __call__(self, asked: Sequence[tuple[Settings, int]]) -> list[Judged] | None:
        for each in asked:
            if each not in self.judged and self.time > 0:
                self.time -= 1
                self.judged[each] = self.one(*each)
        found = [self.judged[each] for each in asked if each in self.judged]
        return found if len(found) == len(asked) else None

    def one(self, chosen: Settings, fold: int) -> Judged:
        return Judged(error=error_of(chosen, fold), values="x", windows=10, seconds=1.0)


def searched(judge: Judge, most: int = 20, space: dict[str, object] = SPACE) -> list[Trial]:
    sampler = sampler_for(space, most=most, seed=0)
    search = Search(space, sampler, judge, USUAL, range(FOLDS))
    return search.trials(most, lambda trials: None)


def test_the_config_as_it_stands_comes_first_and_so_many_settings_after_it() -> None:
    trials = searched(Judge())
    assert [trial.number for trial in trials] == list(range(21))
    assert trials[0] == Trial(0, (), "complete", (1.0, 1.0, 1.0), 0.0)
    assert len({trial.settings for trial in trials}) == 21


def test_the_best_third_by_the_newest_fold_so_far_is_judged_on_the_others() -> None:
    trials = searched(Judge())
    for first in range(1, 21, 4):
        known = sorted(trial.ratios[0] for trial in trials[: first + 4])
        limit = known[math.ceil(len(known) / 3) - 1]
        for trial in trials[first : first + 4]:
            assert (trial.state == "complete") == (trial.ratios[0] <= limit)
            assert len(trial.ratios) == (FOLDS if trial.state == "complete" else 1)
            assert trial.ratios[0] == error_of(trial.settings, 0) / 2


def test_a_search_comes_near_what_is_best() -> None:
    trials = searched(Judge(), most=60)
    best = Tuned.of("x", trials, windows=[10] * 3, importance={}, seconds=1.0)
    assert best.gained
    assert best.gain > 0.45  # half of the error can be gained
    assert "model.cell=lstm" in best.settings


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 30), max_size=6))
def test_the_same_trials_come_however_often_a_search_is_stopped(stops: list[int]) -> None:
    judge = Judge()
    for time in stops:
        judge.time = time
        partly = searched(judge)
        assert partly == searched(Judge())[: len(partly)]
    judge.time = math.inf
    assert searched(judge) == searched(Judge())
    assert searched(judge, most=12) == searched(Judge())[:13]


def test_every_setting_is_tried_once_where_there_are_few() -> None:
    trials = searched(Judge(), most=50, space=CELLS)
    tried = {trial.settings for trial in trials[1:]}
    assert (len(trials), len(tried)) == (10, 9)


def test_settings_that_cannot_be_trained_fail_with_the_reason_and_the_others_go_on() -> None:
    class Picky(Judge):
        def one(self, chosen: Settings, fold: int) -> Judged:
            if "model.cell=gru" in chosen:
                return Judged(problem="no GRU today")
            if "model.cell=rnn" in chosen:
                return Judged(error=0.1, values="others", windows=9)
            return super().one(chosen, fold)

    trials = searched(Picky(), most=50, space=CELLS)
    failed = {trial.settings[0]: trial.problem for trial in trials if trial.state == "failed"}
    assert failed["model.cell=gru"] == "no GRU today"
    assert "other values" in failed["model.cell=rnn"]
    assert {each.settings[0] for each in trials[1:] if each.ratios} == {"model.cell=lstm"}


def test_where_the_config_makes_no_error_nothing_is_tried() -> None:
    usual = [Judged(error=0.0, values="x", windows=1)]
    search = Search(SPACE, sampler_for(SPACE, most=5, seed=0), Judge(), usual, [0])
    assert len(search.trials(5, lambda trials: None)) == 1


def test_what_matters_is_found_and_nothing_where_trials_do_not_differ() -> None:
    found = importance(SPACE, searched(Judge(), most=40))
    assert next(iter(found)) == "training.learning_rate"
    assert found["training.learning_rate"] > 0.8
    assert sum(found.values()) == pytest.approx(1)
    same = [Trial(k, (f"model.units={k + 2}",), "stopped", (1.0,), 1.0) for k in range(5)]
    assert importance({"model.units": SPACE["model.units"]}, same) == {}


@pytest.mark.parametrize(
    ("ratios", "gained"),
    [
        ((0.9, 0.91, 0.89), True),
        ((0.99, 0.7, 1.2), False),
        ((1.0, 1.0, 1.0), False),
        ((0.99,), True),
        ((1.01, 1.02, 1.0), False),
    ],
)
def test_a_gain_has_to_be_larger_than_folds_differ_by(
    ratios: tuple[float, ...], *, gained: bool
) -> None:
    usual = Trial(0, (), "complete", (1.0,) * len(ratios), 1.0)
    trials = [usual, Trial(1, ("model.units=3",), "complete", ratios, 1.0)]
    found = Tuned.of("x", trials, windows=[1] * len(ratios), importance={}, seconds=1.0)
    assert (found.gained, bool(found.settings)) == (gained, gained)
