"""The linear part of a published network alone: the same file, whose networks add nothing."""

import numpy as np

from lstm_forecast.forecasting.onnx_file import Network, Node, read_network

__all__ = ["linear_alone"]

SHAPING = ("Reshape", "Slice")  # what stands between a network's last layer and its linear part


def linear_alone(content: bytes) -> bytes | None:
    """Take a file of ``onnx_graph`` whose last layers are 0, so that its linear parts, and their
    median, are left over; None where it has none.

    Raises ValueError for a file of another make.
    """
    emptied = bytearray(content)
    # its constants are views of these bytes
    network = read_network(emptied)
    made = {name: node for node in network.nodes for name in node.outputs}
    sums = [node for node in network.nodes if _adds_linear(node, made)]
    for node in sums:
        for name in _last_layer(node, made, network):
            network.constants[name][...] = np.float32(0)
    return bytes(emptied) if sums else None


def _adds_linear(node: Node, made: dict[str, Node]) -> bool:
    """Whether a network and its linear part, which has no quantiles, become a sum here."""
    other = made.get(node.inputs[-1]) if node.operator == "Add" else None
    return other is not None and other.operator == "Unsqueeze"


def _last_layer(node: Node, made: dict[str, Node], network: Network) -> tuple[str, str]:
    """The kernel and the bias of the layer whose output the ``node`` adds to a linear part."""
    layer = made[node.inputs[0]]
    while layer.operator in SHAPING:
        layer = made[layer.inputs[0]]
    product = made.get(layer.inputs[0])
    names = (product.inputs[-1] if product else "", layer.inputs[-1])
    if layer.operator != "Add" or not all(name in network.constants for name in names):
        raise ValueError("a network without a last layer")
    return names
