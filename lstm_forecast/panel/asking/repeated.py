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

__all__ = ["versions_text", "zone_answer"]

# The panel under policies, and the faults in its table.
Survey = Callable[[Mapping[str, Any]], tuple[Panel, dict[str, Finding]]]


def zone_answer(rows: EventLook, survey: Survey) -> Choice | None:
    """The zone in which no two rows have one stamp; None where clocks do not explain all of those
    that do.
    """
    if not isinstance(rows.stamps, pd.DatetimeIndex) or rows.stamps.tz is not None:
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


def versions_text(others: Sequence[str]) -> str:
    """That rows of one stamp may be versions of it, told apart by dates in ``others``."""
    if not others:
        return ""
    option = f"--timestamp {shlex.quote(others[0])}"
    return (
        f"; {', '.join(others)} holds dates, too: rows may be versions of one stamp, or belong to"
        f" that date ({option})"
    )
