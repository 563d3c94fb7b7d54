"""Whoever dies while training or publishing leaves a whole champion, and nobody has to clean up."""

import multiprocessing
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from lstm_forecast.commands.predict import predict
from lstm_forecast.commands.runs import verify
from lstm_forecast.store import FILES, crown, locked, open_run, publish
from tests.benchmarks.measure import FORECAST
from tests.benchmarks.reliability.forks import fork
from tests.benchmarks.reliability.grown import BASE, first, series, write
from tests.reliability.copies import writers

RETRAIN = [*FORECAST, "retrain", "-c", "grown.yaml", "--force"]
RETRAINED = 20  # one kill in so many hits a whole retraining, from the start of Python on
# and beside one in so many, the reader forecasts as well, which takes longer than a publish
THOROUGH = 10
OWN = ("format_version", "run_id", "created", "files", "sha256")  # that each run has of its own


def crash(folder: Path, count: int) -> None:
    """Every state that a power cut may leave, with all fsyncs and without each."""
    from tests.reliability.crash_states import check, recorded_choices, recorded_publishes, without

    recorded = {
        "two publishes": (home := folder / "crash", recorded_publishes(home, times=2)),
        "two publishes, a promotion, a rollback while a third run is made, and a pruning": (
            home := folder / "choices" / "crash", recorded_choices(home),
        ),
    }  # fmt: skip
    for what, (home, operations) in recorded.items():
        outcome = check(operations, home=home)
        print(f"crash: {outcome.states:,} states of {what}, {len(outcome.violations)} violations")
        for removed, rest in without(operations):
            found = check(rest, home=home)
            bad = f"{len(found.violations):,} of {found.states:,} states are bad"
            print(f"  without fsync of {Path(removed.path).name}: {bad}")


def interleavings(folder: Path, count: int) -> None:
    """Training, rollback, promotion, pruning and reading at once, in random order, with signals."""
    from tests.reliability.interleavings import interleave

    found = [interleave(folder / str(seed) / "sine", seed) for seed in range(count)]
    ends = sum((each.ends for each in found), Counter[str]())
    print(
        f"interleavings: {count:,}, {sum(len(each.moves) for each in found):,} moves of the"
        f" pointer, {dict(ends)}"
    )
    print(
        f"  {sum(len(each.wrong) for each in found)} ended with a champion that nobody chose, or in"
        " another fault"
    )


def kills(folder: Path, count: int) -> None:
    """Kill publishers, and whole retrainings, at random times, while this process reads and
    forecasts.

    A retraining starts from the first champion, on data that let it promote a better one. Equal
    data give equal bits: there are two versions of forecasts, and every forecast is one of them.
    """
    home, data, moments = first(folder), folder / "seen.csv", random.Random(0)
    shutil.copy(folder / "grown.csv", data)
    shutil.copytree(home, folder / "first")
    write(folder, series(BASE + 160, broken=BASE + 10))
    versions = [_forecast(home, data)]
    started = time.monotonic()
    subprocess.run(RETRAIN, cwd=folder, check=True, capture_output=True)
    seconds = time.monotonic() - started
    versions.append(_forecast(home, data))
    tally = Counter[str]()
    for number in range(count):
        whole, thorough = number % RETRAINED == 0, number % THOROUGH == 0
        if whole:
            shutil.rmtree(home)
            shutil.copytree(folder / "first", home)
            process = subprocess.Popen(
                RETRAIN, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        else:
            process = _publisher(home)
        end = time.monotonic() + moments.uniform(0, 1.1 * seconds if whole else 0.1)
        while time.monotonic() < end and _alive(process):
            tally += _look(home, data, versions if thorough else [])
        kind = "retrainings" if whole else "publishers"
        tally[f"killed {kind}"] += _alive(process)
        process.kill()
        process.wait() if isinstance(process, subprocess.Popen) else process.join()
        tally[f"torn by {kind}"] += any(home.glob(".stage-*"))
        tally["promoted by retrainings"] += whole and _forecast(home, data) == versions[1]
        tally += _look(home, data, versions if thorough else [])
        if thorough:
            checked = verify(runs=home.parent, run_id=open_run(home).run_id)[0]
            tally["bad"] += bool(checked.problems) or checked.difference != 0
    after = subprocess.run(RETRAIN, cwd=folder, check=False, capture_output=True).returncode
    left = len(list(home.glob(".stage-*")))
    print(f"kills: {count:,} SIGKILLs, {dict(tally)}, {tally['bad']} bad")
    print(f"  0 repairs; a last retraining exits {after} and leaves {left} staged")


def _look(home: Path, data: Path, versions: list[bytes]) -> Counter[str]:
    """Read every file of the champion, and forecast with it if there are versions that this may
    equal.
    """
    run = open_run(home)
    seen = Counter(reads=1, bad=int(not all(run.read(name) for name in FILES)))
    if versions:
        seen += Counter(forecasts=1, bad=int(_forecast(home, data) not in versions))
    return seen


def _forecast(home: Path, data: Path) -> bytes:
    made = predict(runs=home.parent, name=home.name, data=data)
    return bytes(made.table[home.name].to_numpy().tobytes())


def _alive(process: subprocess.Popen[bytes] | BaseProcess) -> bool:
    return process.poll() is None if isinstance(process, subprocess.Popen) else process.is_alive()


def _publisher(home: Path) -> BaseProcess:
    """A process that publishes copies of the champion one after another, as fast as the disk
    allows.
    """
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = fork(publish_again, home, theirs)
    theirs.close()
    ours.recv()
    return process


def publish_again(home: Path, ready: Connection) -> None:
    run = open_run(home)
    contents = {name: run.read(name) for name in FILES}
    facts = {k: v for k, v in run.manifest.items() if k not in OWN}
    copy = writers(contents)
    ready.send(None)
    while True:
        with locked(home) as seen:
            crown(home, publish(home, copy, facts).run_id, seen=seen)


def starts(folder: Path, count: int) -> None:
    """Many starts at once: one works, the others are told; the killed holder's lock is free at
    once.
    """
    home = first(folder)
    command = [*FORECAST, "retrain", "-c", "grown.yaml", "--json", "--force"]
    options = {"cwd": home.parents[1], "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen(command, **options) for _ in range(count)]
    waiting, codes = set(processes), Counter[int]()
    while len(waiting) > 1:
        for process in [each for each in waiting if each.poll() is not None]:
            codes[process.returncode] += 1
            waiting.discard(process)
        time.sleep(0.02)
    (holder,) = waiting
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    started = time.monotonic()
    again = subprocess.run(
        [*FORECAST, "retrain", "-c", "grown.yaml", "--json"], cwd=home.parents[1], check=False
    )
    seconds = time.monotonic() - started
    print(f"starts: {count} at once, exit codes {dict(codes)} and one at work")
    print(f"  after that was killed, the next exits {again.returncode} in {seconds:.1f} s")
