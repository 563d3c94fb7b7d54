"""What ``forecast backtest`` found, as one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described
from lstm_forecast.judging.importance import Importance
from lstm_forecast.judging.report import SeriesErrors
from lstm_forecast.store.report import Report

__all__ = ["BacktestReport"]


@dataclass(frozen=True, kw_only=True)
class _Origin(Answer):
    """What was asked, and from where."""

    run: str = field(metadata=described("Id of the run."))
    path: str = field(metadata=described("Its directory."))
    output: str | None = field(metadata=described("Where the forecasts were written."))
    networks: Mapping[str, int] = field(
        metadata=described("Windows forecast by the evaluated, published or retrained networks.")
    )
    trainings: int = field(metadata=described("Trainings of --refit.", least=0))
    cutoffs: tuple[str, str] = field(
        metadata=described("The first and the last stamp that was forecast from.")
    )


@dataclass(frozen=True, kw_only=True)
class BacktestReport(Report, _Origin):
    """Errors of what a run would have forecast from origins that it has not seen."""

    by_series: tuple[SeriesErrors, ...] = field(
        metadata=described("Errors of each series, the worst MASE first.")
    )
    importance: tuple[Importance, ...] | None = field(
        default=None,
        metadata=described(
            "How much each input matters, the most important first.", missing_without="importance"
        ),
    )
