"""Small workbooks, written as Excel and LibreOffice write them, for tests that read them."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

__all__ = ["write_ods", "write_xlsx"]

Sheets = Mapping[str, Sequence[Sequence[Any]]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
DAY_ZERO = datetime(1899, 12, 30)


def write_xlsx(path: Path, sheets: Sheets) -> Path:
    """Write cells: None, texts, numbers, stamps; a text like #N/A is an error, =... a formula whose
    value is 42.5.
    """
    numbers = range(1, len(sheets) + 1)
    named = "".join(
        f"<sheet name={quoteattr(name)} sheetId='{k}' r:id='r{k}'/>"
        for k, name in enumerate(sheets, 1)
    )
    related = "".join(
        f"<Relationship Id='r{k}' Type='{OFFICE}/worksheet' Target='worksheets/s{k}.xml'/>"
        for k in numbers
    )
    members = {
        "[Content_Types].xml": f"<Types xmlns='{PACKAGE}/content-types'><Default Extension='xml'"
        " ContentType='application/xml'/></Types>",
        "_rels/.rels": f"<Relationships xmlns='{PACKAGE}/relationships'><Relationship Id='r'"
        f" Type='{OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'><sheets>{named}</sheets>"
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{PACKAGE}/relationships'>{related}"
        f"<Relationship Id='s' Type='{OFFICE}/styles' Target='styles.xml'/></Relationships>",
        "xl/styles.xml": f"<styleSheet xmlns='{MAIN}'><cellXfs count='2'><xf numFmtId='0'/>"
        "<xf numFmtId='22'/></cellXfs></styleSheet>",
    }
    for k, rows in zip(numbers, sheets.values(), strict=True):
        body = "".join(
            f"<row r='{number}'>{''.join(_cell(c, n, number) for n, c in enumerate(row))}</row>"
            for number, row in enumerate(rows, 1)
        )
        members[f"xl/worksheets/s{k}.xml"] = (
            f"<worksheet xmlns='{MAIN}'><sheetData>{body}</sheetData></worksheet>"
        )
    return _packed(path, members)


def _cell(cell: Any, column: int, row: int) -> str:
    tens, ones = divmod(column, 26)
    letters = (chr(ord("A") + tens - 1) if tens else "") + chr(ord("A") + ones)
    place = f"r='{letters}{row}'"
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return f"<c {place} t='b'><v>{int(cell)}</v></c>"
    if isinstance(cell, datetime):
        return f"<c {place} s='1'><v>{(cell - DAY_ZERO).total_seconds() / 86400!r}</v></c>"
    if isinstance(cell, int | float):
        return f"<c {place}><v>{cell!r}</v></c>"
    if cell.startswith("#"):
        return f"<c {place} t='e'><v>{cell}</v></c>"
    if cell.startswith("="):
        return f"<c {place}><f>{escape(cell[1:])}</f><v>42.5</v></c>"
    return f"<c {place} t='inlineStr'><is><t xml:space='preserve'>{escape(cell)}</t></is></c>"


def write_ods(path: Path, sheets: Sheets) -> Path:
    """Write the same as LibreOffice does, which fills the sheet up with empty rows and columns."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(
            f"<table:table-row>{''.join(map(_open_cell, row))}"
            "<table:table-cell table:number-columns-repeated='16000'/></table:table-row>"
            for row in rows
        )
        + "<table:table-row table:number-rows-repeated='1048000'><table:table-cell"
        " table:number-columns-repeated='16384'/></table:table-row></table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(f"xmlns:{name}='{OASIS}:{name}:1.0'" for name in ("office", "table", "text"))
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return _packed(
        path,
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f"<manifest:manifest xmlns:manifest='{OASIS}:manifest:1.0'>"
            f"<manifest:file-entry manifest:full-path='/' manifest:media-type='{kind}'/>"
            "</manifest:manifest>",
            "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f"{tables}</office:spreadsheet></office:body></office:document-content>",
        },
    )


def _open_cell(cell: Any) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, datetime):
        given = f"'date' office:date-value='{cell.isoformat()}'"
    elif isinstance(cell, int | float):
        given = f"'float' office:value='{cell!r}'"
    else:
        given = "'string'"
    return (
        f"<table:table-cell office:value-type={given}><text:p>{escape(str(cell))}</text:p>"
        "</table:table-cell>"
    )


def _packed(path: Path, members: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            plain = name == "mimetype"  # by which a file of OpenDocument is known
            archive.writestr(name, content, zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED)
    return path
