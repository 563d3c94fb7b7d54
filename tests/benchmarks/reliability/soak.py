"""A year in half an hour: a retrain a day on a series that grows and changes, on a clock that
jumps, with kills.
"""

import json
import multiprocessing
import random
import shutil
import statistics
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.reliability.forks import forecast, fork
from tests.benchmarks.reliability.grown import (
    BASE,
    DAY,
    START,
    open_files,
    resident_mib,
    series,
    write,
)

AHEAD = 4  # rows forecast every day
KILLED = 0.2  # share of the days, of which the kill comes too late for some
IN_ONE_PROCESS = 10


@dataclass
class Log:
    """What was seen, day by day."""

    codes: Counter[int | None] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[float]] = field(default_factory=lambda: {"retrained": [], "frozen": []})
    seconds: list[float] = field(default_factory=list)  # of cycles that trained
    peaks: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)  # descriptors open at the end of a cycle
    disk: list[int] = field(default_factory=list)
    # descriptors and MiB of the process that predicts
    reader: list[tuple[int, float]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)


def soak(folder: Path, count: int, picture: Path | None = None) -> None:
    """Retrain every day, and predict with what there is then: the champion, and the very first one.

    Ctrl-C ends it early and shows the days so far.
    """
    folder.mkdir(exist_ok=True)
    log = Log()
    with suppress(KeyboardInterrupt):
        _live(folder, count, log)
    _show(log)
    if picture is not None:
        _draw(log.errors, count // 2, picture)
    _in_one_process(folder)


def _live(folder: Path, count: int, log: Log) -> None:
    home, frozen, chance = folder / "runs" / "grown", folder / "frozen" / "grown", random.Random(0)
    values = series(BASE + DAY * count + AHEAD, broken=BASE + DAY * (count // 2))
    for day in range(count):
        known = BASE + DAY * day
        write(folder, values[:known])
        deadline = (
            chance.uniform(0, statistics.median(log.seconds))
            if day and chance.random() < KILLED
            else None
        )
        _retrain(folder, _clock(day), deadline, log)
        if not day:
            shutil.copytree(home, frozen)
        for name, runs in (("retrained", home.parent), ("frozen", frozen.parent)):
            log.errors[name].append(_live_error(runs, folder, values[known : known + AHEAD]))
        log.disk.append(sum(path.stat().st_size for path in home.rglob("*") if path.is_file()))
        log.reader.append((open_files(), resident_mib()))
        if day % 25 == 24:
            print(
                f"  day {day + 1}: {dict(log.outcomes)}, error"
                f" {np.mean(log.errors['retrained'][-25:]):.3f}"
            )


def _clock(day: int) -> datetime:
    """Noon of that day; now and then an hour or a year before or after it, and right again the day
    after.
    """
    wrong = timedelta(hours=1 if day % 14 == 6 else -1) if day % 7 == 6 else timedelta()
    if day % 50 == 25:
        wrong = timedelta(days=365 if day % 100 == 25 else -365)
    return (START + pd.Timedelta(hours=3 * BASE + 24 * day + 12)).to_pydatetime().replace(
        tzinfo=UTC
    ) + wrong


def _retrain(folder: Path, clock: datetime, deadline: float | None, log: Log) -> None:
    """One ``forecast retrain``, killed after that many seconds."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    started = time.monotonic()
    process = fork(
        forecast, ["retrain", "-c", "grown.yaml"], folder, clock - datetime.now(UTC), theirs
    )
    theirs.close()
    process.join(deadline)
    process.kill()
    process.join()
    log.codes[process.exitcode] += 1
    if process.exitcode is None or process.exitcode < 0:
        log.outcomes["killed"] += 1
        return
    status = json.loads((folder / "runs" / "grown" / "status.json").read_text())
    log.outcomes[status["outcome"]] += 1
    log.seconds += [time.monotonic() - started] if "run" in status else []
    log.peaks.append(status["peak_mib"])
    log.files.append(ours.recv()[0])
    log.runs += [status["run"]] if "run" in status else []


def _live_error(runs: Path, folder: Path, actual: np.ndarray) -> float:
    from lstm_forecast.commands.predict import predict

    made = predict(runs=runs, name="grown", data=folder / "grown.csv").table["grown"].to_numpy()
    return float(np.abs(made[: len(actual)] - actual).mean())


def _show(log: Log) -> None:
    count = len(log.reader)
    third = max(1, count // 3)
    last = {name: f"{np.mean(errors[-third:]):.3f}" for name, errors in log.errors.items()}
    before = {name: f"{np.mean(errors[:third]):.3f}" for name, errors in log.errors.items()}
    back = sum(
        old.split("-")[1] > new.split("-")[1]
        for old, new in zip(log.runs, log.runs[1:], strict=False)
    )
    ordered = log.runs == sorted(log.runs, key=lambda run: int(run.split("-")[0]))
    print(f"soak: {count} cycles, {dict(log.outcomes)}, exit codes {dict(log.codes)}")
    print(f"  error in the first third {before}, in the last {last}")
    print(
        f"  {len(log.runs)} runs, numbers {'in order' if ordered else 'OUT OF ORDER'}, {back} dated"
        " before the last"
    )
    for name, values, unit in (
        ("disk", [size / 1e6 for size in log.disk], "MB"),
        ("peak memory of a cycle", log.peaks, "MiB"),
        ("descriptors at the end of a cycle", log.files, ""),
        ("memory of the process that predicts", [mib for _, mib in log.reader], "MiB"),
        ("descriptors of the process that predicts", [files for files, _ in log.reader], ""),
    ):
        thirds = [max(part, default=0) for part in np.array_split(values, 3)]
        shown = ", ".join(f"{each:.4g}" for each in thirds)
        print(f"  {name}, largest in each third: {shown} {unit}".rstrip())
    print(
        f"  a training took {statistics.median(log.seconds):.1f} s (median), at most"
        f" {max(log.seconds):.1f} s"
    )


def _in_one_process(folder: Path) -> None:
    """Whatever one process leaves behind adds up where it trains again and again, which ``retrain``
    never does.
    """
    ours, theirs = multiprocessing.Pipe(duplex=False)
    arguments = ["retrain", "-c", "grown.yaml", "--force"]
    process = fork(forecast, arguments, folder, timedelta(), theirs, IN_ONE_PROCESS)
    theirs.close()
    seen = []
    while len(seen) < IN_ONE_PROCESS:
        seen.append(ours.recv())
    process.join()
    middle = IN_ONE_PROCESS // 2
    files, memory = zip(*seen, strict=True)
    growth = (memory[-1] - memory[middle - 1]) / (IN_ONE_PROCESS - middle)
    print(f"  {IN_ONE_PROCESS} trainings in one process: descriptors {files[0]} to {files[-1]}")
    print(
        f"  memory {memory[0]:.0f} to {memory[-1]:.0f} MiB, {growth:+.1f} MiB a training in the"
        " second half"
    )


def _draw(errors: dict[str, list[float]], change: int, path: Path) -> None:
    from lstm_forecast.pictures.style import (
        BLUE,
        GREY,
        ORANGE,
        add_heading,
        new_figure,
        save_figure,
        step_axis,
    )

    figure = new_figure(height=4.2)
    axes = figure.subplots()
    handles = {}
    for (name, values), color in zip(errors.items(), (BLUE, ORANGE), strict=True):
        smooth = np.convolve(values, np.ones(5) / 5, "valid")
        (handles[name],) = axes.plot(np.arange(len(smooth)) + 4, smooth, color=color)
    handles["regime change"] = axes.axvline(change, color=GREY, linestyle=":")
    step_axis(axes, "day", first=0, last=len(errors["frozen"]))
    axes.set_ylabel("mean absolute error, mean of 5 days")
    add_heading(figure, "Forecast error with and without retraining", handles)
    save_figure(figure, path, suffix=path.suffix)
