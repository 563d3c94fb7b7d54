"""When a retraining is due, and which data it refuses."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lstm_forecast.config.retrain import RetrainConfig, seconds
from lstm_forecast.errors import DataError
from lstm_forecast.retraining.due import News, check_news, is_due

HORIZON = 5

# What every manifest holds.
MANIFEST = {
    "name": "a",
    "cutoff": "2026-01-01",
    "published": "network",
    "series": 1,
    "windows": {"training": 1, "validation": 1, "test": 1},
}


def news(**changes: Any) -> News:
    plain = {
        "panel": None,
        "cutoff": "2026-01-31",
        "end": 100,
        "first_new": 50,
        "fresh": 50,
        "drift": 0.5,
        "silent": (),
    }
    return News(**({**plain, "known": 10, "age": 3600.0} | changes))


def due(
    found: News, *, age: timedelta = timedelta(days=3), force: bool = False, **limits: Any
) -> bool:
    created = (datetime.now(UTC) - age).isoformat()
    config = SimpleNamespace(retrain=RetrainConfig(**limits), data=SimpleNamespace(end=None))
    windows = SimpleNamespace(windows=SimpleNamespace(horizon=HORIZON))
    champion = SimpleNamespace(
        config=windows, run=SimpleNamespace(manifest=MANIFEST | {"created": created})
    )
    return is_due(found, config, champion, force=force)[0]


@pytest.mark.parametrize(("fresh", "wanted"), [(0, False), (39, False), (40, True), (400, True)])
def test_eight_new_horizons_make_it_due(fresh: int, wanted: bool) -> None:
    assert due(news(fresh=fresh)) is wanted
    assert due(news(fresh=fresh), force=True)
    assert due(news(fresh=fresh), min_new_rows=fresh + 1) is False


def test_a_young_champion_is_left_alone_unless_the_data_drifted() -> None:
    assert not due(news(), max_age="7d")
    assert due(news(), max_age="2d")
    assert due(news(drift=6.0), max_age="7d")
    assert not due(news(drift=None), max_age="7d")
    assert not due(news(drift=6.0, fresh=3), max_age="7d")  # nothing to judge by


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=365), timedelta(days=36_500)])
def test_a_clock_that_was_set_back_never_stops_retraining_for_good(jump: timedelta) -> None:
    assert due(news(), age=-jump, max_age="7d")


def test_what_is_unusual_is_a_warning_and_what_cannot_be_right_is_refused_all_at_once() -> None:
    assert check_news(news(), RetrainConfig()) == []
    warnings = check_news(news(drift=6.0, silent=("a", "b")), RetrainConfig(stale={"warn": "30m"}))
    assert [text.rpartition(" ")[2] for text in warnings] == [
        "(retrain.drift.warn)", "(retrain.silent.warn)", "(retrain.stale.warn)",
    ]  # fmt: skip
    with pytest.raises(DataError) as refused:
        check_news(news(drift=200.0, silent=tuple("abcdef")), RetrainConfig(stale={"error": "30m"}))
    assert len(refused.value.problems) == 3
    assert all("=null" in problem for problem in refused.value.problems)


def test_a_limit_that_is_null_never_holds() -> None:
    never = {"warn": None, "error": None}
    assert (
        check_news(
            news(drift=1e9, silent=tuple("abcdefghij")), RetrainConfig(drift=never, silent=never)
        )
        == []
    )


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", 90), ("10m", 600), ("1.5h", 5400), ("7d", 604_800), ("2W", 1_209_600)],
)
def test_durations_are_read(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "10", "m", "-1d", "1 d", "1e3s", "10m5s", "9" * 20 + "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        seconds(text)
    with pytest.raises(ValueError, match="must be a duration"):
        RetrainConfig(max_age=text)
