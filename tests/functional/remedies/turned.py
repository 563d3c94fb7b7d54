"""Remedies of ``tables/turned``, and of files whose series have a start and no stamps."""

import json

from tests.functional.remedies.entry import EDITED, OUT, Tried, csv, days

__all__ = ["TRIED"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEARS = range(2000, 2020)
HOURS = [f"{hour:02}:00" for hour in range(24)]


def grid(corner: str, names: list[str], rows: list[str]) -> str:
    """Numbers below names of columns and behind those of rows."""
    cells = [
        ",".join(str((3 * j + 2 * k) % 7) for j in range(len(names))) for k in range(len(rows))
    ]
    lines = [f"{row},{each}" for row, each in zip(rows, cells, strict=True)]
    return csv(f"{corner},{','.join(names)}", lines)


def gluonts(**more: str) -> str:
    values = [10.5 + k % 7 for k in range(60)]
    return json.dumps({"start": "2022-01-03", "target": values, **more}) + "\n"


HOURS_OF_DAYS = grid("hour", days(20), HOURS)
DAYS_OF_HOURS = grid("day", HOURS, days(20))
FISCAL_YEARS = grid("month", [f"FY{year}" for year in YEARS], list(MONTHS))
IN_COLUMNS = "year,month,y\n" + "".join(
    f"{y},{m},{k}.5\n" for y in YEARS for k, m in enumerate(MONTHS)
)
WITH_TOTAL = grid("month", list(map(str, YEARS)), [*MONTHS, "Total"])
SEASONS = grid(
    "week", [f"{k}/{k % 100 + 1:02d}" for k in range(2010, 2018)], list(map(str, range(1, 53)))
)
ALIKE = grid("kind", days(20), ["a", "a", "b"])

TRIED = [
    # layouts
    Tried(
        "data.other_stamps: skip leaves rows out, and with data.layout: {} stamps",
        grid("name", days(20), ["a", "b", "c"]),
        {"leave it out": OUT},
        given="--set data.other_stamps=skip",
    ),
    Tried(
        "set data.layout: rows, or rename them",
        csv("ds,a,b,c", [f"{day},{k % 7},{k % 5},{k % 3}" for k, day in enumerate(days(20))]),
        {"data.layout: rows": "", "rename them": EDITED},
        given="--set data.layout=wide",
        edited={"a,b,c": "d_1,d_2,d_3"},
    ),
    Tried(
        "data.layout: wide: no column names each row; add one that does",
        ALIKE,
        {"add one that does": EDITED},
        given="--set data.layout=wide",
        edited={"kind,": "name,kind,", "a,0,": "x,a,0,", "a,2,": "y,a,2,", "b,4,": "z,b,4,"},
    ),
    Tried(
        "or set data.layout: wide, which takes each row for a series",
        HOURS_OF_DAYS,
        {"data.layout: wide": ""},
    ),
    Tried(
        "write a row for each of these, with a column for each {}",
        HOURS_OF_DAYS,
        {"a row for each of these, with a column for each hour": EDITED},
        edited={HOURS_OF_DAYS: DAYS_OF_HOURS},
    ),
    Tried(
        "which may be years that do not begin in January; set data.layout: calendar",
        FISCAL_YEARS,
        {
            "data.layout: calendar": "",
            r"--set [^)]+": "",
        },
    ),
    Tried(
        "which may be years that do not begin in January; set data.layout: calendar",
        FISCAL_YEARS,
        {"the year of each month into a column of its own": EDITED},
        edited={FISCAL_YEARS: IN_COLUMNS},
    ),
    Tried(
        "which are two years each; write a row for each {}",
        SEASONS,
        {
            "data.layout: wide": "",
            "data.layout: rows": "",
        },
    ),
    Tried(
        "which are two years each; write a row for each {}",
        SEASONS,
        {"a row for each week, with its year in a column beside it": EDITED},
        edited={SEASONS: IN_COLUMNS},
    ),
    Tried(
        "set data.csv.comment: {} ({}), else correct it",
        WITH_TOTAL,
        {"data.csv.comment: 'Total'": "", r"--set '[^)]+": ""},
    ),
    Tried(
        "set data.csv.comment: {} ({}), else correct it",
        WITH_TOTAL,
        {"else correct it": EDITED},
        edited={WITH_TOTAL: grid("month", list(map(str, YEARS)), list(MONTHS))},
    ),
    Tried(
        "a row is one stamp, by",
        grid("year", ["1", "2", "3", "4"], list(map(str, YEARS))),
        {"data.layout: calendar": "", r"--set [^)]+": ""},
    ),
    Tried(
        "a row is one stamp, by",
        grid("ds", [f"d_{k}" for k in range(1, 15)], days(20)),
        {"data.layout: wide": "", r"--set [^)]+": ""},
    ),
    Tried(
        "neither their sum nor their mean, nor one value for each series; set data.la",
        grid("year", [*MONTHS, "other"], list(map(str, YEARS))),
        {"data.layout: calendar": "", r"--set [^)]+": "", "data.layout: rows": ""},
    ),
    Tried(
        "set data.timestamp_format to how the day is written, with a time of day as it",
        grid("day", HOURS, [f"{day}T00" for day in days(30)]),
        {
            "'%Y-%m-%dT00'": "--set data.timestamp_format=%Y-%m-%dT00",
            "data.layout: rows": "",
        },
    ),
    # a start, and a frequency
    Tried(
        "a series without stamps; set data.freq to the spacing of its values (--set d",
        gluonts(),
        {r"--set [^)]+": ""},
        name="t.jsonl",
    ),
    Tried(
        "set data.freq to another one",
        gluonts(),
        {"data.freq": "--set data.freq=D"},
        given="--set data.freq=dayly",
        name="t.jsonl",
    ),
    Tried(
        "set data.freq to another one",
        gluonts(),
        {"between the steps of freq SME-15; set data.freq": "--set data.freq=MS-3"},
        given="--set data.freq=SME-15",
        name="t.jsonl",
    ),
]
