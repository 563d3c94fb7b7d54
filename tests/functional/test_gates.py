"""``forecast plot gates``: which window it shows, what of it, and what it refuses."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from safetensors.numpy import load
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.config.network import Cell
from lstm_forecast.pictures.gates import MAX_LAYERS, DrawnLayer, gates_figure
from lstm_forecast.store import open_run
from lstm_forecast.store.reading import fingerprint
from tests.functional.conftest import train_all

STEPS = 300
# What is published is the network itself, of values as they are: so its forecast follows from its
# hidden state by hand.
CONFIGS = {
    "own": """\
data: {path: promo.csv, timestamp: step, targets: y, covariates: {future: [promo]}}
preprocessing: {scaler: none}
windows: {context_length: 20, horizon: 5, evaluation_stride: 5, normalisation: last}
model:
  {cell: CELL, units: [4, 3], segment_length: 5, segment_units: 6, linear: none, ensemble: 1,
   dropout: 0.0}
training:
  {epochs: 2, batch_size: 64, steps_per_epoch: 0, learning_rate: 0.01, refit: false}
""",
    "holes": """\
data: {path: holes.csv, timestamp: day, series_id: shop, targets: y, gaps: mask, missing: mask}
windows:
  {context_length: 12, horizon: 3, evaluation_stride: 3, normalisation: standard, padding: true}
model:
  {units: 4, bidirectional: true, segment_length: 2, segment_units: 0, linear: ridge, ensemble: 2}
training: {epochs: 0, batch_size: 64, steps_per_epoch: 0, fallback: false, refit: false}
""",
}
CELLS = get_args(Cell)
RUNS = [*CELLS, "holes"]


def write_inputs(directory: Path) -> None:
    rng, step = np.random.default_rng(0), np.arange(STEPS)
    y = np.sin(step / 5) + 0.05 * rng.normal(size=STEPS)
    pd.DataFrame({"step": step, "y": y, "promo": step % 7 == 0}).to_csv(
        directory / "promo.csv", index=False
    )
    days = pd.date_range("2024-01-01", periods=90).strftime("%Y-%m-%d")
    tables = [pd.DataFrame({"shop": "long", "day": days, "y": 10 + np.sin(np.arange(90))})]
    tables.append(pd.DataFrame({"shop": "short", "day": days[-8:], "y": 5 + np.arange(8.0)}))
    tables[0].loc[20:40, "y"] = np.nan
    pd.concat(tables).to_csv(directory / "holes.csv", index=False)
    for cell in CELLS:
        (directory / f"{cell}.yaml").write_text(
            f"name: {cell}\n" + CONFIGS["own"].replace("CELL", cell)
        )
    (directory / "holes.yaml").write_text("name: holes\n" + CONFIGS["holes"])


@pytest.fixture(scope="session")
def networks(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Runs of every cell, and one of masked and padded windows. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_inputs(directory)
        train_all(directory, *(("-c", f"{name}.yaml") for name in RUNS))

    return once("networks", fill)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def plot(home: Path, *args: object) -> Result:
    return CliRunner().invoke(app, ["plot", "gates", "--runs", str(home / "runs"), *map(str, args)])


def gates(home: Path, run: str, *args: object) -> dict[str, Any]:
    result = plot(home, "--run", run, "--json", *args)
    assert result.exit_code == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout)
    return content


@pytest.mark.parametrize("cell", CELLS)
def test_the_forecast_follows_from_the_last_hidden_state_that_is_shown(
    cell: str, networks: Path
) -> None:
    found = gates(networks, cell, "--at", 240)
    assert (found["cutoff"], found["stamps"], found["steps"]) == (
        240,
        list(range(221, 241)),
        [225, 230, 235, 240],
    )
    rows = pd.read_csv(networks / "promo.csv")
    assert found["values"]["y"] == pytest.approx(rows["y"][221:241].tolist())
    assert found["values"]["promo"] == rows["promo"][221:241].astype(float).tolist()
    run = open_run(networks / "runs" / cell)
    weights = load(run.read("weights.safetensors"))
    last = np.array(found["layers"][-1]["quantities"]["hidden_state"][-1])
    expected = rows["y"][240] + last @ weights["0/output.kernel"] + weights["0/output.bias"]
    rows[:246].assign(y=lambda each: each["y"].where(each["step"] <= 240)).to_csv(
        "then.csv", index=False
    )
    options = ["--run", cell, "--runs", str(networks / "runs"), "--data", "then.csv"]
    forecast = json.loads(CliRunner().invoke(app, ["predict", *options, "--json"]).stdout)[
        "forecasts"
    ]
    assert [row[cell] for row in forecast] == pytest.approx(expected.tolist(), abs=1e-5)
    assert np.abs(expected - rows["y"][240]).max() > 0.01
    layers = [(layer["layer"], layer["direction"], len(layer["quantities"]["hidden_state"][0]))
              for layer in found["layers"]]  # fmt: skip
    assert layers == [(1, "forward", 4), (2, "forward", 3)]


def test_the_newest_window_is_shown_where_none_is_named(networks: Path, tmp_path: Path) -> None:
    pd.DataFrame({"step": range(STEPS, STEPS + 5), "promo": 1.0}).to_csv("future.csv", index=False)
    found = gates(networks, "gru", "--future", "future.csv")
    assert found["cutoff"] == STEPS - 1
    assert (tmp_path / "gru-gates.png").read_bytes().startswith(b"\x89PNG")
    assert found["picture"] == "gru-gates.png"
    assert set(found["layers"][0]["quantities"]) == {
        "update_gate",
        "reset_gate",
        "candidate",
        "hidden_state",
    }


def test_every_unit_is_of_one_group_and_has_a_memory_length(networks: Path) -> None:
    for cell in CELLS:
        for layer in gates(networks, cell, "--at", 200)["layers"]:
            units = [unit for group in layer["groups"] for unit in group["units"]]
            assert sorted(units) == list(range(len(units)))
            if cell == "rnn":
                assert (layer["memory_lengths"], layer["memory_formula"]) == (None, None)
                continue
            gate = "update_gate" if cell == "gru" else "forget_gate"
            kept = np.mean(layer["quantities"][gate], axis=0)
            assert layer["memory_lengths"] == pytest.approx((-1 / np.log(kept)).tolist())
            assert layer["memory_formula"].startswith(f"-1 / ln(mean {gate.replace('_', ' ')}")


def test_padding_is_left_out_and_holes_are_empty(networks: Path) -> None:
    found = gates(networks, "holes", "--series", "short")
    assert len(found["stamps"]) == 8
    assert found["steps"] == [f"2024-03-{day}T00:00:00" for day in (24, 26, 28, 30)]
    for layer in found["layers"]:
        for steps in layer["quantities"].values():
            assert np.isfinite(np.array(steps, float)).all()
            assert len(steps) == 4
    assert [layer["direction"] for layer in found["layers"]] == ["forward", "backward"]
    holed = gates(networks, "holes", "--series", "long", "--at", "2024-01-25")
    assert holed["values"]["y"][-5:] == [None] * 5


def test_targets_that_are_series_of_one_network_are_shown_one_at_a_time(trained: Path) -> None:
    sold, price = (gates(trained, "shops", "--series", name) for name in ("south", "south/price"))
    assert (sold["series"], price["series"]) == ("south/sold", "south/price")
    rows = pd.read_csv(trained / "shops.csv")
    rows = rows[rows["shop"] == "south"].tail(12)
    assert sold["values"] == {"south/sold": rows["sold"].tolist()}
    assert price["values"] == {"south/price": rows["price"].astype(float).tolist()}
    assert sold["layers"] != price["layers"]


def test_the_picture_has_a_column_for_each_layer_and_marks_what_the_output_is_computed_from(
    networks: Path, figures: list[Figure]
) -> None:
    gates(networks, "peephole_lstm", "--at", 240)
    axes = np.array(figures[0].axes[:14]).reshape(7, 2)
    assert [row[0].get_ylabel().replace("\n", " ") for row in axes] == [
        *(
            "y",
            "input gate",
            "forget gate",
            "output gate",
            "candidate",
            "cell state",
            "hidden state",
        )
    ]
    titles = [each.get_title(loc="left") for each in axes[0]]
    assert [title.partition(":")[0] for title in titles] == ["layer 1", "layer 2"]
    (legend,) = figures[0].legends
    assert (
        legend.get_title().get_text()
        == "peephole_lstm: inside the peephole LSTM (4 + 3 units), up to step 240"
    )
    boxes = [[patch.get_x() for patch in each.patches if not patch.get_fill()] for each in axes[-1]]
    assert boxes == [[], [235.5]]
    note = figures[0].get_supxlabel().splitlines()
    assert note[1] == "published: the peephole LSTM (4 + 3 units)"


@pytest.mark.parametrize("count", range(1, MAX_LAYERS + 1))
def test_a_long_title_of_a_layer_is_shown_whole_within_its_column(count: int) -> None:
    title = "layer 2, backwards: 17 long (118 to 998 steps), 17 medium (11 to 41 steps), 16 short"
    layer = DrawnLayer(title, {"input_gate": np.full((9, 3), 0.5)}, {"all": range(3)})
    values = pd.DataFrame({"ds": np.arange(9), "y": np.arange(9.0)})
    figure = gates_figure(values, range(10), [layer] * count, label="y", title="t")
    figure.canvas.draw()
    for axes in figure.axes[:count]:
        (shown,) = axes.findobj(
            lambda part: isinstance(part, Text) and part.get_text().replace("\n", " ") == title
        )
        assert shown.get_window_extent().x1 <= axes.get_window_extent().x1


def test_the_half_that_reads_backwards_ends_at_the_first_row(
    networks: Path, figures: list[Figure]
) -> None:
    result = plot(networks, "--run", "holes", "--series", "short")
    first_of, warning = result.stderr.splitlines()
    assert first_of == "drawn is the first of 2 networks"
    assert warning.startswith(
        "warning: no epoch was better than the start"
    )  # it was trained for none
    assert (
        figures[0]
        .get_supxlabel()
        .splitlines()[2]
        .startswith("first of 2 networks; values in original units")
    )
    forwards, backwards = figures[0].axes[12:14]
    boxes = [
        next(patch.get_x() for patch in each.patches if not patch.get_fill())
        for each in (forwards, backwards)
    ]
    first, last = (figures[0].axes[0].lines[0].get_xdata()[row] for row in (0, -1))
    assert boxes == pytest.approx([last - 1.5, first - 0.5])


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_picture_comes_in_every_format_and_twice_as_the_same_bytes(
    networks: Path, suffix: str
) -> None:
    first, second = (
        Path(gates(networks, "lstm", "--at", 240, "-o", f"{k}{suffix}")["picture"]).read_bytes()
        for k in (1, 2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--run", "lstm", "--at", "noon"], 2, ["--at noon", "whole steps"]),
        (
            ["--run", "lstm", "--at", "900"],
            4,
            ["no row with that stamp", "step 0 to step 299", "nearest: step 299"],
        ),
        (
            ["--run", "lstm", "--at", "7"],
            4,
            ["series y: 8 rows without a gap from step 0 to step 7", "needs 20"],
        ),
        (
            ["--run", "lstm", "--at", "297"],
            4,
            ["the 5 steps after it", "up to step 294", "--future"],
        ),
        (["--run", "lstm"], 4, ["promo"]),  # the newest window needs what is known of the future
        (["--run", "holes", "--at", "soon"], 2, ["--at soon", "2024-01-31"]),
        (["--run", "holes", "--at", "2024-02-01T00:00+01:00"], 2, ["no time zone"]),
        (
            ["--run", "holes", "--at", "2024-02-08"],
            4,
            ["no value of a target was observed in the window up to 2024-02-08"],
        ),
        (["--run", "holes", "--series", "lng"], 4, ["did you mean long"]),
        (
            ["--run", "holes", "--series", "long", "--series", "short"],
            2,
            ["one series; received 2"],
        ),
        (["--run", "holes", "-o", "x.gif"], 2, [".png, .svg, .pdf"]),
    ],
)
def test_what_cannot_be_shown_ends_with_a_message_and_no_file(
    networks: Path, tmp_path: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    result = plot(networks, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert all(word in result.stderr for word in words), result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_window_is_chosen_for_gates_alone(trained: Path) -> None:
    for picture in ("forecast", "training", "horizon"):
        result = CliRunner().invoke(
            app, ["plot", picture, "--runs", str(trained / "runs"), "--at", "100"]
        )
        assert result.exit_code == 2
        assert (
            f"--at chooses the window of the picture gates; {picture} needs none" in result.stderr
        )


def test_a_run_that_kept_only_a_simpler_forecast_is_told_apart(workspace: Path) -> None:
    path = open_run(workspace / "runs" / "sine").path / "manifest.json"
    manifest = {
        key: value
        for key, value in json.loads(path.read_text()).items()
        if key not in ("weights", "sha256")
    }
    for published, code in (("linear", 5), ("blend", 0)):  # as version 0.1.0 wrote them
        manifest["published"] = published
        path.write_text(json.dumps({**manifest, "sha256": fingerprint(manifest)}))
        result = plot(workspace, "--run", "sine")
        assert result.exit_code == code, result.stderr
        assert ("it holds no trained network" in result.stderr) == (code == 5)


def test_gates_need_neither_keras_nor_onnx(networks: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lstm_forecast.commands.plot import plot\n"
        "from lstm_forecast.judging.forecasts_shown import Asked\n"
        "where = {'runs': Path(sys.argv[1]), 'name': 'lstm', 'output': Path('x.png')}\n"
        "plot('gates', Asked(at='240'), **where)\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'onnx', 'matplotlib.pyplot'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    arguments = [sys.executable, "-W", "error", "-c", code, str(networks / "runs")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_of_the_rows_ahead_those_of_the_drawn_series_are_enough(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "golden" / "0.1.0", tmp_path / "old")
    table = pd.read_csv(tmp_path / "old" / "shops.csv")
    days = pd.date_range(table["day"].max(), periods=6).strftime("%Y-%m-%d")[1:]
    ahead = pd.DataFrame({"shop": "north", "day": days, "price": 3.0, "promo": 0, "region": "hill"})
    data = tmp_path / "ahead.csv"
    pd.concat([table, ahead]).to_csv(data, index=False)
    asked = ["plot", "gates", "--runs", str(tmp_path / "old" / "runs"), "--run", "shops"]
    asked += ["--data", str(data), "--output", str(tmp_path / "gates.png"), "--series"]
    assert CliRunner().invoke(app, [*asked, "north"]).exit_code == 0
    refused = CliRunner().invoke(app, [*asked, "south"])
    assert refused.exit_code == 4
    assert "series south, 2024-04-30 00:00:00: no row of the future" in refused.output
