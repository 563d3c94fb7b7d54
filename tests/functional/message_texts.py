"""The texts of this program that name an option or a key of the config, told by its source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Text", "texts"]

ROOT = Path(__file__).parents[2] / "lstm_forecast"
NAMES = sorted(str(file.relative_to(ROOT)) for file in ROOT.rglob("*.py"))
# whose texts are pages, files and names of these, and no messages
DOCUMENTS = ("commands/schema.py", "config/reference.py", "retraining/jobs.py")
FILES = [ROOT / name for name in NAMES if name not in DOCUMENTS]
SECTIONS = "data|windows|model|training|split|preprocessing|retrain|output"
NAMED = re.compile(rf"(?<![\w.-])(?:--[a-z][a-z0-9-]+|(?:{SECTIONS})\.(?:[a-z_]+|\{{\}}))")


@dataclass(frozen=True)
class Text:
    """One text of the source, with {} where values stand."""

    place: str
    template: str


def texts() -> Iterator[Text]:
    """All of them, but for docstrings, help and what is said of keys and of documents' fields."""
    for file in FILES:
        for line, template in _strings(ast.parse(file.read_text())):
            if " " in template.strip() and NAMED.search(template):
                yield Text(f"{file.relative_to(ROOT)}:{line}", template)


def _strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.keyword) and node.arg in ("help", "description"):
        return
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "described":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
        yield node.lineno, "".join(map(str, parts))
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                yield from _strings(each.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _strings(child)
