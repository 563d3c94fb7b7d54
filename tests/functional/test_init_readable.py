"""Whatever ``init`` writes can be read: however many columns a table has, and whatever they are
called.
"""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import load_config
from lstm_forecast.errors import DataError, UsageError

ROWS = 60
HOSTILE = [
    "a\nb: 1", "a\r\nb", 'say "x"', "it's", "a: b", "a # b", "100 %", "%TAG ! x", "🙂", "x" * 300,
    "é" * 300, "\u2028",
    "\u0085", "\x1b[31m", "\x7f", "\ufeffa", "\ufffe", "\U000e0001", "- x", "{x}", "[x]", "? x",
    "|", ">", "&a", "*a",
    "!!python/object:x", "null", "NO", "~", "1e3", "<<", "=", "'", '"', "\\", "\\n", "{count}",
    "\u202ex",
    "training: {epochs: 1}",
]  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readable") / "t.csv"


def write(path: Path, names: Sequence[str], stamp: str = "ds") -> Path:
    """Days beside columns that count in different ways."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([*names, stamp])
    for k in range(ROWS):
        writer.writerow(
            [
                *((k * (n + 3)) % 17 for n in range(len(names))),
                f"2024-{1 + k // 28:02d}-{1 + k % 28:02d}",
            ]
        )
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    return path


def require_checked(table: Path, *options: str) -> str:
    """``init`` writes a config that ``check`` takes; its text."""
    config = table.with_suffix(".yaml")
    written = CliRunner().invoke(
        app, ["init", str(table), "--output", str(config), "--force", *options]
    )
    assert written.exit_code == 0, written.output
    checked = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert checked.exit_code == 0, checked.output
    assert len(written.stderr) < 20_000  # nobody reads thousands of names
    return config.read_text(encoding="utf-8")


@pytest.mark.parametrize("length", [5, 80])
def test_a_table_of_3000_columns_gets_a_config_that_check_accepts(table: Path, length: int) -> None:
    text = require_checked(write(table, [f"{k:04d}{'x' * (length - 4)}" for k in range(3000)]))
    assert len(text) < 6000
    assert "more columns" in text


def test_a_wide_table_with_series_in_it_gets_a_config_that_check_accepts(table: Path) -> None:
    """Columns that are constant in each series are listed too."""
    names = [f"group {k}" for k in range(500)]
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["store", "ds", "sales", *names])
        for store in ("a", "b"):
            for k in range(ROWS):
                writer.writerow(
                    [
                        store,
                        f"2024-{1 + k // 28:02d}-{1 + k % 28:02d}",
                        k % 7,
                        *[f"{store}x"] * len(names),
                    ]
                )
    text = require_checked(table)
    assert '#   static: ["group 0", ' in text
    assert len(text) < 6000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_kept_as_a_target_and_harmless_in_comments(
    table: Path, name: str
) -> None:
    write(table, ["sales", name])
    require_checked(table)
    require_checked(table, "--target", name)
    assert load_config(table.with_suffix(".yaml"), environment={}).data.targets == (name,)
    write(table, ["sales"], stamp=name)
    require_checked(table, "--timestamp", name)
    assert load_config(table.with_suffix(".yaml"), environment={}).data.timestamp == name


def test_more_targets_than_a_config_can_name_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    names = [f"{k:03d}{'x' * 297}" for k in range(300)]
    table = write(tmp_path / "t.csv", names)
    targets = [part for name in names for part in ("--target", name)]
    result = CliRunner().invoke(
        app, ["init", str(table), "--output", str(tmp_path / "c.yaml"), *targets]
    )
    assert result.exit_code == 2
    assert "KiB" in result.stderr and "--target" in result.stderr
    assert list(tmp_path.iterdir()) == [table]


def test_a_path_that_is_no_text_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    table = write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")), ["y"])
    result = CliRunner().invoke(app, ["init", str(table), "--output", str(tmp_path / "c.yaml")])
    assert result.exit_code == 4
    assert "UTF-8" in result.stderr
    assert not (tmp_path / "c.yaml").exists()


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), min_size=1, max_size=40
) | st.sampled_from(HOSTILE)
WORDS = st.sampled_from(
    [
        "offline",
        "-",
        "<0.5",
        "1,206.9",
        "n. v.",
        "12 kg",
        "inf",
        "1e200",
        "",
        "\u2028",
        "x: {y}",
        "z" * 500,
    ]
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(NAMES, min_size=1, max_size=5, unique=True),
    words=st.lists(st.tuples(st.integers(0, ROWS - 1), WORDS), max_size=5),
    repeated=st.integers(0, 5),
    named=st.booleans(),
)
@example(names=["a"], words=[(3, "z" * 500)], repeated=0, named=True)
def test_what_init_writes_for_any_table_is_read_again(
    table: Path, names: list[str], words: list[tuple[int, str]], repeated: int, named: bool
) -> None:
    write(table, names)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row, word in words:
        rows[1 + row][0] = word
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*rows, *rows[1 : 1 + repeated]])
    try:
        result = init(
            table,
            output=table.with_suffix(".yaml"),
            targets=names[:1] if named else (),
            force=True,
        )
    except (DataError, UsageError) as error:
        assert all(problem.strip() for problem in error.problems)
        return
    data = load_config(Path(result.config), environment={}).data
    # at the start of a file that sign is no part of a name
    first = names[0].removeprefix("\ufeff") or "Unnamed: 0"
    assert set(data.targets) <= {first, *names}
