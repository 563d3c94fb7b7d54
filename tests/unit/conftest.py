"""Tables, panels and shapes of windows for the unit tests, without a detour over files."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.covariates import CovariatesConfig
from lstm_forecast.config.table import DataConfig
from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.panel.building import inspect_panel
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.panel import Panel
from lstm_forecast.tables.faults import Finding, refuse
from lstm_forecast.tables.read import Table
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from tests.benchmarks.files import DATA

needs_shared = pytest.mark.skipif(not DATA.exists(), reason="the shared data sets are not here")


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


def shape_of(
    *, n_columns: int, n_targets: int = 1, n_ahead: int = 0, n_static: int = 0,
    n_flagged: int = 0, padded: bool = False, **framing: Any,
) -> tuple[Framing, Channels]:  # fmt: skip
    """The framing of windows of that many columns, and their channels.

    Columns that are nothing else are past covariates.
    """
    n_past = n_columns - n_targets - n_ahead - n_static
    assert n_past >= 0, "fewer columns than targets and covariates"
    return Framing(**framing), Channels(
        n_targets=n_targets, n_past=n_past, n_ahead=n_ahead, n_static=n_static,
        n_flagged=n_flagged, padded=padded,
    )  # fmt: skip


def spec_of(
    *, context_length: int, horizon: int, n_features: int = 1, n_targets: int = 1,
    padded: bool = False, quantiles: tuple[float, ...] = (0.5,), **layers: Any,
) -> NetworkSpec:  # fmt: skip
    """A network of windows with ``n_features`` channels: targets, past covariates, padding."""
    framing, channels = shape_of(
        n_columns=n_features - padded,
        n_targets=n_targets,
        padded=padded,
        context_length=context_length,
        horizon=horizon,
    )
    return NetworkSpec(framing=framing, channels=channels, quantiles=quantiles, **layers)


def changed(spec: NetworkSpec, **changes: Any) -> NetworkSpec:
    """The same network, as ``spec_of`` gives it, but for some of its options."""
    layers = {each.name: getattr(spec, each.name) for each in fields(spec)}
    framing, channels = layers.pop("framing"), layers.pop("channels")
    shape = {"context_length": framing.context_length, "horizon": framing.horizon}
    shape |= {"n_features": channels.n_features, "n_targets": channels.n_targets}
    return spec_of(**{**shape, "padded": channels.padded, **layers, **changes})
