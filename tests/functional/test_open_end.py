"""What is not known yet at the end of targets, end to end: each is forecast from its own last
value.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.commands.init import init
from lstm_forecast.store import open_run
from tests.benchmarks.files import CASES
from tests.functional.conftest import train_all
from tests.functional.test_check import check, found
from tests.functional.test_cli import invoke, one_object, read_csv

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
CONFIG = """\
name: {name}
data: {{path: {table}.csv, timestamp: day, series_id: shop, targets: [sold, price],
  sentinels: ["n/a", -99], {more}}}
windows: {{context_length: 14, horizon: 7}}
split: {{validation: 14, test: 14}}
preprocessing: {{log: false}}
model: {{units: 4, segment_units: 0, ensemble: 1, levels: [80], channels: {channels}}}
training: {{epochs: 0, refit: false, fallback: false}}
"""
PROMO = "covariates: {future: [promo], calendar: [day_of_week]}"
RUNS = {  # name of the run: its table, more keys of its data, and how it sees targets
    "apart": ("shops", "", "independent"),
    "every": ("shops", "ended_series: forecast", "independent"),
    "joint": ("shops", "", "joint"),
    "ahead": ("shops", PROMO, "independent"),
}
TINY = [
    part
    for key in ("epochs=0", "refit=false", "fallback=false")
    for part in ("--set", f"training.{key}")
]
LENGTHS = {"north": 120, "south": 115, "old": 60}
WORDS = ["NA", "", "n/a", "-99"]  # at the end of the price in the north


def shops(*, words: list[str] | None = None) -> pd.DataFrame:
    """Three shops of different ends; of two targets, one ends earlier."""
    rng, parts = np.random.default_rng(0), []
    for k, (name, length) in enumerate(LENGTHS.items()):
        steps = np.arange(length)
        sold = 100 * (k + 1) + 10 * np.sin(2 * np.pi * steps / 7) + rng.normal(size=length)
        price = 50 * (k + 1) + 5 * np.cos(2 * np.pi * steps / 7) + rng.normal(size=length)
        days = pd.date_range("2024-01-01", periods=length).astype("str")
        cells = {"shop": name, "day": days, "promo": (steps % 5 == 0).astype(int)}
        texts = {"sold": sold.round(2).astype("str"), "price": price.round(2).astype("str")}
        parts.append(pd.DataFrame(cells | texts))
    table = pd.concat(parts, ignore_index=True)
    if words is not None:
        table.loc[(rows := table["shop"] == "north") & (rows.cumsum() > 116), "price"] = words
        table.loc[table[table["shop"] == "south"].index[-2:], "sold"] = ""
    return table


@pytest.fixture(scope="session")
def trained_open(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    def fill(directory: Path) -> None:
        shops(words=WORDS).to_csv(directory / "shops.csv", index=False)
        shops().to_csv(directory / "newer.csv", index=False)
        trainings = []
        for name, (table, more, channels) in RUNS.items():
            text = CONFIG.format(name=name, table=table, more=more, channels=channels)
            (directory / f"{name}.yaml").write_text(text)
            trainings.append(["-c", f"{name}.yaml"])
        if CASES.exists():
            for case, targets in (("trailing_blanks", "y"), ("ragged_targets", "ab")):
                config = directory / f"{case}.yaml"
                asked = init(CASES / f"{case}.csv", output=config, targets=[*targets], horizon=7)
                assert asked.questions == ()
                trainings.append(["-c", config.name, *TINY])
        train_all(directory, *trainings)

    return once("open_end", fill)


@pytest.fixture
def folder(trained_open: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to write to, beside the runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORECAST_RUNS", str(trained_open / "runs"))
    return tmp_path


def spans(table: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """Cutoff, first and last stamp of each forecast."""
    rows = table.astype("str").groupby("unique_id")
    return {
        name: (own["cutoff"].iloc[0], own["ds"].iloc[0], own["ds"].iloc[-1])
        for name, own in rows
        if own["cutoff"].nunique() == 1
    }


def predict(run: str, *options: str | Path) -> pd.DataFrame:
    return read_csv(invoke("predict", "--run", run, *options))


OPEN = {
    "north/price": ("2024-04-25", "2024-04-26", "2024-05-02"),
    "north/sold": ("2024-04-29", "2024-04-30", "2024-05-06"),
    "south/price": ("2024-04-24", "2024-04-25", "2024-05-01"),
    "south/sold": ("2024-04-22", "2024-04-23", "2024-04-29"),
}


@needs_cases
@pytest.mark.parametrize(
    ("case", "cells", "expected"),
    [
        ("trailing_blanks", 3, {"y": ("2023-06-16", "2023-06-17", "2023-06-23")}),
        (
            "ragged_targets",
            5,
            {
                "a": ("2023-06-19", "2023-06-20", "2023-06-26"),
                "b": ("2023-06-14", "2023-06-15", "2023-06-21"),
            },
        ),
    ],
)
def test_the_forecast_starts_at_the_first_empty_cell_of_each_target(
    folder: Path, trained_open: Path, case: str, cells: int, expected: dict[str, tuple[str, ...]]
) -> None:
    text = (trained_open / f"{case}.yaml").read_text()
    assert f"#   open_end: {cells} cells are empty at the end of" in text
    assert "missing:" not in text
    report = found(check("--config", trained_open / f"{case}.yaml", expect=0))
    assert (report["open_end"]["level"], report["open_end"]["count"]) == ("note", cells)
    assert "missing" not in report
    assert spans(predict(case)) == expected
    manifest = open_run(trained_open / "runs" / case).manifest
    assert manifest["cutoff"] == f"{max(cutoff for cutoff, *_ in expected.values())} 00:00:00"
    assert manifest["repairs"] == {}


@pytest.mark.parametrize("hole", [False, True])
def test_init_writes_no_policy_for_missing_values_because_of_codes_at_the_end(
    tmp_path: Path, hole: bool
) -> None:
    values = np.random.default_rng(0).normal(20, 2, 200).round(2)
    values[-6:] = -200
    values[50] = -200 if hole else 20
    days = pd.date_range("2023-01-01", periods=200)
    pd.DataFrame({"day": days, "y": values}).to_csv(tmp_path / "codes.csv", index=False)
    assert init(tmp_path / "codes.csv", output=tmp_path / "codes.yaml").questions == ()
    text = (tmp_path / "codes.yaml").read_text()
    assert "sentinels: [-200.0]" in text
    assert (
        "#   open_end: 6 cells are empty at the end of series y, column y, from 2023-07-14" in text
    )
    assert ("missing: " in text) == hole
    report = found(check("--config", tmp_path / "codes.yaml", expect=0))
    assert report["open_end"]["count"] == 6


@needs_cases
def test_the_case_in_the_columns_of_the_input_has_one_row_for_each_stamp(folder: Path) -> None:
    table = predict("ragged_targets", "--columns", "input")
    assert table["ds"].tolist() == pd.date_range("2023-06-15", "2023-06-26").astype("str").tolist()
    assert table["a"].isna().tolist() == [True] * 5 + [False] * 7
    assert table["b"].isna().tolist() == [False] * 7 + [True] * 5


def test_words_and_numbers_for_missing_values_at_the_end_are_an_open_end_too(folder: Path) -> None:
    long = predict("apart")
    assert spans(long) == OPEN
    wide = predict("apart", "--columns", "input").set_index(["shop", "day"])
    for name in OPEN:
        shop, target = name.split("/")
        own = wide.loc[shop][target].dropna()
        expected = long[long["unique_id"] == name]
        assert own.index.tolist() == expected["ds"].tolist()
        assert own.tolist() == expected["apart"].tolist()
    content = one_object(invoke("predict", "--run", "apart", "--columns", "input", "--json").stdout)
    first = content["forecasts"][0]
    assert (first["shop"], first["day"], first["sold"]) == ("north", "2024-04-26T00:00:00", None)
    assert first["price"] == wide["price"].iloc[0]


def test_other_data_with_an_open_end_are_forecast_as_those_that_end_there(folder: Path) -> None:
    table = shops()
    table[table["shop"] == "north"].iloc[:-6].to_csv("cut.csv", index=False)
    table.loc[table[table["shop"] == "north"].index[-6:], ["sold", "price"]] = ""
    table[table["shop"] == "north"].to_csv("blank.csv", index=False)
    blank = predict("apart", "--data", "blank.csv")
    assert spans(blank)["north/sold"] == ("2024-04-23", "2024-04-24", "2024-04-30")
    assert blank.equals(predict("apart", "--data", "cut.csv"))


def test_a_network_that_sees_all_targets_at_once_starts_where_the_first_one_ends(
    folder: Path, trained_open: Path
) -> None:
    assert spans(predict("joint")) == {
        "north/price": OPEN["north/price"],
        "north/sold": OPEN["north/price"],
        "south/price": OPEN["south/sold"],
        "south/sold": OPEN["south/sold"],
    }
    report = found(check("--config", trained_open / "joint.yaml", expect=0))
    assert report["channels"]["text"] == (
        "6 rows lie behind the end of one of their targets and are not used, as the network sees"
        " all targets at once (model.channels: joint); the first: series north, 2024-04-26 00:00:00"
    )
    assert "channels" not in found(check("--config", trained_open / "apart.yaml", expect=0))


def test_a_backtest_judges_nothing_that_is_not_known(folder: Path) -> None:
    assert invoke("backtest", "--run", "apart", "-o", "tested.csv").exit_code == 0
    tested = pd.read_csv("tested.csv")
    assert tested["y"].notna().all()
    newest = tested.groupby("unique_id")["ds"].max().to_dict()
    assert {name: newest[name] for name in OPEN} == {name: own[0] for name, own in OPEN.items()}


def test_series_that_ended_are_left_out_told_and_forecast_where_asked_for(folder: Path) -> None:
    result = invoke("predict", "--run", "apart", "--json")
    assert one_object(result.stdout)["repairs"]["ended_series"] == 1
    line = (
        "data.ended_series: skip leaves out 1 series that ended at least a whole forecast before"
        " the newest row, the first: old; to have them forecast, train with data.ended_series:"
        " forecast\n"
    )
    assert line in result.stderr
    asked = invoke("predict", "--run", "every")
    assert spans(read_csv(asked)) == OPEN | {
        "old/price": ("2024-02-29", "2024-03-01", "2024-03-07"),
        "old/sold": ("2024-02-29", "2024-03-01", "2024-03-07"),
    }
    assert "ended_series" not in asked.stderr
    # a forecast that reaches beyond the newest row is one of the future
    assert len(spans(predict("apart", "--horizon", "61"))) == 6
    assert len(spans(predict("apart", "--horizon", "60"))) == 4


def test_pictures_leave_out_series_that_ended_unless_they_are_named(folder: Path) -> None:
    drawn = invoke("plot", "--run", "apart", "-o", "all.png", "--json")
    assert "the first: old; to have" in drawn.stderr
    assert len(one_object(drawn.stdout)["notes"]) == 1
    named = invoke("plot", "--run", "apart", "--series", "old", "-o", "old.png", "--json")
    assert one_object(named.stdout)["notes"] == []


def test_rows_of_the_future_are_those_of_series_that_are_forecast(folder: Path) -> None:
    result = invoke("template", "--run", "ahead")
    rows = read_csv(result)
    assert rows.groupby("shop")["day"].min().to_dict() == {
        "north": "2024-04-30",
        "south": "2024-04-25",
    }
    assert "the first: old; to have" in result.stderr
    old = pd.DataFrame({"shop": "old", "day": pd.date_range("2024-03-01", periods=7).astype("str")})
    pd.concat([rows, old]).assign(promo=1).to_csv("future.csv", index=False)
    assert spans(predict("ahead", "--future", "future.csv")) == OPEN
    pd.concat([rows, rows.head(1)]).assign(promo=1).to_csv("twice.csv", index=False)
    twice = invoke("predict", "--run", "ahead", "--future", "twice.csv")
    assert "series north, 2024-04-30 00:00:00: 2 rows of the future" in twice.stderr


def test_monitor_compares_what_came_in_for_a_target_and_waits_for_the_rest(
    folder: Path, trained_open: Path
) -> None:
    assert invoke("predict", "--run", "apart", "-o", "then.csv").exit_code == 0
    report = one_object(
        invoke(
            "monitor", "then.csv", "--run", "apart", "--json", "--data", trained_open / "newer.csv"
        ).stdout
    )
    # two cells of sold in the south, and four of the price in the north
    assert [(each["cutoff"][:10], each["rows"]) for each in report["by_cutoff"]] == [
        ("2024-04-22", 2),
        ("2024-04-25", 4),
    ]
    assert (report["live"]["rows"], report["waiting"]) == (6, 28 - 6)
    nothing = invoke("monitor", "then.csv", "--run", "apart")
    assert "none of 28 forecasts has an actual value in the data" in nothing.stderr


@pytest.mark.parametrize(("lag", "silent"), [(5, []), (12, ["north/price", "south/price"])])
def test_a_target_that_is_known_later_is_not_silent_until_a_whole_forecast_is_past(
    folder: Path, trained_open: Path, lag: int, silent: list[str]
) -> None:
    """The champion knew all of both targets up to its cutoff; one has three new rows since."""
    table = shops()
    table = table[table["shop"] != "old"].groupby("shop").head(115)
    days = table["day"].map(pd.Timestamp)
    newer = table.assign(day=(days + pd.Timedelta(days=8)).dt.strftime("%Y-%m-%d"))
    newer.loc[newer.groupby("shop").cumcount(ascending=False) < lag, "price"] = ""
    newer.to_csv("grown.csv", index=False)
    text = (trained_open / "apart.yaml").read_text().replace("shops.csv", "grown.csv")
    Path("grown.yaml").write_text(text.replace("name:", "retrain: {silent: {error: null}}\nname:"))
    content = json.loads(invoke("retrain", "--config", "grown.yaml", "--json").stdout)
    (told,) = [line for line in content["warnings"] if "no new row" in line]
    named = told.split("stand still: ")[1].split(" (")[0].split(", ")
    assert sorted(named) == sorted([*silent, "old/price", "old/sold"])
