"""The smallest contexts and horizons: NumPy, ONNX and Keras agree on what is forecast from them."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.network import Cell
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear, fit_linear, fixed_linear
from lstm_forecast.model.onnx.graph import onnx_graph, weight_shapes
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows

FITTED = ("ridge", "smoothing", "combined", "weighted", "seasonal_naive")
FIXED = ("naive", "seasonal_naive", "smoothing")
small = st.integers(1, 4)


def windows_of(
    context_length: int, *, horizon: int = 2, n_targets: int = 1, padded: bool = False
) -> Windows:
    """Of a random walk; where they may be padded, the first ones are."""
    values = np.random.default_rng(0).normal(size=(30, n_targets)).cumsum(axis=0).astype(np.float32)
    first = 2 if padded else context_length
    return Windows(
        values=values,
        starts=np.array([first]),
        counts=np.array([30 - first - horizon + 1]),
        floors=np.array([0]),
        framing=Framing(context_length=context_length, horizon=horizon, normalisation="last"),
        channels=Channels(n_targets=n_targets, padded=padded),
    )


def linear_of(windows: Windows, kind: str, season: int) -> Linear:
    if kind in FITTED:
        return fit_linear(windows, season_length=season, kind=kind)
    return fixed_linear(windows, form=kind, season_length=season)


def member_of(windows: Windows, linear: Linear, *, size: float = 0, **how: Any) -> Member:
    """A network whose weights are of that ``size``: one that adds nothing where it is 0."""
    rng = np.random.default_rng(1)
    spec = NetworkSpec(
        framing=windows.framing,
        channels=windows.channels,
        quantiles=(0.5,),
        **({"units": (3,)} | how),
    )
    weights = {
        name: (size * rng.normal(size=shape)).astype(np.float32)
        for name, shape in weight_shapes(spec).items()
    }
    return Member(spec, weights, linear)


@settings(max_examples=80, deadline=None)
@given(
    small,
    small,
    st.integers(1, 2),
    small,
    st.booleans(),
    st.sampled_from(sorted({*FITTED, *FIXED})),
)
def test_the_graph_forecasts_what_numpy_does(
    context_length: int, horizon: int, n_targets: int, season: int, padded: bool, kind: str
) -> None:
    windows = windows_of(context_length, horizon=horizon, n_targets=n_targets, padded=padded)
    linear = linear_of(windows, kind, season)
    inputs = windows.batch(np.arange(len(windows))).inputs
    expected = linear.predict(inputs)
    found = Session(onnx_graph([member_of(windows, linear)])).predict(inputs)
    assert found.shape == (len(inputs), horizon, n_targets, 1)
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5 * (1 + np.abs(expected).max()))


def assert_keras_agrees(windows: Windows, members: list[Member]) -> None:
    from lstm_forecast.model.network.build import complete_network

    inputs = windows.batch(np.arange(len(windows))).inputs
    expected = np.asarray(complete_network(members)(inputs, training=False))
    found = Session(onnx_graph(members)).predict(inputs)
    np.testing.assert_allclose(found, expected, atol=1e-5 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("context_length", [1, 2, 3])
def test_keras_forecasts_what_the_graph_does(context_length: int, padded: bool) -> None:
    windows = windows_of(context_length, n_targets=2, padded=padded)
    for kind in ("smoothing", "combined", "weighted"):
        member = member_of(windows, linear_of(windows, kind, 2), size=0.3)
        assert member.linear is not None
        shared = np.full_like(member.linear.bias[:, 0], 0.5)
        smoothed = linear_of(windows, "smoothing", 2)
        # Whatever form won, a share of smoothing is what has no group to look at so few steps.
        linear = replace(member.linear, smoothing=smoothed.smoothing, share=shared)
        assert_keras_agrees(windows, [replace(member, linear=linear)])


@pytest.mark.parametrize("cell", get_args(Cell))
@pytest.mark.parametrize("context_length", [1, 2])
def test_every_cell_takes_so_few_steps(cell: Cell, context_length: int) -> None:
    windows = windows_of(context_length, horizon=3, padded=True)
    linear = linear_of(windows, "weighted", 1)
    how = {"cell": cell, "segment_length": context_length, "segment_units": 2}
    assert_keras_agrees(windows, [member_of(windows, linear, size=0.3, **how)])


def test_an_ensemble_has_members_of_one_and_of_two_steps() -> None:
    windows = windows_of(2, horizon=1)
    members = []
    for length in (1, 2, 1):
        own = windows.with_context(length)
        members.append(member_of(own, linear_of(own, "smoothing", 1), size=0.3))
    assert_keras_agrees(windows, members)
