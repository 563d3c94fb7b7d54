"""Whether a challenger forecasts better than the champion: a paired test on windows that neither
was trained on.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.store.manifest import Verdict

__all__ = ["LEAST_BLOCKS", "Verdict", "judge", "window_losses"]

LEAST_BLOCKS = 3  # of successive origins, below which nothing can be told
RESAMPLES = 2_000  # of the bootstrap
Floats = NDArray[np.float64]


def window_losses(
    forecast: Floats, actual: Floats, *, quantiles: Sequence[float], scale: Floats
) -> Floats:
    """Scaled pinball loss of every window, (n,): for the median alone, its mean absolute scaled
    error.

    ``forecast`` is (n, steps, n_targets, n_quantiles), ``actual`` lacks the last axis. What
    ``scale`` (n, 1, n_targets) has no scale for is left out; without any, errors are in original
    units.
    """
    scale = np.where(scale > 0, scale, np.nan) if (scale > 0).any() else np.ones_like(scale)
    error = (actual[..., None] - forecast) / scale[..., None]
    level = np.array(quantiles)
    loss: Floats = 2 * np.maximum(level * error, (level - 1) * error).mean(axis=3)
    known = np.broadcast_to(~np.isnan(scale), loss.shape)
    count = known.sum(axis=(1, 2))
    mean: Floats = np.where(known, loss, 0).sum(axis=(1, 2)) / np.where(count > 0, count, np.nan)
    return mean


def judge(
    *,
    champion: Floats,
    challenger: Floats,
    seasonal_naive: Floats,
    origins: NDArray[np.int64],
    block: int,
    tolerance: float,
    confidence: float,
    seed: int = 0,
) -> Verdict:
    """Compare losses on the same windows, (n,) each, with their ``origins`` on the grid.

    The challenger is better if its loss is finite, at least the share ``tolerance`` below the
    champion's, not above that of the seasonal naive forecast by more than it, and if the gain is
    above 0 with ``confidence`` by a moving block bootstrap of the loss differences (Kuensch 1989)
    over ``block`` successive origins, as windows that overlap err together. Fewer than
    ``LEAST_BLOCKS`` blocks say nothing.
    """
    means = {"champion": champion, "challenger": challenger, "seasonal_naive": seasonal_naive}
    losses = {name: _mean(values) for name, values in means.items()}
    verdict = partial(Verdict, windows=len(origins), losses=losses)
    times, place = np.unique(origins, return_inverse=True)
    if (need := LEAST_BLOCKS * block) > len(times):
        few = f"{len(times)} origins to judge by, at least {need} are needed"
        return verdict(better=False, reason=f"too little new data: {few}")
    if (clear := _clear(losses, tolerance=tolerance)) is not None:
        better, reason = clear
        return verdict(better=better, reason=reason)
    before, after = (
        np.bincount(place, weights=each).astype(np.float64) for each in (champion, challenger)
    )
    gain, low = _bootstrap(before, after, block=block, confidence=confidence, seed=seed)
    better = gain >= tolerance and low > 0
    said = (
        f"the challenger is {'' if better else 'not clearly '}better: loss"
        f" {losses['challenger']:.4g} against {losses['champion']:.4g}, a gain of {gain:.1%}, at"
        f" least {low:.1%}"
    )
    return verdict(better=better, reason=said, gain=gain, gain_low=low)


def _clear(losses: Mapping[str, float | None], *, tolerance: float) -> tuple[bool, str] | None:
    """Whether the challenger is better, and why, where the mean losses alone tell."""
    challenger, naive = losses["challenger"], losses["seasonal_naive"]
    if challenger is None:
        return False, "the challenger's forecasts are not finite"
    if naive is not None and challenger > (1 + tolerance) * naive:
        return False, "the challenger is worse than the seasonal naive forecast"
    if losses["champion"] is None:
        return True, "the champion's forecasts are not finite"
    return None


def _mean(losses: Floats) -> float | None:
    mean = float(losses.mean()) if len(losses) else math.nan
    return mean if math.isfinite(mean) else None


def _bootstrap(
    before: Floats, after: Floats, *, block: int, confidence: float, seed: int
) -> tuple[float, float]:
    """The gain, and its lower bound. Losses (n,) are sums over all windows of an origin.

    Few blocks vary less than the truth does: the spread is widened by sqrt(k / (k - 1)), as their
    mean is taken out, and by (k + 1) / (k - 1), about what Student's t has over the normal
    distribution.
    """
    total = before.sum()
    if total <= 0:
        return 0.0, 0.0
    count = math.ceil(len(before) / block)
    starts = np.random.default_rng(seed).integers(0, len(before) - block + 1, (RESAMPLES, count))
    won, base = (_block_sums(each, block)[starts].sum(axis=1) for each in (before - after, before))
    gain = float((before - after).sum() / total)
    gains = won / np.maximum(base, np.finfo(np.float64).tiny)
    spread = math.sqrt(count / (count - 1)) * (count + 1) / (count - 1)
    low = gain + spread * float(np.quantile(gains, 1 - confidence) - gains.mean())
    return gain, min(low, gain)


def _block_sums(values: Floats, block: int) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(total[block:] - total[:-block])
