"""``forecast plot``: pictures of a published run, without the libraries that trained it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from lstm_forecast.config.quantity import measured, quantity
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.forecasting.gates import Group, Trace, memory_lengths
from lstm_forecast.forecasting.gates_shown import GatesShown, memory_formula, show_gates
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.judging.forecasts_shown import USUAL, Asked, ForecastsShown, show_forecasts
from lstm_forecast.model.published import network_name
from lstm_forecast.panel.split import have_a_window
from lstm_forecast.panel.steps.grid import stamp_text
from lstm_forecast.pictures.forecast import forecast_figure
from lstm_forecast.pictures.gates import MAX_LAYERS, DrawnLayer, gates_figure
from lstm_forecast.pictures.horizon import horizon_figure
from lstm_forecast.pictures.style import MAX_SMALL_PANELS, Figure, Labels, write_figure
from lstm_forecast.pictures.training import training_figure
from lstm_forecast.reporting.duration import next_steps
from lstm_forecast.store import Run, find_run
from lstm_forecast.store.documents import (
    data_path,
    read_config,
    read_epochs,
    read_manifest,
    read_metrics,
    sound,
)
from lstm_forecast.store.outputs import PICTURES, Drawn, require_output, require_suffix
from lstm_forecast.store.report import FORECAST, Report

__all__ = ["OF_DATA", "draw", "plot"]

SUBJECTS = ("forecast", "training", "horizon", "gates")
OF_DATA = ("forecast", "gates")  # pictures that show what is in a table
BANDS = "gates: median and 10 to 90 % of the units"
SUMS = (
    "sums: at steps where every series has a value; without intervals, as those of the series do"
    " not add up to one"
)


def plot(
    picture: str,
    asked: Asked = USUAL,
    *,
    runs: Path,
    name: str | None = None,
    output: Path | None = None,
) -> Drawn:
    """Draw ``forecast``, ``training``, ``horizon`` or ``gates`` of a run's champion and return what
    was drawn; of gates every number, a ``DrawnGates``.

    Raises UsageError if the options do not fit, RunError if there is no sound run, DataError if the
    data do not fit it or it has nothing to draw, WriteError if the picture cannot be written.
    """
    require_suffix("--output", output, PICTURES)
    _require_fitting(picture, asked)
    phase("drawing")
    run = find_run(runs, name)
    path = output or Path(f"{run.path.parent.name}-{picture}.png")
    given = [each for each in (asked.data, asked.future) if isinstance(each, Path)]
    require_output("--output", path, [*given, data_path(run, read_config(run).data)])
    drawn = Drawn(picture=str(path), notes=())
    if picture == "gates":
        shown = show_gates(load_run(run), asked.data, asked.future, asked.series, asked.at)
        figure, drawn = _gates(shown), shown.document(str(path))
    elif picture == "forecast":
        figure, notes = _forecast(run, asked)
        drawn = Drawn(picture=str(path), notes=notes)
    else:
        figure = draw(picture, run)
    write_figure(figure, path)
    return drawn


def draw(picture: str, run: Run, asked: Asked = USUAL) -> Figure:
    """The picture that ``plot`` writes, as a figure of Matplotlib.

    Raises UsageError if the options do not fit, RunError if the run is damaged, DataError if the
    data do not fit it or it has nothing to draw.
    """
    _require_fitting(picture, asked)
    if picture == "forecast":
        return _forecast(run, asked)[0]
    if picture == "gates":
        return _gates(show_gates(load_run(run), asked.data, asked.future, asked.series, asked.at))
    return {"training": _training, "horizon": _horizon}[picture](run)


def _require_fitting(picture: str, asked: Asked) -> None:
    if picture not in SUBJECTS:
        raise UsageError(f"no picture {picture}; there are {', '.join(SUBJECTS)}")
    if picture not in OF_DATA and (
        asked.data is not None or asked.future is not None or asked.series
    ):
        raise UsageError(
            f"--data, --future and --series choose what the pictures {' and '.join(OF_DATA)} show;"
            f" {picture} needs none"
        )
    if picture != "forecast" and (asked.last, asked.levels, asked.by) != (None, None, None):
        raise UsageError(
            "--last, --levels, --by and --total choose what the picture forecast shows;"
            f" {picture} needs none"
        )
    if picture != "gates" and asked.at is not None:
        raise UsageError(f"--at chooses the window of the picture gates; {picture} needs none")


def _forecast(run: Run, asked: Asked) -> tuple[Figure, tuple[str, ...]]:
    """The picture, and what is to be known of it."""
    loaded = load_run(run, levels=asked.levels)
    loaded = loaded.shown() if asked.levels is None else loaded
    shown = show_forecasts(loaded, asked, most=MAX_SMALL_PANELS)
    data, manifest, overview = loaded.config.data, read_manifest(run), shown.overview
    published = f" published {manifest.created[:10]}" if manifest.created else ""
    figure = forecast_figure(
        shown.history,
        shown.test,
        shown.future,
        earlier=shown.earlier,
        name=loaded.config.name,
        title=f"{_name(run)}: {_span(shown, loaded.config.windows.horizon)}{_sums(asked)}",
        note="\n".join(_told(loaded, shown)),
        labels=Labels(
            axes={each: measured(data, target) for each, target in shown.targets.items()},
            told=overview.told,
            forecast=f"forecast{published}",
            wide=len(overview.totals.intersection(overview.groups)),
        ),
    )
    return figure, (*shown.notes, *filter(None, [overview.note]))


def _told(loaded: LoadedRun, shown: ForecastsShown) -> Iterator[str]:
    """What stands below the picture of the forecast, by lines."""
    manifest, overview = read_manifest(loaded.run), shown.overview
    yield from shown.notes
    if overview.note:
        yield overview.note
    if overview.has_sums:
        yield SUMS
    yield loaded.published
    moment = manifest.created[:16].replace("T", " ")
    published = f", published {moment} UTC" if moment else ""
    cutoff = manifest.cutoff.removesuffix(" 00:00:00")
    zone = "" if shown.grid.zone is None else f"; time in {shown.grid.zone}"
    yield f"run {loaded.run.run_id}{published}, from rows up to {cutoff}{zone}"


def _training(run: Run) -> Figure:
    config = read_config(run)
    found = read_epochs(run, networks=config.model.ensemble, epochs=config.training.epochs)
    epochs = [{**asdict(epoch), "gap": epoch.gap} for epoch in found]
    with sound(run, "history.csv"):
        history = pd.DataFrame(epochs).astype(float)
    return training_figure(history, title=f"{_name(run)}: training", note=f"run {run.run_id}")


def _horizon(run: Run) -> Figure:
    config = read_config(run)
    metrics = read_metrics(run, horizon=config.windows.horizon)
    with sound(run, "metrics.json"):
        part, report = metrics.judged or ("", None)
        errors = {} if report is None else dict(_errors_by_step(run, report))
    if report is None or not errors:
        remedy = have_a_window(
            validation=config.split.validation,
            test=config.split.test,
            horizon=config.windows.horizon,
        )
        raise DataError(
            f"{run.path}: no errors to draw, as no test or validation window was left in training;"
            f" {remedy}, and train again"
        )
    note = (
        f"{part} part, {report.windows:,} windows; in brackets: mean of all steps; run {run.run_id}"
    )
    return horizon_figure(
        errors,
        title=f"{_name(run)}: error by step",
        note=note,
        measured=quantity(config.data),
    )


def _gates(shown: GatesShown) -> Figure:
    loaded, window = shown.loaded, shown.window
    rows, model = window.rows.layout.stamps(shown.index), loaded.config.model
    layers = list(map(partial(_drawn_layer, shown), shown.traces, shown.groups))
    hidden = f", first {MAX_LAYERS} of {len(layers)} layers" if len(layers) > MAX_LAYERS else ""
    inside = f"inside the {network_name(model.cell, model.units)}, up to"
    formula = memory_formula(shown.traces[0])
    memory = "" if formula is None else f"{BANDS}; memory: {formula}\n"
    first = f"first of {model.ensemble} networks; " if model.ensemble > 1 else ""
    return gates_figure(
        pd.DataFrame({"ds": rows, "y": shown.target}),
        shown.borders,
        layers[:MAX_LAYERS],
        label=window.unique_id,
        title=f"{_name(loaded.run)}: {inside} {stamp_text(window.cutoff)}{hidden}",
        note=f"{memory}{loaded.published}\n{first}values in original units; run"
        f" {loaded.run.run_id}",
    )


def _drawn_layer(shown: GatesShown, trace: Trace, groups: Sequence[Group]) -> DrawnLayer:
    used = 0 if trace.backward else len(shown.borders) - 2
    return DrawnLayer(
        title=_layer_title(shown, trace, groups),
        quantities=shown.quantities(trace),
        groups={group.name: group.units for group in groups},
        used=used if trace.layer == len(shown.loaded.config.model.units) else None,
    )


def _layer_title(shown: GatesShown, trace: Trace, groups: Sequence[Group]) -> str:
    """Which layer it is, and how many units of each group it has, with their memory lengths."""
    model, lengths = shown.loaded.config.model, memory_lengths(trace)
    which = [f"layer {trace.layer}"] if len(model.units) > 1 else []
    which += ["backwards" if trace.backward else "forwards"] if model.bidirectional else []
    if lengths is None:
        found = f"{model.units[trace.layer - 1]} units"
    else:
        ranges = ((group, lengths[list(group.units)]) for group in groups)
        found = ", ".join(
            f"{len(own)} {group.name} ({own.min():.2g} to {own.max():.2g} steps)"
            for group, own in ranges
        )
        found = f"memory of the units: {found}" if len(shown.traces) == 1 else found
    return ": ".join(filter(None, [", ".join(which), found]))


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


def _span(shown: ForecastsShown, horizon: int) -> str:
    cutoffs, steps = shown.future["cutoff"].unique(), next_steps(horizon, shown.grid)
    return f"{steps} after {stamp_text(cutoffs[0])}" if len(cutoffs) == 1 else steps


def _sums(asked: Asked) -> str:
    if asked.by is None:
        return ""
    return f", summed by {', '.join(asked.by)}" if asked.by else ", summed"


def _name(run: Run) -> str:
    return run.path.parent.name
