"""What is tried: the section of a config, or a space of its own, as settings and back."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstm_forecast.config.loading import override_config, parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError
from lstm_forecast.tuning.space import distributions, params_of, settings_of, size

BASE = """\
name: a
data: {path: a.csv, timestamp: t, targets: y}
windows: {horizon: 6}
"""


def config(tune: str = "", rest: str = "") -> Config:
    return parse_config(f"{BASE}{rest}\n{tune}", source="a.yaml")


def test_values_and_ranges_of_a_config_are_drawn_as_its_keys_need_them() -> None:
    space = distributions(
        config(
            "tune:\n"
            "  model.units: [32, [64, 64], auto, 32]\n"
            "  model.ensemble: {low: 1, high: 3}\n"
            "  model.dropout: {low: 0, high: 0.5}\n"
            "  training.clipnorm: [null, 1]\n"
            "  training.learning_rate: {low: 1e-4, high: 0.01, log: true}\n"
        )
    )
    assert space == {
        "model.units": CategoricalDistribution(["32", "[64, 64]", "auto"]),
        "model.ensemble": IntDistribution(1, 3),
        "model.dropout": FloatDistribution(0, 0.5),
        "training.clipnorm": CategoricalDistribution(["null", "1"]),
        "training.learning_rate": FloatDistribution(1e-4, 0.01, log=True),
    }


@pytest.mark.parametrize(
    ("rest", "contexts"),
    [
        ("", ["auto", "12", "24", "48"]),
        ("model: {segment_length: 5}", ["auto", "15", "25", "50"]),
    ],
)
def test_a_config_without_a_space_has_one_whose_settings_can_all_be_set(
    rest: str, contexts: list[str]
) -> None:
    base = config(rest=rest)
    space = distributions(base)
    assert list(space["windows.context_length"].choices) == contexts
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(30):
        chosen = settings_of(study.ask(dict(space)).params)
        override_config(base, chosen, option="tune")


@given(st.floats(0.0003, 0.01), st.integers(16, 256), st.sampled_from(["lstm", "gru"]))
def test_settings_are_read_back_as_what_was_drawn(rate: float, units: int, cell: str) -> None:
    space = distributions(config())
    drawn = {"model.cell": cell, "model.units": units, "training.learning_rate": rate}
    back = params_of(space, settings_of(drawn))
    assert back == drawn | {"training.learning_rate": pytest.approx(rate, rel=1e-3)}
    assert 0.0003 <= back["training.learning_rate"] <= 0.01


def test_the_size_of_a_space_is_its_number_of_settings() -> None:
    cells = "tune: {model.cell: [lstm, gru], model.ensemble: {low: 2, high: 4}}"
    assert size(distributions(config(cells))) == 6
    assert size(distributions(config())) == float("inf")


@pytest.mark.parametrize(
    ("tune", "told"),
    [
        ("windows.horizon: [3, 6]", "windows.horizon cannot be tuned, as trials have to be judged"),
        ("data.targets: [x]", "data.targets cannot be tuned"),
        ("model.unit: [3]", "unknown key model.unit; did you mean model.units?"),
        ("model.units: []", "should have at least 1 item"),
        ("model.units: [few]", "model.units: few: Input should be a valid integer"),
        ("model.units: {low: 4.5, high: 9}", "model.units: 4.5: Input should be a valid"),
        ("model: {units: [3]}", "tune.model.low is missing"),
        ("model.units: {low: 9, high: 3}", "low (9) must be below high (3)"),
        ("model.dropout: {low: 0, high: 0.5, log: true}", "needs low (0) to be above 0"),
        ("model.dropout: {low: 0, high: 1.5}", "model.dropout: 1.5: Input should be less than 1"),
        ("model.dropout: {lo: 0, high: 0.5}", "unknown key tune.model.dropout.lo"),
    ],
)
def test_a_space_that_cannot_be_tried_is_refused_with_its_place(tune: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(f"tune:\n  {tune}\n")
    assert any(told in problem for problem in caught.value.problems)
    assert str(caught.value).startswith(("a.yaml:5:1: ", "a.yaml:6:3: "))


def test_a_config_with_a_space_is_read_back_as_it_is(tmp_path: Path) -> None:
    from lstm_forecast.config.loading import dump_config

    one = config("tune: {model.units: [3, [4, 5]], model.dropout: {low: 0, high: 0.5}}")
    again: Any = parse_config(dump_config(one), source="again")
    assert again == one
