"""``forecast retrain``: when it trains, what it promotes, tells and leaves alone."""

import json
import math
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from lstm_forecast.retraining import challenge
from lstm_forecast.store import champions, locked, open_run, run_ids
from lstm_forecast.training.fit import Learned
from tests.functional.conftest import BASE, champion_files, series, tree
from tests.functional.test_cli import invoke, one_object

BROKEN = 510  # where the regime changes in ``series``


@pytest.fixture
def home(grown: Path) -> Path:
    return grown / "runs" / "grown"


def retrain(*args: str) -> Result:
    return invoke("retrain", "-c", "grown.yaml", *args)


def status_of(result: Result) -> dict[str, Any]:
    """What was printed, which is what was written too."""
    status = one_object(result.stdout)
    assert json.loads(Path("runs/grown/status.json").read_text()) == status
    assert result.exit_code == status["exit_code"]
    assert status["ok"] == (result.exit_code == 0)
    assert ("error" in status) == ("problems" in status) == (result.exit_code not in (0, 6))
    started, finished = (datetime.fromisoformat(status[key]) for key in ("started", "finished"))
    assert started.tzinfo == finished.tzinfo == UTC
    assert timedelta() <= finished - started <= timedelta(seconds=status["seconds"] + 1)
    assert status["champion"] == champions(Path("runs/grown"))[0]
    return status


def test_the_first_run_ever_trains_and_promotes(first: Path) -> None:
    status = json.loads((first / "first.json").read_text())
    assert status["outcome"] == "promoted"
    assert champions(first / "runs" / "grown") == [status["run"]] == [status["champion"]]


def test_what_is_not_due_leaves_everything_but_the_status_as_it_was(
    grown: Path, home: Path
) -> None:
    before = tree(grown)
    status = status_of(retrain("--json"))
    assert (status["outcome"], status["new_rows"]) == ("not_due", 0)
    (grown / "grown.csv").write_text(series(BASE + 31))  # one fewer than eight horizons
    assert status_of(retrain("--json"))["outcome"] == "not_due"
    after = tree(grown)
    assert {name for name in after if after[name] != before.get(name)} == {
        "grown.csv",
        "runs/grown/status.json",
    }


def test_a_champion_of_an_old_regime_gives_way_and_forecasts_get_better(
    grown: Path, home: Path
) -> None:
    (grown / "grown.csv").write_text(series(BROKEN + 250, broken=BROKEN))
    hook = f'{sys.executable} -c \'import sys; open("told.json", "w").write(sys.stdin.read())\''
    Path("out").mkdir()
    status = status_of(
        retrain("--json", "--on-promote", hook, "--metrics-file", "out/forecast.prom")
    )
    assert status["outcome"] == "promoted"
    assert status["judged"]["gain_low"] > 0
    assert status["drift"] > 5
    assert any("drifted" in warning for warning in status["warnings"])
    assert champions(home) == run_ids(home)[::-1]
    assert open_run(home).manifest["judged"]["better"]
    assert json.loads(Path("told.json").read_text()) == status
    lines = [
        line
        for line in Path("out/forecast.prom").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert 'forecast_retrain_outcome{name="grown",outcome="promoted"} 1' in lines
    assert all(
        len(line.rsplit(" ", 1)) == 2 and math.isfinite(float(line.rsplit(" ", 1)[1]))
        for line in lines
    )


def test_a_new_regime_is_learned_however_much_older_the_champion_is(
    grown: Path, home: Path
) -> None:
    # in the newer half of the new rows
    (grown / "grown.csv").write_text(series(BASE + 600, broken=BASE + 400))
    status = status_of(retrain("--json"))
    assert status["outcome"] == "promoted"
    assert status["judged"]["windows"] == 32 * 4 - 4 + 1


def test_a_challenger_is_the_network_where_the_config_asks_for_it_though_the_champion_fell_back(
    grown: Path, home: Path
) -> None:
    alone = ("--set", "model.linear=none")
    fallback = ("--set", "training.fallback=true")
    assert invoke("train", "-c", "grown.yaml", *alone, *fallback).exit_code == 0
    champion = open_run(home)
    assert champion.manifest["published"] != "network"
    status = status_of(retrain("--json", "--force", *alone, "--set", "training.fallback=auto"))
    assert open_run(home / status["run"]).manifest["published"] == "network"


def test_a_challenger_that_is_no_better_is_kept_for_study_and_the_champion_stays(
    grown: Path, home: Path
) -> None:
    champion, before = champions(home), champion_files(home)
    (grown / "grown.csv").write_text(series(BASE + 80))
    status = status_of(retrain("--json", "--force"))
    assert (status["outcome"], status["exit_code"], status["start"]) == ("kept_champion", 6, "warm")
    assert champions(home) == champion
    assert champion_files(home) == before
    assert run_ids(home) == [*champion, status["run"]]
    assert [run["state"] for run in one_object(invoke("runs", "list", "--json").stdout)["runs"]][
        -1
    ] == "for study"
    # not every night: what was tried is not tried again on the same rows
    again = status_of(retrain("--json"))
    assert again["outcome"] == "not_due"


def test_what_the_challenger_is_judged_by_taught_it_nothing(grown: Path, home: Path) -> None:
    networks = []
    for scale_from in (None, BASE + 40):  # the newer half of 80 new steps
        (grown / "grown.csv").write_text(series(BASE + 80, scale_from=scale_from))
        status = status_of(
            retrain(
                "--json",
                "--force",
                "--set",
                "retrain.drift.error=null",
                "--set",
                "retrain.tolerance=0.99",
            )
        )
        assert status["outcome"] == "kept_champion"
        assert status["judged"]["windows"] == 40 - 4 + 1
        run = open_run(home / status["run"])
        networks.append(
            [run.read(name) for name in ("network.onnx", "evaluated.onnx", "scaler.json")]
        )
    assert networks[0] == networks[1]


def test_too_little_new_data_to_judge_by_keeps_the_champion(grown: Path, home: Path) -> None:
    (grown / "grown.csv").write_text(series(BASE + 10, broken=BASE))
    status = status_of(retrain("--json", "--force"))
    assert status["outcome"] == "kept_champion"
    assert "too little new data" in status["reason"]


def test_data_that_cannot_be_right_are_refused_and_told(grown: Path, home: Path) -> None:
    champion = champion_files(home)
    cases = {
        "the new rows drifted": (series(BASE + 60), ["--set", "retrain.drift.error=0.001"]),
        "1 of 1 series are missing": (
            series(BASE) + "".join(f"{BASE + k},9.5\n" for k in range(60)),
            ["--set", "retrain.drift.error=null"],
        ),
    }
    for words, (table, options) in cases.items():
        (grown / "grown.csv").write_text(table)
        failed = retrain("--json", "--on-failure", "touch failed", *options)
        assert failed.exit_code == 4, failed.output
        status = status_of(failed)
        assert words in status["problems"][0] == status["reason"]
        assert (status["outcome"], status["exit_code"], status["error"]) == ("failed", 4, "data")
        assert Path("failed").exists()
        Path("failed").unlink()
    assert champion_files(home) == champion


def test_another_schema_than_the_champions_is_refused(grown: Path, home: Path) -> None:
    (grown / "grown.csv").write_text(series(BASE + 60).replace("step,y", "step,z"))
    result = retrain("--set", "data.targets=z")
    assert result.exit_code == 4
    assert "the champion" in result.stderr
    assert "forecast train" in result.stderr


def test_stamps_that_got_a_time_zone_are_refused(grown: Path, home: Path) -> None:
    hours = pd.date_range("2025-01-01", periods=BASE, freq="h").strftime("%Y-%m-%d %H:%M")
    values = [line.split(",")[1] for line in series(BASE).splitlines()[1:]]
    config = Path("grown.yaml").read_text().replace("freq: 1", "freq: h")
    Path("hours.yaml").write_text(config.replace("name: grown", "name: hours"))
    for zone, code in ("", 0), ("+00:00", 4):
        rows = [f"{hour}{zone},{value}" for hour, value in zip(hours, values, strict=True)]
        Path("grown.csv").write_text("\n".join(["step,y", *rows, ""]))
        result = invoke("retrain", "-c", "hours.yaml", "--force")
        assert result.exit_code == code, result.stderr
    assert "data.timezone: the champion" in result.stderr
    assert "was trained with None, and now it is 'UTC'" in result.stderr


def test_old_runs_go_and_the_champion_stays(grown: Path, home: Path) -> None:
    champion = champions(home)
    for steps in (70, 80):
        (grown / "grown.csv").write_text(series(BASE + steps))
        status = status_of(
            retrain(
                "--json", "--force", "--set", "retrain.keep=1", "--set", "retrain.tolerance=0.9"
            )
        )
    assert run_ids(home) == [*champion, status["run"]]
    assert len(status["removed"]) == 1


def test_a_second_run_is_told_at_once_or_after_the_time_it_waits(grown: Path, home: Path) -> None:
    with locked(home):
        for wait, least, most in (("0s", 0.0, 1.0), ("1s", 1.0, 2.5)):
            started = time.monotonic()
            result = retrain("--json", "--wait", wait)
            assert result.exit_code == 75
            assert least <= time.monotonic() - started < most
            told = one_object(result.stdout)
            assert (told["outcome"], told["error"], told["champion"]) == (
                "failed",
                "busy",
                champions(home)[0],
            )
            assert "another process is writing here" in told["problems"][0]
    assert retrain("--json", "--wait", "soon").exit_code == 2


def test_a_run_that_a_fresh_process_cannot_read_back_the_same_is_not_promoted(
    grown: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = champions(home)
    (grown / "grown.csv").write_text(series(BROKEN + 250, broken=BROKEN))
    monkeypatch.setattr("lstm_forecast.forecasting.golden.golden_difference", lambda *_: 0.0)
    monkeypatch.setattr(
        "lstm_forecast.training.publish.golden_json", lambda *_: '{"forecasts": []}'
    )
    result = retrain("--json")
    assert result.exit_code == 5
    status = status_of(result)
    assert "the champion stays" in status["problems"][0]
    assert (status["outcome"], champions(home)) == ("failed", champion)


def test_a_bug_of_ours_is_told_with_its_traceback_and_leaves_the_champion(
    grown: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("lstm_forecast.commands.retrain.look_for_news", fail)
    result = retrain("--json", "--on-failure", "touch failed")
    status = status_of(result)
    assert (result.exit_code, status["error"], status["outcome"]) == (1, "bug", "failed")
    assert "ZeroDivisionError: oh" in status["problems"][0]
    assert "Traceback" in result.stderr
    assert Path("failed").exists()


def test_a_metrics_file_that_cannot_be_written_is_told_in_the_status_and_to_the_hook(
    grown: Path, home: Path
) -> None:
    result = retrain(
        "--json", "--metrics-file", "grown.csv/out.prom", "--on-failure", "touch failed"
    )
    status = status_of(result)
    assert (result.exit_code, status["error"], status["outcome"]) == (7, "write", "not_due")
    assert Path("failed").exists()


def test_a_challenger_whose_forecasts_are_not_numbers_leaves_the_champion(
    grown: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = champion_files(home)
    (grown / "grown.csv").write_text(series(BROKEN + 250, broken=BROKEN))
    real = challenge.learn_all_rows

    def diverged(*args: Any, **options: Any) -> Learned:
        members = tuple(
            replace(each, weights={k: np.full_like(w, np.nan) for k, w in each.weights.items()})
            for each in real(*args, **options).members
        )
        return Learned(members, members)

    monkeypatch.setattr(challenge, "learn_all_rows", diverged)
    status = status_of(retrain("--json"))
    assert (status["outcome"], status["exit_code"]) == ("failed", 4)
    assert "training has probably diverged" in status["reason"]
    assert champion_files(home) == champion
    assert run_ids(home) == champions(home)
