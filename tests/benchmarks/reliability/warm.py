"""A challenger that starts from the champion's weights against one from scratch, on ETTh1 that has grown by months."""

import csv
import json
import math
import shutil
import statistics
import subprocess
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.benchmarks.measure import FORECAST
from tests.benchmarks.scoring import DATA

EPOCHS = 12
CONFIG = f"""\
name: etth1
data: {{path: {DATA / "ETTh1.csv.gz"}, timestamp: date, targets: [HUFL, HULL, MUFL, MULL, LUFL, LULL, OT]}}
split: {{validation: 0.1, test: 0.1}}
windows: {{context_length: 168, horizon: 24, normalisation: last, season_length: 24}}
model: {{units: [64], segment_length: 24, segment_units: 64, dropout: 0.3, linear: ridge, ensemble: 1}}
training: {{epochs: {EPOCHS}, batch_size: 256, steps_per_epoch: 120, fallback: false}}
"""
FIRST, NOW = "2017-12-31 23:00", "2018-03-31 23:00"  # of 2016-07-01 to 2018-06-26
SHARE = 1 / 3  # of the epochs, which a warm start takes
TRIALS = {"scratch": ("retrain.start=scratch", EPOCHS)} | {
    f"warm, {epochs} of {EPOCHS} epochs": ("retrain.start=warm", round(epochs / SHARE)) for epochs in (1, 2, 3, 4, 6)
}


@dataclass(frozen=True)
class Trial:
    validation: float  # loss of the epoch that was kept, on rows of which the champion knows next to none
    unseen: float  # loss on the windows that judged it
    training: float  # seconds of all epochs, validation included
    whole: float  # seconds of the command


def warm(folder: Path, count: int) -> None:
    """Challengers of ``count`` champions, the warm ones with several shares of the epochs of the other."""
    found: dict[str, list[Trial]] = {name: [] for name in TRIALS}
    for seed in range(count):
        champion = folder / f"{seed}"
        champion.mkdir()
        (champion / "etth1.yaml").write_text(CONFIG)
        _retrain(champion, f"seed={seed}", f"data.end={FIRST}")
        for name, (start, epochs) in TRIALS.items():
            place = shutil.copytree(champion, folder / f"{seed}-{name}")
            run = _retrain(place, f"seed={seed}", f"data.end={NOW}", start, f"training.epochs={epochs}")
            found[name].append(run)
            print(f"  seed {seed}, {name}: {run}")
    print(f"warm: {count} champions up to {FIRST}, challengers up to {NOW}, relative to scratch (median)")
    for name, trials in found.items():
        pairs = [
            zip(astuple(own), astuple(other), strict=True) for own, other in zip(trials, found["scratch"], strict=True)
        ]
        ratios = zip(*[[a / b for a, b in pair] for pair in pairs], strict=True)
        print(f"  {name}: " + _said(map(statistics.median, ratios)))


def _said(ratios: map) -> str:
    return "validation loss {:.3f}, loss on unseen windows {:.3f}, training {:.2f}, whole command {:.2f}".format(
        *ratios
    )


def _retrain(folder: Path, *options: str) -> Trial:
    settings = [word for option in options for word in ("--set", option)]
    command = [*FORECAST, "retrain", "-c", "etth1.yaml", "--json", "--force", *settings]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    status = json.loads(done.stdout)
    with (folder / "runs" / "etth1" / status["run"] / "history.csv").open() as file:
        epochs = list(csv.DictReader(file))
    return Trial(
        validation=min(float(epoch["val_loss"]) for epoch in epochs),
        unseen=status["judged"]["losses"]["challenger"] if "judged" in status else math.nan,
        training=sum(float(epoch["seconds"]) for epoch in epochs),
        whole=status["seconds"],
    )
