"""What ``init`` does not guess: it says what was found and what could be done; training refuses
until someone chose.
"""

import csv
import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.check import check
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import assigned, load_config
from lstm_forecast.errors import DataError
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.read import read_table
from lstm_forecast.training.prepare import prepare
from tests.benchmarks.files import CASES

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
SETTLED = [
    *(
        "windows.context_length=6",
        "windows.horizon=2",
        "windows.normalisation=last",
        "preprocessing.log=false",
    ),
    *("model.linear=ridge", "model.segment_length=1"),
]
# policies that lose something
TOUCHING = ("duplicates", "off_grid", "future_rows", "infinite", "sentinels")


def days(count: int, first: str = "2022-01-01") -> list[str]:
    return [str(day.date()) for day in pd.date_range(first, periods=count)]


def write(
    folder: Path, header: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ","
) -> Path:
    path = folder / "table.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def single(folder: Path, odd: Sequence[str], count: int = 400) -> Path:
    """A daily column of numbers with some other cells among them, every seventh row."""
    cells = [f"{10 + k % 7}.5" for k in range(count)]
    for k, text in enumerate(odd):
        cells[7 * k + 3] = text
    return write(folder, ["ds", "y"], list(zip(days(count), cells, strict=True)))


def asked(table: Path, *options: str) -> tuple[list[dict[str, Any]], Path, str]:
    """What ``init`` asks, the config that it wrote, and what it said."""
    result = CliRunner().invoke(
        app, ["init", str(table), "--output", "asked.yaml", "--force", "--json", *options]
    )
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["ok"]
    return content["questions"], Path(content["config"]), result.stderr


def refusal(config: Path, table: Path) -> str:
    """What training says before anything is trained."""
    with pytest.raises(DataError) as error:
        prepare(load_config(config, environment={}), table)
    return str(error.value)


def settings(choice: dict[str, Any]) -> list[str]:
    return [
        f"data.{key}={json.dumps(value, ensure_ascii=False)}"
        for key, value in choice["keys"].items()
    ]


def require_answers_to_work(question: dict[str, Any], config: Path, table: Path) -> None:
    """Every answer that keys of the config can give lets ``check`` and all that training prepares
    go on; as options, ``init`` asks the same no more, and the answers to what it asks then do so.
    """
    text = config.read_text()
    for choice in question["answers"]:
        if choice["keys"]:
            options = shlex.split(choice["option"])
            left, _, _ = asked(table, *options)
            assert question["kind"] not in {each["kind"] for each in left}, choice
            written = settings(choice) if not left else []
            while left:
                answers = [each["option"] for each in left[0]["answers"] if each["option"]]
                options += shlex.split(answers[0])
                left, _, _ = asked(table, *options)
            if written:
                config.write_text(text)
            settled = load_config(config, overrides=[*SETTLED, *written], environment={})
            assert check(table, config=settled).problems == (), choice
            assert len(prepare(settled, table).values)
    config.write_text(text)


def touched(config: Path, table: Path) -> Iterator[tuple[str, int]]:
    """Rows that the policies in a config drop, merge, move or read as missing; what the clock of
    a sensor makes of a regular grid is no move where every row keeps a step of its own.
    """
    data = load_config(config, environment={}).data
    touching = [kind for kind in TOUCHING if kind != "off_grid" or data.duplicates != "error"]
    _, findings, _ = survey_panel(data, table)
    settled = {each.kind: each.count for each in findings if each.level == "settled"}
    yield from (
        (kind, settled.get(kind, 0))
        for kind in touching
        if getattr(data, kind) not in ("error", ())
    )


TEXTS = {
    "thousands in two ways": ["1.009.3", "2.100.000"],
    "two decimal signs": ["3 206,5"],
    "units": ["12 kg", "13kg"],
    "signs": ["5%", "€7"],
    "currency words": ["EUR 12.50"],
    "notes": ["12 (estimated)", "see row 7"],
    "other digits": ["\u00bd"],
    "spreadsheet errors": ["#DIV/0!"],
    "ranges": ["10-12"],
    "times": ["12:30"],
    "exponents": ["1.2x10^3"],
}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_with_digits_is_never_a_missing_value_without_a_word(
    folder: Path, texts: list[str]
) -> None:
    table = single(folder, texts)
    (question,), config, said = asked(table)
    assert (question["kind"], question["count"]) == ("texts", len(texts))
    assert f"{table}:5: column y: {texts[0]!r}" in question["places"][0]
    assert "data.sentinels=[" in said and f"{table}:5" in said
    data = load_config(config, environment={}).data
    assert (data.sentinels, data.missing) == ((), "error")
    assert repr(texts[0]) in refusal(config, table)
    require_answers_to_work(question, config, table)


@pytest.mark.parametrize("word", ["High", "Low", "Trace", "closed", "on", "MAX"])
def test_a_word_that_is_not_known_to_stand_for_no_value_is_asked_about(
    folder: Path, word: str
) -> None:
    table = single(folder, [word])
    (question,), config, said = asked(table)
    assert (question["kind"], question["count"]) == ("texts", 1)
    assert f"most often {word!r}: words that may say something" in said
    assert load_config(config, environment={}).data.sentinels == ()
    assert repr(word) in refusal(config, table)
    require_answers_to_work(question, config, table)


def test_train_and_check_refuse_the_config_with_the_exit_code_of_data(folder: Path) -> None:
    _, config, _ = asked(single(folder, ["12 kg"]))
    for command in ("train", "check"):
        result = CliRunner().invoke(app, [command, "--config", str(config)])
        assert result.exit_code == 4
        assert "12 kg" in result.output


def test_a_unit_beside_some_numbers_may_be_that_of_all(folder: Path) -> None:
    (question,), config, _ = asked(table := single(folder, ["12 kg", "13kg"]))
    assert question["answers"][0]["keys"] == {"units": {"y": {"": 1, "kg": 1}}}
    assert refusal(config, table)
    require_answers_to_work(question, config, table)


@pytest.mark.parametrize("texts", [["<0.5", "< 0.1"], [">100", "≥ 200"]])
def test_limits_of_what_could_be_measured_are_asked(folder: Path, texts: list[str]) -> None:
    (question,), config, said = asked(table := single(folder, texts))
    assert (question["kind"], question["count"]) == ("censored", 2)
    assert [choice["keys"]["censored"] for choice in question["answers"]] == [
        *("half", "limit", "missing")
    ]
    assert texts[0] in said and texts[0] in refusal(config, table)
    require_answers_to_work(question, config, table)


def test_words_without_digits_stay_words_for_missing_values_beside_those_that_are_asked(
    folder: Path,
) -> None:
    (question,), config, _ = asked(single(folder, ["offline", "10-12", "offline"]))
    data = load_config(config, environment={}).data
    assert (data.sentinels, data.missing) == (("offline",), "ffill")
    assert set(question["answers"][-1]["keys"]["sentinels"]) == {"offline", "10-12"}
    require_answers_to_work(question, config, folder / "table.csv")


def test_more_texts_than_a_config_holds_are_asked_to_be_corrected(folder: Path) -> None:
    table = single(folder, [f"{k}-60" for k in range(10, 50)], count=500)
    (question,), config, _ = asked(table)
    assert [choice["keys"] for choice in question["answers"]] == [{}]
    assert refusal(config, table)


def test_the_table_that_was_corrected_as_told_trains_with_the_same_config(folder: Path) -> None:
    table = single(folder, ["12 kg"])
    _, config, _ = asked(table)
    table.write_text(table.read_text().replace("12 kg", "12"))
    settled = load_config(config, overrides=SETTLED, environment={})
    assert check(table, config=settled).problems == ()


def test_a_named_target_with_texts_in_it_is_asked_as_any_other(folder: Path) -> None:
    (question,), *_ = asked(single(folder, ["12 kg"]), "--target", "y")
    assert question["kind"] == "texts"


def shops(count: int, keys: Sequence[tuple[object, object]]) -> list[list[object]]:
    return [
        [day, *key, 100 + k % 7 + 3 * n]
        for n, key in enumerate(keys)
        for k, day in enumerate(days(count))
    ]


@pytest.mark.parametrize(
    "keys",
    [
        [(store, item) for store in (1, 2, 3) for item in (1, 2)],
        [(store, item) for store in ("Graz", "Linz") for item in ("a", "b", "c")],
    ],
    ids=["numbers", "words"],
)
def test_two_columns_that_name_series_only_together_are_found_and_nothing_is_merged(
    folder: Path, keys: list[tuple[object, object]]
) -> None:
    table = write(folder, ["date", "store", "item", "sales"], shops(100, keys))
    questions, config, said = asked(table)
    assert not questions and "series: 6 by store and item, 100 rows each" in said
    data = load_config(config, environment={}).data
    assert (data.duplicates, data.targets) == ("error", ("sales",))
    assert data.series_id == ("store", "item")
    settled = load_config(config, overrides=SETTLED, environment={})
    assert len(prepare(settled, table).layout.ids) == 6

    rows = [[day, f"{store}-{item}", sales] for day, store, item, sales in shops(100, keys)]
    questions, config, said = asked(
        write(folder, ["date", "both", "sales"], rows), "--series-id", "both"
    )
    assert not questions and "series: 6 by both" in said
    settled = load_config(config, overrides=SETTLED, environment={})
    assert len(prepare(settled, table).layout.ids) == 6


def test_a_named_series_column_that_is_not_enough_is_told_with_what_is_missing(
    folder: Path,
) -> None:
    keys = [(store, item) for store in (1, 2, 3) for item in (1, 2)]
    table = write(folder, ["date", "store", "item", "sales"], shops(100, keys))
    (question,), config, said = asked(table, "--series-id", "store")
    assert "300 of 600 rows have the stamp of another row of their series (store)" in said
    assert "store and item" in said
    assert load_config(config, environment={}).data.duplicates == "error"
    require_answers_to_work(question, config, table)

    named = 'data.series_id: ["store", "item"] (--series-id store --series-id item)'
    assert named in said
    questions, config, said = asked(table, "--series-id", "store", "--series-id", "item")
    assert not questions and "series: 6 by store and item" in said
    assert check(table, config=load_config(config, environment={})).problems == ()


def test_measurements_are_no_names_of_series(folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [[day, int(sales)] for day in days(100) for sales in rng.integers(0, 10_000, 6)]
    (question,), config, _ = asked(write(folder, ["date", "visits"], rows))
    data = load_config(config, environment={}).data
    assert (data.series_id, data.targets, question["kind"]) == (None, ("visits",), "duplicates")


def test_identical_rows_beyond_a_few_may_be_events_and_are_asked(folder: Path) -> None:
    rows = [[day, 1] for day in days(100) for _ in range(3)]
    (question,), config, _ = asked(write(folder, ["date", "sold"], rows))
    assert "200 are equal to an earlier row in all columns" in question["finding"]
    assert load_config(config, environment={}).data.duplicates == "error"
    require_answers_to_work(question, config, folder / "table.csv")


def test_events_with_clock_times_are_not_moved_and_merged(folder: Path) -> None:
    rng = np.random.default_rng(0)
    moments = [
        pd.Timestamp(day) + pd.Timedelta(minutes=int(m))
        for day in days(150)
        for m in rng.integers(480, 1200, 6)
    ]
    table = write(
        folder, ["when", "quantity"], [[moment, k % 9] for k, moment in enumerate(moments)]
    )
    questions, config, said = asked(table)
    assert {question["kind"] for question in questions} == {"off_grid"}
    data = load_config(config, environment={}).data
    assert (data.off_grid, data.duplicates) == ("error", "error")
    assert "data.aggregate=sum" in said and "150 days from 2022-01-01 to 2022-05-30" in said
    assert "data.aggregate: sum, mean, last, max or count" in refusal(config, table)
    for question in questions:
        require_answers_to_work(question, config, table)


def test_one_event_a_day_is_not_moved_to_another_day(folder: Path) -> None:
    rng = np.random.default_rng(0)
    moments = [
        pd.Timestamp(day) + pd.Timedelta(minutes=int(m))
        for day, m in zip(days(150), rng.integers(480, 1200, 150), strict=True)
    ]
    (question,), config, _ = asked(
        write(folder, ["when", "quantity"], [[m, k % 9] for k, m in enumerate(moments)])
    )
    assert question["kind"] == "off_grid"
    assert load_config(config, environment={}).data.off_grid == "error"
    assert {choice["keys"]["freq"] for choice in question["answers"]} == {"D", "W-SUN"}
    require_answers_to_work(question, config, folder / "table.csv")


def test_a_clock_that_is_a_few_seconds_off_is_put_right_and_counted(folder: Path) -> None:
    stamps = pd.date_range("2022-01-01", periods=300, freq="20min").to_list()
    stamps = [stamp + pd.Timedelta(seconds=4 * (k % 3 == 2)) for k, stamp in enumerate(stamps)]
    questions, config, said = asked(
        write(folder, ["when", "y"], [[s, k % 9] for k, s in enumerate(stamps)])
    )
    assert not questions and "off_grid: " in said
    data = load_config(config, environment={}).data
    assert (data.off_grid, data.duplicates) == ("nearest", "error")


def test_more_than_a_few_rows_of_the_future_are_asked(folder: Path) -> None:
    dates = [*days(60), *days(5, first="2204-03-01")]
    table = write(folder, ["ds", "y"], [[day, k % 7] for k, day in enumerate(dates)])
    (question,), config, _ = asked(table)
    assert (question["kind"], question["count"]) == ("future_rows", 5)
    assert load_config(config, environment={}).data.future_rows == "error"
    assert refusal(config, table)
    require_answers_to_work(question, config, table)


def test_a_series_that_lies_all_in_the_future_is_not_left_out(folder: Path) -> None:
    rows = [[name, day, k % 7] for name in "abcdefghi" for k, day in enumerate(days(40))]
    rows += [["j", day, k % 7] for k, day in enumerate(days(40, first="2204-03-01"))]
    table = write(folder, ["store", "ds", "sales"], rows)
    (question,), config, _ = asked(table)
    assert [choice["keys"]["future_rows"] for choice in question["answers"]] == ["keep"]
    assert refusal(config, table)
    require_answers_to_work(question, config, table)


def test_numbers_too_large_to_calculate_with_are_asked(folder: Path) -> None:
    (question,), config, _ = asked(single(folder, ["1e200"]))
    assert question["kind"] == "infinite"
    assert load_config(config, environment={}).data.infinite == "error"
    require_answers_to_work(question, config, folder / "table.csv")


def test_several_open_questions_are_all_told_and_answers_to_all_of_them_settle_the_table(
    folder: Path,
) -> None:
    rows = [[day, cell] for day in days(100) for cell in (5, 6)]
    rows[3][1] = "12 kg"
    table = write(folder, ["ds", "y"], rows)
    questions, config, said = asked(table)
    assert {question["kind"] for question in questions} == {"duplicates", "texts"}
    assert said.count("question ") == 2
    answers = [setting for question in questions for setting in settings(question["answers"][-1])]
    settled = load_config(config, overrides=[*SETTLED, *answers], environment={})
    assert check(table, config=settled).problems == ()


@pytest.mark.parametrize("repeated", [0, 3, 4, 5, 40, 399])
def test_no_policy_that_is_written_touches_more_than_one_row_in_a_hundred(
    folder: Path, repeated: int
) -> None:
    rows = [[day, k % 7] for k, day in enumerate(days(400))]
    rows += [[day, k % 5] for k, day in enumerate(days(repeated))]
    table = write(folder, ["ds", "y"], rows)
    questions, config, _ = asked(table)
    assert bool(questions) == (repeated > len(rows) / 100)
    assert all(count <= len(rows) / 100 for _, count in touched(config, table))


def test_the_config_names_the_answers_beside_the_policy_that_is_open(folder: Path) -> None:
    table = write(folder, ["ds", "y"], [[day, 37 * k % 101] for k, day in enumerate(days(100) * 2)])
    _, config, _ = asked(table)
    text = config.read_text()
    assert "\n  duplicates: error\n" in text
    for rule in ("sum", "count", "mean", "last"):
        assert f'  #   - aggregate: {rule} and freq: "D" (100 days from 2022-01-01 to ' in text
    assert "  #   - duplicates: first (rows of one stamp are dropped but the first: 100 of" in text
    assert f"  #   at {table}:102: " in text


@needs_cases
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("below_detection", {"censored"}),
        ("transactions", {"off_grid"}),
    ],
)
def test_tables_as_people_have_them_keep_all_their_rows_until_someone_chose(
    folder: Path, name: str, kinds: set[str]
) -> None:
    table = CASES / f"{name}.csv"
    questions, config, _ = asked(table)
    assert {question["kind"] for question in questions} == kinds
    assert refusal(config, table)
    for question in questions:
        require_answers_to_work(question, config, table)


@needs_cases
@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.csv")))
def test_no_case_loses_more_than_one_row_in_a_hundred_without_being_asked(
    folder: Path, name: str
) -> None:
    table = CASES / f"{name}.csv"
    result = CliRunner().invoke(app, ["init", str(table), "--output", "a.yaml", "--json"])
    assert result.exit_code in (0, 4), result.output
    if result.exit_code == 0 and "censored" not in {
        each["kind"] for each in json.loads(result.stdout)["questions"]
    }:
        rows = len(read_table(table).frame)
        assert all(count <= rows / 100 for _, count in touched(Path("a.yaml"), table))


@pytest.mark.parametrize(
    ("number", "every", "settled"),
    [(999, 2, False), (9999, 7, False), (9999, 150, True), (-200, 4, True)],
)
def test_a_number_is_read_as_missing_where_it_is_rare_or_lies_below_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, every: int, settled: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2023-01-01", periods=400).strftime("%Y-%m-%d")
    cells = [number if k % every == every - 1 else 10 + k % 7 for k in range(400)]
    pd.DataFrame({"day": days, "y": cells}).to_csv("a.csv", index=False)
    result = CliRunner().invoke(app, ["init", "a.csv"])
    assert result.exit_code == 0, result.stderr
    text = Path("configs/a.yaml").read_text()
    assert (f"sentinels: [{float(number)}]" in text) == settled
    assert (f"{number} may be a value, or none" in result.stderr) != settled


def test_limits_at_the_end_that_are_read_as_missing_are_told_as_an_open_end(folder: Path) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2022-01-03", periods=60)]
    cells = [*(f"{10 + k % 7}.5" for k in range(58)), "<0.5", "<0.5"]
    rows = [f"{day},{cell}" for day, cell in zip(days, cells, strict=True)]
    (folder / "t.csv").write_text("\n".join(["ds,y", *rows, ""]))
    settings = [
        assigned(each, option="--set") for each in ("data.censored=missing", "data.missing=mask")
    ]
    draft = init(folder / "t.csv", output=folder / "c.yaml", settings=settings)
    assert draft.questions == ()
    (told,) = [each for each in draft.findings if each.startswith("open_end: ")]
    assert "2 cells are empty at the end of series y" in told
