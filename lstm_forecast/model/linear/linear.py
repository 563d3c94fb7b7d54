"""The linear part beside the network: ridge regression from a window's own past to its horizon, in
closed form.

Each target has one map from its ``context_length`` normalised values to its ``horizon`` values,
shared by all series; what is known of a step of the horizon is added with weights of that step.
Where data are few, the forecast is the mean of that and a simple one. NumPy only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.linear.methods import (
    best_kernel,
    last_value_kernel,
    lengthened,
    regression_kernel,
    sample,
    seasonal_kernel,
)
from lstm_forecast.model.linear.ridge import (
    Equations,
    Weights,
    inputs_of,
    normal_equations,
    regressors_of,
    solve,
)
from lstm_forecast.model.linear.smoothing import LEAST_ERROR, Smoothing, fit_smoothing
from lstm_forecast.windows.windows import Windows

__all__ = ["MOST_JUDGING_WINDOWS", "Linear", "fit_linear", "fixed_linear", "newest_fifth"]

# Windows that are learned from, spread evenly. More change the solution by less than a seed changes
# the network.
MOST_TRAINING_WINDOWS = 200_000
MOST_JUDGING_WINDOWS = 5_000  # that forms and penalties are compared on
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
PENALTIES_UNJUDGED = (1e-3,)  # where the training windows are too few to choose
RIDGE, SMOOTHING, COMBINED, WEIGHTED = "ridge", "smoothing", "combined", "weighted"
NAIVE, SEASONAL_NAIVE, SINGLE, LINE = "naive", "seasonal_naive", "single_smoothing", "line"
# The power of errors that weights are inverse to: 2 trusts the better forecasts too little, 8
# trusts few windows too much.
SHARPNESS = 4
Floats = NDArray[np.float64]
Single = NDArray[np.float32]
NO_SHARE: Single = np.zeros(0, np.float32)  # of a linear part without smoothing


@dataclass(frozen=True)
class Linear:
    """A forecast of every target from its own past and what is known ahead: linear, but for a share
    of smoothing.
    """

    kernel: Single  # (n_targets, context_length, horizon)
    bias: Single  # (n_targets, horizon)
    # (n_targets,): ridge, ridge + the simple forecast averaged with it, that alone, or weighted
    form: tuple[str, ...]
    penalty: Floats  # (n_targets,): of the ridge, relative to the mean square of the inputs
    known: Single = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    """(n_targets, horizon, n_known): weights of channels known ahead, at the same step."""
    first: int = 0  # of those channels
    smoothing: Smoothing | None = None
    # (n_targets,): of the smoothing
    share: Single = field(default_factory=lambda: np.zeros(0, np.float32))

    def predict(self, inputs: Single) -> Single:
        """Windows (batch, context_length, n_features), targets first, to predictions (batch,
        horizon, n_targets).
        """
        n_targets, _, horizon = self.kernel.shape
        n_known = self.known.shape[2]
        own, known = inputs_of(
            inputs, n_targets=n_targets, horizon=horizon, first=self.first, n_known=n_known
        )
        total = Weights(self.kernel, self.bias, self.known).predict(own, known)
        if self.smoothing is not None:
            total += self.share[:, None, None] * self.smoothing.predict(own, inputs[..., -1])
        return total.transpose(1, 2, 0)


def fixed_linear(training: Windows, *, form: str, season_length: int) -> Linear:
    """A simple forecast of every target as a linear part: ``naive``, ``seasonal_naive`` or
    ``smoothing``.

    Contexts that hold no season have no last one: there it is naive.
    """
    n_targets, simple = training.channels.n_targets, _simple_kernels(training, season_length)
    form = form if form in simple else NAIVE
    whole = np.full(n_targets, form == SMOOTHING, np.float32)
    smoothing, share = _smoothed(training, season_length, whole)
    return Linear(
        kernel=simple[form],
        bias=np.zeros((n_targets, training.framing.horizon), np.float32),
        form=(form,) * n_targets,
        penalty=np.full(n_targets, np.nan),
        smoothing=smoothing,
        share=share,
    )


def fit_linear(
    training: Windows,
    *,
    season_length: int = 1,
    kind: str = RIDGE,
    limit: int = MOST_TRAINING_WINDOWS,
) -> Linear:
    """Fit a ``ridge``, a ``smoothing`` or means of several forecasts on training windows, or repeat
    ``seasonal_naive``.

    The penalty of the ridge is the one that forecasts their newest fifth best from the others. With
    ``combined`` the forecast is the mean of the ridge and a simple forecast (last value, last
    season, one smoothing for all windows or smoothing by the window, whichever makes the best
    mean), and with ``weighted`` it is a mean of all of them and of straight lines through the
    windows, with weights inverse to the fourth power of their errors on that fifth. Both err less
    where few windows teach the regression (Bates & Granger 1969, "The combination of forecasts").
    At most ``limit`` windows are learned from. Validation rows play no part.
    """
    if kind in (SMOOTHING, SEASONAL_NAIVE):
        return fixed_linear(training, form=kind, season_length=season_length)
    older, newer = _split(training)
    equations = normal_equations(older, limit)
    simple = {} if kind == RIDGE else _simple_forecasts(older, season_length, kind=kind)
    smoothing = fit_smoothing(older, season_length=season_length) if simple else None
    judges, penalties = (newer, PENALTIES) if len(newer) else (older, PENALTIES_UNJUDGED)
    ridges = (_solved(equations, penalty, windows=training) for penalty in penalties)
    number, shares = _judged(ridges, simple, smoothing, judges, kind=kind, learned=judges is older)
    equations = equations + normal_equations(newer, limit) if len(newer) else equations
    ridge = _solved(equations, penalty := np.array(penalties)[number], windows=training)
    smoothing, share = _smoothed(training, season_length, shares[-1] if simple else NO_SHARE)
    return Linear(
        kernel=_weighted(shares, [ridge.kernel, *simple.values()]),
        bias=shares[0][:, None] * ridge.bias,
        form=tuple(_form(kind, tuple(simple), column) for column in shares.T),
        penalty=penalty,
        known=ridge.known,  # whole: a simple forecast knows nothing of covariates
        first=training.channels.n_own,
        smoothing=smoothing,
        share=share,
    )


def _weighted(shares: Single, kernels: Sequence[Single]) -> Single:
    """The sum of the kernels by their shares (n_kernels, n_targets)."""
    total: Single = shares[0][:, None, None] * kernels[0]
    for share, kernel in zip(shares[1:], kernels[1:], strict=True):
        total += share[:, None, None] * kernel
    return total


def _split(windows: Windows) -> tuple[Windows, Windows]:
    """All but the newest fifth of the windows, and that fifth."""
    newest = newest_fifth(windows)
    older = replace(windows, counts=windows.counts - newest)
    starts = windows.starts + older.counts * windows.framing.stride
    return older, replace(windows, starts=starts, counts=newest)


def _simple_forecasts(windows: Windows, season_length: int, *, kind: str) -> dict[str, Single]:
    """What is averaged with a ridge, by name, as kernels (n_targets, context_length, horizon)."""
    simple = {SINGLE: best_kernel(windows, season_length=season_length)}
    if kind == WEIGHTED:
        shape = windows.framing.context_length, windows.framing.horizon
        line = regression_kernel(*shape, season_length=season_length)
        simple[LINE] = np.broadcast_to(line, simple[SINGLE].shape)
    return simple | _simple_kernels(windows, season_length)


def _solved(equations: Equations, penalty: float | Floats, *, windows: Windows) -> Weights:
    weights = solve(equations, penalty)
    return replace(weights, kernel=lengthened(weights.kernel, windows.framing.context_length))


def newest_fifth(windows: Windows) -> NDArray[np.int64]:
    """How many windows of each range belong to the newest fifth of their span's, whose ranges lie
    side by side.
    """
    behind = np.cumsum(windows.counts)
    first, last = (
        np.searchsorted(windows.floors, windows.floors, side) for side in ("left", "right")
    )
    through = behind[last - 1]
    total = through - (behind - windows.counts)[first]
    return np.asarray(np.clip(total // 5 - (through - behind), 0, windows.counts))


def _simple_kernels(windows: Windows, season_length: int) -> dict[str, Single]:
    """Simple forecasts by name, each (n_targets, context_length, horizon).

    Of smoothing, the last one, there is nothing: it is no kernel.
    """
    shape = windows.framing.context_length, windows.framing.horizon
    kernels = {NAIVE: last_value_kernel(*shape)}
    if 1 < season_length <= windows.framing.context_length:
        kernels[SEASONAL_NAIVE] = seasonal_kernel(*shape, season_length=season_length)
    kernels[SMOOTHING] = np.zeros(shape, np.float32)
    return {
        name: np.broadcast_to(kernel, (windows.channels.n_targets, *shape))
        for name, kernel in kernels.items()
    }


def _smoothed(
    windows: Windows, season_length: int, share: Single
) -> tuple[Smoothing | None, Single]:
    """The smoothing of which a linear part has the ``share`` (n_targets,), and the share; neither
    where it has none.
    """
    if not share.any():
        return None, NO_SHARE
    return fit_smoothing(windows, season_length=season_length), share


def _judged(
    ridges: Iterable[Weights],
    simple: Mapping[str, Single],
    smoothing: Smoothing | None,
    windows: Windows,
    *,
    kind: str,
    learned: bool,
) -> tuple[NDArray[np.intp], Single]:
    """By absolute error on the windows: the number of the best ridge, (n_targets,), and shares.

    They are of the ridge and of the simple forecasts, (1 + n_simple, n_targets). Of windows that
    the ridge has ``learned`` its error says nothing: it counts as good as the best simple forecast
    then.
    """
    batch = sample(windows, MOST_JUDGING_WINDOWS)
    assert batch is not None  # noqa: S101  there is a window to learn from
    own, known = regressors_of(batch.inputs, windows)
    others = [own @ kernel for kernel in simple.values()]
    if smoothing is not None:
        others[-1] = smoothing.predict(own, batch.inputs[..., -1])
    error = partial(_error, targets=batch.targets.transpose(2, 0, 1))
    alone, means = [], []
    for ridge in ridges:
        prediction = ridge.predict(own, known)
        alone.append(error(prediction))
        if kind == COMBINED:
            past = own @ ridge.kernel + ridge.bias[:, None]
            means += [error(prediction + (other - past) / 2) for other in others]
    if kind == COMBINED:
        number, other = np.divmod(np.argmin(means, axis=0), len(others))
        return number, _halves(other, len(others))
    errors = np.maximum([np.min(alone, axis=0), *map(error, others)], LEAST_ERROR)
    if learned and others:
        errors[0] = errors[1:].min(axis=0)
    shares = (errors.min(axis=0) / errors) ** SHARPNESS
    return np.argmin(alone, axis=0), np.asarray(shares / shares.sum(axis=0), np.float32)


def _error(prediction: NDArray[np.floating], targets: NDArray[np.floating]) -> Floats:
    """Mean absolute error (n_targets,) of values (n_targets, n, horizon)."""
    return np.asarray(np.abs(prediction - targets).mean(axis=(1, 2), dtype=np.float64))


def _halves(other: NDArray[np.intp], n_simple: int) -> Single:
    """Half of it the ridge, half of it simple forecast number ``other`` (n_targets,)."""
    shares = np.zeros((1 + n_simple, len(other)), np.float32)
    shares[0] = shares[1 + other, np.arange(len(other))] = 0.5
    return shares


def _form(kind: str, simple: Sequence[str], shares: Single) -> str:
    """What one target's linear part is called."""
    return f"{RIDGE} + {simple[int(shares[1:].argmax())]}" if kind == COMBINED else kind
