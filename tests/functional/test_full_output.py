"""Where stdout or stderr go to a full disk."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_forecast.cli.terminal import say
from tests.functional.conftest import environment, forecast_command


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "args",
    [
        ["runs", "list"],
        ["runs", "list", "--json"],
        ["config", "schema"],
        ["--version"],
        ["train", "--help"],
    ],
    ids=" ".join,
)
def test_a_result_that_cannot_be_printed_exits_7_without_a_traceback(
    args: list[str], unbuffered: str, trained: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            forecast_command(*args),
            cwd=trained,
            env=environment(PYTHONUNBUFFERED=unbuffered),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 7
    assert result.stderr == "write: stdout: cannot be written: No space left on device\n"


def test_a_log_that_cannot_be_written_does_not_change_the_result(trained: Path) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            forecast_command("runs", "show", "--run", "nobody", "--json"),
            cwd=trained,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert result.returncode == json.loads(result.stdout)["exit_code"] == 5


def test_talk_on_a_full_disk_is_lost_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    say("epoch 1")
