"""``forecast report``: one page that says how good a run is, and why."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from lstm_forecast.errors import UsageError
from lstm_forecast.events import Listener
from lstm_forecast.pictures.page.html import to_html
from lstm_forecast.pictures.page.markdown import to_markdown
from lstm_forecast.pictures.page.page import Page
from lstm_forecast.pictures.page.paper import write_paper
from lstm_forecast.reporting.report import Asked, ReportWritten, make_page
from lstm_forecast.store import Run, find_id, find_run, open_run, run_home, write_whole
from lstm_forecast.store.documents import data_path, read_config
from lstm_forecast.store.outputs import require_output

__all__ = ["FORMATS", "Asked", "Format", "report", "write_page"]

Format = Literal["html", "pdf", "md"]
FORMATS: tuple[Format, ...] = get_args(Format)


def report(
    asked: Asked,
    *,
    runs: Path,
    name: str | None = None,
    against: Sequence[str] = (),
    form: Format | None = None,
    output: Path | None = None,
    listener: Listener,
) -> ReportWritten:
    """Write the report of a run's champion, whole or not at all.

    ``against`` names other runs, or begins ids of this one. The format is that of ``form``, or else
    what ``output`` ends in, or HTML. Raises UsageError if the options do not fit, RunError if there
    is no sound run, DataError if the data do not fit it, WriteError if writing fails.
    """
    form = _format(form, output)
    run = find_run(runs, name)
    path = output or Path(f"{run.path.parent.name}-report.{form}")
    given = [each if isinstance(each, Path) else None for each in (asked.data, asked.future)]
    require_output("--output", path, [*given, data_path(run, read_config(run).data)])
    others = tuple(_other(run, runs, each) for each in against)
    page = make_page(run, replace(asked, against=others), listener)
    write_page(page, path, form)
    return ReportWritten(run=run.run_id, report=str(path), verdict=page.verdict)


def write_page(page: Page, path: Path, form: Format) -> None:
    """Write a report in that format. Raises WriteError."""
    if form == "pdf":
        write_whole(path, lambda staged: write_paper(page, staged))
        return
    text = to_html(page) if form == "html" else to_markdown(page)
    write_whole(path, lambda staged: _write_text(staged, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _format(form: Format | None, output: Path | None) -> Format:
    if output is None:
        return form or "html"
    suffix = output.suffix.lower().removeprefix(".")
    for each in FORMATS:
        if suffix == each and form in (None, each):
            return each
    expected = form or f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    raise UsageError(f"--output {output}: expected a name that ends in .{expected}")


def _other(run: Run, runs: Path, text: str) -> Run:
    """The champion of the runs called ``text``, or the run whose id begins so."""
    home = run.path.parent
    if (runs / text).is_dir():
        return open_run(run_home(runs, text))
    return open_run(home / find_id(home, text))
