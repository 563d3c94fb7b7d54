"""Published runs on disk: the only code that writes or reads them.

A run is a directory of plain files that never changes once published. Publishing is crash-safe: the files are written
into a staging directory, every file and directory is fsynced, the directory is renamed, and only then the pointer
``champion`` is replaced. Whoever dies on the way leaves the previous champion untouched. Readers go through the
pointer, verify the SHA-256 of every file they read, and never load anything that could run code.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lstm_forecast.errors import BusyError, RunError, WriteError

__all__ = ["FILES", "FORMAT_VERSION", "Run", "find_run", "locked", "open_run", "publish", "write_whole"]

FORMAT_VERSION = 1
MANIFEST, CHAMPION, LOCK, STAGE = "manifest.json", "champion", "lock", ".stage-"
FILES = (
    "config.yaml",
    "scaler.json",
    "network.onnx",
    "weights.safetensors",
    "network.keras",
    "history.csv",
    "metrics.json",
    "forecasts.parquet",
)
RUN_ID = re.compile(r"\d{4,}-\d{8}T\d{6}Z")
MAX_FILE_BYTES = 2**31

Writer = Callable[[Path], Any]


@dataclass(frozen=True)
class Run:
    """A published run: its directory, and what the manifest says."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """Name of the run's directory."""
        return self.path.name

    def read(self, name: str) -> bytes:
        """Content of one file, checked against its hash. Raises RunError if it is damaged."""
        content = _read_regular(self.path / name)
        if hashlib.sha256(content).hexdigest() != self.manifest["files"].get(name):
            raise RunError(f"{self.path / name}: damaged (its SHA-256 is not the manifest's); train again")
        return content


def find_run(runs: Path, name: str | None) -> Run:
    """The champion of ``runs/name``; of the only run there is, if ``name`` is None.

    Raises RunError if there is none, several, or a damaged one.
    """
    return open_run(_run_home(runs, name))


def open_run(home: Path) -> Run:
    """The champion in ``home`` (``runs/<name>``), or the run itself if ``home`` is the directory of one."""
    if not RUN_ID.fullmatch(home.name):
        run_id = _read_regular(home / CHAMPION).decode("ascii", errors="replace").strip()
        if not RUN_ID.fullmatch(run_id):
            raise RunError(f"{home / CHAMPION}: expected the id of a run, received {run_id[:80]!r}; train again")
        home = home / run_id
    try:
        manifest = json.loads(_read_regular(home / MANIFEST))
        version, files = manifest["format_version"], manifest["files"]
        whole = set(files) == set(FILES) and all(isinstance(digest, str) for digest in files.values())
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RunError(f"{home / MANIFEST}: damaged; train again") from None
    if version != FORMAT_VERSION:
        raise RunError(f"{home}: format version {version}; this program reads version {FORMAT_VERSION}")
    if not whole:
        raise RunError(f"{home / MANIFEST}: damaged: it must list exactly {', '.join(FILES)}; train again")
    return Run(home, manifest)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the kernel lock of ``runs/<name>`` and clear away what dead runs left staged.

    The lock dies with the process that holds it, so nothing ever has to be unlocked by hand. Raises BusyError if
    another process holds it, WriteError if the directory cannot be written.
    """
    with _write_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"{home}: another process is writing here; try again when it is done") from None
        for leftover in home.glob(f"{STAGE}*"):
            leftover.unlink() if leftover.is_file() else shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


def publish(home: Path, writers: Mapping[str, Writer], manifest: Mapping[str, Any]) -> Run:
    """Write a run, one writer for each of ``FILES``, and make it the champion. Call it under ``locked(home)``.

    Raises WriteError if anything could not be written; the previous champion is then still the champion.
    """
    created = datetime.now(UTC)
    run_id = f"{_next_number(home):04d}-{created:%Y%m%dT%H%M%SZ}"
    stage = home / f"{STAGE}{run_id}"
    try:
        with _write_errors(home):
            stage.mkdir()
            for name in FILES:
                writers[name](stage / name)
                _sync(stage / name)
            content = {
                "format_version": FORMAT_VERSION,
                "run_id": run_id,
                "created": created.isoformat(timespec="seconds"),
                **manifest,
                "files": {name: hashlib.sha256((stage / name).read_bytes()).hexdigest() for name in FILES},
            }
            _write(stage / MANIFEST, json.dumps(content, indent=2, ensure_ascii=False).encode())
            _sync(stage)
            stage.rename(home / run_id)
            _sync(home)
            _replace_champion(home, run_id)
            _sync(home.parent)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(stage, ignore_errors=True)
        raise
    return Run(home / run_id, content)


def write_whole(path: Path, write: Writer) -> None:
    """Write a result file through a temporary one beside it, so that readers see the old file or the new one."""
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    with _write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(staged)
            _sync(staged)
            staged.replace(path)
        finally:
            staged.unlink(missing_ok=True)


def _replace_champion(home: Path, run_id: str) -> None:
    staged = home / f"{STAGE}{CHAMPION}"
    _write(staged, f"{run_id}\n".encode("ascii"))
    staged.replace(home / CHAMPION)
    _sync(home)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _sync(path)


def _sync(path: Path) -> None:
    """Force a file's content, or a directory's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _next_number(home: Path) -> int:
    """Runs are ordered by a counter, as clocks can jump."""
    return 1 + max(
        (int(entry.name.split("-")[0]) for entry in home.iterdir() if RUN_ID.fullmatch(entry.name)), default=0
    )


@contextmanager
def _write_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(f"{error.filename or home}: cannot be written: {error.strerror or error}") from error


def _run_home(runs: Path, name: str | None) -> Path:
    if name is not None:
        home = runs / name
        if not home.is_dir():
            raise RunError(f"{home}: no such run; {_names(runs)}")
        return home
    homes = _homes(runs)
    if len(homes) != 1:
        raise RunError(f"{runs}: {'several runs; choose one with --run' if homes else 'no run'}; {_names(runs)}")
    return homes[0]


def _homes(runs: Path) -> list[Path]:
    return sorted(entry.parent for entry in runs.glob(f"*/{CHAMPION}"))


def _names(runs: Path) -> str:
    names = [home.name for home in _homes(runs)]
    return f"there are {', '.join(names)}" if names else "train one first: forecast train --config FILE"


def _read_regular(path: Path) -> bytes:
    """Content of a regular file; links and devices are refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
                raise RunError(f"{path}: not a regular file of at most {MAX_FILE_BYTES // 2**30} GiB")
            return file.read()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}; train again") from None
