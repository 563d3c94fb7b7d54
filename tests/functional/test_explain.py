"""``forecast explain``: contributions that sum to the forecast, and credit what was planted."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from safetensors.numpy import load

import lstm_forecast
from lstm_forecast.errors import UsageError
from lstm_forecast.store import open_run
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, one_object
from tests.golden.test_golden_runs import GOLDEN

ROWS, YEARS, SEASON, EFFECT = 600, 300, 12, 5.0
FAST = """\
training:
  {epochs: EPOCHS, learning_rate: 0.01, batch_size: 64, steps_per_epoch: 0, fallback: false,
   refit: false}
"""
SMALL = "units: 3, segment_length: 1, segment_units: 0, dropout: 0.0, ensemble: 1, pretrained: 0"
CONFIGS = {
    # a network of few inputs and no linear part
    "tiny": """\
data: {path: promo.csv, timestamp: step, targets: y, covariates: {future: [promo]}}
preprocessing: {scaler: none}
windows: {context_length: 4, horizon: 2, normalisation: last}
model: {SMALL, linear: none}
""",
    # the effect of one covariate, and none of another
    "promo": """\
data:
  {path: promo.csv, timestamp: step, targets: y, covariates: {past: [decoy], future: [promo]}}
windows: {context_length: 12, horizon: 4, normalisation: mean}
model: {SMALL, linear: ridge}
""",
    # each month goes its own way from year to year
    "season": """\
data: {path: season.csv, timestamp: step, targets: y}
windows: {context_length: 18, horizon: 3, normalisation: none, season_length: 12}
model: {SMALL, linear: ridge}
""",
    # everything at once
    "mixed": """\
data:
  path: mixed.csv
  timestamp: day
  series_id: shop
  targets: [sold, price]
  gaps: mask
  missing: mask
  covariates: {past: [visits], future: [promo, degrees], static: [size, region],
               calendar: [day_of_week]}
preprocessing: {log: true}
windows: {context_length: 14, horizon: 5, normalisation: standard, padding: true}
model:
  {units: 4, bidirectional: true, segment_length: 2, segment_units: 5, linear: combined,
   ensemble: 2, pretrained: 0.5, levels: [80], channels: joint}
""",
    # no forecast below 0, which the base would be
    "support": """\
data: {path: falling.csv, timestamp: step, targets: y}
preprocessing: {support: non_negative}
windows: {context_length: 10, horizon: 4, normalisation: last}
model: {SMALL, linear: weighted, cell: gru}
""",
    "pretrained": """\
data: {path: season.csv, timestamp: step, targets: y}
windows: {context_length: 10, horizon: 3, normalisation: last_standard, season_length: 12}
model: {units: 3, segment_length: 1, segment_units: 0, linear: none, ensemble: 1, pretrained: 1}
""",
}
PARTS = ("linear", "network", "pretrained")


def write_inputs(directory: Path) -> None:
    rng, step = np.random.default_rng(0), np.arange(ROWS)
    promo = (rng.random(ROWS) < 0.4).astype(int)
    y = 10 + EFFECT * promo + 0.1 * rng.normal(size=ROWS)
    table = pd.DataFrame({"step": step, "y": y, "promo": promo, "decoy": rng.normal(size=ROWS)})
    table.loc[ROWS - 4 :, ["y", "decoy"]] = np.nan  # to be forecast
    table.to_csv(directory / "promo.csv", index=False)
    walks = rng.normal(size=(YEARS, SEASON)).cumsum(axis=0).ravel()
    pd.DataFrame({"step": np.arange(YEARS * SEASON), "y": walks}).to_csv(
        directory / "season.csv", index=False
    )
    falling = np.abs(rng.normal(size=ROWS)) * (step % 40 < 30)
    pd.DataFrame({"step": step, "y": falling}).to_csv(directory / "falling.csv", index=False)
    days = pd.date_range("2024-01-01", periods=125)
    tables = [mixed_shop(name, days, rng) for name in ("north", "south")]
    tables[1] = tables[1].iloc[95:]  # shorter than a context
    pd.concat(tables).to_csv(directory / "mixed.csv", index=False)
    for name, text in CONFIGS.items():
        filled = f"name: {name}\n{text}{FAST}".replace("SMALL", SMALL)
        epochs = "20" if name == "tiny" else "1"
        (directory / f"{name}.yaml").write_text(filled.replace("EPOCHS", epochs))


def mixed_shop(name: str, days: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    n = len(days)
    promo = (rng.random(n) < 0.3).astype(int)
    table = pd.DataFrame(
        {
            "shop": name,
            "day": days,
            "sold": np.exp(1 + 0.3 * np.sin(np.arange(n)) + 0.5 * promo + 0.1 * rng.normal(size=n)),
            "price": 3 + rng.random(n),
            "visits": 20 + 5 * rng.random(n),
            "promo": promo,
            "degrees": 15 + 5 * rng.normal(size=n),
            "size": 100 if name == "north" else 250,
            "region": "hill" if name == "north" else "shore",
        }
    )
    table.loc[n - 5 :, ["sold", "price", "visits"]] = np.nan
    table.loc[n - 9 : n - 8, "sold"] = np.nan
    return table


@pytest.fixture(scope="session")
def explained(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Runs of all configs above, and those of version 0.1.0. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_inputs(directory)
        train_all(directory, *(("-c", f"{name}.yaml") for name in CONFIGS))
        shutil.copytree(GOLDEN, directory / "old")

    return once("explained", fill)


@pytest.fixture
def there(explained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with the runs beside it."""
    monkeypatch.chdir(tmp_path)
    return explained


def explain(home: Path, run: str, *args: object) -> dict[str, Any]:
    options = ["--runs", str(home / "runs"), "--run", run, "--json", *map(str, args)]
    result = invoke("explain", *options)
    assert result.exit_code == 0, result.output
    return one_object(result.stdout)


def matrix(found: dict[str, Any], key: str = "contribution") -> NDArray[np.float64]:
    """Values of every input, (n_inputs, horizon)."""
    return np.array([each[key] for each in found["contributions"]])


def predicted(home: Path, run: str, *args: str, series: str) -> NDArray[np.float64]:
    options = ["--runs", str(home / "runs"), "--run", run, "-o", "forecast.parquet", *args]
    assert invoke("predict", *options).exit_code == 0
    table = pd.read_parquet("forecast.parquet")
    return table.loc[table["unique_id"] == series, run].to_numpy()


OLD = ["--future", str(GOLDEN / "future.csv")]
CASES = {
    "tiny": ("", "tiny", "y", []),
    "promo": ("", "promo", "y", []),
    "season": ("", "season", "y", []),
    "joint, log, holes": ("", "mixed", "north/sold", []),
    "other target": ("", "mixed", "north/price", []),
    "padded": ("", "mixed", "south/sold", []),
    "support": ("", "support", "y", []),
    "pretrained": ("", "pretrained", "y", []),
    "0.1.0": ("old", "shops", "north", OLD),
    "0.1.0, log, smoothing": ("old", "power", "load", []),
}


@pytest.mark.parametrize("case", CASES)
def test_base_and_contributions_sum_to_what_predict_forecasts(there: Path, case: str) -> None:
    folder, run, series, given = CASES[case]
    found = explain(there / folder, run, "--series", series, "-o", "parts.parquet", *given)
    expected = predicted(there / folder, run, *given, series=series)[: len(found["forecast"])]
    np.testing.assert_allclose(found["forecast"], expected, rtol=1e-6)
    limit = 1e-5 * np.abs(expected).max()
    base, contributions = np.array(found["base"]), matrix(found)
    assert np.abs(base + contributions.sum(axis=0) - expected).max() <= limit
    parts = sum(matrix(found, part) for part in PARTS)
    np.testing.assert_allclose(parts, contributions, atol=limit)
    told = found["summary"]
    summed = told["base"] + sum(line["contribution"] for line in told["lines"])
    assert summed == pytest.approx(expected.mean(), abs=limit)
    assert told["forecast"] == pytest.approx(expected.mean(), abs=limit)
    table = pd.read_parquet("parts.parquet")
    sums = table.groupby("ds")["contribution"].sum().to_numpy()
    np.testing.assert_allclose(sums, expected, atol=limit)
    assert np.isfinite(matrix(found, "error")).all()


def test_every_part_of_a_run_contributes_and_no_other(there: Path) -> None:
    active = {
        run: {part for part in PARTS if matrix(explain(there, run), part).any()}
        for run in ("tiny", "promo", "mixed", "pretrained")
    }
    assert (active["tiny"], active["pretrained"]) == ({"network"}, {"pretrained"})
    assert {"linear"} <= active["promo"] <= {"linear", "network"}
    assert {"linear", "pretrained"} <= active["mixed"]


def test_every_input_of_a_run_has_its_place(there: Path) -> None:
    found = explain(there, "mixed", "--series", "north/sold")
    inputs = [(each["kind"], each["input"]) for each in found["contributions"]]
    assert inputs[:14] == [("history", "sold")] * 14
    assert inputs[14:] == [
        ("past", "price"),
        ("past", "visits"),
        ("future", "promo"),
        ("future", "degrees"),
        ("calendar", "day_of_week"),
        ("static", "size"),
        ("static", "region"),
    ]
    days = [each["since"] for each in found["contributions"][:14]]
    assert days == [each["until"] for each in found["contributions"][:14]]
    assert (days[0], days[-1]) == ("2024-04-16T00:00:00", "2024-04-29T00:00:00")
    assert found["cutoff"] == days[-1]
    assert found["stamps"][0] == "2024-04-30T00:00:00"


def test_steps_that_a_padded_window_lacks_are_no_inputs(there: Path) -> None:
    found = explain(there, "mixed", "--series", "south/sold", "--at", "2024-04-12")
    history = [each for each in found["contributions"] if each["kind"] == "history"]
    assert [each["since"][:10] for each in history] == [
        f"2024-04-{day:02d}" for day in range(5, 13)
    ]


def test_the_linear_part_is_split_as_its_kernel_does(trained: Path) -> None:
    found = explain(trained, "sine")
    run = open_run(trained / "runs" / "sine")
    kernel = load(run.read("weights.safetensors"))["0/linear.kernel"][0].astype(np.float64)
    newest = pd.read_csv(trained / "sine.csv")["y"].to_numpy()[-20:]
    expected = (newest - newest[-1])[:, None] * kernel
    np.testing.assert_allclose(matrix(found, "linear"), expected, atol=2e-6)


def subsets_of_tiny(home: Path) -> Callable[[frozenset[int]], NDArray[np.float64]]:
    """What the network of ``tiny`` forecasts where only some of four steps and promo are there."""
    table = pd.read_csv(home / "promo.csv")
    cutoff = ROWS - 4
    y, promo = table["y"].to_numpy()[cutoff - 4 : cutoff], table["promo"].to_numpy()
    now, later = promo[cutoff - 4 : cutoff], promo[cutoff - 2 : cutoff + 2]
    network = open_run(home / "runs" / "tiny").read("network.onnx")
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])

    def worth(there: frozenset[int]) -> NDArray[np.float64]:
        window = np.zeros((1, 4, 3), np.float32)
        for step in range(4):
            window[0, step, 0] = y[step] - y[-1] if step in there else 0
        if 4 in there:
            window[0, :, 1], window[0, :, 2] = now, later
        (prediction,) = session.run(["prediction"], {"window": window})
        return np.asarray(prediction[0, :, 0, 0] + y[-1], np.float64)

    return worth


def shapley_of_tiny(home: Path) -> NDArray[np.float64]:
    """Shapley values by every order of five inputs, (5, horizon)."""
    worth, orders = subsets_of_tiny(home), list(permutations(range(5)))
    total = np.zeros((5, 2))
    for order in orders:
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            total[player] += worth(before | {player}) - worth(before)
    return total / len(orders)


def test_contributions_are_the_shapley_values_of_every_order(there: Path) -> None:
    found = explain(there, "tiny")
    assert found["orders"] is None
    np.testing.assert_allclose(found["base"], subsets_of_tiny(there)(frozenset()), atol=1e-5)
    np.testing.assert_allclose(matrix(found), shapley_of_tiny(there), atol=1e-5)
    assert np.abs(matrix(found)).max() > 0.1


def test_sampled_contributions_are_as_near_to_them_as_they_say(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_forecast.forecasting.explaining.MOST_WINDOWS", 31)
    found = explain(there, "tiny")
    assert found["orders"] == 16
    off = np.abs(matrix(found) - shapley_of_tiny(there))
    assert (off <= 4 * matrix(found, "error") + 1e-5).all()
    sums = np.array(found["base"]) + matrix(found).sum(axis=0)
    np.testing.assert_allclose(sums, found["forecast"], rtol=1e-6)


def test_a_covariate_is_credited_with_its_effect_and_a_decoy_with_none(there: Path) -> None:
    found = explain(there, "promo", "--what-if", "promo=1")
    by_name = {each["input"]: np.array(each["contribution"]) for each in found["contributions"]}
    ahead = pd.read_csv(there / "promo.csv")["promo"].to_numpy()[-4:]
    assert {0, 1} == set(ahead)
    effect = by_name["promo"][ahead == 1].mean() - by_name["promo"][ahead == 0].mean()
    assert effect == pytest.approx(EFFECT, rel=0.1)
    assert np.abs(by_name["decoy"]).max() < 0.05 * EFFECT
    differences = np.array([each["difference"] for each in found["what_if"]])
    np.testing.assert_allclose(differences, EFFECT * (1 - ahead), atol=0.1 * EFFECT)


def test_the_step_one_season_ago_is_credited_where_the_season_repeats(there: Path) -> None:
    found = explain(there, "season")
    steps = [each["since"] for each in found["contributions"]]
    contributions = np.abs(matrix(found))
    for k, stamp in enumerate(found["stamps"]):
        ago = steps.index(stamp - SEASON)
        assert contributions[:, k].argmax() == ago
        assert contributions[ago, k] > 0.7 * contributions[:, k].sum()
    lines = {line["input"]: abs(line["contribution"]) for line in found["summary"]["lines"]}
    assert max(lines, key=lambda name: lines[name]) == "y: around whole seasons of 12 steps before"


@pytest.mark.parametrize(("run", "value"), [("promo", "1"), ("promo", "0"), ("tiny", "2.5")])
def test_what_if_is_what_predict_makes_of_that_future(there: Path, run: str, value: str) -> None:
    options = ["--runs", str(there / "runs"), "--run", run]
    assert invoke("template", *options, "-o", "future.csv").exit_code == 0
    pd.read_csv("future.csv").assign(promo=float(value)).to_csv("future.csv", index=False)
    expected = predicted(there, run, "--future", "future.csv", series="y")
    found = explain(there, run, "--what-if", f"promo={value}")
    assert [each["changed"] for each in found["what_if"]] == expected.tolist()
    assert [each["forecast"] for each in found["what_if"]] == found["forecast"]
    assert found["changes"] == {"promo": float(value)}
    given = explain(there, run, "--future", "future.csv")
    assert given["forecast"] == expected.tolist()


def test_a_window_of_the_past_is_explained_as_it_was_known_then(there: Path) -> None:
    found = explain(there, "promo", "--at", "300", "--what-if", "promo=0")
    assert found["cutoff"] == 300
    assert found["stamps"] == [301, 302, 303, 304]
    rows = pd.read_csv(there / "promo.csv")
    cut = rows[rows["step"] <= 304].copy()
    cut.loc[cut["step"] > 300, ["y", "decoy"]] = np.nan
    cut.to_csv("cut.csv", index=False)
    assert found["forecast"] == predicted(there, "promo", "--data", "cut.csv", series="y").tolist()


def test_one_step_is_summed_up_alone(there: Path) -> None:
    found = explain(there, "promo", "--step", "3")
    told = found["summary"]
    assert (told["step"], told["base"]) == (3, found["base"][2])
    assert told["forecast"] == found["forecast"][2]
    future = next(line for line in told["lines"] if line["input"] == "promo (future)")
    (planted,) = (each for each in found["contributions"] if each["input"] == "promo")
    assert future["contribution"] == planted["contribution"][2]


def test_people_get_a_table_with_the_parts_that_do_something(there: Path) -> None:
    options = ["--runs", str(there / "runs"), "--run", "tiny", "--what-if", "promo=1"]
    lines = invoke("explain", *options).stdout.splitlines()
    assert lines[0] == "y: forecast after 595, mean of 2 steps"
    assert lines[1].split() == ["contribution", "network"]
    rows = {" ".join(line.split()[:-2]): line.split()[-2:] for line in lines[3:7]}
    assert list(rows) == ["y: newest 2 steps", "y: older steps", "promo (future)", "all inputs"]
    assert all(whole == network for whole, network in rows.values())
    assert lines[2].startswith("base: nothing moves")
    assert lines[7].startswith("forecast")
    assert lines[9] == "what if promo = 1"
    assert [line.split()[0] for line in lines[11:]] == ["596", "597"]


def test_the_first_of_several_series_is_explained_and_that_is_said(there: Path) -> None:
    result = invoke("explain", "--runs", str(there / "runs"), "--run", "mixed")
    assert result.stdout.startswith("north/sold: forecast after 2024-04-29")
    assert "north/sold is one of 2 series; --series chooses another" in result.stderr


def test_a_series_that_ended_long_before_the_others_is_explained_only_where_it_is_named(
    there: Path,
) -> None:
    table = pd.read_csv(there / "mixed.csv")
    table[(table["shop"] != "north") | (table["day"] < "2024-04-01")].to_csv(
        "ended.csv", index=False
    )
    assert explain(there, "mixed", "--data", "ended.csv")["series"] == "south/sold"
    named = explain(
        there, "mixed", "--data", "ended.csv", "--series", "north", "--at", "2024-03-20"
    )
    assert named["series"] == "north/sold"


@pytest.mark.parametrize(
    ("run", "args", "code", "words"),
    [
        ("promo", ["--step", "5"], 2, "step 5: the run forecasts steps 1 to 4"),
        ("mixed", ["--series", "nort"], 4, "did you mean north"),
        ("promo", ["--at", "1000"], 4, "no row with that stamp"),
        ("promo", ["--what-if", "decoy=1"], 2, "no covariate that is known ahead; give promo"),
        ("promo", ["-o", "parts.xlsx"], 2, "--output parts.xlsx: expected a name that ends in"),
        ("promo", ["--plot", "why.gif"], 2, "--plot why.gif: expected a name that ends in"),
    ],
)
def test_what_cannot_be_explained_ends_with_a_message_and_no_file(
    there: Path, tmp_path: Path, run: str, args: list[str], code: int, words: str
) -> None:
    result = invoke("explain", "--runs", str(there / "runs"), "--run", run, *args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("run", "suffix"), [("tiny", ".png"), ("tiny", ".svg"), ("promo", ".pdf"), ("mixed", ".png")]
)
def test_it_is_drawn_in_each_format_twice_alike(
    there: Path, tmp_path: Path, run: str, suffix: str
) -> None:
    pictures = [f"{name}{suffix}" for name in ("one", "two")]
    for picture in pictures:
        found = explain(there, run, "--plot", picture, "--what-if", "promo=1")
        assert found["picture"] == picture
    first, second = ((tmp_path / picture).read_bytes() for picture in pictures)
    assert first == second
    assert len(first) > 5_000


def bars(figure: Figure, panel: int) -> Iterator[tuple[float, float]]:
    """From where to where each bar of a panel goes."""
    for patch in figure.axes[panel].patches:
        bounds = patch.get_extents().transformed(figure.axes[panel].transData.inverted())
        yield (bounds.x0, bounds.x1) if panel == 2 else (bounds.y0, bounds.y1)


def test_the_picture_leads_from_the_base_to_the_forecast(there: Path) -> None:
    found = lstm_forecast.load(there / "runs" / "mixed").explain(series="north/sold", step=2)
    figure, told = found.figure(), found.report.summary
    lines = [line.contribution for line in told.lines]
    drawn = list(bars(figure, 2))
    assert [high - low for low, high in drawn] == pytest.approx(np.abs(lines), abs=1e-9)
    ends = told.base + np.cumsum(lines)
    assert told.forecast == pytest.approx(ends[-1], rel=1e-5)
    for (low, high), end in zip(drawn, ends, strict=True):
        assert min(abs(low - end), abs(high - end)) < 1e-9
    labels = [label.get_text() for label in figure.axes[2].get_yticklabels()]
    assert labels == ["base: nothing moves", *(line.input for line in told.lines), "forecast"]
    history = [each.contribution[1] for each in found.report.contributions if each.since]
    heights = [high if high > 0 else low for low, high in bars(figure, 1)]
    assert heights == pytest.approx(history, abs=1e-9)


@pytest.mark.parametrize("step", [None, 2])
def test_the_picture_shows_the_changed_total_below_the_forecast(
    there: Path, step: int | None
) -> None:
    found = lstm_forecast.load(there / "runs" / "promo").explain(step=step, what_if={"promo": 1.0})
    changed = [each.changed for each in found.report.what_if]
    figure = found.figure()
    totals = [line for line in figure.axes[2].lines if line.get_marker() == "D"]
    expected = np.mean(changed) if step is None else changed[step - 1]
    assert totals[-1].get_xdata()[0] == pytest.approx(expected)
    labels = [label.get_text() for label in figure.axes[2].get_yticklabels()]
    assert labels[-2:] == ["forecast", "what if"]


def test_a_forecast_has_the_color_that_it_has_in_the_picture_of_the_forecasts(there: Path) -> None:
    run, colors = lstm_forecast.load(there / "runs" / "mixed"), []
    for figure in (run.explain().figure(), run.plot()):
        legend = figure.legends[0]
        names = (text.get_text().split(" ")[0] for text in legend.texts)
        lines = zip(names, legend.get_lines(), strict=False)  # patches stand behind the lines
        colors.append({name: line.get_color() for name, line in lines})
    assert colors[0]["forecast"] == colors[1]["forecast"]
    assert colors[0]["actual"] == colors[1]["actual"]


def test_the_first_date_of_a_picture_says_which_month_and_year_it_is_of(there: Path) -> None:
    figure = lstm_forecast.load(there / "runs" / "mixed").explain().figure()
    texts = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    start = min(figure.axes[1].get_xlim())
    shown = [t for t, x in zip(texts, figure.axes[1].get_xticks(), strict=True) if x >= start]
    assert re.fullmatch(r"\d\d\n2024-Apr", shown[0])
    assert not any("2024" in text for text in shown[1:])


def test_python_finds_what_the_command_finds_in_the_kind_of_frame_that_is_given(
    there: Path,
) -> None:
    run = lstm_forecast.load(there / "runs" / "promo")
    found = run.explain(what_if={"promo": 1})
    assert json.loads(json.dumps(found.report.content())) == explain(
        there, "promo", "--what-if", "promo=1"
    )
    frame = pl.read_csv(there / "promo.csv")
    again = run.explain(frame, at=300)
    assert isinstance(again.table, pl.DataFrame)
    assert again.report.cutoff == 300
    with pytest.raises(UsageError, match="give promo"):
        run.explain(what_if={"decoy": 1})


def test_an_explanation_needs_neither_keras_nor_onnx(there: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import lstm_forecast\n"
        "lstm_forecast.load(Path(sys.argv[1])).explain().figure()\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'onnx', 'matplotlib.pyplot'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    arguments = [sys.executable, "-W", "error", "-c", code, str(there / "runs" / "mixed")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
