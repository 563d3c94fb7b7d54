"""Whether a challenger forecasts better than the champion: a paired test on windows that neither
was trained on.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.store.manifest import Verdict

__all__ = ["MIN_BLOCKS", "Verdict", "judge", "window_losses"]

MIN_BLOCKS = 3  # horizons of origins below which nothing can be told
RESAMPLES = 2_000
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
    ``MIN_BLOCKS`` blocks say nothing.
    """
    means = {"champion": champion, "challenger": challenger, "seasonal_naive": seasonal_naive}
    losses = {name: _mean(values) for name, values in means.items()}

    def verdict(
        reason: str, *, better: bool = False, gain: float | None = None, low: float | None = None
    ) -> Verdict:
        return Verdict(better, reason, len(origins), losses, gain, low)

    times, place = np.unique(origins, return_inverse=True)
    if len(times) < MIN_BLOCKS * block:
        return verdict(
            f"too little new data: {len(times)} origins to judge by, at least {MIN_BLOCKS * block}"
            " are needed"
        )
    if losses["challenger"] is None:
        return verdict("the challenger's forecasts are not finite")
    if (naive := losses["seasonal_naive"]) is not None and losses["challenger"] > (
        1 + tolerance
    ) * naive:
        return verdict("the challenger is worse than the seasonal naive forecast")
    if losses["champion"] is None:
        return verdict("the champion's forecasts are not finite", better=True)
    before, after = (
        np.bincount(place, weights=each).astype(np.float64) for each in (champion, challenger)
    )
    gain, low = _bootstrap(before, after, block=block, confidence=confidence, seed=seed)
    said = (
        f"loss {losses['challenger']:.4g} against {losses['champion']:.4g}, a gain of {gain:.1%},"
        f" at least {low:.1%}"
    )
    if gain < tolerance or low <= 0:
        return verdict(f"the challenger is not clearly better: {said}", gain=gain, low=low)
    return verdict(f"the challenger is better: {said}", better=True, gain=gain, low=low)


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
