"""The policies that are found for a table one after the other, and what it is under them."""

from collections.abc import Mapping
from typing import Any

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.asking.draft import Choice, Question
from lstm_forecast.panel.asking.event_questions import EventLook
from lstm_forecast.panel.open_end import OPEN_END
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_table
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.first_look import FirstLook
from lstm_forecast.tables.read import Table

__all__ = ["NONE", "Settling"]

# Largest share of the rows that is dropped, merged or moved without being asked for.
SHARE_SETTLED_UNASKED = 0.01
NONE: Mapping[str, Any] = {}  # no policies beside those that were found


class Settling:
    """The policies found so far: those that are written, and those that stand for an answer that is
    not known yet.
    """

    def __init__(self, look: FirstLook, data: DataConfig, table: Table) -> None:
        self.look, self.table = look, table
        self.data = data.model_copy(update={"sentinels": tuple(look.harmless)})
        self.written: dict[str, Any] = {}
        self.assumed: dict[str, Any] = {}
        self.questions: list[Question] = []
        self.told: list[Finding] = []  # what is left as it is, though it may be a fault
        # the policies of the last survey, and what it found
        self.last: tuple[dict[str, Any], tuple[Panel, dict[str, Finding]]] | None = None

    def survey(self, more: Mapping[str, Any] = NONE) -> tuple[Panel, dict[str, Finding]]:
        """The panel under the policies found so far and ``more``, and the faults in the table."""
        policies = {**self.written, **self.assumed, **more}
        if self.last is None or self.last[0] != policies:
            self.last = None  # its panel is not to stand in memory beside the next one
            panel, findings = survey_table(self.data.model_copy(update=policies), self.table)
            told = [each for each in findings if each.level != "note" or each.kind == OPEN_END]
            found = {finding.kind: finding for finding in told}
            self.last = policies, (panel, found)
        return self.last[1]

    def refused(self, kind: str) -> tuple[Panel, Finding | None]:
        """The panel as it is, and a fault of that kind in it that no policy settles."""
        panel, found = self.survey()
        fault = None if kind in self.look.decided else found.get(kind)
        return panel, fault if fault is not None and fault.level == "refused" else None

    @property
    def aggregates(self) -> bool:
        """Whether the rows of the panel are those of steps, and no longer those of the table."""
        return self.data.aggregate is not None or "aggregate" in self.assumed

    def events(self) -> EventLook:
        """The rows as events."""
        equal = sum(each.count for each in self.look.findings if each.kind == "doubled")
        keys = self.look.roles.keys
        series = {
            (*keys.columns, name): (count, keys.repeated.get(name, 0))
            for name, count in keys.possible.items()
        }
        return EventLook.of(self.table, self.data, equal=equal, series=series)

    def leaves_every_series(self, keys: Mapping[str, Any]) -> bool:
        """Whether each series has rows left under the policies found so far and these ``keys``."""
        try:
            self.survey(keys)
        except DataError:
            return False
        return True

    def are_few(self, count: int) -> bool:
        """Whether so many rows may be settled without being asked for."""
        return count <= SHARE_SETTLED_UNASKED * len(self.table.frame)

    def of_all(self, count: int, verb: str, verbs: str) -> str:
        """So many of the rows, in words, and what one of them does, or several do."""
        return f"{count:,} of {len(self.table.frame):,} rows {verb if count == 1 else verbs}"

    def remain(self, gone: int) -> str:
        """How many rows remain after so many are gone, in words."""
        return f": {len(self.table.frame) - gone:,} of {len(self.table.frame):,} rows remain"

    def ask(self, fault: Finding, text: str, *choices: Choice, assumed: Mapping[str, Any]) -> None:
        """Ask what becomes of a fault; to look further, an answer is ``assumed``."""
        self.assumed |= assumed
        self.questions.append(Question(fault.kind, fault.count, text, fault.places, choices))
