"""One training at a time in a process that does other things, too."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lstm_forecast.errors import Stopped

__all__ = ["alone"]

ONE_TRAINING = threading.Lock()


@contextmanager
def alone() -> Iterator[None]:
    """Train inside, one training at a time in a process, and leave no trace in it.

    Trainings set the seeds of Python and NumPy, and wait with signals: random states are put back,
    and a signal goes to whoever handles it, so that Ctrl-C is KeyboardInterrupt again.
    """
    import random

    import numpy as np

    with ONE_TRAINING:
        states = random.getstate(), np.random.get_state()
        try:
            yield
        except Stopped as stop:
            signal.raise_signal(stop.exit_code - 128)
            raise
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
