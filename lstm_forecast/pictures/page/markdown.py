"""A report as Markdown, for mail and pull requests: all of its words and tables."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from lstm_forecast.pictures.page.page import Explorer, Grid, Page, figure_text

__all__ = ["to_markdown"]

MARKS = {"good": "✓", "bad": "**!**", "neutral": "·"}
MOST_FUTURES = 6  # series
MOST_SERIES = 20  # rows of the table of series


def to_markdown(page: Page) -> str:
    """The text of the file; signs that mean something in Markdown or HTML are escaped."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield from (f"# {_plain(page.title)}", "", _plain(page.subtitle), "", "## Verdict", "")
    yield from (f"- {MARKS[each.tone]} {_plain(each.text)}" for each in page.verdict)
    yield from _futures(page.explorer)
    errors = page.explorer.errors
    if len(errors) > 1:
        yield from ("", f"## Series, the worst of {len(errors):,} first", "")
        rows = tuple(
            (name, figure_text(error), "" if skill is None else f"{skill:.1%}")
            for name, error, skill in errors[:MOST_SERIES]
        )
        yield from _table(Grid(("series", "MAE", "skill"), rows))
    for section in page.sections:
        yield from ("", f"## {_plain(section.title)}")
        for text in section.texts:
            yield from ("", _plain(text))
        for grid in section.grids:
            yield ""
            yield from _table(grid)


def _futures(explorer: Explorer) -> Iterator[str]:
    """The forecasts of the first series, as numbers."""
    yield from ("", "## The future")
    for note in explorer.notes:
        yield from ("", _plain(note))
    ahead = [each for each in explorer.series if each.future is not None]
    for series in ahead[:MOST_FUTURES]:
        track = series.future
        assert track is not None  # noqa: S101  those without one were left out
        sides = list(zip(explorer.levels, track.low, track.high, strict=True))
        head = [f"{side} {level} %" for level, *_ in sides for side in ("low", "high")]
        columns = [track.y, *(side for _, *both in sides for side in both)]
        rows = (
            (_stamp(explorer, track.first + k), *map(partial(figure_text, digits=6), row))
            for k, row in enumerate(zip(*columns, strict=True))
        )
        yield ""
        yield from _table(Grid((series.name, "forecast", *head), tuple(rows)))


def _stamp(explorer: Explorer, number: int) -> str:
    stamp = explorer.stamps[number]
    if not explorer.time:
        return f"{stamp:g}"
    return datetime.fromtimestamp(stamp, UTC).isoformat(" ", "minutes").removesuffix("+00:00")


def _table(grid: Grid) -> Iterator[str]:
    yield _row(grid.head)
    yield "|---" * len(grid.head) + "|"
    yield from map(_row, grid.rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in line)
