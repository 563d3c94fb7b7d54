"""Published runs on disk: the only code that writes or reads them.

A run is a directory of plain files that never changes once published. Publishing is crash-safe: the
files are written into a staging directory, every file and directory is fsynced, the directory is
renamed, and only then the pointer ``champion`` is replaced. Whoever dies on the way leaves the
previous champion untouched. Readers go through the pointer, verify the SHA-256 of every file they
read, and never load anything that could run code.

There are two locks. Whoever makes runs or takes them away holds ``lock``, a training as long as it
lasts; whoever moves the pointer holds ``champion.lock``, for milliseconds. A training takes the
second one inside the first, never the other way round, and promotes nothing if somebody else moved
the pointer since it began.
"""

from lstm_forecast.store.checkpoints import Checkpoints
from lstm_forecast.store.disk import write_whole
from lstm_forecast.store.keeping import (
    chosen_meanwhile,
    crown,
    discard,
    promote,
    promotion_command,
    prune,
    rollback,
)
from lstm_forecast.store.pointer import Version
from lstm_forecast.store.promotions import Promotion, promotions
from lstm_forecast.store.publishing import locked, publish
from lstm_forecast.store.reading import (
    FILES,
    FOR_STUDY,
    FORMAT_VERSION,
    Run,
    champions,
    find_id,
    find_run,
    in_runs,
    open_run,
    run_home,
    run_homes,
    run_ids,
)

__all__ = [
    "FILES", "FORMAT_VERSION", "FOR_STUDY", "Checkpoints", "Promotion", "Run", "Version",
    "champions", "chosen_meanwhile", "crown", "discard", "find_id", "find_run", "in_runs", "locked",
    "open_run", "promote", "promotion_command", "promotions", "prune", "publish", "rollback",
    "run_home", "run_homes", "run_ids", "write_whole",
]  # fmt: skip
