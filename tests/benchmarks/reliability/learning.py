"""What is learned is judged rightly, and learned the same where it was interrupted."""

import json
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tests.benchmarks.measure import FORECAST
from tests.benchmarks.reliability import grown


def promotion(folder: Path, count: int) -> None:
    """Challengers that are no better, and ones that are by a planted margin: before the test alone,
    and the judge.
    """
    from tests.unit import test_judging
    from tests.unit.judging.test_promotion import KINDS, losses, no_better, verdict

    each = -(-count // len(KINDS))
    panel, judged = test_judging.make_panel(folder), dict[str, int]()
    for kind in test_judging.KINDS:
        cases = (test_judging.no_better(kind, seed, panel) for seed in range(each))
        judged[kind] = sum(test_judging.verdict(panel, *case).better for case in cases)
    print(
        f"promotion: {sum(judged.values())} of {each * len(judged)} that are no better pass the"
        f" judge {judged}"
    )
    wrong = {
        kind: sum(verdict(*no_better(kind, seed)).better for seed in range(each)) for kind in KINDS
    }
    pairs = (
        (losses(seed), 0.95 * losses(seed) + losses(seed + 9_000, 0.0, spread=0.02))
        for seed in range(count)
    )
    right = sum(verdict(champion, challenger).better for champion, challenger in pairs)
    ties = sum(verdict(losses(seed), losses(seed + 9_000)).better for seed in range(count))
    print(
        f"  {sum(wrong.values())} of {each * len(KINDS)} that are no better pass the test {wrong}"
    )
    print(f"  {right} of {count} that are 5 % better promoted; {ties} of {count} that are as good")


def resume(folder: Path, count: int) -> None:
    """Interrupt ``train`` in each epoch and at random batches; weights, history, forecasts must be
    the same bits.
    """
    from lstm_forecast.model.network import checkpoint
    from tests.functional.test_resume import BATCHES, interrupted, train_here, write_inputs

    write_inputs(folder)
    _, batches = train_here(folder, 0)
    moments = [
        *range(BATCHES, batches + 1, BATCHES),
        *random.Random(0).choices(range(1, batches + 1), k=count),
    ]
    whole = interrupted(_new(folder / "whole"), 0)
    for kind in ("stopped", "killed"):
        # what is killed loses what is not saved
        checkpoint.CHECKPOINT_SECONDS = -1 if kind == "killed" else checkpoint.CHECKPOINT_SECONDS
        ends = [
            interrupted(_new(folder / f"{kind}-{k}"), b, killed=kind == "killed")
            for k, b in enumerate(moments)
        ]
        equal = sum(end == whole for end in ends)
        print(
            f"resume: {equal} of {len(ends)} trainings of {batches} batches that were {kind} ended"
            " with the same bits"
        )


def stops(folder: Path, count: int) -> None:
    """Send SIGTERM or SIGINT to ``retrain`` at random times from its start to its end."""
    home = grown.first(folder)
    grown.write(folder, grown.series(grown.BASE + 250, broken=grown.BASE + 10))
    command = [
        *FORECAST,
        "retrain",
        "-c",
        "grown.yaml",
        "--force",
        "--json",
        "--set",
        "retrain.tolerance=0.99",
    ]
    before, started = (home / "champion").read_bytes(), time.monotonic()
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    length = time.monotonic() - started
    moments, codes, seconds, wrong = random.Random(0), Counter[int](), [], 0
    for k in range(count):
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        time.sleep(moments.uniform(0, length))
        process.send_signal((signal.SIGTERM, signal.SIGINT)[k % 2])
        sent = time.monotonic()
        stdout, _ = process.communicate()
        seconds.append(time.monotonic() - sent)
        codes[process.returncode] += 1
        wrong += (home / "champion").read_bytes() != before
        wrong += stdout != "" and json.loads(stdout)["exit_code"] != process.returncode
    print(
        f"stops: {count} signals within {length:.0f} s, exit codes {dict(codes)}; {wrong} champions"
        " or answers wrong"
    )
    print(f"  gone after {np.median(seconds):.1f} s (median), {max(seconds):.1f} s (longest)")


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
