"""How good forecasts that were made earlier turned out to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.documents import Document, described
from lstm_forecast.errors import MayFail

__all__ = ["AtCutoff", "Live", "Monitored", "live_errors"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Live(Document):
    """Errors of forecasts whose actual values are known by now, in original units."""

    rows: int = field(metadata=described("Forecasts whose actual value is known.", least=0))
    mae: float = field(metadata=described("Mean absolute error, in original units."))
    rmse: float = field(metadata=described("Root of the mean squared error, in original units."))
    bias: float = field(
        metadata=described("Mean of forecast - actual, in original units: positive: over-forecast.")
    )
    naive_mae: float | None = field(
        metadata=described(
            "MAE of the seasonal naive forecast from the same cutoffs, on rows where there is one."
        )
    )
    skill: float | None = field(
        metadata=described("1 - MAE / MAE of the seasonal naive forecast, on those rows.")
    )
    coverage: Mapping[str, float] = field(
        metadata=described(
            "By level in percent: share of the actual values inside the interval, 0 to 1."
        )
    )


@dataclass(frozen=True, kw_only=True)
class _Cutoff(Document):
    cutoff: str | int = field(metadata=described("Stamp that was forecast from."))


@dataclass(frozen=True, kw_only=True)
class AtCutoff(Live, _Cutoff):
    """Errors of the forecasts that were made at one cutoff."""


@dataclass(frozen=True, kw_only=True)
class Monitored(MayFail, Document):
    """What has become of earlier forecasts, or why that could not be found out."""

    ok: bool = field(metadata=described("Whether there is neither an alarm nor an error."))
    exit_code: int = field(metadata=described("0; 6 with an alarm; else as in `failure`."))
    live: Live | None = field(
        default=None,
        metadata=described("Errors of all forecasts together.", missing_without="live"),
    )
    expected: float | None = field(
        default=None,
        metadata=described(
            "MAE of the champion on its test part, in original units.", missing_without="live"
        ),
    )
    drift: float | None = field(
        default=None,
        metadata=described(
            "How far the data moved since the first cutoff, in spreads of stretches of that length"
            " before.",
            missing_without="live",
        ),
    )
    waiting: int = field(
        default=0,
        metadata=described(
            "Forecasts whose actual value has not come in.", missing_without="live", least=0
        ),
    )
    by_cutoff: tuple[AtCutoff, ...] = field(
        default=(),
        metadata=described("Errors by the stamp that was forecast from.", missing_without="live"),
    )
    alarms: tuple[str, ...] = field(
        default=(),
        metadata=described("What makes a forecast one not to be trusted.", missing_without="live"),
    )
    error: str | None = field(
        default=None, metadata=described("Kind of the error.", missing_without="error")
    )
    problems: tuple[str, ...] = field(
        default=(),
        metadata=described("One complete message for each problem.", missing_without="error"),
    )


def live_errors(
    *,
    actual: Floats,
    forecast: Floats,
    naive: Floats,
    intervals: Mapping[str, tuple[Floats, Floats]],
) -> Live:
    """Errors of forecasts (n,), n > 0; ``naive`` is NaN where the season before is not known."""
    error = forecast - actual
    known = np.isfinite(naive)
    naive_mae = float(np.abs(naive - actual)[known].mean()) if known.any() else None
    own = float(np.abs(error)[known].mean()) if known.any() else None
    return Live(
        rows=len(actual),
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt((error**2).mean())),
        bias=float(error.mean()),
        naive_mae=naive_mae,
        skill=1 - own / naive_mae if own is not None and naive_mae else None,
        coverage={
            level: float(((low <= actual) & (actual <= high)).mean())
            for level, (low, high) in intervals.items()
        },
    )
