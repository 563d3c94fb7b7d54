"""``forecast schedule``: what makes cron, systemd or Kubernetes run ``forecast retrain``, filled in."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import UsageError

__all__ = ["KINDS", "schedule"]

STOP_SECONDS = 30  # training ends within ten
TIMES = {  # by cron, and by systemd
    "hourly": ("15 * * * *", "*-*-* *:15:00"),
    "daily": ("15 3 * * *", "*-*-* 03:15:00"),
    "weekly": ("15 3 * * 1", "Mon *-*-* 03:15:00"),
}

CRON = "{cron}  cd {quoted} && {command} 2>&1 | logger -t forecast-{name}\n"
SYSTEMD = """\
# /etc/systemd/system/forecast-{name}.service
[Unit]
Description=Retrain the forecasts of {name}

[Service]
Type=oneshot
WorkingDirectory={directory}
ExecStart={command}
# 6: the champion was kept; 75: another one is at work
SuccessExitStatus=6 75
# a oneshot service has no time limit of its own
TimeoutStartSec={timeout}
TimeoutStopSec={stop}
Nice=10

# /etc/systemd/system/forecast-{name}.timer
[Unit]
Description=Retrain the forecasts of {name}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=10min
# catch up on what was missed while the machine was off
Persistent=true

[Install]
WantedBy=timers.target

# systemctl daemon-reload && systemctl enable --now forecast-{name}.timer
"""
K8S = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: forecast-{label}
spec:
  schedule: "{cron}"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 0
      activeDeadlineSeconds: {timeout}
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: {stop}
          containers:
            - name: forecast
              image: IMAGE  # one with this program in it
              workingDir: {yaml_directory}
              command: {arguments}  # exit code 6: the champion was kept
              volumeMounts:
                - {{name: work, mountPath: {yaml_directory}}}
          volumes:
            - name: work
              persistentVolumeClaim: {{claimName: CLAIM}}  # with the config, the data and the runs
"""
KINDS = {"cron": CRON, "systemd": SYSTEMD, "k8s": K8S}


def schedule(config: Config, kind: str, *, config_path: Path, runs: Path, every: str, timeout: int) -> str:
    """The text to install: one of KINDS, ``every`` hourly, daily or weekly, for at most ``timeout`` seconds.

    Raises UsageError if a path has characters that cron or systemd would read in their own way.
    """
    directory, program = Path.cwd(), shutil.which("forecast")
    start = [sys.executable, "-m", "lstm_forecast"] if program is None or kind == "k8s" else [program]
    start = ["forecast"] if kind == "k8s" else start
    command = [*start, "retrain", "--config", os.path.realpath(config_path), "--runs", os.path.realpath(runs), "--json"]
    wrong = [text for text in (*command, str(directory)) if not text.isprintable() or set("%$\\\"'") & set(text)]
    if wrong:
        raise UsageError(f"{wrong[0]}: cron and systemd read such characters in their own way; use another path")
    cron, calendar = TIMES[every]
    return KINDS[kind].format(
        name=config.name,
        label=config.name.lower().replace("_", "-").replace(".", "-")[:40].strip("-"),
        directory=directory,
        yaml_directory=json.dumps(str(directory)),
        quoted=shlex.quote(str(directory)),
        command=shlex.join(command),
        arguments=json.dumps(command),
        cron=cron,
        calendar=calendar,
        timeout=timeout,
        stop=STOP_SECONDS,
    )
