"""Which series a picture shows: each of few, sums by their columns, or of many the totals and those
that were forecast worst and best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from lstm_forecast.config.table import DataConfig
from lstm_forecast.forecasting.sums import Groups, gathered_forecasts, groups_by, is_sum
from lstm_forecast.forecasting.table import chosen_ids, panel_ids
from lstm_forecast.judging.metrics import relative_errors
from lstm_forecast.panel.panel import Panel

__all__ = ["Overview", "choose_groups", "overview"]

EXTREMES = 3  # of the worst, and of the best
MOST_TOTALS = 3  # one for each target


@dataclass(frozen=True)
class Overview:
    """What is shown, each in a panel of its own."""

    groups: Groups
    totals: frozenset[str] = frozenset()  # those of them that are of all
    told: Mapping[str, str] = field(default_factory=dict)  # behind the name of each
    note: str = ""  # of how many, and how they were chosen

    @property
    def has_sums(self) -> bool:
        """Whether a group is more than one series."""
        return any(is_sum(name, members) for name, members in self.groups.items())


def choose_groups(
    panel: Panel,
    data: DataConfig,
    test: pd.DataFrame,
    *,
    name: str,
    series: Sequence[str],
    by: Sequence[str] | None,
    most: int,
) -> Overview:
    """Choose at most ``most`` groups of the ``series``, absent: of all, that have the same in the
    columns ``by``; each by itself where that is None.

    ``test`` is as in ``overview``. Raises DataError for a series that there is not, UsageError for
    a column that tells no groups.
    """
    ids = panel_ids(data, panel.layout).tolist()
    found = dict.fromkeys(chosen_ids(ids, panel.layout.ids, series))
    every = {each: [each] for each in found}
    groups = every if by is None else groups_by(panel, data, ids, by)
    groups = {group: [each for each in own if each in found] for group, own in groups.items()}
    groups = {group: own for group, own in groups.items() if own}
    if len(groups) <= most:
        return _counted(Overview(groups))
    places = {each: target for row in ids for each, target in zip(row, data.targets, strict=True)}
    targets: dict[str, list[str]] = {}
    for each in found:
        targets.setdefault(places[each], []).append(each)
    return overview(groups, test, name=name, targets=targets)


def overview(
    groups: Groups, test: pd.DataFrame, *, name: str, targets: Mapping[str, Sequence[str]]
) -> Overview:
    """Choose from more ``groups`` than a picture can show: the total of each of few targets, and
    the groups with the largest and the smallest errors of the test part.

    ``test`` has ``unique_id, ds, cutoff, y`` and the forecasts ``name``, ``targets`` the ids of
    each target. Where too few have errors, the first groups are chosen.
    """
    kind = "groups" if any(is_sum(*group) for group in groups.items()) else "series"
    totals = {
        _total_name(groups, target if len(targets) > 1 else ""): members
        for target, members in targets.items()
        if len(targets) <= MOST_TOTALS and len(members) > 1
    }
    errors = relative_errors(gathered_forecasts(test, groups, ["y", name]), name)
    ranked = len(errors) >= 2 * EXTREMES
    worst, best = list(errors.index[: -EXTREMES - 1 : -1]), list(errors.index[:EXTREMES])
    chosen = [*worst, *best] if ranked else list(groups)[: 2 * EXTREMES]
    told = {each: f", worst: {100 * errors[each]:.1f} %" for each in worst if ranked}
    told |= {each: f", best: {100 * errors[each]:.1f} %" for each in best if ranked}
    which = f"{EXTREMES} worst and {EXTREMES} best" if ranked else f"first {len(chosen)}"
    note = f"{len(groups):,} {kind}: {'the total and ' if totals else ''}the {which} are shown"
    note += ", by their test errors as shares of the values" if ranked else ""
    note += "" if kind == "groups" else "; --series NAME shows others"
    kept = totals | {each: groups[each] for each in chosen}
    return _counted(Overview(kept, frozenset(totals), told, note))


def _total_name(groups: Groups, target: str) -> str:
    name = "total" if "total" not in groups else "total of all"
    return f"{name}/{target}" if target else name


def _counted(shown: Overview) -> Overview:
    """The same with how many series each sum is of."""
    counts = {
        name: f", {len(members):,} series"
        for name, members in shown.groups.items()
        if is_sum(name, members)
    }
    told = {name: counts.get(name, "") + shown.told.get(name, "") for name in shown.groups}
    return replace(shown, told=told)
