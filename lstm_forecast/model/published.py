"""What a run may publish, by the word in its manifest, and how that is told to people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lstm_forecast.config.network import Cell  # pydantic, which --help need not wait for

__all__ = [
    "BLEND", "CELL_NAMES", "LINEAR", "NAIVE", "NETWORK", "PRETRAINED", "PUBLISHED",
    "SEASONAL_NAIVE", "SMOOTHING",
    "keeps_networks", "network_name", "published_line",
]  # fmt: skip

NETWORK, BLEND, LINEAR, SMOOTHING = "network", "blend", "linear", "smoothing"
NAIVE, SEASONAL_NAIVE, PRETRAINED = "naive", "seasonal_naive", "pretrained"
PUBLISHED = {
    BLEND: "the mean of the network and its linear part",
    LINEAR: "the linear part alone",
    SMOOTHING: "an exponential smoothing",
    SEASONAL_NAIVE: "the seasonal naive forecast",
    NAIVE: "the last value",
    PRETRAINED: "the forecast of the pretrained network",
}
"""Everything but the network itself, in words."""
CELL_NAMES: "dict[Cell, str]" = {
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "plain RNN",
    "peephole_lstm": "peephole LSTM",
    "coupled_lstm": "coupled LSTM",
}


def network_name(cell: "Cell", units: Sequence[int], *, networks: int = 1) -> str:
    """Name networks by their cell and the units of each recurrent layer, such as ``LSTM (64 + 64
    units)``.
    """
    name = CELL_NAMES[cell] if networks == 1 else f"median of {networks} {CELL_NAMES[cell]}s"
    return f"{name} ({' + '.join(map(str, units))} units)"


def published_line(published: str, *, network: str, linear: str, pretrained: float) -> str:
    """Say in one line what forecasts.

    ``network`` is its name as of ``network_name``, ``linear`` the config's ``model.linear`` and
    ``pretrained`` the share that the pretrained network has.
    """
    if published == NETWORK:
        added = "" if linear == "none" else f", which corrects its linear part ({linear})"
        line = f"the {network}{added}"
    elif published == BLEND:
        line = f"the mean of the {network} and its linear part ({linear})"
    elif published == PRETRAINED:
        line = f"{PUBLISHED[PRETRAINED]}, not the {network}"
    else:
        form = f" ({'ridge' if linear == 'none' else linear})" if published == LINEAR else ""
        what = PUBLISHED.get(published, published)
        what = what.removesuffix(" alone") if pretrained else what
        line = f"{what}{form}, not the {network}: nothing showed that it forecasts better"
    if 0 < pretrained < 1:
        line = f"{pretrained:.0%} {PUBLISHED[PRETRAINED]}, {1 - pretrained:.0%} {line}"
    return f"published: {line}"


def keeps_networks(published: str, weights: str | None) -> bool:
    """Whether a run holds the networks that were trained for it, by what its manifest says.

    Runs of version 0.1.0 do not say, and hold what is published: no network where that is something
    simpler.
    """
    return weights == NETWORK or published in (NETWORK, BLEND)
