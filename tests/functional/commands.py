"""Every subcommand, found in the program itself, with arguments that succeed and arguments that
fail.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer.main

from lstm_forecast.cli import app
from tests.functional.conftest import environment

TINY = """\
name: tiny
network: {units: 8, layers: 1, hidden: 8}
training: {steps: 2, batch_size: 12}
"""  # a pretraining of seconds
RUN = ["--run", "sine"]
FAST = ["--set", "training.epochs=0"]
# In a copy of `trained`, in this order, each after the ones before it.
SUCCEED: dict[str, list[str]] = {
    "train": ["-c", "sine.yaml", *FAST],
    "quick": ["shops.csv", "--horizon", "4", "--target", "sold"],
    "pretrain": ["-c", "tiny.yaml", "-o", "made", "--force"],
    "predict": [*RUN, "--data", "then.csv", "-o", "made.csv"],
    "monitor": ["made.csv", *RUN, "--worst", "1000"],
    "detect": [*RUN, "--rate", "0.000001"],
    "init": ["sine.csv", "-o", "new.yaml", "--force"],
    "check": ["-c", "sine.yaml"],
    "template": ["--run", "known", "-o", "future.csv", "--force"],
    "backtest": RUN,
    "plot": [*RUN, "-o", "picture.png"],
    "report": RUN,
    "explain": [*RUN, "--plot", "why.png"],
    "compare": ["-c", "sine.yaml", "--cells", "rnn", "--seeds", "0", "--contexts", "20", *FAST],
    "tune": ["-c", "sine.yaml", "--trials", "1", "--folds", "1", "--jobs", "1", *FAST],
    "retrain": ["-c", "sine.yaml"],
    "schedule": ["-c", "sine.yaml", "--cron"],
    "runs list": [],
    "runs show": RUN,
    "runs verify": RUN,
    "runs promote": ["FIRST", *RUN],
    "runs rollback": RUN,
    "runs prune": [*RUN, "--keep", "50"],
    "config show": ["-c", "sine.yaml"],
    "config schema": [],
    "guide": ["exit-codes"],
    "schema": ["manifest"],
}
NO_RUN = ["--run", "nobody"]
FAIL: dict[str, list[str]] = {
    "train": ["-c", "none.yaml"],
    "quick": ["none.csv", "--horizon", "4"],
    "pretrain": ["-c", "none.yaml"],
    "predict": NO_RUN,
    "monitor": ["made.csv", *NO_RUN],
    "detect": NO_RUN,
    "init": ["none.csv"],
    "check": ["none.csv"],
    "template": NO_RUN,
    "backtest": NO_RUN,
    "plot": NO_RUN,
    "report": NO_RUN,
    "explain": NO_RUN,
    "compare": ["-c", "none.yaml"],
    "tune": ["-c", "none.yaml"],
    "retrain": ["-c", "sine.yaml", "--set", "data.path=none.csv"],
    "schedule": ["-c", "sine.yaml"],
    "runs list": NO_RUN,
    "runs show": NO_RUN,
    "runs verify": NO_RUN,
    "runs promote": ["0001", *NO_RUN],
    "runs rollback": NO_RUN,
    "runs prune": NO_RUN,
    "config show": ["-c", "none.yaml"],
    "config schema": ["--bogus"],
    "guide": ["nothing"],
    "schema": ["nothing"],
}
# Forks of a process that has imported everything, each with its standard streams as a case asks.
# Prints exit codes.
FORKS = """
import json, os, sys
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_DETERMINISTIC_OPS": "1"}
import importlib, pkgutil
import keras, sklearn.preprocessing, lstm_forecast.model.network.training
import lstm_forecast.commands as commands
for module in pkgutil.iter_modules(commands.__path__, "lstm_forecast.commands."):
    importlib.import_module(module.name)
from lstm_forecast.cli import main

def reader_gone():
    reader, writer = os.pipe()
    os.close(reader)
    return writer

OPEN = {"full": lambda: os.open("/dev/full", os.O_WRONLY), "gone": reader_gone,
        "file": lambda: os.open("heard.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        "null": lambda: os.open(os.devnull, os.O_RDWR)}

def start(streams, args):
    sys.argv = ["forecast", *args]
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        os.close(number)
        if streams[number] == "closed":  # as Python finds it when it starts
            setattr(sys, name, None)
            continue
        os.dup2(OPEN[streams[number]](), number)
        os.set_inheritable(number, True)  # as it is for whoever is started by a shell
        setattr(sys, name, open(number, mode, closefd=False, errors="backslashreplace"))
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = 120  # as Python itself ends then
    os._exit(code)  # without the seconds that TensorFlow takes to end

told = os.dup(1)
for line in open(sys.argv[1]):
    streams, args = json.loads(line)
    child = os.fork()
    if not child:
        start(streams, args)
    _, status = os.waitpid(child, 0)
    heard = open("heard.txt").read() if "file" in streams else ""
    os.write(told, (json.dumps([os.waitstatus_to_exitcode(status), heard]) + "\\n").encode())
"""


def leaves(command: Any = None, path: tuple[str, ...] = ()) -> list[str]:
    """The name of every subcommand of the program."""
    command = command or typer.main.get_command(app)
    if not hasattr(command, "commands"):
        return [" ".join(path)]
    return [
        leaf for name, inner in command.commands.items() for leaf in leaves(inner, (*path, name))
    ]


def prepare(workspace: Path) -> None:
    """Write what the commands above need beside the runs of ``trained``."""
    (workspace / "tiny.yaml").write_text(TINY)
    rows = (workspace / "sine.csv").read_text().splitlines(keepends=True)
    (workspace / "then.csv").write_text("".join(rows[:991]))
    promoted = [f"{row.strip()},{k % 3 if k else 'promo'}\n" for k, row in enumerate(rows)]
    (workspace / "known.csv").write_text("".join(promoted))
    known = (
        (workspace / "sine.yaml")
        .read_text()
        .replace("name: sine", "name: known")
        .replace("sine.csv", "known.csv")
    )
    (workspace / "known.yaml").write_text(
        known.replace("targets: y", "targets: y, covariates: {future: [promo]}")
    )


def run_all(
    cases: list[tuple[tuple[str, str, str], list[str]]], workspace: Path
) -> list[tuple[int, str]]:
    """Exit code of each case, and what the stream heard that is a file.

    A case is its standard streams (file, null, full, closed or gone), and its arguments.
    """
    first = min(
        path.name for path in (workspace / "runs" / "sine").iterdir() if path.name.startswith("0")
    )
    named = [
        (streams, [first if word == "FIRST" else word for word in args]) for streams, args in cases
    ]
    (workspace / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in named))
    result = subprocess.run(
        [sys.executable, "-c", FORKS, "cases.jsonl"],
        cwd=workspace,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(code, heard) for code, heard in map(json.loads, result.stdout.splitlines())]
