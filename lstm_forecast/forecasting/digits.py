"""How many decimals of a forecast its errors justify."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.errors import UsageError

__all__ = ["justified_decimals", "rounded"]

MOST_DECIMALS = 15


def justified_decimals(
    forecast: NDArray[np.float64], quantiles: Sequence[float]
) -> NDArray[np.int64]:
    """Decimals up to the second digit of the standard error, as is usual for figures that are
    uncertain (JCGM 100:2008, 7.2.6), and no fewer than none: (n_series, n_targets).

    ``forecast`` is (n_series, steps, n_targets, n_quantiles). The error is that of a normal
    distribution with the widest interval, in the median of all steps. Raises UsageError where there
    are no intervals.
    """
    if len(quantiles) < 2:
        raise UsageError(
            "--digits auto: decimals follow from intervals, and there are none; ask for some, as"
            " with --levels 80, or give a number of digits"
        )
    normal = NormalDist()
    deviations = normal.inv_cdf(quantiles[-1]) - normal.inv_cdf(quantiles[0])
    widths = np.median(forecast[..., -1] - forecast[..., 0], axis=1) / deviations
    known = np.where(widths > 0, widths, 10.0**-MOST_DECIMALS)
    decimals: NDArray[np.float64] = 1 - np.floor(np.log10(known))
    return decimals.clip(0, MOST_DECIMALS).astype(np.int64)


def rounded(
    forecast: NDArray[np.float64], decimals: int | NDArray[np.int64]
) -> NDArray[np.float64]:
    """A forecast (n_series, steps, n_targets, n_quantiles) with so many decimals, of all or of each
    series and target.
    """
    each = np.broadcast_to(decimals, (len(forecast), forecast.shape[2]))
    found = forecast.copy()
    for number in np.unique(each):
        series, target = np.nonzero(each == number)
        found[series, :, target] = np.round(forecast[series, :, target], int(number))
    return found
