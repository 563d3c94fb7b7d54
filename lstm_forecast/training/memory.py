"""Whether a training fits into the memory that it may take."""

from functools import partial

from lstm_forecast.errors import ConfigError
from lstm_forecast.model.memory import training_mib
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.specs import network_spec

__all__ = ["require_memory"]


def require_memory(prepared: Prepared) -> float:
    """What training will take, in MiB, about.

    Raises ConfigError if that is above ``training.memory_limit``.
    """
    config, (rows, columns) = prepared.config, prepared.values.shape
    specs = [network_spec(prepared, n, k) for k, n in enumerate(config.member_contexts)]
    size = partial(training_mib, rows=rows, columns=columns, batch_size=config.training.batch_size)
    need = size(specs=specs)
    limit = config.training.memory_limit
    if limit is not None and need > limit:
        smaller = "lower model.units, training.batch_size or windows.context_length, or "
        raise ConfigError(
            f"training.memory_limit: training would take about {need:,.0f} MiB, and {limit:,} are"
            f" allowed; {smaller if size(specs=()) <= limit else ''}raise the limit"
        )
    return need
