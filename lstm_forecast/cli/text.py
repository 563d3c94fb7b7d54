"""Results of trainings and evaluations, as aligned text and in sentences."""

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lstm_forecast.cli.alignment import aligned, number, percent
from lstm_forecast.events import Event
from lstm_forecast.model.published import PUBLISHED

if TYPE_CHECKING:
    from lstm_forecast.detecting.detection import Detection
    from lstm_forecast.events import Epoch
    from lstm_forecast.judging.backtest import BacktestReport
    from lstm_forecast.judging.comparison import Comparison
    from lstm_forecast.judging.spread import Spread
    from lstm_forecast.store.report import Report
    from lstm_forecast.training.choose import Choice
    from lstm_forecast.training.inspection import Inspection

__all__ = [
    "MOST_ROWS", "WIDTH", "anomalies_text", "backtest_tables", "comparison_text", "errors_table",
    "inspection_text", "outcome", "unseen_categories",
]  # fmt: skip

WIDTH = 80  # columns of what is no terminal
# a sentence, and the same as an event of the log with its figures
Told = tuple[str, Event, Mapping[str, object]]
LEVELS = ("refused", "settled", "note")
MOST_ROWS = 10  # of steps and series that are shown; the object of --json has all
MOST_ANOMALIES = 30  # that are shown
NETWORKS = {
    "evaluated": "the evaluated network, which learned from the training part alone",
    "published": "the published network, whose rows all came before",
    "retrained": "networks trained again on all rows before",
}


def outcome(history: Sequence["Epoch"], choice: "Choice") -> Iterator[Told]:
    """What training kept and what is published."""
    kept = {row.network: row for row in history if row.best or row.val_loss is None}
    for network, row in kept.items():
        name = f"network {network}: " if len(kept) > 1 else ""
        losses = {"loss": row.loss, "val_loss": row.val_loss, "gap": row.gap}
        labels = {name: "overfitting gap" if name == "gap" else name for name in losses}
        shown = ", ".join(
            f"{labels[name]} {value:.4f}" for name, value in losses.items() if value is not None
        )
        text = f"{name}kept epoch {row.epoch}: {shown}" + (
            " (nothing beyond its start)" if row.epoch == 0 else ""
        )
        yield text, "kept", {"network": network, "epoch": row.epoch, **losses}
    if choice.published != "network" or choice.pretrained:
        figures = {"pretrained": choice.pretrained, "errors": choice.scores}
        yield _chosen(choice), "choice", {"published": choice.published, **figures}


def _chosen(choice: "Choice") -> str:
    """What is published, and why."""
    published, share, scores = choice.published, choice.pretrained, choice.scores
    what, theirs = PUBLISHED.get(published, "the network"), PUBLISHED["pretrained"]
    if 0 < share < 1:
        what = f"{share:.0%} {theirs}, {1 - share:.0%} {what.removesuffix(' alone')}"
    pays = published in ("blend", "network")
    verdict = "" if pays else "the trained network does not pay here: "
    compared = ", ".join(f"{name.replace('_', ' ')} {score:.4g}" for name, score in scores.items())
    other = "training.fallback: false would publish the network"
    if share and not choice.reason:
        other = f"model.pretrained: {share:g} is in all of them"
        if not scores:
            return f"published is {what}, by model.pretrained: {share:g}"
    elif not scores:
        compared = "none, as all series are too short for one"
        verdict = "nothing shows that the network pays: "
    tried = f"; share of the pretrained network {share:g}: {choice.reason}" if choice.reason else ""
    return (
        f"{verdict}published is {what} (errors on the validation part: {compared}; {other}){tried}"
    )


def unseen_categories(unseen: Mapping[str, int]) -> Iterator[str]:
    """What the network cannot know, in sentences: a static column with values that were not there
    in training.
    """
    for column, count in unseen.items():
        yield (
            f"column {column}: {count:,} series have a category not seen in training; forecast as"
            " of none"
        )


def inspection_text(found: "Inspection") -> str:
    """What ``check`` found, and what training refuses first."""
    return "\n".join(_inspection_lines(found))


def errors_table(name: str, report: "Report") -> str:
    """Errors of the forecast above those of the baselines, as aligned text."""
    rows = [["", "MAE", "RMSE", "sMAPE", "MASE", "skill"]]
    for label, errors in report.errors.items():
        numbers = map(number, (errors.mae, errors.rmse, errors.smape, errors.mase))
        shown = name if errors is report.own else label
        rows.append([shown, *numbers, percent(report.skill.get(label))])
    return aligned(rows)


def backtest_tables(name: str, report: "BacktestReport") -> str:
    """What a backtest found: overall, intervals, by step of the horizon, the worst series, and what
    mattered.
    """
    (first, last), unscaled = report.cutoffs, report.left_out.zero_scale
    lines = [f"{report.windows:,} windows with cutoffs from {first} to {last}"]
    lines += [
        f"{windows:,} forecast by {NETWORKS[network]}"
        for network, windows in report.networks.items()
    ]
    lines += (
        [f"{unscaled:,} left out of MASE: nothing changes from season to season in training"]
        if unscaled
        else []
    )
    lines += ["original units; skill: 1 - MAE / MAE of that line"]
    parts = ["\n".join(lines), errors_table(name, report)]
    if report.intervals:
        rows = [["interval", "coverage", "width", "MSIS"]]
        for level, found in report.intervals.items():
            rows.append(
                [f"{level} %", f"{found.coverage:.1%}", number(found.width), number(found.msis)]
            )
        parts.append(f"{aligned(rows)}\nscaled CRPS {number(report.scaled_crps)}")
    parts += [_step_table(report), _series_table(report)]
    if report.importance is not None:
        rows = [["permuted input", "MAE grows by", "+-", "share"]]
        for row in report.importance:
            rows.append([row.input, number(row.growth), number(row.spread), percent(row.share)])
        parts.append(aligned(rows))
    return "\n\n".join(parts)


def _step_table(report: "BacktestReport") -> str:
    own, other = report.own_steps, report.by_step[report.reference]
    steps = len(own.mae)
    shown = sorted({round(k * (steps - 1) / (MOST_ROWS - 1)) for k in range(MOST_ROWS)})
    rows = [["step", "MAE", "RMSE", f"MAE of {report.reference}"]]
    rows += [
        [str(k + 1), *(number(values[k]) for values in (own.mae, own.rmse, other.mae))]
        for k in shown
    ]
    return aligned(rows)


def _series_table(report: "BacktestReport") -> str:
    series = report.by_series
    header = "series, worst first" + (
        f" ({MOST_ROWS} of {len(series):,})" if len(series) > MOST_ROWS else ""
    )
    rows = [[header, "windows", "MAE", "RMSE", "MASE", f"skill against {report.reference}"]]
    for row in series[:MOST_ROWS]:
        numbers = map(number, (row.mae, row.rmse, row.mase))
        rows.append([row.unique_id, f"{row.windows:,}", *numbers, percent(row.skill)])
    return aligned(rows)


def comparison_text(comparison: "Comparison") -> str:
    """One row for each variation and baseline, wrapped between columns where stdout is a narrower
    terminal.
    """
    contexts = list(comparison.variations[0].timings)
    header = ["", "MAE", "RMSE", "sMAPE", "MASE", "epoch", "gap", "parameters", "seconds", "CPU s"]
    rows = [[*header, *(f"ms, {n}" for n in contexts), *(f"windows/s, {n}" for n in contexts)]]
    for row in (*comparison.variations, *comparison.baselines):
        errors = [_spread(found) for found in row.errors.by_name.values()]
        timings = [row.timings[n] for n in contexts if n in row.timings]
        speeds = [
            *(f"{t.latency_ms:.3g}" for t in timings),
            *(f"{t.windows_per_second:,.0f}" for t in timings),
        ]
        training = [_spread(row.epoch), _spread(row.gap), f"{row.parameters:,}"]
        costs = [
            _spread(row.seconds),
            _spread(row.cpu_seconds),
            *(speeds or [""] * 2 * len(contexts)),
        ]
        rows.append([row.name, *errors, *training, *costs])
    return aligned(rows, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


def anomalies_text(found: "Detection") -> str:
    """What was found, the newest first, each with its kind, since when, and what was expected."""
    told = (
        f"{found.steps:,} step{'s' if found.steps != 1 else ''} from {found.first} to {found.last}"
    )
    if not found.anomalies:
        return f"nothing unusual in {told}"
    header = ["series", "kind", "since", "until", "steps", "at", "value", "expected", "usual"]
    rows: list[Sequence[object]] = [[*header, "score"]]
    for each in found.anomalies[:MOST_ANOMALIES]:
        usual = "" if each.low is None else f"{number(each.low)} to {number(each.high)}"
        values = [number(value) for value in (each.actual, each.expected)]
        stamps = [each.since, each.until, f"{each.steps:,}", each.at]
        rows.append([each.unique_id, each.kind, *stamps, *values, usual, f"{each.score:.1f}"])
    more = len(found.anomalies) - MOST_ANOMALIES
    lines = [f"{len(found.anomalies):,} unusual in {told}", aligned(rows, left=2)]
    if more > 0:
        lines.append(f"and {more:,} earlier ones")
    return "\n".join(lines)


def _spread(found: "Spread | None") -> str:
    """The median, and in brackets how far the seeds lie apart; empty where nothing was measured."""
    if found is None:
        return ""
    if found.median is None or found.low is None or found.high is None:
        return "-"
    distance = float(f"{found.high - found.low:.2g}")
    return f"{found.median:.4g}" + (f" ({distance:g})" if len(found.values) > 1 else "")


def _inspection_lines(found: "Inspection") -> Iterator[str]:
    facts, columns = found.facts, found.facts.columns
    yield found.data
    if facts.rows is not None:
        zone = f", zone {facts.timezone}" if facts.timezone else ""
        share = "" if facts.freq_share is None else f" ({facts.freq_share:.1%} of steps)"
        yield (
            f"  {facts.rows:,} rows in {facts.series:,} series of {facts.shortest:,} to"
            f" {facts.longest:,}"
        )
        yield f"  {facts.first} to {facts.last}, freq {facts.freq}{share}{zone}"
        yield "  " + ", ".join(f"{key} {value!r}" for key, value in facts.file.content().items())
    for role, names in columns.content().items():
        if names:
            yield f"  {role}: {', '.join(names) if isinstance(names, list) else names}"
    if built := facts.training:
        yield (
            f"  training builds {built.parameters:,} parameters in {built.networks} networks"
            f" with about {built.mib:,} MiB; how long it takes and how well it forecasts, only"
            " training tells"
        )
    for finding in sorted(found.findings, key=lambda finding: LEVELS.index(finding.level)):
        counts = ", ".join(f"{name} {count:,}" for name, count in finding.columns.items())
        says_all = finding.level == "note" and finding.says_all(facts.rows)
        count = "" if says_all else f"{finding.count:,}: "
        yield f"{finding.level}: {finding.kind}: {count}{finding.text}"
        yield from (f"    {place}" for place in finding.places)
        if counts:
            yield f"    by column: {counts}"
        if finding.remedy and finding.level != "settled":
            yield f"    set {finding.remedy}"
