"""The ridge regression beside the network."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lstm_forecast.model.linear.linear import Linear, fit_linear, fixed_linear
from lstm_forecast.model.linear.methods import (
    best_kernel,
    last_value_kernel,
    regression_kernel,
    seasonal_kernel,
)
from lstm_forecast.model.linear.ridge import normal_equations, solve
from lstm_forecast.model.linear.smoothing import fit_smoothing
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows

HOW: dict[str, dict[str, Any]] = {"ridge": {}} | {
    kind: {"kind": kind, "season_length": 4} for kind in ("combined", "weighted")
}


def make(values: np.ndarray, *, end: int | None = None) -> Windows:
    context, horizon = 8, 3
    count = (len(values) if end is None else end) - context - horizon + 1
    return Windows(
        values=values.astype(np.float32),
        starts=np.array([context]),
        counts=np.array([count]),
        floors=np.array([0]),
        framing=Framing(context_length=context, horizon=horizon),
        channels=Channels(n_targets=values.shape[1]),
    )


def waves(rows: int) -> np.ndarray:
    steps = np.arange(rows)[:, None]
    return np.sin(2 * np.pi * steps / np.array([12, 7])) + 0.01 * np.random.default_rng(0).normal(
        size=(rows, 2)
    )


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
    weights = np.linalg.solve(
        centred.T @ centred + strength * np.eye(8), centred.T @ (y - y.mean(axis=0))
    )
    assert linear.kernel[0] == pytest.approx(weights, abs=1e-4)
    assert linear.bias[0] == pytest.approx(y.mean(axis=0) - x.mean(axis=0) @ weights, abs=1e-4)


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_every_target_has_weights_of_its_own_as_if_it_stood_alone(how: dict[str, Any]) -> None:
    values = waves(300)[:, :1]
    beside = fit_linear(make(np.hstack([values, values[::-1], values])), **how)
    alone = fit_linear(make(values), **how)
    assert beside.form[0] == beside.form[2] == alone.form[0]
    assert beside.kernel.shape == (3, 8, 3)
    assert beside.penalty[0] == beside.penalty[2] == alone.penalty[0]
    assert np.array_equal(beside.kernel[0], alone.kernel[0])
    assert np.array_equal(beside.kernel[2], alone.kernel[0])
    assert not np.array_equal(beside.kernel[1], alone.kernel[0])


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_changing_every_value_after_the_training_end_changes_no_byte(how: dict[str, Any]) -> None:
    values = waves(400)
    changed = values.copy()
    changed[300:] = 1e6
    before, after = (
        fit_linear(make(values, end=300), **how),
        fit_linear(make(changed, end=300), **how),
    )
    assert before.form == after.form
    assert before.kernel.tobytes() == after.kernel.tobytes()
    assert before.bias.tobytes() == after.bias.tobytes()


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_windows_too_few_to_choose_a_penalty_still_give_weights(how: dict[str, Any]) -> None:
    linear = fit_linear(make(waves(13)), **how)
    assert np.isfinite(linear.kernel).all()


def test_constant_windows_give_finite_weights() -> None:
    linear = fit_linear(make(np.zeros((100, 1))))
    assert np.isfinite(linear.kernel).all()
    assert np.abs(linear.kernel).max() == 0


# Combined with simple forecasts


def walks(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, 1)).cumsum(axis=0)


def error_of(linear: Linear, windows: Windows) -> float:
    batch = windows.batch(np.arange(len(windows)))
    return float(np.abs(linear.predict(batch.inputs) - batch.targets).mean())


@pytest.mark.parametrize("rows", [60, 120, 600])
def test_combined_with_simple_forecasts_random_walks_are_forecast_more_naively_than_by_the_ridge(
    rows: int,
) -> None:
    distances: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(20):
        windows = make(walks(rows, seed))
        inputs = windows.batch(np.arange(len(windows))).inputs
        for combined, found in distances.items():
            forecast = fit_linear(windows, kind="combined" if combined else "ridge").predict(inputs)
            found.append(float(np.abs(forecast - inputs[:, -1:]).mean()))
    assert np.mean(distances[True]) < 0.75 * np.mean(distances[False])


def test_the_more_forecasts_are_averaged_the_better_few_noisy_windows_are_forecast() -> None:
    errors: dict[str, list[float]] = {"ridge": [], "combined": [], "weighted": []}
    for seed in range(30):
        values = walks(400, seed)
        for kind, found in errors.items():
            found.append(error_of(fit_linear(make(values, end=40), kind=kind), make(values[40:])))
    assert np.mean(errors["weighted"]) < np.mean(errors["combined"]) < np.mean(errors["ridge"])
    assert (
        np.median(errors["weighted"]) < np.median(errors["combined"]) < np.median(errors["ridge"])
    )


@pytest.mark.parametrize("rows", [13, 60, 400])
@pytest.mark.parametrize("values", [waves, lambda rows: np.hstack([walks(rows), walks(rows, 1)])])
def test_combined_is_always_the_mean_of_a_ridge_and_the_simple_forecast_that_it_names(
    values: Any, rows: int
) -> None:
    windows = make(values(rows))
    linear = fit_linear(windows, season_length=4, kind="combined")
    batch = windows.batch(np.arange(len(windows)))
    older = replace(windows, counts=windows.counts - windows.counts // 5)
    for k, form in enumerate(linear.form):
        simple = {
            "ridge + naive": last_value_kernel(8, 3),
            "ridge + seasonal_naive": seasonal_kernel(8, 3, season_length=4),
            "ridge + single_smoothing": best_kernel(older, season_length=4)[k],
            "ridge + smoothing": np.zeros((8, 3)),  # no kernel
        }
        x = np.hstack([batch.inputs[..., k].astype(float), np.ones((len(windows), 1))])
        strength = linear.penalty[k] * np.square(x[:, :8]).sum() / 8
        gram = x.T @ x + np.diag([strength] * 8 + [0])
        ridge = np.linalg.solve(gram, x.T @ batch.targets[..., k].astype(float))
        other = 2 * linear.kernel[k] - ridge[:8]
        assert linear.bias[k] == pytest.approx(ridge[8] / 2, abs=1e-4)
        assert other == pytest.approx(simple[form], abs=1e-3)
        share = linear.share[k] if linear.smoothing else 0
        assert share == (0.5 if form == "ridge + smoothing" else 0)


def test_weighted_shares_are_inverse_to_the_fourth_power_of_errors_on_the_newest_fifth() -> None:
    windows = make(waves(200)[:, :1] + np.random.default_rng(0).normal(size=(200, 1)))
    linear = fit_linear(windows, season_length=4, kind="weighted")
    older = replace(windows, counts=windows.counts - windows.counts // 5)
    newer = replace(windows, starts=windows.starts + older.counts, counts=windows.counts // 5)
    batch = newer.batch(np.arange(len(newer)))
    past, then = (
        solve(normal_equations(each, len(each)), float(linear.penalty[0])).kernel
        for each in (older, windows)
    )
    simple = simple_kernels(older)
    own = batch.inputs.transpose(2, 0, 1)
    smoothed = fit_smoothing(older, season_length=4).predict(own, np.ones_like(own[0]))
    bias = solve(normal_equations(older, len(older)), float(linear.penalty[0])).bias[0]
    forecasts = [own[0] @ past[0] + bias, *(own[0] @ kernel for kernel in simple), smoothed[0]]
    errors = np.array([np.abs(forecast - batch.targets[..., 0]).mean() for forecast in forecasts])
    shares = errors**-4 / (errors**-4).sum()
    assert 0.01 < shares.min() < 0.5 * shares.max()
    assert linear.kernel[0] == pytest.approx(
        np.tensordot(shares[:5], [then[0], *simple], 1), abs=1e-5
    )
    assert linear.share[0] == pytest.approx(shares[5], abs=1e-5)


def simple_kernels(windows: Windows) -> list[NDArray[np.float32]]:
    """Of a weighted linear part, for one target with a season of 4 steps."""
    kernels = last_value_kernel(8, 3), seasonal_kernel(8, 3, season_length=4)
    return [
        best_kernel(windows, season_length=4)[0],
        regression_kernel(8, 3, season_length=4),
        *kernels,
    ]


def test_weighted_without_windows_to_judge_by_the_ridge_counts_as_the_best_simple_forecast() -> (
    None
):
    windows = make(waves(13)[:, :1])  # three windows
    linear = fit_linear(windows, season_length=4, kind="weighted")
    ridge = solve(normal_equations(windows, 3), 1e-3)
    share = linear.bias[0, 0] / ridge.bias[0, 0]
    simple = simple_kernels(windows)
    batch = windows.batch(np.arange(3))
    own = batch.inputs.transpose(2, 0, 1)
    smoothed = fit_smoothing(windows, season_length=4).predict(own, np.ones_like(own[0]))[0]
    forecasts = [*(own[0] @ kernel for kernel in simple), smoothed]
    errors = np.array([np.abs(forecast - batch.targets[..., 0]).mean() for forecast in forecasts])
    assert share == pytest.approx(1 / (1 + ((errors.min() / errors) ** 4).sum()), rel=1e-4)
    assert linear.share[0] == pytest.approx(share * (errors.min() / errors[-1]) ** 4, rel=1e-4)


def test_combined_looks_for_seasonal_forecasts_only_where_a_season_fits_into_the_context() -> None:
    values = np.tile([0.0, 3, -2, 8], 30)[:, None] + np.random.default_rng(0).normal(size=(120, 1))
    assert fit_linear(make(values), season_length=4, kind="combined").form != ("ridge + naive",)
    kernels = [fit_linear(make(values), season_length=n, kind="combined").kernel for n in (1, 9)]
    assert np.array_equal(*kernels)


def test_combined_few_noisy_seasons_are_forecast_about_as_well_as_by_the_plain_ridge() -> None:
    errors: dict[bool, list[float]] = {False: [], True: []}
    forms = set()
    for seed in range(30):
        values = np.tile([0.0, 3, -2, 8], 20)[:, None] + np.random.default_rng(seed).normal(
            size=(80, 1)
        )
        for combined, found in errors.items():
            linear = fit_linear(
                make(values, end=36), kind="combined" if combined else "ridge", season_length=4
            )
            found.append(error_of(linear, make(values[28:])))
            forms.add(linear.form[0])
    assert np.mean(errors[True]) <= 1.03 * np.mean(errors[False])
    assert any("seasonal_naive" in form or "smoothing" in form for form in forms)


def test_a_limit_learns_from_windows_spread_over_the_whole_part() -> None:
    values = np.vstack([walks(300), waves(300)[:, :1]])
    some, every = fit_linear(make(values), limit=50), fit_linear(make(values))
    assert not np.array_equal(some.kernel, every.kernel)
    assert error_of(some, make(values)) < 2 * error_of(every, make(values))


@pytest.mark.parametrize(("season", "name"), [(1, "naive"), (4, "seasonal_naive")])
def test_a_fixed_linear_part_is_the_simple_forecast_for_every_target(
    season: int, name: str
) -> None:
    linear = fixed_linear(make(waves(60)), form=name, season_length=4)
    kernel = seasonal_kernel(8, 3, season_length=season)
    assert linear.form == (name, name)
    assert np.array_equal(linear.kernel, np.stack([kernel, kernel]))
    assert not linear.bias.any()


def test_the_last_season_is_a_linear_part_and_the_last_value_where_a_context_holds_none() -> None:
    windows = make(waves(60))
    seasonal, none = (fit_linear(windows, kind="seasonal_naive", season_length=n) for n in (4, 9))
    assert (seasonal.form, none.form) == (("seasonal_naive",) * 2, ("naive",) * 2)
    assert np.array_equal(none.kernel[0], last_value_kernel(8, 3))


def test_smoothing_alone_is_a_linear_part_too() -> None:
    windows = make(waves(60))
    linear, inputs = (
        fixed_linear(windows, form="smoothing", season_length=1),
        windows.batch(np.arange(9)).inputs,
    )
    expected = fit_smoothing(windows, season_length=1).predict(
        inputs.transpose(2, 0, 1), inputs[..., -1]
    )
    np.testing.assert_allclose(linear.predict(inputs), expected.transpose(1, 2, 0), atol=1e-6)
