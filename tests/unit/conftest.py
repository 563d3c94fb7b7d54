"""Tables and panels for the tests of the data folder, without a detour over files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.panel.panel import Panel, build_panel
from lstm_forecast.tables.read import Table

SHARED = Path(__file__).parents[3] / "shared" / "data"


def table_of(**columns: Any) -> Table:
    """A table as if read from ``data``; text as ``read_table`` gives it."""
    frame = pd.DataFrame(columns)
    return Table(frame, ((Path("data"), len(frame), None),))


def panel_of(*lengths: int, columns: int = 1, seed: int = 0) -> Panel:
    """Series a, b, c ... of the given lengths with numbers for stamps and random values, without a
    fault.
    """
    values = np.random.default_rng(seed).normal(size=(sum(lengths), columns))
    names = [f"y{k}" for k in range(columns)]
    table = table_of(
        id=[chr(97 + k) for k, length in enumerate(lengths) for _ in range(length)],
        ds=[step for length in lengths for step in range(length)],
        **dict(zip(names, values.T, strict=True)),
    )
    return build_panel(table, timestamp="ds", targets=names, series_id="id", freq="1")
