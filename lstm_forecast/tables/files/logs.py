"""Logs of web servers, whose lines are no rows of a table."""

import re
from pathlib import Path

from lstm_forecast.errors import DataError

__all__ = ["require_no_log"]

LINES_LOOKED_AT = 5
# Host, identity, user, moment and request, as in 10.0.0.1 - - [13/May/2024:00:12:03 +0200] "GET /".
LINE_OF_LOG = re.compile(r'\S+ \S+ .+ \[\d\d/\w{3}/\d{4}(?::\d\d){3} [+-]\d{4}\] "')


def require_no_log(file: Path, text: str) -> None:
    """Raise DataError where all of the first lines of a ``text`` are those of a log."""
    lines = text[: LINES_LOOKED_AT * 1000].splitlines()[:LINES_LOOKED_AT]
    if lines and all(map(LINE_OF_LOG.match, lines)):
        raise DataError(
            f"{file}: the log of a web server, not a table; write its requests to a CSV file with"
            " a header, such as time,status, and a row for each, such as 2024-05-13 00:12:03,200:"
            " `forecast init` asks then how they are counted"
        )
