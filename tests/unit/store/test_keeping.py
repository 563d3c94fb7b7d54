"""Which run is the champion, and which ones stay: by real files."""

import errno
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_forecast.errors import BusyError, RunError, WriteError
from lstm_forecast.store import (
    FILES,
    Run,
    champions,
    crown,
    find_id,
    locked,
    open_run,
    pointer,
    promote,
    promotions,
    prune,
    publish,
    rollback,
    run_ids,
)
from tests.reliability.copies import writers


def publish_one(home: Path, *, promoted: bool = True, **facts: Any) -> str:
    with locked(home):
        return publish_under_lock(home, promoted=promoted, **facts)


def publish_under_lock(home: Path, *, promoted: bool = True, **facts: Any) -> str:
    run = publish(home, writers({name: name.encode() for name in FILES}), facts)
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


def test_promoting_an_old_run_and_rolling_back_returns_to_where_it_was(
    home: Path, under_lock: list[str]
) -> None:
    first, second, third = under_lock
    assert promote(home, first).run_id == first
    assert champions(home) == [first, third, second]
    assert rollback(home).run_id == third
    assert champions(home) == [third, second]
    assert rollback(home).run_id == second


def test_a_champion_without_one_before_it_stays(home: Path) -> None:
    only = publish_one(home)
    publish_one(home, promoted=False, for_study=True)
    with (
        locked(home),
        pytest.raises(RunError, match="no earlier champion to go back to; forecast runs list"),
    ):
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
def test_promoting_what_is_not_there_names_what_is(
    run_id: str, home: Path, under_lock: list[str]
) -> None:
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
def test_pruning_leaves_the_newest_the_champion_and_the_one_before_it(
    keep: int, home: Path
) -> None:
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
        patch.setattr(
            "lstm_forecast.store.keeping.remove",
            lambda path: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        with pytest.raises(KeyboardInterrupt):
            prune(home, keep=1)
    assert run_ids(home) == ids[2:]
    with locked(home):
        assert not list(home.glob(".*"))


def test_nothing_is_pruned_while_the_champion_is_not_known(
    home: Path, under_lock: list[str]
) -> None:
    (home / "champion").write_bytes(b"garbage")
    with pytest.raises(RunError, match="forecast runs rollback sets it"):
        prune(home, keep=1)
    assert run_ids(home) == under_lock


def test_who_waits_for_the_lock_gets_it_when_it_is_let_go_and_is_told_if_it_is_not(
    home: Path,
) -> None:
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


# The pointer has a lock of its own


def test_whoever_holds_the_lock_of_a_training_keeps_nobody_from_choosing_a_champion(
    home: Path, under_lock: list[str]
) -> None:
    first, second, third = under_lock  # the fixture holds the lock
    with pytest.raises(BusyError), locked(home):
        pass
    assert promote(home, first).run_id == first
    assert rollback(home).run_id == third
    assert rollback(home).run_id == second


CHOICES: dict[str, Callable[[Path, list[str]], Any]] = {
    "rollback": lambda home, ids: rollback(home),
    "promotion": lambda home, ids: promote(home, ids[0]),
    "promotion of the champion itself": lambda home, ids: promote(home, ids[2]),
    "there and back": lambda home, ids: (rollback(home), promote(home, ids[2])),
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("when", ["before it publishes", "after"])
def test_a_training_that_ends_later_leaves_the_champion_that_somebody_chose_meanwhile(
    choice: Callable[[Path, list[str]], Any], when: str, home: Path
) -> None:
    ids = [publish_one(home) for _ in range(3)]
    with locked(home) as seen:
        time.sleep(0.02)  # a training takes longer than the times on a disk are apart
        if when != "after":
            choice(home, ids)
        run_id = publish_under_lock(home, promoted=False)
        if when == "after":
            choice(home, ids)
        pointed = champions(home)
        assert crown(home, run_id, seen=seen) == pointed[0] != run_id
    assert champions(home) == pointed
    assert run_ids(home) == [*ids, run_id]
    assert promote(home, run_id).run_id == run_id


def test_a_training_whose_run_was_promoted_by_hand_finds_it_promoted(home: Path) -> None:
    publish_one(home)
    with locked(home) as seen:
        run_id = publish_under_lock(home, promoted=False)
        promote(home, run_id)
        assert crown(home, run_id, seen=seen) == run_id


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_a_training_heals_a_pointer_that_was_damaged_meanwhile(
    content: bytes | None, home: Path
) -> None:
    publish_one(home)
    with locked(home) as seen:
        (home / "champion").unlink()
        if content is not None:
            (home / "champion").write_bytes(content)
        run_id = publish_under_lock(home, promoted=False)
        assert crown(home, run_id, seen=seen) == run_id
    assert champions(home) == [run_id]


def test_a_run_that_goes_while_its_files_are_verified_is_not_promoted(
    home: Path, under_lock: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = under_lock
    verify = Run.verify

    def slowly(run: Run) -> None:
        verify(run)
        prune(home, keep=1)

    monkeypatch.setattr(Run, "verify", slowly)
    with pytest.raises(RunError, match=f"no run {first}; there are {second}, {third}"):
        promote(home, first)
    assert champions(home) == [third, second, first]


def test_a_rollback_whose_files_were_verified_for_another_champion_looks_again(
    home: Path, under_lock: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = under_lock
    verify, meanwhile = Run.verify, [first]

    def slowly(run: Run) -> None:
        verify(run)
        if meanwhile:
            promote(home, meanwhile.pop())

    monkeypatch.setattr(Run, "verify", slowly)
    assert rollback(home).run_id == third
    assert champions(home) == [third, second]


def test_who_cannot_have_the_lock_of_the_pointer_is_told_in_time_and_a_new_run_stays(
    home: Path, under_lock: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pointer, "WAIT_SECONDS", 0.05)
    run_id, seen = publish_under_lock(home, promoted=False), pointer.version(home)
    with pointer.pointing(home):
        for choose in (
            lambda: promote(home, run_id),
            lambda: rollback(home),
            lambda: prune(home, keep=1),
        ):
            with pytest.raises(BusyError, match="another process is writing here"):
                choose()
        with pytest.raises(
            BusyError,
            match=f"published, but not promoted.*: forecast runs promote {run_id} --run sine",
        ):
            crown(home, run_id, seen=seen)
    assert run_ids(home) == [*under_lock, run_id]
    assert crown(home, run_id, seen=seen) == run_id


def test_what_a_dead_writer_of_the_pointer_left_is_neither_used_nor_followed(
    home: Path, tmp_path: Path
) -> None:
    ids = [publish_one(home) for _ in range(2)]
    for leave in (
        lambda path: path.write_text(ids[0]),
        lambda path: path.symlink_to(tmp_path / "victim"),
        os.mkfifo,
    ):
        leave(home / ".champion")
        assert champions(home)[0] == ids[1]
        assert promote(home, ids[1]).run_id == ids[1]
        assert not list(home.glob(".*"))
    assert not (tmp_path / "victim").exists()


def test_a_training_that_starts_leaves_alone_what_is_being_written_to_the_pointer(
    home: Path,
) -> None:
    ids = [publish_one(home) for _ in range(2)]
    with pointer.pointing(home):
        (home / ".champion").write_text(f"{ids[0]}\n")
        with locked(home):
            assert (home / ".champion").exists()


def test_a_directory_of_an_older_version_without_the_lock_of_the_pointer_works(home: Path) -> None:
    ids = [publish_one(home) for _ in range(2)]
    (home / "champion.lock").unlink()
    (home / ".stage-champion").write_text("what it left there")
    assert rollback(home).run_id == ids[0]
    with locked(home):
        assert not list(home.glob(".*"))


# What a run is called


@given(
    st.lists(st.integers(1, 30_000), min_size=1, max_size=6, unique=True),
    st.integers(0, 5),
    st.integers(1, 22),
)
def test_a_beginning_names_a_run_just_where_it_is_that_of_one_alone(
    numbers: list[int], k: int, length: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ids = [f"{number:04d}-20260101T000000Z" for number in sorted(numbers)]
        for run_id in (*ids, "0001-notes"):
            (Path(folder) / run_id).mkdir()
        beginning = ids[k % len(ids)][:length]
        fitting = [run_id for run_id in ids if run_id.startswith(beginning)]
        if len(fitting) == 1:
            assert find_id(Path(folder), beginning) == fitting[0]
        else:
            with pytest.raises(
                RunError, match=f"several runs begin with {beginning}: {', '.join(fitting)};"
            ):
                find_id(Path(folder), beginning)


def test_of_many_runs_that_there_are_the_newest_are_named(tmp_path: Path) -> None:
    ids = [f"{number:04d}-20260101T000000Z" for number in range(1, 31)]
    for run_id in ids:
        (tmp_path / run_id).mkdir()
    with pytest.raises(RunError) as told:
        find_id(tmp_path, "9")
    assert (
        str(told.value)
        == f"{tmp_path}: no run 9; there are 30, the newest of which are {', '.join(ids[-10:])}"
    )


# Why a run was promoted


def test_reasons_are_kept_by_run_in_the_order_they_were_given(
    home: Path, under_lock: list[str]
) -> None:
    first, second, third = under_lock
    for run_id, reason in (
        (first, 'it "knows" spring'),
        (second, "größer\u2028"),
        (first, "again"),
    ):
        promote(home, run_id, reason=reason)
    promote(home, third)
    assert [each.reason for each in promotions(home, first)] == ['it "knows" spring', "again"]
    assert [each.reason for each in promotions(home, second)] == ["größer\u2028"]
    assert promotions(home, third) == []
    assert len((home / "promotions.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "torn",
    [b'{"run": "00', b"\xff\0", b"[1]\n", b'{"run": 1, "time": 2, "reason": 3}\n', b"[" * 10**5],
)
def test_a_torn_reason_does_not_spoil_the_next_one(
    torn: bytes, home: Path, under_lock: list[str]
) -> None:
    promote(home, under_lock[0], reason="before")
    with (home / "promotions.jsonl").open("ab") as file:
        file.write(torn)
    promote(home, under_lock[0], reason="after")
    assert [each.reason for each in promotions(home, under_lock[0])] == ["before", "after"]


def test_a_reason_is_on_the_disk_before_the_pointer_moves_and_taken_back_if_that_fails(
    home: Path, under_lock: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(home, under_lock[0], reason="before")
    written, pointed = (home / "promotions.jsonl").read_bytes(), champions(home)

    def full(home: Path, ids: Any) -> None:
        assert b"after" in (home / "promotions.jsonl").read_bytes()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("lstm_forecast.store.keeping.point_at", full)
    with pytest.raises(WriteError, match="No space left"):
        promote(home, under_lock[1], reason="after")
    assert ((home / "promotions.jsonl").read_bytes(), champions(home)) == (written, pointed)


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("victim")],
    ids=["FIFO", "directory", "link"],
)
def test_reasons_that_cannot_be_written_down_keep_the_champion(
    make: Callable[[Path], Any], home: Path, under_lock: list[str]
) -> None:
    make(home / "promotions.jsonl")
    with pytest.raises(WriteError, match=r"promotions\.jsonl: "):
        promote(home, under_lock[0], reason="so that it is said")
    assert champions(home) == under_lock[::-1]
    assert promotions(home, under_lock[0]) == []
    assert not (home / "victim").exists()
