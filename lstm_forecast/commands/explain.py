"""``forecast explain``: what makes the forecast of a series, and what if covariates were others."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lstm_forecast.errors import UsageError
from lstm_forecast.events import Listener, phase
from lstm_forecast.forecasting.chosen_window import ChosenWindow, choose_window, plain_stamp
from lstm_forecast.forecasting.explaining import Split, forecast_window, split_forecast
from lstm_forecast.forecasting.explanation import (
    Changed,
    Explanation,
    contributions,
    split_table,
    summary,
)
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.forecasting.table import save_table, with_keys
from lstm_forecast.panel.steps.grid import stamp_text
from lstm_forecast.store import find_run, write_whole
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.store.outputs import PICTURES, require_output, require_suffix
from lstm_forecast.tables.source import Source

if TYPE_CHECKING:
    from lstm_forecast.pictures.style import Figure

__all__ = ["Asked", "Explained", "explain", "explain_run"]

SUFFIXES = (".csv", ".parquet")
NAMES = {"linear": "linear part", "network": "network", "pretrained": "pretrained network"}


@dataclass(frozen=True)
class Asked:
    """Which forecast is explained."""

    data: Source | None = None  # newer history; None: what the run was trained on
    future: Source | None = None  # what is known of the steps ahead
    series: Sequence[str] = ()  # at most one; none: the first that has not ended
    at: str | None = None  # last stamp of the window; None: the newest
    step: int | None = None  # of the forecast, that is summed up; None: the mean of all
    what_if: Mapping[str, float] = field(default_factory=dict)  # covariates known ahead


@dataclass(frozen=True)
class Explained:
    """What makes a forecast, as a document and as a table, and the history behind it."""

    report: Explanation
    # unique_id, ds, cutoff, kind, input, since, until, contribution, error, linear, network,
    # pretrained
    table: pd.DataFrame
    history: pd.DataFrame  # ds, y: the rows of the window

    def figure(self) -> "Figure":
        """The picture, as a figure of Matplotlib."""
        from lstm_forecast.pictures.explanation import explanation_figure

        report, told = self.report, self.report.summary
        stamps = self.table["ds"].unique()
        forecast = {"ds": stamps, "forecast": report.forecast, "base": report.base}
        totals = {"base": told.base}
        if report.what_if:
            changed = np.array([each.changed for each in report.what_if])
            forecast["changed"] = tuple(changed)
            totals["changed"] = float(
                changed.mean() if told.step is None else changed[told.step - 1]
            )
        parts = self.table[self.table["kind"] == "history"]
        if told.step is not None:
            parts = parts[parts["ds"] == stamps[told.step - 1]]
        which = f"mean of {len(stamps)} steps" if told.step is None else f"step {told.step}"
        after = stamp_text(self.table["cutoff"].iloc[0])
        return explanation_figure(
            self.history,
            pd.DataFrame(forecast),
            parts.groupby(["since", "until"], as_index=False)[["contribution"]].mean(),
            {line.input: line.contribution for line in told.lines},
            totals=totals,
            label=report.series,
            title=f"{report.series}: what makes the forecast after {after}, {which}",
            note="\n".join(_told(report)),
        )


def explain(
    asked: Asked = Asked(),
    *,
    runs: Path,
    name: str | None = None,
    output: Path | None = None,
    picture: Path | None = None,
    listener: Listener,
) -> Explanation:
    """Split a forecast of a run among the inputs that it is made from.

    Every contribution is written to ``output``, and all is drawn to ``picture``, each whole or not
    at all. Raises UsageError if the options do not fit the run, RunError if there is no sound run,
    DataError if the data do not fit it or hold no such window, WriteError if writing fails.
    """
    require_suffix("--output", output, SUFFIXES)
    require_suffix("--plot", picture, PICTURES)
    loaded = load_run(find_run(runs, name), levels=())
    given = [each for each in (asked.data, asked.future) if isinstance(each, Path)]
    for option, path in (("--output", output), ("--plot", picture)):
        require_output(option, path, [*given, loaded.data_path])
    explained = explain_run(loaded, asked, listener)
    if output is not None:
        table, suffix = explained.table, output.suffix.lower()
        write_whole(output, lambda staged: save_table(table, staged, suffix=suffix))
    if picture is not None:
        from lstm_forecast.pictures.style import write_figure

        phase("drawing")
        write_figure(explained.figure(), picture)
    files = [None if path is None else str(path) for path in (output, picture)]
    return replace(explained.report, output=files[0], picture=files[1])


def explain_run(loaded: LoadedRun, asked: Asked, listener: Listener) -> Explained:
    """What ``explain`` finds, of a run that was loaded. Raises UsageError if what is asked does not
    fit it, DataError if the data do not.
    """
    config, horizon = loaded.config, loaded.forecaster.framing.horizon
    if asked.step is not None and not 1 <= asked.step <= horizon:
        raise UsageError(f"step {asked.step}: the run forecasts steps 1 to {horizon}")
    _require_known(asked.what_if, config.data.covariates.future)
    window = choose_window(loaded, asked.data, asked.future, asked.series, asked.at)
    split = split_forecast(
        loaded,
        window,
        progress=lambda done, total: listener.progress("asking the network", done, total),
    )
    table = with_keys(split_table(split, window), config.data.series_columns)
    first = max(window.floor, window.origin - loaded.forecaster.framing.context_length)
    rows = np.arange(first, window.origin)
    values = window.rows.values[rows, window.column]
    history = pd.DataFrame({"ds": window.rows.layout.stamps(rows), "y": values})
    return Explained(_report(loaded, asked, window, split), table, history)


def _report(loaded: LoadedRun, asked: Asked, window: ChosenWindow, split: Split) -> Explanation:
    season_length = loaded.config.windows.season_length
    return Explanation(
        run=loaded.run.run_id,
        path=str(loaded.run.path),
        published=read_manifest(loaded.run).published,
        series=window.unique_id,
        cutoff=plain_stamp(window.cutoff),
        stamps=tuple(map(plain_stamp, window.ahead(len(split.forecast)))),
        forecast=tuple(split.forecast.tolist()),
        base=tuple(split.base.tolist()),
        orders=split.orders,
        summary=summary(split, window, step=asked.step, season_length=season_length),
        contributions=contributions(split, window),
        changes=dict(asked.what_if),
        what_if=tuple(_changed(loaded, window, split, asked.what_if)),
        notes=tuple(_notes(loaded, asked, window)),
        output=None,
        picture=None,
    )


def _require_known(what_if: Mapping[str, float], future: Sequence[str]) -> None:
    for name, value in what_if.items():
        if not future:
            raise UsageError(
                f"--what-if {name}: this run has no covariates that are known ahead"
                " (data.covariates.future), so there is nothing to set; leave it out"
            )
        if name not in future:
            near = difflib.get_close_matches(name, future, n=3) or future
            raise UsageError(
                f"--what-if {name}: no covariate that is known ahead; give {' or '.join(near)}"
            )
        if not np.isfinite(value):
            raise UsageError(f"--what-if {name}={value}: expected a number that is finite")


def _changed(
    loaded: LoadedRun, window: ChosenWindow, split: Split, what_if: Mapping[str, float]
) -> Iterator[Changed]:
    """The forecast with covariates set in the whole horizon, step by step."""
    if not what_if:
        return
    horizon, rows = len(split.forecast), window.rows
    values = rows.values.copy()
    for name, value in what_if.items():
        values[window.origin : window.origin + horizon, rows.columns.index(name)] = value
    changed = forecast_window(loaded, replace(window, rows=replace(rows, values=values)))
    for stamp, before, after in zip(window.ahead(horizon), split.forecast, changed, strict=True):
        yield Changed(
            ds=plain_stamp(stamp),
            forecast=float(before),
            changed=float(after),
            difference=float(after - before),
        )


def _notes(loaded: LoadedRun, asked: Asked, window: ChosenWindow) -> Iterator[str]:
    yield from (f"warning: {note}" for note in window.rows.notes)
    known = loaded.forecaster.scaler.ids
    if not asked.series and len(known) > 1:
        yield f"{window.unique_id} is one of {len(known):,} series; --series chooses another"


def _told(report: Explanation) -> Iterator[str]:
    """What a picture says below: how much each part moves, what is set, and of which run it is."""
    moved = ((name, getattr(report.summary.moved, part)) for part, name in NAMES.items())
    parts = ", ".join(f"{name} {value:+.4g}" for name, value in moved if value)
    yield f"all inputs: {parts or 'nothing'}"
    if report.changes:
        changes = ", ".join(f"{name} = {value:g}" for name, value in report.changes.items())
        yield f"what if {changes}"
    yield f"original units; run {report.run}"
