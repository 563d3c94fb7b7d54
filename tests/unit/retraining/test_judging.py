"""Champion and challenger before the judge of ``retrain``, which makes the windows and forecasts
itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lstm_forecast.config.loading import parse_config
from lstm_forecast.judging.promotion import Verdict
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.retraining.judge import judge_challenger
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

CONFIG = """\
name: a
data: {path: a.csv, timestamp: step, series_id: id, targets: y}
windows: {context_length: 12, horizon: 4, season_length: 12, normalisation: none}
"""
SERIES, ROWS, JUDGED = 2, 160, 40
HORIZON = 4
FRAMING = Framing(context_length=12, horizon=HORIZON)
CHANNELS = Channels(n_targets=1)
Floats = np.ndarray


@dataclass
class Oracle:
    """Forecasts what comes, and errs by ``errors`` (rows,): whatever it knew would show in them."""

    errors: Floats
    framing: Framing = FRAMING
    channels: Channels = CHANNELS
    quantiles: tuple[float, ...] = (0.5,)
    scaler: Any = None

    def __post_init__(self) -> None:
        self.scaler = SimpleNamespace(
            indices=lambda ids: np.array([int(name) for name in ids]),
            transform=lambda panel: panel.values,
        )

    def ahead(
        self, values: Floats, origins: Floats, floors: Floats, series: Floats, *, steps: int
    ) -> Floats:
        rows = origins[:, None] + np.arange(steps)
        return (values[rows, 0] + self.errors[rows])[..., None, None]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return make_panel(tmp_path_factory.mktemp("judging"))


def make_panel(folder: Path) -> Panel:
    path = folder / "a.csv"
    noise, steps = np.random.default_rng(0).normal(size=(SERIES, ROWS)), np.arange(ROWS)
    values = 10 + 3 * np.sin(2 * np.pi * steps / 12) + 2 * noise
    rows = [f"{k},{step},{values[k, step]:.4f}" for k in range(SERIES) for step in steps]
    path.write_text("\n".join(["id,step,y", *rows, ""]))
    return read_panel(
        parse_config(CONFIG, source="a.yaml").data, path, memory_limit=None, training=True
    )[0]


def verdict(panel: Panel, champion: Floats, challenger: Floats, judged: int = JUDGED) -> Verdict:
    config = parse_config(CONFIG, source="a.yaml")
    ends = panel.layout.offsets[1:]
    return judge_challenger(
        SimpleNamespace(forecaster=Oracle(champion), config=config),
        Oracle(challenger),
        config,
        panel,
        learned=ends - JUDGED,
        unseen=ends - judged,
    )


def no_better(kind: str, seed: int, panel: Panel) -> tuple[Floats, Floats, int]:
    """Errors of champion and challenger, and how many rows of each series judge them."""
    rng = np.random.default_rng(seed)
    champion, own = rng.normal(size=SERIES * ROWS), rng.normal(size=SERIES * ROWS)
    worse, judged = (
        (1 + rng.uniform(0.005, 0.3)) * champion + 0.05 * own,
        np.arange(SERIES * ROWS) % ROWS >= ROWS - JUDGED,
    )
    match kind:
        case "worse":
            return champion, worse, JUDGED
        case "a better champion":
            return 0.5 * champion, champion, JUDGED
        case "not a number":
            return (
                champion,
                np.where(np.arange(len(own)) == ROWS - 1 - rng.integers(JUDGED), np.nan, 0.1 * own),
                JUDGED,
            )
        case "infinite":
            return champion, np.full_like(own, np.inf), JUDGED
        case "untrained":
            return champion, -panel.values[:, 0], JUDGED
        case "tied":
            return champion, champion.copy(), JUDGED
        # knows by heart whatever comes before the judged rows, as one does that was trained on them
        case "leaking":
            return champion, np.where(judged, worse, 0.0), JUDGED
        case _:
            return champion, 0.1 * champion, int(rng.integers(0, 4 * HORIZON - 1))


KINDS = [
    "worse", "a better champion", "not a number", "infinite", "untrained", "tied", "leaking",
    "too little new data",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_of_25_challengers_that_are_no_better_the_judge_lets_none_pass(
    kind: str, panel: Panel
) -> None:
    found = []
    for seed in range(25):
        champion, challenger, judged = no_better(kind, seed, panel)
        found.append(verdict(panel, champion, challenger, judged=judged))
    assert [each.reason for each in found if each.better] == []
    reasons = {
        "not a number": "not finite",
        "infinite": "not finite",
        "too little new data": "too little new data",
    }
    assert all(reasons.get(kind, "") in each.reason for each in found)


def test_the_judge_lets_a_challenger_pass_that_is_better_by_a_planted_margin(panel: Panel) -> None:
    for seed in range(25):
        champion, *_ = no_better("worse", seed, panel)
        found = verdict(panel, champion, 0.8 * champion)
        assert found.better, found.reason
        assert found.windows == SERIES * (JUDGED - HORIZON + 1)


def test_what_a_challenger_knows_by_heart_would_let_it_pass_if_that_were_judged_too(
    panel: Panel,
) -> None:
    passed = []
    for seed in range(25):
        champion, leaking, judged = no_better("leaking", seed, panel)
        passed.append(verdict(panel, champion, leaking, judged=judged + 20).better)
    assert any(passed)


@pytest.mark.parametrize("change", [lambda errors: errors * 100, lambda errors: errors * np.nan])
def test_nothing_before_the_judged_rows_has_a_say(
    change: Callable[[Floats], Floats], panel: Panel
) -> None:
    judged = np.arange(SERIES * ROWS) % ROWS >= ROWS - JUDGED
    champion, challenger, _ = no_better("worse", 0, panel)
    changed = verdict(panel, champion, np.where(judged, challenger, change(challenger)))
    assert changed == verdict(panel, champion, challenger)
