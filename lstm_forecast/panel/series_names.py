"""Names of series that several columns tell: one text that holds the parts, and the parts of it."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["joined_name", "name_parts"]

PART = re.compile(r"((?:[^/\\]|\\.)*)(?:/|\Z)", re.DOTALL)


def joined_name(parts: Sequence[str]) -> str:
    r"""One text for the name of a series: its parts with / between them, and \ before every / and \
    in one of several.
    """
    if len(parts) == 1:
        return parts[0]
    return "/".join(re.sub(r"[/\\]", r"\\\g<0>", part) for part in parts)


def name_parts(names: Sequence[str], count: int) -> NDArray[np.object_]:
    """The ``count`` parts of joined names, (n_names, count), whatever stands behind a / after
    them.
    """
    rows = [[name] if count == 1 else _parts(name)[:count] for name in names]
    return np.array(rows, object).reshape(len(names), count)


def _parts(name: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in PART.findall(name)]
