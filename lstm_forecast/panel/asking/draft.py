"""What ``forecast init`` wrote, found and asks, as one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described

__all__ = ["Choice", "Draft", "Question"]


@dataclass(frozen=True)
class Choice:
    """One answer: the keys of the config's section data that give it; none where the table itself
    has to change.
    """

    keys: Mapping[str, object] = field(
        metadata=described("Keys of the config's section data, with their values.")
    )
    effect: str = field(metadata=described("What it does, to how many rows."))
    safe: bool = field(
        default=False, metadata=described("Whether all rows and what they say stay as they are.")
    )
    option: str = field(
        default="",
        metadata=described("Options of `forecast init` that give it; empty where none do."),
    )


@dataclass(frozen=True)
class Question:
    """What the table does not say, so that training refuses it until somebody does."""

    kind: str = field(
        metadata=described(
            "Key of the config that stays at error; sentinels for cells that are no numbers."
        )
    )
    count: int = field(metadata=described("Rows.", least=0))
    finding: str = field(metadata=described("What the table does not say."))
    places: tuple[str, ...] = field(metadata=described("The first places."))
    answers: tuple[Choice, ...] = field(metadata=described("The answers that there are."))


@dataclass(frozen=True, kw_only=True)
class Draft(Answer):
    """A config that was written for a table."""

    config: str = field(metadata=described("File of the config."))
    rows: int = field(metadata=described("Rows of the table.", least=0))
    series: int = field(metadata=described("Series.", least=1))
    series_id: str | tuple[str, ...] | None = field(
        metadata=described("Column that names the series, or those that do so together.")
    )
    timestamp: tuple[str, ...] = field(metadata=described("Columns that hold the stamps."))
    freq: str = field(metadata=described("Spacing of the rows."))
    first: str | int = field(metadata=described("First stamp of all series."))
    last: str | int = field(metadata=described("Last stamp of all series."))
    targets: tuple[str, ...] = field(metadata=described("Columns to forecast."))
    covariates: Mapping[str, tuple[str, ...]] = field(
        metadata=described(
            "Other columns by what they could be: `numeric` ones, and those that are `static`."
        )
    )
    closed: Mapping[str, object] = field(
        metadata=described("Steps on which nothing is ever observed, as in data.closed.")
    )
    policies: Mapping[str, object] = field(
        metadata=described("What is done about faults: keys of the config's section data.")
    )
    sure: tuple[str, ...] = field(
        metadata=described("Which of timestamp, series_id, freq and targets were not guessed.")
    )
    findings: tuple[str, ...] = field(metadata=described("What was found on the way."))
    questions: tuple[Question, ...] = field(
        metadata=described("What training refuses until someone chooses.")
    )
