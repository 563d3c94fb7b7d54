"""What holds no stamps is said to hold none, with what helps."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app

TIMES = [f"{k // 3600:02}:{k // 60 % 60:02}:{k % 60:02}" for k in range(120)]
PAGE = "<table><tr><td>2024-01-01</td><td>1</td></tr></table>"


def said(name: str, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["init", name, "--force", "--output", "c.yaml", *options])
    return result.exit_code, result.output


@pytest.mark.parametrize("options", [(), ("--timestamp", "Time")])
def test_times_without_a_date_are_no_stamps_and_what_is_said_to_do_works(
    folder: Path, options: tuple[str, ...]
) -> None:
    rows = [f"{time},{90 + k % 7}" for k, time in enumerate(TIMES)]
    (folder / "t.csv").write_text("\n".join(["Time,HR", *rows, ""]))
    code, told = said("t.csv", *options)
    assert code == 4
    assert "column Time: " in told and "without a date, such as '00:00:00', are no stamps" in told
    dated = [f"2024-01-31 {row}" for row in rows]
    (folder / "t.csv").write_text("\n".join(["Time,HR", *dated, ""]))
    assert said("t.csv", *options)[0] == 0
    numbered = [f"{k},{row}" for k, row in enumerate(rows)]
    (folder / "t.csv").write_text("\n".join(["step,Time,HR", *numbered, ""]))
    assert said("t.csv")[0] == 0


@pytest.mark.parametrize("name", ["t.xls", "t.html", "t.csv"])
@pytest.mark.parametrize("before", ["", "<!DOCTYPE html>\n<html><body>", "<!-- made -->\n<div>"])
def test_a_web_page_is_said_to_be_one_whatever_its_name(
    folder: Path, name: str, before: str
) -> None:
    (folder / name).write_text(before + PAGE)
    code, told = said(name)
    assert code == 4 and "a web page (HTML)" in told and "save the table as .xlsx or .csv" in told


def test_an_empty_list_among_records_by_key_is_said_with_what_to_write(folder: Path) -> None:
    days = ", ".join(f'"2024-06-{k:02}": {{"visits": {k}}}' for k in range(1, 20))
    (folder / "t.json").write_text(f'{{{days}, "2024-06-20": []}}')
    code, told = said("t.json")
    assert code == 4 and 'write one record for each key, {"ds": "2024-06-20"' in told
    records = ", ".join(f'{{"ds": "2024-06-{k:02}", "visits": {k}}}' for k in range(1, 20))
    (folder / "t.json").write_text(f"[{records}]")
    assert said("t.json")[0] == 0


@pytest.mark.parametrize("name", ["사용일자", "날짜", "日期", "日付"])
def test_days_in_digits_are_stamps_by_an_eastern_name_and_others_beside_them_are_no_counters(
    folder: Path, name: str
) -> None:
    days = [f"202407{k:02}" for k in range(1, 29)]
    later = [f"202407{k:02}" for k in range(3, 31)]
    rows = [f"{d},{50 + k % 7},{e}" for k, (d, e) in enumerate(zip(days, later, strict=True))]
    (folder / "t.csv").write_text("\n".join([f"{name},y,등록일자", *rows, ""]), encoding="utf-8")
    code, told = said("t.csv")
    assert code == 0 and f"time: {name}" in told
    assert "the time is" in told and "only counts rows" not in told
