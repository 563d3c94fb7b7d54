"""What publishes the files of a run again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["writers"]


def writers(contents: Mapping[str, bytes]) -> dict[str, Callable[[Path], Any]]:
    """What writes each of these files, as ``publish`` takes it."""
    return {
        name: lambda path, content=content: path.write_bytes(content)
        for name, content in contents.items()
    }
