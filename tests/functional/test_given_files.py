"""What people name: tables on standard input, places for results, files that are being written, odd
things.
"""

import gzip
import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from tests.functional.commands import prepare
from tests.functional.conftest import environment, forecast_command, tree
from tests.reliability import odd_files

RUN = ("--run", "sine")


def invoke(*args: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args], input=given)


def parquet(path: Path) -> bytes:
    pd.read_csv(path).to_parquet(path.with_suffix(".parquet"), index=False)
    return path.with_suffix(".parquet").read_bytes()


# Standard input


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_predict_reads_its_history_from_standard_input_as_from_the_file(
    pack: Callable[[bytes], bytes], inside: Path
) -> None:
    content = pack(Path("sine.csv").read_bytes())
    assert (
        invoke("predict", *RUN, "--data", "-", given=content).stdout
        == invoke("predict", *RUN).stdout
    )
    assert invoke(
        "predict", *RUN, "--data", "-", given=parquet(inside / "sine.csv")
    ).stdout.startswith("unique_id,")


def test_check_tells_the_same_of_standard_input_as_of_the_file(inside: Path) -> None:
    content = Path("sine.csv").read_bytes()
    named, piped = (invoke("check", name, "--json", given=content) for name in ("sine.csv", "-"))
    assert json.loads(piped.stdout) == json.loads(named.stdout) | {"data": "/dev/stdin"}


def test_a_file_called_dash_is_read_where_its_folder_is_named(inside: Path) -> None:
    shutil.copy("sine.csv", "-")
    assert json.loads(invoke("check", "./-", "--json", given=b"").stdout)["data"] == "-"


def test_a_real_pipe_is_read_to_its_end_however_slowly_it_comes(inside: Path) -> None:
    content = Path("sine.csv").read_bytes()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(
        forecast_command("predict", *RUN, "--data", "-"), env=environment(), **pipes
    ) as process:
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), True)
        for start in range(0, len(content), 5000):
            process.stdin.write(content[start : start + 5000])
            process.stdin.flush()
            time.sleep(0.3)
        printed, _ = process.communicate()
    assert printed.decode() == invoke("predict", *RUN).stdout


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_monitor_reads_forecasts_of_every_format_from_standard_input(
    form: str, inside: Path
) -> None:
    pd.read_csv("sine.csv").iloc[:900].to_csv("then.csv", index=False)
    assert invoke("predict", *RUN, "--data", "then.csv", "--output", f"made.{form}").exit_code == 0
    named = invoke("monitor", f"made.{form}", *RUN, "--json")
    assert json.loads(named.stdout)["live"]["rows"] == 5
    assert (
        invoke("monitor", "-", *RUN, "--json", given=Path(f"made.{form}").read_bytes()).stdout
        == named.stdout
    )


def test_init_writes_a_config_for_standard_input_and_says_where_the_table_has_to_lie(
    inside: Path,
) -> None:
    content = gzip.compress(Path("sine.csv").read_bytes())
    assert (
        "give the config one with --output configs/NAME.yaml"
        in invoke("init", "-", given=content).stderr
    )
    result = invoke("init", "-", "--output", "mine.yaml", given=content)
    assert result.exit_code == 0, result.stderr
    assert "save the table as mine.csv.gz before training" in result.stderr
    assert invoke("check", "--config", "mine.yaml").exit_code == 4
    Path("mine.csv.gz").write_bytes(content)
    assert invoke("check", "--config", "mine.yaml").exit_code == 0


@pytest.mark.parametrize("path", ["-", "/dev/stdin"])
def test_a_config_that_names_standard_input_is_refused_as_nobody_could_train_again(
    path: str, inside: Path
) -> None:
    result = invoke("train", "--config", "sine.yaml", "--set", f"data.path='{path}'", given=b"")
    assert result.exit_code == 3
    assert (
        "must be a file, as standard input comes only once; one that is called - is ./-"
        in result.stderr
    )


def test_standard_input_cannot_be_two_tables(inside: Path) -> None:
    content = Path("sine.csv").read_bytes()
    for args in (
        ["predict", *RUN, "--data", "-", "--future", "-"],
        ["monitor", "-", *RUN, "--data", "-"],
    ):
        result = invoke(*args, given=content)
        assert (result.exit_code, "cannot both come in on standard input" in result.stderr) == (
            2,
            True,
        )


def test_of_two_tables_one_may_be_a_file_as_is_said(inside: Path) -> None:
    prepare(inside)
    history = Path("known.csv").read_bytes()
    future = b"step,promo\n" + b"".join(b"%d,1\n" % step for step in range(1001, 1006))
    train = ["train", "-c", "known.yaml", "--set", "training.epochs=0"]
    assert invoke(*train).exit_code == 0
    Path("future.csv").write_bytes(future)
    known, made = ["predict", "--run", "known"], ["monitor", "made.csv", *RUN, "--worst", "1000"]
    for args, given in (
        ([*known, "--data", "-", "--future", "future.csv"], history),
        ([*known, "--data", "known.csv", "--future", "-"], future),
        (["predict", *RUN, "--data", "then.csv", "-o", "made.csv"], None),
        ([*made, "--data", "-"], history),
        (["monitor", "-", *made[2:], "--data", "sine.csv"], Path("made.csv")),
    ):
        content = given.read_bytes() if isinstance(given, Path) else given
        result = invoke(*args, given=content)
        assert result.exit_code == 0, result.stderr


# Results


@pytest.fixture
def command(request: pytest.FixtureRequest) -> list[str]:
    return {
        "predict": ["predict", *RUN, "--output"],
        "backtest": ["backtest", *RUN, "--output"],
        "plot": ["plot", *RUN, "--output"],
        "retrain": ["retrain", "--config", "sine.yaml", "--metrics-file"],
        "compare": ["compare", "--config", "sine.yaml", "--output"],
        "picture": ["compare", "--config", "sine.yaml", "--plot"],
        "init": ["init", "sine.csv", "--force", "--output"],
    }[request.param]


TABLES = ["predict", "backtest", "compare", "retrain", "init"]
ALL = [*TABLES, "plot", "picture"]


@pytest.mark.parametrize("command", TABLES, indirect=True)
@pytest.mark.parametrize(
    "name", ["sine.csv", "./runs/../sine.csv", "link.csv", "hard.csv", "deep/../sine.csv"]
)
def test_no_result_goes_over_the_data_of_the_run_whatever_it_is_called(
    command: list[str], name: str, inside: Path
) -> None:
    Path("link.csv").symlink_to("sine.csv")
    os.link("sine.csv", "hard.csv")
    Path("deep").mkdir()
    before = tree(inside)
    result = invoke(*command, name)
    assert result.exit_code == 2, result.output
    assert "which is read; choose another place" in result.stderr
    assert tree(inside) == before


@pytest.mark.parametrize("command", ALL, indirect=True)
@pytest.mark.parametrize("place", ["runs/sine", "runs/sine/{run}", "linked", "runs/shops"])
def test_no_result_goes_into_a_run(command: list[str], place: str, inside: Path) -> None:
    run_id = Path("runs/sine/champion").read_text().split()[0]
    Path("linked").symlink_to(f"runs/sine/{run_id}")
    before = tree(inside)
    name = {"init": "config.yaml", "plot": "a.png"}.get(command[0], "forecasts.csv")
    result = invoke(
        *command, f"{place.format(run=run_id)}/{'a.png' if '--plot' in command else name}"
    )
    assert result.exit_code == 2, result.output
    assert "lies in a run, where only trainings write; choose another place" in result.stderr
    assert tree(inside) == before


@pytest.mark.parametrize("command", ["predict", "compare", "retrain"], indirect=True)
@pytest.mark.parametrize("source", ["many", "many/*.csv", "**/sine*.csv"])
def test_no_result_becomes_part_of_a_directory_or_glob_that_is_read(
    command: list[str], source: str, inside: Path
) -> None:
    Path("many").mkdir()
    shutil.copy("sine.csv", "many/sine.csv")
    data = ["--data", source] if command[0] == "predict" else ["--set", f"data.path='{source}'"]
    before = tree(inside)
    for name in ("many/sine.csv", "many/sine-new.csv"):
        result = invoke(*command, name, *data)
        assert (result.exit_code, "which is read; choose another place" in result.stderr) == (
            2,
            True,
        ), result.output
    assert tree(inside) == before


@pytest.mark.parametrize("args", [["--data", "new.csv"], ["--future", "new.csv"]])
def test_no_result_goes_over_what_was_given_to_the_same_command(
    args: list[str], inside: Path
) -> None:
    shutil.copy("sine.csv", "new.csv")
    assert (
        "would change new.csv, which is read"
        in invoke("predict", *RUN, *args, "--output", "new.csv").stderr
    )


@pytest.mark.parametrize("command", ["compare", "retrain"], indirect=True)
def test_no_result_goes_over_the_config(command: list[str], inside: Path) -> None:
    Path("sine.yaml").rename("sine.csv.json")
    command[command.index("--config") + 1] = "sine.csv.json"
    assert "would change sine.csv.json, which is read" in invoke(*command, "sine.csv.json").stderr


@pytest.mark.parametrize(
    "command", ["predict", "backtest", "plot", "compare", "picture", "retrain"], indirect=True
)
def test_a_directory_that_is_not_there_is_an_error_and_not_made(
    command: list[str], inside: Path
) -> None:
    name = "none/a.png" if command[0] == "plot" or "--plot" in command else "none/a.csv"
    # which no training survives
    more = ["--set", "windows.horizon=5000"] if "--config" in command else []
    result = invoke(*command, name, *more)
    assert result.exit_code == 7, result.output
    needed = f"as {command[-1]} {name} needs; make it first"
    assert f"none: cannot be written: no such directory, {needed}" in result.stderr
    assert not Path("none").exists()
    Path("none").mkdir()  # the remedy
    assert invoke(*command, name, *more).exit_code in (0, 4)


def test_a_pipe_that_nobody_reads_is_an_error_and_not_waited_for(inside: Path) -> None:
    os.mkfifo("pipe.csv")
    result = invoke("predict", *RUN, "--output", "pipe.csv")
    assert (result.exit_code, "pipe.csv: cannot be written: " in result.stderr) == (7, True)


# Files that are being written


ROWS = 100_000  # so that rows are added while these are read, however busy the machine is
WRITER = f"""
import itertools, math, time
with open("sine.csv", "a", buffering=1) as file:
    for step in itertools.count({ROWS}):
        file.write(f"{{step}},{{math.sin(step):.3f}}\\n")
        time.sleep(0.001)
"""


@pytest.fixture
def writing(inside: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process adds rows to ``sine.csv`` until it is stopped."""
    with Path("sine.csv").open("a") as file:
        file.writelines(f"{step},{math.sin(step):.3f}\n" for step in range(1001, ROWS))
    with subprocess.Popen([sys.executable, "-c", WRITER]) as writer:
        size = Path("sine.csv").stat().st_size
        while Path("sine.csv").stat().st_size == size:
            time.sleep(0.01)
        yield writer
        writer.kill()


@pytest.mark.parametrize(
    "args", [["predict", *RUN], ["check", "sine.csv"], ["retrain", "-c", "sine.yaml"]]
)
@pytest.mark.usefixtures("writing")
def test_a_table_that_is_being_written_is_refused(args: list[str]) -> None:
    result = invoke(*args)
    assert result.exit_code == 4, result.output
    assert "changed while it was read (" in result.stderr + result.stdout
    assert "try again when it is written" in result.stderr + result.stdout


def test_retrain_waits_for_a_table_to_be_written_as_long_as_it_may(
    writing: subprocess.Popen[bytes],
) -> None:
    assert (
        "have it waited for, for example with --wait 10m"
        in invoke("retrain", "-c", "sine.yaml").stderr
    )
    threading.Timer(1.5, writing.kill).start()
    lax = [f"--set=retrain.{key}=null" for key in ("drift.error", "silent.error")]
    result = invoke(
        "retrain",
        "-c",
        "sine.yaml",
        "--wait",
        "10m",
        "--set=retrain.min_new_rows=9999999",
        "--json",
        *lax,
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["outcome"] == "not_due"
    assert "waiting for that" in result.stderr


def test_a_cut_last_number_is_said_by_whatever_reads_it(inside: Path) -> None:
    content = Path("sine.csv").read_text().rstrip("\n")
    Path("sine.csv").write_text(content[:-4])
    said = "the last row has no line end, and "
    assert said in invoke("check", "sine.csv").stdout
    assert said in invoke("init", "sine.csv", "--output", "new.yaml").stderr
    assert (
        f"warning: sine.csv:{content.count(chr(10)) + 1}: {said}"
        in invoke("predict", *RUN, "--data", "sine.csv").stderr
    )
    assert said in json.loads(invoke("backtest", *RUN, "--json").stdout)["warnings"][0]
    status = json.loads(invoke("retrain", "-c", "sine.yaml", "--json").stdout)
    assert said in status["warnings"][0]


# Odd things in the place of every path


def test_every_path_that_a_command_takes_is_tried() -> None:
    found = {(place.command, place.name) for place in odd_files.places()}
    assert {
        ("predict", "output"),
        ("runs list", "runs"),
        ("config show", "config"),
        ("train", "data.path"),
    } <= found
    assert len(found) > 40


@pytest.mark.parametrize("name", [name for name, _ in odd_files.commands()])
def test_whatever_lies_at_a_path_a_command_ends_soon_and_says_why(name: str, inside: Path) -> None:
    assert invoke("predict", *RUN, "--output", "made.csv").exit_code == 0
    command = [sys.executable, "-m", "tests.reliability.odd_files", name, "6"]
    root = Path(__file__).parents[2]
    result = subprocess.run(
        command,
        env=environment(PYTHONPATH=str(root)),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    *tried, end = map(json.loads, result.stdout.splitlines())
    assert not [each for each in tried if each["problem"]]
    assert end["peak"] < odd_files.MOST_MIB
