"""What cells do not say for themselves, and the answers that there are: numbers with two readings,
limits of what could be measured, units, words and notes among numbers.
"""

from collections.abc import Iterator, Sequence

from lstm_forecast.config.missing import MOST_SENTINELS
from lstm_forecast.config.table import DataConfig
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.panel.asking.draft import Choice, Question
from lstm_forecast.tables.first_look import FirstLook
from lstm_forecast.tables.look_findings import reading
from lstm_forecast.tables.numbers.amounts import is_limit, split
from lstm_forecast.tables.numbers.nothing import DASH, LONGEST_SENTINEL
from lstm_forecast.tables.numbers.style import units_beside

__all__ = ["question_of_dashes", "question_of_readings", "questions_of_texts"]


def question_of_readings(look: FirstLook, csv: CsvConfig) -> Question:
    """Ask whether signs between digits part thousands or decimals, where both may be."""
    written = look.written
    finding = next(each for each in look.findings if each.kind == "csv")
    choices = tuple(
        Choice(
            {"csv": {**csv.model_dump(exclude_defaults=True), **style.keys}},
            f"{written.count:,} numbers are read so, {written.example!r} as"
            f" {style.number(written.example):,.6g}",
        )
        for style in (written.style, written.rival)
        if style is not None
    )
    return Question(finding.kind, finding.count, finding.text, finding.places, choices)


def question_of_dashes(look: FirstLook, data: DataConfig) -> Question:
    """Ask whether a dash alone is 0 or no value, where it may be both."""
    counts = {name: sum(found.values()) for name, found in look.dashes.items()}
    words = {word: None for found in look.dashes.values() for word in found}
    count, shown = sum(counts.values()), " or ".join(map(repr, words))
    where = ", ".join(f"{name} ({each:,})" for name, each in counts.items())
    text = (
        f"{count:,} cells of numbers hold {shown} alone, which offices write for 0 as well as for"
        f" no value, and no cell beside them is 0: column {where}"
    )
    named = (*data.sentinels, *(word for word in words if word != DASH))
    missing = {"sentinels": named} if len(words) > 1 or DASH not in words else {}
    answers = (
        Choice({"dashes": "zero"}, f"{count:,} cells are 0"),
        Choice(
            {"dashes": "missing", **missing, "missing": data.missing},
            f"{count:,} cells have no value; those before the first and behind the last value of a"
            " series are no part of it",
        ),
    )
    return Question("dashes", count, text, (), answers)


def questions_of_texts(look: FirstLook, data: DataConfig, *, rows: int) -> Iterator[Question]:
    """Ask what texts with digits among the numbers of the targets are, in a table of so many
    ``rows``: what they say is not to be lost.
    """
    doubtful = {
        name: [word for word in found if not is_limit(word)]
        for name, found in look.doubtful.items()
    }
    for finding in look.findings:
        name = next(iter(finding.columns), "")
        choices: list[Choice] = []
        if finding.kind == "texts" and doubtful.get(name):
            words = [word for found in doubtful.values() for word in found]
            choices += _beside(look, data, name, doubtful[name])
            choices.append(Choice({}, f"{reading(doubtful[name])[1]}, in the table"))
            choices += _lost(data, words, look.doubtful_rows)
        if finding.kind == "censored" and data.censored == "error" and name in doubtful:
            choices += _limits(data, finding.count)
        if choices:
            text = f"{finding.count:,} of {rows:,} rows: {finding.text}"
            yield Question(finding.kind, finding.count, text, finding.places, tuple(choices))


def _beside(look: FirstLook, data: DataConfig, name: str, words: Sequence[str]) -> Iterator[Choice]:
    """The answer that a unit beside some numbers is that of all, or that flags stand there, if
    nothing else is odd.
    """
    written, found = look.written, [split(word) for word in words]
    read = [one for one in found if one and written.style.number(one.digits) is not None]
    beside = {one.unit for one in read}
    units = units_beside(written.units_of(name), beside)
    if len(read) == len(words) and units is not None:
        count = sum(look.doubtful[name][word] for word in words)
        named = f" ({', '.join(sorted(beside))})" if len(beside) > 1 else ""
        effect = f"{count:,} numbers are taken without what stands beside them{named}"
        yield Choice({"units": {**data.units, name: units}}, effect)


def _lost(data: DataConfig, words: Sequence[str], rows: int) -> Iterator[Choice]:
    """The answer that these texts stand for missing values, where a config can name them all."""
    sentinels = (*data.sentinels, *sorted(set(words)))
    if len(sentinels) <= MOST_SENTINELS and max(map(len, words)) <= LONGEST_SENTINEL:
        keys = {"sentinels": sentinels, "missing": data.missing}
        yield Choice(keys, f"{rows:,} rows are read as missing, and what they say is lost")


def _limits(data: DataConfig, count: int) -> Iterator[Choice]:
    """What may become of limits such as <0.5."""
    yield Choice({"censored": "half"}, f"{count:,} rows: half of a limit that values lie below")
    yield Choice({"censored": "limit"}, f"{count:,} rows: the limit itself")
    keys = {"censored": "missing", "missing": data.missing}
    yield Choice(keys, f"{count:,} rows are read as missing")
