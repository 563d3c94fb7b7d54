"""Tables as offices, loggers, banks and web servers write them: each is read by what its cells say,
or refused with a remedy that works.
"""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import read_panel
from tests.unit.tables.books import write_xlsx

QUARTERS = [f"{year}-Q{quarter}" for year in range(2012, 2022) for quarter in range(1, 5)]
PLACES = {"AT": 10.0, "HR": 20.0, "SI": 30.0}


def asked(path: Path, *options: str) -> dict[str, Any]:
    """What ``init`` says of a table, whose config lies beside it."""
    config = str(path.with_suffix(".yaml"))
    call = ["init", str(path), "-o", config, "--force", "--json", *options]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(path: Path, *options: str) -> str:
    config = str(path.with_suffix(".yaml"))
    result = CliRunner().invoke(app, ["init", str(path), "-o", config, "--force", *options])
    assert result.exit_code == 4, result.output
    return result.stderr.replace("\n", " ")


def trained_on(path: Path, *, training: bool = True) -> Panel:
    """The panel that the config beside a table leads to."""
    config = path.with_suffix(".yaml")
    data = load_config(config).data
    panel, _ = read_panel(data, path, memory_limit=None, training=training)
    return panel


def wide(path: Path, change: Callable[[str, str, float], str]) -> Path:
    """A row for each place, a column for each quarter, cells as ``change`` writes them."""
    lines = ["\t".join(["geo", *(f"{each} " for each in QUARTERS)])]
    for place, level in PLACES.items():
        values = [level + k % 4 for k in range(len(QUARTERS))]
        cells = [change(place, each, value) for each, value in zip(QUARTERS, values, strict=True)]
        lines.append("\t".join([place, *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("word", [":", ": ", "..", " :", "n/a", "k.A."])
@pytest.mark.parametrize("at", [("AT", "2012-Q1"), ("SI", "2016-Q2")])
def test_a_word_for_a_missing_value_does_not_hide_a_wide_table(
    tmp_path: Path, word: str, at: tuple[str, str]
) -> None:
    path = wide(tmp_path / "t.tsv", lambda *cell: word if cell[:2] == at else f"{cell[2]} ")
    found = asked(path)
    assert (found["series"], found["freq"], found["questions"]) == (3, "QS-JAN", [])
    values = trained_on(path).values[:, 0]
    assert len(values) == 3 * len(QUARTERS) - (at[1] == QUARTERS[0])  # which is no row
    assert np.nanmax(values) == 33


def test_columns_of_texts_are_no_values_of_a_wide_table(tmp_path: Path) -> None:
    path = wide(
        tmp_path / "t.tsv", lambda *cell: f"see {cell[0]}" if cell[1] == "2015-Q1" else f"{cell[2]}"
    )
    assert "no column looks like a time" in refused(path)


def test_flags_behind_numbers_are_asked_and_the_answer_gives_the_numbers(tmp_path: Path) -> None:
    flags = {"2021-Q4": " p", "2021-Q3": " be", "2014-Q1": " r"}
    path = wide(tmp_path / "t.tsv", lambda *cell: f"{cell[2]}{flags.get(cell[1], '')}")
    (question,) = asked(path)["questions"]
    answer = question["answers"][0]
    assert "(be, p, r)" in answer["effect"]
    with pytest.raises(DataError, match=r"data\.units"):
        trained_on(path)
    assert asked(path, *shlex.split(answer["option"]))["questions"] == []
    assert trained_on(path).values[:, 0].sum() == sum(
        level + k % 4 for level in PLACES.values() for k in range(len(QUARTERS))
    )


@pytest.mark.parametrize("units", [(" kg", " t"), (" K", " p")])
def test_units_that_may_be_worth_more_than_others_are_not_taken_for_flags(
    tmp_path: Path, units: tuple[str, str]
) -> None:
    beside = dict(zip(("2021-Q4", "2014-Q1"), units, strict=True))
    path = wide(tmp_path / "t.tsv", lambda *cell: f"{cell[2]}{beside.get(cell[1], '')}")
    (question,) = asked(path)["questions"]
    assert not any("units" in answer["keys"] for answer in question["answers"])


def test_words_that_are_named_leave_the_others_open(tmp_path: Path) -> None:
    path = wide(tmp_path / "t.tsv", lambda *cell: "7 p" if cell[1] == "2020-Q1" else f"{cell[2]}")
    assert len(asked(path, "--set", "data.sentinels=zz")["questions"]) == 1
    assert asked(path, "--set", 'data.sentinels=["7 p"]')["questions"] == []


@pytest.mark.parametrize(
    "months",
    [
        "Ene Feb Mar Abr May Jun Jul Ago Sep Oct Nov Dic",
        "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    ],
)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_months_in_any_language_stand_beside_years_that_are_numbers(
    tmp_path: Path, months: str, kind: str
) -> None:
    rows = [[year, *(year + month / 8 for month in range(12))] for year in range(2001, 2021)]
    header, path = ["Rok", *months.split()], tmp_path / f"t.{kind}"
    if kind == "xlsx":
        write_xlsx(path, {"S": [header, *rows]})
    else:
        pd.DataFrame(rows, columns=header).to_csv(path, index=False)
    assert asked(path)["freq"] == "MS"
    panel = trained_on(path)
    assert panel.values[:, 0].tolist() == [value for row in rows for value in row[1:]]


def daily(last: Sequence[str], *, written: str = "%d.%m.%Y") -> str:
    days = pd.date_range("2024-01-01", periods=60)
    return "\n".join(["Tag;Betrag", *(f"{day:{written}};{9 + day.day}" for day in days), *last])


@pytest.mark.parametrize("last", [["Saldo am 29.02.2024;"], ["Stand: 01.03.2024;", "Summe 2024;1"]])
def test_a_last_line_with_a_date_in_it_names_the_key_that_leaves_it_out(
    tmp_path: Path, last: list[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(daily(last) + "\n")
    named = re.search(r"\((--set data\.csv\.footer=\d+)\)", refused(path))
    assert named is not None
    asked(path, *shlex.split(named[1]))
    assert trained_on(path).values[:, 0].tolist()[-1] == 9 + 29
    assert len(trained_on(path).values) == 60


def test_a_footer_is_not_named_for_what_it_does_not_mend(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = daily(["Saldo am 29.02.2024;"]).splitlines()
    lines[30] = "am 30. vielleicht;3"
    path.write_text("\n".join(lines) + "\n")
    assert "data.csv.footer" not in refused(path)


@pytest.mark.parametrize("written", ["%Y年%m月%d日", "%Yk%mk%d"])
def test_notes_below_stamps_of_any_spelling_are_left_out_by_the_key(
    tmp_path: Path, written: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(daily(["(注)速報値;", "資料:観光庁;"], written=written) + "\n")
    options = ["--timestamp", "Tag", "--timestamp-format", written]
    asked(path, *options, "--set", "data.csv.footer=2")
    assert len(trained_on(path).values) == 60


def logger(path: Path, *, units: int) -> Path:
    """Lines of a data logger: what it is, names, and lines of units and of what was done."""
    below = ['"TS","RN","Volts","m"', '"","","Min","Avg"', '"","","(a)","(b)"'][:units]
    stamps = pd.date_range("2024-05-01", periods=300, freq="h")
    rows = [
        f'"{stamp}",{700 + k + (k > 99)},12.{k % 7},1.{20 + k % 24}'
        for k, stamp in enumerate(stamps)
    ]
    head = ['"TOA5","Wehr","CR1000","1"', '"TIMESTAMP","RECORD","Batt_Min","Level_Avg"']
    path.write_text("\n".join([*head, *below, *rows]) + "\n")
    return path


@pytest.mark.parametrize("units", [1, 2, 3])
def test_lines_of_units_below_the_header_are_left_out_together(tmp_path: Path, units: int) -> None:
    path = logger(tmp_path / "t.dat", units=units)
    text = refused(path, "--set", "data.csv.header=2")
    assert "data.csv.units_row: true" in text
    found = asked(path, "--set", "data.csv.header=2", "--set", "data.csv.units_row=true")
    assert found["rows"] == len(trained_on(path).values) == 300
    assert "RECORD" not in [*found["targets"], *found["covariates"]["numeric"]]


def test_a_log_of_a_web_server_is_called_one_and_its_table_is_counted(tmp_path: Path) -> None:
    apart = np.random.default_rng(0).integers(60, 9000, 300).cumsum()
    moments = [pd.Timestamp("2024-05-13") + pd.Timedelta(int(each), "s") for each in apart]
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            f'10.0.0.{k % 9} - eva [{moment:%d/%b/%Y:%H:%M:%S} +0200] "GET / HTTP/1.1" 200 {k}\n'
            for k, moment in enumerate(moments)
        )
    )
    text = refused(path)
    assert "log of a web server" in text and len(text) < 400
    table = tmp_path / "t.csv"
    table.write_text("time,status\n" + "".join(f"{moment},200\n" for moment in moments))
    (question,) = asked(table)["questions"]
    options = [answer["option"] for answer in question["answers"]]
    assert any("data.aggregate=count" in option for option in options)


def shops(path: Path, *, keys: bool = False) -> Path:
    """Sales of two shops by month, and their total, whose second key is empty."""
    lines = ["Month,Shop,Item,Sold" if keys else "Month,Shop,Sold"]
    for k, month in enumerate(pd.period_range("2018-01", periods=48, freq="M")):
        parts = [("Ost", "x", 50 + k % 12), ("West", "x", 70 + k % 5), ("West", "y", 9 + k % 7)]
        rows = [*parts, ("Razem", "", sum(part[2] for part in parts))]
        lines += [
            ",".join(map(str, (month, shop, *([item] if keys else []), sold)))
            for shop, item, sold in rows
            if keys or item != "y"
        ]
    if not keys:
        lines = _without_y(lines)
    path.write_text("\n".join(lines) + "\n")
    return path


def _without_y(lines: Sequence[str]) -> list[str]:
    """The same with totals of the rows that are left."""
    found, total = [], 0
    for line in lines:
        *before, sold = line.split(",")
        if before[-1] == "Razem":
            sold, total = str(total), 0
        elif sold.isdigit():
            total += int(sold)
        found.append(",".join([*before, sold]))
    return found


@pytest.mark.parametrize("keys", [False, True])
def test_the_option_that_a_total_names_leaves_its_rows_out(tmp_path: Path, keys: bool) -> None:
    path = shops(tmp_path / "t.csv", keys=keys)
    given = ["--series-id", "Shop", "--series-id", "Item"] if keys else []
    before = asked(path, *given)
    (note,) = [each for each in before["findings"] if "is the sum of" in each]
    option = re.search(r"--set '[^']+'", note)
    assert option is not None
    found = asked(path, *given, *shlex.split(option[0]))
    assert found["series"] == before["series"] - 1 and found["rows"] == before["rows"]
    assert not any("is the sum of" in each for each in found["findings"])
    panel = trained_on(path)
    assert not any("Razem" in name for name in panel.layout.ids)
    assert panel.values[:, 0].max() < 80


def test_a_name_that_no_series_has_is_refused_and_a_later_table_may_lack_it(
    tmp_path: Path,
) -> None:
    path = shops(tmp_path / "t.csv")
    assert "no series Rasem; there are Razem" in refused(path, "--set", "data.leave_out=Rasem")
    assert "leaves no series" in refused(path, "--set", "data.leave_out=[Ost, West, Razem]")
    asked(path, "--set", "data.leave_out=Razem")
    rest = [line for line in path.read_text().splitlines() if "Razem" not in line]
    path.write_text("\n".join(rest) + "\n")
    assert trained_on(path, training=False).layout.ids == ("Ost", "West")
    with pytest.raises(DataError, match="no series Razem"):
        trained_on(path)


def test_a_key_that_a_run_keeps_is_a_remedy_only_with_another_training(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"

    def write(start: str, shorter: str = "") -> None:
        days = pd.date_range(start, periods=20).strftime("%Y-%m-%d")
        ends = {day: 46 if day == shorter else 48 for day in days}
        rows = [f"{day},{k},{k % 7}.5" for day in days for k in range(1, ends[day] + 1)]
        path.write_text("\n".join(["date,settlement_period,y", *rows]))

    write("2023-02-01")
    assert asked(path)["freq"] == "30min"
    write("2023-03-15", shorter="2023-03-26")
    with pytest.raises(DataError, match=r"such as Europe/London$"):
        trained_on(path)
    with pytest.raises(DataError, match=r"such as Europe/London, and train again$"):
        trained_on(path, training=False)


def test_prices_for_a_unit_and_amounts_in_rand_are_numbers(tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    days = pd.date_range("2024-01-01", periods=60).astype(str)
    rows = [f"{day};{60 + k % 7},25/Kg;R 1\xa0{600 + k},50" for k, day in enumerate(days)]
    table.write_text("\n".join(["Date;Wholesale;Fare revenue", *rows, ""]))
    asked(table, "--target", "Wholesale", "--target", "Fare revenue")
    values = trained_on(table).values
    np.testing.assert_array_equal(
        values[:8, 0], [60.25, 61.25, 62.25, 63.25, 64.25, 65.25, 66.25, 60.25]
    )
    np.testing.assert_array_equal(values[:3, 1], [1600.5, 1601.5, 1602.5])


@pytest.mark.parametrize("cell", ["5/Jan", "3/4", "R 12", "R7"])
def test_dates_without_a_year_ratios_and_codes_are_no_prices(tmp_path: Path, cell: str) -> None:
    table = tmp_path / "codes.csv"
    days = pd.date_range("2024-01-01", periods=60).astype(str)
    rows = [f"{day},{k % 7},{cell}" for k, day in enumerate(days)]
    table.write_text("\n".join(["ds,y,code", *rows, ""]))
    assert asked(table)["targets"] == ["y"]
    assert "expected a number" in refused(table, "--target", "code")


def written(stamp: pd.Timestamp) -> list[str]:
    """The name of a month, and behind a December that of the mean of its year."""
    return [f"{stamp:%Y %b}", *([f"{stamp:%Y} Ave"] if stamp.month == 12 else [])]


def test_a_header_of_months_below_a_title_is_what_the_refusal_names(tmp_path: Path) -> None:
    table = tmp_path / "index.csv"
    stamps = pd.date_range("2019-01-01", periods=48, freq="MS")
    months = [name for stamp in stamps for name in written(stamp)]
    lines = [
        '"Consumer prices (2018=100): January 2019"',
        "",
        ",".join(["Place", "Group", *months]),
    ]
    for place in ("North", "South"):
        for group in ("0 - ALL", "1 - FOOD"):
            lines.append(",".join([place, group, *(f"{100 + k / 10:.1f}" for k in range(52))]))
    table.write_text("\n".join([*lines, ""]))
    said = refused(table)
    assert "data.csv.header: 3 if that line names the columns" in said
    assert "data.csv.delimiter" not in said
    told = refused(table, "--set", "data.csv.header=3")
    assert "column 2019 Ave: no stamp (4 such columns)" in told
