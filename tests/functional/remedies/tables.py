"""Remedies of ``tables/``: files, cells, columns and stamps."""

import pandas as pd

from tests.functional.remedies.entry import (
    EDITED,
    OUT,
    Tried,
    csv,
    daily,
    database,
    days,
    hours,
    stamped,
    workbook,
)

__all__ = ["TRIED"]

FOUR = [(0, 0), (0, 1), (1, 0), (1, 1)]
FRACTIONS = daily({k: f"{1 + k % 7}.{100 + k}" if k % 2 else f"{700 + k}" for k in range(60)})
STORES = csv(
    "store,item,ds,y",
    [f"s{s},i{i},{day},{k % 7 + s + i}.5" for k, day in enumerate(days()) for s, i in FOUR],
)
DAYS_WITHOUT_YEAR = csv(
    "ds,y", [f"{d[8:]}{d[5:7]},1{k}.5" for k, d in enumerate(days(60, "2023-01-01"))]
)
SHORT_DAY = csv(
    "date,hour,y",
    [
        f"{day},{hour},{10 + hour % 7}.5"
        for day in days(30, "2023-03-10")
        for hour in range(1, 24 if day == "2023-03-26" else 25)
    ],
)
PERIODS = stamped(
    [
        *map(str, range(2010, 2024)),
        *pd.date_range("2010-01-01", periods=168, freq="MS").strftime("%Y %b").str.upper(),
    ]
)
KEPT_MONTHS = "--timestamp ds --timestamp-format '%Y %b' --set data.other_stamps=skip"
KEPT_YEARS = "--timestamp ds --timestamp-format %Y --set data.other_stamps=skip"

# A list with a subtotal, which has no stamp, and lines drawn between its parts.
LISTED = "\n".join(
    [
        "|shop|ds        |  y|",
        *(
            line
            for shop in ("A", "B", "C")
            for line in [
                "-" * 21,
                *(f"|{shop:4}|{day}|{20 + k % 7:3}|" for k, day in enumerate(days(40))),
                "|*   |          |930|",
            ]
        ),
        "",
    ]
)
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
        "set data.csv.encoding, for example {}",
        csv("дата,рост", [f"{day},{k % 9}" for k, day in enumerate(days())]).encode("cp1251"),
        {"cp1251": "--set data.csv.encoding=cp1251"},
    ),
    Tried(
        "set data.csv.encoding, for example {}",
        csv("날짜,수량", [f"{day},{k % 9}" for k, day in enumerate(days())]).encode("cp949"),
        {"cp949": "--set data.csv.encoding=cp949"},
    ),
    Tried(
        "not UTF-8; set data.csv.encoding: {}",
        csv("ds,Białko", [f"{day},{k % 9}" for k, day in enumerate(days())]).encode("cp1250"),
        {
            "data.csv.encoding: cp1250": "",
            r"cp1252 \('Bia³ko'\)": "--set data.csv.encoding=cp1252",
        },
    ),
    Tried(
        "not UTF-8; set data.csv.encoding: {}",
        csv("ds,Şehir", [f"{day},{k % 9}" for k, day in enumerate(days())]).encode("cp1254"),
        {
            "data.csv.encoding: cp1254": "",
            r"cp1252 \('Þehir'\)": "--set data.csv.encoding=cp1252",
        },
    ),
    Tried(
        "reads Central European text, cp1254 Turkish",
        csv("ds,Gdańsk", [f"{day},{k % 9}" for k, day in enumerate(days())]).encode("cp1250"),
        {
            r"data.csv.encoding: cp1250": "",
            "cp1254 Turkish": "--set data.csv.encoding=cp1254",
        },
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
        "); set data.csv.encoding",
        csv("ds,y,note", [f"{day},{k % 7},+2AA-" for k, day in enumerate(days())]),
        {"data.csv.encoding": "--set data.csv.encoding=utf-8"},
        given="--set data.csv.encoding=utf-7",
    ),
    Tried(
        "{}, or set data.csv.delimiter to the sign between the columns",
        csv("ds^y", [f"{day}^{k},5" for k, day in enumerate(days())]),
        {"data.csv.delimiter to the sign": "--set data.csv.delimiter=^"},
    ),
    Tried(
        "one blank parts the cells; set data.csv.delimiter: ' '",
        "\n".join(["ds y", *(f"{day} {k % 9}.5" for k, day in enumerate(days())), ""]),
        {"data.csv.delimiter: ' '": ""},
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
        "seem to name the columns together; set data.csv.header",
        csv("ds,a,b,b", [f"{day},{k % 9},4,{k % 5}" for k, day in enumerate(days())], ",y,y,z\n"),
        {r"data.csv.header: 1 and data.csv.header_lines: 2": ""},
        keys={"targets": "y a"},
    ),
    Tried(
        "names of the columns, or units of those",
        daily(before="Report 7\nby 3, us 4\n\n"),
        {r"data.csv.header: 4": ""},
    ),
    Tried(
        "below the header without a stamp, called a total; set data.csv.totals_row",
        csv("ds,y", [",99,Grand total", *(f"{day},{k % 9}" for k, day in enumerate(days()))]),
        {"data.csv.totals_row: true": ""},
        keys={},
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
        "data.sentinels to what stands for a missing value",
        daily({9: "shut"}),
        {r"--set '[^']+'": ""},
        keys={},
        beside="--set data.missing=mask",
    ),
    Tried(
        "data.dashes: zero, or ",
        daily({9: "\u2013"}),
        {"data.dashes: zero": "", r"--set '[^']+'": ""},
        keys={},
        beside="--set data.missing=mask",
    ),
    Tried(
        "set data.other_stamps: skip ({}), which leaves out rows without a stamp",
        csv("y,ds", [f"{k % 7}.5,{(d, ' ')[k % 20 == 9]}" for k, d in enumerate(days())]),
        {r"--set 'data.other_stamps=[^']+'": ""},
        beside="--set data.gaps=fill --set data.missing=mask",
    ),
    Tried(
        " lines drawn with it, and data.other_stamps: skip",
        LISTED,
        {"--set 'data.csv.comment.*?'": ""},
        beside="--set data.other_stamps=skip",
    ),
    Tried(
        "or leave lines that begin alike out with data.csv.comment",
        LISTED,
        {"data.csv.comment": "--set data.csv.comment=-"},
        given="--set data.other_stamps=skip --timestamp-format %Y-%m-%d --series-id shop",
        beside="--set data.other_stamps=skip --timestamp-format %Y-%m-%d --series-id shop",
    ),
    Tried(
        "set data.dashes: zero or missing",
        daily({9: "-"}),
        {"data.dashes: zero or missing": ""},
        keys={"dashes": "error"},
        beside="--set data.missing=mask",
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
    Tried(
        "tell rows of one stamp apart only together, as",
        STORES,
        {
            r"data.series_id: \[.store., .item.\]": "--series-id store --series-id item",
            r"--series-id store --series-id item": "",
        },
        given="--series-id store",
    ),
    Tried(
        "--series-id {}",
        STORES,
        {r"--series-id store --series-id item": ""},
        given="--series-id store",
    ),
    Tried(
        "too: data.series_id names one or the other",
        STORES.replace("item", "item,code").replace(",i0", ",i0,x").replace(",i1", ",i1,y"),
        {
            "by store and item": "--series-id store --series-id item",
            "by store and code": "--series-id store --series-id code",
        },
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
        "data.timestamp_format: {}",
        daily(),
        {"data.timestamp_format": OUT},
        given="--set data.timestamp_format=%Y-%i",
    ),
    Tried(
        "; its months have names of another language: set data.timestamp_format: {}",
        stamped(
            [
                f"{day} de {('enero', 'febrero')[day < k]} de 2022 21:30 hs."
                for k in (0, 32)
                for day in range(1, 32 - k // 8)
            ]
        ),
        {r"data.timestamp_format: '[^']+'": ""},
        given="--set 'data.timestamp_format=%d de %B de %Y %H:%M hs.'",
    ),
    Tried(
        "set data.timestamp_format: {}",
        stamped([f"{1_640_995_200 + 86_400 * k}.5" for k in range(60)]),
        {r"data.timestamp_format: \w+": ""},
        keys={},
    ),
    Tried(
        "leaves out the rows of all others, as {}",
        PERIODS,
        {KEPT_MONTHS: "", KEPT_YEARS: ""},
    ),
    Tried(
        "{} --set data.other_stamps=skip ({} of {} rows, {}, such as {})",
        PERIODS,
        {KEPT_MONTHS: ""},
    ),
    Tried("--timestamp-format {}", PERIODS, {KEPT_MONTHS: ""}),
    Tried(
        "; set data.other_stamps: skip, which leaves such rows out",
        PERIODS,
        {"data.other_stamps: skip": ""},
        keys={"timestamp_format": "%Y %b"},
    ),
    Tried(
        "; set data.other_stamps: skip, which leaves rows without one out",
        csv("ds,y", [f"{d},{k}" for k, d in enumerate([*days()[:9], "", *days()[9:]])]),
        {"data.other_stamps: skip": ""},
    ),
    Tried(
        "skip needs data.timestamp_format, which says how the stamps that stay are written",
        PERIODS,
        {"set it": "--set 'data.timestamp_format=%Y %b' --set data.other_stamps=skip"},
        keys={"other_stamps": "skip"},
    ),
    Tried(
        "skip needs data.timestamp_format, which says how the stamps that stay are written",
        daily(),
        {"leave data.other_stamps out": OUT},
        keys={"other_stamps": "skip"},
    ),
    Tried(
        "and data.other_stamps: skip leaves no row; correct data.timestamp_format",
        PERIODS,
        {"correct data.timestamp_format": "--set 'data.timestamp_format=%Y %b'"},
        keys={"timestamp_format": "%d.%m.%Y", "other_stamps": "skip"},
    ),
    Tried(
        "set data.timestamp_format to how they are written",
        stamped([day.replace("-", "~") for day in days()]),
        {"such as": "--set 'data.timestamp_format=%Y~%m~%d'"},
        given="--timestamp ds",
        beside="--timestamp ds",
    ),
    Tried(
        "set data.timestamp_format to how they are written",
        stamped([f"<{day}|x>" for day in days()]),
        {r"with %\* for what is not to be read": "--set 'data.timestamp_format=<%Y-%m-%d|%*'"},
        given="--timestamp ds",
        beside="--timestamp ds",
    ),
    Tried(
        "that each begins with, or set data.timestamp_format",
        stamped(list(pd.date_range("2020-01-05", periods=80, freq="7D").strftime("%Y-%U"))),
        {r"data.timestamp_format: '%G-%V'": ""},
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
        "no row, set data.csv.comment: {}",
        csv("ds,y", [f"{d},1{k}{'.5' * (k % 7 < 6)}" for k, d in enumerate(days())]).replace(
            "\n2022-01-1", "\nRazem,9\n2022-01-1"
        ),
        {"data.csv.comment: 'Razem'": "", r"--set '[^)]+": ""},
    ),
    Tried(
        "to the zone of the clocks, such as",
        csv(
            "date,settlement_period,y",
            [
                f"{day},{period},{10 + period % 7}.5"
                for day in days(30, "2022-10-10")
                for period in range(1, 51 if day == "2022-10-30" else 49)
            ],
        ),
        {r"data.timezone to the zone of the clocks": "--set data.timezone=Europe/London"},
    ),
    Tried(
        "may be a part of a day, or a number beside a date",
        csv(
            "date,period,balance",
            [
                f"{day.date()},{period},{10 + period % 7}.5"
                for day in pd.date_range("2018-01-01", periods=36, freq="MS")
                for period in range(1, 49)
            ],
        ),
        {
            "the column of dates alone with --timestamp": "--timestamp date",
            r"data.timestamp_format: '[^']+'": "",
        },
        beside="--set data.gaps=fill --set data.missing=mask",
    ),
    Tried(
        "set data.timestamp_format: {} where hours are numbered from midnight on",
        SHORT_DAY,
        {r"data.timestamp_format: '[^']+'": ""},
        beside="--set data.timezone=Europe/Madrid",
    ),
    Tried(
        " where hours are numbered from midnight on, or {} where clocks show them",
        SHORT_DAY,
        {r"(?<=or )'%Y-%m-%d %H'": "--set 'data.timestamp_format=%Y-%m-%d %H'"},
        beside="--set data.gaps=fill",
    ),
    Tried(
        "count hours from 1 on, with data.timestamp_format: {}",
        csv(
            "date,hour,y",
            [
                f"{day},{hour},{10 + hour % 7}.5"
                for day in days(30, "2023-03-10")
                for hour in range(23 if day == "2023-03-26" else 24)
            ],
        ),
        {r"data.timestamp_format: '%Y-%m-%d %H'": ""},
        beside="--set data.gaps=fill",
    ),
    Tried(
        "and words such as {}: --target {} tells what reads these",
        csv(
            "ds,y,z",
            [f"{d},{k % 7}.5,{('shut', f'{k}.5')[k % 3 > 0]}" for k, d in enumerate(days())],
        ),
        {r"--target z": ""},
        then="column z: expected a number, received 'shut' (20 such cells); set data.sentinels",
    ),
    Tried(
        ", with data.sentinels: {} for what is no value",
        csv(
            "ds,z",
            [f"{d},{('--', '< 10%', f'{20 + k}.5%')[min(k % 9, 2)]}" for k, d in enumerate(days())],
        ),
        {
            "data.sentinels: \\['--'\\]": "--set 'data.sentinels=[\"--\"]'",
            "data.units: {'z': {'%': 1}}": "--set 'data.units={z: {\"%\": 1}}'",
            "data.censored: limit": "--set data.censored=limit",
        },
        keys={"targets": "z"},
        beside="--set 'data.sentinels=[\"--\"]' --set data.missing=mask"
        " --set 'data.units={z: {\"%\": 1}}' --set data.censored=limit",
    ),
    Tried(
        "only counts rows, and is not offered (--target {})",
        csv("ds,km,y", [f"{d},{100 + k},{k % 7}.5" for k, d in enumerate(days())]),
        {r"--target \w+": ""},
    ),
    Tried(
        "may be a day without its year",
        DAYS_WITHOUT_YEAR,
        {"data.timestamp_format: steps": ""},
        beside="--set data.gaps=split",
    ),
    Tried(
        "write days with their year, or set data.timestamp_format: steps",
        DAYS_WITHOUT_YEAR,
        {"days with their year": EDITED},
        edited={f"\n{d[8:]}{d[5:7]},": f"\n{d}," for d in days(60, "2023-01-01")},
        beside="--set data.gaps=fill",
    ),
    Tried(
        "no such period of that day in",
        csv(
            "date,settlement_period,y",
            [
                f"{day},{period},{10 + period % 7}.5"
                for day in days(20, "2023-03-15")
                for period in range(1, 49)
            ],
        ),
        {"data.timezone": OUT},
        given="--set data.timezone=Europe/London",
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
]
