"""Reading of published runs: through the pointer, regular files only, every byte checked against
its hash.
"""

import hashlib
import json
import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from lstm_forecast.errors import RunError

__all__ = [
    "CHAMPION", "FILES", "FORMAT_VERSION", "FOR_STUDY", "MANIFEST", "MAX_FILE_BYTES",
    "MAX_MANIFEST_BYTES", "RUN_ID", "Run", "champions", "find_id", "find_run", "fingerprint",
    "in_runs", "open_run", "opened", "run_home", "run_homes", "run_ids",
    "runs_option",
]  # fmt: skip

FORMAT_VERSION = 4
FOR_STUDY = "for_study"  # in the manifest of a run that was found no better than the champion
MANIFEST, CHAMPION = "manifest.json", "champion"
FILES = (
    "config.yaml",
    "scaler.json",
    "network.onnx",
    "evaluated.onnx",
    "calibration.safetensors",
    "weights.safetensors",
    "network.keras",
    "history.csv",
    "metrics.json",
    "forecasts.parquet",
    "golden.json",
)
# of runs of whose forecasts the pretrained network has a share, and that know usual rows
MORE_FILES = ("pretrained.onnx", "anomalies.safetensors")
MOST_NAMED = 10  # runs in a message
RUN_ID = re.compile(r"\d{4,}-\d{8}T\d{6}Z")
MAX_FILE_BYTES, MAX_MANIFEST_BYTES = 2**31, 2**22
SMALL = {  # files that are never large
    "config.yaml": 2**16,
    "history.csv": 2**24,
    "metrics.json": 2**24,
    "golden.json": 2**26,
    "pretrained.onnx": 2**24,
    "calibration.safetensors": 2**28,
    "anomalies.safetensors": 2**24,
}


@dataclass(frozen=True)
class Run:
    """A published run: its directory, and what the manifest says."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """Name of the run's directory."""
        return self.path.name

    @property
    def for_study(self) -> bool:
        """Whether it was published although it was found no better than the champion."""
        return bool(self.manifest.get(FOR_STUDY))

    def read(self, name: str, *, limit: int | None = None) -> bytes:
        """Content of one file, checked against its hash.

        Raises RunError if it is damaged, or larger than ``limit`` bytes, before anything of it is
        read.
        """
        content = _read_regular(
            self.path / name, min(limit or MAX_FILE_BYTES, SMALL.get(name, MAX_FILE_BYTES))
        )
        self._require_digest(name, hashlib.sha256(content).hexdigest())
        return content

    def verify(self) -> None:
        """Read every file, a block at a time.

        Raises RunError with a problem for each damaged one.
        """
        problems: list[str] = []
        for name in self.manifest["files"]:
            try:
                with opened(self.path / name, SMALL.get(name, MAX_FILE_BYTES)) as file:
                    self._require_digest(name, hashlib.file_digest(file, "sha256").hexdigest())
            except RunError as error:
                problems += error.problems
        if problems:
            raise RunError(*problems)

    def _require_digest(self, name: str, digest: str) -> None:
        if digest != self.manifest["files"].get(name):
            raise _damaged(self.path / name, "damaged (its SHA-256 is not the manifest's)")


def find_run(runs: Path, name: str | None) -> Run:
    """The champion of ``runs/name``; of the only run there is, if ``name`` is None.

    Raises RunError if there is none, several, or a damaged one.
    """
    return open_run(run_home(runs, name))


def open_run(home: Path) -> Run:
    """The champion in ``home`` (``runs/<name>``), or the run itself if ``home`` is the directory of
    one.
    """
    if not RUN_ID.fullmatch(home.name) or (home / CHAMPION).exists():
        text = _read_regular(home / CHAMPION, MAX_MANIFEST_BYTES).decode("ascii", errors="replace")
        run_id = text.strip().partition("\n")[0]
        if not RUN_ID.fullmatch(run_id):
            raise _damaged(home / CHAMPION, f"expected the id of a run, received {run_id[:80]!r}")
        home = home / run_id
    if home.is_symlink():
        raise _damaged(home, "a link, and runs are never links")
    try:
        manifest = json.loads(_read_regular(home / MANIFEST, MAX_MANIFEST_BYTES))
        version = manifest["format_version"]
        whole = version != FORMAT_VERSION or _is_whole(manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise _damaged(home / MANIFEST, "damaged (its content is not what was published)")
    if version != FORMAT_VERSION:
        raise RunError(
            f"{home}: format version {version}; this program reads version {FORMAT_VERSION}; train"
            " again"
        )
    return Run(home, manifest)


def champions(home: Path) -> list[str]:
    """Id of the champion in ``home``, then of those before it, newest first; empty if the pointer
    is damaged.
    """
    try:
        lines = (
            _read_regular(home / CHAMPION, MAX_MANIFEST_BYTES)
            .decode("ascii", errors="replace")
            .split()
        )
    except RunError:
        return []
    return lines if all(map(RUN_ID.fullmatch, lines)) else []


def run_ids(home: Path) -> list[str]:
    """Ids of all runs in ``home``, in the order of their publication."""
    ids = [entry.name for entry in home.iterdir() if RUN_ID.fullmatch(entry.name)]
    return sorted(ids, key=lambda run_id: int(run_id.partition("-")[0]))


def find_id(home: Path, beginning: str) -> str:
    """The id of the only run in ``home`` that begins so. Raises RunError, with candidates."""
    ids = run_ids(home)
    found = [run_id for run_id in ids if beginning and run_id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if found:
        raise RunError(
            f"{home}: several runs begin with {beginning}: {_named(found)}; type more of the one"
            " you mean"
        )
    raise RunError(f"{home}: no run {beginning}; there are {_named(ids)}")


def _named(ids: Sequence[str]) -> str:
    """The newest of many ids, for people."""
    if len(ids) <= MOST_NAMED:
        return ", ".join(ids) or "none"
    return f"{len(ids):,}, the newest of which are {', '.join(ids[-MOST_NAMED:])}"


def _is_whole(manifest: dict[str, Any]) -> bool:
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    own = set(manifest["files"]) - set(MORE_FILES)
    return own == set(FILES) and manifest["sha256"] == fingerprint(content)


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest's content, however it is laid out as text."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def run_home(runs: Path, name: str | None) -> Path:
    """The directory of the runs called ``name``; of the only ones there are, if that is None.

    RunError if unclear.
    """
    if name is not None:
        home = runs / name
        # Path.is_dir raises where the name is too long
        if not os.path.isdir(home) or not _was_published(home):  # noqa: PTH112
            raise RunError(f"{home}: no such run; {_names(runs)}")
        return home
    homes = run_homes(runs)
    if len(homes) != 1:
        raise RunError(
            f"{runs}: {'several runs; choose one with --run' if homes else 'no run'};"
            f" {_names(runs)}"
        )
    return homes[0]


def _was_published(home: Path) -> bool:
    """Whether it is a run or holds any, unlike what a first training that was refused leaves."""
    names = [home.name, *(entry.name for entry in home.iterdir())]
    return CHAMPION in names or any(map(RUN_ID.fullmatch, names))


def run_homes(runs: Path) -> list[Path]:
    """Directories of everything that has been published below ``runs``."""
    if not os.path.isdir(runs):  # noqa: PTH112  a name may be too long to be looked for
        return []
    return sorted(entry.parent for entry in runs.glob(f"*/{CHAMPION}"))


def in_runs(path: Path) -> bool:
    """Whether a path lies in a run or beside it, among those of its name."""
    return any(
        RUN_ID.fullmatch(folder.name) or os.path.isfile(folder / CHAMPION)  # noqa: PTH113
        for folder in path.parents
    )


def runs_option(runs: Path) -> str:
    """What a command to be typed here says of where the runs lie, where it has to."""
    here = runs.absolute() == Path("runs").absolute()
    return "" if here else f" --runs {shlex.quote(str(runs))}"


def _names(runs: Path) -> str:
    names = [home.name for home in run_homes(runs)]
    return (
        f"there are {', '.join(names)}"
        if names
        else f"train one first: forecast train --config FILE{runs_option(runs)}"
    )


def _read_regular(path: Path, limit: int) -> bytes:
    with opened(path, limit) as file:
        return file.read(limit)


@contextmanager
def opened(path: Path, limit: int) -> Iterator[BufferedReader]:
    """A regular file of at most ``limit`` bytes; links and devices are refused.

    RunError for that and any OSError.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
                raise _damaged(path, f"not a regular file of at most {limit:,} bytes, as a run has")
            yield file
    except OSError as error:
        raise _damaged(path, f"cannot be read: {error.strerror}") from None


def _damaged(path: Path, what: str) -> RunError:
    """An error that ends with the one command that makes ``predict`` work again."""
    home = next(parent for parent in path.absolute().parents if not RUN_ID.fullmatch(parent.name))
    if path.name == CHAMPION:
        names = run_ids(home) if os.path.isdir(home) else []  # noqa: PTH112
        others = [name for name in names if (home / name / MANIFEST).exists()]
    else:
        champion, *others = champions(home) or [""]
        if champion not in ("", *path.parts):
            return RunError(
                f"{path}: {what}; it is not of the champion, and predict goes on without it"
            )
    where = runs_option(home.parent)
    remedy = (
        f"go back to an earlier run: forecast runs rollback --run {home.name}{where}"
        if others
        else f"train again: forecast train --config FILE{where}"
    )
    return RunError(f"{path}: {what}; {remedy}")
