"""Hostile runs: how long each takes to be refused, and the memory that takes, above that of the
process before.
"""

import tempfile
from pathlib import Path

from tests.functional.conftest import train_all, write_inputs
from tests.reliability.hostile_runs import forge

SHOWN = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        trained, forged = Path(name) / "trained", Path(name) / "forged"
        trained.mkdir()
        forged.mkdir()
        write_inputs(trained)
        train_all(trained, ("-c", "sine.yaml"))
        rows = forge(forged, trained)
    refused = sum(row["exit_code"] == 5 for row in rows)
    print(f"{refused} of {len(rows)} hostile runs refused with exit code 5 (all of them)")
    print(f"{sum(len(row['events']) for row in rows)} forbidden audit events (0)")
    for key, unit, bound in (
        ("seconds", "s", "at most 1"),
        ("cpu", "s of CPU", ""),
        ("mib", "MiB", "at most 64"),
    ):
        print(f"largest, in {unit} {f'({bound})' if bound else ''}".rstrip())
        for row in sorted(rows, key=lambda row: -row[key])[:SHOWN]:
            print(f"  {row[key]:8.3f}  {row['name']}")
