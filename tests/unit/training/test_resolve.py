"""What the data decide where a config leaves it to them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.loading import dump_config, parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.notes import is_share
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.split import split_rows
from lstm_forecast.panel.steps.calendar import calendar_values
from lstm_forecast.training.resolve import resolve
from tests.benchmarks.files import DATA
from tests.unit.conftest import build_panel, needs_shared, table_of

MINIMAL = "name: a\ndata: {path: a.csv, timestamp: ds, targets: y}\nwindows: {horizon: 6}\n"
AUTO_KEYS = {
    "preprocessing": ["log", "support"],
    "windows": ["context_length", "normalisation", "season_length"],
    "model": ["units", "segment_length", "segment_units", "linear", "ensemble"],
    "training": ["epochs", "batch_size", "steps_per_epoch", "fallback"],
}

SETTLED: dict[str, dict[str, Any]] = {  # so that no look is taken
    "preprocessing": {"log": False},
    "windows": {"horizon": 4, "normalisation": "last", "context_length": 8},
    "model": {"linear": "ridge"},
}


def config_of(**sections: dict[str, Any]) -> Config:
    """A minimal config with keys such as ``windows={"context_length": 12}`` set."""
    plain = parse_config(MINIMAL, source="a.yaml").model_dump(mode="json")
    for name, values in sections.items():
        plain[name] |= values
    return Config.model_validate(plain)


def panel_of(*series: np.ndarray, freq: str = "1") -> Panel:
    steps = [range(len(values)) for values in series]
    dates = [
        pd.date_range("2020-01-05", periods=len(values), freq=freq).astype(str)
        for values in series
        if freq != "1"
    ]
    table = table_of(
        id=[f"s{k}" for k, values in enumerate(series) for _ in values],
        ds=[stamp for stamps in dates or steps for stamp in stamps],
        y=np.concatenate(series),
    )
    return build_panel(table, timestamp="ds", targets=["y"], series_id="id", freq=freq)


def resolved(panel: Panel, **sections: dict[str, Any]) -> tuple[Config, dict[str, str]]:
    config = config_of(**sections)
    split = split_rows(panel.layout, validation=0.1, test=0.2, horizon=config.windows.horizon)
    found, reasons = resolve(config, panel, split)
    return found, dict(reasons)


def noise(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def seasonal(season: int, rows: int = 240, strength: float = 3.0) -> np.ndarray:
    pattern = strength * np.random.default_rng(season).normal(size=season)
    return np.resize(pattern, rows) + 0.3 * noise(rows, 1)


# Season


@pytest.mark.parametrize("season", [3, 4, 7, 12, 24])
def test_a_season_in_the_values_is_found_where_time_is_a_step_number(season: int) -> None:
    config, reasons = resolved(panel_of(seasonal(season)), windows={"horizon": 6})
    assert config.windows.season_length == season
    assert "autocorrelation" in reasons["windows.season_length"]


@pytest.mark.parametrize("season", [4, 12])
def test_a_season_is_found_under_a_trend_and_in_many_short_series(season: int) -> None:
    trend = seasonal(season) + 0.5 * np.arange(240)
    assert resolved(panel_of(trend))[0].windows.season_length == season
    short = [seasonal(season, 60) + 10 * k + 0.3 * noise(60, k) for k in range(12)]
    assert resolved(panel_of(*short))[0].windows.season_length == season


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["noise", "random walk", "constant", "line"])
def test_no_season_is_found_where_there_is_none(kind: str, seed: int) -> None:
    values = {
        "noise": noise(240, seed),
        "random walk": noise(240, seed).cumsum(),
        "constant": np.full(240, 5.0),
        "line": np.arange(240.0),
    }[kind]
    config, reasons = resolved(panel_of(values))
    assert config.windows.season_length == 1
    assert reasons["windows.season_length"] == "1: no season found in the values"


@pytest.mark.parametrize("seed", range(5))
def test_a_bend_in_a_trend_is_no_season(seed: int) -> None:
    bend = noise(240, seed) + 5 * np.maximum(0, np.arange(240) - 120)
    assert resolved(panel_of(bend))[0].windows.season_length == 1


def test_values_after_the_training_part_do_not_decide_the_season() -> None:
    changed = np.concatenate([noise(168), 20 * seasonal(4, 72)])
    assert resolved(panel_of(changed))[0].windows.season_length == 1


@pytest.mark.parametrize(
    ("freq", "rows", "season"), [("10ms", 900, 1), ("h", 30, 1), ("h", 48, 24), ("MS", 23, 1)]
)
def test_a_usual_season_that_no_series_holds_twice_is_none(
    freq: str, rows: int, season: int
) -> None:
    config, reasons = resolved(panel_of(noise(rows), freq=freq), **SETTLED)
    assert config.windows.season_length == season
    assert ("no series holds two of the" in reasons["windows.season_length"]) == (season == 1)


def test_a_season_in_the_values_takes_the_place_of_a_usual_one_that_is_too_long() -> None:
    config, reasons = resolved(panel_of(seasonal(20, 600), freq="10ms"), **SETTLED)
    assert config.windows.season_length == 20
    assert (
        "no series holds two of the 8,640,000 rows that are usual for freq 10ms"
        in reasons["windows.season_length"]
    )


# What targets can be

KINDS: dict[str, tuple[str, np.ndarray]] = {
    "counts": ("non_negative", np.random.default_rng(0).poisson(2, 300)),
    "intermittent": ("non_negative", np.random.default_rng(0).poisson(0.2, 300)),
    "amounts": ("non_negative", np.random.default_rng(0).lognormal(3, 1, 300)),
    "on and off": ("non_negative", np.random.default_rng(0).integers(0, 2, 300)),
    "small amounts": ("non_negative", np.random.default_rng(0).lognormal(-2, 0.4, 300)),
    "rare shares": ("non_negative", np.random.default_rng(0).beta(2, 40, 300)),
    "noise": ("real", noise(300)),
    "one below 0": ("real", np.append(np.random.default_rng(0).poisson(2, 299), -1)[::-1]),
    "availability": ("unit", np.random.default_rng(0).beta(50, 1, 300)),
    "humidity": ("unit", np.random.default_rng(0).beta(8, 3, 300)),
    "few humidities": ("unit", np.random.default_rng(0).beta(8, 3, 100)),
    "cut at 1": ("unit", np.clip(0.9 + 0.2 * noise(60), 0, 1)),
    "cut at both": ("unit", np.clip(0.5 + 0.4 * noise(300), 0, 1)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_tell_what_targets_can_be(kind: str) -> None:
    support, values = KINDS[kind]
    config, reasons = resolved(panel_of(values.astype(float)), **SETTLED)
    assert config.preprocessing.support == support
    assert reasons["preprocessing.support"].startswith(
        f"{support}: values from {values[:240].min():g} to "
    )


@pytest.mark.parametrize("top", [0.98, 1.0])
@pytest.mark.parametrize("rows", [60, 300, 2_000])
@pytest.mark.parametrize("seed", range(2))
def test_a_price_that_wanders_up_to_1_is_no_share(seed: int, rows: int, top: float) -> None:
    walk = noise(rows, seed).cumsum()
    price = top - 0.48 * (walk.max() - walk) / np.ptp(walk)
    config, _ = resolved(panel_of(price), **SETTLED)
    assert config.preprocessing.support == "non_negative"


@needs_shared
def test_no_exchange_rate_is_a_share() -> None:
    rates = pd.read_csv(DATA / "exchange_rate.csv.gz").iloc[:, 1:]
    assert [
        name
        for name, rate in rates.items()
        if is_share(rate.clip(upper=1).to_numpy(), np.zeros(len(rate))) and rate.max() <= 1
    ] == []


def test_the_weakest_series_decides_for_all() -> None:
    shares = np.random.default_rng(0).beta(8, 3, 300)
    assert (
        resolved(panel_of(shares, 3 * shares), **SETTLED)[0].preprocessing.support == "non_negative"
    )
    assert resolved(panel_of(shares, -shares), **SETTLED)[0].preprocessing.support == "real"


def test_values_of_the_test_part_do_not_decide_what_targets_can_be() -> None:
    counts = np.random.default_rng(0).poisson(2, 300).astype(float)
    counts[-50:] = -1
    assert resolved(panel_of(counts), **SETTLED)[0].preprocessing.support == "non_negative"


@pytest.mark.parametrize("support", ["real", "non_negative", "unit"])
def test_what_a_config_says_about_targets_stays(support: str) -> None:
    sections = SETTLED | {"preprocessing": {"log": False, "support": support}}
    config, reasons = resolved(panel_of(noise(100) ** 2), **sections)
    assert config.preprocessing.support == support
    assert "preprocessing.support" not in reasons


@pytest.mark.parametrize("rows", [12, 15, 20])
def test_few_rows_are_no_reason_to_fail(rows: int) -> None:
    config, _ = resolved(panel_of(noise(rows), noise(rows, 1)), windows={"horizon": 2})
    assert 1 <= config.windows.context_length <= rows


@pytest.mark.parametrize(
    ("freq", "season"), [("h", 24), ("MS", 12), ("QS", 4), ("W", 52), ("D", 7)]
)
def test_dates_have_the_season_that_is_usual_for_their_frequency(freq: str, season: int) -> None:
    config, reasons = resolved(panel_of(noise(240), freq=freq))
    assert config.windows.season_length == season
    assert "usual for freq" in reasons["windows.season_length"]


# What is chosen


def test_every_open_key_is_settled_with_a_reason_and_the_config_reads_back() -> None:
    config, reasons = resolved(panel_of(seasonal(12)))
    assert set(reasons) == {
        f"{section}.{key}" for section, keys in AUTO_KEYS.items() for key in keys
    }
    for section, keys in AUTO_KEYS.items():
        for key in keys:
            value = getattr(getattr(config, section), key)
            assert value is not None
            assert reasons[f"{section}.{key}"].startswith(f"{value}: ")
    assert config.windows.context_length % config.model.segment_length == 0
    assert parse_config(dump_config(config), source="a.yaml") == config


EXPLICIT = {
    "preprocessing": {"log": True, "support": "non_negative"},
    "windows": {"context_length": 15, "normalisation": "mean", "season_length": 5},
    "model": {
        "units": [3],
        "segment_length": 5,
        "segment_units": 2,
        "linear": "none",
        "ensemble": 2,
    },
    "training": {"epochs": 3, "batch_size": 17, "steps_per_epoch": 4, "fallback": True},
}


@pytest.mark.parametrize("segment", [None, 7])
def test_contexts_hold_as_many_steps_as_are_known_ahead(segment: int | None) -> None:
    panel = panel_of(seasonal(7, 45), freq="D")
    known = Known(calendar=("day_of_week",))
    values = calendar_values(
        panel.layout.grid, np.arange(45), features=known.calendar, holidays=None
    )
    seen = replace(
        panel,
        columns=("y", *known.columns),
        values=np.concatenate([panel.values, values], axis=1),
        known=known,
    )
    data = config_of().data.model_dump() | {"covariates": {"calendar": known.calendar}}
    sections: dict[str, Any] = {"windows": {"horizon": 20}, "model": {"segment_length": segment}}
    config, _ = resolved(seen, data=data, **sections)
    assert config.windows.context_length >= 20
    assert config.windows.context_length % config.model.segment_length == 0
    # else the test above would say nothing
    assert resolved(panel, **sections)[0].windows.context_length < 20


def test_what_the_config_says_is_never_changed() -> None:
    panel = panel_of(np.exp(0.1 * seasonal(12)))
    config, reasons = resolved(panel, **EXPLICIT)
    assert (config, reasons) == (config_of(**EXPLICIT), {})


@pytest.mark.parametrize(
    "key", [f"{section}.{key}" for section, values in EXPLICIT.items() for key in values]
)
def test_one_key_that_the_config_says_leaves_the_others_open(key: str) -> None:
    section, name = key.split(".")
    value = EXPLICIT[section][name]
    config, reasons = resolved(panel_of(np.exp(0.1 * seasonal(5, 80))), **{section: {name: value}})
    assert getattr(getattr(config, section), name) == (
        tuple(value) if isinstance(value, list) else value
    )
    every = {f"{section}.{name}" for section, names in AUTO_KEYS.items() for name in names}
    assert set(reasons) == every - {key}


def test_auto_null_and_an_absent_key_mean_the_same() -> None:
    panel = panel_of(seasonal(4))
    texts = [
        MINIMAL.replace(
            "horizon: 6", "horizon: 6" + "".join(f", {key}: {word}" for key in AUTO_KEYS["windows"])
        )
        + "".join(
            f"{section}: {{{', '.join(f'{key}: {word}' for key in keys)}}}\n"
            for section, keys in AUTO_KEYS.items()
            if section != "windows"
        )
        for word in ("auto", "null")
    ]
    configs = [parse_config(text, source="a.yaml") for text in (MINIMAL, *texts)]
    assert configs[0] == configs[1] == configs[2]
    split = split_rows(panel.layout, validation=0.1, test=0.2, horizon=6)
    assert resolve(configs[0], panel, split) == resolve(configs[1], panel, split)


def test_equal_data_give_equal_choices() -> None:
    for values in (seasonal(12), noise(300).cumsum()):
        assert resolved(panel_of(values)) == resolved(panel_of(values.copy()))


def test_values_of_the_test_part_decide_nothing() -> None:
    values = 10 + seasonal(12)
    changed = values.copy()
    changed[-48:] = 1 + 100 * np.abs(noise(48))  # 20 % of 240 rows
    assert resolved(panel_of(values)) == resolved(panel_of(changed))


def test_a_logarithm_is_considered_only_where_every_value_has_one() -> None:
    growing = np.exp(0.03 * np.arange(240) + np.resize([0.0, 1, -1, 0.5], 240) + 0.3 * noise(240))
    assert resolved(panel_of(growing))[0].preprocessing.log is True
    assert resolved(panel_of(growing - growing.min()))[0].preprocessing.log is False


def test_the_linear_part_is_a_ridge_where_that_forecasts_well_and_not_where_it_does_not() -> None:
    exact = 10 * np.sin(2 * np.pi * np.arange(900) / 12) + 4 * np.sin(
        2 * np.pi * np.arange(900) / 7.3
    )
    known = {"context_length": 24, "normalisation": "last", "season_length": 1}
    assert resolved(panel_of(exact + 0.01 * noise(900)), windows=known)[0].model.linear == "ridge"
    forms = [
        resolved(panel_of(noise(800, seed).cumsum()), windows={**known, "context_length": 12})[
            0
        ].model.linear
        for seed in range(5)
    ]
    assert sum(form != "ridge" for form in forms) >= 3


def test_where_rows_are_few_the_linear_part_is_a_weighted_mean() -> None:
    for values in (seasonal(12), noise(60).cumsum(), noise(600).cumsum()):
        assert resolved(panel_of(values))[0].model.linear == "weighted"
    assert resolved(panel_of(noise(800).cumsum()))[0].model.linear != "weighted"


def test_with_many_weights_the_linear_part_is_a_ridge() -> None:
    windows = {"context_length": 600, "horizon": 40, "normalisation": "last", "season_length": 1}
    assert resolved(panel_of(noise(3_000).cumsum()), windows=windows)[0].model.linear == "ridge"


def test_each_context_that_is_asked_for_has_a_network() -> None:
    for contexts in ((24,), (24, 12, 6), (6, 12, 18, 24)):
        config, _ = resolved(
            panel_of(seasonal(12)),
            windows={"context_length": 24},
            model={"segment_length": 6, "context_lengths": contexts},
        )
        assert set(config.member_contexts) == set(contexts)


def test_the_context_holds_the_season_and_leaves_rows_to_learn_from() -> None:
    for season, rows in ((12, 240), (4, 60), (24, 400)):
        config, _ = resolved(panel_of(seasonal(season, rows)))
        assert season <= config.windows.context_length <= rows // 2


# Time


def network_steps(config: Config, windows: int) -> int:
    """Optimiser steps of all networks and epochs."""
    steps = -(-windows // config.training.batch_size)
    return (
        config.model.ensemble
        * config.training.epochs
        * min(steps, config.training.steps_per_epoch or steps)
    )


def test_a_smaller_time_budget_gives_fewer_steps() -> None:
    panel = panel_of(*[seasonal(12, 2000) + k for k in range(5)])
    totals = []
    for budget in (1.0, 10.0, 60.0, 180.0, 3600.0):
        config, reasons = resolved(
            panel,
            windows={"context_length": 24, "normalisation": "last"},
            training={"time_budget": budget},
        )
        totals.append(network_steps(config, 6900))
        assert f"training.time_budget {budget:g} s" in reasons["training.epochs"]
    assert totals == sorted(totals)
    assert totals[0] < totals[2] < totals[4]


def test_training_twice_leaves_half_the_budget_to_each() -> None:
    panel = panel_of(*[seasonal(12, 2000) + k for k in range(5)])
    windows = {"context_length": 24, "normalisation": "last"}
    once, twice = (
        resolved(panel, windows=windows, training={"time_budget": 20.0, "refit": refit})[0]
        for refit in (False, True)
    )
    assert network_steps(twice, 6900) < network_steps(once, 6900)


def test_more_windows_make_a_wider_network_and_larger_batches() -> None:
    windows = {"context_length": 12, "normalisation": "last", "season_length": 1}
    found = [resolved(panel_of(noise(rows)), windows=windows)[0] for rows in (200, 2000, 20_000)]
    widths, batches = (
        [each.model.units[0] for each in found],
        [each.training.batch_size for each in found],
    )
    assert widths == sorted(set(widths))
    assert batches == sorted(batches)
