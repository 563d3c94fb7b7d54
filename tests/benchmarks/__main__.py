"""``python -m tests.benchmarks NAME``: figures that are measured, never asserted by tests."""

import importlib
import sys

PLAIN = ("startup", "training", "backtest", "hostile", "pretrained", "report", "workers")
DETAILED = (
    "accuracy", "intervals", "support", "defaults", "ablation", "pretraining", "reliability",
    "init", "anomalies", "large", "tune",
)  # fmt: skip

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or [""]
    if name not in (*PLAIN, *DETAILED) or (arguments and name in PLAIN):
        names = f"{{{','.join((*PLAIN, *DETAILED))}}}"
        sys.exit(
            f"usage: python -m tests.benchmarks {names}; the last {len(DETAILED)} take arguments,"
            " see their --help"
        )
    # Only the one that is asked for: a child's peak memory starts at that of the process that forks
    # it.
    main = importlib.import_module(f"tests.benchmarks.{name}").main
    main(arguments) if name in DETAILED else main()
