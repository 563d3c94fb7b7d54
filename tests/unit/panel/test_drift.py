"""What counts as drift, and which series have fallen silent."""

from collections.abc import Callable

import numpy as np
import pytest

from lstm_forecast.panel.drift import drift, standing_still
from tests.unit.conftest import panel_of

LENGTH, NEW = 600, 60
Change = Callable[[np.ndarray], np.ndarray]
WARN = 5.0


def feed(seed: int, kind: str) -> np.ndarray:
    """A clean series: seasonal, with a trend, or a random walk."""
    rng, t = np.random.default_rng(seed), np.arange(LENGTH)
    seasonal = (
        50
        + 10 * np.sin(2 * np.pi * t / rng.choice([7, 12, 24, 90]) + rng.uniform(0, 6))
        + rng.normal(size=LENGTH)
    )
    return {
        "seasonal": seasonal,
        "trend": seasonal + rng.uniform(-0.05, 0.05) * t,
        "walk": 50 + rng.normal(size=LENGTH).cumsum(),
        "counts": rng.poisson(0.5, LENGTH).astype(float),
    }[kind]


def drift_of(*series: np.ndarray) -> float | None:
    panel = panel_of(*[len(each) for each in series])
    return drift(panel.layout, np.concatenate(series)[:, None], panel.layout.offsets[1:] - NEW)


@pytest.mark.parametrize("kind", ["seasonal", "trend", "walk", "counts"])
def test_of_100_clean_feeds_none_drifts(kind: str) -> None:
    found = [drift_of(feed(seed, kind)) for seed in range(100)]
    assert [each for each in found if each is None or each > WARN] == []


CHANGES: dict[str, Change] = {
    "shifted": lambda y: y + 30,
    "halved": lambda y: y / 2,
    "doubled": lambda y: 2 * y,
    "in other units": lambda y: 1000 * y,
    "frozen": lambda y: np.full_like(y, y[0]),
    "noisier": lambda y: y.mean() + 5 * (y - y.mean()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_feed_that_changed_drifts(change: str) -> None:
    for seed in range(20):
        series = feed(seed, "seasonal")
        changed = np.concatenate([series[:-NEW], CHANGES[change](series[-NEW:])])
        assert (drift_of(changed) or 0) > WARN


def test_a_set_drifts_when_more_than_a_tenth_of_it_does() -> None:
    clean = [feed(seed, "seasonal") for seed in range(20)]
    broken = [np.concatenate([each[:-NEW], 2 * each[-NEW:]]) for each in clean]
    assert (drift_of(*broken[:1], *clean[1:]) or 0) < WARN
    assert (drift_of(*broken[:3], *clean[3:]) or 0) > WARN


def test_the_drift_does_not_depend_on_units() -> None:
    series = feed(0, "walk")
    assert drift_of(1000 * series) == pytest.approx(drift_of(series))


def test_too_few_rows_say_nothing() -> None:
    panel = panel_of(20)
    assert drift(panel.layout, panel.values, panel.layout.offsets[1:] - 3) is None
    assert drift(panel.layout, panel.values, panel.layout.offsets[1:]) is None
    assert drift(panel.layout, panel.values, panel.layout.offsets[:-1]) is None


def test_a_series_stands_still_only_where_it_never_did_for_that_long() -> None:
    lively = np.arange(40.0)
    panel = panel_of(40, 40, 40)
    values = np.concatenate([
        lively,
        np.concatenate([lively[:30], np.full(10, 7.0)]),
        np.concatenate([np.full(20, 1.0), lively[:10], np.full(10, 7.0)]),
    ])  # fmt: skip
    found = standing_still(panel.layout, values, panel.layout.offsets[1:] - 10)
    assert found.tolist() == [False, True, False]
