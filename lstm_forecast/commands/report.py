"""``forecast report``: one page that says how good a run is, and why."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lstm_forecast.errors import UsageError
from lstm_forecast.events import Listener
from lstm_forecast.pictures.page.markdown import to_markdown
from lstm_forecast.reporting.report import Asked, ReportWritten, make_page
from lstm_forecast.reporting.writing import write_page
from lstm_forecast.store import Run, find_id, find_run, open_run, run_home, run_ids
from lstm_forecast.store.documents import data_path, read_config
from lstm_forecast.store.outputs import PAGES, require_output, require_suffix

__all__ = ["Asked", "markdown", "report"]


def report(
    asked: Asked,
    *,
    runs: Path,
    name: str | None = None,
    against: Sequence[str] = (),
    form: str | None = None,
    output: Path | None = None,
    listener: Listener,
) -> ReportWritten:
    """Write the report of a run's champion, whole or not at all.

    ``against`` names other runs, or begins ids of this one. The format is ``form``, html, pdf or
    md, or else what ``output`` ends in, or HTML. Raises UsageError if the options do not fit,
    RunError if there is no sound run, DataError if the data do not fit it, WriteError if writing
    fails.
    """
    require_suffix("--output", output, PAGES if form is None else (f".{form}",))
    run = find_run(runs, name)
    path = output or Path(f"{run.path.parent.name}-report.{form or 'html'}")
    given = [each if isinstance(each, Path) else None for each in (asked.data, asked.future)]
    require_output("--output", path, [*given, data_path(run, read_config(run).data)])
    page = make_page(run, _beside(asked, run, runs, against), listener)
    write_page(page, path)
    return ReportWritten(run=run.run_id, report=str(path), verdict=page.verdict)


def markdown(
    asked: Asked,
    *,
    runs: Path,
    name: str | None = None,
    against: Sequence[str] = (),
    listener: Listener,
) -> str:
    """The report of a run's champion as Markdown. Raises what ``report`` does."""
    run = find_run(runs, name)
    return to_markdown(make_page(run, _beside(asked, run, runs, against), listener))


def _beside(asked: Asked, run: Run, runs: Path, against: Sequence[str]) -> Asked:
    return replace(asked, against=tuple(_other(run, runs, each) for each in against))


def _other(run: Run, runs: Path, text: str) -> Run:
    """The champion of the runs called ``text``, or the run whose id begins so."""
    home = run.path.parent
    begun = any(run_id.startswith(text) for run_id in run_ids(home))
    named = (runs / text).is_dir() or not begun
    other = open_run(run_home(runs, text) if named else home / find_id(home, text))
    if other.path.resolve() == run.path.resolve():
        raise UsageError(f"--against {text}: is the run itself")
    return other
