import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lstm_forecast.errors import BusyError, RunError, WriteError
from lstm_forecast.store import (
    FILES,
    FORMAT_VERSION,
    Run,
    crown,
    disk,
    find_run,
    locked,
    open_run,
    publish,
    publishing,
    write_whole,
)
from lstm_forecast.store.reading import MORE_FILES
from tests.reliability.copies import writers

VERSION = b'{"format_version": %d' % FORMAT_VERSION
CONTENTS = {name: f"content of {name}\n".encode() * 3 for name in FILES}
MORE = {name: f"content of {name}\n".encode() * 3 for name in MORE_FILES}


def train(home: Path, contents: dict[str, Callable[[Path], Any]]) -> Run:
    """What ``forecast train`` does with what it trained."""
    with locked(home) as seen:
        run = publish(home, contents, {"seed": 7})
        assert crown(home, run.run_id, seen=seen) == run.run_id
    return run


def publish_one(home: Path, contents: dict[str, bytes] = CONTENTS) -> Run:
    return train(home, writers(contents))


def snapshot(home: Path) -> dict[str, bytes]:
    """Every file below ``home``, the locks apart, and its bytes."""
    files = (path for path in home.rglob("*") if path.is_file() and not path.name.endswith("lock"))
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "sine"


@pytest.fixture
def published(home: Path) -> Run:
    return publish_one(home)


# Publish, open, read


def test_a_published_run_opens_and_reads_back(home: Path) -> None:
    written = publish_one(home)
    opened = open_run(home)
    assert opened.path == written.path == home / written.run_id
    assert opened.manifest == written.manifest
    assert {name: opened.read(name) for name in FILES} == CONTENTS
    assert opened.manifest["seed"] == 7
    assert (home / "champion").read_text() == f"{written.run_id}\n"


def test_files_that_some_runs_have_are_kept_where_they_are_given(home: Path) -> None:
    without, whole = publish_one(home), publish_one(home, {**CONTENTS, **MORE})
    assert {name: open_run(whole.path).read(name) for name in MORE} == MORE
    assert set(open_run(whole.path).manifest["files"]) == {*FILES, *MORE}
    assert set(open_run(without.path).manifest["files"]) == set(FILES)
    for name in MORE:
        assert not (without.path / name).exists()
        with pytest.raises(RunError, match=f"{name}: cannot be read"):
            without.read(name)


def test_a_file_that_the_manifest_does_not_name_is_not_read(home: Path) -> None:
    run = publish_one(home)
    for name, content in MORE.items():
        (run.path / name).write_bytes(content)
        with pytest.raises(RunError, match=f"{name}: damaged"):
            open_run(run.path).read(name)


def test_a_run_opens_by_its_own_directory_too(published: Run) -> None:
    assert open_run(published.path).run_id == published.run_id


def test_a_run_name_that_looks_like_a_run_id_is_still_a_name(tmp_path: Path) -> None:
    home = tmp_path / "0001-20260101T000000Z"
    assert open_run(home.parent / publish_one(home).path.parent.name).path.parent == home


def test_the_only_run_is_found_without_a_name(published: Run, tmp_path: Path) -> None:
    assert find_run(tmp_path / "runs", None).path == published.path
    assert find_run(tmp_path / "runs", "sine").path == published.path


def test_the_newest_published_run_is_the_champion(published: Run, home: Path) -> None:
    second = publish_one(home, {**CONTENTS, "metrics.json": b"{}"})
    assert open_run(home).run_id == second.run_id != published.run_id
    assert open_run(published.path).read("metrics.json") == CONTENTS["metrics.json"]


def test_a_run_moved_elsewhere_still_opens(published: Run, tmp_path: Path) -> None:
    moved = (tmp_path / "runs").rename(tmp_path / "elsewhere")
    assert find_run(moved, "sine").read("network.onnx") == CONTENTS["network.onnx"]


def test_run_numbers_count_up_even_if_the_clock_goes_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now

    monkeypatch.setattr(publishing, "datetime", Clock)
    ids = []
    for step in (timedelta(), timedelta(days=-400), timedelta(), timedelta(hours=1)):
        now += step
        ids.append(publish_one(home).run_id)
    assert [run_id.split("-")[0] for run_id in ids] == ["0001", "0002", "0003", "0004"]
    assert ids == sorted(ids)
    assert open_run(home).run_id == ids[-1]


def test_run_numbers_go_on_above_9999_and_ignore_what_is_not_a_run(home: Path) -> None:
    (home / "9999-20260101T000000Z").mkdir(parents=True)
    (home / "99999-notes").mkdir()
    assert publish_one(home).run_id.startswith("10000-")
    assert publish_one(home).run_id.startswith("10001-")


# What find_run says


def test_no_run_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(
        RunError, match=r"runs: no run; train one first: forecast train --config FILE"
    ):
        find_run(tmp_path / "runs", None)
    with pytest.raises(RunError, match=r"runs/a: no such run; train one first"):
        find_run(tmp_path / "runs", "a")


def test_several_runs_ask_for_a_choice_and_name_them(tmp_path: Path) -> None:
    for name in ("b", "a"):
        publish_one(tmp_path / name)
    with pytest.raises(RunError, match=r"several runs; choose one with --run; there are a, b"):
        find_run(tmp_path, None)
    with pytest.raises(RunError, match=r"/c: no such run; there are a, b"):
        find_run(tmp_path, "c")


def test_a_training_that_never_published_is_not_a_run(home: Path, tmp_path: Path) -> None:
    with locked(home):
        pass
    with pytest.raises(RunError, match=f"{home.name}: no such run; train one first"):
        find_run(home.parent, home.name)
    with pytest.raises(RunError, match="no run; train one first"):
        find_run(tmp_path / "runs", None)


@pytest.mark.parametrize("name", ["a" * 300, "../../etc", "x/y", "", "."])
def test_a_name_that_is_no_run_is_a_run_error(name: str, published: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError):
        find_run(tmp_path / "runs", name)


# Damage


def flip_first(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


def flip_last(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 0x80
    path.write_bytes(content)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def grow(path: Path) -> None:
    os.truncate(path, 2**31 + 1)


DAMAGE = [
    flip_first,
    flip_last,
    truncate,
    empty,
    lengthen,
    Path.unlink,
    link,
    dangle,
    loop,
    directory,
    fifo,
    device,
]
DAMAGE.append(grow)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", FILES)
def test_any_damage_to_any_file_is_a_run_error_that_names_it(
    name: str, damage: Any, published: Run
) -> None:
    damage(published.path / name)
    with pytest.raises(
        RunError, match=f"{name}: .*train again|{name}: not a regular file of at most 2 GiB"
    ):
        open_run(published.path).read(name)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", MORE_FILES)
def test_any_damage_to_a_file_that_some_runs_have_is_found(
    name: str, damage: Any, home: Path
) -> None:
    run = publish_one(home, {**CONTENTS, **MORE})
    run.verify()
    damage(run.path / name)
    for read in (run.verify, lambda: run.read(name)):
        with pytest.raises(RunError, match=f"{name}: "):
            read()


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_is_seen(name: str, published: Run) -> None:
    content = (published.path / name).read_bytes()
    for k in range(len(content)):
        damaged = bytearray(content)
        damaged[k] ^= 1 << k % 8
        (published.path / name).write_bytes(damaged)
        with pytest.raises(RunError, match="SHA-256"):
            published.read(name)


def test_swapped_files_are_seen(published: Run) -> None:
    a, b = published.path / "scaler.json", published.path / "metrics.json"
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    for name in ("scaler.json", "metrics.json"):
        with pytest.raises(RunError, match=name):
            open_run(published.path).read(name)


UNREADABLE = [empty, Path.unlink, link, dangle, loop, directory, fifo, device, grow]


@pytest.mark.parametrize(
    "damage", [flip_first, truncate, *UNREADABLE], ids=lambda damage: damage.__name__
)
def test_a_damaged_manifest_is_a_run_error_that_names_it(
    damage: Any, published: Run, home: Path
) -> None:
    damage(published.path / "manifest.json")
    with pytest.raises(RunError, match=r"manifest\.json: "):
        open_run(home)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe\0",
        b"null",
        b"[]",
        b"1",
        b'"text"',
        b"{}",
        VERSION + b"}",
        b'{"files": {}}',
        VERSION + b', "files": {}}',
        VERSION + b', "files": null}',
        VERSION + b', "files": 5}',
        VERSION + b', "files": [[]]}',
        b"[" * 100_000,
        b'{"format_version": ' + b"9" * 10_000 + b"}",
        json.dumps({"format_version": FORMAT_VERSION, "files": list(FILES)}).encode(),
        json.dumps({"format_version": FORMAT_VERSION, "files": dict.fromkeys(FILES, 1)}).encode(),
        json.dumps(
            {"format_version": FORMAT_VERSION, "files": dict.fromkeys((*FILES, "../../x"), "")}
        ).encode(),
        json.dumps(
            {"format_version": FORMAT_VERSION, "files": dict.fromkeys(FILES[1:], "")}
        ).encode(),
    ],
    ids=range(20),
)
def test_a_manifest_that_is_not_one_is_a_run_error(content: bytes, published: Run) -> None:
    (published.path / "manifest.json").write_bytes(content)
    with pytest.raises(RunError, match=r"manifest\.json: damaged.*train again"):
        open_run(published.path)


@pytest.mark.parametrize(
    "version", [0, FORMAT_VERSION - 1, FORMAT_VERSION + 1, str(FORMAT_VERSION), None, [1], {"a": 1}]
)
def test_a_run_of_another_format_says_which_version_is_read(version: Any, published: Run) -> None:
    path = published.path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format_version": version}))
    with pytest.raises(RunError, match=f"this program reads version {FORMAT_VERSION}"):
        open_run(published.path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"garbage",
        b"../x",
        b"/etc",
        b".",
        b"0001",
        b"0001-20260101T000000Z/../x",
        b"\xff\xfe",
        b"\0" * 10**6,
    ],
)
def test_a_champion_that_is_not_a_run_id_is_a_run_error(
    content: bytes, published: Run, home: Path
) -> None:
    (home / "champion").write_bytes(content)
    with pytest.raises(
        RunError,
        match=r"champion: expected the id of a run, received .{,330}; go back to an earlier run",
    ):
        open_run(home)


@pytest.mark.parametrize("damage", UNREADABLE[1:], ids=lambda damage: damage.__name__)
def test_a_champion_that_cannot_be_read_is_a_run_error(
    damage: Any, published: Run, home: Path
) -> None:
    damage(home / "champion")
    with pytest.raises(RunError, match="champion: "):
        open_run(home)


def test_a_champion_that_is_gone_is_named(published: Run, home: Path) -> None:
    (home / "champion").write_text("0009-20260101T000000Z\n")
    with pytest.raises(
        RunError, match=r"0009-20260101T000000Z/manifest\.json: cannot be read: No such file"
    ):
        open_run(home)


def test_training_again_repairs_a_damaged_champion(published: Run, home: Path) -> None:
    (home / "champion").write_bytes(b"garbage")
    second = publish_one(home)
    assert open_run(home).run_id == second.run_id


# The lock

HOLD = """
import sys, time
from pathlib import Path
from lstm_forecast.store import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_at_once_and_a_killed_holder_lets_go(
    holder: subprocess.Popen[str], home: Path
) -> None:
    with pytest.raises(BusyError, match="another process is writing here"), locked(home):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(home):
        pass


def test_the_lock_is_held_against_the_same_process_and_let_go_after_an_error(home: Path) -> None:
    with pytest.raises(KeyError), locked(home):
        with pytest.raises(BusyError), locked(home):
            pass
        raise KeyError
    with locked(home):
        pass


def test_a_reader_needs_no_lock(published: Run, home: Path) -> None:
    with locked(home):
        assert open_run(home).read("scaler.json") == CONTENTS["scaler.json"]


def test_what_dead_runs_left_staged_is_swept(published: Run, home: Path) -> None:
    before = snapshot(home)
    (home / ".stage-0002-20260101T000000Z" / "deep").mkdir(parents=True)
    (home / ".stage-0002-20260101T000000Z" / "deep" / "file").write_text("x")
    (home / ".stage-champion").write_text("x")
    (home / ".stage-link").symlink_to(published.path)
    os.mkfifo(home / ".stage-fifo")
    with locked(home):
        assert not list(home.glob(".stage-*"))
    assert snapshot(home) == before


def test_another_writer_does_not_sweep_what_the_holder_is_staging(
    holder: subprocess.Popen[str], home: Path
) -> None:
    (home / ".stage-0001").mkdir()
    with pytest.raises(BusyError), locked(home):
        pass
    assert (home / ".stage-0001").is_dir()


def test_a_lock_that_cannot_be_made_is_a_write_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "lock").symlink_to(tmp_path / "victim")
    for home in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "a"):
        with pytest.raises(WriteError, match="cannot be written"), locked(home):
            pass
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EIO])
def test_a_file_system_without_locks_is_a_write_error(
    code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk.fcntl, "flock", refuse)
    with pytest.raises(WriteError, match=os.strerror(code)), locked(home):
        pass


# Publishing is whole or nothing


class Stop(BaseException):
    """What a signal raises: not an Exception."""


@pytest.mark.parametrize(
    "error", [ValueError("bug"), OSError(errno.ENOSPC, "No space left on device"), Stop()]
)
@pytest.mark.parametrize("n", range(len(FILES)))
def test_a_writer_that_fails_leaves_the_champion_as_it_was(
    n: int, error: BaseException, home: Path
) -> None:
    publish_one(home)
    before = snapshot(home)

    def fail(path: Path) -> None:
        path.write_bytes(b"half of it")
        raise error

    expected = WriteError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        train(home, {**writers(CONTENTS), FILES[n]: fail})
    assert snapshot(home) == before
    assert not list(home.glob(".stage-*"))


def test_a_writer_that_writes_nothing_is_a_write_error(home: Path) -> None:
    with pytest.raises(WriteError, match=r"metrics\.json: cannot be written: No such file"):
        train(home, {**writers(CONTENTS), "metrics.json": lambda path: None})
    assert snapshot(home) == {}


def operations(
    monkeypatch: pytest.MonkeyPatch,
    *,
    fail_at: int | None = None,
    error: BaseException | None = None,
):
    """Record every fsync, write, rename and mkdir that the store makes; raise in place of number
    ``fail_at``.
    """
    done: list[tuple[str, str]] = []

    def watched(
        name: str, function: Callable[..., Any], target: Callable[..., Any]
    ) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            done.append((name, target(*args)))
            if len(done) - 1 == fail_at and error is not None:
                raise error
            return function(*args, **options)

        return run

    def opened(descriptor: int) -> str:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", watched("fsync", os.fsync, opened))
    monkeypatch.setattr(
        Path, "write_bytes", watched("write", Path.write_bytes, lambda path, content: str(path))
    )
    monkeypatch.setattr(Path, "mkdir", watched("mkdir", Path.mkdir, lambda path, *_: str(path)))
    for name in ("rename", "replace"):
        function = getattr(Path, name)
        monkeypatch.setattr(
            Path, name, watched("rename", function, lambda path, to: f"{path.name} -> {to}")
        )
    return done


# mkdir twice; write, fsync each; manifest; stage; rename; home; runs; pointer; home
N_OPERATIONS = 2 * len(FILES) + 12


def test_files_and_directories_reach_the_disk_in_the_order_that_survives_a_power_cut(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_one(home)
    with monkeypatch.context() as patch:
        done = operations(patch)
        run = publish_one(home)
    stage = f"{home}/.stage-{run.run_id}"
    expected = [("mkdir", str(home)), ("mkdir", stage)]
    for name in (*FILES, "manifest.json"):
        expected += [("write", f"{stage}/{name}"), ("fsync", f"{stage}/{name}")]
    expected += [("fsync", stage), ("rename", f".stage-{run.run_id} -> {run.path}")]
    expected += [("fsync", str(home)), ("fsync", str(home.parent))]
    expected += [("write", f"{home}/.champion"), ("fsync", f"{home}/.champion")]
    expected += [("rename", f".champion -> {home}/champion"), ("fsync", str(home))]
    assert done == expected
    assert len(done) == N_OPERATIONS


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("n", range(N_OPERATIONS))
def test_a_disk_that_fails_at_any_operation_is_a_write_error_and_leaves_the_champion(
    n: int, code: int, published: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(home)
    with monkeypatch.context() as patch:
        done = operations(patch, fail_at=n, error=OSError(code, os.strerror(code)))
        with pytest.raises(WriteError, match=f"cannot be written: {os.strerror(code)}"):
            publish_one(home)
    assert len(done) > n
    assert snapshot(home) == before
    assert open_run(home).run_id == published.run_id
    assert not list(home.glob(".stage-*"))
    assert publish_one(home).run_id.startswith("0002-")


@pytest.mark.parametrize("n", range(N_OPERATIONS))
def test_a_signal_at_any_operation_leaves_the_champion(
    n: int, published: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(home)
    with monkeypatch.context() as patch:
        operations(patch, fail_at=n, error=Stop())
        with pytest.raises(Stop):
            publish_one(home)
    assert snapshot(home) == before
    assert not list(home.glob(".stage-*"))


@pytest.mark.parametrize("n", range(N_OPERATIONS))
def test_a_first_run_that_cannot_be_published_leaves_no_run(
    n: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        operations(patch, fail_at=n, error=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        with pytest.raises(WriteError):
            publish_one(home)
    assert snapshot(home) == {}
    with pytest.raises(RunError, match="train one first"):
        find_run(home.parent, None)


def test_a_disk_that_stays_broken_keeps_a_whole_champion(
    published: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(N_OPERATIONS):
        with monkeypatch.context() as patch:
            done = operations(patch)
            real = os.fsync

            def broken(descriptor: int, done: Any = done, real: Any = real, n: int = n) -> None:
                real(descriptor)
                if len(done) > n:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))

            patch.setattr(os, "fsync", broken)
            with pytest.raises(WriteError):
                publish_one(home)
        champion = open_run(home)
        assert {name: champion.read(name) for name in FILES} == CONTENTS


def test_a_home_that_cannot_be_listed_is_a_write_error(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with locked(home):
        monkeypatch.setattr(Path, "iterdir", refuse)
        with pytest.raises(WriteError, match="Permission denied"):
            publish(home, writers(CONTENTS), {})


# Result files


def test_a_result_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.csv"
    write_whole(path, lambda staged: staged.write_text("1"))
    write_whole(path, lambda staged: staged.write_text("2"))
    assert path.read_text() == "2"
    assert [entry.name for entry in path.parent.iterdir()] == ["out.csv"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), ValueError(), Stop()]
)
def test_a_result_file_that_fails_keeps_the_old_one(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def fail(staged: Path) -> None:
        staged.write_text("half")
        raise error

    with pytest.raises(WriteError if isinstance(error, OSError) else type(error)):
        write_whole(path, fail)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("out.csv", "old")]


def test_a_result_cannot_replace_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path, Path(), Path(".."), Path("/")):
        with pytest.raises(WriteError, match="Is a directory"):
            write_whole(path, lambda staged: staged.write_text("x"))
    assert not list(tmp_path.iterdir())


def test_a_result_goes_through_a_link_and_leaves_it_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("real.csv")
    write_whole(tmp_path / "link.csv", lambda staged: staged.write_text("x"))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "x"


def test_a_named_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    reader = os.open(tmp_path / "pipe.csv", os.O_RDONLY | os.O_NONBLOCK)
    write_whole(tmp_path / "pipe.csv", lambda staged: staged.write_text("x"))
    assert os.read(reader, 10) == b"x"
    assert (tmp_path / "pipe.csv").is_fifo()
    os.close(reader)
