"""Challengers that start from the champion's weights, and one from scratch, on ETTh1 that has grown
by three months.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lstm_forecast.config.loading import load_config
from lstm_forecast.events import Epoch
from lstm_forecast.forecasting.loaded import load_run
from lstm_forecast.judging.metrics import errors
from lstm_forecast.judging.parts import Part
from lstm_forecast.model.onnx.graph import onnx_graph
from lstm_forecast.retraining.challenge import warm_weights
from lstm_forecast.store import open_run
from lstm_forecast.training.fit import Warm, fit
from lstm_forecast.training.prepare import prepare
from lstm_forecast.training.prepared import Prepared
from tests.benchmarks.files import DATA, data_file

EPOCHS = 12  # from scratch
SHORTER = (1, 2, 4)
# the newest stamp of the champion; the first that no challenger knows
KNOWN, NOW = "2017-12-31 23:00", "2018-04-01"
CONFIG = f"""\
name: etth1
data: {{path: {DATA / "ETTh1.csv.gz"}, timestamp: date, targets: [HUFL, HULL, MUFL, MULL, LUFL,
  LULL, OT]}}
windows: {{context_length: 168, horizon: 24, evaluation_stride: 6, normalisation: last,
  season_length: 24}}
model: {{units: 64, segment_length: 24, segment_units: 64, dropout: 0.3, linear: ridge,
  ensemble: 1}}
training: {{epochs: {EPOCHS}, batch_size: 256, steps_per_epoch: 120, fallback: false}}
"""


class Silence:
    """Hears what training does, and keeps it to itself."""

    def note(self, *lines: str, **figures: object) -> None:
        pass

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        pass


def warm(folder: Path, count: int) -> None:
    """With ``count`` seeds: errors and processor seconds of warm starts relative to those from
    scratch.

    Validation rows are newer than what the champion knows, like the rows that judge.
    """
    data_file("ETTh1.csv.gz")
    path, ratios = folder / "etth1.yaml", list[pd.DataFrame]()
    path.write_text(CONFIG)
    for seed in range(count):
        found = _challengers(path, seed)
        print(f"seed {seed}\n{found.round(4).to_string()}")
        ratios.append(found / found.iloc[0])
    print(f"warm: relative to {EPOCHS} epochs from scratch, median of {count} seeds")
    print(pd.concat(ratios).groupby(level=0, sort=False).median().round(3).to_string())


def _challengers(path: Path, seed: int) -> pd.DataFrame:
    """Validation error, test error and seconds (the columns) of each challenger."""
    from lstm_forecast.commands.train import train

    runs, same = path.parent / "runs", [f"seed={seed}"]
    known = load_config(path, overrides=[*same, f"data.end={KNOWN}"])
    train(known, known.data.located(path.parent), runs=runs, listener=Silence())
    config = load_config(
        path, overrides=[*same, "split.validation=2018-01-15", f"split.test={NOW}"]
    )
    prepared = prepare(config, Path(config.data.path))
    weights = warm_weights(load_run(open_run(runs / config.name)), prepared, Silence())
    trials: dict[str, tuple[int, Warm]] = {"from scratch": (EPOCHS, None)}
    trials |= {f"warm, {epochs} epochs": (epochs, weights) for epochs in SHORTER}
    found = {name: _trial(prepared, *trial) for name, trial in trials.items()}
    return pd.DataFrame(found, index=["validation", "test", "seconds"]).T


def _trial(prepared: Prepared, epochs: int, weights: Warm) -> tuple[float, float, float]:
    training = prepared.config.training.model_copy(update={"epochs": epochs})
    lesson = replace(prepared, config=prepared.config.model_copy(update={"training": training}))
    started = time.process_time()  # others use the machine too
    fitted = fit(lesson, lambda epoch: None, warm=weights)
    seconds = time.process_time() - started
    forecaster = prepared.forecaster(onnx_graph(fitted.members))

    def error(part: Part | None) -> float:
        assert part is not None
        forecast = forecaster.on_windows(part.windows, part.series)
        return float(errors(forecast[..., 0], part.actual, part.scale).mase or np.nan)

    return error(prepared.validation), error(prepared.test), seconds
