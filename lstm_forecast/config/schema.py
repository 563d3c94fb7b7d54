"""The config's keys, their types, ranges and defaults. The descriptions are the documentation that users read.

Frozen pydantic models: a config is a value. ``None`` where a default stands means "decided from the data"; the
resolved config that is saved with a run holds what was decided.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from lstm_forecast.config.fields import PositiveInt, Section, Share, Units, Whole, as_list
from lstm_forecast.config.table import DataConfig, SplitConfig

__all__ = [
    "Activation", "Cell", "Config", "Initializer", "ModelConfig", "Normalisation", "PreprocessingConfig", "Scaler",
    "TrainingConfig", "WindowsConfig",
]  # fmt: skip

Activation = Literal["relu", "tanh", "sigmoid", "elu", "gelu", "linear"]
Cell = Literal["lstm", "gru", "rnn", "peephole_lstm", "coupled_lstm"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"]
Normalisation = Literal["none", "last", "mean", "standard"]
Scaler = Literal["standard", "minmax", "robust", "none"]


class PreprocessingConfig(Section):
    """Fitted on the training rows of every series and column."""

    log: bool = Field(False, description="logarithm of every column; needs values above 0")
    scaler: Scaler = Field("standard", description="standard, minmax, robust or none")


class WindowsConfig(Section):
    """How series are cut into (context, targets) pairs."""

    context_length: PositiveInt = Field(description="input steps that the network sees")
    horizon: PositiveInt = Field(description="steps forecast")
    stride: PositiveInt = Field(1, description="rows between the starts of training windows")
    evaluation_stride: PositiveInt | None = Field(
        None,
        description="rows between validation or test windows; absent: the horizon, more in huge tables",
    )
    normalisation: Normalisation = Field(
        "last", description="inside the window, undone on the output: none, last, mean or standard"
    )
    padding: bool | None = Field(
        None,
        description="pad and mask series shorter than the context; absent: where the data have such series",
    )
    season_length: PositiveInt | None = Field(
        None, description="rows per season, for the seasonal naive baseline and MASE; absent: from freq"
    )


class ModelConfig(Section):
    """The recurrent network."""

    cell: Cell = Field("lstm", description="lstm, gru, rnn, peephole_lstm or coupled_lstm")
    units: Annotated[Units, Field(min_length=1, max_length=16)] = Field(
        (128,), description="width of each recurrent layer"
    )
    bidirectional: bool = Field(False, description="read the window in both directions")
    segment_length: PositiveInt = Field(1, description="steps folded into one recurrent step")
    segment_units: Annotated[Whole, Field(ge=0, le=8192)] = Field(
        0, description="width of the Dense layer on each segment; 0: none"
    )
    dropout: Share = Field(0.0, description="share of the recurrent output dropped in training")
    recurrent_dropout: Share = Field(0.0, description="share of the recurrent state dropped in training")
    dense: Annotated[Units, Field(max_length=16)] = Field((), description="widths of hidden Dense layers")
    activation: Activation = Field("relu", description="of the segment and hidden Dense layers")
    kernel_initializer: Initializer = Field(
        "glorot_uniform", description="of input weights: glorot or he, uniform or normal"
    )
    recurrent_initializer: Initializer = Field("orthogonal", description="of recurrent weights")
    levels: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], BeforeValidator(as_list)] = Field(
        (),
        description="prediction intervals in percent, such as [80, 95]: trains one quantile for each border",
    )
    linear: bool = Field(True, description="start from a ridge regression on the window and learn what it leaves over")

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Ascending quantiles that the output has: the median, and both borders of every level."""
        return tuple(sorted({0.5} | {round(0.5 + sign * level / 200, 4) for level in self.levels for sign in (-1, 1)}))


class TrainingConfig(Section):
    """The optimiser and when to stop."""

    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adam", description="adam, adamw or rmsprop")
    learning_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        1e-3, description="step size of the optimiser at the start"
    )
    schedule: Literal["constant", "cosine", "exponential"] = Field(
        "constant",
        description="learning rate over the epochs: constant, cosine to 0, or exponential to a hundredth",
    )
    clipnorm: Annotated[float, Field(gt=0)] | None = Field(5.0, description="largest gradient norm; null: no clipping")
    loss: Literal["mae", "mse", "huber"] = Field("mae", description="for point forecasts; levels use the pinball loss")
    epochs: PositiveInt = Field(50, description="passes over the training windows at most")
    batch_size: PositiveInt = Field(128, description="windows per step of the optimiser")
    steps_per_epoch: PositiveInt | None = Field(None, description="batches per epoch at most; null: all windows")
    patience: PositiveInt | None = Field(
        10, description="epochs without a better validation loss before stopping; null: never stop early"
    )


class Config(Section):
    """A whole experiment: data, windows, network, training."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = Field(
        description="of the run directory, and of the forecast column"
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**31)] = Field(0, description="same seed, data and machine: same bytes")
    data: DataConfig
    split: SplitConfig = SplitConfig()
    preprocessing: PreprocessingConfig = PreprocessingConfig()
    windows: WindowsConfig
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    @field_validator("name")
    @classmethod
    def _is_no_column_of_a_forecast(cls, name: str) -> str:
        if name in ("unique_id", "ds", "cutoff", "y"):
            raise ValueError("the forecast table has a column of that name already; choose another")
        return name

    @model_validator(mode="after")
    def _segments_fill_the_context(self) -> "Config":
        context_length, segment_length = self.windows.context_length, self.model.segment_length
        if context_length % segment_length:
            nearest = max(1, round(context_length / segment_length)) * segment_length
            raise ValueError(
                f"windows.context_length ({context_length}) must be a multiple of model.segment_length "
                f"({segment_length}); the nearest is {nearest}"
            )
        return self

    @model_validator(mode="after")
    def _columns_have_one_role(self) -> "Config":
        data = self.data
        named = [
            data.timestamp,
            *([data.series_id] if data.series_id else []),
            *data.targets,
            *data.covariates.past,
        ]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"data: columns with more than one role: {', '.join(twice)}")
        return self
