"""``python -m tests.benchmarks NAME``: figures that are measured, never asserted by the test suite."""

import importlib
import sys

NAMES = ("startup", "training", "backtest", "accuracy", "defaults")
WITH_ARGUMENTS = ("accuracy", "defaults")

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or [""]
    if name not in NAMES or (arguments and name not in WITH_ARGUMENTS):
        sys.exit(
            f"usage: python -m tests.benchmarks {{{','.join(NAMES)}}}; the last two take arguments, see their --help"
        )
    # Only the one that is asked for: a child's peak memory starts at that of the process that forks it.
    main = importlib.import_module(f"tests.benchmarks.{name}").main
    main(arguments) if name in WITH_ARGUMENTS else main()
