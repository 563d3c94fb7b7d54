"""Names from the data, whatever stands in them: text in every output, and the name of no file."""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.template import template_csv
from lstm_forecast.config.loading import dump_config, load_config
from lstm_forecast.errors import UsageError
from lstm_forecast.store import open_run
from tests.functional.conftest import tree
from tests.reliability.hostile_runs import seal

FORMULAS = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", " =1", "\r=1"]
PATHS = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    "C:\\x",
    "CON",
    "a" * 300,
    "~root",
    "%2e%2e",
    "{0}",
    "*",
]
MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "]]>",
    "&lt;",
    "$x$",
    "\\b{1}",
]
CODES = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "a\nb",
    "\x9b2J",
    "\x7f",
    "\u202egnp.exe",
    "\u2028",
    "a\rb",
    "[/red]",
    "[bold]",
]
HOSTILE = [*FORMULAS, *PATHS, *MARKUP, *CODES]
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1, max_size=20
)
NAMES = (st.sampled_from(HOSTILE) | TEXTS).filter(
    lambda name: name.strip() and name not in ("shop", "day")
)
# elements that do something
LIVE = {"script", "foreignObject", "image", "a", "iframe", "animate", "set"}


def rename(home: Path, shops: dict[str, str], targets: dict[str, str]) -> None:
    """Other names in the data and in the run ``shops``, as if it had been trained with them."""
    run = open_run(home / "runs" / "shops").path
    ids = {
        f"{s}/{t}": f"{shop}/{target}" for s, shop in shops.items() for t, target in targets.items()
    }
    frame = pd.read_csv(home / "shops.csv").replace({"shop": shops}).rename(columns=targets)
    with (home / "shops.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerows([frame.columns, *frame.itertuples(index=False)])
    scaler = json.loads((run / "scaler.json").read_text())
    scaler["series"] = {ids[name]: numbers for name, numbers in scaler["series"].items()}
    (run / "scaler.json").write_text(json.dumps(scaler))
    golden = json.loads((run / "golden.json").read_text())
    (run / "golden.json").write_text(
        json.dumps(golden | {"series": [ids[name] for name in golden["series"]]})
    )
    forecasts = pd.read_parquet(run / "forecasts.parquet").replace({"unique_id": ids})
    forecasts.to_parquet(run / "forecasts.parquet", index=False)
    config = load_config(run / "config.yaml", environment={})
    data = config.data.model_copy(
        update={"targets": tuple(targets[name] for name in config.data.targets)}
    )
    (run / "config.yaml").write_text(dump_config(config.model_copy(update={"data": data})))
    seal(run)


def forecast(*arguments: str | Path, expect: int = 0) -> str:
    """What the command prints on stdout; nothing that it prints is obeyed by a terminal."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == expect, result.output
    for text in (result.stdout, result.stderr):
        assert all(sign.isprintable() or sign == "\n" for sign in text), repr(text)
    return result.stdout


def require_no_formula(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert re.fullmatch(r"[+-]?[\d.,]+(e[+-]?\d+)?", cell) or not re.match(
                r"\s*[=+\-@]", cell
            ), cell
            assert all(sign.isprintable() for sign in cell), repr(cell)


def require_dead(picture: Path) -> None:
    """The picture is well-formed, and nothing in it acts, calls or reaches outside."""
    for element in ElementTree.fromstring(picture.read_text(encoding="utf-8")).iter():
        assert element.tag.rpartition("}")[2] not in LIVE
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert not name.endswith("href") or value.startswith("#")


@pytest.fixture
def home(trained: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(shutil.copytree(trained, Path(name) / "home"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(NAMES, min_size=4, max_size=4, unique=True))
@example(FORMULAS[:4])
@example(PATHS[:4])
@example(PATHS[4:8])
@example(MARKUP[:4])
@example(CODES[:4])
@example(CODES[3:7])
def test_any_name_is_text_in_every_output(trained: Path, names: list[str]) -> None:
    north, south, *columns = names
    with tempfile.TemporaryDirectory() as folder:
        home, out = Path(shutil.copytree(trained, Path(folder) / "home")), Path(folder) / "out"
        rename(
            home,
            {"north": north, "south": south},
            dict(zip(("sold", "price"), columns, strict=True)),
        )
        out.mkdir()
        run, before = ("--runs", home / "runs", "--run", "shops"), tree(home)
        require_no_formula(forecast("predict", *run))
        require_no_formula(forecast("predict", *run, "--columns", "input"))
        found = {
            row["unique_id"] for row in json.loads(forecast("predict", *run, "--json"))["forecasts"]
        }
        assert found == {f"{shop}/{target}" for shop in (north, south) for target in columns}
        forecast("predict", *run, "--output", out / "a.csv")
        require_no_formula((out / "a.csv").read_text(encoding="utf-8"))
        forecast("plot", *run, "--output", out / "a.svg")
        require_dead(out / "a.svg")
        forecast("plot", *run, "--series", "nobody", expect=4)
        forecast("check", home / "shops.csv", "--json")
        forecast("check", home / "shops.csv")
        assert tree(home) == before
        assert {path.name for path in Path(folder).iterdir()} == {"home", "out"}
        assert {path.name for path in out.iterdir()} == {"a.csv", "a.svg"}


def test_tables_of_a_backtest_hold_no_formula(home: Path) -> None:
    rename(
        home, {"north": FORMULAS[0], "south": CODES[0]}, {"sold": FORMULAS[1], "price": FORMULAS[2]}
    )
    forecast("backtest", "--runs", home / "runs", "--run", "shops", "--output", home / "a.csv")
    require_no_formula((home / "a.csv").read_text())


@pytest.mark.parametrize("name", [*FORMULAS, *CODES])
def test_a_template_with_names_that_are_obeyed_is_not_written_as_csv(name: str) -> None:
    table = pd.DataFrame({"id": ["a", name], "ds": [1, 1], "promo": [None, None]})
    if name in ("[/red]", "[bold]"):  # text, where nobody reads markup
        assert name in template_csv(table)
        return
    for odd in (table, table.rename(columns={"promo": name}).assign(id="a")):
        with pytest.raises(UsageError, match=r"give an --output that ends in \.parquet"):
            template_csv(odd)
