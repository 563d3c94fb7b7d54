"""Which regular grids the rows of a table could be put on, where their stamps leave it open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.panel.asking.draft import Choice
from lstm_forecast.panel.notes import gap_lengths
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.seasons import usual_season
from lstm_forecast.panel.steps.frequency import alias_of, fixed_step
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.panel.steps.spacing import distinct
from lstm_forecast.tables.faults import Finding

__all__ = [
    "FILLED", "LONGEST_FILLED_GAP", "MOST_HOLES_OF_ANSWER", "filling_answers", "filling_policies",
    "finer_answer", "moving_answers", "policies_of_steps", "two_frequencies", "with_closed",
]  # fmt: skip

Ints = NDArray[np.int64]
# The panel under policies, and the faults in its table.
Survey = Callable[[Mapping[str, Any]], tuple[Panel, dict[str, Finding]]]
MINUTES_OF_STEP = {
    "5min": 5, "10min": 10, "15min": 15, "30min": 30, "h": 60, "2h": 120, "6h": 360, "D": 1440,
}  # fmt: skip
LONGEST_FILLED_GAP = 10  # rows, where there is no season or a shorter one
MOST_HOLES_OF_GRID = 0.6  # missing steps for each row that a grid may have
MOST_HOLES_OF_ANSWER = 3  # the same, of one that is offered
# What becomes of rows of one step under each policy.
MERGING_RULES = {
    "mean": "averaged",
    "first": "dropped but the first",
    "last": "dropped but the last",
    "sum": "added up",
}
SEASONAL_HOLES = 0.05  # missing steps for each row from which they are filled by season
SHARE_FILLED_UNASKED = 0.1  # missing steps for each row that are filled without being asked for
FILLED: Mapping[str, Any] = {"gaps": "fill", "missing": "ffill"}  # policies for empty steps
# Shares of the steps from which rows have two frequencies: of the longer one, and of both.
LONGER_SHARE, BOTH_SHARE = 1 / 3, 0.9


def policies_of_steps(finest: Grid, survey: Survey) -> dict[str, Any]:
    """Policies that move stamps to the finest steps that are mostly filled then: those of a step
    are their mean.
    """
    minutes = 0 if isinstance(finest.origin, int) or finest.step is None else finest.step / 60e6
    keys: dict[str, Any] = {"off_grid": "nearest", "duplicates": "mean"}
    longer = [freq for freq, length in MINUTES_OF_STEP.items() if minutes and length > minutes]
    for freq in (finest.freq, *longer):
        keys["freq"] = freq
        panel, _ = survey(keys)
        gaps = gap_lengths(panel)
        filled = gaps[gaps <= max(usual_season(panel.layout), LONGEST_FILLED_GAP)].sum()
        if filled <= MOST_HOLES_OF_GRID * len(panel.values):
            break
    return keys


def filling_policies(panel: Panel, counts: Mapping[str, int], *, moved: bool) -> dict[str, Any]:
    """What fills so many ``gaps`` and ``missing`` values, where stamps were ``moved`` or not."""
    season, policies = usual_season(panel.layout), dict[str, Any]()
    if "gaps" in counts:
        policies["gaps"] = "fill"
        if gap_lengths(panel).max() > (limit := max(season, LONGEST_FILLED_GAP)):
            policies["fill_limit"] = limit
    many = sum(counts.values()) > SEASONAL_HOLES * len(panel.values)
    # A season filled into what was moved would make seasonal forecasts look too good.
    usual = "seasonal" if season > 1 and many else "ffill"
    return policies | {"missing": "interpolate" if moved else usual}


def filling_answers(
    policies: Mapping[str, Any], counts: Mapping[str, int], gaps: Ints, freq: str | None
) -> list[Choice]:
    """The answers to what becomes of so many ``gaps``, of these lengths, and ``missing`` values:
    made by the ``policies``, not observed, or, of events by steps of a ``freq``, 0.
    """
    holes = sum(counts.values())
    how = {"ffill": "that before it", "seasonal": "that a season before"}
    value = how.get(policies.get("missing", ""), "on the line between those beside it")
    limit = policies.get("fill_limit")
    long = gaps[gaps > limit] if limit else gaps[:0]
    longer = f"; {len(long):,} gaps of more than {limit:,} steps part the series" if limit else ""
    masked = {key: "mask" for key in policies if key in ("gaps", "missing")}
    unseen = f"{holes:,} steps are not observed: nothing learns from them or is judged by them"
    answers = [
        Choice(policies, f"{holes - long.sum():,} values are made, each {value}{longer}"),
        Choice(masked, unseen, safe=True),
    ]
    if freq is not None and not freq.isdigit():
        keys = {"aggregate": "sum", "freq": freq}
        if "missing" in counts:
            keys["missing"] = "mask"
        text = f"rows are what happened: {counts['gaps']:,} steps without one are 0"
        answers.append(Choice(keys, text))
    return answers


def with_closed(answers: Sequence[Choice], rule: ClosedConfig) -> list[Choice]:
    """The answers, of which those that make steps 0 name the ``rule`` of closed ones, that are not
    among these.
    """
    keys = {"closed": rule.model_dump(mode="json", exclude_defaults=True)}
    return [
        replace(each, keys={**each.keys, **keys}) if "aggregate" in each.keys else each
        for each in answers
    ]


def finer_answer(freq: str, ticks: Ints, codes: NDArray[np.integer[Any]]) -> Choice | None:
    """The longest part of ``freq`` that all stamps, of series by their ``codes``, are whole steps
    of, which leaves all rows where they are; None where most of its steps would be without a row.
    """
    step = None if freq.isdigit() else fixed_step(freq)
    if step is None:
        return None
    unique = distinct(ticks)
    part = int(np.gcd.reduce(np.diff(unique)))
    ends = pd.Series(ticks).groupby(codes).agg(["min", "max", "nunique"])
    rows, given = int(((ends["max"] - ends["min"]) // part + 1).sum()), int(ends["nunique"].sum())
    finer = pd.Timedelta(part, unit="us")
    if step % finer or rows > (1 + MOST_HOLES_OF_ANSWER) * given:
        return None
    alias = alias_of(part)
    empty = f"{rows - given:,} of {rows:,} steps of {alias} have none, and are filled"
    keys = {"freq": alias, **FILLED}
    few = rows - given <= SHARE_FILLED_UNASKED * given  # others are made up
    return Choice(keys, f"all rows stay where they are; {empty}", safe=few)


def moving_answers(keys: Mapping[str, Any], count: int, *, remain: str | None) -> list[Choice]:
    """The answers that move ``count`` stamps of an inexact clock by the policies ``keys``: how rows
    become one that meet on a step, after which so many ``remain``, None where none do.
    """
    moved = (
        f"{count:,} stamps are moved to the nearest step of {keys['freq']}, from its middle on to"
        " the next one"
    )
    kept = {key: value for key, value in keys.items() if key != "freq"}
    if remain is None:
        return [Choice(kept, moved)]
    return [
        Choice({**kept, "duplicates": rule}, f"{moved}; rows of one step are {done}{remain}")
        for rule, done in MERGING_RULES.items()
    ]


def two_frequencies(
    panel: Panel, missing: int, survey: Survey
) -> tuple[str, Choice, Choice] | None:
    """What rows are like that have two frequencies, one a multiple of the other, and the answers
    for the shorter step, of which so many are ``missing``, and for the longer one; None where gaps
    are of another kind.
    """
    grid, gaps = panel.layout.grid, gap_lengths(panel)
    gaps = gaps[gaps > 0]
    if isinstance(grid.origin, int) or grid.step is None or not len(gaps):
        return None
    sizes, counts = np.unique(gaps, return_counts=True)
    steps = len(panel.values) - len(panel.layout.ids)
    longer, shorter = int(counts.max()), steps - len(gaps)
    if longer < LONGER_SHARE * steps or longer + shorter < BOTH_SHARE * steps:
        return None
    freq = alias_of(grid.step * (1 + int(sizes[counts.argmax()])))
    keys = {"freq": freq, "off_grid": "nearest", "duplicates": "mean"}
    _, found = survey(keys)
    merged, empty = (found[kind].count if kind in found else 0 for kind in ("duplicates", "gaps"))
    return (
        f"{shorter:,} steps are of freq {grid.freq}, and {longer:,} of freq {freq}: either may be"
        " that of the data",
        Choice(FILLED, f"freq {grid.freq}: {missing:,} steps without a row are filled"),
        Choice(
            {**keys, **FILLED},
            f"freq {freq}: {merged:,} rows are averaged with the one of their nearest step, and"
            f" {empty:,} steps without a row are filled",
        ),
    )
