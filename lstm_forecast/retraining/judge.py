"""Champion and challenger on the newest windows that neither was trained on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import LoadedRun
from lstm_forecast.judging.baselines import seasonal_naive
from lstm_forecast.judging.parts import seasonal_scales
from lstm_forecast.judging.promotion import Verdict, judge, window_losses
from lstm_forecast.panel.holes import history
from lstm_forecast.panel.panel import Panel
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import make_windows

__all__ = ["judge_challenger"]

MOST_JUDGING_WINDOWS = 20_000  # about: of more, every second, third and so on judges
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def judge_challenger(
    champion: LoadedRun,
    challenger: Forecaster,
    config: Config,
    panel: Panel,
    *,
    learned: Ints,
    unseen: Ints,
) -> Verdict:
    """Compare the champion with a challenger of that resolved config.

    ``learned`` (n_series,) is the row behind the last one that the challenger's training part could
    have, ``unseen`` the first row that neither was trained on. Only series of the champion count.
    """
    shared = champion.forecaster.scaler.indices(panel.layout.ids) >= 0
    learned, unseen = _moved(learned, shared, panel), _moved(unseen, shared, panel)
    panel = panel.only(shared)
    horizon = min(champion.config.windows.horizon, config.windows.horizon)
    stride = max(1, math.ceil((panel.layout.offsets[1:] - unseen).sum() / MOST_JUDGING_WINDOWS))
    sides = champion.forecaster, challenger
    longest = max(side.framing.context_length for side in sides)
    framing = Framing(context_length=longest, horizon=horizon, stride=stride)
    channels = Channels(
        n_targets=config.n_outputs,
        n_flagged=config.n_outputs if config.data.masks else 0,
        padded=all(side.channels.padded for side in sides),
    )
    season = config.windows.season_length
    task = _Task.of(panel, framing, channels, learned=learned, unseen=unseen, season=season)
    levels = sorted(set(champion.forecaster.quantiles) & set(challenger.quantiles))
    return judge(
        champion=task.losses(champion.forecaster, levels),
        challenger=task.losses(challenger, levels),
        seasonal_naive=task.naive_losses(season),
        origins=panel.layout.ordinals(task.origins),
        block=math.ceil(horizon / stride),
        tolerance=config.retrain.tolerance,
        confidence=config.retrain.confidence,
        seed=config.seed,
    )


def _moved(rows: Ints, kept: NDArray[np.bool_], panel: Panel) -> Ints:
    """Rows (n_series,) of a panel as those of ``panel.only(kept)``."""
    gone_before = np.concatenate(([0], np.cumsum(~np.repeat(kept, panel.layout.lengths))))
    return np.asarray((rows - gone_before[rows])[kept])


@dataclass(frozen=True)
class _Task:
    """Windows that both have to forecast, of the same origins and steps."""

    panel: Panel
    # One that was trained on whole columns sees no hole: those of a policy that is new.
    whole: Panel
    horizon: int
    origins: Ints  # (n,): rows of the first targets
    floors: Ints  # (n,): first rows that the contexts may hold
    series: Ints  # (n,)
    scale: Floats  # (n, 1, n_targets): that errors are divided by

    @classmethod
    def of(
        cls,
        panel: Panel,
        framing: Framing,
        channels: Channels,
        *,
        learned: Ints,
        unseen: Ints,
        season: int,
    ) -> "_Task":
        """All windows whose targets are ``unseen``, scaled by what the challenger ``learned``."""
        layout, own = panel.layout, panel.values[:, : channels.n_targets]
        windows = make_windows(
            layout,
            own.astype(np.float32),
            framing,
            channels,
            part_starts=unseen,
            part_ends=layout.offsets[1:],
            latest=True,
        )
        origins, floors = windows.origins(np.arange(len(windows)))
        series = layout.series_of(origins - 1)
        scales = seasonal_scales(own, layout.offsets[:-1], learned, season)
        whole = replace(panel, values=history(panel.values, layout.spans, season))
        scale = scales[series][:, None]
        task = cls(panel, whole, framing.horizon, origins, floors, series, scale)
        return task.only(np.asarray((scale > 0).any(axis=(1, 2))))

    def only(self, measured: NDArray[np.bool_]) -> "_Task":
        """The windows whose errors can be scaled, if there are any: the others have no loss beside
        these.
        """
        if not measured.any():
            return self
        return replace(
            self,
            origins=self.origins[measured],
            floors=self.floors[measured],
            series=self.series[measured],
            scale=self.scale[measured],
        )

    @property
    def actual(self) -> Floats:
        """What came, (n, horizon, n_targets)."""
        rows = self.origins[:, None] + np.arange(self.horizon)
        return self.panel.values[rows, : self.scale.shape[2]]

    def losses(self, side: Forecaster, levels: Sequence[float]) -> Floats:
        """Losses (n,) of one side's quantiles of these levels."""
        if not len(self.origins):
            return np.empty(0)
        seen = self.panel if side.channels.n_flagged else self.whole
        index = side.scaler.indices(seen.layout.ids)[self.series]
        values = side.scaler.transform(seen)
        forecast = side.ahead(values, self.origins, self.floors, index, steps=self.horizon)
        shared = [side.quantiles.index(level) for level in levels]
        return window_losses(forecast[..., shared], self.actual, quantiles=levels, scale=self.scale)

    def naive_losses(self, season: int) -> Floats:
        """Losses (n,) of the seasonal naive forecast."""
        past = self.whole.values[:, : self.scale.shape[2]]
        forecast = seasonal_naive(
            past, self.origins, self.floors, horizon=self.horizon, season_length=season
        )
        return window_losses(forecast[..., None], self.actual, quantiles=(0.5,), scale=self.scale)
