"""Tables of a few rows: what `check` finds no fault with is trained, and what it refuses is refused
alike.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from tests.functional.conftest import environment, run_here

FIVE, EIGHT = [5], list(range(3, 11))
# lengths of the series, sections of the config beside the columns; {}: only what `init` writes
CASES: dict[str, tuple[list[int], dict[str, Any]]] = {
    "five": (FIVE, {"windows": {"horizon": 3}}),
    "five-init": (FIVE, {}),
    "eight-init": (EIGHT, {}),
    "eight": (EIGHT, {"windows": {"horizon": 3}, "data": {"short_series": "pad"}}),
    "one-step": ([9], {"windows": {"horizon": 1, "context_length": 1}}),
    "two-steps": (
        [9],
        {"windows": {"horizon": 1, "context_length": 2}, "model": {"segment_length": 2}},
    ),
    "smoothing": (
        [20],
        {"windows": {"horizon": 2, "context_length": 2}, "model": {"linear": "smoothing"}},
    ),
    "ensemble": (
        [20],
        {
            "windows": {"horizon": 1, "context_length": 2},
            "model": {
                "linear": "combined",
                "ensemble": 3,
                "segment_length": 1,
                "context_lengths": [1, 2],
            },
        },
    ),
    "too-few": (FIVE, {"windows": {"horizon": 4}}),
    "unpadded": (FIVE, {"windows": {"horizon": 1, "context_length": 9, "padding": False}}),
}
# No epoch: networks are built, judged and published as always, and seconds are saved.
SETTINGS = (
    "training.epochs=0", "training.refit=false", "model.units=3", "data.ended_series=forecast",
)  # fmt: skip


@pytest.fixture(scope="session")
def small(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Every case trained; ``codes.json`` holds the exit codes.

    Shared: read it only.
    """

    def fill(directory: Path) -> None:
        rng = np.random.default_rng(0)
        for name, (lengths, sections) in CASES.items():
            parts = [
                pd.DataFrame(
                    {"id": f"s{k}", "step": range(rows), "y": rng.normal(10, 1, rows).round(2)}
                )
                for k, rows in enumerate(lengths)
            ]
            pd.concat(parts).to_csv(directory / f"{name}.csv", index=False)
            if sections:
                data = {
                    "path": f"{name}.csv",
                    "timestamp": "step",
                    "series_id": "id",
                    "targets": ["y"],
                }
                config = {"name": name, **sections, "data": data | sections.get("data", {})}
                (directory / f"{name}.yaml").write_text(json.dumps(config))
            else:
                arguments = [
                    "init",
                    str(directory / f"{name}.csv"),
                    "--output",
                    str(directory / f"{name}.yaml"),
                ]
                assert CliRunner().invoke(app, arguments).exit_code == 0
        options = [part for setting in SETTINGS for part in ("--set", setting)]
        trainings = (["train", "--config", f"{name}.yaml", *options] for name in CASES)
        results = dict(zip(CASES, run_here(directory, *trainings), strict=True))
        codes = {name: each.exit_code for name, each in results.items()}
        (directory / "codes.json").write_text(json.dumps(codes))
        (directory / "stderr.txt").write_text("".join(each.stderr for each in results.values()))

    return once("small", fill)


@pytest.mark.parametrize("name", CASES)
def test_training_refuses_what_check_refuses_and_nothing_else(name: str, small: Path) -> None:
    code = json.loads((small / "codes.json").read_text())[name]
    checked = CliRunner().invoke(app, ["check", "--config", str(small / f"{name}.yaml")])
    assert checked.exit_code == code, checked.output + (small / "stderr.txt").read_text()
    assert code == (4 if name in ("too-few", "unpadded") else 0)
    assert "a bug of ours" not in (small / "stderr.txt").read_text()


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("too-few", "unpadded")])
def test_what_was_trained_on_so_little_forecasts(name: str, small: Path) -> None:
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(small / "runs"), "--run", name, "--json"]
    )
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["forecasts"]
    assert len({row["unique_id"] for row in rows}) == len(CASES[name][0])
    assert all(np.isfinite(row[name]) for row in rows)


def test_check_builds_what_training_builds_and_says_what_it_cannot_know(small: Path) -> None:
    path = str(small / "ensemble.yaml")
    text, content = (
        CliRunner().invoke(app, ["check", "--config", path, *more]).stdout
        for more in ([], ["--json"])
    )
    built = json.loads(content)["facts"]["training"]
    assert built["networks"] == 3
    assert f"training builds {built['parameters']:,} parameters in 3 networks" in text
    assert "how long it takes and how well it forecasts, only training tells" in text
    assert built["resolved"]["preprocessing.support"].startswith("non_negative: ")


def test_check_refuses_a_network_that_could_not_be_read_back(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_forecast.forecasting.limits import Demands

    fewest = Demands(inputs=(1, -1), outputs=(1, 1, 1), largest=10, most_bytes=1_000)
    monkeypatch.setattr(Demands, "of", classmethod(lambda cls, *given, **named: fewest))
    checked = CliRunner().invoke(app, ["check", "--config", str(small / "one-step.yaml")])
    assert checked.exit_code == 3
    assert "model, windows: no network can be published of these: a network of" in checked.output


def test_check_needs_no_keras(small: Path) -> None:
    code = (
        "import sys; from lstm_forecast.cli import app; from typer.testing import CliRunner; "
        "assert CliRunner().invoke(app, ['check', '--config', 'five.yaml']).exit_code == 0; "
        "sys.exit(int('keras' in sys.modules or 'tensorflow' in sys.modules))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=small, env=environment(), check=False
        ).returncode
        == 0
    )
