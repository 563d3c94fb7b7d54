"""The formats of documents: what was written once is read, and written again as it was.

``formats/`` has a file for each of the names of ``forecast schema``, with every field that there
is. A field that is new belongs in it; one that is renamed or moved fails here.
"""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from lstm_forecast.commands.schema import CONFIG, DOCUMENTS, find_kinds
from lstm_forecast.documents import Document, parsed

FORMATS = Path(__file__).parent / "formats"
NAMES = [name for name in DOCUMENTS if name != CONFIG]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_that_was_written_once_is_written_again_as_it_was(name: str) -> None:
    text = (FORMATS / f"{name}.json").read_text()
    document = parsed(find_kinds(name)[0], text)
    assert isinstance(document, Document)
    assert json.dumps(document.content(), indent=1, ensure_ascii=False) + "\n" == text


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_file_has_every_field(name: str) -> None:
    kind = find_kinds(name)[0]
    assert is_dataclass(kind)
    content = json.loads((FORMATS / f"{name}.json").read_text())
    assert set(content) == {field.name for field in fields(kind)}


def test_what_a_newer_version_adds_is_left_out(tmp_path: Path) -> None:
    content = json.loads((FORMATS / "manifest.json").read_text())
    newer = parsed(find_kinds("manifest")[0], json.dumps(content | {"of_tomorrow": [1]}))
    assert newer.content() == content


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("manifest", '"series": 1', '"series": "1"'),
        ("manifest", '"series": 1', '"series": -1'),
        ("manifest", '"gain": 0.02', '"gain": NaN'),
        ("metrics", '"mae": [', '"mae": [[],'),
        ("metrics", '"windows": ', '"windows": -'),
        ("status", '"exit_code": 7', '"exit_code": "7"'),
        ("status", '"seconds": 60.125', '"seconds": Infinity'),
        ("status", '"outcome": "kept_champion"', '"outcome": "won"'),
    ],
)
def test_a_document_is_read_strictly(name: str, right: str, wrong: str) -> None:
    text = (FORMATS / f"{name}.json").read_text()
    assert right in text
    with pytest.raises(ValueError, match=r"validation error|Invalid JSON"):
        parsed(find_kinds(name)[0], text.replace(right, wrong))
