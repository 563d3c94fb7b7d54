"""How rare a score is among those of rows that are known to be usual, or at least many of them.

A conformal p-value is the share of scores that are no smaller, its own included: if the new score
and the known ones are exchangeable, it is below p at most p of the time, whatever their
distribution (Vovk, Gammerman & Shafer 2005, "Algorithmic Learning in a Random World", 2.3). No
share of n scores is smaller than 1 / (n + 1); beyond, the largest tenth of the scores is followed
by a generalised Pareto distribution (Siffer et al. 2017, "Anomaly Detection in Streams with Extreme
Value Theory"), whose parameters come from probability-weighted moments (Hosking & Wallis 1987,
"Parameter and Quantile Estimation for the Generalized Pareto Distribution").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Known", "discoveries", "grown"]

GROWTH = 0.25  # share of the known scores that new ones are added by
TAIL = 0.1  # share of the scores that the tail is fitted to
LEAST_TAIL = 10  # scores that it is fitted to at least
# Largest shape of a tail: from 0.5 on, the moments that it is estimated from do not settle.
MOST_SHAPE = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """Scores of usual rows, larger for less usual ones: (n,) in ascending order."""

    scores: Floats

    def p_values(self, scores: Floats) -> Floats:
        """How rare each score is, like ``scores``; NaN where that is NaN."""
        n = len(self.scores)
        p = (n + 1 - np.searchsorted(self.scores, scores, side="left")) / (n + 1)
        start, scale, _ = self._tail
        beyond = scores > max(start, self.scores[-1]) if n else np.zeros(scores.shape, bool)
        if scale > 0 and beyond.any():
            p[beyond] = self._share_beyond(scores[beyond])
        return np.where(np.isnan(scores), np.nan, p)

    def threshold(self, p: float) -> float:
        """The largest score whose p-value is above ``p``; infinite where no score is so rare."""
        n = len(self.scores)
        rank = int(np.ceil((n + 1) * (1 - p)))
        if rank <= n:
            return float(self.scores[max(rank, 1) - 1])
        start, scale, shape = self._tail
        if scale <= 0:
            return np.inf
        ratio = self._tail_share / p
        excess = scale * (np.log(ratio) if shape == 0 else (ratio**shape - 1) / shape)
        return max(float(start + excess), float(self.scores[-1]))

    @property
    def _tail_share(self) -> float:
        return (self._count + 1) / (len(self.scores) + 1)

    @property
    def _count(self) -> int:
        return max(LEAST_TAIL, int(TAIL * len(self.scores)))

    def _share_beyond(self, scores: Floats) -> Floats:
        start, scale, shape = self._tail
        excess = (scores - start) / scale
        rest = np.exp(-excess) if shape == 0 else (1 + shape * excess) ** (-1 / shape)
        return np.minimum(self._tail_share * rest, 1 / (len(self.scores) + 1))

    @cached_property
    def _tail(self) -> tuple[float, float, float]:
        """Where the tail starts, its scale (0: there is none to tell) and its shape, which is not
        negative: no score is impossible.
        """
        count = self._count
        if len(self.scores) < 2 * count:
            return np.inf, 0.0, 0.0
        start = float(self.scores[-count - 1])
        excess = self.scores[-count:] - start
        first = float(excess.mean())
        second = float((excess * (count - 1 - np.arange(count)) / (count - 1)).mean())
        if not second > 0:
            return start, 0.0, 0.0
        shape = 2 - first / (first - 2 * second) if first > 2 * second else 0.0
        shape = float(np.clip(shape, 0, MOST_SHAPE))
        return start, first * (1 - shape), shape


def grown(
    known: Known, scores: Floats, times: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Known]]:
    """Yield the places of ``scores`` (n,) in the order of their ``times`` (n,), those that are not
    known left out, each with what is known by then: also the scores before it, which are added
    whenever they are a quarter more.
    """
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(scores[order])]
    while len(order):
        size = max(1, int(GROWTH * len(known.scores)))
        part, order = order[:size], order[size:]
        yield part, known
        known = Known(np.sort(np.concatenate([known.scores, scores[part]])))


def discoveries(p: Floats, groups: NDArray[np.int64], rate: float) -> NDArray[np.bool_]:
    """Which of the ``p`` (n,) are rare where those of a group are judged together: the largest p of
    a group that is at most its rank's share of ``rate``, and all below it.

    Among the discoveries of a group, ``rate`` are false on average (Benjamini & Hochberg 1995),
    also with p-values that share what they are compared with (Bates et al. 2023, "Testing for
    outliers with conformal p-values").
    """
    order = np.lexsort((p, groups))
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(p)))
    rank = np.arange(len(p)) - np.repeat(starts, sizes) + 1
    held = p[order] <= rate * rank / np.repeat(sizes, sizes)
    last = np.maximum.reduceat(np.where(held, rank, 0), starts) if len(p) else rank
    found = np.zeros(len(p), bool)
    found[order] = rank <= np.repeat(last, sizes)
    return found
