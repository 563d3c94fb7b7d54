"""What a shell is offered, asked for as the shells ask: quickly, silently, whatever the runs look
like.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from lstm_forecast.cli.completion import join_words
from lstm_forecast.config.network import Cell
from tests.functional.conftest import environment

PROGRAM = "import sys; sys.argv[0] = 'forecast'; from lstm_forecast.cli import main; main()"
MODULES = f"""
import atexit, json, sys
names = lambda: [name for name in sys.modules if "." not in name]
atexit.register(lambda: print(json.dumps(names()), file=sys.stderr))
{PROGRAM}
"""
SHELLS = ("bash", "zsh", "fish")
ZSH = "_arguments '*: :(("


def variables(shell: str, line: str) -> dict[str, str]:
    """What a shell sets when the cursor stands at the end of the line."""
    if shell == "bash":
        words = line.split(" ")
        return {
            "_FORECAST_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
    more = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"} if shell == "fish" else {}
    return {"_FORECAST_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line, **more}


def ask(line: str, cwd: Path, shell: str = "bash", **extra: str) -> list[str]:
    """The offers; nothing else is said."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=cwd,
        env=environment(**variables(shell, line), **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    offers = [offer for offer in result.stdout.splitlines() if offer]
    if shell == "zsh":
        if offers == ["_files"]:
            return []
        text = "\n".join(offers).removeprefix(ZSH).removesuffix("))'")
        return [offer.split('"')[1].replace("\\\\:", ":") for offer in text.split("\n")]
    return [offer.partition("\t")[0] for offer in offers]


@pytest.fixture(scope="module")
def sine(trained: Path) -> str:
    """Id of the run ``sine``."""
    return (trained / "runs" / "sine" / "champion").read_text().split()[0]


@pytest.mark.parametrize("shell", SHELLS)
def test_runs_their_ids_and_series_are_offered(trained: Path, sine: str, shell: str) -> None:
    (shops,) = (path.name for path in (trained / "runs" / "shops").iterdir() if path.is_dir())
    for line, expected in {
        "forecast predict --run ": ["shops", "sine"],
        "forecast predict -r si": ["sine"],
        "forecast runs show --run sine ": [sine],
        "forecast runs promote --run shops 000": [shops],
        "forecast runs verify --run shops ": [shops],
        "forecast plot --run shops --by ": ["shop"],
        "forecast plot --run shops --series no": ["north/sold", "north/price"],
        "forecast plot --run shops --series ": [
            "north/sold",
            "south/sold",
            "north/price",
            "south/price",
        ],
    }.items():
        assert ask(line, trained, shell) == expected, line


@pytest.mark.parametrize("shell", SHELLS)
def test_keys_of_a_config_their_values_and_cells_are_offered(tmp_path: Path, shell: str) -> None:
    every = list(get_args(Cell))
    for line, expected in {
        "forecast train --set model.ce": ["model.cell="],
        "forecast train -c a.yaml --set model.cell=": [f"model.cell={cell}" for cell in every],
        "forecast train --set data.duplicates=m": ["data.duplicates=mean"],
        "forecast check --set retrain.drift.": ["retrain.drift.warn=", "retrain.drift.error="],
        "forecast retrain --set preprocessing.log=": [
            "preprocessing.log=true",
            "preprocessing.log=false",
            "preprocessing.log=auto",
        ],
        "forecast compare --cells g": ["gru"],
        "forecast compare --cells lstm,": [f"lstm,{cell}" for cell in every if cell != "lstm"],
        "forecast quick a.csv --set data.duplicates=m": ["data.duplicates=mean"],
        "forecast quick a.csv --set model.ce": [],
        "forecast pretrain --set network.": [
            "network.units=",
            "network.layers=",
            "network.hidden=",
        ],
        "forecast train --set nothing.": [],
        "forecast train --set nothing=": [],
    }.items():
        assert sorted(ask(line, tmp_path, shell)) == sorted(expected), line


@pytest.mark.parametrize("shell", SHELLS)
def test_topics_of_the_guide_are_offered(tmp_path: Path, shell: str) -> None:
    assert {"data", "backtest", "exit-codes"} <= set(ask("forecast guide ", tmp_path, shell))
    assert ask("forecast guide back", tmp_path, shell) == ["backtest"]


def test_all_keys_that_a_config_may_have_are_offered(tmp_path: Path) -> None:
    found = ask("forecast train --set ", tmp_path)
    assert {
        "name=",
        "seed=",
        "data.path=",
        "data.csv.decimal=",
        "model.units=",
        "retrain.stale.error=",
    } <= set(found)
    assert not {"data=", "model=", "data.csv="} & set(found)


def test_words_that_bash_cuts_are_put_together_and_completed_from_where_it_cuts() -> None:
    for words, place, expected in [
        (
            ["forecast", "train", "--set", "a", "=", "b", "--run", ""],
            7,
            (["forecast", "train", "--set", "a=b", "--run", ""], 5),
        ),
        (
            ["forecast", "train", "--set", "a", "=", "b"],
            5,
            (["forecast", "train", "--set", "b"], 3),
        ),
        (["forecast", "train", "--set", "a", "="], 4, (["forecast", "train", "--set", ""], 3)),
        (
            ["forecast", "compare", "--cells", "=", "g"],
            4,
            (["forecast", "compare", "--cells", "g"], 3),
        ),
        (
            ["forecast", "train", "--set", "=", "a", "=", "b"],
            6,
            (["forecast", "train", "--set", "b"], 3),
        ),
        (["forecast", "pre"], 1, (["forecast", "pre"], 1)),
    ]:
        found = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(place)}
        join_words(found)
        assert (found["COMP_WORDS"].split("\n"), int(found["COMP_CWORD"])) == expected
    for odd in (
        {},
        {"COMP_WORDS": "="},
        {"COMP_WORDS": "a\n=", "COMP_CWORD": "x"},
        {"COMP_WORDS": "a\n=", "COMP_CWORD": "7"},
    ):
        before = dict(odd)
        join_words(odd)
        assert odd == before


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_completes_values_behind_an_equals_sign(tmp_path: Path) -> None:
    (tmp_path / "forecast").write_text(f'#!/bin/sh\nexec {sys.executable} -c "{PROGRAM}" "$@"\n')
    (tmp_path / "forecast").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    script = subprocess.run(
        ["forecast"],
        env=environment(PATH=path, _FORECAST_COMPLETE="source_bash"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    asked = (
        "COMP_WORDS=(forecast train --set model.cell = g); COMP_CWORD=5; _forecast_completion"
        " forecast"
    )
    found = subprocess.run(
        ["bash", "-c", f"{script}\n{asked}\necho ${{COMPREPLY[@]}}"],
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout.strip(), found.stderr) == ("gru", "")


def test_a_directory_of_runs_may_be_named_or_come_from_the_environment(
    trained: Path, tmp_path: Path
) -> None:
    runs = str(trained / "runs")
    assert ask(f"forecast predict --runs {runs} --run ", tmp_path) == ["shops", "sine"]
    assert ask("forecast predict --run ", tmp_path, FORECAST_RUNS=runs) == ["shops", "sine"]
    assert ask("forecast predict --run ", tmp_path) == []


BROKEN: dict[str, Callable[[Path], object]] = {
    "no runs": lambda runs: shutil.rmtree(runs),
    "a file": lambda runs: (shutil.rmtree(runs), runs.write_text("")),
    "a link to itself": lambda runs: (shutil.rmtree(runs), runs.symlink_to(runs)),
    "no pointer": lambda runs: (runs / "sine" / "champion").unlink(),
    "an odd pointer": lambda runs: (runs / "sine" / "champion").write_bytes(b"\xff\0../../x"),
    "a pipe as pointer": lambda runs: (
        (runs / "sine" / "champion").unlink(),
        os.mkfifo(runs / "sine" / "champion"),
    ),
    "no scaler": lambda runs: [path.unlink() for path in runs.glob("sine/*/scaler.json")],
    "a pipe as scaler": lambda runs: [
        (path.unlink(), os.mkfifo(path)) for path in runs.glob("sine/*/scaler.json")
    ],
    "an odd scaler": lambda runs: [
        path.write_text("[1]") for path in runs.glob("sine/*/scaler.json")
    ],
    "numbers as series": lambda runs: [
        path.write_text('{"series": [1, null]}') for path in runs.glob("sine/*/scaler.json")
    ],
    "a deep scaler": lambda runs: [
        path.write_text("[" * 100_000) for path in runs.glob("sine/*/scaler.json")
    ],
    "an odd manifest": lambda runs: [
        path.write_text("{}") for path in runs.glob("sine/*/manifest.json")
    ],
    "odd names": lambda runs: [
        shutil.copytree(runs / "sine", runs / name)
        for name in ("a b", "$(touch x)", "a\nb", "*", "\x1b[31m", "-x")
    ],
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_damaged_runs_offer_nothing_and_say_nothing(
    workspace: Path, change: Callable[[Path], object]
) -> None:
    change(workspace / "runs")
    for line in (
        "forecast predict --run ",
        "forecast runs show --run sine ",
        "forecast plot --run sine --series ",
    ):
        offers = ask(line, workspace)
        assert all(
            offer.isprintable() and " " not in offer and "$" not in offer for offer in offers
        )


def test_many_runs_and_series_are_offered_up_to_what_people_read(workspace: Path) -> None:
    for k in range(300):
        (workspace / "runs" / f"copy{k:03d}").mkdir()
        (workspace / "runs" / f"copy{k:03d}" / "champion").write_text("")
    assert len(ask("forecast predict --run ", workspace)) == 200
    assert ask("forecast predict --run copy29", workspace) == [f"copy{k}" for k in range(290, 300)]
    (scaler,) = (workspace / "runs").glob("sine/*/scaler.json")
    scaler.write_text(json.dumps({"series": {f"s{k:06d}": {} for k in range(100_000)}}))
    assert len(ask("forecast plot --run sine --series s0", workspace)) == 200
    scaler.write_text(json.dumps({"series": {f"s{k:06d}{'x' * 100}": {} for k in range(100_000)}}))
    # too much to look through while someone waits
    assert ask("forecast plot --run sine --series s0", workspace) == []


@pytest.mark.parametrize(
    "line",
    [
        "forecast train --set model.",
        "forecast plot --run shops --series ",
        "forecast runs show ",
        "forecast compare --cells ",
    ],
)
def test_completion_is_quick_and_loads_nothing_heavy(trained: Path, line: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", MODULES], cwd=trained, env=environment(**variables("bash", line)),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = set(json.loads(result.stderr))
    assert not loaded & {
        "pandas",
        "numpy",
        "tensorflow",
        "keras",
        "matplotlib",
        "sklearn",
        "onnxruntime",
        "pyarrow",
        "rich",
    }
    times = [(seconds(lambda: ask(line, trained)), seconds(start)) for _ in range(5)]
    fastest, bare = (min(each) for each in zip(*times, strict=True))
    assert fastest < 4 * bare  # of a program that does nothing, on a machine as busy


def start() -> None:
    """A program that only says its version."""
    command = [sys.executable, "-m", "lstm_forecast", "--version"]
    subprocess.run(command, env=environment(), capture_output=True, check=True)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_options_of_init_offer_what_the_shell_has(trained: Path) -> None:
    for option in ("--target", "--series-id", "--timestamp", "--timestamp-format"):
        assert ask(f"forecast init sine.csv {option} ", trained) == []
