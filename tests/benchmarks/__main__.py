"""``python -m tests.benchmarks NAME``: figures that are measured, never asserted by the test suite."""

import importlib
import sys

NAMES = ("startup", "training")

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in NAMES:
        sys.exit(f"usage: python -m tests.benchmarks {{{','.join(NAMES)}}}")
    # Only the one that is asked for: a child's peak memory starts at that of the process that forks it.
    importlib.import_module(f"tests.benchmarks.{sys.argv[1]}").main()
