"""The config's section about the network."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lstm_forecast.config.fields import AUTO, OPEN, AutoInt, Section, Share, Units, Whole, as_list

__all__ = ["Activation", "Cell", "Initializer", "ModelConfig", "quantiles_of"]

Activation = Literal["relu", "tanh", "sigmoid", "elu", "gelu", "linear"]
Cell = Literal["lstm", "gru", "rnn", "peephole_lstm", "coupled_lstm"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"]


def quantiles_of(levels: Iterable[int]) -> tuple[float, ...]:
    """Ascending: the median, and both borders of every level in percent."""
    return tuple(
        sorted({0.5} | {round(0.5 + sign * level / 200, 4) for level in levels for sign in (-1, 1)})
    )


class ModelConfig(Section):
    """The recurrent network."""

    cell: Cell = Field(
        "lstm", description="recurrent cell: lstm, gru, rnn, peephole_lstm or coupled_lstm"
    )
    units: Annotated[Units, Field(min_length=1, max_length=16), AUTO] = Field(
        OPEN, description="width of each recurrent layer"
    )
    bidirectional: bool = Field(False, description="read the window in both directions")
    segment_length: AutoInt = Field(OPEN, description="steps folded into one recurrent step")
    segment_units: Annotated[Whole, Field(ge=0, le=8192), AUTO] = Field(
        OPEN, description="width of the Dense layer on each segment; 0: none"
    )
    decoder: Literal["direct", "parallel"] = Field(
        "direct",
        description=(
            "direct (one Dense layer for the horizon) or parallel (one more step of the cell for"
            " each segment of the horizon)"
        ),
    )
    dropout: Share = Field(0.1, description="share of the recurrent output dropped in training")
    recurrent_dropout: Share = Field(
        0.0, description="share of the recurrent state dropped in training"
    )
    dense: Annotated[Units, Field(max_length=16)] = Field(
        (), description="widths of hidden Dense layers"
    )
    activation: Activation = Field(
        "relu", description="activation of the segment and hidden Dense layers"
    )
    kernel_initializer: Initializer = Field(
        "glorot_uniform",
        description="initializer of input weights: glorot or he, uniform or normal",
    )
    recurrent_initializer: Initializer = Field(
        "orthogonal", description="initializer of recurrent weights"
    )
    levels: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], BeforeValidator(as_list)] = (
        Field(
            (),
            description=(
                "prediction intervals in percent, such as [80, 95]: trains one quantile for each"
                " border"
            ),
        )
    )
    calibration: Literal["none", "pooled", "series"] = Field(
        "series",
        description=(
            "intervals made to hold their levels on the validation part: none, pooled (by step of"
            " the horizon) or series (that, and by series)"
        ),
    )
    linear: Annotated[
        Literal["none", "seasonal_naive", "ridge", "smoothing", "combined", "weighted"], AUTO
    ] = Field(
        OPEN,
        description=(
            "what the network corrects: none, seasonal_naive (the last season; the last value where"
            " contexts hold none), ridge (a regression on the window), smoothing (exponential ones"
            " and Theta, weighted by how well they forecast the window), combined (the ridge with"
            " smoothing or a naive forecast) or weighted (the mean of all these and straight lines,"
            " weighted by how well they forecast the newest fifth of the windows)"
        ),
    )
    pretrained: Annotated[Annotated[float, Field(ge=0, le=1)], AUTO] = Field(
        OPEN,
        description=(
            "share of the forecast that is the pretrained network's, which nothing of these data"
            " was shown; auto: 0, 0.5 or 1, by what forecasts the validation part better; 0.5 where"
            " all series are too short for one"
        ),
    )
    channels: Literal["independent", "joint"] = Field(
        "independent",
        description=(
            "several targets: independent (as series of one network) or joint (seen together)"
        ),
    )
    ensemble: Annotated[Whole, Field(ge=1, le=64), AUTO] = Field(
        OPEN, description="networks trained from different seeds; their median is forecast"
    )
    context_lengths: Annotated[Units, Field(max_length=64)] = Field(
        (),
        description=(
            "context lengths of the networks of an ensemble, in turn; absent:"
            " windows.context_length"
        ),
    )

    @model_validator(mode="after")
    def _decodes_forwards(self) -> "ModelConfig":
        if self.decoder == "parallel" and self.bidirectional:
            raise ValueError(
                "model.decoder: parallel needs model.bidirectional: false, as it goes on where the"
                " context ends"
            )
        return self

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Ascending quantiles that the output has: the median, and both borders of every level."""
        return quantiles_of(self.levels)
