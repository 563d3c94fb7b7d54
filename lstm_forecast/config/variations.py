"""What ``forecast compare`` takes: variations of a config, which are other cells or keys set anew,
and lists.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import get_args

from lstm_forecast.config.fields import AUTO, Section
from lstm_forecast.config.loading import override_config
from lstm_forecast.config.network import Cell
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError, UsageError

__all__ = ["Variation", "make_variations", "whole_numbers"]

BETWEEN = re.compile(r"\s+(?=[\w.]+=)")  # settings: a value may hold spaces, such as [64, 32]
FIXED = {"name": "names nothing here", "seed": "is what --seeds sets"}


@dataclass(frozen=True)
class Variation:
    """Some keys of a config set anew."""

    name: str  # as it stands on the command line
    settings: tuple[str, ...]  # key=value
    option: str  # that it came with

    def applied(self, config: Config) -> Config:
        """The config, varied. Raises ConfigError as load_config does."""
        return override_config(config, self.settings, option=self.option)


def make_variations(
    config: Config, *, cells: str | None, vary: Sequence[str]
) -> tuple[Variation, ...]:
    """One variation for each of ``cells``, between commas, and one for each text of ``vary``:
    ``a.b=1 c.d=2``.

    All cells where nothing is asked for. Raises ConfigError with what is wrong with any of them,
    UsageError where one is empty or the same as another.
    """
    chosen = cells.split(",") if cells is not None else () if vary else get_args(Cell)
    variations = [
        Variation(cell.strip(), (f"model.cell={cell.strip()}",), "--cells") for cell in chosen
    ]
    variations += [
        Variation(text.strip(), tuple(BETWEEN.split(text.strip())), "--vary") for text in vary
    ]
    if empty := [variation.option for variation in variations if not variation.name]:
        raise UsageError(
            f"{empty[0]}: nothing between the commas or quotes; expected a cell, or key=value"
        )
    configs: dict[Variation, Config] = {}
    problems: list[str] = []
    for variation in variations:
        try:
            configs[variation] = variation.applied(config)
            problems += _misplaced(variation, configs[variation])
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    _require_different(variations, configs)
    return tuple(variations)


def _misplaced(variation: Variation, config: Config) -> Iterator[str]:
    """What a config may hold, but no variation can set."""
    for key in (setting.partition("=")[0].strip() for setting in variation.settings):
        *sections, name = key.split(".")
        owner: Section = reduce(getattr, sections, config)
        value = getattr(owner, name)
        if key in FIXED:
            yield f"{variation.option} {key}: {key} {FIXED[key]}; leave it out"
        elif isinstance(value, Section):
            yield f"{variation.option} {key}: is a section; set its keys one by one"
        elif value is None and AUTO in type(owner).model_fields[name].metadata:
            yield (
                f"{variation.option} {key}: what is auto is decided once, for all variations; give"
                " a value"
            )


def _require_different(variations: Sequence[Variation], configs: dict[Variation, Config]) -> None:
    for k, variation in enumerate(variations):
        for other in variations[:k]:
            if variation == other or configs[variation] == configs[other]:
                raise UsageError(
                    f"the variations {other.name!r} and {variation.name!r} are the same; leave"
                    " one out"
                )


def whole_numbers(option: str, text: str | None, *, least: int = 0) -> list[int]:
    """The numbers between commas; none if there is no text.

    Raises UsageError where they are none, or not different.
    """
    parts = [] if text is None else [part.strip() for part in text.split(",")]
    numbers = [int(part) for part in parts if part.isdecimal() and int(part) >= least]
    if len(set(numbers)) < len(parts):
        raise UsageError(
            f"{option} {text}: expected different whole numbers from {least} on, between commas"
        )
    return numbers
