"""How ``init`` asks: with options that answer, on a terminal, and never elsewhere."""

import json
import os
import pty
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from tests.functional.conftest import environment, forecast_command


@pytest.fixture
def repeated(folder: Path) -> Path:
    """A table with two rows of each stamp, and a second column of numbers."""
    days = pd.date_range("2023-01-02", periods=60).repeat(2)
    frame = pd.DataFrame({"ds": days, "sold": [k % 11 for k in range(120)], "price": 3.5})
    frame.loc[::7, "price"] = 4.0
    frame.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def invoked(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["init", *map(str, arguments), "--force"])
    assert result.exit_code == 0, result.output
    return result.stderr if "--json" not in arguments else result.stdout


def test_the_document_says_what_the_table_is_and_what_is_sure(repeated: Path) -> None:
    found = json.loads(invoked(repeated, "--json"))
    assert (found["rows"], found["series"], found["series_id"]) == (120, 1, None)
    assert (found["timestamp"], found["freq"], found["targets"]) == (["ds"], "D", ["sold"])
    assert (found["first"], found["last"]) == ("2023-01-02 00:00:00", "2023-03-02 00:00:00")
    assert found["covariates"] == {"numeric": ["price"], "static": []}
    assert (found["closed"], found["policies"]) == ({}, {})
    assert found["sure"] == ["timestamp", "freq"]
    (question,) = found["questions"]
    assert question["answers"][0]["option"] == "--set data.aggregate=sum --set 'data.freq=\"D\"'"
    assert "--target chooses among sold, price" in invoked(repeated)


def test_an_option_answers_and_is_written(repeated: Path) -> None:
    found = json.loads(invoked(repeated, "--json", "--set", "data.duplicates=sum"))
    assert (found["questions"], found["policies"]) == ([], {"duplicates": "sum"})
    assert load_config(Path(found["config"]), environment={}).data.duplicates == "sum"


def test_what_is_no_policy_is_refused_with_those_that_there_are(repeated: Path) -> None:
    result = CliRunner().invoke(app, ["init", str(repeated), "--set", "data.end=2024-01-01"])
    assert result.exit_code == 2
    assert "data.duplicates" in result.stderr


def test_yes_takes_no_answer_that_loses_rows(repeated: Path) -> None:
    found = json.loads(invoked(repeated, "--json", "--yes"))
    assert [each["kind"] for each in found["questions"]] == ["duplicates"]
    told = CliRunner().invoke(app, ["init", str(repeated), "--force", "--yes"]).stderr
    assert "taken by --yes: nothing, as no answer leaves all rows as they are\n" in told


def test_yes_takes_the_answer_after_which_all_rows_stay(folder: Path) -> None:
    now = pd.Timestamp.now().normalize()
    days = pd.date_range(now - pd.Timedelta(days=80), periods=100)
    pd.DataFrame({"ds": days, "y": range(100)}).to_csv("t.csv", index=False)
    questions = json.loads(invoked("t.csv", "--json"))["questions"]
    assert [each["safe"] for each in questions[0]["answers"]] == [False, True]
    found = json.loads(invoked("t.csv", "--json", "--yes"))
    assert (found["questions"], found["policies"]) == ([], {"future_rows": "keep"})
    told = CliRunner().invoke(app, ["init", "t.csv", "--force", "--yes"]).stderr
    assert "taken by --yes: --set data.future_rows=keep\n  all rows stay\n" in told


def typed(table: Path, keys: str) -> str:
    """What ``init`` says on a terminal where these keys are typed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        forecast_command("init", table, "--force"),
        env=environment(), stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, cwd=table.parent,
    ) as process:  # fmt: skip
        os.close(theirs)
        os.write(ours, keys.encode())
        said = b""
        try:
            while chunk := os.read(ours, 1 << 16):
                said += chunk
        except OSError:  # how the end of a terminal reads
            pass
    os.close(ours)
    assert process.returncode == 0, said
    return said.decode()


def test_on_a_terminal_a_number_answers_and_enter_leaves_a_question_open(repeated: Path) -> None:
    config = repeated.parent / "configs" / "t.yaml"
    assert "Enter leaves it open)" in typed(repeated, "\n")
    assert load_config(config, environment={}).data.aggregate is None
    said = typed(repeated, "2\n")
    assert "answered: --set data.aggregate=count --set 'data.freq=\"D\"'" in said
    assert load_config(config, environment={}).data.aggregate == "count"


def test_ctrl_d_leaves_all_open_and_another_word_is_asked_for_again(repeated: Path) -> None:
    config = repeated.parent / "configs" / "t.yaml"
    typed(repeated, "\x04")
    assert load_config(config, environment={}).data.aggregate is None
    assert typed(repeated, "99\n2\n").count("Enter leaves it open)") == 2
    assert load_config(config, environment={}).data.aggregate == "count"


@pytest.mark.parametrize("closed", [6, 7])
def test_rows_of_the_future_are_asked_about_where_steps_are_closed_too(
    folder: Path, closed: int
) -> None:
    now = pd.Timestamp.now().normalize()
    days = pd.date_range(now - pd.Timedelta(days=400), now + pd.Timedelta(days=60))
    days = days[days.day_of_week < closed]
    pd.DataFrame({"date": days, "sales": np.arange(len(days)) % 7}).to_csv("t.csv", index=False)
    (question,) = json.loads(invoked("t.csv", "--json"))["questions"]
    assert [each["keys"] for each in question["answers"]] == [
        {"future_rows": "drop"}, {"future_rows": "keep"},
    ]  # fmt: skip


def test_two_visits_a_week_are_asked_about_though_nobody_comes_on_sundays(folder: Path) -> None:
    days = pd.date_range("2022-01-03", periods=520)
    days = days[np.isin(days.day_of_week, [1, 3])]
    days += pd.to_timedelta(np.random.default_rng(0).integers(0, 20, len(days)) // 19, "D")
    pd.DataFrame({"date": days, "sales": np.arange(len(days)) % 7}).to_csv("t.csv", index=False)
    (question,) = json.loads(invoked("t.csv", "--json"))["questions"]
    assert {"aggregate": "sum", "freq": "W-SUN"} in [each["keys"] for each in question["answers"]]
    found = json.loads(invoked("t.csv", "--json", *shlex.split(question["answers"][0]["option"])))
    assert found["questions"] == []


def test_a_column_that_is_named_is_no_part_of_the_time(folder: Path) -> None:
    days = pd.date_range("2022-01-03", periods=60).repeat(48).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": days, "period": np.tile(np.arange(1, 49), 60)})
    frame.assign(sold=np.arange(len(frame)) % 7).to_csv("t.csv", index=False)
    found = json.loads(invoked("t.csv", "--json", "--series-id", "period"))
    assert (found["timestamp"], found["series"]) == (["date"], 48)
