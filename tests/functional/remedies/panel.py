"""Remedies of ``panel/``: series, steps, repeated rows and holes."""

import numpy as np
import pandas as pd

from tests.functional.remedies.entry import (
    EDITED,
    OUT,
    RULES,
    Tried,
    csv,
    daily,
    days,
    hours,
    stamped,
)

__all__ = ["TRIED"]

IRREGULAR = pd.Timestamp("2022-01-03") + pd.to_timedelta(
    np.random.default_rng(0).integers(1, 40, 40).cumsum(), unit="D"
)
CLOCKS = pd.to_timedelta(np.random.default_rng(1).integers(1, 1440, 40), unit="min")
TWICE = csv("ds,y", [f"{day},{k}.5" for day in days(40) for k in (1, 2)])
WEEKS = pd.Timestamp("2018-01-01") + pd.to_timedelta(np.cumsum([4, 4, 5] * 20), unit="W")
BUSY = csv("ds,y", [f"{stamp},{k % 7}.5" for k, stamp in enumerate(IRREGULAR + CLOCKS)])
GAPPED = stamped([day for k, day in enumerate(days(90)) if k % 10 != 7])

TRIED = [
    Tried(
        "too few stamps to infer it",
        stamped(days(2)),
        {r"freq: D": "--set data.freq=D"},
        keys={},
    ),
    Tried(
        ", or data.sentinels: [{}]",
        daily({9: "-1", 20: "-1"}),
        {"data.negative: keep": "", r"data.sentinels: \[-1\]": ""},
        keys={"negative": "error"},
        beside="--set data.missing=mask",
    ),
    Tried(
        "or set data.padded_ids: keep",
        csv(
            "ds,id,y",
            [f"{day},{name},{k % 7}" for name in ("a", "b", "b ") for k, day in enumerate(days())],
        ),
        {r"data.padded_ids: keep": ""},
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
        "are 0; data.closed leaves them out, which are not forecast then",
        stamped([day for k, day in enumerate(days(200)) if k % 7 != 6]),
        {r"(?<=\()--set [^)]+": ""},
        given="--set data.aggregate=count --set data.freq=D",
        beside="--set data.aggregate=count --set data.freq=D",
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
        "adds steps that have no covariates",
        csv("ds,y,p", [f"{d},{k % 7},{k % 5}" for k, d in enumerate(days(90)) if k % 10 != 7]),
        {r"data.missing: [\w, ]+ or \w+": ""},
        keys={"freq": "D", "aggregate": "sum", "covariates": {"past": ["p"]}},
    ),
    Tried(
        "have no row, too many to be written as 0; set a longer data.freq, or correct",
        stamped(["2019-01-01", *days()]),
        {"a longer data.freq": "--set data.freq=D"},
        keys={"freq": "min", "aggregate": "sum"},
    ),
    Tried(
        "have no row, too many to be written as 0; set a longer data.freq, or correct",
        stamped(["2019-01-01", *days()]),
        {"correct stamps": EDITED},
        keys={"freq": "min", "aggregate": "sum"},
        edited={"2019-01-01": "2022-01-01"},
    ),
    Tried(
        "and there is no step between theirs; give more rows, a shorter data.freq, or",
        daily(count=20),
        {"a shorter data.freq": "--set data.freq=D", "data.partial: keep": ""},
        keys={"freq": "MS", "aggregate": "sum", "partial": "drop"},
    ),
    Tried(
        "of 5: periods of a fiscal calendar (4-4-5, 4-5-4 or 5-4-4 weeks), which is n",
        csv("period,ds,y", [f"{k},{day.date()},{k % 7}" for k, day in enumerate(WEEKS, 1)]),
        {"data.timestamp, --timestamp": "--timestamp period"},
        given="--timestamp ds",
    ),
    Tried(
        "data.aggregate: sum, mean, last, max or count with data.freq",
        BUSY,
        {
            f"{RULES} with data.freq: D, W-SUN or MS": f"{RULES} and data.freq: D or MS",
            "W-SUN": f"{RULES} and data.freq: W-SUN",
        },
        keys={},
        beside="--set data.gaps=fill --set data.missing=mask",
    ),
    Tried(
        "0 under sum and count, and left to data.gaps under others)",
        BUSY,
        {
            "0 under sum and count": "data.aggregate: sum or count and data.freq: D",
            "data.gaps": f"{RULES} and data.freq: D and data.gaps: fill and data.missing: mask",
        },
        keys={},
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
]
