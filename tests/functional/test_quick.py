"""``forecast quick``: a table in, forecasts with intervals out, whatever weights ship."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lstm_forecast.pictures.style import BLUE
from tests.functional.conftest import Forecast, environment, forecast_command, on_a_terminal
from tests.functional.test_cli import MODULES, invoke, one_object, read_csv
from tests.functional.test_plot import MAGIC, heading
from tests.functional.test_schemas import faults

INTERVALS = ["forecast-lo-80", "forecast-hi-80", "forecast-lo-95", "forecast-hi-95"]
COLUMNS = ["unique_id", "ds", "cutoff", "forecast", *INTERVALS]
ONE_PASS = 48  # steps


def wave(rows: int, *, season: int = 7, level: float = 50, seed: int = 0) -> np.ndarray:
    """A season of height 10 about the level, with noise."""
    noise = np.random.default_rng(seed).normal(size=rows)
    return np.asarray(level + 10 * np.sin(2 * np.pi * np.arange(rows) / season) + noise)


def write(series: Mapping[str, Sequence[float] | np.ndarray], name: str = "shops.csv") -> Path:
    """A table of daily values by shop."""
    frames = [
        pd.DataFrame({"shop": shop, "day": pd.date_range("2023-01-01", periods=len(y)), "sold": y})
        for shop, y in series.items()
    ]
    pd.concat(frames).to_csv(name, index=False)
    return Path(name)


def daily(y: Sequence[float] | np.ndarray, name: str = "daily.csv") -> Path:
    """A table of one daily series."""
    days = pd.date_range("2023-01-01", periods=len(y))
    pd.DataFrame({"day": days, "sold": y}).to_csv(name, index=False)
    return Path(name)


def quick(path: Path | str, *args: str | Path, horizon: int = 5) -> pd.DataFrame:
    """What is printed."""
    return read_csv(invoke("quick", path, "--horizon", str(horizon), *args))


def told(path: Path | str, *args: str | Path, horizon: int = 5) -> dict[str, Any]:
    """The same as an object."""
    result = invoke("quick", path, "--horizon", str(horizon), "--json", *args)
    assert result.exit_code == 0, result.output
    content = one_object(result.stdout)
    assert faults("quick", content) == []
    return content


def require_sound(table: pd.DataFrame) -> None:
    """No forecast is missing, and every interval holds the forecast and the narrower ones."""
    assert np.isfinite(table.iloc[:, 3:].to_numpy(float)).all()
    low, lowest = table["forecast-lo-80"], table["forecast-lo-95"]
    high, highest = table["forecast-hi-80"], table["forecast-hi-95"]
    assert (lowest <= low).all() and (low <= table["forecast"]).all()
    assert (table["forecast"] <= high).all() and (high <= highest).all()


# What comes out


def test_one_series_is_forecast_from_its_last_row_on(folder: Path) -> None:
    table = quick(daily(wave(120)), horizon=3)
    assert list(table.columns) == COLUMNS
    assert table["unique_id"].tolist() == ["sold"] * 3
    assert table["ds"].tolist() == ["2023-05-01", "2023-05-02", "2023-05-03"]
    assert set(table["cutoff"]) == {"2023-04-30"}
    require_sound(table)


def test_every_series_is_forecast_from_its_own_last_row_on(folder: Path) -> None:
    table = quick(write({"north": wave(90), "south": wave(60, seed=1)}), horizon=2)
    assert table["unique_id"].tolist() == ["north", "north", "south", "south"]
    assert table["cutoff"].tolist() == ["2023-03-31"] * 2 + ["2023-03-01"] * 2
    require_sound(table)


def test_a_file_holds_what_stdout_does(folder: Path) -> None:
    path, rest = write({"north": wave(60), "=south": wave(60, seed=1)}), ("--horizon", "4")
    printed = invoke("quick", path, *rest)
    for name in ("a.csv", "a.parquet", "a.json", "A.CSV"):
        written = invoke("quick", path, *rest, "--output", name)
        assert (written.exit_code, written.stdout) == (0, f"{name}\n")
    assert Path("a.csv").read_text() == Path("A.CSV").read_text() == printed.stdout
    table, content = pd.read_parquet("a.parquet"), json.loads(Path("a.json").read_text())
    assert table["unique_id"].unique().tolist() == ["=south", "north"]
    assert "'=south" in printed.stdout  # which no spreadsheet obeys
    assert content == told(path, horizon=4)
    assert faults("quick", content) == []
    rows = pd.DataFrame(content["forecasts"]).astype({"ds": table["ds"].dtype})
    assert rows["forecast"].tolist() == table["forecast"].tolist()
    assert rows["ds"].tolist() == table["ds"].tolist()
    short = told(path, "-o", "b.csv", horizon=4)
    assert "forecasts" not in short
    assert (short["output"], short["picture"]) == ("b.csv", None)


def test_levels_are_percents_of_intervals_that_lie_in_each_other(folder: Path) -> None:
    path = daily(wave(100))
    levels = ("--levels", "90", "--levels", "50", "--levels", "98")
    table = quick(path, *levels)
    assert sorted(table.columns[4:]) == sorted(
        f"forecast-{side}-{level}" for side in ("lo", "hi") for level in (50, 90, 98)
    )
    for narrow, wide in ((50, 90), (90, 98)):
        assert (table[f"forecast-lo-{wide}"] <= table[f"forecast-lo-{narrow}"]).all()
        assert (table[f"forecast-hi-{wide}"] >= table[f"forecast-hi-{narrow}"]).all()
    assert table["forecast"].tolist() == quick(path)["forecast"].tolist()


def test_several_targets_are_series_of_their_own(folder: Path) -> None:
    path = write({"north": wave(60), "south": wave(60, seed=1)})
    table = pd.read_csv(path)
    table.assign(price=table["sold"] / 7 + 3).to_csv(path, index=False)
    both = ("--target", "sold", "--target", "price")
    every = quick(path, *both, horizon=1)
    assert set(every["unique_id"]) == {
        "north/sold", "north/price", "south/sold", "south/price",
    }  # fmt: skip
    own = quick(path, *both, "--series", "south", horizon=1)
    assert set(own["unique_id"]) == {"south/sold", "south/price"}
    assert set(quick(path, *both, "--series", "south/price", horizon=1)["unique_id"]) == {
        "south/price"
    }


def test_only_the_series_that_are_named_are_forecast(folder: Path) -> None:
    path = write({f"shop-{k}": wave(60, seed=k) for k in range(5)})
    table = quick(path, "--series", "shop-3", "--series", "shop-1", horizon=1)
    assert table["unique_id"].tolist() == ["shop-1", "shop-3"]
    wrong = invoke("quick", path, "--horizon", "1", "--series", "shpo-3", "--series", "zzz")
    assert (wrong.exit_code, wrong.stdout) == (4, "")
    assert "--series shpo-3: no such series; did you mean shop-3" in wrong.stderr
    assert "--series zzz: no such series; there are shop-0, shop-1" in wrong.stderr


def test_steps_that_are_counted_go_on_to_be_counted(folder: Path) -> None:
    steps = range(1000, 1400, 2)
    pd.DataFrame({"step": steps, "y": wave(200, season=11)}).to_csv("steps.csv", index=False)
    content = told("steps.csv", horizon=3)
    assert [row["ds"] for row in content["forecasts"]] == [1400, 1402, 1404]
    assert {row["cutoff"] for row in content["forecasts"]} == {1398}
    assert content["season_length"] == 11  # found in the values


def test_the_season_is_that_of_the_frequency_or_the_one_given(folder: Path) -> None:
    path = daily(wave(120))
    assert told(path)["season_length"] == 7
    assert "freq D, season of 7 rows" in told(path)["findings"][0]
    for season in (5, 1):
        given = told(path, "--season", str(season))
        assert (given["season_length"], given["second_season"]) == (season, 0)
    assert "no season" in given["findings"][0]
    assert given["forecasts"] != told(path)["forecasts"]
    hours = pd.date_range("2023-01-01", periods=24 * 7 * 3, freq="h")
    values = wave(len(hours), season=24)
    pd.DataFrame({"hour": hours, "y": values}).to_csv("hours.csv", index=False)
    content = told("hours.csv")
    assert (content["season_length"], content["second_season"]) == (24, 168)
    days = 800
    assert told(daily(wave(days, season=7), "years.csv"))["second_season"] == 365


@pytest.mark.parametrize("season", [1, 296, 650, 767])
def test_a_season_of_up_to_767_rows_is_forecast_and_judged(season: int, folder: Path) -> None:
    hours = pd.date_range("2023-01-01", periods=1_500, freq="h")
    values = wave(len(hours), season=max(season, 24))
    pd.DataFrame({"hour": hours, "y": values}).to_csv("hours.csv", index=False)
    content = told("hours.csv", "--season", str(season), horizon=700)
    assert (content["season_length"], content["windows"]) == (season, 2)
    assert set(content["errors"]) >= {"pretrained", "naive"}
    assert "767 at most" in re.sub(r"[\s│]+", " ", invoke("quick", "--help").stdout)


def test_the_season_before_is_a_whole_season_before_whatever_its_length(folder: Path) -> None:
    """Of 296 rows, as found in the values: one that no length of steps divides."""
    once = np.random.default_rng(0).normal(size=296).cumsum()
    y = np.tile(once, 5) + np.random.default_rng(1).normal(scale=0.1, size=5 * 296)
    pd.DataFrame({"step": range(len(y)), "y": y}).to_csv("steps.csv", index=False)
    content = told("steps.csv", horizon=30)
    assert content["season_length"] == 296
    assert content["errors"]["seasonal_naive"] == pytest.approx(1, abs=0.3)


def test_the_season_is_that_of_the_whole_table_whatever_series_are_named(folder: Path) -> None:
    path = write({"old": wave(800), "young": wave(100, seed=1)})
    assert told(path)["second_season"] == 365
    assert told(path, "--series", "young")["second_season"] == 365
    together, alone = quick(path), quick(path, "--series", "young")
    among = together[together["unique_id"] == "young"]
    for column in COLUMNS[3:]:
        assert alone[column].to_numpy() == pytest.approx(among[column].to_numpy(), rel=1e-6)


def test_a_series_with_a_season_of_its_own_is_named_unless_a_season_is_given(folder: Path) -> None:
    path = write({"north": wave(300), "south": wave(300, season=10)})
    own, given = told(path), told(path, "--season", "7")
    (line,) = set(own["findings"]) - set(given["findings"])
    assert line.endswith("another number of rows than 7, and are forecast so: south (10)")
    assert own["season_length"] == given["season_length"] == 7
    ahead = 50 + 10 * np.sin(2 * np.pi * np.arange(300, 305) / 10)
    errors = [
        np.abs([row["forecast"] for row in each["forecasts"]][5:] - ahead).mean()
        for each in (own, given)
    ]
    assert errors[0] < errors[1] / 2
    assert own["errors"]["pretrained"] < given["errors"]["pretrained"]


def test_the_first_line_says_what_the_table_was_taken_for(folder: Path) -> None:
    path = write({"north": wave(60), "south": wave(60, seed=1)})
    result = invoke("quick", path, "--horizon", "2")
    first, *rest = result.stderr.splitlines()
    assert first == ("targets: sold; series: 2 by shop; time: day, freq D, season of 7 rows")
    assert "windows held back" in rest[-1]


# What it is


def test_standard_input_is_a_table_too(folder: Path) -> None:
    path = daily(wave(60))
    printed = invoke("quick", path, "--horizon", "4").stdout
    result = subprocess.run(
        forecast_command("quick", "-", "--horizon", "4"),
        env=environment(),
        input=path.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stdout.decode()) == (0, printed)


def test_a_terminal_gets_the_table_that_a_pipe_gets(folder: Path) -> None:
    path = daily(wave(60))
    printed = invoke("quick", path, "--horizon", "4").stdout
    assert on_a_terminal(60, "quick", str(path), "--horizon", "4", TERM="xterm") == printed


def test_the_same_table_gives_the_same_bytes_and_nothing_that_trains_is_loaded(
    folder: Path,
) -> None:
    path = write({"north": wave(60), "south": wave(60, seed=1)})
    found = [
        subprocess.run(
            [sys.executable, "-c", MODULES, "quick", str(path), "--horizon", "60"],
            env=environment(PYTHONHASHSEED=seed),
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert found[0].stdout == found[1].stdout
    assert len(found[0].stdout.splitlines()) == 121
    code, loaded = json.loads(found[0].stderr.splitlines()[-1])
    assert code == 0
    assert not {"keras", "tensorflow", "matplotlib", "sklearn"} & set(loaded)


def test_a_series_alone_is_forecast_as_it_is_among_others(folder: Path) -> None:
    shops = {f"shop-{k}": wave(100, level=40 + 10 * k, seed=k) for k in range(4)}
    shops["cold"] = wave(100, level=-30, seed=9)
    shops["rare"] = np.maximum(wave(100, level=-8, seed=8), 0)
    together = quick(write(shops), horizon=60)
    for name in ("shop-2", "cold", "rare"):
        alone = quick(write({name: shops[name]}, "alone.csv"), "--series-id", "shop", horizon=60)
        among = together[together["unique_id"] == name]
        size = np.abs(shops[name]).max()
        for column in COLUMNS[3:]:
            difference = np.abs(among[column].to_numpy() - alone[column].to_numpy())
            assert difference.max() <= 1e-6 * size, (name, column)


def test_another_unit_gives_the_same_forecasts_in_that_unit(folder: Path) -> None:
    values = wave(100)
    once, thousandfold = quick(daily(values)), quick(daily(values * 1000, "large.csv"))
    for column in COLUMNS[3:]:
        assert thousandfold[column].to_numpy() == pytest.approx(1000 * once[column], rel=1e-4)


def test_beyond_one_pass_intervals_go_on_to_widen(folder: Path) -> None:
    walk = 500 + np.random.default_rng(0).normal(size=300).cumsum()
    table = quick(daily(walk), horizon=100)
    assert len(table) == 100
    require_sound(table)
    for level in (80, 95):
        width = (table[f"forecast-hi-{level}"] - table[f"forecast-lo-{level}"]).to_numpy()
        assert width[:ONE_PASS].mean() < width[ONE_PASS : 2 * ONE_PASS].mean()
        assert width[:5].mean() < width[-5:].mean()
    assert table["forecast"][:20].tolist() == pytest.approx(
        quick(daily(walk), horizon=20)["forecast"].tolist()
    )


def widths(table: pd.DataFrame, step: int, around: int = 7) -> np.ndarray:
    """Mean widths of both intervals over some steps."""
    part = table.iloc[step - around : step]
    return np.array(
        [(part[f"forecast-hi-{n}"] - part[f"forecast-lo-{n}"]).mean() for n in (80, 95)]
    )


def test_far_intervals_of_a_walk_widen_by_the_root_of_the_steps_and_those_of_a_season_hardly(
    folder: Path,
) -> None:
    walk = 500 + np.random.default_rng(0).normal(size=300).cumsum()
    far = quick(daily(walk), horizon=480)
    for steps in (48, 96, 120):
        grown = widths(far, 4 * steps) / widths(far, steps)
        assert (grown > 1.3).all() and (grown < 3).all()
    far = quick(daily(wave(400)), horizon=480)
    assert (widths(far, 480) < 3 * widths(far, ONE_PASS)).all()


def test_a_series_without_a_value_below_zero_has_no_forecast_below_zero(folder: Path) -> None:
    rare = np.random.default_rng(0).poisson(0.3, 120).astype(float)
    table = quick(write({"cold": wave(120, level=-30), "rare": rare}), horizon=60)
    numbers = table.set_index("unique_id").drop(columns=["ds", "cutoff"])
    assert (numbers.loc["rare"] >= 0).all(axis=None)
    assert (numbers.loc["cold", "forecast"] < 0).any()


def test_a_series_no_longer_than_a_season_is_judged_too(folder: Path) -> None:
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    pd.DataFrame({"month": months, "y": wave(24, season=12)}).to_csv("months.csv", index=False)
    content = told("months.csv", horizon=12)
    assert (content["season_length"], content["windows"]) == (12, 1)
    assert set(content["errors"]) == {"pretrained", "naive", "seasonal_naive"}


# What tables bring along


@pytest.mark.parametrize(
    ("values", "windows"),
    [
        ([5.0] * 60, 0),
        ([0.0] * 60, 0),
        ([1.0, 2.0, 4.0], 0),
        ([1.0, 2.0, 4.0, 8.0, 16.0], 1),
        ([float(k % 7) for k in range(60)], 0),
        ([float(k % 7 + 9 * (k == 30)) for k in range(60)], 3),
    ],
    ids=["constant", "zero", "three rows", "five rows", "season", "season with an outlier"],
)
def test_a_table_that_tells_little_is_forecast_all_the_same(
    values: list[float], windows: int, folder: Path
) -> None:
    path = daily(values)
    result = invoke("quick", path, "--horizon", "2", "--plot", "a.png")
    require_sound(read_csv(result))
    assert "nan" not in result.stderr
    assert ("held back" in result.stderr) == bool(windows)
    content = told(path, horizon=2)
    assert content["windows"] == windows
    assert bool(content["errors"]) == bool(windows)


def test_two_rows_have_no_frequency_and_the_remedy_works(folder: Path) -> None:
    path = daily([1.0, 2.0])
    result = invoke("quick", path, "--horizon", "1")
    assert result.exit_code == 4
    assert "data.freq: too few stamps to infer it; set it, for example freq: D" in result.stderr
    assert len(quick(path, "--set", "data.freq=D", horizon=1)) == 1


def test_values_that_are_missing_are_filled_as_init_fills_them_or_left_out(folder: Path) -> None:
    values = wave(120)
    values[[20, 50, 51, 100]] = np.nan
    path = daily(values)
    result = invoke("quick", path, "--horizon", "5")
    require_sound(read_csv(result))
    assert "data.missing: ffill settled 4 rows" in result.stderr
    masked = invoke("quick", path, "--horizon", "5", "--set", "data.missing=mask")
    require_sound(read_csv(masked))
    assert "data.missing: mask settled 4 rows" in masked.stderr
    assert masked.stdout != result.stdout
    refused = invoke("quick", path, "--horizon", "5", "--set", "data.missing=error")
    assert (refused.exit_code, refused.stdout) == (4, "")


def test_a_target_that_ended_earlier_is_forecast_from_its_own_last_value(folder: Path) -> None:
    sold, price = wave(400), wave(400, level=5_000, seed=1)
    price[-3:] = np.nan
    days = pd.date_range("2023-01-01", periods=400)
    pd.DataFrame({"day": days, "sold": sold, "price": price}).to_csv("two.csv", index=False)
    result = invoke(
        "quick", "two.csv", "--horizon", "5", "--target", "sold", "--target", "price", "--plot",
        "two.png",
    )  # fmt: skip
    table = read_csv(result)
    require_sound(table)
    cutoffs = table.groupby("unique_id")["cutoff"].unique().explode()
    assert cutoffs.astype("str").to_dict() == {"price": "2024-02-01", "sold": "2024-02-04"}
    assert "3 cells are empty at the end of series sold, column price, from" in result.stderr
    assert "data.missing" not in result.stderr


def test_of_series_without_any_value_the_first_is_named(folder: Path) -> None:
    never = np.full(400, np.nan)
    path = write({"on": wave(400)} | {f"shop-{k}": never for k in range(8)})
    for mask in ((), ("--set", "data.missing=mask")):
        result = invoke("quick", path, "--horizon", "5", *mask, "-o", "a.csv")
        assert (result.exit_code, result.stdout) == (4, "")
        assert "series shop-0: no row has a value" in result.stderr
        assert "(8 such series); leave out such series or columns" in result.stderr


def test_missing_rows_are_settled_and_told(folder: Path) -> None:
    days = pd.date_range("2023-01-01", periods=120).delete([30, 31, 80])
    pd.DataFrame({"day": days, "sold": wave(117)}).to_csv("gaps.csv", index=False)
    result = invoke("quick", "gaps.csv", "--horizon", "5", "--plot", "gaps.png")
    require_sound(read_csv(result))
    assert "data.gaps: fill settled 3 rows" in result.stderr
    for policy in ("split", "mask"):
        other = invoke("quick", "gaps.csv", "--horizon", "5", "--set", f"data.gaps={policy}")
        require_sound(read_csv(other))
        assert f"data.gaps: {policy} settled 3 rows" in other.stderr


def twice() -> Path:
    path = daily(wave(100))
    rows = pd.read_csv(path)
    pd.concat([rows, rows.assign(sold=rows["sold"] + 1)]).to_csv(path, index=False)
    return path


def limits() -> Path:
    path = daily(wave(100))
    rows = pd.read_csv(path).astype({"sold": str})
    rows.loc[[10, 40, 70], "sold"] = ["<0.5", "<2", "<0.5"]
    rows.to_csv(path, index=False)
    return path


def notes() -> Path:
    path = daily(wave(100))
    rows = pd.read_csv(path).astype({"sold": str})
    rows.loc[[10, 40, 70], "sold"] = ["it's 2", "10-12", "it's 2"]
    rows.to_csv(path, index=False)
    return path


def infinite() -> Path:
    values = wave(100)
    values[[10, 40, 70]] = np.inf
    return daily(values)


@pytest.mark.parametrize("table", [twice, limits, notes, infinite])
def test_what_a_table_leaves_open_is_asked_and_the_answer_that_is_named_works(
    table: Any, folder: Path
) -> None:
    path = table()
    result = invoke("quick", path, "--horizon", "5")
    assert (result.exit_code, result.stdout) == (4, "")
    first, *others = result.stderr.splitlines()
    assert all(line.startswith("data:   ") for line in others)  # places and answers, a line each
    assert any("- data." in line for line in others)
    answer = re.search(r"; choose, for example with (--set .*)$", first)
    assert answer is not None, result.stderr
    require_sound(quick(path, *shlex.split(answer[1])))
    failed = invoke("quick", path, "--horizon", "5", "--json")
    (problem,) = one_object(failed.stdout)["problems"]
    assert problem.splitlines()[0] == first.removeprefix("data: ")
    assert len(problem.splitlines()) == 1 + len(others)


# What is refused


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["-o", "a.txt"], 2, "--output a.txt: expected a name that ends in .csv, .parquet, .json"),
        (["--plot", "a.gif"], 2, "--plot a.gif: expected a name that ends in .png, .svg, .pdf"),
        (["-o", "daily.csv"], 2, "would change daily.csv, which is read"),
        (["-o", "nowhere/a.csv"], 7, "nowhere: cannot be written: no such directory"),
        (["--plot", "nowhere/a.png"], 7, "nowhere: cannot be written: no such directory"),
        (
            ["--season", "768"],
            2,
            "--season 768: the network's window holds a season of 767 rows at most; give a shorter"
            " one, or --season 1 for none",
        ),
        (["--set", "model.units=3"], 2, "--set model.units: expected a key of a config's section"),
        (["--set", "data.end=2023-02-01"], 2, "data.end does nothing here: forecasts start from"),
        (["--set", "data.covariates.past=x"], 2, "sees no covariates"),
        (["--set", "data.path=x.csv"], 2, "the table is named by an argument"),
        (["--set", "data.gap=fill"], 3, "unknown key data.gap; did you mean data.gaps?"),
        (["--set", "data.gaps=fil"], 3, "received 'fil'; did you mean fill?"),
        (["--set", "data.gaps"], 3, "--set data.gaps: expected section.key=value"),
        (["--target", "sold", "--set", "data.targets=sold"], 3, "data.targets is set twice"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_what_cannot_be_is_refused_before_the_table_is_read(
    args: list[str], code: int, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily(wave(60))

    def read(*args: object, **options: object) -> None:
        pytest.fail("the table was read")

    monkeypatch.setattr("lstm_forecast.panel.asking.questions.first_look", read)
    result = invoke("quick", "daily.csv", "--horizon", "5", *args)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert message in result.stderr
    assert [path.name for path in folder.iterdir()] == ["daily.csv"]


def test_no_result_is_written_into_a_run(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    (run,) = (workspace / "runs" / "sine").glob("0*")
    result = invoke("quick", "sine.csv", "--horizon", "5", "-o", str(run / "a.csv"))
    assert result.exit_code == 2
    assert "lies in a run, where only trainings write" in result.stderr


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "none.csv: no such file, directory or glob"),
        ("day,sold\n", ""),
        ("a,b\nx,y\nz,w\n", "no column looks like a time"),
    ],
    ids=["absent", "empty", "no times"],
)
def test_a_table_that_cannot_be_read_exits_4(table: str | None, message: str, folder: Path) -> None:
    if table is not None:
        Path("none.csv").write_text(table)
    result = invoke("quick", "none.csv", "--horizon", "5")
    assert (result.exit_code, result.stdout) == (4, "")
    assert message in result.stderr


@pytest.mark.parametrize("horizon", ["0", "10001", "x"])
def test_a_horizon_is_a_number_of_steps(horizon: str, folder: Path) -> None:
    assert invoke("quick", daily(wave(60)), "--horizon", horizon).exit_code == 2


# The picture


@pytest.mark.parametrize(("count", "panels"), [(1, 1), (5, 5), (50, 48)])
def test_a_picture_shows_the_first_series_their_history_and_what_was_held_back(
    count: int, panels: int, folder: Path, figures: list[Figure]
) -> None:
    path = write({f"shop {k:02}": wave(80 + 3 * k, seed=k) for k in range(count)})
    result = invoke("quick", path, "--horizon", "7", "--series-id", "shop", "--plot", "a.png")
    assert result.exit_code == 0, result.output
    assert len(read_csv(result)) == 7 * count
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    (figure,) = figures
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [f"shop {k:02}" for k in range(panels)]
    title, labels = heading(figure)
    assert set(labels) >= {"actual", "forecast", "held-back forecasts", "80 % interval"}
    more = ", first 48 of 50 series" if count > panels else ""
    assert title == f"pretrained network: the next 7 days{more}"


def test_a_picture_shows_the_windows_that_were_judged_alone(
    folder: Path, figures: list[Figure]
) -> None:
    path = write({"old": wave(80), "young": wave(9, seed=1)})
    assert told(path, "--plot", "a.png", horizon=7)["windows"] == 3
    old, young = ([line.get_color() for line in axes.lines] for axes in figures[0].axes)
    assert (old.count(BLUE), young.count(BLUE)) == (3, 0)


def test_a_picture_shows_no_forecast_of_what_nobody_knew(
    folder: Path, figures: list[Figure]
) -> None:
    late = np.where(np.arange(400) < 390, np.nan, wave(400))
    late[:50] = wave(50)
    path = write({"late": late, "old": wave(400)})
    quick(path, "--set", "data.missing=mask", "--plot", "a.png", horizon=6)
    late_lines, old = ([line.get_color() for line in axes.lines] for axes in figures[0].axes)
    assert (late_lines.count(BLUE), old.count(BLUE)) == (1, 3)


def test_a_picture_of_one_step_says_so(folder: Path, figures: list[Figure]) -> None:
    quick(daily(wave(40)), "--plot", "a.png", horizon=1)
    assert heading(figures[0])[0] == "pretrained network: the next day"


@pytest.mark.parametrize("suffix", MAGIC)
def test_a_picture_has_the_format_of_its_name(suffix: str, folder: Path) -> None:
    quick(daily(wave(40)), "--plot", f"a{suffix}")
    assert Path(f"a{suffix}").read_bytes().startswith(MAGIC[suffix])


def test_a_file_and_a_picture_are_written_together(folder: Path, forecast: Forecast) -> None:
    daily(wave(60))
    args = ("quick", "daily.csv", "--horizon", "3", "-o", "a.csv", "--plot", "a.png")
    result = forecast(*args, cwd=folder)
    assert (result.returncode, result.stdout) == (0, "a.csv\n"), result.stderr
    assert {path.name for path in folder.iterdir()} == {"daily.csv", "a.csv", "a.png"}
    content = told("daily.csv", "--plot", "b.png", horizon=3)
    assert (content["picture"], content["output"]) == ("b.png", None)
