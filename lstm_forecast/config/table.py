"""The config's sections about the data: where they are, what their columns mean, what to do about
faults, the split.
"""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.config.covariates import CovariatesConfig
from lstm_forecast.config.events import Aggregate, DayStart, Partial
from lstm_forecast.config.fields import Names, Part, PositiveInt, Section
from lstm_forecast.config.inside import Inside
from lstm_forecast.config.layout import OptionalLayout, columns_as_written, require_one_value
from lstm_forecast.config.missing import DashesKey, Negative, Sentinels
from lstm_forecast.config.series_id import PaddedIds, SeriesId
from lstm_forecast.config.stamp_format import checked_format
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import ConfigError
from lstm_forecast.files import from_folder

__all__ = ["DataConfig", "SplitConfig"]


def _checked_stamp(value: Any) -> Any:
    """Tell a date from a step number."""
    if isinstance(value, str):
        with suppress(ValueError):
            datetime.fromisoformat(value)
            return value
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(
        "must be an ISO date, such as 2024-01-31 or 2024-01-31 18:00, or a whole step number"
    )


def _checked_path(path: str | None) -> str | None:
    """Tell what can be read again."""
    if path in ("-", "/dev/stdin"):
        raise ValueError(
            "must be a file, as standard input comes only once; one that is called - is ./-"
        )
    return path


def _checked_columns(value: Any) -> Any:
    """Let a list of names stand where one name does."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(name, str) for name in value):
        return tuple(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(
        "must be the name of a column, or a list of those that hold the parts of a stamp"
    )


Stamp = Annotated[int | str, BeforeValidator(_checked_stamp)]


class DataConfig(Section):
    """Where the table is, what its columns mean, and what to do about its faults."""

    path: Annotated[Annotated[str, Field(min_length=1)] | None, AfterValidator(_checked_path)] = (
        Field(
            description=(
                "file, directory or glob: CSV, Parquet, Excel, OpenDocument, JSON, .tsf, Arrow or"
                " SQLite; relative to the config's directory; null in a run that was trained on a"
                " frame from Python"
            )
        )
    )
    layout: OptionalLayout = None
    timestamp: Annotated[str | tuple[str, ...], BeforeValidator(_checked_columns)] = Field(
        description=(
            "column with the time stamps, or integer steps; a list where several columns hold the"
            " parts, such as [year, month, day] or [Date, Time]"
        )
    )
    timestamp_format: Annotated[str, AfterValidator(checked_format)] | None = Field(
        None,
        description=(
            "how stamps are written, where that is not ISO 8601: a strptime format, parts with a"
            " space between them; also %q for quarters, %h for half-years, %K for dekads, %E for"
            " years that are counted, %G-W%V for weeks, %N for 930 as 9:30, %P, %Q and %O for half"
            " hours, quarters and hours of a day by their number, %* for what is not read, %Z for"
            " letters of zones, `de: %d. %B %Y` for names of months in a language; seconds,"
            " milliseconds, microseconds, nanoseconds or days since 1970; excel for its days; steps"
        ),
    )
    other_stamps: Literal["error", "skip"] = Field(
        "error",
        description=(
            "rows without a stamp, or whose stamp is not written as timestamp_format says, such as"
            " sums of years beside months: error or skip (they are left out)"
        ),
    )
    timezone: str | None = Field(None, description="IANA zone of the stamps, such as Europe/Vienna")
    dst: Literal["error", "first", "last", "shift"] = Field(
        "error",
        description=(
            "stamps without offset in an hour that daylight saving repeats or skips: error, first"
            " or last (which of the repeated hours; two in a series are one each) or shift (as"
            " first; skipped ones move forward)"
        ),
    )
    end: Stamp | None = Field(
        None,
        description=(
            "last stamp used in training, an ISO date or a whole step number; later rows are left"
            " out; absent: all"
        ),
    )
    series_id: SeriesId | None = Field(
        None,
        description=(
            "column that names the series, or a list of those that do so together, such as [store,"
            " item]; none: one series"
        ),
    )
    padded_ids: PaddedIds = "keep"
    leave_out: Names = Field(
        (),
        description=(
            "series that are left out, by their ids, such as [Total]; where several columns name a"
            " series, by its joined id, such as [Vienna/Total]"
        ),
    )
    targets: Annotated[Names, Field(min_length=1)] = Field(description="columns to forecast")
    covariates: CovariatesConfig = CovariatesConfig()
    freq: str | None = Field(
        None,
        description=(
            "spacing of the rows: pandas alias, MS-15 for day 15 of each month (or the last of a"
            " shorter one), or integer step; absent: inferred"
        ),
    )
    closed: ClosedConfig = ClosedConfig()
    csv: CsvConfig = CsvConfig()
    sheet: str | None = Field(
        None, description="sheet of a workbook; absent: the only one that holds a table"
    )
    table: str | None = Field(
        None, description="table or view of a database; absent: the only one there is"
    )
    query: str | None = Field(
        None, description="one SELECT whose rows are the table, instead of a table of a database"
    )
    unsorted: Literal["sort", "error"] = Field(
        "sort", description="rows out of order: sort or error"
    )
    duplicates: Literal["error", "first", "last", "mean", "sum"] = Field(
        "error",
        description=(
            "rows of a series with the same stamp: error, first, last, mean or sum; with"
            " data.aggregate: error (all of them count) or first (rows that are equal in all"
            " columns of the table count once)"
        ),
    )
    off_grid: Literal["error", "nearest"] = Field(
        "error",
        description=(
            "stamps between the steps of freq: error or nearest (moved to the nearest step)"
        ),
    )
    aggregate: Aggregate = None
    day_start: DayStart = None
    partial: Partial = "keep"
    gaps: Literal["error", "fill", "split", "mask"] = Field(
        "error",
        description=(
            "missing rows: error, fill (as missing values), split (windows never cross them) or"
            " mask (see data.missing)"
        ),
    )
    fill_limit: PositiveInt | None = Field(
        None,
        description=(
            "longest gap in rows that is filled or masked, longer ones split; absent: all are"
        ),
    )
    missing: Literal["error", "ffill", "seasonal", "interpolate", "mask"] = Field(
        "error",
        description=(
            "empty cells and NaN, but for those behind the last value of a target, which are not"
            " known yet: error, ffill, seasonal (the value a season before), interpolate,"
            " which looks at the value behind the hole, or mask (not observed: nothing learns from"
            " such a value or is judged by it, windows to be forecast that hold one are left out,"
            " and the network sees the last value with a flag)"
        ),
    )
    negative: Negative = "keep"
    infinite: Literal["error", "missing"] = Field(
        "error", description="values that are infinite or beyond 1e150: error or missing"
    )
    outliers: Literal["keep", "clip"] = Field(
        "keep",
        description=(
            "values farther from the others of the training part than those are from each other:"
            " keep or clip, in what the network sees; errors are those of the true values"
        ),
    )
    short_series: Literal["pad", "skip", "error"] = Field(
        "pad",
        description=(
            "series shorter than context and horizon: pad (see windows.padding), skip or error"
        ),
    )
    unseen_series: Literal["error", "skip", "global"] = Field(
        "error",
        description=(
            "series to forecast that training has not seen: error, skip, or global, which scales"
            " them as all others (needs preprocessing.scope: global)"
        ),
    )
    ended_series: Literal["skip", "forecast"] = Field(
        "skip",
        description=(
            "series whose whole forecast would lie at or before the newest row of all series: skip"
            " or forecast, in what predict, template and the picture of the forecast show; where"
            " only one series would be left, all are forecast"
        ),
    )
    future_rows: Literal["error", "keep", "drop"] = Field(
        "error",
        description=(
            "rows with a stamp later than now, by more than a day and a step, that do not tell of"
            " future covariates alone: error, keep or drop"
        ),
    )
    units: dict[str, dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]] = Field(
        {},
        description=(
            "texts beside the numbers of a column, and what a number with each is multiplied by:"
            " {price: {€: 1}, volume: {K: 1000, M: 1000000}}; '' stands for none; absent: none"
        ),
    )
    censored: Literal["error", "limit", "half", "missing"] = Field(
        "error",
        description=(
            "values of which a limit is known, such as <0.5 or >100: error, limit (the number),"
            " half (of a limit that values lie below; others as limit) or missing"
        ),
    )
    dashes: DashesKey = "missing"
    sentinels: Sentinels = ()

    def located(self, folder: Path) -> Path:
        """Where the table is, for a config in ``folder``.

        Raises ConfigError where it was a frame.
        """
        if self.path is None:
            raise ConfigError(
                "data.path: null: this run was trained on a frame from Python, which is in no"
                " file; write the table to one, and name it in data.path"
            )
        return from_folder(folder, self.path)

    @property
    def stamp_columns(self) -> tuple[str, ...]:
        """The columns that hold the time stamps."""
        return (self.timestamp,) if isinstance(self.timestamp, str) else self.timestamp

    @property
    def series_columns(self) -> tuple[str, ...]:
        """The columns that name the series."""
        if not self.series_id:
            return ()
        return (self.series_id,) if isinstance(self.series_id, str) else self.series_id

    @property
    def inside(self) -> Inside:
        """What of a file is the table, and what some files do not say of it."""
        return Inside(sheet=self.sheet, table=self.table, query=self.query, freq=self.freq)

    @property
    def masks(self) -> bool:
        """Whether values may be marked as not observed."""
        return "mask" in (self.gaps, self.missing)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell a row's stamp and series."""
        return (*self.stamp_columns, *self.series_columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the table that are used."""
        return (*self.keys, *self.targets, *self.covariates.columns)

    @property
    def columns_as_written(self) -> tuple[str, ...]:
        """Those of them that have their names before the table is turned round."""
        return columns_as_written(
            self.layout, self.columns, stamps=self.stamp_columns, targets=self.targets
        )

    @model_validator(mode="after")
    def _fits_its_layout(self) -> "DataConfig":
        require_one_value(
            self.layout,
            stamps=self.stamp_columns,
            targets=self.targets,
            covariates=self.covariates,
        )
        return self


class SplitConfig(Section):
    """The newest rows of every series: a share (0.2), a number of rows (48), or the first date of
    the part.
    """

    validation: Part = Field(0.1, description="rows before the test part, for early stopping")
    test: Part = Field(0.2, description="newest rows, for the reported errors only")

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> "SplitConfig":
        shares = [part for part in (self.validation, self.test) if isinstance(part, float)]
        if sum(shares) >= 1:
            raise ValueError("validation and test together leave no rows for training")
        return self
