"""Results of evaluations as aligned text."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstm_forecast.evaluation.spread import Spread
    from lstm_forecast.workflows.compare import Comparison

__all__ = ["aligned", "backtest_tables", "comparison_text", "errors_table"]

MOST_ROWS = 10  # of steps and series that are shown; the object of --json has all
NETWORKS = {
    "evaluated": "the evaluated network, which learned from the training part alone",
    "published": "the published network, whose rows all came before",
    "retrained": "networks trained again on all rows before",
}


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
