"""Policies for series together with covariates known ahead, calibrated intervals, backtests and
stamps in parts.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object, read_csv

CONFIG = """\
name: shops
data:
  path: shops.csv
  timestamp: [Date, Time]
  timestamp_format: "%d.%m.%Y %H:%M"
  series_id: shop
  targets: [y]
  freq: D
  short_series: skip
  unseen_series: global
  outliers: clip
  covariates: {future: [promo], calendar: [day_of_week]}
preprocessing: {scope: global, log: false}
split: {validation: 21, test: 21}
windows: {horizon: 7, context_length: 14}
model: {units: 4, ensemble: 1, levels: [80], cell: gru, segment_length: 1, calibration: series}
training: {epochs: 0, refit: false}
"""


AHEAD = 7


def written(path: Path, rows: dict[str, int]) -> Path:
    """A table with so many ``rows`` of each shop, and as many as are forecast that tell of the
    future alone.
    """
    frames = []
    for seed, (shop, n) in enumerate(rows.items()):
        rng, days = np.random.default_rng(seed), pd.date_range("2024-01-01", periods=n + AHEAD)
        promo = (rng.random(n + AHEAD) < 0.3).astype(float)
        y = (
            10
            + 5 * np.sin(np.arange(n + AHEAD) * 2 * np.pi / 7)
            + 3 * promo
            + rng.normal(size=n + AHEAD)
        )
        y[n:] = np.nan
        frames.append(
            pd.DataFrame(
                {
                    "shop": shop,
                    "Date": days.strftime("%d.%m.%Y"),
                    "Time": "00:00",
                    "y": y,
                    "promo": promo,
                }
            )
        )
    pd.concat(frames).to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def shops(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    def fill(directory: Path) -> None:
        written(directory / "shops.csv", {"a": 150, "b": 150, "tiny": 9})
        (directory / "shops.yaml").write_text(CONFIG)
        train_all(directory, ["--config", "shops.yaml"])

    return once("policies_ahead", fill)


NEWER = {"a": 160, "new": 120, "tiny": 9}


def test_unseen_series_are_forecast_and_short_ones_skipped_with_what_is_known_ahead(
    shops: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(shops)
    whole = invoke("predict", "--data", written(tmp_path / "whole.csv", NEWER))
    table = read_csv(whole)
    assert table["unique_id"].unique().tolist() == ["a", "new"]
    assert np.isfinite(table[["shops", "shops-lo-80", "shops-hi-80"]]).all(axis=None)
    assert "data.short_series: skip settled 1 series" in whole.stderr
    rows = pd.read_csv(tmp_path / "whole.csv")
    rows.dropna().to_csv(tmp_path / "bare.csv", index=False)
    template = read_csv(invoke("template", "--data", tmp_path / "bare.csv"))
    assert template.columns.tolist() == ["shop", "Date", "Time", "promo"]
    assert template["shop"].unique().tolist() == ["a", "new"]
    known = rows[rows["y"].isna() & (rows["shop"] != "tiny")]["promo"]
    template.assign(promo=known.to_numpy()).to_csv(tmp_path / "future.csv", index=False)
    beside = invoke("predict", "--data", tmp_path / "bare.csv", "--future", tmp_path / "future.csv")
    pd.testing.assert_frame_equal(read_csv(beside), table)


def test_a_backtest_leaves_out_what_training_skipped(
    shops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shops)
    report = one_object(invoke("backtest", "--json").stdout)
    assert {row["unique_id"] for row in report["by_series"]} == {"a", "b"}
    assert report["networks"] == {"evaluated": report["windows"]}
