"""Chronological split of every series into train, validation and test rows."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.steps.grid import date_in

__all__ = ["MIN_CONTEXT", "Fold", "Split", "have_a_window", "split_rows"]

MIN_CONTEXT = 2  # observed steps without which a padded window says nothing


@dataclass(frozen=True)
class Split:
    """Row behind the last one of each part, per series: train up to validation_start, and so on.

    Shape (n_series,).
    """

    train_start: NDArray[np.int64]
    validation_start: NDArray[np.int64]
    test_start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Rows before the test part that stand in its place.

    Folds are ``of`` pieces of as many rows as the validation part has, each a horizon long at
    least; number 0 is the newest, and ends where the test part begins.
    """

    number: int
    of: int


def split_rows(
    layout: Layout,
    *,
    validation: int | float | str,
    test: int | float | str,
    horizon: int,
    ends: NDArray[np.int64] | None = None,
    test_from: int | None = None,
) -> Split:
    """Cut the newest rows of every series off as test part, and those before as validation part.

    The test part begins at number ``test_from`` on the grid in all series, if that is given,
    whatever ``test`` says.

    A share is rounded up to at least one horizon. A series too short for all three parts gives up
    its validation part first, then its test part: training needs ``MIN_CONTEXT + horizon`` rows.
    Dates hold for every series, as one network learns from all of them: no row from the date on is
    trained on. Rows from ``ends`` (n_series,) on are in no part: they came after a training, whose
    split is then found again in what is left of its rows.

    Raises DataError if a date is not one, or leaves a series without training rows (not with
    ``ends``).
    """
    start, end = layout.offsets[:-1], layout.offsets[1:] if ends is None else ends
    part_start = partial(_part_start, layout, lengths=end - start, horizon=horizon)
    test_start = part_start(end, test, key="split.test")
    if test_from is not None:
        test_start, test = layout.rows_before(test_from), 0
    validation_start = part_start(test_start, validation, key="split.validation")
    if isinstance(test, str) or isinstance(validation, str):
        if ends is None:
            _require_training_rows(layout, validation_start)
        return Split(start, validation_start, test_start, end)
    need = MIN_CONTEXT + horizon
    validation_start = np.where(validation_start - start < need, test_start, validation_start)
    too_short = validation_start - start < need
    test_start = np.where(too_short, end, test_start)
    validation_start = np.where(too_short, end, validation_start)
    return Split(start, validation_start, test_start, end)


def have_a_window(*, validation: int | float | str, test: int | float | str, horizon: int) -> str:
    """Say what gives the test or the validation part a window, where neither has one."""
    for part in (validation, test):
        if isinstance(part, str) or (part > 0 and (isinstance(part, float) or part >= horizon)):
            return "give more rows, or make windows.horizon smaller"
    return f"make split.test {horizon} (windows.horizon) or more rows, or a share of them"


def _part_start(
    layout: Layout,
    end: NDArray[np.int64],
    part: int | float | str,
    *,
    lengths: NDArray[np.int64],
    horizon: int,
    key: str,
) -> NDArray[np.int64]:
    """First row of a part that ends before row ``end`` of each series; a share is of ``lengths``
    rows.
    """
    start = layout.offsets[:-1]
    if isinstance(part, str):
        return np.clip(_first_row_from(layout, part, key), start, end)
    if isinstance(part, int):
        return np.maximum(end - part, start)
    rows = np.ceil(np.round(lengths * part, 6)).astype(np.int64)  # 0.07 of 100 rows are 7, not 8
    return np.maximum(end - np.where(rows > 0, np.maximum(rows, horizon), 0), start)


def _first_row_from(layout: Layout, date: str, key: str) -> NDArray[np.int64]:
    """First row of each series at or after ``date``."""
    if isinstance(layout.grid.origin, int):
        raise DataError(
            f"{key}: {date} is a date, but time is counted in integer steps; give a number of rows"
            " or a share"
        )
    stamps = pd.DatetimeIndex(layout.stamps(np.arange(layout.offsets[-1])))
    border = date_in(stamps.tz, date, key=key, first=True)
    before = np.asarray(stamps < border).astype(np.int64)
    return layout.offsets[:-1] + np.add.reduceat(before, layout.offsets[:-1])


def _require_training_rows(layout: Layout, validation_start: NDArray[np.int64]) -> None:
    without = np.flatnonzero(validation_start == layout.offsets[:-1])
    if len(without):
        raise DataError(
            f"split: {len(without):,} of {len(layout.ids):,} series have no row before the date"
            f" that ends training, {layout.ids[without[0]]} among them; choose a later date, leave"
            " them out, or give a share"
        )
