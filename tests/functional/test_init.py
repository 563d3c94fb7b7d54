"""``forecast init``: a first look at a table, and the config that it writes."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.schema import Config
from lstm_forecast.training.prepare import prepare
from tests.benchmarks.files import DATA
from tests.unit.conftest import needs_shared

# Settled here, so that no time goes into looking for them.
SETTLED = [
    *("windows.context_length=12", "windows.normalisation=last", "preprocessing.log=false"),
    *("model.linear=ridge", "model.segment_length=1"),
]


def init(*arguments: str | Path, expect: int = 0) -> str:
    result = CliRunner().invoke(app, ["init", *map(str, arguments)])
    assert result.exit_code == expect, result.output
    return result.stderr


def write(folder: Path, **columns: object) -> Path:
    path = folder / "table.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def written(folder: Path) -> Config:
    return load_config(folder / "configs" / "table.yaml", environment={})


def hours(count: int) -> pd.DatetimeIndex:
    return pd.date_range("2024-01-01", periods=count, freq="h")


def test_a_single_series_with_several_columns(folder: Path) -> None:
    steps = np.arange(2000)
    init(write(folder, when=hours(2000), humidity=steps % 7, load=np.sin(steps / 4), label="x"))
    config = written(folder)
    assert (config.data.timestamp, config.data.series_id, config.data.targets) == (
        "when",
        None,
        ("load",),
    )
    assert (config.data.freq, config.windows.horizon) == ("h", 24)
    assert (config.windows.context_length, config.model.segment_length) == (None, None)  # auto
    assert (folder / "configs" / config.data.path).resolve() == folder / "table.csv"


def test_a_panel_in_long_format(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=100).repeat(3)
    init(write(folder, store=np.tile(["b", "a", "c"], 100), date=days, sales=np.arange(300.0)))
    config = written(folder)
    assert (config.data.timestamp, config.data.series_id, config.data.targets) == (
        "date",
        "store",
        ("sales",),
    )


def test_columns_beside_the_targets_are_offered_as_covariates(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=100).repeat(2)
    shops = {"store": np.tile(["b", "a"], 100), "date": days, "sales": np.arange(200.0) ** 2}
    more = {
        "promo": np.arange(200) % 3 == 0,
        "price": np.arange(200) % 7,
        "region": np.tile(["x", "y"], 100),
    }
    findings = init(write(folder, **shops, **more))
    assert "other numeric columns: promo, price; constant in each series: region" in findings
    text = (folder / "configs" / "table.yaml").read_text()
    offered = re.findall(r"^  # ( *(?:covariates|future|static|calendar):.*)", text, re.M)
    (folder / "configs" / "table.yaml").write_text(
        text.replace("\n  # covariates:", "\n  " + "\n  ".join(offered) + "\n  #", 1)
    )
    covariates = written(folder).data.covariates
    assert (covariates.future, covariates.static) == (("promo", "price"), ("region",))
    assert covariates.calendar == ("day_of_week", "day_of_year")


def test_the_finer_of_two_time_columns_is_the_time(folder: Path) -> None:
    stamps = hours(500)
    init(write(folder, date=stamps.date, Time=stamps, value=np.arange(500.0)))
    assert written(folder).data.timestamp == "Time"


def test_what_the_caller_names_is_taken(folder: Path) -> None:
    table = write(folder, a=hours(500), b=np.arange(500.0), c=np.arange(500.0) ** 2)
    init(table, "--target", "c", "--target", "b", "--horizon", "7", "--output", "mine.yaml")
    config = load_config(folder / "mine.yaml", environment={})
    assert (config.data.targets, config.windows.horizon) == (("c", "b"), 7)


def test_faults_in_the_data_get_a_policy_and_nothing_else_does(folder: Path) -> None:
    stamps = hours(500).delete([100, 101]).append(hours(1))
    values = np.arange(499.0)
    values[50] = np.nan
    values[-1] = values[0]  # the repeated row is that of before
    findings = init(write(folder, ds=stamps, y=values))
    data = written(folder).data
    assert (data.duplicates, data.gaps, data.missing, data.infinite) == (
        "first",
        "fill",
        "ffill",
        "error",
    )
    assert "gaps: 2 rows" in findings
    settled = load_config(folder / "configs" / "table.yaml", overrides=SETTLED, environment={})
    prepare(settled, folder / "table.csv")


def test_names_that_mean_something_in_yaml_survive(folder: Path) -> None:
    names = {"ds": hours(400), "a: b # c": np.arange(400.0), "NO": np.arange(400.0) + 1}
    init(write(folder, **names), "--target", "a: b # c", "--target", "NO")
    assert written(folder).data.targets == ("a: b # c", "NO")


def test_a_column_name_cannot_break_out_of_a_comment(folder: Path) -> None:
    init(
        write(
            folder,
            ds=hours(400),
            y=np.arange(400.0),
            **{"x\ntraining: {epochs: 1}": np.arange(400.0)},
        )
    )
    assert written(folder).training.epochs != 1


def test_ids_that_look_like_numbers_or_nothing_stay_apart(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=60).repeat(3)
    table = write(folder, store=np.tile(["001", "1", "NA"], 60), date=days, sales=np.arange(180.0))
    assert "series: 3 by store" in init(table, "--series-id", "store")
    assert written(folder).data.duplicates == "error"


def test_ids_with_leading_zeros_or_like_nothing_are_found_as_ids(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=60).repeat(3)
    init(write(folder, store=np.tile(["001", "1", "NA"], 60), date=days, sales=np.arange(180) % 17))
    assert written(folder).data.series_id == "store"


def test_a_column_that_only_numbers_the_rows_is_no_target_beside_others(folder: Path) -> None:
    steps = np.arange(100)
    init(write(folder, No=steps + 1, ds=hours(100), speed=steps % 7, constant=5))
    assert written(folder).data.targets == ("speed",)


def test_a_constant_is_a_target_where_there_is_nothing_else(folder: Path) -> None:
    init(write(folder, ds=hours(100), y=5))
    assert written(folder).data.targets == ("y",)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("%m/%d/%Y", "%m/%d/%Y"),
        ("%Y%m%d", None),
        ("%d.%m.%Y", "%d.%m.%Y"),
    ],
)
def test_the_day_or_the_month_may_come_first_and_is_kept(
    folder: Path, form: str, expected: str | None
) -> None:
    days = pd.date_range("2024-01-01", periods=90).strftime(form)
    init(write(folder, date=days, y=np.arange(90) % 7))
    data = written(folder).data
    assert (data.timestamp, data.timestamp_format, data.freq) == ("date", expected, "D")


def test_a_format_decides_where_both_readings_fit(folder: Path) -> None:
    days = ["01/02/2024", "02/02/2024", "03/02/2024", "04/02/2024"]
    table = write(folder, date=days, y=[1, 2, 3, 1])
    assert "may have the month or the day first" in init(table, expect=4)
    init(table, "--timestamp-format", "%d/%m/%Y")
    assert (written(folder).data.timestamp_format, written(folder).data.freq) == ("%d/%m/%Y", "D")


def test_stamps_in_several_columns_and_words_among_numbers_are_settled(folder: Path) -> None:
    stamps = hours(400)
    values = (np.arange(400) % 24).astype("str")
    values[[100, 200]] = "offline"
    init(
        write(
            folder,
            year=stamps.year,
            month=stamps.month,
            day=stamps.day,
            hour=stamps.hour,
            load=values,
        )
    )
    data = written(folder).data
    assert data.timestamp == ("year", "month", "day", "hour")
    assert (data.sentinels, data.missing) == (("offline",), "ffill")


def test_decimal_commas_are_written_down(folder: Path) -> None:
    table = folder / "table.csv"
    table.write_text(
        "ds;y\n" + "".join(f"{stamp};{k % 7},5\n" for k, stamp in enumerate(hours(100)))
    )
    init(table)
    assert (written(folder).data.csv.decimal, written(folder).data.csv.delimiter) == (",", ";")


def test_editors_find_the_schema_beside_the_config(folder: Path) -> None:
    init(write(folder, ds=hours(100), y=5))
    first, *_ = (folder / "configs" / "table.yaml").read_text().splitlines()
    assert first.startswith("# yaml-language-server: $schema=")
    schema = json.loads((folder / "configs" / first.partition("=")[2]).read_text())
    assert schema == Config.model_json_schema()


def test_the_command_to_go_on_with_can_be_pasted(folder: Path) -> None:
    said = init(write(folder, ds=hours(100), y=5), "--output", "my configs/a b.yaml")
    assert "forecast train --config 'my configs/a b.yaml'" in said


def test_a_target_that_is_no_number_is_refused_with_its_place(folder: Path) -> None:
    table = write(folder, ds=hours(50), y=["1.5"] * 40 + ["n/a"] * 10)
    assert "table.csv:42: column y: expected a number, received 'n/a'" in init(
        table, "--target", "y", expect=4
    )


def test_an_existing_config_is_only_replaced_by_force(folder: Path) -> None:
    table = write(folder, ds=hours(400), y=np.arange(400.0))
    init(table)
    assert "--force" in init(table, expect=7)
    init(table, "--force")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": np.arange(50) * 1.5, "b": np.arange(50)}, "--timestamp"),
        ({"ds": hours(50), "label": "x"}, "no numeric column"),
        ({"ds": hours(2), "y": [1.0, 2.0]}, "data.freq"),
    ],
)
def test_a_table_without_time_or_target_is_refused_with_a_remedy(
    folder: Path, columns: dict, words: str
) -> None:
    assert words in init(write(folder, **columns), expect=4)


def test_a_column_that_is_not_there_is_refused_with_those_that_are(folder: Path) -> None:
    assert "ds, y" in init(
        write(folder, ds=hours(50), y=np.arange(50.0)), "--target", "z", expect=4
    )


@needs_shared
@pytest.mark.parametrize(
    ("name", "timestamp", "series_id", "freq"),
    [
        ("ETTh1", "date", None, "h"),
        ("vic_electricity", "Time", None, "30min"),
        ("m4_weekly_train", "ds", "unique_id", "1"),
        ("stocks_daily", "date", "symbol", "B"),
        ("air_passengers", "ds", None, "MS"),
        ("wikipedia_traffic_daily", "date", "Page", "D"),
        ("national_illness", "date", None, "W-TUE"),
        ("tourism_yearly_train", "ds", "unique_id", "1"),
        ("daily_min_temperatures", "Date", None, "D"),
    ],
)
def test_real_tables_get_a_config_that_trains(
    folder: Path, name: str, timestamp: str, series_id: str | None, freq: str
) -> None:
    init(DATA / f"{name}.csv.gz")
    settled = [] if name == "air_passengers" else SETTLED
    config = load_config(folder / "configs" / f"{name}.yaml", overrides=settled, environment={})
    assert (config.data.timestamp, config.data.series_id, config.data.freq) == (
        timestamp,
        series_id,
        freq,
    )
    prepared = prepare(config, folder / "configs" / config.data.path)
    assert prepared.test is not None
    assert prepared.facts.freq == freq


def test_rows_of_one_stamp_that_differ_are_asked_about_however_few(folder: Path) -> None:
    stamps = hours(500).append(hours(1))
    said = init(write(folder, ds=stamps, y=np.arange(501.0) * 1.5))
    assert "1 of 501 rows has the stamp of another row" in said
    assert written(folder).data.duplicates == "error"


def test_stamps_later_than_the_clock_are_asked_about_however_few(folder: Path) -> None:
    # a slip of the pen
    days = [*pd.date_range("2024-01-01", periods=120), pd.Timestamp("2204-03-01")]
    said = init(write(folder, ds=days, y=np.arange(121) % 7))
    assert "1 of 121 rows is later than now" in said
    assert (written(folder).data.future_rows, written(folder).data.gaps) == ("error", "error")
    init(write(folder, ds=pd.date_range("2204-01-01", periods=60), y=np.arange(60) % 7), "--force")
    assert written(folder).data.future_rows == "keep"
