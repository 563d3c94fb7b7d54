"""A series that grows by a day at a time, and the champion that was trained on its beginning."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.measure import FORECAST

CONFIG = """\
name: grown
data: {path: grown.csv, timestamp: time, targets: y, freq: 3h}
windows: {context_length: 24, horizon: 4, normalisation: last, season_length: 12}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 3, batch_size: 64, steps_per_epoch: 0}
retrain: {max_age: 4d, stale: {warn: 3d}}
"""
START, DAY = pd.Timestamp("2025-01-01"), 8  # first stamp, and rows of a day
BASE = 500  # rows of the first training


def series(rows: int, *, broken: int | None = None) -> np.ndarray:
    """A wave with noise, (rows,), whose season and level change at row ``broken``."""
    rng, t = np.random.default_rng(0), np.arange(rows)
    own, other = (10 + 3 * np.sin(2 * np.pi * t / 12), 14 + 3 * np.sin(2 * np.pi * t / 7))
    return np.where(t < (rows if broken is None else broken), own, other) + 0.3 * rng.normal(
        size=rows
    )


def write(folder: Path, values: np.ndarray) -> None:
    """Config and data; the newest row is never half written, as nobody reads in between."""
    (folder / "grown.yaml").write_text(CONFIG)
    stamps = pd.date_range(START, periods=len(values), freq="3h").strftime("%Y-%m-%dT%H:%M")
    lines = [f"{stamp},{value:.5f}" for stamp, value in zip(stamps, values, strict=True)]
    (folder / "grown.csv").write_text("\n".join(["time,y", *lines, ""]))


def first(folder: Path) -> Path:
    """The home of a champion that was trained on the beginning of the series."""
    home = folder / "runs" / "grown"
    if not home.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, series(BASE))
        subprocess.run(
            [*FORECAST, "retrain", "-c", "grown.yaml"],
            cwd=folder,
            check=True,
            stderr=subprocess.DEVNULL,
        )
    return home


def open_files() -> int:
    """Descriptors that this process holds."""
    return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208  and the one that lists them


def resident_mib() -> float:
    """Memory that this process takes now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
