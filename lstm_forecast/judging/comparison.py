"""What ``forecast compare`` found: as one document and as a table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from lstm_forecast.documents import Answer, Document, described
from lstm_forecast.forecasting.timing import Timing
from lstm_forecast.judging.spread import Spread

__all__ = ["Comparison", "ErrorSpreads", "Row", "comparison_table"]


@dataclass(frozen=True, kw_only=True)
class ErrorSpreads(Document):
    """Errors that differ from seed to seed."""

    mae: Spread = field(metadata=described("Mean absolute error, in original units."))
    rmse: Spread = field(metadata=described("Root of the mean squared error, in original units."))
    smape: Spread = field(
        metadata=described("Symmetric mean absolute percentage error, in percent: 0 to 200.")
    )
    mase: Spread = field(metadata=described("Mean absolute scaled error."))

    @property
    def by_name(self) -> Mapping[str, Spread]:
        """All of them."""
        return {"mae": self.mae, "rmse": self.rmse, "smape": self.smape, "mase": self.mase}


@dataclass(frozen=True)
class Row:
    """What a variation, or a baseline, can do and what it costs."""

    name: str = field(metadata=described("Settings that differ, or the name of the baseline."))
    settings: tuple[str, ...] = field(metadata=described("key=value; none: a baseline."))
    errors: ErrorSpreads = field(metadata=described("Errors on the part that is compared."))
    parameters: int = field(
        metadata=described(
            "Of all networks, without their linear parts; of a baseline its own.", least=0
        )
    )
    epoch: Spread | None = field(
        default=None,
        metadata=described(
            "Epoch that was kept, mean over an ensemble; 0: nothing beyond the start."
        ),
    )
    gap: Spread | None = field(
        default=None,
        metadata=described("Validation loss - training loss of that epoch, mean over an ensemble."),
    )
    seconds: Spread | None = field(
        default=None, metadata=described("Seconds to train, the start of Keras left out.")
    )
    # which other programs lengthen less
    cpu_seconds: Spread | None = field(
        default=None, metadata=described("Seconds on all cores together.")
    )
    timings: Mapping[int, Timing] = field(
        default_factory=dict,
        metadata=described("Speed of predictions on one thread, by context length in rows."),
    )


@dataclass(frozen=True, kw_only=True)
class Comparison(Answer):
    """Variations of one config, judged on the same windows."""

    name: str = field(metadata=described("Name of the config."))
    part: str = field(metadata=described("The part that is compared: test or validation."))
    windows: int = field(metadata=described("Windows of that part.", least=0))
    seeds: tuple[int, ...] = field(metadata=described("What each variation is trained with."))
    variations: tuple[Row, ...] = field(metadata=described("What was trained."))
    baselines: tuple[Row, ...] = field(metadata=described("What needs no training."))
    output: str | None = field(
        default=None,
        metadata=described("Where the table was written.", missing_without="output"),
    )
    plot: str | None = field(
        default=None, metadata=described("Where the picture was drawn.", missing_without="plot")
    )


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """One row for each variation and baseline; ``mae`` is a median over the seeds, from ``mae_low``
    to ``mae_high``.
    """
    return pd.DataFrame(
        [dict(_cells(row)) for row in (*comparison.variations, *comparison.baselines)]
    )


def _cells(row: Row) -> Iterator[tuple[str, object]]:
    yield "name", row.name
    yield "settings", " ".join(row.settings)
    training = {label: getattr(row, label) for label in ("epoch", "gap", "seconds", "cpu_seconds")}
    for label, found in {**row.errors.by_name, **training}.items():
        for suffix, value in {"": "median", "_low": "low", "_high": "high"}.items():
            yield f"{label}{suffix}", getattr(found, value, None)
    yield "parameters", row.parameters
    for context_length, timing in row.timings.items():
        yield f"latency_ms_{context_length}", timing.latency_ms
        yield f"windows_per_second_{context_length}", timing.windows_per_second
