"""The Python interface: the same runs and errors as on the command line, and not a word."""

import datetime as dt
import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib import pyplot

import lstm_forecast
from lstm_forecast import ConfigError, DataError, Epoch, RunError, UsageError
from lstm_forecast.config.schema import Config
from lstm_forecast.interface.train import Keys
from lstm_forecast.store import open_run
from tests.functional.conftest import OWN, champion_files, environment, shops_csv

HEAVY = (
    "numpy", "pandas", "pyarrow", "pydantic", "keras", "tensorflow", "matplotlib", "onnxruntime",
    "sklearn", "polars", "duckdb", "typer", "rich", "ruamel",
)  # fmt: skip
QUICK: Mapping[str, Any] = {  # keys with which a training takes a second
    "windows": {"context_length": 12, "evaluation_stride": 4, "normalisation": "last"},
    "model": {
        "units": 4, "segment_length": 1, "segment_units": 0, "linear": "ridge", "ensemble": 1,
    },
    "training": {
        "epochs": 1, "batch_size": 128, "steps_per_epoch": 0, "refit": False, "fallback": False,
    },
    "preprocessing": {"log": False, "support": "real"},
}  # fmt: skip


def frame(days: int = 91) -> pl.DataFrame:
    return pl.read_csv(shops_csv(days).encode(), try_parse_dates=True)


OF_EVERY_KIND = pytest.mark.parametrize(
    ("given", "kind"),
    [
        (frame, pl.DataFrame),
        (lambda: frame().to_pandas(), pd.DataFrame),
        (lambda: frame().to_arrow(), pa.Table),
        (lambda: duckdb.from_arrow(frame().to_arrow()), pa.Table),
    ],
    ids=["polars", "pandas", "pyarrow", "duckdb"],
)


def python(code: str, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """What a fresh Python does with the code."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> lstm_forecast.Run:
    """A run of two shops, trained on a Polars frame."""
    return lstm_forecast.train(
        frame(), horizon=4, target="sold", runs=tmp_path_factory.mktemp("frames") / "runs", **QUICK
    )


@pytest.fixture(scope="module")
def kept(trained: Path) -> lstm_forecast.Run:
    """The run that the command line trained on a file."""
    return lstm_forecast.load(trained / "runs" / "shops")


def test_the_import_loads_no_numeric_library_and_no_module_of_ours(tmp_path: Path) -> None:
    loaded = python("import sys, lstm_forecast; print(*sys.modules)", tmp_path).stdout.split()
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []
    assert [name for name in loaded if name.startswith("lstm_forecast.")] == []


def test_every_public_name_is_there_and_no_other() -> None:
    for name in lstm_forecast.__all__:
        assert getattr(lstm_forecast, name) is not None
    assert set(lstm_forecast.__all__) <= set(dir(lstm_forecast))
    with pytest.raises(AttributeError, match="has no attribute 'predict'"):
        lstm_forecast.predict  # noqa: B018


def test_every_section_of_the_config_is_a_keyword_argument() -> None:
    short_names = {"timestamp", "series_id"}
    assert set(Keys.__annotations__) - short_names == set(Config.model_fields)


def test_training_from_python_publishes_the_run_that_the_command_line_does(
    trained: Path, tmp_path: Path
) -> None:
    shutil.copy(trained / "shops.yaml", tmp_path)
    shutil.copy(trained / "shops.csv", tmp_path)
    ours = lstm_forecast.train(config=tmp_path / "shops.yaml", runs=tmp_path / "runs")
    theirs = open_run(trained / "runs" / "shops")
    alike = {"network.onnx", "scaler.json", "metrics.json", "weights.safetensors", "golden.json"}
    first, second = champion_files(theirs.path.parent), champion_files(ours.path.parent)
    assert {name for name in alike if first[name] != second[name]} == set()
    facts = [
        {key: value for key, value in each.manifest.items() if key not in OWN}
        for each in (ours, theirs)
    ]
    assert facts[0] == facts[1]
    from_frame = lstm_forecast.train(
        frame(), config=tmp_path / "shops.yaml", runs=tmp_path / "frames"
    )
    third = champion_files(from_frame.path.parent)
    assert {name for name in alike if first[name] != third[name]} == set()


def test_a_run_of_a_frame_names_no_path_and_keeps_none_of_its_rows(run: lstm_forecast.Run) -> None:
    assert run.config.data.path is None
    assert run.name == "forecast"
    assert run.config.data.stamp_columns == ("day",)
    assert run.config.data.series_id == "shop"
    assert run.manifest["data_sha256"] != ""
    assert {path.name for path in run.path.parent.parent.iterdir()} == {"forecast"}


def test_the_run_just_trained_forecasts_from_its_frame_and_a_loaded_one_asks_for_it(
    run: lstm_forecast.Run,
) -> None:
    forecast = run.predict()
    assert isinstance(forecast, pl.DataFrame)
    assert forecast.columns == ["unique_id", "ds", "cutoff", "forecast"]
    assert forecast["unique_id"].to_list() == ["north"] * 4 + ["south"] * 4
    loaded = lstm_forecast.load(run.path)
    assert loaded == run
    for asked in (loaded.predict, loaded.backtest, loaded.plot):
        with pytest.raises(UsageError, match=r"trained on a frame .*data=frame in Python"):
            asked()
    assert loaded.predict(frame()).equals(forecast)


@OF_EVERY_KIND
def test_what_goes_in_comes_out(given: Any, kind: type, run: lstm_forecast.Run) -> None:
    forecast, tested = run.predict(given()), run.backtest(given())
    assert isinstance(forecast, kind)
    assert isinstance(tested.table, kind)
    assert pl.DataFrame(forecast).equals(run.predict())
    assert pl.DataFrame(tested.table).equals(run.backtest().table)


def test_options_of_predict_are_those_of_the_command_line(run: lstm_forecast.Run) -> None:
    cut = run.predict(horizon=2, levels=[80])
    assert cut.columns == [
        "unique_id", "ds", "cutoff", "forecast", "forecast-lo-80", "forecast-hi-80",
    ]  # fmt: skip
    assert len(cut) == 4
    assert len(run.predict(horizon=9)) == 18
    assert run.predict(columns="input").columns == ["shop", "day", "sold"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"horizon": 0}, "horizon 0: expected a whole number from 1 to 100,000"),
        ({"levels": [80, 100]}, "levels 100: expected a whole number from 1 to 99"),
        ({"future": pl.DataFrame({"day": [1]})}, "--future the frame: this run needs no rows"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    options: Any, problem: str, run: lstm_forecast.Run
) -> None:
    with pytest.raises(UsageError, match=problem):
        run.predict(**options)


def test_a_run_of_a_file_forecasts_from_its_file(kept: lstm_forecast.Run) -> None:
    forecast = kept.predict()
    assert isinstance(forecast, pd.DataFrame)
    assert list(forecast.columns[:4]) == ["unique_id", "ds", "cutoff", "shops"]
    assert kept.predict(kept.path / kept.config.data.path).equals(forecast)
    assert isinstance(kept.predict(frame()), pl.DataFrame)


def test_a_backtest_tells_what_the_command_tells(
    trained: Path, kept: lstm_forecast.Run, tmp_path: Path
) -> None:
    from tests.functional.test_cli import invoke

    told = json.loads(
        invoke("backtest", "--run", "shops", "--runs", str(trained / "runs"), "--json").stdout
    )
    found = kept.backtest()
    assert json.loads(json.dumps(found.report.content())) == told
    assert found.report.windows * 4 == len(found.table)


@pytest.mark.parametrize("options", [{"last": 0}, {"refit": 0}])
def test_numbers_of_origins_begin_at_one(options: Any, run: lstm_forecast.Run) -> None:
    with pytest.raises(UsageError, match="expected a whole number from 1"):
        run.backtest(**options)


def test_pictures_are_figures_that_pyplot_knows_nothing_of(
    run: lstm_forecast.Run, tmp_path: Path
) -> None:
    before = dict(mpl.rcParams)
    figure = run.plot(series="north")
    figure.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000
    assert len(run.plot("training").axes) > 0
    assert len(run.plot("gates", series="north").axes) > 0
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == []
    with pytest.raises(UsageError, match="--series choose what the pictures forecast and gates"):
        run.plot("horizon", series=["north"])
    with pytest.raises(
        DataError, match="series north has no row with that stamp; its rows go from"
    ):
        run.plot("gates", series="north", at=dt.datetime(1999, 1, 1))
    with pytest.raises(UsageError, match="no picture waves; there are forecast, training, horizon"):
        run.plot("waves")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="--series nroth: no such series; did you mean north"):
        run.plot(series=["nroth"])


def test_a_notebook_shows_a_figure_and_a_page_of_a_run(run: lstm_forecast.Run) -> None:
    assert run.plot("horizon")._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    page = run._repr_html_()
    assert "<th style='text-align:left'>horizon</th>" in page
    assert "4 steps of D" in page
    assert repr(run) == f"<Run {run.path}>"


def test_what_a_notebook_shows_escapes_names(run: lstm_forecast.Run) -> None:
    odd = lstm_forecast.Run(Path("<script>alert(1)</script>") / run.run_id, run.manifest)
    with pytest.raises(RunError):
        odd._repr_html_()  # no such files
    evil = lstm_forecast.Run(run.path, {**run.manifest, "published": "<script>&"})
    page = evil._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;" in page


def test_all_wrong_keys_are_told_at_once_with_the_argument_and_the_nearest_key() -> None:
    with pytest.raises(ConfigError) as caught:
        lstm_forecast.train(
            frame(),
            horizon=0,
            target="sold",
            windows={"horizon": 3},
            model={"unit": 3},
            epoch=3,
            training={"epochs": "many"},
            **{"split.tset": 0.1},
        )  # type: ignore[call-arg, misc]
    assert caught.value.problems == (
        "argument windows: windows.horizon is set twice; first by argument horizon",
        "argument split.tset: unknown key split.tset; did you mean split.test?",
        "argument horizon: windows.horizon: input should be greater than or equal to 1; received 0",
        "argument model: unknown key model.unit; did you mean model.units?",
        "argument training: training.epochs: input should be a valid integer, unable to parse"
        " string as an integer; received 'many'",
        "argument epoch: unknown key epoch; did you mean training.epochs?",
    )
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, r"train\(\): windows.horizon is missing: steps that are forecast"),
        ({"horizon": 4, "name": "a b"}, "argument name: name: string should match pattern"),
        ({"horizon": 4, "model": 5}, "argument model: model: expected a section with keys and"),
        (
            {"horizon": 4, "model": 5, "model.units": 6},
            "argument model.units: model is not a section: it is 5 at argument model",
        ),
    ],
)
def test_a_wrong_call_is_a_config_error(arguments: Any, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        lstm_forecast.train(frame(), target="sold", **arguments)


def test_a_config_has_its_own_places_and_arguments_stand_above_it(
    trained: Path, tmp_path: Path
) -> None:
    path = tmp_path / "shops.yaml"
    path.write_text((trained / "shops.yaml").read_text().replace("{units:", "{unit:"))
    with pytest.raises(ConfigError) as caught:
        lstm_forecast.train(frame(), config=path, horizon=99, windows={"stride": 0})
    assert caught.value.problems == (
        "argument windows: windows.stride: input should be greater than or equal to 1; received 0",
        f"{path}:4:9: unknown key model.unit; did you mean model.units?",
    )


def test_values_of_numpy_and_pandas_and_dates_are_values_of_keys(tmp_path: Path) -> None:
    run = lstm_forecast.train(
        frame().to_pandas(),
        horizon=np.int64(4),  # type: ignore[arg-type]
        target=pd.Index(["sold", "price"]),  # type: ignore[arg-type]
        name="both",
        runs=tmp_path,
        split={"test": dt.date(2024, 3, 25), "validation": np.float64(0.125)},
        data={"end": pd.Timestamp("2024-03-30")},
        retrain={},  # a section without a key sets nothing
        **QUICK,
    )
    config = run.config
    assert config.data.targets == ("sold", "price")
    assert config.split.test == "2024-03-25"
    assert config.split.validation == 0.125
    assert str(run.manifest["cutoff"])[:10] == "2024-03-30"
    assert run.predict().unique_id.unique().tolist() == [
        "north/sold", "north/price", "south/sold", "south/price",
    ]  # fmt: skip


def test_what_init_would_ask_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    twice = pl.concat([frame(), frame().with_columns(pl.col("sold") + 1)]).sort("shop", "day")
    with pytest.raises(DataError) as caught:
        lstm_forecast.train(twice, horizon=4, target="sold", series_id="shop", runs=tmp_path)
    (problem,) = caught.value.problems
    assert problem.startswith(
        "182 of 364 rows have the stamp of another row of their series (shop); choose, for example"
        " with data={'aggregate': 'sum', 'freq': 'D'}\n"
    )
    assert "data.aggregate: mean and" in problem and "364 rows averaged" in problem
    run = lstm_forecast.train(
        twice,
        horizon=4,
        target="sold",
        series_id="shop",
        runs=tmp_path,
        data={"duplicates": "mean"},
        **QUICK,
    )
    assert run.manifest["repairs"] == {"duplicates": 182}


def test_gaps_and_nulls_are_settled_as_init_does_unless_the_call_says_how(tmp_path: Path) -> None:
    holes = frame().with_columns(
        pl.when(pl.col("day").dt.day() == 3).then(None).otherwise(pl.col("sold")).alias("sold")
    )
    run = lstm_forecast.train(holes, horizon=4, target="sold", runs=tmp_path, **QUICK)
    assert run.config.data.missing in ("ffill", "seasonal")
    masked = lstm_forecast.train(
        holes, horizon=4, target="sold", runs=tmp_path, data={"missing": "mask"}, **QUICK
    )
    assert masked.config.data.missing == "mask"
    with pytest.raises(DataError, match=r"the frame, row \d+: .*data.missing"):
        lstm_forecast.train(
            holes, horizon=4, target="sold", runs=tmp_path, data={"missing": "error"}, **QUICK
        )


def test_zones_integer_steps_categories_and_decimals_are_trained_on(tmp_path: Path) -> None:
    zoned = (
        frame()
        .filter(pl.col("shop") == "north")
        .with_columns(
            pl.col("day").cast(pl.Datetime("ms")).dt.replace_time_zone("Europe/Vienna"),
            pl.col("sold").cast(pl.Decimal(12, 3)),
            pl.col("shop").cast(pl.Categorical),
        )
    )
    run = lstm_forecast.train(zoned, horizon=4, target="sold", runs=tmp_path, **QUICK)
    assert run.predict().schema["ds"] == pl.Datetime("us", "Europe/Vienna")
    steps = pd.DataFrame({"step": range(90), "y": np.sin(np.arange(90) / 3)})
    counted = lstm_forecast.train(steps, horizon=4, runs=tmp_path, name="steps", **QUICK)
    assert counted.predict().ds.tolist() == [90, 91, 92, 93]


def test_the_future_is_a_frame_too(tmp_path: Path) -> None:
    rows = frame(120)
    history, future = rows.filter(pl.col("day") < dt.date(2024, 4, 1)), rows.filter(
        pl.col("day") >= dt.date(2024, 4, 1)
    ).group_by("shop", maintain_order=True).head(4).drop("sold")  # fmt: skip
    run = lstm_forecast.train(
        history,
        horizon=4,
        target="sold",
        data={"covariates": {"future": ["price"]}},
        runs=tmp_path,
        **QUICK,
    )
    assert len(run.predict(future=future)) == 8
    assert run.predict(future=future.with_columns(more=1)).equals(run.predict(future=future))
    loaded = lstm_forecast.load(run.path)
    assert isinstance(loaded.predict(history.to_pandas(), future), pd.DataFrame)


def test_a_champion_is_loaded_by_its_name_its_id_or_the_folder_of_all(
    run: lstm_forecast.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.path.parent.parent.parent)
    assert lstm_forecast.load().run_id == run.run_id
    assert lstm_forecast.load("runs/forecast").run_id == run.run_id
    assert lstm_forecast.load(f"runs/forecast/{run.run_id}").run_id == run.run_id
    with pytest.raises(RunError, match="runs/forceast: no such run; there are forecast"):
        lstm_forecast.load("runs/forceast")
    with pytest.raises(RunError, match="no such run"):
        lstm_forecast.load(tmp_path / "nothing")
    with pytest.raises(RunError):
        lstm_forecast.load("x" * 5000)


def test_rolling_back_returns_the_champion_before(run: lstm_forecast.Run, tmp_path: Path) -> None:
    home = tmp_path / "runs" / "forecast"
    shutil.copytree(run.path.parent, home)
    with pytest.raises(RunError):
        lstm_forecast.load(home).rollback()
    later = lstm_forecast.train(
        frame(), horizon=4, target="sold", runs=tmp_path / "runs", seed=1, **QUICK
    )
    assert lstm_forecast.load(home).run_id == later.run_id
    assert later.rollback().run_id == run.run_id
    assert lstm_forecast.load(home).run_id == run.run_id


def test_the_command_line_asks_for_the_data_of_a_run_of_a_frame(
    run: lstm_forecast.Run, tmp_path: Path
) -> None:
    from tests.functional.test_cli import invoke

    runs = str(run.path.parent.parent)
    asked = invoke("predict", "--runs", runs)
    assert asked.exit_code == 2
    assert "give the data: --data FILE" in asked.stderr
    frame().write_csv(tmp_path / "shops.csv")
    assert invoke("predict", "--runs", runs, "--data", str(tmp_path / "shops.csv")).exit_code == 0
    again = invoke("train", "--config", str(run.path / "config.yaml"), "--runs", str(tmp_path))
    assert again.exit_code == 3
    assert "data.path: null: this run was trained on a frame" in again.stderr


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.epochs: list[Epoch] = []
        self.lines: list[str] = []

    def note(self, *lines: str, event: lstm_forecast.Event = "note", **figures: object) -> None:
        self.lines += lines

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        self.epochs.append(epoch)

    def progress(self, text: str, done: int, total: int) -> None:
        pass


def test_a_listener_hears_epochs_and_doubts(tmp_path: Path) -> None:
    heard = Heard()
    run = lstm_forecast.train(
        frame(), horizon=4, target="sold", runs=tmp_path, listener=heard, **QUICK
    )
    assert [epoch.epoch for epoch in heard.epochs] == [0, 1]
    heard.lines.clear()
    run.predict(frame().with_columns(pl.col("sold") * 50), listener=heard)
    assert any(line.startswith("warning: ") for line in heard.lines)


def test_training_from_python_is_silent_also_without_streams_and_in_a_thread(
    tmp_path: Path,
) -> None:
    (tmp_path / "shops.csv").write_text(shops_csv(91))
    code = f"""
        import io, os, sys, threading
        import lstm_forecast
        kept, sys.stdout = sys.stdout, io.StringIO()  # as in a notebook: it has no number
        keys = {dict(QUICK)!r}
        def work():
            run = lstm_forecast.train("shops.csv", horizon=4, target="sold", **keys)
            run.predict(), run.backtest(), run.plot()
        thread = threading.Thread(target=work)
        thread.start(), thread.join()
        assert sys.stdout.getvalue() == "", sys.stdout.getvalue()
        kept.write(lstm_forecast.load().name)
    """
    found = python(code, tmp_path)
    assert (found.stdout, found.stderr) == ("shops", "")


def test_ctrl_c_ends_a_training_as_python_users_know_it(tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text(shops_csv(91))
    keys = {**QUICK, "training": {**QUICK["training"], "epochs": 100_000, "patience": None}}
    code = f"""
        import os, signal
        import lstm_forecast
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job behind a shell ignores it
        class Stops:
            def note(self, *lines, event="note", **figures): pass
            def epoch(self, epoch, epochs):
                if epoch.epoch == 1: os.kill(os.getpid(), signal.SIGINT)
            def progress(self, text, done, total): pass
        try:
            lstm_forecast.train("shops.csv", horizon=4, target="sold", listener=Stops(), **{keys!r})
        except KeyboardInterrupt:
            print("stopped")
    """
    found = python(code, tmp_path)
    assert (found.stdout, found.stderr) == ("stopped\n", "")
    assert not (tmp_path / "runs" / "shops" / "champion").exists()


def test_a_loaded_run_forecasts_is_tested_and_drawn_without_the_libraries_that_train(
    trained: Path,
) -> None:
    code = """
        import sys
        import lstm_forecast
        run = lstm_forecast.load("runs/shops")
        run.predict(), run.backtest(), run.plot(), run._repr_html_()
        print([name for name in ("keras", "tensorflow", "polars") if name in sys.modules])
    """
    found = python(code, trained)
    assert (found.stdout, found.stderr) == ("[]\n", "")


def test_two_threads_of_a_fresh_process_train_at_once_and_nothing_is_printed(
    tmp_path: Path,
) -> None:
    code = f"""
        import threading
        import pandas, lstm_forecast

        table = pandas.DataFrame({{"step": range(60), "y": [k % 5 + 0.5 for k in range(60)]}})
        keys = {json.dumps(QUICK).replace("false", "False").replace("true", "True")}
        failed = []

        def train(name):
            try:
                lstm_forecast.train(table, horizon=3, name=name, **keys)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=train, args=(name,)) for name in ("one", "other")]
        [each.start() for each in threads], [each.join() for each in threads]
        assert not failed, failed
    """
    found = python(code, tmp_path)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert {path.parent.name for path in tmp_path.glob("runs/*/champion")} == {"one", "other"}


def test_a_training_puts_the_random_states_back(tmp_path: Path) -> None:
    import random

    drawn = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        lstm_forecast.train(
            frame(40), horizon=4, target="sold", name=f"seed{seed}", runs=tmp_path, **QUICK
        )
        drawn.append((random.random(), np.random.rand()))
    assert drawn == [
        (random.Random(seed).random(), np.random.RandomState(seed).rand()) for seed in (1, 2)
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"columns": "wide"}, "columns 'wide': expected 'long' or 'input'"),
        ({"horizon": 1.5}, "horizon 1.5: expected a whole number from 1 to 100,000"),
        ({"horizon": True}, "horizon True: expected a whole number"),
        ({"levels": 80}, "levels 80: expected a list"),
        ({"levels": "80"}, "levels '80': expected a list"),
        ({"levels": ["a"]}, "levels 'a': expected a whole number from 1 to 99"),
    ],
)
def test_arguments_of_another_kind_are_refused_by_name(
    run: lstm_forecast.Run, options: Any, told: str
) -> None:
    with pytest.raises(UsageError) as error:
        run.predict(**options)
    assert told in str(error.value)


@pytest.mark.parametrize("path", [3, None, b"runs"])
def test_what_is_no_path_cannot_be_loaded(path: Any) -> None:
    with pytest.raises(UsageError, match="expected the path"):
        lstm_forecast.load(path)


def test_a_table_and_a_path_to_another_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.path is set twice"):
        lstm_forecast.train(frame(), horizon=4, data={"path": "x.csv"}, runs=tmp_path)


@pytest.mark.parametrize("config", [3, {"name": "a"}])
def test_a_config_is_a_file_or_a_config(config: Any) -> None:
    with pytest.raises(UsageError, match="expected the path of a YAML file, or a Config"):
        lstm_forecast.train(config=config)


def test_pictures_leave_the_environment_as_it_was(kept: lstm_forecast.Run, tmp_path: Path) -> None:
    code = f"""
        import os, lstm_forecast

        run = lstm_forecast.load({str(kept.path)!r})
        before = dict(os.environ)
        run.plot("training")
        assert {{name for name in os.environ if name.startswith("MPL")}} == set()
        assert "MATPLOTLIBRC" not in os.environ or "MATPLOTLIBRC" in before
    """
    found = python(code, tmp_path)
    assert found.returncode == 0, found.stderr
