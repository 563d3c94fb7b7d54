"""``forecast pretrain``: make a pretrained network from generated series, one's own, or both."""

import math
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.document import dump_values
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.pretrain import OwnPanelConfig, PretrainConfig
from lstm_forecast.errors import ConfigError, DataError, WriteError
from lstm_forecast.events import Epoch, Listener, phase
from lstm_forecast.forecasting.pretrained import told_season
from lstm_forecast.forecasting.table import panel_ids
from lstm_forecast.judging.generated import FrequencyErrors, Pretrained, generated_errors
from lstm_forecast.model.onnx.pretrained import network_graph
from lstm_forecast.model.pretrained import shipped
from lstm_forecast.model.pretrained.architecture import Architecture
from lstm_forecast.model.pretrained.own import OwnSeries
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.store import Checkpoints, locked, write_whole
from lstm_forecast.store.history import history_csv
from lstm_forecast.store.outputs import require_apart

__all__ = ["pretrain"]

WEIGHTS = "pretrained.safetensors"
OF_SOMEBODY = """
It has learned from the tables named above, too, and from those alone where their shares are 1: do
not hand it on where they may not go.
"""
Weights = Mapping[str, NDArray[np.float32]]


def pretrain(
    config: PretrainConfig,
    *,
    folder: Path,
    output: Path,
    listener: Listener,
    resume: bool = False,
    force: bool = False,
) -> Pretrained:
    """Train by the config, which lies in ``folder``, and write weights, graph, history and card to
    ``output/<config.name>``.

    A training that was stopped goes on from its checkpoint with ``resume``. Raises BusyError if
    another process writes there, UsageError if that is in a run, DataError if a table cannot be
    learned from, WriteError, also where a network is there already, unless ``force`` replaces it.
    """
    home = output / config.name
    require_apart("--output", home)
    own = tuple(_own_series(panel, folder) for panel in config.panels)
    architecture = Architecture(config.network.units, config.network.layers, config.network.hidden)
    start = _shipped(architecture) if config.start == "shipped" else None
    with locked(home):
        checkpoints = Checkpoints(home, resume, partial(listener.note, event="checkpoint"))
        if (home / WEIGHTS).exists() and not force and not (resume and checkpoints.found):
            raise WriteError(
                f"{home / WEIGHTS}: a network is there already; choose another directory with"
                " --output or another name with --set name=NAME, or replace it with --force"
            )
        if not resume:
            checkpoints.clear()
        weights, history = _trained(config, architecture, own, start, listener, checkpoints)
        _publish(home, config, weights, history)
        checkpoints.clear()
    best = min(epoch.val_loss for epoch in history if epoch.val_loss is not None)
    return Pretrained(folder=str(home), loss=best, untrained_loss=history[0].val_loss or 0.0)


def _trained(
    config: PretrainConfig,
    architecture: Architecture,
    own: tuple[OwnSeries, ...],
    start: Weights | None,
    listener: Listener,
    checkpoints: Checkpoints,
) -> tuple[Weights, Sequence[Epoch]]:
    """Train the network: its weights, and the history."""
    phase("starting Keras, and drawing series to judge by")
    from lstm_forecast.model.network.startup import start_keras

    start_keras()
    from lstm_forecast.model.network import pretraining

    recipe = pretraining.Recipe(
        architecture=architecture,
        seed=config.seed,
        steps=config.training.steps,
        batch_size=config.training.batch_size,
        learning_rate=config.training.learning_rate,
        kinds=config.kinds,
        own=own,
    )
    report = partial(listener.epoch, epochs=recipe.epochs)
    return pretraining.pretrain(recipe, report=report, store=checkpoints, start=start)


def _shipped(architecture: Architecture) -> Weights:
    """The shipped weights, for a network of their sizes."""
    weights = shipped.weights()
    if architecture != (known := Architecture.of(weights)):
        raise ConfigError(
            "start: shipped needs the network's sizes to be those of the shipped one: units"
            f" {known.units}, layers {known.layers}, hidden {known.hidden}"
        )
    return weights


def _own_series(own: OwnPanelConfig, folder: Path) -> OwnSeries:
    """The table of a training's config, every target a series of its own."""
    path = folder / own.config
    config = load_config(path)
    source = config.data.located(path.parent)
    panel, _ = read_panel(config.data, source, memory_limit=None, training=True)
    panel = panel.melted(panel_ids(config.data, panel.layout))
    layout = panel.layout
    ends = layout.ordinals(layout.offsets[1:] - 1) + 1
    steps = ends - layout.ordinals(layout.offsets[:-1])
    offsets = np.append(0, np.cumsum(steps))
    series = layout.series_of(np.arange(len(panel.values)))
    values = np.full(offsets[-1], np.nan)  # also where steps are missing
    values[offsets[1:][series] - ends[series] + layout.ordinals(np.arange(len(series)))] = (
        panel.values[:, 0]
    )
    horizon = config.windows.horizon
    try:
        return OwnSeries(values, offsets, told_season(panel), horizon, own.share)
    except ValueError as error:
        raise DataError(
            f"{source}: {error}, which windows.horizon: {horizon} in {path} needs"
        ) from None


def _publish(
    home: Path,
    config: PretrainConfig,
    weights: Weights,
    history: Sequence[Epoch],
) -> None:
    """Judge the network, and write it and all that tells of it. Raises WriteError."""
    from safetensors.numpy import save

    phase("judging by other generated series")
    graph = network_graph(weights)
    card = _card(config, Architecture.of(weights), history, list(generated_errors(graph)))
    for name, content in {
        WEIGHTS: save(dict(weights)),
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
    series = _learned_from(config)
    rows = "\n".join(map(_row, errors))
    return f"""\
# Pretrained network `{config.name}`

An LSTM of {architecture.n_parameters:,} parameters that forecasts series it has never seen. It was
made by `forecast pretrain` of version {version("lstm-forecast-cli")} on
{datetime.now(UTC):%Y-%m-%d}, from {series} in {duration} on a processor of kind
{platform.machine()}.{"" if config.panels else " No real series is in it."}

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
{OF_SOMEBODY if config.panels else ""}"""


def _learned_from(config: PretrainConfig) -> str:
    """How many series there were, and of what."""
    count = config.training.steps * config.training.batch_size
    if not config.panels:
        return f"{count:,} generated series"
    share = math.fsum(panel.share for panel in config.panels)
    tables = ", ".join(f"`{panel.config}`" for panel in config.panels)
    return f"{count:,} series, {share:.0%} of them windows of the data of {tables},"


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
