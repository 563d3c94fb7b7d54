"""What is published of all that was fitted: decided by the validation part."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import LONGEST_PRETRAINED, SUPPORTS
from lstm_forecast.judging.metrics import deciding_error, errors, gains_beyond_chance
from lstm_forecast.judging.parts import Part
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.onnx.graph import onnx_graph
from lstm_forecast.model.pretrained.architecture import QUANTILES
from lstm_forecast.model.pretrained.season import HORIZON as PASS
from lstm_forecast.model.published import (
    BLEND,
    LINEAR,
    NAIVE,
    NETWORK,
    PRETRAINED,
    SEASONAL_NAIVE,
    SMOOTHING,
)
from lstm_forecast.training.fit import Fitted, members_of
from lstm_forecast.training.prepared import Prepared

__all__ = ["Choice", "choose"]

Floats = NDArray[np.float64]

WITH_PRETRAINED = "with_pretrained"  # the mean of the best and the pretrained network
SHARES = {WITH_PRETRAINED: 0.5, PRETRAINED: 1.0}
# Of errors on the validation part.
HANDICAPS = {NAIVE: 0.99, SEASONAL_NAIVE: 0.99, NETWORK: 1.02}
MARGINS = {WITH_PRETRAINED: 1.01, PRETRAINED: 1.3}
UNTRIED = "it was not tried on a validation part"
SHORT = "it sees every series whole, and nothing is better beyond chance"
MOST_PASSES = 20_000  # of the pretrained network, to try it on the validation part: a minute


@dataclass(frozen=True)
class Choice:
    """What is published, and why."""

    published: str
    pretrained: float  # share of the pretrained network in it
    scores: Mapping[str, float]  # errors on the validation part
    reason: str = ""  # of that share, in words; none where the config says it


def choose(prepared: Prepared, fitted: Fitted) -> Choice:
    """What forecasts the validation part best, and the errors of all.

    There is the network, its linear part, the mean of both, and simple forecasts. A naive one is
    preferred where the difference is below 1 %: on a random walk that is chance. The network has to
    be 2 % better, as its epochs were chosen by the same windows. The errors are mean absolute
    scaled ones (mean absolute where nothing can be scaled), of forecasts that are not cut to
    ``preprocessing.support``: it changes no choice, and no error but to a smaller one. Without a
    validation part it is the network where none was asked for. Where all series are too short for
    one, it is the mean of the linear part and the pretrained network: nothing says then that the
    network is better, and so few rows teach little.

    Then the mean of the best and the pretrained network is preferred where it is 1 % better, and
    that network alone where it is 30 % better, which a mean seldom loses by. Either has to be
    better beyond chance: windows have to gain more than the standard error of that (the rule of
    Breiman et al. 1984, "Classification and Regression Trees"). Where the pretrained network sees
    every series whole, rows teach little that it does not see: there the mean is preferred unless
    the other is better beyond chance, or a naive forecast. None of this holds where the config says
    what share it has, or where the part has so many windows that they teach more. Without
    ``training.fallback`` it is the network.
    """
    part, share = prepared.validation, prepared.config.model.pretrained
    if share == 1:
        return Choice(PRETRAINED, 1, {})
    if part is None or not prepared.config.training.fallback:
        return _unjudged(prepared, share)
    names = {name: members_of(prepared, fitted, name) for name in _names(prepared)}
    scores = {
        name: _error(_forecast(prepared, part, members), part) for name, members in names.items()
    }
    scores = {name: score for name, score in scores.items() if math.isfinite(score)}
    best = _preferred(scores)
    own = Choice(best, share or 0.0, scores, UNTRIED if share is None else "")
    tried = share is None and _tried(prepared, part)
    return _shared(prepared, part, own, names[best]) if tried else own


def _shared(prepared: Prepared, part: Part, own: Choice, members: Sequence[Member]) -> Choice:
    """The same, or with a share of the pretrained network where that is better."""
    forecasts = {
        name: _forecast(prepared.with_share(share), part, members)
        for name, share in {own.published: 0.0, **SHARES}.items()
    }
    judged = {name: _error(forecast, part) for name, forecast in forecasts.items()}
    without, mean, alone = judged.values()
    reason = (
        f"validation error {without:.4g} without it, {mean:.4g} in a mean, {alone:.4g} alone,"
        f" {len(part.windows):,} windows: "
    )
    scores = {**own.scores, **{name: each for name, each in judged.items() if math.isfinite(each)}}

    def surely_better(name: str, other: str) -> bool:
        return gains_beyond_chance(
            forecasts[name], forecasts[other], part.actual, part.scale, apart=_apart(part)
        )

    leads = {name: judged[name] * margin for name, margin in MARGINS.items()}
    best = min(leads, key=lambda name: leads[name])
    if leads[best] < without and surely_better(best, own.published):
        published = own.published if best == WITH_PRETRAINED else best
        return Choice(published, SHARES[best], scores, reason + "better beyond chance")
    learned = prepared.pretrained_sees_all and own.published not in (NAIVE, SEASONAL_NAIVE)
    if learned and not surely_better(own.published, WITH_PRETRAINED):
        return Choice(own.published, SHARES[WITH_PRETRAINED], scores, reason + SHORT)
    return replace(own, scores=scores, reason=reason + "not better beyond chance")


def _apart(part: Part) -> float:
    """How many of the part's windows lie beside each other: those of a series may overlap."""
    framing = part.windows.framing
    each = np.unique(part.series, return_counts=True)[1]
    return float(np.maximum(1, each * min(1, framing.stride / framing.horizon)).sum())


def _preferred(scores: Mapping[str, float]) -> str:
    """What has the smallest error, for what it has to be better by."""
    return min(scores, key=lambda name: scores[name] * HANDICAPS.get(name, 1), default=NETWORK)


def _unjudged(prepared: Prepared, share: float | None) -> Choice:
    """What is published where nothing can be compared, or nobody asks for it."""
    config, reason = prepared.config, UNTRIED
    published, usual = NETWORK, 0.0
    if config.training.fallback and config.split.validation:
        reason = "all series are too short for a validation part"
        reached = config.windows.horizon <= LONGEST_PRETRAINED
        published, usual = LINEAR, SHARES[WITH_PRETRAINED] if reached else 0.0
    return Choice(published, usual, {}, reason) if share is None else Choice(published, share, {})


def _tried(prepared: Prepared, part: Part) -> bool:
    """Whether the pretrained network's forecasts of a part are few enough to be tried."""
    horizon, n_targets = prepared.framing.horizon, prepared.channels.n_targets
    beyond = -(-horizon // PASS) - 1  # passes behind the first, each on a path of every quantile
    passes = len(part.windows) * n_targets * (1 + len(QUANTILES) * beyond)
    return horizon <= LONGEST_PRETRAINED and passes <= MOST_PASSES


def _forecast(prepared: Prepared, part: Part, members: Sequence[Member]) -> Floats:
    """The median of these networks' forecasts of a part, (n_windows, horizon, n_targets)."""
    forecaster = replace(prepared.forecaster(onnx_graph(members)), support=SUPPORTS["real"])
    forecast = forecaster.on_windows(part.windows, part.series)
    return forecast[..., forecast.shape[-1] // 2]


def _error(forecast: Floats, part: Part) -> float:
    return deciding_error(errors(forecast, part.actual, part.scale))


def _names(prepared: Prepared) -> Iterator[str]:
    """All that may be published.

    A weighted linear part holds the simple forecasts, and is for windows so few that choosing one
    of them is worse.
    """
    config = prepared.config
    yield LINEAR
    if config.model.linear != "weighted":
        yield SMOOTHING
        if 1 < config.windows.season_length <= min(config.member_contexts):
            yield SEASONAL_NAIVE
        yield NAIVE
    if config.model.linear != "none":
        yield BLEND
    yield NETWORK
