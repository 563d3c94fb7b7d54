"""Stamps that repeat: by clocks that go back, whose zone tells them apart, or as rows are versions
of one stamp.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from lstm_forecast.panel.asking.draft import Choice
from lstm_forecast.panel.asking.event_questions import EventLook
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.zones import clock_zone
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.stamps.columns import DAYS_END_AT_24

__all__ = ["ends_text", "versions_text", "zone_answer"]

# The panel under policies, and the faults in its table.
Survey = Callable[[Mapping[str, Any]], tuple[Panel, dict[str, Finding]]]


def zone_answer(rows: EventLook, survey: Survey, findings: Sequence[Finding]) -> Choice | None:
    """The zone in which no two rows have one stamp; None where clocks do not explain all of those
    that do, or stamps are ends, as the ``findings`` tell: clocks repeat hours by their beginning.
    """
    if not isinstance(rows.stamps, pd.DatetimeIndex) or rows.stamps.tz is not None:
        return None
    if _are_ends(findings):
        return None
    zone = clock_zone(rows.stamps[rows.again], repeated=True)
    if zone is None:
        return None
    keys = {"timezone": zone, "dst": "first"}
    if "duplicates" in survey(keys)[1]:
        return None
    effect = (
        "all rows stay: the later of two is that of the hour behind the change; another zone that"
        f" changes with {zone} may be named in its place"
    )
    return Choice(keys, effect, safe=True)


def ends_text(rows: EventLook, findings: Sequence[Finding]) -> str:
    """That rows of one stamp are those of an hour that clocks show twice, if stamps are its end."""
    if not isinstance(rows.stamps, pd.DatetimeIndex) or rows.stamps.tz or not _are_ends(findings):
        return ""
    steps = pd.Series(rows.stamps.unique().sort_values()).diff()
    zone = clock_zone(rows.stamps[rows.again] - steps.median(), repeated=True)
    if zone is None:
        return ""
    return (
        f"; clocks in {zone} show an hour twice that ends so: write the beginning of each step in"
        " its place, as hours from 0 to 23, after which a zone is asked for"
    )


def _are_ends(findings: Sequence[Finding]) -> bool:
    """Whether days end at 24:00, so that a stamp is the end of its step."""
    return any(each.text == DAYS_END_AT_24 for each in findings)


def versions_text(others: Sequence[str]) -> str:
    """That rows of one stamp may be versions of it, told apart by dates in ``others``."""
    if not others:
        return ""
    option = f"--timestamp {shlex.quote(others[0])}"
    return (
        f"; {', '.join(others)} holds dates, too: rows may be versions of one stamp, or belong to"
        f" that date ({option})"
    )
