"""What a search found, as a document."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lstm_forecast.documents import Answer, described
from lstm_forecast.store.report import Reports

__all__ = ["Trial", "Tuned"]

State = Literal["complete", "stopped", "failed"]


@dataclass(frozen=True)
class Trial:
    """Settings that were tried; number 0 is the config as it stands."""

    number: int = field(metadata=described("Its place in the search, from 0 on.", least=0))
    settings: tuple[str, ...] = field(metadata=described("key=value; none: the config."))
    state: State = field(
        metadata=described(
            "complete, stopped (its first fold was not among the best third), or failed."
        )
    )
    ratios: tuple[float, ...] = field(
        metadata=described("Error by fold, the newest first, in errors of the config as it stands.")
    )
    seconds: float = field(metadata=described("Seconds of its trainings together.", least=0))
    problem: str = field(default="", metadata=described("Why it failed, if it did."))

    @property
    def ratio(self) -> float:
        """The mean over the folds that it was judged on."""
        return statistics.fmean(self.ratios)


@dataclass(frozen=True, kw_only=True)
class Tuned(Answer):
    """A search for a better config, and what came of it."""

    name: str = field(metadata=described("Name of the config."))
    gained: bool = field(
        metadata=described("Whether the best trial gains by more than the folds differ.")
    )
    gain: float = field(
        metadata=described("1 - error of the best trial / error of the config, mean over folds.")
    )
    settings: tuple[str, ...] = field(
        metadata=described("key=value that the published run has; none: nothing gained.")
    )
    windows: tuple[int, ...] = field(metadata=described("Windows that judge, by fold."))
    trials: tuple[Trial, ...] = field(metadata=described("What was tried, in its order."))
    importance: Mapping[str, float] = field(
        metadata=described("Share of the differences among trials that each key explains.")
    )
    seconds: float = field(metadata=described("Seconds of the search.", least=0))
    run: str | None = field(default=None, metadata=described("Id of the published run."))
    path: str | None = field(default=None, metadata=described("Its directory."))
    metrics: Reports | None = field(
        default=None, metadata=described("What its metrics.json holds; null: nothing gained.")
    )
    output: str | None = field(
        default=None, metadata=described("The config that was written.", missing_without="output")
    )
    plot: str | None = field(
        default=None, metadata=described("Where the picture was drawn.", missing_without="plot")
    )

    @classmethod
    def of(
        cls,
        name: str,
        trials: Sequence[Trial],
        *,
        windows: Sequence[int],
        importance: Mapping[str, float],
        seconds: float,
    ) -> "Tuned":
        """What came of these trials: the complete one with the smallest error is the best."""
        best = min((each for each in trials if each.state == "complete"), key=lambda one: one.ratio)
        gained = _gains(best)
        return cls(
            name=name,
            gained=gained,
            gain=1 - best.ratio,
            settings=best.settings if gained else (),
            windows=tuple(windows),
            trials=tuple(trials),
            importance=importance,
            seconds=seconds,
        )


def _gains(trial: Trial) -> bool:
    """Whether a trial errs less than the config, by more than the standard error of that over the
    folds (as in Breiman et al. 1984, "Classification and Regression Trees"); one fold has none.
    """
    count = len(trial.ratios)
    error = statistics.stdev(trial.ratios) / count**0.5 if count > 1 else 0.0
    return 1 - trial.ratio > error
