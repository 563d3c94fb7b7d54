"""Networks that are ready to be trained: their training step takes seconds to be traced, so that
networks which differ in their seeds alone share it.
"""

import json
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.network.losses import make_loss
from lstm_forecast.model.optimisation import Optimisation, Schedule

__all__ = ["all_state", "compiled"]

# What a traced step does not depend on: names, and what first values were drawn from.
NAMES = ("name", "shared_object_id", "keras_history", "input_layers", "output_layers", "seed")


@dataclass(frozen=True)
class _Traced:
    """A network that trains for others, and its optimiser's variables before the first step."""

    network: keras.Sequential
    first: tuple[NDArray[np.generic], ...]


_traced: dict[str, _Traced] = {}  # the last one, by all that decides what its step computes


def compiled(
    network: keras.Sequential, optimisation: Optimisation, *, steps: int
) -> keras.Sequential:
    """Return a network in the state of ``network``, to be trained in its place: its learning rate
    is scheduled for so many steps.

    It is the one that was trained last, if that differs in its seeds alone.
    """
    key = _key(network, optimisation, steps)
    if key not in _traced:
        like = keras.models.clone_model(network)
        _compile(like, optimisation, steps=steps)
        first = map(keras.ops.convert_to_numpy, like.optimizer.variables)
        _traced.clear()
        _traced[key] = _Traced(like, tuple(map(np.array, first)))
    traced = _traced[key]
    values = [*network.variables, *traced.first]
    for variable, value in zip(all_state(traced.network), values, strict=True):
        variable.assign(value)
    return traced.network


def all_state(network: keras.Sequential) -> list[keras.Variable]:
    """All that training changes: weights, random generators, the optimiser."""
    return [*network.variables, *network.optimizer.variables]


def _key(network: keras.Sequential, optimisation: Optimisation, steps: int) -> str:
    """All that decides what a step computes."""
    layers = json.loads(network.to_json(), object_hook=_without_names)
    return json.dumps([layers, _decisive(optimisation), steps], sort_keys=True)


def _decisive(how: Optimisation) -> list[Any]:
    return [
        how.loss,
        how.quantiles,
        how.optimizer,
        how.learning_rate,
        how.schedule,
        how.clipnorm,
        how.ema,
    ]


def _without_names(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in NAMES}


def _compile(network: keras.Sequential, optimisation: Optimisation, *, steps: int) -> None:
    """Give the network its optimiser, with a learning rate that is scheduled for so many steps."""
    make = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
    }[optimisation.optimizer]
    optimizer = make(
        _learning_rates(optimisation.schedule, optimisation.learning_rate, steps=steps),
        global_clipnorm=optimisation.clipnorm,
        use_ema=optimisation.ema is not None,
        ema_momentum=optimisation.ema or 0.0,
    )
    # A training step that makes the optimiser's variables is traced twice, which takes seconds.
    optimizer.build(network.trainable_variables)
    loss = make_loss(optimisation.loss, optimisation.quantiles)
    network.compile(optimizer=optimizer, loss=loss)


def _learning_rates(schedule: Schedule, learning_rate: float, *, steps: int) -> Any:
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    if schedule == "exponential":
        return keras.optimizers.schedules.ExponentialDecay(learning_rate, steps, 0.01)
    return learning_rate
