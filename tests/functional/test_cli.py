import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.store import locked, open_run
from tests.functional.conftest import (
    Forecast,
    champion_files,
    environment,
    forecast_command,
    shops_csv,
    tree,
    write_inputs,
)

FORECASTS = {"ok", "run", "path", "published", "pretrained_share", "repairs", "forecasts"}
HEAVY = (
    "tensorflow",
    "keras",
    "sklearn",
    "matplotlib",
    "pandas",
    "numpy",
    "pyarrow",
    "onnxruntime",
    "onnx",
)
TOO_LONG = ["--set", "windows.context_length=2000", "--set", "windows.padding=false"]
MODULES = """
import json, os, sys
from lstm_forecast.cli import main
code = 0
try:
    main()
except SystemExit as stop:
    code = stop.code
loaded = sorted({name.partition(".")[0] for name in sys.modules})
sys.stderr.write("\\n" + json.dumps([code, loaded]))
"""


def invoke(*args: str | Path) -> Result:
    """The command in this process: same exit codes and output, without the start of a new one."""
    return CliRunner().invoke(app, [str(arg) for arg in args])


def read_csv(result: Result) -> pd.DataFrame:
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout))


def one_object(stdout: str) -> dict[str, Any]:
    assert stdout.endswith("\n")
    assert stdout.count("\n") == 1
    content = json.loads(stdout)
    assert isinstance(content, dict)
    return content


@pytest.fixture
def in_trained(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shared directory itself, which the test must leave as it was."""
    monkeypatch.chdir(trained)
    before = tree(trained)
    yield trained
    assert tree(trained) == before


# Help and imports


@pytest.mark.parametrize(
    "command",
    [
        *(
            [],
            ["init"],
            ["train"],
            ["predict"],
            ["template"],
            ["backtest"],
            ["plot"],
            ["explain"],
            ["compare"],
            ["retrain"],
        ),
        *(
            ["monitor"],
            ["detect"],
            ["schedule"],
            ["check"],
            ["runs"],
            ["config"],
            ["config", "show"],
        ),
        *(["quick"], ["pretrain"]),
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    for option in ("--help", "-h"):
        result = invoke(*command, option)
        assert result.exit_code == 0
        assert "Usage: " in result.stdout


def test_help_lists_every_exit_code() -> None:
    text = " ".join(invoke("--help").stdout.split())
    for row in (
        "0 done",
        "1 a bug of ours",
        "2 usage",
        "3 config",
        "4 data",
        "5 saved run",
        "6 champion kept, alarm or anomaly",
    ):
        assert f"{row} ·" in text
    assert (
        "· 7 could not write · 75 another process is writing there · 130/143 stopped by a signal"
        in text
    )


def loaded_modules(*args: str | Path, cwd: Path) -> tuple[int, set[str]]:
    command = [sys.executable, "-c", MODULES, *map(str, args)]
    result = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    code, loaded = json.loads(result.stderr.rpartition("\n")[2])
    return code, set(loaded)


@pytest.mark.parametrize(
    ("args", "code", "allowed"),
    [
        (["--help"], 0, []),
        (["train", "--help"], 0, []),
        (["predict", "--help"], 0, []),
        (["train", "--bogus"], 2, []),
        (["config", "show", "-c", "sine.yaml"], 0, []),
        (["train", "-c", "sine.yaml", "--set", "model.unit=4"], 3, []),
        (["train", "-c", "no.yaml", "--json"], 3, []),
        (
            ["train", "-c", "sine.yaml", "--set", "data.path=no.csv"],
            4,
            ["pandas", "numpy", "pyarrow", "onnx"],
        ),
        (
            ["train", "-c", "sine.yaml", *TOO_LONG],
            4,
            ["pandas", "numpy", "pyarrow", "onnx", "sklearn"],
        ),
        (
            ["train", "-c", "sine.yaml", "--runs", "sine.csv/x"],
            7,
            ["pandas", "numpy", "pyarrow", "onnx"],
        ),
        (["compare", "-c", "sine.yaml", "--cells", "gruu"], 3, []),
        (["compare", "-c", "sine.yaml", "--contexts", "0"], 2, []),
        (
            ["compare", "-c", "sine.yaml", "--vary", "windows.horizon=4"],
            2,
            ["pandas", "numpy", "pyarrow", "onnx", "sklearn"],
        ),
        (["predict", "--run", "no"], 5, ["pandas", "numpy", "pyarrow"]),
        (["predict", "--run", "sine"], 0, ["pandas", "numpy", "pyarrow", "onnxruntime"]),
        (["predict", "--run", "shops"], 0, ["pandas", "numpy", "pyarrow", "onnxruntime"]),
        (["runs", "rollback", "--run", "shops"], 5, []),
        (["runs", "promote", "9", "--run", "sine"], 5, []),
        (["guide", "data"], 0, []),
        (["backtest", "--help"], 0, []),
        (["backtest", "--run", "no"], 5, ["pandas", "numpy", "pyarrow"]),
        (
            ["backtest", "--run", "sine", "--importance"],
            0,
            ["pandas", "numpy", "pyarrow", "onnxruntime"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_only_training_imports_keras_and_help_imports_nothing_heavy(
    args: list[str], code: int, allowed: list[str], trained: Path
) -> None:
    found, loaded = loaded_modules(*args, cwd=trained)
    assert found == code
    assert loaded & set(HEAVY) <= set(allowed)


def test_the_version_is_printed() -> None:
    from importlib.metadata import version

    assert invoke("--version").stdout == f"{version('lstm-forecast-cli')}\n"


# Exit codes and what is said


def test_wrong_usage_exits_2(in_trained: Path) -> None:
    for args in (
        ["bogus"],
        ["train"],
        ["predict", "--horizon", "0"],
        ["predict", "--columns", "x"],
        ["plot", "x"],
    ):
        result = invoke(*args)
        assert result.exit_code == 2
        assert result.stdout == ""


FAILURES = {
    "config": (
        3,
        ["train", "-c", "sine.yaml", "--set", "model.unit=4"],
        "did you mean model.units?",
    ),
    "no config": (
        3,
        ["train", "-c", "no.yaml"],
        "no.yaml: cannot be read: No such file or directory",
    ),
    "config show": (
        3,
        ["config", "show", "-c", "sine.csv"],
        "sine.csv: expected sections such as data:",
    ),
    "no data": (
        4,
        ["train", "-c", "sine.yaml", "--set", "data.path=no.csv"],
        "no.csv: no such file",
    ),
    "no column": (
        4,
        ["train", "-c", "sine.yaml", "--set", "data.targets=z"],
        "no column z; its columns are step, y",
    ),
    "too short": (4, ["train", "-c", "sine.yaml", *TOO_LONG], "no training window"),
    "no data to predict": (
        4,
        ["predict", "--run", "sine", "--data", "no.csv"],
        "no.csv: no such file",
    ),
    "no run": (5, ["predict", "--run", "no"], "runs/no: no such run; there are shops, sine"),
    "several runs": (5, ["predict"], "several runs; choose one with --run; there are shops, sine"),
    "no runs": (5, ["predict", "--runs", "elsewhere"], "elsewhere: no run; train one first"),
    "runs under a file": (
        7,
        ["train", "-c", "sine.yaml", "--runs", "sine.csv/x"],
        "cannot be written: Not a directory",
    ),
    "output under a file": (
        7,
        ["predict", "-r", "sine", "-o", "sine.csv/x.csv"],
        "sine.csv: cannot be written: ",
    ),
    "output is a directory": (
        7,
        ["predict", "-r", "sine", "-o", "folder.csv"],
        "folder.csv: cannot be written: Is a di",
    ),
    "output of no known kind": (
        2,
        ["predict", "-r", "sine", "-o", "x.txt"],
        "expected a name that ends in .csv, .parqu",
    ),
    "output is here": (
        2,
        ["predict", "-r", "sine", "-o", "."],
        "expected a name that ends in .csv",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_has_its_exit_code_says_why_on_stderr_and_changes_nothing(
    failure: str, inside: Path
) -> None:
    code, args, message = FAILURES[failure]
    (inside / "folder.csv").mkdir()
    before = tree(inside)
    result = invoke(*args)
    assert tree(inside) == before
    assert result.exit_code == code
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("failure", FAILURES)
def test_with_json_a_failure_prints_exactly_one_object(failure: str, inside: Path) -> None:
    code, args, message = FAILURES[failure]
    (inside / "folder.csv").mkdir()
    result = invoke(*args, "--json")
    assert result.exit_code == code
    content = one_object(result.stdout)
    assert set(content) == {"ok", "exit_code", "error", "problems"}
    assert (content["ok"], content["exit_code"]) == (False, code)
    assert message in "\n".join(content["problems"])


def test_a_result_that_does_not_fit_on_the_disk_exits_7_and_leaves_nothing(workspace: Path) -> None:
    before = tree(workspace)
    command = " ".join(
        forecast_command("predict", "--run", "sine", "--horizon", "500", "-o", "out.csv")
    )
    result = subprocess.run(
        ["bash", "-c", f"ulimit -f 4; {command}"],
        cwd=workspace,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),  # it would leave truncated bytecode behind
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (7, b"")
    assert b"write: out.csv: cannot be written: File too large" in result.stderr
    assert tree(workspace) == before


def test_all_problems_of_a_config_are_in_the_object(in_trained: Path) -> None:
    result = invoke(
        "train", "-c", "sine.yaml", "--set", "model.unit=4", "--set", "seed=-1", "--json"
    )
    assert len(one_object(result.stdout)["problems"]) == 2
    assert result.stderr.count("config: ") == 2


@pytest.mark.parametrize("name", ["config.yaml", "scaler.json", "network.onnx", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_run_exits_5_and_names_the_file(name: str, content: bytes, inside: Path) -> None:
    path = open_run(Path("runs/sine")).path / name
    path.write_bytes(content)
    result = invoke("predict", "--run", "sine")
    assert (result.exit_code, result.stdout) == (5, "")
    assert f"{path}: damaged" in result.stderr


def test_files_that_predict_does_not_need_may_be_gone(inside: Path) -> None:
    for name in ("network.keras", "weights.safetensors", "history.csv", "forecasts.parquet"):
        (open_run(Path("runs/sine")).path / name).unlink()
    assert invoke("predict", "--run", "sine").exit_code == 0


def test_a_series_that_was_not_trained_on_exits_4(inside: Path) -> None:
    Path("new.csv").write_text(shops_csv(60, ("north", "west")))
    result = invoke("predict", "--run", "shops", "--data", "new.csv")
    assert result.exit_code == 4
    assert "series not seen in training: west/sold, west/price (2 of 4)" in result.stderr


def test_too_little_history_exits_4(inside: Path) -> None:
    Path("new.csv").write_text(shops_csv(5))
    result = invoke("predict", "--run", "shops", "--data", "new.csv")
    assert result.exit_code == 4
    assert "5 rows without a gap at its end, and this run needs 12" in result.stderr


def test_another_writer_exits_75_at_once_and_does_not_keep_readers_away(
    workspace: Path, forecast: Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    with locked(Path("runs/sine")):
        told = {"PYTHONPROFILEIMPORTTIME": "1"}
        result = forecast("train", "-c", "sine.yaml", "--json", cwd=workspace, **told)
        assert result.returncode == one_object(result.stdout)["exit_code"] == 75
        assert "lstm_forecast.store" in result.stderr
        assert "keras" not in result.stderr  # which takes seconds
        assert "another process is writing here" in result.stderr
        assert invoke("predict", "--run", "sine").exit_code == 0


def test_a_bug_of_ours_exits_1_with_a_traceback_on_stderr_only(
    in_trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("lstm_forecast.commands.predict.predict", fail)
    result = invoke("predict", "--json")
    assert result.exit_code == one_object(result.stdout)["exit_code"] == 1
    assert "Traceback" in result.stderr
    assert "a bug of ours: ZeroDivisionError: oh; please report it" in result.stderr


# Stopped by a signal


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_training_exits_cleanly_and_keeps_the_champion(
    number: signal.Signals, code: int, workspace: Path
) -> None:
    before = tree(workspace)
    command = forecast_command("train", "-c", "sine.yaml", "--set", "training.epochs=100000")
    command += ["--set", "training.patience=null", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=workspace, env=environment(), **pipes) as process:
        assert process.stderr is not None
        lines = []
        while not lines or not lines[-1].startswith("epoch   1/"):
            lines.append(process.stderr.readline())
            assert lines[-1], "".join(lines)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in stderr
    assert one_object(stdout) == {
        "ok": False,
        "exit_code": code,
        "error": "stopped",
        "problems": [f"stopped by {number.name}"],
    }
    assert list((workspace / "runs" / "sine" / "checkpoints").iterdir())  # for --resume
    after = tree(workspace)
    assert {
        name: content for name, content in after.items() if "/checkpoints" not in name
    } == before


# Results


def test_training_prints_the_path_of_the_run_and_says_the_rest_on_stderr(trained: Path) -> None:
    text = (trained / "stderr.txt").read_text()
    assert (
        "input dimension 1, sequence length 20, hidden size 4, output taken from the last of the 20"
        " steps" in text
    )
    assert "epoch   2/2  loss " in text
    assert "next: forecast predict --run sine" in text
    assert "seasonal_naive" in text


def test_with_json_training_prints_exactly_one_object(retrained: Path) -> None:
    content = one_object((retrained / "result.json").read_text())
    assert set(content) == {
        "ok",
        "exit_code",
        "promoted",
        "champion",
        "run",
        "path",
        "published",
        "pretrained_share",
        "validation_errors",
        "metrics",
    }
    assert content["pretrained_share"] == 0
    assert (content["ok"], content["published"], content["validation_errors"]) == (
        True,
        "network",
        {},
    )
    assert (
        (retrained / content["path"]).name
        == content["run"]
        == open_run(retrained / "runs" / "sine").run_id
    )
    assert content["metrics"]["test"]["windows"] == 40
    assert content["metrics"] == json.loads(
        open_run(retrained / "runs" / "sine").read("metrics.json")
    )


def test_training_writes_only_below_runs(retrained: Path, tmp_path: Path) -> None:
    write_inputs(tmp_path)
    written = {
        name: content for name, content in tree(retrained).items() if not name.startswith("runs")
    }
    assert written.keys() - {"result.json", "seconds.json"} == tree(tmp_path).keys()
    assert {name: written[name] for name in tree(tmp_path)} == tree(tmp_path)
    run = open_run(retrained / "runs" / "sine")
    assert set(tree(retrained / "runs")) - {
        f"sine/{run.run_id}/{name}" for name in run.manifest["files"]
    } == {
        "sine",
        "sine/champion",
        "sine/champion.lock",
        "sine/lock",
        f"sine/{run.run_id}",
        f"sine/{run.run_id}/manifest.json",
    }


def test_the_published_config_is_resolved_and_trains_again_from_where_it_lies(
    trained: Path,
) -> None:
    run = open_run(trained / "runs" / "sine")
    result = invoke("config", "show", "-c", run.path / "config.yaml")
    assert result.exit_code == 0
    assert "evaluation_stride: 5" in result.stdout
    assert "padding: false" in result.stdout
    assert result.stdout.encode() == run.read("config.yaml")


def test_predict_prints_the_forecast_and_nothing_else(in_trained: Path, forecast: Forecast) -> None:
    result = forecast("predict", "--run", "sine", cwd=in_trained)
    assert result.returncode == 0
    here = invoke("predict", "--run", "sine")
    assert here.exit_code == 0
    assert here.stderr == "published: the LSTM (4 units), which corrects its linear part (ridge)\n"
    assert result.stdout.splitlines()[0] == "unique_id,ds,cutoff,sine"
    table = pd.read_csv(io.StringIO(result.stdout))
    assert table["unique_id"].tolist() == ["y"] * 5
    assert table["ds"].tolist() == [1001, 1002, 1003, 1004, 1005]
    assert set(table["cutoff"]) == {1000}
    assert table["sine"].abs().max() < 3
    assert result.stdout == here.stdout


def test_predict_into_a_pipe_that_closes_ends_without_a_traceback(trained: Path) -> None:
    command = (
        " ".join(forecast_command("predict", "--run", "sine", "--horizon", "5000")) + " | head -n 1"
    )
    result = subprocess.run(
        ["bash", "-c", command],
        cwd=trained,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "unique_id,ds,cutoff,sine\n"
    assert not {"Traceback", "write:"} & set(result.stderr.split())


def test_every_series_and_target_is_forecast_with_its_intervals(in_trained: Path) -> None:
    table = read_csv(invoke("predict", "--run", "shops"))
    assert list(table) == ["unique_id", "ds", "cutoff", "shops", "shops-lo-80", "shops-hi-80"]
    assert list(dict.fromkeys(table["unique_id"])) == [
        "north/sold",
        "north/price",
        "south/sold",
        "south/price",
    ]
    assert (table["shops-lo-80"] <= table["shops"]).all()
    assert (table["shops"] <= table["shops-hi-80"]).all()
    assert table.groupby("unique_id")["ds"].apply(list).map(tuple).unique().tolist() == [
        ("2024-04-01", "2024-04-02", "2024-04-03", "2024-04-04")
    ]
    assert set(table["cutoff"]) == {"2024-03-31"}


@pytest.mark.parametrize("run", ["sine", "shops"])
def test_all_formats_hold_the_same_table(run: str, inside: Path) -> None:
    before = tree(inside)
    Path("new").mkdir()
    printed = invoke("predict", "--run", run)
    for suffix in (".csv", ".parquet", ".json"):
        output = f"new/out{suffix}"
        result = invoke("predict", "--run", run, "--output", output)
        assert (result.exit_code, result.stdout) == (0, f"{output}\n")
    table = pd.read_parquet("new/out.parquet")
    assert Path("new/out.csv").read_text() == printed.stdout == table.to_csv(index=False)
    content = json.loads(Path("new/out.json").read_text())
    assert set(content) == FORECASTS
    records = pd.DataFrame(content["forecasts"])
    assert records[run].tolist() == table[run].tolist()
    assert list(records) == list(table)
    assert tree(inside).keys() - before.keys() == {
        "new",
        "new/out.csv",
        "new/out.parquet",
        "new/out.json",
    }
    assert {name: content for name, content in tree(inside).items() if name in before} == before


def test_with_json_predict_prints_exactly_one_object(inside: Path) -> None:
    content = one_object(invoke("predict", "--run", "shops", "--json").stdout)
    assert set(content) == FORECASTS
    assert content["ok"] is True
    assert len(content["forecasts"]) == 2 * 2 * 4
    first = content["forecasts"][0]
    assert first["unique_id"] == "north/sold"
    assert pd.Timestamp(first["ds"]) == pd.Timestamp("2024-04-01")
    content = one_object(invoke("predict", "--run", "shops", "--json", "-o", "out.csv").stdout)
    assert (content["ok"], content["output"]) == (True, "out.csv")


def test_columns_of_the_input_are_the_users_own(in_trained: Path) -> None:
    long = read_csv(invoke("predict", "--run", "sine"))
    table = read_csv(invoke("predict", "--run", "sine", "--columns", "input"))
    assert list(table) == ["step", "y"]
    assert table["step"].tolist() == long["ds"].tolist()
    assert table["y"].tolist() == long["sine"].tolist()


def test_columns_of_the_input_have_one_row_per_series_and_stamp(in_trained: Path) -> None:
    long = read_csv(invoke("predict", "--run", "shops"))
    table = read_csv(invoke("predict", "--run", "shops", "--columns", "input"))
    assert list(table)[:2] == ["shop", "day"]
    assert set(table) == {
        *("shop", "day", "sold", "price"),
        *(f"{target}-{side}-80" for target in ("sold", "price") for side in ("lo", "hi")),
    }
    assert len(table) == 2 * 4
    for row in table.to_dict("records"):
        for target in ("sold", "price"):
            same = long[
                (long["unique_id"] == f"{row['shop']}/{target}") & (long["ds"] == row["day"])
            ]
            assert same["shops"].tolist() == [row[target]]
            assert same["shops-lo-80"].tolist() == [row[f"{target}-lo-80"]]


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(in_trained: Path) -> None:
    for run in ("sine", "shops"):
        tables = {
            steps: read_csv(invoke("predict", "--run", run, "--horizon", steps))
            for steps in (1, 3, 11, 40)
        }
        for shorter, longer in ((1, 3), (3, 11), (11, 40)):
            beginning = (
                tables[longer].groupby("unique_id", sort=False).head(shorter).reset_index(drop=True)
            )
            pd.testing.assert_frame_equal(beginning, tables[shorter], check_exact=True)


def test_a_longer_horizon_rolls_on_without_gaps(in_trained: Path) -> None:
    table = read_csv(invoke("predict", "--run", "sine", "--horizon", "123"))
    assert table["ds"].tolist() == list(range(1001, 1124))
    assert np.isfinite(table["sine"]).all()
    table = read_csv(invoke("predict", "--run", "shops", "--horizon", "9"))
    days = pd.date_range("2024-04-01", periods=9).strftime("%Y-%m-%d").tolist()
    assert [part["ds"].tolist() for _, part in table.groupby("unique_id")] == [days] * 4


def test_newer_data_move_the_cutoff(inside: Path) -> None:
    Path("new.csv").write_text(shops_csv(31 + 29 + 31 + 7))
    old = read_csv(invoke("predict", "--run", "shops"))
    new = read_csv(invoke("predict", "--run", "shops", "--data", "new.csv"))
    assert set(new["cutoff"]) == {"2024-04-07"}
    assert new["ds"].min() == "2024-04-08"
    assert not np.allclose(new["shops"], old["shops"])


def test_forecasts_do_not_depend_on_the_other_series_or_the_order_of_rows(
    inside: Path,
) -> None:
    whole = read_csv(invoke("predict", "--run", "shops"))
    Path("one.csv").write_text(shops_csv(31 + 29 + 31, ("north",)))
    alone = read_csv(invoke("predict", "--run", "shops", "--data", "one.csv"))
    expected = whole[whole["unique_id"].str.startswith("north")].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected, rtol=1e-6)
    header, *rows = Path("shops.csv").read_text().splitlines()
    Path("turned.csv").write_text("\n".join([header, *reversed(rows)]))
    turned = read_csv(invoke("predict", "--run", "shops", "--data", "turned.csv"))
    pd.testing.assert_frame_equal(
        turned.sort_values(["unique_id", "ds"], ignore_index=True),
        whole.sort_values(["unique_id", "ds"], ignore_index=True),
        rtol=1e-6,
    )


def test_a_project_directory_can_move(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    before = invoke("predict", "--run", "sine").stdout
    moved = workspace.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert invoke("predict", "--runs", moved / "runs", "--run", "sine").stdout == before


def test_the_only_run_needs_no_name_and_the_environment_can_say_where_runs_are(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inside / "runs" / "shops").rename(tmp_path / "shops")
    expected = invoke("predict", "--run", "sine").stdout
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORECAST_RUNS", str(inside / "runs"))
    assert invoke("predict").stdout == expected


# Looking at configs


def test_config_show_fills_in_options_environment_and_defaults(
    in_trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORECAST_TRAINING__EPOCHS", "7")
    content = one_object(
        invoke("config", "show", "-c", "sine.yaml", "--set", "seed=3", "--json").stdout
    )
    assert content["ok"] is True
    config = content["config"]
    assert (config["seed"], config["training"]["epochs"], config["training"]["batch_size"]) == (
        3,
        7,
        128,
    )


def test_config_schema_is_json_schema() -> None:
    schema = json.loads(invoke("config", "schema").stdout)
    assert schema["properties"].keys() >= {"name", "data", "windows", "model", "training"}
    assert one_object(invoke("config", "schema", "--json").stdout) == {"ok": True, "schema": schema}


def test_the_manifest_says_what_the_run_was_made_of(trained: Path) -> None:
    run = open_run(trained / "runs" / "sine")
    assert run.manifest["rows"] == 1000
    assert run.manifest["cutoff"] == "1000"
    assert run.manifest["columns"] == ["y"]
    assert run.manifest["versions"].keys() >= {"keras", "tensorflow", "numpy", "onnx"}
    assert len(run.manifest["data_sha256"]) == 64
    assert champion_files(trained / "runs" / "sine")["network.onnx"]
    assert {entry.name for entry in run.path.iterdir()} == {*run.manifest["files"], "manifest.json"}


def test_help_waits_for_no_library_that_reads_configs_or_tables() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from lstm_forecast.cli import app;"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0;"
        "print([name for name in ('pydantic', 'ruamel', 'numpy', 'pandas') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
