"""What tells a table's files apart from any others."""

import hashlib

from lstm_forecast.files import open_regular
from lstm_forecast.tables.read import Table

__all__ = ["fingerprint"]


def fingerprint(table: Table) -> str:
    """Return the SHA-256 of the bytes of the table's files, one after another.

    Raises ChangedError if they are no longer those that were read.
    """
    digest = hashlib.sha256()
    for file in table.states:
        with open_regular(file) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    table.require_unchanged()
    return digest.hexdigest()
