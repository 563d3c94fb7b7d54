"""Windows and their widths as a config describes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.survey import known_ahead
from lstm_forecast.windows.windows import Windows, make_windows

__all__ = ["known_widths", "make_config_windows"]

Ints = NDArray[np.int64]


def make_config_windows(
    config: Config,
    layout: Layout,
    values: NDArray[np.float32],
    starts: Ints,
    ends: Ints,
    context_length: int,
    **how: Any,
) -> Windows:
    """Windows with targets in rows ``starts`` to ``ends``."""
    windows = config.windows
    return make_windows(
        layout,
        values,
        part_starts=starts,
        part_ends=ends,
        context_length=context_length,
        horizon=windows.horizon,
        n_targets=config.n_outputs,
        normalisation=windows.normalisation,
        padded=bool(windows.padding),
        span=config.span,
        **{**known_widths(config), "stride": windows.stride, **how},
    )


def known_widths(config: Config) -> dict[str, Any]:
    """How many columns are known ahead, and how many may be missing; ``config`` is resolved."""
    covariates = config.data.covariates
    known = known_ahead(covariates)
    measured = config.n_outputs + len(covariates.past) + len(covariates.future)
    return {
        "n_ahead": len(known.ahead),
        "n_static": len(known.constant),
        "n_flagged": measured if config.data.masks else 0,
    }
