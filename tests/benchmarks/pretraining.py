"""The pretrained network's recipe, a part left out at a time: ``python -m tests.benchmarks
pretraining [NAME...] [--steps 750]``.

Every variation learns from generated series with one seed and a small budget. It is judged on
public series that none has learned from, by the newest rows before the official test rows, so that
nothing is chosen by test errors; prints one JSON line for each, with errors relative to those of
naive forecasts.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

import lstm_forecast
from lstm_forecast.forecasting import pretrained
from lstm_forecast.model.network.startup import start_keras
from lstm_forecast.model.pretrained import lessons
from lstm_forecast.model.pretrained.architecture import Architecture
from lstm_forecast.model.pretrained.generator import KINDS
from lstm_forecast.model.pretrained.inputs import N_CUT, N_SCALARS, Inputs, inputs_of
from lstm_forecast.model.pretrained.lessons import Curriculum, Lesson, learned
from lstm_forecast.model.pretrained.season import HORIZON, LAGS, Season
from lstm_forecast.model.pretrained.simple import SIMPLE, Past
from tests.benchmarks import scoring
from tests.benchmarks.pretrained import BENCHMARKS

Cuts = NDArray[np.int64]
STEPS, BATCH_SIZE = 750, 256
UNTOLD = Season(1)
SIZES = Architecture(128, 2, 256)


def no_choice(past: Past, cuts: Cuts) -> Inputs:
    """The simple forecasts are all the last value, and nothing is told of others."""
    inputs = inputs_of(past, cuts)
    steps, at_cut = inputs.steps.copy(), inputs.cuts.copy()
    at_cut[..., : N_CUT - N_SCALARS] = 0
    steps[..., 3 * LAGS : 3 * LAGS + 2 * len(SIMPLE)] = 0
    return replace(inputs, steps=steps, cuts=at_cut, simple=np.zeros_like(inputs.simple))


def not_normalised(past: Past, cuts: Cuts) -> Inputs:
    """Values are those of the window with mean 0 and deviation 1, not relative to each step."""
    inputs = inputs_of(past, cuts)
    steps, lags = inputs.steps.copy(), past.ends[:, None] - np.arange(LAGS - 1, -1, -1)
    steps[..., :LAGS] = np.arcsinh(past.values[:, lags]) * past.observed[:, lags]
    steps[..., LAGS : 2 * LAGS] = np.arcsinh(past.seasonal_errors[0][:, lags])
    return replace(inputs, steps=steps)


def one_cutoff(
    rng: np.random.Generator, values: np.ndarray, whole: int, told: Season, horizon: int
) -> Lesson:
    """Only the forecast after a window's last value is learned from."""
    one = learned(rng, values, whole, told, horizon)
    weights = one.weights.copy()
    weights[:, :-1] = 0
    return replace(one, weights=weights)


def untold(
    rng: np.random.Generator, values: np.ndarray, whole: int, told: Season, horizon: int
) -> Lesson:
    """Nobody says what season there is."""
    length = UNTOLD.context_length
    return learned(rng, values[:, -(length + HORIZON) :], min(whole, length), UNTOLD, horizon)


@dataclass(frozen=True)
class Variation:
    """What is another than in the recipe."""

    architecture: Architecture = SIZES
    budget: float = 1.0  # steps, relative to those of the recipe
    kinds: tuple[str, ...] = ()
    seen: Callable[[Past, Cuts], Inputs] = inputs_of
    lesson: Callable[..., Lesson] = learned

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Draw lessons and forecast as here."""
        with ExitStack() as stack:
            for module in (lessons, pretrained):
                stack.enter_context(mock.patch.object(module, "inputs_of", self.seen))
            stack.enter_context(mock.patch.object(lessons, "learned", self.lesson))
            yield


# Budgets of other sizes are those that take about as long.
VARIATIONS: Mapping[str, Variation] = {
    "as it is": Variation(),
    "season not told": Variation(lesson=untold),
    "no simple forecasts": Variation(seen=no_choice),
    "values not normalised at each step": Variation(seen=not_normalised),
    "one cutoff a series": Variation(lesson=one_cutoff),
    **{
        f"without {left_out}": Variation(kinds=tuple(kind for kind in KINDS if kind != left_out))
        for left_out in KINDS
    },
    "64 units x 1": Variation(Architecture(64, 1, 128), budget=2.2),
    "96 units x 2": Variation(Architecture(96, 2, 192), budget=1.3),
    "192 units x 2": Variation(Architecture(192, 2, 384), budget=0.6),
    "256 units x 2": Variation(Architecture(256, 2, 512), budget=0.4),
    "a quarter of the steps": Variation(budget=0.25),
    "four times the steps": Variation(budget=4),
}


@dataclass(frozen=True)
class Varied(Curriculum):
    """Lessons of a variation; another process draws them, too."""

    variation: str = ""

    def batches(self, block: int) -> list[Lesson]:
        """Draw them as the variation does."""
        with VARIATIONS[self.variation].applied():
            return super().batches(block)


def main(arguments: Sequence[str]) -> None:
    """Print one line for each variation."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks pretraining", description="The recipe, part by part."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(VARIATIONS))
    parser.add_argument("--steps", type=int, default=STEPS, help=f"default: {STEPS}")
    options = parser.parse_args(arguments)
    for name in options.names or VARIATIONS:
        print(json.dumps(measured(name, options.steps)), flush=True)


def measured(name: str, steps: int) -> dict[str, object]:
    """Train one variation; its errors, parameters and seconds."""
    start_keras()
    from lstm_forecast.model.network import pretraining

    variation, began = VARIATIONS[name], time.perf_counter()
    recipe = pretraining.Recipe(
        variation.architecture,
        steps=round(steps * variation.budget),
        batch_size=BATCH_SIZE,
        kinds=variation.kinds,
    )
    with mock.patch.object(pretraining, "Curriculum", partial(Varied, variation=name)):
        weights, _ = pretraining.pretrain(recipe, report=lambda epoch: None)
    seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder, variation.applied():
        path = Path(folder) / "weights.safetensors"
        save_file(weights, path)
        told = variation.lesson is not untold
        errors = {one: relative_error(one, path, told=told) for one in BENCHMARKS}
    return {
        "variation": name,
        "parameters": recipe.architecture.n_parameters,
        "steps": recipe.steps,
        "seconds": round(seconds),
        "mean": round(math.exp(np.mean(np.log(list(errors.values())))), 4),
        **{one: round(error, 4) for one, error in errors.items()},
    }


def relative_error(name: str, weights: Path, *, told: bool) -> float:
    """MASE on the newest rows before the official test rows, relative to the naive forecast."""
    one = BENCHMARKS[name]
    left = one.train.groupby("unique_id").cumcount(ascending=False)
    held, past = one.train[left < one.horizon], one.train[left >= one.horizon]
    enough = past.groupby("unique_id")["y"].transform("size") > max(one.season, 4)
    past = past[enough]
    held = held[held["unique_id"].isin(set(past["unique_id"]))]
    season = one.told if told else 1
    table = lstm_forecast.quick(past, horizon=one.horizon, season=season, weights=weights)
    actual, scales = scoring.by_series(held, "y"), scoring.seasonal_scales(past, one.season)
    made = scoring.by_series(table, "forecast")
    naive = scoring.repeated(past, season=1, horizon=one.horizon)
    found = [scoring.competition_scores(actual, each, scales)["mase"] for each in (made, naive)]
    return found[0] / found[1]
