"""What a config leaves to ``auto``: decided from frequency, lengths and a short look at validation
errors.

The looks fit linear parts only, which takes seconds; what the network costs is estimated, not
timed, so that equal data give equal choices on every machine.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lstm_forecast.config.schema import Config
from lstm_forecast.events import phase
from lstm_forecast.panel.notes import is_share
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.seasons import held_season, strongest_season, usual_seasons
from lstm_forecast.panel.split import Split
from lstm_forecast.training.look import Choice, Looks

__all__ = ["resolve"]

# Rows of one recurrent step by season length; one season for all others.
SEGMENT_OF_SEASON = {4: 1, 7: 7, 12: 1, 52: 13}
NORMALISATIONS = ("last", "standard", "last_standard", "mean")  # the first ones are preferred
# How many seasons and horizons a context may hold.
SEASONS_SEEN, HORIZONS_SEEN = (1, 2, 3, 4, 7, 14, 28), (1, 2, 4, 8)
LONGEST_CONTEXT = 1_000  # rows
MOST_AVERAGED_WEIGHTS = 20_000  # of a ridge that is averaged with a simple forecast
# Training rows from which looks find what is better than a weighted mean of all, as measured on
# single series of M3, M4 and tourism.
ROWS_WORTH_LOOKS = 500
WINDOWS_PER_WEIGHT = 2  # of training, below which a ridge alone is not considered
# Training windows from which networks are wider and batches larger.
WINDOWS_FOR_WIDEST, WINDOWS_FOR_WIDER = 5_000, 500
# What two cores do in the training loop, nominally: operations in a second, and seconds for a step
# of the optimiser beside them.
FLOPS, STEP_SECONDS = 60e9, 5e-3
MOST_EPOCHS = 30


def resolve(config: Config, panel: Panel, split: Split) -> tuple[Config, Mapping[str, str]]:
    """The config with nothing left open that what follows needs, and the reason for each choice by
    key.
    """
    phase("choosing what the config leaves to auto")
    choices = _Choices(config)
    _resolve_support(choices, panel, split)
    _resolve_season(choices, panel, split)
    _resolve_windows(choices, panel, split)
    _resolve_network(choices, split)
    return choices.config, choices.reasons


@dataclass
class _Choices:
    """A config that is being completed: what is set already stays."""

    config: Config
    reasons: dict[str, str] = field(default_factory=dict)

    def open(self, key: str) -> bool:
        """Whether ``section.name`` is left to us."""
        section, name = key.split(".")
        return getattr(getattr(self.config, section), name) is None

    def settle(self, key: str, value: Any, reason: str) -> None:
        """Set an open key, and say why."""
        if self.open(key):
            section, name = key.split(".")
            changed = getattr(self.config, section).model_copy(update={name: value})
            self.config = self.config.model_copy(update={section: changed})
            self.reasons[key] = f"{value}: {reason}"


def _resolve_support(choices: _Choices, panel: Panel, split: Split) -> None:
    """What all targets can be, as far as the values before the test part tell.

    A value of 0 or more in all rows says nothing against one below, but where there never was one,
    forecasts of one are wrong in all known cases: counts, amounts, prices. What could fall below 0
    and never did, such as degrees Celsius in summer, is for the user to say, and the reason says
    how.
    """
    if not choices.open("preprocessing.support"):
        return
    series = np.repeat(np.arange(len(split.end)), panel.layout.lengths)
    before = np.arange(len(series)) < split.test_start[series]
    values = panel.values[before, : choices.config.n_outputs]
    least, largest = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
    seen = f"values from {least:g} to {largest:g} before the test part"
    if least < 0:
        choices.settle("preprocessing.support", "real", seen)
    elif largest <= 1 and all(is_share(column, series[before]) for column in values.T):
        choices.settle(
            "preprocessing.support",
            "unit",
            f"{seen}, which crowd at 1; set non_negative if more can come",
        )
    else:
        choices.settle(
            "preprocessing.support", "non_negative", f"{seen}; set real if less than 0 can come"
        )


def _resolve_season(choices: _Choices, panel: Panel, split: Split) -> None:
    """The season that is usual for the frequency; one found in the values where the rows do not
    hold two of those.
    """
    freq, (usual, _) = panel.layout.grid.freq, usual_seasons(panel.layout.grid)
    fits = held_season(panel.layout, usual)
    if fits and not freq.isdigit():
        choices.settle("windows.season_length", usual, f"usual for freq {freq}")
    elif choices.open("windows.season_length"):
        season, strength = strongest_season(
            panel.values[:, 0], split.train_start, split.validation_start
        )
        reason = (
            f"autocorrelation {strength:.2f} at that distance"
            if season > 1
            else "no season found in the values"
        )
        if not fits:
            reason += f"; no series holds two of the {usual:,} rows that are usual for freq {freq}"
        choices.settle("windows.season_length", season, reason)


def _resolve_windows(choices: _Choices, panel: Panel, split: Split) -> None:
    """Logarithm, normalisation, context and linear part: by validation errors of linear parts.

    First logarithm and normalisation in a middling context, then the context, then again what
    depends on it.
    """
    config, windows = choices.config, choices.config.windows
    keys = ("preprocessing.log", "windows.normalisation", "windows.context_length", "model.linear")
    if not any(map(choices.open, keys)):
        return
    contexts = _context_candidates(config, split)
    middle = min(contexts, key=lambda n: abs(n - 4 * max(windows.horizon, _season(config))))
    kinds = NORMALISATIONS if choices.open(keys[1]) else (windows.normalisation,)
    logs = [bool(config.preprocessing.log)]
    if choices.open(keys[0]) and not (panel.values[:, : panel.n_own] <= 0).any():
        logs = [False, True]
    forms = [config.model.linear] if config.model.linear else _forms(config, split, middle)
    looks = Looks(panel, split, config)
    best = looks.best([Choice(log, kind, middle, forms[0]) for kind in kinds for log in logs])
    best = looks.best([replace(best, context_length=n) for n in contexts])
    if (
        _count_windows(config, split, best.context_length)
        < WINDOWS_PER_WEIGHT * best.context_length
    ):
        forms = [form for form in forms if form != "ridge"] or forms
    best = looks.best(
        [replace(best, normalisation=kind, linear=form) for form in forms for kind in kinds]
    )
    reason = looks.reason(best)
    for key, value in zip(
        keys, (best.log, best.normalisation, best.context_length, best.linear), strict=True
    ):
        choices.settle(key, value, reason)


def _forms(config: Config, split: Split, context_length: int) -> list[str]:
    """Linear parts worth a look, the preferred one first: where rows are few, a mean is safer than
    any look.
    """
    if (split.validation_start - split.train_start).sum() < ROWS_WORTH_LOOKS:
        return ["weighted"]
    return (
        ["ridge"]
        if context_length * config.windows.horizon > MOST_AVERAGED_WEIGHTS
        else ["combined", "ridge", "smoothing"]
    )


def _season(config: Config) -> int:
    return config.windows.season_length


def _context_candidates(config: Config, split: Split) -> list[int]:
    """Contexts worth a look, ascending: seasons or horizons that leave room for windows to learn
    from.
    """
    if config.windows.context_length is not None:
        return [config.windows.context_length]
    season, horizon = _season(config), config.windows.horizon
    rows = int(np.median(split.validation_start - split.train_start))
    room = max(2, min(LONGEST_CONTEXT, rows // 2 if len(split.end) == 1 else rows - horizon))
    wanted = (
        [season * n for n in SEASONS_SEEN]
        if season > 1
        else [max(2, horizon * n) for n in HORIZONS_SEEN]
    )
    segment = config.model.segment_length or 1
    least = (
        -(-horizon // segment) if config.data.covariates.ahead else 1
    )  # what is known of a step stands in the context
    found = {max(least, n // segment) * segment for n in wanted if n <= room}
    return sorted(found or {max(least, room // segment) * segment})


def _resolve_network(choices: _Choices, split: Split) -> None:
    """Segments, width, batches, epochs and networks, by the number of windows and the time that
    they would take.
    """
    config = choices.config
    context_length, horizon = config.windows.context_length, config.windows.horizon
    segment_length = SEGMENT_OF_SEASON.get(_season(config), _season(config))
    if _season(config) == 1 and context_length > 4 * SEGMENT_OF_SEASON[7]:
        segment_length = min(horizon, context_length // 4)
    segment_length = min(segment_length, context_length)
    while context_length % segment_length:
        segment_length -= 1
    choices.settle(
        "model.segment_length", segment_length, "a season, or a part of the context that divides it"
    )
    count = _count_windows(config, split, context_length)
    windows = f"{count:,} training windows"
    width = 128 if count >= WINDOWS_FOR_WIDEST else 64 if count >= WINDOWS_FOR_WIDER else 32
    choices.settle("model.units", (width,), windows)
    choices.settle(
        "model.segment_units", width if choices.config.model.segment_length > 1 else 0, windows
    )
    choices.settle(
        "training.batch_size",
        32 if count < WINDOWS_FOR_WIDEST else 128 if count < 10 * WINDOWS_FOR_WIDEST else 256,
        windows,
    )
    _resolve_steps(choices, count)
    linear = choices.config.model.linear
    choices.settle("training.fallback", linear != "none", f"model.linear is {linear}")


def _count_windows(config: Config, split: Split, context_length: int) -> int:
    """Training windows, about: a series too short for a context has one."""
    rows = np.maximum(split.validation_start - split.train_start - config.windows.horizon, 0)
    return int(
        (np.maximum(rows - context_length, np.minimum(rows, 1)) // config.windows.stride).sum()
    )


def _resolve_steps(choices: _Choices, windows: int) -> None:
    """Epochs and networks that fit into the time budget."""
    training = choices.config.training
    steps = max(1, math.ceil(windows / training.batch_size))
    seconds = STEP_SECONDS + 3 * training.batch_size * _flops(choices.config) / FLOPS
    affordable = int(0.8 * training.time_budget / seconds / (2 if training.refit else 1))
    reason = (
        f"{steps:,} steps of about {1000 * seconds:.0f} ms an epoch in training.time_budget"
        f" {training.time_budget:g} s"
    )
    networks = 3 if affordable >= 3 * min(8 * steps, 2_000) else 1
    networks = max(networks, len(choices.config.model.context_lengths))  # each is asked for
    choices.settle("model.ensemble", networks, reason)
    affordable //= choices.config.model.ensemble
    epochs = min(MOST_EPOCHS, max(4, affordable // steps))
    choices.settle("training.epochs", epochs, reason)
    epochs = max(1, choices.config.training.epochs)
    limited = 0 if epochs * steps <= affordable else max(1, affordable // epochs)
    choices.settle("training.steps_per_epoch", limited, reason)


def _flops(config: Config) -> float:
    """Multiplications and additions of one window in one pass forwards: the recurrent layers, which
    are nearly all.
    """
    model = config.model
    width = model.segment_units or model.segment_length * config.n_outputs
    total = 0
    for units in model.units:
        total += 2 * (width + units) * 4 * units * (1 + model.bidirectional)
        width = units * (1 + model.bidirectional)
    return total * config.windows.context_length / model.segment_length
