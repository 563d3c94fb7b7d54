"""How long a network takes to predict, by ONNX Runtime on one thread.

The clock is that of the thread, which runs while the thread does: what a call takes on an idle
machine, on a busy one.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lstm_forecast.documents import described
from lstm_forecast.forecasting.forecaster import BATCH
from lstm_forecast.model.onnx.session import Session

__all__ = ["Timing", "fastest", "time_network"]

MOST_BATCH_ROWS = 2**17  # of all contexts in a batch: long ones would take gigabytes otherwise
LEAST_SECONDS, LEAST_CALLS = 0.05, 3  # that a median is taken of


@dataclass(frozen=True)
class Timing:
    """Speed of a network, window to prediction, on one thread."""

    latency_ms: float = field(metadata=described("Milliseconds for one window alone."))
    windows_per_second: float = field(
        metadata=described(
            "Windows in a second, in batches of 256, or fewer where contexts have over 512 rows."
        )
    )


def time_network(network: bytes, *, context_length: int, n_features: int) -> Timing:
    """Medians over repeated calls, after one that is not counted.

    What the windows hold does not matter: all steps are observed, and equal.
    """
    session = Session(network, threads=1)
    windows = np.ones(
        (max(1, min(BATCH, MOST_BATCH_ROWS // context_length)), context_length, n_features),
        np.float32,
    )
    one = _median_seconds(lambda: session.predict(windows[:1]))
    batch = _median_seconds(lambda: session.predict(windows))
    return Timing(latency_ms=1000 * one, windows_per_second=len(windows) / batch)


def fastest(timings: Sequence[Timing]) -> Timing:
    """The best of several, for one window and for batches alike."""
    return Timing(
        latency_ms=min(timing.latency_ms for timing in timings),
        windows_per_second=max(timing.windows_per_second for timing in timings),
    )


def _median_seconds(call: Callable[[], object]) -> float:
    call()
    times: list[float] = []
    while len(times) < LEAST_CALLS or sum(times) < LEAST_SECONDS:
        start = time.thread_time()
        call()
        times.append(time.thread_time() - start)
    return statistics.median(times)
