"""What is opened of all that a path can be, and the memory that is left."""

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lstm_forecast.config.loading import load_config
from lstm_forecast.errors import ConfigError, DataError, ForecastError
from lstm_forecast.files import available_memory, given_path, open_regular
from lstm_forecast.tables.read import column_names, read_table

MIB = 2**20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory, as the names of sockets are short."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.csv")
        os.mkfifo("pipe.csv")
        Path("dangling.csv").symlink_to("nowhere.csv")
        Path("circle.csv").symlink_to("circle.csv")
        Path("to-pipe.csv").symlink_to("pipe.csv")
        Path("made-up.csv").symlink_to("/proc/self/status")
        Path("sparse.csv").touch()
        os.truncate("sparse.csv", 2**40)
        yield tmp_path


ODD = {
    "pipe.csv": (
        "a named pipe, and only regular files are read; write what it gives to a file first"
    ),
    "to-pipe.csv": "a named pipe, and only regular files are read",
    "socket.csv": "a socket, and only regular files are read",
    "/dev/zero": "a character device, and only regular files are read",
    "/dev/tty": "a character device, and only regular files are read",
    "dangling.csv": "cannot be read: a link to nowhere.csv, which is not there",
    "circle.csv": "cannot be read: Too many levels of symbolic links",
    "made-up.csv": "empty; expected a header line and rows",
    "/proc/kmsg": "empty; expected a header line and rows",
    "sparse.csv": "",  # either what is in it, or how large it is
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("look", [read_table, column_names])
def test_what_is_no_regular_file_is_refused_at_once_as_data(
    name: str, look: Callable[[Path], object], folder: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        look(Path(name))
    assert str(caught.value).startswith(f"{name}: {ODD[name]}")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("name", sorted(set(ODD) - {"pipe.csv", "to-pipe.csv"}))
def test_what_is_no_regular_file_is_refused_at_once_as_a_config(name: str, folder: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigError, match=name):
        load_config(Path(name), environment={})
    assert time.monotonic() - began < 1


def test_a_pipe_that_nobody_writes_to_is_no_config(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_forecast.files.PIPE_SECONDS", 0.2)
    with pytest.raises(
        ConfigError, match=r"pipe\.csv: cannot be read: a pipe whose end did not come within 0\.2 s"
    ):
        load_config(Path("pipe.csv"), environment={})
    with pytest.raises(ConfigError, match="whose end did not come"):
        writer = os.open("pipe.csv", os.O_RDWR)  # held open, and silent
        load_config(Path("pipe.csv"), environment={})
    os.close(writer)


@pytest.mark.parametrize("name", ["pipe", "socket", "dangling", "circle"])
@pytest.mark.parametrize("place", ["directory", "glob"])
def test_a_directory_or_glob_with_something_odd_in_it_is_refused_and_says_what(
    name: str, place: str, folder: Path
) -> None:
    inside = folder / "many"
    inside.mkdir()
    (inside / "a.csv").write_text("ds,y\n1,2\n")
    (folder / f"{name}.csv").rename(inside / f"{name}.csv")
    if name == "circle":
        (inside / "circle.csv").unlink()
        (inside / "circle.csv").symlink_to("circle.csv")
    with pytest.raises(DataError, match=rf"{name}\.csv: (a|cannot be read: )"):
        read_table(inside if place == "directory" else inside / "*.csv")


def test_folders_that_lead_in_circles_give_no_file_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ds,y\n1,2\n")
    (tmp_path / "back").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path)
    assert len(read_table(tmp_path / "**" / "*.csv").frame) == 1
    assert len(read_table(tmp_path).frame) == 1


def test_a_file_is_opened_as_what_it_is_even_if_it_was_something_else_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "a.csv", tmp_path / "b"
    path.write_text("ds,y\n")
    status = path.stat()
    os.mkfifo(other)
    other.rename(path)
    monkeypatch.setattr(Path, "stat", lambda self, **_: status)  # what was seen a moment ago
    with pytest.raises(DataError, match="a named pipe"):
        open_regular(path)


@pytest.mark.parametrize("name", [b"m\xe4rz.csv", b"m\xe4rz/a.csv"])
@pytest.mark.parametrize("directory", [False, True])
def test_a_name_that_is_not_utf_8_is_asked_to_be_changed(
    name: bytes, directory: bool, tmp_path: Path
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_text("ds,y\n1,2\n")
    with pytest.raises(DataError, match="a name that is not UTF-8"):
        read_table(tmp_path if directory else path)


@pytest.mark.parametrize("error", [DataError, ConfigError])
@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000])
def test_names_that_no_file_can_have_are_refused(
    name: str, error: type[ForecastError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        open_regular(tmp_path / name, error=error)
    with pytest.raises(DataError):
        read_table(tmp_path / name)


# Standard input


@pytest.mark.parametrize(
    ("text", "expected"), [("-", "/dev/stdin"), ("./-", "-"), ("a.csv", "a.csv")]
)
def test_a_dash_is_standard_input_and_a_file_of_that_name_needs_its_folder(
    text: str, expected: str
) -> None:
    assert given_path(text) == Path(expected)


def piped(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    return given_path("-")


def test_standard_input_is_read_once_and_looked_at_as_often_as_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = piped(b"ds;y\na;1,5\n\nb;2,5\n", monkeypatch)
    assert column_names(path) == ["ds", "y"]
    table = read_table(path, columns=["ds", "y"], text=["ds"])
    assert table.frame.y.tolist() == [1.5, 2.5]
    assert table.place(1) == "/dev/stdin:4"


def test_a_closed_standard_input_and_a_terminal_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="standard input is closed; pipe a table in"):
        open_regular(given_path("-"))
    leader, follower = os.openpty()
    with os.fdopen(follower) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(DataError, match="standard input is a terminal; pipe a table in"):
            open_regular(given_path("-"))
    os.close(leader)


def test_standard_input_without_end_is_refused_when_memory_has_no_room_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lstm_forecast.files.available_memory", lambda: 64 * MIB)
    with Path("/dev/zero").open() as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        with pytest.raises(
            DataError, match="/dev/stdin: more than 16 MiB; write it to a file first"
        ):
            open_regular(given_path("-"))


# Memory


def machine(root: Path, available: int, groups: str, files: dict[str, str]) -> Path:
    files = {
        "proc/meminfo": f"MemTotal: 9 kB\nMemAvailable: {available // 1024} kB\n",
        "proc/self/cgroup": groups,
    } | files
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def group(
    folder: str, limit: str, used: int, *, cache: int = 0, version: int = 2
) -> dict[str, str]:
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    base = f"sys/fs/cgroup/{folder}"
    return {
        f"{base}/{names[0]}": limit,
        f"{base}/{names[1]}": str(used),
        f"{base}/memory.stat": f"anon 5\n{names[2]} {cache}\n",
    }


def test_the_memory_left_is_that_of_the_machine_where_no_group_has_less(tmp_path: Path) -> None:
    groups = group("a", "max", 7 * MIB)
    assert available_memory(machine(tmp_path, 100 * MIB, "0::/a\n", groups)) == 100 * MIB


def test_the_tightest_group_around_the_process_decides_and_its_cache_counts_as_free(
    tmp_path: Path,
) -> None:
    groups = group("a", str(50 * MIB), 20 * MIB, cache=5 * MIB) | group(
        "a/b", str(80 * MIB), 10 * MIB
    )
    assert available_memory(machine(tmp_path, 100 * MIB, "0::/a/b\n", groups)) == 35 * MIB


def test_a_container_that_sees_its_own_group_as_the_root_is_limited_too(tmp_path: Path) -> None:
    files = group("", str(30 * MIB), 10 * MIB)
    assert available_memory(machine(tmp_path, 100 * MIB, "0::/not/there\n", files)) == 20 * MIB


def test_groups_of_the_first_version_count(tmp_path: Path) -> None:
    files = group("memory/a", str(30 * MIB), 10 * MIB, cache=1 * MIB, version=1)
    lines = "5:devices:/x\n4:cpu,memory:/a\n1:name=systemd:/\n0::/\n"
    assert available_memory(machine(tmp_path, 100 * MIB, lines, files)) == 21 * MIB


def test_the_own_limit_of_a_process_counts() -> None:
    code = "from lstm_forecast.files import available_memory; print(available_memory())"
    command = f"ulimit -v 900000; {sys.executable} -c '{code}'"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert 0 < int(result.stdout) < 900_000 * 1024
