"""Columns of numbers that are the sum of others, as exports have a total beside its parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.names import words_of

__all__ = [
    "MIN_ROWS",
    "Total",
    "find_totals",
    "listed",
    "rounding",
    "rounding_of_sums",
    "total_notes",
]

MIN_ROWS = 10  # that have to agree before a sum is no accident
SAMPLED_ROWS = 64  # in which sums are looked for
LEAST_COMPLETE = 0.9  # share of the sampled rows in which a column has a value
MOST_DECIMALS = 6  # with more, numbers are taken for exact ones
PROJECTIONS = 3  # sums by random weights that have to agree before columns are added up
MOST_TRIED = 8  # blocks of columns for each, of those whose sums agree
MOST_CANCELLING = 8  # parts of which all choices are looked at; of more, as many side by side
MOST_NAMED = 3  # in a line that people read
SLACK = 0.01  # share of the range of a total that rounding may reach
EXACT = 1e-9  # of the size of the parts: what adding floats may err
Floats = NDArray[np.float64]
Block = NDArray[np.int64]


@dataclass(frozen=True)
class Total:
    """A column that is the sum of others in every row."""

    column: str
    parts: tuple[str, ...]
    rows: int  # that hold a value of each


@np.errstate(over="ignore", invalid="ignore")
def find_totals(
    columns: Mapping[str, Floats], groups: Sequence[Sequence[str]] = ()
) -> tuple[Total, ...]:
    """The columns that are the sum of all others, of those with a common word in their names, of
    one of the ``groups``, or of a block of columns right before or behind them; of two or more that
    vary.
    """
    names, sample = _sample(columns)
    if len(names) < 3 or len(sample) < MIN_ROWS:
        return ()
    units = rounding(sample)
    found = []
    for total, blocks in _candidates(names, sample, units, groups):
        agreeing = [parts for parts in blocks if _agree(sample, units, total, parts)]
        for parts in sorted(agreeing, key=partial(_distance, sample, total)):
            every = [columns[names[k]] for k in (total, *parts)]
            if rows := _rows_of_sum(every, units[[total, *parts]]):
                found.append(Total(names[total], tuple(names[k] for k in parts), rows))
                break
    return tuple(found)


def total_notes(totals: Sequence[Total]) -> Iterator[Finding]:
    """What is worth knowing of totals, in one finding."""
    if not totals:
        return
    each = [
        f"{total.column} is the sum of {listed(total.parts)} in all {total.rows:,} rows"
        for total in totals
    ]
    text = (
        f"{listed(each, between='; ')}: a total is known only where its parts are, so that beside"
        " them it is nothing to add to data.covariates.past"
    )
    yield Finding(
        "totals",
        "note",
        max(total.rows for total in totals),
        text,
        columns={total.column: total.rows for total in totals},
    )


def rounding(values: Floats) -> Floats:
    """The unit of the last decimal of each column (n_rows, n_columns); 0 where there are many."""
    units = np.zeros(values.shape[1])
    for decimals in range(MOST_DECIMALS, -1, -1):
        scaled = values * 10.0**decimals
        near = np.abs(scaled - np.rint(scaled)) <= EXACT * np.maximum(1, np.abs(scaled))
        units[(near | ~np.isfinite(values)).all(axis=0)] = 10.0**-decimals
    return units


def rounding_of_sums(
    unit: float, parts: Floats | float, spread: Floats | float, size: Floats
) -> Floats:
    """How far a total may be from the sum of ``parts`` numbers that are rounded to a ``unit``, as
    it is itself.

    That is little of the ``spread`` of the total, beside what floats of that ``size`` err.
    """
    return np.minimum(unit * (0.5 + 1.5 * np.sqrt(parts)), SLACK * spread) + EXACT * size


def listed(names: Sequence[str], between: str = ", ") -> str:
    """The first few names, and how many more there are."""
    more = [f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
    return between.join([*names[:MOST_NAMED], *more])


def _sample(columns: Mapping[str, Floats]) -> tuple[list[str], Floats]:
    """The columns that are nearly complete, and rows (n_rows, n_columns) in which all are."""
    names, n_rows = list(columns), len(next(iter(columns.values()), ()))
    if len(names) < 3 or n_rows < MIN_ROWS:
        return [], np.empty((0, 0))
    rows = np.unique(np.linspace(0, n_rows - 1, SAMPLED_ROWS).astype(np.int64))
    sample = np.stack([column[rows] for column in columns.values()], axis=1)
    complete = np.isfinite(sample).mean(axis=0) >= LEAST_COMPLETE
    sample = sample[:, complete]
    kept = [name for name, whole in zip(names, complete, strict=True) if whole]
    return kept, sample[np.isfinite(sample).all(axis=1)]


def _candidates(
    names: Sequence[str], sample: Floats, units: Floats, named: Sequence[Sequence[str]]
) -> Iterator[tuple[int, list[Block]]]:
    """The columns that vary, each with the parts whose sums over the sampled rows are its own, by
    random weights: a few numbers for each column show which parts are worth a look.
    """
    weights = np.random.default_rng(0).normal(size=(PROJECTIONS, len(sample)))
    sums, spread = weights @ sample, np.ptp(sample, axis=0)
    exact = EXACT * (np.abs(weights) @ np.abs(sample)).sum()
    rounded = units.max() * 3 * np.sqrt(sample.size)
    slacks = np.minimum(rounded, SLACK * spread * np.abs(weights).sum(axis=1).max()) + exact
    places, groups = np.arange(len(names)), _groups(names, named)
    grouped = sums @ groups.T
    before = np.cumsum(np.insert(sums, 0, 0, axis=1), axis=1)
    for total in np.flatnonzero(spread > 0):
        own, slack = sums[:, total], slacks[total]
        rest = before[:, -1:] - own[:, None]
        alike = _near(grouped - np.outer(own, groups[:, total]), own, slack)
        starts = _near(before[:, : max(0, total - 1)], before[:, total] - own, slack)
        ends = _near(before[:, total + 3 :], before[:, total + 1] + own, slack)
        blocks = [
            *(places[places != total] for _ in _near(rest, own, slack)),
            *(places[groups[k] & (places != total)] for k in alike),
            *(places[start:total] for start in starts[::-1]),
            *(places[total + 1 : total + 3 + end] for end in ends),
        ]
        if blocks:
            yield int(total), blocks[:MOST_TRIED]


def _near(sums: Floats, wanted: Floats, slack: float) -> Block:
    """Which of the ``sums`` (n_weights, n) are as ``wanted``; few are by the first weights."""
    first = np.flatnonzero(np.abs(sums[0] - wanted[0]) <= slack)
    return first[(np.abs(sums[:, first] - wanted[:, None]) <= slack).all(axis=0)]


def _groups(names: Sequence[str], named: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """The columns that have a word in common, for each word, and those that are ``named``:
    (n_groups, n_columns).
    """
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        for word in set(words_of(name)):
            groups.setdefault(word, []).append(place)
    places_of = {name: place for place, name in enumerate(names)}
    given = [[places_of[name] for name in group if name in places_of] for group in named]
    common = [places for places in (*given, *groups.values()) if len(places) > 1]
    members = np.zeros((len(common), len(names)), bool)
    for member, places in zip(members, common, strict=True):
        member[places] = True
    return members


def _agree(sample: Floats, units: Floats, total: int, parts: Block) -> bool:
    """Whether a column is the sum of others, two of which vary, in the sampled rows."""
    if (np.ptp(sample[:, parts], axis=0) > 0).sum() < 2:
        return False
    chosen = [sample[:, k] for k in (total, *parts)]
    chosen_units = units[[total, *parts]]
    return _rows_of_sum(chosen, chosen_units) > 0 and not _some_suffice(chosen, chosen_units)


def _some_suffice(values: Sequence[Floats], units: Floats) -> bool:
    """Whether a column, the first one, is another one by itself, or some of the others cancel each
    other, so that the rest of these is its sum without them.
    """
    total, parts = values[0], np.stack(values[1:])
    size = np.abs(parts).sum(axis=0)
    slack = rounding_of_sums(units.max(), len(parts), float(np.ptp(total)), size)
    if (np.abs(parts - total) <= slack).all(axis=1).any():
        return True
    large = parts[(np.abs(parts) > slack).any(axis=1)]
    if len(large) > MOST_CANCELLING:
        runs = np.cumsum(np.insert(large, 0, 0, axis=0), axis=0)
        lengths = range(2, MOST_CANCELLING + 1)
        some = np.concatenate([runs[length:] - runs[:-length] for length in lengths])
    else:
        chosen = np.arange(1, max(1, 2 ** len(large) - 1))[:, None] >> np.arange(len(large)) & 1
        some = chosen[chosen.sum(axis=1) > 1] @ large
    return bool((np.abs(some) <= slack).all(axis=1).any())


def _distance(sample: Floats, total: int, parts: Block) -> float:
    """How far a column is from the sum of others, which tells parts that rounding may hide."""
    return float(np.abs(sample[:, total] - sample[:, parts].sum(axis=1)).sum())


def _rows_of_sum(values: Sequence[Floats], units: Floats) -> int:
    """The rows with all values, where the first of these columns is the sum of the others in each
    of them; 0 where it is not.
    """
    total, *parts = values
    added, size = np.zeros(len(total)), np.zeros(len(total))
    for part in parts:
        added, size = added + part, size + np.abs(part)
    whole = np.isfinite(added) & np.isfinite(total)
    total, added, size = total[whole], added[whole], size[whole]
    if len(total) < MIN_ROWS:
        return 0
    slack = rounding_of_sums(units.max(), len(parts), float(np.ptp(total)), size)
    return len(total) if (np.abs(total - added) <= slack).all() else 0
