"""When a challenger is better: the paired test alone, on losses that are made up."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_forecast.judging.promotion import LEAST_BLOCKS, Verdict, judge, window_losses

BLOCK, ORIGINS = 6, 48
Floats = np.ndarray


def losses(seed: int, mean: float = 1.0, origins: int = ORIGINS, spread: float = 0.1) -> Floats:
    """Losses of overlapping windows: moving means, so that neighbours err together."""
    noise = np.random.default_rng(seed).normal(size=origins + BLOCK)
    return mean + spread * np.convolve(noise, np.ones(BLOCK) / BLOCK, "valid")[:origins]


def verdict(
    champion: Floats, challenger: Floats, naive: Floats | None = None, block: int = BLOCK
) -> Verdict:
    naive = np.full(len(champion), 2.0) if naive is None else naive
    origins = np.arange(len(champion))
    return judge(
        champion=champion,
        challenger=challenger,
        seasonal_naive=naive,
        origins=origins,
        block=block,
        tolerance=0.01,
        confidence=0.99,
    )


def no_better(kind: str, seed: int) -> tuple[Floats, Floats, Floats | None]:
    """Champion, challenger and seasonal naive losses of a challenger that must not be promoted."""
    champion, own = losses(seed), np.random.default_rng(seed)
    # most errors are of the data, not of the network
    shared = champion + losses(seed + 1_000, 0.0, spread=0.02)
    match kind:
        case "worse":
            return champion, shared + own.uniform(0.005, 0.5), None
        case "not a number":
            return (
                champion,
                np.where(np.arange(ORIGINS) == own.integers(ORIGINS), np.nan, 0.1 * champion),
                None,
            )
        case "infinite":
            return champion, np.full(ORIGINS, np.inf), None
        case "untrained":
            return champion, losses(seed + 2_000, 3.0), None
        case "tied":
            return champion, champion.copy(), None
        case "no clearer than the tolerance":
            return champion, champion * own.uniform(0.991, 1.0), None
        case "worse than the seasonal naive":
            return champion, 0.9 * champion, 0.5 * champion
        case _:
            few = int(own.integers(0, LEAST_BLOCKS * BLOCK))
            return champion[:few], 0.1 * champion[:few], None


KINDS = [
    "worse", "not a number", "infinite", "untrained", "tied", "no clearer than the tolerance",
    "worse than the seasonal naive", "too little new data",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_of_25_challengers_that_are_no_better_none_is_promoted(kind: str) -> None:
    found = [verdict(*no_better(kind, seed)) for seed in range(25)]
    assert [each.reason for each in found if each.better] == []


@pytest.mark.parametrize("margin", [0.05, 0.2, 0.9])
def test_a_challenger_that_is_better_by_a_planted_margin_is_promoted(margin: float) -> None:
    found = []
    for seed in range(25):
        champion = losses(seed)
        found.append(
            verdict(champion, (1 - margin) * champion + losses(seed + 1_000, 0.0, spread=0.02))
        )
    assert [each.reason for each in found if not each.better] == []
    assert np.mean([each.gain for each in found]) == pytest.approx(margin, abs=0.02)
    assert all(0 < (each.gain_low or 0) <= (each.gain or 0) for each in found)


def test_a_champion_whose_forecasts_are_not_finite_gives_way_to_one_whose_are() -> None:
    assert verdict(np.full(ORIGINS, np.nan), losses(0)).better
    # worse than the seasonal naive
    assert not verdict(np.full(ORIGINS, np.nan), losses(0, 3.0)).better


def test_networks_that_are_as_good_as_each_other_rarely_replace_one_another() -> None:
    promoted = [
        verdict(losses(seed), losses(seed + 1_000), block=BLOCK).better for seed in range(300)
    ]
    assert np.mean(promoted) < 0.05


def test_windows_that_err_together_count_less_than_their_number() -> None:
    champion, challenger = losses(3), losses(1_003, 0.97)
    alone, together = (verdict(champion, challenger, block=block).gain_low for block in (1, BLOCK))
    assert together < alone


@given(st.integers(0, 10_000), st.floats(0.5, 1.5), st.floats(1e-3, 1e3))
def test_the_verdict_does_not_depend_on_units_or_on_the_order_of_windows(
    seed: int, level: float, unit: float
) -> None:
    champion, challenger = losses(seed), losses(seed + 1, level)
    naive = losses(seed + 2, 1.2)
    order = np.random.default_rng(seed).permutation(ORIGINS)
    plain, scaled = (
        judge(
            champion=c * champion[k],
            challenger=c * challenger[k],
            seasonal_naive=c * naive[k],
            origins=k,
            block=BLOCK,
            tolerance=0.01,
            confidence=0.99,
        )
        for c, k in ((1.0, np.arange(ORIGINS)), (unit, order))
    )
    assert plain.better == scaled.better
    assert plain.gain == (None if scaled.gain is None else pytest.approx(scaled.gain, abs=1e-9))


def test_the_same_comparison_gives_the_same_verdict_again() -> None:
    assert verdict(losses(1), losses(2)) == verdict(losses(1), losses(2))


# The loss


def cases() -> Iterator[tuple[Floats, Floats]]:
    rng = np.random.default_rng(0)
    actual = rng.normal(size=(4, 3, 2))
    yield actual, rng.normal(size=(4, 3, 2, 1))


def test_the_loss_of_the_median_is_the_mean_absolute_scaled_error() -> None:
    for actual, forecast in cases():
        scale = np.array([[[2.0, 4.0]]] * 4)
        expected = (np.abs(forecast[..., 0] - actual) / scale).mean(axis=(1, 2))
        assert window_losses(forecast, actual, quantiles=(0.5,), scale=scale) == pytest.approx(
            expected
        )


def test_quantiles_are_judged_by_the_pinball_loss_by_hand() -> None:
    forecast, actual = np.array([[[[1.0, 2.5, 4.0]]]]), np.array([[[2.0]]])
    loss = window_losses(forecast, actual, quantiles=(0.1, 0.5, 0.9), scale=np.ones((1, 1, 1)))
    assert loss == pytest.approx([2 * (0.1 * 1 + 0.5 * 0.5 + 0.1 * 2) / 3])


def test_what_has_no_scale_is_left_out_and_without_any_scale_units_stay() -> None:
    forecast, actual = np.zeros((1, 1, 2, 1)), np.array([[[3.0, 100.0]]])
    assert window_losses(
        forecast, actual, quantiles=(0.5,), scale=np.array([[[2.0, 0.0]]])
    ) == pytest.approx([1.5])
    assert window_losses(
        forecast, actual, quantiles=(0.5,), scale=np.zeros((1, 1, 2))
    ) == pytest.approx([51.5])
