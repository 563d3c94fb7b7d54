"""Every kind of file in the place of every path that a command takes, each in one process."""

import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.functional.conftest import environment, forecast_command, train_all, write_inputs
from tests.reliability.odd_files import (
    KINDS,
    LONGEST_SECONDS,
    MOST_MIB,
    arguments,
    fits,
    places,
    problem,
    target,
)

__all__ = ["odd"]


def odd(folder: Path, count: int) -> None:
    """Try all of them ``count`` times: exit codes, the longest time, the largest peak of memory,
    and what is wrong.
    """
    codes: Counter[int] = Counter()
    longest = busiest = highest = 0.0
    wrong = 0
    os.chdir(folder)
    write_inputs(Path())
    train_all(Path(), ("-c", "sine.yaml"))
    command = forecast_command("predict", "-o", "made.csv")
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    tried = [(place, kind) for place in places() for kind in KINDS if fits(place, kind)] * count
    for number, (place, kind) in enumerate(tried):
        with KINDS[kind](target(place, Path("odd") / str(number))) as path:
            code, took, busy, peak, said = _run(arguments(place, path))
        codes[code] += 1
        longest, busiest, highest = max(longest, took), max(busiest, busy), max(highest, peak)
        found = problem(code, took, said) or (f"{peak:,.0f} MiB" if peak > MOST_MIB else "")
        if found:
            wrong += 1
            print(f"  {place.command} {place.name}, {kind}: {found}: {said.strip()[-300:]}")
    shown = ", ".join(f"{code}: {times:,}" for code, times in sorted(codes.items()))
    print(f"odd: {len(tried):,} processes, exit codes {shown}")
    print(f"  at most {longest:.1f} s, {busiest:.1f} s of them at work, and {highest:,.0f} MiB")
    print(
        f"  {wrong} with another code, without a message, with a traceback, or above 10 s or 1 GiB"
    )


def _run(args: list[str]) -> tuple[int, float, float, float, str]:
    """Exit code, seconds, those of them that it was at work, peak in MiB, and what was said."""
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen(
            forecast_command(*args),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() - began > 3 * LONGEST_SECONDS:
                process.kill()
            time.sleep(0.02)
        took = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        said.seek(0)
        used, text = ended[2], said.read().decode(errors="replace")
        return process.returncode, took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text
