"""Values that a standard lists: countries whose holidays are known, and encodings of text."""

import codecs
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["Country", "Encoding", "HolidayCalendar"]

# What every encoding of text files can hold, and what none of them takes for something else.
TEXT, ESCAPE = 'ABCxyz0189 \t,;.:-"\r\n', rb"\u0041"


def _checked_country(value: str) -> str:
    """Tell a country, or a part of one, whose holidays are known."""
    from holidays import list_supported_countries

    countries = list_supported_countries()
    country, _, part = value.partition("-")
    if country not in countries:
        raise ValueError(
            "no country with known holidays; expected a code of two letters such as"
            f" {country[:2].upper()}"
        )
    if part and part not in countries[country]:
        raise ValueError(
            f"no known part of {country}; expected one of {', '.join(countries[country]) or 'none'}"
        )
    return value


def _checked_calendar(value: str) -> str:
    """Tell a market whose days are known, or a country."""
    from holidays import list_supported_financial

    if value in list_supported_financial():
        return value
    try:
        return _checked_country(value)
    except ValueError as error:
        raise ValueError(
            f"{error}; or of a market such as XNYS, XLON, XETR, XPAR, XTSE or XJPX"
        ) from None


def _checked_encoding(name: str) -> str:
    """Tell how text files are written from other codecs of Python, such as those for names of hosts
    or for escapes.
    """
    try:
        decoder = codecs.getincrementaldecoder(name)()
        signs = "".join(decoder.decode(bytes([byte])) for byte in TEXT.encode(name))
        if signs.removeprefix("\ufeff") == TEXT and ESCAPE.decode(name, errors="ignore") != "A":
            return name
    except (LookupError, ValueError):
        pass
    raise ValueError(
        "no encoding of text files; expected one such as utf-8, utf-16-le, cp1252, iso8859-15 or"
        " gb18030"
    )


Country = Annotated[str, AfterValidator(_checked_country)]
HolidayCalendar = Annotated[str, AfterValidator(_checked_calendar)]
Encoding = Annotated[str, AfterValidator(_checked_encoding)]
