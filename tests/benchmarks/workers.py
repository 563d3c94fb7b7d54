"""``predict --engine ray`` with one and with two workers, beside one process without it: seconds,
processor time, and the memory of the program and of a worker.

Ray is given a core for every worker, and the program beside them uses what is left.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.large import CONFIG, write_series
from tests.benchmarks.measure import FORECAST, run

SHARE, SMALL = "a pretrained network has half a share", "3 LSTMs of 16 units"
CASES = (  # what forecasts, how many series, the output
    (SHARE, 15_000, "out.parquet"),
    (SMALL, 25_000, "out.csv"),
    (SMALL, 100_000, "out.parquet"),
    (SMALL, 400_000, "out.parquet"),
)
RUNS = {SHARE: "share", SMALL: "small"}
SECONDS = 0.1  # between two looks at the memory


@dataclass(frozen=True)
class Taken:
    """What a command took: its own process, and those of Ray that forecast for it."""

    seconds: float
    own_seconds: float  # of a processor
    workers_seconds: float
    own_mib: float
    worker_mib: float  # of the largest

    def __str__(self) -> str:
        processor = f"{self.own_seconds:.0f} s + {self.workers_seconds:.0f} s"
        memory = f"{self.own_mib:,.0f} MiB | {self.worker_mib:,.0f} MiB"
        return f"{self.seconds:.1f} | {processor} | {memory}"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        write_series(here / "few.parquet", 300)
        for run_name, share in (("share", 0.5), ("small", 0)):
            text = CONFIG.replace("name: sold", f"name: {run_name}")
            text = text.replace("levels: [80, 95]", f"levels: [80, 95], pretrained: {share}")
            (here / f"{run_name}.yaml").write_text(text)
            run([*FORECAST, "train", "-c", f"{run_name}.yaml"], cwd=here)
        print(
            "| forecast by | series | output | how | seconds | processor time | program | worker |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for what, size, output in CASES:
            write_series(here / "many.parquet", size)
            ways = {"one process": (["--memory", "1GiB"], 1)}
            ways |= {f"Ray, {n} workers": (["--engine", "ray"], n) for n in (1, 2)}
            contents = set()
            for how, (options, workers) in ways.items():
                command = [
                    *FORECAST, "predict", "--run", RUNS[what], "--data", "many.parquet", "--output",
                    output, *options,
                ]  # fmt: skip
                taken = _taken(command, here, workers)
                contents.add((here / output).read_bytes())
                print(f"| {what} | {size:,} | {output} | {how} | {taken} |", flush=True)
            assert len(contents) == 1


def _taken(command: list[str], place: Path, workers: int) -> Taken:
    """What a command takes, its own process apart from those that forecast for it."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(workers)}
    start, own, largest = time.perf_counter(), (0.0, 0), 0
    times: dict[int, float] = {}
    with subprocess.Popen(
        command, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                own = _seconds(seen), max(own[1], seen.memory_info().rss)
                for each in seen.children(recursive=True):
                    if each.cmdline()[:1] == ["ray::_applied"]:
                        times[each.pid] = _seconds(each)
                        largest = max(largest, each.memory_info().rss)
            except psutil.NoSuchProcess:
                pass
            time.sleep(SECONDS)
    if process.returncode:
        sys.exit(f"{command}: exit {process.returncode}")
    seconds = time.perf_counter() - start
    return Taken(seconds, own[0], sum(times.values()), own[1] / 2**20, largest / 2**20)


def _seconds(process: psutil.Process) -> float:
    taken = process.cpu_times()
    return taken.user + taken.system
