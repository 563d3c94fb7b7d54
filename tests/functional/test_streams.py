"""Standard streams that are closed, full or have no reader any more."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from lstm_forecast.store import run_ids
from tests.functional.commands import FAIL, SUCCEED, leaves, prepare, run_all
from tests.functional.conftest import Forecast, environment, forecast_command

STREAMS = {  # stdin, stdout, stderr -> exit code of a command that prints a result
    ("closed", "closed", "closed"): 7,
    ("null", "gone", "file"): -signal.SIGPIPE,
    ("null", "null", "gone"): 0,
    ("null", "null", "closed"): 0,
    ("null", "null", "full"): 0,
    ("null", "closed", "file"): 7,
    ("null", "full", "file"): 7,
    ("closed", "null", "file"): 0,
}
# tried with the first three; the last goes back three times
SLOW = ("train", "compare", "tune", "plot", "pretrain", "runs rollback")
# what they print is in their status or metrics, too: no signal ends them
TOLD_IN_FILES = ("retrain", "monitor", "detect")


def test_every_subcommand_is_tried() -> None:
    assert set(leaves()) == set(SUCCEED) == set(FAIL)


def test_no_state_of_the_standard_streams_breaks_a_subcommand(workspace: Path) -> None:
    prepare(workspace)
    tried = [
        (name, streams)
        for name in SUCCEED
        for streams in list(STREAMS)[: 3 if name in SLOW else None]
    ]
    cases = [(streams, [*name.split(), *SUCCEED[name], "--json"]) for name, streams in tried]
    known = (("null", "null", "file"), ["train", "-c", "known.yaml"])
    (code, stderr), *found = run_all([known, *cases], workspace)
    assert code == 0, stderr
    for (streams, args), (code, stderr) in zip(cases, found, strict=True):
        expected = 7 if streams[1] == "gone" and args[0] in TOLD_IN_FILES else STREAMS[streams]
        assert (args, streams, code) == (args, streams, expected), stderr
        assert "Traceback" not in stderr
        if streams[1] in ("closed", "full") and streams[2] == "file":
            assert "write: stdout: cannot be written: " in stderr
    # what could not be printed is published all the same
    assert len(run_ids(workspace / "runs" / "sine")) == 4


@pytest.mark.parametrize("closing", [">&-", "<&- >&- 2>&-"])
def test_a_retraining_whose_result_cannot_be_printed_tells_one_story(
    closing: str, grown: Path
) -> None:
    hook = "sh -c 'cat > hook.json'"
    command = " ".join(
        forecast_command("retrain", "-c", "grown.yaml", "--json", "--metrics-file", "grown.prom")
    )
    command += f' --on-failure "{hook}" {closing}'
    result = subprocess.run(
        ["bash", "-c", command], cwd=grown, env=environment(), stderr=subprocess.PIPE, check=False
    )
    status = json.loads((grown / "runs" / "grown" / "status.json").read_text())
    told = json.loads((grown / "hook.json").read_text())
    assert result.returncode == status["exit_code"] == told["exit_code"] == 7
    assert (status["outcome"], status["error"]) == ("not_due", "write")
    assert status["problems"] == ["stdout: cannot be written: Bad file descriptor"]
    assert 'forecast_retrain_exit_code{name="grown"} 7\n' in (grown / "grown.prom").read_text()


@pytest.mark.parametrize(
    "args", [["--version"], ["--help"], ["nosuch"], ["nosuch", "--json"], ["train"]], ids=" ".join
)
def test_help_version_and_wrong_usage_survive_closed_streams_too(
    args: list[str], tmp_path: Path
) -> None:
    codes = {}
    for closing in (">&-", "2>&-", "<&- >&- 2>&-"):
        command = f"{' '.join(forecast_command(*args))} {closing}"
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            check=False,
        )
        codes[closing] = ran.returncode
        assert b"Traceback" not in ran.stderr
    printed = args[0].startswith("--")
    assert codes == (
        {">&-": 7, "2>&-": 0, "<&- >&- 2>&-": 7} if printed else dict.fromkeys(codes, 2)
    )


def test_a_failure_keeps_its_exit_code_where_its_object_cannot_be_printed(trained: Path) -> None:
    for unbuffered in ("", "1"):
        result = subprocess.run(
            forecast_command("predict", "--run", "nobody", "--json"),
            cwd=trained,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(PYTHONUNBUFFERED=unbuffered),
            stdout=os.open("/dev/full", os.O_WRONLY),
            check=False,
        )
        assert (result.returncode, result.stderr.count("run: ")) == (5, 1)
        assert "stdout" not in result.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_result_that_is_only_written_in_part_is_no_success(
    unbuffered: str, trained: Path
) -> None:
    command = " ".join(forecast_command("predict", "--run", "sine", "--horizon", "20000"))
    result = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1 >/dev/null; exit ${{PIPESTATUS[0]}}"],
        cwd=trained,
        check=False,
        env=environment(PYTHONUNBUFFERED=unbuffered),
        capture_output=True,
    )
    assert result.returncode == 128 + signal.SIGPIPE
    assert b"Traceback" not in result.stderr


def test_a_result_that_the_encoding_of_stdout_lacks_is_a_failed_write(
    trained: Path, forecast: Forecast
) -> None:
    args = ["config", "show", "-c", "sine.yaml", "--set", "data.targets=größe"]
    result = forecast(*args, cwd=trained, PYTHONIOENCODING="ascii")
    assert result.returncode == 7
    assert "is not in its encoding ascii; set PYTHONIOENCODING=utf-8" in result.stderr
    assert forecast(*args, cwd=trained, PYTHONIOENCODING="utf-8").returncode == 0
