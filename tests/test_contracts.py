"""The contracts of the architecture fail where they should: each fault is planted in a copy."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "lstm_forecast"
# A module of every room that must not reach Keras, and of every command that works without it.
WITHOUT_KERAS = [
    "commands/backtest.py", "commands/check.py", "commands/config.py", "commands/detect.py",
    "commands/explain.py", "commands/guide.py", "commands/init.py", "commands/monitor.py",
    "commands/plot.py", "commands/predict.py", "commands/quick.py", "commands/report.py",
    "commands/runs.py", "commands/schedule.py", "commands/schema.py", "commands/template.py",
    "config/schema.py", "documents.py", "events.py", "files.py", "forecasting/loaded.py",
    "reporting/report.py", "detecting/detect.py", "judging/metrics.py", "model/ensemble.py",
    "model/linear/ridge.py", "model/onnx/writer.py",
    "model/pretrained/inputs.py", "panel/panel.py", "pictures/forecast.py", "retraining/due.py",
    "retraining/status.py", "retraining/textfile.py", "store/reading.py", "tables/read.py",
    "windows/windows.py",
]  # fmt: skip
PLANTED = {
    **dict.fromkeys(WITHOUT_KERAS, "import keras"),
    # By a detour, where only the strict contract sees it.
    "retraining/judge.py": f"import {PACKAGE}.training.fit",
    "commands/train.py": f"import {PACKAGE}.commands.predict",
    "training/learn.py": "import keras",
    "forecasting/table.py": "import matplotlib",
    "panel/steps/grid.py": f"import {PACKAGE}.windows.windows",
    "model/spec.py": f"import {PACKAGE}.model.onnx.graph",
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint-imports says of a copy with all faults, each a line at the end of its module."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / PACKAGE, copy / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for place, line in PLANTED.items():
        path = copy / PACKAGE / place
        path.write_text(f"{path.read_text()}\n\n{line}\n")
    (copy / PACKAGE / "nowhere").mkdir()
    (copy / PACKAGE / "nowhere" / "__init__.py").touch()
    program = str(Path(sys.executable).with_name("lint-imports"))
    found = subprocess.run(
        [program, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert found.returncode != 0
    return found.stdout + found.stderr


@pytest.mark.parametrize("place", PLANTED)
def test_a_planted_import_fails_a_contract(place: str, complaints: str) -> None:
    module = f"{PACKAGE}.{place.removesuffix('.py').replace('/', '.')}"
    imported = PLANTED[place].removeprefix("import ")
    assert re.search(rf"{re.escape(module)} -> {re.escape(imported)} \(l\.\d+\)", complaints)


def test_the_strict_contract_holds_every_command_but_those_that_train() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    strict = next(each for each in settings["contracts"] if "never reaches" in each["name"])
    commands = {path.stem for path in (ROOT / PACKAGE / "commands").glob("[!_]*.py")}
    held = {name.rpartition(".")[2] for name in strict["source_modules"] if ".commands." in name}
    assert commands - held == {"compare", "pretrain", "retrain", "train", "tune"}


def test_a_folder_that_is_no_room_fails_a_contract(complaints: str) -> None:
    assert "nowhere" in complaints


def private_imports(source: str) -> Iterator[str]:
    """Names with an underscore in front that a source takes from modules of the package."""
    tree, modules = ast.parse(source), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            modules |= {alias.asname or alias.name for alias in node.names}
            yield from (alias.name for alias in node.names if is_private(alias.name))
            yield from filter(is_private, (node.module or "").split("."))
        elif isinstance(node, ast.Import):
            named = [alias for alias in node.names if alias.name.split(".")[0] == PACKAGE]
            modules |= {alias.asname or alias.name for alias in named}
            yield from (
                part for alias in named for part in alias.name.split(".") if is_private(part)
            )
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if isinstance(node.value, ast.Name) and node.value.id in modules:
                yield node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr"):
            words = [each.value for each in node.args if isinstance(each, ast.Constant)]
            patched = [word for word in words if isinstance(word, str)]
            target = node.args[0] if node.args else None
            if isinstance(target, ast.Name) and target.id in modules:
                yield from filter(is_private, patched)
            yield from (
                part
                for word in patched
                if word.startswith(f"{PACKAGE}.")
                for part in filter(is_private, word.split("."))
            )


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize(
    "source",
    [
        "from lstm_forecast.store.disk import _sync",
        "from lstm_forecast.commands._shared import x",
        "import lstm_forecast.commands._shared",
        "from lstm_forecast.store import disk\ndisk._sync(1)",
        "from lstm_forecast.store import disk\nmonkeypatch.setattr(disk, '_sync', None)",
        "monkeypatch.setattr('lstm_forecast.store.disk._sync', None)",
    ],
)
def test_a_planted_private_import_is_found(source: str) -> None:
    assert list(private_imports(source))


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / PACKAGE).rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_nothing_private_is_taken_from_another_module(path: Path) -> None:
    assert list(private_imports(path.read_text(encoding="utf-8"))) == []


WITH_KERAS = (
    "keras", "tensorflow", "lstm_forecast.model.network", "lstm_forecast.training.fit",
    "lstm_forecast.training.learn", "lstm_forecast.training.publish",
    "lstm_forecast.commands.train",
)  # fmt: skip


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "unit").rglob("test_*.py")), ids=lambda path: path.stem
)
def test_unit_tests_are_quick_as_none_starts_keras(path: Path) -> None:
    """What trains or runs Keras networks stands in tests/networks."""
    named = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            named.append(node.module or "")
        elif isinstance(node, ast.Import):
            named += [alias.name for alias in node.names]
    assert [name for name in named if name.startswith(WITH_KERAS)] == []
