"""How a law is tried: generated tables go through files, ``init`` and the config that it writes, as
a user's do, and every outcome has a name.
"""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import assigned, load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.asking.draft import Question
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.faults import refuse

__all__ = ["ASKED", "EQUAL", "REFUSED", "Read", "Values", "read", "read_by", "require_law"]

EXAMPLES = int(os.environ.get("EXAMPLES", "2000"))
EQUAL, ASKED, REFUSED = "equal", "asked", "refused"
# What a refusal has to name: a line, row or column of the file, or the key that is about all rows.
PLACE = re.compile(r"\bt\.csv(?::\d+|, row \d+)|\bcolumns? |\bdata\.[a-z_.]+: ")
Written = TypeVar("Written")
Values = dict[tuple[str, Any], float]  # by the name of the series and the stamp


@dataclass(frozen=True)
class Read:
    """A table by the config that ``init`` wrote."""

    data: DataConfig
    panel: Panel

    @property
    def values(self) -> Values:
        """The first target of every row."""
        layout, rows = self.panel.layout, np.arange(len(self.panel.values))
        ids = [layout.ids[series] for series in layout.series_of(rows)]
        cells = self.panel.values[:, 0].tolist()
        return dict(zip(zip(ids, layout.stamps(rows), strict=True), cells, strict=True))


def read(table: Path, *settings: str) -> Read | tuple[Question, ...] | None:
    """What becomes of a table: values, questions without which no training goes on, or None where
    it is refused with a place; the ``settings`` are those of ``init --set``.
    """
    config = table.with_name("t.yaml")
    try:
        given = [assigned(setting, option="--set") for setting in settings]
        draft = init(table, output=config, settings=given, force=True)
    except DataError as error:
        assert PLACE.search(str(error)), f"refused without a place: {error}"
        return None
    if not draft.questions:
        return read_by(config, table)
    try:
        read_by(config, table)
    except DataError:
        return draft.questions
    raise AssertionError(f"asked, and trained without an answer: {draft.questions}")


def read_by(config: Path, table: Path, *answers: str) -> Read:
    """The table by a config, and the keys that answers add to it; raises DataError as a training
    does.
    """
    data = load_config(config, overrides=list(answers), environment={}).data
    panel, findings, _ = survey_panel(data, table)
    refuse(findings)
    return Read(data, panel)


def require_law(
    tables: SearchStrategy[Written],
    outcome: Callable[[Written, Path], str],
    *,
    least_equal: float,
) -> None:
    """Try ``outcome``, which fails where the law is broken, on generated tables; a share of them
    has to be read, as a law that refuses everything says nothing.
    """
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:

        @settings(
            max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck),
            phases=(Phase.reuse, Phase.generate, Phase.shrink),
        )  # fmt: skip
        @given(tables)
        def holds(written: Written) -> None:
            outcomes[outcome(written, Path(folder) / "t.csv")] += 1

        holds()
    print(f"{outcomes.total():,} tables: {dict(outcomes)}")
    assert outcomes[EQUAL] >= least_equal * outcomes.total()
