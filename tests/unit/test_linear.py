"""The ridge regression beside the network."""

import numpy as np
import pytest

from lstm_forecast.data.windows import Windows
from lstm_forecast.model.linear import fit_linear


def make(values: np.ndarray, *, end: int | None = None) -> Windows:
    context, horizon = 8, 3
    count = (len(values) if end is None else end) - context - horizon + 1
    return Windows(
        values=values.astype(np.float32), starts=np.array([context]), counts=np.array([count]), floors=np.array([0]),
        stride=1, context_length=context, horizon=horizon, n_targets=values.shape[1], normalisation="none",
        padded=False,
    )  # fmt: skip


def waves(rows: int) -> np.ndarray:
    steps = np.arange(rows)[:, None]
    return np.sin(2 * np.pi * steps / np.array([12, 7])) + 0.01 * np.random.default_rng(0).normal(size=(rows, 2))


def test_a_linear_recurrence_is_forecast_almost_exactly() -> None:
    windows = make(waves(600))
    batch = windows.batch(np.arange(len(windows)))
    error = fit_linear(windows).predict(batch.inputs) - batch.targets
    assert np.abs(error).mean() < 0.03


def test_the_weights_solve_the_penalised_normal_equations() -> None:
    windows = make(waves(200)[:, :1])
    linear = fit_linear(windows)
    batch = windows.batch(np.arange(len(windows)))
    x, y = batch.inputs[..., 0].astype(float), batch.targets[..., 0].astype(float)
    centred = x - x.mean(axis=0)
    strength = linear.penalty[0] * np.einsum("nl,nl->l", x, x).mean()
    weights = np.linalg.solve(centred.T @ centred + strength * np.eye(8), centred.T @ (y - y.mean(axis=0)))
    assert linear.kernel[0] == pytest.approx(weights, abs=1e-4)
    assert linear.bias[0] == pytest.approx(y.mean(axis=0) - x.mean(axis=0) @ weights, abs=1e-4)


def test_every_target_has_weights_of_its_own_as_if_it_stood_alone() -> None:
    values = waves(300)[:, :1]
    alone, beside = fit_linear(make(values)), fit_linear(make(np.hstack([values, values[::-1], values])))
    assert beside.kernel.shape == (3, 8, 3)
    assert beside.penalty[0] == beside.penalty[2] == alone.penalty[0]
    assert np.array_equal(beside.kernel[0], alone.kernel[0])
    assert np.array_equal(beside.kernel[2], alone.kernel[0])
    assert not np.array_equal(beside.kernel[1], alone.kernel[0])


def test_changing_every_value_after_the_training_end_changes_no_byte() -> None:
    values = waves(400)
    changed = values.copy()
    changed[300:] = 1e6
    before, after = fit_linear(make(values, end=300)), fit_linear(make(changed, end=300))
    assert before.kernel.tobytes() == after.kernel.tobytes()
    assert before.bias.tobytes() == after.bias.tobytes()


def test_windows_too_few_to_choose_a_penalty_still_give_weights() -> None:
    linear = fit_linear(make(waves(13)))
    assert np.isfinite(linear.kernel).all()


def test_constant_windows_give_finite_weights() -> None:
    linear = fit_linear(make(np.zeros((100, 1))))
    assert np.isfinite(linear.kernel).all()
    assert np.abs(linear.kernel).max() == 0
