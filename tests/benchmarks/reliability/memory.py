"""What ``training.memory_limit`` compares with, against the real peaks of quite different
trainings.
"""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.measure import FORECAST

CONFIG = """\
name: wide
data: {{path: wide.parquet, timestamp: step, series_id: id, targets: [{targets}]}}
windows: {{context_length: {context}, horizon: {horizon}, normalisation: last, season_length: 24}}
model: {{units: {units}, segment_length: {segment}, segment_units: 0, linear: ridge, ensemble: 1,
  dropout: 0.1}}
training: {{epochs: 1, steps_per_epoch: 2, batch_size: {batch}, refit: false}}
preprocessing: {{log: false}}
"""
PLAIN = {
    "series": 1,
    "rows": 4_000,
    "columns": 1,
    "context": 96,
    "horizon": 24,
    "units": [32],
    "segment": 1,
    "batch": 64,
}
CASES: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "small": ({}, ()),
    "large layers": ({"units": [1024, 1024], "segment": 24, "context": 336, "batch": 256}, ()),
    "long context, step by step": ({"context": 1440, "units": [64], "batch": 256}, ()),
    "200 columns, joint": (
        {"columns": 200, "units": [256], "batch": 256},
        ("model.channels=joint",),
    ),
    "5,000 series": ({"series": 5_000, "rows": 400, "batch": 1024}, ()),
    "ensemble, both directions, levels": (
        {"units": [128, 128], "batch": 512},
        ("model.ensemble=3", "model.bidirectional=true", "model.levels=[80,95]"),
    ),
}


def memory(folder: Path, count: int) -> None:
    """Estimate and peak of the first ``count`` cases."""
    found = {
        name: _peak(folder, PLAIN | changes, options)
        for name, (changes, options) in list(CASES.items())[:count]
    }
    table = pd.DataFrame(found, index=["estimate", "peak"]).T
    print("memory: MiB, estimated before the training and at its peak")
    print(table.assign(ratio=table["estimate"] / table["peak"]).round(2).to_string())


def _peak(folder: Path, case: dict[str, object], options: tuple[str, ...]) -> tuple[float, float]:
    targets = [f"y{column}" for column in range(int(str(case["columns"])))]
    (folder / "wide.yaml").write_text(CONFIG.format(**case, targets=", ".join(targets)))
    _write(
        folder / "wide.parquet",
        targets,
        series=int(str(case["series"])),
        rows=int(str(case["rows"])),
    )
    settings = [word for option in options for word in ("--set", option)]
    command = [*FORECAST, "train", "-c", "wide.yaml", *settings]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    estimate = re.search(r"memory: about ([\d,]+) MiB", said)
    if process.returncode or estimate is None:
        raise RuntimeError(said)
    return float(estimate[1].replace(",", "")), usage.ru_maxrss / 1024


def _write(path: Path, targets: list[str], *, series: int, rows: int) -> None:
    steps = np.tile(np.arange(rows), series)
    noise = np.random.default_rng(0).normal(size=(len(steps), len(targets)))
    wave = np.sin(2 * np.pi * steps / 24)[:, None] + 0.1 * noise
    names = np.repeat([f"s{number}" for number in range(series)], rows)
    pd.DataFrame(wave, columns=targets).assign(step=steps, id=names).to_parquet(path, index=False)
