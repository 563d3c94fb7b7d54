"""A published run in Python: it forecasts, is tested, and is drawn."""

import html
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lstm_forecast import store
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import Stopped, UsageError
from lstm_forecast.events import SILENT, Listener
from lstm_forecast.store.documents import read_config, read_manifest, read_metrics
from lstm_forecast.tables.source import ArrowStream, Frame, Source, given_source, in_kind

if TYPE_CHECKING:
    from lstm_forecast.detecting.detection import Detection
    from lstm_forecast.judging.backtest import BacktestReport
    from lstm_forecast.pictures.style import Figure
    from lstm_forecast.store.report import Reports

__all__ = [
    "Backtest", "Data", "Detected", "Location", "Run", "alone", "load", "require_list",
    "require_range", "source_of",
]  # fmt: skip

Location = str | os.PathLike[str]
Data = Location | ArrowStream
ONE_TRAINING = threading.Lock()
MOST_STEPS = 100_000  # of a horizon, and origins of a series


@dataclass(frozen=True)
class Backtest:
    """Forecasts beside what came, and the figures."""

    # unique_id, ds, cutoff, y, forecasts and baselines: of the kind that was tested
    table: Any
    report: "BacktestReport"


@dataclass(frozen=True)
class Detected:
    """Steps that were judged, and the anomalies among them."""

    # unique_id, ds, y, expected, lo, hi, score, kind, anomaly: of the kind that was judged
    table: Any
    report: "Detection"


@dataclass(frozen=True, repr=False)
class Run(store.Run):
    """A published run: it forecasts, is tested, and is drawn.

    Tables come back as the kind of frame that was given: pandas, Polars or pyarrow, which is also
    what every other library that speaks Arrow gets, and pandas where a path was given.
    """

    frame: Frame | None = field(default=None, compare=False)  # that it was trained on just now

    @property
    def name(self) -> str:
        """Name of the run's directory, and of the column with forecasts."""
        return read_manifest(self).name

    @property
    def config(self) -> Config:
        """The config with all that was decided from the data. Raises RunError if it is damaged."""
        return read_config(self)

    @property
    def metrics(self) -> "Reports":
        """Reports of the ``validation`` and ``test`` part. Raises RunError if they are damaged."""
        return read_metrics(self, horizon=self.config.windows.horizon)

    def predict(
        self,
        data: Data | None = None,
        future: Data | None = None,
        horizon: int | None = None,
        levels: Sequence[int] | None = None,
        *,
        columns: Literal["long", "input"] = "long",
        listener: Listener = SILENT,
    ) -> Any:
        """Forecast from the end of every series in ``data``, absent: of what the run was trained
        on.

        ``future`` holds the covariates known ahead, a row for each series and step. A ``horizon``
        shorter than the run's is cut, a longer one rolled forward. ``levels`` are percents of
        intervals. The table has the columns ``unique_id, ds, cutoff, NAME, NAME-lo-80,
        NAME-hi-80`` and so on; ``columns="input"`` keeps the names of the input. What is to be
        doubted about it is told to the ``listener``. Raises UsageError if the options do not fit
        the run, RunError if it is damaged, DataError if the data do not fit it.
        """
        from lstm_forecast.commands.predict import TableStyle, forecast_run
        from lstm_forecast.forecasting.loaded import load_run

        require_range("horizon", horizon, MOST_STEPS)
        _require_levels(levels)
        if columns not in ("long", "input"):
            raise UsageError(f"columns {columns!r}: expected 'long' or 'input'")
        source, ahead = self._source(data), source_of(future)
        found = forecast_run(
            load_run(self, levels=levels),
            data=source,
            future=ahead,
            horizon=horizon,
            style=TableStyle(columns),
            fresh=data is not None,
        )
        for note in found.notes:
            listener.note(note, event="warning" if note.startswith("warning: ") else "repair")
        return in_kind(found.table, source, ahead)

    def backtest(
        self,
        data: Data | None = None,
        *,
        last: int | None = None,
        refit: int | None = None,
        baselines: Sequence[str] = (),
        importance: bool = False,
        listener: Listener = SILENT,
    ) -> Backtest:
        """Forecast from the origins that the run has not seen, and measure the errors.

        Of every series the ``last`` origins, absent: those of the test part and of newer rows. With
        ``refit`` the network is trained again every so many origins. ``baselines`` are names such
        as ``auto_ets``; ``importance`` adds how much each input matters. Raises UsageError if the
        options do not fit the run, RunError if it is damaged, DataError if the data do not fit it
        or hold nothing to test.
        """
        from lstm_forecast.commands.backtest import Asked, backtest_run
        from lstm_forecast.forecasting.loaded import load_run

        require_range("last", last, MOST_STEPS)
        require_range("refit", refit, MOST_STEPS)
        require_list("baselines", baselines)
        retrained = None
        if refit is not None:
            from lstm_forecast.training.refit import retrained_folds

            retrained = partial(retrained_folds, every=refit)
        source = self._source(data)
        with alone():
            asked = Asked(source, last, retrained, baselines, importance)
            found = backtest_run(load_run(self, evaluated=True).shown(), asked, listener)
        for warning in found.report.warnings:
            listener.note(f"warning: {warning}", event="warning")
        return Backtest(in_kind(found.table, source), found.report)

    def detect(
        self,
        data: Data | None = None,
        *,
        rate: float = 0.001,
        last: int | None = None,
        listener: Listener = SILENT,
    ) -> Detected:
        """Find the rows that are unlike what the run forecasts of them.

        ``rate`` is the share of usual steps that may be called anomalies. Judged are the ``last``
        steps of every series, absent: all that the network did not learn from. Raises UsageError if
        the run does not know usual rows, RunError if it is damaged, DataError if the data do not
        fit it or hold nothing to judge.
        """
        from lstm_forecast.commands.detect import Asked, detect_run
        from lstm_forecast.forecasting.loaded import load_run

        require_range("last", last, MOST_STEPS)
        source = self._source(data)
        with alone():
            found = detect_run(load_run(self), Asked(source, rate, last), listener)
        for warning in found.report.warnings:
            listener.note(f"warning: {warning}", event="warning")
        return Detected(in_kind(found.table, source), found.report)

    def plot(
        self,
        picture: Literal["forecast", "training", "horizon", "gates"] = "forecast",
        *,
        data: Data | None = None,
        future: Data | None = None,
        series: str | Sequence[str] = (),
        at: str | int | datetime | None = None,
        last: int | None = None,
        levels: Sequence[int] | None = None,
        by: str | Sequence[str] | None = None,
    ) -> "Figure":
        """Draw the ``forecast``, the losses of the ``training``, the errors by step of the
        ``horizon``, or the ``gates`` of the network along the window of a series that ends ``at``
        a stamp, absent: the newest.

        The forecast stands behind the ``last`` steps of history, with intervals of the ``levels``
        in percent. Series with the same in all columns ``by`` are summed; ``by=[]`` sums all. The
        figure belongs to no window of pyplot; ``figure.savefig(path)`` writes it. Raises
        UsageError if the options do not fit, RunError if the run is damaged, DataError if the data
        do not fit it or there is nothing to draw.
        """
        from lstm_forecast.commands.plot import OF_DATA, draw
        from lstm_forecast.judging.forecasts_shown import Asked

        require_range("last", last, MOST_STEPS)
        _require_levels(levels)
        shown = picture in OF_DATA
        asked = Asked(
            data=self._source(data) if shown else source_of(data),
            future=source_of(future),
            series=_names(series),
            at=None if at is None else str(at),
            last=last,
            levels=levels,
            by=None if by is None else _names(by),
        )
        return draw(picture, self, asked)

    def rollback(self) -> "Run":
        """Make the champion before the present one of this name the champion again, and return it.

        Raises RunError if there is none, BusyError if a training is promoting, WriteError.
        """
        from lstm_forecast.commands.runs import rollback

        found = rollback(runs=self.path.parent.parent, name=self.path.parent.name)
        return Run(found.path, found.manifest)

    def _source(self, data: Data | None) -> Source | None:
        """What is given, or else the frame of the training as long as it is at hand."""
        return self.frame if data is None else given_source(data)

    def __repr__(self) -> str:
        return f"<Run {self.path}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: names are anything, so all of it is escaped."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(title)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for title, text in self._told()
        )
        return f"<table>{rows}</table>"

    def _told(self) -> Iterator[tuple[str, str]]:
        facts, config = read_manifest(self), self.config
        yield "run", f"{facts.name} {self.run_id}"
        yield "path", str(self.path)
        yield "published", facts.published
        yield "series", f"{facts.series:,}, until {facts.cutoff}"
        yield "horizon", f"{config.windows.horizon} steps of {config.data.freq}"
        for part, report in read_metrics(self, horizon=config.windows.horizon).parts.items():
            errors = {"mae": report.own.mae, "mase": report.own.mase}
            shown = [f"{metric} {error:.4g}" for metric, error in errors.items() if error]
            yield f"{part} errors", ", ".join([*shown, f"{report.windows:,} windows"])


def load(path: Location = "runs") -> Run:
    """Load the champion in ``runs/NAME``, one run in ``runs/NAME/ID``, or the only one in ``runs``.

    Raises RunError if there is no sound run.

    >>> load("runs/sales")
    Traceback (most recent call last):
    lstm_forecast.errors.RunError: runs/sales: no such run; train one first: ...
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"load({path!r}): expected the path of runs, of a name or of one run")
    home = Path(path)
    if store.run_homes(home):
        found = store.find_run(home, None)
    else:
        found = store.find_run(home.parent, home.name)
    return Run(found.path, found.manifest)


def source_of(data: Data | None) -> Source | None:
    """What is given, as a source.

    Raises DataError if it is neither a path nor a frame.
    """
    return None if data is None else given_source(data)


def require_range(option: str, number: object, most: int) -> None:
    """Raise UsageError for what is neither None nor a whole number from 1 to ``most``."""
    if number is None:
        return
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
        raise UsageError(f"{option} {number!r}: expected a whole number from 1 to {most:,}")


def require_list(option: str, values: object) -> Sequence[object]:
    """Return what is a list or tuple: a text is a sequence of its letters, which nobody means.

    Raises UsageError for anything else.
    """
    if not isinstance(values, list | tuple):
        raise UsageError(f"{option} {values!r}: expected a list")
    return values


def _require_levels(levels: Sequence[int] | None) -> None:
    for level in require_list("levels", levels or ()):
        require_range("levels", level, 99)


def _names(names: str | Sequence[str]) -> list[str]:
    """One name, or several."""
    return [names] if isinstance(names, str) else list(names)


@contextmanager
def alone() -> Iterator[None]:
    """Train inside, one training at a time in a process, and leave no trace in it.

    Trainings set the seeds of Python and NumPy, and wait with signals: random states are put back,
    and a signal goes to whoever handles it, so that Ctrl-C is KeyboardInterrupt again.
    """
    import random

    import numpy as np

    with ONE_TRAINING:
        states = random.getstate(), np.random.get_state()
        try:
            yield
        except Stopped as stop:
            signal.raise_signal(stop.exit_code - 128)
            raise
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
