"""How soon a better challenger is promoted, and how often one that is no better, by the errors of
real forecasts.

Ridge regressions on ETTh1, learned from more or fewer rows and longer or shorter contexts, stand
for champion and challenger; neither changes while new rows come in, and a day is a horizon.
"""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd

from lstm_forecast.judging.promotion import judge
from tests.benchmarks.files import data_file

HORIZON, SEASON = 24, 24
LEARNED = {
    "8 months": (168, 0, 8640),
    "4 months": (168, 4320, 8640),
    "2 months": (168, 0, 1440),
    "short": (48, 0, 8640),
}
FROM, PATIENCE = 9_000, 96  # first row that judges; horizons until nobody waits any longer
COLUMNS = [[*range(7)], [0], [3], [4], [6]]
GROUPS = [-np.inf, -0.01, 0.01, 0.03, 0.08, 0.15, np.inf]
AFTER = (16, 32, 64, PATIENCE)


def power(folder: Path, count: int) -> None:
    """Promotions by attempts every 8 or 16 horizons, and by how many horizons judge at most."""
    sides = [pair for columns in COLUMNS for pair in _pairs(_read(), columns)]
    gains = pd.Series(
        [1 - challenger.mean() / champion.mean() for champion, challenger, _ in sides]
    )
    group = pd.cut(gains, GROUPS)
    print(
        f"power: share promoted after {', '.join(map(str, AFTER))} horizons, by the true gain of"
        " the challenger"
    )
    print(f"  pairs: {group.value_counts(sort=False).to_dict()}")
    for every in (8, 16):
        for most in (8, 32, PATIENCE):
            waits = [_waits(*side, every=every, most=most, starts=count) for side in sides]
            shares = pd.DataFrame(
                [[np.mean(wait <= limit) for limit in AFTER] for wait in waits], columns=AFTER
            )
            print(f"an attempt every {every} horizons, judged by {most} at most")
            print(shares.groupby(group, observed=True).mean().round(2).to_string())


def _read() -> np.ndarray:
    values = pd.read_csv(data_file("ETTh1.csv.gz")).iloc[:, 1:].to_numpy(float)
    return (values - values[:8640].mean(0)) / values[:8640].std(0)


def _pairs(
    values: np.ndarray, columns: list[int]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Losses (n_origins,) of champion, challenger and seasonal naive forecast, for every two
    forecasts.
    """
    losses = [
        np.mean([_ridge(values[:, k], *how) for k in columns], axis=0) for how in LEARNED.values()
    ]
    naive = np.mean([_losses(values[:, k], np.eye(SEASON, HORIZON)) for k in columns], axis=0)
    return [(champion, challenger, naive) for champion, challenger in permutations(losses, 2)]


def _ridge(values: np.ndarray, context: int, start: int, end: int) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(values[start:end], context + HORIZON)
    inputs, targets = np.split(windows - windows[:, [context - 1]], [context], axis=1)
    return _losses(
        values, np.linalg.solve(inputs.T @ inputs + 10 * np.eye(context), inputs.T @ targets)
    )


def _losses(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean absolute errors, (n_origins,), of windows from which the last value is subtracted."""
    windows = np.lib.stride_tricks.sliding_window_view(
        values[FROM - len(weights) :], len(weights) + HORIZON
    )
    inputs, targets = np.split(windows - windows[:, [len(weights) - 1]], [len(weights)], axis=1)
    return np.abs(inputs @ weights - targets).mean(1)


def _waits(
    champion: np.ndarray,
    challenger: np.ndarray,
    naive: np.ndarray,
    *,
    every: int,
    most: int,
    starts: int,
) -> np.ndarray:
    """Horizons of new rows until the promotion, for champions of so many different days; infinite:
    none.
    """
    days = np.linspace(0, len(champion) - PATIENCE * HORIZON, starts).astype(int)
    return np.array(
        [
            _wait(champion[day:], challenger[day:], naive[day:], every=every, most=most)
            for day in days
        ]
    )


def _wait(
    champion: np.ndarray, challenger: np.ndarray, naive: np.ndarray, *, every: int, most: int
) -> float:
    for new in range(every, PATIENCE + 1, every):
        judged = min(new // 2, most)
        rows = slice((new - judged) * HORIZON, (new - 1) * HORIZON + 1)
        verdict = judge(
            champion=champion[rows],
            challenger=challenger[rows],
            seasonal_naive=naive[rows],
            block=HORIZON,
            origins=np.arange(len(champion[rows])),
            tolerance=0.01,
            confidence=0.99,
        )
        if verdict.better:
            return new
    return np.inf
