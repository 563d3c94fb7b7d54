"""Ridge regression in closed form, from sums over windows: the past of a target, and what is known
ahead.

All steps of the horizon share the past, so one factorisation serves them. What is known ahead is
seen step by step: each step has weights for the covariates at its own place in the horizon and,
where they have a past, at the place a horizon before. Its equations stand on the border of the
shared ones and are solved by their Schur complement.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.linear.methods import LONGEST_PAST
from lstm_forecast.windows.windows import Windows

__all__ = ["Equations", "Weights", "inputs_of", "normal_equations", "regressors_of", "solve"]

BATCH_WINDOWS = 1024  # that are summed up at once
Floats = NDArray[np.float64]
Single = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """A linear map from a window to its horizon, of every target."""

    kernel: Single  # (n_targets, context_length, horizon)
    bias: Single  # (n_targets, horizon)
    known: Single  # (n_targets, horizon, n_known)

    def predict(self, own: Single, known: Single) -> Single:
        """Predictions (n_targets, batch, horizon) from what inputs_of gives."""
        prediction = own @ self.kernel + self.bias[:, None]
        if known.shape[2]:
            prediction += (known @ self.known[..., None])[..., 0].transpose(0, 2, 1)
        return prediction


@dataclass(frozen=True)
class Equations:
    """Sums of products over windows; L is context_length + 1, as the last input is 1."""

    gram: Floats  # (n_targets, L, L): past with past
    moment: Floats  # (n_targets, L, horizon): past with targets
    cross: Floats  # (n_targets, L, horizon, n_known): past with what is known of each step
    known_gram: Floats  # (horizon, n_known, n_known)
    # (n_targets, horizon, n_known): what is known of each step with its target
    known_moment: Floats

    def __add__(self, other: "Equations") -> "Equations":
        return Equations(
            *(
                mine + theirs
                for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)
            )
        )


def inputs_of(
    inputs: Single, *, n_targets: int, horizon: int, first: int, n_known: int
) -> tuple[Single, Single]:
    """What the regression sees of windows (batch, context_length, n_features), targets first.

    The targets' past (n_targets, batch, context_length), and of ``n_known`` channels from the
    ``first`` one on the newest ``horizon`` steps (horizon, batch, n_known).
    """
    newest = inputs[:, -horizon:] if n_known else inputs[:, :0]
    return inputs[..., :n_targets].transpose(2, 0, 1), newest[
        ..., first : first + n_known
    ].transpose(1, 0, 2)


def regressors_of(inputs: Single, windows: Windows) -> tuple[Single, Single]:
    """The same of inputs of these ``windows``."""
    return inputs_of(
        inputs,
        n_targets=windows.channels.n_targets,
        horizon=windows.framing.horizon,
        first=windows.channels.n_own,
        n_known=windows.channels.n_known,
    )


def normal_equations(windows: Windows, limit: int) -> Equations:
    """Sum up batch by batch, so that windows are never materialised; of more than ``limit``, that
    many are taken.

    Of a longer window than ``LONGEST_PAST`` the newest steps are.
    """
    length = min(windows.framing.context_length, LONGEST_PAST)
    n_targets, n_known = windows.channels.n_targets, windows.channels.n_known
    width, horizon = length + 1, windows.framing.horizon
    total = Equations(
        gram=np.zeros((n_targets, width, width)),
        moment=np.zeros((n_targets, width, horizon)),
        cross=np.zeros((n_targets, width, horizon, n_known)),
        known_gram=np.zeros((horizon, n_known, n_known)),
        known_moment=np.zeros((n_targets, horizon, n_known)),
    )
    for batch in windows.batches(BATCH_WINDOWS, limit=limit):
        newest = batch.inputs[:, -max(length, horizon) :]
        past, known = (part.astype(np.float64) for part in regressors_of(newest, windows))
        for target, own in enumerate(past[:, :, -length:]):
            x, y = np.concatenate([own, np.ones((len(own), 1))], axis=1), batch.targets[..., target]
            total.gram[target] += x.T @ x
            total.moment[target] += x.T @ y
            if n_known:
                flat = known.transpose(1, 0, 2).reshape(len(own), -1)
                total.cross[target] += (x.T @ flat).reshape(width, horizon, n_known)
                total.known_moment[target] += (y.T[:, None].astype(np.float64) @ known)[:, 0]
        if n_known:
            total.known_gram[...] += known.transpose(0, 2, 1) @ known
    return total


def solve(equations: Equations, penalty: float | Floats) -> Weights:
    """The weights, with a ``penalty`` relative to the mean square of the inputs; the intercept is
    not penalised.

    One penalty, or one for each target, (n_targets,). Hoerl & Kennard 1970, "Ridge regression".
    """
    gram, (n_targets, width, horizon, n_known) = equations.gram, equations.cross.shape
    ridge = np.append(np.ones(width - 1), 0.0)
    gram = gram + _strength(gram[:, :-1, :-1], penalty)[:, None, None] * np.diag(ridge)
    if not n_known:
        return _weights(np.linalg.solve(gram, equations.moment), equations.known_moment)
    cross = equations.cross
    solved = np.linalg.solve(
        gram, np.concatenate([equations.moment, cross.reshape(n_targets, width, -1)], axis=2)
    )
    alone, border = (
        solved[..., :horizon],
        solved[..., horizon:].reshape(cross.shape).transpose(0, 2, 1, 3),
    )
    across = cross.transpose(0, 2, 3, 1)  # (n_targets, horizon, n_known, L)
    strength = _strength(equations.known_gram.mean(axis=0, keepdims=True), penalty)
    known_gram = equations.known_gram + strength[:, None, None, None] * np.eye(n_known)
    rest = equations.known_moment[..., None] - across @ alone.transpose(0, 2, 1)[..., None]
    known = np.linalg.solve(known_gram - across @ border, rest)
    return _weights(alone - (border @ known)[..., 0].transpose(0, 2, 1), known[..., 0])


def _strength(gram: Floats, penalty: float | Floats) -> Floats:
    """Of each matrix of ``gram`` (n, k, k), or of one matrix for each penalty."""
    square = np.einsum("tii->ti", gram).mean(axis=1)
    strength: Floats = penalty * np.maximum(square, np.finfo(np.float32).eps)
    return strength


def _weights(past: NDArray[np.floating], known: NDArray[np.floating]) -> Weights:
    kernel, bias = np.split(past.astype(np.float32), [-1], axis=1)
    return Weights(kernel, bias[:, 0], known.astype(np.float32))
