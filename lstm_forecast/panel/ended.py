"""Series that ended long before the others, of which nobody needs a forecast unless he asks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.future import Given
from lstm_forecast.panel.panel import Layout, Panel

__all__ = ["ended_notes", "ended_series", "without_ended"]

Policy = Literal["skip", "forecast"]


def without_ended(
    panel: Panel, given: Given | None, *, policy: Policy, steps: int
) -> tuple[Panel, Given | None]:
    """The panel, and rows ``given`` of its future, without series whose ``steps`` to be forecast
    all lie at or before the newest row of all series.

    All series stay where only one would, and under the policy ``forecast``.
    """
    ended = ended_series(panel.layout, steps)
    if policy == "forecast" or not ended.any() or (~ended).sum() == 1:
        return panel, given
    left_out = tuple(compress(panel.layout.ids, ended))
    kept = panel.only(~ended)
    return replace(kept, ended=left_out), None if given is None else given.only(~ended)


def ended_series(layout: Layout, steps: int, *, newest: str | None = None) -> NDArray[np.bool_]:
    """Which series, (n_series,), end so long before the newest row of all, or before the ``newest``
    stamp of a table that they are a part of, that their ``steps`` ahead lie at or before it.
    """
    last = layout.ordinals(layout.offsets[1:] - 1)
    latest = last.max() if newest is None else layout.grid.after(newest) - 1
    return np.asarray(last + steps <= latest)


def ended_notes(ended: Sequence[str]) -> Iterator[str]:
    """What is not forecast as it ended, in one line for people."""
    if ended:
        yield (
            f"data.ended_series: skip leaves out {len(ended):,} series that ended at least a whole"
            f" forecast before the newest row, the first: {ended[0]}; to have them forecast, train"
            " with data.ended_series: forecast"
        )
