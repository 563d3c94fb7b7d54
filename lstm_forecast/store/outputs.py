"""Where a command may write what it was asked for: nowhere that is read, and nowhere in a run."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from lstm_forecast.documents import Answer, described
from lstm_forecast.errors import DataError, UsageError, WriteError
from lstm_forecast.files import STDIN, is_text
from lstm_forecast.store import in_runs
from lstm_forecast.tables.read import data_files

__all__ = [
    "PAGES", "PICTURES", "Drawn", "require_apart", "require_new", "require_output",
    "require_suffix",
]  # fmt: skip

PICTURES = (".png", ".svg", ".pdf")  # formats of pictures
PAGES = (".html", ".pdf", ".md")  # formats of reports


@dataclass(frozen=True, kw_only=True)
class Drawn(Answer):
    """A picture that was drawn."""

    picture: str = field(metadata=described("File of the picture."))
    notes: tuple[str, ...] = field(metadata=described("What is to be known of what it shows."))


def require_suffix(option: str, path: Path | None, suffixes: Sequence[str]) -> None:
    """Raise UsageError for a file of a format that cannot be written."""
    if path is not None and path.suffix.lower() not in suffixes:
        raise UsageError(f"{option} {path}: expected a name that ends in {', '.join(suffixes)}")


def require_output(option: str, path: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """Refuse a place for a result before the work for it begins; see ``require_apart``.

    Raises WriteError too, if it is a directory, or in none: one that is made where nobody looks is
    as good as lost.
    """
    require_apart(option, path, inputs)
    # Path.is_dir raises where a name is too long.
    if path is not None and os.path.isdir(path):  # noqa: PTH112
        raise WriteError(f"{path}: cannot be written: Is a directory; {option} needs a file")
    if path is not None and not os.path.isdir(path.parent):  # noqa: PTH112
        needed = f"no such directory, as {option} {path} needs; make it first"
        raise WriteError(f"{path.parent}: cannot be written: {needed}")


def require_apart(option: str, path: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """Raise UsageError for a place in a run, or among ``inputs``: files, directories and globs,
    however called.
    """
    if path is None:
        return
    if not is_text(str(path)):
        raise UsageError(
            f"{option} {path}: a name that is not UTF-8, which not everything can show; choose"
            " another"
        )
    target = Path(os.path.realpath(path))
    if in_runs(target):
        raise UsageError(
            f"{option} {path}: lies in a run, where only trainings write; choose another place"
        )
    for source in inputs:
        if source not in (None, STDIN) and _is_among(target, source):
            raise UsageError(
                f"{option} {path}: would change {source}, which is read; choose another place"
            )


def require_new(path: Path | None, *, force: bool) -> None:
    """Raise WriteError for a file that is there, as people have edited it, unless ``force`` is to
    overwrite it.
    """
    # Path.exists would raise where a name is too long.
    if path is not None and os.path.exists(path) and not force:  # noqa: PTH110
        raise WriteError(
            f"{path}: exists already; choose another with --output, or overwrite it with --force"
        )


def _is_among(target: Path, source: Path) -> bool:
    """Whether a file is what is read at ``source``, or would be if it were there."""
    real = Path(os.path.realpath(source))
    if os.path.isdir(real):  # noqa: PTH112
        return target.is_relative_to(real)
    try:
        files = data_files(source)
    except DataError:  # whoever reads it tells
        files = []
    if any(Path(os.path.realpath(file)) == target or _same(file, target) for file in files):
        return True
    pattern = real.parts  # of a glob the parts before its first sign are real
    if "**" in pattern:
        base, last = Path(*pattern[: pattern.index("**")]), pattern[-1]
        return target.is_relative_to(base) and fnmatch(target.name, "*" if last == "**" else last)
    return len(target.parts) == len(pattern) and all(map(fnmatch, target.parts, pattern))


def _same(file: Path, other: Path) -> bool:
    try:
        return file.samefile(other)
    except OSError:
        return False
