"""Networks trained on prepared panels, chosen by the validation part, and evaluated."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.detecting.reference import Reference, make_reference
from lstm_forecast.events import Epoch, Listener, phase
from lstm_forecast.forecasting.calibration import Calibration, with_floor
from lstm_forecast.forecasting.doubts import doubtful_intervals
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import with_shown_levels
from lstm_forecast.judging.parts import (
    linear_forecast,
    part_report,
    part_table,
    require_finite,
)
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.onnx.graph import n_parameters, onnx_graph
from lstm_forecast.panel.survey import repair_notes
from lstm_forecast.store import Checkpoints
from lstm_forecast.store.report import Report, Reports
from lstm_forecast.training.choose import choose
from lstm_forecast.training.fit import Learned, Warm, fit, learn_again, members_of
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.publish import Trained
from lstm_forecast.training.rehearsal import rehearse
from lstm_forecast.training.specs import network_spec

__all__ = ["learn", "learn_all_rows", "start_checkpoints"]

Floats = NDArray[np.float64]
# On ETTh1 grown by three months this came within 0.1 % of the errors from scratch in 0.39 of the
# time, in the median of 3 seeds (tests/benchmarks/reliability/warm.py); a twelfth did so too, but
# what is new there is little.
WARM_EPOCHS = 1 / 3


def start_checkpoints(home: Path, listener: Listener, *, resume: bool) -> Checkpoints:
    """Where states of trainings are kept until they are published; old ones stay only to be
    resumed.
    """
    checkpoints = Checkpoints(home, resume=resume, note=partial(listener.note, event="checkpoint"))
    if not resume:
        checkpoints.clear()
    return checkpoints


def learn(
    prepared: Prepared,
    listener: Listener,
    *,
    warm: Warm = None,
    checkpoints: Checkpoints | None = None,
) -> Trained:
    """Train on the training part, choose by the validation part, and evaluate.

    Networks that start from ``warm`` weights take a third of the epochs.
    """
    _describe_data(prepared, listener)
    _describe_network(prepared, listener)
    mib = rehearse(prepared).mib
    listener.note(f"memory: about {mib:,.0f} MiB", event="memory", mib=mib)
    fitted = fit(
        _lesson(prepared, warm), _reporter(prepared, listener), warm=warm, checkpoints=checkpoints
    )
    phase("judging")
    choice = choose(prepared, fitted)
    prepared = prepared.with_share(choice.pretrained, choice.reason)
    members = members_of(prepared, fitted, choice.published)
    evaluated = onnx_graph(members)
    parts = prepared.parts
    forecaster, calibrations = _calibrated(prepared, prepared.forecaster(evaluated))
    forecasts = {
        name: forecaster.on_windows(part.windows, part.series) for name, part in parts.items()
    }
    log = bool(prepared.config.preprocessing.log)
    for name, part in parts.items():
        require_finite(part, forecasts[name], prepared.layout, log=log)
    _describe_intervals(prepared, forecasts, forecaster.levels, listener)
    metrics = _reports(prepared, forecasts, forecaster.quantiles)
    table = _test_table(prepared, forecasts.get("test"), forecaster.quantiles)
    usual = _usual_rows(prepared, replace(forecaster, calibration=calibrations["network"]))
    return Trained(
        prepared, fitted, members, evaluated, calibrations, choice, metrics, table, usual
    )


def learn_all_rows(
    trained: Trained,
    listener: Listener,
    *,
    warm: Warm = None,
    checkpoints: Checkpoints | None = None,
    before_test: bool = False,
) -> Learned:
    """The same network or simpler forecast, trained the same way on all rows, or on all
    ``before_test`` begins.
    """
    prepared = trained.prepared
    if not prepared.parts:
        return trained.learned
    if before_test:
        prepared = replace(prepared, split=replace(prepared.split, end=prepared.split.test_start))
    else:
        listener.note("training again on all rows, for the forecasts to come")
    lesson, report = _lesson(prepared, warm), _reporter(prepared, listener)
    return learn_again(
        lesson, trained.fitted, trained.choice.published, report, warm=warm, checkpoints=checkpoints
    )


def _lesson(prepared: Prepared, warm: Warm) -> Prepared:
    """What is trained on: with fewer epochs for networks that know most of it already."""
    if warm is None:
        return prepared
    training = prepared.config.training
    shorter = training.model_copy(update={"epochs": math.ceil(WARM_EPOCHS * training.epochs)})
    return replace(prepared, config=prepared.config.model_copy(update={"training": shorter}))


def _reporter(prepared: Prepared, listener: Listener) -> Callable[[Epoch], None]:
    return lambda epoch: listener.epoch(epoch, prepared.config.training.epochs)


def _describe_data(prepared: Prepared, listener: Listener) -> None:
    facts, windows = prepared.facts, prepared.facts.windows
    listener.note(
        f"{facts.rows:,} rows in {facts.series:,} series, freq {facts.freq}, up to"
        f" {facts.cutoff}; windows: {windows.training:,} training, {windows.validation:,}"
        f" validation, {windows.test:,} test",
        event="data",
        rows=facts.rows,
        series=facts.series,
        freq=facts.freq,
        cutoff=facts.cutoff,
        windows=windows.content(),
    )
    for warning in facts.warnings:
        listener.note(f"warning: {warning}")
    _describe_repairs(prepared, listener)
    if support := facts.resolved.get("preprocessing.support"):
        listener.note(f"preprocessing.support: {support}", event="choice")
    for doubt in prepared.doubts:
        listener.note(doubt, event="warning")
    if padded := facts.padded_series:
        listener.note(
            f"{padded:,} series are shorter than windows.context_length + windows.horizon: their"
            " windows are padded on the left and masked",
            event="repair",
            series=padded,
        )
    if prepared.validation is None:
        listener.note("no validation windows: training runs all epochs and keeps the last weights")


def _describe_repairs(prepared: Prepared, listener: Listener) -> None:
    """Say what policies changed, and what was left out."""
    facts = prepared.facts
    for note in repair_notes(prepared.config.data, facts.repairs):
        listener.note(note, event="repair")
    if rows := facts.future_rows:
        listener.note(
            f"{rows:,} rows behind the last target of their series: left out",
            event="repair",
            rows=rows,
        )
    if left_out := facts.unobserved_windows:
        text = (
            f"{left_out:,} more training windows left out: a value among their targets was not"
            " observed"
        )
        listener.note(text, event="repair", windows=left_out)
    for column, count in facts.unseen_categories.items():
        text = (
            f"column {column}: {count:,} series have a value that is none of"
            " data.covariates.categories"
        )
        listener.note(text, event="finding", column=column, series=count)


def _describe_intervals(
    prepared: Prepared, forecasts: Mapping[str, Floats], levels: tuple[int, ...], listener: Listener
) -> None:
    """Say which intervals of the newest evaluated part have no width, or are far too wide."""
    if not forecasts:
        return
    name, ids = list(forecasts)[-1], prepared.ids
    for doubt in doubtful_intervals(
        forecasts[name], prepared.parts[name].series, prepared.ranges, ids, levels
    ):
        listener.note(f"{name} part: {doubt}")


def _describe_network(prepared: Prepared, listener: Listener) -> None:
    """Print the four things that people get wrong."""
    config = prepared.config
    spec = network_spec(prepared, prepared.framing.context_length, 0)
    width = spec.segment_units or spec.segment_length * spec.channels.n_features
    parameters = n_parameters(spec)
    listener.note(
        f"input dimension {width}"
        + (
            f" (segments of {spec.segment_length} steps x {spec.channels.n_features} features)"
            if spec.segment_length > 1
            else ""
        )
        + f", sequence length {spec.n_steps}, hidden size {' + '.join(map(str, spec.units))}"
        + (" in each direction" if spec.bidirectional else "")
        + f", output taken from the last of the {spec.n_steps} steps; {spec.cell}, {parameters:,}"
        " parameters"
        + (f", {config.model.ensemble} networks" if config.model.ensemble > 1 else ""),
        event="network",
        cell=spec.cell,
        parameters=parameters,
        networks=config.model.ensemble,
        input_dimension=width,
        sequence_length=spec.n_steps,
        hidden_size=list(spec.units),
    )


def _calibrated(
    prepared: Prepared, forecaster: Forecaster
) -> tuple[Forecaster, dict[str, Calibration]]:
    """What is evaluated, calibrated on the validation part, and the calibrations of both networks
    of the run.

    The published network gets that of what the evaluated one did on all rows that it did not learn
    from.
    """
    config, parts = prepared.config, list(prepared.parts.values())
    if config.model.calibration == "none" or prepared.validation is None:
        unjudged = config.model.calibration != "none"
        calibration = with_floor(forecaster.calibration) if unjudged else forecaster.calibration
        return replace(forecaster, calibration=calibration), dict.fromkeys(
            ("evaluated", "network"), calibration
        )
    per_series = config.model.calibration == "series"
    # the validation part comes first
    trials = [forecaster.trials(part.windows, part.series) for part in parts]
    published = forecaster.calibrated(trials, per_series=per_series)
    evaluated = forecaster.calibrated(trials[:1], per_series=per_series)
    return with_shown_levels(evaluated, config.model.levels), {
        "evaluated": evaluated.calibration,
        "network": published.calibration,
    }


def _usual_rows(prepared: Prepared, forecaster: Forecaster) -> Reference | None:
    """What ``forecast detect`` compares rows with."""
    if prepared.validation is None:
        return None
    layout, n_targets = prepared.layout, prepared.channels.n_targets
    series = layout.series_of(np.arange(len(prepared.values)))
    scaled = prepared.values[:, None, :n_targets]
    actual = prepared.scaler.invert(scaled, series, n_targets=n_targets)[:, 0]
    return make_reference(forecaster, layout, prepared.split, prepared.values, actual)


def _reports(
    prepared: Prepared, forecasts: Mapping[str, Floats], quantiles: Sequence[float]
) -> Reports:
    """Errors by part, beside the simple forecasts and a ridge on the same windows."""
    linear, reports = fit_linear(prepared.windows()), dict[str, Report]()
    for name, part in prepared.parts.items():
        ridge = linear_forecast(linear, part.windows, prepared.scaler, part.series)
        reports[name] = part_report(
            part, forecasts[name], quantiles=quantiles, baselines={"ridge": ridge}
        )
    return Reports(validation=reports.get("validation"), test=reports.get("test"))


def _test_table(
    prepared: Prepared, forecast: Floats | None, quantiles: Sequence[float]
) -> pd.DataFrame:
    """Test forecasts beside the actual values, in long format; no rows without a test window."""
    config, part = prepared.config, prepared.test
    if part is None or forecast is None:
        return pd.DataFrame({"unique_id": [], "ds": [], "cutoff": [], "y": [], config.name: []})
    return part_table(
        prepared.layout,
        part,
        forecast,
        name=config.name,
        ids=prepared.ids,
        quantiles=quantiles,
        baselines={},
    )
