"""What observation does to series: each trace of it is found in some rows, and in no more."""

import numpy as np
import pytest

from lstm_forecast.model.pretrained.observation import observed, with_deviation_1

N, LENGTH = 4_000, 200


@pytest.fixture(scope="module")
def both() -> tuple[np.ndarray, np.ndarray]:
    """Sines before and after."""
    phase = np.random.default_rng(1).uniform(0, 6, (N, 1))
    clean = np.sin(np.arange(LENGTH) / 9 + phase).astype(np.float32)
    clean = with_deviation_1(clean)
    return clean, observed(np.random.default_rng(0), clean.copy())


def test_most_rows_are_but_moved_or_turned_over(both: tuple[np.ndarray, np.ndarray]) -> None:
    clean, seen = both
    alike = np.abs([np.corrcoef(*rows)[0, 1] for rows in zip(clean, seen, strict=True)]) > 0.9999
    assert 0.5 < alike.mean() < 0.75
    turned = [np.corrcoef(*rows)[0, 1] < 0 for rows in zip(clean[alike], seen[alike], strict=True)]
    assert 0.1 < np.mean(turned) < 0.2
    far = np.abs(seen[alike].mean(axis=1)) > 1
    assert 0.6 < far.mean() < 0.9


def test_the_mean_of_rows_with_values_below_0_does_not_tell_where_0_lies() -> None:
    clean = np.random.default_rng(3).standard_normal((2_000, 24), np.float32)
    clean -= clean.mean(axis=1, keepdims=True)
    seen = np.nanmean(observed(np.random.default_rng(4), clean), axis=1)
    assert np.mean(np.abs(seen) < 0.05) < 0.05
    assert 0.4 < np.mean(seen > 0) < 0.6


def test_some_rows_have_few_distinct_values(both: tuple[np.ndarray, np.ndarray]) -> None:
    rounded = [len(np.unique(row)) < LENGTH / 3 for row in both[1]]
    assert 0.02 < np.mean(rounded) < 0.12


def test_some_rows_stay_at_a_floor_or_cap(both: tuple[np.ndarray, np.ndarray]) -> None:
    whole = both[1][~np.isnan(both[1]).any(axis=1)]
    ends = [max((row == row.min()).mean(), (row == row.max()).mean()) > 0.15 for row in whole]
    assert 0.03 < np.mean(ends) < 0.15


def test_values_are_missing_alone_or_in_a_stretch(both: tuple[np.ndarray, np.ndarray]) -> None:
    missing = np.isnan(both[1])
    rows = missing[missing.any(axis=1)]
    assert 0.05 < len(rows) / N < 0.11
    starts = (np.diff(np.pad(rows.astype(int), ((0, 0), (1, 0))), axis=1) > 0).sum(axis=1)
    assert 0.3 < (starts == 1).mean() < 0.75
    assert rows.mean(axis=1).max() < 0.3


def test_constant_rows_stay_finite() -> None:
    values = np.repeat(np.float32([[0], [5], [-1e-9]]), LENGTH, axis=1)
    assert np.isfinite(with_deviation_1(values)).all()
    seen = observed(np.random.default_rng(0), np.tile(values, (50, 1)))
    assert not np.isinf(seen).any()
