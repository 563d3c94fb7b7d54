"""Champion and challenger on the newest windows that neither was trained on."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import LoadedRun
from lstm_forecast.judging.baselines import seasonal_naive
from lstm_forecast.judging.metrics import seasonal_scale
from lstm_forecast.judging.promotion import Verdict, judge, window_losses
from lstm_forecast.panel.holes import history
from lstm_forecast.panel.panel import Panel
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import make_windows

__all__ = ["judge_challenger"]

MAX_WINDOWS = 20_000  # about
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
    have, ``unseen`` the first row that neither knows. Series that the champion does not know play
    no part.
    """
    known = champion.forecaster.scaler.indices(panel.layout.ids) >= 0
    layout, kept = panel.layout, np.repeat(known, panel.layout.lengths)
    shift = np.concatenate(([0], np.cumsum(~kept)))  # rows that go before each row
    learned, unseen = ((rows - shift[rows])[known] for rows in (learned, unseen))
    panel = panel.only(known)
    layout, sides = panel.layout, (champion.forecaster, challenger)
    own = panel.values[:, : config.n_outputs]
    horizon = min(champion.config.windows.horizon, config.windows.horizon)
    rows = int((layout.offsets[1:] - unseen).sum())
    stride = max(1, math.ceil(rows / MAX_WINDOWS))
    framing = Framing(
        context_length=max(side.framing.context_length for side in sides),
        horizon=horizon,
        stride=stride,
    )
    channels = Channels(
        n_targets=config.n_outputs,
        n_flagged=config.n_outputs if config.data.masks else 0,
        padded=all(side.channels.padded for side in sides),
    )
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
    season = config.windows.season_length
    bounds = zip(layout.offsets[:-1], learned, strict=True)
    scale = np.array([seasonal_scale(own[start:end], season) for start, end in bounds])[series][
        :, None
    ]
    measured = (scale > 0).any(axis=(1, 2))
    if measured.any():  # windows without a scale have no loss beside those that have one
        origins, floors, series, scale = (
            each[measured] for each in (origins, floors, series, scale)
        )
    common = sorted(set(champion.forecaster.quantiles) & set(challenger.quantiles))
    actual = own[origins[:, None] + np.arange(horizon)]
    # One that was trained on whole columns sees no hole: those of a policy that is new.
    whole = replace(panel, values=history(panel.values, layout.spans, season))

    def losses(side: Forecaster) -> NDArray[np.float64]:
        if not len(origins):
            return np.empty(0)
        index = side.scaler.indices(layout.ids)[series]
        seen = panel if side.channels.n_flagged else whole
        forecast = side.ahead(side.scaler.transform(seen), origins, floors, index, steps=horizon)
        shared = [side.quantiles.index(level) for level in common]
        return window_losses(forecast[..., shared], actual, quantiles=common, scale=scale)

    past = whole.values[:, : config.n_outputs]
    naive = seasonal_naive(past, origins, floors, horizon=horizon, season_length=season)[..., None]
    return judge(
        champion=losses(champion.forecaster),
        challenger=losses(challenger),
        seasonal_naive=window_losses(naive, actual, quantiles=(0.5,), scale=scale),
        origins=layout.ordinals(origins),
        block=math.ceil(horizon / stride),
        tolerance=config.retrain.tolerance,
        confidence=config.retrain.confidence,
        seed=config.seed,
    )
