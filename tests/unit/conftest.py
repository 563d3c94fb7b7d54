"""Tables and panels for the tests of the data folder, without a detour over files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.config.table import CovariatesConfig, DataConfig
from lstm_forecast.panel.building import inspect_panel
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.panel import Panel
from lstm_forecast.tables.faults import Finding, refuse
from lstm_forecast.tables.read import Table

SHARED = Path(__file__).parents[3] / "shared" / "data"


def table_of(**columns: Any) -> Table:
    """A table as if read from ``data``; text as ``read_table`` gives it."""
    frame = pd.DataFrame(columns)
    return Table(frame, ((Path("data"), len(frame), None),))


def inspected(
    table: Table,
    *,
    past: Sequence[str] = (),
    known: Known | None = None,
    policies: Mapping[str, Any] | None = None,
    end: str | int | None = None,
    now: pd.Timestamp | None = None,
    **keys: Any,
) -> tuple[Panel, list[Finding]]:
    """The panel of a table by these keys of the config's section data, and what was found."""
    covariates = CovariatesConfig(past=past, **vars(known or Known()))
    data = DataConfig(path="data", covariates=covariates, **keys, **(policies or {}))
    return inspect_panel(table, data, end=end, now=now)


def build_panel(table: Table, **keys: Any) -> Panel:
    """The same where nothing is refused; raises DataError with every fault that is."""
    panel, findings = inspected(table, **keys)
    refuse(findings)
    return panel


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
