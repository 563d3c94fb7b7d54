"""The linear part beside the network: ridge regression from a window's own past to its horizon, in closed form.

Each target has one map from its ``context_length`` normalised values to its ``horizon`` values, shared by all series;
what is known of a step of the horizon is added with weights of that step. NumPy only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.data.windows import Windows
from lstm_forecast.model.ridge import Equations, Weights, inputs_of, normal_equations, solve
from lstm_forecast.model.smoothing import best_smoothing, best_theta, last_value_kernel, seasonal_kernel

__all__ = ["Linear", "fit_linear", "fixed_linear"]

MAX_WINDOWS = 200_000  # spread evenly; more change the solution by less than a seed changes the network
JUDGES = 5_000  # windows that forms and penalties are compared on
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
DEFAULT_PENALTY = 1e-3  # where the training windows are too few to choose
RIDGE = "ridge"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """A linear forecast of every target from its own past and what is known ahead."""

    kernel: NDArray[np.float32]  # (n_targets, context_length, horizon)
    bias: NDArray[np.float32]  # (n_targets, horizon)
    form: tuple[str, ...]  # (n_targets,): ridge, ridge + the simple forecast that it is averaged with, or that alone
    penalty: Floats  # (n_targets,): of the ridge, relative to the mean square of the inputs
    known: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    """(n_targets, horizon, n_known): weights of the channels known ahead, at the same step from the window's end."""
    first: int = 0  # of those channels

    def predict(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Windows (batch, context_length, n_features), targets first, to predictions (batch, horizon, n_targets)."""
        n_targets, _, horizon = self.kernel.shape
        n_known = self.known.shape[2]
        own, known = inputs_of(inputs, n_targets=n_targets, horizon=horizon, first=self.first, n_known=n_known)
        return Weights(self.kernel, self.bias, self.known).predict(own, known).transpose(1, 2, 0)


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
    newest = _newest_fifth(training)
    older = replace(training, counts=training.counts - newest)
    newer = replace(training, starts=training.starts + older.counts * training.stride, counts=newest)
    simple = dict(_simple_kernels(older, season_length)) if combined else {}
    forms = [f"{RIDGE} + {name}" for name in simple] or [RIDGE]
    choices = [(form, penalty) for penalty in PENALTIES for form in forms]
    equations = normal_equations(older, limit)
    best = np.full(training.n_targets, choices.index((forms[-1], DEFAULT_PENALTY)))
    if len(newer):
        best = _mean_absolute_errors(_candidates(choices, equations, simple), newer).argmin(axis=0)
        equations = equations + normal_equations(newer, limit)
    chosen = [choices[k] for k in best]
    weights = dict(zip(chosen, _candidates(chosen, equations, simple), strict=True))
    return Linear(
        kernel=np.stack([weights[choice].kernel[target] for target, choice in enumerate(chosen)]),
        bias=np.stack([weights[choice].bias[target] for target, choice in enumerate(chosen)]),
        form=tuple(form for form, _ in chosen),
        penalty=np.array([penalty for _, penalty in chosen]),
        known=np.stack([weights[choice].known[target] for target, choice in enumerate(chosen)]),
        first=training.n_own,
    )


def _newest_fifth(windows: Windows) -> NDArray[np.int64]:
    """How many windows of each range belong to the newest fifth of their span's, whose ranges lie side by side."""
    behind = np.cumsum(windows.counts)
    first, last = (np.searchsorted(windows.floors, windows.floors, side) for side in ("left", "right"))
    through = behind[last - 1]
    total = through - (behind - windows.counts)[first]
    return np.asarray(np.clip(total // 5 - (through - behind), 0, windows.counts))


def _simple_kernels(windows: Windows, season_length: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Simple forecasts by name, each (n_targets, context_length, horizon)."""
    shape = (windows.n_targets, windows.context_length, windows.horizon)
    yield "naive", np.broadcast_to(last_value_kernel(*shape[1:]), shape)
    if 1 < season_length <= windows.context_length:
        yield "seasonal naive", np.broadcast_to(seasonal_kernel(*shape[1:], season_length=season_length), shape)
    yield "smoothing", best_smoothing(windows, season_length=season_length)
    yield "theta", best_theta(windows, season_length=season_length)


def _candidates(
    choices: Iterable[tuple[str, float]], equations: Equations, simple: Mapping[str, NDArray[np.float32]]
) -> Iterator[Weights]:
    """Weights of each choice, one after another: with long contexts and horizons each is megabytes.

    A simple forecast knows nothing of covariates, and is no reason to halve what they add.
    """
    for penalty, forms in groupby(choices, key=itemgetter(1)):
        ridge = solve(equations, penalty)
        for form, _ in forms:
            yield _averaged(ridge, simple.get(form.removeprefix(f"{RIDGE} + ")))


def _averaged(ridge: Weights, simple: NDArray[np.float32] | None) -> Weights:
    if simple is None:
        return ridge
    return replace(ridge, kernel=(ridge.kernel + simple) / np.float32(2), bias=ridge.bias / np.float32(2))


def _mean_absolute_errors(candidates: Iterable[Weights], windows: Windows) -> Floats:
    """Shape (n_candidates, n_targets)."""
    batch = next(windows.batches(JUDGES, limit=JUDGES))
    own, known = inputs_of(
        batch.inputs, n_targets=windows.n_targets, horizon=windows.horizon, first=windows.n_own, n_known=windows.n_known
    )
    targets = batch.targets.transpose(2, 0, 1)
    return np.array(
        [np.abs(weights.predict(own, known) - targets).mean(axis=(1, 2)) for weights in candidates], np.float64
    )
