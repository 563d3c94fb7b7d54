"""Dates on the time axis of a picture, as short as they can be."""

from collections.abc import Sequence
from typing import Any

from matplotlib import dates

__all__ = ["ShortDates"]


class ShortDates(dates.ConciseDateFormatter):
    """Short dates, of which the first one that is seen has its year, month and day, and others say
    where these change.
    """

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The text of each tick."""
        texts: list[str] = super().format_ticks(values)  # type: ignore[no-untyped-call]
        axis: Any = self.axis
        start = min(axis.get_view_interval())
        first = next((k for k, value in enumerate(values) if value >= start), None)
        if first is None:
            return texts
        moments = [dates.num2date(value, self._tz) for value in values]  # type: ignore[no-untyped-call]
        daily = all(moment.hour == moment.minute == moment.second == 0 for moment in moments)
        monthly = daily and all(moment.day == 1 for moment in moments)
        whole = moments[first].strftime("%Y" if monthly else "%Y-%b" if daily else "%Y-%b-%d")
        texts[first] = whole if whole.endswith(texts[first]) else f"{texts[first]}\n{whole}"
        return texts
