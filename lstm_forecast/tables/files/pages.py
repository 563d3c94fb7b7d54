"""Web pages, which spreadsheets open under any name, and which are no tables of cells."""

import re
from pathlib import Path

from lstm_forecast.errors import DataError

__all__ = ["BEGINNING_OF_PAGE", "require_no_page"]

BEGINNING_OF_PAGE = 4096  # bytes
PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|meta|style|body|div|table)\b",
    re.IGNORECASE | re.DOTALL,
)
XML = re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml\b", re.IGNORECASE)


def require_no_page(file: Path, beginning: bytes) -> None:
    """Raise DataError for the ``beginning`` of a web page or of another document in tags."""
    kind = "a web page (HTML)" if PAGE.match(beginning) else "an XML document"
    if PAGE.match(beginning) or XML.match(beginning):
        raise DataError(
            f"{file}: {kind}, whatever its name says, and no table of cells; open it in a"
            " spreadsheet, and save the table as .xlsx or .csv"
        )
