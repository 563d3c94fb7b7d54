"""Published runs on disk: the only code that writes or reads them.

A run is a directory of plain files that never changes once published. Publishing is crash-safe: the files are written
into a staging directory, every file and directory is fsynced, the directory is renamed, and only then the pointer
``champion`` is replaced. Whoever dies on the way leaves the previous champion untouched. Readers go through the
pointer, verify the SHA-256 of every file they read, and never load anything that could run code.
"""

from lstm_forecast.store.checkpoints import Checkpoints
from lstm_forecast.store.keeping import FOR_STUDY, discard, promote, prune, rollback
from lstm_forecast.store.publishing import locked, publish, write_whole
from lstm_forecast.store.reading import (
    FILES,
    FORMAT_VERSION,
    Run,
    champions,
    find_run,
    open_run,
    run_home,
    run_homes,
    run_ids,
)

__all__ = [
    "FILES", "FORMAT_VERSION", "FOR_STUDY", "Checkpoints", "Run", "champions", "discard", "find_run", "locked",
    "open_run", "promote", "prune", "publish", "rollback", "run_home", "run_homes", "run_ids", "write_whole",
]  # fmt: skip
