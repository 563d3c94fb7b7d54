"""The config's section about closed steps: those of the grid on which nothing is ever observed."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from lstm_forecast.config.fields import Section, as_list
from lstm_forecast.config.standards import HolidayCalendar

__all__ = ["DAYS", "MINUTES_OF_DAY", "ClosedConfig", "WeekPart", "YearPart"]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_OF_DAY = 24 * 60
LEAP_YEAR = 2024  # which has all dates
WEEK_PART = re.compile(
    r"(?P<days>[A-Za-z]{3,}(?:\s*[-,]\s*[A-Za-z]{3,})*)?\s*"
    r"(?:(?P<start>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d))?"
)


def _checked(kind: type["WeekPart"] | type["YearPart"]) -> AfterValidator:
    """Tell a text that names such a part."""

    def checked(text: str) -> str:
        kind.of(text)
        return text

    return AfterValidator(checked)


@dataclass(frozen=True)
class WeekPart:
    """Minutes from ``start`` to before ``end`` of some days of every week."""

    days: tuple[int, ...]  # 0 is Monday
    start: int = 0
    end: int = MINUTES_OF_DAY

    @classmethod
    def of(cls, text: str) -> "WeekPart":
        """Read ``Sun``, ``Sat-Sun``, ``Mon,Wed 12:00-13:00`` or, of all days, ``18:00-24:00``.

        Raises ValueError for anything else.
        """
        found = WEEK_PART.fullmatch(text.strip())
        try:
            if found is None or not any(found.groups()):
                raise ValueError(text)
            days = _days(found["days"]) if found["days"] else tuple(range(len(DAYS)))
            start, end = (
                (_minute(found["start"]), _minute(found["end"]))
                if found["start"]
                else (0, MINUTES_OF_DAY)
            )
            if start >= end:
                raise ValueError(text)
        except ValueError:
            raise ValueError(
                f"{text!r}: must be days or hours of the week, such as Sun, Sat-Sun, 18:00-24:00"
                " or Mon,Wed 12:00-13:00; a night is two parts: 00:00-06:00 and 22:00-24:00"
            ) from None
        return cls(days, start, end)


@dataclass(frozen=True)
class YearPart:
    """The dates from the ``first`` to the ``last`` of every year, both included; over the turn of
    the year where the last comes before the first.
    """

    first: int  # 100 * month + day
    last: int

    @classmethod
    def of(cls, text: str) -> "YearPart":
        """Read ``12-25``, or ``07-01/08-15``. Raises ValueError for anything else."""
        first, _, last = text.partition("/")
        try:
            return cls(_date(first), _date(last or first))
        except ValueError:
            raise ValueError(
                f"{text!r}: must be a date of every year, such as 12-25, or the first and the last"
                " one of a part of it, such as 07-01/08-15"
            ) from None


class ClosedConfig(Section):
    """Steps on which nothing is ever observed: the grid leaves them out."""

    weekly: Annotated[tuple[Annotated[str, _checked(WeekPart)], ...], BeforeValidator(as_list)] = (
        Field(
            (),
            description=(
                "days or hours of every week, in local time: [Sun], [Sat-Sun, 18:00-24:00] or"
                " ['Mon,Wed 12:00-13:00']; a step is closed whose stamp lies from the first of two"
                " times to before the second"
            ),
        )
    )
    yearly: Annotated[tuple[Annotated[str, _checked(YearPart)], ...], BeforeValidator(as_list)] = (
        Field(
            (),
            description=(
                "dates of every year: [12-25], or [07-01/08-15] with the first and the last one"
            ),
        )
    )
    holidays: Annotated[tuple[HolidayCalendar, ...], BeforeValidator(as_list)] = Field(
        (),
        description=(
            "public holidays of a country or a part of one, or days on which a market is closed:"
            " [US], [AU-VIC], [XNYS]"
        ),
    )
    rows: Literal["error", "drop"] = Field(
        "error", description="rows that have a value on a closed step: error or drop"
    )

    @property
    def any(self) -> bool:
        """Whether any step is closed."""
        return bool(self.weekly or self.yearly or self.holidays)


def _days(text: str) -> tuple[int, ...]:
    """Read ``Mon-Fri,Sun``; ``Fri-Mon`` goes over the end of the week."""
    found: set[int] = set()
    for part in text.split(","):
        names = part.split("-")
        first, last = (DAYS.index(names[end].strip()[:3].title()) for end in (0, -1))
        found |= {(first + k) % len(DAYS) for k in range((last - first) % len(DAYS) + 1)}
    return tuple(sorted(found))


def _minute(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if minute >= 60 or hour * 60 + minute > MINUTES_OF_DAY:
        raise ValueError(text)
    return hour * 60 + minute


def _date(text: str) -> int:
    month, day = map(int, text.split("-"))
    return 100 * month + date(LEAP_YEAR, month, day).day
