"""Every way in which an input can be bad: the message says where it is and what to do, and nothing
is published.

The rows are those that users of forecasting libraries complain about most; each has a test of its
own.
"""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from lstm_forecast.tables.files.dialect import KINDS_OF_FILES
from lstm_forecast.training.prepare import prepare
from tests.functional.conftest import tree
from tests.functional.test_names import (
    CODES,
    FORMULAS,
    MARKUP,
    PATHS,
    forecast,
    rename,
    require_dead,
    require_no_formula,
)

DAYS = [f"2024-{month:02d}-{day:02d}" for month in (1, 2, 3) for day in range(1, 29)]
SETTLED = {
    "windows": {"horizon": 3, "context_length": 8, "normalisation": "last"},
    "preprocessing": {"log": False},
    "model": {
        "units": 4,
        "segment_length": 1,
        "segment_units": 0,
        "linear": "ridge",
        "ensemble": 1,
    },
    "training": {"epochs": 0, "batch_size": 64, "steps_per_epoch": 0},
}


def table(rows: int = 40, **cells: dict[int, str]) -> pd.DataFrame:
    """Days with values; ``y={3: "x"}`` puts a text into row 3 of a column."""
    days = pd.date_range("2024-01-01", periods=rows).astype("str")
    frame = pd.DataFrame({"ds": days, "y": [f"{10 + 3 * math.sin(k):.3f}" for k in range(rows)]})
    for column, texts in cells.items():
        for row, text in texts.items():
            frame.loc[row, column] = text
    return frame


def config(data: dict[str, Any] | None = None, **sections: dict[str, Any]) -> Path:
    content = {
        name: {**SETTLED.get(name, {}), **sections.get(name, {})} for name in {*SETTLED, *sections}
    }
    described = {"path": "a.csv", "timestamp": "ds", "targets": "y", **(data or {})}
    Path("a.yaml").write_text(json.dumps({"name": "a", "data": described, **content}))
    return Path("a.yaml")


def train(
    frame: pd.DataFrame | bytes | None = None, data: dict[str, Any] | None = None, **sections: Any
) -> Result:
    if isinstance(frame, pd.DataFrame):
        frame.to_csv("a.csv", index=False)
    elif frame is not None:
        Path("a.csv").write_bytes(frame)
    return CliRunner().invoke(app, ["train", "--config", str(config(data, **sections)), "--json"])


def refused(*arguments: Any, code: int = 4, **sections: Any) -> str:
    """The problems that training has with it; nothing is published."""
    result = train(*arguments, **sections)
    assert result.exit_code == code, result.output
    content = json.loads(result.stdout)
    assert (content["ok"], content["exit_code"]) == (False, code)
    assert not list(Path("runs").rglob("champion"))
    return "\n".join(content["problems"])


def prepared(frame: pd.DataFrame, data: dict[str, Any] | None = None, **sections: Any) -> Any:
    frame.to_csv("a.csv", index=False)
    return prepare(load_config(config(data, **sections), environment={}), Path("a.csv"))


def predict(workspace: Path, *options: str, expect: int, name: str = "sine") -> str:
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(workspace / "runs"), "--run", name, "--json", *options]
    )
    assert result.exit_code == expect, result.output
    return result.stdout if expect == 0 else "\n".join(json.loads(result.stdout)["problems"])


def test_01_missing_values(folder: Path) -> None:
    message = refused(table(y={7: "", 9: "NaN"}))
    assert (
        message == "a.csv:9: series y, 2024-01-08 00:00:00: column y: no value (2 such rows); "
        "set data.missing: ffill, seasonal, interpolate or mask"
    )
    for policy in ("ffill", "seasonal", "interpolate"):
        assert prepared(table(y={7: "", 9: "NaN"}), {"missing": policy}).facts.repairs == {
            "missing": 2
        }


def test_02_infinite_values(folder: Path) -> None:
    message = refused(table(y={7: "inf", 8: "-inf"}))
    assert message.startswith("a.csv:9: series y, 2024-01-08 00:00:00: column y: infinite")
    assert message.endswith("(2 such rows); set data.infinite: missing")


def test_03_a_constant_series_forecasts_its_constant(folder: Path) -> None:
    done = prepared(table(y=dict.fromkeys(range(40), "7.5")))
    assert done.scaler.scale.tolist() == [[1.0]]
    restored = done.scaler.invert(
        np.zeros((1, 3, 1), np.float32), np.zeros(1, np.int64), n_targets=1
    )
    assert restored.ravel().tolist() == [7.5] * 3


def test_04_a_column_without_variance_keeps_scale_1(folder: Path) -> None:
    frame = table().assign(x="3")
    done = prepared(frame, {"covariates": {"past": ["x"]}})
    assert done.scaler.scale[0, 1] == 1
    assert np.isfinite(done.values).all()


@pytest.mark.parametrize(("rows", "short"), [(10, True), (11, False), (12, False)])
def test_05_too_short_series(folder: Path, rows: int, short: bool) -> None:
    frame = pd.concat([table(60).assign(id="long"), table(rows).assign(id="short")])
    data = {"series_id": "id"}
    split = {"test": 0, "validation": 0}
    if short:
        message = refused(frame, {**data, "short_series": "error"}, split=split)
        assert message.startswith(
            "1 of 2 series have no 8 + 3 rows (windows.context_length + windows.horizon)"
        )
        assert "short (10 rows); set data.short_series: skip or pad" in message
        skipped = prepared(frame, {**data, "short_series": "skip"}, split=split)
        assert skipped.facts.skipped_series == ("short",)
        assert prepared(frame, data, split=split).facts.padded_series == 1
    else:
        kept = prepared(frame, {**data, "short_series": "error"}, split=split)
        assert kept.facts.skipped_series == ()


def test_05_a_table_without_any_window_is_told_only_what_can_make_one(folder: Path) -> None:
    for padding, more in (
        ({}, ""),
        ({"padding": True}, ""),
        ({"padding": False}, ", or leave windows.padding out"),
    ):
        message = refused(
            table(), windows={"horizon": 50, **padding}, split={"test": 0, "validation": 0}
        )
        assert message.endswith(f" without a gap; make them smaller{more}")


def test_05_all_series_too_short_are_never_skipped_in_silence(folder: Path) -> None:
    assert "set data.short_series: pad, or make them smaller" in refused(
        table(6), {"short_series": "skip"}, split={"test": 0, "validation": 0}
    )


def test_06_a_duplicate_in_the_last_of_many_series(folder: Path) -> None:
    frame = pd.concat([table(12).assign(id=f"s{k:04d}") for k in range(300)], ignore_index=True)
    frame.loc[len(frame) - 1, "ds"] = "2024-01-11"
    message = refused(frame, {"series_id": "id"})
    assert (
        message
        == "a.csv:3601: series s0299, 2024-01-11 00:00:00: the same stamp as a.csv:3600: series"
        " s0299, 2024-01-11 00:00:00 (1 such row); set data.duplicates: first, last, mean"
        " or sum"
    )


@pytest.mark.parametrize("row", [1, 20, 38])
def test_07_missing_steps_at_the_start_in_the_middle_and_at_the_end(folder: Path, row: int) -> None:
    message = refused(table().drop(row))
    before = pd.Timestamp("2024-01-01") + pd.Timedelta(days=row - 1)
    assert message.startswith(f"series y, after {before}: 1 rows of freq D missing")
    assert message.endswith("(1 such row); set data.gaps: fill, mask or split")


def test_07_irregular_steps(folder: Path) -> None:
    message = refused(table(ds={20: "2024-01-21 07:00"}), {"freq": "D"})
    assert message.startswith("a.csv:22: 2024-01-21 07:00:00: not on the grid of freq D")
    assert "set data.freq, or data.off_grid: nearest" in message


def test_08_hours_that_daylight_saving_repeats(folder: Path) -> None:
    hours = pd.date_range("2024-10-26 12:00", periods=40, freq="h", tz="Europe/Vienna")
    frame = table(ds=dict(enumerate(hours.tz_localize(None).astype("str"))))
    message = refused(frame, {"timezone": "Europe/Vienna"})
    assert message.startswith(
        "a.csv:16: column ds: 2024-10-27 02:00:00: in the hour that daylight saving repeats"
    )
    assert "(2 such rows); set data.dst: first or last" in message
    done = prepared(frame, {"timezone": "Europe/Vienna", "dst": "first"})
    assert done.facts.repairs == {"dst": 2}
    assert done.facts.cutoff.endswith("+01:00")


def test_08_hours_that_daylight_saving_skips(folder: Path) -> None:
    # as a logger writes that knows no summer
    hours = pd.date_range("2024-03-30 12:00", periods=40, freq="h")
    message = refused(
        table(ds=dict(enumerate(hours.astype("str")))),
        {"timezone": "Europe/Vienna", "dst": "first"},
    )
    assert message.startswith(
        "a.csv:16: column ds: 2024-03-31 02:00:00: in the hour that daylight saving repeats or"
    )
    assert "(1 such row); set data.dst: shift, or write stamps with an offset, or in UTC" in message


def test_09_a_word_among_numbers_far_down(folder: Path) -> None:
    frame = pd.DataFrame({"ds": np.arange(300_001), "y": "1"})
    frame.loc[300_000, "y"] = "X"
    message = refused(frame)
    assert (
        message == "a.csv:300002: column y: expected a number, received 'X' (1 such cell); set"
        " data.sentinels to what stands for a missing value (--set 'data.sentinels=[\"X\"]', where"
        " the key holds nothing else)"
    )


@pytest.mark.parametrize("huge", ["1e160", "-1e300", "1e308"])
def test_10_values_too_large_to_calculate_with(folder: Path, huge: str) -> None:
    message = refused(table(y={7: huge}))
    assert message.startswith(
        "a.csv:9: series y, 2024-01-08 00:00:00: column y: infinite, or too large to calculate"
    )
    assert message.endswith("set data.infinite: missing")


def test_10_values_too_far_from_all_others(folder: Path) -> None:
    message = refused(table(y={38: "1e40"}), split={"test": 6, "validation": 3})
    assert message.startswith(
        "series y, 2024-02-08 00:00:00: column y: 1e+40 lies 1e+15 times as far out"
    )
    assert message.endswith("; correct it, or train with data.outliers: clip")


def test_10_clipping_is_offered_only_where_it_helps(folder: Path) -> None:
    constant = table(y={**dict.fromkeys(range(38), "5"), 38: "1e40", 39: "5"})
    assert refused(constant, split={"test": 6, "validation": 3}).endswith("; correct it")
    frame = table().assign(price=np.where(np.arange(40) == 38, 1e40, np.arange(40) % 5))
    known = {"covariates": {"future": ["price"]}, "outliers": "clip"}
    assert refused(frame, known, split={"test": 6, "validation": 3}).endswith("; correct it")


def test_11_the_order_of_rows_does_not_matter(folder: Path) -> None:
    frame = table()
    plain, shuffled = prepared(frame), prepared(frame.sample(frac=1, random_state=1))
    assert plain.values.tobytes() == shuffled.values.tobytes()
    assert "unsorted" in shuffled.facts.repairs
    message = refused(frame.iloc[::-1], {"unsorted": "error"})
    assert message.startswith(
        "a.csv:3: series y, 2024-02-08 00:00:00: earlier than the row before it"
    )
    assert message.endswith("set data.unsorted: sort")


def test_12_text_of_another_encoding(folder: Path) -> None:
    cyrillic = "ds,y,город\n2024-01-01,1,Москва\n".encode("cp1251")
    assert refused(cyrillic).startswith(
        "a.csv: neither UTF-8 nor Western European text; set data.csv.encoding"
    )
    bad = (
        b"ds,y\n"
        + b"".join(b"2024-01-%02d,1\n" % day for day in range(1, 29))
        + b"2024-01-29,\xff\xfe\n"
    )
    assert (
        refused(bad, {"csv": {"encoding": "utf-8"}})
        == "a.csv:30: not utf-8 text; set data.csv.encoding"
    )


def test_13_decimal_commas(folder: Path) -> None:
    rows = "\n".join(f"{day};{k},5" for k, day in enumerate(DAYS))
    message = refused(f"ds;y\n{rows}\n".encode(), {"csv": {"decimal": "."}})
    assert message.startswith("a.csv:2: column y: expected a number, received '0,5'")
    assert message.endswith("set data.csv.decimal: ','")


def test_14_a_file_without_content_is_refused_before_it_is_read(folder: Path) -> None:
    with Path("a.csv").open("wb") as file:
        file.truncate(5 * 2**30)
    assert refused() == f"a.csv: a binary file; expected {KINDS_OF_FILES}"


def test_14_more_than_memory_holds_is_refused_with_its_size(folder: Path) -> None:
    with Path("a.csv").open("w") as file:
        file.write("ds,y\n2024-01-01,1\n" * 20_000)
        file.truncate(8 * 2**40)
    message = refused()
    assert message.startswith("a.csv: 8,192.0 GiB of CSV, and this machine has ")
    assert message.endswith(
        "convert it to Parquet, of which only the columns of the config are read"
    )


def test_15_a_series_that_training_has_not_seen(trained: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(trained / "shops.csv").replace({"shop": {"south": "west"}})
    frame.to_csv(tmp_path / "new.csv", index=False)
    message = predict(trained, "--data", str(tmp_path / "new.csv"), expect=4, name="shops")
    assert message.startswith(
        "series not seen in training: west/sold, west/price (2 of 4); train again with them"
    )
    assert "data.unseen_series: skip, or global with preprocessing.scope: global" in message


def test_16_scalers_go_by_id_and_not_by_place(folder: Path) -> None:
    frame = pd.concat(
        [table().assign(id="a"), table(y={k: str(1000 + k) for k in range(40)}).assign(id="b")]
    )
    one = prepared(frame, {"series_id": "id"})
    other = prepared(frame.iloc[::-1].assign(id=frame.id.iloc[::-1]), {"series_id": "id"})
    assert one.scaler.to_json() == other.scaler.to_json()
    assert one.scaler.indices(["b", "a"]).tolist() == [1, 0]


def shops(trained: Path) -> pd.DataFrame:
    return pd.read_csv(trained / "shops.csv")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda frame: frame.drop(columns="price"),
            "not the columns of the training: - price; nothing new",
        ),
        (
            lambda frame: frame.rename(columns={"price": "Price "}),
            (
                "not the columns of the training: - price, unless it is Price now: then rename"
                " that; + Price"
            ),
        ),
        (
            lambda frame: frame.rename(columns={"sold": "sales", "day": "date"}),
            "not the columns of the training: - day; - sold; + date, sales",
        ),
        (
            lambda frame: frame.assign(price="cheap"),
            ":2: column price: expected a number, received 'cheap'",
        ),
        (lambda frame: frame.assign(day="soon"), ":2: column day: expected a time stamp"),
    ],
)
def test_17_columns_that_are_gone_renamed_or_of_another_type(
    trained: Path, tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    change(shops(trained)).to_csv(tmp_path / "new.csv", index=False)
    message = predict(trained, "--data", str(tmp_path / "new.csv"), expect=4, name="shops")
    assert str(tmp_path / "new.csv") in message
    assert said in message


def test_17_columns_that_nobody_uses_may_come_and_go(trained: Path, tmp_path: Path) -> None:
    shops(trained).assign(more=1).to_csv(tmp_path / "new.csv", index=False)
    plain = json.loads(predict(trained, expect=0, name="shops"))["forecasts"]
    assert (
        json.loads(predict(trained, "--data", str(tmp_path / "new.csv"), expect=0, name="shops"))[
            "forecasts"
        ]
        == plain
    )


def test_18_rows_after_the_end_do_not_reach_training(folder: Path) -> None:
    frame = table(60)
    later = frame.copy()
    later.loc[45:, "y"] = "999.5"
    results = [prepared(f, {"end": "2024-02-10"}) for f in (frame, later)]
    assert results[0].values.tobytes() == results[1].values.tobytes()
    assert (
        refused(frame, {"end": "2023-01-01"})
        == "data.end: no row is left: 2023-01-01 lies before the first stamp, 2024-01-01 00:00:00;"
        " give a later one"
    )


def test_18_rows_later_than_the_clock(folder: Path) -> None:
    frame = table(60, ds={58: "2124-02-28", 59: "2124-02-29"})
    message = refused(frame, {"gaps": "split"})
    assert message.startswith("a.csv:60: series y, 2124-02-28 00:00:00: later than now, 20")
    assert message.endswith(
        " UTC on this machine (2 such rows); set data.future_rows: keep or drop"
    )
    done = prepared(frame, {"future_rows": "drop"})
    assert done.facts.repairs == {"future_rows": 2}
    assert done.facts.cutoff.startswith("2024-02-27")
    assert prepared(frame, {"future_rows": "keep", "gaps": "split"}).facts.cutoff.startswith("2124")


BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "a.yaml:1:4: anchors and aliases are not allowed; write the value out"),
        ("name: !!python/object/apply:os.system [ls]\n", "a.yaml:1:7: the tag"),
        ("base: {a: 1}\nx:\n  <<: {b: 1}\n", "a.yaml:3:3: merge keys are not allowed"),
        ("a: " + "[" * 100, "a.yaml:1:19: nested deeper than 16 levels"),
        ("# " + "x" * 70_000, "a.yaml: larger than 64 KiB"),
    ],
)
def test_19_bombs_anchors_and_tags_in_configs(folder: Path, text: str, said: str) -> None:
    Path("a.yaml").write_text(text)
    result = CliRunner().invoke(app, ["train", "--config", "a.yaml", "--json"])
    assert result.exit_code == 3
    assert any(problem.startswith(said) for problem in json.loads(result.stdout)["problems"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("name: b", "a.yaml:2:1: name is set twice; first at a.yaml:1:1"),
        ("modl: {}", "a.yaml:2:1: unknown key modl; did you mean model?"),
        ("training: {refit: nope}", "a.yaml:2:12: training.refit: input should be a valid boolean"),
        ("seed: 1:30", "a.yaml:2:1: seed: input should be a valid integer"),
        ("seed: 1e3x", "a.yaml:2:1: seed: input should be a valid integer"),
    ],
)
def test_20_values_that_yaml_would_change_in_silence(folder: Path, line: str, said: str) -> None:
    Path("a.yaml").write_text(f"name: a\n{line}\n")
    result = CliRunner().invoke(app, ["train", "--config", "a.yaml", "--json"])
    assert result.exit_code == 3
    assert any(problem.startswith(said) for problem in json.loads(result.stdout)["problems"])


def test_21_no_byte_of_what_is_fitted_comes_from_later_rows(folder: Path) -> None:
    split = {"test": 10, "validation": 10}
    frame = table(80)
    later = frame.copy()
    later.loc[60:, "y"] = [str(100.5 + k) for k in range(20)]
    holes = {59: "", 58: "", 30: ""}  # the first two reach up to the validation part
    for data in ({}, {"outliers": "clip"}, {"missing": "interpolate"}, {"missing": "seasonal"}):
        if "missing" in data:
            frame, later = (
                f.assign(y=[holes.get(k, y) for k, y in enumerate(f.y)]) for f in (frame, later)
            )
        one, other = (prepared(f, data, split=split) for f in (frame, later))
        assert one.scaler.to_json() == other.scaler.to_json()
        assert one.values[:60].tobytes() == other.values[:60].tobytes()


@pytest.mark.parametrize("name", FORMULAS)
def test_22_names_are_no_formulas_in_csv_and_themselves_in_json(workspace: Path, name: str) -> None:
    rename(workspace, {"north": name, "south": "b"}, {"sold": name, "price": "c"})
    found = predict(workspace, "--columns", "input", expect=0, name="shops")
    assert {row["shop"] for row in json.loads(found)["forecasts"]} == {name, "b"}
    output = forecast(
        "predict", "--runs", workspace / "runs", "--run", "shops", "--columns", "input"
    )
    require_no_formula(output)
    shown = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)
    assert f"'{shown}" in output


@pytest.mark.parametrize("name", PATHS)
def test_23_names_are_no_paths(workspace: Path, name: str) -> None:
    rename(workspace, {"north": name, "south": "b"}, {"sold": f"{name}2", "price": "c"})
    before = tree(workspace.parent)
    runs = ("--runs", workspace / "runs", "--run", "shops")
    (workspace / "out").mkdir()
    forecast("predict", *runs, "--output", workspace / "out" / "a.csv")
    forecast("plot", *runs, "--output", workspace / "out" / "a.svg")
    after = {place for place in tree(workspace.parent) if place not in before}
    assert {Path(place).name for place in after} == {"out", "a.csv", "a.svg"}


@pytest.mark.parametrize(
    "name", ["../a", "/a", "", ".", "..", "a/b", "a\\b", "a\0b", "a" * 65, "\u202ea", "-a", "a b"]
)
def test_23_names_of_runs_that_could_be_paths_are_refused_by_line(folder: Path, name: str) -> None:
    table().to_csv("a.csv", index=False)
    path = config()
    path.write_text(path.read_text().replace('"name": "a"', f'"name": {json.dumps(name)}'))
    result = CliRunner().invoke(app, ["train", "--config", str(path), "--json"])
    assert result.exit_code == 3
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem.startswith("a.yaml:1:2: name: ")
    assert not Path("runs").exists()


@pytest.mark.parametrize("name", MARKUP)
def test_24_names_are_no_markup_in_pictures(workspace: Path, name: str) -> None:
    rename(workspace, {"north": name, "south": "b"}, {"sold": f"{name} 2", "price": "c"})
    for picture in ("forecast", "horizon", "training"):
        path = workspace / f"{picture}.svg"
        forecast("plot", picture, "--runs", workspace / "runs", "--run", "shops", "--output", path)
        require_dead(path)


@pytest.mark.parametrize("name", CODES)
def test_25_names_are_no_commands_to_a_terminal(workspace: Path, name: str) -> None:
    rename(workspace, {"north": f"{name}x", "south": "b"}, {"sold": f"{name}2", "price": "c"})
    runs = ("--runs", workspace / "runs", "--run", "shops")
    forecast("predict", *runs)
    forecast("predict", *runs, "--json")
    forecast("backtest", *runs)
    forecast("runs", "show", "--runs", workspace / "runs", "--run", "shops")
    forecast("check", workspace / "shops.csv")
    frame = pd.read_csv(workspace / "shops.csv", keep_default_na=False)
    frame.replace({"shop": {"b": name * 2}}).to_csv(workspace / "new.csv", index=False)
    forecast("predict", *runs, "--data", workspace / "new.csv", expect=4)


def test_every_row_has_a_test() -> None:
    named = {int(match[1]) for name in globals() if (match := re.match(r"test_(\d\d)_", name))}
    assert named == set(range(1, 26))
