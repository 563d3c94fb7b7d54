"""A dash and a number below 0 may be values or none: ``init`` asks, and no command guesses."""

import json
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

DAYS = [str(day.date()) for day in pd.date_range("2022-01-03", periods=60)]
MONTHS = [str(month)[:7] for month in pd.date_range("2022-01-01", periods=24, freq="MS")]


def drafted(name: str, *options: str) -> Any:
    """What ``init`` answers as a document."""
    command = ["init", name, "--force", "--output", "c.yaml", "--json", *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def trained_on(name: str, *keys: str) -> Panel:
    """The panel that training learns from."""
    data = load_config(Path("c.yaml"), overrides=list(keys), environment={}).data
    return read_panel(data, Path(name), memory_limit=None, training=True)[0]


def daily(odd: dict[int, str], usual: str = "{}") -> str:
    cells = [odd.get(k, usual.format(1 + k % 7)) for k in range(len(DAYS))]
    return "\n".join(["ds,y", *(f"{d},{y}" for d, y in zip(DAYS, cells, strict=True)), ""])


@pytest.mark.parametrize("dash", ["-", "--", *"\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"])
@pytest.mark.parametrize("options", [(), ("--target", "y")])
def test_a_column_of_mostly_dashes_is_asked_about_as_one_with_few(
    folder: Path, dash: str, options: tuple[str, ...]
) -> None:
    odd = {k: dash for k in range(1, len(DAYS)) if k % 3}
    (folder / "t.csv").write_text(daily(odd), encoding="utf-8")
    (question,) = drafted("t.csv", *options)["questions"]
    assert (question["kind"], question["count"]) == ("dashes", len(odd))
    drafted("t.csv", *options, *_options(question["answers"][0]))
    values = trained_on("t.csv").values[:, 0]
    assert (len(values), np.flatnonzero(values == 0).tolist()) == (60, sorted(odd))


@pytest.mark.parametrize("dash", ["-", "--", "\u2013"])
def test_a_dash_among_small_counts_is_asked_about_and_each_answer_does_what_it_says(
    folder: Path, dash: str
) -> None:
    (folder / "t.csv").write_text(daily({4: dash, 20: dash, 59: dash}), encoding="utf-8")
    (question,) = drafted("t.csv")["questions"]
    assert (question["kind"], question["count"]) == ("dashes", 3)
    assert "column y (3)" in question["finding"]
    with pytest.raises(DataError, match="may stand for 0 or for no value"):
        trained_on("t.csv")
    zero, missing = question["answers"]
    assert zero["keys"] == {"dashes": "zero"}
    assert drafted("t.csv", *_options(zero))["questions"] == []
    values = trained_on("t.csv").values[:, 0]
    assert (len(values), np.flatnonzero(values == 0).tolist()) == (60, [4, 20, 59])
    assert drafted("t.csv", *_options(missing))["questions"] == []
    values = trained_on("t.csv").values[:, 0]
    assert (len(values), np.flatnonzero(np.isnan(values)).tolist()) == (59, [4, 20])


def _options(answer: dict[str, Any]) -> list[str]:
    pairs = (f"data.{key}={json.dumps(value)}" for key, value in answer["keys"].items())
    return [part for pair in pairs for part in ("--set", pair)]


@pytest.mark.parametrize(
    ("odd", "usual"),
    [({4: "-", 20: "-", 30: "0"}, "{}"), ({4: "-"}, "90{}"), ({4: "-", 9: "-3"}, "{}")],
)
def test_a_dash_is_missing_where_zeros_are_written_or_hardly_occur_and_is_named(
    folder: Path, odd: dict[int, str], usual: str
) -> None:
    (folder / "t.csv").write_text(daily(odd, usual))
    draft = drafted("t.csv")
    assert draft["questions"] == []
    count = list(odd.values()).count("-")
    assert any(f"column y: read as missing: '-' ({count})" in each for each in draft["findings"])


@pytest.mark.parametrize("mark", [".", "..", "?", "NA"])
def test_marks_that_need_no_key_are_named_with_their_count(folder: Path, mark: str) -> None:
    (folder / "t.csv").write_text(daily({4: mark, 5: mark}))
    found = drafted("t.csv")["findings"]
    assert any(f"column y: read as missing: {mark!r} (2)" in each for each in found)


def test_dashes_of_a_wide_table_count_at_the_ends_of_a_series_too(folder: Path) -> None:
    cells = [["-", *map(str, range(1, 22)), "-", "-"], [str(3 + k % 5) for k in range(24)]]
    cells[1][7] = "-"
    rows = [",".join([name, *row]) for name, row in zip("ab", cells, strict=True)]
    (folder / "t.csv").write_text("\n".join([",".join(["place", *MONTHS]), *rows, ""]))
    (question,) = drafted("t.csv")["questions"]
    assert question["count"] == 4
    drafted("t.csv", "--set", "data.dashes=zero")
    panel = trained_on("t.csv")
    assert (panel.layout.lengths.tolist(), (panel.values == 0).sum()) == ([24, 24], 4)
    found = drafted("t.csv", "--set", "data.dashes=missing")["findings"]
    assert any("column value: read as missing: '-' (4)" in each for each in found)
    assert any(each.startswith("3 cells without a value before the first") for each in found)


def test_mostly_dashes_in_a_wide_table_are_asked_about(folder: Path) -> None:
    cells = ["\u2014" if k % 3 else str(1 + k % 5) for k in range(24)]
    rows = [",".join([name, *cells]) for name in "ab"]
    lines = [",".join(["place", *MONTHS]), *rows, ""]
    (folder / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    (question,) = drafted("t.csv")["questions"]
    assert (question["kind"], question["count"]) == ("dashes", 32)


def test_rows_that_nothing_before_can_fill_are_told_as_left_out(folder: Path) -> None:
    (folder / "t.csv").write_text(daily({0: "", 1: "", 9: ""}))
    found = drafted("t.csv")["findings"]
    assert any(each.startswith("leading_rows: 2 rows without a value") for each in found)
    assert any(each.startswith("missing: 3 rows: data.missing: ffill") for each in found)


@pytest.mark.parametrize("code", ["-1", "-9", "-99", "-99.9"])
@pytest.mark.parametrize("usual", ["{}", "10{}", "2{}.5"])
def test_a_code_below_zero_is_asked_about_and_never_learned_from_in_silence(
    folder: Path, code: str, usual: str
) -> None:
    (folder / "t.csv").write_text(daily({4: code, 5: code, 30: code}, usual))
    (question,) = drafted("t.csv")["questions"]
    assert (question["kind"], question["count"]) == ("negative", 3)
    with pytest.raises(DataError, match="less than 0"):
        trained_on("t.csv")
    code_answer, value_answer = question["answers"]
    drafted("t.csv", *_options(code_answer))
    assert np.flatnonzero(np.isnan(trained_on("t.csv").values[:, 0])).tolist() == [4, 5, 30]
    drafted("t.csv", *_options(value_answer))
    assert (trained_on("t.csv").values[:, 0] == float(code)).sum() == 3


@pytest.mark.parametrize("code", ["-9", "-99"])
def test_one_usual_code_beside_counts_is_asked_about_too(folder: Path, code: str) -> None:
    (folder / "t.csv").write_text(daily({4: code}))
    (question,) = drafted("t.csv")["questions"]
    assert (question["kind"], question["count"]) == ("negative", 1)
    drafted("t.csv", *_options(question["answers"][1]))
    assert trained_on("t.csv").values[4, 0] == float(code)


@pytest.mark.parametrize(("code", "usual"), [("-200", "{}"), ("-999", "10{}")])
def test_a_documented_code_far_below_all_others_is_told_as_missing(
    folder: Path, code: str, usual: str
) -> None:
    (folder / "t.csv").write_text(daily({4: code}, usual))
    draft = drafted("t.csv")
    assert (draft["questions"], draft["policies"]["sentinels"]) == ([], [float(code)])


@pytest.mark.parametrize("odd", [{4: "-1"}, {4: "-1", 5: "-2"}, {4: "-0.5", 5: "-0.5"}])
def test_values_below_zero_that_are_no_codes_are_not_asked_about(
    folder: Path, odd: dict[int, str]
) -> None:
    (folder / "t.csv").write_text(daily(odd))
    assert drafted("t.csv")["questions"] == []
