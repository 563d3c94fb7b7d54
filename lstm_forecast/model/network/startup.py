"""Start of Keras and its backend, which takes seconds and hundreds of megabytes: only training pays
for it.
"""

import contextlib
import ctypes
import logging
import os
import socket
import sys
from collections.abc import Iterator

from lstm_forecast.libraries import temporary_files_in, without_notices

__all__ = ["backend", "devices", "start_keras"]

# Parameters of glibc's mallopt(3) and the values for training.
# M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD
HEAP = {-3: 32 * 2**20, -1: 256 * 2**20, -2: 64 * 2**20}


def start_keras() -> None:
    """Import Keras and touch its device, without what it and TensorFlow do beside that.

    Their C++ start prints notices past Python, which are shown after all if the start fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")
    _keep_freed_memory()
    with without_notices(), _without_traces():
        import keras

        keras.ops.zeros(1)
    # it warns of networks that are built one after another
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def backend() -> str:
    """The library that computes for Keras, by the name of its package: ``KERAS_BACKEND`` chooses
    it.
    """
    import keras

    return str(keras.backend.backend())


def devices() -> tuple[str, ...]:
    """What Keras computes on, such as ``cpu:0`` or ``gpu:0``."""
    import keras

    return tuple(keras.distribution.list_devices())


@contextlib.contextmanager
def _without_traces() -> Iterator[None]:
    """Keep imports from opening sockets, and from reading and writing files of the user's.

    Keras reads and writes ``keras.json`` at home, or in ``/tmp`` where anybody could have put one,
    and imports Matplotlib, which makes folders and caches. What TensorFlow imports asks for a
    writable place, and binds a socket to learn of IPv6 (urllib3).
    """
    home, has_ipv6, socket.has_ipv6 = os.environ.get("KERAS_HOME"), socket.has_ipv6, False
    os.environ["KERAS_HOME"] = os.devnull
    absent = sys.modules.setdefault("matplotlib", None) is None  # type: ignore[arg-type]
    try:
        with temporary_files_in(os.devnull):
            yield
    finally:
        socket.has_ipv6 = has_ipv6
        if home is None:
            del os.environ["KERAS_HOME"]
        else:
            os.environ["KERAS_HOME"] = home
        if absent:
            del sys.modules["matplotlib"]


def _keep_freed_memory() -> None:
    """Let glibc reuse what a training step freed in the next step.

    By default it gives the memory back to the system and faults it in again page by page: 10,000
    page faults and 40 % of the time of a step, as measured with 128 units and batches of 256.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for parameter, value in HEAP.items():
            library.mallopt(parameter, value)
