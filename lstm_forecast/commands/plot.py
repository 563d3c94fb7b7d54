"""``forecast plot``: pictures of a published run, without the libraries that trained it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.forecasting.future import forecast_future, forecast_table
from lstm_forecast.forecasting.loaded import load_run, read_ahead
from lstm_forecast.forecasting.table import panel_ids
from lstm_forecast.judging.earlier import earlier_forecasts
from lstm_forecast.panel.panel import Panel
from lstm_forecast.pictures.forecast import MAX_PANELS, forecast_figure
from lstm_forecast.pictures.horizon import horizon_figure
from lstm_forecast.pictures.style import SUFFIXES, Figure, save_figure, stamp_text
from lstm_forecast.pictures.training import training_figure
from lstm_forecast.store import Run, find_run, write_whole
from lstm_forecast.store.documents import (
    read_config,
    read_epochs,
    read_metrics,
    read_test_forecasts,
    sound,
)
from lstm_forecast.store.outputs import require_output, require_suffix
from lstm_forecast.store.report import FORECAST, Report
from lstm_forecast.tables.source import Source

__all__ = ["actual_values", "draw", "plot"]

PICTURES = ("forecast", "training", "horizon")
FEW_PANELS = 3  # each as wide as the page, with room for ten horizons of history
MIN_ROWS = 60  # of history, where the horizon is short
# of history where one series is forecast a step at a time: a picture 10 inches wide shows them
MOST_STEPS = 2_000
# series ids that a wrong one is compared with: that takes less than a second
MOST_COMPARED = 20_000


def plot(
    picture: str,
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    future: Path | None = None,
    series: Sequence[str] = (),
    output: Path | None = None,
) -> Path:
    """Draw ``forecast``, ``training`` or ``horizon`` of a run's champion and return the path of the
    picture.

    Raises UsageError if the options do not fit, RunError if there is no sound run, DataError if the
    data do not fit it or it has nothing to draw, WriteError if the picture cannot be written.
    """
    require_suffix("--output", output, SUFFIXES)
    _require_fitting(picture, data, future, series)
    phase("drawing")
    run = find_run(runs, name)
    path = output or Path(f"{run.path.parent.name}-{picture}.png")
    known = read_config(run).data.path
    require_output("--output", path, [data, future, None if known is None else run.path / known])
    figure = draw(picture, run, data=data, future=future, series=series)
    write_whole(path, lambda staged: save_figure(figure, staged, suffix=path.suffix.lower()))
    return path


def draw(
    picture: str,
    run: Run,
    *,
    data: Source | None = None,
    future: Source | None = None,
    series: Sequence[str] = (),
) -> Figure:
    """The picture that ``plot`` writes, as a figure of Matplotlib.

    Raises UsageError if the options do not fit, RunError if the run is damaged, DataError if the
    data do not fit it or it has nothing to draw.
    """
    _require_fitting(picture, data, future, series)
    if picture == "forecast":
        return _forecast(run, data, future, series)
    return {"training": _training, "horizon": _horizon}[picture](run)


def _require_fitting(
    picture: str, data: Source | None, future: Source | None, series: Sequence[str]
) -> None:
    if picture not in PICTURES:
        raise UsageError(f"no picture {picture}; there are {', '.join(PICTURES)}")
    if picture != "forecast" and (data is not None or future is not None or series):
        raise UsageError(
            f"--data, --future and --series choose what the picture forecast shows; {picture} needs"
            " none"
        )


def _forecast(
    run: Run, data: Source | None, future_data: Source | None, series: Sequence[str]
) -> Figure:
    loaded = load_run(run).shown()
    config = loaded.config
    panel = read_ahead(loaded, data, future_data)
    ids = panel_ids(config.data, panel.layout).tolist()
    found = _chosen(ids, panel.layout.ids, series)
    shown = found[:MAX_PANELS]
    drawn = set(shown)
    # no forecast that is not drawn
    panel = panel.only(np.array([not drawn.isdisjoint(row) for row in ids]))
    horizon = config.windows.horizon
    rows = max(MIN_ROWS, (10 if len(shown) <= FEW_PANELS else 6) * horizon)
    earlier: Mapping[str, pd.DataFrame] = {}
    if horizon == 1 and len(panel.layout.ids) == 1:
        rows = MOST_STEPS
        evaluated = load_run(run, evaluated=True, levels=())
        earlier = earlier_forecasts(evaluated, panel, newest=rows)
    future = forecast_table(loaded, panel, forecast_future(loaded, panel)[0])
    return forecast_figure(
        actual_values(panel, panel_ids(config.data, panel.layout).tolist(), shown, rows=rows),
        _test_forecasts(run, config, shown),
        future,
        earlier=earlier,
        name=config.name,
        title=f"{_name(run)}: {_span(future, horizon)}{_count(len(shown), len(found))}",
        note=f"{loaded.published}\noriginal units; {_zone(panel)}run {run.run_id}",
    )


def _training(run: Run) -> Figure:
    epochs = [{**asdict(epoch), "gap": epoch.gap} for epoch in read_epochs(run, read_config(run))]
    with sound(run, "history.csv"):
        history = pd.DataFrame(epochs).astype(float)
    return training_figure(history, title=f"{_name(run)}: training", note=f"run {run.run_id}")


def _horizon(run: Run) -> Figure:
    metrics = read_metrics(run, read_config(run))
    with sound(run, "metrics.json"):
        part, report = metrics.judged or ("", None)
        errors = {} if report is None else dict(_errors_by_step(run, report))
    if report is None or not errors:
        raise DataError(
            f"{run.path}: no errors to draw, as no test or validation window was left in training;"
            " give more rows, or make windows.horizon smaller"
        )
    note = (
        f"{part} part, {report.windows:,} windows; in brackets: mean of all steps; run {run.run_id}"
    )
    return horizon_figure(errors, title=f"{_name(run)}: error by step", note=note)


def _errors_by_step(run: Run, report: Report) -> Iterator[tuple[str, list[float]]]:
    """Label and mean absolute errors by step, of the run and of each baseline.

    Raises ValueError for an error that no picture can show.
    """
    for label, steps in report.by_step.items():
        shown = _name(run) if label == FORECAST else label.replace("_", " ")
        mean, sizes = report.errors[label].mae, [size for size in steps.mae if size is not None]
        if mean is None or len(sizes) < len(steps.mae):
            raise ValueError(f"an error of {label} is missing")
        yield f"{shown} ({mean:.3g})", sizes


def _test_forecasts(run: Run, config: Config, shown: Sequence[str]) -> pd.DataFrame:
    table = read_test_forecasts(run, config)
    return table[table["unique_id"].isin(shown)]


def actual_values(
    panel: Panel, ids: list[list[str]], shown: Sequence[str], *, rows: int
) -> pd.DataFrame:
    """Actual values of the newest ``rows`` steps of each series shown; NaN in gaps, so that no line
    crosses one.
    """
    layout = panel.layout
    places = {
        unique_id: (series, target)
        for series, row in enumerate(ids)
        for target, unique_id in enumerate(row)
    }
    frames = []
    for unique_id in shown:
        series, target = places[unique_id]
        end = layout.offsets[series + 1]
        index = np.arange(max(layout.offsets[series], end - rows), end)
        ordinals = layout.ordinals(index)
        steps = np.arange(max(ordinals[0], ordinals[-1] - rows + 1), ordinals[-1] + 1)
        recent = ordinals >= steps[0]
        y = np.full(len(steps), np.nan)
        y[ordinals[recent] - steps[0]] = panel.values[index[recent], target]
        frames.append(
            pd.DataFrame({"unique_id": unique_id, "ds": layout.grid.stamps(steps), "y": y})
        )
    return pd.concat(frames, ignore_index=True)


def _chosen(ids: list[list[str]], series: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The ``unique_id`` of everything wanted, all if nothing is named; a series stands for all of
    its targets.
    """
    every = list(chain.from_iterable(ids))
    known = dict(zip(series, ids, strict=True)) | {unique_id: [unique_id] for unique_id in every}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DataError(
            *(f"--series {name}: no such series; {_near(name, list(known))}" for name in unknown)
        )
    return list(dict.fromkeys(unique_id for name in wanted or every for unique_id in known[name]))


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known[:MOST_COMPARED], n=5, cutoff=0.5)
    return (
        f"did you mean {', '.join(near)}?"
        if near
        else f"there are {', '.join(known[:5])} ({len(known):,} in all)"
    )


def _span(future: pd.DataFrame, horizon: int) -> str:
    cutoffs = future["cutoff"].unique()
    steps = "the next step" if horizon == 1 else f"the next {horizon} steps"
    return f"{steps} after {stamp_text(cutoffs[0])}" if len(cutoffs) == 1 else steps


def _count(shown: int, found: int) -> str:
    return f", first {shown} of {found:,} series" if shown < found else ""


def _zone(panel: Panel) -> str:
    zone = panel.layout.grid.zone
    return "" if zone is None else f"time in {zone}; "


def _name(run: Run) -> str:
    return run.path.parent.name
