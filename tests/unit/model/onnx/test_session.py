"""A network is run so that what comes out for a window depends on that window alone."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.network import Cell
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.onnx import graph
from lstm_forecast.model.onnx.session import Session
from tests.unit.conftest import spec_of

WINDOWS = 300
CONTEXT, HORIZON = 24, 7


def network(cell: str) -> bytes:
    spec = spec_of(
        cell=cell, units=(40,), context_length=CONTEXT, horizon=HORIZON, n_features=2,
        quantiles=(0.1, 0.5, 0.9),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    shapes = graph.weight_shapes(spec)
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    n_targets = spec.channels.n_targets
    kernel = rng.normal(size=(n_targets, CONTEXT, HORIZON)).astype(np.float32)
    bias = np.zeros((n_targets, HORIZON), np.float32)
    linear = Linear(kernel, bias, ("ridge",), np.ones(1))
    return graph.onnx_graph([Member(spec, weights, linear)])


@pytest.mark.parametrize("cell", get_args(Cell))
@settings(max_examples=20, deadline=None)
@given(
    places=st.lists(st.integers(0, WINDOWS - 1), min_size=1, max_size=WINDOWS),
    threads=st.sampled_from([1, 2, 3, 8]),
)
def test_a_window_has_the_same_bits_whatever_is_beside_it_and_however_many_threads_there_are(
    cell: str, places: list[int], threads: int
):
    content = network(cell)
    windows = np.random.default_rng(1).normal(size=(WINDOWS, CONTEXT, 2)).astype(np.float32)
    every = Session(content, threads=2).predict(windows)
    some = Session(content, threads=threads).predict(windows[places])
    np.testing.assert_array_equal(some, every[places])
