"""The linear part beside the network: ridge regression from a window's own past to its horizon, in closed form.

Each target has one map from its ``context_length`` normalised values to its ``horizon`` values, shared by all series.
NumPy only: the normal equations are summed up batch by batch, so that windows are never materialised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.data.windows import Windows

__all__ = ["Linear", "fit_linear"]

MAX_WINDOWS = 200_000  # spread evenly; more change the solution by less than a seed changes the network
BATCH = 1024
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
DEFAULT_PENALTY = 1e-3  # where the training windows are too few to choose
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """Weights of the ridge regression."""

    kernel: NDArray[np.float32]  # (n_targets, context_length, horizon)
    bias: NDArray[np.float32]  # (n_targets, horizon)
    penalty: Floats  # (n_targets,), relative to the mean square of the inputs

    def predict(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Windows (batch, context_length, n_features), targets first, to predictions (batch, horizon, n_targets)."""
        own = inputs[..., : len(self.kernel)].transpose(2, 0, 1)
        return (own @ self.kernel + self.bias[:, None]).transpose(1, 2, 0)


def fit_linear(training: Windows) -> Linear:
    """Fit on the training windows; the penalty is the one that forecasts their newest fifth best from the others.

    Validation rows play no part. Hoerl & Kennard 1970, "Ridge regression"; the intercept is not penalised.
    """
    newest = training.counts // 5
    older = replace(training, counts=training.counts - newest)
    newer = replace(training, starts=training.starts + older.counts * training.stride, counts=newest)
    gram, moment = _normal_equations(older)
    penalty = np.full(training.n_targets, DEFAULT_PENALTY)
    if len(newer):
        candidates = [_solve(gram, moment, np.full_like(penalty, value)) for value in PENALTIES]
        penalty = np.array(PENALTIES)[_mean_absolute_errors(candidates, newer).argmin(axis=0)]
        rest_gram, rest_moment = _normal_equations(newer)
        gram, moment = gram + rest_gram, moment + rest_moment
    return _solve(gram, moment, penalty)


def _normal_equations(windows: Windows) -> tuple[Floats, Floats]:
    """X'X (n_targets, L + 1, L + 1) and X'Y (n_targets, L + 1, horizon), with a last column of ones in X."""
    width = windows.context_length + 1
    gram = np.zeros((windows.n_targets, width, width))
    moment = np.zeros((windows.n_targets, width, windows.horizon))
    for batch in windows.batches(BATCH, limit=MAX_WINDOWS):
        for target in range(windows.n_targets):
            own = batch.inputs[..., target].astype(np.float64)
            x = np.concatenate([own, np.ones((len(own), 1))], axis=1)
            gram[target] += x.T @ x
            moment[target] += x.T @ batch.targets[..., target]
    return gram, moment


def _solve(gram: Floats, moment: Floats, penalty: Floats) -> Linear:
    diagonal = np.einsum("tii->ti", gram)[:, :-1]
    strength = penalty * np.maximum(diagonal.mean(axis=1), np.finfo(np.float32).eps)
    ridge = np.append(np.ones(gram.shape[1] - 1), 0.0)
    weights = np.linalg.solve(gram + strength[:, None, None] * np.diag(ridge), moment).astype(np.float32)
    return Linear(weights[:, :-1], weights[:, -1], penalty)


def _mean_absolute_errors(candidates: Sequence[Linear], windows: Windows) -> Floats:
    """Shape (n_candidates, n_targets)."""
    batches = windows.batches(BATCH, limit=MAX_WINDOWS // 10)
    sizes = [
        [np.abs(one.predict(batch.inputs) - batch.targets).mean(axis=(0, 1)) for one in candidates] for batch in batches
    ]
    return np.asarray(np.mean(sizes, axis=0), np.float64)
