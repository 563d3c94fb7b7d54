"""What ``forecast predict``, ``quick`` and ``template`` print with ``--json``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described

__all__ = [
    "LEVELS", "Cell", "Forecasts", "ForecastsWritten", "FutureRows", "FutureWritten",
    "QuickForecasts", "QuickWritten",
]  # fmt: skip

Cell = str | int | float | bool | None
LEVELS = (80, 95)  # intervals of ``quick`` in percent, where none is asked for


@dataclass(frozen=True, kw_only=True)
class _Origin(Answer):
    run: str = field(metadata=described("Id of the run that forecasts."))
    path: str = field(metadata=described("Directory of that run."))
    published: str = field(metadata=described("What forecasts: network, or a simpler forecast."))
    pretrained_share: float = field(
        metadata=described("Share of the forecast that is the pretrained network's.", least=0)
    )


@dataclass(frozen=True, kw_only=True)
class Forecasts(_Origin):
    """A run and its forecasts; also a file of ``predict --output NAME.json``."""

    repairs: Mapping[str, int] = field(
        metadata=described("By policy: rows or series that it changed in the data or left out.")
    )
    forecasts: tuple[Mapping[str, Cell], ...] = field(
        metadata=described(
            "One for each series and step: unique_id, the columns that name the series if they are"
            " several, ds and cutoff (ISO 8601 or a step), then the forecast in original units by"
            " the name of the run, and NAME-lo-80, NAME-hi-80: the borders of its interval of 80"
            " percent. With --columns input, the names of the table."
        )
    )


@dataclass(frozen=True, kw_only=True)
class ForecastsWritten(_Origin):
    """A run, and where its forecasts were written."""

    output: str = field(metadata=described("File of the forecasts."))


@dataclass(frozen=True, kw_only=True)
class FutureRows(Answer):
    """The rows of the future that ``predict --future`` needs."""

    future: tuple[Mapping[str, Cell], ...] = field(
        metadata=described("One for each series and step, with null for what is to be filled in.")
    )


@dataclass(frozen=True, kw_only=True)
class FutureWritten(Answer):
    """Where the rows of the future were written."""

    output: str = field(metadata=described("File of the rows."))


@dataclass(frozen=True, kw_only=True)
class QuickWritten(Answer):
    """How the pretrained network forecast a table."""

    pretrained: str = field(metadata=described("SHA-256 of the weights that forecast."))
    season_length: int = field(metadata=described("Rows of the season; 1: none.", least=1))
    second_season: int = field(metadata=described("Rows of a second season; 0: none.", least=0))
    windows: int = field(
        metadata=described("Windows of each series that were held back to be judged.", least=0)
    )
    errors: Mapping[str, float] = field(
        metadata=described("MASE on these windows: pretrained, naive and seasonal_naive.")
    )
    findings: tuple[str, ...] = field(metadata=described("What was found in the table."))
    output: str | None = field(metadata=described("File of the forecasts; null: none."))
    picture: str | None = field(metadata=described("File of the picture; null: none."))


@dataclass(frozen=True, kw_only=True)
class QuickForecasts(QuickWritten):
    """The same, and the forecasts; also a file of ``quick --output NAME.json``."""

    forecasts: tuple[Mapping[str, Cell], ...] = field(
        metadata=described(
            "One for each series and step: unique_id, the columns that name the series if they are"
            " several, ds and cutoff (ISO 8601 or a step), forecast in original units, and"
            " forecast-lo-80, forecast-hi-80: the borders of its interval of 80 percent."
        )
    )
