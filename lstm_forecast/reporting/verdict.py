"""The verdict on a run in plain words: each sentence follows from figures by a rule."""

import math
from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.judging.intervals import chance_points
from lstm_forecast.panel.steps.grid import stamp_text
from lstm_forecast.pictures.page.page import Sentence
from lstm_forecast.reporting.outcomes import Outcomes, means
from lstm_forecast.store.report import Report

__all__ = [
    "bias", "change", "distrusted", "few_windows", "gain", "intervals_held", "typical_error",
    "verdict",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SIMPLE = {  # forecasts that need no training, in words
    "naive": "repeating the last value",
    "seasonal_naive": "repeating the season before",
    "drift": "a straight line through the first and the last value",
    "moving_average": "a moving average",
}
NOTABLE = 0.05  # difference of mean errors, relative to one, or of shares, that is worth a word
MOST_ZERO = 0.01  # share of actual values of 0 up to which errors are told in percent
USUAL_LEVEL = 80  # of the interval that is told of, or the level next to it
LEAST_WINDOWS = 10  # that do not overlap, below which errors may be chance
LEAST_BIAS = 0.2  # of the mean absolute error
SURE = 2.0  # standard errors that chance rarely exceeds
MOST_NAMED = 3  # series in a sentence
LEAST_CHANGE = 1.5  # times that errors have to grow or shrink to be told
CHANCE = 0.01  # probability of a change where there is none, below which one is told


def verdict(report: Report, tested: Outcomes, *, part: str, ahead: str) -> tuple[Sentence, ...]:
    """All sentences that the figures give rise to, the most important first.

    ``tested`` may have no rows; ``ahead`` says how long the horizon is.
    """
    if part != "test":
        told = f"All figures are of the {part} part, by which choices were made: they flatter."
        return (
            Sentence(told, "bad"),
            *gain(report),
            *intervals_held(report),
        )
    return tuple(
        chain(
            typical_error(tested, ahead=ahead),
            gain(report),
            intervals_held(report),
            bias(tested),
            distrusted(tested),
            change(tested),
            few_windows(tested),
        )
    )


def typical_error(tested: Outcomes, *, ahead: str) -> Iterator[Sentence]:
    """The median of absolute errors: in percent of what came, or in original units where that is 0
    or changes its sign.
    """
    size, error = np.abs(tested.actual), np.abs(tested.error)
    if not len(error):
        return
    signs = (tested.actual < 0).any() and (tested.actual > 0).any()
    zeros = (size == 0).mean()
    if signs or zeros > MOST_ZERO:
        typical = f"{np.median(error):.3g}, where values are {np.median(size):.3g} in size"
    else:
        typical = f"{100 * np.median(error[size > 0] / size[size > 0]):.2g} %"
    yield Sentence(f"Half of all forecasts up to {ahead} ahead are wrong by at most {typical}.")


def gain(report: Report) -> Iterator[Sentence]:
    """How the mean error compares to that of the best forecast that needs no training, or to any
    that errs clearly less.
    """
    own = report.own.mae
    known = {name: mae for name in report.skill if (mae := report.errors[name].mae)}
    if own is None or not known:
        return
    best = min(known, key=lambda name: known[name])
    simple = min((name for name in known if name in SIMPLE), key=lambda name: known[name])
    if own > (1 + NOTABLE) * known[best]:
        more = f"{100 * (own / known[best] - 1):.0f} % above that of {_words(best)}"
        yield Sentence(f"Their mean error is {more}: do not use them where that will do.", "bad")
    elif own < (1 - NOTABLE) * known[simple]:
        less = f"{100 * (1 - own / known[simple]):.0f} % below that of the best simple forecast"
        as_good = f"; {_words(best)} errs as little" if own > (1 - NOTABLE) * known[best] else ""
        yield Sentence(f"Their mean error is {less}, {_words(simple)}{as_good}.", "good")
    else:
        yield Sentence(f"Their mean error is about that of {_words(simple)}.")


def intervals_held(report: Report) -> Iterator[Sentence]:
    """Whether the usual interval holds what it promises, beyond what chance explains."""
    if not report.intervals:
        return
    level = min(report.intervals, key=lambda text: abs(int(text) - USUAL_LEVEL))
    held = report.intervals[level].coverage
    if held is None:
        return
    promised = int(level) / 100
    told = f"{level} % intervals held {100 * held:.0f} % of what came"
    if abs(held - promised) <= NOTABLE:
        yield Sentence(f"{told}, as promised.", "good")
    elif abs(held - promised) <= chance_points(promised, report.windows):
        yield Sentence(f"{told}, which so few windows leave to chance.")
    elif held < promised:
        yield Sentence(f"{told}: they are too narrow.", "bad")
    else:
        yield Sentence(f"{told}: they are wider than they need to be.", "bad")


def bias(tested: Outcomes) -> Iterator[Sentence]:
    """Whether forecasts lie on one side of what came, over windows that do not overlap."""
    scaled, _ = _by_stretch(tested, np.sign(tested.error) * tested.relative)
    if len(scaled) < LEAST_WINDOWS:
        return
    mean, error = scaled.mean(), scaled.std(ddof=1) / math.sqrt(len(scaled))
    if abs(mean) > max(SURE * error, LEAST_BIAS):
        side = "high" if mean > 0 else "low"
        yield Sentence(
            f"Forecasts are too {side} on average, by {100 * abs(mean):.0f} % of the mean error.",
            "bad",
        )


def distrusted(tested: Outcomes) -> Iterator[Sentence]:
    """Series whose forecasts err clearly more than the season before, repeated."""
    known = np.isfinite(tested.reference)
    own = tested.by_series(np.where(known, np.abs(tested.error), np.nan))
    other = tested.by_series(np.abs(tested.reference - tested.actual))
    worse = np.flatnonzero(own > (1 + NOTABLE) * other)
    count = int(np.isfinite(own).sum())
    if not len(worse) or count < 2:
        return
    excess = own[worse] / np.where(other[worse] > 0, other[worse], np.nan)
    order = worse[np.argsort(-np.nan_to_num(excess, nan=np.inf), kind="stable")]
    named = ", ".join(tested.ids[k] for k in order[:MOST_NAMED])
    more = f" and {len(order) - MOST_NAMED:,} more" if len(order) > MOST_NAMED else ""
    yield Sentence(
        f"Do not trust {named}{more}: of {count:,} series, {len(order):,}"
        f" {'was' if len(order) == 1 else 'were'} forecast worse, by 5 % or more, than by"
        f" {_words('naive' if tested.season_length == 1 else 'seasonal_naive')}.",
        "bad",
    )


def change(tested: Outcomes) -> Iterator[Sentence]:
    """Since when errors are larger or smaller, over windows that do not overlap.

    The place is that of the largest rank statistic, and its probability an approximation (Pettitt
    1979, "A non-parametric approach to the change-point problem").
    """
    sizes, first = _by_stretch(tested, tested.relative)
    if (count := len(sizes)) < LEAST_WINDOWS:
        return
    ranks = np.sign(sizes[:, None] - sizes[None, :]).sum(axis=1).cumsum()[:-1]
    place = int(np.abs(ranks).argmax())
    chance = 2 * math.exp(-6 * float(ranks[place]) ** 2 / (count**3 + count**2))
    before, since = sizes[: place + 1].mean(), sizes[place + 1 :].mean()
    if chance > CHANCE or not before or not since:
        return
    times = since / before
    stamp = stamp_text(tested.grid.stamps(first[place + 1 : place + 2] + 1)[0])
    if times >= LEAST_CHANGE:
        yield Sentence(f"Since {stamp} errors are {times:.2g} times those before.", "bad")
    elif 1 / times >= LEAST_CHANGE:
        yield Sentence(f"Since {stamp} errors are {times:.2g} times those before.", "good")


def few_windows(tested: Outcomes) -> Iterator[Sentence]:
    """Whether all of this may be chance, or true of one stretch of time alone."""
    windows = len(np.unique(np.stack((tested.series, tested.cutoffs))[:, tested.apart], axis=1).T)
    if 0 < windows < LEAST_WINDOWS:
        counted = f"{windows} windows that do not overlap" if windows > 1 else "one window"
        yield Sentence(f"All this was measured on {counted}: much of it may be chance.", "bad")
    elif len(tested.stretches[1]) == 1:
        yield Sentence(
            "All this was measured on one stretch of time, as long as a forecast: other times may"
            " be unlike it."
        )


def _by_stretch(tested: Outcomes, values: Floats) -> tuple[Floats, Ints]:
    """Means of values over windows apart, for each stretch of time, and its first cutoff."""
    numbers, first = tested.stretches
    found = means(values[tested.apart], numbers, len(first))
    known = np.isfinite(found)
    return found[known], first[known]


def _words(baseline: str) -> str:
    return SIMPLE.get(baseline, "a linear model" if baseline == "ridge" else baseline)
