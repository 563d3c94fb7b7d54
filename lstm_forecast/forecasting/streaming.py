"""Forecasts of a table that is read in parts, so that memory does not grow with the number of its
series.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from lstm_forecast.engines.engine import Engine
from lstm_forecast.events import Listener
from lstm_forecast.forecasting.part_forecast import (
    MadePart,
    PartForecast,
    Whole,
    require_one_grid,
)
from lstm_forecast.forecasting.written_parts import TableWriter
from lstm_forecast.panel.ended import ended_notes
from lstm_forecast.panel.parts import Parts
from lstm_forecast.panel.row_stream import PartRows
from lstm_forecast.panel.survey import repair_notes

__all__ = ["PartsForecast", "Streamed"]

MOST_DOUBTS = 10  # that are told, each of the part that it is about


@dataclass(frozen=True)
class Streamed:
    """What is to be known of forecasts that were written part by part."""

    repairs: Mapping[str, int]
    notes: tuple[str, ...]  # for people
    unseen: Mapping[str, int]  # series of no known category, by static column


@dataclass(frozen=True)
class PartsForecast:
    """What ``forecast`` makes of the ``parts`` of a table, where the ``engine`` runs it."""

    forecast: PartForecast
    parts: Parts
    engine: Engine

    def write(self, path: Path, *, listener: Listener) -> Streamed:
        """Write the forecasts of all parts to ``path``.

        Its bytes are those of forecasting all series at once. What all rows tell together is known
        after the last part only; where a part was taken for something else, all are forecast again.
        Raises DataError if the data do not fit the run.
        """
        whole = Whole()
        while True:
            with self.parts.unchanged():
                told = list(self._written(path, whole, listener))
            whole, before = _together(told), whole
            if all(_as_known(part, before, whole) for part in told):
                return self._summed(told)

    def _written(self, path: Path, whole: Whole, listener: Listener) -> Iterator[MadePart]:
        known, done, total = whole, 0, self.parts.series
        text = f"forecasting {total:,} series"

        def given() -> Iterator[tuple[PartRows, Whole]]:
            return ((rows, known) for rows in self.parts.read())

        listener.progress(text, done, total)
        with TableWriter(path) as writer:
            made = self.engine.map(self.forecast, given())
            for size, part in zip(self.parts.sizes, made, strict=True):
                if part.grid is not None:
                    require_one_grid(part.grid, known.grid)
                    known = replace(known, newest=part.assumed, grid=known.grid or part.grid)
                if part.piece is not None:
                    writer.append(part.piece)
                part = replace(part, piece=None)  # which need not wait for the next one
                done += size
                listener.progress(text, done, total)
                yield part

    def _summed(self, told: Sequence[MadePart]) -> Streamed:
        """What all parts tell to people."""
        repairs = _sums(part.repairs for part in told)
        ended = list(chain.from_iterable(part.ended for part in told))
        notes = dict.fromkeys(chain.from_iterable(part.notes for part in told))
        doubts = list(dict.fromkeys(chain.from_iterable(part.doubts for part in told)))
        return Streamed(
            repairs={**repairs, **({"ended_series": len(ended)} if ended else {})},
            notes=(
                *repair_notes(self.forecast.loaded.config.data, repairs),
                *ended_notes(ended),
                *(f"warning: {note}" for note in notes),
                *doubts[:MOST_DOUBTS],
                *_further(len(doubts) - MOST_DOUBTS),
            ),
            unseen=_sums(part.unseen for part in told),
        )


def _together(told: Sequence[MadePart]) -> Whole:
    """What all parts tell of the whole. Raises EmptyError if nothing is left of any."""
    if all(part.empty for part in told) and (error := told[0].empty):
        raise error
    dated = [part.dated for part in told if part.dated is not None]
    return Whole(
        newest=max(part.newest for part in told if part.empty is None),
        alone=sum(part.alive for part in told) == 1,
        dated=frozenset.intersection(*dated),
    )


def _as_known(part: MadePart, before: Whole, whole: Whole) -> bool:
    """Whether a part was made by what is known of the ``whole``, from what was known ``before``."""
    if part.empty is not None:
        return True
    dated = part.dated if before.dated is None else before.dated
    known = part.assumed == whole.newest and bool(before.alone) == whole.alone
    return known and (part.dated is None or dated == whole.dated)


def _sums(counts: Iterator[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def _further(count: int) -> Iterator[str]:
    if count > 0:
        yield f"warning: {count:,} further warnings about other parts of the table"
