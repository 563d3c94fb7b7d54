"""Sections of a report: errors, what they depend on, calibration, training, decisions, data."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.events import Epoch
from lstm_forecast.judging.live import Monitored
from lstm_forecast.pictures.page.page import Chart, Grid, Line, Section, figure_text
from lstm_forecast.reporting.explorer import clock_seconds, seen
from lstm_forecast.reporting.outcomes import Outcomes, means
from lstm_forecast.store.manifest import Manifest
from lstm_forecast.store.report import FORECAST, Report

__all__ = [
    "calibration", "data", "decisions", "errors", "importance", "live", "not_measured", "residuals",
    "training",
]  # fmt: skip

HOURS = tuple(map(str, range(24)))
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
INTERVALS = "% intervals held"  # in warnings that the verdict has a sentence of its own for
LEAST_RESIDUALS = 20  # of a series, for an autocorrelation
MOST_LAGS = 40
TWO_SIDED = 1.96  # standard errors that hold 95 % of what chance does
Floats = NDArray[np.float64]


def errors(report: Report, *, part: str, quantity: str) -> Section:
    """Mean errors beside those of the baselines, over all steps and by step; ``quantity`` says what
    they are on an axis.
    """
    names = [FORECAST, *(name for name in report.errors if name != FORECAST)]
    rows = []
    for name in names:
        own, skill = report.errors[name], report.skill.get(name)
        figures = (own.mae, own.rmse, own.bias, own.smape, own.mase)
        gain = "" if skill is None else f"{100 * skill:+.1f} %"
        rows.append((_label(name), *map(figure_text, figures), gain))
    head = ("", "MAE", "RMSE", "bias", "sMAPE", "MASE", "skill of the forecast")
    steps = {name: found.mae for name, found in report.by_step.items()}
    horizon = len(steps[FORECAST])
    chart = Chart(
        "Mean absolute error by step",
        x=range(1, horizon + 1),
        lines=tuple(Line(_label(name), tuple(steps[name])) for name in names if name in steps),
        x_label="steps ahead",
        y_label=quantity,
    )
    return Section(
        "How wrong are the forecasts?",
        texts=(
            f"On the {part} part, {report.windows:,} windows; MAE, RMSE and bias are in original"
            " units. Skill is 1 - MAE of the forecast / MAE of that line.",
            *(f"{each[0].upper()}{each[1:]}." for each in report.warnings if INTERVALS not in each),
        ),
        charts=(chart,),
        grids=(Grid(head, tuple(rows)),),
    )


def residuals(tested: Outcomes) -> Section:
    """Errors by time, hour, weekday or month, and whether they tell of each other."""
    charts = [*_over_time(tested), *_by_calendar(tested), *_autocorrelations(tested)]
    return Section(
        "When are they wrong?",
        texts=(
            "Absolute errors are over the mean one of their series: 1 is usual. Where the"
            " autocorrelation exceeds what chance explains, errors tell of the errors behind them,"
            " and a better forecast could use that.",
        ),
        charts=tuple(charts),
    )


def live(found: Monitored) -> Section:
    """What has become of forecasts since they were made."""
    own = found.live
    if own is None:
        return Section("What has become of the forecasts?", texts=found.problems)
    figures: dict[str, float | None] = {
        "MAE": own.mae,
        "MAE on the test part": found.expected,
        "RMSE": own.rmse,
        "bias": own.bias,
        "skill": own.skill,
        **{f"share that {level} % intervals held": held for level, held in own.coverage.items()},
        "drift of the data, in spreads": found.drift,
    }
    counts = (("forecasts compared", f"{own.rows:,}"), ("waiting", f"{found.waiting:,}"))
    rows = tuple((name, figure_text(figure)) for name, figure in figures.items())
    return Section(
        "What has become of the forecasts?",
        texts=found.alarms or ("There is no alarm.",),
        grids=(Grid(("", ""), (*counts, *rows)),),
    )


def calibration(report: Report, tested: Outcomes) -> Section:
    """What intervals promised and what they held, overall and by step."""
    levels = list(report.intervals)[::-1]
    promised = [int(level) for level in levels]
    held = [_percent(report.intervals[level].coverage) for level in levels]
    rows = tuple(
        (f"{level} %", "" if share is None else f"{share:.1f} %", figure_text(found.width))
        for level, share, found in zip(
            levels, held, (report.intervals[level] for level in levels), strict=True
        )
    )
    overall = Chart(
        "Promised and held",
        x=promised,
        lines=(Line("held", held), Line("as promised", promised, "bound")),
        x_label="level of the interval, %",
        y_label="% of what came",
    )
    by_step = Chart(
        "Held by step",
        x=range(1, int(tested.steps.max(initial=0)) + 1),
        lines=tuple(
            Line(f"{level} %", seen(100 * _share_by_step(tested, low, high), 4))
            for level, (low, high) in tested.borders.items()
        ),
        x_label="steps ahead",
        y_label="% of what came",
    )
    return Section(
        "How sure are they?",
        texts=("An interval of 80 % promises to hold 80 % of what comes.",),
        charts=(overall, *([by_step] if len(tested.steps) and tested.borders else ())),
        grids=(Grid(("promised", "held", "mean width"), rows),),
    )


def training(epochs: Sequence[Epoch]) -> Section:
    """Losses by epoch of each network, and the gap between them."""
    charts = []
    for network in sorted({epoch.network for epoch in epochs}):
        own = [epoch for epoch in epochs if epoch.network == network]
        suffix = f", network {network}" if epochs[-1].network > 1 else ""
        charts.append(
            Chart(
                f"Loss by epoch{suffix}",
                x=[epoch.epoch for epoch in own],
                lines=(
                    Line("training", [epoch.loss for epoch in own]),
                    Line("validation", [epoch.val_loss for epoch in own]),
                ),
                x_label="epoch",
                y_label="loss",
            )
        )
    best = [epoch for epoch in epochs if epoch.best and epoch.gap is not None]
    told = ["Losses are in units of the window's normalisation; those of training hold dropout."]
    if best:
        last = best[-1]
        told.append(
            f"At the best epoch, {last.epoch}, the overfitting gap (validation - training loss) is"
            f" {last.gap:.3g}."
        )
    return Section("How did it learn?", texts=tuple(told), charts=tuple(charts))


def importance(growth: Mapping[str, float]) -> Section:
    """How much the mean absolute error grows without each input."""
    chart = Chart(
        "Growth of the error without an input",
        x=range(len(growth)),
        lines=(Line("growth", list(growth.values()), "bars"),),
        x_label="input",
        y_label="growth, %",
        ticks=tuple(growth),
    )
    rows = tuple((name, f"{share:+.1f} %") for name, share in growth.items())
    return Section(
        "What matters?",
        texts=("How much the mean absolute error grows where an input says nothing any more.",),
        charts=(chart,),
        grids=(Grid(("input", "growth"), rows),),
    )


def not_measured(name: str, where: str) -> Section:
    """How to have importance measured, of the run called ``name``; ``where`` says where it lies."""
    command = f"forecast report --run {name}{where} --importance"
    text = f"Not measured, as that takes many forecasts; so it is: {command}"
    return Section("What matters?", texts=(text,))


def decisions(manifest: Manifest, *, published: str) -> Section:
    """What is published, and what ``auto`` became, with the reasons."""
    scores = tuple(
        (_label(name), figure_text(score)) for name, score in manifest.validation_errors.items()
    )
    rows = tuple((key, *_decided(text)) for key, text in manifest.resolved.items())
    return Section(
        "What was decided, and why?",
        texts=(published,),
        grids=(
            *([Grid(("what could be published", "validation error"), scores)] if scores else ()),
            *([Grid(("key", "decided", "why"), rows)] if rows else ()),
        ),
    )


def data(manifest: Manifest, *, closed: str) -> Section:
    """What the table held, what was repaired and what may be a fault of it."""
    windows = manifest.windows
    rows: dict[str, object] = {
        "rows": manifest.rows,
        "series": manifest.series,
        "spacing": manifest.freq,
        "time zone": manifest.timezone,
        "newest row": manifest.cutoff,
        "columns": ", ".join(manifest.columns),
        "closed": closed,
        "windows": f"{windows.training:,} training, {windows.validation:,} validation,"
        f" {windows.test:,} test",
        "series too short to learn from": len(manifest.skipped_series) or None,
        **{f"repaired by {key}": count for key, count in manifest.repairs.items()},
    }
    shown = tuple(
        (name, f"{value:,}" if isinstance(value, int) else str(value))
        for name, value in rows.items()
        if value not in (None, "")
    )
    return Section(
        "What were the data?",
        texts=manifest.warnings,
        grids=(Grid(("", ""), shown),),
    )


def _over_time(tested: Outcomes) -> Iterator[Chart]:
    """By stretches of time as long as a forecast."""
    numbers, first = tested.stretches
    if len(first) < 2:
        return
    stamps = tested.grid.stamps(first)
    yield Chart(
        "Mean absolute error by time",
        x=clock_seconds(stamps),
        lines=(Line("error", seen(means(tested.relative[tested.apart], numbers, len(first)), 4)),),
        x_label="cutoff",
        y_label="1 is usual",
        time=isinstance(stamps, pd.DatetimeIndex),
    )


def _by_calendar(tested: Outcomes) -> Iterator[Chart]:
    """By the parts of the calendar that are longer than a step, and that stamps differ in."""
    stamps = tested.stamps
    if not isinstance(stamps, pd.DatetimeIndex) or not len(stamps):
        return
    spacing = stamps.unique().sort_values().diff().min()
    for name, numbers, ticks, longest in (
        ("hour", stamps.hour, HOURS, pd.Timedelta(hours=12)),
        ("weekday", stamps.day_of_week, DAYS, pd.Timedelta(days=1)),
        ("month", stamps.month - 1, MONTHS, pd.Timedelta(days=31)),
    ):
        if not spacing <= longest:  # one of all stamps, too, is not known to be short
            continue
        found = seen(means(tested.relative, numbers.to_numpy(np.int64), len(ticks)), 4)
        if sum(value is not None for value in found) > 1:
            yield Chart(
                f"Mean absolute error by {name}",
                x=range(len(ticks)),
                lines=(Line("error", found, "bars"),),
                x_label=name,
                y_label="1 is usual",
                ticks=ticks,
            )


def _autocorrelations(tested: Outcomes) -> Iterator[Chart]:
    """Mean autocorrelation over the series, of the errors with the newest cutoff at each stamp."""
    rows = np.flatnonzero(tested.newest & np.isfinite(tested.error))
    counts = np.bincount(tested.series[rows], minlength=len(tested.ids))
    long = np.flatnonzero(counts >= LEAST_RESIDUALS)
    if not len(long):
        return
    lags = min(MOST_LAGS, int(counts[long].min()) // 2)
    found = [_autocorrelation(tested, rows[tested.series[rows] == k], lags) for k in long[:200]]
    border = TWO_SIDED / math.sqrt(float(counts[long].mean()))
    yield Chart(
        "Autocorrelation of errors",
        x=range(1, lags + 1),
        lines=(
            Line("autocorrelation", seen(np.mean(found, axis=0), 3), "bars"),
            Line("upper border of chance", [border] * lags, "bound"),
            Line("lower border", [-border] * lags, "bound"),
        ),
        x_label="lag in steps",
        y_label="correlation",
    )


def _autocorrelation(tested: Outcomes, rows: NDArray[np.int64], lags: int) -> Floats:
    ends = tested.ends[rows]
    along = np.zeros(int(ends.max() - ends.min()) + 1)
    along[ends - ends.min()] = tested.error[rows] - tested.error[rows].mean()
    power = float(along @ along)
    products = [float(along[:-lag] @ along[lag:]) for lag in range(1, lags + 1)]
    return np.array(products) / power if power > 0 else np.zeros(lags)


def _share_by_step(tested: Outcomes, low: Floats, high: Floats) -> Floats:
    inside = ((low <= tested.actual) & (tested.actual <= high)).astype(float)
    return means(inside, tested.steps - 1, int(tested.steps.max()))


def _decided(text: str) -> tuple[str, str]:
    value, _, reason = text.partition(": ")
    return value, reason


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _label(name: str) -> str:
    return name.replace("_", " ")
