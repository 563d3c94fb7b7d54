"""Networks fitted to prepared windows: the only part of a training that needs Keras."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.events import Epoch, phase
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import Linear, fit_linear, fixed_linear
from lstm_forecast.model.linear.methods import sample
from lstm_forecast.model.network.startup import start_keras
from lstm_forecast.model.optimisation import Optimisation
from lstm_forecast.model.published import (
    BLEND,
    LINEAR,
    NAIVE,
    NETWORK,
    PRETRAINED,
)
from lstm_forecast.store import Checkpoints
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.specs import network_spec
from lstm_forecast.windows.windows import Windows

__all__ = ["Fitted", "Learned", "Warm", "fit", "learn_again", "members_of"]

RESIDUALS = 5_000  # windows that the first quantiles are taken from
Report = Callable[[Epoch], None]
# weights to start from, by name, for each network
Warm = Sequence[Mapping[str, NDArray[np.float32]]] | None


@dataclass(frozen=True)
class Fitted:
    """The members of an ensemble and how they came about."""

    members: tuple[Member, ...]
    history: tuple[Epoch, ...]
    starts: tuple[Member, ...] = ()  # the members before training

    def with_member(self, first: Member, member: Member, epochs: Sequence[Epoch]) -> "Fitted":
        """Add the next network, as it was before training and after."""
        number = len(self.members) + 1
        history = (replace(epoch, network=number) for epoch in epochs)
        return Fitted((*self.members, member), (*self.history, *history), (*self.starts, first))

    @property
    def kept(self) -> tuple[Epoch, ...]:
        """The epoch that each member kept: the untrained one where no other could be judged."""
        kept = {
            row.network: row
            for row in self.history
            if row.epoch == 0 or row.best or row.val_loss is None
        }
        return tuple(kept.values())

    @property
    def epochs(self) -> tuple[int, ...]:
        """The number of the epoch that each member kept."""
        return tuple(row.epoch for row in self.kept)


@dataclass(frozen=True)
class Learned:
    """What is published, and the trained networks that are kept with it.

    They are the same ones where the networks are published.
    """

    members: tuple[Member, ...]
    networks: tuple[Member, ...]


def fit(
    prepared: Prepared, report: Report, *, warm: Warm = None, checkpoints: Checkpoints | None = None
) -> Fitted:
    """Train every network of the ensemble on the training part, judged by the validation part.

    They start from the ``warm`` weights, where there are any.
    """
    return _fit(prepared, report, stop_after=None, warm=warm, checkpoints=checkpoints)


def refit(
    prepared: Prepared,
    fitted: Fitted,
    report: Report,
    *,
    warm: Warm = None,
    checkpoints: Checkpoints | None = None,
) -> Fitted:
    """Train the same networks anew on all rows, for as many epochs as each kept."""
    return _fit(prepared, report, stop_after=fitted.epochs, warm=warm, checkpoints=checkpoints)


def members_of(
    prepared: Prepared, fitted: Fitted, published: str, *, everything: bool = False
) -> tuple[Member, ...]:
    """What is published under a name, of networks that were fitted on the training part or on
    ``everything``.
    """
    if published == NETWORK:
        return fitted.members
    if published == BLEND:
        return tuple(map(_blended, fitted.starts, fitted.members))
    if (
        published == LINEAR
        and fitted.starts
        and not everything
        and prepared.config.model.linear != "none"
    ):
        return tuple({first.spec.framing.context_length: first for first in fitted.starts}.values())
    # where the pretrained network has the whole forecast, the simplest one stands beside it
    simple = NAIVE if published == PRETRAINED else published
    return start(prepared, simple, everything=everything)


def learn_again(
    prepared: Prepared,
    fitted: Fitted,
    published: str,
    report: Report,
    *,
    warm: Warm = None,
    checkpoints: Checkpoints | None = None,
) -> Learned:
    """What was published, learned from all rows.

    Networks that are not published stay as they were trained.
    """
    if published in (NETWORK, BLEND):
        fitted = refit(prepared, fitted, report, warm=warm, checkpoints=checkpoints)
    members = members_of(prepared, fitted, published, everything=True)
    return Learned(members, fitted.members)


def _blended(first: Member, last: Member) -> Member:
    """The mean of a network, intervals included, and what it started from: a forecast combination
    as in fit_linear.
    """
    halved = {
        name: np.float32(0.5) * (first.weights[name] + last.weights[name])
        for name in ("output.kernel", "output.bias")
    }
    return replace(last, weights={**last.weights, **halved})


def start(prepared: Prepared, name: str, *, everything: bool = False) -> tuple[Member, ...]:
    """Networks that add nothing to a linear part but the quantiles of what it leaves over."""
    contexts = sorted(set(prepared.config.member_contexts))
    if name == LINEAR:
        every = [prepared.windows(n, everything=everything) for n in contexts]
        return tuple(
            _start(prepared, windows, _linear(prepared, windows), number)
            for number, windows in enumerate(every)
        )
    longest = prepared.windows(contexts[-1], everything=everything)
    linear = fixed_linear(longest, form=name, season_length=prepared.config.windows.season_length)
    return (_start(prepared, longest, linear, 0),)


def _fit(
    prepared: Prepared,
    report: Report,
    *,
    stop_after: Sequence[int] | None,
    warm: Warm,
    checkpoints: Checkpoints | None,
) -> Fitted:
    everything = stop_after is not None
    part = None if everything else prepared.validation
    contexts = prepared.config.member_contexts
    windows = {n: prepared.windows(n, everything=everything) for n in set(contexts)}
    phase("fitting the linear part")
    linears = {n: _linear_of_network(prepared, each) for n, each in windows.items()}
    # After this line the process is large: everything that can be done without Keras is done before
    # it.
    phase("starting Keras")
    start_keras()
    fitted = Fitted((), ())
    for number, n in enumerate(contexts):
        text = f"training network {number + 1} of {len(contexts)}"
        phase(text, network=number + 1, networks=len(contexts))
        first = _start(prepared, windows[n], linears[n], number)
        member, epochs = _trained(
            first,
            Optimisation.of(
                prepared.config.training,
                quantiles=first.spec.quantiles,
                seed=first.spec.seed,
                stop_after=None if stop_after is None else stop_after[number],
            ),
            windows[n],
            None if part is None else part.windows.with_context(n),
            weights=first.weights if warm is None else warm[number],
            report=partial(_numbered, report, number + 1),
            checkpoints=checkpoints,
        )
        fitted = fitted.with_member(first, member, epochs)
    return fitted


def _linear_of_network(prepared: Prepared, windows: Windows) -> Linear | None:
    """What the networks correct, if anything."""
    return None if prepared.config.model.linear == "none" else _linear(prepared, windows)


def _trained(
    first: Member,
    optimisation: Optimisation,
    training: Windows,
    validation: Windows | None,
    *,
    weights: Mapping[str, NDArray[np.float32]],
    report: Report,
    checkpoints: Checkpoints | None,
) -> tuple[Member, Sequence[Epoch]]:
    """Train one network from these weights, and tell of its epochs."""
    from lstm_forecast.model.network.build import assign_weights, build_network, named_weights
    from lstm_forecast.model.network.training import train_network

    network = build_network(first.spec)
    assign_weights(network, weights)
    epochs = train_network(
        network,
        optimisation,
        training=training,
        validation=validation,
        linear=first.linear,
        report=report,
        store=checkpoints,
    )
    return replace(first, weights=named_weights(network)), epochs


def _numbered(report: Report, number: int, epoch: Epoch) -> None:
    report(replace(epoch, network=number))


def _linear(prepared: Prepared, windows: Windows) -> Linear:
    kind = prepared.config.model.linear
    return fit_linear(
        windows,
        season_length=prepared.config.windows.season_length,
        kind="ridge" if kind == "none" else kind,
    )


def _start(prepared: Prepared, windows: Windows, linear: Linear | None, number: int) -> Member:
    """A network before training: it forecasts the quantiles of what the linear part leaves."""
    from lstm_forecast.model.network.build import build_network, named_weights

    spec = replace(
        network_spec(prepared, windows.framing.context_length, number),
        zero_output=linear is not None,
    )
    weights = named_weights(build_network(spec))
    batch = sample(windows, RESIDUALS)
    assert batch is not None  # noqa: S101  there is a window to learn from
    residuals = batch.targets - (0 if linear is None else linear.predict(batch.inputs))
    quantiles = np.quantile(residuals, spec.quantiles, axis=0)  # (n_quantiles, horizon, n_targets)
    if linear is not None:
        # the median of the forecast is the linear part itself
        quantiles -= quantiles[len(quantiles) // 2]
    first = np.moveaxis(quantiles, 0, -1)  # (horizon, n_targets, n_quantiles)
    # Output segments share their bias, which cannot tell them apart.
    weights["output.bias"] = first[: spec.output_shape[0]].ravel().astype(np.float32)
    return Member(spec, weights, linear)
