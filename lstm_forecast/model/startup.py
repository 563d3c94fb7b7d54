"""Start of Keras and its backend, which takes seconds and hundreds of megabytes: only training pays for it."""

import os
import sys
import tempfile

__all__ = ["start_keras"]


def start_keras() -> None:
    """Import Keras and touch its device, without the notices that TensorFlow's C++ start prints past Python.

    What was printed is shown after all if the start fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")
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
