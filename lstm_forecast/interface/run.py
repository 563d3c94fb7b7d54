"""A published run in Python: it forecasts, is tested, and is drawn."""

import html
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lstm_forecast import store
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import UsageError
from lstm_forecast.events import SILENT, Listener
from lstm_forecast.interface.alone import alone
from lstm_forecast.interface.arguments import (
    MOST_STEPS,
    Data,
    Location,
    names_of,
    require_levels,
    require_list,
    require_range,
    source_of,
)
from lstm_forecast.store.documents import read_config, read_manifest, read_metrics
from lstm_forecast.tables.source import Frame, Source, given_source, in_kind

if TYPE_CHECKING:
    from lstm_forecast.commands.explain import Explained
    from lstm_forecast.detecting.detection import Detection
    from lstm_forecast.judging.backtest import BacktestReport
    from lstm_forecast.pictures.style import Figure
    from lstm_forecast.store.report import Reports

__all__ = ["Backtest", "Detected", "Run", "load"]


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
        require_levels(levels)
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

    def explain(
        self,
        data: Data | None = None,
        future: Data | None = None,
        *,
        series: str | None = None,
        at: str | int | datetime | None = None,
        step: int | None = None,
        what_if: Mapping[str, float] | None = None,
        listener: Listener = SILENT,
    ) -> "Explained":
        """Say what makes the forecast of a series, absent: of the first one that has not
        ended, that follows ``at``, absent: the newest stamp.

        ``step`` is summed up, absent: the mean of all; ``what_if`` sets covariates known ahead in
        the whole horizon. Raises UsageError if the options do not fit the run, RunError if it is
        damaged, DataError if the data do not fit it or hold no such window.
        """
        from lstm_forecast.commands.explain import Asked, explain_run
        from lstm_forecast.forecasting.loaded import load_run

        source, ahead = self._source(data), source_of(future)
        wanted, stamp = [] if series is None else [series], None if at is None else str(at)
        asked = Asked(source, ahead, wanted, stamp, step, dict(what_if or {}))
        found = explain_run(load_run(self, levels=()), asked, listener)
        for note in found.report.notes:
            listener.note(note, event="warning" if note.startswith("warning: ") else "note")
        return replace(found, table=in_kind(found.table, source, ahead))

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
        require_levels(levels)
        shown = picture in OF_DATA
        asked = Asked(
            data=self._source(data) if shown else source_of(data),
            future=source_of(future),
            series=names_of(series),
            at=None if at is None else str(at),
            last=last,
            levels=levels,
            by=None if by is None else names_of(by),
        )
        return draw(picture, self, asked)

    def report(
        self,
        output: Location,
        data: Data | None = None,
        future: Data | None = None,
        *,
        series: str | Sequence[str] = (),
        against: Sequence["Run"] = (),
        importance: bool = False,
        listener: Listener = SILENT,
    ) -> tuple[str, ...]:
        """Write one page about the run as HTML, PDF or Markdown, and return its verdict.

        The page has curves of the ``series`` in any case, stands beside the runs ``against``, and
        says what matters where ``importance`` is asked for. Raises UsageError if the options do not
        fit the run, RunError if it is damaged, DataError if the data do not fit it, WriteError.
        """
        from lstm_forecast.reporting.report import Asked, make_page
        from lstm_forecast.reporting.writing import write_page
        from lstm_forecast.store.outputs import PAGES, require_output, require_suffix

        path = Path(output)
        require_suffix("output", path, PAGES)
        require_output("output", path)
        asked = Asked(
            self._source(data), source_of(future), names_of(series), importance, tuple(against)
        )
        page = make_page(self, asked, listener)
        write_page(page, path)
        return tuple(sentence.text for sentence in page.verdict)

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
