"""What ``init`` makes of the faults of a table: policies where they follow from it, and questions
where they do not.

A guess never destroys. What drops, merges or moves more than a few rows, and what takes a text with
digits in it for a missing value, is asked: with what was found, where, and what each answer does to
how many rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.cell_questions import question_of_readings, questions_of_texts
from lstm_forecast.panel.draft import Choice, Question
from lstm_forecast.panel.find_closed import find_closed
from lstm_forecast.panel.grid import ticks_of
from lstm_forecast.panel.moves import moves_to
from lstm_forecast.panel.notes import gap_lengths, suspected_sentinels
from lstm_forecast.panel.open_end import OPEN_END
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.placing import stamped_rows
from lstm_forecast.panel.regular import (
    LONGEST_FILLED_GAP,
    finer_answer,
    policies_of_steps,
    two_frequencies,
)
from lstm_forecast.panel.repair import LARGEST_VALUE
from lstm_forecast.panel.seasons import usual_season
from lstm_forecast.panel.survey import read_described, survey_table
from lstm_forecast.panel.totals import series_totals
from lstm_forecast.tables.faults import Finding, refuse
from lstm_forecast.tables.first_look import FirstLook
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.source import Source

__all__ = ["Settled", "settle"]

# Largest share of the rows that is dropped, merged or moved without being asked for.
SHARE_SETTLED_UNASKED = 0.01
SHOWN_CALENDARS = 4
SEASONAL_HOLES = 0.05  # missing steps for each row from which they are filled by season
NONE: Mapping[str, Any] = {}  # no policies beside those that were found
NOT_OBSERVED = "mask"  # the policy for missing values that invents none
# What becomes of rows of one stamp under each policy.
MERGING_RULES = {
    "sum": "added up",
    "mean": "averaged",
    "first": "dropped but the first",
    "last": "dropped but the last",
}


@dataclass(frozen=True)
class Settled:
    """The table as described, with policies where there is no doubt; the panel is that of the first
    answers.
    """

    data: DataConfig
    rows: int  # of the table
    panel: Panel
    findings: tuple[Finding, ...]  # what the policies did, and what may be a fault
    questions: tuple[Question, ...]


def settle(look: FirstLook, source: Source) -> Settled:
    """Settle the faults that the table in ``source`` really has.

    Raises DataError for those that nobody can choose.
    """
    return _Settling(look, look.data, read_described(look.data, source)).settled()


class _Settling:
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

    def settled(self) -> Settled:
        """Look for one kind of fault after the other, in the order in which they are met."""
        self._two_readings()
        self._future_rows()
        self._off_grid()
        self._repeated()
        self._closed()
        self._two_frequencies()
        self._infinite()
        self._holes()
        self._numbers_for_missing()
        self._texts()
        panel, found = self._survey()
        refuse(found.values())
        open_kinds = {each.kind for each in self.questions} | (
            self.assumed.keys() - self.written.keys()
        )
        if self.look.doubtful_rows:  # texts that nobody has read yet may stand there
            open_kinds.add(OPEN_END)
        done = tuple(finding for kind, finding in found.items() if kind not in open_kinds)
        data = self.data.model_copy(update={"freq": panel.layout.grid.freq, **self.written})
        totals = series_totals(panel, n_targets=len(data.targets), keys=data.series_columns)
        notes = [replace(each, kind=each.text) for each in (*self.look.notes, *totals)]
        told = (*done, *self.look.stamps_read, *notes, *self.told)
        rows = len(self.table.frame)
        return Settled(data, rows, panel, told, tuple(self.questions))

    def _survey(self, more: Mapping[str, Any] = NONE) -> tuple[Panel, dict[str, Finding]]:
        """The panel under the policies found so far and ``more``, and the faults in the table."""
        policies = {**self.written, **self.assumed, **more}
        if self.last is None or self.last[0] != policies:
            self.last = None  # its panel is not to stand in memory beside the next one
            panel, findings = survey_table(self.data.model_copy(update=policies), self.table)
            told = [each for each in findings if each.level != "note" or each.kind == OPEN_END]
            found = {finding.kind: finding for finding in told}
            self.last = policies, (panel, found)
        return self.last[1]

    def _refused(self, kind: str) -> tuple[Panel, Finding | None]:
        """The panel as it is, and a fault of that kind in it that no policy settles."""
        panel, found = self._survey()
        fault = found.get(kind)
        return panel, fault if fault is not None and fault.level == "refused" else None

    def _are_few(self, count: int) -> bool:
        return count <= SHARE_SETTLED_UNASKED * len(self.table.frame)

    def _of_all(self, count: int) -> str:
        return f"{count:,} of {len(self.table.frame):,} rows"

    def _remain(self, gone: int) -> str:
        return f": {len(self.table.frame) - gone:,} of {len(self.table.frame):,} rows remain"

    def _ask(self, fault: Finding, text: str, *choices: Choice, assumed: Mapping[str, Any]) -> None:
        self.assumed |= assumed
        self.questions.append(Question(fault.kind, fault.count, text, fault.places, choices))

    def _two_readings(self) -> None:
        if self.look.written.rival is not None:
            self.questions.append(question_of_readings(self.look, self.data.csv))
            undecided = {"decimal": "error", "thousands": None}
            self.written["csv"] = self.data.csv.model_copy(update=undecided)

    def _future_rows(self) -> None:
        panel, late = self._refused("future_rows")
        if late is None:
            return
        can_drop = self._leaves_every_series({"future_rows": "drop"})
        if 2 * late.count >= len(panel.values):  # a story about the future
            self.written["future_rows"] = "keep"
        elif self._are_few(late.count) and can_drop:
            self.written["future_rows"] = "drop"
        else:
            data = self.data.model_copy(update={"future_rows": "keep"})
            kept = _Settling(self.look, data, self.table)
            kept.settled()
            drop = Choice({"future_rows": "drop"}, f"{late.count:,} rows are left out")
            keep = Choice({"future_rows": "keep", **kept.written}, "all rows stay", safe=True)
            choices = [drop, keep] if can_drop else [keep]
            text = f"{self._of_all(late.count)} are {late.text}"
            self._ask(late, text, *choices, assumed={"future_rows": choices[0].keys["future_rows"]})

    def _leaves_every_series(self, keys: Mapping[str, Any]) -> bool:
        try:
            self._survey(keys)
        except DataError:
            return False
        return True

    def _off_grid(self) -> None:
        panel, off = self._refused("off_grid")
        if off is None:
            return
        keys = policies_of_steps(panel.layout.grid, self._survey)
        panel, found = self._survey(keys)
        freq, ticks = keys["freq"], ticks_of(self._stamps(), freq=keys["freq"])
        merged = found["duplicates"].count if "duplicates" in found else 0
        if not merged:
            del keys["duplicates"]
        moves = moves_to(panel.layout.grid, ticks)
        exact = moves.small and not merged
        few = self._are_few(merged) and self._are_few(moves.far)
        if (exact or few) and not moves.drift:
            self.written |= keys
            text = f"moved to the nearest step of {freq}, {moves.text}"
            self.told.append(Finding(text, "note", moves.count, text))
            return
        moved = (
            f"{off.count:,} stamps are moved to the nearest step of {freq}, from its middle on to"
            " the next one"
        )
        self.written["freq"] = keys.pop("freq")
        choices = [
            Choice(
                {**keys, "duplicates": rule},
                f"{moved}; rows of one step are {done}{self._remain(merged)}",
            )
            for rule, done in MERGING_RULES.items()
            if merged
        ]
        text = (
            f"{self._of_all(off.count)} lie between the steps of freq {freq}, the most regular one"
            " that was found"
        )
        finer = finer_answer(freq, ticks)
        others = [finer] if finer else []
        self._ask(off, text, *(choices or [Choice(keys, moved)]), *others, assumed=keys)

    def _stamps(self) -> pd.Index:
        _, stamps, _ = stamped_rows(self.table, self.data, self.data.targets)
        return stamps

    def _closed(self) -> None:
        """Steps on which nothing is ever observed are no steps: no row with a value is lost."""
        panel, found = self._survey()
        if not self.data.closed.any and not found.keys().isdisjoint(("gaps", "missing")):
            rule, alike = find_closed(panel, n_targets=len(self.data.targets))
            if rule.any:
                self.written["closed"] = rule
            if alike:
                others = ", ".join(alike[:SHOWN_CALENDARS])
                text = (
                    f"holidays of {rule.holidays[0]} are in these rows those of {others} as well:"
                    " data.closed.holidays says on which nothing is forecast"
                )
                self.told.append(Finding(text, "note", int(panel.layout.lengths.max()), text))

    def _two_frequencies(self) -> None:
        """Rows that are half as often in one part as in another: missing ones are not filled."""
        panel, gaps = self._refused("gaps")
        if gaps is not None and "off_grid" not in self.assumed:
            found = two_frequencies(panel, gaps.count, self._survey)
            if found is not None:
                text, shorter, longer = found
                self._ask(gaps, text, shorter, longer, assumed=shorter.keys)

    def _repeated(self) -> None:
        _, repeated = self._refused("duplicates")
        if repeated is None:
            return
        if self._are_few(repeated.count):
            self.written["duplicates"] = "first"
            return
        roles = self.look.roles
        text = f"{self._of_all(repeated.count)} have the stamp of another row"
        text += (
            f" of their series ({' and '.join(roles.keys.columns)})"
            if roles.keys.columns
            else ", and no column names series"
        )
        text += "".join(
            f"; {each.count:,} are {each.text}"
            for each in self.look.findings
            if each.kind == "doubled"
        )
        choices = [
            Choice(
                {"duplicates": rule}, f"rows of one stamp are {done}{self._remain(repeated.count)}"
            )
            for rule, done in MERGING_RULES.items()
        ]
        keys = [Choice({}, found.text) for found in self.look.findings if found.kind == "keys"]
        self._ask(repeated, text, *keys, *choices, assumed={"duplicates": "first"})

    def _infinite(self) -> None:
        panel, infinite = self._refused("infinite")
        if infinite is None:
            return
        huge = np.isfinite(panel.values) & (np.abs(panel.values) > LARGEST_VALUE)
        if self._are_few(infinite.count) and not huge.any():
            self.written["infinite"] = "missing"
            return
        answer = Choice(
            {"infinite": "missing", "missing": NOT_OBSERVED},
            f"{infinite.count:,} rows are read as missing",
        )
        text = f"{self._of_all(infinite.count)} hold values that are {infinite.text}"
        self._ask(infinite, text, answer, assumed={"infinite": "missing"})

    def _holes(self) -> None:
        """Steps without a row or a value are filled: nothing that is there is lost."""
        panel, found = self._survey()
        counts = {kind: found[kind].count for kind in ("gaps", "missing") if kind in found}
        if "missing" in counts:  # unless they are missing only as long as questions are open
            unread = (
                sum(each.count for each in self.questions if each.kind == "infinite")
                + self.look.doubtful_rows
            )
            counts["missing"] = max(0, counts["missing"] - unread)
        rows, season = len(panel.values), usual_season(panel.layout)
        if "gaps" in counts and "gaps" not in self.assumed:
            self.written["gaps"] = "fill"
            if gap_lengths(panel).max() > (limit := max(season, LONGEST_FILLED_GAP)):
                self.written["fill_limit"] = limit
        if (holes := sum(counts.values())) or "infinite" in self.written:
            moved = "off_grid" in {**self.written, **self.assumed}
            usual = "seasonal" if season > 1 and holes > SEASONAL_HOLES * rows else "ffill"
            # A season filled into what was moved would make seasonal forecasts look too good.
            self.written["missing"] = "interpolate" if moved else usual
        else:
            self.assumed["missing"] = NOT_OBSERVED  # for texts and infinite values that are open

    def _numbers_for_missing(self) -> None:
        panel, _ = self._survey({"missing": NOT_OBSERVED, "gaps": "split"})
        found = {number for values in panel.values.T for number in suspected_sentinels(values)}
        counts = {
            number: int((panel.values == number).any(axis=1).sum()) for number in sorted(found)
        }
        # A large number may be a cap, or all that there is; one far below all others is no value.
        numbers = {number for number, count in counts.items() if number < 0 or self._are_few(count)}
        for number in counts.keys() - numbers:
            text = (
                f"{number:g} may be a value, or none: then data.sentinels: [{number:g}] and"
                f" data.missing: {NOT_OBSERVED}"
            )
            self.told.append(Finding(text, "note", counts[number], text))
        if numbers:
            self.written["sentinels"] = (*self.data.sentinels, *sorted(numbers))
            if "missing" in self._survey()[1]:  # not if all of them stand at the end
                self.written.setdefault("missing", "ffill")

    def _texts(self) -> None:
        known = self.data.model_copy(update={"missing": NOT_OBSERVED, **self.written})
        self.questions += questions_of_texts(self.look, known, rows=len(self.table.frame))
