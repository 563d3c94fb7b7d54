"""``forecast retrain``: is it due? A challenger, judged on rows that nobody was trained on,
promoted or only kept.

What came of it is a status, which is written to ``status.json`` beside the runs, too: ``outcome``
is promoted, kept_champion (exit code 6), not_due, or failed. Whatever goes wrong is in it, as
``error`` and ``problems``: another process still writes there after the time to wait (busy), the
data do not allow training or are refused by ``retrain.drift``, ``silent`` or ``stale`` (data), the
champion is damaged (run), something cannot be written (write), a signal (stopped), or a bug. What
failed leaves the champion.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.documents import parsed
from lstm_forecast.errors import (
    QUALITY_GATE,
    BusyError,
    ChangedError,
    RunError,
    Stopped,
    WriteError,
)
from lstm_forecast.events import Listener, phase
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.retraining.challenge import Challenge, train_challenger
from lstm_forecast.retraining.due import check_news, is_due, look_for_news
from lstm_forecast.retraining.status import (
    Status,
    failed,
    peak_mib,
    run_hooks,
    split_command,
    tell_all,
    write_status,
)
from lstm_forecast.retraining.telling import write_run_page
from lstm_forecast.retraining.textfile import write_retrain_metrics
from lstm_forecast.store import (
    Checkpoints,
    Run,
    Version,
    champions,
    chosen_meanwhile,
    crown,
    discard,
    locked,
    open_run,
    prune,
    run_homes,
)
from lstm_forecast.store.listing import Verified
from lstm_forecast.store.outputs import PAGES, require_apart, require_output, require_suffix
from lstm_forecast.tables.read import Table
from lstm_forecast.training.learn import learn, learn_all_rows, start_checkpoints
from lstm_forecast.training.prepare import prepare_panel
from lstm_forecast.training.publish import Judged, publish_trained

__all__ = ["Audience", "require_same_forecasts", "retrain"]

REREAD_SECONDS = 300  # that a fresh process may take to forecast again
SETTLE_SECONDS = 1.0  # between two looks at data that are being written


@dataclass(frozen=True)
class Audience:
    """Who is told of the status beside ``status.json``.

    Where showing it raises WriteError, status, metrics and hooks say so too.
    """

    metrics_file: Path | None = None
    report: Path | None = None  # of the run that was trained
    on_promote: Sequence[str] = ()  # commands
    on_failure: Sequence[str] = ()  # commands
    show: Callable[[Status], None] = lambda status: None

    def hooks(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """The commands by outcome. Raises UsageError for what is none."""
        return {
            "promoted": list(map(split_command, self.on_promote)),
            "failed": list(map(split_command, self.on_failure)),
        }

    def require_places(self, inputs: Sequence[Path]) -> None:
        """Raise UsageError where metrics or report would overwrite ``inputs`` or a run."""
        require_apart("--metrics-file", self.metrics_file, inputs)
        require_suffix("--report", self.report, PAGES)
        require_output("--report", self.report, inputs)

    def files(self, home: Path) -> Iterator[Callable[[Status], None]]:
        """What writes the metrics and the report of the runs at ``home``, if they are wanted."""
        if self.metrics_file is not None:
            yield partial(write_retrain_metrics, self.metrics_file, home)
        if self.report is not None:
            yield partial(write_run_page, self.report, home)


NOBODY = Audience()


def retrain(
    config: Config,
    *,
    config_path: Path,
    runs: Path,
    listener: Listener,
    force: bool = False,
    resume: bool = False,
    wait: float = 0,
    audience: Audience = NOBODY,
) -> Status:
    """Retrain ``runs/<config.name>`` if it is due, and promote the result if it is better than the
    champion; return the status.

    With ``resume``, a training that was stopped goes on where it was, if config and data are the
    same (``data.end`` makes them so). Raises UsageError if a hook is no command, or the file of
    metrics lies where it would overwrite the config, the data or a run.
    """
    hooks, home = audience.hooks(), runs / config.name
    data_path = config.data.located(config_path.parent)
    audience.require_places([config_path, data_path])
    clock = time.monotonic()
    begun = Status(name=config.name, as_of=config.data.end, started=_utc(datetime.now(UTC)))
    told = partial(_told, home, clock)
    files = tuple(audience.files(home))
    try:
        if wait:
            phase(f"waiting until nobody writes to {home}", seconds=wait)
        with locked(home, wait=wait) as seen:
            cycle = _Cycle(config, data_path, home, listener, begun, seen)
            found = cycle.outcome(force=force, resume=resume, deadline=clock + wait)
            status = tell_all(told(found), partial(write_status, home), *files, audience.show)
    except BaseException as error:  # nothing was begun
        busy = isinstance(error, BusyError)  # who is at work there writes the files
        status = tell_all(
            told(_failed(begun, listener, error)), *(() if busy else files), audience.show
        )
    for line in run_hooks(_called(hooks, status), status):
        listener.note(f"hook: {line}", event="hook")
    return status


def _told(home: Path, clock: float, found: Status) -> Status:
    """The status with what is told in the end, of a retraining that began at ``clock``."""
    return replace(
        found,
        ok=found.exit_code == 0,
        champion=next(iter(champions(home)), None),
        finished=_utc(datetime.now(UTC)),
        seconds=round(time.monotonic() - clock, 3),
        peak_mib=round(peak_mib(), 1),
    )


def _failed(begun: Status, listener: Listener, error: BaseException) -> Status:
    found = failed(error, listener)
    return replace(begun, **vars(found), outcome="failed", reason=found.problems[0])


def _called(hooks: Mapping[str, Sequence[Sequence[str]]], status: Status) -> list[Sequence[str]]:
    """The hooks to run: none after a signal, as its sender waits for the end, and none while
    another one is at work.
    """
    if status.error in ("stopped", BusyError.title):
        return []
    told: list[str] = [status.outcome]
    if status.outcome != "failed" and status.error is not None:
        told.append("failed")
    return [command for kind in told for command in hooks.get(kind, [])]


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _read_settled(
    data: DataConfig, path: Path, listener: Listener, *, memory_limit: int | None, deadline: float
) -> tuple[Panel, Table]:
    """Read a table that nobody writes to, waiting for that until the ``deadline`` on the clock that
    never goes back.

    Raises ChangedError after it.
    """
    while True:
        try:
            return read_panel(data, path, memory_limit=memory_limit, training=True)
        except ChangedError as error:
            if time.monotonic() >= deadline:
                raise ChangedError(
                    f"{error}, or have it waited for, for example with --wait 10m"
                ) from None
            listener.note(f"{error}: waiting for that")
            time.sleep(SETTLE_SECONDS)


@dataclass(frozen=True)
class _Cycle:
    """One retraining under the lock."""

    config: Config
    data_path: Path
    home: Path
    listener: Listener
    begun: Status
    seen: Version  # of the pointer

    def outcome(self, *, force: bool, resume: bool, deadline: float) -> Status:
        """What came of it: the status has to tell the truth about signals and bugs too."""
        try:
            checkpoints = start_checkpoints(self.home, self.listener, resume=resume)
            found = self.run(checkpoints, force=force, deadline=deadline)
            checkpoints.clear()
        except BaseException as error:
            return _failed(self.begun, self.listener, error)
        return found

    def run(self, checkpoints: Checkpoints, *, force: bool, deadline: float) -> Status:
        """Read the data, look whether a training is due, and train, judge and publish if so."""
        # Without a pointer nothing was ever promoted, or it was lost: either way a first training
        # heals that.
        known = self.home in run_homes(self.home.parent)
        champion = load_run(open_run(self.home)) if known else None
        panel, table = self._read(champion, deadline)
        if champion is None:
            return self._first(panel, table, checkpoints)
        news = look_for_news(self.config, champion, panel, self.home)
        warnings = [*panel.notes, *check_news(news, self.config.retrain)]
        for warning in warnings:
            self.listener.note(f"warning: {warning}", event="warning")
        due, reason = is_due(news, self.config, champion, force=force)
        figures = {"cutoff": news.cutoff, "new_rows": news.rows, "drift": news.drift}
        found = replace(
            self.begun,
            cutoff=news.cutoff,
            new_rows=news.rows,
            drift=news.drift,
            due=reason,
            warnings=tuple(warnings),
        )
        self.listener.note(
            ("due: " if due else "not due: ") + reason, event="due", due=due, **figures
        )
        if not due:
            return replace(found, exit_code=0, outcome="not_due", reason=reason)
        challenge = train_challenger(
            self.config, champion, panel, table, news, self.listener, checkpoints
        )
        return self._concluded(challenge, champion, found)

    def _read(self, champion: LoadedRun | None, deadline: float) -> tuple[Panel, Table]:
        """The data, whose faults are seen against the grid of the champion."""
        data, limit = self.config.data, self.config.training.memory_limit
        if champion is not None and data.freq is None:
            data = data.model_copy(update={"freq": champion.config.data.freq})
        return _read_settled(
            data, self.data_path, self.listener, memory_limit=limit, deadline=deadline
        )

    def _first(self, panel: Panel, table: Table, checkpoints: Checkpoints) -> Status:
        """Train a network that has no champion to be judged beside."""
        self.listener.note("no champion yet: this is a first training")
        prepared = prepare_panel(self.config, panel, table)
        trained = learn(prepared, self.listener, checkpoints=checkpoints)
        learned = trained.learned
        if self.config.retrain.refit:
            learned = learn_all_rows(trained, self.listener, checkpoints=checkpoints)
        run = publish_trained(self.home, trained, learned, source=self.data_path)
        return self._promoted(run, replace(self.begun, reason="there was no champion"))

    def _concluded(self, challenge: Challenge, champion: LoadedRun, found: Status) -> Status:
        """Publish the challenger, clear old runs away, and make it the champion if it is better.

        The promotion comes last: where anything fails, the champion is the one that it was.
        """
        verdict, trained = challenge.verdict, challenge.trained
        judged = Judged(start=challenge.start, verdict=verdict, against=champion.run.run_id)
        run = publish_trained(
            self.home, trained, challenge.learned, source=self.data_path, judged=judged
        )
        found = replace(
            found,
            start=challenge.start,
            judged=verdict,
            run=run.run_id,
            reason=verdict.reason,
            warnings=(*found.warnings, *challenge.warnings),
        )
        with suppress(BusyError):  # of the pointer: old runs go the next time
            removed = prune(self.home, keep=trained.prepared.config.retrain.keep)
            found = replace(found, removed=tuple(removed))
        if verdict.better:
            return self._promoted(run, found)
        return replace(found, exit_code=QUALITY_GATE, outcome="kept_champion")

    def _promoted(self, run: Run, found: Status) -> Status:
        """Promote a published run, if a fresh process reads it back to identical forecasts.

        Raises RunError otherwise. A run that was stopped on its way goes: it would pass for one
        that was tried. It is only kept, however good it is, where somebody chose a champion since
        the pointer was seen: it was not compared with that one.
        """
        try:
            require_same_forecasts(self.home, run)
            champion = crown(self.home, run.run_id, seen=self.seen)
        except (Stopped, KeyboardInterrupt):
            discard(self.home, run.run_id)
            raise
        except BusyError as error:  # nobody else retrains: a failure that hooks have to tell
            raise WriteError(*error.problems) from None
        if champion == run.run_id:
            return replace(found, exit_code=0, outcome="promoted", run=run.run_id)
        return replace(
            found,
            exit_code=QUALITY_GATE,
            outcome="kept_champion",
            run=run.run_id,
            reason=chosen_meanwhile(run, champion),
        )


def require_same_forecasts(home: Path, run: Run) -> None:
    """Raise RunError unless a fresh process reads the run back to identical forecasts."""
    phase("reading the run back in a fresh process", run=run.run_id)
    command = [sys.executable, "-P", "-m", "lstm_forecast", "runs", "verify", run.run_id, "--json"]
    where = ["--run", home.name, "--runs", str(home.parent)]
    try:
        read = subprocess.run(  # noqa: S603  this program itself
            [*command, *where], capture_output=True, text=True, timeout=REREAD_SECONDS, check=True
        )
        (checked,) = parsed(Verified, read.stdout).runs
    except (subprocess.SubprocessError, ValueError) as error:
        raise RunError(
            f"{run.path}: a fresh process cannot read it back ({error}); the champion stays"
        ) from None
    if checked.difference != 0:
        raise RunError(
            f"{run.path}: a fresh process forecasts other values than this one; the champion stays"
        )
