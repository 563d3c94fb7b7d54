"""Settings judged by workers, each result kept as it comes."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from lstm_forecast.config.schema import Config
from lstm_forecast.documents import parsed
from lstm_forecast.engines.engine import Engine
from lstm_forecast.errors import DataError
from lstm_forecast.panel.split import Fold
from lstm_forecast.store.journal import Journal
from lstm_forecast.tuning.trial import Bench, Judged, Tried

__all__ = ["Judging", "Settings", "study_key"]

Settings = tuple[str, ...]
SECTIONS = {"seed", "data", "split", "preprocessing", "windows", "model", "training"}


def study_key(config: Config, data_sha256: str) -> str:
    """What tells results of a config on these data, and by this version, from all others."""
    decides = json.dumps(config.model_dump(mode="json", include=SECTIONS), sort_keys=True)
    told = f"{version('lstm-forecast-cli')} {data_sha256} {decides}"
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class Judging:
    """What judges settings of one config on ``folds`` folds."""

    engine: Engine
    bench: Bench
    journal: Journal
    key: str
    folds: int
    deadline: float  # in seconds of the clock on the wall; no training begins after it

    def __call__(self, asked: Sequence[tuple[Settings, int]]) -> list[Judged] | None:
        """What each of these settings reaches on the fold of that number; None where there is no
        time left for one of them.
        """
        found = {each: self._known(*each) for each in asked}
        left = [each for each, known in found.items() if known is None]
        tried = (
            Tried(settings, Fold(number, self.folds), self.deadline) for settings, number in left
        )
        for each, judged in zip(left, self.engine.map(self.bench, tried), strict=True):
            if judged is not None:
                self.journal.keep(self._place(*each), json.dumps(judged.content()))
                found[each] = judged
        every = [found[each] for each in asked]
        return None if None in every else [each for each in every if each is not None]

    def as_it_stands(self) -> tuple[list[int], list[Judged]]:
        """The numbers of the folds for which there are rows enough, and what the config reaches
        there, however long it takes.

        Raises DataError where that is not even the newest one.
        """
        judged = replace(self, deadline=math.inf)([((), k) for k in range(self.folds)])
        assert judged is not None  # noqa: S101  there is time for all
        if judged[0].problem:
            raise DataError(judged[0].problem)
        sound = [number for number, each in enumerate(judged) if not each.problem]
        return sound, [judged[number] for number in sound]

    def _known(self, settings: Settings, number: int) -> Judged | None:
        kept = self.journal.find(self._place(settings, number))
        found = None if kept is None else parsed(Judged, kept)
        return found if found and (found.problem or found.error is not None) else None

    def _place(self, settings: Settings, number: int) -> str:
        return f"{self.key} fold {number} of {self.folds}: {' '.join(settings)}"
