"""What a search is worth: ``python -m tests.benchmarks tune [--trials N] [--seeds N]``.

Two configs whose defaults are good, and two of textbooks (a plain LSTM on a short window, without a
linear part or a normalisation). For each, with every seed: the test MASE of the config as it
stands, of what ``forecast tune`` publishes, and of what the best of as many random settings would,
judged on the same folds. Networks are small, as the search is what is measured.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from optuna.samplers import RandomSampler

from lstm_forecast.commands.train import train
from lstm_forecast.commands.tune import Asked, tune
from lstm_forecast.config.document import dump_values
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.schema import Config
from lstm_forecast.engines.processes import Processes
from lstm_forecast.events import SILENT
from lstm_forecast.store import find_run
from lstm_forecast.store.documents import read_metrics
from tests.benchmarks.files import SHARED

SMALL = {"ensemble": 1, "pretrained": 0}
TEXTBOOK = {
    "model": {**SMALL, "linear": "none", "units": 50, "segment_length": 1, "segment_units": 0},
    "preprocessing": {"log": False},
    "training": {"epochs": 10, "steps_per_epoch": 20, "batch_size": 32, "fallback": False},
}
DEFAULT = {"model": SMALL, "training": {"epochs": 10}}
SETS = {
    "air passengers": ("air_passengers", "ds", "y", 12, DEFAULT),
    "daily temperatures": ("daily_min_temperatures", "Date", "Temp", 7, DEFAULT),
    "textbook, page views": ("wp_peyton_manning", "ds", "y", 14, TEXTBOOK),
    "textbook, oil temperature": ("ETTh1", "date", "OT", 24, TEXTBOOK),
}
POLICIES = {"gaps": "fill", "missing": "ffill"}  # of the page views, which lack days


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks tune", description="A search beside a random one."
    )
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    for seed in range(options.seeds):
        for name in SETS:
            with tempfile.TemporaryDirectory() as folder:
                for found in searched(name, seed, options.trials, options.jobs, Path(folder)):
                    print(json.dumps({"set": name, "seed": seed, **found}), flush=True)


def searched(
    name: str, seed: int, trials: int, jobs: int, folder: Path
) -> Iterator[dict[str, Any]]:
    """The config as it stands, a search, and a random one, which goes on from what that judged."""
    path, config = write(name, seed, folder)
    data = config.data.located(folder)
    runs, begun = folder / "runs", time.perf_counter()
    train(config, data, runs=runs, listener=SILENT)
    stands = {
        "mase": test_mase(runs, config.windows.horizon),
        "seconds": time.perf_counter() - begun,
    }
    yield {"what": "config", **stands}
    samplers = {"tune": None, "random": RandomSampler(seed=seed)}
    for what, sampler in samplers.items():
        begun = time.perf_counter()
        where = "lstm_forecast.tuning.search.sampler_for"
        with patch(where, **({"return_value": sampler} if sampler else {"wraps": original()})):
            asked = Asked(trials=trials, seconds=None, folds=3, engine=Processes(jobs))
            found = tune(config, asked, config_path=path, runs=runs, listener=SILENT)
        yield {
            "what": what,
            "mase": test_mase(runs, config.windows.horizon) if found.gained else stands["mase"],
            "gained": found.gained,
            "gain on the folds": found.gain,
            "settings": found.settings,
            "seconds": time.perf_counter() - begun,
        }


def original() -> Any:
    from lstm_forecast.tuning.search import sampler_for

    return sampler_for


def write(name: str, seed: int, folder: Path) -> tuple[Path, Config]:
    file, timestamp, target, horizon, sections = SETS[name]
    values = {
        "name": "tuned",
        "seed": seed,
        "data": {
            "path": str(SHARED / "data" / f"{file}.csv.gz"),
            "timestamp": timestamp,
            "targets": target,
            **POLICIES,
        },
        "windows": {"horizon": horizon},
        **sections,
    }
    if sections is TEXTBOOK:
        values["windows"] |= {"context_length": 2 * horizon, "normalisation": "none"}
    path = folder / "tuned.yaml"
    path.write_text(dump_values(values))
    return path, load_config(path)


def test_mase(runs: Path, horizon: int) -> float | None:
    report = read_metrics(find_run(runs, "tuned"), horizon=horizon).test
    assert report is not None
    return report.own.mase
