"""The rules that hold for the project as a whole: style, types, architecture, documentation."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from lstm_forecast.cli import EXIT_CODES as EXIT_CODES_IN_HELP
from lstm_forecast.config.document import parse_document
from lstm_forecast.config.loading import load_config, load_recipe
from lstm_forecast.config.pretrain import PretrainConfig
from lstm_forecast.config.reference import reference
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ForecastError
from lstm_forecast.model.optimisation import Optimisation
from lstm_forecast.store.report import Errors
from tests.functional.commands import leaves
from tests.functional.pages import GUIDE, PAGES, name_of

ROOT = Path(__file__).parents[1]
MOST_LINES, MOST_PARAMETERS = 40, 8  # of a function
TOOLS = {
    "ruff check": [sys.executable, "-m", "ruff", "check", "."],
    "ruff format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "mypy": [sys.executable, "-m", "mypy"],
    "lint-imports": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_project_is_clean_under(tool: str) -> None:
    result = subprocess.run(TOOLS[tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_files_of_the_package_stay_within_the_size_that_one_job_needs() -> None:
    sizes = {
        path: len(path.read_text().splitlines()) for path in (ROOT / "lstm_forecast").rglob("*.py")
    }
    assert {path.name: size for path, size in sizes.items() if size > 350} == {}


def test_there_is_one_module_for_each_subcommand_and_nothing_else() -> None:
    modules = {path.stem for path in (ROOT / "lstm_forecast" / "commands").glob("*.py")}
    assert modules - {"__init__"} == {name.split()[0] for name in leaves()}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_library_that_is_imported_is_one_of_those_the_project_asks_for() -> None:
    """What another library brings along may be gone with its next version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    optional = (each for name in ("baselines", "ray", "tune") for each in extras[name])
    asked = [*project["dependencies"], *optional]
    names = {re.split(r"[^\w.-]", each)[0] for each in asked}
    modules = {
        "scikit-learn": "sklearn",
        "python-calamine": "python_calamine",
        "ruamel.yaml": "ruamel",
    }
    known = (
        {modules.get(name, name) for name in names} | sys.stdlib_module_names | {"lstm_forecast"}
    )
    known |= {"annotated_types", "pydantic_core"}  # parts of pydantic
    known |= {"polars"}  # where frames of users are its own
    imported = set[str]()
    for path in (ROOT / "lstm_forecast").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition(".")[0])
    assert imported - known == set()


def test_functions_fit_on_a_screen_and_take_few_parameters() -> None:
    """Options of the command line are parameters there, and one a line."""
    large = []
    for path in (ROOT / "lstm_forecast").rglob("*.py"):
        if "cli" in path.relative_to(ROOT).parts:
            continue
        for function in functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            each = function.args
            taken = [*each.posonlyargs, *each.args, *each.kwonlyargs, each.vararg, each.kwarg]
            named = [one for one in taken if one is not None and one.arg not in ("self", "cls")]
            if lines > MOST_LINES or len(named) > MOST_PARAMETERS:
                large.append(f"{path.name}: {function.name}")
    assert large == []


def test_below_commands_training_and_retraining_nothing_takes_the_whole_config() -> None:
    """Only they, tuning beside them, the command line, the Python interface and the config's own
    room do.
    """
    rooms = ("cli", "commands", "config", "interface", "retraining", "training", "tuning")
    taken = []
    for path in (ROOT / "lstm_forecast").rglob("*.py"):
        if path.relative_to(ROOT / "lstm_forecast").parts[0] in rooms:
            continue
        for function in functions(path):
            each = function.args
            arguments = [*each.posonlyargs, *each.args, *each.kwonlyargs]
            kinds = [ast.unparse(one.annotation) for one in arguments if one.annotation]
            if any(re.fullmatch(r"['\"]?Config['\"]?( \| None)?", kind) for kind in kinds):
                taken.append(f"{path.name}: {function.name}")
    assert taken == []


def test_the_architecture_document_stays_short_and_names_every_folder() -> None:
    text = (ROOT / "lstm_forecast" / "ARCHITECTURE.md").read_text()
    folders = [
        path.name for path in (ROOT / "lstm_forecast").iterdir() if (path / "__init__.py").exists()
    ]
    assert len(text.splitlines()) <= 150
    assert [name for name in folders if f"{name}/" not in text] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_shipped_config_loads_and_finds_its_data(path: Path) -> None:
    if path.stem == "pretrain":  # whose data are made
        recipe = load_recipe(path)
        assert recipe == PretrainConfig(name=recipe.name)  # what the package ships is the default
        return
    config = load_config(path, environment={})
    assert config.name == path.stem
    assert (path.parent / config.data.path).is_file()


def test_the_page_on_config_keys_equals_the_schema() -> None:
    page = (ROOT / "configs" / "README.md").read_text()
    assert page == reference(), "python -m lstm_forecast.config.reference > configs/README.md"


def test_the_page_on_config_keys_explains_each_once() -> None:
    parts = reference().split("# Keys of a pretraining\n")
    for part, kind in zip(parts, (Config, PretrainConfig), strict=True):
        rows = re.findall(r"^\| `([\w.]+)` \| .+ \| .+ \| (.+) \|$", part, re.M)
        assert [key for key, _ in rows] == list(dict.fromkeys(key for key, _ in rows))
        assert {key for key, _ in rows} == {".".join(path) for path in _leaves(kind)}


def test_the_config_that_the_page_shows_is_one(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", reference(), re.S)
    (tmp_path / "shown.yaml").write_text(shown)
    assert load_config(tmp_path / "shown.yaml", environment={}).name == "sales"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_readme_has_a_row_for_every_command_and_leads_to_every_page() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in leaves() if f"| `forecast {name.split()[0]}" not in text] == []
    assert [
        name_of(page)
        for page in PAGES
        if page.name != "SECURITY.md"
        and page != ROOT / "README.md"
        and f"({name_of(page)})" not in text
    ] == []


def test_the_page_on_commands_has_a_row_for_every_one() -> None:
    rows = re.findall(r"^\| (`forecast .*?) \|", (GUIDE / "commands.md").read_text(), re.M)
    named = {word for row in rows for word in re.findall(r"[a-z]+", row)}
    assert [name for name in leaves() if not set(name.split()) <= named] == []


EXIT_CODES = (0, 1, 2, 3, 4, 5, 6, 7, 75, 130, 143)


@pytest.mark.parametrize("code", EXIT_CODES)
def test_every_exit_code_has_a_row_in_the_guide_and_stands_in_help(code: int) -> None:
    assert re.search(rf"^\| {code} \| \w", (GUIDE / "exit-codes.md").read_text(), re.M)
    assert re.search(rf"(?<!\d){code}(?!\d)", EXIT_CODES_IN_HELP)


def test_every_exit_code_of_an_error_is_one_of_these() -> None:
    assert {
        error.exit_code for error in _subclasses(ForecastError) if hasattr(error, "exit_code")
    } <= set(EXIT_CODES)


def _subclasses(error: type[ForecastError]) -> Iterator[type[ForecastError]]:
    for inner in error.__subclasses__():
        yield from (inner, *_subclasses(inner))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert anchor in [
                re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings
            ], link


def test_every_error_has_its_formula_in_the_guide() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (GUIDE / "backtest.md").read_text(), re.M)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {field.name for field in fields(Errors)} <= explained


def test_every_setting_of_a_training_acts_in_the_networks_folder() -> None:
    """A setting that the network's code never reads would be one that does nothing."""
    sources = [path.read_text() for path in (ROOT / "lstm_forecast/model/network").glob("*.py")]
    read = {
        node.attr
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
    }
    through_a_property = {"stop_after"}  # last_epoch
    settings = {field.name for field in fields(Optimisation)} - through_a_property
    assert settings | {"last_epoch"} <= read


def test_hooks_before_a_commit_are_the_checks_of_the_tests() -> None:
    (repository,) = parse_document(
        (ROOT / ".pre-commit-config.yaml").read_text(), source="hooks"
    ).values["repos"]
    hooks = {hook["name"]: hook["entry"].split() for hook in repository["hooks"]}
    expected = {name: list(map(str, command)) for name, command in TOOLS.items()}
    for command in expected.values():
        if command[:2] == [sys.executable, "-m"]:
            del command[:2]
        else:
            command[0] = Path(command[0]).name
    assert hooks == expected


def test_what_stands_at_the_top_goes_into_a_source_distribution() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    top = {name.split("/")[0] for name in listed} - {".ci", ".gitignore", "pyproject.toml"}
    assert top <= set(settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])


def _leaves(section: type, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    leaves = []
    for name, info in section.model_fields.items():
        is_section = isinstance(info.annotation, type) and hasattr(info.annotation, "model_fields")
        leaves += _leaves(info.annotation, (*prefix, name)) if is_section else [(*prefix, name)]
    return leaves


UNSAFE_MODULES = {
    "pickle",
    "cPickle",
    "joblib",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "jsonpickle",
    "yaml",
    "h5py",
}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "__import__",
    "load_model",
    "load_weights",
    "model_from_json",
    "model_from_config",
    "from_config",
    "enable_unsafe_deserialization",
    "system",
    "popen",
    "import_module",
    "unsafe_load",
    "full_load",
    "read_pickle",
    "to_pickle",
    "locate",
    "get_file",
    "urlopen",
    "urlretrieve",
}
# the config's own hook, and this program
STARTS_PROCESSES = ("retraining/status.py", "commands/retrain.py")
UNSAFE_OPTIONS = {"allow_pickle", "shell", "safe_mode", "weights_only"}


def unsafe(source: str) -> list[str]:
    """What the source imports, calls or sets that can run code which a file brought along."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [
                alias.name
                for alias in node.names
                if alias.name.split(".")[0] in UNSAFE_MODULES | {"subprocess"}
            ]
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = {node.module.split(".")[0], *(alias.name for alias in node.names)}
            found += sorted(parts & (UNSAFE_MODULES | UNSAFE_CALLS | {"subprocess"}))
        elif isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            found += (
                [name] if name in UNSAFE_CALLS or getattr(node.func, "id", "") == "compile" else []
            )
            found += [option.arg for option in node.keywords if option.arg in UNSAFE_OPTIONS]
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import yaml",
        "keras.models.load_model(p)",
        "model.load_weights(p)",
        "compile(x, y, z)",
        "eval(x)",
        "exec(x)",
        "os.system(x)",
        "np.load(p, allow_pickle=True)",
        "from pydoc import locate",
        "import subprocess",
        "f(x, shell=True)",
        "importlib.import_module(x)",
        "pd.read_pickle(p)",
    ],
)
def test_unsafe_code_is_recognised(source: str) -> None:
    assert unsafe(source)


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "lstm_forecast").rglob("*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_package_has_no_code_that_could_run_what_a_file_brought_along(path: Path) -> None:
    allowed = (
        ["subprocess"]
        if path.relative_to(ROOT / "lstm_forecast").as_posix() in STARTS_PROCESSES
        else []
    )
    assert unsafe(path.read_text(encoding="utf-8")) == allowed
