"""What a report holds, before it becomes a page, a document or text: verdict, sections, series."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from lstm_forecast.documents import described

__all__ = [
    "Chart", "Explorer", "Grid", "Line", "Page", "Section", "Sentence", "Series", "Track",
    "figure_text",
]  # fmt: skip

Values = Sequence[float | None]  # None where there is nothing to draw


@dataclass(frozen=True)
class Sentence:
    """One thought of the verdict."""

    text: str = field(metadata=described("The sentence."))
    tone: Literal["good", "bad", "neutral"] = field(
        default="neutral", metadata=described("Whether it speaks for the forecasts.")
    )


@dataclass(frozen=True)
class Line:
    """One line, or one row of bars, of a chart: a value for each of its ``x``."""

    label: str
    y: Values
    kind: Literal["line", "bars", "bound"] = "line"  # a bound is dashed and grey


@dataclass(frozen=True)
class Chart:
    """Lines over a common axis."""

    title: str
    x: Sequence[float]
    lines: tuple[Line, ...]
    x_label: str
    y_label: str
    ticks: tuple[str, ...] = ()  # names of x = 0, 1 and so on; without them x is a number
    time: bool = False  # x is seconds, on the clock of the data


@dataclass(frozen=True)
class Grid:
    """Rows of text below a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading, sentences, charts and tables."""

    title: str
    texts: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Track:
    """A forecast and its intervals along the stamps of an explorer, from ``first`` on."""

    first: int
    y: Values
    low: tuple[Values, ...]  # for each level, the widest first
    high: tuple[Values, ...]


@dataclass(frozen=True)
class Series:
    """One series: its newest values from stamp ``first`` on, what was said of them, and what comes
    next.
    """

    name: str
    first: int
    y: Values
    test: Track | None
    future: Track | None


@dataclass(frozen=True)
class Explorer:
    """Series that can be looked at one by one, the worst first, and the errors of all."""

    stamps: Sequence[float]  # that all series share: seconds on the clock of the data, or steps
    time: bool  # whether these are seconds
    levels: tuple[int, ...]  # of the intervals in percent, the widest first
    quantity: str  # what the values are, on the axis
    series: tuple[Series, ...]
    # of every series, drawn or not: name, mean absolute error, and skill beside the reference
    errors: tuple[tuple[str, float | None, float | None], ...]
    notes: tuple[str, ...] = ()  # what is to be known of the curves


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    subtitle: str
    verdict: tuple[Sentence, ...]
    explorer: Explorer
    sections: tuple[Section, ...]


def figure_text(value: float | None, *, digits: int = 4) -> str:
    """A figure in a table, with as many significant digits; nothing for one that is not known."""
    return "" if value is None else f"{value:.{digits}g}"
