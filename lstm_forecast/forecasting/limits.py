"""The network of a run, read only if it is no larger, and does no more, than the run's config
needs.
"""

from itertools import pairwise

from lstm_forecast.config.schema import Config
from lstm_forecast.forecasting.onnx_file import read_network
from lstm_forecast.forecasting.tracing import require_bounded
from lstm_forecast.model.linear.smoothing import N_METHODS, most_numbers
from lstm_forecast.store import Run

__all__ = ["require_sound", "sound_network"]

MORE_FEATURES = 64  # of a window, beside the columns that are scaled


def sound_network(run: Run, config: Config, *, n_columns: int, evaluated: bool) -> bytes:
    """The ONNX file, checked; ``config`` is resolved, ``n_columns`` are scaled.

    Raises RunError if the file is damaged or too large, ValueError if it holds anything but a
    network of the config.
    """
    _, most_bytes = network_limits(config, n_columns)
    content = run.read("evaluated.onnx" if evaluated else "network.onnx", limit=most_bytes)
    require_sound(content, config, n_columns=n_columns)
    return content


def require_sound(content: bytes, config: Config, *, n_columns: int) -> None:
    """Raise ValueError if an ONNX file holds anything but a network of the resolved ``config``, or
    a larger one.
    """
    largest, most_bytes = network_limits(config, n_columns)
    if len(content) > most_bytes:
        raise ValueError(
            f"a network of {len(content):,} bytes, and its config needs {most_bytes:,} at most"
        )
    require_bounded(
        read_network(content),
        inputs=(config.windows.context_length, -1),
        outputs=(config.windows.horizon, config.n_outputs, len(config.model.quantiles)),
        largest=largest,
    )


def network_limits(config: Config, n_columns: int) -> tuple[int, int]:
    """Numbers in the largest array of a window, and bytes of the file, that a network of this
    config needs at most.
    """
    model, windows = config.model, config.windows
    features = n_columns + MORE_FEATURES
    outputs = windows.horizon * config.n_outputs * len(model.quantiles)
    widths = [
        model.segment_length * features,
        *([model.segment_units] if model.segment_units else []),
        *(2 * units for units in model.units),
        *model.dense,
        model.segment_length * outputs,
    ]
    steps = windows.context_length + windows.horizon + model.segment_length
    largest = 4 * steps * max(features, N_METHODS * config.n_outputs, *widths[1:])
    # 4 gates, 2 directions
    weights = sum(8 * (width + units + 4) * units for width, units in pairwise(widths))
    linear = windows.horizon * (windows.context_length + features + 2) * config.n_outputs
    smoothing = most_numbers(
        windows.context_length, windows.horizon, season_length=windows.season_length
    )
    return largest, model.ensemble * (4 * (weights + linear + smoothing) + 2**16)
