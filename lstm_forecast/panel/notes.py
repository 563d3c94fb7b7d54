"""What is worth knowing about values: sentinels, outliers, constants, zeros, seasons, columns that
tell targets.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.panel import Panel
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, Level

__all__ = [
    "USUAL_SENTINELS", "fences", "gap_lengths", "is_share", "panel_notes", "season_strength",
    "suspected_sentinels",
]  # fmt: skip

Floats = NDArray[np.float64]
USUAL_SENTINELS = (
    -9,
    -99,
    -200,
    -999,
    -9999,
    -99999,
    -32767,
    -32768,
    999,
    9999,
    99999,
    32767,
    65535,
    999999,
    -1e30,
    1e30,
    1e20,
)
SENTINEL_DISTANCE = 0.5  # share of its own size that a sentinel lies from the nearest other value
MOST_OUTLIERS = 0.01  # share of the values, on either side, that may be outliers
MANY_ZEROS = 0.05  # share of the rows from which zeros are worth a note
SAME_CORRELATION = 1 - 1e-9  # of columns that are one and the same
COMPARED_ROWS = 5_000  # in which columns are compared and seasons measured
MEASURED_SERIES = 200  # in which seasons are measured
# How values from 0 to 1 tell that they end at 1, see is_share. The largest is at most so many
# standard deviations below 1.
NEAR_ONE = 1.0
# The changes among the largest values, this share of all, are at most so large beside the others.
TOP_SHARE, CROWDED_CHANGE = 0.1, 0.75
# Fewer changes tell nothing of the largest values, or not all.
CHANGES_THAT_TELL, CHANGES_THAT_TELL_ALL = 50, 200
RESTLESS_CHANGE = 0.5  # standard deviations by which what is no random walk changes


def suspected_sentinels(values: Floats) -> tuple[float, ...]:
    """Numbers that commonly stand for a missing value and lie far from all other values of a column
    (n_rows,).
    """
    found = []
    for number in np.intersect1d(values, USUAL_SENTINELS):
        others = values[np.isfinite(values) & (values != number)]
        if len(others) and (
            number < others.min() - SENTINEL_DISTANCE * abs(number)
            or number > others.max() + SENTINEL_DISTANCE * abs(number)
        ):
            found.append(float(number))
    return tuple(found)


def gap_lengths(panel: Panel) -> NDArray[np.int64]:
    """Steps missing in every gap of a series; one of 0 if there is none."""
    layout = panel.layout
    ends = layout.first + np.diff(layout.spans)
    inside = np.diff(layout.series_of(layout.spans[:-1])) == 0
    return np.append((layout.first[1:] - ends[:-1])[inside], 0)


def fences(values: Floats) -> tuple[float, float]:
    """Limits beyond which values (n,) are outliers: farther from the others than those are from
    each other.

    At most ``MOST_OUTLIERS`` of the values on either side can be beyond; both limits are infinite
    where the others are equal.
    """
    ordered = np.sort(values[np.isfinite(values)])
    trimmed = max(1, int(MOST_OUTLIERS * len(ordered)))
    if len(ordered) < 4 * trimmed:
        return -np.inf, np.inf
    first, last = trimmed, len(ordered) - trimmed - 1
    first -= _reach(ordered[last] - ordered[first::-1])
    last += _reach(ordered[last:] - ordered[first])
    width = ordered[last] - ordered[first]
    return (
        (float(ordered[first] - width), float(ordered[last] + width))
        if width > 0
        else (-np.inf, np.inf)
    )


def _reach(extents: Floats) -> int:
    """How many of the growing ``extents`` can be taken in before one is more than twice the one
    before.
    """
    jumps = np.flatnonzero(np.diff(extents) > extents[:-1])
    return int(jumps[0]) if len(jumps) else len(extents) - 1


def is_share(values: Floats, series: NDArray[np.int64]) -> bool:
    """Whether values (n,) from 0 to 1 of ``series`` (n,) end at 1, where prices and small amounts
    merely stop short.

    Several are 1, more than a normalised series has. Or they come near and move the less the nearer
    they are, as the border leaves them no room; of few values it is enough that they do not move
    more there, unless they wander as prices do.
    """
    observed = values[~np.isnan(values)]
    if np.isin(observed, (0, 1)).all():  # or nothing was observed
        return False
    deviation = observed.std()
    if 1 - observed.max() > NEAR_ONE * deviation:
        return False
    if (observed == 1).sum() > 2 * len(np.unique(series)):
        return True
    change, middle = np.abs(np.diff(values)), (values[1:] + values[:-1]) / 2
    kept = ~np.isnan(change) & (np.diff(series) == 0)
    change, middle = change[kept], middle[kept]
    top = (
        middle >= np.quantile(middle, 1 - TOP_SHARE)
        if len(change) >= CHANGES_THAT_TELL
        else np.ones_like(middle, np.bool_)
    )
    if top.all():
        return False
    few, restless = (
        len(change) < CHANGES_THAT_TELL_ALL,
        change.mean() >= RESTLESS_CHANGE * deviation,
    )
    return bool(
        (restless or not few)
        and change[top].mean() <= (1 if few else CROWDED_CHANGE) * change[~top].mean()
    )


def panel_notes(
    panel: Panel, *, n_targets: int, season: int, clipped: bool = False
) -> Iterator[Finding]:
    """What is worth knowing about the values of a panel; its first ``n_targets`` columns are
    forecast. Outliers are ``clipped``, where a policy says so.
    """
    yield from _spread_notes(panel, clipped=clipped)
    zeros = {
        name: int(count)
        for name, count in zip(panel.columns, (panel.values == 0).sum(axis=0), strict=True)
    }
    zeros = {name: count for name, count in zeros.items() if count > MANY_ZEROS * len(panel.values)}
    if zeros:
        yield Finding("zeros", "note", max(zeros.values()), "many values are 0", columns=zeros)
    longest = int(panel.layout.lengths.argmax())
    start, end = panel.layout.offsets[longest : longest + 2]
    yield from _giveaways(
        panel.values[max(start, end - COMPARED_ROWS) : end], panel.columns, n_targets
    )
    if season > 1:
        text = (
            f"strength {season_strength(panel, season):.2f} of the season of {season} rows, from 0"
            " to 1"
        )
        yield Finding("season", "note", season, text)


def _spread_notes(panel: Panel, *, clipped: bool) -> Iterator[Finding]:
    """Outliers, and series that hardly change."""
    outliers: list[tuple[int, int]] = []
    constant: list[tuple[int, int]] = []
    nearly: list[tuple[int, int]] = []
    for start, end in zip(panel.layout.offsets[:-1], panel.layout.offsets[1:], strict=True):
        for column, values in enumerate(panel.values[start:end].T):
            low, high = fences(values)
            outliers += [
                (start + row, column) for row in np.flatnonzero((values < low) | (values > high))
            ]
            observed = values[np.isfinite(values)]
            same = np.count_nonzero(observed == np.median(observed)) if len(observed) else 0
            if same == len(observed) > 0:
                constant.append((start, column))
            elif same > (1 - MOST_OUTLIERS) * len(observed):
                nearly.append((start, column))
    own = [cell for cell in outliers if cell[1] < panel.n_own]
    ahead = [cell for cell in outliers if cell[1] >= panel.n_own]
    far = "far from all other values of the series"
    yield from _cell_notes(
        panel, "outliers", own, far, "settled" if clipped else "note", "data.outliers: clip"
    )
    yield from _cell_notes(panel, "outliers", ahead, f"{far}; known ahead, and so never clipped")
    yield from _cell_notes(panel, "constant", constant, "the same value in all rows of a series")
    yield from _cell_notes(
        panel,
        "nearly_constant",
        nearly,
        f"the same value in all but {MOST_OUTLIERS:.0%} of the rows of a series",
    )


def _cell_notes(
    panel: Panel,
    kind: str,
    cells: Sequence[tuple[int, int]],
    text: str,
    level: Level = "note",
    remedy: str = "",
) -> Iterator[Finding]:
    """A finding about ``cells``, each a row and a column, if there are any."""
    if cells:
        names = [panel.columns[column] for _, column in cells]
        places = tuple(_place(panel, row, column, kind) for row, column in cells[:SHOWN_PLACES])
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        yield Finding(kind, level, len(cells), text, places, remedy, counts)


def _place(panel: Panel, row: int, column: int, kind: str) -> str:
    if kind == "outliers":
        return f"{panel.place(row, column)}: {panel.values[row, column]:g}"
    series = panel.layout.ids[panel.layout.series_of(np.array([row]))[0]]
    return f"series {series}: column {panel.columns[column]}"


def _giveaways(values: Floats, columns: Sequence[str], n_targets: int) -> Iterator[Finding]:
    """Columns that are a target in other clothes, or add up to one (n_rows, n_columns)."""
    values = values[np.isfinite(values).all(axis=1)]
    changing = np.ptp(values, axis=0) > 0 if len(values) > 2 else np.zeros(len(columns), bool)
    others = [k for k in range(n_targets, len(columns)) if changing[k]]
    for target in np.flatnonzero(changing[:n_targets]).tolist():
        for k in others:
            for lead, text in ((0, "goes with"), (1, "tells the next value of")):
                pair = values[: len(values) - lead, k], values[lead:, target]
                if len(pair[0]) > 10 and abs(np.corrcoef(*pair)[0, 1]) > SAME_CORRELATION:
                    text = f"column {columns[k]} {text} {columns[target]} exactly"
                    yield Finding(
                        "leak",
                        "note",
                        len(values),
                        text,
                        remedy=f"data.covariates: leave {columns[k]} out",
                    )
        parts = _addends(values[:, others], values[:, target])
        if len(parts) > 1:
            names = ", ".join(columns[others[k]] for k in parts)
            text = f"the columns {names} add up to {columns[target]}"
            yield Finding(
                "leak", "note", len(values), text, remedy="data.covariates: leave one of them out"
            )


def _addends(candidates: Floats, total: Floats) -> list[int]:
    """Columns of ``candidates`` (n, k) whose sum is ``total`` (n,); none if there are no such."""
    if not candidates.shape[1] or len(total) <= candidates.shape[1]:
        return []
    weights = np.linalg.lstsq(candidates, total)[0]
    chosen = np.flatnonzero(np.abs(weights - 1) < 1e-6)
    rest = np.abs(candidates[:, chosen].sum(axis=1) - total).max() if len(chosen) else np.inf
    return chosen.tolist() if rest <= 1e-9 * np.abs(total).max() else []


def _without_holes(panel: Panel, series: int) -> Floats:
    """The newest values of a series' first column, with straight lines where some are missing."""
    rows = np.arange(*panel.layout.offsets[series : series + 2])[-COMPARED_ROWS:]
    rows = rows[np.isfinite(panel.values[rows, 0])]
    if not len(rows):
        return np.empty(0)
    steps = panel.layout.ordinals(rows)
    straight: Floats = np.interp(
        np.arange(max(steps[0], steps[-1] - COMPARED_ROWS), steps[-1] + 1),
        steps,
        panel.values[rows, 0],
    )
    return straight


def season_strength(panel: Panel, season: int) -> float:
    """Share of the movement about the trend that a season explains, 0 to 1: the median of the
    longest series.

    1 - Var(remainder) / Var(season + remainder), not below 0 (Wang, Smith and Hyndman 2006), with a
    centred moving average of a season as trend and means of equal phases as season.
    """
    strengths = []
    for k in np.argsort(-panel.layout.lengths, kind="stable")[:MEASURED_SERIES]:
        values = _without_holes(panel, int(k))
        if len(values) < 3 * season:
            continue
        trend = np.convolve(values, np.full(season, 1 / season), mode="valid")
        moved = values[season // 2 :][: len(trend)] - trend
        phase = np.arange(len(moved)) % season
        means = np.bincount(phase, moved) / np.bincount(phase)
        total = moved.var()
        strengths.append(max(0.0, 1 - (moved - means[phase]).var() / total) if total > 0 else 0.0)
    return float(np.median(strengths)) if strengths else 0.0
