"""``forecast schedule``: what makes cron, systemd or Kubernetes monitor, retrain and forecast in
turn, filled in.

One after the other, whatever becomes of the one before: earlier forecasts are compared with what
came, a challenger is trained if that is due, and the champion forecasts. Where retraining keeps the
champion (exit code 6) or another one is at work (75), nothing has failed. What did fail, and an
alarm of ``monitor``, is the last thing that the job says.
"""

import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from lstm_forecast.config.document import quote
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import UsageError
from lstm_forecast.files import is_text
from lstm_forecast.retraining.jobs import CRON, DATED, K8S, SURROUNDINGS, SYSTEMD

__all__ = ["schedule"]

STOP_SECONDS = 30  # training ends within ten
# MiB beside what training.memory_limit allows, and where it is not set
LIBRARIES, USUAL = 1024, 4096
STACKS = 64  # MiB for every core: what is set aside for threads counts as data of the process
LONGEST_LINE = 998  # characters of a command that cron reads
TIMES = {  # by cron, and by systemd
    "hourly": ("15 * * * *", "*-*-* *:15:00"),
    "daily": ("15 3 * * *", "*-*-* 03:15:00"),
    "weekly": ("15 3 * * 1", "Mon *-*-* 03:15:00"),
}


@dataclass(frozen=True)
class _Job:
    """What is run, where, by absolute paths, and what it may take."""

    name: str
    timeout: int  # seconds
    mib: int
    config: str
    data: str
    runs: str
    output: str

    @property
    def top(self) -> str:
        """The nearest directory that holds all paths."""
        return os.path.commonpath(
            [str(Path(self.config).parent), str(Path(self.data).parent), self.runs, self.output]
        )


def schedule(
    config: Config,
    kind: str,
    *,
    config_path: Path,
    runs: Path,
    output: Path | None,
    every: str,
    timeout: int,
) -> str:
    """The text to install for cron, systemd or k8s, ``every`` hourly, daily or weekly.

    Each step takes ``timeout`` seconds at most. Forecasts are written to the directory ``output``,
    absent: ``forecasts/NAME`` beside the runs. Raises UsageError if a path has characters that cron
    or systemd cannot be given.
    """
    here, limit = config_path.absolute(), config.training.memory_limit
    job = _Job(
        name=config.name,
        timeout=timeout,
        mib=USUAL if limit is None else limit + LIBRARIES,
        config=os.path.normpath(here),
        data=os.path.normpath(config.data.located(here.parent)),
        runs=os.path.normpath(runs.absolute()),
        output=os.path.normpath(
            (output or runs.absolute().parent / "forecasts" / config.name).absolute()
        ),
    )
    for path in (job.config, job.data, job.runs, job.output):
        if not is_text(path):
            raise UsageError(
                f"{path!r}: a path that is no UTF-8 text cannot be printed; use another one"
            )
    cron, calendar = TIMES[every]
    if kind == "cron":
        return _crontab(job, cron)
    return _units(job, calendar) if kind == "systemd" else _cron_job(job, cron)


def _crontab(job: _Job, cron: str) -> str:
    _require_printable(job, "a line of a crontab")
    command = CRON.format(
        name=job.name,
        timeout=job.timeout,
        stop=STOP_SECONDS,
        kib=(job.mib + STACKS * (os.cpu_count() or 1)) * 1024,
        program=shlex.join(_program()),
        config=shlex.quote(job.config),
        runs=shlex.quote(job.runs),
        output=shlex.quote(job.output),
    ).replace("%", r"\%")  # which alone would end the command
    if len(command) > LONGEST_LINE:
        raise UsageError(
            f"cron reads {LONGEST_LINE} characters, and this takes {len(command)}; use shorter"
            " paths"
        )
    return f"{cron}  {command}\n"


def _units(job: _Job, calendar: str) -> str:
    _require_printable(job, "a unit of systemd")
    if job.output.endswith("\\"):
        raise UsageError(
            f"{job.output}: systemd takes a \\ at the end of a line for more to come; use another"
            " path"
        )
    owner = Path(job.config).stat().st_uid
    user = "forecast" if owner == 0 else _name_of_user(owner)
    return SYSTEMD.format(
        name=job.name,
        program=" ".join(_systemd_word(word, command=True) for word in _program()),
        config=_systemd_word(job.config, command=True),
        runs=_systemd_word(job.runs, command=True),
        output=_systemd_word(job.output, command=True),
        runs_listed=_systemd_word(job.runs, command=False),
        output_listed=_systemd_word(job.output, command=False),
        output_line=job.output.replace("%", "%%"),
        dated=_systemd_word(DATED, command=True),
        calendar=calendar,
        surroundings=SURROUNDINGS.format(
            name=job.name, user=user, mib=job.mib, timeout=job.timeout, stop=STOP_SECONDS
        ),
        shell_places=shlex.join([job.runs, job.output]),
        shell_user=shlex.quote(user),
    )


def _cron_job(job: _Job, cron: str) -> str:
    paths = [job.config, job.data, job.runs, job.output]
    if job.top == "/" or job.top in paths:
        problem = (
            "config, data, runs and forecasts have to lie below one directory, which the job mounts"
        )
        raise UsageError(f"{problem}; received {', '.join(paths)}")
    if any(":" in path for path in (job.runs, job.output)):
        raise UsageError(
            f"{job.top}: Kubernetes mounts nothing at a path with a colon; use another one"
        )
    return K8S.format(
        name=job.name,
        label=re.sub(r"[^a-z0-9]+", "-", job.name.lower())[:40].strip("-"),
        timeout=job.timeout,
        stop=STOP_SECONDS,
        mib=job.mib,
        cron=cron,
        config_value=quote(job.config.replace("$", "$$")),  # $(NAME) would be a variable
        runs_value=quote(job.runs.replace("$", "$$")),
        output_value=quote(job.output.replace("$", "$$")),
        top=quote(job.top),
        runs=quote(job.runs),
        output=quote(job.output),
        inner_runs=quote(os.path.relpath(job.runs, job.top)),
        inner_output=quote(os.path.relpath(job.output, job.top)),
    )


def _program() -> list[str]:
    """The command that runs this program here, by its absolute path."""
    beside = Path(sys.executable).with_name("forecast")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "lstm_forecast"]


def _require_printable(job: _Job, where: str) -> None:
    for place in (job.config, job.runs, job.output):
        if not place.isprintable():
            raise UsageError(
                f"{place!r}: {where} cannot hold such a path; use another one, or --k8s"
            )


def _systemd_word(text: str, *, command: bool) -> str:
    """One word as systemd reads it, in a command, where $ begins a variable, or in another list."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + (escaped.replace("$", "$$") if command else escaped) + '"'


def _name_of_user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
