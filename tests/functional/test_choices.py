"""What a run decides from the data: what is published, what is learned again from all rows, what
auto keys become.
"""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.cli.text import outcome
from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config
from lstm_forecast.store import Run, open_run
from lstm_forecast.training.choose import Choice
from tests.functional.conftest import OWN, train_all, train_apart

WINDOWS = "context_length: 12, horizon: 4, evaluation_stride: 4, normalisation: last"
MODEL = "units: 4, segment_length: 1, segment_units: 0"
TRAINING = "epochs: 1, batch_size: 64, steps_per_epoch: 0"
# shares of the pretrained network that are tried, by the names of their errors
NEEDED = {
    "network": 1.02, "naive": 0.99, "seasonal_naive": 0.99, "with_pretrained": 1.01,
    "pretrained": 1.3,
}  # fmt: skip
SHARES = {0.5: "with_pretrained", 1: "pretrained"}
CONFIGS = {
    "targets": (
        "data: {path: targets.csv, timestamp: day, series_id: shop, targets: [sold, price]}\n"
        f"windows: {{{WINDOWS}}}\nmodel: {{{MODEL}, linear: none, ensemble: 1}}\n"
        f"training: {{{TRAINING}, refit: false, fallback: false}}\n"
    ),
    "waves": (
        "data: {path: waves.csv, timestamp: step, targets: y}\n"
        f"preprocessing: {{log: false}}\nwindows: {{{WINDOWS}, season_length: 12}}\n"
        f"model: {{{MODEL}, linear: combined, ensemble: 2, levels: [80]}}\n"
        f"training: {{{TRAINING}}}\n"
    ),
    # Neither an untrained network nor a ridge on so few rows knows that the last value is the best
    # forecast.
    "walk": (
        "data: {path: walk.csv, timestamp: step, targets: y}\nsplit: {validation: 0.3}\n"
        f"windows: {{{WINDOWS}, season_length: 4}}\nmodel: {{{MODEL}, linear: none, ensemble: 1}}\n"
        "training: {epochs: 0, batch_size: 64, steps_per_epoch: 0, fallback: true}\n"
    ),
    "auto": (
        "data: {path: waves.csv, timestamp: step, targets: y}\nwindows: {horizon: 6}\n"
        "model: {units: 4}\ntraining: {time_budget: 1.0, learning_rate: 0.002}\n"
    ),
    "level": (
        "data: {path: level.csv, timestamp: step, targets: y}\nwindows: {horizon: 4}\n"
        "model: {units: 4, ensemble: 1}\ntraining: {epochs: 2, refit: false}\n"
    ),
    "rise": (
        "data: {path: rise.csv, timestamp: step, targets: y}\nwindows: {horizon: 4, season_length:"
        " 1}\nmodel: {units: 4, ensemble: 1}\ntraining: {epochs: 2, refit: false}\n"
    ),
    "short": (
        "data: {path: short.csv, timestamp: step, targets: y}\nwindows: {horizon: 4}\n"
        "model: {units: 4, ensemble: 1}\ntraining: {epochs: 1, refit: false}\n"
    ),
}
RUNS: dict[str, tuple[str, ...]] = {  # runs directory: name of the config, options
    "apart": ("targets",),
    "joint": ("targets", "--set", "model.channels=joint"),
    "once": ("waves", "--set", "training.refit=false"),
    "all": ("waves",),
    "network": ("waves", "--set", "training.fallback=false", "--set", "training.refit=false"),
    "unjudged": ("waves", "--set", "split.validation=0", "--set", "training.refit=false"),
    "changed": ("waves", "--set", "training.refit=false", "--set", "data.path=changed.csv"),
    "beaten": ("walk", "--set", "training.epochs=1"),
    "asked": ("walk", "--set", "training.epochs=1", "--set", "training.fallback=auto"),
    **{name: (name,) for name in ("walk", "auto", "level", "rise", "short")},
}


def arguments(runs: dict[str, tuple[str, ...]]) -> list[list[str]]:
    """Those of a training into each ``<name of the run>``."""
    return [
        ["-c", f"{config}.yaml", "--runs", run, *options]
        for run, (config, *options) in runs.items()
    ]


def write_series(path: Path, values: np.ndarray) -> None:
    pd.DataFrame({"step": np.arange(len(values)), "y": values}).to_csv(path, index=False)


def write_inputs(directory: Path) -> None:
    rng, steps = np.random.default_rng(0), np.arange(240)
    for name, config in CONFIGS.items():
        (directory / f"{name}.yaml").write_text(f"name: {name}\n{config}")
    days = pd.date_range("2024-01-01", periods=80, freq="D").strftime("%Y-%m-%d")
    shops = [
        pd.DataFrame(
            {
                "shop": shop,
                "day": days,
                "sold": 10 + rng.normal(size=80),
                "price": 1e5 + 100 * rng.normal(size=80),
            }
        )
        for shop in ("north", "south")
    ]
    pd.concat(shops).to_csv(directory / "targets.csv", index=False)
    waves = 20 + 3 * np.sin(2 * np.pi * steps / 12) + 0.5 * rng.normal(size=240)
    write_series(directory / "waves.csv", waves)
    write_series(
        directory / "changed.csv", np.where(steps < 192, waves, 7 + 1000 * rng.normal(size=240))
    )
    write_series(directory / "walk.csv", np.random.default_rng(7).normal(size=120).cumsum())
    noise = rng.normal(size=240)
    write_series(directory / "level.csv", np.where(steps < 192, 10 + noise, 100 * (10 + noise)))
    walk = np.random.default_rng(3).normal(size=240).cumsum()
    write_series(directory / "short.csv", np.arange(12) + rng.normal(size=12))
    write_series(directory / "rise.csv", 10 + walk + 5 * np.maximum(0, steps - 192))


@pytest.fixture(scope="session")
def chosen(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A run in every directory of ``RUNS``. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_inputs(directory)
        train_all(directory, *arguments(RUNS))

    return once("chosen", fill)


def run_of(chosen: Path, run: str) -> Run:
    return open_run(chosen / run / RUNS[run][0])


def config_of(run: Run) -> Config:
    return parse_config(run.read("config.yaml").decode(), source="config.yaml")


def forecasts_on_test_rows(run: Run) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(run.read("forecasts.parquet")))


def errors_of(run: Run, part: str) -> dict[str, dict[str, float]]:
    return dict(json.loads(run.read("metrics.json"))[part]["errors"])


def predict(chosen: Path, run: str, *options: str) -> pd.DataFrame:
    result = CliRunner().invoke(app, ["predict", "--runs", str(chosen / run), *options])
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout))


# Several targets


def test_independent_targets_have_the_rows_that_joint_ones_have(chosen: Path) -> None:
    apart, joint = (run_of(chosen, name) for name in ("apart", "joint"))
    keys = ["unique_id", "ds", "cutoff"]
    for tables in (
        [
            forecasts_on_test_rows(run).sort_values(keys, ignore_index=True)
            for run in (apart, joint)
        ],
        [predict(chosen, name) for name in ("apart", "joint")],
    ):
        known = [
            name for name in tables[0] if not name.startswith("targets")
        ]  # the actual values as well, where there are any
        pd.testing.assert_frame_equal(tables[0][known], tables[1][known])
        assert not np.allclose(tables[0]["targets"], tables[1]["targets"])
    assert set(forecasts_on_test_rows(apart)["unique_id"]) == {
        "north/sold",
        "north/price",
        "south/sold",
        "south/price",
    }
    assert [config_of(run).n_outputs for run in (apart, joint)] == [1, 2]


@pytest.mark.parametrize("run", ["apart", "joint"])
def test_every_target_is_forecast_in_its_own_column_and_series(run: str, chosen: Path) -> None:
    table = predict(chosen, run, "--columns", "input")
    assert list(table) == ["shop", "day", "sold", "price"]
    assert table["shop"].tolist() == ["north"] * 4 + ["south"] * 4
    assert (table["sold"] - 10).abs().max() < 8
    assert (table["price"] - 1e5).abs().max() < 800
    long = predict(chosen, run)
    for row in table.to_dict("records"):
        for target in ("sold", "price"):
            same = long[
                (long["unique_id"] == f"{row['shop']}/{target}") & (long["ds"] == row["day"])
            ]
            assert same["targets"].tolist() == [row[target]]


def test_past_rows_of_the_other_target_do_not_matter_to_independent_ones(
    chosen: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(chosen / "targets.csv")
    rows.assign(price=rows["price"].to_numpy()[::-1]).to_csv(tmp_path / "turned.csv", index=False)
    for run, same in (("apart", True), ("joint", False)):
        before, after = (
            predict(chosen, run, "--columns", "input", *more)["sold"]
            for more in ((), ("--data", str(tmp_path / "turned.csv")))
        )
        assert (before.tolist() == after.tolist()) == same


# What is published


@pytest.mark.parametrize("run", ["once", "all", "walk", "auto", "level", "rise"])
def test_what_is_published_was_best_on_the_validation_part_and_is_named(
    run: str, chosen: Path
) -> None:
    manifest, model = run_of(chosen, run).manifest, config_of(run_of(chosen, run)).model
    scores = manifest["validation_errors"]
    weighted = model.linear == "weighted"  # which has the simple forecasts in it
    assert {"network", "linear", *SHARES.values()} <= set(scores)
    assert ("naive" in scores) == (not weighted)
    needed = {name: score * NEEDED.get(name, 1) for name, score in scores.items()}
    name = SHARES.get(model.pretrained, manifest["published"])
    assert needed[name] == min(needed.values())
    assert (manifest["published"] == "pretrained") == (model.pretrained == 1)
    if model.pretrained < 1:
        own = [error for each, error in needed.items() if each not in SHARES.values()]
        assert needed[manifest["published"]] == min(own)
    found = errors_of(run_of(chosen, run), "validation")
    assert found["forecast"]["mase"] == pytest.approx(scores[name], rel=1e-6)
    assert weighted or found["forecast"]["mase"] <= (1 + 1e-5) * found["naive"]["mase"]


def test_on_a_random_walk_the_naive_forecast_is_published_and_repeats_the_last_value(
    chosen: Path,
) -> None:
    run = run_of(chosen, "walk")
    assert run.manifest["published"] == "naive"
    rows = pd.read_csv(chosen / "walk.csv")["y"]
    assert predict(chosen, "walk")["walk"].tolist() == pytest.approx([rows.iloc[-1]] * 4, abs=1e-5)
    table = forecasts_on_test_rows(run)
    assert table["walk"].tolist() == pytest.approx(
        rows[table["cutoff"].astype(int)].tolist(), abs=1e-5
    )
    assert errors_of(run, "test")["forecast"]["mae"] == pytest.approx(
        errors_of(run, "test")["naive"]["mae"], rel=1e-6
    )


def test_the_published_naive_forecast_follows_newer_data(chosen: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "new.csv", np.linspace(0, 500, 60))
    moved = predict(chosen, "walk", "--data", str(tmp_path / "new.csv"))["walk"]
    assert moved.tolist() == pytest.approx([500] * 4, rel=1e-6)


def test_without_fallback_the_network_is_published_whatever_its_errors(chosen: Path) -> None:
    manifest = run_of(chosen, "network").manifest
    assert (manifest["published"], manifest["validation_errors"]) == ("network", {})


def test_a_config_without_a_linear_part_asks_for_the_network_itself(chosen: Path) -> None:
    asked, beaten = run_of(chosen, "asked"), run_of(chosen, "beaten")
    assert (asked.manifest["published"], beaten.manifest["published"]) == ("network", "naive")
    assert [config_of(run).training.fallback for run in (asked, beaten)] == [False, True]
    assert asked.manifest["resolved"]["training.fallback"] == "False: model.linear is none"
    assert config_of(run_of(chosen, "auto")).training.fallback is True


def test_the_trained_network_is_kept_as_trained_whatever_is_published(
    chosen: Path, tmp_path: Path
) -> None:
    run = run_of(chosen, "beaten")
    trained, own = (
        load(each.read("weights.safetensors")) for each in (run, run_of(chosen, "network"))
    )
    assert run.manifest["weights"] == "network"
    assert {name.partition(".")[0] for name in trained} == {"0/recurrent_0", "0/output"}
    assert np.abs(trained["0/output.kernel"]).max() > 0.01
    assert {name.partition("/")[0] for name in own} == {"0", "1"}
    (tmp_path / "network.keras").write_bytes(run.read("network.keras"))
    network = keras.saving.load_model(tmp_path / "network.keras")
    found = {
        f"0/{path[-3 if 'cell' in path[-2] else -2]}.{path[-1]}": np.asarray(weight)
        for weight in network.weights
        for path in [weight.path.split("/")]
    }
    np.testing.assert_equal(found, trained)


def test_predict_and_the_picture_say_in_one_line_what_is_published(
    chosen: Path, tmp_path: Path
) -> None:
    beaten = "not the LSTM (4 units): nothing showed that it forecasts better"
    corrected = "the median of 2 LSTMs (4 units), which corrects its linear part (combined)"
    for run, line in {
        "beaten": f"published: the last value, {beaten}",
        "asked": "published: the LSTM (4 units)",
        "network": f"published: {corrected}",
    }.items():
        options = ["--run", RUNS[run][0], "--runs", str(chosen / run)]
        result = CliRunner().invoke(app, ["predict", *options])
        assert (result.exit_code, result.stderr) == (0, f"{line}\n")
        picture = tmp_path / f"{run}.svg"
        assert CliRunner().invoke(app, ["plot", *options, "-o", str(picture)]).exit_code == 0
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text())
        assert line in " ".join(texts)


def test_series_too_short_for_a_validation_part_get_a_weighted_mean_and_the_pretrained_forecast(
    chosen: Path,
) -> None:
    manifest = run_of(chosen, "short").manifest
    assert (manifest["published"], manifest["validation_errors"]) == ("linear", {})
    assert config_of(run_of(chosen, "short")).model.linear == "weighted"
    reason = "all series are too short for a validation part"
    assert manifest["pretrained_share"] == 0.5
    assert manifest["resolved"]["model.pretrained"] == f"0.5: {reason}"
    message = [text for text, *_ in outcome((), Choice("linear", 0.5, {}, reason))]
    assert message[0].startswith(
        "nothing shows that the network pays: published is 50% the forecast of the pretrained"
        " network, 50% the linear part (errors on the validation part: none, as all series"
    )


def test_where_no_validation_part_is_asked_for_the_network_is_published(chosen: Path) -> None:
    manifest = run_of(chosen, "unjudged").manifest
    assert (manifest["published"], manifest["validation_errors"]) == ("network", {})


def test_no_epochs_train_nothing(chosen: Path) -> None:
    history = pd.read_csv(io.BytesIO(run_of(chosen, "walk").read("history.csv")))
    assert history["epoch"].tolist() == [0]


# Learned again from all rows


def test_refitting_changes_the_network_and_nothing_that_was_measured(chosen: Path) -> None:
    once, everything = run_of(chosen, "once"), run_of(chosen, "all")
    for name in ("metrics.json", "forecasts.parquet", "scaler.json"):
        assert once.read(name) == everything.read(name), name
    assert once.read("network.onnx") != everything.read("network.onnx")
    for key in ("published", "validation_errors", "resolved"):
        assert once.manifest[key] == everything.manifest[key]


def test_values_of_the_test_part_change_no_byte_of_what_learned_from_the_training_part(
    chosen: Path,
) -> None:
    once, changed = run_of(chosen, "once"), run_of(chosen, "changed")
    for name in ("network.onnx", "scaler.json"):
        assert once.read(name) == changed.read(name), name
    for key in ("published", "validation_errors", "resolved"):
        assert once.manifest[key] == changed.manifest[key]
    assert once.read("forecasts.parquet") != changed.read("forecasts.parquet")


def test_two_processes_train_the_same_ensemble_again_with_the_same_bytes(
    chosen: Path, once: Callable[[str, Callable[[Path], None]], Path]
) -> None:
    runs = {"all": RUNS["all"]}

    def fill(directory: Path) -> None:
        write_inputs(directory)
        train_apart(directory, *arguments(runs), PYTHONHASHSEED="2")

    again = once("chosen_again", fill)
    for run in runs:
        first, second = run_of(chosen, run), run_of(again, run)
        for name in (
            "network.onnx",
            "weights.safetensors",
            "scaler.json",
            "config.yaml",
            "metrics.json",
        ):
            assert first.read(name) == second.read(name), (run, name)
        pd.testing.assert_frame_equal(
            forecasts_on_test_rows(first), forecasts_on_test_rows(second), check_exact=True
        )
        facts = [
            {k: v for k, v in each.manifest.items() if k not in OWN} for each in (first, second)
        ]
        assert facts[0] == facts[1]


def test_the_history_of_an_ensemble_has_the_epochs_of_every_network(chosen: Path) -> None:
    history = pd.read_csv(io.BytesIO(run_of(chosen, "network").read("history.csv")))
    assert history[["network", "epoch"]].to_numpy().tolist() == [[1, 0], [1, 1], [2, 0], [2, 1]]
    assert history.loc[history["epoch"] == 1, "val_loss"].nunique() == 2  # from different seeds


# What is left to the data

AUTO = [
    *("windows.evaluation_stride", "windows.padding"),
    *(
        "preprocessing.log",
        "windows.context_length",
        "windows.normalisation",
        "windows.season_length",
    ),
    *("model.segment_length", "model.segment_units", "model.linear", "model.ensemble"),
    "model.pretrained",
    *("training.epochs", "training.batch_size", "training.steps_per_epoch"),
]


def test_what_the_data_decided_stands_in_the_config_and_its_reason_in_the_manifest(
    chosen: Path,
) -> None:
    run = run_of(chosen, "auto")
    content: dict[str, Any] = config_of(run).model_dump()
    reasons = run.manifest["resolved"]
    assert set(AUTO) <= set(reasons)
    for key in AUTO:
        section, name = key.split(".")
        assert content[section][name] is not None
        assert reasons[key].startswith(f"{content[section][name]}: ")
    assert content["windows"]["padding"] is False
    assert content["windows"]["evaluation_stride"] == 1  # less than the horizon: the table is small
    assert content["windows"]["season_length"] == 12


def test_what_the_config_said_is_what_the_run_has(chosen: Path) -> None:
    run = run_of(chosen, "auto")
    config = config_of(run)
    assert (config.model.units, config.windows.horizon) == ((4,), 6)
    assert (config.training.learning_rate, config.training.time_budget) == (0.002, 1.0)
    assert not {"model.units", "windows.horizon", "training.learning_rate"} & set(
        run.manifest["resolved"]
    )
    assert run_of(chosen, "network").manifest["resolved"].keys() == {
        "model.pretrained",
        "preprocessing.support",
        "windows.padding",
    }


def test_a_trend_never_seen_in_training_still_gets_sane_forecasts(chosen: Path) -> None:
    found = errors_of(run_of(chosen, "rise"), "test")
    assert found["forecast"]["mae"] < 2 * found["naive"]["mae"]


def test_a_level_never_seen_in_training_gets_sane_forecasts_once_a_context_lies_in_it(
    chosen: Path,
) -> None:
    run = run_of(chosen, "level")
    table, rows = forecasts_on_test_rows(run), pd.read_csv(chosen / "level.csv")["y"]
    table = table[table["cutoff"].astype(int) >= 192 + config_of(run).windows.context_length]
    assert table["cutoff"].nunique() > 5
    naive = (rows[table["cutoff"].astype(int)].to_numpy() - table["y"]).abs().mean()
    assert (table["level"] - table["y"]).abs().mean() < 2 * naive
