"""Dirty data end to end: ``init`` and answers to what it asks settle it; training and prediction
tell the same.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from lstm_forecast.store import open_run
from tests.benchmarks.files import DATA
from tests.functional.conftest import train_all
from tests.unit.conftest import needs_shared

SETS = {
    "dirty_air_quality_uci": ["--target", "CO(GT)"],
    "dirty_metro_traffic": ["--target", "traffic_volume"],
    "dirty_beijing_pm25": ["--target", "pm2.5"],
    "nab_realTraffic": [],
}
ANSWERS = {  # to what init asks of them, in the config that it wrote
    "dirty_air_quality_uci": {"missing: error": "missing: seasonal"},
    "dirty_metro_traffic": {
        "duplicates: error": "duplicates: first",
        "gaps: error": "gaps: fill\n  fill_limit: 24\n  missing: seasonal",
    },
    "nab_realTraffic": {
        "off_grid: error": "off_grid: error\n  aggregate: mean\n  gaps: fill"
        "\n  fill_limit: 24\n  missing: ffill"
    },
}
TINY = {
    "windows": {
        "context_length": 24,
        "horizon": 6,
        "normalisation": "last",
        "evaluation_stride": 24,
    },
    "preprocessing": {"log": False},
    "model": {
        "units": 4,
        "segment_length": 6,
        "segment_units": 0,
        "linear": "ridge",
        "ensemble": 1,
        "levels": [],
    },
    "training": {
        "epochs": 0,
        "batch_size": 256,
        "steps_per_epoch": 1,
        "refit": False,
        "fallback": False,
    },
}
POLICIES = """
  sentinels: [-200, "n/a"]
  duplicates: mean
  gaps: fill
  fill_limit: 3
  missing: seasonal
  infinite: missing
  outliers: clip
  short_series: skip
  unseen_series: skip
"""
CONFIG = (
    "name: shops\ndata:\n  path: shops.csv\n  timestamp: ds\n  series_id: id\n  targets:"
    f" y{POLICIES}"
)


def shops(names: str, *, seed: int = 0, days: int = 120) -> pd.DataFrame:
    steps = np.arange(days)
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "id": name,
                "ds": pd.date_range("2024-01-01", periods=days).astype("str"),
                "y": (
                    (50 + 10 * np.sin(steps * 2 * np.pi / 7) + rng.normal(size=days))
                    .round(3)
                    .astype("str")
                ),
            }
        )
        for name in names
    ]
    return pd.concat(parts, ignore_index=True)


def dirty_shops() -> pd.DataFrame:
    """Three shops of 120 days with a fault of every kind in the first, and one of 10 days."""
    frame = shops("abc")
    frame.loc[[20, 21, 40, 60, 80], "y"] = ["-200", "n/a", "inf", "", "1e6"]
    frame = pd.concat([frame, frame.iloc[[30]], shops("d", days=10)]).drop([100, 101])
    return frame.sample(frac=1, random_state=0)


@pytest.fixture(scope="session")
def runs(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Configs that ``init`` wrote for the dirty sets, one by hand, and all of them trained in one
    process.
    """

    def fill(directory: Path) -> None:
        dirty_shops().to_csv(directory / "shops.csv", index=False)
        (directory / "shops.yaml").write_text(CONFIG + "windows: {horizon: 6}\n")
        configs = ["shops.yaml"]
        for name, options in SETS.items():
            if DATA.exists():
                path = directory / f"{name}.yaml"
                arguments = [
                    "init",
                    str(DATA / f"{name}.csv.gz"),
                    "--output",
                    str(path),
                    *options,
                ]
                result = CliRunner().invoke(app, arguments)
                assert result.exit_code == 0, result.output
                text = path.read_text()
                for asked, answer in ANSWERS.get(name, {}).items():
                    assert text.count(f"  {asked}\n") == 1
                    text = text.replace(f"  {asked}\n", f"  {answer}\n")
                path.write_text(text)
                configs.append(path.name)
        tiny = [
            word
            for section, keys in TINY.items()
            for key, value in keys.items()
            for word in ("--set", f"{section}.{key}={json.dumps(value)}")
        ]
        said = train_all(directory, *(("-c", config, *tiny) for config in configs))
        (directory / "stderr.txt").write_text(said)

    return once("dirty", fill)


def predicted(directory: Path, name: str, *options: str, expect: int = 0) -> dict:
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(directory / "runs"), "--run", name, "--json", *options]
    )
    assert result.exit_code == expect, result.output
    return json.loads(result.stdout)


@needs_shared
@pytest.mark.parametrize(
    ("name", "policies"),
    [
        ("dirty_air_quality_uci", {"sentinels": (-200.0,), "missing": "seasonal"}),
        (
            "dirty_metro_traffic",
            {"duplicates": "first", "gaps": "fill", "fill_limit": 24, "missing": "seasonal"},
        ),
        ("dirty_beijing_pm25", {"missing": "ffill"}),
        (
            "nab_realTraffic",
            {"aggregate": "mean", "gaps": "fill", "freq": "h", "missing": "ffill"},
        ),
    ],
)
def test_what_init_writes_for_a_dirty_set_trains_and_predicts(
    runs: Path, name: str, policies: dict
) -> None:
    written = load_config(runs / f"{name}.yaml", environment={}).data
    trained = load_config(open_run(runs / "runs" / name).path / "config.yaml", environment={}).data
    for data in (written, trained):
        assert {kind: getattr(data, kind) for kind in policies} == policies
    content = predicted(runs, name)
    assert content["repairs"] == open_run(runs / "runs" / name).manifest["repairs"]
    values = [row[name] for row in content["forecasts"]]
    assert len(values) == 6 * (7 if name == "nab_realTraffic" else 1)
    assert np.isfinite(values).all()


def test_every_repair_is_counted_and_told(runs: Path) -> None:
    manifest = open_run(runs / "runs" / "shops").manifest
    assert manifest["repairs"] == {
        "unsorted": manifest["repairs"]["unsorted"],
        "sentinels": 1,
        "infinite": 1,
        "duplicates": 1,
        "gaps": 2,
        "missing": 4,
        "outliers": 1,
        "short_series": 1,
    }
    assert manifest["skipped_series"] == ["d"]
    told = (runs / "stderr.txt").read_text()
    for line in (
        "data.sentinels: [-200.0, 'n/a'] settled 1 row",
        "data.outliers: clip settled 1 row",
        "data.short_series: skip settled 1 series",
    ):
        assert line in told


def test_prediction_applies_the_policies_of_the_run_to_newer_data_and_tells(
    runs: Path, tmp_path: Path
) -> None:
    newer = shops("abx", days=130)
    newer.loc[[5, 6], "y"] = ["-200", "n/a"]
    newer = pd.concat([newer, newer.iloc[[7]]])
    newer.to_csv(tmp_path / "newer.csv", index=False)
    content = predicted(runs, "shops", "--data", str(tmp_path / "newer.csv"))
    assert {row["unique_id"] for row in content["forecasts"]} == {"a", "b"}
    repairs = {"unsorted": 1, "sentinels": 1, "duplicates": 1, "missing": 2, "unseen_series": 1}
    assert content["repairs"] == repairs
    result = CliRunner().invoke(
        app,
        [
            "predict",
            "--runs",
            str(runs / "runs"),
            "--run",
            "shops",
            "--data",
            str(tmp_path / "newer.csv"),
        ],
    )
    assert "data.unseen_series: skip settled 1 series" in result.stderr


def test_a_fault_without_policy_asks_to_set_one_and_train_again(runs: Path, tmp_path: Path) -> None:
    newer = shops("ab")
    newer.loc[5, "ds"] = "2024-01-06 07:00"
    newer.to_csv(tmp_path / "newer.csv", index=False)
    content = predicted(runs, "shops", "--data", str(tmp_path / "newer.csv"), expect=4)
    (problem,) = content["problems"]
    assert problem.startswith(
        f"{tmp_path / 'newer.csv'}:7: 2024-01-06 07:00:00: not on the grid of freq D"
    )
    assert problem.endswith("set data.freq, or data.off_grid: nearest, and train again")


def test_nothing_left_to_forecast_is_refused(runs: Path, tmp_path: Path) -> None:
    shops("xy").to_csv(tmp_path / "newer.csv", index=False)
    content = predicted(runs, "shops", "--data", str(tmp_path / "newer.csv"), expect=4)
    assert content["problems"] == [
        "data.unseen_series and data.short_series skip all series; nothing is left to forecast"
    ]
