"""One training of a search, judged on rows before the test part."""

import hashlib
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lstm_forecast.config.loading import override_config
from lstm_forecast.config.schema import Config
from lstm_forecast.documents import Document, described
from lstm_forecast.errors import ConfigError, DataError
from lstm_forecast.judging.metrics import deciding_error, errors
from lstm_forecast.judging.parts import Part, require_finite
from lstm_forecast.model.onnx.graph import onnx_graph
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.split import Fold
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.tables.read import Table
from lstm_forecast.training.choose import choose
from lstm_forecast.training.fit import fit, members_of
from lstm_forecast.training.prepare import prepare_panel
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.rehearsal import rehearse

__all__ = ["Bench", "Judged", "Tried"]

ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
OPTION = "tune"  # what messages about a setting name


@dataclass(frozen=True, kw_only=True)
class Judged(Document):
    """What came of settings on one fold."""

    error: float | None = field(
        default=None, metadata=described("MASE, or MAE where nothing is scaled.", least=0)
    )
    values: str = field(default="", metadata=described("SHA-256 of the values that judged."))
    windows: int = field(default=0, metadata=described("Windows that judged.", least=0))
    seconds: float = field(default=0.0, metadata=described("Seconds of the training.", least=0))
    problem: str = field(default="", metadata=described("Why there is no error, if there is none."))


@dataclass(frozen=True)
class Tried:
    """Settings that are to be judged on one fold."""

    settings: tuple[str, ...]
    fold: Fold
    deadline: float  # in seconds of the clock on the wall, after which they are not


@dataclass(frozen=True, eq=False)
class Bench:
    """A config and its data, on which settings are tried by one thread: the same bits come however
    many others train beside it.
    """

    config: Config
    panel: Panel
    table: Table

    @classmethod
    def of(cls, config: Config, source: Path) -> "Bench":
        """Read the data. Raises DataError where they do not allow training."""
        limit = config.training.memory_limit
        return cls(config, *read_panel(config.data, source, memory_limit=limit, training=True))

    def __call__(self, tried: Tried) -> Judged | None:
        """Train with these settings as ``forecast train`` does, and judge what it would evaluate on
        the fold; settings that cannot be trained have a problem instead. None after the deadline.
        """
        if time.time() > tried.deadline:
            return None
        _take_one_thread()
        begun = time.perf_counter()
        try:
            config = override_config(self.config, tried.settings, option=OPTION)
            prepared = prepare_panel(config, self.panel, self.table, fold=tried.fold)
            part = prepared.test
            if part is None:
                raise DataError("no window lies in this fold")
            error = _error(prepared, part)
        except (ConfigError, DataError) as problem:
            return Judged(problem=problem.problems[0])
        seconds = time.perf_counter() - begun
        values = hashlib.sha256(np.sort(part.actual, axis=None).tobytes()).hexdigest()
        return Judged(error=error, values=values, windows=len(part.windows), seconds=seconds)


def _take_one_thread() -> None:
    """Leave the other cores to other trainings, in this process from now on."""
    import threadpoolctl

    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    threadpoolctl.threadpool_limits(1)


def _error(prepared: Prepared, part: Part) -> float:
    """The error on a part of what would be evaluated. Raises DataError where it diverged."""
    rehearse(prepared)
    fitted = fit(prepared, lambda epoch: None)
    choice = choose(prepared, fitted)
    members = members_of(prepared, fitted, choice.published)
    forecaster = prepared.with_share(choice.pretrained).forecaster(onnx_graph(members))
    forecast = forecaster.on_windows(part.windows, part.series)
    require_finite(part, forecast, prepared.layout, log=bool(prepared.config.preprocessing.log))
    error = deciding_error(errors(forecast[..., forecast.shape[-1] // 2], part.actual, part.scale))
    if not math.isfinite(error):
        raise DataError("its error leaves the range of numbers")
    return error
