"""``forecast pretrain`` on one's own tables, and ``forecast quick`` by what it made."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.functional.commands import TINY
from tests.functional.conftest import succeed_here
from tests.functional.test_cli import invoke
from tests.functional.test_pretrain import learn_at_once

PANEL = "{share: 0.5, config: data/own.yaml}"
TABLE = """\
name: own
data: {path: own.csv, timestamp: ds, series_id: id, targets: y, gaps: mask}
windows: {horizon: 6}
"""
ONE_STEP = ("--set", "training.steps=1")
WEIGHTS = "made/tiny/pretrained.safetensors"


def write_table(directory: Path) -> None:
    rng, days = np.random.default_rng(0), pd.date_range("2020-01-06", periods=60, freq="D")
    table = pd.concat(
        [pd.DataFrame({"id": name, "ds": days, "y": rng.normal(9, 1, 60)}) for name in "ab"]
    )
    (directory / "data").mkdir()
    table.drop(index=7).to_csv(directory / "data" / "own.csv", index=False)
    (directory / "data" / "own.yaml").write_text(TABLE)


@pytest.fixture(scope="module")
def own(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """What a step on a table and generated series leaves. Shared: read it only."""

    def fill(directory: Path) -> None:
        write_table(directory)
        (directory / "own.yaml").write_text(f"{TINY}\npanels: [{PANEL}]\n")
        succeed_here(directory, ["pretrain", "-c", "own.yaml", "-o", "made", *ONE_STEP])

    return once("pretrained_own", fill)


def test_the_card_names_the_tables_that_were_learned_from(own: Path) -> None:
    card = (own / "made" / "tiny" / "card.md").read_text()
    assert "50% of them windows of the data of `data/own.yaml`" in card
    assert "No real series is in it" not in card
    assert card.endswith("not hand it on where they may not go.\n")


def test_quick_forecasts_by_weights_that_were_made(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own)
    table = ("quick", "data/own.csv", "--horizon", "3", "--set", "data.gaps=mask", "--json")
    ours, other = (
        json.loads(invoke(*table, *more).stdout) for more in ((), ("--weights", WEIGHTS))
    )
    assert other["pretrained"] == hashlib.sha256(Path(WEIGHTS).read_bytes()).hexdigest()
    assert other["pretrained"] != ours["pretrained"]
    assert other["forecasts"] != ours["forecasts"]


@pytest.mark.parametrize("name", ["own.yaml", "none.safetensors", "data"])
def test_a_file_without_weights_is_refused(
    name: str, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own)
    result = invoke("quick", "data/own.csv", "--horizon", "3", "--weights", name)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"usage: {name}: ")


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        (f"panels=[{PANEL}, {PANEL}, {PANEL}]", 3, "their shares add up to 1.5, and may to 1"),
        (f"panels=[{PANEL.replace('share: 0.5', 'share: 0')}]", 3, "panels.0.share"),
        (f"panels=[{PANEL.replace('own', 'none')}]", 3, "data/none.yaml"),
        (f"panels=[{PANEL.replace('data/own', 'tiny')}]", 3, "unknown key network"),
        (f"panels=[{PANEL}]", 4, "data/own.csv: no series has 10 steps"),
        ("start=shipped", 3, "start: shipped needs the network's sizes"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    setting: str, code: int, said: str, own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    table = pd.read_csv("data/own.csv").groupby("id").head(8)
    table.to_csv("data/own.csv", index=False)
    (tmp_path / "tiny.yaml").write_text(TINY)
    result = invoke("pretrain", "-c", "tiny.yaml", "--set", setting)
    assert result.exit_code == code, result.stderr
    assert said in result.stderr


def test_series_too_short_for_a_horizon_are_learned_from_with_a_shorter_one(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    pd.read_csv("data/own.csv").groupby("id").head(8).to_csv("data/own.csv", index=False)
    (tmp_path / "own.yaml").write_text(f"{TINY}\npanels: [{PANEL}]\n")
    learn_at_once(own / "made" / "tiny", monkeypatch)
    result = invoke("pretrain", "-c", "own.yaml")
    assert result.exit_code == 4
    assert "which windows.horizon: 6 in data/own.yaml needs" in result.stderr
    (tmp_path / "data" / "own.yaml").write_text(TABLE.replace("horizon: 6", "horizon: 2"))
    result = invoke("pretrain", "-c", "own.yaml")
    assert result.exit_code == 0, result.stderr
