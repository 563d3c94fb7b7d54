"""Remedies of what ``check``, trainings and forecasts say of the values and windows of a table."""

from pathlib import Path

from tests.functional.remedies.entry import Files, Typed, csv, daily, days

__all__ = ["TYPED"]

FAST = "--set training.epochs=0"
CONFIG = """\
name: c
data: {{path: t.csv, timestamp: ds, targets: y{data}}}
windows: {{horizon: 2, context_length: {context}, normalisation: last}}
preprocessing: {{log: false}}
model: {{units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}}
training: {{batch_size: 64, steps_per_epoch: 0, refit: false, fallback: false}}
"""


def described(table: str, data: str = "", *, other: str = "", context: int = 7) -> Files:
    """What writes the ``table``, the config ``c.yaml`` for it with more keys of the section
    ``data``, and an ``other`` table.
    """

    def write(folder: Path) -> None:
        (folder / "t.csv").write_text(table)
        (folder / "other.csv").write_text(other)
        (folder / "c.yaml").write_text(CONFIG.format(data=data, context=context))

    return write


TYPED = [
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
]
