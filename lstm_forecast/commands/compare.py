"""``forecast compare``: variations of a config, trained alike and set side by side.

Nothing is published.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lstm_forecast.config.quantity import quantity
from lstm_forecast.config.schema import Config
from lstm_forecast.config.variations import Variation
from lstm_forecast.documents import plain_values
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.events import Epoch, Listener
from lstm_forecast.forecasting.table import save_table
from lstm_forecast.forecasting.timing import Timing, fastest, time_network
from lstm_forecast.judging.comparison import (
    Comparison,
    ErrorSpreads,
    Row,
    comparison_table,
)
from lstm_forecast.judging.metrics import errors
from lstm_forecast.judging.parts import Part, linear_forecast
from lstm_forecast.judging.spread import Spread, spread
from lstm_forecast.model.ensemble import Member, with_context
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.network.startup import start_keras
from lstm_forecast.model.onnx.graph import onnx_graph
from lstm_forecast.panel.split import have_a_window
from lstm_forecast.store import write_whole
from lstm_forecast.store.outputs import PICTURES, require_output, require_suffix
from lstm_forecast.store.report import Errors
from lstm_forecast.training.fit import fit
from lstm_forecast.training.prepare import prepare
from lstm_forecast.training.prepared import Prepared

__all__ = ["compare"]

TABLES = (".csv", ".parquet", ".json")
TIMES_CONTEXT = (1, 4, 16)  # the contexts that are timed, in those of the config
# Everything is timed so often, in turn. The fastest time counts, as what else the machine does only
# adds to it.
TIMED_ROUNDS = 3


@dataclass(frozen=True)
class _Outcome:
    """One training."""

    members: tuple[Member, ...]
    errors: Errors
    epoch: float  # kept; like the gap a mean over the members
    gap: float | None
    seconds: float
    cpu_seconds: float


def compare(
    config: Config,
    variations: Sequence[Variation],
    *,
    config_path: Path,
    seeds: Sequence[int],
    contexts: Sequence[int] = (),
    output: Path | None = None,
    picture: Path | None = None,
    listener: Listener,
) -> Comparison:
    """Train every variation with every seed, and compare errors on the test part, or else on the
    validation part.

    What the config leaves to ``auto`` is decided once, so that variations differ in what they name
    alone. Predictions are timed for each of ``contexts``. Raises UsageError and ConfigError where
    variations or options do not fit, DataError if the data do not allow training, all before the
    first one; WriteError if writing fails.
    """
    data_path = config.data.located(config_path.parent)
    _require_places(output, picture, [config_path, data_path])
    base = prepare(config, data_path)
    part = _judged(base)
    prepared = {variation: _varied(base, variation, config_path) for variation in variations}
    contexts = contexts or [times * base.framing.context_length for times in TIMES_CONTEXT]
    _require_segments(prepared, contexts)
    baselines = _baselines(base, getattr(base, part))
    outcomes = _train(prepared, part, seeds, listener)
    timings = _time(outcomes, contexts, listener)
    comparison = Comparison(
        name=config.name,
        part=part,
        windows=len(getattr(base, part).windows),
        seeds=tuple(seeds),
        variations=tuple(_row(each, outcomes[each], timings[each]) for each in variations),
        baselines=baselines,
    )
    _save(comparison, output, picture, measured=quantity(config.data))
    return comparison


def _judged(base: Prepared) -> str:
    """The newest part that has a window: errors on it are compared."""
    if not base.parts:
        split = base.config.split
        remedy = have_a_window(
            validation=split.validation, test=split.test, horizon=base.framing.horizon
        )
        raise DataError(f"no test or validation window is left to compare errors on; {remedy}")
    return list(base.parts)[-1]


def _varied(base: Prepared, variation: Variation, config_path: Path) -> Prepared:
    """The config with its choices made, varied; the data are prepared anew only where they have to
    be.
    """
    config = variation.applied(base.config)
    if _data_key(config) == _data_key(base.config):
        return replace(base, config=config)
    prepared = prepare(config, config.data.located(config_path.parent))
    part = _judged(base)
    if not _same_values(getattr(base, part), getattr(prepared, part)):
        raise UsageError(
            f"{variation.option} {variation.name}: its {part} windows hold other values than those"
            " of the config, or another season, so that errors could not be compared; set data,"
            " split, horizon, season_length and evaluation_stride for all variations, with --set,"
            " and leave longer contexts room"
        )
    return prepared


def _data_key(config: Config) -> tuple[Any, ...]:
    """What decides windows and their values."""
    return (
        config.data,
        config.split,
        config.preprocessing,
        config.windows,
        config.melted,
        config.statistics_length,
    )


def _same_values(part: Part, other: Part | None) -> bool:
    """Whether two parts judge by the same values and scales, in whatever order."""
    return other is not None and all(
        np.array_equal(np.sort(a, axis=None), np.sort(b, axis=None))
        for a, b in ((part.actual, other.actual), (part.scale, other.scale))
    )


def _require_segments(prepared: Mapping[Variation, Prepared], contexts: Sequence[int]) -> None:
    for variation, one in prepared.items():
        segment = one.config.model.segment_length
        if wrong := [n for n in contexts if n % segment]:
            raise UsageError(
                f"a context of {wrong[0]} cannot be timed: model.segment_length is {segment} in the"
                f" variation {variation.name}; give --contexts that are multiples of it"
            )


def _train(
    prepared: Mapping[Variation, Prepared], part: str, seeds: Sequence[int], listener: Listener
) -> dict[Variation, list[_Outcome]]:
    """All outcomes by seed.

    Variations take turns, so that a busy hour of the machine hits none alone.
    """
    jobs = [(variation, seed) for seed in seeds for variation in prepared]
    total = sum(_epochs(prepared[variation].config) for variation, _ in jobs)
    outcomes: dict[Variation, list[_Outcome]] = {variation: [] for variation in prepared}
    done = 0
    start_keras()  # no variation is charged for it
    for number, (variation, seed) in enumerate(jobs, start=1):
        one, label = prepared[variation], f"{variation.name}, seed {seed}"
        seeded = replace(one, config=one.config.model_copy(update={"seed": seed}))
        outcome = _trained(
            seeded,
            part,
            partial(_report, listener, label, seeded.config.training.epochs, done, total),
        )
        outcomes[variation].append(outcome)
        done += _epochs(one.config)
        shown = (
            f"MAE {outcome.errors.mae:.4g}, kept epoch {outcome.epoch:g}, {outcome.seconds:.1f} s"
        )
        figures = {
            "epoch": outcome.epoch,
            "seconds": outcome.seconds,
            "errors": plain_values(outcome.errors),
        }
        text = f"{label}: {shown} ({number} of {len(jobs)})"
        listener.note(text, event="compared", variation=variation.name, seed=seed, **figures)
    return outcomes


def _epochs(config: Config) -> int:
    return config.training.epochs * config.model.ensemble


def _report(
    listener: Listener, label: str, epochs: int, done: int, total: int, epoch: Epoch
) -> None:
    listener.progress(label, done + epochs * (epoch.network - 1) + epoch.epoch, total)


def _trained(prepared: Prepared, name: str, report: Callable[[Epoch], None]) -> _Outcome:
    """Train once; what the network itself is worth, without a fallback, and before it learns from
    all rows.
    """
    start, cpu_start = time.perf_counter(), time.process_time()
    fitted = fit(prepared, report)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    forecaster = prepared.forecaster(onnx_graph(fitted.members))
    part: Part = getattr(prepared, name)
    forecast = forecaster.on_windows(part.windows, part.series)
    found = errors(forecast[..., forecast.shape[-1] // 2], part.actual, part.scale)
    gaps = [epoch.gap for epoch in fitted.kept if epoch.gap is not None]
    gap = statistics.fmean(gaps) if len(gaps) == len(fitted.kept) else None
    return _Outcome(
        fitted.members, found, statistics.fmean(fitted.epochs), gap, seconds, cpu_seconds
    )


def _baselines(base: Prepared, part: Part) -> tuple[Row, ...]:
    """The ridge on the same windows, and simpler forecasts, which need no training."""
    ridge = fit_linear(base.windows())
    forecasts = {
        "ridge": linear_forecast(ridge, part.windows, base.scaler, part.series),
        **part.baselines,
    }
    parameters = {"ridge": ridge.kernel.size + ridge.bias.size}
    return tuple(
        Row(
            name, (), _spreads([errors(forecast, part.actual, part.scale)]), parameters.get(name, 0)
        )
        for name, forecast in forecasts.items()
    )


def _time(
    outcomes: Mapping[Variation, Sequence[_Outcome]], contexts: Sequence[int], listener: Listener
) -> dict[Variation, dict[int, Timing]]:
    """How fast each variation predicts, by context length."""
    members = {variation: results[0].members for variation, results in outcomes.items()}
    text = f"timing predictions from contexts of {', '.join(f'{n:,}' for n in contexts)} rows"
    listener.note(text, event="phase", contexts=list(contexts))
    rounds = [
        {(variation, n): _timing(own, n) for variation, own in members.items() for n in contexts}
        for _ in range(TIMED_ROUNDS)
    ]
    return {
        variation: {n: fastest([found[variation, n] for found in rounds]) for n in contexts}
        for variation in members
    }


def _timing(members: Sequence[Member], context_length: int) -> Timing:
    network = onnx_graph([with_context(member, context_length) for member in members])
    return time_network(
        network, context_length=context_length, n_features=members[0].spec.channels.n_features
    )


def _row(variation: Variation, outcomes: Sequence[_Outcome], timings: Mapping[int, Timing]) -> Row:
    return Row(
        name=variation.name,
        settings=variation.settings,
        errors=_spreads([outcome.errors for outcome in outcomes]),
        parameters=sum(
            weight.size for member in outcomes[0].members for weight in member.weights.values()
        ),
        epoch=spread(outcome.epoch for outcome in outcomes),
        gap=spread(outcome.gap for outcome in outcomes),
        seconds=spread(outcome.seconds for outcome in outcomes),
        cpu_seconds=spread(outcome.cpu_seconds for outcome in outcomes),
        timings=timings,
    )


def _spreads(by_seed: Sequence[Errors]) -> ErrorSpreads:
    return ErrorSpreads(
        mae=spread(found.mae for found in by_seed),
        rmse=spread(found.rmse for found in by_seed),
        smape=spread(found.smape for found in by_seed),
        mase=spread(found.mase for found in by_seed),
    )


def _require_places(output: Path | None, picture: Path | None, inputs: Sequence[Path]) -> None:
    """Raise UsageError for a format that cannot be written or a file that is read, WriteError
    without a directory.
    """
    for option, path, suffixes in (("--output", output, TABLES), ("--plot", picture, PICTURES)):
        require_suffix(option, path, suffixes)
        require_output(option, path, inputs)


def _save(
    comparison: Comparison, output: Path | None, picture: Path | None, *, measured: str
) -> None:
    """Write the table and draw the picture where they are wanted.

    Raises WriteError if that fails.
    """
    if output is not None:
        write_whole(output, lambda staged: _write(comparison, staged, suffix=output.suffix.lower()))
    if picture is not None:
        _draw(comparison, picture, measured)


def _write(comparison: Comparison, path: Path, *, suffix: str) -> None:
    if suffix == ".json":
        path.write_text(
            json.dumps(comparison.content(), ensure_ascii=False, allow_nan=False),
            encoding="utf-8",
        )
    else:
        save_table(comparison_table(comparison), path, suffix=suffix)


def _draw(comparison: Comparison, path: Path, measured: str) -> None:
    from lstm_forecast.pictures.compare import compare_figure
    from lstm_forecast.pictures.style import write_figure

    figure = compare_figure(
        errors={row.name: _known(row.errors.mae) for row in comparison.variations},
        baselines={row.name: row.errors.mae.median for row in comparison.baselines},
        latencies={
            row.name: {n: timing.latency_ms for n, timing in row.timings.items()}
            for row in comparison.variations
        },
        title=f"{comparison.name}: error and speed, seeds {', '.join(map(str, comparison.seeds))}",
        note=(
            f"{comparison.part} part, {comparison.windows:,} windows; latency with ONNX Runtime on"
            " one thread"
        ),
        measured=measured,
    )
    write_figure(figure, path)


def _known(found: Spread) -> list[float]:
    return [value for value in found.values if value is not None]
