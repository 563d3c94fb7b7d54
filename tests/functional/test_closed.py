"""Steps on which nothing is ever observed: found, left out, and never forecast."""

from pathlib import Path
from typing import Any

import holidays
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lstm_forecast
from lstm_forecast.commands.check import check
from lstm_forecast.commands.init import init
from lstm_forecast.commands.predict import predict
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.asking.find_closed import find_closed
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.seasons import usual_seasons
from lstm_forecast.panel.steps.holiday_dates import holiday_dates
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.source import Frame
from tests.functional.conftest import train_all

DAYS = pd.date_range("2021-01-01", "2023-12-31")
HOURS = pd.date_range("2022-01-01", "2022-06-30 23:00", freq="h")
WEEKDAY, HOUR = HOURS.day_of_week, HOURS.hour
TINY = """
windows: {context_length: 12, horizon: 8, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 0, batch_size: 128, steps_per_epoch: 0, fallback: false, refit: false}
"""


def table_of(stamps: pd.DatetimeIndex) -> pd.DataFrame:
    values = 20 + np.sin(np.arange(len(stamps))) + np.arange(len(stamps)) % 5
    return pd.DataFrame({"when": stamps, "sold": values.round(3)})


def surveyed(frame: pd.DataFrame, **data: Any) -> Panel:
    config = DataConfig(path=None, timestamp="when", targets=("sold",), **data)
    return survey_panel(config, Frame(pa.Table.from_pandas(frame, preserve_index=False), "pandas"))[
        0
    ]


def found_in(stamps: pd.DatetimeIndex, **data: Any) -> dict[str, Any]:
    rule, _ = find_closed(surveyed(table_of(stamps), **data), n_targets=1)
    return rule.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("stamps", "rule"),
    [
        (DAYS[DAYS.day_of_week < 6], {"weekly": ("Sun",)}),
        (DAYS[np.isin(DAYS.day_of_week, [1, 4])], {"weekly": ("Mon", "Wed", "Thu")}),
        (HOURS[(HOUR >= 6) & (HOUR < 21)], {"weekly": ("00:00-06:00", "21:00-24:00")}),
        (
            HOURS[((HOUR >= 8) & (HOUR < 18) & (WEEKDAY < 5)) | ((HOUR == 9) & (WEEKDAY == 5))],
            {
                "weekly": (
                    "00:00-08:00",
                    "18:00-24:00",
                    "Sun",
                    "Sat 08:00-09:00",
                    "Sat 10:00-18:00",
                )
            },
        ),
        (DAYS[(DAYS.month != 8) & (DAYS.day_of_week < 5)], {"yearly": ("08-01/08-31",)}),
        (DAYS[~((DAYS.month == 12) & (DAYS.day > 20))], {"yearly": ("12-21/12-31",)}),
        (
            DAYS[~((DAYS.month == 12) & (DAYS.day > 20)) & ~((DAYS.month == 1) & (DAYS.day < 8))],
            {"yearly": ("12-21/01-07",)},
        ),
        (DAYS, {}),
    ],
)
def test_what_is_never_observed_is_found(stamps: pd.DatetimeIndex, rule: dict[str, Any]) -> None:
    assert found_in(stamps) == rule


@pytest.mark.parametrize("code", ["US", "AU-VIC", "DE-BY", "FR", "XNYS", "XLON", "XETR", "XJPX"])
def test_the_calendar_of_the_holidays_is_found(code: str) -> None:
    years, (country, _, part) = range(2021, 2024), code.partition("-")
    off = (
        holidays.financial_holidays(code, years=years)
        if code.startswith("X")
        else holidays.country_holidays(country, subdiv=part or None, years=years)
    )
    worked = DAYS[(DAYS.day_of_week < 5) & ~np.isin(DAYS.date, list(off))]
    rule, alike = find_closed(surveyed(table_of(worked)), n_targets=1)
    assert code in (*rule.holidays, *alike)
    assert (rule.weekly, rule.yearly) == ((), ())


@pytest.mark.parametrize("market", ["XECB", "XNYS", "XLON", "XTSE"])
def test_the_calendar_that_leaves_no_gap_is_before_one_that_does(market: str) -> None:
    weekdays = pd.bdate_range("2022-01-03", "2023-12-29")

    def off(code: str) -> np.ndarray:
        return np.isin(weekdays.to_numpy().astype("M8[D]"), holiday_dates(code, 2022, 2023))

    (found,) = found_in(weekdays[~off(market)], freq="B")["holidays"]
    assert np.array_equal(off(found), off(market))


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
def test_steps_that_are_missing_by_chance_are_not_closed(share: float) -> None:
    for seed in range(20):
        kept = np.random.default_rng(seed).random(len(DAYS)) > share
        assert found_in(DAYS[kept], freq="D") == {}


def test_an_outage_is_no_closed_season() -> None:
    assert found_in(DAYS[(DAYS < "2022-03-05") | (DAYS > "2022-05-20")]) == {}


@pytest.mark.parametrize(
    ("rows", "lost"),
    [
        # a week that holds the holidays of Saudi Arabia's exchange
        ("2022-06-01/2022-09-17", ["2022-07-06/2022-07-13"]),
        ("2022-03-01/2023-12-31", ["2022-09-21/2022-09-28", "2023-09-20/2023-09-29"]),
        ("2022-03-01/2023-12-31", ["2022-04-19/2022-04-25", "2023-04-16/2023-04-22"]),
    ],
)
def test_outages_are_neither_holidays_nor_closed_seasons(rows: str, lost: list[str]) -> None:
    first, _, last = rows.partition("/")
    days = pd.date_range(first, last)
    kept = np.ones(len(days), bool)
    for first, _, last in (each.partition("/") for each in lost):
        kept &= (days < first) | (days > last)
    assert found_in(days[kept]) == {}


@pytest.mark.parametrize("code", ["US-TX", "US-CA", "AU-VIC", "AU-NSW"])
def test_a_part_of_a_country_is_found_that_has_fewer_holidays_than_the_country(code: str) -> None:
    country, _, part = code.partition("-")
    off = holidays.country_holidays(country, subdiv=part, years=range(2021, 2024))
    worked = DAYS[(DAYS.day_of_week < 5) & ~np.isin(DAYS.date, list(off))]
    rule, alike = find_closed(surveyed(table_of(worked)), n_targets=1)
    assert code in (*rule.holidays, *alike)


def test_the_leap_day_is_as_closed_as_the_dates_beside_it() -> None:
    days = pd.date_range("2019-03-01", "2023-12-31")
    assert found_in(days[(days.month > 2) & (days.month < 10)]) == {"yearly": ("10-01/02-29",)}


def test_breaks_that_move_from_year_to_year_close_no_day_that_they_share() -> None:
    days = pd.date_range("2017-01-01", "2024-12-31")
    closed = np.zeros(len(days), bool)
    for year, shift in zip(range(2017, 2025), (0, 3, 9, 5, 11, 2, 8, 6), strict=True):
        first = pd.Timestamp(year, 4, 1) + pd.Timedelta(days=shift)
        closed |= (days >= first) & (days < first + pd.Timedelta(days=12))
    assert found_in(days[~closed]) == {}


def test_a_day_that_is_missing_once_in_an_open_week_stays_a_gap() -> None:
    stamps = DAYS[DAYS.day_of_week < 6].drop(pd.Timestamp("2022-05-04"))
    panel = surveyed(table_of(stamps), closed={"weekly": ["Sun"]}, gaps="fill", missing="ffill")
    assert dict(panel.repairs) == {"gaps": 1}


@given(
    weekly=st.sets(st.integers(0, 6), max_size=4),
    months=st.sets(st.integers(2, 11), max_size=2),
    gaps=st.floats(0, 0.05),
    hourly=st.booleans(),
    seed=st.integers(0, 2**16),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_all_rows_stay_what_is_closed_is_left_out_and_gaps_stay_gaps(
    weekly: set[int], months: set[int], gaps: float, hourly: bool, seed: int
) -> None:
    every = pd.date_range("2021-01-01", "2023-12-31", freq="6h" if hourly else "D")
    off = np.isin(every.day_of_week, list(weekly)) | np.isin(every.month, list(months))
    if hourly:
        off |= every.hour == 0
    lost = np.random.default_rng(seed).random(len(every)) < gaps
    frame = table_of(every[~off & ~lost])
    freq = "6h" if hourly else "D"
    rule, _ = find_closed(surveyed(frame, freq=freq), n_targets=1)
    panel = surveyed(frame, freq=freq, closed=rule.model_dump(), gaps="split")
    stamps = panel.layout.stamps(np.arange(len(panel.values)))
    assert list(stamps) == list(frame["when"])
    assert (panel.values[:, 0] == frame["sold"]).all()
    between = (every >= stamps[0]) & (every <= stamps[-1])
    still_open = panel.layout.grid.stamps(
        np.arange(panel.layout.ordinals(np.array([len(stamps) - 1]))[0] + 1)
    )
    assert set(every[between & ~off]) <= set(still_open)
    invented = every[between & off].intersection(still_open)
    # the first and last dates of a closed month, where they are a closed weekday in most years
    assert len(invented) <= 21 * len(months) * (4 if hourly else 1)


def test_a_row_with_a_value_on_a_closed_step_is_refused_or_dropped_as_the_config_says() -> None:
    frame = table_of(DAYS[:60])
    (problem,) = refused(frame, {"weekly": ["Sun"]})
    assert "2021-01-03" in problem
    assert "closed (every Sun) (9 such rows)" in problem
    assert "data.closed.rows: drop" in problem
    panel = surveyed(frame, closed={"weekly": ["Sun"], "rows": "drop"})
    assert (len(panel.values), panel.repairs["closed_rows"]) == (51, 9)


def refused(frame: pd.DataFrame, closed: dict[str, Any]) -> list[str]:
    config = DataConfig(path=None, timestamp="when", targets=("sold",), closed=closed)
    _, findings, _ = survey_panel(
        config, Frame(pa.Table.from_pandas(frame, preserve_index=False), "pandas")
    )
    return [finding.problem for finding in findings if finding.level == "refused"]


def test_empty_rows_of_closed_days_are_no_missing_values() -> None:
    frame = table_of(DAYS)
    frame.loc[DAYS.day_of_week == 6, "sold"] = np.nan
    rule, _ = find_closed(surveyed(frame), n_targets=1)
    assert rule.weekly == ("Sun",)
    panel = surveyed(frame, closed=rule.model_dump())
    assert np.isfinite(panel.values).all()


def test_open_hours_are_those_of_the_local_clock(tmp_path: Path) -> None:
    local = pd.date_range("2022-01-01", "2022-12-31 23:00", freq="h", tz="Europe/Vienna")
    stamps = local[(local.hour >= 9) & (local.hour < 17)]
    panel = surveyed(table_of(stamps), timezone="Europe/Vienna")
    rule, _ = find_closed(panel, n_targets=1)
    assert rule.weekly == ("00:00-09:00", "17:00-24:00")
    panel = surveyed(table_of(stamps), timezone="Europe/Vienna", closed=rule.model_dump())
    assert len(panel.layout.first) == 1
    following = panel.layout.grid.stamps(len(stamps) + np.arange(9))
    assert [stamp.hour for stamp in following] == [*range(9, 17), 9]
    assert usual_seasons(panel.layout.grid) == (8, 56)


@pytest.mark.parametrize(
    ("freq", "closed", "seasons"),
    [
        ("D", {"weekly": ["Sun"]}, (6, 313)),
        ("D", {"weekly": ["Sat-Sun"]}, (5, 261)),
        ("B", {"weekly": ["Tue", "Thu"]}, (3, 0)),
        ("D", {"holidays": ["US"]}, (7, 365)),
        ("6h", {"weekly": ["00:00-06:00"]}, (3, 21)),
        ("6h", {"weekly": ["00:00-06:00", "Sun"]}, (3, 18)),
        ("6h", {"weekly": ["Sun 00:00-06:00"]}, (27, 0)),
        ("D", {"weekly": ["Tue-Sun"]}, (1, 52)),
    ],
)
def test_seasons_are_counted_in_open_steps(
    freq: str, closed: dict[str, Any], seasons: tuple[int, int]
) -> None:
    stamps = pd.date_range("2021-01-04", periods=80, freq=freq)
    panel = surveyed(table_of(stamps), freq=freq, closed={**closed, "rows": "drop"}, gaps="split")
    assert usual_seasons(panel.layout.grid) == seasons


def test_a_rule_that_leaves_nothing_open_is_refused() -> None:
    with pytest.raises(DataError, match=r"data\.closed"):
        surveyed(table_of(DAYS[:60]), closed={"weekly": ["Mon-Sun"], "rows": "drop"})


def test_steps_that_are_numbers_cannot_be_closed() -> None:
    frame = pd.DataFrame({"when": range(30), "sold": np.arange(30.0)})
    with pytest.raises(DataError, match=r"data\.closed: needs dates"):
        surveyed(frame, closed={"weekly": ["Sun"]})


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("weekly: [Sonntag]", "must be days or hours of the week"),
        ("weekly: ['18:00-09:00']", "a night is two parts"),
        ("weekly: ['Mon 25:00-26:00']", "must be days or hours of the week"),
        ("yearly: ['02-30']", "must be a date of every year"),
        ("yearly: ['2024-02-01']", "must be a date of every year"),
        ("holidays: [Atlantis]", "of a market such as XNYS"),
    ],
)
def test_what_is_no_rule_is_told_with_what_is(tmp_path: Path, closed: str, expected: str) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(
        f"name: a\ndata: {{path: t.csv, timestamp: when, targets: sold, closed: {{{closed}}}}}\n"
        "windows: {horizon: 4}\n"
    )
    with pytest.raises(Exception, match=expected):
        load_config(config, environment={})


def test_check_without_a_config_tells_what_is_closed_instead_of_gaps(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table_of(DAYS[DAYS.day_of_week < 6]).to_csv(table, index=False)
    kinds = {finding.kind: finding.text for finding in check(table).findings}
    assert kinds["closed"].startswith("every Sun")
    assert "gaps" not in kinds


def test_what_init_wrote_trains_and_forecasts_open_days_alone(tmp_path: Path) -> None:
    days = DAYS[: 7 * 40]
    table_of(days[days.day_of_week < 6]).to_csv(tmp_path / "shop.csv", index=False)
    init(tmp_path / "shop.csv", output=tmp_path / "shop.yaml")
    text = (tmp_path / "shop.yaml").read_text().partition("\nwindows:")[0]
    (tmp_path / "shop.yaml").write_text(f"{text}{TINY}")
    train_all(tmp_path, ["--config", "shop.yaml"])
    made = predict(runs=tmp_path / "runs", name="shop").table["ds"]
    following = pd.date_range(days[-1], periods=12)[1:]
    assert list(made) == list(following[following.day_of_week < 6][:8])


def test_quick_leaves_closed_days_out(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table_of(DAYS[DAYS.day_of_week < 6]).to_csv(table, index=False)
    made = lstm_forecast.quick(table, horizon=14)["ds"]
    assert len(made) == 14
    assert 6 not in made.dt.day_of_week.to_numpy()
