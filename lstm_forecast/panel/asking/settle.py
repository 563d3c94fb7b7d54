"""What ``init`` makes of the faults of a table: policies where they follow from it, and questions
where they do not.

A guess never destroys. What drops, merges or moves more than a few rows, and what takes a text with
digits in it for a missing value, is asked: with what was found, where, and what each answer does to
how many rows.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.config.fields import Section
from lstm_forecast.config.table import DataConfig
from lstm_forecast.panel.asking.cell_questions import question_of_readings
from lstm_forecast.panel.asking.draft import Choice, Question
from lstm_forecast.panel.asking.event_questions import FIRST_ROWS
from lstm_forecast.panel.asking.find_closed import alike_text, find_closed, never_text
from lstm_forecast.panel.asking.regular import (
    FILLED,
    MOST_HOLES_OF_ANSWER,
    finer_answer,
    moving_answers,
    policies_of_steps,
    two_frequencies,
)
from lstm_forecast.panel.asking.repeated import ends_text, versions_text, zone_answer
from lstm_forecast.panel.asking.settling import NONE
from lstm_forecast.panel.asking.settling_values import SettlingValues
from lstm_forecast.panel.events import ZERO_RULES
from lstm_forecast.panel.notes import gap_lengths
from lstm_forecast.panel.open_end import OPEN_END
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.frequency import sub_daily
from lstm_forecast.panel.steps.grid import ticks_of
from lstm_forecast.panel.steps.inference import IrregularError
from lstm_forecast.panel.steps.moves import moves_to
from lstm_forecast.panel.survey import read_described
from lstm_forecast.panel.totals import SeriesOrder, series_totals
from lstm_forecast.tables.faults import Finding, refuse
from lstm_forecast.tables.first_look import FirstLook
from lstm_forecast.tables.source import Source

__all__ = ["Settled", "settle"]

# Largest share of the rows that meet another one on the nearest step of an inexact clock.
SHARE_MEETING = 0.25


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


class _Settling(SettlingValues):
    """The policies found so far: those that are written, and those that stand for an answer that is
    not known yet.
    """

    def settled(self) -> Settled:
        """Look for one kind of fault after the other, in the order in which they are met."""
        self._two_readings()
        self._irregular()
        self._future_rows()
        self._off_grid()
        self._closed()
        self._sparse()
        self._repeated()
        self._two_frequencies()
        self.infinite()
        self.numbers_for_missing()
        self.holes()
        self.texts()
        panel, found = self.survey()
        refuse(found.values())
        open_kinds = {each.kind for each in self.questions} | (
            self.assumed.keys() - self.written.keys()
        )
        if self.look.doubtful_rows:  # texts that nobody has read yet may stand there
            open_kinds.add(OPEN_END)
        done = tuple(finding for kind, finding in found.items() if kind not in open_kinds)
        data = self.data.model_copy(update={"freq": panel.layout.grid.freq, **self.written})
        totals = series_totals(panel, data, SeriesOrder.of(self.table, data))
        rows = len(self.table.frame)
        notes = [
            replace(each, kind=each.text, count=0 if each.says_all(rows) else each.count)
            for each in (*self.look.stamps_read, *self.look.notes, *totals)
        ]
        told = (*done, *notes, *self.told)
        return Settled(data, rows, panel, told, tuple(self.questions))

    def _two_readings(self) -> None:
        if self.look.written.rival is not None:
            self.questions.append(question_of_readings(self.look, self.data.csv))
            undecided = {"decimal": "error", "thousands": None}
            self.written["csv"] = self.data.csv.model_copy(update=undecided)

    def _future_rows(self) -> None:
        panel, late = self.refused("future_rows")
        if late is None:
            return
        if 2 * late.count >= (len(self.table.frame) if self.aggregates else len(panel.values)):
            # a story about the future
            self.written["future_rows"] = "keep"
        else:
            data = self.data.model_copy(update={"future_rows": "keep"})
            kept = _Settling(self.look, data, self.table)
            kept.settled()
            drop = Choice({"future_rows": "drop"}, f"{late.count:,} rows are left out")
            policies = {k: v for k, v in kept.written.items() if not isinstance(v, Section)}
            keep = Choice({"future_rows": "keep", **policies}, "all rows stay", safe=True)
            choices = [drop, keep] if self.leaves_every_series(drop.keys) else [keep]
            text = f"{self.of_all(late.count, 'is', 'are')} {late.text}"
            self.ask(late, text, *choices, assumed={"future_rows": choices[0].keys["future_rows"]})

    def _irregular(self) -> None:
        """Rows at times that no frequency fits may be events; days that none fits lie apart."""
        try:
            self.survey()
        except IrregularError:
            events = self.events()
            if events.have_clock_times or not self.are_few(events.repeated):
                fault, choices = events.irregular, events.choices(freq=None)
                self.ask(fault, fault.text, *choices, assumed=choices[0].keys)
            elif isinstance(events.stamps, pd.DatetimeIndex):
                self.written["freq"] = "D"
            else:
                raise

    def _off_grid(self) -> None:
        panel, off = self.refused("off_grid")
        if off is None:
            return
        keys = policies_of_steps(panel.layout.grid, self.survey)
        panel, found = self.survey(keys)
        events = self.events()
        freq, ticks = keys["freq"], ticks_of(events.stamps, freq=keys["freq"])
        merged = found["duplicates"].count if "duplicates" in found else 0
        if not merged:
            del keys["duplicates"]
        moves = moves_to(panel.layout.grid, ticks)
        near = moves.small or self.are_few(moves.far)
        if near and not merged and not moves.drift:
            self.written |= keys
            text = f"moved to the nearest step of {freq}, {moves.text}"
            self.told.append(Finding(text, "note", moves.count, text))
            return
        text = (
            f"{self.of_all(off.count, 'lies', 'lie')} between the steps of freq {freq}, the most"
            " regular one that was found"
        )
        finer = finer_answer(freq, ticks, events.codes)
        others = [finer] if finer else []
        integers = isinstance(panel.layout.grid.origin, int)
        daily = not integers and not sub_daily(freq) and not moves.small
        apart = 2 * np.count_nonzero(gap_lengths(panel)) > len(ticks)
        if daily or apart or merged > SHARE_MEETING * len(ticks):  # no clock makes such stamps
            choices = events.choices(freq=freq if integers else self.data.freq)
            self.ask(off, text, *choices, *others, assumed=choices[0].keys)
            return
        self.written["freq"] = freq
        remain = self.remain(merged)
        choices = moving_answers(keys, off.count, remain=remain if merged else None)
        others += events.series_choices
        self.ask(off, text, *choices, *others, assumed={**keys, "freq": freq})

    def _closed(self) -> None:
        """Steps on which nothing is ever observed are no steps: no row with a value is lost. Those
        that a rule makes 0 are told alone.
        """
        zeros = self.data.aggregate in ZERO_RULES
        panel, found = self.survey({"aggregate": "count"} if zeros else NONE)
        if zeros:  # steps that have no event
            panel = replace(panel, values=np.where(panel.values > 0, panel.values, np.nan))
        decided = "closed" in self.look.decided and (self.data.closed.any or not zeros)
        if decided or not (zeros or found.keys() & {"gaps", "missing"}):
            return
        rule, alike = find_closed(panel, n_targets=len(self.data.targets))
        if rule.any and not zeros:
            self.written["closed"] = rule
        texts = [never_text(rule, panel.layout)] if rule.any and zeros else []
        texts += [alike_text(rule, alike)] if alike and not zeros else []
        self.told += [Finding(text, "note", 0, text) for text in texts]

    def _sparse(self) -> None:
        """Rows of which most do not follow the one before on the next step may be events."""
        panel, gaps = self.refused("gaps")
        if gaps is None or self.aggregates or "off_grid" in self.assumed:
            return
        apart = np.count_nonzero(gap_lengths(panel))
        if 2 * apart > len(panel.values) and not two_frequencies(panel, gaps.count, self.survey):
            freq = panel.layout.grid.freq
            choices = self.events().choices(freq=freq if freq.isdigit() else None)
            if freq == "D" or gaps.count <= MOST_HOLES_OF_ANSWER * len(panel.values):
                effect = f"all rows stay, and {gaps.count:,} steps without one are filled"
                choices.append(Choice({"freq": freq, **FILLED}, effect))
            text = f"{apart:,} of {len(panel.values):,} rows lie apart on the steps of freq {freq}"
            self.written.pop("closed", None)  # which answers with other steps have in other words
            self.ask(gaps, text, *choices, assumed=choices[0].keys)

    def _two_frequencies(self) -> None:
        """Rows that are half as often in one part as in another: missing ones are not filled."""
        panel, gaps = self.refused("gaps")
        if gaps is not None and not self.aggregates and "off_grid" not in self.assumed:
            found = two_frequencies(panel, gaps.count, self.survey)
            if found is not None:
                text, shorter, longer = found
                self.ask(gaps, text, shorter, longer, assumed=shorter.keys)

    def _repeated(self) -> None:
        panel, repeated = self.refused("duplicates")
        if repeated is None:
            return
        events, look = self.events(), self.look
        in_zone = None if self.aggregates else zone_answer(events, self.survey, look.findings)
        if in_zone is not None:
            rows = self.of_all(repeated.count, "repeats", "repeat")
            text = f"{rows} a local time that clocks show twice"
            effect = f"the first of each two stays{self.remain(repeated.count)}"
            self.ask(repeated, text, in_zone, Choice(FIRST_ROWS, effect), assumed=in_zone.keys)
            return
        if self.are_few(repeated.count) and events.equal >= repeated.count:  # nothing is lost
            self.written["duplicates"] = "first"
            return
        roles = self.look.roles
        text = f"{self.of_all(repeated.count, 'has', 'have')} the stamp of another row"
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
        text += versions_text(roles.other_times) + ends_text(events, look.findings)
        freq, closed = panel.layout.grid.freq, self.written.get("closed", ClosedConfig())
        choices = events.choices(freq=freq, regular=True, closed=closed)
        keys = [Choice({}, found.text) for found in self.look.findings if found.kind == "keys"]
        usual = any(choice.keys == FIRST_ROWS for choice in choices)
        assumed = FIRST_ROWS if usual else choices[0].keys
        self.ask(repeated, text, *keys, *choices, assumed=assumed)
