"""How good a pretrained network is on generated series that it has not learned from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.documents import Answer, described
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.architecture import MIDDLE, QUANTILES
from lstm_forecast.model.pretrained.inputs import COUNT
from lstm_forecast.model.pretrained.lessons import FREQUENCIES, Frequency, lesson
from lstm_forecast.model.pretrained.season import HORIZON, Season
from lstm_forecast.model.pretrained.simple import SIMPLE

__all__ = ["FrequencyErrors", "Pretrained", "generated_errors"]

SEED = 2**65  # of series that neither training nor its validation sees
SERIES = 512  # of each frequency
Floats = NDArray[np.floating | np.bool_]
Single = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Pretrained(Answer):
    """A pretrained network that was made."""

    folder: str = field(metadata=described("Directory of the network and its card."))
    loss: float = field(metadata=described("Pinball loss on series held back, in their scales."))
    untrained_loss: float = field(metadata=described("The same before the training."))


@dataclass(frozen=True)
class FrequencyErrors:
    """Errors on the series of one frequency, at their last cutoffs."""

    season: Season
    horizon: int
    network: float  # mean absolute error of the median, in scales of the series
    seasonal_naive: float
    best_simple: float
    best_name: str
    coverage_80: float  # share of the values inside the interval
    coverage_95: float


def generated_errors(network: bytes) -> Iterator[FrequencyErrors]:
    """Errors of a network, as ``network_graph`` writes it, by frequency."""
    session = Session(network)
    for number, frequency in enumerate(FREQUENCIES):
        if frequency.season is not None:
            yield _measured(session, number, frequency, frequency.season)


def _measured(
    session: Session, number: int, frequency: Frequency, season: Season
) -> FrequencyErrors:
    drawn = lesson(np.random.default_rng((SEED, number)), SERIES, frequency, wrong=0)
    cut, simple, horizon = drawn.cuts[:, -1], drawn.simple[:, -1], frequency.horizon
    forecast = _forecast(session, drawn.steps, cut, simple)[:, :horizon]
    target = drawn.targets[:, -1, :horizon]
    weight = (drawn.weights[:, -1, :horizon] > 0).astype(float)

    def mean(each: Floats) -> float:
        return float((each * weight).sum() / weight.sum())

    def coverage(level: float) -> float:
        low = QUANTILES.index(round(0.5 - level / 2, 3))
        return mean((target >= forecast[..., low]) & (target <= forecast[..., -1 - low]))

    errors = [mean(np.abs(simple[:, k, :horizon] - target)) for k in range(len(SIMPLE))]
    best = int(np.argmin(errors))
    return FrequencyErrors(
        season=season,
        horizon=horizon,
        network=mean(np.abs(forecast[..., MIDDLE] - target)),
        seasonal_naive=errors[SIMPLE.index("seasonal naive")],
        best_simple=errors[best],
        best_name=SIMPLE[best],
        coverage_80=coverage(0.8),
        coverage_95=coverage(0.95),
    )


def _forecast(session: Session, steps: Single, cut: Single, simple: Single) -> Floats:
    """What the network says where it sees no padding, as in use."""
    forecast = np.empty((len(steps), HORIZON, len(QUANTILES)))
    counts = (steps[..., COUNT] > 0).sum(axis=1)
    for count in np.unique(counts):
        own = counts == count
        feed = {"steps": steps[own, -count:], "cut": cut[own], "simple": simple[own]}
        forecast[own] = session.run(feed)
    return forecast
