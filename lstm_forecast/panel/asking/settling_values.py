"""What becomes of the values of a table: those that are none, and those that may be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.asking.cell_questions import question_of_dashes, questions_of_texts
from lstm_forecast.panel.asking.codes import CERTAIN, cap_text, negative_codes, usual_codes
from lstm_forecast.panel.asking.draft import Choice
from lstm_forecast.panel.asking.regular import (
    SHARE_FILLED_UNASKED,
    filling_answers,
    filling_policies,
    with_closed,
)
from lstm_forecast.panel.asking.settling import NONE, Settling
from lstm_forecast.panel.notes import gap_lengths
from lstm_forecast.panel.repair import LARGEST_VALUE
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.turned.table import OUTSIDE

__all__ = ["SettlingValues"]

NOT_OBSERVED = "mask"  # the policy for missing values that invents none


class SettlingValues(Settling):
    """The policies found so far, and those for what cells hold."""

    def infinite(self) -> None:
        """Values that nothing can be calculated with, if few, are missing."""
        panel, infinite = self.refused("infinite")
        if infinite is None:
            return
        huge = np.isfinite(panel.values) & (np.abs(panel.values) > LARGEST_VALUE)
        if self.are_few(infinite.count) and not huge.any():
            self.written["infinite"] = "missing"
            return
        keys = {"infinite": "missing", "missing": NOT_OBSERVED}
        answer = Choice(keys, f"{infinite.count:,} rows are read as missing")
        text = f"{self.of_all(infinite.count, 'holds', 'hold')} values that are {infinite.text}"
        self.ask(infinite, text, answer, assumed={"infinite": "missing"})

    def holes(self) -> None:
        """A few steps without a row or a value are filled; how more are is asked."""
        panel, found = self.survey()
        kinds: tuple[str, ...] = ("gaps", "missing")
        counts = {kind: found[kind].count for kind in kinds if kind in found}
        if "missing" in counts:  # unless they are missing only as long as questions are open
            unread = (
                sum(each.count for each in self.questions if each.kind == "infinite")
                + self.look.doubtful_rows
            )
            counts["missing"] = max(0, counts["missing"] - unread)
        holes, rows = sum(counts.values()), len(panel.values)
        if not holes and "infinite" not in self.written:
            if self.look.doubtful_rows or self.questions:  # as texts and infinite values are open
                self.assumed["missing"] = NOT_OBSERVED
            return
        moved = "off_grid" in {**self.written, **self.assumed}
        policies = filling_policies(panel, counts, moved=moved)
        decided = {*self.look.decided, *self.assumed}
        policies = {key: value for key, value in policies.items() if key not in decided}
        if holes <= SHARE_FILLED_UNASKED * rows or decided & {"gaps", "missing", "aggregate"}:
            self.written |= policies
            return
        kind = "gaps" if "gaps" in counts else "missing"
        what = " or no ".join({"gaps": "row", "missing": "value"}[each] for each in counts)
        steps = rows + counts.get("gaps", 0)
        text = f"{holes:,} of {steps:,} steps have no {what}"
        events = kind == "gaps" and not moved and not self.aggregates
        freq = panel.layout.grid.freq if events else None
        answers = filling_answers(policies, counts, gap_lengths(panel), freq)
        if "closed" in self.written:
            answers = with_closed(answers, self.written["closed"])
        self.ask(found[kind], text, *answers, assumed=policies)

    def numbers_for_missing(self) -> None:
        """Numbers that commonly stand for a missing value are such; others are told or asked."""
        filled = not {"gaps", "missing"}.isdisjoint([*self.written, *self.assumed])
        unfilled = {"missing": NOT_OBSERVED, "gaps": "split"} if filled else NONE
        # events as cells, as no value of the panel is one of them
        rows = self.events().values if self.aggregates else self.survey(unfilled)[0].values
        counts = usual_codes(rows)
        # A large number may be a cap, or all that there is; one far below all others is no value.
        numbers = {number for number, count in counts.items() if number < 0 or self.are_few(count)}
        for number in counts.keys() - numbers:
            text = cap_text(number, NOT_OBSERVED)
            self.told.append(Finding(text, "note", counts[number], text))
        targets = rows[:, : len(self.data.targets)]
        near = {number for number in numbers if CERTAIN < number < 0}
        others = np.where(np.isin(targets, [*(numbers - near)]), np.nan, targets)
        asked = negative_codes(others, near)
        if numbers := numbers - {*asked.values()}:
            self.written["sentinels"] = (*self.data.sentinels, *sorted(numbers))
            asked = negative_codes(np.where(np.isin(others, [*numbers]), np.nan, others), near)
        if asked and "negative" not in self.look.decided:
            self._negative(targets, asked, unfilled)

    def _negative(
        self, targets: NDArray[np.float64], codes: Mapping[int, float], unfilled: Mapping[str, Any]
    ) -> None:
        """A number below 0 in a column without others there is a code, or a value."""
        _, found = self.survey({**unfilled, "negative": "error"})
        numbers = sorted({*codes.values()})
        count = int(np.isin(targets, numbers).any(axis=1).sum())
        named = ", ".join(f"{code:g} in {self.data.targets[k]}" for k, code in codes.items())
        text = (
            f"{self.of_all(count, 'holds', 'hold')} the only number below 0 of a column: {named},"
            " a code for no value, or a value"
        )
        sentinels = (*self.written.get("sentinels", self.data.sentinels), *numbers)
        missing = {} if "missing" in self.look.decided else {"missing": NOT_OBSERVED}
        keys = {"sentinels": sentinels, "negative": "keep", **missing}
        answers = (
            Choice(keys, f"{count:,} rows are read as missing"),
            Choice({"negative": "keep"}, f"{count:,} rows hold a value below 0", safe=True),
        )
        self.ask(found["negative"], text, *answers, assumed=NONE)

    def texts(self) -> None:
        """Texts and dashes among numbers are asked about."""
        known = self.data.model_copy(update={"missing": NOT_OBSERVED, **self.written})
        self.questions += questions_of_texts(self.look, known, rows=len(self.table.frame))
        if self.look.dashes:
            self.questions.append(question_of_dashes(self.look, known))
        else:
            outside = (each for each in self.table.findings if each.kind == OUTSIDE)
            self.told += [replace(each, kind=each.text, count=0) for each in outside]
