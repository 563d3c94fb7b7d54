"""What ``forecast check`` found in a table, as one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Document, described
from lstm_forecast.tables.faults import Finding
from lstm_forecast.training.rehearsal import Rehearsal

__all__ = ["Built", "Columns", "FileText", "Inspection", "TableFacts"]


@dataclass(frozen=True, kw_only=True)
class Columns(Document):
    """Columns by their role."""

    timestamp: tuple[str, ...] = field(metadata=described("Columns that make up the stamps."))
    timestamp_format: str | None = field(metadata=described("Format of the stamps, as %d/%m/%Y."))
    series_id: str | tuple[str, ...] | None = field(
        metadata=described("Column that names the series, or those that do so together.")
    )
    targets: tuple[str, ...] = field(metadata=described("Columns to be forecast."))
    others: tuple[str, ...] = field(metadata=described("Covariates, or what could be some."))


@dataclass(frozen=True, kw_only=True)
class FileText(Document):
    """How the text of a file is to be read; empty for files that are no text."""

    delimiter: str | None = field(
        default=None, metadata=described("Between cells.", missing_without="delimiter")
    )
    decimal: str | None = field(
        default=None, metadata=described("Sign of decimals.", missing_without="decimal")
    )
    encoding: str | None = field(
        default=None, metadata=described("Of its signs.", missing_without="encoding")
    )


@dataclass(frozen=True, kw_only=True)
class Built(Rehearsal):
    """What training would build, and from which settings."""

    resolved: Mapping[str, str] = field(
        metadata=described("By key of the config: what `auto` becomes, and why.")
    )


@dataclass(frozen=True, kw_only=True)
class TableFacts(Document):
    """What a table is; only ``columns`` where it cannot be read under them."""

    rows: int | None = field(
        default=None, metadata=described("Rows of the table.", missing_without="rows")
    )
    series: int | None = field(
        default=None, metadata=described("Series in it.", missing_without="rows")
    )
    shortest: int | None = field(
        default=None, metadata=described("Rows of the shortest series.", missing_without="rows")
    )
    longest: int | None = field(
        default=None, metadata=described("Rows of the longest series.", missing_without="rows")
    )
    first: str | None = field(
        default=None, metadata=described("The oldest stamp.", missing_without="rows")
    )
    last: str | None = field(
        default=None, metadata=described("The newest stamp.", missing_without="rows")
    )
    freq: str | None = field(
        default=None,
        metadata=described("Spacing of the rows, as a pandas alias.", missing_without="rows"),
    )
    freq_share: float | None = field(
        default=None,
        metadata=described("Share of the steps that have that spacing.", missing_without="rows"),
    )
    timezone: str | None = field(
        default=None, metadata=described("Time zone of the stamps.", missing_without="rows")
    )
    columns: Columns = field(metadata=described("Which column is what."))
    file: FileText = field(
        default=FileText(),
        metadata=described("How the text of the first file was read.", missing_without="rows"),
    )
    training: Built | None = field(
        default=None,
        metadata=described(
            "What training would build, if nothing is refused.", missing_without="training"
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Inspection(Document):
    """What is wrong or worth knowing in a table."""

    ok: bool = field(metadata=described("Whether training refuses nothing."))
    exit_code: int = field(metadata=described("0; 4 if training refuses the table."))
    data: str = field(metadata=described("The table."))
    facts: TableFacts = field(metadata=described("What the table is."))
    findings: tuple[Finding, ...] = field(metadata=described("Faults, and what is worth knowing."))
    problems: tuple[str, ...] = field(
        metadata=described("What training refuses, each with place and remedy.")
    )
