"""What ``forecast runs`` tells of published runs, as documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, Document, described
from lstm_forecast.store.manifest import Manifest
from lstm_forecast.store.promotions import Promotion
from lstm_forecast.store.report import Reports

__all__ = [
    "Checked", "Crowned", "Listed", "Listing", "Pruned", "RunPage", "TrainedRun", "Verified",
]  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A run and how good it was.

    Errors are those of the test part, or of the validation part where there is none.
    """

    name: str = field(metadata=described("Name of the config."))
    run: str = field(metadata=described("Id of the run."))
    champion: bool = field(metadata=described("Whether predict uses it."))
    state: str = field(
        metadata=described(
            "readable, for study (found no better than the champion of its time), or damaged."
        )
    )
    cutoff: str | None = field(default=None, metadata=described("Stamp of the newest row."))
    published: str | None = field(
        default=None, metadata=described("What forecasts: network, or a simpler forecast.")
    )
    mae: float | None = field(
        default=None, metadata=described("Mean absolute error, in original units.")
    )
    mase: float | None = field(default=None, metadata=described("Mean absolute scaled error."))
    skill: float | None = field(
        default=None, metadata=described("1 - MAE / MAE of the seasonal naive forecast.")
    )


@dataclass(frozen=True)
class Checked:
    """A run, and what is wrong with it."""

    run: str = field(metadata=described("Id of the run."))
    champion: bool = field(metadata=described("Whether predict uses it."))
    problems: tuple[str, ...] = field(metadata=described("What is wrong; none: it is whole."))
    difference: float | None = field(
        metadata=described(
            "Of its golden forecasts from what they were, as a share of the largest; null:"
            " unreadable."
        )
    )


@dataclass(frozen=True, kw_only=True)
class Listing(Answer):
    """Published runs, oldest first."""

    runs: tuple[Listed, ...] = field(metadata=described("The runs of each name, oldest first."))


@dataclass(frozen=True, kw_only=True)
class RunPage(Answer):
    """All that a run tells about itself, and what people said of it."""

    path: str = field(metadata=described("Directory of the run."))
    champion: bool = field(metadata=described("Whether predict uses it."))
    promotions: tuple[Promotion, ...] = field(
        metadata=described("Promotions by hand for which somebody gave a reason.")
    )
    manifest: Manifest = field(metadata=described("What manifest.json holds, without hashes."))
    metrics: Reports = field(metadata=described("What metrics.json holds: reports by part."))


@dataclass(frozen=True, kw_only=True)
class Verified(Answer):
    """Runs whose files are whole, and which forecast what they did."""

    runs: tuple[Checked, ...] = field(metadata=described("The runs, oldest first."))


@dataclass(frozen=True, kw_only=True)
class Crowned(Answer):
    """The champion from now on."""

    champion: str = field(metadata=described("Directory of the champion."))


@dataclass(frozen=True, kw_only=True)
class Pruned(Answer):
    """Runs that were removed."""

    removed: tuple[str, ...] = field(metadata=described("Ids of the runs that went."))


@dataclass(frozen=True, kw_only=True)
class TrainedRun(Document):
    """A run that was trained and published."""

    ok: bool = field(metadata=described("Whether it is the champion now."))
    exit_code: int = field(metadata=described("0; 6 where somebody chose a champion meanwhile."))
    promoted: bool = field(metadata=described("Whether it is the champion now."))
    champion: str = field(metadata=described("Id of the champion now."))
    run: str = field(metadata=described("Id of the run."))
    path: str = field(metadata=described("Its directory."))
    published: str = field(metadata=described("What forecasts: network, or a simpler forecast."))
    pretrained_share: float = field(
        metadata=described("Share of the forecast that is the pretrained network's.", least=0)
    )
    validation_errors: Mapping[str, float] = field(
        metadata=described("By what could be published: MASE, or MAE where nothing is scaled.")
    )
    metrics: Reports = field(metadata=described("What metrics.json holds: reports by part."))
