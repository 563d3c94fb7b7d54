"""``forecast check``: what is wrong in a table, counted in all of it, with places and remedies."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from tests.benchmarks.files import DATA
from tests.unit.conftest import needs_shared

CONFIG = (
    "name: a\ndata: {{path: {path}, timestamp: ds, targets: y{more}}}\nwindows: {{horizon:"
    " {horizon}}}\n"
)
# Settled here, so that no time goes into looking for them.
WINDOWS = "windows: {horizon: 5, normalisation: last, context_length: "
SETTLED = f"preprocessing: {{log: false}}\nmodel: {{linear: ridge}}\n{WINDOWS}12}}\n"


def check(*arguments: str | Path, expect: int | None = None) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["check", *map(str, arguments), "--json"])
    content: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (4 if content["problems"] else 0) == content["exit_code"]
    assert content["ok"] == (not content["problems"])
    assert expect is None or result.exit_code == expect
    return content


def found(content: dict[str, Any]) -> dict[str, Any]:
    return {finding["kind"]: finding for finding in content["findings"]}


def counts(content: dict[str, Any], *without: str) -> dict[str, int]:
    return {
        kind: finding["count"] for kind, finding in found(content).items() if kind not in without
    }


def written(folder: Path, **columns: object) -> Path:
    path = folder / "table.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def days(count: int) -> pd.DatetimeIndex:
    return pd.date_range("2024-01-01", periods=count)


# The dirty data sets: exactly the counts that their README gives


@needs_shared
def test_the_sentinels_split_stamps_decimal_commas_and_empty_rows_of_air_quality_are_counted() -> (
    None
):
    content = check(DATA / "dirty_air_quality_uci.csv.gz", expect=0)
    assert (content["facts"]["rows"], content["facts"]["freq"], content["facts"]["freq_share"]) == (
        9471,
        "h",
        1,
    )
    assert content["facts"]["file"] == {"delimiter": ";", "decimal": ",", "encoding": "utf-8"}
    assert content["facts"]["columns"]["timestamp"] == ["Date", "Time"]
    assert content["facts"]["columns"]["timestamp_format"] == "%d/%m/%Y %H.%M.%S"
    assert counts(content, "season", "zeros") == {"empty_rows": 114, "sentinels": 8530}
    assert found(content)["sentinels"]["columns"]["NMHC(GT)"] == 8443
    assert found(content)["sentinels"]["remedy"] == "data.sentinels: [-200]"


@needs_shared
def test_the_duplicates_gaps_and_outliers_of_metro_traffic_are_counted() -> None:
    path = DATA / "dirty_metro_traffic.csv.gz"
    content = check(path, expect=4)
    faults = counts(content, "season", "zeros", "nearly_constant")
    assert faults == {"duplicates": 7629, "gaps": 11976, "doubled": 17, "outliers": 11}
    assert found(content)["outliers"]["columns"] == {"temp": 10, "rain_1h": 1}
    assert (
        "the longest: 7,386, series traffic_volume, after 2014-08-08 01:00:00"
        in found(content)["gaps"]["text"]
    )
    assert (
        found(content)["duplicates"]["places"][0]
        == f"{path}:181: series traffic_volume, 2012-10-10 07:00:00"
    )


@needs_shared
def test_the_missing_values_of_beijing_are_counted_by_column() -> None:
    path = DATA / "dirty_beijing_pm25.csv.gz"
    content = check(path, expect=4)
    assert content["facts"]["columns"]["timestamp"] == ["year", "month", "day", "hour"]
    assert (
        "No" not in content["facts"]["columns"]["others"] + content["facts"]["columns"]["targets"]
    )
    assert counts(content, "season", "zeros", "nearly_constant") == {
        "counting": 43824,
        "missing": 2067,
    }
    missing = found(content)["missing"]
    assert missing["columns"] == {"pm2.5": 2067}
    assert missing["places"][0] == f"{path}:2: series pm2.5, 2010-01-01 00:00:00: column pm2.5"


@needs_shared
@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("nab_realTraffic", {"off_grid": 14404, "duplicates": 2}),
        ("nab_realKnownCause", {"duplicates": 23}),
        ("wp_peyton_manning", {"gaps": 59}),
        ("daily_min_temperatures", {"gaps": 2}),
        ("ETTh1", {}),
    ],
)
def test_the_known_faults_of_other_sets_are_counted(name: str, faults: dict[str, int]) -> None:
    content = check(DATA / f"{name}.csv.gz", expect=4 if faults else 0)
    counted = counts(content)
    assert {kind: counted.get(kind) for kind in faults} == faults
    refused = {kind for kind, finding in found(content).items() if finding["level"] == "refused"}
    assert refused - {"off_grid", "gaps"} == faults.keys() - {"off_grid", "gaps"}


# Planted faults


def panel_file(folder: Path, *, series: int, rows: int) -> tuple[Path, pd.DataFrame]:
    names = np.repeat([f"s{k:05d}" for k in range(series)], rows)
    frame = pd.DataFrame({"id": names, "ds": np.tile(days(rows).astype("str"), series), "y": "1"})
    frame["y"] = (np.arange(len(frame)) * 7919 % 1000).astype("str")
    return folder / "many.csv", frame


@pytest.mark.parametrize(
    ("kind", "column", "cell", "where"),
    [
        ("duplicates", "ds", "2024-01-19", "series s09999, 2024-01-19 00:00:00"),
        ("gaps", "ds", "2024-01-21", "series s09999, after 2024-01-19 00:00:00"),
        ("missing", "y", "", "series s09999, 2024-01-19 00:00:00: column y"),
        ("infinite", "y", "inf", "series s09999, 2024-01-20 00:00:00: column y"),
        ("mixed", "y", "n.a.", ": column y: 'n.a.'"),
    ],
)
def test_one_fault_in_the_last_of_10_000_series_is_found(
    tmp_path: Path, kind: str, column: str, cell: str, where: str
) -> None:
    path, frame = panel_file(tmp_path, series=10_000, rows=20)
    row = len(frame) - (2 if kind == "missing" else 1)  # at the end nothing is missing
    frame.loc[row, column] = cell
    frame.to_csv(path, index=False)
    fault = found(check(path, expect=4))[kind]
    assert (fault["count"], fault["level"]) == (1, "refused")
    assert where in fault["places"][0]
    if kind != "gaps":
        assert fault["places"][0].startswith(f"{path}:{row + 2}")


# What is worth knowing


def test_a_sound_table_has_no_problem(tmp_path: Path) -> None:
    steps = np.arange(300)
    content = check(
        written(tmp_path, ds=days(300), y=np.sin(steps * 2 * np.pi / 7) + steps % 11), expect=0
    )
    assert {finding["level"] for finding in content["findings"]} <= {"note"}
    assert content["facts"]["freq"] == "D"


def test_constant_series_outliers_and_columns_that_tell_the_target_are_noted(
    tmp_path: Path,
) -> None:
    y = np.random.default_rng(0).normal(10, 1, 200)
    y[150] = 1000
    half = np.random.default_rng(1).normal(size=200)
    table = written(
        tmp_path,
        ds=days(200),
        y=y,
        same=5.0,
        scaled=3 * y + 1,
        next=np.roll(y, -1) * 2,
        a=half,
        b=y - half,
    )
    content = check(table, expect=0)
    texts = [finding["text"] for finding in content["findings"] if finding["kind"] == "leak"]
    assert "column scaled goes with y exactly" in texts
    assert found(content)["outliers"]["columns"]["y"] == 1
    assert "series y, 2024-05-30 00:00:00: column y: 1000" in found(content)["outliers"]["places"]
    table = written(tmp_path, ds=days(200), y=y, a=half, b=y - half, next=np.append(y[1:], 0))
    texts = [finding["text"] for finding in check(table)["findings"] if finding["kind"] == "leak"]
    assert texts[-1] == "the columns a, b add up to y"
    constant = check(written(tmp_path, ds=days(50), y=5), expect=0)
    assert found(constant)["constant"]["places"] == ["series y: column y"]


def test_a_column_that_tells_the_next_value_is_noted(tmp_path: Path) -> None:
    y = np.random.default_rng(0).normal(10, 1, 200)
    content = check(written(tmp_path, ds=days(199), y=y[:-1], x=y[1:] * 2), expect=0)
    assert found(content)["leak"]["text"] == "column x tells the next value of y exactly"


# Under a config


def configured(folder: Path, table: Path, *, more: str = "", horizon: int = 5) -> Path:
    path = folder / "a.yaml"
    path.write_text(CONFIG.format(path=table.name, more=more, horizon=horizon))
    return path


def test_a_config_decides_what_is_settled_and_what_is_refused(tmp_path: Path) -> None:
    table = written(tmp_path, ds=days(60).delete([10, 11]), y=np.arange(58) % 13)
    content = check("--config", configured(tmp_path, table), expect=4)
    assert content["problems"][0].endswith("(2 such rows); set data.gaps: fill, mask or split")
    content = check("--config", configured(tmp_path, table, more=", gaps: split"), expect=0)
    assert found(content)["gaps"]["level"] == "settled"
    assert check("--config", configured(tmp_path, table), "--set", "data.gaps=split", expect=0)


def test_series_too_short_for_the_horizon_are_listed_and_refused_if_all_are(tmp_path: Path) -> None:
    table = written(
        tmp_path, ds=[*days(40), *days(6)], id=["long"] * 40 + ["short"] * 6, y=np.arange(46) % 7
    )
    config = configured(tmp_path, table, more=", series_id: id")
    short = found(check("--config", config, expect=0))["short_series"]
    assert (short["count"], short["level"], short["places"]) == (
        1,
        "note",
        ["series short: 6 rows"],
    )
    content = check(
        "--config", configured(tmp_path, table, more=", series_id: id", horizon=50), expect=4
    )
    assert found(content)["short_series"]["count"] == 2


REFUSED = {
    "a logarithm of zeros": (
        {"y": np.arange(60) % 7},
        "preprocessing: {log: true}",
        "has no logarithm",
    ),
    "no room for a window": (
        {},
        WINDOWS + "90, padding: false}",
        "1 of 1 series have no 90 + 5 rows",
    ),
    "no room for the parts": (
        {},
        "split: {validation: 2023-12-01, test: 2024-02-20}",
        "no row before the date",
    ),
    "dates where there are steps": (
        {"ds": range(60)},
        "split: {test: 2024-02-01}",
        "counted in integer steps",
    ),
    "holes in all windows": (
        {"y": [1, np.nan, 3] * 20},
        WINDOWS + "6}",
        "where no value was observed",
    ),
    "series that are too short": (
        {"ds": [*days(45), *days(15)], "id": ["a"] * 45 + ["b"] * 15},
        WINDOWS + "20}",
        "1 of 2 series have no 20 + 5 rows",
    ),
    "a column that is missing": ({}, "seed: 0", "no column promo; its columns are ds, y, id"),
}


@pytest.mark.parametrize(("columns", "more", "said"), REFUSED.values(), ids=REFUSED)
def test_what_training_would_refuse_is_found_in_the_same_words(
    tmp_path: Path, columns: dict[str, Any], more: str, said: str
) -> None:
    table = written(tmp_path, **{"ds": days(60), "y": np.arange(60) % 7 + 1, "id": "a"} | columns)
    keys = ", series_id: id, missing: mask, short_series: error"
    keys += ", covariates: {past: [promo]}" if "promo" in said else ""
    config = configured(tmp_path, table, more=keys)
    lines = {
        line.partition(":")[0]: line
        for line in (*config.read_text().splitlines(), *SETTLED.splitlines(), more)
    }
    config.write_text("\n".join(lines.values()))
    problems = check("--config", config, expect=4)["problems"]
    assert said in problems[0]
    trained = CliRunner().invoke(
        app, ["train", "--config", str(config), "--runs", str(tmp_path / "runs"), "--json"]
    )
    assert trained.exit_code == 4
    assert json.loads(trained.stdout)["problems"] == problems


def test_the_whole_preparation_is_checked_without_the_libraries_that_train(tmp_path: Path) -> None:
    config = configured(tmp_path, written(tmp_path, ds=days(60), y=np.arange(60) % 13))
    config.write_text(config.read_text().replace("windows: {horizon: 5}\n", SETTLED))
    code = (
        "import sys; from lstm_forecast.cli import main\n"
        f"sys.argv = ['forecast', 'check', '--config', {str(config)!r}]\n"
        "try: main()\nexcept SystemExit as stop: assert not stop.code, stop.code\n"
        "print(sorted({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_local_times_without_their_zone_are_told_from_other_gaps(tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", "2024-12-01", freq="h", tz="Europe/Vienna").tz_localize(
        None
    )
    table = written(tmp_path, ds=hours, y=np.arange(len(hours)) % 24)
    problems = check("--config", configured(tmp_path, table), expect=4)["problems"]
    assert len(problems) == 2
    assert all(
        "set data.timezone: Europe/Berlin, or the zone of the data" in problem
        for problem in problems
    )
    config = configured(tmp_path, table, more=", timezone: Europe/Berlin, dst: first")
    config.write_text(config.read_text().replace("windows: {horizon: 5}\n", SETTLED))
    settled = check("--config", config, expect=0)
    assert found(settled)["dst"]["count"] == 2


def test_rows_later_than_the_clock_are_refused_kept_or_dropped(tmp_path: Path) -> None:
    today = pd.Timestamp.now().normalize()
    stamps = pd.date_range(end=today, periods=60).append(
        pd.date_range(today + pd.Timedelta(days=10), periods=3)
    )
    table = written(tmp_path, ds=stamps, y=np.arange(63) % 13)
    content = check("--config", configured(tmp_path, table, more=", gaps: split"), expect=4)
    place = f"{table}:62: series y, {stamps[60]}"
    assert content["problems"][0].startswith(f"{place}: later than now, ")
    assert content["problems"][0].endswith("(3 such rows); set data.future_rows: keep or drop")
    dropped = check("--config", configured(tmp_path, table, more=", future_rows: drop"), expect=0)
    assert (found(dropped)["future_rows"]["level"], dropped["facts"]["last"]) == (
        "settled",
        str(stamps[59]),
    )
    kept = check(
        "--config", configured(tmp_path, table, more=", gaps: split, future_rows: keep"), expect=0
    )
    assert (found(kept)["future_rows"]["level"], kept["facts"]["last"]) == ("note", str(stamps[-1]))


def test_another_table_can_be_checked_under_a_config(tmp_path: Path) -> None:
    table = written(tmp_path, ds=days(60), y=np.arange(60) % 13)
    config = configured(tmp_path, table)
    other = tmp_path / "other.csv"
    pd.DataFrame({"ds": days(60), "z": 1}).to_csv(other, index=False)
    content = check(other, "--config", config, expect=4)
    assert content["problems"] == [f"{other}: no column y; its columns are ds, z"]


def test_the_report_for_people_names_places_and_remedies_and_shows_control_signs(
    tmp_path: Path,
) -> None:
    table = written(
        tmp_path,
        ds=[*days(30), *days(30)],
        id=["a\x1b[31m"] * 30 + ["b"] * 30,
        y=[1, np.nan, 3] * 20,
    )
    result = CliRunner().invoke(app, ["check", str(table)])
    assert result.exit_code == 4
    assert f"{table}:3: series a\\x1b[31m, 2024-01-02 00:00:00: column y" in result.stdout
    assert "\x1b" not in result.stdout
    assert "set data.missing: ffill, seasonal, interpolate or mask" in result.stdout


def test_data_that_are_not_where_a_config_says_are_found_where_the_remedy_names_them(
    tmp_path: Path,
) -> None:
    data = written(tmp_path, ds=days(60), y=np.arange(60.0))
    config = tmp_path / "configs" / "a.yaml"
    config.parent.mkdir()
    config.write_text(
        CONFIG.format(path="none.csv", more="", horizon=5) + "model: {linear: ridge}\n"
    )
    (problem,) = check("--config", config, expect=4)["problems"]
    assert (
        problem
        == f"{config.parent / 'none.csv'}: no such file, directory or glob; data.path names it,"
        " from the directory of the config; put the data there, or give their absolute path:"
        " --set data.path=PATH"
    )
    check("--config", config, "--set", f"data.path={data}", expect=0)
    data.rename(config.parent / "none.csv")
    check("--config", config, expect=0)
    (problem,) = check("other.csv", "--config", config, expect=4)["problems"]
    assert problem == "other.csv: no such file, directory or glob"


def test_nothing_to_check_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["check"]).exit_code == 2


# Seasons and contexts beyond the rows


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of 100 Hz with a period of 25 rows, of which a day would be 8,640,000."""
    folder, steps = tmp_path_factory.mktemp("fast"), np.arange(1_000)
    values = np.sin(2 * np.pi * steps / 25) + 0.1 * np.random.default_rng(0).normal(size=1_000)
    written(folder, ds=pd.date_range("2024-01-01", periods=1_000, freq="10ms"), y=values)
    path = folder / "fast.yaml"
    path.write_text(f"name: a\ndata: {{path: table.csv, timestamp: ds, targets: y}}\n{SETTLED}")
    return path


def test_a_season_that_the_rows_cannot_hold_is_none_and_one_in_the_values_is_used(
    fast: Path,
) -> None:
    content = check("--config", fast, expect=0)
    assert "season" not in found(content)
    assert content["facts"]["training"]["resolved"]["windows.season_length"].startswith(
        "25: autocorrelation "
    )


@pytest.mark.parametrize(
    "settings", [("windows.season_length=8640000",), ("windows.context_length=100000",)]
)
@pytest.mark.parametrize("linear", ["ridge", "weighted"])
def test_no_season_and_no_context_makes_check_hang(
    linear: str, settings: tuple[str, ...], fast: Path
) -> None:
    given = [
        part for setting in (*settings, f"model.linear={linear}") for part in ("--set", setting)
    ]
    started = time.process_time()
    content = check("--config", fast, *given, expect=0)
    assert time.process_time() - started < 60
    if "season" in settings[0]:
        text = found(content)["season"]["text"]
        assert "no series holds two seasons of 8,640,000 rows (the longest has 1,000)" in text


def test_a_context_and_horizon_without_end_are_an_error_of_the_config(fast: Path) -> None:
    given = [
        part
        for setting in ("windows.context_length=100000", "windows.horizon=99999")
        for part in ("--set", setting)
    ]
    result = CliRunner().invoke(app, ["check", "--config", str(fast), *given])
    assert result.exit_code == 3
    assert (
        "windows.context_length x windows.horizon: their linear part would have 9,999,900,000"
        " numbers" in result.output
    )
