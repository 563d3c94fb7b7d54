"""What the estimate of a training's memory depends on."""

from typing import Any

import pytest

from lstm_forecast.model.memory import BASE_MIB, training_mib
from tests.unit.conftest import changed, spec_of

SMALL = spec_of(context_length=24, horizon=4, units=(8,))


def mib(*, rows: int = 1000, columns: int = 1, batch_size: int = 32, **changes: Any) -> float:
    return training_mib(
        rows=rows, columns=columns, specs=[changed(SMALL, **changes)], batch_size=batch_size
    )


def test_a_tiny_training_takes_what_its_libraries_take() -> None:
    assert mib() == pytest.approx(BASE_MIB, abs=2)


@pytest.mark.parametrize(
    "more",
    [
        {"rows": 10_000_000},
        {"columns": 10_000},
        {"batch_size": 4096},
        {"units": (512,)},
        {"units": (8, 8)},
        {"context_length": 512},
        {"horizon": 96},
        {"bidirectional": True},
        {"quantiles": (0.1, 0.5, 0.9)},
        {"n_features": 8},
    ],
    ids=str,
)
def test_more_of_anything_takes_more(more: dict[str, Any]) -> None:
    assert mib(**more) > mib()


def test_networks_are_trained_one_after_another() -> None:
    small, large = SMALL, changed(SMALL, units=(256,))
    alone = training_mib(rows=1000, columns=1, specs=[large], batch_size=32)
    assert training_mib(rows=1000, columns=1, specs=[small, large, small], batch_size=32) == alone


def test_ten_million_rows_take_what_was_measured() -> None:
    assert mib(rows=10_000_000) - mib(rows=60_000) == pytest.approx(138, rel=0.05)
