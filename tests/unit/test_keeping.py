"""Which run is the champion, and which ones stay: by real files."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.errors import BusyError, RunError, WriteError
from lstm_forecast.store import FILES, champions, locked, open_run, promote, prune, publish, rollback, run_ids


def publish_one(home: Path, *, promoted: bool = True, **facts: Any) -> str:
    with locked(home):
        return publish_under_lock(home, promoted=promoted, **facts)


def publish_under_lock(home: Path, *, promoted: bool = True, **facts: Any) -> str:
    writers = {name: lambda path: path.write_bytes(path.name.encode()) for name in FILES}
    run = publish(home, writers, facts)
    return promote(home, run.run_id).run_id if promoted else run.run_id


def damage(home: Path, run_id: str) -> None:
    (home / run_id / "network.onnx").write_bytes(b"other")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "sine"


@pytest.fixture
def under_lock(home: Path) -> Iterator[list[str]]:
    """Three champions, one after another."""
    ids = [publish_one(home) for _ in range(3)]
    with locked(home):
        yield ids


def test_a_run_can_be_published_without_becoming_the_champion(home: Path) -> None:
    first = publish_one(home)
    second = publish_one(home, promoted=False)
    assert champions(home) == [first]
    assert open_run(home).run_id == first
    assert run_ids(home) == [first, second]


def test_the_pointer_remembers_the_champions_before(home: Path, under_lock: list[str]) -> None:
    assert champions(home) == under_lock[::-1]
    assert open_run(home).run_id == under_lock[-1]


def test_promoting_an_old_run_and_rolling_back_returns_to_where_it_was(home: Path, under_lock: list[str]) -> None:
    first, second, third = under_lock
    assert promote(home, first).run_id == first
    assert champions(home) == [first, third, second]
    assert rollback(home).run_id == third
    assert champions(home) == [third, second]
    assert rollback(home).run_id == second


def test_a_champion_without_one_before_it_stays(home: Path) -> None:
    only = publish_one(home)
    publish_one(home, promoted=False, for_study=True)
    with locked(home), pytest.raises(RunError, match="no earlier champion to go back to; forecast runs list"):
        rollback(home)
    assert champions(home) == [only]


def test_rolling_back_passes_over_damaged_runs(home: Path, under_lock: list[str]) -> None:
    damage(home, under_lock[1])
    assert rollback(home).run_id == under_lock[0]
    assert champions(home) == [under_lock[0]]


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\0" * 22, b"0001"])
def test_rolling_back_repairs_a_damaged_pointer_with_the_newest_run_that_was_fit_to_be_champion(
    content: bytes | None, home: Path, under_lock: list[str]
) -> None:
    if content is None:
        (home / "champion").unlink()
    else:
        (home / "champion").write_bytes(content)
    damage(home, under_lock[2])
    with pytest.raises(RunError, match="forecast runs rollback"):
        open_run(home)
    assert rollback(home).run_id == under_lock[1] == open_run(home).run_id


def test_a_run_kept_for_study_is_not_what_a_damaged_pointer_is_repaired_with(home: Path) -> None:
    first = publish_one(home)
    publish_one(home, promoted=False, for_study=True)
    (home / "champion").write_bytes(b"")
    with locked(home):
        assert rollback(home).run_id == first


@pytest.mark.parametrize("run_id", ["0009-20260101T000000Z", "../sine", "", "lock", "champion"])
def test_promoting_what_is_not_there_names_what_is(run_id: str, home: Path, under_lock: list[str]) -> None:
    with pytest.raises(RunError, match=f"no run .*; there are {under_lock[0]}, "):
        promote(home, run_id)
    assert champions(home) == under_lock[::-1]


def test_a_damaged_run_is_not_promoted(home: Path, under_lock: list[str]) -> None:
    damage(home, under_lock[0])
    with pytest.raises(RunError, match=r"network\.onnx: damaged"):
        promote(home, under_lock[0])
    assert champions(home) == under_lock[::-1]


def test_a_pointer_that_cannot_be_written_is_a_write_error_and_the_champion_stays(
    home: Path, under_lock: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for switch in (lambda: promote(home, under_lock[0]), lambda: rollback(home)):
        with pytest.raises(WriteError, match="No space left"):
            switch()
    assert champions(home) == under_lock[::-1]


@pytest.mark.parametrize("keep", [1, 2, 5, 9])
def test_pruning_leaves_the_newest_the_champion_and_the_one_before_it(keep: int, home: Path) -> None:
    ids = [publish_one(home, promoted=k in (0, 2)) for k in range(7)]
    with locked(home):
        gone = prune(home, keep=keep)
    assert run_ids(home) == sorted({ids[0], ids[2], *ids[-keep:]})
    assert gone == [run_id for run_id in ids if run_id not in run_ids(home)]
    assert champions(home) == [ids[2], ids[0]]


def test_a_pruning_that_died_leaves_no_half_run_and_is_finished_by_the_next_writer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [publish_one(home) for _ in range(4)]
    with locked(home), monkeypatch.context() as patch:
        patch.setattr("lstm_forecast.store.keeping.remove", lambda path: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prune(home, keep=1)
    assert run_ids(home) == ids[2:]
    with locked(home):
        assert not list(home.glob(".*"))


def test_nothing_is_pruned_while_the_champion_is_not_known(home: Path, under_lock: list[str]) -> None:
    (home / "champion").write_bytes(b"garbage")
    with pytest.raises(RunError, match="forecast runs rollback sets it"):
        prune(home, keep=1)
    assert run_ids(home) == under_lock


def test_who_waits_for_the_lock_gets_it_when_it_is_let_go_and_is_told_if_it_is_not(home: Path) -> None:
    held = threading.Event()

    def hold() -> None:
        with locked(home):
            held.set()
            time.sleep(0.5)

    with ThreadPoolExecutor() as pool:
        holder = pool.submit(hold)
        assert held.wait(10)
        with pytest.raises(BusyError), locked(home, wait=0.1):
            pass
        with locked(home, wait=10):
            assert holder.result(0.1) is None
