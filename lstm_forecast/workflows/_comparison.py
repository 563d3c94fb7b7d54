"""What ``forecast compare`` found: as values, as a table and as a picture."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.evaluation.spread import Spread
from lstm_forecast.inference.table import save_table
from lstm_forecast.inference.timing import Timing
from lstm_forecast.store import write_whole
from lstm_forecast.workflows._output import require_output, require_suffix

__all__ = ["METRICS", "Comparison", "Row", "comparison_json", "comparison_table", "require_places", "save"]

METRICS = ("mae", "rmse", "smape", "mase")
TABLES, PICTURES = (".csv", ".parquet", ".json"), (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Row:
    """What a variation, or a baseline, can do and what it costs."""

    name: str
    settings: tuple[str, ...]  # key=value; none: a baseline
    errors: Mapping[str, Spread]  # by METRICS, in original units
    parameters: int  # of all networks, without their linear parts; of a baseline its own
    epoch: Spread | None = None  # kept, of training.epochs; 0: nothing beyond the start; mean over an ensemble
    gap: Spread | None = None  # validation loss - training loss of the kept epoch; mean over an ensemble
    seconds: Spread | None = None  # to train, the start of Keras left out
    cpu_seconds: Spread | None = None  # the same on all cores, which other programs lengthen less
    timings: Mapping[int, Timing] = field(default_factory=dict)  # by context length, on one thread


@dataclass(frozen=True)
class Comparison:
    """Variations of one config, judged on the same windows."""

    name: str  # of the config
    part: str  # test or validation
    windows: int
    seeds: tuple[int, ...]
    variations: tuple[Row, ...]
    baselines: tuple[Row, ...]


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """All figures, those of every seed included, as plain values."""
    return {"ok": True, **asdict(comparison)}


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """One row for each variation and baseline; ``mae`` is a median over the seeds, from ``mae_low`` to ``mae_high``."""
    return pd.DataFrame([dict(_cells(row)) for row in (*comparison.variations, *comparison.baselines)])


def _cells(row: Row) -> Iterator[tuple[str, Any]]:
    yield "name", row.name
    yield "settings", " ".join(row.settings)
    training = {label: getattr(row, label) for label in ("epoch", "gap", "seconds", "cpu_seconds")}
    for label, found in {**row.errors, **training}.items():
        for suffix, value in {"": "median", "_low": "low", "_high": "high"}.items():
            yield f"{label}{suffix}", getattr(found, value, None)
    yield "parameters", row.parameters
    for context_length, timing in row.timings.items():
        yield f"latency_ms_{context_length}", timing.latency_ms
        yield f"windows_per_second_{context_length}", timing.windows_per_second


def require_places(output: Path | None, picture: Path | None, inputs: Sequence[Path]) -> None:
    """Raise UsageError for a format that cannot be written or a file that is read, WriteError without a directory."""
    for option, path, suffixes in (("--output", output, TABLES), ("--plot", picture, PICTURES)):
        require_suffix(option, path, suffixes)
        require_output(option, path, inputs)


def save(comparison: Comparison, output: Path | None, picture: Path | None) -> None:
    """Write the table and draw the picture where they are wanted. Raises WriteError if that fails."""
    if output is not None:
        write_whole(output, lambda staged: _write(comparison, staged, suffix=output.suffix.lower()))
    if picture is not None:
        _draw(comparison, picture)


def _write(comparison: Comparison, path: Path, *, suffix: str) -> None:
    if suffix == ".json":
        path.write_text(json.dumps(comparison_json(comparison), ensure_ascii=False, allow_nan=False), encoding="utf-8")
    else:
        save_table(comparison_table(comparison), path, suffix=suffix)


def _draw(comparison: Comparison, path: Path) -> None:
    from lstm_forecast.plotting.compare import compare_figure
    from lstm_forecast.plotting.style import save_figure

    figure = compare_figure(
        errors={row.name: _known(row.errors["mae"]) for row in comparison.variations},
        baselines={row.name: row.errors["mae"].median for row in comparison.baselines},
        latencies={
            row.name: {n: timing.latency_ms for n, timing in row.timings.items()} for row in comparison.variations
        },
        title=f"{comparison.name}: error and speed, seeds {', '.join(map(str, comparison.seeds))}",
        note=f"{comparison.part} part, {comparison.windows:,} windows; latency with ONNX Runtime on one thread",
    )
    write_whole(path, lambda staged: save_figure(figure, staged, suffix=path.suffix.lower()))


def _known(found: Spread) -> list[float]:
    return [value for value in found.values if value is not None]
