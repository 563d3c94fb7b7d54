"""From a config to scaled windows: what every subcommand that trains starts with."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import SplitConfig
from lstm_forecast.errors import ConfigError, DataError
from lstm_forecast.events import phase
from lstm_forecast.forecasting.doubts import (
    doubtful_season,
    doubtful_support,
    outside_support,
    target_ranges,
)
from lstm_forecast.forecasting.table import seen_by_networks
from lstm_forecast.judging.parts import make_parts
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.scale import fit_config_scaler
from lstm_forecast.panel.split import MIN_CONTEXT, Fold, Split, split_rows
from lstm_forecast.panel.survey import read_panel, survey_table
from lstm_forecast.store.manifest import Facts, WindowCounts
from lstm_forecast.tables.fingerprint import fingerprint
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.source import Source
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.resolve import resolve
from lstm_forecast.windows.windows import make_windows

__all__ = ["prepare", "prepare_panel"]


MIN_EVALUATION_WINDOWS = 200  # about: below, windows overlap, as a few errors say little
MOST_NUMBERS = 2**27  # of a linear part: larger graphs cannot be written
# about; more would change no reported error visibly, and cost time in every epoch
MAX_EVALUATION_WINDOWS = 20_000


def prepare(config: Config, source: Source) -> Prepared:
    """Read, check, split and scale. Raises DataError where the data do not allow training."""
    limit = config.training.memory_limit
    read = read_panel(config.data, source, memory_limit=limit, training=True)
    return prepare_panel(config, *read)


def prepare_panel(
    config: Config,
    panel: Panel,
    table: Table,
    *,
    test_from: int | None = None,
    fold: Fold | None = None,
) -> Prepared:
    """Split and scale what ``read_panel`` gave.

    The test part begins at number ``test_from`` on the grid, if that is given. With a ``fold`` it
    is that one, and no later row is there.
    """
    config = _with_categories(config, panel)
    _require_room(config)
    future_rows = 0 if panel.later is None else len(panel.later.codes)
    panel = seen_by_networks(panel, config.data, melted=config.melted)
    config, panel, split = _cut(config, panel, table, test_from=test_from, fold=fold)
    config, reasons = resolve(config, panel, split)
    phase("scaling, and laying out windows")
    whole, panel = panel, _without_short(config, panel, split)
    split = _split(config, panel.layout, test_from)
    short = _too_short(config, panel.layout, split)
    config, counted = _resolved(config, panel.layout, split, short)
    starts, outliers = split.validation_start, config.data.outliers
    scaler = fit_config_scaler(config.preprocessing, panel, starts, outliers=outliers)
    skipped = _without(whole, panel)
    facts = replace(
        _facts_of(config, panel, table),
        future_rows=future_rows,
        repairs=_repairs(panel, outliers=scaler.outliers(panel), short_series=len(skipped)),
        skipped_series=skipped,
        padded_series=int(short.sum()) if config.windows.padding else 0,
        resolved={**reasons, **counted},
    )
    values = scaler.transform(panel)
    prepared = Prepared(config, panel.layout, split, scaler, values, None, None, facts)
    if not (count := len(prepared.windows())):
        raise _no_windows(prepared)
    return _with_counts(_with_parts(prepared, panel), training=count)


def _cut(
    config: Config, panel: Panel, table: Table, *, test_from: int | None, fold: Fold | None
) -> tuple[Config, Panel, Split]:
    """Split the panel, which is cut where the ``fold`` ends, if there is one; then the config has
    the parts of the fold.
    """
    layout, split = panel.layout, _split(config, panel.layout, test_from)
    if fold is None:
        return config, _without_lines_ahead(config, panel, split, table), split
    config, ends = _split_of_fold(config, split, fold)
    split = _split(config, layout, None, ends=np.maximum(ends, layout.offsets[:-1]))
    panel = _without_lines_ahead(config, panel, split, table)
    panel = _up_to(panel, split.end, config.windows.horizon)
    return config, panel, _split(config, panel.layout, None)


def _with_parts(prepared: Prepared, panel: Panel) -> Prepared:
    """What will be judged, and what is doubtful."""
    config, split = prepared.config, prepared.split
    own = panel.values[:, prepared.channels.targets]
    support = config.preprocessing.support
    borders = {
        "validation": (split.validation_start, split.test_start),
        "test": (split.test_start, split.end),
    }
    judged = {name: prepared.evaluation_windows(*border) for name, border in borders.items()}
    parts = make_parts(panel, split, judged, season_length=config.windows.season_length)
    if 2 * outside_support(support, own) > len(own):
        raise DataError(
            f"preprocessing.support: {support}: most rows hold a target outside of it"
            f" ({np.nanmin(own):.6g} to {np.nanmax(own):.6g}); set real, or leave it to auto"
        )
    season = doubtful_season(config.windows.season_length, panel.layout)
    return replace(
        prepared,
        validation=parts["validation"],
        test=parts["test"],
        ranges=target_ranges(panel.layout, own),
        doubts=(*season, *doubtful_support(support, own)),
    )


def _without(whole: Panel, panel: Panel) -> tuple[str, ...]:
    """The series of the ``whole`` that are not in the panel."""
    kept = set(panel.layout.ids)
    return tuple(name for name in whole.layout.ids if name not in kept)


def _repairs(panel: Panel, **more: int) -> dict[str, int]:
    """What was changed by kind: in the panel, and ``more`` where there is any."""
    return {**panel.repairs, **{kind: count for kind, count in more.items() if count}}


def _facts_of(config: Config, panel: Panel, table: Table) -> Facts:
    """What the data are, for the manifest."""
    layout = panel.layout
    return Facts(
        freq=layout.grid.freq,
        timezone=layout.grid.zone,
        cutoff=str(layout.newest),
        columns=(*config.data.targets, *config.data.covariates.past, *panel.known.columns),
        unseen_categories=dict(panel.unseen),
        rows=len(table.frame),
        series=len(layout.ids),
        windows=WindowCounts(),
        warnings=tuple(panel.notes),
        data_sha256=fingerprint(table),
    )


def _with_counts(prepared: Prepared, *, training: int) -> Prepared:
    """Count the windows of each part, and those left out as a target was not observed."""
    judged = {name: len(part.windows) for name, part in prepared.parts.items()}
    counts = WindowCounts(
        training=training,
        validation=judged.get("validation", 0),
        test=judged.get("test", 0),
    )
    every = make_windows(
        prepared.layout,
        prepared.values,
        prepared.framing,
        replace(prepared.channels, n_flagged=0),
        part_starts=prepared.split.train_start,
        part_ends=prepared.split.validation_start,
    )
    left_out = len(every) - training
    facts = replace(prepared.facts, windows=counts, unobserved_windows=left_out)
    return replace(prepared, facts=facts)


def _require_room(config: Config) -> None:
    """Raise ConfigError for a context and a horizon of which no linear part can be kept."""
    numbers = config.n_outputs * (config.windows.context_length or 1) * config.windows.horizon
    if numbers > MOST_NUMBERS:
        raise ConfigError(
            f"windows.context_length x windows.horizon: their linear part would have {numbers:,}"
            f" numbers, and {MOST_NUMBERS:,} are possible; make one of them smaller"
        )


def _without_lines_ahead(config: Config, panel: Panel, split: Split, table: Table) -> Panel:
    """The panel without lines that ``missing: interpolate`` drew to a value of a later part: the
    last value instead.
    """
    if config.data.missing != "interpolate":
        return panel
    known, _ = survey_table(
        config.data.model_copy(update={"missing": "ffill"}), table, end=config.data.end
    )
    known = seen_by_networks(known, config.data, melted=config.melted)
    drawn, values = (panel.values != known.values) & ~np.isnan(panel.values), panel.values.copy()
    for border in np.unique([split.validation_start, split.test_start, split.end]):
        for column in np.flatnonzero(drawn[border - 1]):
            given = np.flatnonzero(~drawn[:border, column])
            hole = slice(given[-1] + 1, border)
            values[hole, column] = known.values[hole, column]
    return replace(panel, values=values)


def _split(
    config: Config, layout: Layout, test_from: int | None, *, ends: NDArray[np.int64] | None = None
) -> Split:
    return split_rows(
        layout,
        validation=config.split.validation,
        test=config.split.test,
        horizon=config.windows.horizon,
        ends=ends,
        test_from=test_from,
    )


def _split_of_fold(config: Config, split: Split, fold: Fold) -> tuple[Config, NDArray[np.int64]]:
    """The config with the parts of a fold, and the row behind the last one of it, (n_series,)."""
    usual = int(np.median(split.test_start - split.validation_start))
    rows = max(config.windows.horizon, usual // fold.of)
    dated = isinstance(config.split.validation, str)
    parts = SplitConfig(validation=usual if dated else config.split.validation, test=rows)
    return config.model_copy(update={"split": parts}), split.test_start - fold.number * rows


def _up_to(panel: Panel, ends: NDArray[np.int64], horizon: int) -> Panel:
    """The panel without the rows of each series from ``ends`` on, and without the series that have
    no window before.

    Raises DataError where no series has one.
    """
    long = ends - panel.layout.offsets[:-1] >= MIN_CONTEXT + horizon
    if not long.any():
        raise DataError(
            "no series has a training window before this fold; make split.validation or --folds"
            " smaller, or give more rows"
        )
    kept = panel.only(long)
    return kept.until(kept.layout.offsets[:-1] + (ends - panel.layout.offsets[:-1])[long])


def _without_short(config: Config, panel: Panel, split: Split) -> Panel:
    """The panel without the series that are too short, if the policy is to skip them."""
    short = _too_short(config, panel.layout, split)
    if config.data.short_series == "pad" or not short.any():
        return panel
    if config.data.short_series == "skip" and not short.all():
        return panel.only(~short)
    windows, layout = config.windows, panel.layout
    named = [f"{layout.ids[k]} ({layout.lengths[k]:,} rows)" for k in np.flatnonzero(short)[:5]]
    pad = "pad without windows.padding: false" if windows.padding is False else "pad"
    policies = pad if short.all() else f"skip or {pad}"
    raise DataError(
        f"{short.sum():,} of {len(short):,} series have no {windows.context_length} +"
        f" {windows.horizon} rows (windows.context_length + windows.horizon) without a gap to learn"
        f" from: {', '.join(named)}; set data.short_series: {policies}, or make them smaller"
    )


def _with_categories(config: Config, panel: Panel) -> Config:
    covariates = config.data.covariates.model_copy(
        update={"categories": dict(panel.known.categories)}
    )
    return config.model_copy(
        update={"data": config.data.model_copy(update={"covariates": covariates})}
    )


def _too_short(config: Config, layout: Layout, split: Split) -> NDArray[np.bool_]:
    """Which series have no window with a full context, in training or at their end."""
    windows = config.windows
    last_spans = layout.offsets[1:] - layout.spans[layout.span_of(layout.offsets[1:] - 1)]
    rows = split.validation_start - split.train_start
    return (rows < windows.context_length + windows.horizon) | (last_spans < windows.context_length)


def _resolved(
    config: Config, layout: Layout, split: Split, short: NDArray[np.bool_]
) -> tuple[Config, dict[str, str]]:
    """Fill in what the rows decide, and why."""
    windows = config.windows
    rows = int((split.end - split.validation_start).sum())
    stride = max(
        min(windows.horizon, rows // MIN_EVALUATION_WINDOWS), -(-rows // MAX_EVALUATION_WINDOWS), 1
    )
    decided = {
        "evaluation_stride": (stride, f"{rows:,} rows to be evaluated"),
        "padding": (
            bool(short.any()),
            f"{short.sum():,} series are shorter than context and horizon",
        ),
    }
    left = {key: choice for key, choice in decided.items() if getattr(windows, key) is None}
    windows = windows.model_copy(update={key: value for key, (value, _) in left.items()})
    data = config.data.model_copy(update={"freq": layout.grid.freq})
    reasons = {f"windows.{key}": f"{value}: {reason}" for key, (value, reason) in left.items()}
    return config.model_copy(update={"data": data, "windows": windows}), reasons


def _no_windows(prepared: Prepared) -> DataError:
    config, split = prepared.config, prepared.split
    windows, rows = config.windows, split.validation_start - split.train_start
    observed = ", and no target where no value was observed" if config.data.masks else ""
    remedies = ["make them smaller"]
    if windows.padding is False and "windows.padding" not in prepared.facts.resolved:
        remedies.append("leave windows.padding out")
    if (split.validation_start < split.end).any():
        remedies.append("make split.validation and split.test smaller")
    return DataError(
        f"no training window: the longest series, {prepared.layout.ids[rows.argmax()]}, has"
        f" {rows.max():,} training rows, and a window needs {windows.context_length} +"
        f" {windows.horizon} (windows.context_length + windows.horizon) without a gap{observed};"
        f" {', or '.join(remedies)}"
    )
