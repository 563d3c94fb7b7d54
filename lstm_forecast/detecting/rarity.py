"""How rare every step of every series is, by kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.detecting.conformal import Known, grown
from lstm_forecast.detecting.detection import DRIFT, FLAT, KINDS, MISSING, SPIKE
from lstm_forecast.detecting.drifting import (
    LEAST_KNOWN,
    UNSURE,
    allowance_for,
    cumulative_sums,
    false_alarm_share,
)
from lstm_forecast.detecting.reference import Reference
from lstm_forecast.detecting.scores import Scores
from lstm_forecast.detecting.streaks import streak_p_values, streaks
from lstm_forecast.panel.panel import Layout

__all__ = [
    "NOT_OBSERVED", "Steps", "kinds_of", "missing_steps", "observed_steps", "spike_borders",
]  # fmt: skip

NOT_OBSERVED = -1
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """Steps that are judged, one for each series, target and number on the grid: arrays (n,), or
    (n, len(KINDS)) for what each kind says.
    """

    series: Ints
    target: Ints
    ordinal: Ints  # number on the grid
    row: Ints  # of the panel, or NOT_OBSERVED
    p: Floats  # by kind: NaN where it says nothing
    since: Ints  # by kind: number on the grid where what it judges began

    def __len__(self) -> int:
        return len(self.ordinal)

    @property
    def rarity(self) -> Floats:
        """One p-value for each step: the smallest of its kinds."""
        least: Floats = np.where(np.isnan(self.p), 1.0, self.p).min(axis=1)
        return least

    def corrected(self, kinds: int) -> "Steps":
        """Return the same with p-values for so many ``kinds``, any of which may be rare by chance
        (Bonferroni).
        """
        return replace(self, p=np.minimum(1.0, kinds * self.p))

    def only(self, kept: NDArray[np.generic] | slice) -> "Steps":
        """Return those steps alone."""
        return Steps(**{name: each[kept] for name, each in vars(self).items()})

    @classmethod
    def joined(cls, parts: Sequence["Steps"]) -> "Steps":
        """Return the steps of all parts."""
        return cls(
            **{
                name: np.concatenate([vars(part)[name] for part in parts])
                for name in vars(parts[0])
            }
        )


def kinds_of(horizon: int) -> int:
    """Kinds that a step may be unusual in: a horizon of one step has no level and no pattern."""
    return len(KINDS) if horizon > 1 else len(KINDS) - 2


def observed_steps(
    scores: Scores,
    layout: Layout,
    actual: Floats,
    reference: Reference,
    *,
    horizon: int,
    rate: float,
    new: bool,
) -> Steps:
    """Judge every row that has a score by all that was scored of it, and how long its value has
    been the same; ``actual`` is (n_rows, n_targets).

    Where rows are ``new``, each is compared with those before it as well, which become usual if
    they go on. A drift is told once where ``rate`` is the share of usual steps that may be unusual.
    """
    rows, targets = np.nonzero(np.isfinite(scores.by_kind[SPIKE]))
    ordinals = layout.ordinals(rows)
    p = np.full((len(rows), len(KINDS)), np.nan)
    since = np.repeat(ordinals[:, None], len(KINDS), axis=1)
    for kind, found in scores.by_kind.items():
        own = found[rows, targets]
        for part, known in _known(reference.known(kind), own, ordinals, new=new):
            p[part, KINDS.index(kind)] = known.p_values(own[part])
        if kind != SPIKE:
            since[:, KINDS.index(kind)] -= horizon - 1
    rare, lengths = _flat(layout, actual)
    drifting, began = _drifting(
        scores.levels, layout, reference, horizon=horizon, alarm=rate / kinds_of(horizon)
    )
    p[:, KINDS.index(FLAT)] = rare[rows, targets]
    since[:, KINDS.index(FLAT)] -= lengths[rows, targets]
    p[:, KINDS.index(DRIFT)] = drifting[rows, targets]
    since[:, KINDS.index(DRIFT)] = began[rows, targets]
    return Steps(layout.series_of(rows), targets, ordinals, rows, p, since)


def spike_borders(
    scores: Scores, layout: Layout, reference: Reference, *, p: float, new: bool
) -> Floats:
    """How many times as far as the border of its interval a value may lie from its forecast before
    its p-value is ``p``, (n_rows, n_targets); NaN where not known. ``new`` as in
    ``observed_steps``.
    """
    borders, found = np.full(scores.scales.shape, np.nan), scores.by_kind[SPIKE]
    rows, targets = np.nonzero(np.isfinite(found))
    own, ordinals = found[rows, targets], layout.ordinals(rows)
    for part, known in _known(reference.spikes, own, ordinals, new=new):
        threshold = known.threshold(p)
        if np.isfinite(threshold):
            borders[rows[part], targets[part]] = threshold
    return borders * scores.scales


def _known(
    known: Known, scores: Floats, ordinals: Ints, *, new: bool
) -> Iterable[tuple[Ints, Known]]:
    """The places of scores, with what they are compared with."""
    return grown(known, scores, ordinals) if new else [(np.arange(len(scores)), known)]


def missing_steps(layout: Layout, actual: Floats, *, starts: Ints, until: Ints) -> Steps:
    """Judge the steps without a value by how long there has been none, from number ``starts``
    (n_series,) on the grid on; a series goes on to number ``until`` (n_series,).
    """
    found = [
        _missing(layout, actual, series, target, int(starts[series]), int(until[series]))
        for series in _with_gaps(layout, actual, until)
        for target in range(actual.shape[1])
    ]
    nothing = np.empty(0, np.int64)
    of_kinds = np.empty((0, len(KINDS)))
    empty = Steps(nothing, nothing, nothing, nothing, of_kinds, of_kinds.astype(np.int64))
    return Steps.joined([empty, *found])


def _with_gaps(layout: Layout, actual: Floats, until: Ints) -> Iterator[int]:
    first, last = layout.offsets[:-1], layout.offsets[1:] - 1
    whole = until - layout.ordinals(first) == last - first
    holes = np.add.reduceat(np.isnan(actual).any(axis=1), first) > 0
    yield from np.flatnonzero(~whole | holes).tolist()


def _missing(
    layout: Layout, actual: Floats, series: int, target: int, start: int, until: int
) -> Steps:
    rows = np.arange(layout.offsets[series], layout.offsets[series + 1])
    ordinals = layout.ordinals(rows)
    first = int(ordinals[0])
    missing = np.ones(until - first + 1, bool)
    missing[ordinals - first] = np.isnan(actual[rows, target])
    lengths = streaks(missing)
    judged = np.flatnonzero(missing)
    judged = judged[judged >= start - first]
    p = np.full((len(judged), len(KINDS)), np.nan)
    p[:, KINDS.index(MISSING)] = streak_p_values(lengths)[judged]
    began = (first + judged - lengths[judged] + 1)[:, None]
    same = np.ones(len(judged), np.int64)
    return Steps(
        series * same,
        target * same,
        first + judged,
        NOT_OBSERVED * same,
        p,
        np.repeat(began, len(KINDS), axis=1),
    )


def _flat(layout: Layout, actual: Floats) -> tuple[Floats, Ints]:
    """How rare it is that each row (n_rows, n_targets) has the value of the rows before it, and how
    many these are.
    """
    repeated = np.zeros(actual.shape, bool)
    repeated[1:] = actual[1:] == actual[:-1]
    repeated[layout.spans[:-1]] = False
    rare, lengths = np.ones(actual.shape), np.zeros(actual.shape, np.int64)
    for start, end in zip(layout.offsets[:-1], layout.offsets[1:], strict=True):
        for target in range(actual.shape[1]):
            found = streaks(repeated[start:end, target])
            lengths[start:end, target] = found
            rare[start:end, target] = streak_p_values(found)
    return rare, lengths


def _drifting(
    levels: Floats, layout: Layout, reference: Reference, *, horizon: int, alarm: float
) -> tuple[Floats, Ints]:
    """How rarely errors add up to so much, on rows that end a horizon, each of which follows the
    one before; and the numbers on the grid where they began to.
    """
    rare, began = np.full(levels.shape, np.nan), np.zeros(levels.shape, np.int64)
    usual = np.sqrt((1 + reference.correlation) / (1 - reference.correlation))
    known = len(reference.levels) / horizon  # without a step in common
    if known < LEAST_KNOWN:
        return rare, began
    allowance = allowance_for(known)
    for target in range(levels.shape[1]):
        rows = np.flatnonzero(np.isfinite(levels[:, target]))
        series = layout.series_of(rows)
        for own in np.split(rows, np.flatnonzero(np.diff(series)) + 1):
            chosen = own[(own - own[:1]) % horizon == 0]
            steps = _normal_scores(reference, levels[chosen, target]) / usual
            sums = cumulative_sums(steps, allowance, alarm=alarm / UNSURE)
            rare[chosen, target] = UNSURE * false_alarm_share(sums.max(axis=0), allowance)
            index = np.arange(len(chosen))
            zero = np.maximum.accumulate(np.where(sums > 0, -1, index), axis=1)
            first = zero[sums.argmax(axis=0), index] + 1
            began[chosen, target] = layout.ordinals(chosen[np.minimum(first, index)]) - horizon + 1
    return rare, began


def _normal_scores(reference: Reference, levels: Floats) -> Floats:
    """Levels as numbers that are standard normal where they are as usual, by their ranks, those of
    equal ones in the middle.
    """
    sides = [np.searchsorted(reference.levels, levels, side=side) for side in ("left", "right")]
    found: Floats = _normal_quantiles(len(reference.levels))[sides[0] + sides[1]]
    return found


@cache
def _normal_quantiles(count: int) -> Floats:
    """Those of twice the ranks among so many, from 0 to twice their number."""
    normal, doubled = NormalDist(), range(2 * count + 1)
    return np.array([normal.inv_cdf((rank + 1) / (2 * count + 2)) for rank in doubled])
