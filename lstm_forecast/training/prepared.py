"""What training starts from: scaled values, their split and windows, and a resolved config."""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.forecasting.calibration import Calibration
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import make_forecaster
from lstm_forecast.forecasting.pretrained import season_of_rows
from lstm_forecast.forecasting.pretrained_share import PretrainedShare
from lstm_forecast.forecasting.table import window_ids
from lstm_forecast.judging.parts import Part
from lstm_forecast.model.onnx.pretrained import window_graph
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.season import Season
from lstm_forecast.model.pretrained.shipped import weights
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.panel.split import Split
from lstm_forecast.store.manifest import Facts
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows, make_windows

__all__ = ["Prepared"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Prepared:
    """Everything that training and evaluation need.

    The original values are gone: only scaled ones remain.
    """

    config: Config  # resolved: nothing is left to be decided from the data
    layout: Layout
    split: Split
    scaler: Scaler
    values: NDArray[np.float32]  # (n_rows, n_columns): scaled
    validation: Part | None
    test: Part | None
    facts: Facts
    doubts: tuple[str, ...] = ()  # about the data, for people
    # as of target_ranges
    ranges: NDArray[np.float64] = field(default_factory=lambda: np.empty((2, 0, 0)))

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that have windows to be evaluated."""
        return {
            name: part
            for name in ("validation", "test")
            if (part := getattr(self, name)) is not None
        }

    @property
    def framing(self) -> Framing:
        """How windows of the longest context are cut."""
        return Framing.of(self.config.windows, statistics_length=self.config.statistics_length)

    @property
    def channels(self) -> Channels:
        """Which columns of the values are what."""
        config = self.config
        return Channels.of(
            config.data, n_targets=config.n_outputs, padded=bool(config.windows.padding)
        )

    @property
    def ids(self) -> NDArray[np.object_]:
        """The ``unique_id`` of every series and target, (n_series, n_targets)."""
        return window_ids(self.config.data, self.layout, melted=self.config.melted)

    def windows(self, context_length: int | None = None, *, everything: bool = False) -> Windows:
        """Windows to learn from: those of the training part, or of all parts for the network that
        is published. Their context is the longest one unless another is asked for.
        """
        framing = self.framing
        return make_windows(
            self.layout,
            self.values,
            framing if context_length is None else framing.with_context(context_length),
            self.channels,
            part_starts=self.split.train_start,
            part_ends=self.split.end if everything else self.split.validation_start,
        )

    def evaluation_windows(self, starts: Ints, ends: Ints) -> Windows:
        """The windows of a part, (n_series,) borders; they end with the part's last row."""
        stride = self.config.windows.evaluation_stride or self.framing.horizon
        return make_windows(
            self.layout,
            self.values,
            self.framing.with_stride(stride),
            self.channels,
            part_starts=starts,
            part_ends=ends,
            latest=True,
        )

    def forecaster(self, network: bytes, calibration: Calibration | None = None) -> Forecaster:
        """Surround an ONNX ``network`` that was trained on this with all that a forecast needs,
        also the pretrained one, where it has a share.
        """
        share = self.config.model.pretrained
        forecaster = make_forecaster(
            network,
            self.scaler,
            self.framing,
            self.channels,
            trained_levels=self.config.model.levels,
            support=self.config.preprocessing.bounds,
            calibration=calibration,
        )
        if not share:
            return forecaster
        session = _shipped_session(self._season, self.framing.horizon)
        return replace(forecaster, pretrained=PretrainedShare(session, share))

    @property
    def pretrained_graph(self) -> bytes:
        """The graph of the pretrained network for these windows and their season."""
        return _shipped_graph(self._season, self.framing.horizon)

    @property
    def pretrained_sees_all(self) -> bool:
        """Whether the window of the pretrained network holds every series whole."""
        return int(self.layout.lengths.max()) <= self._season.context_length

    @property
    def _season(self) -> Season:
        """What the pretrained network is told: none where its window does not hold it."""
        season = Season(self.config.windows.season_length)
        return season_of_rows(self.layout, season.period if season.fits else 1)

    def with_share(self, share: float, reason: str = "") -> "Prepared":
        """The same with that share of the pretrained network, and why it was chosen."""
        model = self.config.model.model_copy(update={"pretrained": share})
        told = {"model.pretrained": f"{share}: {reason}"} if reason else {}
        return replace(
            self,
            config=self.config.model_copy(update={"model": model}),
            facts=replace(self.facts, resolved={**self.facts.resolved, **told}),
        )


@cache
def _shipped_graph(season: Season, horizon: int) -> bytes:
    length = season.context_length
    return window_graph(weights(), season, context_length=length, horizon=horizon)


@cache
def _shipped_session(season: Season, horizon: int) -> Session:
    return Session(_shipped_graph(season, horizon))
