"""What ``forecast detect`` finds, as documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Document, described
from lstm_forecast.errors import MayFail

__all__ = [
    "DRIFT", "FLAT", "KINDS", "LEVEL", "MISSING", "PATTERN", "SPIKE", "Anomaly", "Detection",
]  # fmt: skip

SPIKE, LEVEL, PATTERN, FLAT, MISSING, DRIFT = KINDS = (
    "spike", "level", "pattern", "flat", "missing", "drift",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Anomaly(Document):
    """Steps of one series, one after another or nearly so, that are unlike what was forecast."""

    unique_id: str = field(metadata=described("Series and target, as in forecasts."))
    kind: str = field(
        metadata=described(
            "What is unusual: spike (one value), level (values over a horizon), pattern (their"
            " shape or how much they vary), flat (the same value), missing (no value) or drift"
            " (levels that go away slowly)."
        )
    )
    since: str | int = field(metadata=described("Stamp at which it began, as far as that shows."))
    until: str | int = field(metadata=described("Stamp of the last unusual step."))
    told: str | int = field(metadata=described("Stamp of the first step that told of it."))
    at: str | int = field(metadata=described("Stamp of the least usual step."))
    steps: int = field(metadata=described("Unusual steps.", least=1))
    score: float = field(
        metadata=described(
            "How rare the least usual step is: -log10 of its p-value; 3: once in 1,000 steps."
        )
    )
    actual: float | None = field(metadata=described("The value there; null: none."))
    expected: float | None = field(metadata=described("The forecast of it; null: none."))
    low: float | None = field(metadata=described("Least value that would be usual; null: unknown."))
    high: float | None = field(metadata=described("Largest such value; null: unknown."))


@dataclass(frozen=True, kw_only=True)
class Detection(MayFail, Document):
    """Which steps of a table are unlike what a run forecast of them, or why that is not known."""

    ok: bool = field(metadata=described("Whether there is neither an anomaly nor an error."))
    exit_code: int = field(metadata=described("0; 6 with an anomaly; else as in `failure`."))
    run: str | None = field(
        default=None, metadata=described("Id of the run.", missing_without="run")
    )
    rate: float | None = field(
        default=None,
        metadata=described(
            "Share of usual steps that may be called anomalies, 0 to 1.", missing_without="run"
        ),
    )
    steps: int = field(
        default=0, metadata=described("Steps that were judged.", missing_without="run", least=0)
    )
    first: str | int | None = field(
        default=None, metadata=described("Stamp of the first of them.", missing_without="run")
    )
    last: str | int | None = field(
        default=None, metadata=described("Stamp of the last of them.", missing_without="run")
    )
    usual: int = field(
        default=0,
        metadata=described(
            "Scores of usual rows that these were compared with.", missing_without="run", least=0
        ),
    )
    anomalies: tuple[Anomaly, ...] = field(
        default=(), metadata=described("What was found, the newest first.", missing_without="run")
    )
    by_kind: Mapping[str, int] = field(
        default_factory=dict,
        metadata=described("Number of anomalies of each kind.", missing_without="run"),
    )
    warnings: tuple[str, ...] = field(
        default=(), metadata=described("What limits the result.", missing_without="run")
    )
    error: str | None = field(
        default=None, metadata=described("Kind of the error.", missing_without="error")
    )
    problems: tuple[str, ...] = field(
        default=(),
        metadata=described("One complete message for each problem.", missing_without="error"),
    )
