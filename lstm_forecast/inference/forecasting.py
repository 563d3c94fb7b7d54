"""From scaled values to forecasts in original units: window, network, and everything undone on the way out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.data.scale import Scaler
from lstm_forecast.data.windows import Windows, gather_contexts, normalised
from lstm_forecast.inference.session import Session

__all__ = ["Forecaster"]

BATCH = 256  # larger ones are no faster, and ONNX Runtime keeps the memory of the largest
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Forecaster:
    """A network with the scaling around it. Forecasts are (n, horizon, n_targets, n_quantiles)."""

    session: Session
    scaler: Scaler
    n_targets: int
    context_length: int
    normalisation: str
    padded: bool
    span: int | None = None
    horizon: int = 0  # of the network: how far ahead the columns known ahead are seen
    n_ahead: int = 0  # such columns, before the static ones
    n_static: int = 0  # the last columns

    def on_windows(self, windows: Windows, series: Ints) -> Floats:
        """Forecasts of all windows; ``series`` (n_windows,) are rows of the scaler."""
        parts = []
        for start, batch in zip(range(0, len(windows), BATCH), windows.batches(BATCH), strict=True):
            prediction = self.session.predict(batch.inputs) * batch.scale[..., None] + batch.center[..., None]
            parts.append(self.scaler.invert(prediction, series[start : start + BATCH], n_targets=self.n_targets))
        return np.concatenate(parts)

    def ahead(self, values: NDArray[np.float32], origins: Ints, floors: Ints, series: Ints, *, steps: int) -> Floats:
        """Forecasts of the ``steps`` rows from each origin on.

        Columns known ahead must have their rows up to the network's horizon; nothing else behind an origin is read.
        Beyond that horizon the median forecast becomes the newest part of the context, which needs a network
        without covariates; its intervals then widen as if the errors of successive horizons were independent.
        Shapes of the others are (n,), see Windows.origins.
        """
        parts, n_own = [], values.shape[1] - self.n_ahead - self.n_static
        shifted = slice(n_own, n_own + self.n_ahead)
        for start in range(0, len(origins), BATCH):
            part = slice(start, start + BATCH)
            contexts, observed = gather_contexts(
                values, origins[part], floors[part], self.context_length, shifted=shifted, shift=self.horizon
            )
            prediction = self._roll(contexts, observed, steps, n_own)
            parts.append(self.scaler.invert(prediction, series[part], n_targets=self.n_targets))
        return np.concatenate(parts)

    def _roll(
        self, contexts: NDArray[np.float32], observed: NDArray[np.bool_] | None, steps: int, n_own: int
    ) -> NDArray[np.float32]:
        """Scaled predictions (n, steps, n_targets, n_quantiles), one horizon after another."""
        blocks: list[NDArray[np.float32]] = []
        carried = np.zeros(1, np.float32)  # distance of the quantiles from the median at the end of the last block
        while True:
            inputs, center, scale = normalised(
                contexts, observed, self.normalisation, padded=self.padded, span=self.span, n_own=n_own
            )
            center, scale = center[..., : self.n_targets, None], scale[..., : self.n_targets, None]
            block = self.session.predict(inputs) * scale + center
            median: NDArray[np.float32] = block[..., block.shape[-1] // 2]
            distance = block - median[..., None]  # of the quantiles from the median
            if blocks:
                distance = np.sign(distance) * np.sqrt(distance**2 + carried**2)
                block = median[..., None] + distance
            carried = distance[:, -1:]
            blocks.append(block)
            if len(blocks) * blocks[0].shape[1] >= steps:
                return np.concatenate(blocks, axis=1)[:, :steps]
            contexts = np.concatenate([contexts, median], axis=1)[:, -self.context_length :]
            if observed is not None:
                seen = np.ones(median.shape[:2], bool)
                observed = np.concatenate([observed, seen], axis=1)[:, -self.context_length :]
