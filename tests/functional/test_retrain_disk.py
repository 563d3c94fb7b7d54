"""``forecast retrain`` on a disk that fails or is full: the champion stays, exit code 7, and the
next run is clean.
"""

import errno
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lstm_forecast.cli.terminal import Talk
from lstm_forecast.commands import retrain as workflow
from lstm_forecast.config.loading import load_config
from lstm_forecast.judging.promotion import Verdict
from lstm_forecast.store import FILES, champions, open_run, publish, run_ids
from tests.functional.conftest import (
    BASE,
    OWN,
    champion_files,
    environment,
    forecast_command,
    series,
)
from tests.functional.test_cli import invoke, one_object
from tests.reliability.copies import writers
from tests.reliability.failing_disk import failing_disk

CODES = [errno.ENOSPC, errno.EIO, errno.EACCES]
PAGE = 4096
BETTER = Verdict(
    True,
    "the challenger is better",
    40,
    {"champion": 1.0, "challenger": 0.5, "seasonal_naive": 1.0},
)


@pytest.fixture
def trained_before(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], Mapping[str, Any]]:
    """A forced retraining with a challenger that is better at once: the files of the champion once
    more.
    """
    config, home = load_config(Path("grown.yaml")), grown / "runs" / "grown"
    contents, manifest = champion_files(home), open_run(home).manifest
    facts = {key: value for key, value in manifest.items() if key not in OWN}
    trained = SimpleNamespace(prepared=SimpleNamespace(config=config))
    challenge = SimpleNamespace(
        trained=trained, learned=None, start="warm", verdict=BETTER, warnings=()
    )

    def publish_trained(home: Path, *_: Any, **__: Any) -> Any:
        return publish(home, writers(contents), facts)

    loaded, read = (
        workflow.load_run(open_run(home)),
        workflow.read_panel(config.data, Path("grown.csv"), memory_limit=None, training=True),
    )
    monkeypatch.setattr(workflow, "load_run", lambda run: loaded)
    monkeypatch.setattr(workflow, "read_panel", lambda *_, **__: read)
    monkeypatch.setattr(workflow, "train_challenger", lambda *_: challenge)
    monkeypatch.setattr(workflow, "publish_trained", publish_trained)
    monkeypatch.setattr(workflow, "require_same_forecasts", lambda *_: None)

    def run(runs: Path) -> Mapping[str, Any]:
        return workflow.retrain(
            config, config_path=Path("grown.yaml"), runs=runs, listener=Talk(None), force=True,
            audience=workflow.Audience(metrics_file=runs / "metrics.prom"),
        ).content()  # fmt: skip

    return run


def test_whatever_fails_in_a_retraining_is_told_truly_and_the_next_run_is_clean(
    grown: Path, trained_before: Callable[[Path], Mapping[str, Any]]
) -> None:
    runs, kinds, outcomes = grown / "again", Counter[str](), Counter[str]()
    for n in count():
        shutil.rmtree(runs, ignore_errors=True)
        shutil.copytree(grown / "runs", runs, copy_function=os.link)  # nothing is changed in place
        home, before = runs / "grown", (runs / "grown" / "champion").read_bytes()
        with failing_disk(n, CODES[n % 3]) as disk:
            status = trained_before(runs)
        if not disk.failed:
            break
        kinds[disk.done[n]] += 1
        outcomes[status["outcome"]] += 1
        assert status["champion"] == champions(home)[0]
        # it was, and the status or the metrics could not be written, or mkdir
        if status["outcome"] == "promoted":
            assert status["run"] == status["champion"]
            assert disk.done[n] == "mkdir" or (status["exit_code"], status["error"]) == (7, "write")
        else:
            assert (status["exit_code"], status["error"], status["outcome"]) == (
                7,
                "write",
                "failed",
            )
            assert os.strerror(CODES[n % 3]) in status["problems"][0]
            assert (home / "champion").read_bytes() == before
            assert len(run_ids(home)) <= 2
        with failing_disk(10**9, 0):
            again = trained_before(runs)
        assert (again["outcome"], again["exit_code"]) == ("promoted", 0)
        assert json.loads((home / "status.json").read_text()) == again
        assert not [
            path for path in runs.rglob(".*") if path.is_file() or path.name.startswith(".stage")
        ]
        for run_id in run_ids(home):
            open_run(home / run_id).verify()
    assert kinds["write"] == len(FILES) + 4  # manifest, pointer, status, metrics
    assert kinds["rename"] == 4  # run, pointer, status, metrics
    assert outcomes["failed"] > 10 * outcomes["promoted"] / 3 > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if shutil.which("mount")
        else None
    )
    if mounted is None or mounted.returncode:
        pytest.skip(
            "no file system can be mounted here:"
            f" {'no mount' if mounted is None else mounted.stderr.strip()}"
        )
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, *, leave: int) -> Path:
    """Take the space of a disk, but for that many bytes."""
    status = os.statvfs(disk)
    filler = disk / "filler"
    with filler.open("wb") as file:
        for _ in range(max(0, status.f_bavail - leave // PAGE)):
            file.write(bytes(PAGE))
    return filler


def test_on_a_full_disk_a_retraining_exits_7_and_once_there_is_space_the_next_one_promotes(
    grown: Path, small_disk: Path
) -> None:
    home = shutil.copytree(grown / "runs", small_disk / "runs") / "grown"
    before, pointer = champion_files(home), (home / "champion").read_bytes()
    (grown / "grown.csv").write_text(series(BASE + 260, broken=BASE + 10))
    args = ["retrain", "-c", "grown.yaml", "--json", "--runs", small_disk / "runs"]
    filler = fill(small_disk, leave=15 * PAGE)  # a part of a run
    result = subprocess.run(
        forecast_command(*args),
        cwd=grown,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 7, result.stderr
    status = one_object(result.stdout)
    assert (status["outcome"], status["error"]) == ("failed", "write")
    assert "No space left on device" in status["problems"][0]
    assert (champion_files(home), (home / "champion").read_bytes()) == (before, pointer)
    assert invoke("predict", "--data", "grown.csv", "--runs", small_disk / "runs").exit_code == 0
    filler.unlink()
    again = one_object(invoke(*args).stdout)
    assert (again["outcome"], again["exit_code"]) == ("promoted", 0)
    assert not list(home.glob(".*"))
    assert len(run_ids(home)) == 2


def test_with_every_amount_of_space_that_is_left_a_run_is_published_whole_or_not_at_all(
    grown: Path, small_disk: Path, trained_before: Callable[[Path], Mapping[str, Any]]
) -> None:
    runs = shutil.copytree(grown / "runs", small_disk / "runs")
    home, failed = runs / "grown", 0
    for pages in count():
        before, filler = (home / "champion").read_bytes(), fill(small_disk, leave=pages * PAGE)
        status = trained_before(runs)
        filler.unlink()
        if status["exit_code"] == 0:
            break
        failed += 1
        assert (status["exit_code"], status["error"]) == (7, "write")
        assert ((home / "champion").read_bytes() == before) == (status["outcome"] == "failed")
        assert not list(home.glob(".*"))
        open_run(home).verify()
    assert failed > len(FILES)
