"""The pretrained network: its sizes, and its weights by name."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lstm_forecast.model.pretrained.inputs import N_CUT, N_STEP
from lstm_forecast.model.pretrained.season import HORIZON
from lstm_forecast.model.pretrained.simple import SIMPLE

__all__ = ["MIDDLE", "QUANTILES", "STRETCHES", "Architecture"]

QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
MIDDLE = len(QUANTILES) // 2
# The last steps of the parts of the horizon that weigh the simple forecasts in ways of their own.
STRETCHES = (1, 2, 4, 8, 16, 28, HORIZON)


@dataclass(frozen=True)
class Architecture:
    """Sizes of the network: a dense layer a step, recurrent layers, each added to what it sees, and
    two dense layers at the cutoff.
    """

    units: int
    layers: int
    hidden: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each weight by name, in the order of the layers."""
        shapes: dict[str, tuple[int, ...]] = {}

        def dense(name: str, width: int, units: int) -> None:
            shapes[f"{name}.kernel"], shapes[f"{name}.bias"] = (width, units), (units,)

        dense("segment", N_STEP, self.units)
        for k in range(self.layers):
            for kind in ("kernel", "recurrent_kernel"):
                shapes[f"recurrent_{k}.{kind}"] = (self.units, 4 * self.units)
            shapes[f"recurrent_{k}.bias"] = (4 * self.units,)
        dense("cut", self.units + N_CUT, self.hidden)
        dense("hidden", self.hidden, self.hidden)
        dense("weights", self.hidden, len(STRETCHES) * len(SIMPLE))
        dense("output", self.hidden, HORIZON * len(QUANTILES))
        return shapes

    @property
    def n_parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(map(math.prod, self.shapes.values()))

    @classmethod
    def of(cls, weights: Mapping[str, np.ndarray]) -> "Architecture":
        """The sizes that the weights have.

        Raises:
            ValueError: they are not the weights of such a network.
        """
        layers = sum(name.endswith(".recurrent_kernel") for name in weights)
        units = weights["segment.bias"].size if "segment.bias" in weights else 0
        hidden = weights["hidden.bias"].size if "hidden.bias" in weights else 0
        found = cls(units, layers, hidden)
        if found.shapes != {name: weight.shape for name, weight in weights.items()}:
            raise ValueError("these are not the weights of a pretrained network of this version")
        return found
