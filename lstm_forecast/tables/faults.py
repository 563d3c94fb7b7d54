"""What is wrong or worth knowing in a table: how often, the first places, and the config line that
settles it.
"""

import difflib
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lstm_forecast.config.document import quote
from lstm_forecast.documents import described
from lstm_forecast.errors import DataError
from lstm_forecast.tables.source import Source

__all__ = [
    "SHOWN_PLACES", "Finding", "Level", "absent", "counted", "refuse", "require_columns",
    "rows_told", "setting",
]  # fmt: skip

SHOWN_PLACES = 3  # of each kind of fault
Level = Literal["refused", "settled", "note"]


@dataclass(frozen=True)
class Finding:
    """One kind of fault, or of something worth knowing, in all of the data."""

    kind: str = field(metadata=described("A policy of the config, or what was looked for."))
    level: Level = field(
        metadata=described(
            "refused: training is; settled: a policy did it; note: training goes on as it is."
        )
    )
    count: int = field(metadata=described("Rows, unless the text says otherwise.", least=0))
    text: str = field(metadata=described("What it is, at the first place."))
    places: tuple[str, ...] = field(
        default=(), metadata=described("The first places: file:line, series, stamp, column.")
    )
    remedy: str = field(default="", metadata=described("The config line that settles it."))
    columns: Mapping[str, int] = field(
        default_factory=dict, metadata=described("Cells by column, where columns matter.")
    )

    def says_all(self, rows: int | None) -> bool:
        """Whether the count tells nothing beside the text, in a table of so many ``rows``."""
        return f"{self.count:,}" in self.text or self.count in (1, rows)

    @property
    def problem(self) -> str:
        """The whole in one sentence, for an error."""
        if not self.remedy:  # the text says it all
            return self.text
        where = f"{self.places[0]}: " if self.places else ""
        return f"{where}{self.text} ({rows_told(self.count)}); set {self.remedy}"


def counted(kind: str, count: int) -> str:
    """So many rows, or cells where a kind of finding counts these."""
    unit = "cell" if kind == "dashes" else "row"
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def rows_told(count: int) -> str:
    """How many rows are like the one that a text shows."""
    return "1 such row" if count == 1 else f"{count:,} such rows"


def refuse(findings: Iterable[Finding], *, afterwards: str = "") -> None:
    """Raise DataError with one problem for each finding that no policy settles; ``afterwards`` ends
    its remedy.
    """
    problems = [finding.problem + afterwards for finding in findings if finding.level == "refused"]
    if problems:
        raise DataError(*problems)


def require_columns(source: Source, wanted: Sequence[str] | None, present: Sequence[str]) -> None:
    """Raise DataError where a wanted column is not there, or there twice."""
    missing = [name for name in wanted or () if name not in present]
    if missing:
        raise DataError(
            f"{source}: no column {', '.join(missing)}; its columns are {', '.join(present)}"
            + (absent(missing[0], present) if len(missing) == 1 else "")
        )
    twice = [name for name, count in Counter(present).items() if count > 1]
    if not set(twice).isdisjoint(wanted or ()):
        each = " of each" if len(twice) > 1 else ""
        raise DataError(
            f"{source}: several columns are called {', '.join(twice)}; rename all but one{each}"
        )


def absent(name: str, present: Sequence[str], *, option: str = "") -> str:
    """What may be meant by the ``name`` of a column that is not ``present``: several of them, each
    of which an ``option`` or a list names alone, or the nearest one. Begins with a semicolon.
    """
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and set(parts) <= set(present):
        each = (
            f"give the option for each: {' '.join(f'{option} {shlex.quote(one)}' for one in parts)}"
            if option
            else f"write a list: [{', '.join(map(quote, parts))}]"
        )
        return f"; these are {len(parts)} columns; {each}"
    by_case = {other.strip().lower(): other for other in present}
    near = difflib.get_close_matches(name.strip().lower(), by_case, n=1)
    return f"; did you mean {by_case[near[0]]}?" if near else ""


def setting(key: str, value: object) -> str:
    """The option that sets a key of the section data, as a shell takes it."""
    return f"--set {shlex.quote(f'data.{key}={quote(value)}')}"
