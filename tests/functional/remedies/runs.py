"""Remedies of commands that read or write runs: they are typed where some are published."""

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from lstm_forecast.cli import app
from tests.functional.remedies.entry import Typed, csv, days

__all__ = ["TYPED"]

LONG = [letter * 40_000 for letter in "abc"]  # two of these names are more than a config holds
TRAIN = "train --set training.epochs=0"
MASKED = (
    f"{TRAIN} -c shops.yaml --set data.gaps=mask --set data.missing=mask"
    " --set data.sentinels=[-200] --set data.ended_series=forecast"
)


def wide(folder: Path) -> None:
    for name, names in (("wide.csv", LONG), ("short.csv", list("abc"))):
        rows = [f"{day},{k % 3},{k % 5},{k % 7}" for k, day in enumerate(days())]
        (folder / name).write_text(csv(",".join(["ds", *names]), rows))


def doubled(folder: Path) -> None:
    """A table that asks, and a config where it was answered."""
    rows = [f"{day},{k % 7}" for k, day in enumerate(days())]
    (folder / "t.csv").write_text(csv("ds,y", [*rows, f"{days()[9]},5"]))
    asked = CliRunner().invoke(app, ["init", "t.csv", "-o", "answered.yaml"])
    assert asked.exit_code == 0, asked.output
    config = (folder / "answered.yaml").read_text()
    assert config.count("duplicates: error") == 1
    answered = config.replace("duplicates: error", "duplicates: first")
    (folder / "answered.yaml").write_text(answered)


def beginning(folder: Path) -> None:
    """Fewer rows than a window of ``sine`` has."""
    rows = (folder / "sine.csv").read_text().splitlines(keepends=True)
    (folder / "beginning.csv").write_text("".join(rows[:12]))


def long(folder: Path) -> None:
    (folder / "long.csv").write_text(csv("step,y", [f"{k},{k % 600}" for k in range(1, 1301)]))


def later(folder: Path) -> None:
    """The data of ``sine`` as they are later, and a folder where no forecast is yet."""
    newer = "".join(f"{step},{0.1 * (step - 1000)}\n" for step in range(1001, 1006))
    (folder / "newer.csv").write_text((folder / "sine.csv").read_text() + newer)
    (folder / "kept").mkdir()


def ahead(folder: Path) -> None:
    """What is known of the steps behind ``known.csv``."""
    (folder / "future.csv").write_text(csv("step,promo", [f"{k},1" for k in range(1001, 1006)]))


def obeyed(folder: Path) -> None:
    """Shops of which what is known ahead is called as a formula is."""
    rows = (folder / "shops.csv").read_text().splitlines()
    promoted = [f"{row},{k % 2}" for k, row in enumerate(rows[1:])]
    (folder / "odd.csv").write_text(csv(f"{rows[0]},=promo", promoted))


def less(folder: Path) -> None:
    """Shops that sell less than nothing on their newest day."""
    table = pd.read_csv(folder / "shops.csv")
    table.loc[table["day"] == "2024-03-31", "sold"] *= -1
    table.to_csv(folder / "less.csv", index=False)


def unobserved(folder: Path) -> None:
    """Shops of which one sold what nobody knows, in the window where both its targets end."""
    shops = pd.read_csv(folder / "shops.csv", dtype=str)
    south, day = shops["shop"] == "south", shops["day"]
    shops.loc[south & (day > "2024-03-15") & (day < "2024-03-27"), "sold"] = ""
    shops.loc[south & (day == "2024-03-27"), "sold"] = "-200.000"
    shops.loc[south & (day > "2024-03-27"), "price"] = ""
    shops.to_csv(folder / "unobserved.csv", index=False)
    shops[~south].to_csv(folder / "north.csv", index=False)


TYPED = [
    # what commands write
    Typed(
        "exists already; choose another with --output",
        "init sine.csv -o sine.yaml",
        {
            "another with --output": "init sine.csv -o new.yaml",
            "with --force": "init sine.csv -o sine.yaml --force",
        },
    ),
    Typed(
        "name fewer columns with --target, or give them shorter names",
        f"init wide.csv --target {LONG[0]} --target {LONG[1]}",
        {
            "fewer columns with --target": f"init wide.csv --target {LONG[0]}",
            "shorter names": "init short.csv --target a --target b",
        },
        files=wide,
    ),
    Typed(
        "training refuses the table until these are answered: give the options to",
        "init t.csv -o t.yaml",
        {
            "the options to `forecast init --force`": (
                "init t.csv -o t.yaml --force --set data.duplicates=first && check -c t.yaml"
            ),
            "write the keys to t.yaml": "check -c answered.yaml",
        },
        files=doubled,
    ),
    Typed(
        "so that it is not written as CSV; give an --output that ends in .parquet",
        f"{TRAIN} -c shops.yaml --set data.path=odd.csv --set data.covariates.future='[=promo]'"
        " && template --run shops",
        {"an --output that ends in .parquet": "template --run shops --output future.parquet"},
        files=obeyed,
    ),
    Typed(
        "stdout takes Markdown; give --format md, or name a file",
        "report --run sine --output -",
        {
            "give --format md": "report --run sine --output - --format md",
            "name a file": "report --run sine --output sine.html",
        },
    ),
    Typed(
        "--json prints there; leave it out, or name a file",
        "report --run sine --format md --output - --json",
        {
            "leave it out": "report --run sine --format md --output -",
            "name a file": "report --run sine --format md --output sine.md --json",
        },
    ),
    Typed(
        "choose one of --cron, --systemd and --k8s",
        "schedule -c sine.yaml",
        {kind: f"schedule -c sine.yaml {kind}" for kind in ("--cron", "--systemd", "--k8s")},
    ),
    *(
        Typed(
            "cannot hold such a path; use another one, or --k8s",
            f"schedule -c sine.yaml --{kind} --output 'two\nlines'",
            {
                "use another one": f"schedule -c sine.yaml --{kind} --output lines",
                "or --k8s": "schedule -c sine.yaml --k8s --output 'two\nlines'",
            },
        )
        for kind in ("cron", "systemd")
    ),
    Typed(
        "--reason: expected one line of up to {} characters that can be printed",
        "runs promote 0001 --run sine --reason ''",
        {"one line": "runs promote 0001 --run sine --reason 'prices were new'"},
    ),
    # what commands read
    Typed(
        "is a config by its name; check it with --config",
        "check sine.yaml",
        {"with --config": "check --config sine.yaml"},
    ),
    Typed(
        "check what? Name a table, or a config with --config",
        "check",
        {"a table": "check sine.csv", "a config with --config": "check --config sine.yaml"},
    ),
    Typed(
        "rows at most; give a shorter one, or --season 1 for none",
        "quick shops.csv --horizon 4 --target sold --season 768",
        {
            "a season of 767 rows": "quick shops.csv --horizon 4 --target sold --season 767",
            "--season 1": "quick shops.csv --horizon 4 --target sold --season 1",
        },
    ),
    Typed(
        "), so that nothing tells that there is one; leave it to auto, or give more r",
        "check -c sine.yaml --set windows.season_length=600",
        {
            "leave it to auto": "check -c sine.yaml --set windows.season_length=auto",
            "give more rows": "check -c sine.yaml --set windows.season_length=600"
            " --set data.path=long.csv",
        },
        files=long,
    ),
    # the future
    Typed(
        "this run needs no rows of the future, as it has no data.covariates.future; c",
        "template --run sine",
        {"needs no rows of the future": "predict --run sine"},
    ),
    Typed(
        "this run needs no rows of the future, as it has no future covariates",
        "predict --run sine --future sine.csv",
        {"needs no rows of the future": "predict --run sine"},
    ),
    # what is compared with what came
    Typed(
        "no forecast in it that is read here; expected tables that forecast predict",
        "predict --run sine --data then.csv --output kept/made.xlsx && monitor kept --run sine",
        {
            f"wrote as .*{form}": f"predict --run sine --data then.csv --output kept/made{form}"
            " && monitor kept --run sine --worst 1000"
            for form in (".csv", ".parquet", ".json")
        },
        files=later,
    ),
    Typed(
        "no forecast in it that is read here; expected tables that forecast predict",
        "predict --run sine --data then.csv --output made.xlsx && monitor made.xlsx --run sine",
        {
            "wrote as .csv": "predict --run sine --data then.csv --output made.csv"
            " && monitor made.csv --run sine --worst 1000",
        },
    ),
    Typed(
        "expected a table that forecast predict --output wrote, without --columns inp",
        "predict --run sine --data then.csv --columns input --output made.csv"
        " && monitor made.csv --run sine",
        {
            "without --columns input": "predict --run sine --data then.csv --output made.csv"
            " && monitor made.csv --run sine --worst 1000",
        },
    ),
    Typed(
        "forecasts has an actual value in the data, which end with",
        "predict --run sine --output made.csv && monitor made.csv --run sine",
        {"newer data come from --data": "monitor made.csv --run sine --data newer.csv --worst 1e9"},
        files=later,
    ),
    # one window
    Typed(
        "--series {}: no such series; {}",
        "plot --run shops --series nort -o a.png",
        {"did you mean north": "plot --run shops --series north -o a.png"},
    ),
    Typed(
        "--series: one window is shown, and so one series; received",
        "plot gates --run shops --series north --series south",
        {"and so one series": "plot gates --run shops --series north"},
    ),
    Typed(
        "has no row with that stamp; its rows go from",
        "plot gates --run shops --at 2024-04-09",
        {
            "to 2024-03-31": "plot gates --run shops --at 2024-03-31",
            "nearest: 2024-03-31": "plot gates --run shops --at 2024-03-31",
        },
    ),
    Typed(
        "time is counted in whole steps here; give one, such as 100",
        "plot gates --run sine --at noon",
        {"such as 100": "plot gates --run sine --at 100"},
    ),
    Typed(
        "expected a stamp such as 2024-01-31 or '2024-01-31 12:00'",
        "plot gates --run shops --at noon",
        {
            "2024-01-31 or": "plot gates --run shops --at 2024-01-31",
            "'2024-01-31 12:00'": "plot gates --run shops --at '2024-01-31 00:00'",
        },
    ),
    Typed(
        "the stamps of these data have no time zone; write it without",
        "plot gates --run shops --at 2024-02-01T00:00+01:00",
        {"write it without": "plot gates --run shops --at 2024-02-01T00:00"},
    ),
    Typed(
        "choose another window with --at",
        "plot gates --run sine --at 7",
        {
            "another window with --at": "plot gates --run sine --at 20",
            "windows.padding: true": f"{TRAIN} -c sine.yaml --set windows.padding=true"
            " && plot gates --run sine --at 7",
        },
    ),
    Typed(
        "{}, or train with windows.padding: true",
        "plot gates --run sine --data beginning.csv",
        {
            "give more rows": "plot gates --run sine --data then.csv",
            "windows.padding: true": f"{TRAIN} -c sine.yaml --set windows.padding=true"
            " && plot gates --run sine --data beginning.csv",
        },
        files=beginning,
    ),
    Typed(
        "the window needs what is known of the",
        f"{TRAIN} -c known.yaml && plot gates --run known --at 998",
        {
            "a stamp up to step 995": "plot gates --run known --at 995",
            "the future with --future": "plot gates --run known --at 998 --future future.csv",
        },
        files=ahead,
    ),
    Typed(
        "no value of a target was observed in the window up to",
        f"{MASKED} && plot gates --run shops --data unobserved.csv --series south --at 2024-03-27",
        {
            "another one with --at": "plot gates --run shops --data unobserved.csv --series south"
            " --at 2024-03-17"
        },
        files=unobserved,
    ),
    # what a forecast needs
    Typed(
        "--digits auto: decimals follow from intervals, and there are none; ask for s",
        "predict --run sine --digits auto",
        {
            "--levels 80": "predict --run sine --digits auto --levels 80",
            "a number of digits": "predict --run sine --digits 2",
        },
    ),
    Typed(
        "), and no forecast does; if that is wrong, set preprocessing.support: real a",
        "predict --run shops --data less.csv",
        {
            "preprocessing.support: real and train again": f"{TRAIN} -c shops.yaml"
            " --set preprocessing.support=real && predict --run shops --data less.csv"
        },
        files=less,
    ),
    Typed(
        "(windows.context_length); give more history, or train with windows.padding:",
        "predict --run sine --data beginning.csv",
        {
            "give more history": "predict --run sine --data then.csv",
            "windows.padding: true": f"{TRAIN} -c sine.yaml --set windows.padding=true"
            " && predict --run sine --data beginning.csv",
        },
        files=beginning,
    ),
    Typed(
        "rows, which is all that this run looks at (windows.context_length); give new",
        f"{MASKED} --set model.channels=joint && predict --run shops --data unobserved.csv",
        {
            "give newer rows": "predict --run shops --data shops.csv",
            "leave the series out": "predict --run shops --data north.csv",
        },
        files=unobserved,
    ),
    Typed(
        "the run was neither trained for it nor calibrated on a validation part, and",
        f"{TRAIN} -c sine.yaml --set split.validation=0 && predict --run sine --levels 90",
        {
            "model.levels": f"{TRAIN} -c sine.yaml --set split.validation=0"
            " --set model.levels=[90] && predict --run sine --levels 90",
            "split.validation": f"{TRAIN} -c sine.yaml --set split.validation=0.1"
            " && predict --run sine --levels 90",
        },
    ),
]
