"""What a training will take of the machine's memory, before it starts."""

from collections.abc import Sequence

from lstm_forecast.model.linear.linear import MOST_JUDGING_WINDOWS
from lstm_forecast.model.linear.methods import LONGEST_PAST, room
from lstm_forecast.model.onnx.cells import CELLS
from lstm_forecast.model.onnx.graph import n_parameters
from lstm_forecast.model.spec import NetworkSpec

__all__ = ["training_mib"]

# Measured on Linux: `python -m tests.benchmarks training` prints the peak of a training on ten
# million rows.
BASE_MIB = 840  # TensorFlow and everything else that is imported
# Times the float32 array: what it is made from, and what baselines and scaling take.
TIMES_ARRAY = 3.6
# Arrays like the gates that each step keeps for the way back, in both directions.
TIMES_GATES = 3
# Times the weights: themselves, gradients, two moments, best ones, a checkpoint, what is published
# of them.
TIMES_WEIGHTS = 9
# Times the targets: themselves, what the linear part predicts, what it leaves over.
TIMES_TARGETS = 3
WAITING_BATCHES = 4  # that wait to be trained on
# Arrays like the linear part of a context longer than it looks at: its own, simple ones, those of
# graphs.
TIMES_KERNEL = 8
MIB = 2**20


def training_mib(
    *, rows: int, columns: int, specs: Sequence[NetworkSpec], batch_size: int
) -> float:
    """Peak memory of a training in MiB, about; without ``specs`` what any training takes.

    Networks are trained one after another.
    """
    array = 4 * rows * columns
    networks = max((_network_bytes(spec, batch_size, rows) for spec in specs), default=0)
    return BASE_MIB + (TIMES_ARRAY * array + networks) / MIB


def _network_bytes(spec: NetworkSpec, batch_size: int, rows: int) -> int:
    weights = n_parameters(spec)
    directions = 2 if spec.bidirectional else 1
    gates = CELLS[spec.cell].n_gates + 2  # with the two states
    steps = sum(spec.n_steps * units * directions * gates * TIMES_GATES for units in spec.units)
    window = (
        spec.framing.context_length * spec.channels.n_features
        + TIMES_TARGETS * spec.framing.horizon * spec.channels.n_targets
    )
    outputs = spec.framing.horizon * spec.channels.n_targets * len(spec.quantiles) * TIMES_GATES
    past = min(spec.framing.context_length, LONGEST_PAST)
    ridge = 8 * spec.channels.n_targets * (past + 1) * (2 * past + 8 * spec.framing.horizon)
    kernels = (
        TIMES_KERNEL * spec.channels.n_targets * spec.framing.context_length * spec.framing.horizon
        if past < spec.framing.context_length
        else 0
    )
    judged = room(spec.framing, spec.channels, min(MOST_JUDGING_WINDOWS, rows))
    windows = max(WAITING_BATCHES * batch_size, judged)
    return (
        4 * (TIMES_WEIGHTS * weights + batch_size * (steps + outputs) + windows * window + kernels)
        + ridge
    )
