"""The config's keys, their types, ranges and defaults.

The descriptions are the documentation that users read.

Frozen pydantic models: a config is a value. ``None`` where a default stands means ``auto``: decided
from the data and, where several choices are sensible, by what forecasts the validation part best.
The resolved config that is saved with a run holds what was decided.
"""

import math
import re
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lstm_forecast.config.fields import AUTO, OPEN, AutoInt, PositiveInt, Section, Whole
from lstm_forecast.config.network import ModelConfig
from lstm_forecast.config.retrain import RetrainConfig
from lstm_forecast.config.series_id import LONG_COLUMNS
from lstm_forecast.config.table import DataConfig, SplitConfig
from lstm_forecast.config.tune import Space, require_tunable

__all__ = [
    "LONGEST_PRETRAINED", "SUPPORTS", "Config", "Normalisation", "PreprocessingConfig",
    "ScalerKind", "TrainingConfig", "WindowsConfig",
]  # fmt: skip

Normalisation = Literal["none", "last", "mean", "standard", "last_standard"]
LONGEST_WINDOW = 100_000  # rows of a context or horizon
LONGEST_PRETRAINED = 192  # steps that the pretrained network may have a share of: 4 of its passes
ScalerKind = Literal["standard", "minmax", "robust", "none"]
Support = Literal["real", "non_negative", "unit"]
SUPPORTS: dict[Support, tuple[float, float]] = {
    "real": (-math.inf, math.inf), "non_negative": (0.0, math.inf), "unit": (0.0, 1.0),
}  # fmt: skip


class PreprocessingConfig(Section):
    """Fitted on training rows alone."""

    log: Annotated[bool, AUTO] = Field(
        OPEN, description="logarithm of targets and past covariates; needs values above 0"
    )
    scaler: ScalerKind = Field(
        "standard", description="scaler of every column: standard, minmax, robust or none"
    )
    scope: Literal["series", "global"] = Field(
        "series",
        description=(
            "series (each has its own center and scale) or global (one pair for each column)"
        ),
    )
    support: Annotated[Support, AUTO] = Field(
        OPEN,
        description=(
            "what targets can be, and so forecasts and the borders of their intervals: real,"
            " non_negative or unit (0 to 1); auto: from the values before the test part"
        ),
    )

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest value that a target can have; a run from before there were any
        has none.
        """
        return SUPPORTS[self.support or "real"]


class WindowsConfig(Section):
    """How series are cut into (context, targets) pairs."""

    horizon: Annotated[PositiveInt, Field(le=LONGEST_WINDOW)] = Field(
        description="steps that are forecast"
    )
    context_length: Annotated[PositiveInt, Field(le=LONGEST_WINDOW), AUTO] = Field(
        OPEN, description="input steps that the network sees"
    )
    stride: PositiveInt = Field(1, description="rows between the starts of training windows")
    evaluation_stride: AutoInt = Field(
        OPEN,
        description=(
            "rows between validation or test windows; auto: the horizon, more in huge tables"
        ),
    )
    normalisation: Annotated[Normalisation, AUTO] = Field(
        OPEN,
        description="normalisation inside the window, undone on the output: none, last (value "
        "subtracted), mean (subtracted), standard (mean subtracted, divided by the standard "
        "deviation) or last_standard",
    )
    normalisation_span: PositiveInt | None = Field(
        None,
        description=(
            "newest rows of the context that mean and deviation come from; absent: the whole"
            " context"
        ),
    )
    padding: Annotated[bool, AUTO] = Field(
        OPEN,
        description=(
            "pad and mask series shorter than the context; auto: where the data have such series"
        ),
    )
    season_length: AutoInt = Field(
        OPEN,
        description=(
            "rows per season; auto: from freq, or from the values where time is a step number"
        ),
    )


class TrainingConfig(Section):
    """The optimiser and when to stop."""

    optimizer: Literal["adam", "adamw", "rmsprop"] = Field(
        "adam", description="optimiser: adam, adamw or rmsprop"
    )
    learning_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        1e-3, description="step size of the optimiser at the start"
    )
    schedule: Literal["constant", "cosine", "exponential"] = Field(
        "cosine",
        description=(
            "learning rate over the epochs: constant, cosine to 0, or exponential to a hundredth"
        ),
    )
    clipnorm: Annotated[float, Field(gt=0)] | None = Field(
        5.0, description="largest gradient norm; null: no clipping"
    )
    ema: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description=(
            "momentum of the running average of the weights that is kept, such as 0.999; null: the"
            " weights"
        ),
    )
    loss: Literal["mae", "mse", "huber"] = Field(
        "mae", description="loss of point forecasts: mae, mse or huber; levels use the pinball loss"
    )
    epochs: Annotated[Whole, Field(ge=0), AUTO] = Field(
        OPEN, description="passes over the training windows at most; 0: the linear part alone"
    )
    batch_size: AutoInt = Field(OPEN, description="windows per step of the optimiser")
    steps_per_epoch: Annotated[Whole, Field(ge=0), AUTO] = Field(
        OPEN, description="batches per epoch at most, drawn anew each time; 0: all windows"
    )
    patience: PositiveInt | None = Field(
        10,
        description=(
            "epochs without a better validation loss before stopping; null: never stop early"
        ),
    )
    time_budget: Annotated[float, Field(gt=0)] = Field(
        180.0,
        description="seconds on 2 cores that choices left to auto are made for, as a rule of thumb",
    )
    memory_limit: PositiveInt | None = Field(
        None,
        description=(
            "MiB that a training may take by its estimate, and the reading of a table in every"
            " command; above, it is refused; null: what the machine has left"
        ),
    )
    refit: bool = Field(
        True,
        description=(
            "after the evaluation, train the same network on all rows, for the forecasts to come"
        ),
    )
    fallback: Annotated[bool, AUTO] = Field(
        OPEN,
        description="publish the mean with the linear part, that part, a smoothing or a naive "
        "forecast where it is better on the validation part; auto: unless model.linear is none, "
        "which asks for the network itself",
    )


class Config(Section):
    """A whole experiment: data, windows, network, training."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = Field(
        description="what the run directory and the forecast column are called"
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**31)] = Field(
        0, description="seed of all random numbers; same seed, data and machine: same bytes"
    )
    data: DataConfig
    split: SplitConfig = SplitConfig()
    preprocessing: PreprocessingConfig = PreprocessingConfig()
    windows: WindowsConfig
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    retrain: RetrainConfig = RetrainConfig()
    tune: Space = Field(
        {},
        description=(
            "what `forecast tune` tries, by key: values, such as model.units: [32, 64], or a range,"
            " such as training.learning_rate: {low: 0.0003, high: 0.01, log: true}; absent: a space"
            " of its own"
        ),
    )

    @field_validator("tune")
    @classmethod
    def _is_tunable(cls, space: Space, info: ValidationInfo) -> Space:
        for key, values in space.items():
            require_tunable(key, values, info.data)
        return space

    @field_validator("name")
    @classmethod
    def _is_no_column_of_a_forecast(cls, name: str) -> str:
        if name in LONG_COLUMNS:
            raise ValueError("the forecast table has a column of that name already; choose another")
        return name

    @model_validator(mode="after")
    def _segments_fill_the_context(self) -> "Config":
        context_length, segment_length = self.windows.context_length, self.model.segment_length
        if context_length and segment_length and context_length % segment_length:
            nearest = max(1, round(context_length / segment_length)) * segment_length
            raise ValueError(
                f"windows.context_length ({context_length}) must be a multiple of"
                f" model.segment_length ({segment_length}); the nearest is {nearest}"
            )
        return self

    @model_validator(mode="after")
    def _pretrained_reaches(self) -> "Config":
        share, horizon = self.model.pretrained, self.windows.horizon
        if share and horizon > LONGEST_PRETRAINED:
            raise ValueError(
                f"model.pretrained: {share:g} needs windows.horizon ({horizon}) to be at most"
                f" {LONGEST_PRETRAINED}"
            )
        return self

    @model_validator(mode="after")
    def _contexts_fit(self) -> "Config":
        lengths, segment_length = self.model.context_lengths, self.model.segment_length
        if lengths and not (self.windows.context_length and segment_length):
            raise ValueError(
                "model.context_lengths needs windows.context_length and model.segment_length"
            )
        if wrong := [n for n in lengths if n > self.windows.context_length or n % segment_length]:
            raise ValueError(
                f"model.context_lengths ({wrong[0]}) must be multiples of model.segment_length "
                f"({segment_length}) up to windows.context_length ({self.windows.context_length})"
            )
        used = lengths[: self.model.ensemble]  # all, where the data decide how many networks
        if used and max(used) < self.windows.context_length:
            raise ValueError(
                f"windows.context_length ({self.windows.context_length}) must be the longest"
                f" context of the networks (model.context_lengths, model.ensemble), {max(used)}"
            )
        span, shortest = (
            self.windows.normalisation_span,
            min((self.windows.context_length or 0, *lengths)),
        )
        if span and shortest and span > shortest:
            raise ValueError(
                f"windows.normalisation_span ({span}) must be at most the shortest context"
                f" ({shortest})"
            )
        return self

    @model_validator(mode="after")
    def _contexts_hold_what_is_known_ahead(self) -> "Config":
        lengths = [n for n in (self.windows.context_length, *self.model.context_lengths) if n]
        if self.data.covariates.ahead and lengths and min(lengths) < self.windows.horizon:
            raise ValueError(
                "covariates known ahead need contexts (windows.context_length,"
                f" model.context_lengths) of at least the horizon; received {min(lengths)} for"
                f" windows.horizon ({self.windows.horizon})"
            )
        return self

    @model_validator(mode="after")
    def _unseen_series_have_a_scale(self) -> "Config":
        if self.data.unseen_series == "global" and self.preprocessing.scope != "global":
            raise ValueError(
                "data.unseen_series: global needs preprocessing.scope: global, as nothing else fits"
                " them"
            )
        if self.data.short_series != "pad" and self.windows.padding:
            raise ValueError("windows.padding: true needs data.short_series: pad")
        return self

    @model_validator(mode="after")
    def _columns_have_one_role(self) -> "Config":
        named = self.data.columns
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"data: columns with more than one role: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _keys_are_no_columns_of_a_forecast(self) -> "Config":
        keys = self.data.series_columns if len(self.data.series_columns) > 1 else ()
        if taken := [key for key in keys if key in LONG_COLUMNS]:
            raise ValueError(
                f"data.series_id: the forecast table has a column {taken[0]} of its own, beside"
                " those that name the series; rename it in the table"
            )
        named = re.compile(rf"{re.escape(self.name)}(-(lo|hi)-\d+)?")
        if taken := [key for key in keys if named.fullmatch(key)]:
            raise ValueError(
                f"name: {self.name}: the forecast has a column {taken[0]}, and so has"
                " data.series_id; choose another name, or rename the column in the table"
            )
        return self

    @property
    def melted(self) -> bool:
        """Whether every target is a series of its own."""
        return self.model.channels == "independent" and len(self.data.targets) > 1

    @property
    def n_outputs(self) -> int:
        """Targets that one window has."""
        return 1 if self.melted else len(self.data.targets)

    @property
    def member_contexts(self) -> tuple[int, ...]:
        """Context length of every network of the ensemble."""
        lengths = self.model.context_lengths or (self.windows.context_length,)
        return tuple(lengths[k % len(lengths)] for k in range(self.model.ensemble))

    @property
    def statistics_length(self) -> int:
        """Newest rows of a window that its local statistics come from: every network of an ensemble
        sees them.
        """
        shortest = min(self.model.context_lengths or (self.windows.context_length,))
        return self.windows.normalisation_span or shortest
