"""A cell that the config names has all that it needs: a new one is missed by none of these."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from lstm_forecast.config.network import Cell
from lstm_forecast.forecasting.gates import QUANTITIES, STEPS
from lstm_forecast.model.onnx.cells import CELLS
from lstm_forecast.model.published import CELL_NAMES


@pytest.mark.parametrize(
    "table",
    [CELLS, CELL_NAMES, QUANTITIES, STEPS],
    ids=["graph", "name", "quantities of gates", "steps of gates"],
)
def test_every_cell_of_the_config_is_in(table: Mapping[str, Any]) -> None:
    assert set(table) == set(get_args(Cell))
