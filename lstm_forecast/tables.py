"""Results of evaluations as aligned text."""

from collections.abc import Mapping
from typing import Any

from lstm_forecast.terminal import aligned, errors_table, number, percent

__all__ = ["backtest_tables"]

MOST_ROWS = 10  # of steps and series that are shown; the object of --json has all
NETWORKS = {
    "evaluated": "the evaluated network, which learned from the training part alone",
    "published": "the published network, whose rows all came before",
    "retrained": "networks trained again on all rows before",
}


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
            rows.append([f"{level} %", f"{found['coverage']:.1%}", number(found["width"]), number(found["msis"])])
        parts.append(f"{aligned(rows)}\nscaled CRPS {number(report['scaled_crps'])}")
    parts += [_step_table(report), _series_table(report)]
    if "importance" in report:
        rows = [["permuted input", "MAE grows by", "+-", "share"]]
        for row in report["importance"]:
            rows.append([row["input"], number(row["growth"]), number(row["spread"]), percent(row["share"])])
        parts.append(aligned(rows))
    return "\n\n".join(parts)


def _step_table(report: Mapping[str, Any]) -> str:
    own, other = report["by_step"]["forecast"], report["by_step"][report["reference"]]
    steps = len(own["mae"])
    shown = sorted({round(k * (steps - 1) / (MOST_ROWS - 1)) for k in range(MOST_ROWS)})
    rows = [["step", "MAE", "RMSE", f"MAE of {report['reference']}"]]
    rows += [[str(k + 1), *(number(values[k]) for values in (own["mae"], own["rmse"], other["mae"]))] for k in shown]
    return aligned(rows)


def _series_table(report: Mapping[str, Any]) -> str:
    series = report["by_series"]
    header = "series, worst first" + (f" ({MOST_ROWS} of {len(series):,})" if len(series) > MOST_ROWS else "")
    rows = [[header, "windows", "MAE", "RMSE", "MASE", f"skill against {report['reference']}"]]
    for row in series[:MOST_ROWS]:
        numbers = [number(row[metric]) for metric in ("mae", "rmse", "mase")]
        rows.append([row["unique_id"], f"{row['windows']:,}", *numbers, percent(row["skill"])])
    return aligned(rows)
