"""What tells a table's files, or its frame, apart from any others."""

import hashlib

from lstm_forecast.files import open_regular
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.source import Frame

__all__ = ["fingerprint"]


def fingerprint(table: Table) -> str:
    """Return the SHA-256 of the bytes of the table's files, one after another, or of its frame.

    Raises ChangedError if the files are no longer those that were read.
    """
    if isinstance(frame := table.sources[0][0], Frame):
        return frame.sha256()
    digest = hashlib.sha256()
    for file in table.states:
        with open_regular(file) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    table.require_unchanged()
    return digest.hexdigest()
