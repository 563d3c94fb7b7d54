"""Several columns that name the series: from the table to the forecast, by every command."""

import io
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lstm_forecast
from lstm_forecast.config.loading import load_config, parse_config
from lstm_forecast.documents import parsed
from lstm_forecast.errors import ConfigError
from lstm_forecast.training.inspection import Inspection
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object, read_csv

STORES = """\
name: stores
data:
  path: stores.csv
  timestamp: day
  series_id: [store, item]
  targets: sold
  covariates: {future: promo}
split: {validation: 8, test: 8}
windows: {context_length: 8, horizon: 4, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80]}
training: {epochs: 0, fallback: false, refit: false}
preprocessing: {log: false}
"""
# one of the columns is called like a baseline, and there are two targets
BOTH = (
    STORES.replace("name: stores", "name: both")
    .replace("stores.csv", "both.csv")
    .replace("store, item", "ridge, item, channel")
    .replace("targets: sold", "targets: [sold, spent]")
    .replace("  covariates: {future: promo}\n", "")
)
NAMES = {("1", "a/b"): "1/a\\/b", ("1", "c"): "1/c", ("10", "c"): "10/c", ("2", ""): "2/"}
DAYS = pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d")


def table(days: int = 60) -> pd.DataFrame:
    rows = [
        (store, item, day, (k + n) % 5 == 0, round(10 * n + 3 * math.sin(k / 3 + n), 2))
        for n, (store, item) in enumerate(NAMES, 1)
        for k, day in enumerate(DAYS[:days])
    ]
    frame = pd.DataFrame(rows, columns=["store", "item", "day", "promo", "sold"])
    return frame.astype({"promo": int}).sample(frac=1, random_state=0)


@pytest.fixture(scope="session")
def keyed(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The runs ``stores``, by two columns, and ``both``, by three, beside their data."""

    def fill(directory: Path) -> None:
        table(56).to_csv(directory / "stores.csv", index=False)
        both = table(56).assign(channel="web", spent=lambda rows: 2 * rows["sold"])
        more = both.assign(channel="shop", spent=1)
        pd.concat([both, more]).drop(columns="promo").rename(columns={"store": "ridge"}).to_csv(
            directory / "both.csv", index=False
        )
        for name, text in (("stores", STORES), ("both", BOTH)):
            (directory / f"{name}.yaml").write_text(text)
        train_all(directory, ("-c", "stores.yaml"), ("-c", "both.yaml"))

    return once("keyed", fill)


@pytest.fixture
def work(keyed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``keyed`` to write in, and the current directory."""
    monkeypatch.chdir(shutil.copytree(keyed, tmp_path / "work"))
    return tmp_path / "work"


def ahead() -> pd.DataFrame:
    """The template with what is known of the next days."""
    result = invoke("template", "--run", "stores")
    assert result.exit_code == 0, result.stderr
    frame = pd.read_csv(io.StringIO(result.stdout), dtype={"store": str, "item": str})
    return frame.assign(promo=0)


def predicted(*args: str) -> pd.DataFrame:
    result = invoke("predict", *args)
    assert result.exit_code == 0, result.stderr
    return read_csv(result)


def parts(frame: pd.DataFrame, *keys: str) -> list[tuple[str, ...]]:
    distinct = frame[list(keys)].drop_duplicates().astype(object)
    return [tuple("" if pd.isna(cell) else str(cell) for cell in row) for row in distinct.values]


def test_the_template_has_the_key_columns_and_is_read_by_them(work: Path) -> None:
    future = ahead()
    assert future.columns.tolist() == ["store", "item", "day", "promo"]
    assert parts(future, "store", "item") == list(NAMES) and len(future) == 16
    future.sample(frac=1, random_state=1).to_csv("future.csv", index=False)
    found = predicted("--run", "stores", "--future", "future.csv")
    assert list(found.columns[:5]) == ["unique_id", "store", "item", "ds", "cutoff"]
    assert parts(found, "store", "item") == list(NAMES)
    assert list(found["unique_id"].unique()) == list(NAMES.values())
    level = found.groupby("unique_id", sort=False)["stores"].mean().to_numpy()
    np.testing.assert_allclose(level, [10, 20, 30, 40], atol=6)


def test_the_input_format_has_the_key_columns_under_their_names(work: Path) -> None:
    ahead().to_csv("future.csv", index=False)
    found = predicted("--run", "stores", "--future", "future.csv", "--columns", "input")
    assert list(found.columns[:4]) == ["store", "item", "day", "sold"]
    assert parts(found, "store", "item") == list(NAMES)


def test_a_row_of_the_future_that_is_missing_is_named_by_its_series(work: Path) -> None:
    future = ahead()
    future[future["item"] != "a/b"].to_csv("future.csv", index=False)
    result = invoke("predict", "--run", "stores", "--future", "future.csv")
    assert result.exit_code == 4
    assert r"series 1/a\/b, 2024-02-26 00:00:00: no row of the future" in result.stderr


def test_several_targets_stand_behind_the_keys_of_their_series(work: Path) -> None:
    found = predicted("--run", "both")
    assert list(found.columns[:4]) == ["unique_id", "ridge", "item", "channel"]
    first = found.iloc[0]
    assert (first["unique_id"], first["item"]) == ("1/a\\/b/shop/sold", "a/b")
    expected = [(*pair, channel) for pair in NAMES for channel in ("shop", "web")]
    assert parts(found, "ridge", "item", "channel") == expected


def test_plots_are_asked_for_by_the_joined_name(work: Path) -> None:
    assert invoke("plot", "--run", "both", "--series", "2//web", "-o", "a.png").exit_code == 0
    assert invoke("plot", "horizon", "--run", "stores", "-o", "b.png").exit_code == 0
    result = invoke("plot", "--run", "both", "--series", "2/web", "-o", "c.png")
    assert result.exit_code == 4 and "did you mean" in result.stderr and "2//web" in result.stderr


def test_a_backtest_has_the_key_columns_beside_baselines_of_their_names(work: Path) -> None:
    result = invoke("backtest", "--run", "both", "--output", "tested.csv", "--json")
    assert result.exit_code == 0, result.stderr
    tested = pd.read_csv("tested.csv", dtype={"ridge": str})
    assert list(tested.columns[:6]) == ["unique_id", "ridge", "item", "channel", "ds", "cutoff"]
    assert set(tested["ridge"]) == {"1", "10", "2"} and tested["ridge_baseline"].dtype == float


def test_monitor_joins_forecasts_by_the_joined_name(work: Path) -> None:
    ahead().to_csv("future.csv", index=False)
    predicted("--run", "stores", "--future", "future.csv", "-o", "made.csv")
    table(60).to_csv("newer.csv", index=False)
    result = invoke(
        "monitor", "made.csv", "--run", "stores", "--data", "newer.csv", "--json", "--worst", "99"
    )
    report = one_object(result.stdout)
    assert report["live"]["rows"] == 16 and report["waiting"] == 0


def test_init_check_and_quick_find_the_keys_by_themselves(folder: Path) -> None:
    table().drop(columns="promo").to_csv("store.csv", index=False)
    result = invoke("init", "store.csv")
    assert result.exit_code == 0 and "series: 4 by store and item" in result.stderr
    config = load_config(Path("configs/store.yaml"), environment={})
    assert (config.name, config.data.series_id) == ("store-forecast", ("store", "item"))
    checked = invoke("check", "store.csv", "--json").stdout
    assert one_object(checked)["facts"]["columns"]["series_id"] == ["store", "item"]
    found = parsed(Inspection, checked)
    assert (found.ok, found.facts.series) == (True, 4)
    assert found.facts.columns.series_id == ("store", "item")
    quick = read_csv(invoke("quick", "store.csv", "--horizon", "2"))
    assert parts(quick, "store", "item") == list(NAMES)
    named = ["--series-id", "item", "--series-id", "store", "--series", "c/10"]
    quick = read_csv(invoke("quick", "store.csv", "--horizon", "2", *named))
    assert list(quick.columns[:3]) == ["unique_id", "item", "store"]
    assert parts(quick, "item", "store") == [("c", "10")]


def test_columns_that_would_name_the_series_as_well_are_told_and_can_be_chosen(
    folder: Path,
) -> None:
    frame = table().drop(columns="promo").query("item != ''")
    frame["postcode"] = frame["item"].map({"a/b": 8010, "c": 4020})
    frame.to_csv("shops.csv", index=False)
    result = invoke("init", "shops.csv")
    told = "rows of one stamp are told apart by store and item, and would be by store and postcode"
    assert result.exit_code == 0 and told in result.stderr
    chosen = ["--series-id", "store", "--series-id", "postcode", "--force"]
    result = invoke("init", "shops.csv", *chosen)
    assert result.exit_code == 0 and "series: 3 by store and postcode" in result.stderr
    assert invoke("check", "-c", "configs/shops.yaml").exit_code == 0


def test_quick_with_a_column_too_few_names_the_others(folder: Path) -> None:
    table().drop(columns="promo").to_csv("shops.csv", index=False)
    result = invoke("quick", "shops.csv", "--horizon", "2", "--series-id", "store")
    assert result.exit_code == 4
    assert "(--series-id store --series-id item)" in result.stderr
    both = ["--series-id", "store", "--series-id", "item"]
    assert len(read_csv(invoke("quick", "shops.csv", "--horizon", "2", *both))) == 8


def test_totals_are_told_by_init_and_check_and_are_gone_where_their_rows_are(folder: Path) -> None:
    frame = table().drop(columns="promo")
    total = frame.groupby(["store", "day"], as_index=False)["sold"].sum().assign(item="all")
    pd.concat([frame, total[total["store"] == "1"]]).to_csv("shops.csv", index=False)
    told = r"series 1/all is the sum of those that differ from it in item alone, at 60 stamps"
    result = invoke("init", "shops.csv")
    assert result.exit_code == 0 and told in result.stderr
    assert told in Path("configs/shops.yaml").read_text()
    for args in (["shops.csv"], ["--config", "configs/shops.yaml"]):
        findings = one_object(invoke("check", *args, "--json").stdout)["findings"]
        assert [each["level"] for each in findings if each["kind"] == "totals"] == ["note"]
    frame.to_csv("shops.csv", index=False)
    findings = one_object(invoke("check", "shops.csv", "--json").stdout)["findings"]
    assert "totals" not in {each["kind"] for each in findings}


def test_a_column_that_is_the_sum_of_others_is_told_until_it_is_no_covariate(folder: Path) -> None:
    rng = np.random.default_rng(0)
    parts = rng.poisson(20, (60, 2))
    frame = pd.DataFrame({"day": DAYS, "north": parts[:, 0], "south": parts[:, 1]})
    frame.assign(total=parts.sum(axis=1)).to_csv("shops.csv", index=False)
    result = invoke("init", "shops.csv", "--target", "north")
    told = "total is the sum of north, south in all 60 rows"
    assert result.exit_code == 0 and told in result.stderr
    assert told in invoke("check", "shops.csv").stdout
    config = ["check", "-c", "configs/shops.yaml"]
    both = invoke(*config, "--set", "data.covariates.past=[south, total]")
    assert told in both.stdout
    assert told not in invoke(*config, "--set", "data.covariates.past=[south]").stdout


def test_python_takes_a_list_and_gives_the_key_columns(tmp_path: Path) -> None:
    frame = table(56).drop(columns="promo")
    run = lstm_forecast.train(
        frame, series_id=["store", "item"], horizon=4, runs=tmp_path,
        windows={"context_length": 8}, model={"units": 4, "ensemble": 1},
        training={"epochs": 0},
    )  # fmt: skip
    assert run.config.data.series_id == ("store", "item")
    assert lstm_forecast.load(tmp_path / "forecast").config.data.series_id == ("store", "item")
    found = run.predict(columns="input")
    assert parts(found, "store", "item") == list(NAMES)
    quick = lstm_forecast.quick(frame, horizon=3, series_id=["store", "item"])
    assert list(quick.columns[:4]) == ["unique_id", "store", "item", "ds"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("[ds, item]", "data.series_id: the forecast table has a column ds of its own"),
        ("[store, unique_id]", "the forecast table has a column unique_id of its own"),
        ("[stores, item]", "name: stores: the forecast has a column stores,"),
        ("[store, stores-lo-80]", "name: stores: the forecast has a column stores-lo-80"),
        ("[store, store]", "columns with more than one role: store"),
        ("[store, day]", "columns with more than one role: day"),
        ("[]", "must be the name of a column, or a list of those that name a series together"),
        ("[store, {a: 1}]", "must be the name of a column, or a list"),
        ("true", "must be the name of a column, or a list"),
    ],
)
def test_columns_that_cannot_name_series_are_refused_when_a_config_is_read(
    names: str, said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(STORES.replace("[store, item]", names), source="a.yaml")
    assert said in str(error.value)


def test_the_remedies_for_columns_of_the_forecast_table_work() -> None:
    clash = STORES.replace("[store, item]", "[stores, item]")
    config = parse_config(clash.replace("name: stores", "name: other"), source="a.yaml")
    assert config.data.series_columns == ("stores", "item")
    one = parse_config(STORES.replace("[store, item]", "[ds]"), source="a.yaml")
    assert one.data.series_id == "ds" and one.data.series_columns == ("ds",)
    none = parse_config(STORES.replace("[store, item]", "null"), source="a.yaml")
    assert none.data.series_columns == ()


def test_json_forecasts_hold_the_key_columns(work: Path) -> None:
    ahead().to_csv("future.csv", index=False)
    result = invoke("predict", "--run", "stores", "--future", "future.csv", "--json")
    first = json.loads(result.stdout)["forecasts"][0]
    assert list(first)[:4] == ["unique_id", "store", "item", "ds"]
    assert (first["store"], first["item"]) == ("1", "a/b")
