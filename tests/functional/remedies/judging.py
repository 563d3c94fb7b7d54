"""Remedies of what judges forecasts: errors, backtests, and whether a champion still holds."""

from pathlib import Path

from tests.functional.remedies.entry import Typed, csv, days

__all__ = ["TYPED"]

TRAIN = "train --set training.epochs=0"
# the newest values grow so fast that their logarithms soon leave what a number can be
STEEP = f"{TRAIN} -c steep.yaml --set split.validation=0 --set preprocessing.scope=global"
STEEP_CONFIG = """\
name: steep
data: {path: steep.csv, timestamp: ds, series_id: id, targets: y}
windows: {horizon: 2, context_length: 7, normalisation: last}
split: {test: 0.05}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {refit: false, fallback: false}
"""
# a wide network whose steps are so long that its first ones leave the numbers
WIDE = (
    "train -c sine.yaml --set training.epochs=1 --set training.loss=mse --set split.validation=0"
    " --set training.batch_size=32 --set model.dense='[256, 256, 256, 256]'"
    " --set model.cell=rnn --set model.segment_length=20"
)


def steep(folder: Path) -> None:
    decades = [149 * 1.5 ** (k - 57) for k in range(58)] + [1, 1]
    high = [f"{day},high,1e149" for day in days()]
    growing = [f"{day},growing,{10**d}" for day, d in zip(days(), decades, strict=True)]
    (folder / "steep.csv").write_text(csv("ds,id,y", [*high, *growing]))
    (folder / "steep.yaml").write_text(STEEP_CONFIG)


def later(folder: Path) -> None:
    """The data of ``sine`` as they are later, and without the oldest rows; with rows that cannot be
    right.
    """
    header, *rows = (folder / "sine.csv").read_text().splitlines(keepends=True)
    newer = [f"{step},{0.1 * (step - 1000)}\n" for step in range(1001, 1006)]
    (folder / "newer.csv").write_text("".join([header, *rows, *newer]))
    (folder / "recent.csv").write_text("".join([header, *rows[500:], *newer]))
    far = [f"{step},{step - 900}\n" for step in range(1001, 1006)]
    (folder / "drifted.csv").write_text("".join([header, *rows, *far]))
    still = [f"{step},0.5\n" for step in range(1001, 1006)]
    (folder / "still.csv").write_text("".join([header, *rows, *still]))


def refused(key: str, retrain: str, *, right: str) -> Typed:
    """What retraining says above the limit of a ``key``; ``right`` is typed with right data."""
    return Typed(
        "{} (retrain.{}.error); look at the data, and if they are right: --set",
        retrain,
        {
            "look at the data": right,
            f"--set retrain.{key}.error=null": f"{retrain} --set retrain.{key}.error=null",
        },
        files=later,
    )


def tail(folder: Path) -> None:
    """The newest rows alone, and with all before them."""
    later(folder)
    rows = (folder / "newer.csv").read_text().splitlines(keepends=True)
    (folder / "tail.csv").write_text("".join([rows[0], *rows[-5:]]))


TYPED = [
    # forecasts that are no numbers
    Typed(
        "train with preprocessing.log: false",
        f"{STEEP} --set preprocessing.log=true",
        {"train with preprocessing.log: false": f"{STEEP} --set preprocessing.log=false"},
        files=steep,
    ),
    Typed(
        "training has probably diverged: lower training.learning_rate",
        f"{WIDE} --set training.learning_rate=10",
        {"lower training.learning_rate": f"{WIDE} --set training.learning_rate=0.001"},
    ),
    # anomalies
    Typed(
        "rows lack what their forecast needs: {} rows without a gap before them (windo",
        "detect --run sine --data tail.csv",
        {"give more history with --data": "detect --run sine --data newer.csv --rate 0.000001"},
        files=tail,
    ),
    Typed(
        "nothing to judge: no row lies after what the network learned from; the run's",
        "detect --run sine --data then.csv",
        {"give newer rows with --data": "detect --run sine --data newer.csv --rate 0.000001"},
        files=later,
    ),
    Typed(
        "does not know how usual rows are: it was trained without a validation",
        f"{TRAIN} -c sine.yaml --set split.validation=0 && detect --run sine",
        {
            "split.validation": f"{TRAIN} -c sine.yaml --set split.validation=0.1"
            " && detect --run sine --rate 0.000001",
        },
    ),
    Typed(
        "does not know how usual rows are: it was trained without a validation",
        f"{TRAIN} -c sine.yaml --set model.calibration=none && detect --run sine",
        {
            "model.calibration": f"{TRAIN} -c sine.yaml --set model.calibration=series"
            " && detect --run sine --rate 0.000001",
        },
    ),
    # backtests
    Typed(
        "nothing to test: no window lies after what the network learned from or was",
        "backtest --run sine --data then.csv",
        {"give newer rows with --data$": "backtest --run sine --data newer.csv"},
        files=later,
    ),
    Typed(
        "nothing to test: no window lies after what the network learned from or was",
        f"{TRAIN} -c sine.yaml --set split.test=0 && backtest --run sine",
        {"give newer rows with --data, or": "backtest --run sine --data newer.csv"},
        files=later,
    ),
    Typed(
        ", or train with a larger split.test",
        f"{TRAIN} -c sine.yaml --set split.test=0 && backtest --run sine",
        {
            "train with a larger split.test": f"{TRAIN} -c sine.yaml --set split.test=0.1"
            " && backtest --run sine"
        },
    ),
    Typed(
        "--last {}: the windows before would lie in the training or validation part",
        "backtest --run sine --last 41",
        {"at most 40": "backtest --run sine --last 40"},
    ),
    Typed(
        "--refit trains on all rows before an origin, and this table lacks some that",
        f"{TRAIN} -c sine.yaml && backtest --run sine --data recent.csv --refit 500",
        {
            "give them too": "backtest --run sine --data newer.csv --refit 500",
            "leave --refit out": "backtest --run sine --data recent.csv",
        },
        files=later,
    ),
    # retraining
    refused(
        "drift",
        "retrain -c sine.yaml --set data.path=drifted.csv",
        right="retrain -c sine.yaml --set data.path=newer.csv",
    ),
    refused(
        "silent",
        "retrain -c sine.yaml --set data.path=still.csv",
        right="retrain -c sine.yaml --set data.path=newer.csv",
    ),
    refused(
        "stale",
        "retrain -c shops.yaml --as-of 2024-04-03 --set retrain.stale.error=1d",
        right="retrain -c shops.yaml --as-of 2024-03-31 --set retrain.stale.error=1d",
    ),
    Typed(
        "--on-promote, --on-failure: {}: {}",
        """retrain -c sine.yaml --on-failure "'touch failed" """,
        {"No closing quotation": """retrain -c sine.yaml --on-failure "'touch' failed" """},
    ),
    Typed(
        "--on-promote, --on-failure: expected a command, received nothing",
        "retrain -c sine.yaml --on-failure ''",
        {"expected a command": "retrain -c sine.yaml --on-failure 'touch failed'"},
    ),
]
