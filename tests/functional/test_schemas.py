"""What every subcommand prints with --json is what its published schema says, and no more."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.schema import DOCUMENTS, find_schema
from tests.functional.commands import FAIL, FAST, RUN, SUCCEED, leaves, prepare, run_all

HEARD = ("null", "file", "null")  # stdout is read
# In a copy of `trained`, after all of SUCCEED: what they print in other ways.
MORE = [
    ["predict", *RUN],
    ["predict", *RUN, "--columns", "input"],
    ["predict", "--run", "shops"],
    ["plot", "gates", *RUN],
    ["plot", "gates", "--run", "shops"],
    ["explain", "--run", "known", "--at", "900", "--what-if", "promo=1", "-o", "parts.csv"],
    ["template", "--run", "known"],
    ["init", "sine.csv", "-o", "step.yaml"],
    ["quick", "sine.csv", "--horizon", "5", "--plot", "quick.png"],
    ["quick", "sine.csv", "--horizon", "5", "-o", "quick.json"],
    ["check", "sine.csv"],
    ["check", "-c", "sine.yaml", "--set", "data.targets=none"],
    ["backtest", "--run", "shops", "--importance", "-o", "backtest.csv"],
    ["compare", "-c", "sine.yaml", "--seeds", "0", "--plot", "compare.png", *FAST],
    ["retrain", "-c", "sine.yaml", "--set", "name=new", *FAST],
    ["monitor", "made.csv", *RUN, "--worst", "0.000001"],
    ["detect", "--run", "shops", "--rate", "0.4"],
    ["schema"],
    ["guide"],
]


def closed(schema: Any) -> Any:
    """The schema with nothing allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    return found | {"additionalProperties": False} if "properties" in schema else found


def faults(name: str, content: object) -> list[str]:
    """What is wrong with a document of that name."""
    validator = Draft202012Validator(closed(find_schema(name)))
    return [
        f"{name}: {error.json_path}: {error.message}" for error in validator.iter_errors(content)
    ]


def test_every_subcommand_has_a_schema() -> None:
    assert {leaf.replace(" ", "-") for leaf in leaves()} <= set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_one_and_describes_every_property(name: str) -> None:
    schema = json.loads(json.dumps(find_schema(name)))
    Draft202012Validator.check_schema(schema)
    for part in (schema, *schema.get("$defs", {}).values()):
        for key, field in part.get("properties", {}).items():
            assert key == "ok" or name == "config" or field.get("description"), (name, key)


def test_what_every_subcommand_prints_is_what_its_schema_says(workspace: Path) -> None:
    prepare(workspace)
    right = [[*name.split(), *args] for name, args in SUCCEED.items()]
    wrong = [[*name.split(), *args] for name, args in FAIL.items()]
    cases = [["train", "-c", "known.yaml"], *right, *MORE, *wrong]
    found = run_all([(HEARD, [*args, "--json"]) for args in cases], workspace)
    for args, (code, heard) in zip(cases, found, strict=True):
        content = json.loads(heard)
        assert content["ok"] is (code == 0), args
        own = next(leaf for leaf in leaves() if args[: len(leaf.split())] == leaf.split())
        name = own.replace(" ", "-")
        wanted = "failure" if args in wrong and name != "retrain" else name
        assert faults(wanted, content) == [], args
    assert faults("quick", json.loads((workspace / "quick.json").read_text())) == []
    status = json.loads((workspace / "runs" / "sine" / "status.json").read_text())
    assert faults("status", status) == []
    for run in (workspace / "runs").glob("*/0*"):
        for kind in ("manifest", "metrics", "golden"):
            assert faults(kind, json.loads((run / f"{kind}.json").read_text())) == []


def test_a_schema_is_printed_by_its_name_and_all_names_are_listed() -> None:
    listed = CliRunner().invoke(app, ["schema"])
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(DOCUMENTS)
    for name in ("config", "manifest"):
        printed = CliRunner().invoke(app, ["schema", name])
        assert json.loads(printed.stdout) == find_schema(name)
    wrong = CliRunner().invoke(app, ["schema", "manifets"])
    assert wrong.exit_code == 2
    assert "no schema manifets; see manifest" in wrong.stderr
