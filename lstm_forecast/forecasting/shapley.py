"""Shapley values: what each player adds to what all of them are worth together.

The value of a player is what it adds on average, when players come in all possible orders (Shapley
1953, "A value for n-person games"). It is the only split that is complete, gives nothing to who
never adds anything, treats equals alike, and adds up over sums of games. So it splits what is
linear exactly as its kernel does, and needs no derivatives of what is not (Strumbelj & Kononenko
2014; Lundberg & Lee 2017).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["Game", "Shares", "shapley_values"]

Floats = NDArray[np.float64]
Coalitions = NDArray[np.bool_]  # (n, n_players): who is there
Game = Callable[[Coalitions], Floats]  # what they are worth: (n, ...)
LEAST_PAIRS = 8  # of orders, however many players there are


@dataclass(frozen=True)
class Shares:
    """How a worth of any shape is split: ``nobody`` and all ``values`` sum to ``everybody``."""

    nobody: Floats  # (...)
    everybody: Floats  # (...)
    values: Floats  # (n_players, ...)
    error: Floats  # (n_players, ...): standard errors
    orders: int | None  # that the values are means of; None: of all, and so exact


def shapley_values(game: Game, n_players: int, *, most: int) -> Shares:
    """Split what everybody is worth, asking the ``game`` for that of about ``most`` coalitions.

    Where there are no more of them, values are exact. Otherwise they are means over random orders
    (Castro, Gomez & Tejada 2009, "Polynomial calculation of the Shapley value based on sampling"),
    each with its reverse, in which who came early comes late: errors of a pair cancel (Mitchell et
    al. 2022, "Sampling permutations for Shapley value estimation"). What players add telescopes in
    every order, so that the split is complete in any case. Equal games give equal values.
    """
    if 2**n_players <= most:
        return _exact(game, n_players)
    return _sampled(game, n_players, pairs=max(LEAST_PAIRS, most // (2 * (n_players - 1))))


def _exact(game: Game, n_players: int) -> Shares:
    """Weigh what a player adds to each coalition by how many orders lead there."""
    numbers = np.arange(2**n_players)
    members = (numbers[:, None] >> np.arange(n_players)) % 2 == 1
    worth, size = game(members), members.sum(axis=1)
    weight = np.array([1 / (n_players * comb(n_players - 1, k)) for k in range(n_players)])
    values = []
    for player in range(n_players):
        without = numbers[~members[:, player]]
        added = worth[without + 2**player] - worth[without]
        values.append(np.tensordot(weight[size[without]], added, axes=1))
    split = np.stack(values)
    return Shares(worth[0], worth[-1], split, np.zeros_like(split), None)


def _sampled(game: Game, n_players: int, *, pairs: int) -> Shares:
    """Average what players add over random orders and their reverses."""
    nobody, everybody = game(np.array([[False], [True]]).repeat(n_players, axis=1))
    rng, mean, squares = np.random.default_rng(0), np.zeros(1), np.zeros(1)
    for pair in range(1, pairs + 1):
        order = rng.permutation(n_players)
        both = order, order[::-1]
        growing = np.arange(n_players - 1)[:, None]  # all but the last coalition of an order
        worth = game(np.concatenate([np.argsort(each) <= growing for each in both]))
        added = np.zeros((n_players, *nobody.shape))
        for each, middle in zip(both, np.split(worth, 2), strict=True):
            added[each] += np.diff([nobody, *middle, everybody], axis=0) / 2
        ahead = added - mean
        mean = mean + ahead / pair
        squares = squares + ahead * (added - mean)
    error = np.sqrt(squares / (pairs * (pairs - 1)))
    return Shares(nobody, everybody, mean, error, 2 * pairs)
