"""Where a report goes: a file of one of three formats, whole or not at all."""

from pathlib import Path

from lstm_forecast.errors import DataError, RunError, WriteError
from lstm_forecast.events import SILENT
from lstm_forecast.pictures.page.html import to_html
from lstm_forecast.pictures.page.markdown import to_markdown
from lstm_forecast.pictures.page.page import Page, Section
from lstm_forecast.pictures.page.paper import write_paper
from lstm_forecast.reporting.report import Asked, make_page
from lstm_forecast.store import Run, write_whole

__all__ = ["write_page", "write_report"]


def write_report(path: Path, run: Run, asked: Asked, *, more: tuple[Section, ...] = ()) -> None:
    """Write the report of a run beside other results of a command, its ``more`` sections first.

    Raises WriteError where there is none, as the results stand without it.
    """
    try:
        page = make_page(run, asked, SILENT, more=more)
    except (DataError, RunError) as error:
        raise WriteError(f"{path}: no report was written: {error}") from None
    write_page(page, path)


def write_page(page: Page, path: Path) -> None:
    """Write a report in the format that the name ends in, one of PAGES. Raises WriteError."""
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        write_whole(path, lambda staged: write_paper(page, staged))
        return
    text = to_html(page) if suffix == ".html" else to_markdown(page)
    write_whole(path, lambda staged: _write_text(staged, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
