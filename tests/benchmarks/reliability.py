"""Reliability: the protocols that the tests run in small, as large as asked for, and what came of them.

``python -m tests.benchmarks reliability [crash] [kills] [starts] [promotion] [resume] [stops] [soak] [--count N]``; all
but ``soak`` by default. ``--picture FILE`` draws the soak.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.benchmarks.measure import FORECAST

ROOT = Path(__file__).parents[2]
CONFIG = """\
name: grown
data: {path: grown.csv, timestamp: step, targets: y}
windows: {context_length: 24, horizon: 4, normalisation: last, season_length: 12}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 3, batch_size: 64, steps_per_epoch: 0}
"""
BASE, STEPS = 500, 8  # steps of the first training, and new ones in each cycle of the soak


def crash(folder: Path, count: int) -> None:
    """Every state that a power cut may leave, with all fsyncs and without each."""
    from tests.reliability.crash_states import check, recorded_publishes, without

    home = folder / "crash"
    operations = recorded_publishes(home, times=2)
    outcome = check(operations, home=home)
    print(f"crash: {outcome.states:,} states after two publishes, {len(outcome.violations)} violations")
    for removed, rest in without(operations):
        found = check(rest, home=home)
        bad = f"{len(found.violations):,} of {found.states:,} states are bad"
        print(f"  without fsync of {Path(removed.path).name}: {bad}")


def kills(folder: Path, count: int) -> None:
    """Kill a publisher at random times; a reader in this process reads the champion all the while."""
    from lstm_forecast.store import FILES, open_run
    from lstm_forecast.workflows.runs import verify
    from tests.functional.test_killed import kill, start_publishing

    home = _first(folder) / "runs" / "grown"
    contents = {name: open_run(home).read(name) for name in FILES}
    reads = bad = torn = 0
    for seed in range(count):
        process = start_publishing(home)
        end = time.monotonic() + random.Random(seed).uniform(0, 0.1)
        while time.monotonic() < end:
            run = open_run(home)
            reads, bad = reads + 1, bad + ({name: run.read(name) for name in FILES} != contents)
        kill(process)
        torn += any(home.glob(".stage-*"))
        bad += bool(verify(runs=home.parent, run_id=open_run(home).run_id)[0].problems)
    print(
        f"kills: {count:,} SIGKILLs, {torn:,} of them in the middle of a publish; {reads:,} reads, {bad} bad, 0 repairs"
    )


def starts(folder: Path, count: int) -> None:
    """Many starts at once: one works, the others are told; the killed holder's lock is free at once."""
    home = _first(folder) / "runs" / "grown"
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
    again = subprocess.run([*FORECAST, "retrain", "-c", "grown.yaml", "--json"], cwd=home.parents[1], check=False)
    seconds = time.monotonic() - started
    print(f"starts: {count} at once, exit codes {dict(codes)} and one at work")
    print(f"  after that was killed, the next exits {again.returncode} in {seconds:.1f} s")


def promotion(folder: Path, count: int) -> None:
    """Challengers that are no better, and ones that are by a planted margin: before the test alone, and the judge."""
    from tests.unit import test_judging
    from tests.unit.test_promotion import KINDS, losses, no_better, verdict

    each = -(-count // len(KINDS))
    panel, judged = test_judging.make_panel(folder), dict[str, int]()
    for kind in test_judging.KINDS:
        cases = (test_judging.no_better(kind, seed, panel) for seed in range(each))
        judged[kind] = sum(test_judging.verdict(panel, *case).better for case in cases)
    print(f"promotion: {sum(judged.values())} of {each * len(judged)} that are no better pass the judge {judged}")
    wrong = {kind: sum(verdict(*no_better(kind, seed)).better for seed in range(each)) for kind in KINDS}
    pairs = ((losses(seed), 0.95 * losses(seed) + losses(seed + 9_000, 0.0, spread=0.02)) for seed in range(count))
    right = sum(verdict(champion, challenger).better for champion, challenger in pairs)
    ties = sum(verdict(losses(seed), losses(seed + 9_000)).better for seed in range(count))
    print(f"  {sum(wrong.values())} of {each * len(KINDS)} that are no better pass the test {wrong}")
    print(f"  {right} of {count} that are 5 % better promoted; {ties} of {count} that are as good")


def resume(folder: Path, count: int) -> None:
    """Interrupt ``train`` in each epoch and at random batches; weights, history, forecasts must be the same bits."""
    from lstm_forecast.model import checkpoint
    from tests.functional.test_resume import BATCHES, interrupted, train_here, write_inputs

    write_inputs(folder)
    _, batches = train_here(folder, 0)
    moments = [*range(BATCHES, batches + 1, BATCHES), *random.Random(0).choices(range(1, batches + 1), k=count)]
    whole = interrupted(_new(folder / "whole"), 0)
    for kind in ("stopped", "killed"):
        checkpoint.SECONDS = -1 if kind == "killed" else checkpoint.SECONDS  # what is killed loses what is not saved
        ends = [interrupted(_new(folder / f"{kind}-{k}"), b, killed=kind == "killed") for k, b in enumerate(moments)]
        equal = sum(end == whole for end in ends)
        print(
            f"resume: {equal} of {len(ends)} trainings of {batches} batches that were {kind} ended with the same bits"
        )


def stops(folder: Path, count: int) -> None:
    """Send SIGTERM or SIGINT to ``retrain`` at random times from its start to its end."""
    home = _first(folder) / "runs" / "grown"
    _write(folder / "grown.csv", _series(BASE + 250, broken=BASE + 10))
    command = [*FORECAST, "retrain", "-c", "grown.yaml", "--force", "--json", "--set", "retrain.tolerance=0.99"]
    before, started = (home / "champion").read_bytes(), time.monotonic()
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    length = time.monotonic() - started
    moments, codes, seconds, wrong = random.Random(0), Counter[int](), [], 0
    for k in range(count):
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(moments.uniform(0, length))
        process.send_signal((signal.SIGTERM, signal.SIGINT)[k % 2])
        sent = time.monotonic()
        stdout, _ = process.communicate()
        seconds.append(time.monotonic() - sent)
        codes[process.returncode] += 1
        wrong += (home / "champion").read_bytes() != before
        wrong += stdout != "" and json.loads(stdout)["exit_code"] != process.returncode
    print(f"stops: {count} signals within {length:.0f} s, exit codes {dict(codes)}; {wrong} champions or answers wrong")
    print(f"  gone after {np.median(seconds):.1f} s (median), {max(seconds):.1f} s (longest)")


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def soak(folder: Path, count: int, picture: Path | None = None) -> None:
    """Retrain cycles on a series that grows and changes its regime halfway, with a kill in every tenth."""
    home, frozen = (_first(folder / name) / "runs" / "grown" for name in ("soak", "frozen"))
    work, moments = home.parents[1], random.Random(0)
    end = BASE + STEPS * count
    values = _series(end, broken=BASE + STEPS * (count // 2))
    codes, errors, peaks, sizes = Counter[int](), {"retrained": [], "frozen": []}, [], []
    for cycle in range(count):
        known = BASE + STEPS * cycle
        _write(work / "grown.csv", values[:known])
        for name, runs in (("retrained", home.parent), ("frozen", frozen.parent)):
            errors[name].append(_live_error(runs, work, values[known : known + 4]))
        process = subprocess.Popen(
            [*FORECAST, "retrain", "-c", "grown.yaml"], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if cycle % 10 == 9:
            try:
                process.wait(moments.uniform(0.1, 6))
            except subprocess.TimeoutExpired:
                process.kill()
        codes[process.wait()] += 1
        status = json.loads((home / "status.json").read_text())
        peaks.append(status["peak_mib"])
        sizes.append(sum(path.stat().st_size for path in home.rglob("*") if path.is_file()))
    third = count // 3
    last = {name: float(np.mean(values[-third:])) for name, values in errors.items()}
    print(f"soak: {count} cycles, exit codes {dict(codes)}; error in the last third {last}")
    print(f"  disk {sizes[third] / 1e6:.2f} MB after a third, {sizes[-1] / 1e6:.2f} MB at the end")
    print(f"  memory up to {max(peaks[:third])} MiB in the first third, {max(peaks[-third:])} MiB in the last")
    if picture is not None:
        _draw(errors, count // 2, picture)


def _first(folder: Path) -> Path:
    """A champion trained on the beginning of the series."""
    if not (folder / "grown.yaml").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "grown.yaml").write_text(CONFIG)
        _write(folder / "grown.csv", _series(BASE))
        subprocess.run([*FORECAST, "retrain", "-c", "grown.yaml"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    return folder


def _series(steps: int, broken: int | None = None) -> np.ndarray:
    rng, t = np.random.default_rng(0), np.arange(steps)
    own, other = (10 + 3 * np.sin(2 * np.pi * t / 12), 14 + 3 * np.sin(2 * np.pi * t / 7))
    return np.where(t < (steps if broken is None else broken), own, other) + 0.3 * rng.normal(size=steps)


def _write(path: Path, values: np.ndarray) -> None:
    path.write_text("\n".join(["step,y", *(f"{step},{value:.5f}" for step, value in enumerate(values)), ""]))


def _live_error(runs: Path, work: Path, actual: np.ndarray) -> float:
    from lstm_forecast.workflows.predict import predict

    made = predict(runs=runs, name="grown", data=work / "grown.csv").table["grown"].to_numpy()
    return float(np.abs(made[: len(actual)] - actual).mean())


def _draw(errors: dict[str, list[float]], change: int, path: Path) -> None:
    from lstm_forecast.plotting.style import BLUE, GREY, ORANGE, add_heading, new_figure, save_figure, step_axis

    figure = new_figure(height=4.2)
    axes = figure.subplots()
    handles = {}
    for (name, values), color in zip(errors.items(), (BLUE, ORANGE), strict=True):
        smooth = np.convolve(values, np.ones(5) / 5, "valid")
        (handles[name],) = axes.plot(np.arange(len(smooth)) + 4, smooth, color=color)
    handles["regime change"] = axes.axvline(change, color=GREY, linestyle=":")
    step_axis(axes, "cycle", first=0, last=len(errors["frozen"]))
    axes.set_ylabel("mean absolute error, mean of 5 cycles")
    add_heading(figure, "Forecast error with and without retraining", handles)
    save_figure(figure, path, suffix=path.suffix)


PROTOCOLS: dict[str, tuple[Callable[..., None], int]] = {
    "crash": (crash, 1), "kills": (kills, 200), "starts": (starts, 50), "promotion": (promotion, 200),
    "resume": (resume, 20), "stops": (stops, 50), "soak": (soak, 300),
}  # fmt: skip


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks reliability", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PROTOCOLS, []])
    parser.add_argument("--count", type=int)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args(arguments)
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for name in options.names or [name for name in PROTOCOLS if name != "soak"]:
        run, count = PROTOCOLS[name]
        with tempfile.TemporaryDirectory() as folder:
            extra = {"picture": options.picture} if name == "soak" else {}
            run(Path(folder), options.count or count, **extra)
