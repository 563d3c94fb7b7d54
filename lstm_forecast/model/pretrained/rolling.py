"""Forecasts beyond one pass of the network, from passes on the paths of its own quantiles."""

from typing import Any, TypeAlias

import numpy as np

from lstm_forecast.model.pretrained.architecture import MIDDLE, QUANTILES

__all__ = ["rolled_block"]

Traced: TypeAlias = Any  # an array, or a symbol of one in a graph
OUTWARD = np.sign(np.arange(len(QUANTILES)) - MIDDLE).astype(np.float32)


def rolled_block(after: Traced) -> Traced:
    """The next steps (n, HORIZON, n_quantiles) of what the network forecasts ``after`` the path of
    each quantile (n_quantiles, n, HORIZON, n_quantiles).

    A border's distance to the median has two parts: how far the network errs after the median's
    path, and how far its median moves where the past was the border's path. Their variances add up,
    as those of independent errors do: the borders of a random walk widen by the root of the steps,
    and those of a season that comes back do not. (To take each quantile after its own path adds the
    distances themselves, so that intervals grow from pass to pass by a factor.)
    """
    median = after[MIDDLE][..., MIDDLE][..., None]
    erring = after[MIDDLE] - median
    moving = np.stack([after[number][..., MIDDLE] for number in range(len(QUANTILES))], axis=2)
    outward = np.maximum((moving - median) * OUTWARD, 0)
    return median + OUTWARD * np.sqrt(erring * erring + outward * outward)
