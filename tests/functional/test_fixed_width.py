"""A table whose columns have a fixed width is said to be one, with or without lines above it."""

from pathlib import Path

import pytest

from tests.functional.test_cli import invoke

ABOVE = """\
Oxford
Location: 450900E 207200N, Lat 51.761 Lon -1.262, 63 metres amsl
Estimated data is marked with a * after the value.
"""
NAMES = "   year  month  tmax    tmin      af    rain     sun\n"
UNITS = "              degC    degC    days      mm   hours\n"
ROWS = "".join(
    f"   {year}  {month:2}   {8 + month / 3:4.1f}    {2 + month / 4:4.1f}"
    f"      {month % 5:2}    {40 + month * 1.3:4.1f}   {50 + month * 2.1:5.1f}\n"
    for year in range(1990, 1996)
    for month in range(1, 13)
)


@pytest.mark.parametrize("above", [ABOVE + NAMES + UNITS, NAMES + UNITS, NAMES])
@pytest.mark.parametrize("name", ["oxforddata.txt", "oxford.csv"])
def test_columns_of_a_fixed_width_are_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(above + ROWS)
    refused = invoke("init", name, "-o", "t.yaml")
    assert refused.exit_code == 4
    assert "7 columns of a fixed width, with blanks between them: write a table" in refused.output
    lines = [",".join(line.split()) for line in (NAMES + ROWS).splitlines()]
    Path(name).write_text("\n".join([*lines, ""]))  # as is told
    assert invoke("init", name, "-o", "t.yaml").exit_code == 0
