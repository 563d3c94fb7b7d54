"""The keys of a config for ``forecast pretrain``, their ranges and defaults."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lstm_forecast.config.fields import PositiveInt, Section, Whole, as_list

__all__ = ["PretrainConfig", "SeriesKind"]

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

    steps: PositiveInt = Field(5_000, description="batches in all")
    batch_size: PositiveInt = Field(512, description="series in a batch")
    learning_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        2e-3, description="highest learning rate; it rises for 300 steps and falls along a cosine"
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
    network: PretrainedNetworkConfig = Field(
        default_factory=PretrainedNetworkConfig, description="sizes"
    )
    training: PretrainTrainingConfig = Field(
        default_factory=PretrainTrainingConfig, description="how long and how fast"
    )
