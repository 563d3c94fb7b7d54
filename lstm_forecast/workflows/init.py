"""``forecast init``: look at the data and write a commented config."""

import functools
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import CsvConfig, DataConfig
from lstm_forecast.data.faults import Finding, refuse
from lstm_forecast.data.grid import Grid, season_length
from lstm_forecast.data.notes import suspected_sentinels
from lstm_forecast.data.panel import Panel
from lstm_forecast.data.read import suffix_of
from lstm_forecast.data.roles import Roles
from lstm_forecast.errors import UsageError, WriteError
from lstm_forecast.files import STDIN
from lstm_forecast.store import write_whole
from lstm_forecast.workflows._first_look import first_look
from lstm_forecast.workflows._output import require_apart
from lstm_forecast.workflows._shared import survey_panel

__all__ = ["InitResult", "init"]

HORIZONS = {1: 12, 4: 8, 12: 12, 52: 13, 5: 10, 7: 14}  # by season length; else one season
SCHEMA = ".forecast-schema.json"  # beside the config: what editors complete and check keys by
STEPS = {"5min": 5, "10min": 10, "15min": 15, "30min": 30, "h": 60, "2h": 120, "6h": 360, "D": 1440}  # in minutes
SHORT_GAP = 10  # rows that are filled where there is no season
MANY_HOLES, MOST_HOLES = 0.05, 0.6  # for each row: those that ask for seasons, and those that a grid may have
WRITTEN = ("timestamp_format", "timezone")  # that init may have found, beside the columns
POLICIES = (
    "future_rows", "off_grid", "unsorted", "duplicates", "gaps", "fill_limit", "sentinels", "infinite", "missing",
)  # fmt: skip


@dataclass(frozen=True)
class InitResult:
    """The config that was written and what was found on the way."""

    path: Path
    findings: list[str]


def init(
    data: Path,
    *,
    output: Path | None = None,
    targets: Sequence[str] | None = None,
    horizon: int | None = None,
    timestamp: Sequence[str] | None = None,
    timestamp_format: str | None = None,
    series_id: str | None = None,
    force: bool = False,
) -> InitResult:
    """Write a config for the table at ``data``, by default to ``configs/<name of the data>.yaml``, and its schema.

    Raises DataError if the data have no usable time or target column, WriteError if the config exists already.
    """
    if data == STDIN and output is None:
        raise UsageError("the table on standard input has no name: give the config one with --output configs/NAME.yaml")
    name = _name_of(output if output is not None and data == STDIN else data)
    path = output or Path("configs") / f"{name}.yaml"
    require_apart("--output", path, [data])
    if os.path.exists(path) and not force:  # noqa: PTH110  Path.exists raises where a name is too long
        raise WriteError(f"{path}: exists already; choose another with --output, or overwrite it with --force")
    look = first_look(
        data, timestamp=timestamp or (), timestamp_format=timestamp_format, series_id=series_id, targets=targets or ()
    )
    settled, panel = _settle(look.data, data)
    findings = _findings(panel, settled, look.roles)
    place = os.path.relpath(os.path.realpath(data), os.path.realpath(path.parent))
    place = "./-" if place == "-" else place
    if data == STDIN:
        place = f"{name}{suffix_of(data)}"
        findings.append(f"save the table as {path.with_name(place)} before training: standard input comes only once")
    located = settled.model_copy(update={"path": place})
    text = _config_text(name, located, panel, look.roles, horizon or _horizon(panel), findings)
    parse_config(text, source=str(path))  # what init writes, train reads
    schema = json.dumps(Config.model_json_schema(), indent=1)
    write_whole(path.with_name(SCHEMA), lambda staged: staged.write_text(schema, encoding="utf-8"))
    write_whole(path, lambda staged: staged.write_text(text, encoding="utf-8"))
    return InitResult(path, findings)


def _name_of(data: Path) -> str:
    stem = data.name.split(".")[0] or "series"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:64] or "series"


def _settle(data: DataConfig, path: Path) -> tuple[DataConfig, Panel]:
    """The table as described, with policies for the faults that it really has, and the panel that they make."""
    panel, findings, _ = survey_panel(data, path)
    late = sum(finding.count for finding in findings if finding.kind == "future_rows")
    if late:  # few are mistakes; many are a story about the future
        data = data.model_copy(update={"future_rows": "drop" if 2 * late < len(panel.values) else "keep"})
        panel, findings, _ = survey_panel(data, path)
    if any(finding.kind == "off_grid" for finding in findings):
        data = _on_a_grid(data, path, panel.layout.grid)
        panel, findings, _ = survey_panel(data, path)
    policies = _policies({finding.kind: finding for finding in findings if finding.level == "refused"}, panel)
    if data.off_grid == "nearest" and "missing" in policies:
        policies["missing"] = "interpolate"  # a season filled in would make seasonal forecasts look too good
    numbers = {number for values in panel.values.T for number in suspected_sentinels(values)}
    sentinels = (*data.sentinels, *sorted(numbers))
    if numbers:
        policies.setdefault("missing", "ffill")
    data = data.model_copy(update={**policies, "sentinels": sentinels})
    panel, findings, _ = survey_panel(data, path)
    refuse(findings)
    return data.model_copy(update={"freq": panel.layout.grid.freq}), panel


def _policies(faults: Mapping[str, Finding], panel: Panel) -> dict[str, Any]:
    policies: dict[str, Any] = {}
    settled = {"duplicates": "first", "infinite": "missing"}
    policies |= {kind: policy for kind, policy in settled.items() if kind in faults}
    rows, season = len(panel.values), season_length(panel.layout.grid.freq)
    if "gaps" in faults:
        policies["gaps"] = "fill"
        if _gaps(panel).max() > (limit := max(season, SHORT_GAP)):
            policies["fill_limit"] = limit
    holes = sum(faults[kind].count for kind in ("gaps", "missing") if kind in faults)
    if holes or "infinite" in faults or "gaps" in policies:
        policies["missing"] = "seasonal" if season > 1 and holes > MANY_HOLES * rows else "ffill"
    return policies


def _on_a_grid(data: DataConfig, path: Path, finest: Grid) -> DataConfig:
    """Irregular stamps moved to the finest steps that are mostly filled then: those of a step become their mean."""
    minutes = 0 if isinstance(finest.origin, int) or finest.step is None else finest.step / 60e6
    coarser = [freq for freq, length in STEPS.items() if minutes and length > minutes]
    for freq in (finest.freq, *coarser):
        data = data.model_copy(update={"off_grid": "nearest", "duplicates": "mean", "freq": freq})
        panel, *_ = survey_panel(data, path)
        gaps = _gaps(panel)
        holes = gaps[gaps <= max(season_length(freq), SHORT_GAP)].sum()
        if holes <= MOST_HOLES * len(panel.values):
            break
    return data


def _gaps(panel: Panel) -> NDArray[np.int64]:
    """Steps missing in every gap of a series; one of 0 if there is none."""
    layout = panel.layout
    ends = layout.first + np.diff(layout.spans)
    inside = np.diff(layout.series_of(layout.spans[:-1])) == 0
    return np.append((layout.first[1:] - ends[:-1])[inside], 0)


def _horizon(panel: Panel) -> int:
    """A season that people plan for, or a quarter of a short series."""
    season = season_length(panel.layout.grid.freq)
    return min(HORIZONS.get(season, season), max(1, int(np.median(panel.layout.lengths)) // 4))


def _findings(panel: Panel, data: DataConfig, roles: Roles) -> list[str]:
    layout, lengths = panel.layout, panel.layout.lengths
    span = [str(stamp) for stamp in layout.stamps(np.array([layout.offsets[0], layout.offsets[-1] - 1]))]
    findings = [
        f"time: {' '.join(data.stamp_columns)}, freq {layout.grid.freq}"
        + (f", zone {layout.grid.zone}" if layout.grid.zone else "")
        + f"; season of {season_length(layout.grid.freq)} rows",
        f"series: {len(lengths):,}"
        + (f" by {data.series_id}, {lengths.min():,} to {lengths.max():,} rows each" if data.series_id else "")
        + (f", {lengths[0]:,} rows from {span[0]} to {span[1]}" if len(lengths) == 1 else ""),
        f"targets: {', '.join(data.targets)}"
        + (f"; other numeric columns: {', '.join(roles.others)}" if roles.others else "")
        + (f"; constant in each series: {', '.join(roles.static)}" if roles.static else ""),
    ]
    findings += panel.notes
    return findings + [f"{kind}: {count:,} rows" for kind, count in panel.repairs.items()]


def _config_text(name: str, data: DataConfig, panel: Panel, roles: Roles, horizon: int, findings: Sequence[str]) -> str:
    quote = functools.partial(json.dumps, ensure_ascii=False)  # JSON is YAML, whatever is in it
    found = "\n".join(f"#   {_plain(line)}" for line in findings)
    covariates = "".join(f"\n  # {_plain(line)}" for line in _covariate_lines(panel, roles))
    more = [f"{key}: {quote(value)}" for key in WRITTEN if (value := getattr(data, key))]
    more += [f"csv: {quote(data.csv.model_dump(exclude_none=True))}"] if data.csv != CsvConfig() else []
    settled = [
        f"{kind}: {quote(policy)}" + (f"  # {panel.repairs[kind]:,} rows" if kind in panel.repairs else "")
        for kind in POLICIES
        if (policy := getattr(data, kind)) != DataConfig.model_fields[kind].default
    ]
    lines = "".join(f"\n  {line}" for line in [*more, *settled])
    return f"""\
# yaml-language-server: $schema={SCHEMA}
# Written by `forecast init`. What it found:
{found}
# Every key is explained by `forecast config schema`; `forecast config show` prints the defaults.

name: {quote(name)}
seed: 0

data:
  path: {quote(data.path)}  # relative to this file
  timestamp: {quote(data.timestamp)}
  series_id: {quote(data.series_id)}
  targets: {quote(list(data.targets))}{covariates}
  freq: {quote(data.freq)}{lines}

split:  # the newest rows of every series; a share, a number of rows or a date
  validation: 0.1
  test: 0.1

windows:
  horizon: {horizon}  # rows forecast

model:
  levels: [80, 95]  # prediction intervals in percent

training:
  time_budget: 180  # seconds; what is not set here is auto: decided from the data, and saved with the run

# To decide more yourself, for example:
# preprocessing: {{log: true}}
# windows: {{context_length: 168, normalisation: last}}  # beside the horizon
# model: {{cell: gru, units: 64, ensemble: 1}}
"""


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
            quoted = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
            yield f"  {key}: [{quoted}]  # {meaning}"
    if not isinstance(panel.layout.grid.origin, int):
        yield "  calendar: [day_of_week, day_of_year]  # also hour, day_of_month, week, month; computed"
        yield "  holidays: AT  # public holidays of a country, or of a part of one, such as AU-VIC"


def _plain(text: str) -> str:
    """Keep what came from the data on one comment line."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "?", text)
