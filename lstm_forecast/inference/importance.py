"""Permutation importance: how much the error grows when an input says nothing about its own window any more."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["permutation_importance"]

REPEATS = 3
BLOCKS = 8  # that the context is cut into, at most
Floats = NDArray[np.float64]
Permuted = Callable[[slice, slice, np.random.Generator], Floats]


def permutation_importance(
    permuted: Permuted,
    *,
    actual: Floats,
    forecast: Floats,
    features: Sequence[str],
    context_length: int,
    segment_length: int,
    seed: int,
    progress: Callable[[int, int], None],
) -> list[dict[str, Any]]:
    """Growth of the MAE for each input column and each block of context steps, the largest first.

    ``permuted(steps, features, rng)`` forecasts like ``forecast`` (n_windows, horizon, n_targets), with those inputs,
    normalised as the network sees them, permuted among windows. ``growth`` is the mean over 3 permutations in original
    units, ``spread`` its standard deviation, ``share`` relative to the MAE. ``features`` names the first input columns;
    others stay as they are. (Breiman 2001, "Random forests"; Fisher, Rudin & Dominici 2019.)
    """
    mae = float(np.abs(forecast - actual).mean())
    parts = list(_parts(features, context_length, segment_length))
    rng, rows = np.random.default_rng(seed), []
    for done, (name, steps, columns) in enumerate(parts):
        grown = [float(np.abs(permuted(steps, columns, rng) - actual).mean()) - mae for _ in range(REPEATS)]
        growth = float(np.mean(grown))
        share = growth / mae if mae else None
        rows.append({"input": name, "growth": growth, "spread": float(np.std(grown)), "share": share})
        progress(done + 1, len(parts))
    return sorted(rows, key=lambda row: -row["growth"])


def _parts(features: Sequence[str], context_length: int, segment_length: int) -> Iterator[tuple[str, slice, slice]]:
    """Name, steps and columns of every part of a window: columns over the whole context, then blocks of all columns."""
    for k, name in enumerate(features):
        yield name, slice(None), slice(k, k + 1)
    segments = context_length // segment_length
    edges = np.linspace(0, segments, min(BLOCKS, segments) + 1).astype(int) * segment_length
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield f"steps {start - context_length} to {end - 1 - context_length}", slice(start, end), slice(len(features))
