"""The network of a run, read only if it is no larger, and does no more, than the run's config
needs.
"""

from dataclasses import dataclass
from itertools import pairwise

from lstm_forecast.config.network import ModelConfig
from lstm_forecast.forecasting.onnx_file import read_network
from lstm_forecast.forecasting.tracing import require_bounded
from lstm_forecast.model.linear.smoothing import N_METHODS, most_numbers
from lstm_forecast.model.pretrained.architecture import QUANTILES
from lstm_forecast.model.pretrained.season import LAGS, STEPS
from lstm_forecast.store import Run
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

__all__ = ["Demands", "require_sound", "sound_network", "sound_pretrained"]

MORE_FEATURES = 64  # of a window, beside the columns that are scaled
WIDEST_STEP = 2_048  # numbers of a recurrent step of the pretrained network


@dataclass(frozen=True)
class Demands:
    """What a network of a config needs at most."""

    inputs: tuple[int, int]  # (context_length, any number of features)
    outputs: tuple[int, int, int]  # (horizon, n_targets, n_quantiles)
    largest: int  # numbers in the largest array of a window
    most_bytes: int  # of its file

    @classmethod
    def of(
        cls, model: ModelConfig, framing: Framing, channels: Channels, *, season_length: int
    ) -> "Demands":
        """What a network of the resolved section ``model`` needs for such windows."""
        context_length, horizon, n_targets = (
            framing.context_length,
            framing.horizon,
            channels.n_targets,
        )
        features = channels.n_columns + channels.n_flagged + MORE_FEATURES
        outputs = horizon * n_targets * len(model.quantiles)
        widths = [
            model.segment_length * features,
            *([model.segment_units] if model.segment_units else []),
            *(2 * units for units in model.units),
            *model.dense,
            model.segment_length * outputs,
        ]
        steps = context_length + horizon + model.segment_length
        # 4 gates, 2 directions
        weights = sum(8 * (width + units + 4) * units for width, units in pairwise(widths))
        linear = horizon * (context_length + features + 2) * n_targets
        smoothing = most_numbers(context_length, horizon, season_length=season_length)
        return cls(
            inputs=(context_length, -1),
            outputs=(horizon, n_targets, len(model.quantiles)),
            largest=4 * steps * max(features, N_METHODS * n_targets, *widths[1:]),
            most_bytes=model.ensemble * (4 * (weights + linear + smoothing) + 2**16),
        )


def sound_network(run: Run, demands: Demands, *, evaluated: bool) -> bytes:
    """The ONNX file, checked.

    Raises RunError if the file is damaged or too large, ValueError if it holds anything but a
    network of the config.
    """
    name = "evaluated.onnx" if evaluated else "network.onnx"
    content = run.read(name, limit=demands.most_bytes)
    require_sound(content, demands)
    return content


def sound_pretrained(run: Run, *, horizon: int) -> bytes:
    """The pretrained network of a run, checked; raises as ``sound_network`` does."""
    content = run.read("pretrained.onnx")
    network = read_network(content)
    _, length, *_ = network.inputs.get("window", (-1, -1))
    if not 0 < length <= STEPS * LAGS:
        raise ValueError(f"a pretrained network that sees {length} values")
    require_bounded(
        network,
        inputs=(length, 2),
        outputs=(horizon, len(QUANTILES)),
        # each window, mirrored, and behind it the paths of all quantiles
        largest=2 * len(QUANTILES) * (STEPS * WIDEST_STEP + len(QUANTILES) * horizon),
    )
    return content


def require_sound(content: bytes, demands: Demands) -> None:
    """Raise ValueError if an ONNX file holds anything but a network of the config, or more."""
    if len(content) > demands.most_bytes:
        raise ValueError(
            f"a network of {len(content):,} bytes, and its config needs {demands.most_bytes:,} at"
            " most"
        )
    require_bounded(
        read_network(content),
        inputs=demands.inputs,
        outputs=demands.outputs,
        largest=demands.largest,
    )
