"""Columns that could name series although no stamp tells: none of what was measured."""

from pathlib import Path

import pandas as pd
import pytest

from lstm_forecast.tables.first_look import first_look


@pytest.mark.parametrize(
    ("even", "odd"),
    [
        ("{} km", "{}00 m"),
        ("{}", "none logged"),
        ("1{}0 bpm", "n/a"),
        ("{}00 kcal", "~300"),
        ("~{} m", "{} m"),
    ],
)
def test_a_column_of_measurements_that_is_not_read_names_no_series(
    tmp_path: Path, even: str, odd: str
) -> None:
    days = pd.date_range("2023-01-02", periods=100)
    cells = [(even, odd)[k % 5 > 1].format(3 + k % 7) for k in range(200)]
    rows = [f"{days[k // 2].date()},{cell},{('run', 'bike')[k % 3 > 1]},{k % 13}.5"
            for k, cell in enumerate(cells)]  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["date,measured,kind,pace", *rows, ""]))
    roles = first_look(path).roles
    assert "measured" in roles.unread
    assert [*roles.keys.possible] == ["kind"]
