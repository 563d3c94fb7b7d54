"""Tables as people really have them: what ``init`` writes reads them as they were meant."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lstm_forecast.commands.check import check
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import load_config
from lstm_forecast.panel.survey import survey_panel
from tests.benchmarks.files import CASES

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")


@dataclass(frozen=True)
class Case:
    """What a table is."""

    freq: str
    rows: int
    first: str
    next: str  # the first stamp that is forecast
    series: int = 1
    moved: bool = False  # whether stamps are put on the grid


READ = {
    "counts.csv": Case("D", 730, "2018-01-01", "2020-01-01"),
    "demo.tsf": Case("MS", 300, "1990-01-01", "1998-05-01", series=3),
    "epoch_seconds.csv": Case("h", 960, "2020-01-01 00:00:00+00:00", "2020-02-10 00:00:00+00:00"),
    "excel_serial_monthly.csv": Case("MS", 96, "2012-01-01", "2020-01-01"),
    "footer.csv": Case("MS", 144, "1949-01-01", "1961-01-01"),
    "hour_24.csv": Case("h", 960, "2022-07-01 01:00:00", "2022-08-10 01:00:00"),
    "hz100.csv": Case("10ms", 3000, "2021-08-02", "2021-08-02 00:00:30"),
    "iso_weeks.csv": Case("W-MON", 209, "2018-01-01", "2022-01-03"),
    "jitter_20min.csv": Case("20min", 648, "2021-02-20", "2021-03-01", moved=True),
    "monthly_day15.csv": Case("MS-15", 96, "2012-01-15", "2020-01-15"),
    "preamble.csv": Case("D", 500, "2019-01-01", "2020-05-15"),
    "price_export.csv": Case("B", 500, "2019-01-01", "2020-12-01"),
    "quarters.csv": Case("QS-JAN", 48, "2008-01-01", "2020-01-01"),
    "records.jsonl": Case("D", 100, "2020-01-01", "2020-04-10"),
    "sales.xlsx": Case("D", 300, "2020-01-01", "2020-10-27"),
    "semi_monthly.csv": Case("SMS-15", 96, "2012-01-01", "2016-01-01"),
    "some_thousands.csv": Case("D", 400, "2022-01-01", "2023-02-05"),
    "thousands.csv": Case("B", 500, "2019-01-01", "2020-12-01"),
    "year_month_name.csv": Case("MS", 120, "2010-01-01", "2020-01-01"),
    "year_quarter_columns.csv": Case("QS-JAN", 48, "2008-01-01", "2020-01-01"),
    "year_week_columns.csv": Case("W-MON", 209, "2018-01-01", "2022-01-03"),
    "zone_letters.csv": Case("h", 720, "2017-10-20 02:00:00+02:00", "2017-11-19 01:00:00+01:00"),
}


@pytest.mark.parametrize("name", READ)
def test_init_asks_nothing_and_every_row_stands_where_it_was_meant(
    tmp_path: Path, name: str
) -> None:
    case, config = READ[name], tmp_path / "a.yaml"
    assert init(CASES / name, output=config).questions == ()
    data = load_config(config, environment={}).data
    panel, findings, table = survey_panel(data, CASES / name)
    layout = panel.layout
    newest = layout.ordinals(layout.offsets[1:] - 1).max()
    stamps = layout.grid.stamps(np.array([layout.first[0], newest + 1]))
    assert [str(stamp).removesuffix(" 00:00:00") for stamp in stamps] == [case.first, case.next]
    assert (layout.grid.freq, len(layout.ids)) == (case.freq, case.series)
    assert len(panel.values) == len(table.frame) == case.rows
    kinds = {finding.kind for finding in findings if finding.level == "settled"}
    assert kinds <= {"unsorted", "missing", "sentinels", *(["off_grid"] if case.moved else [])}


@pytest.mark.parametrize("name", ["iso_weeks.csv", "monthly_day15.csv", "price_export.csv"])
def test_check_finds_nothing_that_training_would_refuse(tmp_path: Path, name: str) -> None:
    config = tmp_path / "a.yaml"
    init(CASES / name, output=config)
    assert check(CASES / name, config=load_config(config, environment={})).problems == ()
