"""What can be known of a training before Keras starts: its memory, and the graph that it will
publish.
"""

from dataclasses import dataclass, field

import numpy as np

from lstm_forecast.documents import Document, described
from lstm_forecast.errors import ConfigError, RunError
from lstm_forecast.forecasting.limits import Demands, require_sound
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.onnx.graph import n_parameters, onnx_graph, weight_shapes
from lstm_forecast.training.memory import require_memory
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.specs import network_spec

__all__ = ["Rehearsal", "rehearse"]

# Windows that linear parts learn from, and that the graph is run on.
LEARNING_WINDOWS, GRAPH_WINDOWS = 200, 8


@dataclass(frozen=True, kw_only=True)
class Rehearsal(Document):
    """What training will build."""

    networks: int = field(metadata=described("Networks that are trained.", least=1))
    parameters: int = field(metadata=described("Numbers that they learn, all together."))
    mib: int = field(metadata=described("Memory that training will take, about, in MiB."))


def rehearse(prepared: Prepared) -> Rehearsal:
    """Build what training will publish, with weights of 0, and forecast a few windows of every part
    with it.

    What only training can tell is whether Keras agrees, how long it takes, and
    how well it forecasts. Raises ConfigError if it would take too much memory or the network could
    not be published.
    """
    mib, members = require_memory(prepared), _draft(prepared)
    config = prepared.config
    season_length = config.windows.season_length
    demands = Demands.of(
        config.model, prepared.framing, prepared.channels, season_length=season_length
    )
    try:
        graph = onnx_graph(members)
        require_sound(graph, demands)
        forecaster = prepared.forecaster(graph)
        for part in prepared.parts.values():
            few = np.arange(min(GRAPH_WINDOWS, len(part.windows)))
            forecaster.on_windows(part.windows.only(few), part.series[few])
    except (ValueError, RunError) as error:
        raise ConfigError(
            f"model, windows: no network can be published of these: {error}"
        ) from None
    parameters = sum(n_parameters(member.spec) for member in members)
    return Rehearsal(networks=len(members), parameters=parameters, mib=round(mib))


def _draft(prepared: Prepared) -> list[Member]:
    """The members as training makes them, but for weights of 0 and linear parts that learned from a
    few windows.
    """
    config, kind = prepared.config, prepared.config.model.linear
    linears = {
        n: fit_linear(
            prepared.windows(n),
            season_length=config.windows.season_length,
            kind=kind,
            limit=LEARNING_WINDOWS,
        )
        for n in set(config.member_contexts)
        if kind != "none"
    }
    members = []
    for number, n in enumerate(config.member_contexts):
        spec = network_spec(prepared, n, number)
        weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(spec).items()}
        members.append(Member(spec, weights, linears.get(n)))
    return members
