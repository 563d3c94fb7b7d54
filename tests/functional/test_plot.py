import io
import json
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from typer.testing import CliRunner

import lstm_forecast
from lstm_forecast.cli import app
from lstm_forecast.commands import plot as workflow
from lstm_forecast.commands.predict import predict
from lstm_forecast.errors import DataError, RunError, UsageError
from lstm_forecast.forecasting.loaded import load_run, usable_panel
from lstm_forecast.forecasting.table import actual_values
from lstm_forecast.judging.forecasts_shown import Asked
from lstm_forecast.pictures.forecast import forecast_figure, interval_levels, separate_windows
from lstm_forecast.pictures.horizon import horizon_figure
from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    plain,
    positions,
    save_figure,
)
from lstm_forecast.pictures.training import training_figure
from lstm_forecast.store import find_run
from lstm_forecast.tables.read import Table
from tests.functional.conftest import train_all
from tests.unit.conftest import build_panel

TEXT_OF_SVG = "{http://www.w3.org/2000/svg}text"
REGIONS, ITEMS = ("north", "south"), ("milk", "tea")
MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}
SINE = Path(__file__).parents[2] / "data" / "sine.csv"
NETWORK = (
    "model: {{units: 4, segment_length: 5, segment_units: 0, linear: ridge, ensemble: 1, levels:"
    " {levels}}}\ntraining: {{epochs: 2, schedule: constant, batch_size: 256, steps_per_epoch: 0,"
    " refit: false, fallback: false}}\n"
)
CONFIGS = {
    "wave": (
        "data: {path: sine.csv, timestamp: step, targets: y}\n"
        "windows: {context_length: 20, horizon: 10, normalisation: last, evaluation_stride: 10}\n"
        + NETWORK.format(levels="[80, 95]")
    ),
    "next": (
        "data: {path: sine.csv, timestamp: step, targets: y}\n"
        "windows: {context_length: 20, horizon: 1, normalisation: last}\n"
        + NETWORK.format(levels="[80]")
    ),
    "shops": (
        "data: {path: shops.csv, timestamp: day, series_id: shop, targets: [sales, visits]}\n"
        "windows: {context_length: 10, horizon: 5, evaluation_stride: 1, normalisation: last}\n"
        + NETWORK.format(levels="[80]")
    ),
    "stores": (
        "data: {path: stores.csv, timestamp: day, series_id: [shop, item], targets: revenue,"
        " units: {revenue: {€: 1}}, covariates: {static: [region, size]}}\n"
        "windows: {context_length: 10, horizon: 5, evaluation_stride: 5, normalisation: last}\n"
        + NETWORK.format(levels="[80]")
    ),
    "crowd": (
        "data: {path: crowd.csv, timestamp: day, series_id: shop, targets: sales}\n"
        "windows: {context_length: 10, horizon: 5, normalisation: last}\n"
        + NETWORK.format(levels="[80]")
    ),
}


def shops(n: int = 9, days: int = 100) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    day = pd.date_range("2024-01-01", periods=days, freq="D").strftime("%Y-%m-%d")
    columns = [
        {
            "shop": f"shop {k}",
            "day": day,
            "sales": 10 * k + rng.normal(size=days),
            "visits": rng.normal(size=days),
        }
        for k in range(n)
    ]
    return pd.concat(map(pd.DataFrame, columns), ignore_index=True)


def stores(days: int = 100) -> pd.DataFrame:
    """Two items of four shops, in two regions."""
    rng = np.random.default_rng(2)
    day = pd.date_range("2024-01-01", periods=days, freq="D").strftime("%Y-%m-%d")
    return pd.concat(
        pd.DataFrame(
            {
                "shop": f"shop {k}",
                "item": item,
                "day": day,
                "region": ["north", "south"][k % 2],
                "size": 1 + k // 2,
                "revenue": [f"{y:.2f} €" for y in 10 * (k + 1) + rng.normal(size=days)],
            }
        )
        for k in range(4)
        for item in ITEMS
    )


def crowd(n: int = 50, days: int = 60) -> pd.DataFrame:
    """Shops, of which the first are nearly noise and the last hardly any."""
    rng = np.random.default_rng(3)
    day = pd.date_range("2024-01-01", periods=days, freq="D").strftime("%Y-%m-%d")
    spread = np.geomspace(10, 0.01, n)
    return pd.concat(
        pd.DataFrame(
            {"shop": f"shop {k:02}", "day": day, "sales": 50 + spread[k] * rng.normal(size=days)}
        )
        for k in range(n)
    )


@pytest.fixture(scope="session")
def trained(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A directory with data, configs and a run of each."""

    def fill(home: Path) -> None:
        shutil.copy(SINE, home)
        for make in (shops, stores, crowd):
            make().to_csv(home / f"{make.__name__}.csv", index=False)
        for name, config in CONFIGS.items():
            (home / f"{name}.yaml").write_text(f"name: {name}\n{config}")
        train_all(home, *(["--config", f"{name}.yaml"] for name in CONFIGS))

    return once("plot", fill)


def draw(
    home: Path, output: Path, picture: str = "forecast", name: str = "wave", **options: Any
) -> Path:
    where: dict[str, Any] = {"runs": home / "runs", "name": name, "output": output}
    drawn = workflow.plot(picture, Asked(**options), **where)
    return Path(drawn.picture)


def cli(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["plot", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def lines(figure: Figure, color: str, panel: int = 0) -> list[np.ndarray]:
    """(n, 2) points of the lines of one colour."""
    found = (
        line
        for line in figure.axes[panel].lines
        if to_hex(line.get_color()).upper() == color.upper()
    )
    return [
        np.column_stack([line.get_xdata(), line.get_ydata()])
        for line in found
        if len(line.get_xdata()) > 2
    ]


def heading(figure: Figure) -> tuple[str, list[str]]:
    """Title and legend, in which the day of a publication is left out."""
    (legend,) = figure.legends
    texts = [text.get_text() for text in legend.get_texts()]
    return (
        legend.get_title().get_text(),
        [re.sub(r"^(forecast published) \d{4}-\d\d-\d\d$", r"\1", text) for text in texts],
    )


def predicted(home: Path, name: str, data: Path | None = None) -> pd.DataFrame:
    return predict(runs=home / "runs", name=name, data=data).table


@pytest.mark.parametrize("suffix", MAGIC)
@pytest.mark.parametrize("picture", ["forecast", "training", "horizon"])
def test_every_picture_comes_in_every_format_and_twice_as_the_same_bytes(
    trained: Path, tmp_path: Path, picture: str, suffix: str
) -> None:
    first, second = (draw(trained, tmp_path / f"{k}{suffix}", picture).read_bytes() for k in (1, 2))
    assert first.startswith(MAGIC[suffix])
    assert first == second
    assert sorted(tmp_path.iterdir()) == [tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"]


def test_the_command_prints_the_path_and_names_the_file_after_run_and_picture(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("--run", "wave", "--runs", trained / "runs") == (0, "wave-forecast.png\n", "")
    assert Path("wave-forecast.png").read_bytes().startswith(MAGIC[".png"])
    Path("deep").mkdir()
    code, stdout, _ = cli(
        "horizon", "--run", "wave", "--runs", trained / "runs", "-o", "deep/er.SVG", "--json"
    )
    assert (code, json.loads(stdout)) == (0, {"ok": True, "picture": "deep/er.SVG", "notes": []})
    assert Path("deep/er.SVG").read_bytes().startswith(MAGIC[".svg"])


def test_no_picture_imports_what_only_training_needs(trained: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lstm_forecast.commands.plot import plot\nfor"
        " picture in ('forecast', 'training', 'horizon'):\n    plot(picture,"
        " runs=Path(sys.argv[1]), name='wave',"
        " output=Path(sys.argv[2]))\nprint(sorted({'tensorflow', 'keras', 'sklearn',"
        " 'matplotlib.pyplot', 'plotly'} & set(sys.modules)))"
    )
    arguments = [
        sys.executable,
        "-W",
        "error",
        "-c",
        code,
        str(trained / "runs"),
        str(tmp_path / "x.png"),
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_forecast_shows_history_test_forecasts_and_future(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png")
    (figure,) = figures
    assert heading(figure) == (
        "wave: the next 10 steps after step 1000",
        [
            "actual",
            "test forecasts",
            "forecast published",
            "95 % interval",
            "80 % interval",
            "cutoff",
        ],
    )
    assert (titles(figure), figure.axes[0].get_xlabel()) == (["y"], "step")
    (actual,), (future,), test = (lines(figure, color) for color in (INK, ORANGE, BLUE))
    expected = pd.read_csv(SINE).tail(100)
    assert np.array_equal(actual, expected[["step", "y"]])
    assert np.array_equal(future[:, 0], np.arange(1001, 1011))
    assert [window[0, 0] for window in test] == list(range(911, 1000, 10))
    # both levels below every forecast
    assert len(figure.axes[0].collections) == 2 * (1 + len(test))


def test_one_series_forecast_a_step_at_a_time_is_shown_whole_with_forecasts_of_every_part(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", name="next")
    parts = {GREEN: (21, 700), PURPLE: (701, 800), BLUE: (801, 1000)}
    for color, (first, last) in parts.items():
        (line,) = lines(figures[0], color)
        assert line[:, 0].tolist() == list(range(first, last + 1))
        actual = pd.read_csv(SINE)["y"][first - 1 : last]
        assert np.abs(line[:, 1] - actual).mean() < 0.2
    assert len(lines(figures[0], INK)[0]) == 1000
    told = [*(f"{part} forecasts" for part in ("training", "validation", "test"))]
    assert heading(figures[0])[1][:5] == ["actual", *told, "forecast published"]
    # what a window alone is forecast as
    loaded = load_run(find_run(trained / "runs", "next"), evaluated=True)
    panel = usable_panel(loaded, SINE)
    where = np.array([600]), np.array([0]), np.array([0])
    scaled = loaded.forecaster.scaler.transform(panel)
    alone = loaded.forecaster.ahead(scaled, *where, steps=1)
    assert lines(figures[0], GREEN)[0][580, 1] == pytest.approx(alone[0, 0, 0, 1], abs=1e-6)


def test_rows_that_are_not_those_of_the_training_get_no_training_forecasts(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    pd.read_csv(SINE).tail(500).to_csv(tmp_path / "newest.csv", index=False)
    draw(trained, tmp_path / "x.png", name="next", data=tmp_path / "newest.csv")
    assert heading(figures[0])[1][:3] == ["actual", "test forecasts", "forecast published"]
    assert len(lines(figures[0], INK)[0]) == 500


def test_more_series_than_have_room_for_axes_become_an_overview_of_all(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", name="shops")
    assert heading(figures[0])[0] == "shops: the next 5 days after 2024-04-09"
    assert titles(figures[0]) == [
        f"shop {k}/{target}" for k in range(9) for target in ("sales", "visits")
    ]
    ((x, y),) = lines(figures[0], INK, panel=2)[0][-1:]
    assert y == pytest.approx(shops().query("shop == 'shop 1'")["sales"].iloc[-1])
    assert x == positions(pd.Series(pd.to_datetime(["2024-04-09"])))[0]


def test_of_more_series_than_a_picture_shows_the_total_and_the_worst_and_best_stand_for_all(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    drawn = workflow.plot(
        "forecast", runs=trained / "runs", name="crowd", output=tmp_path / "x.png"
    )
    shown = [title.split(",") for title in titles(figures[0])]
    assert shown[0] == ["total", " 50 series"]
    assert [words.split(":")[0] for _, words in shown[1:]] == [*[" worst"] * 3, *[" best"] * 3]
    assert all(name < "shop 25" for name, _ in shown[1:4])
    assert all(name > "shop 25" for name, _ in shown[4:])
    errors = [float(words.split(": ")[1].removesuffix(" %")) for _, words in shown[1:]]
    assert errors[:3] == sorted(errors[:3], reverse=True)
    assert errors[3:] == sorted(errors[3:])
    (total,) = lines(figures[0], INK)
    assert total[:, 1] == pytest.approx(crowd().groupby("day")["sales"].sum().to_numpy())
    (note,) = drawn.notes
    assert note.startswith("50 series: the total and the 3 worst and 3 best are shown")
    assert note in figures[0].get_supxlabel().replace("\n", " ")
    # what it says of the others
    draw(trained, tmp_path / "x.png", name="crowd", series=["shop 25"])
    assert titles(figures[1]) == ["shop 25"]


def test_groups_are_sums_of_values_and_of_forecasts_and_have_no_intervals(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", name="stores", by=["shop"])
    (figure,) = figures
    assert heading(figure) == (
        "stores: the next 5 days after 2024-04-09, summed by shop",
        ["actual", "test forecasts", "forecast published", "cutoff"],
    )
    assert titles(figure) == [f"shop {k}, 2 series" for k in range(4)]
    rows = stores().assign(y=lambda table: table["revenue"].str.removesuffix(" €").astype(float))
    actual = rows[rows["shop"] == "shop 2"].groupby("day")["y"].sum().tail(60)
    assert lines(figure, INK, panel=2)[0][:, 1] == pytest.approx(actual.to_numpy())
    ahead = predicted(trained, "stores")
    ahead = ahead[ahead["unique_id"].str.startswith("shop 2/")].groupby("ds")["stores"].sum()
    assert lines(figure, ORANGE, panel=2)[0][:, 1] == pytest.approx(ahead.to_numpy())
    saved = find_run(trained / "runs", "stores").read("forecasts.parquet")
    test = pd.read_parquet(io.BytesIO(saved))
    test = test[test["unique_id"].str.startswith("shop 2/")].groupby("ds")["stores"].sum()
    drawn = np.concatenate([line[:, 1] for line in lines(figure, BLUE, panel=2)])
    assert drawn == pytest.approx(test.to_numpy())
    assert [len(axes.collections) for axes in figure.axes] == [0] * 4
    assert "without intervals" in figure.get_supxlabel()


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ((), ["total, 8 series"]),
        (["region"], ["north, 4 series", "south, 4 series"]),
        (["size"], ["size 1, 4 series", "size 2, 4 series"]),
        (["item", "region"], [f"{item}/{at}, 2 series" for at in REGIONS for item in ITEMS]),
        (["shop", "item"], [f"shop {k}/{item}" for k in range(4) for item in ITEMS]),
    ],
)
def test_columns_that_name_series_or_tell_of_them_make_groups(
    trained: Path, tmp_path: Path, figures: list[Figure], by: list[str], shown: list[str]
) -> None:
    draw(trained, tmp_path / "x.png", name="stores", by=by)
    assert titles(figures[0]) == shown


def test_every_target_is_summed_by_itself_over_the_series_that_are_named(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", name="shops", by=(), series=["shop 1", "shop 7"])
    assert titles(figures[0]) == ["total/sales, 2 series", "total/visits, 2 series"]
    assert [axes.get_ylabel() for axes in figures[0].axes] == ["sales", "visits"]
    both = shops().query("shop in ('shop 1', 'shop 7')").groupby("day")["visits"].sum().tail(60)
    assert lines(figures[0], INK, panel=1)[0][:, 1] == pytest.approx(both.to_numpy())


def test_a_sum_ends_with_the_first_of_its_series_and_has_the_steps_that_all_have(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    table = shops()
    late = table["shop"] == "shop 1"
    table[~(late & (table["day"] > "2024-04-07"))].to_csv(tmp_path / "ragged.csv", index=False)
    given = {"name": "shops", "series": ["shop 1/sales", "shop 7/sales"]}
    draw(trained, tmp_path / "x.png", **given, by=[], data=tmp_path / "ragged.csv")
    history, (ahead,) = lines(figures[0], INK), lines(figures[0], ORANGE)
    day = positions(pd.Series(pd.date_range("2024-04-07", periods=6)))
    assert history[0][-1, 0] == day[0]
    assert ahead[:, 0].tolist() == day[3:].tolist()  # the other one has values before
    parts = predicted(trained, "shops", data=tmp_path / "ragged.csv").set_index("unique_id")
    parts = parts.loc[given["series"]].groupby("ds")["shops"]
    assert ahead[:, 1] == pytest.approx(parts.sum()[parts.size() == 2].to_numpy())


def test_series_that_never_have_a_value_at_the_same_step_have_no_sum(
    trained: Path, tmp_path: Path
) -> None:
    table = shops()
    ended = (table["shop"] == "shop 1") & (table["day"] > "2024-03-20")
    table[~ended].to_csv(tmp_path / "ended.csv", index=False)
    given = {"name": "shops", "series": ["shop 1/sales", "shop 7/sales"], "by": ()}
    with pytest.raises(
        DataError, match="total/sales: not drawn, as at no step all of its 2 series"
    ):
        draw(trained, tmp_path / "x.png", **given, data=tmp_path / "ended.csv")


def test_as_many_steps_of_history_are_drawn_as_are_asked_for(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    for name, rows in (("wave", 33), ("next", 12), ("stores", 7)):
        draw(trained, tmp_path / "x.png", name=name, last=rows)
        assert len(lines(figures[-1], INK)[0]) == rows
    draw(trained, tmp_path / "x.png", name="stores", last=7, by=())
    assert len(lines(figures[-1], INK)[0]) == 7


def test_the_intervals_are_those_that_are_asked_for_in_the_same_colours_everywhere(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", levels=[50, 95])
    assert heading(figures[0])[1][3:5] == ["95 % interval", "50 % interval"]
    test, ahead = len(lines(figures[0], BLUE)), figures[0].axes[0].collections[-2:]
    # of the test forecasts only those that the run keeps: no other network is asked for them
    assert len(figures[0].axes[0].collections) == test + 2
    table = predict(runs=trained / "runs", name="wave", levels=[50, 95]).table
    for band, level in zip(ahead, (95, 50), strict=True):
        edges = band.get_paths()[0].vertices[:, 1]
        assert edges.min() == pytest.approx(table[f"wave-lo-{level}"].min())
        assert edges.max() == pytest.approx(table[f"wave-hi-{level}"].max())


def test_test_forecasts_stay_in_the_picture_when_much_newer_rows_are_given(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    step = np.arange(1001, 1301)
    newer = pd.DataFrame({"step": step, "y": np.sin(step * 2 * np.pi / 50)})
    pd.concat([pd.read_csv(SINE), newer]).to_csv(tmp_path / "newer.csv", index=False)
    draw(trained, tmp_path / "x.png", data=tmp_path / "newer.csv")
    assert heading(figures[0])[0] == "wave: the next 10 steps after step 1300"
    assert [window[0, 0] for window in lines(figures[0], BLUE)] == list(range(911, 1000, 10))
    assert lines(figures[0], INK)[0][0, 0] == 901


def test_a_picture_says_which_run_forecasts_when_it_was_published_and_from_which_rows(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", name="stores")
    run = find_run(trained / "runs", "stores")
    day, time = str(run.manifest["created"])[:16].split("T")
    (legend,) = figures[0].legends
    assert f"forecast published {day}" in [text.get_text() for text in legend.get_texts()]
    network, origin = figures[0].get_supxlabel().split("\n")
    assert network.startswith("published: the LSTM (4 units)")
    assert origin == f"run {run.run_id}, published {day} {time} UTC, from rows up to 2024-04-09"


def test_axes_say_what_is_measured_in_which_unit(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    for name, picture in (("stores", "forecast"), ("shops", "forecast"), ("stores", "horizon")):
        draw(trained, tmp_path / "x.png", picture, name)
    stores_axes, shops_axes, horizon_axes = (
        [axes.get_ylabel() for axes in figure.axes] for figure in figures
    )
    # an axis whose neighbour on the left says the same says nothing
    assert stores_axes == ["revenue (€)", "", "", "revenue (€)", "", "", "revenue (€)", ""]
    assert shops_axes[:6] == ["sales", "visits"] * 3
    assert horizon_axes == ["mean absolute error of revenue (€)"]


@pytest.mark.parametrize("name", ["stores", "crowd"])
def test_text_in_an_svg_is_text(trained: Path, tmp_path: Path, name: str) -> None:
    content = draw(trained, tmp_path / "x.svg", name=name).read_text(encoding="utf-8")
    texts = ["".join(each.itertext()) for each in ElementTree.fromstring(content).iter(TEXT_OF_SVG)]
    day = "2024-04-09" if name == "stores" else "2024-02-29"
    assert f"{name}: the next 5 days after {day}" in texts
    assert "cutoff" in texts
    assert ("shop 0/tea" if name == "stores" else "total, 50 series") in texts


def test_python_draws_the_same_as_the_command(trained: Path) -> None:
    run = lstm_forecast.load(trained / "runs" / "stores")
    figure = run.plot(by="region", last=20)
    assert titles(figure) == ["north, 4 series", "south, 4 series"]
    assert len(lines(figure, INK)[0]) == 20
    assert titles(run.plot(by=[])) == ["total, 8 series"]
    assert "60 % interval" in heading(run.plot(levels=[60]))[1]
    for wrong in ({"last": 0}, {"levels": [100]}, {"by": ["revenue"]}, {"levels": 80}):
        with pytest.raises(UsageError):
            run.plot(**wrong)


def test_a_series_stands_for_all_its_targets_and_a_target_can_be_named_alone(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(
        trained,
        tmp_path / "x.png",
        name="shops",
        series=["shop 8", "shop 3/visits", "shop 8/sales"],
    )
    assert titles(figures[0]) == ["shop 8/sales", "shop 8/visits", "shop 3/visits"]
    assert [len(lines(figures[0], ORANGE, panel)) for panel in range(3)] == [1, 1, 1]


def test_newer_data_move_the_forecast_and_unseen_series_that_are_not_shown_do_not_matter(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    shops(n=11, days=103).to_csv(tmp_path / "newer.csv", index=False)
    draw(trained, tmp_path / "x.png", name="shops", data=tmp_path / "newer.csv", series=["shop 2"])
    assert heading(figures[0])[0] == "shops: the next 5 days after 2024-04-12"
    assert len(lines(figures[0], BLUE)) == 4
    with pytest.raises(DataError, match="not seen in training: shop 9"):
        draw(
            trained,
            tmp_path / "y.png",
            name="shops",
            data=tmp_path / "newer.csv",
            series=["shop 9"],
        )
    assert not (tmp_path / "y.png").exists()


def test_data_that_end_before_the_test_part_are_drawn_without_test_forecasts(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    pd.read_csv(SINE).head(500).to_csv(tmp_path / "older.csv", index=False)
    draw(trained, tmp_path / "x.png", data=tmp_path / "older.csv")
    assert heading(figures[0])[1] == [
        "actual",
        "forecast published",
        "95 % interval",
        "80 % interval",
        "cutoff",
    ]


def test_the_training_picture_marks_the_kept_epoch(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", "training")
    title, labels = heading(figures[0])
    assert (title, labels[:2]) == ("wave: training", ["training loss", "validation loss"])
    assert labels[2].startswith("kept: epoch ")
    assert [axes.get_ylabel() for axes in figures[0].axes] == [
        "loss, normalised units",
        "overfitting\ngap",
    ]


def test_the_horizon_picture_compares_the_run_with_every_baseline(
    trained: Path, tmp_path: Path, figures: list[Figure]
) -> None:
    draw(trained, tmp_path / "x.png", "horizon")
    metrics = json.loads(next((trained / "runs" / "wave").glob("*/metrics.json")).read_text())[
        "test"
    ]
    labels = heading(figures[0])[1]
    assert [label.split(" (")[0] for label in labels] == [
        *("wave", "naive", "seasonal naive", "drift", "moving average", "ridge")
    ]
    assert f"({metrics['errors']['forecast']['mae']:.3g})" in labels[0]
    assert lines(figures[0], BLUE)[0][:, 1].tolist() == metrics["by_step"]["forecast"]["mae"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "picture.gif"], 2, ["usage: --output picture.gif", ".png, .svg, .pdf"]),
        (["-o", "picture"], 2, ["--output picture"]),
        (
            ["--series", "shop 33", "--series", "q"],
            4,
            ["did you mean shop 3", "--series q", "(27 in all)"],
        ),
        (["--data", "absent.csv"], 4, ["data: ", "absent.csv"]),
        (["training", "--series", "shop 3"], 2, ["--series", "training needs none"]),
        (["horizon", "--data", "shops.csv"], 2, ["--data", "horizon needs none"]),
        (["training", "--last", "5"], 2, ["--last", "training needs none"]),
        (["gates", "--by", "shop"], 2, ["--by", "gates needs none"]),
        (["horizon", "--total"], 2, ["--total", "horizon needs none"]),
        (["--by", "shop", "--total"], 2, ["--by and --total", "leave the other out"]),
        (["--by", "town"], 2, ["--by town: neither names series", "expected shop"]),
        (["--run", "none"], 5, ["no such run", "crowd, next, shops, stores, wave"]),
        (["-o", "/proc/x.png"], 7, ["write: /proc/"]),
    ],
)
def test_what_cannot_be_drawn_ends_with_a_message_and_no_file(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    name = [] if "--run" in arguments else ["--run", "shops"]
    exit_code, stdout, stderr = cli(*arguments, *name, "--runs", trained / "runs")
    assert (exit_code, stdout) == (code, "")
    assert all(word in stderr for word in words), stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("picture", "file", "content"),
    [
        ("training", "history.csv", "epoch,loss\n1,2\n"),
        ("horizon", "metrics.json", '{"test": {"by_step": {"forecast": {"mae": [1]}}}}'),
        ("horizon", "metrics.json", "[]"),
        ("forecast", "forecasts.parquet", "PAR1"),
    ],
)
def test_a_file_that_makes_no_sense_is_a_damaged_run(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    picture: str,
    file: str,
    content: str,
) -> None:
    read = workflow.Run.read
    monkeypatch.setattr(
        workflow.Run,
        "read",
        lambda run, name, **how: content.encode() if name == file else read(run, name),
    )
    with pytest.raises(RunError, match=f"{file}: damaged"):
        draw(trained, tmp_path / "x.png", picture)


def test_a_run_without_evaluation_windows_has_no_errors_to_draw(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = workflow.Run.read
    monkeypatch.setattr(
        workflow.Run,
        "read",
        lambda run, name, **how: b"{}" if name == "metrics.json" else read(run, name, **how),
    )
    with pytest.raises(DataError, match="no errors to draw"):
        draw(trained, tmp_path / "x.png", "horizon")


def tables(
    ids: list[str], *, steps: int, windows: int, **stamps: object
) -> tuple[pd.DataFrame, ...]:
    """History of 60 rows, test windows that end with it, and a future, for figures without run."""
    index = (
        pd.date_range("2024-01-31", periods=60 + steps, **stamps)
        if stamps
        else pd.RangeIndex(60 + steps)
    )
    y = np.sin(np.arange(60 + steps))

    def forecast(first: int) -> pd.DataFrame:
        rows = slice(first, first + steps)
        columns = {"ds": index[rows], "cutoff": index[first - 1], "m": y[rows]}
        return pd.DataFrame({**columns, "m-lo-80": y[rows] - 1, "m-hi-80": y[rows] + 1})

    parts = [
        [pd.DataFrame({"ds": index[:60], "y": y[:60]})],
        [forecast(60 - steps * k) for k in range(1, windows + 1)],
        [forecast(60)],
    ]
    return tuple(
        pd.concat([part.assign(unique_id=name) for name in ids for part in table])
        for table in parts
    )


@pytest.mark.parametrize(
    ("n", "steps", "stamps"),
    [
        (1, 1, {"freq": "MS"}),
        (2, 3, {"freq": "B"}),
        (5, 4, {}),
        (7, 5, {"freq": "30min", "tz": "Europe/Vienna"}),
        (12, 5, {"freq": "h"}),
    ],
)
def test_grids_of_any_size_and_calendar_are_drawn_without_a_warning(
    tmp_path: Path, n: int, steps: int, stamps: dict[str, str]
) -> None:
    with warnings.catch_warnings(action="error"):
        figure = forecast_figure(
            *tables([str(k) for k in range(n)], steps=steps, windows=4, **stamps),
            name="m",
            title="t",
            note="n",
        )
        save_figure(figure, tmp_path / "x", suffix=".png")
    assert titles(figure) == [str(k) for k in range(n)]
    assert (tmp_path / "x").read_bytes().startswith(MAGIC[".png"])


def test_series_ids_in_any_script_are_drawn_as_they_are_written(tmp_path: Path) -> None:
    ids = ["$\\alpha$", "日本語", "a\nb\x1b[31m", "_hidden", "€ 5 $ 6 $", "w" * 300, "🎉"]
    with warnings.catch_warnings(action="error"):
        figure = forecast_figure(
            *tables(ids, steps=4, windows=2), name="m", title="$x$", note="$y$"
        )
        for suffix in MAGIC:
            save_figure(figure, tmp_path / "x", suffix=suffix)
    assert titles(figure)[:5] == ["\\$\\alpha\\$", "日本語", "a b�[31m", "_hidden", "€ 5 \\$ 6 \\$"]
    assert 20 < len(titles(figure)[5]) < 60
    assert titles(figure)[5].count("…") == 1


def test_a_long_label_keeps_its_beginning_and_its_end() -> None:
    assert plain("CA_1_FOODS_3_090_evaluation", longest=11) == "CA_1_…ation"
    assert plain("just enough", longest=11) == "just enough"
    assert plain("\ud800") == "�"


def test_overlapping_windows_are_thinned_from_the_newest_on() -> None:
    table = pd.concat(
        pd.DataFrame({"ds": np.arange(cutoff + 1, cutoff + 5), "cutoff": cutoff})
        for cutoff in range(20)
    )
    kept = separate_windows(table, 3, 22)
    assert [window["cutoff"].iloc[0] for window in kept] == [6, 10, 14, 18]
    assert separate_windows(table.iloc[:0], 3, 22) == []


def test_interval_levels_are_those_of_the_run_alone() -> None:
    columns = ["m-lo-80", "m-hi-80", "m-lo-95", "xm-lo-50", "m-lo-x", "m.lo-9"]
    assert interval_levels(pd.DataFrame(columns=columns), "m") == [95, 80]
    assert interval_levels(pd.DataFrame(columns=columns), ".m") == []


def test_a_run_that_split_its_series_at_a_gap_shows_the_gap() -> None:
    step = np.r_[1:40, 45:60]
    table = Table(
        pd.DataFrame({"step": step, "y": step.astype(float)}), ((Path("x.csv"), 54, None),)
    )
    panel = build_panel(table, timestamp="step", targets=["y"], policies={"gaps": "split"})
    history = actual_values(panel, [["y"]], ["y"], rows=30)
    assert history["ds"].tolist() == list(range(30, 60))
    assert history["ds"][history["y"].isna()].tolist() == list(range(40, 45))


def test_losses_that_span_more_than_a_factor_of_ten_get_a_logarithmic_axis() -> None:
    history = pd.DataFrame(
        {
            "epoch": [0, 1, 2, 3],
            "loss": [np.nan, 50, 2, np.inf],
            "val_loss": [90, 5, 3, np.nan],
            "best": [1, 1, 1, 0],
        }
    ).assign(
        gap=lambda table: table["val_loss"] - table["loss"],
        learning_rate=[0.1, 0.1, 0.01, 0.01],
        network=1,
    )
    figure = training_figure(history, title="t")
    assert figure.axes[0].get_yscale() == "log"
    assert [axes.get_ylabel() for axes in figure.axes[1:]] == ["overfitting\ngap", "learning\nrate"]
    assert heading(figure)[1][2] == "kept: epoch 2, validation loss 3"
    assert training_figure(history.tail(2), title="t").axes[0].get_yscale() == "linear"


def test_every_network_of_an_ensemble_has_its_lines_and_its_kept_epoch() -> None:
    history = pd.DataFrame(
        {
            "network": [1, 1, 2, 2, 2],
            "epoch": [0, 1, 0, 1, 2],
            "loss": [np.nan, 3, np.nan, 4, 2],
            "val_loss": range(5),
        }
    ).assign(
        gap=lambda table: table["val_loss"] - table["loss"], learning_rate=0.1, best=[1, 0, 1, 1, 0]
    )
    figure = training_figure(history, title="t")
    assert heading(figure)[1] == ["training loss", "validation loss", "kept, of each network"]
    lines = [line.get_xdata() for line in figure.axes[0].lines if line.get_color() == ORANGE]
    assert sorted(map(list, lines), key=len) == [[0], [1], [0, 1], [0, 1, 2]]


def test_a_training_without_validation_has_neither_a_gap_nor_a_kept_epoch(tmp_path: Path) -> None:
    history = pd.DataFrame(
        {"network": 1, "epoch": [0, 1], "loss": [np.nan, 1], "learning_rate": 0.1, "best": 0}
    )
    figure = training_figure(history.assign(val_loss=np.nan, gap=np.nan), title="t")
    assert (len(figure.axes), heading(figure)[1]) == (1, ["training loss"])
    save_figure(figure, tmp_path / "x", suffix=".png")


def test_a_horizon_of_one_step_is_drawn_as_points() -> None:
    figure = horizon_figure({"m": [1.0], "naive": [2.0]}, title="t")
    assert [line.get_marker() for line in figure.axes[0].lines] == ["o", "o"]
    low, high = figure.axes[0].get_xlim()
    assert [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high] == [1]


def test_a_long_note_is_wrapped_and_not_cut() -> None:
    note = " ".join(f"word{k}" for k in range(40))
    shown = horizon_figure({"m": [1.0, 2.0]}, title="t", note=note).get_supxlabel()
    assert shown.split() == note.split()
    assert max(map(len, shown.split("\n"))) <= 140


def test_a_value_between_holes_is_a_dot(tmp_path: Path) -> None:
    history, test, future = tables(["a"], steps=4, windows=2)
    history.loc[[10, 12, 14, 20], "y"] = np.nan
    figure = forecast_figure(history, test, future, name="m", title="t", note="n")
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "."]
    assert [line.get_xdata().tolist() for line in dots] == [[11, 13]]
