"""The linear part beside the network: ridge regression from a window's own past to its horizon, in closed form.

Each target has one map from its ``context_length`` normalised values to its ``horizon`` values, shared by all series.
NumPy only: the normal equations are summed up batch by batch, so that windows are never materialised.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.data.windows import Windows
from lstm_forecast.model.smoothing import best_smoothing, best_theta, last_value_kernel, seasonal_kernel

__all__ = ["Linear", "fit_linear", "fixed_linear"]

MAX_WINDOWS = 200_000  # spread evenly; more change the solution by less than a seed changes the network
BATCH = 1024
JUDGES = 5_000  # windows that forms and penalties are compared on
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
DEFAULT_PENALTY = 1e-3  # where the training windows are too few to choose
RIDGE = "ridge"
Floats = NDArray[np.float64]
Weights = tuple[NDArray[np.float32], NDArray[np.float32]]  # kernel and bias as in Linear


@dataclass(frozen=True)
class Linear:
    """A linear forecast of every target from its own past."""

    kernel: NDArray[np.float32]  # (n_targets, context_length, horizon)
    bias: NDArray[np.float32]  # (n_targets, horizon)
    form: tuple[str, ...]  # (n_targets,): ridge, ridge + the simple forecast that it is averaged with, or that alone
    penalty: Floats  # (n_targets,): of the ridge, relative to the mean square of the inputs

    def predict(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Windows (batch, context_length, n_features), targets first, to predictions (batch, horizon, n_targets)."""
        own = inputs[..., : len(self.kernel)].transpose(2, 0, 1)
        return (own @ self.kernel + self.bias[:, None]).transpose(1, 2, 0)


def fixed_linear(training: Windows, *, season_length: int) -> Linear:
    """The seasonal naive forecast, or the naive one where ``season_length`` is 1, as a linear part."""
    kernel = seasonal_kernel(training.context_length, training.horizon, season_length=season_length)
    names = ("naive" if season_length == 1 else "seasonal naive",) * training.n_targets
    bias = np.zeros((training.n_targets, training.horizon), np.float32)
    return Linear(np.stack([kernel] * training.n_targets), bias, names, np.full(training.n_targets, np.nan))


def fit_linear(
    training: Windows, *, season_length: int = 1, combined: bool = False, limit: int = MAX_WINDOWS
) -> Linear:
    """Fit on the training windows; the penalty is the one that forecasts their newest fifth best from the others.

    With ``combined`` the forecast is the mean of the ridge and a simple forecast (last value, last season, exponential
    smoothing or Theta, whichever makes the best mean), which errs less where few windows teach the regression (Bates &
    Granger 1969, "The combination of forecasts"). At most ``limit`` windows are learned from. Validation rows play no
    part. Hoerl & Kennard 1970, "Ridge regression"; the intercept is not penalised.
    """
    newest = training.counts // 5
    older = replace(training, counts=training.counts - newest)
    newer = replace(training, starts=training.starts + older.counts * training.stride, counts=newest)
    simple = dict(_simple_kernels(older, season_length)) if combined else {}
    forms = [f"{RIDGE} + {name}" for name in simple] or [RIDGE]
    choices = [(form, penalty) for penalty in PENALTIES for form in forms]
    gram, moment = _normal_equations(older, limit)
    best = np.full(training.n_targets, choices.index((forms[-1], DEFAULT_PENALTY)))
    if len(newer):
        best = _mean_absolute_errors(_candidates(choices, gram, moment, simple), newer).argmin(axis=0)
        rest_gram, rest_moment = _normal_equations(newer, limit)
        gram, moment = gram + rest_gram, moment + rest_moment
    chosen = [choices[k] for k in best]
    weights = dict(zip(chosen, _candidates(chosen, gram, moment, simple), strict=True))
    return Linear(
        kernel=np.stack([weights[choice][0][target] for target, choice in enumerate(chosen)]),
        bias=np.stack([weights[choice][1][target] for target, choice in enumerate(chosen)]),
        form=tuple(form for form, _ in chosen),
        penalty=np.array([penalty for _, penalty in chosen]),
    )


def _simple_kernels(windows: Windows, season_length: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Simple forecasts by name, each (n_targets, context_length, horizon)."""
    shape = (windows.n_targets, windows.context_length, windows.horizon)
    yield "naive", np.broadcast_to(last_value_kernel(*shape[1:]), shape)
    if 1 < season_length <= windows.context_length:
        yield "seasonal naive", np.broadcast_to(seasonal_kernel(*shape[1:], season_length=season_length), shape)
    yield "smoothing", best_smoothing(windows, season_length=season_length)
    yield "theta", best_theta(windows, season_length=season_length)


def _candidates(
    choices: Iterable[tuple[str, float]], gram: Floats, moment: Floats, simple: Mapping[str, NDArray[np.float32]]
) -> Iterator[Weights]:
    """Weights of each choice, one after another: with long contexts and horizons each is megabytes."""
    solved_for, kernel, bias = None, np.zeros(0, np.float32), np.zeros(0, np.float32)
    for form, penalty in choices:
        if penalty != solved_for:
            solved_for, (kernel, bias) = penalty, _solve(gram, moment, penalty)
        if (name := form.removeprefix(f"{RIDGE} + ")) in simple:
            yield np.asarray((kernel + simple[name]) / 2, np.float32), np.asarray(bias / 2, np.float32)
        else:
            yield kernel, bias


def _normal_equations(windows: Windows, limit: int) -> tuple[Floats, Floats]:
    """X'X (n_targets, L + 1, L + 1) and X'Y (n_targets, L + 1, horizon), with a last column of ones in X."""
    width = windows.context_length + 1
    gram = np.zeros((windows.n_targets, width, width))
    moment = np.zeros((windows.n_targets, width, windows.horizon))
    for batch in windows.batches(BATCH, limit=limit):
        for target in range(windows.n_targets):
            own = batch.inputs[..., target].astype(np.float64)
            x = np.concatenate([own, np.ones((len(own), 1))], axis=1)
            gram[target] += x.T @ x
            moment[target] += x.T @ batch.targets[..., target]
    return gram, moment


def _solve(gram: Floats, moment: Floats, penalty: float) -> Weights:
    strength = penalty * np.maximum(np.einsum("tii->ti", gram)[:, :-1].mean(axis=1), np.finfo(np.float32).eps)
    ridge = np.append(np.ones(gram.shape[1] - 1), 0.0)
    weights = np.linalg.solve(gram + strength[:, None, None] * np.diag(ridge), moment).astype(np.float32)
    return weights[:, :-1], weights[:, -1]


def _mean_absolute_errors(candidates: Iterable[Weights], windows: Windows) -> Floats:
    """Shape (n_candidates, n_targets)."""
    batch = next(windows.batches(JUDGES, limit=JUDGES))
    own, targets = batch.inputs[..., : windows.n_targets].transpose(2, 0, 1), batch.targets.transpose(2, 0, 1)
    return np.array(
        [np.abs(own @ kernel + bias[:, None] - targets).mean(axis=(1, 2)) for kernel, bias in candidates], np.float64
    )
