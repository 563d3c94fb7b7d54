"""A config that people wrote, with some keys set anew and everything else as it stands."""

import io
from collections.abc import Sequence

from ruamel.yaml import YAML

from lstm_forecast.config.loading import assigned

__all__ = ["rewritten"]


def rewritten(text: str, assignments: Sequence[str], *, option: str) -> str:
    """The text of a config with ``section.key=value`` set anew, its comments kept.

    Raises ConfigError, which names the ``option``, where an assignment is none.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**31  # ruamel.yaml loses spaces where it breaks lines
    config = yaml.load(text)
    for assignment in assignments:
        found = assigned(assignment, option=option)
        *sections, name = found.key
        place = config
        for section in sections:
            if place.get(section) is None:
                place[section] = {}
            place = place[section]
        place[name] = found.value
    stream = io.StringIO()
    yaml.dump(config, stream)
    return stream.getvalue()
