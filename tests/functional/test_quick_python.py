"""``lstm_forecast.quick``: the forecasts of ``forecast quick``, for frames, and not a word."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import lstm_forecast
from lstm_forecast import ConfigError, DataError, UsageError
from tests.functional.conftest import shops_csv
from tests.functional.test_python import OF_EVERY_KIND, Heard, frame, python
from tests.functional.test_quick import quick as printed

KEYS: dict[str, Any] = {"horizon": 4, "target": "sold"}


def test_the_forecasts_are_those_of_the_command_line(folder: Path) -> None:
    Path("shops.csv").write_text(shops_csv(91))
    table = lstm_forecast.quick("shops.csv", **KEYS)
    assert isinstance(table, pd.DataFrame)
    theirs = printed("shops.csv", "--target", "sold", horizon=4)
    assert list(table.columns) == list(theirs.columns)
    for column in table.columns[3:]:
        assert table[column].tolist() == theirs[column].tolist()
    assert table["ds"].dt.strftime("%Y-%m-%d").tolist() == theirs["ds"].tolist()
    assert {path.name for path in folder.iterdir()} == {"shops.csv"}  # nothing is written


@OF_EVERY_KIND
def test_what_goes_in_comes_out(given: Any, kind: type) -> None:
    forecast = lstm_forecast.quick(given(), **KEYS)
    assert isinstance(forecast, kind)
    assert pl.DataFrame(forecast).equals(lstm_forecast.quick(frame(), **KEYS))


def test_levels_series_season_and_columns_are_arguments() -> None:
    table = lstm_forecast.quick(frame(), levels=[50], series="south", season=1, **KEYS)
    assert table.columns == [
        "unique_id", "ds", "cutoff", "forecast", "forecast-lo-50", "forecast-hi-50",
    ]  # fmt: skip
    assert table["unique_id"].to_list() == ["south"] * 4
    assert lstm_forecast.quick(frame(), levels=(), **KEYS).columns[3:] == ["forecast"]
    both = lstm_forecast.quick(
        frame(), horizon=1, target=["sold", "price"], timestamp="day", series_id="shop",
        series=["north"],
    )  # fmt: skip
    assert both["unique_id"].to_list() == ["north/sold", "north/price"]


def test_keys_of_the_section_data_are_a_mapping() -> None:
    holes = frame().with_columns(
        pl.when(pl.col("day").dt.day() == 3).then(None).otherwise(pl.col("sold")).alias("sold")
    )
    filled = lstm_forecast.quick(holes, **KEYS)
    masked = lstm_forecast.quick(holes, data={"missing": "mask"}, **KEYS)
    assert not filled.equals(masked)
    assert masked.equals(lstm_forecast.quick(holes, **{"data.missing": "mask"}, **KEYS))
    assert filled.equals(lstm_forecast.quick(holes, data={}, **KEYS))
    with pytest.raises(DataError, match=r"the frame, row \d+: .*data.missing"):
        lstm_forecast.quick(holes, data={"missing": "error"}, **KEYS)


def test_what_a_frame_leaves_open_is_an_error_whose_answer_works() -> None:
    twice = pl.concat([frame(), frame().with_columns(pl.col("sold") + 1)]).sort("shop", "day")
    with pytest.raises(DataError) as caught:
        lstm_forecast.quick(twice, series_id="shop", **KEYS)
    (problem,) = caught.value.problems
    answer = {"aggregate": "sum", "freq": "D"}
    assert f"choose, for example with data={answer}\n" in problem
    summed = lstm_forecast.quick(twice, series_id="shop", data=answer, **KEYS)
    assert len(summed) == 8


@pytest.mark.parametrize(
    ("arguments", "kind", "problem"),
    [
        ({"horizon": None}, UsageError, "how far? Give the steps: horizon=14"),
        ({"horizon": 0}, UsageError, "horizon 0: expected a whole number from 1 to 10,000"),
        ({"horizon": 2.5}, UsageError, "horizon 2.5: expected a whole number"),
        ({"season": 0}, UsageError, "season 0: expected a whole number from 1 to 767"),
        ({"season": 768}, UsageError, "season 768: expected a whole number from 1 to 767"),
        ({"levels": 80}, UsageError, "levels 80: expected a list"),
        ({"levels": [100]}, UsageError, "levels 100: expected a whole number from 1 to 99"),
        ({"series": 3}, UsageError, "series 3: expected a list"),
        ({"series": "nroth"}, DataError, "no such series; did you mean north"),
        ({"target": "slod"}, DataError, "no column slod"),
        ({"model": {"units": 3}}, UsageError, "argument model: expected a key of a config's"),
        ({"data": {"end": "2024-02-01"}}, UsageError, "argument data: data.end does nothing here"),
        ({"data": {"path": "a.csv"}}, UsageError, "data.path does nothing here"),
        ({"data": {"gap": "fill"}}, ConfigError, "unknown key data.gap; did you mean data.gaps?"),
        ({"data": {"targets": "sold"}}, ConfigError, "data.targets is set twice; first by argume"),
        ({"data": 5}, ConfigError, "data: expected a section with keys"),
    ],
)
def test_a_wrong_call_is_an_error_of_the_command_line(
    arguments: Any, kind: type[Exception], problem: str
) -> None:
    with pytest.raises(kind) as caught:
        lstm_forecast.quick(frame(), **{**KEYS, **arguments})
    assert problem in str(caught.value)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(DataError, match="expected a path, or a frame of pandas"):
        lstm_forecast.quick([1, 2, 3], horizon=4)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        lstm_forecast.quick("none.csv", horizon=4)


def test_steps_zones_categories_and_decimals_are_forecast() -> None:
    zoned = frame().with_columns(
        pl.col("day").cast(pl.Datetime("ms")).dt.replace_time_zone("Europe/Vienna"),
        pl.col("sold").cast(pl.Decimal(12, 3)),
        pl.col("shop").cast(pl.Categorical),
    )
    assert lstm_forecast.quick(zoned, **KEYS).schema["ds"] == pl.Datetime("us", "Europe/Vienna")
    steps = pd.DataFrame({"step": range(90), "y": np.sin(np.arange(90) / 3)})
    assert lstm_forecast.quick(steps, horizon=2)["ds"].tolist() == [90, 91]


def test_a_listener_hears_what_was_found_and_how_good_it_would_have_been() -> None:
    heard = Heard()
    lstm_forecast.quick(frame(), listener=heard, **KEYS)
    assert heard.lines[0].startswith("targets: sold; series: 2 by shop; time: day, freq D")
    assert "held back" in heard.lines[-1]


def test_quick_is_silent_and_loads_no_library_that_trains(tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text(shops_csv(91))
    code = """
        import sys
        import lstm_forecast
        table = lstm_forecast.quick("shops.csv", horizon=60, target="sold")
        assert len(table) == 120
        print([name for name in ("keras", "tensorflow", "polars", "matplotlib", "sklearn")
               if name in sys.modules])
    """
    found = python(code, tmp_path)
    assert (found.stdout, found.stderr) == ("[]\n", "")
