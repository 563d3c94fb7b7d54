"""Names of the months in many languages, whatever their capitals, accents and points."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

__all__ = ["ENGLISH", "LANGUAGES", "languages_of", "month_names", "month_numbers", "plain"]

ENGLISH = "en"
# Those whose names are looked for, in this order: a name that means one month in several is taken
# for the first one.
LANGUAGES = (
    ENGLISH, "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "sk", "sl",
    "hr", "hu", "ro", "tr",
)  # fmt: skip
ENGLISH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# What people and spreadsheets write beside the names of the CLDR, plain.
MORE_NAMES: Mapping[str, dict[str, int]] = {
    ENGLISH: {"sept": 9},
    "de": {"mrz": 3, "maerz": 3, "jaenner": 1, "janner": 1, "feber": 2, "sept": 9},
    "fr": {"jan": 1, "fev": 2, "mar": 3, "jun": 6, "jul": 7, "aou": 8, "sep": 9},
    "es": {"sep": 9, "setiembre": 9},
    "it": {"sett": 9},
}


def plain(name: str) -> str:
    """A name without what people leave off: capitals, accents and points."""
    parts = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))  # noqa: RUF001
    return "".join(sign for sign in parts if sign != "." and not unicodedata.combining(sign))


@cache
def month_names(language: str, *, short: bool, day: bool = False) -> tuple[str, ...]:
    """The twelve names, as they stand beside a year, or a ``day`` too, short ones without a point.

    Raises ValueError for a language that is not one of ``LANGUAGES``.
    """
    if language == ENGLISH:
        return tuple(name[:3] for name in ENGLISH_NAMES) if short else ENGLISH_NAMES
    if language not in LANGUAGES:
        raise ValueError(
            f"no names of months are known in {language!r}; expected one of {', '.join(LANGUAGES)}"
        )
    from babel import Locale  # a quarter of a second, for what is not English

    context, width = "format" if day else "stand-alone", "abbreviated" if short else "wide"
    names = Locale(language).months[context][width]
    return tuple(names[month].rstrip(".") for month in range(1, 13))


@cache
def month_numbers(language: str) -> Mapping[str, int]:
    """The number of the month for each of its plain names.

    Raises ValueError for a language that is not one of ``LANGUAGES``.
    """
    forms = [(short, day) for short in (False, True) for day in (False, True)]
    written = [month_names(language, short=short, day=day) for short, day in forms]
    numbers = {plain(name): month for names in written for month, name in enumerate(names, start=1)}
    return numbers | MORE_NAMES.get(language, {})


def languages_of(names: Iterable[str]) -> list[str]:
    """A language for each meaning that these plain names have together; none where they are no
    months.

    English names mean nothing else in the others: what is English is looked for nowhere else.
    """
    wanted = set(names)
    found: dict[tuple[int, ...], str] = {}
    for language in LANGUAGES:
        numbers = month_numbers(language)
        if wanted <= numbers.keys():
            found.setdefault(tuple(numbers[name] for name in sorted(wanted)), language)
            if language == ENGLISH:
                break
    return list(found.values())
