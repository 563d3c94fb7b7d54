"""``forecast compare``: tiny comparisons in one process, so that Keras is imported once."""

import json
import re
import shlex
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.store import open_run
from tests.functional.conftest import succeed_here, tree, write_inputs

METRICS = ("mae", "rmse", "smape", "mase")
BLOWN_UP = f"training.learning_rate=10 training.clipnorm=null model.dense={[8] * 16}"
COMMANDS = {
    "alone": "train -c sine.yaml --set model.linear=none --json",
    "cells": (
        "compare -c sine.yaml --set model.linear=none --cells lstm,gru --seeds 1,0 --contexts 20,60"
        " --json -o new/cells.json --plot new/cells.png"
    ),
    "varied": (
        "compare -c sine.yaml --vary 'windows.context_length=40 model.units=[3, 2]' --vary"
        " model.cell=gru --seeds 0 --set split.test=0 -o new/varied.csv"
    ),
    "auto": (
        f"compare -c auto.yaml --vary model.cell=rnn --vary '{BLOWN_UP}' --seeds 0 --json -o"
        " new/auto.parquet"
    ),
}
# What is auto here depends on the context: the width of the window, the batches, the epochs.
AUTO = """\
name: auto
data: {path: sine.csv, timestamp: step, targets: y}
windows: {horizon: 5}
split: {validation: 0}
model: {linear: none}
training: {time_budget: 0.5}
"""

SIMPLE = ("naive", "seasonal_naive", "drift", "moving_average")


@pytest.fixture(scope="session")
def compared(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The inputs, what each command printed (``cells.out``, ``cells.err``), and ``new``, which
    comparisons wrote.
    """

    def fill(directory: Path) -> None:
        write_inputs(directory)
        (directory / "auto.yaml").write_text(AUTO)
        (directory / "new").mkdir()
        results = succeed_here(directory, *map(shlex.split, COMMANDS.values()))
        for name, result in zip(COMMANDS, results, strict=True):
            (directory / f"{name}.out").write_text(result.stdout)
            (directory / f"{name}.err").write_text(result.stderr)

    return once("compared", fill)


def content_of(compared: Path, name: str) -> dict[str, Any]:
    text = (compared / f"{name}.out").read_text()
    assert text.count("\n") == 1
    content = json.loads(text)
    assert isinstance(content, dict)
    return content


def named(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in rows}


def test_every_cell_is_trained_with_every_seed_and_judged_on_the_test_part(compared: Path) -> None:
    content = content_of(compared, "cells")
    assert set(content) == {
        "ok",
        "name",
        "part",
        "windows",
        "seeds",
        "variations",
        "baselines",
        "output",
        "plot",
    }
    assert [content[key] for key in ("ok", "name", "part", "windows", "seeds")] == [
        True,
        "sine",
        "test",
        40,
        [1, 0],
    ]
    assert [row["name"] for row in content["variations"]] == ["lstm", "gru"]
    for row in content["variations"]:
        for found in (
            *(row["errors"][metric] for metric in METRICS),
            row["seconds"],
            row["cpu_seconds"],
            row["epoch"],
        ):
            assert len(found["values"]) == 2
            assert found["median"] == pytest.approx(statistics.median(found["values"]))
            assert [found["low"], found["high"]] == sorted(found["values"])
        assert row["errors"]["mae"]["low"] < row["errors"]["mae"]["high"]  # seeds differ
        assert list(row["timings"]) == ["20", "60"]
        assert all(speed > 0 for timing in row["timings"].values() for speed in timing.values())
    units, output = 4, 4 * 5 + 5
    lstm, gru = 4 * units * (1 + units + 1) + output, 3 * units * (1 + units + 2) + output
    assert [row["parameters"] for row in content["variations"]] == [lstm, gru]


def test_a_variation_has_the_errors_of_a_training_alone_with_that_config_and_seed(
    compared: Path,
) -> None:
    content, report = (
        content_of(compared, "cells"),
        content_of(compared, "alone")["metrics"]["test"],
    )
    (lstm, _), baselines = content["variations"], named(content["baselines"])
    found = {
        metric: lstm["errors"][metric]["values"][content["seeds"].index(0)] for metric in METRICS
    }
    assert found == {metric: report["errors"]["forecast"][metric] for metric in METRICS}
    assert set(baselines) == {"ridge", *SIMPLE}
    for name, row in baselines.items():
        assert row["errors"]["mae"]["values"] == [report["errors"][name]["mae"]]
    assert baselines["ridge"]["parameters"] == 20 * 5 + 5
    assert baselines["naive"]["timings"] == {}


def test_the_gap_is_that_of_the_kept_epoch_in_history(compared: Path) -> None:
    content = content_of(compared, "cells")
    history = pd.read_csv(open_run(compared / "runs" / "sine").path / "history.csv")
    kept = history[history["best"] == 1].iloc[-1]
    lstm, seed = content["variations"][0], content["seeds"].index(0)
    assert lstm["epoch"]["values"][seed] == kept["epoch"] > 0
    assert lstm["gap"]["values"][seed] == kept["gap"]


def test_one_line_on_stderr_for_each_training(compared: Path) -> None:
    text = (compared / "cells.err").read_text()
    lines = [f"{cell}, seed {seed}: MAE " for seed in (1, 0) for cell in ("lstm", "gru")]
    found = [line for line in text.splitlines() if ": MAE " in line][: len(lines)]
    assert [line[: len(start)] for line, start in zip(found, lines, strict=True)] == lines
    assert [re.findall(r"\((\d of \d)\)$", line) for line in found] == [
        [f"{k} of 4"] for k in range(1, 5)
    ]
    assert "epoch   1/" not in text


def test_the_table_goes_to_stdout_and_without_a_test_part_is_about_the_validation_part(
    compared: Path,
) -> None:
    header, *rows = (compared / "varied.out").read_text().splitlines()
    assert re.split(r"\s{2,}", header.strip())[-6:] == [
        *("ms, 20", "ms, 80", "ms, 320"), *("windows/s, 20", "windows/s, 80", "windows/s, 320"),
    ]  # fmt: skip
    assert [re.split(r"\s{2,}", row)[0] for row in rows] == [
        *("windows.context_length=40 model.units=[3, 2]", "model.cell=gru", "ridge", *SIMPLE)
    ]
    assert (
        (compared / "varied.err")
        .read_text()
        .splitlines()[-2]
        .startswith("validation errors, 20 windows")
    )


def test_files_hold_what_was_printed_and_nothing_else_is_written(
    compared: Path, tmp_path: Path
) -> None:
    content = content_of(compared, "cells")
    written = json.loads((compared / "new" / "cells.json").read_text())
    assert content == written | {"output": "new/cells.json", "plot": "new/cells.png"}
    assert (compared / "new" / "cells.png").read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(compared / "new" / "varied.csv")
    assert table["name"].tolist()[1:] == ["model.cell=gru", "ridge", *SIMPLE]
    rows = content_of(compared, "auto")
    table = pd.read_parquet(compared / "new" / "auto.parquet")
    assert table["mae"].tolist()[0] == rows["variations"][0]["errors"]["mae"]["median"]
    write_inputs(tmp_path)
    made = {f"{name}.{kind}" for name in COMMANDS for kind in ("out", "err")}
    files = {"new", "new/cells.json", "new/cells.png", "new/varied.csv", "new/auto.parquet"}
    found = {name for name in tree(compared) if not name.startswith("runs")}
    assert found == tree(tmp_path).keys() | made | files | {"auto.yaml"}


def test_a_training_that_diverges_is_a_gap_in_the_table_and_stops_no_other(compared: Path) -> None:
    rnn, diverged = content_of(compared, "auto")["variations"]
    assert rnn["errors"]["mae"]["median"] > 0
    assert diverged["errors"]["mae"] == {
        "median": None,
        "low": None,
        "high": None,
        "values": [None],
    }


NOTHING_TO_JUDGE = ["--set", "split.test=0", "--set", "split.validation=0"]
SEGMENTS = ["--vary", "model.segment_length=5", "--contexts", "20,42"]
FAILURES = {
    "unknown cell": (3, ["--cells", "lstm,gruu"], "--cells model.cell: "),
    "unknown key": (
        3,
        ["--vary", "model.unit=4"],
        "--vary model.unit: unknown key model.unit; did you mean",
    ),
    "no multiple of what was decided": (
        3,
        ["auto.yaml", "--vary", "model.segment_length=7"],
        "must be a multiple",
    ),
    "the same twice": (
        2,
        ["--cells", "lstm,lstm"],
        "the variations 'lstm' and 'lstm' are the same; leave one out",
    ),
    "nothing": (2, ["--cells", ""], "--cells: nothing between the commas"),
    "no seed": (2, ["--seeds", ""], "--seeds : expected different whole numbers from 0 on"),
    "other windows": (2, ["--vary", "windows.horizon=4"], "errors could not be compared"),
    "another season": (2, ["--vary", "windows.season_length=7"], "errors could not be compared"),
    "a context with a part of a segment": (
        2,
        SEGMENTS,
        "a context of 42 cannot be timed: model.segment_length is 5 in",
    ),
    "a table of no known format": (
        2,
        ["-o", "x.xlsx"],
        "--output x.xlsx: expected a name that ends in .csv, .parquet",
    ),
    "a picture of no known format": (
        2,
        ["--plot", "x.gif"],
        "--plot x.gif: expected a name that ends in .png",
    ),
    "no data": (4, ["--set", "data.path=no.csv"], "no.csv: no such file"),
    "nothing to judge by": (
        4,
        NOTHING_TO_JUDGE,
        "no test or validation window is left to compare errors on",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_does_not_fit_is_said_before_any_training(
    failure: str, compared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("a training was started")

    monkeypatch.setattr("lstm_forecast.commands.compare.fit", fail)
    monkeypatch.chdir(compared)
    code, args, message = FAILURES[failure]
    before = tree(compared)
    config = () if args[0].endswith(".yaml") else ("sine.yaml",)
    result = CliRunner().invoke(app, ["compare", "-c", *config, *args, "--json"])
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert message in "\n".join(json.loads(result.stdout)["problems"])
    assert tree(compared) == before
