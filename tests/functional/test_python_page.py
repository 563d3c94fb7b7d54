"""The page "From Python": its code runs as it stands, and says what it says."""

import doctest
import shutil
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lstm_forecast
from lstm_forecast.interface import quick, run, train
from tests.functional.pages import GUIDE, ROOT, blocks

PAGE = GUIDE / "python.md"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the names of the page stand for after its last line, in a folder with the data."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "data").mkdir()
    shutil.copy(ROOT / "data" / "co2.csv", folder / "data")
    names: dict[str, Any] = {"folder": folder}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks(PAGE):
            if block.language == "python":
                exec(compile(block.text, f"{PAGE.name}:{block.line}", "exec"), names)
    return names


def test_ten_lines_train_forecast_test_draw_and_evaluate(followed: dict[str, Any]) -> None:
    first = next(block for block in blocks(PAGE) if block.language == "python")
    assert len(list(filter(None, first.text.splitlines()))) == 10
    assert isinstance(followed["forecast"], pl.DataFrame)
    assert followed["forecast"].columns[3:] == [
        "forecast", "forecast-lo-80", "forecast-hi-80", "forecast-lo-95", "forecast-hi-95",
    ]  # fmt: skip
    assert (followed["folder"] / "co2.png").read_bytes().startswith(b"\x89PNG")
    errors = followed["errors"]
    assert errors["forecast"].item() < errors["seasonal_naive"].item()
    found = followed["tested"].report.errors
    assert errors["forecast"].item() == pytest.approx(found["forecast"].mae)
    assert errors["seasonal_naive"].item() == pytest.approx(found["seasonal_naive"].mae)


def test_the_errors_that_the_page_shows_are_those_that_are_raised(
    followed: dict[str, Any],
) -> None:
    shown = next(block for block in blocks(PAGE) if block.language == "text")
    assert tuple(shown.text.splitlines()) == followed["problems"]


def test_the_rest_of_the_page_does_what_it_says(followed: dict[str, Any]) -> None:
    assert len(followed["losses"].losses) == 4
    assert {path.name for path in (followed["folder"] / "runs").iterdir()} == {
        "forecast",
        "mauna-loa",
    }
    assert type(followed["forecast"]).__module__ == "polars.dataframe.frame"


@pytest.mark.parametrize(
    "module", [lstm_forecast, quick, run, train], ids=lambda module: module.__name__
)
def test_the_examples_of_docstrings_run_as_they_stand(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sys.modules[module.__name__] is module
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0
