"""Errors of forecasts on the parts of a run: what ``metrics.json`` holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import MaxLen

from lstm_forecast.documents import Document, described

__all__ = ["FORECAST", "Errors", "Interval", "LeftOut", "Report", "Reports", "Steps"]

FORECAST = "forecast"  # the name of the run's own forecast beside those of the baselines
LONGEST_NAME = 1_000  # characters
Name = Annotated[str, MaxLen(LONGEST_NAME)]


@dataclass(frozen=True, kw_only=True)
class Errors(Document):
    """Errors of point forecasts over all windows, steps and targets; null where nothing is left to
    be averaged, or a figure is beyond the range of numbers.
    """

    mae: float | None = field(metadata=described("Mean absolute error, in original units."))
    mse: float | None = field(
        default=None, metadata=described("Mean squared error, in squared original units.")
    )
    rmse: float | None = field(
        metadata=described("Root of the mean squared error, in original units.")
    )
    bias: float | None = field(
        default=None,
        metadata=described(
            "Mean of forecast - actual, in original units; positive: over-forecast."
        ),
    )
    mape: float | None = field(
        default=None, metadata=described("Mean absolute percentage error, in percent.")
    )
    smape: float | None = field(
        metadata=described("Symmetric mean absolute percentage error, in percent: 0 to 200.")
    )
    mase: float | None = field(
        metadata=described(
            "Mean absolute scaled error: MAE / MAE of the seasonal naive forecast in training."
        )
    )
    rmsse: float | None = field(
        default=None, metadata=described("Root mean squared scaled error, as in M5.")
    )
    owa: float | None = field(
        default=None,
        metadata=described(
            "Overall weighted average of sMAPE and MASE relative to the reference: 1 is as good."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Steps(Document):
    """Errors of each step of the horizon, over all windows and targets, in original units."""

    mae: tuple[float | None, ...] = field(metadata=described("Mean absolute error of each step."))
    rmse: tuple[float | None, ...] = field(
        metadata=described("Root mean squared error of each step.")
    )


@dataclass(frozen=True, kw_only=True)
class Interval(Document):
    """How good the prediction interval of one level is."""

    coverage: float | None = field(
        metadata=described("Share of the actual values inside the interval: 0 to 1.")
    )
    width: float | None = field(metadata=described("Mean width, in original units."))
    msis: float | None = field(
        metadata=described("Mean scaled interval score; null where no window has a scale.")
    )


@dataclass(frozen=True, kw_only=True)
class LeftOut(Document):
    """What some figures lack."""

    zero_scale: int = field(
        default=0,
        metadata=described(
            "Windows and targets without a MASE and RMSSE: nothing changes in training.", least=0
        ),
    )
    zero_actual: int = field(
        default=0, metadata=described("Actual values of 0, which MAPE leaves out.", least=0)
    )


@dataclass(frozen=True, kw_only=True)
class Report(Document):
    """Errors of the forecasts of one part, beside those of baselines on the same windows."""

    windows: int = field(metadata=described("Windows that were forecast.", least=0))
    errors: Mapping[Name, Errors] = field(
        metadata=described("Errors of `forecast`, and of each baseline by its name.")
    )
    skill: Mapping[Name, float | None] = field(
        metadata=described("By baseline: 1 - MAE of the forecast / MAE of the baseline.")
    )
    reference: str = field(default="", metadata=described("The baseline that OWA is relative to."))
    left_out: LeftOut = field(
        default=LeftOut(), metadata=described("What some figures lack, counted.")
    )
    by_step: Mapping[Name, Steps] = field(
        metadata=described("Errors of each step of the horizon, as in `errors`.")
    )
    intervals: Mapping[str, Interval] = field(
        default_factory=dict, metadata=described("By level in percent, the widest first.")
    )
    pinball: Mapping[str, float | None] = field(
        default_factory=dict, metadata=described("By quantile: pinball loss, in original units.")
    )
    scaled_crps: float | None = field(
        default=None,
        metadata=described("Weighted quantile loss of all quantiles but the median; no unit."),
    )
    warnings: tuple[str, ...] = field(
        default=(), metadata=described("What a small error alone would not tell.")
    )

    @property
    def own(self) -> Errors:
        """Errors of the forecast itself."""
        return self.errors[FORECAST]

    @property
    def own_steps(self) -> Steps:
        """Errors of the forecast itself by step."""
        return self.by_step[FORECAST]


@dataclass(frozen=True, kw_only=True)
class Reports(Document):
    """Reports of the parts that have a window; both are of the network that learned from the
    training part alone.
    """

    validation: Report | None = field(
        default=None,
        metadata=described("The part that choices were made by.", missing_without="validation"),
    )
    test: Report | None = field(
        default=None, metadata=described("The part that decided nothing.", missing_without="test")
    )

    @property
    def parts(self) -> Mapping[str, Report]:
        """The reports that there are, by part."""
        both = {"validation": self.validation, "test": self.test}
        return {name: report for name, report in both.items() if report is not None}

    @property
    def judged(self) -> tuple[str, Report] | None:
        """The part that tells how good the run is, with its name: the test part, or else the
        validation part.
        """
        return next(reversed(list(self.parts.items())), None)
