"""A published network, run by ONNX Runtime."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.errors import RunError
from lstm_forecast.libraries import without_notices

__all__ = ["Session"]

Floats = NDArray[np.float32]


class Session:
    """Runs the network of a run. Holds the ONNX Runtime session, which is costly to build.

    Raises ValueError if ONNX Runtime cannot run the network.
    """

    def __init__(self, network: bytes, *, threads: int = 0) -> None:
        """``threads``: at most as many; 0: one for every core."""
        with without_notices():  # of devices that it looks for and does not find
            import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # what it says about a network that it refuses is in the error too
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                network, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its classes have no base of their own
            raise ValueError(
                f"ONNX Runtime refuses it: {str(error).splitlines()[0][:200]}"
            ) from None

    @property
    def context_length(self) -> int:
        """Rows of a window."""
        return int(self._session.get_inputs()[0].shape[1])

    def predict(self, inputs: Floats) -> Floats:
        """Normalised windows (n, context_length, n_features) to predictions (n, horizon, n_targets,
        n_quantiles).

        Quantiles come out ascending: sorting them where the network crosses them never worsens
        their pinball loss (Chernozhukov et al. 2010, "Quantile and probability curves without
        crossing"). Raises RunError if the network cannot be run.
        """
        try:
            prediction = self.run({"window": inputs})
        except Exception as error:
            raise RunError(
                f"the network of the run cannot be run: {str(error)[:200]!r}; train again"
            ) from None
        return np.sort(prediction, axis=-1)

    def run(self, inputs: Mapping[str, Floats]) -> Floats:
        """The output ``prediction`` for inputs by name."""
        (prediction,) = self._session.run(["prediction"], inputs)
        return np.asarray(prediction)
