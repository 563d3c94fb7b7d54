"""Remedies of what ``check``, trainings and forecasts say of the values and windows of a table."""

import re
from pathlib import Path

from tests.functional.conftest import shops_csv
from tests.functional.remedies.entry import Files, Typed, csv, daily, days

__all__ = ["TYPED"]

FAST = "--set training.epochs=0"
GROWING = f"{FAST} --set split.validation=0 --set split.test=0"
STRICT = "--set data.short_series=error"
UNPADDED = "--set windows.padding=false"
CONFIG = """\
name: c
data: {{path: t.csv, timestamp: ds, targets: {targets}{data}}}
windows: {{horizon: 2, context_length: {context}, normalisation: last}}
preprocessing: {{log: false}}
model: {{units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}}
training: {{batch_size: 64, steps_per_epoch: 0, refit: false, fallback: false}}
"""


def described(
    table: str, data: str = "", *, other: str = "", context: int = 7, targets: str = "y"
) -> Files:
    """What writes the ``table``, the config ``c.yaml`` for it with more keys of the section
    ``data``, and an ``other`` table.
    """

    def write(folder: Path) -> None:
        (folder / "t.csv").write_text(table)
        (folder / "other.csv").write_text(other)
        (folder / "c.yaml").write_text(CONFIG.format(data=data, context=context, targets=targets))

    return write


def writes(name: str, content: str) -> Files:
    """What writes one more file."""

    def write(folder: Path) -> None:
        (folder / name).write_text(content)

    return write


SHORT = described(
    csv(
        "ds,id,y",
        [f"{d},{i},{k % 5}" for i, n in (("a", 60), ("b", 11)) for k, d in enumerate(days(n))],
    ),
    ", series_id: id",
    context=10,
)
# empty cells of both targets at the end, from different days on
OPEN_ENDS = csv(
    "ds,y,z,p",
    [
        f"{day},{k % 7 if k < 58 else ''},{k % 5 if k < 54 else ''},{k % 3}"
        for k, day in enumerate(days())
    ],
)
LARGE = (
    "check -c sine.yaml --set model.units=32 --set training.batch_size=2048"
    " --set windows.context_length=100 --set training.memory_limit=950"
)
TENFOLDS = csv("ds,y", [f"{day},1e{5 * k - 150}" for k, day in enumerate(days())])
TYPED = [
    # memory
    Typed(
        "training.memory_limit: training would take about",
        "check -c sine.yaml --set training.memory_limit=500",
        {"allowed; raise the limit": "check -c sine.yaml --set training.memory_limit=900"},
    ),
    Typed(
        "lower model.units, training.batch_size or windows.context_length, or ",
        LARGE,
        {
            "lower model.units": f"{LARGE} --set model.units=4",
            "training.batch_size": f"{LARGE} --set training.batch_size=64",
            "windows.context_length": f"{LARGE} --set windows.context_length=10",
            "or raise the limit": f"{LARGE} --set training.memory_limit=2000",
        },
    ),
    # what check notes
    Typed(
        "data.outliers: clip",
        "check -c c.yaml",
        {"set data.outliers: clip": "check -c c.yaml --set data.outliers=clip"},
        described(daily({40: "9000"})),
    ),
    Typed(
        "data.covariates: leave {} out",
        "check -c c.yaml",
        {"leave twice out": "check -c c.yaml --set data.covariates.past=[other]"},
        described(
            csv(
                "ds,y,twice,other",
                [f"{day},{k * k % 11},{2 * (k * k % 11)},{k % 5}" for k, day in enumerate(days())],
            ),
            ", covariates: {past: [twice, other]}",
        ),
    ),
    Typed(
        "data.covariates: leave one of them out",
        "check -c c.yaml",
        {
            "leave one of them out": "check -c c.yaml --set data.covariates.past=[b]",
        },
        described(
            csv(
                "ds,y,a,b",
                [
                    f"{day},{k * k % 11 + k % 7},{k * k % 11},{k % 7}"
                    for k, day in enumerate(days())
                ],
            ),
            ", covariates: {past: [a, b]}",
        ),
    ),
    Typed(
        "write other keys to a config",
        "check sine.csv --set windows.horizon=3",
        {"write other keys to a config": "check -c c.yaml"},
        described(daily()),
    ),
    # scaling
    Typed(
        "such columns of series); leave it out, or make split.validation and split.te",
        "check -c c.yaml",
        {
            "leave it out": "check -c c.yaml --set data.covariates.past=[]",
            "split.validation and split.test smaller": "check -c c.yaml"
            " --set split.validation=0.05 --set split.test=0.05",
        },
        described(
            csv("ds,y,p", [f"{day},{k % 7},{k if k > 50 else ''}" for k, day in enumerate(days())]),
            ", missing: mask, covariates: {past: [p]}",
        ),
    ),
    Typed(
        "has no logarithm; train with preprocessing.log: false",
        f"train -c c.yaml {FAST} --set preprocessing.log=true && predict --run c --data other.csv",
        {
            "train with preprocessing.log: false": f"train -c c.yaml {FAST}"
            " --set preprocessing.log=false && predict --run c --data other.csv"
        },
        described(daily(), other=daily({59: "0"})),
    ),
    Typed(
        "correct it, or train with data.outliers: clip",
        f"train -c c.yaml {FAST} && predict --run c --data other.csv",
        {
            "train with data.outliers: clip": f"train -c c.yaml {FAST} --set data.outliers=clip"
            " && predict --run c --data other.csv",
            "correct it": f"train -c c.yaml {FAST} && predict --run c --data t.csv",
        },
        described(daily(), other=daily({59: "9e20"})),
    ),
    Typed(
        "most rows hold a target outside of it (",
        "check -c c.yaml --set preprocessing.support=non_negative",
        {
            "set real": "check -c c.yaml --set preprocessing.support=real",
            "leave it to auto": "check -c c.yaml",
        },
        described(daily({k: f"{-1 - k % 7}" for k in range(60)})),
    ),
    # windows
    Typed(
        "windows.context_length x windows.horizon: their linear part would have",
        "check -c c.yaml --set windows.horizon=1400 --set windows.context_length=100000",
        {"make one of them smaller": "check -c c.yaml --set windows.horizon=1400"},
        described(daily(count=3000), ", future_rows: keep"),
    ),
    Typed(
        "and windows.horizon (",
        "check -c c.yaml --set windows.padding=false",
        {"set windows.horizon: fewer": f"check -c c.yaml {UNPADDED} --set windows.horizon=1"},
        SHORT,
    ),
    Typed(
        "windows.horizon: fewer",
        f"check -c c.yaml {UNPADDED}",
        {"set windows.horizon: fewer": f"check -c c.yaml {UNPADDED} --set windows.horizon=1"},
        SHORT,
    ),
    Typed(
        "rows (windows.context_length + windows.horizon) without a gap to learn from",
        f"check -c c.yaml {STRICT}",
        {
            "data.short_series: skip": "check -c c.yaml --set data.short_series=skip",
            "(?<=skip or )pad": "check -c c.yaml --set data.short_series=pad",
            "make them smaller": f"check -c c.yaml {STRICT} --set windows.context_length=4",
        },
        SHORT,
    ),
    Typed(
        "rows (windows.context_length + windows.horizon) without a gap to learn from",
        "check -c c.yaml --set data.short_series=skip --set windows.context_length=70",
        {
            "data.short_series: pad, or": "check -c c.yaml --set data.short_series=pad"
            " --set windows.context_length=70"
        },
        SHORT,
    ),
    Typed(
        "pad without windows.padding: false",
        f"check -c c.yaml {STRICT} {UNPADDED}",
        {
            "data.short_series: skip": f"check -c c.yaml --set data.short_series=skip {UNPADDED}",
            "pad without windows.padding: false": "check -c c.yaml --set data.short_series=pad",
        },
        SHORT,
    ),
    Typed(
        "training rows, and a window needs",
        f"check -c c.yaml {UNPADDED}",
        {"make them smaller": f"check -c c.yaml {UNPADDED} --set windows.context_length=20"},
        described(daily(), context=50),
    ),
    Typed(
        "leave windows.padding out",
        f"check -c c.yaml {UNPADDED}",
        {"leave windows.padding out": "check -c c.yaml"},
        described(daily(), context=50),
    ),
    Typed(
        "make split.validation and split.test smaller",
        f"check -c c.yaml {UNPADDED}",
        {
            "make split.validation and split.test smaller": f"check -c c.yaml {UNPADDED}"
            " --set split.validation=0.05 --set split.test=0.05"
        },
        described(daily(), context=50),
    ),
    # forecasts
    Typed(
        "rows are missing behind the last value of a target, where",
        f"train -c c.yaml {FAST} && predict --run c --data other.csv",
        {
            "give them": f"train -c c.yaml {FAST} && predict --run c --data t.csv",
            "train with data.gaps: fill and data.missing: ffill": f"train -c c.yaml {FAST}"
            " --set data.gaps=fill --set data.missing=ffill && predict --run c --data other.csv",
        },
        described(
            OPEN_ENDS,
            ", gaps: split, covariates: {future: [p]}",
            other=re.sub(r"2022-02-28.*\n", "", OPEN_ENDS),
            targets="[y, z]",
        ),
    ),
    Typed(
        "steps, and with covariates no forecast is rolled further; train with windows",
        f"train -c known.yaml {FAST} && predict --run known --future future.csv --horizon 6",
        {
            "train with windows.horizon: 6": f"train -c known.yaml {FAST} --set windows.horizon=6"
            " && predict --run known --future future.csv --horizon 6"
        },
        writes("future.csv", csv("step,promo", [f"{1001 + k},{k % 3}" for k in range(6)])),
    ),
    Typed(
        "ask for a shorter --horizon",
        f"train -c c.yaml {GROWING} --set preprocessing.log=true && predict --run c --horizon 40",
        {
            "ask for a shorter --horizon": f"train -c c.yaml {GROWING}"
            " --set preprocessing.log=true && predict --run c --horizon 30"
        },
        described(TENFOLDS),
    ),
    Typed(
        ", or train with preprocessing.log: false",
        f"train -c c.yaml {GROWING} --set preprocessing.log=true && predict --run c --horizon 40",
        {
            "train with preprocessing.log: false": f"train -c c.yaml {GROWING}"
            " --set preprocessing.log=false && predict --run c --horizon 40"
        },
        described(TENFOLDS),
    ),
    Typed(
        "); train again with them, leave them out, or set data.unseen_series: skip",
        "predict --run shops --data more.csv",
        {
            "train again with them": f"train -c shops.yaml {FAST} --set data.path=more.csv"
            " && predict --run shops --data more.csv",
            "leave them out": "predict --run shops --data shops.csv",
            "data.unseen_series: skip": f"train -c shops.yaml {FAST}"
            " --set data.unseen_series=skip && predict --run shops --data more.csv",
            "global with preprocessing.scope: global": f"train -c shops.yaml {FAST}"
            " --set data.unseen_series=global --set preprocessing.scope=global"
            " && predict --run shops --data more.csv",
        },
        writes("more.csv", shops_csv(91, ("north", "south", "west"))),
    ),
]
