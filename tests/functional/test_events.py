"""Rows that are events, from the first look at their table to forecasts: the rule by which those of
a step become one row is asked, and holds wherever the table is read.
"""

import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import lstm_forecast
from lstm_forecast.cli import app
from tests.benchmarks.files import CASES

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
TINY = [
    *("windows.context_length=6", "windows.horizon=2", "windows.normalisation=last"),
    *("preprocessing.log=false", "model.linear=ridge", "model.segment_length=1"),
    *("training.epochs=0", "model.ensemble=1", "training.refit=false"),
]


def run(*words: object) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout), result.stderr


def options(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def asked(table: Path, *words: str) -> tuple[list[dict[str, Any]], Path]:
    code, found, said = run("init", table, "--output", "asked.yaml", "--force", *words)
    assert code == 0, said
    return found["questions"], Path(found["config"])


def answers(config: Path) -> Iterator[str]:
    """The answers that stand in a config, as they are printed there."""
    for line in config.read_text().splitlines():
        if found := re.fullmatch(r"  #   - ([a-z_]+: .+?) \(.*\)", line):
            yield found[1]


def answered(config: Path, answer: str) -> Path:
    """The config with an answer written into it, as people do it: keys that are there change."""
    text = config.read_text()
    for key in answer.split(" and "):
        line = re.compile(rf"^  {key.partition(':')[0]}: .*$", re.MULTILINE)
        if line.search(text):
            text = line.sub(f"  {key}", text, count=1)
        else:
            text = text.replace("\ndata:\n", f"\ndata:\n  {key}\n", 1)
    path = config.with_name("answered.yaml")
    path.write_text(text)
    return path


def require_answers_to_work(config: Path, n_least: int) -> None:
    """Every answer lets ``check`` go on, and none of them training before one is chosen."""
    code, found, _ = run("check", "--config", config)
    assert code == 4 and "data.aggregate: " in "".join(found["problems"])
    found_answers = list(answers(config))
    assert len(found_answers) >= n_least
    for answer in found_answers:
        code, found, said = run("check", "--config", answered(config, answer), *options(*TINY))
        assert code == 0, (answer, said)
        assert found["facts"]["freq_share"] == 1 or "gaps" in answer


def written(folder: Path, stamps: Any, name: str = "table", **columns: Any) -> Path:
    path = folder / f"{name}.csv"
    pd.DataFrame({"when": stamps, **columns}).to_csv(path, index=False)
    return path


def moments(per_day: float, days: int, *, seed: int = 0) -> pd.DatetimeIndex:
    """Stamps at random, so many a day, in order."""
    seconds = np.random.default_rng(seed).integers(0, days * 86_400, int(per_day * days))
    return pd.Timestamp("2023-01-02") + pd.to_timedelta(np.sort(seconds), unit="s")


def amounts(count: int) -> np.ndarray:
    return np.random.default_rng(1).gamma(2, 10, count).round(2)


@needs_cases
def test_purchases_are_asked_about_and_every_answer_works(folder: Path) -> None:
    (question,), config = asked(CASES / "transactions.csv")
    first, *_ = question["answers"]
    assert first["keys"] == {"aggregate": "sum", "freq": "D"}
    assert first["effect"] == ("200 days from 2013-01-01 to 2013-07-19, 1,101 rows added up")
    assert [choice["keys"]["aggregate"] for choice in question["answers"][:4]] == [
        *("sum", "count", "mean", "last")
    ]
    assert question["answers"][-1]["keys"] == {"aggregate": "sum", "freq": "W-SUN"}
    assert "data.partial: drop" in config.read_text()
    require_answers_to_work(config, 5)


@needs_cases
def test_purchases_train_and_forecast_with_the_answer_written_into_the_config(folder: Path) -> None:
    _, config = asked(CASES / "transactions.csv")
    chosen = answered(config, next(answers(config)))
    code, _, said = run("train", "--config", chosen, *options(*TINY))
    assert code == 0, said
    result = CliRunner().invoke(app, ["predict", "--run", "transactions"])
    assert result.exit_code == 0, result.output
    assert "their steps, 2013-07-19 and 2013-01-01, may not be whole" in result.stderr
    forecast = pd.read_csv(io.StringIO(result.stdout))
    assert forecast.ds.tolist() == ["2013-07-20", "2013-07-21"]
    days = pd.read_csv(CASES / "transactions.csv", parse_dates=["InvoiceDate"])
    sums = days.groupby(days.InvoiceDate.dt.date).Quantity.sum()
    assert sums.quantile(0.01) < forecast.transactions.min() < sums.max()


@pytest.mark.parametrize(
    ("per_day", "days", "freq", "longer"),
    [(200, 40, "h", "D"), (6, 150, "D", "W-SUN"), (0.4, 300, "W-SUN", None), (9000, 1, "min", "h")],
)
def test_the_shortest_steps_that_mostly_have_an_event_are_offered_and_longer_ones(
    folder: Path, per_day: float, days: int, freq: str, longer: str | None
) -> None:
    stamps = moments(per_day, days)
    (question,), config = asked(written(folder, stamps, amount=amounts(len(stamps))))
    first, *_ = question["answers"]
    assert first["keys"] == {"aggregate": "sum", "freq": freq}
    freqs = {choice["keys"]["freq"] for choice in question["answers"]}
    assert freqs == {freq} | ({longer} if longer else set())
    require_answers_to_work(config, 4)


def test_order_lines_of_dates_are_asked_about(folder: Path) -> None:
    every = enumerate(pd.date_range("2023-01-02", periods=200))
    days = [day for k, day in every for _ in range(0 if k % 15 == 7 else k % 3 + 1)]
    table = written(folder, [day.date() for day in days], price=amounts(len(days)))
    (question,), config = asked(table)
    assert question["kind"] == "duplicates"
    zeros = re.search(r"(\d+) without a row are 0", question["answers"][0]["effect"])
    span = pd.date_range(days[0], days[-1])
    assert zeros is not None and int(zeros[1]) == len(span) - len(set(days))
    require_answers_to_work(config, 5)


def test_rows_that_repeat_one_reading_are_not_added_up_first(folder: Path) -> None:
    hours = pd.date_range("2023-01-02", periods=600, freq="h")
    stamps = hours.append(hours[::3]).sort_values()
    load = 100 + 10 * np.sin(np.arange(600) / 24)
    values = pd.Series(load.round(1), index=hours)[stamps].to_numpy()
    rain = np.random.default_rng(0).gamma(1, 1, len(stamps))
    (question,), config = asked(written(folder, stamps, load=values, rain=rain))
    assert question["answers"][0]["keys"] == {"duplicates": "first"}
    assert question["answers"][1]["keys"] == {"aggregate": "mean", "freq": "h"}
    for choice in question["answers"]:
        given = [f"data.{key}={value}" for key, value in choice["keys"].items()]
        code, _, said = run("check", "--config", config, *options(*given, *TINY))
        assert code == 0, said


def test_sparse_events_that_no_freq_fits_are_asked_about(folder: Path) -> None:
    stamps = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        np.cumsum(np.random.default_rng(0).integers(49, 170, 200)), unit="h"
    )
    (question,), config = asked(written(folder, stamps, amount=amounts(200)))
    assert question["finding"] == "200 rows are at irregular times, which no freq fits"
    assert question["answers"][0]["keys"] == {"aggregate": "sum", "freq": "W-SUN"}
    require_answers_to_work(config, 4)


def test_readings_at_irregular_times_are_averaged_first(folder: Path) -> None:
    stamps = moments(72, 30)
    level = 20 + np.sin(np.arange(len(stamps)) / 30) + amounts(len(stamps)) / 1000
    (question,), config = asked(written(folder, stamps, temperature=level))
    rules = [choice["keys"]["aggregate"] for choice in question["answers"][:3]]
    assert rules == ["mean", "last", "sum"]
    require_answers_to_work(config, 4)


def test_readings_with_holes_for_months_stay_apart_and_every_answer_works(folder: Path) -> None:
    stamps = moments(72, 120)
    kept = (stamps < "2023-02-01") | (stamps > "2023-04-01")
    stamps = stamps[kept]
    level = 20 + np.sin(np.arange(len(stamps)) / 30)
    (question,), config = asked(written(folder, stamps, temperature=level))
    assert question["answers"][0]["keys"]["fill_limit"] == 10
    assert "in longer gaps stay away" in question["answers"][0]["effect"]
    for answer in answers(config):
        code, _, said = run("check", "--config", answered(config, answer), *options(*TINY))
        assert code == 0, (answer, said)


def test_rows_that_are_equal_in_all_columns_count_each_or_once(folder: Path) -> None:
    stamps = moments(8, 100)
    table = written(folder, stamps, amount=amounts(len(stamps)), order=range(len(stamps)))
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], *lines[1:], *lines[1:41]]) + "\n")
    (question,), config = asked(table, "--target", "amount")
    once = [each for each in question["answers"] if each["keys"].get("duplicates") == "first"]
    (choice,) = once
    assert choice["effect"].endswith("; 40 rows that are equal to an earlier one count once")
    require_answers_to_work(config, 5)
    code, found, _ = run(
        "check", "--config", answered(config, "aggregate: sum and duplicates: first")
    )
    assert code == 0
    settled = {each["kind"]: each["count"] for each in found["findings"]}
    assert settled["duplicates"] == 40


def test_rows_that_differ_in_a_column_that_nobody_uses_are_not_equal(folder: Path) -> None:
    stamps = [*moments(8, 100).repeat(2)]
    amount = np.repeat(amounts(len(stamps) // 2), 2)
    table = written(folder, stamps, amount=amount, order=range(len(stamps)))
    settings = ("data.aggregate=sum", "data.freq=D", "data.duplicates=first")
    _, config = asked(table, "--target", "amount")
    code, found, _ = run("check", "--config", config, *options(*settings, *TINY))
    assert code == 0
    assert "duplicates" not in {each["kind"] for each in found["findings"]}


def test_lines_of_a_log_are_counted_once_a_rule_is_given(folder: Path) -> None:
    stamps = moments(40, 60)
    table = written(folder, stamps, level=["INFO", "WARN"] * (len(stamps) // 2))
    code, found, _ = run("init", table)
    assert code == 4
    (problem,) = found["problems"]
    assert "name one of them as the target, with data.aggregate: count and data.freq: D" in problem
    given = ("--target", "level", *options("data.aggregate=count", "data.freq=D"))
    questions, config = asked(table, *given)
    assert not questions and '\n  aggregate: "count"' in config.read_text()
    assert run("check", "--config", config, *options(*TINY))[0] == 0
    code, found, _ = run("quick", table, "--horizon", 3, *given)
    assert code == 0


def test_quick_names_an_answer_that_works(folder: Path) -> None:
    stamps = moments(6, 100)
    table = written(folder, stamps, amount=amounts(len(stamps)))
    result = CliRunner().invoke(app, ["quick", str(table), "--horizon", "3"])
    assert result.exit_code == 4
    named = re.search(r"choose, for example with (.*)", result.stderr)
    assert named is not None
    assert named[1] == "--set data.aggregate=sum --set 'data.freq=\"D\"'"
    given = options("data.aggregate=sum", "data.freq=D")
    result = CliRunner().invoke(app, ["quick", str(table), "--horizon", "3", *given])
    assert result.exit_code == 0
    forecast = pd.read_csv(io.StringIO(result.stdout))
    assert forecast.ds.tolist() == [
        str((stamps.max().normalize() + pd.Timedelta(days=k)).date()) for k in (1, 2, 3)
    ]


def test_a_rule_without_a_step_is_an_error_of_the_config(folder: Path) -> None:
    stamps = moments(6, 100)
    table = written(folder, stamps, amount=amounts(len(stamps)))
    for words in (["quick", str(table), "--horizon", "3"], ["init", str(table)]):
        result = CliRunner().invoke(app, [*words, "--set", "data.aggregate=sum"])
        assert result.exit_code == 3
        assert "data.aggregate: needs data.freq" in result.stderr


def test_a_table_that_init_was_told_to_add_up_needs_no_answer(folder: Path) -> None:
    stamps = moments(6, 100).tz_localize("UTC").tz_convert("Europe/Vienna")
    table = written(folder, stamps, amount=amounts(len(stamps)))
    given = options("data.aggregate=sum", "data.freq=D", "data.day_start=04:00")
    questions, config = asked(table, *given)
    assert not questions
    text = config.read_text()
    assert '\n  day_start: "04:00"\n' in text and '\n  aggregate: "sum"  # 600 rows\n' in text
    assert run("check", "--config", config, *options(*TINY))[0] == 0


def shop(folder: Path, *, open_days: int = 6, share: float = 1.0) -> tuple[Path, int, int]:
    """Order lines of a shop that is closed behind the first days of a week, and how many days have
    no line: those that are closed, and others.
    """
    rng = np.random.default_rng(0)
    every = pd.date_range("2022-01-03", periods=430)
    days = every[(every.day_of_week < open_days) & (rng.random(430) < share)]
    lines = days.repeat(rng.integers(1, 4, len(days)))
    span = pd.date_range(days[0], days[-1])
    closed = int((span.day_of_week >= open_days).sum())
    table = written(folder, lines.date, amount=amounts(len(lines)))
    return table, closed, len(span) - len(days) - closed


@pytest.mark.parametrize("share", [1.0, 0.95])
def test_steps_without_an_event_are_0_as_the_answer_says_and_none_is_closed_by_a_guess(
    folder: Path, share: float
) -> None:
    table, closed, others = shop(folder, share=share)
    (question,), config = asked(table)
    assert "closed: every Sun" in config.read_text()
    daily = [each for each in question["answers"] if each["keys"].get("freq") == "D"]
    zeros = [each for each in daily if each["keys"]["aggregate"] in ("sum", "count")]
    assert len(zeros) == 2
    for answer in zeros:
        empty = re.search(r"(\d+) without a row are 0", answer["effect"])
        assert empty is not None and int(empty[1]) == closed + others
        steps = int(answer["effect"].partition(" days")[0])
        rule = f"data.aggregate={answer['keys']['aggregate']}"
        for given in (shlex.split(answer["option"]), options(rule, "data.freq=D")):
            _, found, said = run("init", table, "--force", *given)
            assert not found["questions"] and not found["closed"]
            assert f"series: 1, {steps} rows" in said
            told = f"every Sun: no event ever lies there, and {closed} of {steps} steps are 0"
            assert told in said


def test_answers_about_a_shop_that_is_closed_on_sundays_work_in_the_config(folder: Path) -> None:
    table, _, _ = shop(folder)
    _, config = asked(table)
    require_answers_to_work(config, 5)


def test_averages_of_open_days_are_as_many_as_the_answer_says(folder: Path) -> None:
    table, closed, _ = shop(folder)
    (question,), _ = asked(table)
    (answer,) = [each for each in question["answers"] if each["keys"].get("aggregate") == "mean"]
    code, _, said = run("init", table, "--force", *shlex.split(answer["option"]))
    assert code == 0 and f"closed: every Sun: {closed} of " in said
    assert f"series: 1, {int(answer['effect'].partition(' days')[0])} rows" in said


def test_what_happened_on_open_days_stays_closed_on_the_others(folder: Path) -> None:
    days = pd.date_range("2022-01-03", periods=430)
    days = days[(days.day_of_week < 6) & (np.random.default_rng(1).random(430) > 0.2)]
    (question,), _ = asked(written(folder, days.date, amount=amounts(len(days))))
    (answer,) = [each for each in question["answers"] if "aggregate" in each["keys"]]
    empty = re.search(r"(\d+) steps without one are 0", answer["effect"])
    assert answer["keys"]["closed"] == {"weekly": ["Sun"]} and empty is not None
    given = shlex.split(answer["option"])
    _, found, said = run("init", folder / "table.csv", "--force", *given)
    assert found["rows"] == len(days) and f"series: 1, {len(days) + int(empty[1])} rows" in said


def test_how_many_rows_a_rule_takes_is_told_in_its_answer_and_where_it_is_given(
    folder: Path,
) -> None:
    stamps = moments(8, 100)
    amount = pd.Series(amounts(800)).where(np.arange(800) % 4 < 3)
    code = pd.Series(np.tile(["a", "NA", "b", ""], 200))
    table = written(folder, stamps, amount=amount, code=code)
    (question,), _ = asked(table)
    for answer in question["answers"][:4]:
        assert "600 of 800 rows " in answer["effect"]
        assert "; 200 have no value of amount" in answer["effect"]
        _, _, said = run("init", table, "--force", *shlex.split(answer["option"]))
        told = answer["effect"].partition(", ")[2].partition("; 200")[0]
        assert f"aggregate: 800 rows: data.aggregate: {answer['keys']['aggregate']}" in said
        assert f"; {told}; 200 have no value of amount" in said
    given = ("--target", "code", *options("data.aggregate=count", "data.freq=D"))
    _, _, said = run("init", table, "--force", *given)
    assert "; 400 of 800 rows counted; 400 have no value of code\n" in said
    _, _, said = run("init", table, "--force", "--target", "amount", *given)
    any_value = int((amount.notna() | code.isin(["a", "b"])).sum())
    told = "200 have no value of amount; 400 have no value of code"
    assert f"; {any_value} of 800 rows counted; {told}\n" in said


def test_a_sentinel_among_events_is_found_in_cells_and_not_in_sums(folder: Path) -> None:
    stamps = moments(6, 100)
    values = np.where(np.arange(len(stamps)) % 200 == 7, -999.0, amounts(len(stamps)))
    (_,), config = asked(written(folder, stamps, amount=values))
    assert "\n  sentinels: [-999.0]" in config.read_text()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of events of two shops, by local days."""
    folder = tmp_path_factory.mktemp("events")
    stamps = moments(12, 120)
    table = written(
        folder, stamps, amount=amounts(len(stamps)), shop=["a", "b"] * (len(stamps) // 2)
    )
    config = folder / "events.yaml"
    config.write_text(
        f"""\
name: events
data:
  path: {table.name}
  timestamp: when
  series_id: shop
  targets: amount
  timezone: Europe/Vienna
  dst: shift
  freq: D
  aggregate: sum
  partial: drop
windows: {{context_length: 14, horizon: 3, normalisation: last}}
model: {{units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}}
training: {{epochs: 0, fallback: false}}
"""
    )
    result = CliRunner().invoke(
        app, ["train", "--config", str(config), "--runs", str(folder / "runs")]
    )
    assert result.exit_code == 0, result.output
    return folder


def predicted(runs: Path, *words: str) -> pd.DataFrame:
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(runs / "runs"), "--run", "events", *words]
    )
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout))


def test_forecasts_begin_with_the_day_that_is_not_over(runs: Path) -> None:
    forecast = predicted(runs)
    newest = pd.to_datetime(pd.read_csv(runs / "table.csv").when).max()
    assert forecast.ds.str[:10].min() == str(newest.date())


def test_forecasts_of_events_are_those_of_their_sums(runs: Path) -> None:
    table = pd.read_csv(runs / "table.csv", parse_dates=["when"])
    days = table.groupby([table.when.dt.normalize(), "shop"]).amount.sum().reset_index()
    summed = runs / "summed.csv"
    days.to_csv(summed, index=False)
    of_events, of_sums = predicted(runs), predicted(runs, "--data", str(summed))
    assert of_events.ds.tolist() == of_sums.ds.tolist()
    assert np.allclose(of_events.events, of_sums.events, rtol=1e-6)


def test_backtest_monitor_and_retrain_put_events_together_as_training_did(runs: Path) -> None:
    words = ("--runs", runs / "runs", "--run", "events")
    assert run("backtest", *words)[0] == 0
    forecast = runs / "forecast.csv"
    early = pd.read_csv(runs / "table.csv")
    early[early.when < "2023-04-20"].to_csv(runs / "early.csv", index=False)
    predicted(runs, "--data", str(runs / "early.csv"), "--output", str(forecast))
    code, found, said = run("monitor", forecast, *words, "--data", runs / "table.csv")
    assert code in (0, 6), said
    assert found["live"]["rows"] == 6
    code, found, said = run(
        "retrain", "--config", runs / "events.yaml", "--runs", runs / "runs", "--force"
    )
    assert code in (0, 6), said


def test_frames_of_events_are_put_together_alike(tmp_path: Path) -> None:
    stamps = moments(6, 100)
    frame = pd.DataFrame({"when": stamps, "amount": amounts(len(stamps))})
    found = lstm_forecast.quick(
        frame, horizon=2, data={"aggregate": "sum", "freq": "D", "duplicates": "first"}
    )
    assert found.ds.iloc[0] == stamps.max().normalize() + pd.Timedelta(days=1)
