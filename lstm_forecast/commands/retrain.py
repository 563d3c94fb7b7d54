"""``forecast retrain``: is it due? A challenger, judged on rows that nobody was trained on,
promoted or only kept.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
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
from lstm_forecast.store.outputs import require_apart
from lstm_forecast.tables.read import Table
from lstm_forecast.training.learn import learn, learn_all_rows, start_checkpoints
from lstm_forecast.training.prepare import prepare_panel
from lstm_forecast.training.publish import Judged, publish_trained

__all__ = ["require_same_forecasts", "retrain"]

REREAD_SECONDS = 300
SETTLE_SECONDS = 1.0  # between two looks at data that are being written


def retrain(
    config: Config,
    *,
    config_path: Path,
    runs: Path,
    listener: Listener,
    force: bool = False,
    resume: bool = False,
    wait: float = 0,
    metrics_file: Path | None = None,
    on_promote: Sequence[str] = (),
    on_failure: Sequence[str] = (),
    tell: Callable[[Status], None] = lambda status: None,
) -> Status:
    """Retrain ``runs/<config.name>`` if it is due, and promote the result if it is better than the
    champion.

    With ``resume``, a training that was stopped goes on where it was, if config and data are the
    same (``data.end`` makes them so). Returns the status, which is written to ``status.json``
    beside the runs too: ``outcome`` is promoted, kept_champion (exit code 6), not_due, or failed.
    Whatever goes wrong is in it, as ``error`` and ``problems``: another process still writes there
    after ``wait`` seconds (busy), the data do not allow training or are refused by
    ``retrain.drift``, ``silent`` or ``stale`` (data), the champion is damaged (run), something
    cannot be written (write), a signal (stopped), or a bug. What failed leaves the champion.
    ``tell`` prints the status: where it raises WriteError, status, metrics and hooks say so too.
    Raises UsageError if a hook is no command, or ``metrics_file`` lies where it would overwrite the
    config, the data or a run.
    """
    hooks = {
        "promoted": list(map(split_command, on_promote)),
        "failed": list(map(split_command, on_failure)),
    }
    home, data_path = runs / config.name, config.data.located(config_path.parent)
    require_apart("--metrics-file", metrics_file, [config_path, data_path])
    clock = time.monotonic()
    begun = Status(name=config.name, as_of=config.data.end, started=_utc(datetime.now(UTC)))

    def told(found: Status) -> Status:
        return replace(
            found,
            ok=found.exit_code == 0,
            champion=next(iter(champions(home)), None),
            finished=_utc(datetime.now(UTC)),
            seconds=round(time.monotonic() - clock, 3),
            peak_mib=round(peak_mib(), 1),
        )

    metrics = [] if metrics_file is None else [partial(write_retrain_metrics, metrics_file, home)]
    try:
        if wait:
            phase(f"waiting until nobody writes to {home}", seconds=wait)
        with locked(home, wait=wait) as seen:
            try:
                patience = max(0.0, wait - (time.monotonic() - clock))
                found = _cycle(
                    begun,
                    config,
                    data_path,
                    home,
                    listener,
                    seen=seen,
                    force=force,
                    resume=resume,
                    wait=patience,
                )
                Checkpoints(home, resume=False, note=listener.note).clear()
            # the status has to tell the truth about signals and bugs too
            except BaseException as error:
                found = _failed(begun, error, listener)
            status = tell_all(told(found), partial(write_status, home), *metrics, tell)
    except BaseException as error:  # nothing was begun
        busy = isinstance(error, BusyError)  # who is at work there writes the metrics
        status = tell_all(told(_failed(begun, error, listener)), *(() if busy else metrics), tell)
    for line in run_hooks(_called(hooks, status), status):
        listener.note(f"hook: {line}", event="hook")
    return status


def _failed(begun: Status, error: BaseException, listener: Listener) -> Status:
    found = failed(error, listener)
    return replace(
        begun,
        exit_code=found.exit_code,
        error=found.error,
        problems=found.problems,
        outcome="failed",
        reason=found.problems[0],
    )


def _called(hooks: Mapping[str, list[list[str]]], status: Status) -> list[list[str]]:
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
    data: DataConfig, path: Path, listener: Listener, *, memory_limit: int | None, wait: float
) -> tuple[Panel, Table]:
    """Read a table that nobody writes to, waiting for that at most ``wait`` seconds.

    Raises ChangedError after them.
    """
    deadline = time.monotonic() + wait
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


def _cycle(
    begun: Status,
    config: Config,
    data_path: Path,
    home: Path,
    listener: Listener,
    *,
    seen: Version,
    force: bool,
    resume: bool,
    wait: float,
) -> Status:
    checkpoints = start_checkpoints(home, listener, resume=resume)
    # Without a pointer nothing was ever promoted, or it was lost: either way a first training heals
    # that.
    champion = load_run(open_run(home)) if home in run_homes(home.parent) else None
    data = config.data
    # faults are then seen against the grid that the champion knows
    if champion is not None and data.freq is None:
        data = data.model_copy(update={"freq": champion.config.data.freq})
    limit = config.training.memory_limit
    panel, table = _read_settled(data, data_path, listener, memory_limit=limit, wait=wait)
    if champion is None:
        listener.note("no champion yet: this is a first training")
        trained = learn(prepare_panel(config, panel, table), listener, checkpoints=checkpoints)
        learned = trained.learned
        if config.retrain.refit:
            learned = learn_all_rows(trained, listener, checkpoints=checkpoints)
        run = publish_trained(home, trained, learned, source=data_path)
        return _promoted(home, run, replace(begun, reason="there was no champion"), seen=seen)
    news = look_for_news(config, champion, panel, home)
    warnings = [*panel.notes, *check_news(news, config.retrain)]
    for warning in warnings:
        listener.note(f"warning: {warning}", event="warning")
    due, reason = is_due(news, config, champion, force=force)
    found = replace(
        begun,
        cutoff=news.cutoff,
        new_rows=news.rows,
        drift=news.drift,
        due=reason,
        warnings=tuple(warnings),
    )
    listener.note(
        ("due: " if due else "not due: ") + reason,
        event="due",
        due=due,
        cutoff=found.cutoff,
        new_rows=found.new_rows,
        drift=found.drift,
    )
    if not due:
        return replace(found, exit_code=0, outcome="not_due", reason=reason)
    challenge = train_challenger(config, champion, panel, table, news, listener, checkpoints)
    return _concluded(home, challenge, champion, found, data_path, seen=seen)


def _concluded(
    home: Path,
    challenge: Challenge,
    champion: LoadedRun,
    found: Status,
    data_path: Path,
    *,
    seen: Version,
) -> Status:
    """Publish the challenger, clear old runs away, and make it the champion if it is better.

    The promotion comes last: where anything fails, the champion is the one that it was.
    """
    verdict, keep = challenge.verdict, challenge.trained.prepared.config.retrain.keep
    judged = Judged(start=challenge.start, verdict=verdict, against=champion.run.run_id)
    run = publish_trained(
        home, challenge.trained, challenge.learned, source=data_path, judged=judged
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
        found = replace(found, removed=tuple(prune(home, keep=keep)))
    if verdict.better:
        return _promoted(home, run, found, seen=seen)
    return replace(found, exit_code=QUALITY_GATE, outcome="kept_champion")


def _promoted(home: Path, run: Run, found: Status, *, seen: Version) -> Status:
    """Promote a published run, if a fresh process reads it back to identical forecasts.

    Raises RunError otherwise.

    A run that was stopped on its way goes: it would pass for one that was tried. It is only kept,
    however good it is, where somebody chose a champion since the pointer was ``seen``: it was not
    compared with that one.
    """
    try:
        require_same_forecasts(home, run)
        champion = crown(home, run.run_id, seen=seen)
    except (Stopped, KeyboardInterrupt):
        discard(home, run.run_id)
        raise
    except BusyError as error:  # nobody else retrains: this is a failure that hooks have to tell
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
