"""A published network, run by ONNX Runtime."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Session"]

Floats = NDArray[np.float32]


class Session:
    """Runs the network of a run. Holds the ONNX Runtime session, which is costly to build."""

    def __init__(self, network: bytes, *, threads: int = 0) -> None:
        """``threads``: at most as many; 0: one for every core."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors only: stderr is ours
        self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

    def predict(self, inputs: Floats) -> Floats:
        """Normalised windows (n, context_length, n_features) to predictions (n, horizon, n_targets, n_quantiles).

        Quantiles come out ascending: sorting them where the network crosses them never worsens their pinball loss
        (Chernozhukov et al. 2010, "Quantile and probability curves without crossing").
        """
        (prediction,) = self._session.run(["prediction"], {"window": inputs})
        return np.sort(prediction, axis=-1)
