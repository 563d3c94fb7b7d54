"""``forecast schedule``: what a service is started with, run as it stands and checked by what reads
it.
"""

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.document import parse_document
from tests.functional.conftest import environment, series

ODD = [
    "a b",
    "100%",
    "$HOME",
    "$(touch x)",
    "it's",
    'say "x"',
    "back\\slash",
    "semi;colon",
    "`id`",
    "é 🙂",
    "a&b",
    "%h %%",
]
STUB = """\
#!/bin/sh
step=$1
for word in "$@"; do printf '%s\\0' "$word" >> "$CALLS"; done
printf '\\n' >> "$CALLS"
case $step in
  monitor) exit "$MONITOR" ;;
  retrain) exit "$RETRAIN" ;;
  predict) exit "$PREDICT" ;;
esac
"""


def invoke(*args: str | Path) -> Any:
    return CliRunner().invoke(app, list(map(str, args)))


def schedule(directory: Path, *args: str | Path) -> str:
    result = invoke("schedule", "-c", directory / "sine.yaml", "--runs", directory / "runs", *args)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def make_project(directory: Path) -> Path:
    """A config and a directory of runs; nothing is trained."""
    (directory / "runs").mkdir(parents=True)
    (directory / "sine.yaml").write_text(
        "name: sine\ndata: {path: sine.csv, timestamp: step, targets: y}\nwindows: {horizon: 5}\n"
    )
    return directory


def as_cron_runs(text: str) -> str:
    """The command of a crontab line as cron hands it to the shell: an unescaped % would end it."""
    assert text.count("\n") == 1 and text.endswith("\n")
    command = text.split("  ", 1)[1].rstrip("\n")
    assert not re.search(r"(?<!\\)%", command)
    assert len(command) <= 998  # characters that Debian's cron reads
    return command.replace(r"\%", "%")


def units(text: str) -> dict[str, str]:
    """The files that the text says to make."""
    return dict(
        re.findall(r"^# /etc/systemd/system/(\S+)\n(.*?)(?=^# /etc/systemd|\Z)", text, re.M | re.S)
    )


def as_systemd_reads(words: str, *, command: bool = True) -> list[str]:
    """Words between quotes with their escapes, specifiers and variables undone, by
    systemd.service(5).
    """
    found = [
        re.sub(r"\\(.)", r"\1", quoted or plain)
        for quoted, plain in re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', words)
    ]
    found = [word.replace("%%", "%") for word in found]
    return [word.replace("$$", "$") for word in found] if command else found


def container(text: str) -> dict[str, Any]:
    job = parse_document(text, source="job").values
    (found,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


def steps(calls: Path) -> list[list[str]]:
    return [line.split("\0")[:-1] for line in calls.read_text().split("\n")[:-1]]


def run(
    command: list[str], directory: Path, codes: tuple[int, int, int] = (0, 0, 0), **extra: str
) -> tuple[int, Any]:
    """The exit code of a job, and the calls that it made, with a program that only ends as it is
    told.
    """
    stub, calls = directory / "bin" / "forecast", directory / "calls"
    stub.parent.mkdir(exist_ok=True)
    stub.write_text(STUB)
    stub.chmod(0o755)
    calls.write_text("")
    told = dict(zip(("MONITOR", "RETRAIN", "PREDICT"), map(str, codes), strict=True))
    path = f"{stub.parent}:{os.environ['PATH']}"
    result = subprocess.run(
        command,
        cwd=directory,
        env=environment(PATH=path, CALLS=str(calls), **told, **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, steps(calls)


def cron_job(directory: Path) -> list[str]:
    """The shell that runs the crontab line, with the program of ``run`` instead of the installed
    one.
    """
    command = as_cron_runs(schedule(directory, "--cron"))
    program = re.search(r"timeout -k 30 21600 (.*?) \"\$@\"; };", command)
    assert program is not None
    assert Path(shlex.split(program[1])[0]).is_absolute()
    return ["sh", "-c", command.replace(program[1], "forecast")]


def kubernetes_job(directory: Path) -> tuple[list[str], dict[str, str]]:
    """The command of the container and its variables, as the kubelet expands them."""
    found = container(schedule(directory, "--k8s"))
    variables = {each["name"]: each["value"].replace("$$", "$") for each in found["env"]}
    return found["command"], {name: variables[name] for name in ("OUTPUT", "CONFIG", "RUNS")}


CODES = [
    (m, r, p)
    for m, r, p in itertools.product((0, 6, 4, 1), (0, 6, 75, 4, 1), (0, 5))
    if m in (0, 6) or r == 0
]


def expected(codes: tuple[int, int, int]) -> int:
    """A failed forecast, then a failed retraining, then an alarm."""
    monitored, retrained, predicted = codes
    if predicted or retrained not in (0, 6, 75):
        return predicted or retrained
    return 6 if monitored == 6 else 0


@pytest.mark.parametrize("kind", ["cron", "k8s"])
def test_all_steps_run_in_turn_whatever_becomes_of_each_and_the_job_tells_what_failed(
    project: Path, kind: str
) -> None:
    command, extra = (cron_job(project), {}) if kind == "cron" else kubernetes_job(project)
    (project / "forecasts" / "sine").mkdir(parents=True)
    for codes in CODES:
        code, calls = run(command, project, codes, **extra)
        assert [call[0] for call in calls] == ["monitor", "retrain", "predict"]
        assert code == expected(codes), codes


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["cron", "k8s"])
def test_paths_with_signs_that_shells_obey_arrive_as_they_are(
    tmp_path: Path, name: str, kind: str
) -> None:
    directory = make_project(tmp_path / name)
    output = directory / "forecasts" / "sine"
    output.mkdir(parents=True)
    command, extra = (cron_job(directory), {}) if kind == "cron" else kubernetes_job(directory)
    code, (monitor, retrain, predict) = run(command, tmp_path, **extra)
    runs, config = str(directory / "runs"), str(directory / "sine.yaml")
    assert code == 0
    assert monitor == [
        "monitor",
        "." if kind == "cron" else str(output),
        "--run",
        "sine",
        "--runs",
        runs,
        "--json",
    ]
    assert retrain == ["retrain", "--config", config, "--runs", runs, "--json"]
    assert predict[:-1] == ["predict", "--run", "sine", "--runs", runs, "--output"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{4}\.parquet", Path(predict[-1]).name)
    assert kind == "cron" or Path(predict[-1]).parent == output
    assert {path.name for path in tmp_path.iterdir()} == {name, "bin", "calls"}


@pytest.mark.parametrize("name", ["plain", *ODD])
def test_systemd_units_name_paths_with_odd_signs_as_they_are(tmp_path: Path, name: str) -> None:
    directory = make_project(tmp_path / name)
    found = units(schedule(directory, "--systemd"))
    output, runs = str(directory / "forecasts" / "sine"), str(directory / "runs")
    commands = {unit: re.search(r"^ExecStart=(.*)$", text, re.M) for unit, text in found.items()}
    words = {unit: as_systemd_reads(command[1]) for unit, command in commands.items() if command}
    assert all(Path(command[0]).is_absolute() for command in words.values())
    assert words["forecast-sine-monitor.service"][-6:] == [
        output,
        "--run",
        "sine",
        "--runs",
        runs,
        "--json",
    ]
    retrain = ["--config", str(directory / "sine.yaml"), "--runs", runs, "--json"]
    assert words["forecast-sine-retrain.service"][-5:] == retrain
    writable = {
        unit: re.findall(r"^ReadWritePaths=(.*)$", text, re.M) for unit, text in found.items()
    }
    assert as_systemd_reads(writable["forecast-sine-retrain.service"][0], command=False) == [runs]
    assert as_systemd_reads(writable["forecast-sine.service"][0], command=False) == [output]
    assert not writable["forecast-sine-monitor.service"]

    shell, script, option, *rest = (
        words["forecast-sine.service"][0:3] + words["forecast-sine.service"][3:]
    )
    assert (shell, script) == ("/bin/sh", "-c")
    place, *program = rest
    (Path(place)).mkdir(parents=True)
    code, (predict,) = run(
        ["/bin/sh", "-c", option, place, "forecast", *program[program.index("predict") :]], tmp_path
    )
    assert code == 0
    assert predict[:5] == ["predict", "--run", "sine", "--runs", runs]
    assert Path(predict[-1]).parent == Path(output)


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
@pytest.mark.parametrize("name", ["plain", *ODD])
def test_systemd_accepts_the_units(tmp_path: Path, name: str) -> None:
    found = units(
        schedule(make_project(tmp_path / name), "--systemd", "--every", "weekly", "--timeout", "2h")
    )
    assert len(found) == 4
    folder = tmp_path / "units"
    folder.mkdir()
    for unit, text in found.items():
        (folder / unit).write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(folder.iterdir()))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, "forecast-" in result.stderr) == (0, False), result.stderr


def test_the_units_are_bounded_unprivileged_and_ordered(project: Path) -> None:
    found = units(schedule(project, "--systemd", "--timeout", "2h"))
    timer = found.pop("forecast-sine.timer")
    assert "Persistent=true\n" in timer
    for text in found.values():
        lines = text.splitlines()
        assert {
            "Type=oneshot",
            "TimeoutStartSec=7200",
            "MemoryMax=4096M",
            "ProtectSystem=strict",
        } <= set(lines)
        assert "CacheDirectory=forecast-sine" in lines
        assert any(
            line.startswith("Environment=HOME=%C/forecast-sine XDG_CACHE_HOME=") for line in lines
        )
        assert any(re.fullmatch(r"User=(?!root|0$).+", line) for line in lines)
    assert "SuccessExitStatus=6 75\n" in found["forecast-sine-retrain.service"]
    # an alarm, 6, shows as failed
    assert "SuccessExitStatus=4\n" in found["forecast-sine-monitor.service"]
    assert "After=forecast-sine-monitor.service\n" in found["forecast-sine-retrain.service"]
    assert (
        "Wants=forecast-sine-monitor.service forecast-sine-retrain.service\n"
        "After=forecast-sine-monitor.service forecast-sine-retrain.service\n"
        in found["forecast-sine.service"]
    )
    assert "Requires=" not in "".join(found.values())  # one that fails stops none of the others


@pytest.mark.parametrize("name", ["plain", *ODD, "new\nline", "\x1b[31m", "\U000e0001"])
def test_kubernetes_schema_accepts_the_cron_job(tmp_path: Path, name: str) -> None:
    text = schedule(make_project(tmp_path / name), "--k8s", "--every", "weekly")
    job = parse_document(text, source="job").values
    assert kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    runs = str(tmp_path / name / "runs")
    mounts = {each["mountPath"]: each for each in container(text)["volumeMounts"]}
    assert mounts[str(tmp_path / name)]["readOnly"] is True
    assert mounts[runs] == {"name": "work", "mountPath": runs, "subPath": "runs"}


def test_the_cron_job_forbids_two_at_once_and_is_bounded_and_unprivileged(project: Path) -> None:
    text = schedule(project, "--k8s", "--every", "weekly", "--timeout", "2h")
    spec = parse_document(text, source="job").values["spec"]
    assert (spec["concurrencyPolicy"], spec["schedule"]) == ("Forbid", "15 3 * * 1")
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 7200
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    found = container(text)
    assert found["securityContext"]["readOnlyRootFilesystem"] is True
    assert found["resources"]["limits"]["memory"] == "4096Mi"
    assert {"name": "HOME", "value": "/tmp"} in found["env"]


def test_a_stopped_pod_stops_the_step_that_runs_and_starts_no_other(project: Path) -> None:
    command, extra = kubernetes_job(project)
    stub, calls = project / "bin" / "forecast", project / "calls"
    stub.parent.mkdir()
    stopped = """trap 'echo stopped >> "$CALLS"; exit 143' TERM"""
    stub.write_text(f'#!/bin/sh\n{stopped}\nsleep 20 & echo $1 >> "$CALLS"; wait $!\n')
    stub.chmod(0o755)
    path = f"{stub.parent}:{os.environ['PATH']}"
    job = subprocess.Popen(command, env=environment(PATH=path, CALLS=str(calls), **extra))
    while not calls.exists() or calls.read_text() != "monitor\n":
        assert job.poll() is None
    job.terminate()
    assert job.wait(timeout=10) == 143
    assert calls.read_text() == "monitor\nstopped\n"


@pytest.mark.skipif(shutil.which("crontab") is None, reason="crontab is not installed")
@pytest.mark.parametrize("every", ["hourly", "daily", "weekly"])
def test_crontab_accepts_the_line(project: Path, every: str) -> None:
    table = project / "table"
    table.write_text(schedule(project, "--cron", "--every", every))
    result = subprocess.run(
        ["crontab", "-n", str(table)], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_crontab_line_has_five_fields_and_absolute_paths(project: Path) -> None:
    line = schedule(project, "--cron", "--every", "hourly")
    assert re.match(r"15 \* \* \* \*  mkdir -p /", line)
    assert f"retrain --config {project / 'sine.yaml'} --runs {project / 'runs'} --json" in line


def test_a_real_night_by_cron_forecasts_and_the_next_one_compares_them(grown: Path) -> None:
    result = invoke("schedule", "-c", "grown.yaml", "--cron")
    command = as_cron_runs(result.stdout)
    output = grown / "forecasts" / "grown"

    def night() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd="/",
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    first = night()
    assert (first.returncode, first.stdout, first.stderr) == (0, "", ""), first.stdout
    (table,) = output.glob("*.parquet")
    table.rename(output / "yesterday.parquet")

    (grown / "grown.csv").write_text(series(504))
    second = night()
    log = (output / "cron.log").read_text()
    report = json.loads(next(line for line in log.splitlines() if line.startswith("{")))
    assert report["rows" if "rows" in report else "live"]
    assert second.returncode in (0, 6)
    assert len(list(output.glob("*.parquet"))) == 2

    (grown / "grown.csv").write_text("step,y\n0,broken\n")
    third = night()
    assert third.returncode == 4
    assert "broken" in third.stdout  # which cron mails


@pytest.mark.parametrize("kind", ["--cron", "--systemd", "--k8s"])
def test_what_is_known_ahead_has_to_stand_in_the_data_and_the_schedule_says_so(
    project: Path, kind: str
) -> None:
    config = project / "sine.yaml"
    told = "predict needs rows of the steps ahead at the end of sine.csv, without targets"
    asked = ("schedule", "-c", config, "--runs", project / "runs", kind)
    assert told not in invoke(*asked).stderr
    config.write_text(
        config.read_text().replace("targets: y", "targets: y, covariates: {future: [promo]}")
    )
    assert told in invoke(*asked).stderr


def test_where_forecasts_go_and_what_a_training_may_take_can_be_chosen(project: Path) -> None:
    config = project / "sine.yaml"
    config.write_text(config.read_text() + "training: {memory_limit: 512}\n")
    text = schedule(project, "--systemd", "--output", project / "out")
    assert f'ReadWritePaths="{project / "out"}"\n' in text
    assert "MemoryMax=1536M\n" in text


@pytest.mark.parametrize("kind", ["--cron", "--systemd"])
def test_a_path_that_no_line_can_hold_is_refused(tmp_path: Path, kind: str) -> None:
    directory = make_project(tmp_path / "a\nb")
    result = invoke("schedule", "-c", directory / "sine.yaml", kind)
    assert result.exit_code == 2
    assert "use another one" in result.stderr


def test_a_schedule_needs_one_kind_and_what_its_reader_can_take(
    project: Path, tmp_path: Path
) -> None:
    for kinds in ([], ["--cron", "--k8s"], ["--cron", "--timeout", "long"]):
        assert invoke("schedule", "-c", project / "sine.yaml", *kinds).exit_code == 2
    result = invoke("schedule", "-c", project / "sine.yaml", "--k8s", "--runs", "/srv/runs")
    assert (result.exit_code, "below one directory" in result.stderr) == (2, True)
    deep = make_project(tmp_path.joinpath(*["x" * 100] * 3))
    result = invoke("schedule", "-c", deep / "sine.yaml", "--runs", deep / "runs", "--cron")
    assert (result.exit_code, "use shorter paths" in result.stderr) == (2, True)
