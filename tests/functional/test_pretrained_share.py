"""Runs of whose forecasts the network that comes with the package has a share: how the share is
chosen, what such a run holds, and what is done with it.
"""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest

from lstm_forecast.config.loading import parse_config
from lstm_forecast.model.pretrained.shipped import weights_hash
from lstm_forecast.store import Run, open_run
from lstm_forecast.store.reading import FILES
from tests.functional.conftest import environment, succeed_here
from tests.functional.test_cli import invoke, loaded_modules, one_object, read_csv
from tests.functional.test_masked import CONFIG as MASKED
from tests.functional.test_masked import shops
from tests.functional.test_plot import MAGIC
from tests.reliability.hostile_runs import BIG, behind, flipped, node, reshaped, seal

GRAPH = "pretrained.onnx"
WITH = {"with_pretrained": 0.5, "pretrained": 1.0}  # errors that have a share, and which
MODEL = "units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80]"
# Six months are too few to see a year in; the pretrained network looks further back.
MONTHS = f"""\
name: months
data: {{path: months.csv, timestamp: month, series_id: shop, targets: sold}}
preprocessing: {{log: false, support: real}}
windows: {{context_length: 6, horizon: 4, normalisation: last, season_length: 12}}
model: {{{MODEL}}}
training: {{epochs: 0, refit: false}}
"""
# Any twelve values give the next one by a ridge, and the waves have no period of whole steps.
WAVES = f"""\
name: waves
data: {{path: waves.csv, timestamp: step, targets: y}}
preprocessing: {{log: false, support: real}}
windows: {{context_length: 12, horizon: 4, normalisation: none, season_length: 12}}
model: {{{MODEL}}}
training: {{epochs: 0, refit: false}}
"""
LEVELS = """\
name: NAME
data: {path: NAME.csv, series_id: shop, timestamp: step, targets: y}
windows: {context_length: 12, horizon: 4}
model: {units: 4, segment_units: 4, ensemble: 1, context_lengths: []}
training: {epochs: 0, refit: false}
"""
ROWS = {"young": 60, "old": 160}  # of levels: the pretrained network looks at 148
PLAIN = ("training.fallback=false", "model.calibration=none", "preprocessing.support=real")
SHARES = {"none": 0, "half": 0.5, "whole": 1}
# runs directory: name of the config, what is set
RUNS: dict[str, tuple[str, ...]] = {
    **{
        f"{config}-{name}": (config, *PLAIN, f"model.pretrained={share}")
        for config in ("months", "masked")
        for name, share in SHARES.items()
    },
    "other-half": ("other", *PLAIN, "model.pretrained=0.5"),
    "months-auto": ("months",),
    "waves-auto": ("waves",),
    **{f"{name}-auto": (name,) for name in ROWS},
    "months-network": ("months", "training.fallback=false"),
    "waves-first": ("waves", "model.pretrained=0.5"),
    "months-first": ("months", "model.pretrained=0"),
}


def months(rows: int) -> pd.DataFrame:
    """Six shops, each with an irregular year of its own that comes again and again."""
    rng, t = np.random.default_rng(0), np.arange(rows)
    year, noise = 20 * rng.normal(size=(6, 12)), rng.normal(size=(6, 80))
    stamps = pd.date_range("2020-01-01", periods=rows, freq="MS").strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame(
            {"shop": shop, "month": stamps, "sold": 200 + year[k, t % 12] + noise[k, :rows]}
        )
        for k, shop in enumerate("abcdef")
    ]
    return pd.concat(parts).round(3)


def waves(rows: int) -> pd.DataFrame:
    t = np.arange(rows)
    return pd.DataFrame({"step": t, "y": np.sin(0.9 * t) + np.sin(2.1 * t)})


def levels(rows: int) -> pd.DataFrame:
    """Five shops whose levels wander, with noise: the training and the pretrained network forecast
    them about equally well.
    """
    rng = np.random.default_rng(4)
    parts = []
    for shop in "abcde":
        level = 50 + 3 * np.cumsum(rng.normal(size=rows))
        values = level + 6 * rng.normal(size=rows)
        parts.append(pd.DataFrame({"shop": shop, "step": np.arange(rows), "y": values}))
    return pd.concat(parts).round(3)


def write_inputs(directory: Path) -> None:
    for name, rows in ROWS.items():
        (directory / f"{name}.yaml").write_text(LEVELS.replace("NAME", name))
        levels(rows).to_csv(directory / f"{name}.csv", index=False)
    (directory / "months.yaml").write_text(MONTHS)
    (directory / "waves.yaml").write_text(WAVES)
    months(40).to_csv(directory / "months.csv", index=False)
    waves(300).to_csv(directory / "waves.csv", index=False)
    for name, content in (("masked", "-200"), ("other", "1e6")):
        shops(content).to_csv(directory / f"{name}.csv", index=False)
        text = MASKED.replace("NAME", name).replace("CONTENT", content).replace("EPOCHS", "0")
        (directory / f"{name}.yaml").write_text(text.replace("CHANNELS", "joint"))


@pytest.fixture(scope="session")
def shares(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A run in every directory of ``RUNS``, and what was said of each. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_inputs(directory)
        for run in RUNS:
            (directory / run).mkdir()
        arguments = [
            ["train", "-c", f"{config}.yaml", "--runs", run, "--json"]
            + [word for setting in settings for word in ("--set", setting)]
            for run, (config, *settings) in RUNS.items()
        ]
        results = succeed_here(directory, *arguments)
        for run, result in zip(RUNS, results, strict=True):
            (directory / f"{run}.json").write_text(result.stdout)
        (directory / "stderr.txt").write_text("".join(each.stderr for each in results))

    return once("shares", fill)


@pytest.fixture
def project(shares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the working directory."""
    directory = shutil.copytree(shares, tmp_path / "project")
    monkeypatch.chdir(directory)
    return directory


def run_of(directory: Path, run: str) -> Run:
    return open_run(directory / run / RUNS[run][0])


def share_of(run: Run) -> float:
    """The share in the resolved config."""
    share = parse_config(run.read("config.yaml").decode(), source="config.yaml").model.pretrained
    assert share is not None
    return share


def predict(directory: Path, run: str, *options: str | Path) -> pd.DataFrame:
    return read_csv(invoke("predict", "--runs", directory / run, *options))


def numbers(table: pd.DataFrame) -> np.ndarray:
    """The forecasts and the borders of their intervals."""
    return table.drop(columns=["unique_id", "ds", "cutoff"]).to_numpy(float)


# What a share is


@pytest.mark.parametrize("config", ["months", "masked"])
def test_a_half_share_is_the_mean_of_both_forecasts_in_every_quantile(
    shares: Path, config: str
) -> None:
    none, half, whole = (predict(shares, f"{config}-{name}") for name in SHARES)
    for table in (none, whole):
        pd.testing.assert_frame_equal(half.iloc[:, :3], table.iloc[:, :3])
    assert [*half.columns[3:]] == [config, f"{config}-lo-80", f"{config}-hi-80"]
    scale = np.abs(numbers(half)).max()
    expected = (numbers(none) + numbers(whole)) / 2
    np.testing.assert_allclose(numbers(half), expected, atol=1e-5 * scale)
    assert np.abs(numbers(none) - numbers(whole)).max() > 1e-2 * scale


def test_a_run_that_is_the_pretrained_network_alone_forecasts_nearly_what_quick_does(
    shares: Path,
) -> None:
    """Nearly, as a run does not tell it where 0 is, which is far away here."""
    none, whole = (predict(shares, f"months-{name}") for name in ("none", "whole"))
    told = invoke("quick", shares / "months.csv", "--horizon", "4", "--levels", "80")
    quick = read_csv(told)
    assert whole["unique_id"].tolist() == quick["unique_id"].tolist()
    away = [np.abs(numbers(table) - numbers(quick)).mean() for table in (none, whole)]
    assert away[1] < away[0] / 10


@pytest.mark.parametrize("run", RUNS)
def test_the_graph_and_the_hash_of_its_weights_are_in_runs_with_a_share_alone(
    shares: Path, run: str
) -> None:
    found = run_of(shares, run)
    names = {path.name for path in found.path.iterdir()}
    assert names == set(found.manifest["files"]) | {"manifest.json"}
    more = names - {*FILES, "anomalies.safetensors", "manifest.json"}
    if share_of(found):
        assert more == {GRAPH}
        assert found.manifest["pretrained_sha256"] == weights_hash()
        onnx.checker.check_model(onnx.load_from_string(found.read(GRAPH)))
    else:
        assert more == set()
        assert found.manifest.get("pretrained_sha256") is None


# How it is chosen


def require_the_best(answer: dict[str, Any]) -> None:
    """A mean has to be 1 % better, and the pretrained network alone 30 %."""
    errors = answer["validation_errors"]
    own = min(error for name, error in errors.items() if name not in WITH)
    needed = {0: own, 0.5: 1.01 * errors["with_pretrained"], 1: 1.3 * errors["pretrained"]}
    assert answer["pretrained_share"] == min(needed, key=lambda share: needed[share])


def test_what_forecasts_better_than_few_rows_teach_is_published_and_told(shares: Path) -> None:
    answer, run = (
        json.loads((shares / "months-auto.json").read_text()),
        run_of(shares, "months-auto"),
    )
    require_the_best(answer)
    assert answer["pretrained_share"] == share_of(run) == 1
    assert answer["published"] == run.manifest["published"] == "pretrained"
    assert run.manifest["validation_errors"] == answer["validation_errors"]
    chosen = answer["validation_errors"]["pretrained"]
    assert chosen == min(answer["validation_errors"].values())
    assert answer["metrics"]["validation"]["errors"]["forecast"]["mase"] == pytest.approx(chosen)
    said = (shares / "stderr.txt").read_text()
    (line,) = [line for line in said.splitlines() if f" pretrained {chosen:.4g};" in line]
    assert "published is the forecast of the pretrained network (errors on the validation" in line
    assert "training.fallback: false" in line


def test_where_the_own_forecast_is_better_nothing_is_the_pretrained_networks(
    shares: Path,
) -> None:
    answer = json.loads((shares / "waves-auto.json").read_text())
    require_the_best(answer)
    errors = answer["validation_errors"]
    assert min(errors[name] for name in WITH) > 3 * errors["linear"]
    assert answer["pretrained_share"] == share_of(run_of(shares, "waves-auto")) == 0


@pytest.mark.parametrize(("name", "share"), [("young", 0.5), ("old", 0)])
def test_where_the_difference_may_be_chance_short_series_alone_get_the_mean(
    name: str, share: float, shares: Path
) -> None:
    answer = json.loads((shares / f"{name}-auto.json").read_text())
    errors = answer["validation_errors"]
    own = min(error for each, error in errors.items() if each not in WITH)
    assert own < errors["with_pretrained"] < 1.01 * own
    assert answer["pretrained_share"] == share_of(run_of(shares, f"{name}-auto")) == share


def test_without_a_fallback_the_network_alone_is_published(shares: Path) -> None:
    answer = json.loads((shares / "months-network.json").read_text())
    assert (answer["published"], answer["pretrained_share"]) == ("network", 0)
    assert answer["validation_errors"] == {}
    assert share_of(run_of(shares, "months-network")) == 0


def test_a_share_that_is_asked_for_is_kept_where_another_is_better(shares: Path) -> None:
    for run, share in (("waves-first", 0.5), ("months-first", 0)):
        answer = json.loads((shares / f"{run}.json").read_text())
        assert answer["pretrained_share"] == share_of(run_of(shares, run)) == share
        assert not WITH.keys() & answer["validation_errors"].keys()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("-1", "should be greater than or equal to 0"),
        ("1.5", "should be less than or equal to 1"),
        ("much", "should be a valid number"),
    ],
)
def test_what_is_no_share_is_refused(shares: Path, value: str, message: str) -> None:
    result = invoke("train", "-c", shares / "months.yaml", "--set", f"model.pretrained={value}")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "model.pretrained: " in result.stderr
    assert message in result.stderr and value in result.stderr


# What it is kept in


def exchanged(path: Path) -> None:
    other = run_of(path.parents[3], "masked-half")
    path.write_bytes(other.read(GRAPH))


def with_other_weights(path: Path) -> None:
    """One of the same shape, with hashes that fit."""
    model = onnx.load_from_string(path.read_bytes())
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
            values = onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values * np.float32(0.5), tensor.name))
    path.write_bytes(model.SerializeToString())
    seal(path.parent)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (flipped, f"{GRAPH}: damaged (its SHA-256 is not the manifest's)"),
        (exchanged, f"{GRAPH}: damaged (its SHA-256 is not the manifest's)"),
        (Path.unlink, f"{GRAPH}: cannot be read"),
    ],
)
def test_a_graph_that_is_not_the_published_one_is_found_and_forecasts_nothing(
    project: Path, harm: Callable[[Path], None], message: str
) -> None:
    assert invoke("runs", "verify", "--runs", "months-half").exit_code == 0
    harm(run_of(project, "months-half").path / GRAPH)
    for command in (["runs", "verify"], ["predict"]):
        result = invoke(*command, "--runs", "months-half")
        assert result.exit_code == 5
        assert message in result.stderr


def test_another_graph_with_hashes_that_fit_is_found_by_its_forecasts(project: Path) -> None:
    with_other_weights(run_of(project, "months-half").path / GRAPH)
    result = invoke("runs", "verify", "--runs", "months-half")
    assert result.exit_code == 5
    assert "forecasts differ by" in result.stderr


def widened(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 10**9


HOSTILE: dict[str, Callable[[onnx.ModelProto], Any]] = {
    "foreign operator": behind(node("Steal", "made", domain="evil")),
    "operator that runs others": behind(node("If", "made")),
    "expanded": behind(node("Expand", "made", "s"), s=BIG),
    "weights of another shape": lambda model: reshaped(model, [10**6, 10**6]),
    "endless window": widened,
    "padded": behind(node("Pad", "made", "s", "z"), s=[0, 0, 0, 10**6, 10**6, 0], z=np.float32(0)),
    "no output": lambda model: model.graph.ClearField("output"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_graph_that_does_more_than_forecast_is_refused(project: Path, name: str) -> None:
    path = run_of(project, "months-half").path / GRAPH
    model = onnx.load_from_string(path.read_bytes())
    HOSTILE[name](model)
    path.write_bytes(model.SerializeToString())
    seal(path.parent)
    for command in (["predict"], ["runs", "verify"], ["backtest"]):
        result = invoke(*command, "--runs", "months-half")
        assert result.exit_code == 5, (result.output, result.exception)
        assert ": damaged: " in result.stderr


def test_a_run_that_lost_the_graph_from_its_manifest_too_is_refused(project: Path) -> None:
    run = run_of(project, "months-half").path
    (run / GRAPH).unlink()
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["files"][GRAPH]
    (run / "manifest.json").write_text(json.dumps(manifest))
    seal(run)
    for command in (["predict"], ["runs", "verify"]):
        result = invoke(*command, "--runs", "months-half")
        assert result.exit_code == 5
        assert GRAPH in result.stderr


def test_a_run_forecasts_without_the_weights_of_the_package(project: Path, tmp_path: Path) -> None:
    package = Path(parse_config.__code__.co_filename).parents[1]
    copy = shutil.copytree(
        package,
        tmp_path / "copy" / package.name,
        ignore=shutil.ignore_patterns("pretrained.onnx", "pretrained.safetensors", "__pycache__"),
    )
    code = (
        "import sys, lstm_forecast.cli; print(lstm_forecast.__file__, file=sys.stderr);"
        " lstm_forecast.cli.main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "predict", "--runs", "months-half"],
        cwd=project,
        env=environment(PYTHONPATH=str(copy.parent)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith(str(copy))
    found = pd.read_csv(io.StringIO(result.stdout))
    pd.testing.assert_frame_equal(found, predict(project, "months-half"))


# What is done with it


@pytest.mark.parametrize("options", [(), ("--output", "forecast.csv")], ids=["table", "file"])
@pytest.mark.usefixtures("project")
def test_with_json_a_forecast_tells_the_share(options: tuple[str, ...]) -> None:
    result = invoke("predict", "--runs", "months-half", "--json", *options)
    assert one_object(result.stdout)["pretrained_share"] == 0.5


def test_a_forecast_needs_no_tensorflow(project: Path) -> None:
    code, loaded = loaded_modules("predict", "--runs", "months-half", cwd=project)
    assert code == 0
    assert "onnxruntime" in loaded
    assert not {"tensorflow", "keras", "onnx"} & loaded


@pytest.mark.parametrize("run", ["months-half", "months-whole"])
def test_steps_beyond_the_horizon_go_on_from_those_before_them(shares: Path, run: str) -> None:
    short, long = predict(shares, run), predict(shares, run, "--horizon", "61")
    assert len(long) == 6 * 61
    assert np.isfinite(numbers(long)).all()
    first = long.groupby("unique_id").head(4).reset_index(drop=True)
    np.testing.assert_allclose(numbers(first), numbers(short), rtol=1e-6)
    widths = (long["months-hi-80"] - long["months-lo-80"]).to_numpy().reshape(6, 61)
    assert (widths[:, 60] > widths[:, 0]).all()


def test_series_with_holes_covariates_and_padding_are_forecast(shares: Path) -> None:
    table = predict(shares, "masked-half")
    assert table["unique_id"].tolist() == [
        f"{shop}/{target}" for shop in "abc" for target in "yz" for _ in range(4)
    ]
    assert np.isfinite(numbers(table)).all()


def test_what_stands_where_nothing_was_observed_changes_no_forecast(shares: Path) -> None:
    one, other = predict(shares, "masked-half"), predict(shares, "other-half")
    np.testing.assert_array_equal(numbers(one), numbers(other))


@pytest.mark.parametrize("run", ["months-half", "months-auto", "masked-half"])
def test_a_backtest_finds_the_errors_of_the_training(shares: Path, project: Path, run: str) -> None:
    result = invoke("backtest", "--runs", run, "--json")
    assert result.exit_code == 0, result.stderr
    metrics = json.loads(run_of(shares, run).read("metrics.json"))["test"]
    report = one_object(result.stdout)
    for key in ("windows", "errors", "intervals", "pinball"):
        assert json.dumps(report[key]) == json.dumps(metrics[key])


def test_covariates_mean_nothing_to_the_pretrained_network(project: Path) -> None:
    shown = {}
    for name in ("whole", "half"):
        result = invoke("backtest", "--runs", f"masked-{name}", "--importance", "--json")
        assert result.exit_code == 0, result.stderr
        rows = one_object(result.stdout)["importance"]
        shown[name] = {row["input"]: row["growth"] for row in rows}
    seen = {name for name, growth in shown["whole"].items() if growth}
    assert {"y", "z"} <= seen
    assert not {"p", "f", "day_of_week sine", "day_of_week cosine"} & seen
    assert shown["half"]["f"] != 0


def test_a_network_that_is_trained_again_leaves_the_pretrained_forecast_alone(
    project: Path,
) -> None:
    tables = {}
    for name in ("half", "whole"):
        for args in ([], ["--refit", "99"]):
            result = invoke("backtest", "--runs", f"months-{name}", "-o", "out.csv", *args)
            assert result.exit_code == 0, result.stderr
            tables[name, bool(args)] = pd.read_csv("out.csv")["months"].to_numpy()
    np.testing.assert_allclose(tables["whole", True], tables["whole", False], rtol=1e-6)
    moved = tables["half", True] - tables["half", False]
    assert np.isfinite(moved).all() and np.abs(moved).max() > 1e-3


def test_pictures_and_lists_of_such_a_run_are_made(project: Path) -> None:
    for args in (["plot"], ["plot", "gates", "--series", "a"]):
        result = invoke(*args, "--runs", "months-half", "-o", "out.png")
        assert result.exit_code == 0, result.stderr
        assert Path("out.png").read_bytes().startswith(MAGIC[".png"])
        Path("out.png").unlink()
    for run in ("months-half", "months-auto"):
        shown = invoke("runs", "show", "--runs", run)
        assert shown.exit_code == 0, shown.stderr
        assert invoke("runs", "list", "--runs", run).exit_code == 0
        assert invoke("runs", "verify", "--runs", run).exit_code == 0


def test_a_run_is_watched_and_half_of_a_bad_forecast_raises_an_alarm(project: Path) -> None:
    whole = months(40)
    early = whole[whole["month"] < "2023-01-01"]
    early.to_csv("then.csv", index=False)
    table = predict(project, "months-half", "--data", "then.csv")
    table.to_csv("made.csv", index=False)
    result = invoke("monitor", "made.csv", "--runs", "months-half", "--json")
    assert result.exit_code == 6
    assert "worse than the seasonal naive forecast" in result.stderr
    truth = whole.set_index(["shop", "month"])["sold"]
    actual = truth.loc[list(zip(table["unique_id"], table["ds"], strict=True))].to_numpy()
    live = one_object(result.stdout)["live"]
    assert live["rows"] == 24
    assert live["mae"] == pytest.approx(np.abs(table["months"].to_numpy() - actual).mean())


@pytest.mark.parametrize("name", ["waves", "months"])
def test_a_retraining_decides_the_share_anew(project: Path, name: str) -> None:
    before = share_of(run_of(project, f"{name}-first"))
    (waves(600) if name == "waves" else months(80)).to_csv(f"{name}.csv", index=False)
    result = invoke("retrain", "-c", f"{name}.yaml", "--runs", f"{name}-first", "--json")
    assert result.exit_code == 0, result.stderr
    status = one_object(result.stdout)
    assert status["outcome"] == "promoted"
    run = run_of(project, f"{name}-first")
    assert run.run_id == status["run"]
    assert (share_of(run) > 0) == (GRAPH in run.manifest["files"]) == (before == 0)
    checked = invoke("runs", "verify", "--runs", f"{name}-first")
    assert checked.exit_code == 0, checked.stderr


def test_a_share_of_the_config_is_kept_by_a_retraining(project: Path) -> None:
    months(60).to_csv("months.csv", index=False)
    keep = ["--set", "model.pretrained=0.5", "--force", "--json"]
    result = invoke("retrain", "-c", "months.yaml", "--runs", "months-half", *keep)
    assert result.exit_code in (0, 6), result.stderr
    run = open_run(project / "months-half" / "months" / one_object(result.stdout)["run"])
    assert share_of(run) == 0.5
    assert GRAPH in run.manifest["files"]
