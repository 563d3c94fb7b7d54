"""Remedies of runs that are missing or damaged."""

from pathlib import Path

from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.store import champions
from tests.functional.remedies.entry import Typed

__all__ = ["TYPED"]

TRAIN = "train -c sine.yaml --set training.epochs=0"


def damaged(folder: Path) -> None:
    """The only run of ``sine`` without its network."""
    home = folder / "runs" / "sine"
    (home / champions(home)[0] / "network.onnx").unlink()


def damaged_behind_another(folder: Path) -> None:
    """The second run of ``sine`` without its network."""
    trained = CliRunner().invoke(app, TRAIN.split())
    assert trained.exit_code == 0, trained.output
    damaged(folder)


def lost_pointer(folder: Path) -> None:
    """The pointer to the champion of ``sine`` without what it points at."""
    (folder / "runs" / "sine" / "champion").write_text("")


TYPED = [
    # where there is none, or several
    Typed("several runs; choose one with --run", "predict", {"--run": "predict --run sine"}),
    Typed(
        "train one first: forecast train --config FILE{}",
        "predict --runs elsewhere",
        {
            "forecast train --config FILE --runs elsewhere": f"{TRAIN} --runs elsewhere"
            " && predict --runs elsewhere"
        },
    ),
    Typed(
        "no earlier champion to go back to; forecast runs list",
        f"{TRAIN} && runs rollback --run sine && runs rollback --run sine",
        {
            "forecast runs list shows": "runs list && runs promote 0002 --run sine"
            " && runs rollback --run sine",
            "forecast train --config FILE makes": f"{TRAIN} && runs rollback --run sine",
        },
    ),
    Typed(
        "no earlier champion to go back to; forecast runs list",
        f"{TRAIN} --runs elsewhere && runs rollback --run sine --runs elsewhere",
        {
            "forecast train --config FILE --runs elsewhere": f"{TRAIN} --runs elsewhere"
            " && runs rollback --run sine --runs elsewhere",
        },
    ),
    # damaged ones
    Typed(
        "train again: forecast train --config FILE",
        "predict --run sine",
        {"forecast train --config FILE": f"{TRAIN} && predict --run sine"},
        files=damaged,
    ),
    Typed(
        "go back to an earlier run: forecast runs rollback --run {}{}",
        "predict --run sine",
        {"forecast runs rollback --run sine$": "runs rollback --run sine && predict --run sine"},
        files=damaged_behind_another,
    ),
    Typed(
        "go back to an earlier run: forecast runs rollback --run {}{}",
        "predict --run sine",
        {"forecast runs rollback --run sine$": "runs rollback --run sine && predict --run sine"},
        files=lost_pointer,
    ),
]
