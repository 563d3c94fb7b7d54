"""Training: the loop against plain ``fit``, against the machine's matrix products, and its memory
on a long series.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measure import FORECAST, interleaved, run

CONTEXT, HORIZON, SEGMENT, UNITS, BATCH = 336, 24, 24, 128, 256
STEPS, ROUNDS = 20, 21
LONG_ROWS, SHORT_ROWS = 10_000_000, 60_000
MATRIX = 2048

CONFIG = f"""\
name: long
data: {{path: long.parquet, timestamp: step, targets: y}}
windows: {{context_length: {CONTEXT}, horizon: {HORIZON}}}
model: {{units: {UNITS}, segment_length: {SEGMENT}, segment_units: {UNITS}}}
training: {{epochs: 1, batch_size: {BATCH}, steps_per_epoch: 200}}
"""


def main() -> None:
    # first, while this process is small: a child's peak memory starts at that of its parent
    memory()
    speed()


def speed() -> None:
    from lstm_forecast.model.network.startup import start_keras

    start_keras()
    import keras

    from lstm_forecast.model.network.build import build_network
    from lstm_forecast.model.network.losses import make_loss
    from lstm_forecast.model.network.training import Feed
    from lstm_forecast.model.spec import NetworkSpec
    from lstm_forecast.windows.channels import Channels
    from lstm_forecast.windows.framing import Framing
    from lstm_forecast.windows.windows import Windows

    count = BATCH * STEPS
    values = np.random.default_rng(0).normal(size=(count + CONTEXT + HORIZON, 1)).astype(np.float32)
    windows = Windows(
        values=values,
        starts=np.array([CONTEXT]),
        counts=np.array([count]),
        floors=np.array([0]),
        framing=Framing(context_length=CONTEXT, horizon=HORIZON, normalisation="last"),
        channels=Channels(n_targets=1),
    )
    spec = NetworkSpec(
        framing=windows.framing,
        channels=windows.channels,
        quantiles=(0.5,),
        units=(UNITS,),
        segment_length=SEGMENT,
        segment_units=UNITS,
    )

    keras.utils.set_random_seed(0)

    def network() -> Any:
        built = build_network(spec)
        built.compile(
            optimizer=keras.optimizers.Adam(1e-3, global_clipnorm=5.0),
            loss=make_loss("mae", spec.quantiles),
        )
        return built

    ours, plain = network(), network()
    feed = Feed(windows, linear=None, batch_size=BATCH, seed=0)
    batch = windows.batch(np.arange(count))
    inputs, targets = batch.inputs, batch.targets[..., None]
    matrix = keras.ops.convert_to_tensor(
        np.random.default_rng(1).normal(size=(MATRIX, MATRIX)).astype(np.float32)
    )
    calls = {
        "forecast": lambda: ours.fit(feed, epochs=1, verbose=0, shuffle=False),
        "plain": lambda: plain.fit(inputs, targets, batch_size=BATCH, epochs=1, verbose=0),
        "product": lambda: [np.asarray(keras.ops.matmul(matrix, matrix)) for _ in range(5)],
    }
    interleaved(calls, rounds=1)
    seconds = interleaved(calls, rounds=ROUNDS)
    ratios = [
        plain_s / ours_s
        for plain_s, ours_s in zip(seconds["plain"], seconds["forecast"], strict=True)
    ]
    # Forward: the segments' Dense and four gates on input and state, twice a multiply-add;
    # backward: twice that.
    operations = 3 * 2 * count * (CONTEXT // SEGMENT) * UNITS * (SEGMENT + 4 * 2 * UNITS)
    rates = {"forecast": operations, "plain": operations, "product": 5 * 2 * MATRIX**3}
    best = {name: amount / min(seconds[name]) / 1e9 for name, amount in rates.items()}
    print(
        f"context {CONTEXT} / segment {SEGMENT}, {UNITS} units, batch {BATCH}, {ROUNDS} rounds of"
        f" {STEPS} steps"
    )
    for name in ("forecast", "plain"):
        rate = count / statistics.median(seconds[name])
        print(f"{name:9} {rate:8,.0f} windows/s (median), {best[name]:4.0f} GFLOP/s (best)")
    print(f"windows per second against plain fit: {statistics.median(ratios):.3f} (at least 0.95)")
    own, other = best["forecast"] / best["product"], best["plain"] / best["product"]
    print(
        f"share of the {best['product']:.0f} GFLOP/s of matrix products: {own:.2f} (at least 0.65);"
        f" plain {other:.2f}"
    )


def memory() -> None:
    """Peak memory of the whole command, and of the same command where the data take nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "long.yaml").write_text(CONFIG)
        start = [
            sys.executable,
            "-c",
            "from lstm_forecast.model.network.startup import start_keras; start_keras()",
        ]
        train = [*FORECAST, "train", "--config", "long.yaml"]
        base = run(start, cwd=folder).peak_mib
        write_series(folder, SHORT_ROWS)
        short = run(train, cwd=folder)
        write_series(folder, LONG_ROWS)
        long = run(train, cwd=folder)
    raw = LONG_ROWS * 4 / 2**20
    print(
        f"{LONG_ROWS:,} rows, context {CONTEXT}: peak {long.peak_mib:.0f} MiB in"
        f" {long.seconds:.0f} s"
    )
    print(
        f"TensorFlow alone {base:.0f} MiB, the same command on {SHORT_ROWS:,} rows"
        f" {short.peak_mib:.0f} MiB"
    )
    latter = (long.peak_mib - short.peak_mib) / raw
    print(f"beyond the latter {latter:.2f} times the raw float32 array (less than 4)")
    print(f"beyond TensorFlow alone {(long.peak_mib - base) / raw:.2f} times")


def write_series(folder: Path, rows: int) -> None:
    """In a process of its own, so that this one stays small."""
    code = (
        "import numpy as np, pandas as pd; steps = np.arange(%d);y = np.sin(steps * (2 * np.pi /"
        " 24)) + np.random.default_rng(0).normal(0, 0.1, len(steps));pd.DataFrame({'step': steps,"
        " 'y': y}).to_parquet('long.parquet', index=False)"
    )
    run([sys.executable, "-c", code % rows], cwd=folder)
