"""What a report costs: seconds and memory beside ``forecast plot``, the size of the page, and how
soon a browser without a network shows it.
"""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.measure import FORECAST, run, side_by_side

TABLES = {"1": (1, 1_000), "100": (100, 1_000), "10,000": (10_000, 100)}  # series, rows of each
ROUNDS = 3
CONFIG = """\
name: shops
data: {path: shops.csv, timestamp: day, series_id: shop, targets: sold}
windows: {context_length: 28, horizon: 7, evaluation_stride: 7, normalisation: last}
model: {units: 8, segment_length: 7, linear: ridge, ensemble: 1, levels: [80, 95]}
training: {epochs: 1, steps_per_epoch: 20, fallback: false, refit: false}
"""


def write_table(path: Path, series: int, rows: int) -> None:
    """Daily sales with a week in them."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2022-01-01", periods=rows, freq="D")
    sold = rng.lognormal(3, 1, (series, 1)) * (2 + np.sin(2 * np.pi * np.arange(rows) / 7))
    table = {
        "shop": np.repeat([f"shop {k}" for k in range(series)], rows),
        "day": np.tile(days.strftime("%Y-%m-%d"), series),
        "sold": (sold * rng.lognormal(0, 0.2, sold.shape)).round(2).ravel(),
    }
    pd.DataFrame(table).to_csv(path, index=False)


def first_paint(page: Path) -> tuple[float, float] | None:
    """Seconds until something is shown, and until all is drawn; None without Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        opened = chromium.new_context(offline=True).new_page()
        opened.goto(page.absolute().as_uri())
        opened.wait_for_function("performance.getEntriesByType('paint').length > 0")
        shown = opened.evaluate("performance.getEntriesByType('paint')[0].startTime")
        drawn = opened.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        chromium.close()
    return shown / 1000, drawn / 1000


def main() -> None:
    print("| series | rows of each | report | beside plot | memory | page | shown | drawn |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (series, rows) in TABLES.items():
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            write_table(here / "shops.csv", series, rows)
            (here / "shops.yaml").write_text(CONFIG)
            run([*FORECAST, "train", "-c", "shops.yaml"], cwd=here)
            commands = {
                "report": [*FORECAST, "report", "-o", "page.html"],
                "plot": [*FORECAST, "plot", "-o", "picture.png"],
            }
            usage = side_by_side(commands, cwd=here, rounds=ROUNDS, expect={})
            page = here / "page.html"
            own, other = usage["report"], usage["plot"]
            shown = first_paint(page)
            seconds = "| | " if shown is None else f"{shown[0]:.2f} s | {shown[1]:.2f} s"
            print(
                f"| {name} | {rows:,} | {own.seconds:.1f} s | {own.seconds / other.seconds:.2f} |"
                f" {own.peak_mib:.0f} MiB | {page.stat().st_size / 1e6:.2f} MB | {seconds} |",
                flush=True,
            )
