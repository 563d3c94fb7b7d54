"""Remedies of what ``plot``, ``explain`` and ``compare`` say: what there is to draw, to set and to
compare.
"""

from pathlib import Path

import pandas as pd

from tests.functional.remedies.entry import Typed

__all__ = ["TYPED"]

FEW = "--set data.path=few.csv"
FAST = "--set training.epochs=0"
TRAIN = f"train -c sine.yaml {FAST}"
ONCE = f"--contexts 20 {FAST}"
KNOWN = f"train -c known.yaml {FAST} && explain --run known --at 900"
VARY = f"compare -c sine.yaml --seeds 0 {ONCE}"
COMPARE = f"{VARY} --cells rnn"
SEGMENTS = f"compare -c sine.yaml --cells rnn --seeds 0 {FAST} --set model.segment_length=5"
UNEVEN = f"compare -c shops.yaml --seeds 0 {ONCE} --set data.path=uneven.csv"
UNJUDGED = "--set split.test=0 --set split.validation=4"


def few(folder: Path) -> None:
    """Not enough rows for a test part of 25 and as many to learn from."""
    rows = (folder / "sine.csv").read_text().splitlines(keepends=True)
    (folder / "few.csv").write_text("".join(rows[:41]))


def uneven(folder: Path) -> None:
    """Shops of which one opened late: its test part begins at its row 33."""
    shops = pd.read_csv(folder / "shops.csv")
    late = (shops["shop"] == "south") & (shops["day"] < "2024-02-21")
    shops[~late].to_csv(folder / "uneven.csv", index=False)


TYPED = [
    # which picture
    *(
        Typed(
            "--data, --future and --series choose what the pictures {} show; {} needs none",
            f"plot training --run sine {given}",
            {
                "training needs none": "plot training --run sine",
                "pictures forecast": f"plot forecast --run {shown}",
                "and gates show": f"plot gates --run {shown}",
            },
        )
        for given, shown in (
            ("--data then.csv", "sine --data then.csv"),
            ("--series north", "shops --series north"),
        )
    ),
    Typed(
        "--last, --levels, --by and --total choose what the picture forecast shows; {} needs none",
        "plot training --run shops --last 20",
        {
            "the picture forecast": "plot forecast --run shops --last 20 --levels 80 --by shop",
            "training needs none": "plot training --run shops",
        },
    ),
    Typed(
        "--by and --total: expected one of them; leave the other out",
        "plot --run shops --by shop --total",
        {
            "--by": "plot --run shops --by shop",
            "--total": "plot --run shops --total",
        },
    ),
    Typed(
        "--by {}: neither names series nor has one value in each of them; {}",
        "plot --run shops --by price",
        {"expected shop": "plot --run shops --by shop"},
    ),
    Typed(
        "--at chooses the window of the picture gates; {} needs none",
        "plot horizon --run sine --at 20",
        {
            "the picture gates": "plot gates --run sine --at 20",
            "horizon needs none": "plot horizon --run sine",
        },
    ),
    # what is explained, and what if
    Typed(
        "{} is one of {} series; --series chooses another",
        "explain --run shops",
        {"--series chooses another": "explain --run shops --series south"},
    ),
    Typed(
        "--what-if {}: this run has no covariates that are known ahead (data.covariate",
        "explain --run sine --what-if promo=1",
        {"leave it out": "explain --run sine"},
    ),
    Typed(
        "--what-if {}: no covariate that is known ahead; give {}",
        f"{KNOWN} --what-if prom=1",
        {"give promo": f"{KNOWN} --what-if promo=1"},
    ),
    Typed(
        "--what-if {}={}: expected a number that is finite",
        f"{KNOWN} --what-if promo=inf",
        {"a number that is finite": f"{KNOWN} --what-if promo=2.5"},
    ),
    Typed(
        "--what-if {}: expected NAME=NUMBER, such as promo=1",
        f"{KNOWN} --what-if promo",
        {"such as promo=1": f"{KNOWN} --what-if promo=1"},
    ),
    # what errors are of
    *(
        Typed(
            "give more rows, or make windows.horizon smaller",
            command.format(f"{FEW} --set windows.horizon=25"),
            {
                "give more rows": command.format("--set windows.horizon=25"),
                "make windows.horizon smaller": command.format(FEW),
            },
            files=few,
        )
        for command in (f"{COMPARE} {{}}", f"{TRAIN} {{}} && plot horizon --run sine")
    ),
    *(
        Typed(
            "make split.test {} (windows.horizon) or more rows, or a share of them",
            command.format(UNJUDGED),
            {
                "split.test 5": command.format(f"{UNJUDGED} --set split.test=5"),
                "a share": command.format(f"{UNJUDGED} --set split.test=0.2"),
            },
        )
        for command in (f"{COMPARE} {{}}", f"{TRAIN} {{}} && plot horizon --run sine")
    ),
    # what is compared
    Typed(
        "is what --seeds sets",
        f"{VARY} --vary seed=1",
        {
            "what --seeds sets": f"compare -c sine.yaml --cells rnn {ONCE} --seeds 1",
            "leave it out": f"{VARY} --vary model.units=3",
        },
    ),
    Typed(
        "give --contexts that are multiples of it",
        f"{SEGMENTS} --contexts 42",
        {"multiples of it": f"{SEGMENTS} --contexts 40"},
    ),
    *(
        Typed(
            "and evaluation_stride for all variations, with --set,",
            f"{VARY} --vary {setting}",
            {f"set .*{word}.* with --set": f"{COMPARE} --set {setting}"},
        )
        for word, setting in (
            ("data", "data.end=900"),
            ("split", "split.test=0.1"),
            ("horizon", "windows.horizon=4"),
            ("season_length", "windows.season_length=7"),
            ("evaluation_stride", "windows.evaluation_stride=4"),
        )
    ),
    Typed(
        "and evaluation_stride for all variations, with --set,",
        f"{UNEVEN} --vary windows.context_length=36",
        {"leave longer contexts room": f"{UNEVEN} --vary windows.context_length=32"},
        files=uneven,
    ),
]
