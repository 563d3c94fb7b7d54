"""Remedies of what ``check`` says of tables, and of files that a config reads together."""

from pathlib import Path

from lstm_forecast.config.document import dump_values
from tests.functional.remedies.entry import Files, Typed, csv, daily, days

__all__ = ["TYPED"]


def described(table: str, **data: object) -> Files:
    """A table, and a config that says no more of it than ``data``."""

    def write(folder: Path) -> None:
        (folder / "odd.csv").write_text(table)
        keys = {"path": "odd.csv", "timestamp": "ds", "targets": "y", **data}
        config = {"name": "odd", "data": keys, "windows": {"context_length": 8, "horizon": 2}}
        (folder / "odd.yaml").write_text(dump_values(config))

    return write


def wide(folder: Path) -> None:
    """Two files of other days, and one that has the days of both."""
    for name, columns in (("a", days(20)), ("b", days(20, "2022-01-23")), ("both", days(40))):
        rows = [f"{row},{','.join(str(k % 7) for k in range(len(columns)))}" for row in "xy"]
        (folder / f"wide-{name}.csv").write_text(csv(f"shop,{','.join(columns)}", rows))
    data = {"path": "wide-[ab].csv", "timestamp": "time", "targets": "y", "layout": "wide"}
    config = {"name": "wide", "data": {**data, "series_id": "shop"}, "windows": {"horizon": 2}}
    (folder / "wide.yaml").write_text(dump_values(config))


def noted(folder: Path) -> None:
    """Numbers of which one says something in words, and the same ones alone."""
    described(daily({9: "12 (late)"}))(folder)
    (folder / "alone.csv").write_text(daily({9: "12"}))


COLUMNS = [f"x{k}" for k in range(30)]
BROAD = csv(
    f"ds,y,{','.join(COLUMNS)}",
    [
        f"{day},{k % 7},{','.join(str(j * k % 11) for j in range(30))}"
        for k, day in enumerate(days(1200))
    ],
)

TYPED = [
    Typed(
        "raise training.memory_limit",
        "check -c odd.yaml --set training.memory_limit=1",
        {"raise training.memory_limit": "check -c odd.yaml --set training.memory_limit=1000"},
        files=described(BROAD, covariates={"past": COLUMNS}),
    ),
    Typed(
        "raise training.memory_limit",
        "check -c odd.yaml --set training.memory_limit=1",
        {
            "keep fewer rows or columns": "check -c odd.yaml --set training.memory_limit=1"
            " --set data.covariates.past=[x1]"
        },
        files=described(BROAD, covariates={"past": COLUMNS}),
        then="training would take about",
    ),
    Typed(
        "data.sentinels: [{}]",
        "check odd.csv",
        {
            r"set data.sentinels: \[offline\]": "check -c odd.yaml --set data.sentinels=[offline]"
            " --set data.missing=mask"
        },
        files=described(daily({9: "offline"})),
    ),
    Typed(
        "data.sentinels: [{}]",
        "check -c odd.yaml",
        {
            r"set data.sentinels: \[-999\]": "check -c odd.yaml --set data.sentinels=[-999]"
            " --set data.missing=mask"
        },
        files=described(daily({9: "-999", 30: "-999"})),
    ),
    Typed(
        "data.sentinels to those that say nothing; in the table",
        "check odd.csv",
        {
            "data.sentinels to those that say nothing": "check -c odd.yaml"
            " --set 'data.sentinels=[12 (late)]' --set data.missing=mask",
            "in the table, write the number": "check alone.csv",
        },
        files=noted,
    ),
    Typed(
        "needs; write one table, or read each file alone",
        "check -c wide.yaml",
        {
            "write one table": "check -c wide.yaml --set data.path=wide-both.csv",
            "read each file alone": "check -c wide.yaml --set data.path=wide-b.csv",
        },
        files=wide,
    ),
    Typed(
        "data.duplicates: first, which counts rows once that are equal in all columns",
        "check -c odd.yaml",
        {"set data.duplicates: first": "check -c odd.yaml --set data.duplicates=first"},
        files=described(
            csv("ds,y", [f"{day},{k % 7}" for k, day in enumerate(days()) for _ in (1, 2)]),
            freq="D",
            aggregate="sum",
        ),
    ),
]
