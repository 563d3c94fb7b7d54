"""Batches of windows: rows gathered from one array, and normalised by their own statistics."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.holes import carried, weights
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

__all__ = ["Batch", "gather_contexts", "normalised"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
CONSTANT = 1e-5  # of the root mean square: a deviation below that is rounding


@dataclass(frozen=True)
class Batch:
    """Locally normalised windows. A prediction p means ``p * scale + center`` in scaled units."""

    inputs: Floats  # (batch, context_length, n_features), see Channels
    targets: Floats  # (batch, horizon, n_targets)
    center: Floats  # (batch, 1, n_targets)
    scale: Floats  # (batch, 1, n_targets)


def gather_contexts(
    values: Floats, origins: Ints, floors: Ints, framing: Framing, channels: Channels
) -> tuple[Floats, NDArray[np.bool_] | None]:
    """Gather the rows before each origin, 0 where there are none: (batch, context_length, n).

    Channels are all columns, then those known ahead as they are one horizon later. Also which steps
    are rows, (batch, context_length), or None where all are.
    """
    rows = origins[:, None] + np.arange(-framing.context_length, 0)
    whole = bool((rows[:, 0] >= floors).all())
    observed = rows >= floors[:, None]
    rows = rows if whole else np.maximum(rows, floors[:, None])
    contexts = values[rows]
    if channels.n_ahead:
        later = values[rows + framing.horizon, channels.ahead]
        contexts = np.concatenate([contexts, later], axis=2)
    if whole:
        return contexts, None
    return np.where(observed[..., None], contexts, np.float32(0)), observed


def normalised(
    contexts: Floats, observed: NDArray[np.bool_] | None, framing: Framing, channels: Channels
) -> tuple[Floats, Floats, Floats]:
    """Normalise each context by its own statistics per column: inputs, center and scale.

    The latter are (batch, 1, n_own). Targets and past covariates alone are normalised: the others
    mean what they mean in every window. ``framing.normalisation`` is none; last (subtract the last
    value); mean; standard (mean, then divide by the standard deviation, unless the context is
    constant); or last_standard (last value, same division). The statistics are those of the newest
    ``statistics_length`` rows, observed values alone. What was not observed is NaN; its flag tells
    where that was.
    """
    weight = None if observed is None else observed[..., None].astype(np.float32)
    given = ~np.isnan(contexts[..., channels.flagged]) & (True if weight is None else weight > 0)
    own, others = contexts[..., channels.own], contexts[..., channels.n_own :]
    recent = slice(-(framing.statistics_length or 0), None)
    seen = None if weight is None else weight[:, recent]
    if channels.n_flagged:
        own = carried(own, given[..., channels.own])
        others = np.where(np.isnan(others), np.float32(0), others)
        seen = weights(given[:, recent, channels.own])
    center, scale = _statistics(own, own[:, recent], seen, framing.normalisation)
    inputs = (own - center) / scale
    if weight is not None:
        inputs = inputs * weight
    parts = [inputs, others] if others.shape[2] else [inputs]
    if channels.n_flagged:
        parts.append(given.astype(np.float32))
    if channels.padded:
        whole = np.ones((*contexts.shape[:2], 1), np.float32)
        parts.append(whole if weight is None else weight)
    return inputs if len(parts) == 1 else np.concatenate(parts, axis=2), center, scale


def _statistics(
    contexts: Floats, newest: Floats, seen: Floats | None, normalisation: str
) -> tuple[Floats, Floats]:
    """Center and scale of each context, (batch, 1, n_own); ``seen`` weighs its ``newest`` rows."""
    ones = np.ones((len(contexts), 1, contexts.shape[2]), np.float32)
    center, scale = np.zeros_like(ones), ones
    if normalisation in ("last", "last_standard"):
        center = contexts[:, -1:]
    elif normalisation in ("mean", "standard"):
        center = _mean(newest, seen)
    if normalisation in ("standard", "last_standard"):
        deviation = np.sqrt(_mean((newest - _mean(newest, seen)) ** 2, seen))
        constant = deviation <= CONSTANT * np.sqrt(_mean(newest**2, seen))
        scale = np.where(constant, ones, deviation)
    return center, scale


def _mean(values: Floats, weight: Floats | None) -> Floats:
    """Average the observed steps, (batch, 1, n); in float64, so that constants stay constant."""
    count = values.shape[1] if weight is None else weight.sum(axis=1, keepdims=True)
    weighted = values if weight is None else values * weight
    total = weighted.sum(axis=1, keepdims=True, dtype=np.float64)
    mean: Floats = (total / count).astype(np.float32)
    return mean
