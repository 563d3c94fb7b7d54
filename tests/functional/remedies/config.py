"""Remedies of what is wrong with the keys of a config, whatever the table is."""

from pathlib import Path

import pandas as pd

from tests.functional.remedies.entry import Typed

__all__ = ["TYPED"]

SHOPS, SINE = "check -c shops.yaml", "check -c sine.yaml"
EVENTS = f"{SHOPS} --set data.aggregate=sum"
DAYS = f"{EVENTS} --set data.freq=D"
WIDE = f"{SHOPS} --set data.path=wide.csv --set data.layout=wide"
SHOWN = "config show -c sine.yaml --set model.pretrained=0.5"  # the pretrained network is slow here
ENSEMBLE = f"{SINE} --set model.ensemble=2 --set model.context_lengths"
KEYS = "--set data.targets=sold --set data.series_id"


def keyed(folder: Path) -> None:
    """Shops with a second key, called as a forecast has columns, and called otherwise."""
    table = pd.read_csv(folder / "shops.csv").assign(kind="a")
    for name in ("ds", "shops", "kind"):
        table.rename(columns={"kind": name}).to_csv(folder / f"{name}.csv", index=False)


def wide(folder: Path) -> None:
    """Shops as rows, of which the days are columns."""
    table = pd.read_csv(folder / "shops.csv").pivot(index="shop", columns="day", values="sold")
    table.assign(price=1).reset_index().to_csv(folder / "wide.csv", index=False)


def labelled(folder: Path) -> None:
    """Shops of two kinds."""
    table = pd.read_csv(folder / "shops.csv")
    table.assign(kind=table["shop"].str[0]).to_csv(folder / "kinds.csv", index=False)


TYPED = [
    # the table
    Typed(
        "was trained on a frame from Python, which is in no file; write the table to",
        f"{SHOPS} --set data.path=null",
        {"name it in data.path": f"{SHOPS} --set data.path=shops.csv"},
    ),
    Typed(
        "data.csv: decimal and thousands are one sign; they have to differ",
        f"{SHOPS} --set data.csv.decimal=, --set data.csv.thousands=,",
        {"have to differ": f"{SHOPS} --set data.csv.decimal=, --set data.csv.thousands=."},
    ),
    Typed(
        "it has one target, and neither covariates.past nor covariates.future",
        WIDE,
        {"it has one target": f"{WIDE} --set data.targets=sold"},
        files=wide,
    ),
    *(
        Typed(
            "it has one target, and neither covariates.past nor covariates.future",
            f"{WIDE} --set data.targets=sold --set data.covariates.{kind}=[price]",
            {f"n.* covariates.{kind}": f"{WIDE} --set data.targets=sold"},
            files=wide,
        )
        for kind in ("past", "future")
    ),
    Typed(
        "data.layout: wide: its stamps come into one column: name one timestamp",
        f"{WIDE} --set data.targets=sold --set data.timestamp=[day,hour]",
        {"name one timestamp": f"{WIDE} --set data.targets=sold --set data.timestamp=day"},
        files=wide,
    ),
    # rows that are events
    Typed(
        "needs data.freq, the step whose rows become one, such as D, W-SUN, MS or h",
        EVENTS,
        {f"such as .*{step}": f"{EVENTS} --set data.freq={step}" for step in ("D", "W-SUN", "h")}
        | {"such as .*MS": f"config show {EVENTS.removeprefix('check ')} --set data.freq=MS"},
    ),
    Typed(
        "needs data.off_grid: error, as every row belongs to the step that it lies in",
        f"{DAYS} --set data.off_grid=nearest",
        {"data.off_grid: error": f"{DAYS} --set data.off_grid=error"},
    ),
    Typed(
        "needs data.duplicates: error or first, as data.duplicates: {} says something",
        f"{DAYS} --set data.duplicates=last",
        {
            "duplicates: error or": f"{DAYS} --set data.duplicates=error",
            "or first, as": f"{DAYS} --set data.duplicates=first",
        },
    ),
    *(
        Typed(
            "needs data.aggregate, which says how the rows of a step become one",
            f"{SHOPS} --set data.freq=D --set {setting}",
            {"needs data.aggregate": f"{DAYS} --set {setting}"},
        )
        for setting in ("data.day_start=06:00", "data.partial=drop")
    ),
    # names
    Typed(
        "of its own, beside those that name the series; rename it in the table",
        f"{SHOPS} {KEYS}=[shop,ds] --set data.path=ds.csv",
        {"rename it in the table": f"{SHOPS} {KEYS}=[shop,kind] --set data.path=kind.csv"},
        files=keyed,
    ),
    Typed(
        "data.series_id; choose another name, or rename the column in the table",
        f"{SHOPS} {KEYS}=[shop,shops] --set data.path=shops.csv",
        {
            "choose another name": f"{SHOPS} {KEYS}=[shop,shops] --set name=sales",
            "rename the column in": f"{SHOPS} {KEYS}=[shop,kind] --set data.path=kind.csv",
        },
        files=keyed,
    ),
    Typed(
        "data.covariates.categories: {} is not one of data.covariates.static",
        f"{SHOPS} --set data.path=kinds.csv --set data.covariates.categories.kind=[n,s]",
        {
            "is not one of data.covariates.static": f"{SHOPS} --set data.path=kinds.csv"
            " --set data.covariates.static=[kind] --set data.covariates.categories.kind=[n,s]"
        },
        files=labelled,
    ),
    # series
    Typed(
        "data.unseen_series: global needs preprocessing.scope: global, as nothing els",
        f"{SHOPS} --set data.unseen_series=global",
        {
            "needs preprocessing.scope: global": f"{SHOPS} --set data.unseen_series=global"
            " --set preprocessing.scope=global"
        },
    ),
    Typed(
        "windows.padding: true needs data.short_series: pad",
        f"{SHOPS} --set windows.padding=true --set data.short_series=skip",
        {
            "needs data.short_series: pad": f"{SHOPS} --set windows.padding=true"
            " --set data.short_series=pad"
        },
    ),
    # contexts
    Typed(
        "must be a multiple of model.segment_length ({}); the nearest is",
        f"{SINE} --set model.segment_length=3",
        {
            "the nearest is 21": f"{SINE} --set model.segment_length=3"
            " --set windows.context_length=21"
        },
    ),
    Typed(
        "model.context_lengths needs windows.context_length and model.segment_length",
        f"{ENSEMBLE}=[10,20] --set windows.context_length=auto --set model.segment_length=auto",
        {
            "needs windows.context_length and model.segment_length": f"{ENSEMBLE}=[10,20]"
            " --set windows.context_length=20 --set model.segment_length=5"
        },
    ),
    Typed(
        "model.context_lengths ({}) must be multiples of model.segment_length ({}) up",
        f"{ENSEMBLE}=[12,20] --set model.segment_length=5",
        {
            r"multiples of model.segment_length \(5\)": f"{ENSEMBLE}=[10,20]"
            " --set model.segment_length=5"
        },
    ),
    Typed(
        "model.context_lengths ({}) must be multiples of model.segment_length ({}) up",
        f"{ENSEMBLE}=[10,30]",
        {
            r"up to windows.context_length \(20\)": f"{ENSEMBLE}=[10,20]",
            "windows.context_length": f"{ENSEMBLE}=[10,30] --set windows.context_length=30",
        },
    ),
    Typed(
        ") must be the longest context of the networks (model.context_lengths, model.",
        f"{ENSEMBLE}=[10,15]",
        {
            r"windows.context_length .* must be .*, 15": f"{ENSEMBLE}=[10,15]"
            " --set windows.context_length=15",
            "must be the longest .*model.context_lengths": f"{ENSEMBLE}=[10,20]",
        },
    ),
    Typed(
        ") must be the longest context of the networks (model.context_lengths, model.",
        f"{ENSEMBLE}=[10,15,20]",
        {
            "must be the longest .*model.ensemble": f"{SINE} --set model.ensemble=3"
            " --set model.context_lengths=[10,15,20]"
        },
    ),
    Typed(
        "windows.normalisation_span ({}) must be at most the shortest context ({})",
        f"{SINE} --set windows.normalisation_span=21 --set windows.normalisation=mean",
        {
            r"at most the shortest context \(20\)": f"{SINE} --set windows.normalisation=mean"
            " --set windows.normalisation_span=20"
        },
    ),
    Typed(
        ") of at least the horizon; received {} for windows.horizon ({})",
        "check -c known.yaml --set windows.horizon=21",
        {
            r"windows.context_length, .*at least .* \(21\)": "check -c known.yaml"
            " --set windows.horizon=21 --set windows.context_length=21"
        },
    ),
    Typed(
        ") of at least the horizon; received {} for windows.horizon ({})",
        "check -c known.yaml --set model.ensemble=2 --set model.context_lengths=[4,20]",
        {
            r"model.context_lengths\) of at least .* \(5\)": "check -c known.yaml"
            " --set model.ensemble=2 --set model.context_lengths=[5,20]"
        },
    ),
    # the network
    Typed(
        "model.decoder: parallel needs model.bidirectional: false, as it goes on where",
        f"{SINE} --set model.decoder=parallel --set model.bidirectional=true",
        {
            "needs model.bidirectional: false": f"{SINE} --set model.decoder=parallel"
            " --set model.bidirectional=false"
        },
    ),
    Typed(
        "model.pretrained: {} needs windows.horizon ({}) to be at most {}",
        f"{SHOWN} --set windows.horizon=193",
        {"to be at most 192": f"{SHOWN} --set windows.horizon=192"},
    ),
]
