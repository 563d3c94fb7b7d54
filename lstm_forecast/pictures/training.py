"""The picture of a training: the losses, which epoch was kept, the overfitting gap, the learning
rate.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    add_heading,
    new_figure,
    step_axis,
    styled,
    tint,
)

__all__ = ["training_figure"]

LOGARITHMIC_FROM = 10.0  # times the least loss: wider ones need a logarithmic axis
MOST_MARKED_EPOCHS = 60  # marks of more would run into each other


@styled
def training_figure(history: pd.DataFrame, *, title: str, note: str = "") -> Figure:
    """Losses by epoch, the gap between them, and the learning rate if it changes.

    ``history`` has one row per network and epoch: ``network, epoch, loss, val_loss, gap,
    learning_rate, best``, NaN where there is none (epoch 0 has no training loss; without a
    validation part there is neither ``val_loss`` nor ``gap``).
    """
    gap, rate = _finite(history, "gap"), _finite(history, "learning_rate")
    gapped, varied = bool(np.isfinite(gap).any()), float(np.ptp(rate)) > 1e-6 * float(rate.max())
    ratios = [3.0, *([1.0] if gapped else []), *([1.0] if varied else [])]
    figure = new_figure(height=1.4 + 0.85 * sum(ratios), note=note)
    panels = list(
        figure.subplots(len(ratios), 1, squeeze=False, sharex=True, height_ratios=ratios).ravel()
    )
    add_heading(figure, title, _draw_losses(panels[0], history))
    epochs = history["epoch"].to_numpy(float)
    networks = [history["network"].to_numpy() == network for network in history["network"].unique()]
    for own in networks:
        if gapped:
            _draw_gap(panels[1], epochs[own], gap[own], filled=len(networks) == 1)
        if varied:
            panels[-1].plot(epochs[own], rate[own], color=GREEN)
    if varied:
        panels[-1].set_ylabel("learning\nrate")
        panels[-1].set_ylim(bottom=0)
    step_axis(panels[-1], "epoch", first=int(epochs.min()), last=int(epochs.max()))
    figure.align_ylabels()
    return figure


def _draw_losses(axes: Axes, history: pd.DataFrame) -> dict[str, Any]:
    """Draw both losses and the kept epoch; what the legend holds."""
    many = history["network"].nunique() > 1
    mark = "o" if len(history) <= MOST_MARKED_EPOCHS else None
    handles: dict[str, Any] = {}
    for _, own in history.groupby("network"):
        epochs = own["epoch"].to_numpy(float)
        for label, column, color in (
            ("training loss", "loss", BLUE),
            ("validation loss", "val_loss", ORANGE),
        ):
            values = _finite(own, column)
            if np.isfinite(values).any():
                (handles[label],) = axes.plot(
                    epochs, values, color=color, marker=mark, markersize=3
                )
    for _, own in history[history["best"].astype(bool) & history["val_loss"].notna()].groupby(
        "network"
    ):
        epoch, value = float(own["epoch"].iloc[-1]), float(own["val_loss"].iloc[-1])
        axes.axvline(epoch, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.plot([epoch], [value], "o", color=ORANGE, markeredgecolor=INK, markersize=8, zorder=5)
        kept = Line2D(
            [], [], color=ORANGE, marker="o", markeredgecolor=INK, markersize=8, linestyle="none"
        )
        handles[
            "kept, of each network"
            if many
            else f"kept: epoch {epoch:.0f}, validation loss {value:.4g}"
        ] = kept
    losses = history[["loss", "val_loss"]].to_numpy(float)
    losses = losses[np.isfinite(losses)]
    if len(losses) and losses.min() > 0 and losses.max() > LOGARITHMIC_FROM * losses.min():
        axes.set_yscale("log")
    axes.set_ylabel("loss, normalised units")
    return handles


def _draw_gap(
    axes: Axes, epochs: NDArray[np.float64], gap: NDArray[np.float64], *, filled: bool
) -> None:
    """Validation - training loss: above 0 the network fits the training part better than what it
    has not seen.
    """
    axes.axhline(0, color=GREY, linewidth=0.8)
    for color, side in ((ORANGE, gap >= 0), (BLUE, gap <= 0)) if filled else ():
        axes.fill_between(
            epochs, gap, 0, where=list(side), interpolate=True, color=tint(color, 0.35), linewidth=0
        )
    axes.plot(epochs, gap, color=INK, linewidth=1.0)
    axes.set_ylabel("overfitting\ngap")


def _finite(history: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """The column's numbers; those of a training that diverged become NaN, which no axis has to
    reach.
    """
    values = history[column].to_numpy(float)
    return np.where(np.isfinite(values), values, np.nan)
