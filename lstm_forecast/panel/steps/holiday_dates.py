"""Dates of public holidays, and of the days on which markets are closed."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["holiday_dates"]

MARKET_SIGNS = 3  # letters from which a code is that of a market, where there is one


@lru_cache(maxsize=4096)
def holiday_dates(code: str, first: int, last: int) -> NDArray[np.datetime64]:
    """Days off in a country, a part of one (AU-VIC) or a market (XNYS), from the year ``first`` to
    ``last``, ascending.
    """
    from holidays import country_holidays, financial_holidays, list_supported_financial

    years = range(first, last + 1)
    country, _, part = code.partition("-")
    days = (
        financial_holidays(code, years=years)
        if len(code) >= MARKET_SIGNS and code in list_supported_financial()
        else country_holidays(country, subdiv=part or None, years=years)
    )
    return np.array(sorted(days), "M8[D]")
