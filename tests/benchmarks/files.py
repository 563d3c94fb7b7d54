"""The public data that benchmarks need, which do not come with this repository."""

import sys
from pathlib import Path

__all__ = ["CASES", "DATA", "case_file", "data_file"]

SHARED = Path(__file__).parents[2].parent / "shared"
DATA, CASES = SHARED / "data", SHARED / "cases"


def data_file(name: str) -> Path:
    """Return where the file of that name lies; end the program with a sentence if it is absent."""
    return _present(DATA / name)


def case_file(name: str) -> Path:
    """Return the same for a small table of those that people have."""
    return _present(CASES / name)


def _present(path: Path) -> Path:
    if not path.is_file():
        remedy = "tests/benchmarks/README.md says which data are needed, and where they come from"
        sys.exit(f"{path}: no such file; {remedy}")
    return path
