"""Tables that nothing is wrong with: ``init`` asks nothing of them."""

from pathlib import Path

import pytest

from lstm_forecast.commands.init import init
from tests.benchmarks.files import DATA
from tests.unit.conftest import needs_shared

FREQS = {
    "ETTh1.csv": "h",
    "ETTm1.csv": "15min",
    "air_passengers.csv": "MS",
    "ausgrid_weekly.tsf": "W-THU",
    "daily_min_temperatures.csv": "D",
    "exchange_rate.csv": "D",
    "m3_quarterly_test.csv": "1",
    "m3_quarterly_train.csv": "1",
    "m4_daily_subset_test.csv": "1",
    "m4_daily_subset_train.csv": "1",
    "m4_hourly_test.csv": "h",
    "m4_hourly_train.csv": "h",
    "m4_weekly_test.csv": "1",
    "m4_weekly_train.csv": "1",
    "national_illness.csv": "W-TUE",
    "shampoo_sales.csv": "MS",
    "stocks_daily.csv": "B",
    "tourism_yearly_test.csv": "1",
    "tourism_yearly_train.csv": "1",
    "vic_electricity.csv": "30min",
    "wikipedia_traffic_daily.csv": "D",
    "wp_peyton_manning.csv": "D",
}
DOCUMENTS = {"m4_info_subset", "m4_published_forecasts", "m4_published_scores",
    "nab_realKnownCause_labels", "nab_realTraffic_labels", "published_long_horizon"}  # fmt: skip
# of which test_dirty tells what is asked, but for one
UNCLEAN = {"dirty_air_quality_uci", "dirty_beijing_pm25", "dirty_metro_traffic",
    "nab_realKnownCause", "nab_realTraffic"}  # fmt: skip


@needs_shared
@pytest.mark.parametrize("name", FREQS)
def test_nothing_is_asked_of_a_clean_table(folder: Path, name: str) -> None:
    draft = init(DATA / f"{name}.gz", output=folder / "c.yaml")
    assert draft.questions == ()
    assert draft.freq == FREQS[name]


@needs_shared
def test_every_shared_table_is_clean_or_is_named_here() -> None:
    names = {path.name.partition(".")[0] for path in DATA.glob("*.gz")}
    clean = {name.partition(".")[0] for name in FREQS}
    assert names == clean | DOCUMENTS | UNCLEAN


@needs_shared
def test_one_thing_is_asked_of_a_table_of_several_frequencies(folder: Path) -> None:
    draft = init(DATA / "nab_realKnownCause.csv.gz", output=folder / "c.yaml")
    assert [question.kind for question in draft.questions] == ["off_grid"]
