"""``python -m tests.benchmarks NAME``: figures that are measured, never asserted by the test suite."""

import importlib
import sys

NAMES = ("startup", "training", "accuracy", "defaults", "reliability")

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or [""]
    if name not in NAMES or (arguments and name in ("startup", "training")):
        sys.exit(
            f"usage: python -m tests.benchmarks {{{','.join(NAMES)}}}; the last three take arguments, see their --help"
        )
    # Only the one that is asked for: a child's peak memory starts at that of the process that forks it.
    main = importlib.import_module(f"tests.benchmarks.{name}").main
    main(arguments) if name not in ("startup", "training") else main()
