"""``forecast tune``: real trainings in processes of their own, killed, gone on with, published."""

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config, override_config
from lstm_forecast.errors import DataError
from lstm_forecast.panel.split import Fold
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.pictures.style import write_figure
from lstm_forecast.pictures.tuning import tuning_figure
from lstm_forecast.store import open_run
from lstm_forecast.store.disk import held
from lstm_forecast.store.documents import read_config
from lstm_forecast.training.prepare import prepare_panel
from lstm_forecast.tuning.trial import Bench, Tried
from tests.functional.conftest import environment, forecast_command

ROWS, TEST = 400, 80
CONFIG = """\
name: waves
data: {path: waves.csv, timestamp: step, targets: y}
windows: {horizon: 10, context_length: 20, normalisation: none, season_length: 20}
split: {validation: 60, test: 80}
preprocessing: {log: false, support: real}
model: {units: 4, ensemble: 1, linear: none, segment_length: 5, segment_units: 0, pretrained: 0}
training: {epochs: 3, batch_size: 32}  # short
tune:
  model.cell: [rnn, gru]
  training.learning_rate: {low: 0.0001, high: 0.05, log: true}
"""
TUNE = ("tune", "-c", "waves.yaml", "--folds", "2", "--json", "--trials")


def waves() -> list[str]:
    rng = np.random.default_rng(3)
    values = np.sin(np.arange(ROWS) * 2 * np.pi / 20) + 0.1 * rng.normal(size=ROWS)
    return [f"{k},{value:.4f}" for k, value in enumerate(values)]


def write_waves(directory: Path, rows: list[str] | None = None) -> None:
    (directory / "waves.csv").write_text("\n".join(["step,y", *(rows or waves()), ""]))
    (directory / "waves.yaml").write_text(CONFIG)


def tuned(directory: Path, *more: str, trials: int = 4) -> dict[str, Any]:
    """What the command prints, run to its end."""
    result = subprocess.run(
        forecast_command(*TUNE, str(trials), *more),
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    (directory / "told.txt").write_text(result.stderr)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="session")
def searched(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A search with one process, and all that it writes. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_waves(directory)
        found = tuned(directory, "--jobs", "1", "-o", "tuned.yaml", "--plot", "tuning.svg")
        (directory / "found.json").write_text(json.dumps(found))

    return once("searched", fill)


@pytest.fixture(scope="session")
def found(searched: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((searched / "found.json").read_text())
    return content


def tried(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["settings"], each["state"], each["ratios"]) for each in found["trials"]]


def test_the_best_settings_are_published_and_written_with_the_comments(
    searched: Path, found: dict[str, Any]
) -> None:
    assert found["gained"]
    complete = [each for each in found["trials"] if each["state"] == "complete"]
    best = min(complete, key=lambda each: sum(each["ratios"]))
    assert found["settings"] == best["settings"]
    assert len(found["windows"]) == 2
    base, written = (load_config(searched / name) for name in ("waves.yaml", "tuned.yaml"))
    assert written == override_config(base, found["settings"], option="test")
    assert "# short" in (searched / "tuned.yaml").read_text()
    run = open_run(searched / "runs" / "waves")
    assert (run.run_id, str(run.path)) == (found["run"], str(searched / found["path"]))
    assert read_config(run).training.learning_rate == written.training.learning_rate
    picture = (searched / "tuning.svg").read_text()
    assert "trial" in picture  # too few to say what explains their differences
    assert "explains" not in picture


def test_a_search_that_was_killed_goes_on_with_the_same_trials_in_any_number_of_processes(
    found: dict[str, Any], tmp_path: Path
) -> None:
    write_waves(tmp_path)
    command = forecast_command(*TUNE, "4", "--jobs", "2")
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("trying"))
        children = psutil.Process(process.pid).children()
        process.kill()
    ended, alive = psutil.wait_procs(children, timeout=60)
    assert (len(ended) >= 2, alive) == (True, [])  # nobody trains for nobody
    kept = (tmp_path / "runs" / "waves" / "tuning.sqlite3").stat().st_size
    assert kept > 0
    again = tuned(tmp_path, "--jobs", "2")
    assert tried(again) == tried(found)
    assert again["settings"] == found["settings"]


def test_no_trial_sees_a_row_of_the_test_part(found: dict[str, Any], tmp_path: Path) -> None:
    changed = [f"{k},{1e6 * k}" for k in range(ROWS - TEST, ROWS)]
    write_waves(tmp_path, waves()[: ROWS - TEST] + changed)
    one = tuned(tmp_path, "--jobs", "1", trials=1)
    assert [each[0] for each in tried(one)] == [each[0] for each in tried(found)[:2]]
    assert [each[2][0] for each in tried(one)] == [each[2][0] for each in tried(found)[:2]]


@pytest.mark.parametrize("missing", ["ffill", "interpolate"])
def test_a_fold_is_prepared_as_if_no_later_row_were_there(missing: str, tmp_path: Path) -> None:
    rows = waves()
    ends = {number: ROWS - TEST - 30 * number for number in (0, 1)}
    for end in ends.values():  # a hole over the end of each fold
        for k in range(end - 3, end + 3):
            rows[k] = f"{k},"
    later = [*rows[: ends[1]], *(f"{k},{9 * k}" for k in range(ends[1], ROWS))]
    found = []
    for name, table in (("one", rows), ("other", later)):
        (tmp_path / name).mkdir()
        write_waves(tmp_path / name, table)
        settled = override_config(
            load_config(tmp_path / name / "waves.yaml"), [f"data.missing={missing}"], option="test"
        )
        panel, read = read_panel(settled.data, tmp_path / name / "waves.csv", memory_limit=None)
        found.append([prepare_panel(settled, panel, read, fold=Fold(k, 2)) for k in (0, 1)])
    for prepared in found[0]:
        assert prepared.test is not None
        assert prepared.split.end - prepared.split.test_start == 30
    (newest, older), (_, changed) = found
    assert len(newest.values) == ends[0]
    assert len(older.values) == ends[1]
    assert np.array_equal(older.values, changed.values)


def test_series_without_rows_before_a_fold_are_left_out_and_a_table_without_any_is_refused(
    tmp_path: Path,
) -> None:
    write_waves(tmp_path)
    config = load_config(tmp_path / "waves.yaml")
    panel, table = read_panel(config.data, tmp_path / "waves.csv", memory_limit=None)
    with pytest.raises(DataError, match=r"make split\.validation or --folds smaller"):
        prepare_panel(config, panel, table, fold=Fold(11, 1))
    judged = Bench(config, panel, table)(Tried((), Fold(11, 1), math.inf))
    assert judged is not None
    assert "--folds smaller" in judged.problem


def test_a_time_that_is_over_ends_the_search_and_says_how_to_go_on(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_waves(tmp_path)
    (tmp_path / "runs" / "waves").mkdir(parents=True)
    kept = (searched / "runs" / "waves" / "tuning.sqlite3").read_bytes()
    (tmp_path / "runs" / "waves" / "tuning.sqlite3").write_bytes(kept)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*TUNE, "8", "--time", "0.001s"])
    assert result.exit_code == 0, result.output
    assert "the time is over after 4 settings; the same command goes on there" in result.stderr


def test_the_test_errors_of_the_published_run_are_told(
    searched: Path, found: dict[str, Any]
) -> None:
    metrics = open_run(searched / "runs" / "waves").read("metrics.json")
    assert found["metrics"] == json.loads(metrics)
    assert "test errors" in (searched / "told.txt").read_text()


def test_where_the_config_makes_no_error_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_waves(tmp_path, [f"{k},5" for k in range(ROWS)])
    monkeypatch.chdir(tmp_path)
    words = [*TUNE, "3", "--jobs", "1", "--set", "model.linear=ridge", "-o", "new.yaml"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "makes no error on a fold: nothing can be gained" in result.stderr
    told = json.loads(result.stdout)
    assert (told["gained"], told["run"], len(told["trials"])) == (False, None, 1)
    assert not (tmp_path / "new.yaml").exists()


def test_two_searches_at_once_are_one_too_many(tmp_path: Path) -> None:
    write_waves(tmp_path)
    home = tmp_path / "runs" / "waves"
    home.mkdir(parents=True)
    with held(home / "tuning.lock", wait=0):
        result = subprocess.run(
            forecast_command(*TUNE, "1"),
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (result.returncode, json.loads(result.stdout)["error"]) == (75, "busy")


def test_an_output_that_is_a_directory_is_refused_before_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_waves(tmp_path)
    (tmp_path / "new.yaml").mkdir()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*TUNE, "1", "-o", "new.yaml"])
    assert result.exit_code == 7
    assert "new.yaml: cannot be written: Is a directory; --output needs a file" in result.stdout
    assert not (tmp_path / "runs").exists()


def test_the_picture_has_the_keys_that_mattered_most(tmp_path: Path) -> None:
    rates = [0.0001, 0.003, 0.05]
    figure = tuning_figure(
        ratios=[(1.0, 1.0), (0.9, 0.8), (1.2,), (), (9.0,)],
        settings=[
            {},
            *({"training.learning_rate": f"{rate}", "model.cell": "gru"} for rate in rates),
            {"training.learning_rate": "0.01", "model.cell": "lstm"},
        ],
        importance={"training.learning_rate": 0.7, "model.cell": 0.3},
        title="waves",
    )
    write_figure(figure, tmp_path / "tuning.svg")
    drawn = (tmp_path / "tuning.svg").read_text()
    told = ("training.learning_rate: explains 70%", "model.cell: explains 30%", "gru", "0.001")
    assert all(text in drawn for text in told)


@pytest.mark.parametrize("time", ["1", "soon", "-3m"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    result = CliRunner().invoke(app, ["tune", "-c", "a.yaml", "--time", time])
    assert result.exit_code == 2
    assert "must be a duration such as 90s, 10m" in result.stderr


def test_jobs_beside_a_cluster_are_refused() -> None:
    result = CliRunner().invoke(app, ["tune", "-c", "a.yaml", "--jobs", "2", "--engine", "ray"])
    assert result.exit_code == 2
    assert "give one" in result.stderr


def test_workers_of_ray_find_the_same_trials(found: dict[str, Any], tmp_path: Path) -> None:
    write_waves(tmp_path)
    again = tuned(tmp_path, "--engine", "ray", trials=1)
    assert tried(again)[0] == tried(found)[0]
    assert again["trials"][1]["settings"] == found["trials"][1]["settings"]
    assert again["trials"][1]["ratios"][0] == found["trials"][1]["ratios"][0]
