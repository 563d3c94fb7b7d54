"""Numbers as people write them are read as they were meant, or refused: never as others."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import load_config
from lstm_forecast.errors import DataError
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.numbers.amounts import STYLES, Style, numbers_written


def written(path: Path, cells: list[str], delimiter: str = ",", **more: Any) -> Path:
    stamps = pd.date_range("2023-01-02", periods=len(cells)).strftime("%Y-%m-%d")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        rows.writerows([["ds", "y"], *zip(stamps, cells, strict=True)])
    return path


def read(config: Path, table: Path, *overrides: str) -> list[float]:
    data = load_config(config, overrides=list(overrides), environment={}).data
    panel, findings, _ = survey_panel(data, table)
    assert all(finding.level != "refused" for finding in findings)
    return [float(value) for value in panel.values[:, 0]]


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["1,206.9", "811.9", "12.5"] * 9, [1206.9, 811.9, 12.5] * 9),
        (["3,014,370", "812", "12"] * 9, [3014370, 812, 12] * 9),
        (["12,34,567.5", "1,00,000", "7"] * 9, [1234567.5, 100000, 7] * 9),
        (["1.206,9", "811,9", "12"] * 9, [1206.9, 811.9, 12] * 9),
        (["1'206.90", "811.90", "12.00"] * 9, [1206.9, 811.9, 12] * 9),
        (["1\u202f206,9", "811,9", "2 206"] * 9, [1206.9, 811.9, 2206] * 9),
        (["452.03K", "1.2M", "950.5"] * 9, [452030, 1.2e6, 950.5] * 9),
        (["3,5 Mio.", "1,2 Mrd.", "4,0 Mio."] * 9, [3.5e6, 1.2e9, 4e6] * 9),
        (["452.03K", "1.2K", "7K"] * 9, [452.03, 1.2, 7] * 9),
        (["(12.50)", "7.25"] * 9, [-12.5, 7.25] * 9),
        (["12.50-", "7.25", "3"] * 9, [-12.5, 7.25, 3] * 9),
        (["1.28%", "-0.5%", "0%"] * 9, [1.28, -0.5, 0] * 9),
        (["0", "1.28%", "-0.5%"] * 9, [0, 1.28, -0.5] * 9),
        (["R$ 1.234,50", "R$ 7,00"] * 9, [1234.5, 7] * 9),
        (["1.2e3", "7", "-3E-1"] * 9, [1200, 7, -0.3] * 9),
    ],
)
def test_a_table_as_people_export_it_is_read_by_what_init_writes(
    tmp_path: Path, cells: list[str], meant: list[float]
) -> None:
    table, config = written(tmp_path / "t.csv", cells), tmp_path / "t.yaml"
    assert init(table, output=config).questions == ()
    assert read(config, table) == pytest.approx(meant)


@pytest.mark.parametrize(
    ("cells", "readings"),
    [
        (["1.009", "714", "2.100"], ({1.009, 714, 2.1}, {1009, 714, 2100})),
        (["10.000", "900", "2.000"], ({10, 900, 2}, {10000, 900, 2000})),
        (["1,234", "714", "2,001"], ({1.234, 714, 2.001}, {1234, 714, 2001})),
        (["1,234", "7,140"], ({1.234, 7.14}, {1234, 7140})),
    ],
)
def test_numbers_with_two_readings_are_asked_and_each_answer_is_one_of_them(
    tmp_path: Path, cells: list[str], readings: tuple[set[float], set[float]]
) -> None:
    table, config = written(tmp_path / "t.csv", cells * 20), tmp_path / "t.yaml"
    (question,) = init(table, output=config).questions
    assert question.kind == "csv"
    with pytest.raises(DataError, match=f"'{cells[0]}' has two readings"):
        read(config, table)
    answers = [
        set(read(config, table, f"data.csv={json.dumps(choice.keys['csv'])}"))
        for choice in question.answers
    ]
    assert answers == list(readings)


def test_a_number_of_a_thousand_without_a_sign_says_that_points_are_decimal_signs(
    tmp_path: Path,
) -> None:
    table, config = written(tmp_path / "t.csv", ["12.524", "7.730", "1035"] * 20), "t.yaml"
    assert init(table, output=tmp_path / config).questions == ()
    assert read(tmp_path / config, table)[:3] == [12.524, 7.73, 1035]


@pytest.mark.parametrize(
    ("options", "first"), [(("--decimal", "."), 1.009), (("--thousands", "."), 1009)]
)
def test_options_decide_which_reading_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, str], first: float
) -> None:
    monkeypatch.chdir(tmp_path)
    table = written(tmp_path / "t.csv", ["1.009", "714", "2.100"] * 20)
    result = CliRunner().invoke(app, ["init", str(table), "--output", "t.yaml", "--json", *options])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["questions"] == []
    assert read(tmp_path / "t.yaml", table)[0] == first


def test_one_sign_for_both_is_refused(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", ["1.009", "714"] * 20)
    options = ["init", str(table), "--decimal", ".", "--thousands", "."]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 3
    assert "decimal and thousands are one sign" in result.output


@pytest.mark.parametrize(
    ("policy", "read_as"), [("half", (0.25, 7, 100)), ("limit", (0.5, 7, 100))]
)
def test_limits_are_what_the_policy_says(
    tmp_path: Path, policy: str, read_as: tuple[float, ...]
) -> None:
    table, config = written(tmp_path / "t.csv", ["<0.5", "7", ">100", *"89"] * 20), "t.yaml"
    init(table, output=tmp_path / config)
    values = read(tmp_path / config, table, f"data.censored={policy}")
    assert tuple(values[:3]) == read_as


def test_new_rows_in_another_unit_are_refused_where_the_config_names_one(tmp_path: Path) -> None:
    table, config = written(tmp_path / "t.csv", ["12.5 kg", "7 kg"] * 20), tmp_path / "t.yaml"
    init(table, output=config)
    for other in ("12.5 lb", "12.5"):
        newer = written(tmp_path / "new.csv", ["12.5 kg"] * 20 + [other])
        with pytest.raises(DataError, match=r"new.csv:22: column y: expected a number"):
            read(config, newer)


@pytest.mark.parametrize("words", [("Y", "N"), ("yes", "no"), ("ja", "nein"), ("TRUE", "false")])
def test_words_for_true_and_false_are_numbers_of_a_covariate(
    tmp_path: Path, words: tuple[str, str]
) -> None:
    stamps = pd.date_range("2023-01-02", periods=60).strftime("%Y-%m-%d")
    table = tmp_path / "t.csv"
    promo = np.arange(60) % 3 == 0
    frame = pd.DataFrame({"ds": stamps, "y": np.arange(60) % 7 + 0.5})
    frame.assign(promo=np.where(promo, *words)).to_csv(table, index=False)
    init(table, output=tmp_path / "t.yaml")
    data = load_config(
        tmp_path / "t.yaml", overrides=["data.covariates.future=[promo]"], environment={}
    ).data
    panel, *_ = survey_panel(data, table)
    assert panel.values[:, 1].tolist() == promo.tolist()


def test_sizes_in_words_go_on_naming_series(tmp_path: Path) -> None:
    stamps = pd.date_range("2023-01-02", periods=60).strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        [(day, size, k % 7 + 0.5) for size in ("500 g", "250 g") for k, day in enumerate(stamps)],
        columns=["date", "pack", "sold"],
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    init(tmp_path / "t.csv", output=tmp_path / "t.yaml")
    data = load_config(tmp_path / "t.yaml", environment={}).data
    assert (data.series_id, data.targets) == ("pack", ("sold",))


@given(st.text("0123456789.,' -+eE€%kKgM()<>\u202f", max_size=12), st.sampled_from(STYLES))
def test_any_text_is_a_number_or_none(text: str, style: Style) -> None:
    (number,) = numbers_written(pd.Series([text], dtype="str"), style, {"": 1.0})
    assert np.isnan(number) or abs(number) < np.inf or "e" in text.lower()


def test_check_reads_a_table_as_settings_say_and_takes_no_others(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", ["1.009", "714", "2.100"] * 20)
    assert CliRunner().invoke(app, ["check", str(table)]).exit_code == 4
    for answer in ('{"decimal": "."}', '{"decimal": ",", "thousands": "."}'):
        command = ["check", str(table), "--set", f"data.csv={answer}"]
        assert CliRunner().invoke(app, command).exit_code == 0
    result = CliRunner().invoke(app, ["check", str(table), "--set", "data.gaps=fill"])
    assert result.exit_code == 2
    assert "check takes what says how the table is read: data.csv" in result.output


def test_units_of_a_column_that_is_not_there_are_refused(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", ["12.5 kg", "7 kg"] * 20)
    command = ["init", str(table), "--set", "data.units={Nix: {kg: 1}}"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 4
    assert "data.units: no column Nix; the columns are ds, y" in result.output
