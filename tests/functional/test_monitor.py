"""``forecast monitor``: what a service is watched by."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.pictures.monitor import monitor_figure
from tests.functional.test_cli import invoke, one_object

CUTOFFS = (899, 904, 909, 990, 1000)


@pytest.fixture
def service(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forecasts of ``sine`` made at several times, all but the newest of which have come true."""
    monkeypatch.chdir(workspace)
    (workspace / "forecasts").mkdir()
    table = pd.read_csv("sine.csv")
    for cutoff, suffix in zip(CUTOFFS, ("csv", "parquet", "json", "csv", "csv"), strict=True):
        table[table["step"] <= cutoff].to_csv("then.csv", index=False)
        args = [
            "predict",
            "--run",
            "sine",
            "--data",
            "then.csv",
            "-o",
            f"forecasts/{cutoff}.{suffix}",
        ]
        assert invoke(*args).exit_code == 0
    return workspace


def monitor(*args: str) -> dict[str, Any]:
    result = invoke("monitor", "forecasts", "--run", "sine", "--json", *args)
    report = one_object(result.stdout)
    assert report["exit_code"] == result.exit_code
    assert report["ok"] == (result.exit_code == 0)
    return report


def test_forecasts_are_joined_with_what_came_and_measured(service: Path) -> None:
    report = monitor()
    actual = pd.read_csv("sine.csv").set_index("step")["y"]
    tables = [pd.read_csv(f"forecasts/{cutoff}.csv") for cutoff in (899, 990)]
    tables += [pd.read_parquet("forecasts/904.parquet")]
    tables += [pd.DataFrame(json.loads(Path("forecasts/909.json").read_text())["forecasts"])]
    made = pd.concat(tables)
    errors = made["sine"].to_numpy() - actual[made["ds"]].to_numpy()
    assert report["live"]["rows"] == len(made) == 20
    assert report["live"]["mae"] == pytest.approx(np.abs(errors).mean())
    assert report["live"]["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert report["live"]["bias"] == pytest.approx(errors.mean())
    assert report["waiting"] == 5
    assert [each["cutoff"] for each in report["by_cutoff"]] == list(CUTOFFS[:-1])


def test_the_seasonal_naive_forecast_uses_nothing_after_the_cutoff(service: Path) -> None:
    before = monitor()
    table = pd.read_csv("sine.csv")
    table.loc[table["step"] > 905, "y"] += 100
    table.to_csv("sine.csv", index=False)
    after = monitor("--worst", "1000")
    at = {each["cutoff"]: each["naive_mae"] for each in before["by_cutoff"]}
    moved = {each["cutoff"]: each["naive_mae"] for each in after["by_cutoff"]}
    assert moved[899] == at[899]  # its actual values end at 904
    assert moved[909] > 50  # the actual values jumped, and the season before did not


def test_a_service_that_does_what_it_promised_raises_no_alarm_and_draws_a_picture(
    service: Path,
) -> None:
    report = monitor("--output", "monitor.png")
    assert report["alarms"] == []
    assert Path("monitor.png").read_bytes().startswith(b"\x89PNG")


def test_a_service_that_went_wrong_exits_6_and_says_why(service: Path) -> None:
    table = pd.read_csv("sine.csv")
    table.loc[table["step"] > 899, "y"] = 3 * table["y"] + 40
    table.to_csv("sine.csv", index=False)
    report = monitor()
    assert report["exit_code"] == 6
    assert any("times the champion's test error" in alarm for alarm in report["alarms"])
    assert any("drifted" in alarm for alarm in report["alarms"])


def test_several_targets_and_intervals_are_told_apart(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    table = pd.read_csv("shops.csv")
    early = table[table["day"] <= "2024-03-20"]
    early.to_csv("then.csv", index=False)
    assert (
        invoke(
            "predict", "--run", "shops", "--data", "then.csv", "-o", "then-forecast.csv"
        ).exit_code
        == 0
    )
    result = invoke(
        "monitor", "then-forecast.csv", "--run", "shops", "--json", "--worst", "1000", "-o", "m.svg"
    )
    report = one_object(result.stdout)
    assert report["live"]["rows"] == 4 * 4  # four steps of two targets in two shops
    assert set(report["live"]["coverage"]) == {"80"}
    assert 0 <= report["live"]["coverage"]["80"] <= 1
    made = pd.read_csv("then-forecast.csv").set_index(["unique_id", "ds"])["shops"]
    long = table.melt(["shop", "day"], ["sold", "price"])
    actual = long.set_index([long["shop"] + "/" + long["variable"], long["day"]])["value"]
    assert report["live"]["mae"] == pytest.approx(
        (made - actual[made.index].to_numpy()).abs().mean()
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty; expected a header line and rows"),
        ("a,b\n1,2\n", "no column unique_id, ds, cutoff, sine"),
        ("unique_id,ds,cutoff,sine\ny,1001,1000,1\n", "none of 1 forecasts has an actual value"),
        ("unique_id,ds,cutoff,sine\nz,900,899,1\n", "none of 1 forecasts has an actual value"),
        ("unique_id,ds,cutoff,sine\ny,soon,899,1\n", "none of 1 forecasts has an actual value"),
    ],
)
def test_what_is_no_table_of_forecasts_exits_4(content: str, words: str, workspace: Path) -> None:
    (workspace / "made.csv").write_text(content)
    result = invoke(
        "monitor", workspace / "made.csv", "--runs", workspace / "runs", "--run", "sine"
    )
    assert result.exit_code == 4
    assert words in result.stderr
    empty = workspace / "none"
    empty.mkdir()
    assert (
        "no forecast in it"
        in invoke("monitor", empty, "--runs", workspace / "runs", "--run", "sine").stderr
    )


# Schedules


def test_the_axis_of_the_errors_says_what_is_measured() -> None:
    labels = [
        monitor_figure(
            pd.Series([1, 2]),
            errors={"run": np.ones(2)},
            expected=None,
            coverage={},
            title="t",
            measured=measured,
        )
        .axes[0]
        .get_ylabel()
        for measured in ("sales (€)", "")
    ]
    assert labels == ["mean absolute error of sales (€)", "mean absolute error, original units"]
