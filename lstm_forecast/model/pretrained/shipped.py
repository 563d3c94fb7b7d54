"""The files of the pretrained network that come with the package."""

import hashlib
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["network", "weights", "weights_hash"]

FOLDER = files("lstm_forecast.model.pretrained")


def network() -> bytes:
    """The ONNX graph of the shipped network."""
    return FOLDER.joinpath("pretrained.onnx").read_bytes()


def weights() -> dict[str, NDArray[np.float32]]:
    """The shipped weights by name, as ``Architecture.shapes`` has them."""
    from safetensors.numpy import load

    return load(_weights())


@cache
def weights_hash() -> str:
    """SHA-256 of the shipped weights."""
    return hashlib.sha256(_weights()).hexdigest()


def _weights() -> bytes:
    return FOLDER.joinpath("pretrained.safetensors").read_bytes()
