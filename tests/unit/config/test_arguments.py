"""Arguments of a call from Python on top of a config: one document, one validation."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.loading import Argument, config_of
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError

FILE = """\
name: sales
data: {path: sales.csv, timestamp: day, targets: sold}
windows: {horizon: 7, stride: 2}
model: {units: 8, cell: gru}
"""


def argument(name: str, value: Any) -> Argument:
    return Argument(name, tuple(name.split(".")), value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sales.yaml"
    path.write_text(FILE)
    return path


def made(base: Any, **arguments: Any) -> Config:
    found = [argument(name, value) for name, value in arguments.items()]
    return config_of(base, found, source="train()")


def test_a_section_sets_its_keys_and_leaves_the_others_of_the_file(file: Path) -> None:
    config = made(file, model={"units": [16, 16]}, **{"windows.stride": 3})
    assert config.model.units == (16, 16)
    assert config.model.cell == "gru"
    assert (config.windows.horizon, config.windows.stride) == (7, 3)


def test_an_argument_stands_above_the_environment_and_that_above_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORECAST_WINDOWS__STRIDE", "5")
    monkeypatch.setenv("FORECAST_SEED", "3")
    config = made(file, windows={"stride": 4})
    assert (config.windows.stride, config.seed) == (4, 3)


def test_a_config_as_values_is_equal_to_itself_and_takes_arguments(file: Path) -> None:
    config = made(file)
    assert made(config.model_dump(mode="json")) == config
    assert made(config.model_dump(mode="json"), seed=9).seed == 9


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (np.array(["a", "b"]), ("a", "b")),
        (pd.Index(["a", "b"]), ("a", "b")),
        (("a", "b"), ("a", "b")),
        ("a", ("a",)),
    ],
)
def test_names_may_stand_in_what_holds_names(file: Path, value: Any, meant: Any) -> None:
    assert made(file, data={"targets": value}).data.targets == meant


@pytest.mark.parametrize(
    "value", ["2024-01-31 00:00:00", dt.datetime(2024, 1, 31), pd.Timestamp("2024-01-31")]
)
def test_dates_may_be_such_of_python_and_pandas(file: Path, value: Any) -> None:
    assert made(file, data={"end": value}).data.end == "2024-01-31 00:00:00"


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        (
            {"model": {"units": 4}, "model.units": 5},
            ("argument model.units: model.units is set twice; first by argument model",),
        ),
        (
            {"name.first": "a"},
            ("argument name.first: name is not a section: it is 'sales' at FILE:1:1",),
        ),
        (
            {"model": {"cell": "grü"}, "widnows": {"horizon": 3}},
            (
                "argument model: model.cell: input should be 'lstm', 'gru', 'rnn', 'peephole_lstm'"
                " or 'coupled_lstm'; received 'grü'; did you mean gru?",
                "argument widnows: unknown key widnows; did you mean windows?",
            ),
        ),
        (
            {"training": {"time_budget": object}},
            (
                "argument training: training.time_budget: input should be a valid number;"
                " received <class 'object'>",
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_argument(
    file: Path, arguments: dict[str, Any], problems: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        made(file, **arguments)
    assert tuple(text.replace(str(file), "FILE") for text in caught.value.problems) == problems


def test_a_config_that_names_no_path_is_one_of_a_frame(file: Path) -> None:
    config = made(file, data={"path": None})
    with pytest.raises(ConfigError, match=r"data.path: null: .* trained on a frame from Python"):
        config.data.located(Path())
    assert made(file).data.located(Path("a")) == Path("a/sales.csv")
