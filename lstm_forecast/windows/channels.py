"""Which columns of a panel, and which channels of a window, are what."""

from dataclasses import dataclass

from lstm_forecast.config.table import DataConfig
from lstm_forecast.panel.survey import known_ahead

__all__ = ["Channels"]


@dataclass(frozen=True, kw_only=True)
class Channels:
    """The order of columns and channels, as counts and slices.

    ========================== ===================================================
    columns of scaled values   targets, past covariates, known ahead, static
    channels of an input       the columns, known ahead a horizon later, flags of
                               the columns that may be missing, flag of padding
    ========================== ===================================================
    """

    n_targets: int
    n_past: int = 0  # covariates known up to now
    n_ahead: int = 0  # covariates known ahead that change from step to step
    n_static: int = 0  # covariates with one value for each series
    # The first columns, which may hold NaN: each has a flag that is 1 where it was observed.
    n_flagged: int = 0
    padded: bool = False  # whether the last channel is 1 on rows and 0 on padding

    @classmethod
    def of(cls, data: DataConfig, *, n_targets: int, padded: bool) -> "Channels":
        """Count the columns that a resolved config's section names."""
        known, n_past = known_ahead(data.covariates), len(data.covariates.past)
        measured = n_targets + n_past + len(known.future)
        return cls(
            n_targets=n_targets,
            n_past=n_past,
            n_ahead=len(known.ahead),
            n_static=len(known.constant),
            n_flagged=measured if data.masks else 0,
            padded=padded,
        )

    @property
    def n_own(self) -> int:
        """Columns that are normalised in the window: targets and past covariates."""
        return self.n_targets + self.n_past

    @property
    def n_columns(self) -> int:
        """Columns of the scaled values."""
        return self.n_own + self.n_ahead + self.n_static

    @property
    def n_known(self) -> int:
        """Channels of what is known ahead: its columns, and those of them that are shifted."""
        return 2 * self.n_ahead + self.n_static

    @property
    def n_features(self) -> int:
        """Channels of an input."""
        return self.n_own + self.n_known + self.n_flagged + self.padded

    @property
    def targets(self) -> slice:
        """Columns and channels of the targets."""
        return slice(0, self.n_targets)

    @property
    def past(self) -> slice:
        """Columns and channels of the past covariates."""
        return slice(self.n_targets, self.n_own)

    @property
    def own(self) -> slice:
        """Columns and channels that are normalised in the window."""
        return slice(0, self.n_own)

    @property
    def ahead(self) -> slice:
        """Columns known ahead that change, which enter a second time, one horizon later."""
        return slice(self.n_own, self.n_own + self.n_ahead)

    @property
    def known(self) -> slice:
        """Channels of what is known ahead, its shifted columns included."""
        return slice(self.n_own, self.n_own + self.n_known)

    @property
    def flagged(self) -> slice:
        """Columns and channels that may hold NaN."""
        return slice(0, self.n_flagged)
