"""``forecast pretrain``: make a pretrained network from generated series."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.document import dump_values
from lstm_forecast.config.pretrain import PretrainConfig
from lstm_forecast.events import Epoch, Listener, phase
from lstm_forecast.judging.generated import FrequencyErrors, Pretrained, generated_errors
from lstm_forecast.model.pretrained.architecture import Architecture, network_graph
from lstm_forecast.store import Checkpoints, locked, write_whole
from lstm_forecast.store.history import history_csv
from lstm_forecast.store.outputs import require_apart

__all__ = ["pretrain"]


def pretrain(
    config: PretrainConfig, *, output: Path, listener: Listener, resume: bool = False
) -> Pretrained:
    """Train by the config and write weights, graph, history and card to ``output/<config.name>``.

    A training that was stopped goes on from its checkpoint with ``resume``. Raises BusyError if
    another process writes there, UsageError if that is in a run, WriteError.
    """
    home = output / config.name
    require_apart("--output", home)
    with locked(home):
        checkpoints = Checkpoints(home, resume, partial(listener.note, event="checkpoint"))
        if not resume:
            checkpoints.clear()
        phase("starting Keras, and drawing series to judge by")
        from lstm_forecast.model.network.startup import start_keras

        start_keras()
        from lstm_forecast.model.network import pretraining

        recipe = pretraining.Recipe(
            architecture=Architecture(
                units=config.network.units,
                layers=config.network.layers,
                hidden=config.network.hidden,
            ),
            seed=config.seed,
            steps=config.training.steps,
            batch_size=config.training.batch_size,
            learning_rate=config.training.learning_rate,
            kinds=config.kinds,
        )
        report = partial(listener.epoch, epochs=recipe.epochs)
        weights, history = pretraining.pretrain(recipe, report=report, store=checkpoints)
        _publish(home, config, weights, history)
        checkpoints.clear()
    best = min(epoch.val_loss for epoch in history if epoch.val_loss is not None)
    return Pretrained(folder=str(home), loss=best, untrained_loss=history[0].val_loss or 0.0)


def _publish(
    home: Path,
    config: PretrainConfig,
    weights: Mapping[str, NDArray[np.float32]],
    history: Sequence[Epoch],
) -> None:
    """Judge the network, and write it and all that tells of it. Raises WriteError."""
    from safetensors.numpy import save

    phase("judging by other generated series")
    graph = network_graph(weights)
    card = _card(config, Architecture.of(weights), history, list(generated_errors(graph)))
    for name, content in {
        "pretrained.safetensors": save(dict(weights)),
        "pretrained.onnx": graph,
        "history.csv": history_csv(history).encode(),
        "card.md": card.encode(),
    }.items():
        write_whole(home / name, partial(_write, content=content))


def _write(staged: Path, *, content: bytes) -> None:
    staged.write_bytes(content)


def _card(
    config: PretrainConfig,
    architecture: Architecture,
    history: Sequence[Epoch],
    errors: Sequence[FrequencyErrors],
) -> str:
    """The model card: recipe, time, machine, figures, limits."""
    duration = _duration(sum(epoch.seconds for epoch in history))
    series = config.training.steps * config.training.batch_size
    rows = "\n".join(map(_row, errors))
    return f"""\
# Pretrained network `{config.name}`

An LSTM of {architecture.n_parameters:,} parameters that forecasts series it has never seen. It was
made by `forecast pretrain` of version {version("lstm-forecast-cli")} on
{datetime.now(UTC):%Y-%m-%d}, from {series:,} generated series in {duration} on a processor of kind
{platform.machine()}. No real series is in it.

## Recipe

```yaml
{dump_values(config.model_dump(mode="json")).strip()}
```

## Figures

Mean absolute error of the median on generated series that it did not learn from, in the scale that
MASE divides by, and the share of the values inside its intervals. The best simple forecast is
chosen afterwards, for each frequency.

| season | steps | network | seasonal naive | best simple forecast | 80 % | 95 % |
|---|---|---|---|---|---|---|
{rows}

## Limits

It sees a series alone: no covariates, no calendar, no other series. It looks at 32 segments of a
part of the season, about 150 values without a season and 770 of hourly data. It has learned from
what its generator makes; a series of another kind it forecasts as the nearest kind that it knows.
"""


def _duration(seconds: float) -> str:
    for unit, length, digits in (("hours", 3600, 1), ("minutes", 60, 0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.{digits}f} {unit}"
    return f"{seconds:.0f} seconds"


def _row(errors: FrequencyErrors) -> str:
    season = errors.season
    name = f"{season.period} and {season.second}" if season.second else str(season.period)
    simple = f"{errors.best_simple:.3f} ({errors.best_name})"
    return (
        f"| {name} | {errors.horizon} | {errors.network:.3f} | {errors.seasonal_naive:.3f}"
        f" | {simple} | {errors.coverage_80:.0%} | {errors.coverage_95:.0%} |"
    )
