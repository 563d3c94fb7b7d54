"""Permutation importance: how much the error grows when an input says nothing about its own window
any more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.documents import Document, described

__all__ = ["Importance", "permutation_importance"]

PERMUTATIONS = 3  # of which the mean counts
MOST_BLOCKS = 8  # that the context is cut into
Floats = NDArray[np.float64]
Permuted = Callable[[slice, Sequence[int], np.random.Generator], Floats]


@dataclass(frozen=True, kw_only=True)
class Importance(Document):
    """How much one input matters."""

    input: str = field(metadata=described("A column, or a block of steps of the context."))
    growth: float = field(
        metadata=described("How much the MAE grows without it, in original units.")
    )
    spread: float = field(
        metadata=described("Standard deviation of that over the permutations, in original units.")
    )
    share: float | None = field(metadata=described("The growth relative to the MAE."))


def permutation_importance(
    permuted: Permuted,
    *,
    actual: Floats,
    forecast: Floats,
    features: Mapping[str, Sequence[int]],
    context_length: int,
    segment_length: int,
    seed: int,
    progress: Callable[[int, int], None],
) -> tuple[Importance, ...]:
    """Growth of the MAE for each input column and each block of context steps, the largest first.

    ``permuted(steps, channels, rng)`` forecasts like ``forecast`` (n_windows, horizon, n_targets),
    with those inputs, normalised as the network sees them, permuted among windows. ``features`` are
    the channels of every column by name; blocks of steps are of all these. ``growth`` is the mean
    over 3 permutations in original units, ``spread`` its standard deviation, ``share`` relative to
    the MAE. (Breiman 2001, "Random forests"; Fisher et al. 2019.)
    """
    mae = float(np.abs(forecast - actual).mean())
    parts = list(_parts(features, context_length, segment_length))
    rng, rows = np.random.default_rng(seed), list[Importance]()
    for done, (name, steps, channels) in enumerate(parts):
        grown = [
            float(np.abs(permuted(steps, channels, rng) - actual).mean()) - mae
            for _ in range(PERMUTATIONS)
        ]
        growth = float(np.mean(grown))
        share = growth / mae if mae else None
        rows.append(Importance(input=name, growth=growth, spread=float(np.std(grown)), share=share))
        progress(done + 1, len(parts))
    return tuple(sorted(rows, key=lambda row: -row.growth))


def _parts(
    features: Mapping[str, Sequence[int]], context_length: int, segment_length: int
) -> Iterator[tuple[str, slice, Sequence[int]]]:
    """Name, steps and channels of every part of a window: columns over the whole context, then
    blocks of steps.
    """
    for name, channels in features.items():
        yield name, slice(None), channels
    every = [channel for channels in features.values() for channel in channels]
    segments = context_length // segment_length
    edges = np.linspace(0, segments, min(MOST_BLOCKS, segments) + 1).astype(int) * segment_length
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield (
            f"steps {start - context_length} to {end - 1 - context_length}",
            slice(start, end),
            every,
        )
