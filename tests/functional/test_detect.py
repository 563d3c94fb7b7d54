"""``forecast detect``: what is unlike the forecasts, found in rows that the run does not know."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lstm_forecast
from lstm_forecast.errors import UsageError
from lstm_forecast.events import Listener
from lstm_forecast.pictures.anomalies import anomalies_figure
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object
from tests.golden.test_golden_runs import GOLDEN

ROWS, KNOWN = 2300, 2000  # of the whole table, and of the training
CONFIG = """\
name: load
data: {path: known.csv, timestamp: ds, series_id: place, targets: y}
windows: {context_length: 48, horizon: 24, season_length: 24}
model: {units: 4, linear: ridge, ensemble: 1, pretrained: 0}
training: {epochs: 1, batch_size: 256, refit: false}
"""
Change = Callable[[pd.DataFrame], pd.DataFrame]


def table() -> pd.DataFrame:
    """Hourly values of two places with a daily season and noise."""
    rng, steps = np.random.default_rng(5), np.arange(ROWS)
    parts = [
        pd.DataFrame(
            {
                "place": place,
                "ds": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
                "y": level + 10 * np.sin(2 * np.pi * steps / 24) + rng.normal(0, 1, ROWS),
            }
        )
        for place, level in (("north", 100), ("south", 50))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def trained_load(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("load")
    table().groupby("place").head(KNOWN).to_csv(folder / "known.csv", index=False)
    (folder / "load.yaml").write_text(CONFIG)
    train_all(folder, ["-c", "load.yaml"])
    return folder


@pytest.fixture
def load(trained_load: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained_load, tmp_path / "load")
    monkeypatch.chdir(tmp_path / "load")
    return tmp_path / "load"


def detect(rows: pd.DataFrame | None, *args: str) -> dict[str, Any]:
    """What is found in a table, or in that of the training."""
    given = []
    if rows is not None:
        rows.to_csv("new.csv", index=False)
        given = ["--data", "new.csv"]
    result = invoke("detect", *given, "--json", *args)
    found = one_object(result.stdout)
    assert found["exit_code"] == result.exit_code
    assert found["ok"] == (result.exit_code == 0)
    return found


def at(step: int) -> str:
    return (pd.Timestamp("2024-01-01") + pd.Timedelta(hours=step)).isoformat()


def changed(start: int, end: int, change: Callable[[Any], Any], place: str = "north") -> Change:
    def apply(rows: pd.DataFrame) -> pd.DataFrame:
        steps = (rows["place"] == place) & (
            rows.groupby("place").cumcount().between(start, end - 1)
        )
        rows.loc[steps, "y"] = change(rows.loc[steps, "y"].to_numpy())
        return rows

    return apply


def test_rows_like_those_before_are_nothing_unusual(load: Path) -> None:
    result = invoke("detect", "--data", "known.csv")
    assert (result.exit_code, result.stdout[:15]) == (0, "nothing unusual")
    assert detect(table())["anomalies"] == []


PLANTED = {
    "spike": (changed(2100, 2101, lambda y: y + 9), 2100, 2100),
    "level": (changed(2100, ROWS, lambda y: y + 9), 2100, 2112),
    "pattern": (changed(2100, 2180, lambda y: np.full(len(y), 100) + 0.01 * y), 2100, 2125),
    "flat": (changed(2100, 2160, lambda y: np.full(len(y), y[0])), 2100, 2110),
    "drift": (changed(2000, ROWS, lambda y: y + 0.02 * np.arange(len(y))), 2000, ROWS),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_what_was_planted_is_found_in_its_series_and_soon(load: Path, kind: str) -> None:
    plant, start, latest = PLANTED[kind]
    found = detect(plant(table()))
    assert found["exit_code"] == 6
    assert {each["unique_id"] for each in found["anomalies"]} == {"north"}
    kinds = {each["kind"] for each in found["anomalies"]}
    assert kind in kinds or (kind == "drift" and "level" in kinds)
    first = min(found["anomalies"], key=lambda each: str(each["told"]))
    assert at(start) <= first["told"] <= at(latest)
    assert first["score"] >= 3


def test_a_spike_is_told_with_its_value_and_what_was_expected(load: Path) -> None:
    rows = PLANTED["spike"][0](table())
    (found,) = detect(rows)["anomalies"]
    assert (found["since"], found["until"], found["steps"]) == (at(2100), at(2100), 1)
    assert found["actual"] == pytest.approx(rows["y"][2100])
    assert found["low"] < found["expected"] < found["high"] < found["actual"]
    assert found["expected"] == pytest.approx(table()["y"][2100], abs=4)


@pytest.mark.parametrize(("apart", "count"), [(20, 1), (80, 2)])
def test_what_is_unusual_within_a_horizon_of_another_is_told_once(
    load: Path, apart: int, count: int
) -> None:
    first = changed(2100, 2101, lambda y: y + 9)
    second = changed(2100 + apart, 2101 + apart, lambda y: y + 9)
    found = detect(second(first(table())))["anomalies"]
    assert len(found) == count
    assert (found[-1]["told"], found[0]["until"]) == (at(2100), at(2100 + apart))


def test_missing_rows_are_told_though_training_refuses_them(load: Path) -> None:
    rows = table()
    rows = rows[(rows["place"] != "north") | ~rows.groupby("place").cumcount().between(2100, 2109)]
    (found,) = (each for each in detect(rows)["anomalies"] if each["kind"] == "missing")
    assert (found["since"], found["unique_id"]) == (at(2100), "north")
    assert (found["actual"], found["expected"]) == (None, None)


def test_a_series_that_falls_silent_is_missing_up_to_the_newest_stamp_of_the_others(
    load: Path,
) -> None:
    rows = table()
    rows = rows[(rows["place"] != "south") | (rows.groupby("place").cumcount() < 2250)]
    found = detect(rows)["anomalies"]
    assert [(each["unique_id"], each["kind"]) for each in found] == [("south", "missing")]
    assert (found[0]["since"], found[0]["until"]) == (at(2250), at(ROWS - 1))


def test_cells_that_stay_empty_up_to_the_newest_row_are_missing(load: Path) -> None:
    rows = table()
    rows.loc[rows.groupby("place").cumcount() >= 2250, "y"] = np.nan
    found = detect(rows)["anomalies"]
    assert {each["unique_id"]: each["kind"] for each in found} == {
        "north": "missing",
        "south": "missing",
    }
    assert {(each["since"], each["until"]) for each in found} == {(at(2250), at(ROWS - 1))}


def test_a_series_without_a_row_behind_the_cutoff_is_missing_where_others_go_on(
    load: Path,
) -> None:
    rows = table()
    rows = rows[(rows["place"] != "south") | (rows.groupby("place").cumcount() < KNOWN)]
    (found,) = detect(rows)["anomalies"]
    assert (found["unique_id"], found["kind"], found["since"]) == ("south", "missing", at(KNOWN))


def test_a_series_that_is_not_in_the_table_is_named(load: Path) -> None:
    warnings = detect(table()[lambda rows: rows["place"] == "north"])["warnings"]
    assert "1 of 2 series of the run are not in the table: south" in warnings


def test_rows_without_a_context_are_counted(load: Path) -> None:
    found = detect(table().groupby("place").tail(270))
    assert any("96 rows are not judged" in each for each in found["warnings"])
    few = detect(table().groupby("place").tail(20))
    assert few["exit_code"] == 4
    assert "40 rows lack what their forecast needs: 48 rows without a gap" in few["problems"][0]


def test_a_drift_hides_no_spike(load: Path) -> None:
    rows = changed(2000, ROWS, lambda y: y + 0.03 * np.arange(len(y)))(table())
    rows = changed(2250, 2251, lambda y: y + 15)(rows)
    found = detect(rows)["anomalies"]
    assert any(each["since"] <= at(2250) <= each["until"] for each in found)
    steps = detect(rows, "--output", "steps.csv") and pd.read_csv("steps.csv")
    spike = steps[(steps["unique_id"] == "north") & (steps["ds"] == at(2250).replace("T", " "))]
    assert spike["kind"].tolist() == ["spike"]


def test_new_rows_behind_a_context_are_enough(load: Path) -> None:
    rows = PLANTED["spike"][0](table()).groupby("place").tail(300)
    (found,) = detect(rows)["anomalies"]
    assert (found["kind"], found["at"]) == ("spike", at(2100))


def test_the_newest_steps_alone_can_be_asked_for(load: Path) -> None:
    rows = PLANTED["spike"][0](table())
    assert detect(rows, "--last", "100")["steps"] == 200
    assert detect(rows, "--last", "100")["anomalies"] == []
    whole, part = detect(rows), detect(rows, "--last", "250")
    assert part["anomalies"] == whole["anomalies"]


def test_rows_that_the_evaluated_network_did_not_learn_from_are_judged_too(load: Path) -> None:
    rows = changed(1950, 1951, lambda y: y + 12)(table())
    rows.groupby("place").head(KNOWN).to_csv("known.csv", index=False)
    (found,) = detect(None)["anomalies"]
    assert (found["kind"], found["at"]) == ("spike", at(1950))


def test_every_step_is_written_with_its_score(load: Path) -> None:
    rows = PLANTED["spike"][0](table())
    found = detect(rows, "--output", "steps.csv", "--plot", "steps.png")
    steps = pd.read_csv("steps.csv")
    names = ["unique_id", "ds", "y", "expected", "lo", "hi", "score", "kind", "anomaly"]
    assert list(steps.columns) == names
    assert len(steps) == found["steps"]
    assert not steps.duplicated(["unique_id", "ds"]).any()
    (unusual,) = steps[steps["anomaly"]].to_dict("records")
    assert (unusual["unique_id"], unusual["kind"]) == ("north", "spike")
    outside = (steps["y"] < steps["lo"]) | (steps["y"] > steps["hi"])
    assert outside.sum() == 1  # the borders are those of one step by itself
    detect(rows, "--output", "steps.parquet")
    assert len(pd.read_parquet("steps.parquet")) == len(steps)
    assert Path("steps.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_thousands_of_steps_shows_spans_and_one_mark_where_many_lie() -> None:
    steps = np.arange(20_000)
    own = pd.DataFrame({"unique_id": "north", "ds": steps, "y": 10.0 + np.sin(steps)})
    own = own.assign(expected=own["y"], lo=own["y"] - 2, hi=own["y"] + 2, score=0.0, anomaly=False)
    own.loc[5000:5009, ["y", "score", "anomaly"]] = 30.0, 4.0, True
    own.loc[5004, ["y", "score"]] = 40.0, 9.0
    few, many = (
        anomalies_figure(table, ["north"], title="load").axes[0] for table in (own[4950:5050], own)
    )
    marks = [[line for line in axes.lines if line.get_marker() == "o"] for axes in (few, many)]
    assert [len(found.get_xdata()) for (found,) in marks] == [10, 1]
    assert (marks[1][0].get_xdata()[0], marks[1][0].get_ydata()[0]) == (5004, 40)
    assert [len(axes.lines) for axes in (few, many)] == [3, 1]  # no line of what is one block
    assert max(path.vertices[:, 1].max() for path in many.collections[1].get_paths()) == 40


def test_how_far_it_is_is_told_from_the_first_row_on(load: Path) -> None:
    told: list[tuple[int, int]] = []

    class Counting(Listener):
        def progress(self, text: str, done: int, total: int) -> None:
            told.append((done, total))

    lstm_forecast.load("runs/load").detect(listener=Counting())
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]
    assert len(told) > 2


def test_a_larger_rate_finds_what_a_smaller_one_finds(load: Path) -> None:
    rows = PLANTED["spike"][0](table())
    few, many = (detect(rows, "--rate", rate)["anomalies"] for rate in ("0.00001", "0.2"))
    (spike,) = few
    assert any(each["since"] <= spike["at"] <= each["until"] for each in many)
    assert len(many) > len(few)


def test_prometheus_is_told_of_every_kind(load: Path) -> None:
    detect(PLANTED["spike"][0](table()), "--metrics-file", "detect.prom")
    text = Path("detect.prom").read_text()
    assert 'forecast_detect_exit_code{name="load"} 6\n' in text
    assert 'forecast_detect_anomalies{name="load",kind="spike"} 1\n' in text
    assert 'forecast_detect_anomalies{name="load",kind="missing"} 0\n' in text
    detect(None, "--run", "nobody", "--metrics-file", "detect.prom")
    assert 'forecast_detect_exit_code{name="nobody"} 5\n' in Path("detect.prom").read_text()


def test_a_rare_rate_beside_few_known_rows_is_said_to_be_estimated(load: Path) -> None:
    (warning,) = detect(table(), "--rate", "0.000001")["warnings"]
    assert detect(table())["warnings"] == []
    assert "scores of usual rows do not show what happens once in 6,000,000 rows" in warning


def test_a_run_that_does_not_know_usual_rows_says_what_to_do(load: Path, tmp_path: Path) -> None:
    train_all(load, ["-c", "load.yaml", "--set", "name=bare", "--set", "split.validation=0"])
    shutil.copytree(GOLDEN / "runs", tmp_path / "old")
    name = next((tmp_path / "old").iterdir()).name
    for args in (["--run", "bare"], ["--run", name, "--runs", str(tmp_path / "old")]):
        found = detect(None, *args)
        assert found["exit_code"] == 2
        assert "train again, with split.validation and model.calibration" in found["problems"][0]


def test_damaged_scores_are_refused(load: Path) -> None:
    (scores,) = Path("runs/load").glob("*/anomalies.safetensors")
    scores.write_bytes(b"x")
    assert detect(None)["exit_code"] == 5


@pytest.mark.parametrize("args", [["--rate", "0"], ["--rate", "nan"], ["--last", "0"]])
def test_what_cannot_be_asked_for_is_refused(load: Path, args: list[str]) -> None:
    result = invoke("detect", *args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_nothing_to_judge_is_said(load: Path) -> None:
    rows = table().groupby("place").head(400)
    found = detect(rows)
    assert found["exit_code"] == 4
    assert "give newer rows with --data" in json.dumps(found["problems"])


def test_python_finds_what_the_command_finds(load: Path) -> None:
    rows = PLANTED["spike"][0](table())
    found = lstm_forecast.load("runs/load").detect(rows)
    assert json.loads(json.dumps(found.report.content())) == detect(rows)
    assert len(found.table) == found.report.steps
    with pytest.raises(UsageError, match="rate 2: expected a share"):
        lstm_forecast.load("runs/load").detect(rows, rate=2)
