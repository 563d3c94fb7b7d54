"""States of trainings that have not been published yet."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstm_forecast.store.disk import write_whole

__all__ = ["Checkpoints"]

FOLDER, DIGEST_BYTES = "checkpoints", hashlib.sha256().digest_size


@dataclass(frozen=True)
class Checkpoints:
    """Files below ``runs/<name>``, one for each network in training.

    Use them under ``locked(home)``.
    """

    home: Path
    resume: bool  # whether states that are there already may be used
    note: Callable[[str], None]

    @property
    def found(self) -> bool:
        """Whether a training was stopped here."""
        return (self.home / FOLDER).exists()

    def load(self, key: str) -> bytes | None:
        """The state of that key if it is there and whole."""
        if not self.resume:
            return None
        try:
            stored = self._path(key).read_bytes()
        except OSError:
            stored = b""
        digest, content = stored[:DIGEST_BYTES], stored[DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            self.note(
                "no checkpoint fits this config, these data and this version: training from the"
                " start"
            )
            return None
        self.note("going on from a checkpoint")
        return content

    def save(self, key: str, content: bytes) -> None:
        """Replace the state of that key, whole or not at all. Raises WriteError."""
        stored = hashlib.sha256(content).digest() + content
        write_whole(self._path(key), lambda staged: staged.write_bytes(stored))

    def clear(self) -> None:
        """Forget all states."""
        shutil.rmtree(self.home / FOLDER, ignore_errors=True)

    def _path(self, key: str) -> Path:
        return self.home / FOLDER / key
