import numpy as np
import pytest

from lstm_forecast.judging.importance import Importance, permutation_importance

N, STEPS, HORIZON = 400, 6, 2
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(N, STEPS, 3))
WEIGHTS = np.zeros((STEPS, 3))
WEIGHTS[-1, 0], WEIGHTS[0, 0], WEIGHTS[3, 2] = 3, 1, 0.5  # the second column says nothing


def forecast(inputs: np.ndarray) -> np.ndarray:
    return np.repeat((inputs * WEIGHTS).sum(axis=(1, 2))[:, None, None], HORIZON, axis=1)


def permuted(steps: slice, channels: list[int], rng: np.random.Generator) -> np.ndarray:
    inputs = INPUTS.copy()
    inputs[:, steps, channels] = INPUTS[rng.permutation(N)][:, steps, channels]
    return forecast(inputs)


def importance(noise: float = 1.0, **options: object) -> dict[str, Importance]:
    actual = forecast(INPUTS) + noise * np.random.default_rng(1).normal(size=(N, HORIZON, 1))
    rows = permutation_importance(
        permuted,
        actual=actual,
        forecast=forecast(INPUTS),
        **{  # type: ignore[arg-type]
            "features": {"own": [0], "other": [1], "ahead": [2]},
            "context_length": STEPS,
            "segment_length": 2,
            "seed": 0,
            "progress": lambda done, total: None,
            **options,
        },
    )
    assert [row.growth for row in rows] == sorted((row.growth for row in rows), reverse=True)
    return {row.input: row for row in rows}


def test_what_the_forecast_rests_on_matters_and_nothing_else_does() -> None:
    found = importance()
    assert next(iter(found)) == "own"
    assert found["own"].growth > found["ahead"].growth > 0
    assert (found["other"].growth, found["other"].spread) == (0, 0)
    blocks = {name: row.growth for name, row in found.items() if name.startswith("steps ")}
    assert list(blocks) == ["steps -2 to -1", "steps -6 to -5", "steps -4 to -3"]


def test_a_column_may_have_several_channels() -> None:
    found = importance(features={"both": [0, 2], "other": [1]})
    assert found["both"].growth > importance()["own"].growth


def test_the_growth_of_an_error_of_nothing_has_no_share() -> None:
    found = importance(noise=0.0)
    assert found["own"].share is None
    assert found["own"].growth > 0


def test_a_long_context_has_few_blocks_and_its_seed_decides() -> None:
    assert len(importance(context_length=600, segment_length=1, features={})) == 8
    assert importance(seed=1) == importance(seed=1) != importance(seed=2)


def test_progress_is_told_part_by_part() -> None:
    heard: list[tuple[int, int]] = []
    importance(progress=lambda done, total: heard.append((done, total)))
    assert heard == [(k, 6) for k in range(1, 7)]


@pytest.mark.parametrize("seed", [0, 1])
def test_growth_is_relative_to_the_error_without_permutation(seed: int) -> None:
    found = importance(seed=seed)
    mae = found["own"].growth / found["own"].share
    assert mae == pytest.approx(found["ahead"].growth / found["ahead"].share)
