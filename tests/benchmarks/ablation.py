"""Levers on and off: ``python -m tests.benchmarks ablation [NAME...] [--seeds 0,1,2]``.

Trains each variation of three shipped configs as ``forecast compare`` does, with a small budget,
and prints one JSON line for each, with errors on rows before the test part, so that nothing is
chosen by test errors.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lstm_forecast.cli.terminal import Talk
from lstm_forecast.commands.compare import compare
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.variations import make_variations
from tests.benchmarks.accuracy import config_of

BASE = "model.cell=lstm"  # changes nothing
LEVERS = {
    "as it is": BASE,
    "not normalised in the window": "windows.normalisation=none windows.normalisation_span=null",
    "last value subtracted": "windows.normalisation=last windows.normalisation_span=null",
    "mean subtracted": "windows.normalisation=mean",
    "mean, deviation": "windows.normalisation=standard",
    "last value, deviation": "windows.normalisation=last_standard",
    "no linear part": "model.linear=none",
    "what the last season leaves over": "model.linear=seasonal_naive",
    "ridge": "model.linear=ridge",
    "smoothing": "model.linear=smoothing",
    "ridge and a simple forecast": "model.linear=combined",
    "ridge and all simple forecasts": "model.linear=weighted",
    "squared loss": "training.loss=mse",
    "Huber loss": "training.loss=huber",
    "pinball loss of 5 quantiles": "model.levels=[80,95]",
    "parallel decoding": "model.decoder=parallel",
    "averaged weights": "training.ema=0.99",
    "3 seeds": "model.ensemble=3",
    "constant learning rate": "training.schedule=constant",
    "one scaler for all": "preprocessing.scope=global",
    "no dropout": "model.dropout=0",
    "GRU": "model.cell=gru",
    "vanilla RNN": "model.cell=rnn",
}


@dataclass(frozen=True)
class Base:
    """A shipped config with a small budget, judged on rows that its test never sees."""

    settings: tuple[str, ...]
    own: Mapping[str, str]  # levers whose values are its own


BASES = {
    "m4-hourly": Base(
        ("split.validation=48", "windows.stride=12", "training.epochs=4"),
        {
            "shorter segments": "model.segment_length=12",
            "no logarithm": "preprocessing.log=false",
            "deviation of all of the window": "windows.normalisation_span=null",
            "3 contexts": "model.ensemble=3 model.context_lengths=[336,240,192]",
            "half the steps": "training.steps_per_epoch=31",
        },
    ),
    "m4-weekly": Base(
        ("split.validation=13", "windows.stride=6", "training.epochs=3"),
        {
            "single steps": "model.segment_length=1 model.segment_units=0",
            "no logarithm": "preprocessing.log=false",
            "deviation of half of the window": "windows.normalisation_span=26",
            "3 contexts": "model.ensemble=3 model.context_lengths=[52,39,26]",
            "half the steps": "training.steps_per_epoch=60",
        },
    ),
    "etth1-96": Base(
        (
            'data.end="2017-10-23 23:00"',
            "split.test=0",
            "windows.stride=12",
            "windows.evaluation_stride=24",
        ),
        {
            "shorter segments": "model.segment_length=6",
            "channels seen together": "model.channels=joint",
            "3 contexts": "model.ensemble=3 model.context_lengths=[504,336,168]",
            "half the steps": "training.steps_per_epoch=9",
        },
    ),
}


def main(arguments: Sequence[str]) -> None:
    """Print one line for each variation and baseline."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks ablation", description="Levers on and off."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BASES))
    parser.add_argument("--seeds", default="0,1,2", help="default: 0,1,2")
    options = parser.parse_args(arguments)
    for name in options.names or BASES:
        ablate(name, [int(seed) for seed in options.seeds.split(",")])


def ablate(name: str, seeds: Sequence[int]) -> None:
    """Every lever of one benchmark that changes its config, one at a time."""
    path, base = config_of(name), BASES[name]
    config = load_config(path, overrides=base.settings)
    labels = {settings: label for label, settings in {**LEVERS, **base.own}.items()}
    changing = [
        variation
        for settings in labels
        for variation in make_variations(config, cells=None, vary=[settings])
        if settings == BASE or variation.applied(config) != config
    ]
    context = [config.windows.context_length]
    result = compare(
        config, changing, config_path=path, seeds=seeds, contexts=context, listener=Talk(None)
    )
    for row in (*result.variations, *result.baselines):
        line = {
            "benchmark": name,
            "lever": labels.get(row.name, row.name),
            "settings": row.settings,
            **{metric: row.errors[metric].median for metric in ("mase", "smape", "rmse")},
            "mase_low": row.errors["mase"].low,
            "mase_high": row.errors["mase"].high,
            "seconds": row.seconds.median if row.seconds else None,
        }
        print(json.dumps(line), flush=True)
