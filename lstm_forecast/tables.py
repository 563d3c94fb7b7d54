"""Results of evaluations, and what runs tell about themselves, as aligned text and in sentences."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lstm_forecast.events import Event

if TYPE_CHECKING:
    from lstm_forecast.evaluation.spread import Spread
    from lstm_forecast.model.history import Epoch
    from lstm_forecast.workflows.compare import Comparison
    from lstm_forecast.workflows.runs import Listed, Shown

__all__ = [
    "aligned", "backtest_tables", "comparison_text", "errors_table", "outcome", "report_text", "run_page", "runs_table",
    "unseen_categories",
]  # fmt: skip

WIDTH = 80  # columns of what is no terminal
NARROW = 12  # columns of a name, at least
# What a list of runs can do without, in that order, where it would be too wide.
DISPENSABLE = ("published", "MASE", "cutoff")
Told = tuple[str, Event, Mapping[str, object]]  # a sentence, and the same as an event of the log with its figures
LEVELS = ("refused", "settled", "note")
PUBLISHED = {
    "blend": "the mean of the network and its linear part",
    "linear": "the linear part alone",
    "smoothing": "an exponential smoothing",
    "seasonal_naive": "the seasonal naive forecast",
    "naive": "the last value",
}
MOST_ROWS = 10  # of steps and series that are shown; the object of --json has all
NETWORKS = {
    "evaluated": "the evaluated network, which learned from the training part alone",
    "published": "the published network, whose rows all came before",
    "retrained": "networks trained again on all rows before",
}


def outcome(history: Sequence["Epoch"], published: str, scores: Mapping[str, float]) -> Iterator[Told]:
    """What training kept and what is published."""
    kept = {row.network: row for row in history if row.best or row.val_loss is None}
    for network, row in kept.items():
        name = f"network {network}: " if len(kept) > 1 else ""
        losses = {"loss": row.loss, "val_loss": row.val_loss, "gap": row.gap}
        labels = {name: "overfitting gap" if name == "gap" else name for name in losses}
        shown = ", ".join(f"{labels[name]} {value:.4f}" for name, value in losses.items() if value is not None)
        text = f"{name}kept epoch {row.epoch}: {shown}" + (" (nothing beyond its start)" if row.epoch == 0 else "")
        yield text, "kept", {"network": network, "epoch": row.epoch, **losses}
    if published != "network":
        compared = ", ".join(f"{name.replace('_', ' ')} {score:.4g}" for name, score in scores.items())
        verdict = "" if published == "blend" else "the network does not pay here: "
        if not scores:
            compared, verdict = "none, as all series are too short for one", "nothing shows that the network pays: "
        text = (
            f"{verdict}published is {PUBLISHED[published]} (errors on the validation part: {compared}; "
            "training.fallback: false would publish the network)"
        )
        yield text, "choice", {"published": published, "errors": scores}


def unseen_categories(unseen: Mapping[str, int]) -> Iterator[str]:
    """What the network cannot know, in sentences: a static column with values that were not there in training."""
    for column, count in unseen.items():
        yield f"column {column}: {count:,} series have a category not seen in training; forecast as of none"


def report_text(report: Mapping[str, Any]) -> str:
    """What ``check`` found, and what training refuses first."""
    return "\n".join(_report_lines(report))


def errors_table(name: str, report: Mapping[str, Any]) -> str:
    """Errors of the forecast above those of the baselines, as aligned text."""
    rows = [["", "MAE", "RMSE", "sMAPE", "MASE", "skill"]]
    for label, errors in report["errors"].items():
        numbers = [_number(errors[metric]) for metric in ("mae", "rmse", "smape", "mase")]
        rows.append([name if label == "forecast" else label, *numbers, _percent(report["skill"].get(label))])
    return aligned(rows)


def backtest_tables(name: str, report: Mapping[str, Any]) -> str:
    """What a backtest found: overall, intervals, by step of the horizon, the worst series, and what mattered."""
    (first, last), unscaled = report["cutoffs"], report["left_out"]["zero_scale"]
    lines = [f"{report['windows']:,} windows with cutoffs from {first} to {last}"]
    lines += [f"{windows:,} forecast by {NETWORKS[network]}" for network, windows in report["networks"].items()]
    lines += [f"{unscaled:,} left out of MASE: nothing changes from season to season in training"] if unscaled else []
    lines += ["original units; skill: 1 - MAE / MAE of that line"]
    parts = ["\n".join(lines), errors_table(name, report)]
    if report["intervals"]:
        rows = [["interval", "coverage", "width", "MSIS"]]
        for level, found in report["intervals"].items():
            rows.append([f"{level} %", f"{found['coverage']:.1%}", _number(found["width"]), _number(found["msis"])])
        parts.append(f"{aligned(rows)}\nscaled CRPS {_number(report['scaled_crps'])}")
    parts += [_step_table(report), _series_table(report)]
    if "importance" in report:
        rows = [["permuted input", "MAE grows by", "+-", "share"]]
        for row in report["importance"]:
            rows.append([row["input"], _number(row["growth"]), _number(row["spread"]), _percent(row["share"])])
        parts.append(aligned(rows))
    return "\n\n".join(parts)


def _step_table(report: Mapping[str, Any]) -> str:
    own, other = report["by_step"]["forecast"], report["by_step"][report["reference"]]
    steps = len(own["mae"])
    shown = sorted({round(k * (steps - 1) / (MOST_ROWS - 1)) for k in range(MOST_ROWS)})
    rows = [["step", "MAE", "RMSE", f"MAE of {report['reference']}"]]
    rows += [[str(k + 1), *(_number(values[k]) for values in (own["mae"], own["rmse"], other["mae"]))] for k in shown]
    return aligned(rows)


def _series_table(report: Mapping[str, Any]) -> str:
    series = report["by_series"]
    header = "series, worst first" + (f" ({MOST_ROWS} of {len(series):,})" if len(series) > MOST_ROWS else "")
    rows = [[header, "windows", "MAE", "RMSE", "MASE", f"skill against {report['reference']}"]]
    for row in series[:MOST_ROWS]:
        numbers = [_number(row[metric]) for metric in ("mae", "rmse", "mase")]
        rows.append([row["unique_id"], f"{row['windows']:,}", *numbers, _percent(row["skill"])])
    return aligned(rows)


def runs_table(found: Sequence["Listed"]) -> tuple[str, list[str]]:
    """One row for each run, no wider than the terminal, and the columns left out for that.

    Ids are never cut, as they are what is typed.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    columns: dict[str, list[str]] = {"name": [each.name for each in found], "run": [each.run for each in found]}
    columns["state"] = [_state(each) for each in found]
    columns["cutoff"] = ["-" if each.cutoff is None else _day(each.cutoff) for each in found]
    columns["published"] = ["-" if each.published is None else each.published for each in found]
    columns |= {"MAE": [_number(each.mae) for each in found], "MASE": [_number(each.mase) for each in found]}
    columns["skill"] = [_percent(each.skill) for each in found]
    left_out = []
    for name in DISPENSABLE:
        if _excess(columns, width) > 0:
            del columns[name]
            left_out.append(name)
    longest = max(NARROW, max(map(len, columns["name"]), default=0) - max(0, _excess(columns, width)))
    columns["name"] = [_cut(name, longest) for name in columns["name"]]
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    return aligned(rows, left=len(columns) - sum(name in columns for name in ("MAE", "MASE", "skill"))), left_out


def _excess(columns: Mapping[str, Sequence[str]], width: int) -> int:
    """Characters by which a table is too wide."""
    widths = [max(map(len, (name, *column))) for name, column in columns.items()]
    return sum(widths) + 2 * (len(widths) - 1) - width


def _state(run: "Listed") -> str:
    state = "" if run.state == "readable" else run.state
    return ", ".join(filter(None, ["champion" if run.champion else "", state]))


def run_page(shown: "Shown") -> str:
    """What a run is, what it learned from, what was decided, how good it was: in 80 columns."""
    name = shown.facts.name
    state = {"champion": shown.champion, "for study": shown.for_study}
    title = ", ".join([f"{name} {shown.run.run_id}", *(text for text, is_so in state.items() if is_so)])
    groups = {
        "data": _learned_from(shown).items(),
        "decided from the data": shown.story.resolved.items(),
        "training": _training(shown).items(),
        "promoted by hand": [(_minute(each.time), each.reason) for each in shown.promotions],
    }
    parts = [textwrap.fill(title, WIDTH)]
    for group, entries in groups.items():
        if told := [(label, text) for label, text in entries if text]:
            parts.append(_group(group, told))
    for part, report in shown.metrics.items():
        table = errors_table(_cut(name, 2 * NARROW), report)
        parts.append(f"{part} errors, {report['windows']:,} windows\n{table}")
    if shown.metrics:
        parts.append("errors in original units; skill: 1 - MAE / MAE of that line")
    return "\n\n".join(parts)


def _learned_from(shown: "Shown") -> dict[str, str]:
    facts, story = shown.facts, shown.story
    rows = "" if story.rows is None else f"{story.rows:,} rows in "
    grid = f"freq {story.freq or 'unknown'}" + (f", zone {story.timezone}" if story.timezone else "")
    left_out = story.unobserved_windows
    return {
        "rows": f"{rows}{facts.series:,} series, {grid}, up to {_day(facts.cutoff)}",
        "columns": _some(story.columns),
        "settled": _counts(story.repairs),
        "skipped": _some(story.skipped_series),
        "padded": f"{story.padded_series:,} series" if story.padded_series else "",
        "new categories": _counts(story.unseen_categories),
        "windows": _counts({str(part): count for part, count in facts.windows.items()}),
        "left out": f"{left_out:,} training windows" if left_out else "",
    }


def _training(shown: "Shown") -> dict[str, str]:
    story = shown.story
    against, versions = story.judged_against, {"Python": story.python, **story.versions}
    return {
        "published": shown.facts.published.replace("_", " "),
        "errors": ", ".join(f"{name} {_number(error)}" for name, error in story.validation_errors.items()),
        "start": story.start or "",
        "judged": f"against {against}: {story.judged.reason}" if against else "",
        "seed": "" if story.seed is None else str(story.seed),
        "finished": f"{_minute(story.created)} UTC" if story.created else "",
        "with": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    }


def _group(name: str, entries: Sequence[tuple[str, str]]) -> str:
    """A title and what belongs to it, wrapped."""
    indent = min(max(len(label) for label, _ in entries), WIDTH // 3) + 4
    lines = [name]
    for label, text in entries:
        first = f"  {_cut(label, indent - 4)}".ljust(indent)
        lines.append(textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=" " * indent))
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


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def comparison_text(comparison: "Comparison") -> str:
    """One row for each variation and baseline, wrapped between columns where stdout is a narrower terminal."""
    contexts = list(comparison.variations[0].timings)
    header = ["", "MAE", "RMSE", "sMAPE", "MASE", "epoch", "gap", "parameters", "seconds", "CPU s"]
    rows = [[*header, *(f"ms, {n}" for n in contexts), *(f"windows/s, {n}" for n in contexts)]]
    for row in (*comparison.variations, *comparison.baselines):
        errors = [_spread(row.errors[metric]) for metric in ("mae", "rmse", "smape", "mase")]
        timings = [row.timings[n] for n in contexts if n in row.timings]
        speeds = [*(f"{t.latency_ms:.3g}" for t in timings), *(f"{t.windows_per_second:,.0f}" for t in timings)]
        training = [_spread(row.epoch), _spread(row.gap), f"{row.parameters:,}"]
        costs = [_spread(row.seconds), _spread(row.cpu_seconds), *(speeds or [""] * 2 * len(contexts))]
        rows.append([row.name, *errors, *training, *costs])
    return aligned(rows, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


def _spread(found: "Spread | None") -> str:
    """The median, and in brackets how far the seeds lie apart; nothing where nothing was measured."""
    if found is None:
        return ""
    if found.median is None or found.low is None or found.high is None:
        return "-"
    distance = float(f"{found.high - found.low:.2g}")
    return f"{found.median:.4g}" + (f" ({distance:g})" if len(found.values) > 1 else "")


def aligned(rows: Sequence[Sequence[object]], *, left: int = 1, width: int | None = None) -> str:
    """Columns under each other, the first ``left`` ones to the left, the others, numbers, to the right.

    The first is repeated where the others need more than ``width``.
    """
    cells = [[cell if isinstance(cell, str) else _number(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    blocks: list[list[int]] = [[0]]
    for k in range(1, len(widths)):
        used = sum(widths[column] + 2 for column in blocks[-1])
        if width is not None and len(blocks[-1]) > 1 and used + widths[k] > width:
            blocks.append([0])
        blocks[-1].append(k)
    put = [str.ljust] * left + [str.rjust] * (len(widths) - left)
    return "\n\n".join(
        "\n".join("  ".join(put[k](row[k], widths[k]) for k in block).rstrip() for row in cells) for block in blocks
    )


def _percent(share: float | None) -> str:
    """With its sign; nothing for None."""
    return "" if share is None else f"{share:+.1%}"


def _number(value: object) -> str:
    """Four digits; a dash for None."""
    return "-" if value is None else f"{value:.4g}"


def _report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    facts, columns = report["facts"], report["facts"]["columns"]
    yield report["data"]
    if "freq" in facts:
        zone = f", zone {facts['timezone']}" if facts["timezone"] else ""
        share = "" if facts["freq_share"] is None else f" ({facts['freq_share']:.1%} of steps)"
        yield f"  {facts['rows']:,} rows in {facts['series']:,} series of {facts['shortest']:,} to {facts['longest']:,}"
        yield f"  {facts['first']} to {facts['last']}, freq {facts['freq']}{share}{zone}"
        yield "  " + ", ".join(f"{key} {value!r}" for key, value in facts["file"].items())
    for role, names in columns.items():
        if names:
            yield f"  {role}: {names if isinstance(names, str) else ', '.join(names)}"
    if built := facts.get("training"):
        yield (
            f"  training builds {built['parameters']:,} parameters in {built['networks']} networks with about "
            f"{built['mib']:,} MiB; how long it takes and how well it forecasts, only training tells"
        )
    for finding in sorted(report["findings"], key=lambda finding: LEVELS.index(finding["level"])):
        counts = ", ".join(f"{name} {count:,}" for name, count in finding["columns"].items())
        yield f"{finding['level']}: {finding['kind']}: {finding['count']:,}: {finding['text']}"
        yield from (f"    {place}" for place in finding["places"])
        if counts:
            yield f"    by column: {counts}"
        if finding["remedy"] and finding["level"] != "settled":
            yield f"    set {finding['remedy']}"
