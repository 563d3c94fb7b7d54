"""How ONNX' recurrent operators compute Keras' cells: gate orders, attributes, weight layouts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstm_forecast.config.network import Cell

__all__ = ["CELLS", "OnnxCell", "cell_inputs", "cell_shapes"]


@dataclass(frozen=True)
class OnnxCell:
    """How ONNX computes a Keras cell."""

    operator: str
    n_gates: int  # in Keras
    # the Keras gate that each ONNX gate is; -1: ONNX ignores that gate's weights
    order: tuple[int, ...]
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def n_states(self) -> int:
        """What a step hands to the next: h, and in an LSTM c."""
        return 2 if self.operator == "LSTM" else 1


# Keras has i, f, c, o and z, r, h; ONNX has i, o, f, c and z, r, h. The coupled cell has i, c, o:
# with `input_forget`, ONNX Runtime computes f = 1 - i and never reads the weights of f.
CELLS: dict[Cell, OnnxCell] = {
    "lstm": OnnxCell("LSTM", 4, (0, 3, 1, 2)),
    "peephole_lstm": OnnxCell("LSTM", 4, (0, 3, 1, 2)),
    "coupled_lstm": OnnxCell("LSTM", 3, (0, 2, -1, 1), {"input_forget": 1}),
    "gru": OnnxCell("GRU", 3, (0, 1, 2), {"linear_before_reset": 1}),
    "rnn": OnnxCell("RNN", 1, (0,)),
}


def cell_shapes(cell: Cell, width: int, units: int) -> dict[str, tuple[int, ...]]:
    """List the shape of each weight of a recurrent layer by its name in Keras."""
    columns = CELLS[cell].n_gates * units
    bias = (2, columns) if cell == "gru" else (columns,)
    shapes: dict[str, tuple[int, ...]] = {
        "kernel": (width, columns),
        "recurrent_kernel": (units, columns),
        "bias": bias,
    }
    return shapes | ({"peephole": (3, units)} if cell == "peephole_lstm" else {})


def cell_inputs(weights: Mapping[str, np.ndarray], prefix: str, cell: OnnxCell) -> list[np.ndarray]:
    """Reorder to ONNX: W (gates * units, features), R (gates * units, units), biases (flat),
    peepholes (flat).
    """

    def ordered(weight: np.ndarray) -> np.ndarray:
        gates = np.split(weight, cell.n_gates, axis=-1)
        ignored = np.zeros_like(gates[0])
        return np.concatenate(
            [ignored if gate < 0 else gates[gate] for gate in cell.order], axis=-1
        )

    # Keras' GRU alone has a second, recurrent row
    bias = np.atleast_2d(ordered(weights[f"{prefix}.bias"]))
    biases = np.concatenate([bias, np.zeros_like(bias)])[:2].ravel()
    inputs = [
        ordered(weights[f"{prefix}.kernel"]).T,
        ordered(weights[f"{prefix}.recurrent_kernel"]).T,
        biases,
    ]
    if (peephole := weights.get(f"{prefix}.peephole")) is not None:
        inputs.append(peephole[[0, 2, 1]].ravel())  # i, f, o in Keras; i, o, f in ONNX
    return inputs
