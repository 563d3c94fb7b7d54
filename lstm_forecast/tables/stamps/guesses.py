"""Formats that the texts of a column of time stamps may be written in."""

import re
import warnings
from collections.abc import Iterator

import pandas as pd
from pandas.tseries.api import guess_datetime_format

from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.stamps.clock import HOUR_CODE, WORD_OF_TIME
from lstm_forecast.tables.stamps.formats import language_of, parts_of
from lstm_forecast.tables.stamps.month_names import ENGLISH, languages_of, month_names, plain
from lstm_forecast.tables.stamps.periods_of_day import period_directive
from lstm_forecast.tables.stamps.zones import ZONE_LETTERS

__all__ = [
    "DIGITS_OF_DATE", "DIGITS_OF_MONTH", "DIGITS_OF_WEEK", "NAMES_OF_WEEKS", "guesses",
    "is_day_of_month",
]  # fmt: skip

DIGITS_OF_MONTH = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])"
DIGITS_OF_DATE = rf"{DIGITS_OF_MONTH}(?:0[1-9]|[12]\d|3[01])"
DIGITS_OF_WEEK = r"(?:19|20)\d{2}(?:0[1-9]|[1-4]\d|5[0-3])"
DOTTED_TIME = r" \d?\d\.\d\d(\.\d\d)?$"  # 18.00.00, which pandas does not guess
DAY_AND_TIME = (
    r"(?P<day>.*?)(?P<time>,?(?: (?:at|kl\.?|klo|um))?[ T]\d?\d"
    r"(?:(?P<minute>(?P<sign>[:.])\d\d)(?P<seconds>(?P=sign)\d\d(?P<fraction>\.\d+)?)?"
    r"|(?P<letter>[hH]| Uhr)(?P<after>\d\d)?|(?= ?[AaPp]\.?[Mm])))?"
    r"(?P<half>(?<=\d) ?[AaPp]\.?(?:[Mm]\.?)?)?(?P<word>(?<=\d\d) (?:Uhr|hrs?))?"
)
HALF = r"%[HM] ?[AaPp]\.?(?:[Mm]\.?)?$"  # which pandas takes for letters without a meaning
ZONE = r"(?<=[\dMm])( ?)([A-Z]{1,5})([+-]\d\d?(?::?\d\d)?)?$"
BEFORE_WORD = r"(?<=[:.hH]\d\d)"  # the minutes or seconds of a time of day
# What stands before the number of a part of a year.
WORD_OF_PART = {
    "V": r"W|Wk|Week|CW|KW|Woche|Semaine|Semana|Vecka|Uke|Uge",
    "q": r"Q|QTR|Quarter|Quartal|K|Kvartal|Kwartaal|T|Trim|Trimestre|Trimester",
    "m": r"M|Month",
}
BETWEEN = "[-/., _]"
LONGEST_STAMP = 64  # characters
LONGEST_WEEK, MOST_MONTHS, MOST_QUARTERS = 53, 12, 4
NAMES_OF_WEEKS = {"week", "weeks", "yearweek", "isoweek", "kw", "yyyyww", "weeknum"}
NAMES_OF_QUARTERS = {"quarter", "quarters", "yearquarter", "qtr", "quartal"}


def guesses(cells: pd.Series, name: str) -> list[str]:
    """Formats that the first of these distinct texts may be written in, and no other way of reading
    them all is more likely; ``name`` is that of their column.

    Each has to be tried on all cells: those that fit and differ leave the reading open.
    """
    first = cells.iloc[0].strip()
    if len(first) > LONGEST_STAMP or "%" in first:
        return []
    text, ending = _without_zone(first)
    text = re.sub(r"(?<=[ T])24(?=[:.]00)", "00", text)  # as all else at the end of a day
    formats = (
        _with_periods(text, cells, name)
        or _with_signs(text)
        or _numbers_of_year(text, cells, name)
        or _words_of_year(text)
        or _with_names(text, cells)
        or _by_parts(text)
        or _with_day_of_year(text)
        or _with_hours(text, cells)
        or _with_hour_codes(text, cells)
        or _with_short_year(text)
    )
    return [style + ending for style in formats] or _before_word(cells, name)


def _before_word(cells: pd.Series, name: str) -> list[str]:
    """Formats of texts that all end with one word for a time of day, as 21:30 hs."""
    texts = cells.str.strip()
    found = re.search(rf"{BEFORE_WORD}{WORD_OF_TIME}$", texts.iloc[0])
    if found is None or not texts.str.endswith(found[0]).all():
        return []
    return [style + found[0] for style in guesses(texts.str.removesuffix(found[0]), name)]


def _with_signs(text: str) -> list[str]:
    """A date whose numbers are followed by what they count, as in 2012年1月31日."""
    found = re.fullmatch(r"\d{4}([年년] ?)\d\d?([月월])( ?)(?:\d\d?([日일]))?", text)
    if found is None:
        return []
    year, month, blank, day = found.groups()
    return [f"%Y{year}%m{month}" + (f"{blank}%d{day}" if day else "")]


def is_day_of_month(cells: pd.Series, style: str) -> bool:
    """Whether texts like Jan-20 may as well be days, without their year: each number is a day, and
    two texts in a row have one month.
    """
    if set(re.findall("%(.)", style)) not in ({"b", "y"}, {"B", "y"}):
        return False
    parts = parts_of(style, cells)
    return bool(
        pd.to_numeric(parts["y"]).between(1, 31).all() and (parts["b"] == parts["b"].shift()).any()
    )


def _without_zone(text: str) -> tuple[str, str]:
    """The text before the letters of a zone, and the format of these."""
    found = re.search(ZONE, text)
    if found is None or found[2] not in ZONE_LETTERS or not re.search(r"\d[:.]\d\d", text):
        return text, ""
    if found[2] in ("UTC", "GMT", "Z") and not found[3] and _by_pandas(text):
        return text, ""
    return text[: found.start()], f"{found[1]}%Z"


def _by_pandas(text: str) -> list[str]:
    """What pandas guesses, with the month first and with the day first."""
    if re.fullmatch(DIGITS_OF_MONTH, text):
        return ["%Y%m"]
    day, time = text, ""
    if dotted := re.search(DOTTED_TIME, text):
        day, time = text[: dotted.start()], " %H.%M.%S" if dotted[1] else " %H.%M"
    with warnings.catch_warnings(action="ignore"):
        found = [guess_datetime_format(day), guess_datetime_format(day, dayfirst=True)]
    known = [style for style in dict.fromkeys(found) if style and not re.search(HALF, style)]
    return [style + time for style in known]


def _numbers_of_year(text: str, cells: pd.Series, name: str) -> list[str]:
    """A year and the number of a week, a month or a quarter of it: by all numbers that occur, and
    by the name of the column.
    """
    shape = r"(?P<year>\d{4})(?P<sign>[-/. ]?)(?P<part>\d\d?)"
    turned = r"(?P<part>\d\d?)(?P<sign>[-/. ])(?P<year>\d{4})"
    fitting = next((each for each in (shape, turned) if re.fullmatch(each, text)), None)
    if fitting is None or re.fullmatch(r"\d{5}", text):
        return []
    found = cells.str.strip().str.extract(f"^{fitting}$").dropna()
    if not len(found):  # as letters of a zone stand behind each
        return []
    called = {*words_of(name), re.sub(r"[^a-z]", "", name.lower())}
    sign, parts = found["sign"].iloc[0], _parts_of_year(found["year"], found["part"], called)
    written = [("%G" if part == "V" else "%Y", f"%{part}") for part in parts]
    return [sign.join(pair if fitting is shape else reversed(pair)) for pair in written]


def _parts_of_year(years: pd.Series, parts: pd.Series, called: set[str]) -> list[str]:
    """What numbers within years may be, in a column ``called`` by these words."""
    numbers = parts.astype("int64")
    most, one_digit = int(numbers.max()), bool((parts.str.len() == 1).all())
    if most > MOST_MONTHS:
        return ["V"] if most <= LONGEST_WEEK else []
    if one_digit and most <= MOST_QUARTERS and called & NAMES_OF_QUARTERS:
        return ["q"]
    # four in each of several years
    years_of_each = years.groupby(numbers).nunique()
    quarters = one_digit and list(years_of_each.index) == [1, 2, 3, 4] and years_of_each.min() > 1
    return ["m", *(["V"] if called & NAMES_OF_WEEKS else []), *(["q"] if quarters else [])]


def _words_of_year(text: str) -> list[str]:
    """A year and the number of a part of it that is named, as 2024-W05, Q1 2024 or 1st Quarter."""
    for part, words in WORD_OF_PART.items():
        year, suffix = ("G", "") if part == "V" else ("Y", "(?:st|nd|rd|th)?")
        shapes = {
            rf"\d{{4}}({BETWEEN}*)({words})([-. ]?)\d\d?": f"%{year}{{0}}{{1}}{{2}}%{part}",
            rf"({words})([-. ]?)\d\d?({BETWEEN}+)\d{{4}}": f"{{0}}{{1}}%{part}{{2}}%{year}",
            rf"\d{{4}}({BETWEEN}+)\d{suffix}(\.? ?)({words})": f"%{year}{{0}}%{part}{{1}}{{2}}",
            rf"\d{suffix}(\.? ?)({words})({BETWEEN}+)\d{{4}}": f"%{part}{{0}}{{1}}{{2}}%{year}",
        }
        if part == "V":
            shapes[r"\d{4}(-?)(W)\d\d(-?)[1-7]"] = "%G{0}{1}%V{2}%u"
        if part == "q":
            shapes[rf"\d\d([-/ ]?)({words})[1-4]"] = "%y{0}{1}%q"
            shapes[rf"({words})[1-4]([-/ '’]+)\d\d"] = "{0}%q{1}%y"  # noqa: RUF001
        for shape, style in shapes.items():
            if found := re.fullmatch(shape, text, re.IGNORECASE):
                return [style.format(*found.groups())]
    return []


def _with_names(text: str, cells: pd.Series) -> list[str]:
    """What pandas guesses, unless the names of months are of another language than English."""
    named = _named_months(text, cells)
    return named if named and named[0] != language_of(named[0])[1] else _by_pandas(text) or named


def _by_parts(text: str) -> list[str]:
    """What pandas guesses for the day, with the time of day that it does not."""
    found = re.fullmatch(DAY_AND_TIME, text)
    if found is None or not found["time"]:
        return []
    return [style + _time_format(found) for style in _by_pandas(found["day"])]


def _named_months(text: str, cells: pd.Series) -> list[str]:
    """A month by its name, beside a year and perhaps a day, in each language that gives the names
    of all cells a meaning of their own.
    """
    found = re.fullmatch(DAY_AND_TIME, text)
    if found is None or not re.search(r"\d", found["day"]):
        return []
    for word in re.finditer(r"[^\W\d_]{3,}\.?", found["day"]):
        before, after = found["day"][: word.start()], found["day"][word.end() :]
        day = _digits(before, after)
        if not day or not languages_of([plain(word[0])]):
            continue
        return list(_in_languages(day + _time_format(found), cells, word[0]))
    return []


def _digits(before: str, after: str) -> str:
    """The format of the numbers around the name of a month; nothing where they are no date."""
    numbers = re.findall(r"\d+", f"{before} {after}")
    years = [number for number in numbers if len(number) == len("2024")]
    if not 1 <= len(numbers) <= 2 or len(years) > 1 or any(len(each) == 3 for each in numbers):
        return ""
    if not years and not re.search(r"\b\d\d$", after):  # 20-Jan is a day of a year not told
        return ""
    year = numbers.index(years[0]) if years else len(numbers) - 1
    directives = iter(
        ("%Y" if years else "%y") if place == year else "%d" for place in range(len(numbers))
    )
    written = [re.sub(r"\d+", lambda _: next(directives), each) for each in (before, after)]
    return "%b".join(written)


def _time_format(found: re.Match[str]) -> str:
    if not found["time"]:
        return ""
    before = found["time"][: re.search(r"\d", found["time"]).start()]  # type: ignore[union-attr]
    clock = "%I" if found["half"] else "%H"
    clock += f"{found['sign']}%M" if found["minute"] else ""
    clock += f"{found['sign']}%S" if found["seconds"] else ""
    clock += (found["letter"] or "") + ("%M" if found["after"] else "")
    half = f"{' ' if found['half'].startswith(' ') else ''}%p" if found["half"] else ""
    return f"{before}{clock}{'.%f' if found['fraction'] else ''}{half}{found['word'] or ''}"


def _in_languages(style: str, cells: pd.Series, first: str) -> Iterator[str]:
    """The format for each language in which the names mean something of their own."""
    found = parts_of(style, cells)["b"].dropna().map(plain).unique().tolist()
    languages = languages_of(found) or languages_of([plain(first)])
    for language in languages:
        names = month_names(language, short=False, day="%d" in style)
        short = month_names(language, short=True, day="%d" in style)
        long = {plain(name) for name in names} - {plain(name) for name in short}
        named = style if long.isdisjoint(found) else style.replace("%b", "%B", 1)
        yield named if language == ENGLISH else f"{language}: {named}"


def _with_day_of_year(text: str) -> list[str]:
    """A year and the number of a day of it, as 2020-031."""
    found = re.fullmatch(DAY_AND_TIME, text)
    day = found and re.fullmatch(r"\d{4}([-/. ])\d{3}", found["day"])
    return [f"%Y{day[1]}%j{_time_format(found)}"] if found and day else []


def _with_periods(text: str, cells: pd.Series, name: str) -> list[str]:
    """A date with a numbered period of the day behind it, as of a column of its own."""
    period = period_directive(cells, name)
    return [f"{style} %{period}" for style in _dates_before(text, cells)] if period else []


def _with_hours(text: str, cells: pd.Series) -> list[str]:
    """A date with an hour behind it, or with hour and minute as one number, as of a column of its
    own.
    """
    clock = "%H" if cells.str.fullmatch(r".* \d\d?\s*").all() else "%N"
    return [f"{style} {clock}" for style in _dates_before(text, cells)]


def _with_hour_codes(text: str, cells: pd.Series) -> list[str]:
    """A date with an hour behind it that is called so, as HE01."""
    found = re.fullmatch(rf"(?i)(.*?\d.*?) ({HOUR_CODE})\d\d?", text)
    if found is None:
        return []
    dates = cells.str.replace(rf"(?i) {HOUR_CODE}\d\d?\s*$", "", regex=True)
    styles = _with_names(found[1], dates) or _with_short_year(found[1])
    return [f"{style} {found[2]}%H" for style in styles if "%d" in style]


def _dates_before(text: str, cells: pd.Series) -> list[str]:
    """Formats of the dates before a short number; a midnight behind them is what it is."""
    found = re.fullmatch(r"(.*?\d.*?)([T ]00:00(?::00)?)? \d{1,4}", text)
    if found is None:
        return []
    dates = cells.str.replace(r"([T ]00:00(:00)?)? \d{1,4}\s*$", "", regex=True)
    styles = _with_signs(found[1]) or _with_names(found[1], dates) or _with_short_year(found[1])
    midnight = found[2] or ""
    return [style + midnight for style in styles if "%d" in style and "%H" not in style]


def _with_short_year(text: str) -> list[str]:
    """A date in three short numbers, as 1/22/20 or 22.01.20: each order that people write."""
    found = re.fullmatch(DAY_AND_TIME, text)
    day = found and re.fullmatch(r"\d\d?([-/])\d\d?\1\d\d|\d\d(\.)\d\d\.\d\d", found["day"])
    if found is None or not day:
        return []
    orders = [("%m", "%d", "%y"), ("%d", "%m", "%y")]
    if re.match(r"\d\d", text):
        orders.append(("%y", "%m", "%d"))
    return [(day[1] or day[2]).join(each) + _time_format(found) for each in orders]
