"""``forecast check``: everything that is wrong or worth knowing in a table, before anything is
trained on it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lstm_forecast.config.covariates import CovariatesConfig
from lstm_forecast.config.loading import Argument
from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.doubts import doubtful_season
from lstm_forecast.panel.asking.find_closed import find_closed
from lstm_forecast.panel.asking.questions import given_reading
from lstm_forecast.panel.notes import panel_notes, suspected_sentinels
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.seasons import held_season, usual_seasons
from lstm_forecast.panel.split import MIN_CONTEXT
from lstm_forecast.panel.steps.closed import closed_text
from lstm_forecast.panel.survey import survey_panel, survey_table
from lstm_forecast.panel.totals import SeriesOrder, series_totals
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.first_look import first_look
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.totals import find_totals, total_notes
from lstm_forecast.training.inspection import Built, Columns, FileText, Inspection, TableFacts
from lstm_forecast.training.prepare import prepare_panel
from lstm_forecast.training.rehearsal import rehearse

__all__ = ["check"]


def check(
    path: Path, *, config: Config | None = None, settings: Sequence[Argument] = ()
) -> Inspection:
    """Report on the table at ``path`` under the policies of a config; without one, under none, in
    all its columns, read as the ``settings`` say.

    Raises DataError only if nothing can be said about the table, ConfigError if training would take
    too much memory.
    """
    built: Built | None = None
    data, findings = (config.data, []) if config else _described(path, settings)
    try:
        limit = config.training.memory_limit if config else None
        panel, faults, table = survey_panel(data, path, end=data.end, memory_limit=limit)
        if config is None:
            panel, faults, closed = _without_closed(data, panel, faults, table)
            findings += closed
    except DataError as error:
        findings += [Finding("unreadable", "refused", 1, problem) for problem in error.problems]
        return _inspection(path, TableFacts(columns=_columns(data)), findings)
    findings += faults
    surveyed, panel = panel, _measured(panel)
    if data.aggregate is None:  # or else no value is that of a cell
        panel, sentinels = _without_sentinels(panel)
        findings += sentinels
    findings += _notes(data, panel, table, season=_season(config, panel))
    if config is not None:
        doubts = doubtful_season(config.windows.season_length, panel.layout)
        findings += [Finding("season", "note", 1, text) for text in doubts]
        findings += _not_used(surveyed, config)
        findings += _short(panel, config)
        columns = dict(zip(panel.columns, panel.values.T, strict=True))
        findings += total_notes(find_totals(columns))
        if not any(finding.level == "refused" for finding in findings):
            built, problems = _rehearsed(config, surveyed, table)
            findings += problems
    facts = replace(_facts(panel, table, data, findings), training=built)
    return _inspection(path, facts, findings)


def _notes(data: DataConfig, panel: Panel, table: Table, *, season: int) -> list[Finding]:
    """What is worth knowing about values under the policies of ``data``."""
    n_targets, clipped = len(data.targets), data.outliers == "clip"
    return [
        *panel_notes(panel, n_targets=n_targets, season=season, clipped=clipped),
        *series_totals(panel, data, SeriesOrder.of(table, data)),
    ]


def _season(config: Config | None, panel: Panel) -> int:
    """Rows of the season that is given or usual, 1 where no series holds two of it."""
    given = config.windows.season_length if config else None
    season = given or usual_seasons(panel.layout.grid)[0]
    return season if held_season(panel.layout, season) else 1


def _without_closed(
    data: DataConfig, panel: Panel, faults: list[Finding], table: Table
) -> tuple[Panel, list[Finding], list[Finding]]:
    """The panel and its faults without steps on which nothing is ever observed, and which these
    are.
    """
    rule, _ = find_closed(panel, n_targets=len(data.targets))
    if not rule.any:
        return panel, faults, []
    text = f"{closed_text(rule)}: nothing is ever observed"
    panel, faults = survey_table(data.model_copy(update={"closed": rule}), table)
    return panel, faults, [Finding("closed", "note", 1, text)]


def _described(path: Path, settings: Sequence[Argument]) -> tuple[DataConfig, list[Finding]]:
    """All columns of a table that nobody described, and what is found in them."""
    look = first_look(path, given_reading(settings, command="check"))
    past = CovariatesConfig(past=tuple(name for name in look.roles.others))
    return look.data.model_copy(update={"covariates": past}), list(look.findings)


def _inspection(path: Path, facts: TableFacts, findings: Sequence[Finding]) -> Inspection:
    problems = tuple(finding.problem for finding in findings if finding.level == "refused")
    return Inspection(
        ok=not problems,
        exit_code=DataError.exit_code if problems else 0,
        data=str(path),
        facts=facts,
        findings=tuple(findings),
        problems=problems,
    )


def _columns(data: DataConfig) -> Columns:
    return Columns(
        timestamp=tuple(data.stamp_columns),
        timestamp_format=data.timestamp_format,
        series_id=data.series_id,
        targets=tuple(data.targets),
        others=data.covariates.columns,
    )


def _facts(panel: Panel, table: Table, data: DataConfig, findings: Sequence[Finding]) -> TableFacts:
    layout = panel.layout
    stamps = layout.stamps(np.concatenate([layout.offsets[:-1], layout.offsets[1:] - 1]))
    steps, regular = len(panel.values) - len(layout.ids), len(panel.values) - len(layout.first)
    off = sum(finding.count for finding in findings if finding.kind == "off_grid")
    dialect = table.sources[0][2]
    return TableFacts(
        rows=len(table.frame),
        series=len(layout.ids),
        shortest=int(layout.lengths.min()),
        longest=int(layout.lengths.max()),
        first=str(stamps.min()),
        last=str(stamps.max()),
        freq=layout.grid.freq,
        freq_share=round(max(0.0, (regular - off) / steps), 4) if steps else None,
        timezone=layout.grid.zone,
        columns=_columns(data),
        file=(
            FileText(
                delimiter=dialect.delimiter, decimal=dialect.decimal, encoding=dialect.encoding
            )
            if dialect
            else FileText()
        ),
    )


def _measured(panel: Panel) -> Panel:
    """The panel without columns that are computed or constant in each series."""
    n = panel.n_own + len(panel.known.future)
    return replace(panel, columns=panel.columns[:n], values=panel.values[:, :n])


def _without_sentinels(panel: Panel) -> tuple[Panel, list[Finding]]:
    """The panel without numbers that seem to stand for missing ones, and how many there are."""
    cells = np.column_stack(
        [np.isin(column, suspected_sentinels(column)) for column in panel.values.T]
    )
    rows = np.flatnonzero(cells.any(axis=1))
    if not len(rows):
        return panel, []
    numbers = np.unique(panel.values[cells])
    places = tuple(panel.place(row, cells[row].argmax()) for row in rows[:SHOWN_PLACES])
    named = ", ".join(f"{number:g}" for number in numbers)
    counts = {
        name: int(count)
        for name, count in zip(panel.columns, cells.sum(axis=0), strict=True)
        if count
    }
    text = f"{named}: probably no measurement but a missing one"
    finding = Finding(
        "sentinels", "note", len(rows), text, places, f"data.sentinels: [{named}]", counts
    )
    return replace(panel, values=np.where(cells, np.nan, panel.values)), [finding]


def _rehearsed(config: Config, panel: Panel, table: Table) -> tuple[Built | None, list[Finding]]:
    """What training would build, and what it would stop at: all that comes before Keras is done to
    find that out.
    """
    try:
        prepared = prepare_panel(config, panel, table)
        found = rehearse(prepared)
        built = Built(
            networks=found.networks,
            parameters=found.parameters,
            mib=found.mib,
            resolved=prepared.facts.resolved,
        )
        return built, []
    except DataError as error:
        return None, [Finding("training", "refused", 1, problem) for problem in error.problems]


def _not_used(panel: Panel, config: Config) -> list[Finding]:
    """Rows behind the end of one target, where networks see all targets at once."""
    if config.melted:
        return []
    notes = panel.ending_together(len(config.data.targets)).notes[len(panel.notes) :]
    return [Finding("channels", "note", 1, text) for text in notes]


def _short(panel: Panel, config: Config) -> list[Finding]:
    """Series too short to learn from; training refuses them if all of them are."""
    windows, lengths = config.windows, panel.layout.lengths
    context = MIN_CONTEXT if windows.padding is not False else windows.context_length or MIN_CONTEXT
    short = np.flatnonzero(lengths < context + windows.horizon)
    if not len(short):
        return []
    places = tuple(
        f"series {panel.layout.ids[k]}: {lengths[k]:,} rows" for k in short[:SHOWN_PLACES]
    )
    text = f"fewer rows than {context} and windows.horizon ({windows.horizon}) need"
    return [Finding("short_series", "note", len(short), text, places, "windows.horizon: fewer")]
