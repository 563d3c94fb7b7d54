"""What ``forecast compare`` found: as values, as a table and as a picture."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from lstm_forecast.forecasting.timing import Timing
from lstm_forecast.judging.spread import Spread

__all__ = ["METRICS", "Comparison", "Row", "comparison_json", "comparison_table"]

METRICS = ("mae", "rmse", "smape", "mase")


@dataclass(frozen=True)
class Row:
    """What a variation, or a baseline, can do and what it costs."""

    name: str
    settings: tuple[str, ...]  # key=value; none: a baseline
    errors: Mapping[str, Spread]  # by METRICS, in original units
    parameters: int  # of all networks, without their linear parts; of a baseline its own
    # kept, of training.epochs; 0: nothing beyond the start; mean over an ensemble
    epoch: Spread | None = None
    # validation loss - training loss of the kept epoch; mean over an ensemble
    gap: Spread | None = None
    seconds: Spread | None = None  # to train, the start of Keras left out
    cpu_seconds: Spread | None = None  # the same on all cores, which other programs lengthen less
    timings: Mapping[int, Timing] = field(default_factory=dict)  # by context length, on one thread


@dataclass(frozen=True)
class Comparison:
    """Variations of one config, judged on the same windows."""

    name: str  # of the config
    part: str  # test or validation
    windows: int
    seeds: tuple[int, ...]
    variations: tuple[Row, ...]
    baselines: tuple[Row, ...]


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """All figures, those of every seed included, as plain values."""
    return {"ok": True, **asdict(comparison)}


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """One row for each variation and baseline; ``mae`` is a median over the seeds, from ``mae_low``
    to ``mae_high``.
    """
    return pd.DataFrame(
        [dict(_cells(row)) for row in (*comparison.variations, *comparison.baselines)]
    )


def _cells(row: Row) -> Iterator[tuple[str, Any]]:
    yield "name", row.name
    yield "settings", " ".join(row.settings)
    training = {label: getattr(row, label) for label in ("epoch", "gap", "seconds", "cpu_seconds")}
    for label, found in {**row.errors, **training}.items():
        for suffix, value in {"": "median", "_low": "low", "_high": "high"}.items():
            yield f"{label}{suffix}", getattr(found, value, None)
    yield "parameters", row.parameters
    for context_length, timing in row.timings.items():
        yield f"latency_ms_{context_length}", timing.latency_ms
        yield f"windows_per_second_{context_length}", timing.windows_per_second
