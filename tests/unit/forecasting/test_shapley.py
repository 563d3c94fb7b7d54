"""Shapley values of games that are small enough to go through every order by hand."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from lstm_forecast.forecasting.shapley import Shares, shapley_values

Floats = NDArray[np.float64]
Game = Callable[[NDArray[np.bool_]], Floats]
PLAYERS = 6


def tangled(n_players: int, seed: int = 3) -> Game:
    """A game in which any players may need each other: two worths by step, (n, 3, 2)."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(n_players, 8)), rng.normal(size=(8, 3, 2))
    return lambda there: np.tensordot(np.tanh(there @ first + 0.3), second, axes=1)


def by_every_order(game: Game, n_players: int) -> Floats:
    """The mean of what each player adds, over all orders, one after another."""
    orders = list(permutations(range(n_players)))
    total = 0.0 * game(np.zeros((n_players, n_players), bool))
    for order in orders:
        there = np.zeros((1, n_players), bool)
        before = game(there)[0]
        for player in order:
            there[0, player] = True
            after = game(there)[0]
            total[player] += after - before
            before = after
    return np.asarray(total / len(orders))


def require_complete(shares: Shares) -> None:
    lacking = shares.nobody + shares.values.sum(axis=0) - shares.everybody
    assert np.abs(lacking).max() < 1e-12


def test_few_players_get_the_mean_of_what_they_add_in_every_order() -> None:
    game = tangled(PLAYERS)
    shares = shapley_values(game, PLAYERS, most=2**PLAYERS)
    np.testing.assert_allclose(shares.values, by_every_order(game, PLAYERS), atol=1e-12)
    require_complete(shares)
    assert shares.orders is None
    assert not shares.error.any()


def test_one_player_gets_all() -> None:
    shares = shapley_values(lambda there: 3.0 * there[:, 0].astype(float), 1, most=2)
    assert shares.values.tolist() == [3.0]


def test_samples_are_complete_and_as_near_as_their_standard_errors_say() -> None:
    off = []
    for seed in range(30):
        game = tangled(PLAYERS, seed)
        exact = shapley_values(game, PLAYERS, most=2**PLAYERS).values
        shares = shapley_values(game, PLAYERS, most=2**PLAYERS - 1)
        require_complete(shares)
        assert shares.orders == 16
        off.append((shares.values - exact) / shares.error)
    assert 0.8 < np.sqrt(np.square(off).mean()) < 1.6  # of 8 pairs: Student's t has 1.2


def test_equal_games_give_equal_values() -> None:
    one, other = (shapley_values(tangled(9), 9, most=100) for _ in range(2))
    assert np.array_equal(one.values, other.values)


def test_more_orders_come_nearer() -> None:
    game, exact = tangled(9), shapley_values(tangled(9), 9, most=2**9).values
    coarse, fine = (shapley_values(lambda each: game(each), 9, most=n) for n in (100, 511))
    assert (coarse.orders, fine.orders) == (16, 62)
    assert np.abs(fine.values - exact).mean() < np.abs(coarse.values - exact).mean()
    assert fine.error.mean() < coarse.error.mean()


@pytest.mark.parametrize("most", [2**7, 2**7 - 1])
def test_who_adds_alike_gets_alike_and_who_adds_nothing_gets_nothing(most: int) -> None:
    weights = np.array([3.0, 3.0, 0.0, -1.0, 5.0, 2.0, 0.5])
    shares = shapley_values(lambda there: there @ weights + 7, 7, most=most)
    np.testing.assert_allclose(shares.values, weights, atol=1e-12)
    np.testing.assert_allclose(shares.error, 0, atol=1e-12)
    assert shares.nobody == 7
