"""Start of Keras and its backend, which takes seconds and hundreds of megabytes: only training pays for it."""

import ctypes
import os
import sys
import tempfile

__all__ = ["start_keras"]

# Parameters of glibc's mallopt(3) and the values for training.
HEAP = {-3: 32 * 2**20, -1: 256 * 2**20, -2: 64 * 2**20}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD


def start_keras() -> None:
    """Import Keras and touch its device, without the notices that TensorFlow's C++ start prints past Python.

    What was printed is shown after all if the start fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")
    _keep_freed_memory()
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            import keras

            keras.ops.zeros(1)
        except BaseException:
            notices.seek(0)
            os.write(terminal, notices.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def _keep_freed_memory() -> None:
    """Let glibc reuse what a training step freed in the next step.

    By default it gives the memory back to the system and faults it in again page by page: 10,000 page faults and 40 %
    of the time of a step, as measured with 128 units and batches of 256.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for parameter, value in HEAP.items():
            library.mallopt(parameter, value)
