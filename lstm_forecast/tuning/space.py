"""What a search tries: the values of each key, and the settings that a trial makes of them."""

import json
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lstm_forecast.config.schema import Config
from lstm_forecast.config.tune import Range, Space, Tried, is_whole

__all__ = ["Distributions", "distributions", "params_of", "settings_of", "size"]

Distributions = Mapping[str, BaseDistribution]
CONTEXTS_IN_HORIZONS = (2, 4, 8)  # that are tried beside the one that the data decide


def distributions(config: Config) -> dict[str, BaseDistribution]:
    """What Optuna draws each key from: the space of the config, or one for those without."""
    return {
        key: _distribution(config, key, values)
        for key, values in (config.tune or _usual(config)).items()
    }


def settings_of(drawn: Mapping[str, Any]) -> tuple[str, ...]:
    """What was drawn as ``key=value``; numbers with four digits, as more change no training."""
    return tuple(f"{key}={_text(value)}" for key, value in drawn.items())


def params_of(space: Distributions, settings: Sequence[str]) -> dict[str, Any]:
    """What was drawn, from its settings."""
    return {
        key: _value(space[key], text)
        for key, _, text in (setting.partition("=") for setting in settings)
    }


def size(space: Distributions) -> float:
    """How many settings there are; infinite where one is a range of all numbers."""
    return prod(
        len(each.choices)
        if isinstance(each, CategoricalDistribution)
        else each.high - each.low + 1
        if isinstance(each, IntDistribution)
        else float("inf")
        for each in space.values()
    )


def _usual(config: Config) -> Space:
    """What is tried where the config has no space of its own."""
    segment = config.model.segment_length or 1
    contexts = (config.windows.horizon * times for times in CONTEXTS_IN_HORIZONS)
    return {
        "model.cell": ("lstm", "gru"),
        "model.units": Range(low=16, high=256, log=True),
        "model.dropout": Range(low=0.0, high=0.4),
        "model.linear": ("auto", "none"),
        "training.learning_rate": Range(low=0.0003, high=0.01, log=True),
        "windows.normalisation": ("auto", "last", "mean", "standard"),
        "windows.context_length": ("auto", *(-(-n // segment) * segment for n in contexts)),
    }


def _distribution(config: Config, key: str, values: Tried) -> BaseDistribution:
    section, _, name = key.partition(".")
    if not isinstance(values, Range):
        return CategoricalDistribution(list(dict.fromkeys(map(_written, values))))
    if is_whole(getattr(config, section), name, values):
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def _written(value: object) -> str:
    """A value as YAML, in which a word needs no quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _value(distribution: BaseDistribution, text: str) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return text
    if isinstance(distribution, IntDistribution):
        return int(text)
    assert isinstance(distribution, FloatDistribution)  # noqa: S101  there are no others
    return min(max(float(text), distribution.low), distribution.high)
