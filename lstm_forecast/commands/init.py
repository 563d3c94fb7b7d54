"""``forecast init``: look at the data and write a commented config."""

import json
import os
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from lstm_forecast.config.document import quote
from lstm_forecast.config.loading import MAX_BYTES, Argument, parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import UsageError
from lstm_forecast.files import STDIN, is_text
from lstm_forecast.panel.asking.draft import Choice, Draft, Question
from lstm_forecast.panel.asking.questions import (
    POLICIES,
    as_options,
    given_policies,
    given_reading,
    question_lines,
    with_policies,
)
from lstm_forecast.panel.asking.settle import Settled, settle
from lstm_forecast.panel.asking.summary import fitting, listed, summary
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.seasons import usual_season
from lstm_forecast.store import write_whole
from lstm_forecast.store.outputs import require_apart, require_new
from lstm_forecast.tables.faults import counted
from lstm_forecast.tables.files.formats import suffix_of
from lstm_forecast.tables.first_look import Given, first_look
from lstm_forecast.tables.roles import Roles

__all__ = ["init", "name_of"]

# Steps that people plan for, by season length; one season for all others.
HORIZON_OF_SEASON = {1: 12, 4: 8, 12: 12, 52: 13, 5: 10, 6: 12, 7: 14}
# Beside the config: what editors complete and check keys by.
SCHEMA_FILE = ".forecast-schema.json"
LONGEST_COMMENT = 2000  # characters
ROLES = ("timestamp", "series_id", "freq", "targets")
# Keys that init may have found, beside the columns.
FOUND_KEYS = ("layout", "timestamp_format", "timezone", "sheet", "table", "query")


def init(
    data: Path,
    *,
    output: Path | None = None,
    targets: Sequence[str] = (),
    horizon: int | None = None,
    timestamp: Sequence[str] = (),
    series_id: Sequence[str] = (),
    settings: Sequence[Argument] = (),
    force: bool = False,
) -> Draft:
    """Write a config for the table at ``data``, by default to ``configs/<name of the data>.yaml``,
    and its schema.

    The ``settings`` are keys that say how the table is read, and what is done about its faults.
    Raises DataError if the data have no usable time or target column, WriteError if the config
    exists already, UsageError if no config can hold what is to be in it and for other keys,
    ConfigError for wrong values of them.
    """
    reading = given_reading(settings, command="init", more=POLICIES)
    policies = given_policies(settings, command="init")
    name, path = _named(data, output, force=force)
    series_columns = series_id or reading.series_columns
    given = replace(reading, timestamp=timestamp, series_columns=series_columns, targets=targets)
    look = with_policies(first_look(data, given), policies)
    settled = settle(look, data)
    guessed = _guessed(settled, look.roles, given)
    findings = [*summary(settled, look.roles), _sure_line(guessed)]
    located = _located(data, path) if data != STDIN else _to_be_saved(data, path, name, findings)
    horizon = horizon or _horizon(settled.panel)
    text = _config_text(name, located, settled, look.roles, horizon, findings)
    _require_readable(text, path)
    _write(path.with_name(SCHEMA_FILE), _schema())
    _write(path, text)
    return _draft(path, settled, look.roles, guessed, findings)


def _draft(
    path: Path, settled: Settled, roles: Roles, guessed: Container[str], findings: Sequence[str]
) -> Draft:
    """What was written, found, ``guessed`` and asked."""
    data, layout = settled.data, settled.panel.layout
    ends = layout.stamps(np.concatenate([layout.offsets[:-1], layout.offsets[1:] - 1]))
    first, last = (
        int(end) if isinstance(layout.grid.origin, int) else str(end)
        for end in (ends.min(), ends.max())
    )
    questions = tuple(replace(each, answers=_with_options(each)) for each in settled.questions)
    return Draft(
        config=str(path),
        rows=settled.rows,
        series=len(layout.ids),
        series_id=data.series_id,
        timestamp=data.stamp_columns,
        freq=layout.grid.freq,
        first=first,
        last=last,
        targets=data.targets,
        covariates={"numeric": roles.others, "static": roles.static},
        closed=data.closed.model_dump(mode="json", exclude_defaults=True),
        policies=_written_policies(data),
        sure=tuple(key for key in ROLES if key not in guessed),
        findings=tuple(findings),
        questions=questions,
    )


def _with_options(question: Question) -> tuple[Choice, ...]:
    return tuple(replace(each, option=as_options(each.keys)) for each in question.answers)


def _written_policies(data: DataConfig) -> dict[str, object]:
    """The policies that are not the default, as a config writes them."""
    return data.model_dump(mode="json", include={*POLICIES} - {"closed"}, exclude_defaults=True)


def _guessed(settled: Settled, roles: Roles, given: Given) -> dict[str, str]:
    """What of the columns the table does not say without doubt, and how it is said."""
    kinds = {question.kind for question in settled.questions}
    found = {}
    if roles.others and not given.targets:
        found["targets"] = f"--target chooses among {listed([*roles.targets, *roles.others])}"
    if roles.keys.in_turn:
        found["series_id"] = f"{' and '.join(roles.keys.in_turn)} may part them"
    elif any(_asks_for_series(each) for each in settled.questions):
        found["series_id"] = "see the questions"
    if not kinds.isdisjoint(("off_grid", "gaps")):
        found["freq"] = "see the questions"
    return found


def _asks_for_series(question: Question) -> bool:
    """Whether an answer names series, or rows repeat a stamp that no clock change explains."""
    keys = {key for answer in question.answers for key in answer.keys}
    return "series_id" in keys or (question.kind == "duplicates" and "timezone" not in keys)


def _sure_line(guessed: Mapping[str, str]) -> str:
    """What is sure and what was guessed, for people."""
    sure = ", ".join(key for key in ROLES if key not in guessed)
    rest = "".join(f"; guessed: {key} ({how})" for key, how in guessed.items())
    return f"sure: {sure}{rest}"


def _named(data: Path, output: Path | None, *, force: bool) -> tuple[str, Path]:
    """The name of the config, and where it is to be written.

    Raises UsageError where there is no name, WriteError where the file is there already.
    """
    if data == STDIN and output is None:
        raise UsageError(
            "the table on standard input has no name: give the config one with --output"
            " configs/NAME.yaml"
        )
    name = name_of(output if output is not None and data == STDIN else data)
    path = output or Path("configs") / f"{name}.yaml"
    require_apart("--output", path, [data])
    require_new(path, force=force)
    return name, path


@cache
def _schema() -> str:
    """What editors know of a config; it is the same for all tables."""
    return json.dumps(Config.model_json_schema(), indent=1)


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda staged: staged.write_text(text, encoding="utf-8"))


def name_of(data: Path) -> str:
    """A name for runs, made of that of a file."""
    stem = data.name.split(".")[0] or "series"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:64] or "series"


def _located(data: Path, config: Path) -> str:
    """The path to the data from the folder of the config.

    Raises UsageError for one that no config can hold.
    """
    located = os.path.relpath(os.path.realpath(data), os.path.realpath(config.parent))
    if not is_text(located):
        raise UsageError(f"{data}: this path is no UTF-8 text, which a config is; rename it")
    return "./-" if located == "-" else located


def _to_be_saved(data: Path, config: Path, name: str, findings: list[str]) -> str:
    """The path of a table that came in on standard input, once it is saved as is told."""
    located = f"{name}{suffix_of(data)}"
    place = config.with_name(located)
    findings.append(f"save the table as {place} before training: standard input comes only once")
    return located


def _require_readable(text: str, path: Path) -> None:
    """Raise UsageError for a config that would not be read: what init writes, train reads."""
    if (size := len(text.encode("utf-8"))) > MAX_BYTES:
        raise UsageError(
            f"{path}: its names would take {size / 1024:.0f} KiB, and a config has"
            f" {MAX_BYTES // 1024}; name fewer columns with --target, or give them shorter names"
        )
    parse_config(text, source=str(path))


def _horizon(panel: Panel) -> int:
    """Steps that people plan for, or a quarter of a short series."""
    season = usual_season(panel.layout)
    return min(
        HORIZON_OF_SEASON.get(season, season), max(1, int(np.median(panel.layout.lengths)) // 4)
    )


def _config_text(
    name: str, path: str, settled: Settled, roles: Roles, horizon: int, findings: Sequence[str]
) -> str:
    data, found = settled.data, "\n".join(f"#   {_plain(line)}" for line in findings)
    covariates = "".join(f"\n  # {line}" for line in _covariate_lines(settled.panel, roles))
    more = "".join(f"\n  {line}" for line in _data_lines(settled))
    return f"""\
# yaml-language-server: $schema={SCHEMA_FILE}
# Written by `forecast init`. What it found:
{found}
# Every key is explained by `forecast config schema`; `forecast config show` prints the defaults.

name: {quote(_run_name(name, data.series_columns))}
seed: 0

data:
  path: {quote(path)}  # relative to this file
  timestamp: {quote(data.timestamp)}
  series_id: {quote(data.series_id)}
  targets: {quote(list(data.targets))}{covariates}
  freq: {quote(data.freq)}{more}

split:  # the newest rows of every series; a share, a number of rows or a date
  validation: 0.1
  test: 0.1

windows:
  horizon: {horizon}  # rows forecast

model:
  levels: [80, 95]  # prediction intervals in percent

training:
  time_budget: 180  # seconds; what is not set here is auto: decided from the data, and saved

# To decide more yourself, for example:
# preprocessing: {{log: true}}
# windows: {{context_length: 168, normalisation: last}}  # beside the horizon
# model: {{cell: gru, units: 64, ensemble: 1}}
"""


def _run_name(name: str, keys: Sequence[str]) -> str:
    """A name that is none of several ``keys``: a forecast table has columns of all of them."""
    return f"{name}-forecast" if len(keys) > 1 and name in keys else name


def _data_lines(settled: Settled) -> Iterator[str]:
    """The keys of the section data beside its columns: how the table is written, the policies and
    how many rows they settled, and what is open.
    """
    data = settled.data
    for key in FOUND_KEYS:
        if value := getattr(data, key):
            yield f"{key}: {quote(value)}"
    if data.closed.any:
        closed = data.closed.model_dump(mode="json", exclude_defaults=True)
        yield f"closed: {quote(closed)}  # steps on which nothing is ever observed"
    if data.csv != CsvConfig():
        yield f"csv: {quote(data.csv.model_dump(exclude_defaults=True))}"
    if data.units:
        yield f"units: {quote(data.units)}  # what numbers with each are multiplied by"
    counts = {finding.kind: finding.count for finding in settled.findings}
    for kind, policy in _written_policies(data).items():
        rows = f"  # {counted(kind, counts[kind])}" if kind in counts else ""
        yield f"{kind}: {quote(policy)}{rows}"
    yield from _open_lines(settled.questions)


def _covariate_lines(panel: Panel, roles: Roles) -> Iterator[str]:
    """What the network could see beside the targets, to be chosen from."""
    yield "covariates:  # more for the network to see; a column has one role"
    columns = {
        "past": (roles.others, "known up to now"),
        "future": (roles.others, "known ahead, such as plans, prices or weather forecasts"),
        "static": (roles.static, "one value for each series"),
    }
    for key, (names, meaning) in columns.items():
        if names:
            shorter = fitting(names)
            left = (
                f"; and {len(names) - len(shorter):,} more columns"
                if len(shorter) < len(names)
                else ""
            )
            yield f"  {key}: [{', '.join(map(quote, shorter))}]  # {meaning}{left}"
    if not isinstance(panel.layout.grid.origin, int):
        yield (
            "  calendar: [day_of_week, day_of_year]  # also hour, day_of_month, week, month;"
            " computed"
        )
        yield "  holidays: AT  # public holidays of a country, or of a part of one, such as AU-VIC"


def _open_lines(questions: Sequence[Question]) -> Iterator[str]:
    """What training refuses until someone chooses, and the answers there are."""
    if questions:
        yield "# Open: training refuses the table until an answer to each of these stands here."
    for question in questions:
        yield from (f"# {_plain(line)}" for line in question_lines(question))
        if question.kind in POLICIES:
            yield f"{question.kind}: error"


def _plain(text: str) -> str:
    """Keep what came from the data on one comment line of a length that people read."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= LONGEST_COMMENT else f"{shown[: LONGEST_COMMENT - 3]}..."
