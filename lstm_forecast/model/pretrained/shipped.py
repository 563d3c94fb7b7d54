"""The files of the pretrained network that come with the package."""

import hashlib
from functools import cache
from importlib.resources import files

__all__ = ["network", "weights_hash"]

FOLDER = files("lstm_forecast.model.pretrained")


def network() -> bytes:
    """The ONNX graph of the shipped network."""
    return FOLDER.joinpath("pretrained.onnx").read_bytes()


@cache
def weights_hash() -> str:
    """SHA-256 of the shipped weights."""
    return hashlib.sha256(FOLDER.joinpath("pretrained.safetensors").read_bytes()).hexdigest()
