"""The texts that ``schedule`` fills in: a line for cron, units for systemd, a CronJob for
Kubernetes.
"""

from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described

__all__ = ["CRON", "DATED", "K8S", "SURROUNDINGS", "SYSTEMD", "Scheduled"]


@dataclass(frozen=True, kw_only=True)
class Scheduled(Answer):
    """What makes a scheduler monitor, retrain and forecast in turn."""

    kind: str = field(metadata=described("cron, systemd or k8s."))
    text: str = field(metadata=described("Text for that scheduler."))


# In one line, as a crontab has it. What is said goes to a file, and to cron, which mails it, where
# something failed.
CRON = (
    "mkdir -p {output} && cd {output} && ( ulimit -d {kib}; f() {{ timeout -k {stop} {timeout}"
    ' {program} "$@"; }}; f monitor . --run {name} --runs {runs} --json; m=$?; f retrain --config'
    ' {config} --runs {runs} --json; r=$?; f predict --run {name} --runs {runs} --output "$(date'
    ' +%FT%H%M).parquet" || exit $?; [ $r -eq 0 ] || [ $r -eq 6 ] || [ $r -eq 75 ] || exit $r; [ $m'
    " -ne 6 ] || exit 6 ) > cron.log 2>&1 || {{ c=$?; cat cron.log; exit $c; }}"
)

# For a shell: the command of its arguments, its output in the directory $0 and named by the minute.
DATED = 'exec "$@" --output "$0/`date +%FT%H%M`.parquet"'
SYSTEMD = """\
# /etc/systemd/system/forecast-{name}-monitor.service
[Unit]
Description=Compare earlier forecasts of {name} with what came
ConditionDirectoryNotEmpty={output_line}

[Service]
ExecStart={program} monitor {output} --run {name} --runs {runs} --json
# 4: there is nothing to compare yet
# 6, an alarm, is a failure of this unit alone, which systemctl --failed shows
SuccessExitStatus=4
{surroundings}
# /etc/systemd/system/forecast-{name}-retrain.service
[Unit]
Description=Retrain the forecasts of {name}
After=forecast-{name}-monitor.service

[Service]
ExecStart={program} retrain --config {config} --runs {runs} --json
# 6: the champion was kept; 75: another one is at work
SuccessExitStatus=6 75
ReadWritePaths={runs_listed}
{surroundings}
# /etc/systemd/system/forecast-{name}.service
[Unit]
Description=Forecast {name}, after monitoring and retraining, whatever became of these
Wants=forecast-{name}-monitor.service forecast-{name}-retrain.service
After=forecast-{name}-monitor.service forecast-{name}-retrain.service

[Service]
ExecStart=/bin/sh -c {dated} {output} {program} predict --run {name} --runs {runs}
ReadWritePaths={output_listed}
{surroundings}
# /etc/systemd/system/forecast-{name}.timer
[Unit]
Description=Monitor, retrain and forecast {name}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=10min
# catch up on what was missed while the machine was off
Persistent=true

[Install]
WantedBy=timers.target

# id {shell_user} || useradd --system {shell_user}
# mkdir -p {shell_places} && chown -R {shell_user} {shell_places}
# systemctl daemon-reload && systemctl enable --now forecast-{name}.timer
"""
SURROUNDINGS = """\
Type=oneshot
User={user}
Environment=HOME=%C/forecast-{name} XDG_CACHE_HOME=%C/forecast-{name}
Environment=MPLCONFIGDIR=%C/forecast-{name}
CacheDirectory=forecast-{name}
MemoryMax={mib}M
# a oneshot service has no time limit of its own
TimeoutStartSec={timeout}
TimeoutStopSec={stop}
Nice=10
# nothing else can be written, and nothing uses the network
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
RestrictAddressFamilies=AF_UNIX
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
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            runAsGroup: 1000
            fsGroup: 1000
            seccompProfile: {{type: RuntimeDefault}}
          containers:
            - name: forecast
              image: IMAGE  # one with this program and a shell in it
              env:
                - {{name: OUTPUT, value: {output_value}}}
                - {{name: CONFIG, value: {config_value}}}
                - {{name: RUNS, value: {runs_value}}}
                - {{name: HOME, value: /tmp}}
                - {{name: XDG_CACHE_HOME, value: /tmp}}
                - {{name: MPLCONFIGDIR, value: /tmp}}
              command:
                - /bin/sh
                - -c
                - |
                  step() {{ "$@" & wait $!; }}
                  trap 'kill -TERM $!; wait $!; exit 143' TERM
                  step forecast monitor "$OUTPUT" --run {name} --runs "$RUNS" --json; monitored=$?
                  step forecast retrain --config "$CONFIG" --runs "$RUNS" --json; retrained=$?
                  new="$OUTPUT/`date +%FT%H%M`.parquet"
                  step forecast predict --run {name} --runs "$RUNS" --output "$new" || exit
                  # 6: the champion was kept; 75: busy
                  case $retrained in 0|6|75) ;; *) exit $retrained ;; esac
                  [ $monitored -ne 6 ] || exit 6  # an alarm
              resources:
                requests: {{cpu: "1", memory: {mib}Mi}}
                limits: {{memory: {mib}Mi}}
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: {{drop: [ALL]}}
              # the two directories that are written have to be there, and user 1000 must own them
              volumeMounts:
                - {{name: work, mountPath: {top}, readOnly: true}}
                - {{name: work, mountPath: {runs}, subPath: {inner_runs}}}
                - {{name: work, mountPath: {output}, subPath: {inner_output}}}
                - {{name: tmp, mountPath: /tmp}}
          volumes:
            - name: work
              # with the config, the data, the runs and the forecasts
              persistentVolumeClaim: {{claimName: CLAIM}}
            - name: tmp
              emptyDir: {{}}
"""
