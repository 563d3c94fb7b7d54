"""``predict --memory`` on up to a million series, beside all of them at once, by this version of
the package and another one, and beside peers.

    python -m tests.benchmarks large --before DIRECTORY --peers PYTHON

``DIRECTORY`` is a checkout of the other version, ``PYTHON`` the interpreter of an environment with
statsforecast and mlforecast. All forecast the same Parquet file, in turns.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.init import START
from tests.benchmarks.measure import FORECAST, Usage, run

SIZES = (10_000, 100_000, 1_000_000)  # series
ROWS, HORIZON, SEASON = 60, 24, 24
MOST_OF_PEERS = 100_000  # series: a million takes mlforecast more than this machine has
AT_ONCE = 20_000  # series that are written at once
CONFIG = f"""\
name: sold
data: {{path: few.parquet, timestamp: ds, series_id: unique_id, targets: y, freq: h,
  unseen_series: global}}
windows: {{context_length: 48, horizon: {HORIZON}, season_length: {SEASON}}}
preprocessing: {{scope: global}}
model: {{units: 16, levels: [80, 95]}}
training: {{epochs: 1, fallback: false}}
"""
PEERS = {
    "statsforecast": f"""
import sys, pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import SeasonalNaive
models = StatsForecast([SeasonalNaive({SEASON})], freq="h", n_jobs=2)
table = models.forecast(df=pd.read_parquet(sys.argv[1]), h={HORIZON}, level=[80, 95])
table.to_parquet("peer.parquet")
""",
    "mlforecast": f"""
import sys, pandas as pd
from mlforecast import MLForecast
from sklearn.linear_model import LinearRegression
models = MLForecast(LinearRegression(), freq="h", lags=list(range(1, {SEASON} + 1)), num_threads=2)
models.fit(pd.read_parquet(sys.argv[1]), static_features=[])
models.predict({HORIZON}).to_parquet("peer.parquet")
""",
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks large", description=__doc__)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--peers", type=Path)
    given = parser.parse_args(arguments)
    os.environ.pop("PYTHONPATH", None)
    before = [sys.executable, "-c", START, str(given.before.absolute())]
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        write_series(here / "few.parquet", 300)
        (here / "before.yaml").write_text(CONFIG)
        (here / "now.yaml").write_text(
            CONFIG.replace("levels: [80, 95]", "levels: [80, 95], pretrained: 0")
        )
        run([*FORECAST, "train", "-c", "now.yaml", "--runs", "now"], cwd=here)
        run([*before, "train", "-c", "before.yaml", "--runs", "before"], cwd=here)
        print("| series | what | seconds | peak memory |\n|---|---|---|---|")
        for size in SIZES:
            write_series(here / "many.parquet", size)
            write_series(here / "mixed.parquet", size, by_time=True)
            predict = ["predict", "--data", "many.parquet", "--output", "out.parquet", "--runs"]
            in_parts = [*FORECAST, *predict, "now", "--memory", "1GiB"]
            mixed = [word.replace("many", "mixed") for word in in_parts]
            commands = {
                "in parts": in_parts,
                "in parts, rows out of order": mixed,
                "at once": [*FORECAST, *predict, "now"],
                "before": [*before, *predict, "before"],
            }
            if given.peers is not None and size <= MOST_OF_PEERS:
                for peer, code in PEERS.items():
                    commands[peer] = [str(given.peers), "-c", code, "many.parquet"]
            for what, command in commands.items():
                print(_line(size, what, run(command, cwd=here)), flush=True)


def _line(size: int, what: str, usage: Usage) -> str:
    return f"| {size:,} | {what} | {usage.seconds:.1f} | {usage.peak_mib:,.0f} MiB |"


def write_series(path: Path, n_series: int, *, by_time: bool = False) -> None:
    """Hours with a day in them, series after series; or hour after hour in every row group."""
    rng, hours = np.random.default_rng(0), pd.date_range("2024-01-01", periods=ROWS, freq="h")
    schema = pa.schema(
        [("unique_id", pa.string()), ("ds", pa.timestamp("ms")), ("y", pa.float64())]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n_series, AT_ONCE):
            ids = [f"s{k:07d}" for k in range(start, min(start + AT_ONCE, n_series))]
            level = 100 + 10 * np.sin(2 * np.pi * np.arange(ROWS) / SEASON)
            values = (level + rng.normal(0, 5, (len(ids), ROWS))).round(2)
            order = np.arange(values.size).reshape(values.shape)
            order = (order.T if by_time else order).ravel()
            columns = [
                np.repeat(ids, ROWS)[order],
                np.tile(hours, len(ids))[order],
                values.ravel()[order],
            ]
            writer.write_table(pa.table(columns, schema=schema))
