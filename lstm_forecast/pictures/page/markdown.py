"""A report as Markdown, for mail and pull requests: all of its words and tables."""

from collections.abc import Iterator

from lstm_forecast.pictures.page.page import Grid, Page

__all__ = ["to_markdown"]

MARKS = {"good": "✓", "bad": "**!**", "neutral": "·"}
MOST_SERIES = 20  # rows of the table of series


def to_markdown(page: Page) -> str:
    """The text of the file; signs that mean something in Markdown or HTML are escaped."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield from (f"# {_plain(page.title)}", "", _plain(page.subtitle), "", "## Verdict", "")
    yield from (f"- {MARKS[each.tone]} {_plain(each.text)}" for each in page.verdict)
    errors = page.explorer.errors
    if len(errors) > 1:
        yield from ("", f"## Series, the worst of {len(errors):,} first", "")
        rows = tuple(
            (name, "" if error is None else f"{error:.4g}", "" if skill is None else f"{skill:.1%}")
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


def _table(grid: Grid) -> Iterator[str]:
    yield _row(grid.head)
    yield "|---" * len(grid.head) + "|"
    yield from map(_row, grid.rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in line)
