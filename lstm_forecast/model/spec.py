"""What a network is made of, as plain values: enough to rebuild it, and nothing that could run
code.
"""

from dataclasses import dataclass

from lstm_forecast.config.network import Activation, Cell, Initializer
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

__all__ = ["NetworkSpec"]


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """Hyper-parameters that decide the layers of a network and the shapes of its weights."""

    framing: Framing
    channels: Channels
    quantiles: tuple[float, ...]  # ascending; (0.5,) for a point forecast
    cell: Cell = "lstm"
    units: tuple[int, ...] = (64,)  # one recurrent layer each
    bidirectional: bool = False
    segment_length: int = 1  # steps folded into one recurrent step; divides context_length
    segment_units: int = 0  # width of the Dense layer on each segment; 0: none
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    dense: tuple[int, ...] = ()  # hidden Dense layers after the recurrent ones
    activation: Activation = "relu"  # of the segment and hidden Dense layers
    # decode output segments by one more step of the last recurrent layer each
    parallel: bool = False
    zero_output: bool = False  # start from a prediction of 0: the network corrects a linear part
    kernel_initializer: Initializer = "glorot_uniform"
    recurrent_initializer: Initializer = "orthogonal"
    seed: int = 0

    @property
    def n_steps(self) -> int:
        """Recurrent steps per window."""
        return self.framing.context_length // self.segment_length

    @property
    def n_segments(self) -> int:
        """Output segments, the last of which may reach past the horizon; 1 if all steps come out at
        once.
        """
        return -(-self.framing.horizon // self.segment_length) if self.parallel else 1

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """(steps, n_targets, n_quantiles) of one output segment."""
        steps = self.segment_length if self.parallel else self.framing.horizon
        return steps, self.channels.n_targets, len(self.quantiles)
