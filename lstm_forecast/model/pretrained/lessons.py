"""Batches of generated series to learn from: each batch follows from its seed and number alone."""

import itertools
import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.pretrained.generator import generate
from lstm_forecast.model.pretrained.inputs import inputs_of, standardised_windows
from lstm_forecast.model.pretrained.own import OwnSeries, chosen_own, own_windows
from lstm_forecast.model.pretrained.processes import MOST_YEARS, Random
from lstm_forecast.model.pretrained.season import HORIZON, STEPS, Season
from lstm_forecast.model.pretrained.simple import Floats, Ints, Past

__all__ = [
    "CUTS", "FREQUENCIES", "Curriculum", "Frequency", "Lesson", "Lessons", "learned", "lesson",
    "own_lesson",
]  # fmt: skip

CUTS = 6  # cutoffs a series at which a forecast is learned
LEAST_VALUES = 3  # that are seen before a forecast
FARTHEST = 100.0  # scales that a target counts as away
UNKNOWN_ZERO = 0.2  # share of the lessons in which nobody says where 0 lies
BEYOND = 0.2  # weight of steps beyond the usual horizon
BLOCK, MIXED = 4, 6  # batches that are drawn together, frequencies in each


@dataclass(frozen=True)
class Frequency:
    """A season, how far it is usually forecast, and its share of what is learned."""

    season: Season | None  # None: any period
    horizon: int
    share: float
    short: float  # share of the lessons whose series are all short


FREQUENCIES = (
    Frequency(Season(24, 168), 48, 0.11, 0.4),
    Frequency(Season(48, 336), 48, 0.03, 0.4),
    Frequency(Season(96, 672), 48, 0.02, 0.4),
    Frequency(Season(24), 48, 0.04, 0.5),
    Frequency(Season(7), 28, 0.12, 0.6),
    Frequency(Season(7, 365), 48, 0.05, 0.3),
    Frequency(Season(5), 20, 0.04, 0.6),
    Frequency(Season(52), 26, 0.1, 0.6),
    Frequency(Season(12), 24, 0.14, 0.9),
    Frequency(Season(4), 12, 0.11, 0.95),
    Frequency(Season(1), 12, 0.12, 0.95),
    Frequency(Season(1), 28, 0.07, 0.2),
    Frequency(Season(60), 48, 0.01, 0.5),
    Frequency(None, 48, 0.04, 0.6),
)


@dataclass(frozen=True)
class Lesson:
    """Inputs and targets of n windows, as `inputs.Inputs` has them."""

    steps: Floats
    cut_steps: Ints  # (n, n_cuts) recurrent step of every cutoff
    cuts: Floats
    simple: Floats
    targets: Floats  # (n, n_cuts, HORIZON), relative, 0 where missing
    weights: Floats  # that shape: 1, `BEYOND`, or 0 where missing or too little was seen


def lesson(
    rng: Random, n: int, frequency: Frequency, kinds: Sequence[str] = (), *, wrong: float = 0.1
) -> Lesson:
    """Draw n series of one frequency; in a share of the lessons the season told is ``wrong``."""
    told = frequency.season or Season(int(np.exp(rng.uniform(np.log(2), np.log(367)))))
    true = _other(rng, told) if rng.random() < wrong else told
    values, whole = _windows(rng, n, frequency, told, true, kinds)
    return learned(rng, values, whole, told, frequency.horizon)


def own_lesson(rng: Random, n: int, own: OwnSeries, *, held_back: bool) -> Lesson:
    """Draw n windows of one's own series, as ``own_windows`` does."""
    values = own_windows(rng, n, own, held_back=held_back)
    return learned(rng, values, own.season.context_length, own.season, own.horizon)


def learned(
    rng: Random, values: NDArray[np.floating], whole: int, told: Season, horizon: int
) -> Lesson:
    """What is learned from windows and what follows them, where none has more than ``whole`` values
    before its last cutoff.
    """
    n, length = len(values), told.context_length
    scaled, seen, zero, _, _ = standardised_windows(values)
    known = zero if rng.random() >= UNKNOWN_ZERO else None
    cuts = _cuts(rng, int(np.searchsorted(told.ends, length - whole + LEAST_VALUES - 1)))
    past = Past(scaled[:, :length], seen[:, :length], known, told, told.ends)
    inputs = inputs_of(past, cuts)
    ahead = told.ends[cuts, None] + np.arange(1, HORIZON + 1)
    targets = (scaled[:, ahead] - inputs.last[..., None]) / inputs.scale[..., None]
    enough = np.cumsum(seen, axis=1)[:, told.ends[cuts]] >= LEAST_VALUES
    weights = seen[:, ahead] * (enough * past.sized[:, cuts])[..., None]
    weights *= np.where(np.arange(HORIZON) < horizon, 1, BEYOND)
    return Lesson(
        inputs.steps.astype(np.float32),
        np.broadcast_to(cuts, (n, CUTS)),
        inputs.cuts.astype(np.float32),
        inputs.simple.astype(np.float32),
        (np.clip(targets, -FARTHEST, FARTHEST) * (weights > 0)).astype(np.float32),
        weights.astype(np.float32),
    )


def _windows(
    rng: Random, n: int, frequency: Frequency, told: Season, true: Season, kinds: Sequence[str]
) -> tuple[Floats, int]:
    """Windows and what follows them, (n, told.context_length + HORIZON), NaN outside the series,
    and the most values that one has before its last cutoff; a quarter of the rows have fewer, an
    eighth of them at least.
    """
    length = told.context_length
    values = np.full((n, length + HORIZON), np.nan, np.float32)
    if rng.random() < frequency.short:  # all that happens, happens within a short history
        whole = int(np.exp(rng.uniform(np.log(8), np.log(length))))
        end = length + frequency.horizon
    else:
        whole, end = length, length + HORIZON
    slow = rng.random() < _slow(told, whole)
    values[:, length - whole : end] = generate(rng, n, end - length + whole, true, kinds, slow=slow)
    short = np.flatnonzero(rng.random(n) < 0.25)
    least = max(LEAST_VALUES + 1, whole / 8)
    kept = np.exp(rng.uniform(np.log(least), np.log(whole), (len(short), 1)))
    values[short] = np.where(np.arange(length + HORIZON) < length - kept, np.nan, values[short])
    values[np.isnan(values[:, :length]).all(axis=1), length - 1] = 0
    return values, whole


def _slow(told: Season, whole: int) -> float:
    """Share of the lessons whose series are as those of years and quarters are."""
    if told.period == 12:
        return 0.5
    return float(told.period == 4 or (told.period == 1 and whole <= MOST_YEARS))


def _cuts(rng: Random, first: int) -> Ints:
    """Steps at which forecasts are made: the last one, and others from the ``first`` on."""
    earlier = np.arange(min(first, STEPS - 2), STEPS - 1)
    cuts = np.sort(rng.choice(earlier, CUTS - 1, replace=len(earlier) < CUTS - 1))
    return np.append(cuts, STEPS - 1)


def _other(rng: Random, told: Season) -> Season:
    """Another season than the one told: none, or any."""
    if told.period > 1 and rng.random() < 0.5:
        return Season(1)
    return Season(int(rng.integers(2, 40)))


@dataclass(frozen=True)
class Curriculum:
    """What decides which batches are drawn."""

    seed: int
    n: int  # series in each batch
    kinds: tuple[str, ...] = ()
    own: tuple[OwnSeries, ...] = ()
    held_back: bool = False  # of one's own series, what is kept to judge by

    def batches(self, block: int) -> list[Lesson]:
        """Draw the `BLOCK` batches of that number, each of `MIXED` frequencies.

        They share their frequencies, so that arrays are long where a batch has few series of each.
        """
        rng = np.random.default_rng((self.seed, block))
        shares = np.array([frequency.share for frequency in FREQUENCIES])
        drawn = rng.choice(len(FREQUENCIES), MIXED, p=shares / shares.sum())
        each = -(-self.n // MIXED)
        lessons = [self._lesson(rng, each * BLOCK, FREQUENCIES[number]) for number in drawn]
        return [
            Lesson(
                *(
                    np.concatenate([part[k * each : (k + 1) * each] for part in parts])[: self.n]
                    for parts in zip(*map(_arrays, lessons), strict=True)
                )
            )
            for k in range(BLOCK)
        ]

    def _lesson(self, rng: Random, n: int, frequency: Frequency) -> Lesson:
        """Draw from one's own series as often as they have a share, otherwise generate."""
        own = chosen_own(rng, self.own) if self.own else None
        if own is None:
            return lesson(rng, n, frequency, self.kinds)
        return own_lesson(rng, n, own, held_back=self.held_back)


def _arrays(one: Lesson) -> list[np.ndarray]:
    return [getattr(one, field.name) for field in fields(one)]


class Lessons:
    """Batches by their number, drawn a block ahead by a process of their own."""

    def __init__(self, curriculum: Curriculum) -> None:
        self.curriculum = curriculum
        self.block, self.drawn = -1, list[Lesson]()
        self.process: BaseProcess | None = None

    def __enter__(self) -> "Lessons":
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def batch(self, number: int) -> Lesson:
        """The batch of that number; quickest in their order."""
        block, k = divmod(number, BLOCK)
        if self.process is None or block not in (self.block, self.block + 1):
            self._start(block)
        if block != self.block:
            self.block, self.drawn = block, self.receiver.recv()
        return self.drawn[k]

    def _start(self, block: int) -> None:
        """Let a process draw this block and those that follow."""
        self._stop()
        context = multiprocessing.get_context("spawn")  # a fork would copy the threads of Keras
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_draw, args=(sender, self.curriculum, block), daemon=True
        )
        self.process.start()
        sender.close()  # here: if the other process dies, receiving fails instead of waiting
        self.block = block - 1

    def _stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.join()
            self.receiver.close()
            self.process = None


def _draw(sender: Connection, curriculum: Curriculum, block: int) -> None:
    """Send one block after another, each as soon as the one before was taken, on one core: the
    training has the others.
    """
    import threadpoolctl

    threadpoolctl.threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the training ends its batch, and then this
    with suppress(BrokenPipeError):  # the training is gone
        for number in itertools.count(block):
            sender.send(curriculum.batches(number))
