"""Local times without their zone: whether what is missing or repeated in them is the doing of
clocks.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.panel.steps.grid import Grid

__all__ = ["MOST_STEPS_SKIPPED", "clock_hint", "clock_zone"]

# One for each common pair of hours: Central, Western and Eastern Europe, all of the United States,
# Australia.
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "Australia/Sydney")
MOST_STEPS_SKIPPED = 60  # in a row by clocks: an hour of minutes


def clock_hint(grid: Grid, ordinals: NDArray[np.int64], *, repeated: bool) -> tuple[str, str]:
    """What ends the text, and begins the remedy, of a finding about these steps of a ``grid``
    without a zone.

    Both are empty unless all steps are ``repeated`` in autumn, or else skipped in spring, by the
    clocks of a zone.
    """
    if isinstance(grid.origin, int) or grid.zone is not None or not len(ordinals):
        return "", ""
    zone = clock_zone(pd.DatetimeIndex(grid.stamps(np.unique(ordinals))), repeated=repeated)
    if zone is None:
        return "", ""
    text = (
        f"; clocks in {zone}"
        f" {'show exactly such hours twice' if repeated else 'skip exactly such hours'}"
    )
    return text, f"data.timezone: {zone}, or the zone of the data, with data.dst: first, or "


def clock_zone(stamps: pd.DatetimeIndex, *, repeated: bool) -> str | None:
    """A zone whose clocks show all of these local times twice where they are ``repeated``, or else
    never.
    """
    return next((zone for zone in ZONES if _changed(stamps, zone, repeated=repeated).all()), None)


def _changed(stamps: pd.DatetimeIndex, zone: str, *, repeated: bool) -> NDArray[np.bool_]:
    """Which local times the clocks of a zone show twice, or never."""
    if repeated:
        local = stamps.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    else:
        local = stamps.tz_localize(zone, ambiguous=np.ones(len(stamps), bool), nonexistent="NaT")
    return np.asarray(local.isna())
