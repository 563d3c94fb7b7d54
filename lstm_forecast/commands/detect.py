"""``forecast detect``: rows of a table that are unlike what a run forecasts of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lstm_forecast.config.quantity import quantity
from lstm_forecast.detecting.detect import Judged, judge
from lstm_forecast.detecting.detection import Detection
from lstm_forecast.detecting.rarity import kinds_of
from lstm_forecast.detecting.reference import Reference
from lstm_forecast.errors import QUALITY_GATE, UsageError
from lstm_forecast.events import Listener, phase
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.forecasting.table import save_table, with_keys
from lstm_forecast.store import find_run, write_whole
from lstm_forecast.store.outputs import PICTURES, require_output, require_suffix
from lstm_forecast.tables.source import Source

__all__ = ["Asked", "Detected", "detect", "detect_run"]

SUFFIXES = (".csv", ".parquet")
MOST_RATE = 0.5  # share of usual steps that may be called anomalies
MOST_NAMED = 5  # series in a warning
TOLD_TIMES = 10  # times as rare as the known scores show, from which on a warning says so


@dataclass(frozen=True)
class Asked:
    """What is looked for."""

    data: Source | None = None  # newer history; None: what the run was trained on
    rate: float = 0.001  # share of usual steps that may be called anomalies
    last: int | None = None  # steps of every series; None: all that were not learned from


@dataclass(frozen=True)
class Detected:
    """What was found, and every step that was judged."""

    report: Detection
    table: pd.DataFrame  # unique_id, ds, y, expected, lo, hi, score, kind, anomaly


def detect(
    asked: Asked = Asked(),
    *,
    runs: Path,
    name: str | None = None,
    output: Path | None = None,
    picture: Path | None = None,
    listener: Listener,
) -> Detection:
    """Judge the rows of a table that a run did not learn from.

    Every step is written to ``output``, and the series with the rarest ones are drawn to
    ``picture``, each whole or not at all. Raises UsageError if the options do not fit the run,
    RunError if there is no sound run, DataError if the data do not fit it or hold nothing to judge,
    WriteError if writing fails.
    """
    require_suffix("--output", output, SUFFIXES)
    require_suffix("--plot", picture, PICTURES)
    loaded = load_run(find_run(runs, name))
    given = asked.data if isinstance(asked.data, Path) else None
    for option, path in (("--output", output), ("--plot", picture)):
        require_output(option, path, [given, loaded.data_path])
    detected = detect_run(loaded, asked, listener)
    if output is not None:
        table, suffix = detected.table, output.suffix.lower()
        write_whole(output, lambda staged: save_table(table, staged, suffix=suffix))
    if picture is not None:
        _draw(detected, loaded.config.name, quantity(loaded.config.data), picture)
    return detected.report


def detect_run(loaded: LoadedRun, asked: Asked, listener: Listener) -> Detected:
    """What ``detect`` finds, of a run that was loaded. Raises UsageError if it does not know usual
    rows or the rate is none, DataError if the data do not fit it or hold nothing to judge.
    """
    if not isinstance(asked.rate, float | int) or not 0 < asked.rate <= MOST_RATE:
        raise UsageError(f"rate {asked.rate}: expected a share above 0 and at most {MOST_RATE}")
    judged = judge(
        loaded,
        asked.data,
        rate=asked.rate,
        last=asked.last,
        progress=lambda done, total: listener.progress("forecasting", done, total),
    )
    table = with_keys(judged.verdicts.table(), loaded.config.data.series_columns)
    return Detected(_detection(judged, loaded, asked), table)


def _detection(judged: Judged, loaded: LoadedRun, asked: Asked) -> Detection:
    verdicts, layout = judged.verdicts, judged.panel.layout
    steps, anomalies = verdicts.steps, verdicts.anomalies()
    warnings = list(judged.panel.notes)
    if not judged.complete:
        warnings.append(
            "the rows up to the run's cutoff are not those that it was trained on: only rows after"
            " the cutoff are judged"
        )
    if judged.unjudged:
        warnings.append(
            f"{judged.unjudged:,} rows are not judged, as they lack what their forecast needs: rows"
            " without a gap before them, or covariates of the whole horizon"
        )
    names = loaded.forecaster.scaler.ids
    if absent := sorted(set(names) - set(layout.ids)):
        warnings.append(
            f"{len(absent):,} of {len(names):,} series of the run are not in the table:"
            f" {', '.join(absent[:MOST_NAMED])}{' ...' if len(absent) > MOST_NAMED else ''}"
        )
    warnings += _estimated(judged.reference, asked.rate, kinds_of(loaded.config.windows.horizon))
    return Detection(
        ok=not anomalies,
        exit_code=QUALITY_GATE if anomalies else 0,
        run=loaded.run.run_id,
        rate=asked.rate,
        steps=len(steps),
        first=verdicts.stamp(int(steps.ordinal.min())),
        last=verdicts.stamp(int(steps.ordinal.max())),
        usual=judged.reference.rows,
        anomalies=anomalies,
        by_kind=dict(Counter(each.kind for each in anomalies).most_common()),
        warnings=tuple(warnings),
    )


def _estimated(reference: Reference, rate: float, kinds: int) -> Iterator[str]:
    """What is to be doubted where few scores are known, for people."""
    known, rows = (
        reference.rows,
        f"{kinds / rate:,.0f} rows, for a rate of {rate:g} and {kinds} kinds",
    )
    if not np.isfinite(reference.spikes.threshold(rate / kinds)):
        yield (
            f"{known:,} scores of usual rows are too few to tell what happens once in {rows}: no"
            " spike, level or pattern can be found; train with more rows, or judge at a larger rate"
        )
    elif rate / kinds < 1 / (TOLD_TIMES * (known + 1)):
        yield (
            f"{known:,} scores of usual rows do not show what happens once in {rows}: the rarest"
            " are judged by a distribution of the largest tenth"
        )


def _draw(detected: Detected, name: str, measured: str, path: Path) -> None:
    from lstm_forecast.pictures.anomalies import anomalies_figure
    from lstm_forecast.pictures.style import MAX_PANELS, Labels, write_figure

    phase("drawing")
    table, found = detected.table, detected.report
    highest = table.groupby("unique_id", sort=False)["score"].max()
    shown = list(highest.sort_values(ascending=False, kind="stable").index[:MAX_PANELS])
    count = len(found.anomalies)
    others = len(highest) - len(shown)
    note = f"{count:,} {'anomaly' if count == 1 else 'anomalies'} among {found.steps:,} steps"
    if others:
        note += f"; {others:,} series with less rare steps are not shown"
    figure = anomalies_figure(
        table[table["unique_id"].isin(shown)],
        shown,
        title=f"{name}: what is unlike the forecast, at a rate of {found.rate:g}",
        note=note,
        labels=Labels(axes=dict.fromkeys(shown, measured)),
    )
    write_figure(figure, path)
