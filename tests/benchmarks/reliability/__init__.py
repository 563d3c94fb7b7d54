"""Reliability: the protocols that the tests run in small, as large as asked for, and what came of
them.

``python -m tests.benchmarks reliability [crash] [kills] [starts] [switching] [interleavings]
[promotion] [resume] [stops] [soak] [warm] [memory] [power] [odd] [--count N]``; those from ``soak``
on only if they are asked for, as they take minutes to an hour. ``--picture FILE`` draws the soak.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.reliability.learning import promotion, resume, stops
from tests.benchmarks.reliability.memory import memory
from tests.benchmarks.reliability.odd import odd
from tests.benchmarks.reliability.power import power
from tests.benchmarks.reliability.soak import soak
from tests.benchmarks.reliability.stores import crash, interleavings, kills, starts
from tests.benchmarks.reliability.switching import switching
from tests.benchmarks.reliability.warm import warm

ROOT = Path(__file__).parents[3]
PROTOCOLS: dict[str, tuple[Callable[..., None], int]] = {
    "crash": (crash, 1),
    "kills": (kills, 200),
    "starts": (starts, 50),
    "switching": (switching, 50),
    "interleavings": (interleavings, 200),
    "promotion": (promotion, 200),
    "resume": (resume, 20),
    "stops": (stops, 50),
    "soak": (soak, 300),
    "warm": (warm, 3),
    "memory": (memory, 6),
    "power": (power, 10),
    "odd": (odd, 1),
}
LONG = ("soak", "warm", "memory", "power", "odd")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks reliability", description=__doc__
    )
    parser.add_argument("names", nargs="*", choices=[*PROTOCOLS, []])
    parser.add_argument("--count", type=int)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args(arguments)
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for name in options.names or [name for name in PROTOCOLS if name not in LONG]:
        run, count = PROTOCOLS[name]
        with tempfile.TemporaryDirectory() as folder:
            extra = {"picture": options.picture} if name == "soak" else {}
            run(Path(folder), options.count or count, **extra)
