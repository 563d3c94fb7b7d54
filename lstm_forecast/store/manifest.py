"""What a run tells about itself: what ``manifest.json`` holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import MaxLen

from lstm_forecast.documents import Document, described

__all__ = ["Facts", "Manifest", "Verdict", "WindowCounts"]

LONGEST_TEXT = 1_000  # characters of a name, an id or a reason
Text = Annotated[str, MaxLen(LONGEST_TEXT)]


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger is better than the champion, and by what."""

    better: bool = field(default=False, metadata=described("Whether it becomes the champion."))
    reason: Text = field(default="", metadata=described("Why, in a sentence."))
    windows: int = field(
        default=0, metadata=described("Windows that both were judged on.", least=0)
    )
    losses: Mapping[str, float | None] = field(
        default_factory=dict,
        metadata=described(
            "Mean loss of champion, challenger and seasonal_naive, scaled; null: not finite."
        ),
    )
    gain: float | None = field(
        default=None, metadata=described("1 - loss of the challenger / loss of the champion.")
    )
    gain_low: float | None = field(
        default=None,
        metadata=described("Bound that the gain exceeds with the confidence asked for."),
    )


@dataclass(frozen=True, kw_only=True)
class WindowCounts(Document):
    """Windows of each part of time."""

    training: int = field(default=0, metadata=described("Windows learned from.", least=0))
    validation: int = field(default=0, metadata=described("Windows chosen by.", least=0))
    test: int = field(default=0, metadata=described("Windows that decided nothing.", least=0))


@dataclass(frozen=True, kw_only=True)
class Facts(Document):
    """The data that a run was trained on, and what was decided from them."""

    freq: Text | None = field(
        default=None, metadata=described("Spacing of the rows, as a pandas alias.")
    )
    timezone: Text | None = field(default=None, metadata=described("Time zone of the stamps."))
    cutoff: Text = field(metadata=described("Stamp of the newest row."))
    columns: tuple[Text, ...] = field(
        default=(), metadata=described("What the network sees, the targets first.")
    )
    future_rows: int = field(
        default=0,
        metadata=described("Rows behind the last target of their series, left out.", least=0),
    )
    unseen_categories: Mapping[Text, int] = field(
        default_factory=dict,
        metadata=described("By static column: series of a category that the config lacks."),
    )
    rows: int | None = field(default=None, metadata=described("Rows of the table.", least=0))
    series: int = field(metadata=described("Series of the panel.", least=0))
    windows: WindowCounts = field(metadata=described("Windows of each part."))
    unobserved_windows: int = field(
        default=0,
        metadata=described(
            "Training windows left out, as a value among their targets was not observed.", least=0
        ),
    )
    repairs: Mapping[Text, int] = field(
        default_factory=dict,
        metadata=described("By policy: rows or series that it changed or left out."),
    )
    skipped_series: tuple[Text, ...] = field(
        default=(), metadata=described("Series too short to learn from, left out.")
    )
    padded_series: int = field(
        default=0, metadata=described("Series shorter than context and horizon.", least=0)
    )
    resolved: Mapping[Text, Text] = field(
        default_factory=dict,
        metadata=described("By key of the config: what `auto` became, and why."),
    )
    warnings: tuple[str, ...] = field(
        default=(), metadata=described("What may be a fault of the data.")
    )
    data_sha256: str = field(
        default="",
        metadata=described(
            "SHA-256 of the table's files, one after another; of a frame from Python, of its rows"
            " as an Arrow IPC stream."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Origin(Document):
    """What comes first in a manifest."""

    format_version: int = field(
        default=0, metadata=described("Version of the format of runs.", least=0)
    )
    run_id: str = field(default="", metadata=described("Number of the run, and when it was made."))
    created: Text = field(
        default="", metadata=described("When it was published, UTC, in ISO 8601.")
    )
    name: Text = field(metadata=described("Name of the config, and of the forecast's column."))
    seed: int | None = field(default=None, metadata=described("Seed of all that is random."))
    python: Text = field(default="", metadata=described("Version of Python."))
    versions: Mapping[Text, Text] = field(
        default_factory=dict, metadata=described("Versions of the libraries, by package.")
    )
    devices: tuple[Text, ...] = field(
        default=(), metadata=described("What Keras computed on, such as cpu:0 or gpu:0.")
    )


@dataclass(frozen=True, kw_only=True)
class Manifest(Facts, _Origin):
    """What a run is, what it learned from, what was published, and the hashes of its files.

    ``publish`` gives it version, id, time and hashes.
    """

    published: Text = field(
        metadata=described(
            "What forecasts: `network`, or the simpler forecast that the validation part preferred."
        )
    )
    pretrained_share: float | None = field(
        default=None,
        metadata=described(
            "Share of the forecasts that is the pretrained network's, where it has one; the rest is"
            " what `published` says.",
            missing_without="pretrained_share",
        ),
    )
    pretrained_sha256: Text | None = field(
        default=None,
        metadata=described(
            "SHA-256 of the pretrained network's weights, where it has a share.",
            missing_without="pretrained_sha256",
        ),
    )
    weights: Text | None = field(
        default=None,
        metadata=described(
            "What weights.safetensors and network.keras hold: `network`, the trained one; missing"
            " where they hold what is published.",
            missing_without="weights",
        ),
    )
    validation_errors: Mapping[Text, float] = field(
        default_factory=dict,
        metadata=described("By what could be published: MASE, or MAE where nothing is scaled."),
    )
    start: Text | None = field(
        default=None,
        metadata=described(
            "Where a challenger's training started: warm or scratch.", missing_without="start"
        ),
    )
    judged: Verdict | None = field(
        default=None,
        metadata=described("How a challenger was judged.", missing_without="judged"),
    )
    judged_against: Text | None = field(
        default=None,
        metadata=described("Id of the champion then.", missing_without="judged_against"),
    )
    for_study: bool | None = field(
        default=None,
        metadata=described(
            "Whether it was found no better than the champion.", missing_without="for_study"
        ),
    )
    files: Mapping[str, str] | None = field(
        default=None,
        metadata=described("SHA-256 of every other file.", missing_without="files"),
    )
    sha256: str | None = field(
        default=None,
        metadata=described("SHA-256 of the rest of the manifest.", missing_without="sha256"),
    )
