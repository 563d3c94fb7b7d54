"""The median of an ensemble, and the names of its weights."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_forecast.model.ensemble import Member, median_of, published_weights
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.onnx.graph import weight_shapes
from tests.unit.conftest import spec_of

NUMBERS = {"low": min, "high": max, "mean": lambda a, b: (a + b) / 2}
ARRAYS: Any = {"low": np.minimum, "high": np.maximum, "mean": lambda a, b: (a + b) / 2}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_median_from_minima_and_maxima_is_the_median(values: list[float]) -> None:
    assert median_of(values, **NUMBERS) == np.median(values)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 5)), elements=st.floats(-9, 9))
)
def test_the_median_of_arrays_is_taken_place_by_place(values: np.ndarray) -> None:
    np.testing.assert_array_equal(median_of(list(values), **ARRAYS), np.median(values, axis=0))


@pytest.mark.parametrize("n", range(1, 7))
def test_the_order_of_the_members_does_not_matter(n: int) -> None:
    assert {median_of(order, **NUMBERS) for order in permutations(range(n))} == {(n - 1) / 2}


def test_the_median_leaves_its_arguments_alone() -> None:
    values = [3, 1, 2]
    median_of(values, **NUMBERS)
    assert values == [3, 1, 2]


def test_published_weights_hold_every_weight_of_every_member_by_number_layer_and_name() -> None:
    specs = [spec_of(context_length=n, horizon=2, units=(3,)) for n in (6, 4)]
    weights = [
        {name: np.full(shape, k, np.float32) for name, shape in weight_shapes(spec).items()}
        for k, spec in enumerate(specs)
    ]
    linear = Linear(
        np.ones((1, 6, 2), np.float32), np.zeros((1, 2), np.float32), ("ridge",), np.zeros(1)
    )
    published = published_weights(
        [Member(specs[0], weights[0], linear), Member(specs[1], weights[1], None)]
    )
    assert set(published) == {
        *(f"{k}/{name}" for k in (0, 1) for name in weight_shapes(specs[k])),
        *("0/linear.kernel", "0/linear.bias"),
    }
    assert published["1/output.bias"].tolist() == [1, 1]
    assert published["0/linear.kernel"] is linear.kernel
