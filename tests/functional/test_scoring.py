"""The benchmarks' scoring gives the published scores of published forecasts, and the figures of the
data's README.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.loading import load_config
from tests.benchmarks import scoring
from tests.benchmarks.accuracy import BENCHMARKS, CONFIGS, Competition, Rolling
from tests.benchmarks.files import DATA

needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")

NAMES = {"m4-hourly": "Hourly", "m4-weekly": "Weekly"}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_has_a_config_that_forecasts_what_is_scored(name: str) -> None:
    config, one = load_config(CONFIGS / f"{name}.yaml", environment={}), BENCHMARKS[name]
    assert (config.name, config.windows.horizon) == (name, one.horizon)
    assert (CONFIGS / config.data.path).name.removesuffix(".csv.gz").removesuffix(
        "_train"
    ) == one.file
    if isinstance(one, Rolling):
        assert config.windows.evaluation_stride == one.stride


def competition(name: str) -> Competition:
    found = BENCHMARKS[name]
    assert isinstance(found, Competition)
    return found


@needs_data
@pytest.mark.parametrize("method", ["Naive", "sNaive", "Naive2", "SES", "24", "218", "249"])
@pytest.mark.parametrize("name", NAMES)
def test_published_forecasts_have_their_published_scores(name: str, method: str) -> None:
    table = pd.read_csv(DATA / "m4_published_scores.csv.gz", dtype={"submission": str}).set_index(
        "submission"
    )
    expected = table.loc[method if method in table.index else method.zfill(3)]
    one = competition(name)
    column = f"sub_{method.zfill(3)}" if method.isdigit() else method
    found = one.scores(scoring.published(one.train, column))
    for metric, key in {"sMAPE": "smape", "MASE": "mase", "OWA": "owa"}.items():
        assert found[key] == pytest.approx(expected[f"{metric}_{NAMES[name]}"], abs=5e-4)
    assert found["left_out"] == 0


@needs_data
@pytest.mark.parametrize(
    ("name", "naive", "seasonal_naive"),
    [
        ("m4-hourly", (43.003, 11.608), (13.912, 1.193)),
        ("m4-weekly", (9.161, 2.777), (9.161, 2.777)),
        ("m4-daily-subset", (2.339, 3.082), (2.339, 3.082)),
        ("m3-quarterly", (11.323, 1.464), (11.065, 1.425)),
        ("tourism-yearly", (22.342, 3.007), (22.342, 3.007)),
    ],
)
def test_simple_forecasts_of_the_competitions_have_their_known_scores(
    name: str, naive: tuple[float, float], seasonal_naive: tuple[float, float]
) -> None:
    found = competition(name).baselines
    assert (found["naive"]["smape"], found["naive"]["mase"]) == pytest.approx(naive, abs=5e-4)
    assert (found["seasonal_naive"]["smape"], found["seasonal_naive"]["mase"]) == pytest.approx(
        seasonal_naive, abs=5e-4
    )


@needs_data
@pytest.mark.parametrize(
    ("name", "windows", "naive", "seasonal_naive"),
    [
        ("etth1-96", 2785, (1.294, 0.713), (0.512, 0.433)),
        ("etth1-192", 2689, (1.325, 0.733), (0.581, 0.469)),
        ("etth1-336", 2545, (1.330, 0.746), (0.650, 0.501)),
        ("etth1-720", 2161, (1.335, 0.755), (0.655, 0.514)),
        ("ettm1-96", 11425, (1.214, 0.665), (0.423, 0.387)),
        ("ettm1-720", 10801, (1.322, 0.729), (0.574, 0.464)),
        ("exchange-96", 1422, (0.081, 0.196), (0.081, 0.196)),
        ("ili-24", 170, (6.213, 1.622), (2.564, 1.004)),
    ],
)
def test_simple_forecasts_of_the_long_horizon_protocol_have_their_known_scores(
    name: str, windows: int, naive: tuple[float, float], seasonal_naive: tuple[float, float]
) -> None:
    one = BENCHMARKS[name]
    assert isinstance(one, Rolling)
    assert one.windows == windows
    for key, (mse, mae) in {"naive": naive, "seasonal_naive": seasonal_naive}.items():
        found = one.baselines[key]
        assert (found["mse"], found["mae"]) == pytest.approx((mse, mae), abs=5e-4)


@needs_data
def test_forecasts_read_from_a_run_score_as_those_computed_directly(tmp_path: Path) -> None:
    one = BENCHMARKS["ili-24"]
    assert isinstance(one, Rolling)
    steps = one.origins[:, None] + np.arange(one.horizon)
    tables = [
        pd.DataFrame(
            {
                "unique_id": key,
                "y": y[steps].ravel(),
                "x": np.repeat(y[one.origins - 1], one.horizon),
            }
        )
        for key, y in zip(one.table, one.table.to_numpy().T, strict=True)
    ]
    pd.concat(tables).to_parquet(tmp_path / "forecasts.parquet")
    found, count = scoring.table_scores(tmp_path / "forecasts.parquet", "x", one.scales)
    assert found == pytest.approx({key: one.baselines["naive"][key] for key in found})
    assert count == one.windows * one.horizon * 7


def test_a_constant_series_is_left_out_of_mase_and_counted() -> None:
    train = pd.DataFrame(
        {"unique_id": list("aaabbb"), "ds": [1, 2, 3] * 2, "y": [1.0, 2, 4, 5, 5, 5]}
    )
    actual, forecast = np.array([[5.0, 7.0], [6.0, 5.0]]), np.array([[4.0, 4.0], [5.0, 5.0]])
    found = scoring.competition_scores(actual, forecast, scoring.seasonal_scales(train, 1))
    smape = 50 * (1 / 9 + 3 / 11 + 1 / 11)
    assert found == pytest.approx({"smape": smape, "mase": 2 / 1.5, "left_out": 1})
    assert scoring.repeated(train, season=2, horizon=3).tolist() == [[2, 4, 2], [5, 5, 5]]
    with pytest.raises(ValueError, match="series of 2 to 3 steps"):
        scoring.by_series(train.iloc[1:], "y")
