"""The pretrained network in Keras, and its training on generated series."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from lstm_forecast.events import Epoch
from lstm_forecast.model.network.checkpoint import (
    Saver,
    StateStore,
    fingerprint,
    restore,
    signals_deferred,
)
from lstm_forecast.model.network.keeper import BestKeeper
from lstm_forecast.model.pretrained.architecture import (
    MIDDLE,
    QUANTILES,
    STRETCHES,
    Architecture,
)
from lstm_forecast.model.pretrained.inputs import COUNT, N_CUT, N_STEP
from lstm_forecast.model.pretrained.lessons import CUTS, Curriculum, Lesson, Lessons
from lstm_forecast.model.pretrained.own import OwnSeries
from lstm_forecast.model.pretrained.season import HORIZON, STEPS
from lstm_forecast.model.pretrained.simple import SIMPLE

__all__ = ["Recipe", "build_pretrained", "pretrain"]

LONGEST_EPOCH = 250  # steps
WARM_UP = 300  # steps in which the learning rate rises
AVERAGED = 0.998  # share of the running average of the weights that each step leaves
WEIGHT_DECAY, LARGEST_GRADIENT = 1e-3, 1.0
VALIDATION_BLOCKS = 2
VALIDATION_SEED = 2**64  # of series that are not learned from: a word beyond seed and batch
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """All that decides how the pretrained network comes out."""

    architecture: Architecture
    seed: int = 0
    steps: int = 24_000
    batch_size: int = 512  # series
    learning_rate: float = 2e-3
    kinds: tuple[str, ...] = ()  # of generated series; all where it is empty
    own: tuple[OwnSeries, ...] = ()  # learned from beside them

    @property
    def epochs(self) -> int:
        """Parts of the training after which it is judged."""
        return -(-self.steps // LONGEST_EPOCH)

    @property
    def steps_per_epoch(self) -> int:
        """Batches in each of them, so that they are equally long."""
        return -(-self.steps // self.epochs)


def pretrain(
    recipe: Recipe,
    *,
    report: Callable[[Epoch], None],
    store: StateStore | None = None,
    start: Mapping[str, Floats] | None = None,
) -> tuple[dict[str, Floats], list[Epoch]]:
    """Train by the recipe, from the weights ``start`` where there are any; return the best weights
    by name, those of `Architecture.shapes`, and the history.

    ``report`` is called with every epoch, the first one untrained; losses are in scales of the
    series. With a ``store`` the state is saved after epochs, and a training whose state is there
    goes on from it and ends with the same bits. SIGTERM or SIGINT ends the batch, saves and raises
    Stopped.
    """
    keras.utils.set_random_seed(recipe.seed)
    network = build_pretrained(recipe.architecture)
    found = {
        f"{layer.name}.{weight.name}": weight
        for layer in network.layers
        for weight in layer.weights
    }
    for name, weight in (start or {}).items():
        found[name].assign(weight)
    key = "" if store is None else fingerprint(network, {"recipe": recipe})
    _compile(network, recipe)
    keeper = BestKeeper(_Validation(recipe), None, report)
    begin, end = 0, recipe.epochs
    if store is not None and (content := store.load(key)) is not None:
        begin = keeper.restore(restore(network, content))
    curriculum = Curriculum(recipe.seed, recipe.batch_size, recipe.kinds, recipe.own)
    with Lessons(curriculum) as lessons, signals_deferred() as asked:
        saver = Saver(store, key, lambda: keeper.progress(last=end), asked)
        feed = _Feed(lessons, recipe, begin)
        both = [keeper, saver]
        network.fit(feed, initial_epoch=begin, epochs=end, verbose=0, shuffle=False, callbacks=both)
        saver.flush()
    names = recipe.architecture.shapes
    return {name: keras.ops.convert_to_numpy(found[name]) for name in names}, keeper.history


def _compile(network: keras.Model, recipe: Recipe) -> None:
    """Set loss and optimiser: AdamW with averages of the weights, its rate rising, then falling."""
    falling = max(recipe.steps - WARM_UP, 1)
    rates = keras.optimizers.schedules.CosineDecay(
        0.0, falling, alpha=0.01, warmup_target=recipe.learning_rate, warmup_steps=WARM_UP
    )
    optimizer = keras.optimizers.AdamW(
        rates,
        weight_decay=WEIGHT_DECAY,
        global_clipnorm=LARGEST_GRADIENT,
        use_ema=True,
        ema_momentum=AVERAGED,
    )
    optimizer.build(network.trainable_variables)  # or the first step is traced twice
    network.compile(optimizer=optimizer, loss=_pinball)


def build_pretrained(architecture: Architecture, *, cuts: int = CUTS) -> keras.Model:
    """Build the network that forecasts at several cutoffs of each window.

    Inputs are (batch, STEPS, N_STEP), the recurrent step of each cutoff (batch, cuts), (batch,
    cuts, N_CUT) and the simple forecasts (batch, cuts, n_simple, HORIZON); the output is (batch,
    cuts, HORIZON, n_quantiles), quantiles ascending.
    """
    ops, layers = keras.ops, keras.layers
    steps = keras.Input((STEPS, N_STEP), name="steps")
    cut_steps = keras.Input((cuts,), dtype="int32", name="cut_steps")
    at_cut = keras.Input((cuts, N_CUT), name="cuts")
    simple = keras.Input((cuts, len(SIMPLE), HORIZON), name="simple")
    seen = steps[..., COUNT] > 0  # padding leaves the state as it is
    state = layers.Dense(architecture.units, activation="gelu", name="segment")(steps)
    for k in range(architecture.layers):
        recurrent = layers.LSTM(architecture.units, return_sequences=True, name=f"recurrent_{k}")
        state = state + recurrent(state, mask=seen)
    picked = ops.take_along_axis(state, cut_steps[..., None], axis=1)
    hidden = architecture.hidden
    own = layers.Dense(hidden, activation="gelu", name="cut")(
        ops.concatenate([picked, at_cut], axis=2)
    )
    own = own + layers.Dense(hidden, activation="gelu", name="hidden")(own)
    weights = layers.Dense(len(STRETCHES) * len(SIMPLE), name="weights")(own)
    weights = ops.softmax(ops.reshape(weights, (-1, cuts, len(STRETCHES), len(SIMPLE))))
    stretch = np.searchsorted(STRETCHES, np.arange(1, HORIZON + 1))
    mean = ops.sum(ops.take(weights, stretch, axis=2) * ops.swapaxes(simple, 2, 3), axis=3)
    small = keras.initializers.RandomNormal(stddev=0.01, seed=0)
    output = layers.Dense(HORIZON * len(QUANTILES), kernel_initializer=small, name="output")(own)
    output = ops.reshape(output, (-1, cuts, HORIZON, len(QUANTILES)))
    median = mean[..., None] + output[..., MIDDLE : MIDDLE + 1]
    widths = ops.softplus(output)
    above = median + ops.cumsum(widths[..., MIDDLE + 1 :], axis=3)
    below = median - ops.flip(ops.cumsum(ops.flip(widths[..., :MIDDLE], 3), axis=3), 3)
    prediction = ops.concatenate([below, median, above], axis=3)
    return keras.Model([steps, cut_steps, at_cut, simple], prediction, name="pretrained")


def _pinball(truth: Floats, prediction: Floats) -> Floats:
    """Mean pinball loss of all quantiles; ``truth`` holds target and weight (batch, cuts, HORIZON,
    2).
    """
    ops = keras.ops
    target, weight = truth[..., :1], truth[..., 1:]
    error = target - prediction
    levels = ops.convert_to_tensor(QUANTILES, dtype=prediction.dtype)
    loss = ops.mean(ops.maximum(levels * error, (levels - 1) * error) * weight, axis=3)
    mean: Floats = ops.sum(loss) / ops.maximum(ops.sum(weight), 1.0)
    return mean


Batch = tuple[tuple[np.ndarray, ...], Floats]


class _Feed(keras.utils.PyDataset):  # type: ignore[misc]
    """The lessons of one epoch after the other."""

    def __init__(self, lessons: Lessons, recipe: Recipe, epoch: int) -> None:
        super().__init__()
        self.lessons, self.recipe, self.epoch = lessons, recipe, epoch

    def __len__(self) -> int:
        return self.recipe.steps_per_epoch

    def __getitem__(self, step: int) -> Batch:
        return _batch(self.lessons.batch(self.epoch * len(self) + step))

    def on_epoch_end(self) -> None:
        """Go on to the lessons of the next one."""
        self.epoch += 1


class _Validation(keras.utils.PyDataset):  # type: ignore[misc]
    """Series that are never learned from."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        how = VALIDATION_SEED, recipe.batch_size, recipe.kinds, recipe.own
        blocks = map(Curriculum(*how, held_back=True).batches, range(VALIDATION_BLOCKS))
        self.batches = [_batch(each) for block in blocks for each in block]

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> Batch:
        return self.batches[number]


def _batch(one: Lesson) -> Batch:
    inputs = one.steps, one.cut_steps.astype(np.int32), one.cuts, one.simple
    return inputs, np.stack([one.targets, one.weights], axis=3)
