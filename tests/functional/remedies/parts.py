"""Remedies of commands that read a table in parts."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.functional.remedies.entry import Typed, csv, days

__all__ = ["TYPED"]

PLAIN = "train -c plain.yaml --set data.unseen_series=global --set preprocessing.scope=global"
SHOPS = "predict --run shops --memory 30GiB"
OUT = "--output parts.csv"
CONFIG = """\
name: {name}
data: {{path: {name}.csv, timestamp: day, series_id: shop, targets: y, freq: D{more}}}
windows: {{context_length: 14, horizon: 7}}
model: {{units: 2, segment_units: 0, ensemble: 1, pretrained: 0}}
training: {{epochs: 0, refit: false, fallback: false}}
"""


def events(folder: Path) -> None:
    """Shops with two rows a day, and the same as one row."""
    written = {"events": (", aggregate: sum", 2), "sums": ("", 1)}
    for name, (more, times) in written.items():
        rows = [f"{shop},{day},{k % 7}" for shop in "ab" for k, day in enumerate(days())] * times
        (folder / f"{name}.csv").write_text(csv("shop,day,y", sorted(rows)))
        (folder / f"{name}.yaml").write_text(CONFIG.format(name=name, more=more))


def odd(folder: Path) -> None:
    """Shops with other dates, and with ids that are numbers with decimals."""
    rows = [f"{shop},{day},{k % 7}" for shop in "ab" for k, day in enumerate(days())]
    (folder / "plain.csv").write_text(csv("shop,day,y", rows))
    (folder / "plain.yaml").write_text(CONFIG.format(name="plain", more=""))
    style = ", timestamp_format: '%d.%m.%Y'"
    (folder / "dotted.yaml").write_text(CONFIG.format(name="dotted", more=style))
    table = pd.read_csv(folder / "plain.csv", parse_dates=["day"])
    table.assign(day=table["day"].dt.strftime("%d.%m.%Y")).to_csv(
        folder / "dotted.csv", index=False
    )
    table.assign(shop=np.where(table["shop"] == "a", 1.5, 2)).to_parquet(
        folder / "decimals.parquet"
    )
    table.assign(shop=np.where(table["shop"] == "a", 1, 2)).to_parquet(folder / "whole.parquet")
    text = table.assign(shop=np.where(table["shop"] == "a", "1.5", "2"))
    text.to_parquet(folder / "text.parquet")


def known(folder: Path) -> None:
    """Shops with what is known ahead in a table of its own, and behind their own rows."""
    rows = [f"{shop},{day},{k % 7},{k % 2}" for shop in "ab" for k, day in enumerate(days())]
    last = days(67)[60:]
    ahead = [f"{shop},{day},,1" for shop in "ab" for day in last]
    (folder / "known_ahead.csv").write_text(csv("shop,day,y,promo", rows))
    (folder / "appended.csv").write_text(csv("shop,day,y,promo", rows + ahead))
    (folder / "future.csv").write_text(csv("shop,day,y,promo", ahead))
    more = ", covariates: {future: [promo]}"
    (folder / "known_ahead.yaml").write_text(CONFIG.format(name="known_ahead", more=more))


def moved(folder: Path) -> None:
    """Shops with a row that is an hour late."""
    rows = [f"{shop},{day} 00:00,{k % 7}" for shop in "ab" for k, day in enumerate(days())]
    rows[7] = rows[7].replace("00:00", "01:00")
    (folder / "moved.csv").write_text(csv("shop,day,y", rows))
    more = ", off_grid: nearest"
    (folder / "moved.yaml").write_text(CONFIG.format(name="moved", more=more))


TYPED = [
    Typed(
        "--memory and --engine: forecasts are written part by part; give --output FILE.parquet",
        SHOPS,
        {"give --output": f"{SHOPS} {OUT}"},
    ),
    Typed(
        "--memory and --engine, --output",
        f"{SHOPS} --output parts.xlsx",
        {".csv, .parquet": f"{SHOPS} {OUT}"},
    ),
    Typed(
        "--memory and --engine: a table that is read in parts tells of the future itself",
        "train -c known_ahead.yaml"
        f" && predict --run known_ahead --future future.csv --memory 30GiB {OUT}",
        {
            "append them": f"predict --run known_ahead --data appended.csv --memory 30GiB {OUT}",
            "leave both out": f"predict --run known_ahead --future future.csv {OUT}",
        },
        files=known,
    ),
    Typed(
        "--digits auto: what intervals justify is told by all forecasts at once",
        f"{SHOPS} {OUT} --digits auto",
        {"give a number of digits": f"{SHOPS} {OUT} --digits 2"},
    ),
    Typed(
        "MiB, of which the program alone takes",
        f"predict --run shops --memory 50MiB {OUT}",
        {"give .* MiB or more": f"{SHOPS} {OUT}"},
    ),
    Typed(
        "--memory and --engine: a table is read in parts of whole series, and that of the run",
        f"predict --run sine --memory 30GiB {OUT}",
        {"leave them out": f"predict --run sine {OUT}"},
    ),
    Typed(
        "--memory and --engine: events are counted between the first and the last of all of them",
        f"train -c events.yaml && predict --run events --memory 30GiB {OUT}",
        {
            "leave them out": f"predict --run events {OUT}",
            "a row for each step": f"train -c sums.yaml && predict --run sums --memory 30GiB {OUT}",
        },
        files=events,
    ),
    Typed(
        "stamps that do not begin like 2024-01-31 are understood",
        f"{PLAIN} && predict --run plain --data dotted.csv --memory 30GiB {OUT}",
        {
            "train with data.timestamp_format": "train -c dotted.yaml"
            f" && predict --run dotted --data dotted.csv --memory 30GiB {OUT}",
            "leave them out": f"predict --run plain --data dotted.csv {OUT}",
        },
        files=odd,
    ),
    Typed(
        "are written as texts is told by all rows at once: write them as texts or whole",
        f"{PLAIN} && predict --run plain --data decimals.parquet --memory 30GiB {OUT}",
        {
            "write them as texts": f"predict --run plain --data text.parquet --memory 30GiB {OUT}",
            "whole numbers": f"predict --run plain --data whole.parquet --memory 30GiB {OUT}",
            "leave the options out": f"predict --run plain --data decimals.parquet {OUT}",
        },
        files=odd,
    ),
    Typed(
        ", and what that means is told by all rows at once: leave them out",
        f"train -c moved.yaml && predict --run moved --memory 30GiB {OUT}",
        {"leave them out": f"predict --run moved {OUT}"},
        files=moved,
    ),
]
