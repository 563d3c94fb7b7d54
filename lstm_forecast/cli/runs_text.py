"""What runs tell about themselves, as a list and as a page."""

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lstm_forecast.cli.alignment import aligned, number, percent, shortened
from lstm_forecast.cli.text import MOST_ROWS, WIDTH, errors_table

if TYPE_CHECKING:
    from lstm_forecast.commands.runs import Shown
    from lstm_forecast.store.listing import Listed
    from lstm_forecast.store.manifest import Facts, Manifest

__all__ = ["run_page", "runs_table"]

NARROW = 12  # columns of a name, at least
# What a list of runs can do without, in that order, where it would be too wide.
DISPENSABLE = ("published", "MASE", "cutoff")


def runs_table(found: Sequence["Listed"]) -> tuple[str, list[str]]:
    """One row for each run, no wider than the terminal, and the columns left out for that.

    Ids are never cut, as they are what is typed.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    columns: dict[str, list[str]] = {
        "name": [each.name for each in found],
        "run": [each.run for each in found],
    }
    columns["state"] = [_state(each) for each in found]
    columns["cutoff"] = ["-" if each.cutoff is None else _day(each.cutoff) for each in found]
    columns["published"] = ["-" if each.published is None else each.published for each in found]
    columns |= {
        "MAE": [number(each.mae) for each in found],
        "MASE": [number(each.mase) for each in found],
    }
    columns["skill"] = [percent(each.skill) for each in found]
    left_out = []
    for name in DISPENSABLE:
        if _excess(columns, width) > 0:
            del columns[name]
            left_out.append(name)
    longest = max(
        NARROW, max(map(len, columns["name"]), default=0) - max(0, _excess(columns, width))
    )
    columns["name"] = [shortened(name, longest) for name in columns["name"]]
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    return (
        aligned(
            rows, left=len(columns) - sum(name in columns for name in ("MAE", "MASE", "skill"))
        ),
        left_out,
    )


def _excess(columns: Mapping[str, Sequence[str]], width: int) -> int:
    """Characters by which a table is too wide."""
    widths = [max(map(len, (name, *column))) for name, column in columns.items()]
    return sum(widths) + 2 * (len(widths) - 1) - width


def _state(run: "Listed") -> str:
    state = "" if run.state == "readable" else run.state
    return ", ".join(filter(None, ["champion" if run.champion else "", state]))


def run_page(shown: "Shown") -> str:
    """What a run is, what it learned from, what was decided, how good it was: in 80 columns."""
    manifest = shown.manifest
    name = manifest.name
    state = {"champion": shown.champion, "for study": manifest.for_study}
    title = ", ".join(
        [f"{name} {shown.run.run_id}", *(text for text, is_so in state.items() if is_so)]
    )
    groups = {
        "data": _learned_from(manifest).items(),
        "decided from the data": manifest.resolved.items(),
        "training": _training(manifest).items(),
        "promoted by hand": [(_minute(each.time), each.reason) for each in shown.promotions],
    }
    parts = [textwrap.fill(title, WIDTH)]
    for group, entries in groups.items():
        if told := [(label, text) for label, text in entries if text]:
            parts.append(_group(group, told))
    for part, report in shown.metrics.parts.items():
        table = errors_table(shortened(name, 2 * NARROW), report)
        parts.append(f"{part} errors, {report.windows:,} windows\n{table}")
    if shown.metrics.parts:
        parts.append("errors in original units; skill: 1 - MAE / MAE of that line")
    return "\n\n".join(parts)


def _learned_from(facts: "Facts") -> dict[str, str]:
    rows = "" if facts.rows is None else f"{facts.rows:,} rows in "
    grid = f"freq {facts.freq or 'unknown'}" + (
        f", zone {facts.timezone}" if facts.timezone else ""
    )
    windows, left_out = facts.windows, facts.unobserved_windows
    return {
        "rows": f"{rows}{facts.series:,} series, {grid}, up to {_day(facts.cutoff)}",
        "columns": _some(facts.columns),
        "settled": _counts(facts.repairs),
        "skipped": _some(facts.skipped_series),
        "padded": f"{facts.padded_series:,} series" if facts.padded_series else "",
        "new categories": _counts(facts.unseen_categories),
        "windows": _counts(
            {"training": windows.training, "validation": windows.validation, "test": windows.test}
        ),
        "left out": f"{left_out:,} training windows" if left_out else "",
    }


def _training(manifest: "Manifest") -> dict[str, str]:
    against, versions = manifest.judged_against, {"Python": manifest.python, **manifest.versions}
    reason = manifest.judged.reason if manifest.judged else ""
    share = manifest.pretrained_share or 0
    pretrained = f", {share:.0%} pretrained" if 0 < share < 1 else ""
    return {
        "published": manifest.published.replace("_", " ") + pretrained,
        "errors": ", ".join(
            f"{name} {number(error)}" for name, error in manifest.validation_errors.items()
        ),
        "start": manifest.start or "",
        "judged": f"against {against}: {reason}" if against else "",
        "seed": "" if manifest.seed is None else str(manifest.seed),
        "finished": f"{_minute(manifest.created)} UTC" if manifest.created else "",
        "with": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
        "trained on": ", ".join(manifest.devices),
    }


def _group(name: str, entries: Sequence[tuple[str, str]]) -> str:
    """A title and what belongs to it, wrapped."""
    indent = min(max(len(label) for label, _ in entries), WIDTH // 3) + 4
    lines = [name]
    for label, text in entries:
        first = f"  {shortened(label, indent - 4)}".ljust(indent)
        lines.append(
            textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=" " * indent)
        )
    return "\n".join(lines)


def _minute(moment: str) -> str:
    """Date and time of a stamp in ISO 8601."""
    return moment[:16].replace("T", " ")


def _day(stamp: str) -> str:
    """Without midnight."""
    return stamp.removesuffix(" 00:00:00")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())


def _some(names: Sequence[str]) -> str:
    """The first of many names."""
    shown = ", ".join(names[:MOST_ROWS])
    return shown if len(names) <= MOST_ROWS else f"{shown}, and {len(names) - MOST_ROWS:,} more"
