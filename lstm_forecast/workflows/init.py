"""``forecast init``: look at the data and write a commented config."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstm_forecast.config.loading import parse_config
from lstm_forecast.data.grid import season_length
from lstm_forecast.data.panel import Panel, build_panel
from lstm_forecast.data.read import Table, read_table
from lstm_forecast.data.repair import Settings
from lstm_forecast.data.roles import Roles, find_roles
from lstm_forecast.errors import WriteError
from lstm_forecast.store import write_whole

__all__ = ["InitResult", "init"]

HORIZONS = {1: 12, 4: 8, 12: 12, 52: 13, 5: 10, 7: 14}  # by season length; else one season


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
    timestamp: str | None = None,
    series_id: str | None = None,
    force: bool = False,
) -> InitResult:
    """Write a config for the table at ``data``, by default to ``configs/<name of the data>.yaml``.

    Raises DataError if the data have no usable time or target column, WriteError if the config exists already.
    """
    name = _name_of(data)
    path = output or Path("configs") / f"{name}.yaml"
    if path.exists() and not force:
        raise WriteError(f"{path}: exists already; choose another with --output, or overwrite it with --force")
    table = read_table(data)
    roles = find_roles(table.frame, timestamp=timestamp, series_id=series_id, targets=targets or ())
    # Again as training reads it: ids stay text, and what is to be forecast must be numbers.
    kept = [roles.timestamp, *([roles.series_id] if roles.series_id else [])]
    table = read_table(data, columns=[*kept, *roles.targets], text=kept)
    policies, panel = _settle(table, roles)
    findings = _findings(panel, roles)
    located = os.path.relpath(data.resolve(), path.resolve().parent)
    text = _config_text(name, located, panel, roles, policies, horizon or _horizon(panel), findings)
    parse_config(text, source=str(path))  # what init writes, train reads
    write_whole(path, lambda staged: staged.write_text(text, encoding="utf-8"))
    return InitResult(path, findings)


def _name_of(data: Path) -> str:
    stem = data.name.split(".")[0] or "series"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:64] or "series"


def _settle(table: Table, roles: Roles) -> tuple[dict[str, str], Panel]:
    """Policies for the faults that the data really have, and the panel that they make."""

    def panel(settings: Settings) -> Panel:
        return build_panel(
            table, timestamp=roles.timestamp, targets=roles.targets, series_id=roles.series_id, settings=settings
        )

    faults = panel(Settings(duplicates="first", gaps="split", missing="ffill", infinite="missing")).repairs
    policies = {}
    if "duplicates" in faults:
        policies["duplicates"] = "first"
    if "infinite" in faults:
        policies["infinite"] = "missing"
    if "gaps" in faults:
        policies["gaps"] = "fill" if faults["gaps"] < 0.2 * len(table.frame) else "split"
    if "missing" in faults or "infinite" in faults or policies.get("gaps") == "fill":
        policies["missing"] = "ffill"
    return policies, panel(Settings(**policies))


def _horizon(panel: Panel) -> int:
    """A season that people plan for, or a quarter of a short series."""
    season = season_length(panel.layout.grid.freq)
    return min(HORIZONS.get(season, season), max(1, int(np.median(panel.layout.lengths)) // 4))


def _findings(panel: Panel, roles: Roles) -> list[str]:
    layout, lengths = panel.layout, panel.layout.lengths
    span = [str(stamp) for stamp in layout.stamps(np.array([layout.offsets[0], layout.offsets[-1] - 1]))]
    findings = [
        f"time: {roles.timestamp}, freq {layout.grid.freq}"
        + (f", zone {layout.grid.zone}" if layout.grid.zone else "")
        + f"; season of {season_length(layout.grid.freq)} rows",
        f"series: {len(lengths):,}"
        + (f" by {roles.series_id}, {lengths.min():,} to {lengths.max():,} rows each" if roles.series_id else "")
        + (f", {lengths[0]:,} rows from {span[0]} to {span[1]}" if len(lengths) == 1 else ""),
        f"targets: {', '.join(roles.targets)}"
        + (f"; other numeric columns: {', '.join(roles.others)}" if roles.others else "")
        + (f"; constant in each series: {', '.join(roles.static)}" if roles.static else ""),
    ]
    return findings + [f"{kind}: {count:,} rows" for kind, count in panel.repairs.items()]


def _config_text(
    name: str,
    path: str,
    panel: Panel,
    roles: Roles,
    policies: dict[str, str],
    horizon: int,
    findings: list[str],
) -> str:
    quote = json.dumps  # a JSON string is a YAML string, whatever is in it
    found = "\n".join(f"#   {_plain(line)}" for line in findings)
    series = f"series_id: {quote(roles.series_id, ensure_ascii=False)}" if roles.series_id else "series_id: null"
    targets = ", ".join(quote(target, ensure_ascii=False) for target in roles.targets)
    covariates = "".join(f"\n  # {line}" for line in _covariate_lines(panel, roles))
    settled = "".join(
        f"\n  {kind}: {policy}  # {panel.repairs.get(kind, 0):,} rows" for kind, policy in policies.items()
    )
    return f"""\
# Written by `forecast init`. What it found:
{found}
# Every key is explained by `forecast config schema`; `forecast config show` prints the defaults.

name: {quote(name)}
seed: 0

data:
  path: {quote(path, ensure_ascii=False)}  # relative to this file
  timestamp: {quote(roles.timestamp, ensure_ascii=False)}
  {series}
  targets: [{targets}]{covariates}
  freq: {quote(panel.layout.grid.freq)}{settled}

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
