"""Tables and configs that bring a message up, and what it says to do about it: one entry for each
text of ``tables/`` and ``panel/`` that names a remedy.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["EDITED", "NOT_YET", "OUT", "TOLD", "TRIED", "Tried"]

Files = Callable[[Path], None]
OUT = "leave it out"  # what was given is not given; the name of a key: that one is not
EDITED = "in the table"  # what was given stays, as does what the remedy says of options


@dataclass(frozen=True)
class Tried:
    """A message, and its remedies."""

    text: str  # a part of the text in the source
    files: str | bytes | Files  # the text of a table, or what writes it
    # what to look for in the message -> the options that it means, "" for what stands there
    remedies: Mapping[str, str]
    given: str = ""  # options of `init`; with `keys`, of `train`
    keys: Mapping[str, Any] | None = None  # of the section data: then training reads the table
    name: str = "t.csv"
    beside: str = ""  # options that the remedy needs beside, as another message says
    edited: Mapping[str, str] = field(default_factory=dict)  # in the table, beside the remedy
    then: str = ""  # what is said instead, where a remedy brings only that


def days(count: int = 60, first: str = "2022-01-03") -> list[str]:
    return [str(day.date()) for day in pd.date_range(first, periods=count)]


def csv(header: str, rows: list[str], before: str = "") -> str:
    return "\n".join([f"{before}{header}", *rows, ""])


def daily(odd: Mapping[int, str] | None = None, before: str = "", count: int = 60) -> str:
    """A daily series, some of its cells odd."""
    cells = [(odd or {}).get(k, f"{10 + k % 7}.5") for k in range(count)]
    return csv("ds,y", [f"{d},{y}" for d, y in zip(days(count), cells, strict=True)], before)


def stamped(stamps: list[str], header: str = "ds,y") -> str:
    return csv(header, [f"{stamp},{10 + k % 7}.5" for k, stamp in enumerate(stamps)])


def hours(first: str, count: int = 96, form: str = "%Y-%m-%d %H:%M:%S") -> list[str]:
    return list(pd.date_range(first, periods=count, freq="h").strftime(form))


def database(*tables: str, cell: object = 1.5) -> Files:
    def write(folder: Path) -> None:
        with sqlite3.connect(folder / "t.db") as connection:
            for name in tables:
                connection.execute(f"CREATE TABLE {name} (ds, y, note)")
                rows = [(day, 10.5 + k % 7, cell) for k, day in enumerate(days())]
                connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", rows)

    return write


def workbook(*sheets: str) -> bytes:
    content = BytesIO()
    frame = pd.DataFrame({"ds": days(), "y": [10.5 + k % 7 for k in range(60)]})
    with pd.ExcelWriter(content, engine="xlsxwriter") as writer:
        for name in sheets:
            frame.to_excel(writer, sheet_name=name, index=False)
    return content.getvalue()


FRACTIONS = daily({k: f"{1 + k % 7}.{100 + k}" if k % 2 else f"{700 + k}" for k in range(60)})
IRREGULAR = pd.Timestamp("2022-01-03") + pd.to_timedelta(
    np.random.default_rng(0).integers(1, 40, 40).cumsum(), unit="D"
)
TWICE = csv("ds,y", [f"{day},{k}.5" for day in days(40) for k in (1, 2)])
GAPPED = stamped([day for k, day in enumerate(days(90)) if k % 10 != 7])
HALVES = csv("ds,y", [f"{d},{k % 9}" for k, d in enumerate(hours("2022-01-01", 60))])
RULES = "data.aggregate: sum, mean, last, max or count"
PER_RULE = dict.fromkeys(("sum", "mean", "last", "max", "count"), "")

TRIED = [
    # how files are read
    Tried(
        "data.csv.{}: {}",
        FRACTIONS,
        {r"data.csv.decimal: '.'": "", r"data.csv.decimal: ',' and data.csv.thousands: '.'": ""},
        keys={"csv": {"decimal": "error"}},
    ),
    Tried(
        "set data.table or data.query, not both",
        database("a", "b"),
        {"not both": OUT},
        given="--set data.table=a --set 'data.query=SELECT * FROM a'",
        name="t.db",
        beside="--set data.table=a",
    ),
    Tried(
        "expected one SELECT, received",
        database("a"),
        {"one SELECT": "--set 'data.query=SELECT ds, y FROM a'"},
        given="--set 'data.query=-- nothing'",
        name="t.db",
    ),
    Tried(
        "choose one with data.table",
        database("a", "b"),
        {r"--set [^)]+": "", "a SELECT with data.query": "--set 'data.query=SELECT * FROM b'"},
        name="t.db",
    ),
    Tried(
        "leave the column out, with data.query",
        database("a", cell=b"\0\1"),
        {"with data.query": "--set 'data.query=SELECT ds, y FROM a'"},
        name="t.db",
    ),
    Tried(
        "which data.csv.header names",
        daily(),
        {"data.csv.header": OUT},
        given="--set data.csv.header=99",
    ),
    Tried(
        "set data.csv.encoding, for example cp1251",
        csv("дата,рост", [f"{day},{k % 9}" for k, day in enumerate(days())]).encode("cp1251"),
        {"cp1251": "--set data.csv.encoding=cp1251"},
    ),
    Tried(
        "no byte-order mark; set data.csv.encoding",
        daily().encode("utf-16-le"),
        {"data.csv.encoding: utf-16-le": ""},
        given="--set data.csv.encoding=utf-16",
    ),
    Tried(
        "not {} text; set data.csv.encoding",
        daily(count=20000).encode() + b"2100-01-01,\xff\n",
        {"data.csv.encoding": "--set data.csv.encoding=cp1252"},
        beside="--set data.sentinels=[ÿ] --set data.gaps=fill --set data.missing=mask"
        " --set data.future_rows=drop",
        keys={},
    ),
    Tried(
        "put cells that hold {} in quotes, or set data.csv.delimiter{}",
        csv("ds,y,note", [f"{day},{k},{'a,b' if k == 9 else 'a'}" for k, day in enumerate(days())]),
        {"put cells that hold ',' in quotes": EDITED},
        edited={"a,b": '"a,b"'},
    ),
    Tried(
        ", or data.csv.header: {} if that line names the columns",
        csv("ds,y,y", [f"{day},{k % 9},4" for k, day in enumerate(days())], "Report\nby us\n\n"),
        {r"data.csv.header: 4": ""},
        edited={"ds,y,y": "ds,y,z"},
    ),
    Tried(
        "before the header, which seems to be line",
        daily(before="Report\nby us\n\n"),
        {r"data.csv.header: 4": ""},
        keys={},
    ),
    Tried(
        "seem to be comments; set data.csv.comment",
        daily(before="# a\n# b\n"),
        {r"data.csv.comment: '#'": ""},
        keys={},
    ),
    Tried(
        "to hold units; set data.csv.units_row",
        csv("ds,y", [f"{day},{k % 9}" for k, day in enumerate(days())]).replace(
            "y\n", "y\n,(kg)\n", 1
        ),
        {r"data.csv.units_row: true": ""},
        keys={},
    ),
    Tried(
        "to leave out the {} lines before",
        daily(before="Report\nmade, by, us, all\n\n"),
        {r"data.csv.header: 4": ""},
    ),
    Tried(
        "names of the columns, or units of those",
        daily(before="Report 7\nby 3, us 4\n\n"),
        {r"data.csv.header: 4": ""},
    ),
    Tried(
        "at the end without a stamp, as totals and notes are",
        daily() + "Total,99\n",
        {r"data.csv.footer: 1": ""},
        keys={},
    ),
    Tried(
        "choose one with data.sheet",
        workbook("a", "b"),
        {r"--set [^)]+": ""},
        name="t.xlsx",
    ),
    Tried(
        "no header, which data.csv.header names",
        workbook("a"),
        {"data.csv.header": OUT},
        given="--set data.csv.header=99",
        name="t.xlsx",
    ),
    Tried(
        "data.{}: {}: only {} has one, and this is {}; leave it out",
        daily(),
        {"leave it out": OUT},
        given="--set data.sheet=a",
    ),
    Tried(
        "no @frequency; set data.freq",
        "@attribute name string\n@attribute start_timestamp date\n"
        "@data\na:2022-01-01 00-00-00:" + ",".join(str(k % 7) for k in range(60)) + "\n",
        {r"--set data.freq=D": ""},
        name="t.tsf",
    ),
    # cells
    Tried(
        "set data.sentinels to what stands for a missing value",
        daily({9: "shut"}),
        {"data.sentinels": "--set data.sentinels=[shut] --set data.missing=mask"},
        keys={},
    ),
    Tried(
        "data.units: {{}: {{}}}",
        daily({k: f"{k} kg" for k in range(60)}),
        {r"data.units: \{.*?\}\}": ""},
        keys={},
    ),
    Tried(
        "data.censored: limit, half or missing",
        daily({9: "<0.5"}),
        {r"data.censored: limit, half or missing": ""},
        keys={},
        beside="--set data.missing=mask",
    ),
    Tried(
        "{} may be a value, or none: then data.sentinels",
        daily(dict.fromkeys(range(3, 60, 2), "999")),
        {r"data.sentinels: \[999\] and data.missing: mask": ""},
    ),
    # columns
    Tried(
        " to hear what they may be",
        daily({k: f"{k} pcs" if k % 2 else f"{k} %" for k in range(0, 60, 3)}),
        {r"--target y": ""},
        then="column y: expected a number",
    ),
    Tried(
        "name one of them as the target, with data.aggregate: count",
        csv("ds,what", [f"{day},{'ab'[k % 2] * 3}" for day in days() for k in range(3)]),
        {"data.aggregate: count and data.freq: D": ""},
        beside="--target what",
    ),
    Tried(
        "no column looks like a time",
        csv("a,b", [f"{3 * k * k},{k % 7}.5" for k in range(60)]),
        {"--timestamp": "--timestamp a"},
        beside="--set data.aggregate=sum --set data.freq=600",
    ),
    # stamps
    Tried(
        "; set data.timestamp_format: {}",
        stamped([f"0{1 + k // 9}/0{1 + k % 9}/2022" for k in range(60)]),
        {
            r"data.timestamp_format: '%m/%d/%Y'": "",
            r"(?<=or )'%d/%m/%Y'": "--set 'data.timestamp_format=%d/%m/%Y'",
        },
        beside="--set data.gaps=fill",
    ),
    Tried(
        "set data.timestamp_format to how they are written",
        stamped([day.replace("-", "~") for day in days()]),
        {"such as": "--set 'data.timestamp_format=%Y~%m~%d'"},
        given="--timestamp ds",
        beside="--timestamp ds",
    ),
    Tried(
        "months, or write days with their year",
        stamped([f"{m}-{d:02}" for m in ("Jan", "Feb", "Mar") for d in range(1, 21)]),
        {r"data.timestamp_format: '%b-%y'": ""},
        beside="--set data.gaps=fill",
    ),
    Tried(
        "for stamps without a zone",
        stamped([f"{each} IST" for each in hours("2022-01-01")]),
        {r"data.timezone: [\w/]+": "", r"data.timestamp_format: '[^']+'": ""},
    ),
    Tried(
        "is not a known time zone",
        stamped(hours("2022-01-01")),
        {"data.timezone": OUT},
        given="--set data.timezone=Mars/Base",
    ),
    Tried(
        "data.dst: {}, or {}",
        stamped(hours("2022-10-29", 72)),
        {r"data.dst: first or last": ""},
        keys={
            "timezone": "Europe/Vienna",
            "gaps": "fill",
            "missing": "mask",
            "duplicates": "first",
        },
    ),
    Tried(
        "or in UTC with data.timezone",
        stamped(hours("2022-10-29", 72)),
        {r"data.timezone: UTC": ""},
        keys={"timezone": "Europe/Vienna"},
    ),
    Tried(
        ", or the zone of the data, with data.dst",
        stamped(
            [
                str(stamp)[:19]
                for stamp in pd.date_range("2022-10-29", periods=96, freq="h", tz="Europe/Vienna")
            ]
        ),
        {r"data.timezone: Europe/\w+": ""},
        keys={},
        beside="--set data.dst=first",
    ),
    # series, steps and repeated rows
    Tried(
        "too few stamps to infer it",
        stamped(days(2)),
        {r"freq: D": "--set data.freq=D"},
        keys={},
    ),
    Tried(
        "does not fit integer steps",
        csv("ds,y", [f"{k},{k % 7}" for k in range(60)]),
        {r"freq: 1": "--set data.freq=1"},
        keys={"freq": "D"},
    ),
    Tried(
        "is not a pandas frequency alias",
        daily(),
        {"(?<=h, 30min, )D": "--set data.freq=D"},
        keys={"freq": "dayly"},
    ),
    Tried(
        "the last such day of each",
        stamped(["2022-01-28", "2022-02-25", "2022-03-25", "2022-05-27", "2022-06-24"]),
        {
            r"on WOM-4FRI": "--set data.freq=WOM-4FRI",
            r"and on LWOM-FRI": "--set data.freq=LWOM-FRI",
        },
        keys={},
        beside="--set data.gaps=split",
    ),
    Tried(
        "data.freq, or data.off_grid: nearest",
        stamped([*days(30), "2022-02-02 05:00:00", *days(30, "2022-02-03")]),
        {r"data.off_grid: nearest": ""},
        keys={"freq": "D"},
    ),
    Tried(
        ", or data.timezone where days are local",
        stamped(
            [
                f"{d}T23:00:00Z" if k < 20 else f"{d}T22:00:00Z"
                for k, d in enumerate(days(60, "2022-03-07"))
            ]
        ),
        {"data.timezone": "--set data.timezone=Europe/Vienna"},
        keys={"freq": "D"},
    ),
    Tried(
        "where rows are events",
        TWICE,
        {RULES: ""},
        keys={"freq": "D"},
    ),
    Tried(
        "needs dates, but time is counted in integer steps; leave it out",
        csv("ds,y", [f"{k},{k % 7}" for k in range(60)]),
        {"leave it out": OUT},
        keys={"closed": {"yearly": ["12-25"]}},
    ),
    Tried(
        "data.closed, which says too much",
        daily(),
        {"data.closed.rows: drop": "", "which says too much": OUT},
        keys={"closed": {"weekly": ["Sun"]}},
    ),
    Tried(
        "leaves no row; correct it",
        stamped(days(90)[::7]),
        {"correct it": OUT},
        keys={"freq": "D", "closed": {"weekly": ["Mon"]}},
    ),
    Tried(
        "are open; correct it, or the stamps",
        daily(),
        {"correct it": OUT},
        keys={"closed": {"weekly": ["Mon-Sun"]}},
    ),
    Tried(
        "need dates, but time is counted in integer steps; leave them out",
        csv("ds,y", [f"{k},{k % 7}" for k in range(60)]),
        {"leave them out": OUT},
        keys={"covariates": {"calendar": ["day_of_week"]}},
    ),
    Tried(
        "a static covariate has one value in every series",
        csv("ds,y,s", [f"{day},{k % 9},{k % 5}" for k, day in enumerate(days())]),
        {
            "data.covariates.past": "--set data.covariates.past=s",
            "data.covariates.future": "--set data.covariates.future=s",
        },
        keys={"covariates": {"static": ["s"]}},
        beside="--set data.covariates.static=[]",
    ),
    Tried(
        "together are allowed; leave such columns out",
        csv(
            "id,ds,y,s",
            [f"i{i},{day},{k % 9},w{i}" for i in range(70) for k, day in enumerate(days(12))],
        ),
        {"leave such columns out": OUT},
        keys={"series_id": "id", "covariates": {"static": ["s"]}},
        beside="--set data.series_id=id",
    ),
    Tried(
        "is a date, but time is counted in integer steps; give the last step",
        csv("ds,y", [f"{k},{k % 7}" for k in range(60)]),
        {"the last step": "--set data.end=50"},
        keys={"end": "2022-01-31"},
    ),
    Tried(
        "no row is left: {} lies before the first stamp",
        daily(),
        {"a later one": "--set data.end=2022-02-20"},
        keys={"end": "2020-01-01"},
    ),
    Tried(
        "is a step number, but the stamps are dates",
        daily(),
        {"like 2024-01-31": "--set data.end=2022-02-20"},
        keys={"end": 50},
    ),
    Tried(
        "data.future_rows: keep or drop",
        stamped(days(60) + days(10, "2100-01-01")),
        {r"data.future_rows: keep or drop": ""},
        keys={"gaps": "split"},
    ),
    Tried(
        "leaves none ({} such series); correct the stamps",
        csv(
            "id,ds,y",
            [
                f"{name},{day},{k % 7}"
                for name, first in (("a", "2022-01-03"), ("b", "2100-01-01"))
                for k, day in enumerate(days(60, first))
            ],
        ),
        {"leave it out": "future_rows"},
        keys={"series_id": "id", "future_rows": "drop"},
        beside="--set data.future_rows=keep",
    ),
    Tried(
        "is data.series_id the right column",
        csv("id,ds,y,s", [f"{'x' * 2000},{day},{k % 9},a" for k, day in enumerate(days())]),
        {"the right column": "--set data.series_id=s"},
        keys={"series_id": "id"},
    ),
    Tried(
        "data.day_start: {}: steps of freq {} do not consist of days",
        stamped(hours("2022-01-01")),
        {"set data.freq to D": "--set data.freq=D", "leave it out": "day_start"},
        keys={"freq": "h", "aggregate": "sum", "day_start": "06:00"},
    ),
    Tried(
        "data.unsorted: sort",
        stamped([*days(30, "2022-02-02"), *days(30)]),
        {"data.unsorted: sort": ""},
        keys={"freq": "D", "aggregate": "last", "unsorted": "error"},
    ),
    Tried(
        "data.gaps: fill adds rows without values",
        GAPPED,
        {r"data.missing: [\w, ]+ or \w+": ""},
        keys={"gaps": "fill"},
    ),
    Tried(
        "no regular spacing found (commonest {}); set {}",
        stamped([str(day.date()) for day in IRREGULAR]),
        {
            "data.freq: D with data.gaps": "--set data.freq=D --set data.gaps=fill",
            RULES: "",
        },
        keys={},
        beside="--set data.freq=D --set data.gaps=fill --set data.missing=mask",
    ),
    # layouts
]

# Texts that name a key to say what it did, or that others are made of: they name no remedy.
TOLD: tuple[str, ...] = (
    "training.memory_limit allows",
    "--set {}",
    "left out (data.csv.header)",
    "are left out (data.csv.comment)",
    "below the header {} units, and {} left out (data.csv.units_row)",
    "without a stamp from here on, left out (data.csv.footer)",
    "a number as of data.timestamp_format",
    "a total is known only where its parts are, so that beside them it is nothing",
    "{} (data.layout: {})",
    "may not be whole; data.partial: drop leaves both out",
    "as well: data.closed.holidays says on which nothing is forecast",
    "rows lie behind the end of one of their targets and are not used, as the net",
    "later than data.end, {}",
    "{}data.{}: {}",
    ": data.{}: {}",
    "steps, on which nothing is ever observed, are left out and not forecast (dat",
    "data.{}: {} settled {} {}",
    "--target chooses among",
    "{}: data.{} does nothing here: {}",
    "since the first of these forecasts (retrain.drift.warn)",
    "data.unseen_series and data.short_series skip all series; nothing is left to",
    "model.linear is {}",
    "ms an epoch in training.time_budget",
    " --runs {}",
    "next: forecast train --config",
    "columns left out, as they do not fit",
    # commands that are printed, which test_covariates runs
    "--run {}",
    "next: forecast template {} --output future.csv",
    "forecast {} {} --future future.csv",
    "--timestamp {}",
    "expected auto, or a number from 0 to",
    # test_mended_tables and test_more_dates try these
    "if the last {}, set data.csv.footer: {} (--set data.csv.footer={}), else correct them",
    "data.leave_out: {}: leaves no series; name fewer",
    "data.leave_out: no series {}; there are {}",
    "the time is {}; {} would do as well (--timestamp {})",
    "such rows); set data.timestamp_format: {}",
    "training.fallback: false would publish the network",
    "model.pretrained: {} is in all of them",
    "published is {}, by model.pretrained: {}",
)
# Texts whose remedy no entry applies yet.
NOT_YET: tuple[str, ...] = (
    "raise training.memory_limit",
    "data.timestamp_format: {}; received {}",
    "data.sentinels: [{}]",
    "data.sentinels to those that say nothing; in the table",
    "tell rows of one stamp apart only together, as",
    "--series-id {}",
    "too: data.series_id names one or the other",
    "a series without stamps; set data.freq to the spacing of its values (--set d",
    "set data.layout: rows, or rename them",
    "data.timestamp_format: {}",
    "set data.timestamp_format: {}",
    "{}: data.freq: {}: {}",
    "is between the steps of freq",
    "); set data.csv.encoding",
    "data.layout: wide: no column names each row; add one that does",
    "or set data.layout: wide, which takes each row for a series",
    "a row is one stamp, by",
    "neither their sum nor their mean, nor one value for each series; set data.la",
    "needs; write one table, or read each file alone",
    "set data.timestamp_format to how it is written, such as '%d.%m.%Y', or data.",
    "series that ended at least a whole forecast before the newest row, the first",
    "data.duplicates: first, which counts rows once that are equal in all columns",
    "and there is no step between theirs; give more rows, a shorter data.freq, or",
    "` writes the rows that are needed: fill in their cells, and give --future",
    "of 5: periods of a fiscal calendar (4-4-5, 4-5-4 or 5-4-4 weeks), which is n",
    "data.aggregate: sum, mean, last, max or count with data.freq",
    "0 under sum and count, and left to data.gaps under others)",
    "data.outliers: clip",
    "data.covariates: leave {} out",
    "data.covariates: leave one of them out",
    "rows are missing behind the last value of a target, where",
    "write other keys to a config",
    "have no row, too many to be written as 0; set a longer data.freq, or correct",
    "adds steps that have no covariates",
    "such columns of series); leave it out, or make split.validation and split.te",
    "has no logarithm; set preprocessing.log: false",
    "times as far out as the training rows; correct it, or set data.outliers: cli",
    "put the data there, or give their absolute path: --set data.path=PATH",
    "data.path names it, from the directory of the config",
    "the table on standard input has no name: give the config one with --output c",
    "exists already; choose another with --output, or overwrite it with --force",
    "name fewer columns with --target, or give them shorter names",
    "and windows.horizon (",
    "windows.horizon: fewer",
    "rows at most; give a shorter one, or --season 1 for none",
    "this run needs no rows of the future, as it has no data.covariates.future; c",
    "so that it is not written as CSV; give an --output that ends in .parquet",
    "forecasts and --data cannot both come in on standard input; write one to a f",
    "no forecast in it; expected tables that forecast predict --output wrote",
    "expected a table that forecast predict --output wrote, without --columns inp",
    "forecasts has an actual value in the data, which end with",
    "--series: one window is shown, and so one series; received",
    "has no row with that stamp; its rows go from",
    "time is counted in whole steps here; give one, such as 100",
    "expected a stamp such as 2024-01-31 or '2024-01-31 12:00'",
    "the stamps of these data have no time zone; write it without",
    "(windows.context_length); choose another window with --at, or train with win",
    "the window needs what is known of the",
    "no value of a target was observed in the window up to",
    "--digits auto: decimals follow from intervals, and there are none; ask for s",
    "), so that nothing tells that there is one; leave it to auto, or give more r",
    "), and no forecast does; if that is wrong, set preprocessing.support: real a",
    "steps, and with covariates no forecast is rolled further; train with windows",
    "ask for a shorter --horizon, or train with preprocessing.log: false",
    "(windows.context_length); give more history, or train with windows.padding:",
    "rows, which is all that this run looks at (windows.context_length); give new",
    "was trained on a frame from Python, which a run does not keep; give the data",
    "the run was neither trained for it nor calibrated on a validation part, and",
    "--data and --future cannot both come in on standard input; write one to a fi",
    "this run needs no rows of the future, as it has no future covariates",
    "); train again with them, leave them out, or set data.unseen_series: skip or",
    "--series {}: no such series; {}",
    "give an --output that ends in .parquet or .csv",
    "most rows hold a target outside of it (",
    "windows.context_length x windows.horizon: their linear part would have",
    "rows (windows.context_length + windows.horizon) without a gap to learn from",
    "make them smaller, leave windows.padding out, or make split.validation and s",
    "expected a command; --help lists them",
    "check what? Name a table, or a config with --config",
    "training refuses the table until these are answered: give the options to `fo",
    "choose one of --cron, --systemd and --k8s",
)
