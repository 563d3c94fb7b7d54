"""The frequency and the seasons that ``init`` finds, and that forecasts go on with."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.check import check
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import load_config
from lstm_forecast.training.prepare import prepare
from tests.benchmarks.files import CASES

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
MODEL = ["windows.context_length=6", "windows.horizon=2", "windows.normalisation=last"]
MODEL += ["preprocessing.log=false", "model.linear=ridge", "model.segment_length=1"]


def written(folder: Path, stamps: Sequence[object], name: str = "table") -> Path:
    path = folder / f"{name}.csv"
    rows = [[stamp, 10 + k % 7 + k % 3] for k, stamp in enumerate(stamps)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["when", "sold"], *rows])
    return path


def run(*words: object) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout), result.stderr


def looked(table: Path) -> tuple[dict[str, Any], Path]:
    """What ``init`` found and asks, and the config that it wrote."""
    code, found, said = run("init", table, "--output", "found.yaml", "--force")
    assert code == 0, said
    return found, Path("found.yaml")


def refused(table: Path) -> str:
    code, found, _ = run("init", table, "--output", "found.yaml", "--force")
    assert code == 4
    return "\n".join(found["problems"])


def forecast_stamps(table: Path, horizon: int, *settings: str) -> list[str]:
    words = [word for setting in settings for word in ("--set", setting)]
    result = CliRunner().invoke(app, ["quick", str(table), "--horizon", str(horizon), *words])
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout)).ds.astype("str").tolist()


# The cases


@needs_cases
@pytest.mark.parametrize(
    ("name", "time", "ahead"),
    [
        ("monthly_day15", "freq MS-15; season of 12 rows", ["2020-01-15", "2020-02-15"]),
        ("semi_monthly", "freq SMS-15; season of 24 rows", ["2016-01-01", "2016-01-15"]),
        (
            "jitter_20min",
            "freq 20min; season of 72 rows",
            ["2021-03-01 00:00:00", "2021-03-01 00:20:00"],
        ),
    ],
)
def test_forecasts_go_on_as_the_rows_do(
    folder: Path, name: str, time: str, ahead: list[str]
) -> None:
    found, config = looked(CASES / f"{name}.csv")
    assert found["questions"] == [] and found["findings"][0].endswith(time)
    assert load_config(config, environment={}).data.freq == time.split()[1].rstrip(";")
    assert forecast_stamps(CASES / f"{name}.csv", 2) == ahead


@needs_cases
def test_what_an_inexact_clock_moved_is_told_and_nothing_is_lost(folder: Path) -> None:
    table = CASES / "jitter_20min.csv"
    found, config = looked(table)
    told = "moved to the nearest step of 20min, by 3 min 30 s in the median, 4 min 20 s at most"
    assert f"{told}: 648 rows" in found["findings"]
    data = load_config(config, environment={}).data
    assert (data.off_grid, data.duplicates, data.gaps) == ("nearest", "error", "error")
    report = check(table, config=load_config(config, overrides=MODEL, environment={}))
    (off,) = [each for each in report.findings if each.kind == "off_grid"]
    assert report.ok and (off.level, off.count) == ("settled", 648)
    assert off.text.endswith("and moved by 3 min 30 s in the median, 4 min 20 s at most")


@needs_cases
def test_a_season_that_the_rows_do_not_hold_is_none(folder: Path) -> None:
    table = CASES / "hz100.csv"
    found, config = looked(table)
    assert found["findings"][0] == "time: t, freq 10ms; no season"
    assert load_config(config, environment={}).windows.horizon == 12
    prepared = prepare(load_config(config, overrides=MODEL, environment={}), table)
    assert prepared.config.windows.season_length < len(prepared.values) / 2


@needs_cases
def test_a_fiscal_calendar_is_refused_and_its_periods_counted_are_read(folder: Path) -> None:
    table = CASES / "fiscal_454.csv"
    problem = refused(table)
    assert "54 steps of 4 weeks and 29 of 5: periods of a fiscal calendar" in problem
    assert "write a column 1, 2, 3, ..., and name it as the time" in problem
    frame = pd.read_csv(table)
    frame.insert(0, "period", np.arange(1, len(frame) + 1))
    frame.to_csv("counted.csv", index=False)
    code, found, said = run(
        "init", "counted.csv", "--timestamp", "period", "--target", "sales", "--output", "c.yaml"
    )
    assert code == 0, said
    assert found["findings"][0] == "time: period, freq 1; no season"
    assert forecast_stamps(Path("counted.csv"), 2, "data.timestamp=period") == ["85", "86"]


# Other spellings of them


@pytest.mark.parametrize(
    ("freq", "start", "expected", "ahead"),
    [
        ("ME", "2018-01-31", "ME", ["2024-01-31", "2024-02-29"]),
        ("BME", "2018-01-31", "BME", ["2024-01-31", "2024-02-29"]),
        ("LWOM-FRI", "2018-01-26", "LWOM-FRI", ["2024-01-26", "2024-02-23"]),
        ("WOM-3FRI", "2018-01-19", "WOM-3FRI", ["2024-01-19", "2024-02-16"]),
        ("SME-15", "2021-01-15", "SME-15", ["2024-01-15", "2024-01-31"]),
    ],
)
def test_days_of_the_month_are_continued(
    folder: Path, freq: str, start: str, expected: str, ahead: list[str]
) -> None:
    table = written(folder, [day.date() for day in pd.date_range(start, periods=72, freq=freq)])
    _, config = looked(table)
    assert load_config(config, environment={}).data.freq == expected
    assert forecast_stamps(table, 2) == ahead


def test_the_thirtieth_and_ten_days_are_continued(folder: Path) -> None:
    months = pd.date_range("2018-02-01", periods=36, freq="MS")
    ends = [month.replace(day=min(30, month.days_in_month)).date() for month in months]
    assert forecast_stamps(written(folder, ends), 3)[-1] == "2021-04-30"
    _, config = looked(written(folder, ends))
    assert load_config(config, environment={}).data.freq == "MS-30"
    tens = [month.replace(day=day).date() for month in months for day in (1, 11, 21)]
    found, config = looked(written(folder, tens))
    assert found["findings"][0] == "time: when, freq MS-1-11-21; season of 36 rows"
    assert forecast_stamps(written(folder, tens), 3) == ["2021-02-01", "2021-02-11", "2021-02-21"]


def test_the_freq_that_init_wrote_is_read_from_the_config(folder: Path) -> None:
    days = pd.date_range("2012-01-01", periods=96, freq="MS") + pd.Timedelta(days=14)
    table = written(folder, [day.date() for day in days])
    _, config = looked(table)
    prepared = prepare(load_config(config, overrides=MODEL, environment={}), table)
    assert prepared.facts.freq == "MS-15"
    assert prepared.config.windows.season_length == 12
    code, report, _ = run("check", table, "--config", config, "--set", "data.freq=MS-32")
    assert code == 4
    assert "'MS-32' is not a pandas frequency alias" in report["problems"][0]
    assert report["problems"][0].endswith("MS, or MS-15 for day 15 of each month")


def test_two_seasons_are_named_where_the_rows_hold_the_longer_one_twice(folder: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=400, freq="h")
    found, _ = looked(written(folder, hours))
    assert found["findings"][0].endswith("freq h; season of 24 rows, and one of 168")
    found, _ = looked(written(folder, hours[:335]))
    assert found["findings"][0].endswith("freq h; season of 24 rows")
    found, _ = looked(written(folder, hours[:47]))
    assert found["findings"][0].endswith("freq h; no season")


# Two frequencies


def answered(table: Path, kind: str) -> list[dict[str, Any]]:
    """The answers to the only question, each of which lets training go on."""
    found, config = looked(table)
    (question,) = found["questions"]
    assert question["kind"] == kind
    assert not check(table, config=load_config(config, environment={})).ok
    for choice in question["answers"]:
        settings = [f"data.{key}={json.dumps(value)}" for key, value in choice["keys"].items()]
        settled = load_config(config, overrides=[*MODEL, *settings], environment={})
        assert check(table, config=settled).problems == (), choice
    return [*question["answers"]]


def test_hours_and_half_hours_are_asked_whichever_are_more(folder: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=200, freq="h")
    halves = pd.date_range(hours[-1], periods=250, freq="30min")[1:]
    *_, all_rows = answered(written(folder, [*hours, *halves[:150]]), "off_grid")
    assert all_rows["keys"]["freq"] == "30min"
    assert all_rows["effect"].endswith("199 of 549 steps of 30min have none, and are filled")
    shorter, longer = answered(written(folder, [*hours, *halves]), "gaps")
    assert shorter["effect"] == "freq 30min: 199 steps without a row are filled"
    assert longer["keys"]["freq"] == "h" and "124 rows are averaged" in longer["effect"]


def test_every_day_and_every_second_one_are_asked(folder: Path) -> None:
    second = pd.date_range("2024-01-01", periods=60, freq="2D")
    days = [*second, *pd.date_range(second[-1], periods=50)[1:]]
    shorter, longer = answered(written(folder, [day.date() for day in days]), "gaps")
    assert shorter["effect"] == "freq D: 59 steps without a row are filled"
    assert longer["keys"]["freq"] == "2D"


def test_days_that_are_closed_are_no_second_frequency(folder: Path) -> None:
    days = [day.date() for day in pd.date_range("2024-01-01", periods=200) if day.day_of_week < 6]
    found, _ = looked(written(folder, days))
    assert found["questions"] == []


# Inexact clocks


def test_a_slow_clock_is_asked(folder: Path) -> None:
    stamps = pd.date_range("2024-01-01", periods=40, freq="1203s")
    shifts = np.random.default_rng(0).integers(-1, 2, 40)
    (move,) = answered(written(folder, stamps + pd.to_timedelta(shifts, unit="s")), "off_grid")
    assert "nearest step of 20min" in move["effect"]


def test_rows_of_a_clock_that_would_meet_are_asked_with_the_round_step(folder: Path) -> None:
    wrong = np.random.default_rng(0).normal(0, 360, 300)
    stamps = pd.date_range("2024-01-01", periods=300, freq="20min")
    found, _ = looked(written(folder, (stamps + pd.to_timedelta(wrong, unit="s")).floor("s")))
    (question,) = found["questions"]
    assert question["kind"] == "off_grid"
    assert "lie between the steps of freq 20min" in question["finding"]
    assert all("duplicates" in choice["keys"] for choice in question["answers"])


# No frequency


def test_every_answer_for_days_without_a_frequency_works(folder: Path) -> None:
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        np.cumsum(rng.integers(2, 6, 120)), unit="D"
    )
    table = written(folder, [day.date() for day in days])
    (question,) = init(table, output=folder / "c.yaml").questions
    assert question.finding.endswith("rows lie apart on the steps of freq D")
    assert {"freq": "D", "gaps": "fill", "missing": "ffill"} in [
        answer.keys for answer in question.answers
    ]
    for answer in question.answers:
        keys = [f"data.{name}={value}" for name, value in answer.keys.items()]
        assert forecast_stamps(table, 2, *keys)
    for gaps in ("fill", "mask", "split"):
        assert forecast_stamps(table, 2, "data.freq=D", f"data.gaps={gaps}", "data.missing=ffill")
    for rule in ("sum", "mean", "last", "max", "count"):
        for freq in ("D", "W-SUN", "MS"):
            assert forecast_stamps(table, 2, f"data.aggregate={rule}", f"data.freq={freq}")


def test_the_remedy_for_events_with_times_of_day_works(folder: Path) -> None:
    rng = np.random.default_rng(0)
    hours = np.cumsum(rng.integers(49, 170, 120))
    table = written(folder, pd.Timestamp("2020-01-01") + pd.to_timedelta(hours, unit="h"))
    _, config = looked(table)
    text = config.read_text().replace('freq: "W-SUN"', "freq: null")
    config.write_text(text)
    _, found, _ = run("check", "--config", config)
    (problem,) = found["problems"]
    assert (
        "set data.aggregate: sum, mean, last, max or count with data.freq: D, W-SUN or" in problem
    )
    assert (
        " days have no row: 0 under sum and count, and left to data.gaps under others)" in problem
    )
    for rule in ("sum", "count", "mean", "last", "max"):
        for freq in ("D", "W-SUN", "MS"):
            assert forecast_stamps(table, 2, f"data.aggregate={rule}", f"data.freq={freq}")
