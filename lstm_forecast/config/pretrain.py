"""The keys of a config for ``forecast pretrain``, their ranges and defaults."""

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lstm_forecast.config.fields import PositiveInt, Section, Whole, as_list

__all__ = ["OwnPanelConfig", "PretrainConfig", "SeriesKind"]

SeriesKind = Literal[
    "structural", "smoothing", "integrated", "smooth", "walks", "growing", "counted", "switching",
    "pulsed",
]  # fmt: skip

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]


class PretrainedNetworkConfig(Section):
    """Sizes of the pretrained network."""

    units: Annotated[PositiveInt, Field(le=2048)] = Field(
        128, description="units of each recurrent layer"
    )
    layers: Annotated[PositiveInt, Field(le=8)] = Field(2, description="recurrent layers")
    hidden: Annotated[PositiveInt, Field(le=4096)] = Field(
        256, description="units of the two dense layers behind them"
    )


class PretrainTrainingConfig(Section):
    """How long and how fast the pretrained network learns."""

    steps: PositiveInt = Field(24_000, description="batches in all")
    batch_size: PositiveInt = Field(512, description="series in a batch")
    learning_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        2e-3, description="highest learning rate; it rises for 300 steps and falls along a cosine"
    )


class OwnPanelConfig(Section):
    """A table to learn from."""

    config: Annotated[str, Field(min_length=1)] = Field(
        description=(
            "config of a training, as forecast init writes it, relative to this config's directory:"
            " its data are learned from, but for the newest windows.horizon steps of each series,"
            " by which the network is judged"
        )
    )
    share: Annotated[float, Field(gt=0, le=1)] = Field(
        description="share of all that is learned; what is left of 1 are generated series"
    )


class PretrainConfig(Section):
    """How a pretrained network is made."""

    name: Name = Field(description="name of the network: letters, digits, - and _")
    seed: Annotated[Whole, Field(ge=0, lt=2**32)] = Field(
        0, description="seed of the first weights and of the series"
    )
    kinds: Annotated[tuple[SeriesKind, ...], BeforeValidator(as_list)] = Field(
        (), description="kinds of generated series; all where it is empty"
    )
    start: Literal["scratch", "shipped"] = Field(
        "scratch",
        description=(
            "first weights: scratch (random ones) or shipped (those that come with the package;"
            " leave the network's sizes as they are)"
        ),
    )
    panels: tuple[OwnPanelConfig, ...] = Field(
        (), description="series of one's own, to learn from too; none: generated series alone"
    )
    network: PretrainedNetworkConfig = Field(
        default_factory=PretrainedNetworkConfig, description="sizes"
    )
    training: PretrainTrainingConfig = Field(
        default_factory=PretrainTrainingConfig, description="how long and how fast"
    )

    @model_validator(mode="after")
    def _shares_are_parts_of_a_whole(self) -> "PretrainConfig":
        if (total := math.fsum(panel.share for panel in self.panels)) > 1:
            raise ValueError(f"panels: their shares add up to {total:g}, and may to 1")
        return self
