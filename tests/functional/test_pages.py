"""Every command of every page does what the page says, in the order of the page, in a copy of the
shipped files.

Trainings are made small: one epoch, one network, one seed, one length that is timed. What needs
hours, another machine or data that do not come with the repository is parsed alone.
"""

import json
import math
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.exceptions import TyperException
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config, load_recipe
from tests.benchmarks.__main__ import DETAILED, PLAIN
from tests.functional.conftest import environment
from tests.functional.pages import (
    FOLLOWED,
    GUIDE,
    LANGUAGES,
    PAGES,
    ROOT,
    blocks,
    commands,
    expected_code,
    inline_commands,
    name_of,
    parsed,
)

DAYS = 200
# Runs each `forecast` of a page in a fork of a process that has imported Keras: what takes seconds
# is done once.
SERVER = """
import json, os, signal, socket, sys
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_DETERMINISTIC_OPS": "1"}
import keras, pandas, pyarrow.parquet, sklearn.preprocessing
from lstm_forecast.cli import main

MODES = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))

def answer(connection):
    text, streams, *_ = socket.recv_fds(connection, 65536, 3)
    asked = json.loads(text)
    for number, (stream, (name, mode)) in enumerate(zip(streams, MODES)):
        os.dup2(stream, number)
        setattr(sys, name, open(number, mode, closefd=False, errors="backslashreplace"))
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["forecast", *asked["words"]]
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(code or 0).encode())
    os._exit(0)

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
listener.settimeout(1)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
parent = os.getppid()
while os.getppid() == parent:
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        continue
    if not os.fork():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        answer(connection)
    connection.close()
"""
QUICK = ["model.ensemble=1", "training.steps_per_epoch=2"]
SMALL = {
    "train": [*QUICK, "training.epochs=1", "training.refit=false"],
    "retrain": [*QUICK, "training.epochs=1"],
    "compare": [*QUICK, "training.epochs=0"],
    "tune": [*QUICK, "training.epochs=0"],
    "pretrain": [f"training.{key}" for key in ("steps=2", "batch_size=12")]
    + ["network.units=8", "network.hidden=8"],
}
# What stands on PATH as `forecast`: hands its words, directory and streams on, and ends as the fork
# does.
CLIENT = """\
#!{python} -S
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect({place!r})
words = sys.argv[1:]
for setting in {small!r}.get(words[0], ()):
    words += ["--set", setting]
if words[0] == "compare":
    words = [("0" if before == "--seeds" else word) for before, word in zip(["", *words], words)]
    words += [] if "--seeds" in words else ["--seeds", "0"]
    words += ["--contexts", "20"] if "configs/sine.yaml" in words else []
if words[0] == "tune":
    words = [word for before, word in zip(["", *words], words) if "--trials" not in (before, word)]
    words += ["--trials", "1", "--folds", "1", "--jobs", "1"]
asked = {{"words": words, "cwd": os.getcwd(), "environment": dict(os.environ)}}
socket.send_fds(connection, [json.dumps(asked).encode()], [0, 1, 2])
sys.exit(int(connection.recv(16) or b"1"))
"""
# Hours, or public data that do not come with the repository: see the tests of the benchmarks.
LONG = ("tests/benchmarks/README.md",)
INSTALL = re.compile(r"^python -m pip install [^&]+(&& )?")


class Terminal:
    """Runs lines as a shell does, with this program on PATH."""

    def __init__(self, folder: Path) -> None:
        place = str(folder / "socket")
        self.folder = folder
        client = folder / "forecast"
        client.write_text(CLIENT.format(python=sys.executable, place=place, small=SMALL))
        client.chmod(0o755)
        (folder / "python").symlink_to(sys.executable)
        command = [sys.executable, "-c", SERVER, place]
        self.server = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        assert self.server.stdout is not None
        assert self.server.stdout.readline() == b"ready\n"

    def __call__(self, line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        told = environment(PATH=f"{self.folder}:{os.environ['PATH']}", PYTHONPATH=str(ROOT))
        return subprocess.run(
            ["sh", "-c", line],
            cwd=cwd,
            env=told,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="session")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    if not hasattr(socket, "send_fds"):
        pytest.skip("no streams can be handed to another process here")
    made = Terminal(tmp_path_factory.mktemp("terminal"))
    yield made
    made.server.terminate()
    made.server.wait()


def write_shipped(directory: Path) -> None:
    """The shipped files, a table as the reader has one, another with a column known ahead, and
    lines of a log.
    """
    shutil.copytree(ROOT / "configs", directory / "configs")
    shutil.copytree(ROOT / "data", directory / "data")
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-01", periods=DAYS)
    sales = [100 + 20 * math.sin(2 * math.pi * k / 7) + rng.normal() for k in range(DAYS)]
    table = pd.DataFrame({"date": days, "sales": np.round(sales, 1)})
    table.to_csv(directory / "my.csv", index=False)
    table = table.assign(promo=np.arange(DAYS) % 2)
    table.loc[DAYS - 14 :, "sales"] = None  # which is to be forecast
    table.to_csv(directory / "sales.csv", index=False)
    moments = pd.date_range("2024-01-01", periods=900, freq="47min")
    levels = ["INFO", "WARN", "INFO"] * 300
    pd.DataFrame({"time": moments, "level": levels}).to_csv(directory / "log.csv", index=False)
    stores = pd.concat(
        table.dropna().assign(store=f"s{k:03}", promo=table["sales"].dropna() + k)
        for k in range(40)
    ).rename(columns={"promo": "sold"})
    stores.to_parquet(directory / "stores.parquet")
    (directory / "configs" / "stores.yaml").write_text(
        "name: stores\ndata: {path: ../stores.parquet, timestamp: date, series_id: store, targets:"
        " sold, freq: D}\nwindows: {horizon: 14, context_length: 28, normalisation: last}\n"
        "model: {units: 4, segment_length: 7, segment_units: 0, linear: ridge, pretrained: 0}\n"
        "training: {epochs: 1, steps_per_epoch: 20}\n"
    )
    (directory / "configs" / "sales.yaml").write_text(
        "name: sales\ndata: {path: ../sales.csv, timestamp: date, targets: sales, covariates:"
        " {future: [promo]}}\nwindows: {horizon: 14, context_length: 28, normalisation:"
        " last}\nmodel: {units: 4, segment_length: 7, segment_units: 0, linear: ridge}\n"
    )


def follow(page: Path, terminal: Terminal, workspace: Path) -> list[str]:
    """What went wrong with the commands of a page."""
    return [
        fault for command in commands(page) if (fault := fault_of(command, terminal, workspace))
    ]


def fault_of(command: str, terminal: Terminal, workspace: Path) -> str:
    line = INSTALL.sub("", command)
    if not line or is_ours(line):
        return ""
    if line.startswith("forecast"):
        parsed(line)
    if "--future future.csv" in line:  # the reader fills in its empty cells first
        table = pd.read_csv(workspace / "future.csv")
        table.fillna(1.0).to_csv(workspace / "future.csv", index=False)
    result = terminal(line, workspace)
    told = result.stderr + result.stdout
    if result.returncode != expected_code(command) or "Traceback" in told:
        return f"{command}\nexit code {result.returncode}\n{told}"
    return ""


def is_ours(line: str) -> bool:
    """Whether a line is for who works on this program: tests and benchmarks are there for them."""
    words = [word for word in shlex.split(line, comments=True) if "=" not in word]
    if words[:3] == ["python", "-m", "tests.benchmarks"]:
        assert words[3] in (*PLAIN, *DETAILED), line
        return True
    if words[:3] == ["python", "-m", "pytest"] or words[0] == "pre-commit":
        assert all((ROOT / word).exists() for word in words if word.endswith(".py")), line
        return True
    return False


Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def followed(once: Once, terminal: Terminal) -> Path:
    """The shipped files, once somebody did what the README says. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_shipped(directory)
        faults = follow(ROOT / "README.md", terminal, directory)
        (directory / "faults.json").write_text(json.dumps(faults))

    return once("followed", fill)


@pytest.fixture
def there(followed: Path, tmp_path: Path) -> Path:
    """A copy of that to write in."""
    return shutil.copytree(followed, tmp_path / "there")


def test_the_readme_can_be_followed(followed: Path) -> None:
    assert json.loads((followed / "faults.json").read_text()) == []
    assert sorted(path.name for path in (followed / "runs").iterdir()) == ["my", "quickstart"]
    table = pd.read_csv(followed / "forecast.csv")
    assert (len(table), table["ds"][0][:10]) == (14, "2023-07-20")
    assert (followed / "quickstart-forecast.png").is_file()


OTHERS = [page for page in FOLLOWED if commands(page) and name_of(page) not in ("README.md", *LONG)]


@pytest.mark.parametrize("page", OTHERS, ids=name_of)
def test_a_page_can_be_followed(page: Path, there: Path, terminal: Terminal) -> None:
    if any("forecast init" in command for command in commands(page)):  # which writes over nothing
        (there / "configs" / "my.yaml").unlink()
    assert follow(page, terminal, there) == []


@pytest.mark.parametrize("name", LONG)
def test_what_takes_hours_names_what_there_is(name: str) -> None:
    for command in commands(ROOT / name):
        if not is_ours(command):
            parsed(command)
            assert (ROOT / shlex.split(command)[3]).is_file(), command


@pytest.mark.parametrize(
    "command", ["forecast train --nosuch", "forecast --nosuch train", "forecast nosuch"]
)
def test_a_subcommand_or_an_option_that_does_not_exist_is_noticed(command: str) -> None:
    with pytest.raises((TyperException, KeyError), match="nosuch"):
        parsed(command)


TOLD = {
    page: told
    for page in PAGES
    if (told := [command for command in inline_commands(page) if not is_ours(command)])
}


def test_the_text_of_some_pages_names_commands() -> None:
    assert {name_of(page) for page in TOLD} > {"README.md", "CHANGELOG.md"}


@pytest.mark.parametrize("page", TOLD, ids=name_of)
def test_commands_in_the_text_have_the_options_that_it_names(page: Path) -> None:
    for command in TOLD[page]:
        parsed(command)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_are_of_a_known_kind(page: Path) -> None:
    assert {block.language for block in blocks(page)} <= LANGUAGES


PARTS = {
    page: parts
    for page in sorted(GUIDE.glob("*.md"))
    if (parts := [block.text for block in blocks(page) if block.language == "yaml"])
}


def test_some_pages_show_parts_of_configs() -> None:
    assert PARTS


@pytest.mark.parametrize("page", PARTS, ids=name_of)
def test_parts_of_configs_are_right(page: Path, tmp_path: Path) -> None:
    for part in PARTS[page]:
        if part.startswith("name:"):  # the whole config of a pretraining
            (tmp_path / "b.yaml").write_text(part)
            load_recipe(tmp_path / "b.yaml")
            continue
        data = "" if part.startswith("data:") else "data:\n"
        needed = (
            f"name: a\n{part}{data}  path: a.csv\n  timestamp: ds\n  targets: [y]\nwindows:"
            " {horizon: 5}\n"
        )
        (tmp_path / "a.yaml").write_text(needed)
        load_config(tmp_path / "a.yaml", environment={})


def test_the_recipe_of_the_sine_makes_the_file_that_is_shipped(tmp_path: Path) -> None:
    (recipe,) = (
        block.text for block in blocks(ROOT / "data" / "README.md") if block.language == "python"
    )
    subprocess.run([sys.executable, "-c", recipe], cwd=tmp_path, check=True)
    assert (tmp_path / "sine.csv").read_bytes() == (ROOT / "data" / "sine.csv").read_bytes()


def test_the_lines_for_cron_do_what_the_page_says_also_with_what_is_known_ahead(
    there: Path, terminal: Terminal
) -> None:
    (lines,) = (
        block.text for block in blocks(GUIDE / "unattended.md") if block.language == "crontab"
    )
    (there / "forecasts").mkdir()
    for line in lines.splitlines():
        *times, command = line.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*]+", field) for field in times)
        assert not re.search(r"(?<!\\)%", command)  # which would end it
        result = terminal(command.replace(r"\%", "%").replace("/srv/sales", str(there)), there)
        if "monitor" in command:  # nothing has come in yet
            assert result.returncode == 4, result.stderr
        else:
            assert result.returncode == 0, result.stderr
    (table,) = (pd.read_csv(path) for path in (there / "forecasts").iterdir())
    assert (table["ds"].iloc[0][:10], len(table)) == ("2023-07-06", 14)
    grown = pd.read_csv(there / "my.csv").assign(promo=np.arange(DAYS) % 2)
    grown.to_csv(there / "sales.csv", index=False)
    assert terminal(command.replace("/srv/sales", str(there)), there).returncode in (0, 6)
    assert (there / "monitor.png").is_file()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs" / "benchmarks").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_config_whose_public_data_are_not_here_says_where_they_come_from(
    path: Path, tmp_path: Path
) -> None:
    config = tmp_path / "a" / "b" / "configs" / path.name
    config.parent.mkdir(parents=True)
    shutil.copy(path, config)
    result = CliRunner().invoke(app, ["check", "--config", str(config), "--json"])
    assert result.exit_code == 4
    (problem,) = json.loads(result.stdout)["problems"]
    assert "no such file, directory or glob; data.path names it" in problem
    (named,) = (line for line in path.read_text().splitlines() if line.startswith("  path: "))
    assert named.endswith("# public data: see tests/benchmarks/README.md")
    table = (ROOT / "tests" / "benchmarks" / "README.md").read_text()
    file = Path(load_config(path, environment={}).data.path).name
    assert f"`{file}`" in table


LACKING = [
    ["accuracy", "m4-hourly"], ["intervals"], ["ablation"], ["defaults"], ["support", "m5"],
    ["reliability", "power"],
    ["reliability", "warm"],
]  # fmt: skip


@pytest.mark.parametrize("words", LACKING, ids=" ".join)
def test_a_benchmark_without_its_data_says_so_in_one_sentence(
    words: list[str], tmp_path: Path
) -> None:
    for name in ("tests", "configs", "data"):
        shutil.copytree(
            ROOT / name, tmp_path / "here" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    command = [sys.executable, "-m", "tests.benchmarks", *words]
    result = subprocess.run(
        command,
        cwd=tmp_path / "here",
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith(str(tmp_path / "shared"))
    assert sentence.endswith(
        ": no such file; tests/benchmarks/README.md says which data are needed, and where they come"
        " from"
    )
