import io
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import utilsforecast.losses as losses
from utilsforecast.evaluation import evaluate

from lstm_forecast.store import open_run
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object

ROWS, NEW, HORIZON, SEASON = 120, 12, 4, 7
CONFIG = f"""\
name: shop
data: {{path: shop.csv, timestamp: day, series_id: shop, targets: sold,
  covariates: {{past: price}}}}
windows: {{context_length: 12, horizon: {HORIZON}, evaluation_stride: 2, normalisation: last,
  season_length: {SEASON}}}
model: {{units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80,
  95]}}
training: {{epochs: 2, batch_size: 32, steps_per_epoch: 0, learning_rate: 0.01, fallback: false}}
"""
BASELINES = ["naive", "seasonal_naive", "drift", "moving_average", "ridge"]
TRAINED_ROWS = ROWS - 24 - 12  # of each series: without the test and the validation part


def sales(rows: int = ROWS) -> pd.DataFrame:
    """Two series of noisy weeks, one of them ten times as large."""
    days, rng = np.arange(ROWS + NEW), np.random.default_rng(0)
    parts = []
    for shop, size in (("east", 1.0), ("west", 10.0)):
        sold = size * (20 + 5 * np.sin(2 * np.pi * days / SEASON) + rng.normal(size=len(days)))
        price = 3 + rng.normal(size=len(days))
        stamps = pd.date_range("2024-01-01", periods=len(days))
        parts.append(
            pd.DataFrame({"shop": shop, "day": stamps, "sold": sold, "price": price})[:rows]
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def tested(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A run whose published network learned from all rows, and a table that goes on after them.

    Shared: read only.
    """

    def fill(directory: Path) -> None:
        (directory / "shop.yaml").write_text(CONFIG)
        sales().to_csv(directory / "shop.csv", index=False)
        sales(ROWS + NEW).to_csv(directory / "grown.csv", index=False)
        train_all(directory, ("-c", "shop.yaml"))

    return once("backtested", fill)


@pytest.fixture
def project(tested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to write in, with FORECAST_RUNS where the run is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORECAST_RUNS", str(tested / "runs"))
    return tmp_path


def backtest(*args: str | Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """The object that is printed, and the table that is written."""
    result = invoke("backtest", "--json", "--output", "out.parquet", *args)
    assert result.exit_code == 0, result.stderr
    return one_object(result.stdout), pd.read_parquet("out.parquet")


def of_cutoffs(table: pd.DataFrame, *, until: str) -> pd.DataFrame:
    return table[table["cutoff"] <= until].reset_index(drop=True)


# What is forecast, and by which network


def test_the_test_part_is_forecast_by_the_network_that_training_evaluated(
    tested: Path, project: Path
) -> None:
    report, table = backtest()
    metrics = json.loads(open_run(tested / "runs" / "shop").read("metrics.json"))["test"]
    assert report["networks"] == {"evaluated": 2 * 11}
    for key in ("windows", "errors", "skill", "by_step", "intervals", "pinball", "left_out"):
        assert json.dumps(report[key]) == json.dumps(metrics[key]), key
    names = [f"shop{end}" for end in ("", "-lo-80", "-hi-80", "-lo-95", "-hi-95")]
    assert set(table) == {"unique_id", "ds", "cutoff", "y", *names, *BASELINES}
    assert list(table)[:5] == ["unique_id", "ds", "cutoff", "y", "shop"]
    truth = sales().set_index(["shop", "day"])["sold"]
    assert table["y"].to_numpy() == pytest.approx(
        truth.loc[list(zip(table["unique_id"], table["ds"], strict=True))]
    )
    assert report["cutoffs"] == [str(table["cutoff"].min()), str(table["cutoff"].max())]


def test_targets_that_are_series_of_one_network_are_forecast_as_in_training(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report, table = backtest("--runs", trained / "runs", "--run", "shops")
    metrics = json.loads(open_run(trained / "runs" / "shops").read("metrics.json"))["test"]
    assert json.dumps(report["errors"]) == json.dumps(metrics["errors"])
    assert report["left_out"]["zero_scale"] == 8  # prices are the same every week
    ids = ["north/sold", "south/sold", "north/price", "south/price"]
    assert list(table["unique_id"].unique()) == ids
    assert {row["unique_id"] for row in report["by_series"]} == set(ids)
    assert [row["mase"] is None for row in report["by_series"]] == [False, False, True, True]


def test_rows_that_came_after_the_training_are_forecast_by_the_published_network(
    tested: Path, project: Path
) -> None:
    _, before = backtest()
    report, table = backtest("--data", tested / "grown.csv")
    # the window on the border: evaluated
    assert report["networks"] == {"evaluated": 2 * 12, "published": 2 * 5}
    known = table[table["cutoff"] <= before["cutoff"].max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(known, before, check_exact=False, rtol=1e-6)
    cutoff, rows = sales()["day"].max(), sales(ROWS + NEW)
    for origin, published in (
        (cutoff - pd.Timedelta(days=2), False),
        (cutoff, True),
        (table["cutoff"].max(), True),
    ):
        rows[rows["day"] <= origin].to_csv("cut.csv", index=False)
        assert invoke("predict", "--data", "cut.csv", "--output", "cut.parquet").exit_code == 0
        predicted, found = pd.read_parquet("cut.parquet"), table[table["cutoff"] == origin]
        assert np.allclose(found["shop"], predicted["shop"], rtol=1e-6) == published


def test_the_last_windows_are_the_last_of_every_series(project: Path) -> None:
    _, whole = backtest()
    report, table = backtest("--last", "3")
    assert (report["windows"], report["networks"]) == (6, {"evaluated": 6})
    cutoffs = np.sort(whole["cutoff"].unique())[-3:]
    expected = whole[whole["cutoff"].isin(cutoffs)].reset_index(drop=True)
    pd.testing.assert_frame_equal(table, expected, check_exact=False, rtol=1e-6)
    assert (
        backtest("--last", "11")[0]["windows"]
        == whole[["unique_id", "cutoff"]].drop_duplicates().shape[0]
    )


def test_windows_that_the_network_has_seen_are_refused(project: Path) -> None:
    result = invoke("backtest", "--last", "12", "--json")
    assert result.exit_code == 2
    assert "at most 11 can be asked for" in one_object(result.stdout)["problems"][0]


def test_a_table_without_the_rows_of_the_training_is_tested_after_its_cutoff_only(
    project: Path,
) -> None:
    rows = sales(ROWS + NEW)
    rows[rows["day"] >= "2024-03-01"].to_csv("recent.csv", index=False)
    report, table = backtest("--data", "recent.csv")
    assert report["networks"] == {"published": 2 * 5}
    assert "are not those that it was trained on" in report["warnings"][0]
    assert table["cutoff"].min() >= sales()["day"].max()
    assert "ridge" not in report["errors"]
    refused = invoke("backtest", "--data", "recent.csv", "--refit", "3")
    assert (refused.exit_code, refused.stdout) == (2, "")
    sales(ROWS - 10).to_csv("older.csv", index=False)
    nothing = invoke("backtest", "--data", "older.csv")
    assert nothing.exit_code == 4
    assert "nothing to test: no window lies after" in nothing.stderr


# Leakage


@pytest.mark.parametrize("column", ["sold", "price"])
def test_values_after_an_origin_change_no_forecast_from_it(column: str, project: Path) -> None:
    origin = "2024-04-20"
    changed = sales()
    later = changed["day"] > origin
    assert 0 < later.sum() < 2 * 24
    changed.loc[later, column] = 1e3 * np.random.default_rng(1).normal(size=later.sum())
    changed.to_csv("changed.csv", index=False)
    _, before = backtest()
    _, after = backtest("--data", "changed.csv")
    columns = [name for name in before if name != "y"]
    pd.testing.assert_frame_equal(
        of_cutoffs(after, until=origin)[columns],
        of_cutoffs(before, until=origin)[columns],
        check_exact=True,
    )
    assert (after["cutoff"] > origin).any()
    assert not after.loc[after["cutoff"] > origin, columns].equals(
        before.loc[before["cutoff"] > origin, columns]
    )


def test_training_again_sees_nothing_after_its_origins(project: Path) -> None:
    _, before = backtest("--refit", "6")
    origins = np.sort(before["cutoff"].unique())
    changed = sales()
    later = changed["day"] > origins[6]
    changed.loc[later, "sold"] *= 1.5
    changed.to_csv("changed.csv", index=False)
    report, after = backtest("--refit", "6", "--data", "changed.csv")
    assert (report["networks"], report["trainings"]) == ({"retrained": 22}, 2)
    columns = [name for name in before if name != "y"]
    until = origins[6]
    pd.testing.assert_frame_equal(
        of_cutoffs(after, until=until)[columns],
        of_cutoffs(before, until=until)[columns],
        check_exact=True,
    )
    _, once = backtest()
    assert not np.allclose(once["shop"], before["shop"], rtol=1e-6)


# Figures


def means(
    table: pd.DataFrame, metrics: list[Callable[..., Any]], by: list[str], **options: Any
) -> pd.DataFrame:
    """What utilsforecast finds in the file as it is, averaged over cutoffs, and over series unless
    ``by`` has them.
    """
    found = evaluate(table, metrics, **options)
    return found.groupby(by)[options["models"]].mean()


def training_rows() -> pd.DataFrame:
    rows = sales().rename(columns={"shop": "unique_id", "day": "ds", "sold": "y"})
    return rows.groupby("unique_id").head(TRAINED_ROWS)[["unique_id", "ds", "y"]]


MASE, RMSSE = partial(losses.mase, seasonality=SEASON), partial(losses.rmsse, seasonality=SEASON)


def test_utilsforecast_finds_the_same_errors_in_the_file(project: Path) -> None:
    report, table = backtest()
    metrics = [losses.mae, losses.mse, losses.bias, losses.mape, losses.smape, MASE, RMSSE]
    points = means(
        table, metrics, ["metric"], models=["shop", *BASELINES], train_df=training_rows()
    )
    points.loc["rmse"] = points.loc["mse"] ** 0.5
    points.loc["mape"] *= 100
    points.loc["smape"] *= 200  # theirs is a share of half the size
    for name, ours in report["errors"].items():
        theirs = points["shop" if name == "forecast" else name].to_dict()
        assert {metric: ours[metric] for metric in theirs} == pytest.approx(
            theirs, rel=1e-9, abs=1e-9
        ), name


def test_utilsforecast_finds_the_same_quality_of_intervals_in_the_file(project: Path) -> None:
    report, table = backtest()
    metrics = [losses.coverage, losses.quantile_loss, losses.scaled_crps]
    theirs = means(table, metrics, ["metric"], models=["shop"], level=[80, 95])["shop"]
    ours = {f"quantile_loss_q{q}": loss for q, loss in report["pinball"].items() if q != "0.5"}
    ours |= {
        f"coverage_level{level}": found["coverage"] for level, found in report["intervals"].items()
    }
    assert {**ours, "scaled_crps": report["scaled_crps"]} == pytest.approx(
        theirs.to_dict(), rel=1e-9
    )


def test_utilsforecast_finds_the_same_errors_of_every_series_in_the_file(project: Path) -> None:
    report, table = backtest()
    found = means(
        table,
        [losses.mae, MASE],
        ["unique_id", "metric"],
        models=["shop"],
        train_df=training_rows(),
    )
    for row in report["by_series"]:
        for metric in ("mae", "mase"):
            assert row[metric] == pytest.approx(
                found.loc[(row["unique_id"], metric), "shop"], rel=1e-9
            )
    assert report["by_series"] == sorted(report["by_series"], key=lambda row: -row["mase"])


def test_the_tables_are_the_result_and_the_rest_is_said_on_stderr(project: Path) -> None:
    result = invoke("backtest", "--output", "out.csv")
    assert result.exit_code == 0
    assert result.stdout.startswith("22 windows with cutoffs from 2024-04-0")
    assert (
        "22 forecast by the evaluated network, which learned from the training part alone"
        in result.stdout
    )
    for header in ("interval", "step", "series, worst first"):
        assert f"\n{header} " in result.stdout
    assert [line.split()[0] for line in result.stdout.split("\n\n")[1].splitlines()[1:]] == [
        "shop",
        *BASELINES,
    ]
    warnings = backtest()[0]["warnings"]
    assert result.stderr.splitlines() == [
        *(f"warning: {text}" for text in warnings),
        "forecasts: out.csv",
    ]
    assert list(pd.read_csv("out.csv"))[:4] == ["unique_id", "ds", "cutoff", "y"]


def test_a_run_of_the_name_of_a_baseline_keeps_its_column(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    from lstm_forecast.judging import parts

    kept: dict[str, Any] = {}
    monkeypatch.setattr(
        parts, "long_table", lambda layout, origins, columns, ids: kept.update(columns)
    )
    part = type("Part", (), {"actual": np.zeros((1, 1, 1)), "origins": np.zeros(1)})()
    layout = type("Layout", (), {"ids": ("a",)})()
    parts.part_table(
        layout,
        part,
        np.ones((1, 1, 1, 1)),
        name="naive",
        ids=np.array([["a"]], object),
        quantiles=(0.5,),
        baselines={"naive": np.zeros((1, 1, 1))},
    )
    assert list(kept) == ["y", "naive", "naive_baseline"]
    assert kept["naive"].item() == 1


def test_importance_names_every_input_and_is_the_same_every_time(project: Path) -> None:
    report, _ = backtest("--importance")
    again, _ = backtest("--importance")
    assert report["importance"] == again["importance"]
    rows = {row["input"]: row for row in report["importance"]}
    blocks = ["steps -12 to -12", "steps -11 to -10", "steps -9 to -9", "steps -8 to -7"]
    assert {"sold", "price", *blocks} < set(rows)
    assert len(rows) == 2 + 8
    assert rows["sold"]["growth"] > 10 * abs(rows["price"]["growth"])
    growths = [row["growth"] for row in report["importance"]]
    assert growths == sorted(growths, reverse=True)
    assert rows["sold"]["share"] == pytest.approx(
        rows["sold"]["growth"] / report["errors"]["forecast"]["mae"]
    )
    assert "\npermuted input " in invoke("backtest", "--importance").stdout


# Statistical baselines


def test_a_baseline_that_does_not_exist_or_is_not_installed_exits_2(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke("backtest", "--baselines", "auto_ets,prophet")
    assert result.exit_code == 2
    assert "prophet: no such baseline; there are auto_ets, auto_theta, auto_arima" in result.stderr
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    result = invoke("backtest", "--baselines", "auto_ets")
    assert result.exit_code == 2
    assert (
        "needs statsforecast, which is not installed; python -m pip install"
        " 'lstm-forecast-cli[baselines]'" in (result.stderr)
    )


def test_statistical_baselines_stand_beside_the_others(project: Path) -> None:
    pytest.importorskip("statsforecast")
    from statsforecast.models import AutoETS

    report, table = backtest("--last", "2", "--baselines", "auto_ets,auto_theta")
    assert list(report["skill"]) == [*BASELINES, "auto_ets", "auto_theta"]
    for (shop, cutoff), rows in table.groupby(["unique_id", "cutoff"]):
        past = sales()[
            lambda each, shop=shop, cutoff=cutoff: (each["shop"] == shop) & (each["day"] <= cutoff)
        ]
        expected = AutoETS(season_length=SEASON).forecast(y=past["sold"].to_numpy(), h=HORIZON)[
            "mean"
        ]
        assert rows["auto_ets"].to_numpy() == pytest.approx(expected, rel=1e-6)


# Failures and imports


def test_wrong_outputs_and_runs_are_refused(tested: Path, project: Path) -> None:
    assert invoke("backtest", "--output", "out.json").exit_code == 2
    assert invoke("backtest", "--run", "none").exit_code == 5
    assert invoke("backtest", "--data", "none.csv").exit_code == 4
    assert list(project.iterdir()) == []


def test_text_of_the_table_is_read_back_by_pandas(project: Path) -> None:
    assert invoke("backtest", "-o", "out.csv").exit_code == 0
    _, table = backtest()
    text = pd.read_csv(io.StringIO(Path("out.csv").read_text()), parse_dates=["ds", "cutoff"])
    assert text["shop"].tolist() == table["shop"].tolist()
