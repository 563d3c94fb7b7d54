"""A published network, run by ONNX Runtime."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.errors import RunError
from lstm_forecast.libraries import without_notices

__all__ = ["Session"]

Floats = NDArray[np.float32]
# The last rows of a product of matrices, where they fill no block, are summed in another order.
ROW_BLOCK = 8
LEAST_ROWS = 64  # that are worth a thread of their own


class Session:
    """Runs the network of a run. Holds the ONNX Runtime session, which is costly to build.

    Rows are shared out to threads here, as ONNX Runtime would share out sums: what comes out for a
    window has the same bits whatever windows are beside it, and however many cores there are.
    Raises ValueError if ONNX Runtime cannot run the network.
    """

    def __init__(self, network: bytes, *, threads: int = 0) -> None:
        """``threads``: at most as many; 0: one for every core."""
        with without_notices():  # of devices that it looks for and does not find
            import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
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
        self._network = network
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads)  # which starts no thread before it is used

    def __reduce__(self) -> tuple[Any, ...]:
        """Build the session again in a process that this one is sent to; in one thread, as such
        processes share the cores.
        """
        return partial(Session, threads=1), (self._network,)

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
        """The output ``prediction`` for inputs by name, (n, ...) each."""
        count = len(next(iter(inputs.values())))
        if self._threads == 1 or count < 2 * LEAST_ROWS:
            return self._run_rows(inputs)
        size = max(LEAST_ROWS, -(-count // self._threads))
        parts = [
            {name: rows[start : start + size] for name, rows in inputs.items()}
            for start in range(0, count, size)
        ]
        return np.concatenate(list(self._pool.map(self._run_rows, parts)))

    def _run_rows(self, inputs: Mapping[str, Floats]) -> Floats:
        """The same in this thread, with whole blocks of rows."""
        count = len(next(iter(inputs.values())))
        if beside := -count % ROW_BLOCK:
            inputs = {
                name: np.concatenate([rows, np.repeat(rows[-1:], beside, axis=0)])
                for name, rows in inputs.items()
            }
        (prediction,) = self._session.run(["prediction"], inputs)
        return np.asarray(prediction)[:count]
