"""Remedies of commands that read or write runs: they are typed where some are published."""

from tests.functional.remedies.entry import Typed

__all__ = ["TYPED"]

TYPED = [
    Typed(
        "exists already; choose another with --output",
        "init sine.csv -o sine.yaml",
        {
            "another with --output": "init sine.csv -o new.yaml",
            "with --force": "init sine.csv -o sine.yaml --force",
        },
    ),
    Typed(
        "--series {}: no such series; {}",
        "plot --run shops --series nort -o a.png",
        {"did you mean north": "plot --run shops --series north -o a.png"},
    ),
]
