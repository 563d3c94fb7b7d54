"""``init`` on a million rows, and on three thousand columns, beside another version of the package.

    python -m tests.benchmarks init --before DIRECTORY

``DIRECTORY`` is a checkout of the other version. Both run in this environment, in turns.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.measure import Usage, side_by_side

ROUNDS = 3
HERE = Path(__file__).parents[2]
# Runs the command of the checkout that is named first.
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from lstm_forecast.cli import main; main()"
)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks init", description=__doc__)
    parser.add_argument("--before", type=Path, required=True)
    before = parser.parse_args(arguments).before
    os.environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for table in (_long(folder), _wide(folder)):
            commands = {
                version: [sys.executable, "-c", START, str(root), "init", table, "--force"]
                for version, root in (("now", HERE), ("before", before.absolute()))
            }
            found = side_by_side(commands, cwd=folder, rounds=ROUNDS, expect={})
            print(f"{table}: {_compared(found['now'], found['before'])}")


def _long(folder: Path) -> str:
    """A million rows: 1,000 series of 1,000 days."""
    rng, days = np.random.default_rng(0), pd.date_range("2021-01-01", periods=1000)
    frame = pd.DataFrame(
        {
            "item": np.repeat([f"item-{k:04d}" for k in range(1000)], 1000),
            "day": np.tile(days.strftime("%Y-%m-%d"), 1000),
            "sold": rng.poisson(20, 1_000_000),
            "price": rng.gamma(2, 5, 1_000_000).round(2),
        }
    )
    frame.to_csv(folder / "rows.csv", index=False)
    return "rows.csv"


def _wide(folder: Path) -> str:
    """Three thousand columns of a thousand days."""
    values = np.random.default_rng(0).gamma(2, 5, (1000, 3000)).round(2)
    frame = pd.DataFrame(values, columns=[f"shop {k}" for k in range(3000)])
    frame.insert(0, "day", pd.date_range("2021-01-01", periods=1000).strftime("%Y-%m-%d"))
    frame.to_csv(folder / "columns.csv", index=False)
    return "columns.csv"


def _compared(now: Usage, before: Usage) -> str:
    return (
        f"{now.seconds:.1f} s and {now.peak_mib:,.0f} MiB now, {before.seconds:.1f} s and"
        f" {before.peak_mib:,.0f} MiB before: {now.seconds / before.seconds:.2f} and"
        f" {now.peak_mib / before.peak_mib:.2f} times as much"
    )
