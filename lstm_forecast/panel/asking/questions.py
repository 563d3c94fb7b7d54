"""What a table leaves open, and how a call that says little of a table is answered."""

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lstm_forecast.config.document import quote
from lstm_forecast.config.loading import Argument, config_of
from lstm_forecast.config.schema import Config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.panel.asking.draft import Question
from lstm_forecast.panel.asking.settle import Settled, settle
from lstm_forecast.tables.first_look import FirstLook, Given, first_look
from lstm_forecast.tables.numbers.amounts import is_limit
from lstm_forecast.tables.source import Frame, Source

__all__ = [
    "POLICIES", "Caller", "as_options", "given_policies", "given_reading", "question_lines",
    "shown", "table_as_asked", "with_policies",
]  # fmt: skip

Key = tuple[str, ...]
# stand in for columns that are found later, while the other keys are checked
READING_KEYS = (
    "csv", "units", "sheet", "table", "query", "layout", "series_id", "freq", "timestamp_format",
    "other_stamps", "timezone", "aggregate", "day_start",
)  # fmt: skip
# Keys of what is done about faults, in the order in which they are told.
POLICIES = (
    "other_stamps", "padded_ids", "leave_out", "dst", "closed", "future_rows", "aggregate",
    "day_start", "partial", "off_grid", "unsorted", "duplicates", "gaps", "fill_limit", "sentinels",
    "negative", "infinite", "censored", "dashes", "missing",
)  # fmt: skip
OPEN = {"timestamp": "(the time)", "targets": ["(the target)"]}


@dataclass(frozen=True)
class Caller:
    """Who asks for a table, as messages tell it."""

    name: str
    setting: Callable[[Mapping[str, object]], str]  # how keys of the section data are set there


def table_as_asked(
    source: Source, arguments: Sequence[Argument], base: Mapping[str, Any], *, caller: Caller
) -> tuple[Config, Settled]:
    """The config for a table, as ``forecast init`` would write it where the ``arguments`` of the
    ``caller`` leave it open, and the table.

    ``base`` has the keys that a config needs beside. Raises ConfigError for wrong keys before the
    table is read, DataError for what has to be chosen.
    """
    given = {key for argument in arguments for key, _ in argument.leaves()}
    path = None if isinstance(source, Frame) else str(source)
    described = {**base, "data": {"path": path, **OPEN}}
    asked = config_of(described, arguments, source=caller.name).data
    look = _looked(source, asked, given)
    described["data"] = look.data.model_copy(update={"path": path, "sentinels": ()}).model_dump(
        mode="json"
    )
    known = config_of(described, arguments, source=caller.name).data
    decided = (key[1] for key in given if key[0] == "data" and len(key) > 1)
    settled = settle(_with_words(look, known, decided), source)
    if settled.questions:
        freq = {} if ("data", "freq") in given else {"freq": settled.data.freq}
        raise DataError(*(_asked(question, freq, caller.setting) for question in settled.questions))
    described["data"] = settled.data.model_dump(mode="json")
    config = config_of(described, arguments, source=caller.name)
    # those that were given, and the words that say nothing beside them
    data = config.data.model_copy(update={"sentinels": settled.data.sentinels})
    return config.model_copy(update={"data": data}), settled


def given_reading(settings: Sequence[Argument], *, command: str, more: Sequence[str] = ()) -> Given:
    """What the ``settings`` of a ``command`` say of how a table is read.

    Raises UsageError for keys that say something else, and are none of ``more``, ConfigError for
    wrong values.
    """
    for argument in settings:
        for (section, *key), _ in argument.leaves():
            if section != "data" or not key or key[0] not in (*READING_KEYS, *more):
                what = "how the table is read" + (
                    " and what is done about its faults" if more else ""
                )
                taken = ", data.".join(dict.fromkeys((*READING_KEYS, *more)))
                raise UsageError(
                    f"{argument.place}: {command} takes what says {what}: data.{taken}; write other"
                    " keys to a config"
                )
    data = _given_data(settings, command)
    keys = {key for argument in settings for (_, key, *_), _ in argument.leaves()}
    return Given(
        timestamp_format=data.timestamp_format,
        other_stamps=data.other_stamps,
        timezone=data.timezone,
        series_columns=data.series_columns,
        alone=_alone(data, (key for argument in settings for key, _ in argument.leaves())),
        csv=data.csv,
        dashes=data.dashes if "dashes" in keys else None,
        units=data.units,
        inside=data.inside,
        layout=data.layout,
        aggregate=data.aggregate,
        day_start=data.day_start,
    )


def given_policies(settings: Sequence[Argument], *, command: str) -> dict[str, Any]:
    """What the ``settings`` of a ``command`` say of the faults of a table: keys of the section
    data.

    Raises ConfigError for wrong values.
    """
    keys = {key for argument in settings for (_, key, *_), _ in argument.leaves()}
    data = _given_data(settings, command)
    return {key: getattr(data, key) for key in POLICIES if key in keys}


def _given_data(settings: Sequence[Argument], command: str) -> DataConfig:
    base = {"name": command, "windows": {"horizon": 1}, "data": {"path": command, **OPEN}}
    return config_of(base, settings, source=f"forecast {command}").data


def with_policies(look: FirstLook, policies: Mapping[str, Any]) -> FirstLook:
    """The look at a table whose faults are settled by ``policies``, as far as these go."""
    known = look.data.model_copy(update={"sentinels": (), **policies})
    return _with_words(look, known, policies)


def _with_words(look: FirstLook, known: DataConfig, decided: Iterable[str]) -> FirstLook:
    """The look with what is ``known`` of the table, where keys are ``decided``: words for missing
    values beside those found, of which those that may say something stay open.
    """
    limits = {word for word in look.data.sentinels if known.censored != "error" and _limit(word)}
    read = [word for word in look.data.sentinels if word not in limits]
    doubtful = {
        name: unnamed
        for name, found in look.doubtful.items()
        if (unnamed := {w: n for w, n in found.items() if w not in {*known.sentinels, *limits}})
    }
    dashes = {
        name: unnamed
        for name, found in look.dashes.items()
        if (unnamed := {w: n for w, n in found.items() if w not in known.sentinels})
    }
    every = (*doubtful.values(), *dashes.values())
    occurrences = sum(sum(found.values()) for found in every)
    return replace(
        look,
        data=known.model_copy(update={"sentinels": (*known.sentinels, *read)}),
        harmless=(*look.harmless, *known.sentinels),
        decided=frozenset(decided),
        doubtful=doubtful,
        dashes=dashes,
        doubtful_rows=min(look.doubtful_rows, occurrences),
    )


def _alone(data: DataConfig, given: Iterable[Key]) -> bool:
    """Whether the keys that are ``given`` say that no column names series."""
    return data.series_id is None and ("data", "series_id") in given


def _limit(word: float | str) -> bool:
    return isinstance(word, str) and is_limit(word)


def _looked(source: Source, asked: DataConfig, given: Collection[Key]) -> FirstLook:
    """A first look at the table, for the columns that are not ``given``."""
    columns = Given(
        timestamp=asked.stamp_columns if ("data", "timestamp") in given else (),
        timestamp_format=asked.timestamp_format,
        other_stamps=asked.other_stamps,
        timezone=asked.timezone,
        series_columns=asked.series_columns,
        alone=_alone(asked, given),
        targets=asked.targets if ("data", "targets") in given else (),
        csv=asked.csv,
        dashes=asked.dashes if ("data", "dashes") in given else None,
        units=asked.units,
        inside=asked.inside,
        layout=asked.layout,
    )
    return first_look(source, columns)


def _asked(
    question: Question, freq: Mapping[str, object], how: Callable[[Mapping[str, object]], str]
) -> str:
    """What the table leaves open, the answers there are, and how one is given: stamps off a grid
    are moved to that of the ``freq`` that was found.
    """
    first, *others = question_lines(question, section="data.")
    keys = next((choice.keys for choice in question.answers if choice.keys), None)
    if keys is not None and "off_grid" in keys:
        keys = {**freq, **keys}
    example = "" if keys is None else f"; choose, for example with {how(keys)}"
    return "\n".join([first + example, *others])


def question_lines(question: Question, *, section: str = "") -> Iterator[str]:
    """The finding, its first places, and the answers as keys of ``section`` with what they do."""
    yield question.finding
    yield from (f"  at {place}" for place in question.places)
    for choice in question.answers:
        keys = " and ".join(f"{section}{key}: {shown(value)}" for key, value in choice.keys.items())
        yield f"  - {keys} ({choice.effect})" if keys else f"  - {choice.effect}"


def as_options(keys: Mapping[str, object]) -> str:
    """How the command line gives keys of the section data, as a shell takes it."""
    given = (f"data.{key}={shown(value)}" for key, value in keys.items())
    return " ".join(f"--set {shlex.quote(each)}" for each in given)


def shown(value: Any) -> str:
    """A value of a key as YAML, without quotes around plain words."""
    return (
        value
        if isinstance(value, str) and re.fullmatch(r"[a-z]\w*", value, re.ASCII)
        else quote(value)
    )
