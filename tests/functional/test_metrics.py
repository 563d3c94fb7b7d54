"""What Prometheus is told by ``retrain`` and ``monitor``, and the alerts about it."""

import json
import re
import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from lstm_forecast.config.document import parse_document
from lstm_forecast.judging.live import Live, Monitored
from lstm_forecast.retraining.textfile import METRICS, write_monitor_metrics
from lstm_forecast.store import open_run
from tests.functional.conftest import ROOT
from tests.functional.test_cli import invoke

ALERTS = ROOT / "configs" / "alerts.yml"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(path: Path) -> Samples:
    """Every sample of a file, each once, of a documented gauge whose HELP and TYPE stand once
    before it.
    """
    text = path.read_bytes().decode()
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert (family.type, family.documentation) == ("gauge", METRICS[family.name])
        assert (
            text.count(f"# TYPE {family.name} gauge\n") == text.count(f"# HELP {family.name} ") == 1
        )
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(found: Samples, metric: str, /, **labels: str) -> float:
    (fitting,) = (
        each
        for (own, all_), each in found.items()
        if own == metric and labels.items() <= dict(all_).items()
    )
    return fitting


@pytest.fixture
def service(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forecasts of ``shops`` that came true, and a retraining of ``shops`` that was not due."""
    monkeypatch.chdir(workspace)
    rows = Path("shops.csv").read_text().splitlines(keepends=True)
    Path("then.csv").write_text(
        "".join(row for row in rows if row.split(",")[1] <= "2024-03-20" or row == rows[0])
    )
    assert (
        invoke("predict", "--run", "shops", "--data", "then.csv", "-o", "made.csv").exit_code == 0
    )
    result = invoke("retrain", "-c", "shops.yaml", "--metrics-file", "retrain.prom")
    assert result.exit_code == 0, result.stderr
    return workspace


def monitor(*args: str) -> tuple[int, dict[str, Any]]:
    run = () if "--run" in args else ("--run", "shops")
    result = invoke("monitor", "made.csv", *run, "--json", "--metrics-file", "monitor.prom", *args)
    return result.exit_code, json.loads(result.stdout)


def test_monitor_writes_what_it_found_beside_what_was_promised_and_the_last_retraining(
    service: Path,
) -> None:
    code, report = monitor("--worst", "1000")
    found = samples(Path("monitor.prom"))
    status = json.loads(Path("runs/shops/status.json").read_text())
    champion = open_run(Path("runs/shops")).manifest
    expected = {
        "exit_code": code,
        "rows": report["live"]["rows"],
        "waiting_rows": report["waiting"],
        "mae": report["live"]["mae"],
        "test_mae": report["expected"],
        "skill": report["live"]["skill"],
        "drift": report["drift"],
        "alarms": len(report["alarms"]),
        "champion_created_timestamp_seconds": datetime.fromisoformat(
            champion["created"]
        ).timestamp(),
        "champion_cutoff_timestamp_seconds": datetime.fromisoformat(
            "2024-03-31T00:00:00+00:00"
        ).timestamp(),
        "last_retrain_timestamp_seconds": datetime.fromisoformat(status["finished"]).timestamp(),
        "last_retrain_duration_seconds": status["seconds"],
        "last_retrain_exit_code": 0,
    }
    for name, number in expected.items():
        assert (name, value(found, f"forecast_monitor_{name}", name="shops")) == (name, number)
    assert value(found, "forecast_monitor_coverage", level="80") == report["live"]["coverage"]["80"]
    assert value(found, "forecast_monitor_promised_coverage", level="80") == 0.8
    outcomes = {
        each: value(found, "forecast_monitor_last_retrain_outcome", outcome=each)
        for each in ("not_due", "failed")
    }
    assert outcomes == {"not_due": 1, "failed": 0}
    assert abs(value(found, "forecast_monitor_timestamp_seconds") - time.time()) < 60


def test_the_files_of_all_commands_can_lie_in_one_directory(service: Path) -> None:
    monitor()
    args = ("--run", "shops", "--rate", "0.5", "--metrics-file", "detect.prom")
    assert invoke("detect", *args).exit_code == 6
    files = [samples(Path(f"{name}.prom")) for name in ("retrain", "monitor", "detect")]
    retrained, watched, judged = files
    names = [{name for name, _ in each} for each in files]
    assert len(set.union(*names)) == sum(map(len, names))
    created = "champion_created_timestamp_seconds"
    assert value(retrained, f"forecast_retrain_{created}") == value(
        watched, f"forecast_monitor_{created}"
    )
    assert {name for name, _ in retrained | watched | judged} >= {
        name
        for name in METRICS
        if "retrain" not in name and not name.endswith("champion_cutoff_step")
    }


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--data", "none.csv"], 4),
        (["--output", "picture.bmp"], 2),
        (["--run", "sine"], 4),
        (["--run", "nobody"], 5),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_monitoring_that_failed_says_so_in_its_metrics_and_gives_no_old_figures(
    args: list[str], code: int, service: Path
) -> None:
    monitor()
    assert monitor(*args)[0] == code
    found = samples(Path("monitor.prom"))
    assert value(found, "forecast_monitor_exit_code") == code
    assert not {"forecast_monitor_mae", "forecast_monitor_alarms"} & {name for name, _ in found}


def test_a_step_number_is_no_time(service: Path) -> None:
    assert invoke("retrain", "-c", "sine.yaml", "--metrics-file", "sine.prom").exit_code == 0
    found = samples(Path("sine.prom"))
    assert value(found, "forecast_retrain_champion_cutoff_step") == 1000
    assert "forecast_retrain_champion_cutoff_timestamp_seconds" not in {name for name, _ in found}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"finished": 1e400}', "\x00", "[" * 100_000])
def test_a_damaged_status_is_left_out_of_the_metrics(content: str, service: Path) -> None:
    Path("runs/shops/status.json").write_text(content)
    assert monitor("--worst", "1000")[0] in (0, 6)
    names = {name for name, _ in samples(Path("monitor.prom"))}
    assert "forecast_monitor_mae" in names
    assert "forecast_monitor_last_retrain_exit_code" not in names


def test_metrics_that_cannot_be_written_are_a_failure_everywhere(service: Path) -> None:
    result = invoke(
        "monitor", "made.csv", "--run", "shops", "--json", "--metrics-file", "shops.csv/x.prom"
    )
    answer = json.loads(result.stdout)
    assert result.exit_code == answer["exit_code"] == 7
    assert "shops.csv" in answer["problems"][0]


@given(name=st.text(min_size=1, max_size=20), mae=st.floats())
def test_whatever_a_name_holds_the_file_can_be_read_back(
    name: str, mae: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.prom"
    live = Live(rows=1, mae=mae, rmse=1, bias=0, naive_mae=None, skill=None, coverage={})
    write_monitor_metrics(path, None, name, Monitored(ok=True, exit_code=0, live=live))
    assert value(samples(path), "forecast_monitor_mae", name=name) == pytest.approx(
        mae, rel=0, abs=0, nan_ok=True
    )


def test_the_sample_alerts_ask_for_metrics_that_are_written() -> None:
    content = parse_document(ALERTS.read_text(), source="alerts").values
    rules = [rule for group in content["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    asked = {name for rule in rules for name in re.findall(r"forecast_\w+", rule["expr"])}
    assert asked
    assert asked <= set(METRICS)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_itself_takes_alerts_and_metrics(service: Path) -> None:
    monitor()
    subprocess.run(["promtool", "check", "rules", ALERTS], check=True)
    text = Path("retrain.prom").read_text() + Path("monitor.prom").read_text()
    subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True)
