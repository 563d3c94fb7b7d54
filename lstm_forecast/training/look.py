"""Short looks at what was held back: how well a linear part would forecast it, for one set of
choices or another.

The validation part is one fold; the rows before it, with what lies before them to learn from, are
others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.judging.metrics import errors
from lstm_forecast.judging.parts import seasonal_scales
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.linear.methods import room
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.scale import Scaler, fit_config_scaler
from lstm_forecast.panel.split import Split
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import make_windows

__all__ = ["Choice", "Looks"]

# Windows that a look learns from, and is judged by.
LEARNING_WINDOWS, JUDGING_WINDOWS = 10_000, 2_000
FOLDS = 3  # as a single part says much about its own months and little about others
# Share of the rows that is left to learn from in every fold: with less, other choices would be
# right.
LEARNED_SHARE = 0.8
CLEAR_GAIN = 0.01  # share by which a choice has to be better than a preferred one


@dataclass(frozen=True)
class Choice:
    """What a look compares."""

    log: bool
    normalisation: str
    context_length: int
    linear: str


@dataclass
class Looks:
    """Validation errors of linear parts, for one choice after another."""

    panel: Panel
    split: Split
    config: Config
    errors: dict[Choice, float] = field(default_factory=dict)
    scaled: dict[bool, tuple[Scaler, NDArray[np.float32]]] = field(default_factory=dict)

    def best(self, candidates: Sequence[Choice]) -> Choice:
        """The candidate with the smallest error; an earlier one where the difference is small."""
        for candidate in candidates:
            if candidate not in self.errors:
                self.errors[candidate] = self._error(candidate)
        best = candidates[0]
        for candidate in candidates[1:]:
            if self.errors[candidate] < (1 - CLEAR_GAIN) * self.errors[best]:
                best = candidate
        return best

    def reason(self, best: Choice) -> str:
        """Why that choice, in words."""
        tried = [error for error in self.errors.values() if math.isfinite(error)]
        if len(tried) < 2:
            return "nothing else could be tried on the validation part"
        return (
            f"validation error of the linear part {self.errors[best]:.4g}; {len(tried)} choices up"
            f" to {max(tried):.4g}"
        )

    @cached_property
    def _scales(self) -> NDArray[np.float64]:
        """What MASE divides by, (n_series, n_targets): the same for every choice."""
        return seasonal_scales(
            self.panel.values[:, : self.config.n_outputs],
            self.split.train_start,
            self.split.validation_start,
            self.config.windows.season_length,
        )

    def _error(self, choice: Choice) -> float:
        """Mean absolute scaled error over the folds; infinite where there is nothing to learn or to
        judge.
        """
        update = {"normalisation": choice.normalisation, "context_length": choice.context_length}
        config = self.config.model_copy(
            update={"windows": self.config.windows.model_copy(update=update)}
        )
        if choice.log not in self.scaled:
            chosen = config.preprocessing.model_copy(update={"log": choice.log})
            scaler = fit_config_scaler(
                chosen, self.panel, self.split.validation_start, outliers=self.config.data.outliers
            )
            # One at a time: they are as large as the panel.
            self.scaled = {choice.log: (scaler, scaler.transform(self.panel))}
        found = [
            error
            for fold in range(FOLDS)
            if (error := self._fold_error(config, choice, fold)) is not None
        ]
        return float(np.mean(found)) if found else math.inf

    def _fold_error(self, config: Config, choice: Choice, fold: int) -> float | None:
        """Error on as many rows as the validation part has, ``fold`` times as many earlier; None if
        few are left.
        """
        panel, split, (scaler, values) = self.panel, self.split, self.scaled[choice.log]
        rows = split.test_start - split.validation_start
        if np.median(fold * rows) > (1 - LEARNED_SHARE) * np.median(
            split.validation_start - split.train_start
        ):
            return None
        start, end = (
            split.train_start,
            np.maximum(split.validation_start - fold * rows, split.train_start),
        )
        framing = Framing.of(config.windows, statistics_length=config.statistics_length)
        channels = Channels.of(config.data, n_targets=config.n_outputs, padded=True)
        cut = partial(make_windows, panel.layout, values)
        learned = cut(framing, channels, part_starts=start, part_ends=end)
        every = framing.with_stride(1)
        judged = cut(every, channels, part_starts=end, part_ends=end + rows)
        if not len(learned) or not len(judged):
            return None
        linear = fit_linear(
            learned,
            season_length=config.windows.season_length,
            kind=choice.linear,
            limit=LEARNING_WINDOWS,
        )
        count = min(room(every, channels, JUDGING_WINDOWS), len(judged))
        index = np.linspace(0, len(judged) - 1, count).astype(np.int64)
        batch, (origins, _) = judged.batch(index), judged.origins(index)
        series = panel.layout.series_of(origins - 1)
        prediction = linear.predict(batch.inputs) * batch.scale + batch.center
        # Not cut to preprocessing.support, see choose.
        forecast = scaler.invert(prediction, series, n_targets=config.n_outputs)
        actual = panel.values[
            origins[:, None] + np.arange(config.windows.horizon), : config.n_outputs
        ]
        error = errors(forecast, actual, self._scales[series][:, None]).mase
        return error if error is None or math.isfinite(error) else math.inf
