"""A key that the config has and no code reads would be a promise that nobody keeps."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from lstm_forecast.config.fields import Section
from lstm_forecast.config.schema import Config

PACKAGE = Path(__file__).parents[3] / "lstm_forecast"
Key = tuple[str, str]  # class of the section, name of the key


def sections(section: type[Section], name: str = "config") -> Iterator[tuple[str, type[Section]]]:
    """Every section by the name of its key, the whole config first."""
    yield name, section
    for key, info in section.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            yield from sections(info.annotation, key)


def keys() -> dict[Key, str]:
    """Every key that holds a value, and what is to be read for it."""
    names = {section.__name__ for _, section in sections(Config)}
    return {
        (section.__name__, key): f"{name}.{key}"
        for name, section in sections(Config)
        for key, info in section.model_fields.items()
        if getattr(info.annotation, "__name__", "") not in names
    }


def reads(source: str) -> set[Key]:
    """Keys that a module reads of what it calls a section, or that a section reads of itself."""
    named = {name: section.__name__ for name, section in sections(Config)}
    classes = set(named.values())
    tree = ast.parse(source)
    bound = _bound(tree, named)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            for section in _sections_of(node.value, named, bound):
                found.add((section, node.attr))
        elif isinstance(node, ast.ClassDef) and node.name in classes:
            found |= {
                (node.name, each.attr)
                for function in node.body
                if isinstance(function, ast.FunctionDef) and "property" in _decorators(function)
                for each in ast.walk(function)
                if isinstance(each, ast.Attribute) and _is_name(each.value, "self")
            }
    return found


def _bound(tree: ast.AST, named: dict[str, str]) -> dict[str, set[str]]:
    """Names of variables and fields that hold a section somewhere in a module."""
    bound: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            target = node.arg if isinstance(node, ast.arg) else getattr(node.target, "id", "")
            words = {each.id for each in ast.walk(node.annotation) if isinstance(each, ast.Name)}
            for section in words & set(named.values()):
                bound.setdefault(target, set()).add(section)
        elif isinstance(node, ast.Assign):
            for target, value in _pairs(node):
                if isinstance(target, ast.Name) and getattr(value, "attr", "") in named:
                    bound.setdefault(target.id, set()).add(named[value.attr])
    return bound


def _pairs(node: ast.Assign) -> Iterable[tuple[ast.expr, ast.expr]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return zip(target.elts, value.elts, strict=False)
    return [(target, value)]


def _sections_of(value: ast.expr, named: dict[str, str], bound: dict[str, set[str]]) -> set[str]:
    """Sections that an expression may be: ``config.data``, or what holds one."""
    if isinstance(value, ast.Attribute):
        return {named[value.attr]} if value.attr in named else bound.get(value.attr, set())
    return bound.get(value.id, set()) if isinstance(value, ast.Name) else set()


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _decorators(function: ast.FunctionDef) -> set[str]:
    return {each.id for each in function.decorator_list if isinstance(each, ast.Name)}


def test_every_key_of_the_config_is_read_by_the_code_that_it_is_for() -> None:
    found = set().union(*(reads(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")))
    assert sorted(name for key, name in keys().items() if key not in found) == []


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("def f(config: Config): return config.training.ema", ("TrainingConfig", "ema")),
        ("def f(data: DataConfig): return data.dst", ("DataConfig", "dst")),
        ("split, n = config.split, 1\nprint(split.test)", ("SplitConfig", "test")),
        (
            "class ModelConfig:\n    @property\n    def n(self): return self.levels",
            ("ModelConfig", "levels"),
        ),
    ],
)
def test_a_read_of_a_key_is_recognised(source: str, key: Key) -> None:
    assert key in reads(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(path: Path): return path.name",
        "config.training.model_dump(exclude={'ema'})",
        "class DataConfig:\n    def _is_checked(self): return self.dst",
        "config.name = 'a'",
    ],
)
def test_what_reads_no_key_is_not_taken_for_a_read(source: str) -> None:
    assert reads(source) & keys().keys() == set()
