"""The share of a run's forecasts that the pretrained network has, from as much of the past as that
looks at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.forecasting.pretrained import at_quantiles
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.windows.channels import Channels

__all__ = ["PretrainedShare"]

Floats = NDArray[np.float64]
Single = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PretrainedShare:
    """The pretrained network, and how much of the forecast is its."""

    session: Session  # of a graph as of ``window_graph``
    share: float  # above 0, at most 1

    def past(self, values: Single, origins: Ints, floors: Ints, channels: Channels) -> Single:
        """Targets before each origin, NaN where nothing was observed: (n, context_length,
        n_targets); shapes are those of ``Windows.origins``.
        """
        rows = origins[:, None] + np.arange(-self.session.context_length, 0)
        taken = values[np.maximum(rows, floors[:, None]), channels.targets]
        return np.where((rows >= floors[:, None])[..., None], taken, np.float32(np.nan))

    def predict(self, past: Single, quantiles: Sequence[float]) -> Floats:
        """What the pretrained network predicts from the ``past``, in its units: (n, horizon,
        n_targets, n_quantiles).
        """
        n, length, n_targets = past.shape
        own = past.transpose(0, 2, 1).reshape(-1, length)
        seen = ~np.isnan(own)
        window = np.stack([np.where(seen, own, 0), seen], axis=2).astype(np.float32)
        forecast = at_quantiles(self.session.predict(window).astype(np.float64), quantiles)
        return forecast.reshape(n, n_targets, *forecast.shape[1:]).transpose(0, 2, 1, 3)

    def mixed(self, prediction: Single, past: Single, quantiles: Sequence[float]) -> Single:
        """The mean of a ``prediction`` (n, horizon, n_targets, n_quantiles) and of the pretrained
        network's from the ``past``, weighted by its share; both are in the same units.
        """
        theirs = self.predict(past, quantiles)
        return np.asarray((1 - self.share) * prediction + self.share * theirs, np.float32)
