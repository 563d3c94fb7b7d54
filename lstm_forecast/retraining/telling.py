"""How a command that is left alone tells what it found, or what went wrong with it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic

from lstm_forecast.errors import RunError, Stopped
from lstm_forecast.events import Listener
from lstm_forecast.retraining.status import Status, Told, failed, tell_all
from lstm_forecast.store import open_run, run_home
from lstm_forecast.store.documents import data_path, read_config
from lstm_forecast.store.outputs import require_apart

__all__ = ["Textfile", "told", "write_run_page"]


@dataclass(frozen=True)
class Textfile(Generic[Told]):
    """Where Prometheus is told what was found of the runs called ``name``."""

    path: Path
    write: Callable[[Path, Path | None, str, Told], None]  # path, home and name of the runs, found
    apart: Sequence[Path | None]  # inputs that it must not overwrite
    runs: Path
    name: str | None


def told(
    look: Callable[[], Told],
    kind: type[Told],
    *,
    textfile: Textfile[Told] | None,
    listener: Listener,
    tell: Callable[[Told], None],
) -> Told:
    """What ``look`` finds, or what went wrong with it, as a document of that ``kind``.

    The metrics tell the same, and so does ``tell``, which prints the answer: where one raises
    WriteError, all say so. Raises UsageError if the textfile lies in a run, or among the inputs and
    the data of the run.
    """
    home = None if textfile is None else _home(textfile)
    try:
        found = look()
    except (Exception, KeyboardInterrupt, Stopped) as error:
        found = kind(**vars(failed(error, listener)))
    if textfile is None:
        return tell_all(found, tell)
    label = textfile.name or (home.name if home else "")
    return tell_all(found, partial(textfile.write, textfile.path, home, label), tell)


def _home(textfile: Textfile[Told]) -> Path | None:
    """Where the runs lie, None if that is not known; raises UsageError as ``told``."""
    home, inputs = None, [*textfile.apart]
    with suppress(RunError):  # which ``look`` tells
        home = run_home(textfile.runs, textfile.name)
        run = open_run(home)
        inputs.append(data_path(run, read_config(run).data))
    require_apart("--metrics-file", textfile.path, inputs)
    return home


def write_run_page(path: Path, home: Path, status: Status) -> None:
    """Write the report of the run at ``home`` that a retraining made, if it made one.

    Raises WriteError.
    """
    from lstm_forecast.reporting.report import Asked
    from lstm_forecast.reporting.writing import write_report

    if status.run is not None:
        write_report(path, open_run(home / status.run), Asked())
