"""The training loop: what it keeps, when it stops, what it feeds."""

from dataclasses import fields, replace

import keras
import numpy as np
import pytest

from lstm_forecast.events import Epoch
from lstm_forecast.model.linear.linear import Linear, fit_linear
from lstm_forecast.model.network.build import build_network
from lstm_forecast.model.network.losses import make_loss
from lstm_forecast.model.network.training import Feed, train_network
from lstm_forecast.model.optimisation import Optimisation
from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.store.history import history_csv, read_history
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows
from tests.unit.conftest import spec_of

CONTEXT, HORIZON = 8, 2
PLAIN = Optimisation(
    loss="mse",
    quantiles=(0.5,),
    optimizer="adam",
    learning_rate=0.01,
    schedule="constant",
    clipnorm=5.0,
    ema=None,
    epochs=5,
    stop_after=None,
    batch_size=16,
    steps_per_epoch=0,
    patience=None,
    seed=3,
)


def windows(start: int = 0, end: int = 120, noise: float = 0.0) -> Windows:
    steps = np.arange(end)
    values = np.sin(steps / 3) + noise * np.random.default_rng(1).normal(size=end)
    return Windows(
        values=values[:, None].astype(np.float32), starts=np.array([max(start, CONTEXT)]),
        counts=np.array([end - max(start, CONTEXT) - HORIZON + 1]), floors=np.array([0]),
        framing=Framing(context_length=CONTEXT, horizon=HORIZON), channels=Channels(n_targets=1),
    )  # fmt: skip


def spec(**options: object) -> NetworkSpec:
    plain = {"context_length": CONTEXT, "horizon": HORIZON, "units": (4,)}
    return spec_of(**(plain | options))


def fit(network: keras.Sequential, **options: object) -> list[Epoch]:
    """Train with these options, of the optimisation or of ``train_network`` itself."""
    changed = {each.name for each in fields(Optimisation)} & options.keys()
    optimisation = replace(PLAIN, **{name: options.pop(name) for name in changed})
    plain = {
        "training": windows(),
        "validation": windows(100, 160),
        "linear": None,
        "report": lambda epoch: None,
    }
    return train_network(network, optimisation, **(plain | options))


def validation_loss(network: keras.Sequential) -> float:
    network.compile(loss=make_loss("mse", (0.5,)))
    return network.evaluate(Feed(windows(100, 160), linear=None, batch_size=16), verbose=0)


def test_training_lowers_the_validation_loss_and_keeps_the_best_weights() -> None:
    network = build_network(spec())
    history = fit(network)
    losses = [row.val_loss for row in history]
    assert [row.epoch for row in history] == list(range(6))
    assert losses[-1] < 0.8 * losses[0]
    assert validation_loss(network) == pytest.approx(min(losses), rel=1e-5)


def test_a_network_that_only_gets_worse_keeps_its_untrained_weights() -> None:
    network = build_network(spec(zero_output=True))
    before = network.get_weights()
    linear = fit_linear(windows())  # a noiseless sine: the linear part is perfect already
    history = fit(network, linear=linear, learning_rate=1.0, epochs=3)
    assert [row.best for row in history] == [True, False, False, False]
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))


def test_an_average_of_the_weights_lies_between_the_first_and_the_last() -> None:
    first, last, averaged = (build_network(spec()) for _ in range(3))
    fit(last, validation=None, epochs=3)
    fit(averaged, validation=None, epochs=3, ema=0.9)
    path = [np.concatenate([w.ravel() for w in n.get_weights()]) for n in (first, averaged, last)]
    assert 0 < np.linalg.norm(path[1] - path[2]) < np.linalg.norm(path[0] - path[2])


def test_the_average_is_what_is_judged_and_kept() -> None:
    network = build_network(spec())
    history = fit(network, epochs=3, ema=0.9)
    assert validation_loss(network) == pytest.approx(
        min(row.val_loss or np.inf for row in history), rel=1e-6
    )


def test_a_network_ends_with_the_same_bits_whatever_was_trained_before_it() -> None:
    """Networks that differ in their seeds alone are trained by one step, which is traced once."""
    options = {"dropout": 0.2, "recurrent_dropout": 0.1}
    found = []
    for before, how in (({"seed": 7}, {}), ({"units": (3,)}, {}), ({}, {"optimizer": "adamw"})):
        fit(build_network(spec(**options | before)), epochs=2, ema=0.9, **how)
        network = build_network(spec(**options, seed=5))
        fit(network, epochs=2, ema=0.9)
        found.append(np.concatenate([weight.ravel() for weight in network.get_weights()]))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_training_stops_after_patience_epochs_without_a_better_one() -> None:
    history = fit(
        build_network(spec()), learning_rate=5.0, optimizer="rmsprop", epochs=30, patience=2
    )
    best = max(row.epoch for row in history if row.best)
    assert history[-1].epoch == best + 2 < 30


def test_a_loss_that_is_not_finite_stops_training_and_leaves_finite_weights() -> None:
    kernel, bias = (
        np.zeros((1, CONTEXT, HORIZON), np.float32),
        np.full((1, HORIZON), np.nan, np.float32),
    )
    broken = Linear(kernel, bias, ("ridge",), np.zeros(1))
    network = build_network(spec())
    history = fit(network, linear=broken, validation=None, epochs=9)
    assert len(history) == 2
    history = fit(
        network := build_network(spec()), learning_rate=10.0, clipnorm=None, loss="mse", epochs=3
    )
    assert all(np.isfinite(weights).all() for weights in network.get_weights())


def test_without_validation_all_epochs_run_and_the_last_weights_stay() -> None:
    network = build_network(spec())
    before = network.get_weights()
    history = fit(network, validation=None, patience=1)
    assert [row.val_loss for row in history] == [None] * 6
    assert not np.array_equal(before[0], network.get_weights()[0])


@pytest.mark.parametrize("zero_output", [False, True])
def test_no_epochs_measure_the_untrained_network_and_change_nothing(zero_output: bool) -> None:
    network = build_network(spec(zero_output=zero_output))
    before = network.get_weights()
    (row,) = fit(network, epochs=0)
    assert (row.epoch, row.loss, row.best) == (0, None, True)
    assert row.val_loss == pytest.approx(validation_loss(network))
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_stopping_after_some_epochs_is_the_beginning_of_the_whole_training(schedule: str) -> None:
    whole, stopped = build_network(spec()), build_network(spec())
    history = fit(whole, validation=None, schedule=schedule, epochs=4)
    beginning = fit(stopped, validation=None, schedule=schedule, epochs=4, stop_after=2)
    assert [(row.loss, row.learning_rate) for row in beginning] == [
        (row.loss, row.learning_rate) for row in history[:3]
    ]
    again = build_network(spec())
    assert len(fit(again, validation=None, schedule=schedule, epochs=4, stop_after=0)) == 1
    assert np.array_equal(again.get_weights()[0], build_network(spec()).get_weights()[0])


@pytest.mark.parametrize(
    ("schedule", "share"), [("constant", 1.0), ("cosine", 0.0), ("exponential", 0.01)]
)
def test_the_learning_rate_ends_where_the_schedule_says(schedule: str, share: float) -> None:
    history = fit(build_network(spec()), schedule=schedule, epochs=2)
    assert history[-1].learning_rate == pytest.approx(0.01 * share, abs=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("loss", ["mae", "mse", "huber"])
def test_every_optimiser_and_loss_trains(optimizer: str, loss: str) -> None:
    history = fit(build_network(spec()), optimizer=optimizer, loss=loss, epochs=2)
    assert history[-1].loss < history[1].loss


def test_a_feed_gives_every_window_once_an_epoch_in_an_order_of_seed_and_epoch_alone() -> None:
    first, again = (Feed(windows(), linear=None, batch_size=16, seed=5) for _ in range(2))
    orders = []
    for _ in range(2):
        assert sorted(first.order) == list(range(len(windows())))
        assert np.array_equal(first.order, again.order)
        orders.append(first.order.copy())
        first.on_epoch_end()
        again.on_epoch_end()
    assert not np.array_equal(*orders)
    assert sum(len(first[step][0]) for step in range(len(first))) == len(windows())


def test_a_step_budget_draws_other_windows_in_every_epoch() -> None:
    feed = Feed(windows(), linear=None, batch_size=16, steps=2, seed=5)
    first = set(feed.order)
    feed.on_epoch_end()
    assert len(feed) == 2
    assert len(first) == 32
    assert first != set(feed.order)


def test_a_feed_leaves_the_network_what_the_linear_part_leaves_over() -> None:
    linear = fit_linear(windows(noise=0.1))
    plain, residual = (
        Feed(windows(noise=0.1), linear=one, batch_size=200) for one in (None, linear)
    )
    inputs, targets = plain[0]
    assert residual[0][1] == pytest.approx(targets - linear.predict(inputs)[..., None], abs=1e-6)


def test_pinball_loss_by_hand() -> None:
    loss = make_loss("mae", (0.1, 0.5, 0.9))
    targets = np.array([[[[2.0]]]], np.float32)
    predictions = np.array([[[[1.0, 2.5, 4.0]]]], np.float32)
    assert float(np.squeeze(loss(targets, predictions))) == pytest.approx(
        2 * (0.1 * 1 + 0.5 * 0.5 + 0.1 * 2) / 3
    )


def test_the_pinball_loss_of_the_median_alone_is_the_absolute_error() -> None:
    rng = np.random.default_rng(0)
    targets, predictions = rng.normal(size=(2, 4, 3, 2, 1)).astype(np.float32)
    absolute = make_loss("mae", (0.5,))(targets, predictions)
    assert np.asarray(absolute) == pytest.approx(np.abs(targets - predictions)[..., 0], abs=1e-6)


def test_history_is_written_as_one_row_per_epoch_with_blanks_where_nothing_was_measured() -> None:
    rows = [Epoch(0, None, 0.5, 0.01, 0.1, True), Epoch(1, 0.25, 0.75, 0.01, 0.2, False, network=2)]
    assert history_csv(rows).splitlines() == [
        "network,epoch,loss,val_loss,gap,learning_rate,seconds,best",
        "1,0,,0.5,,0.01,0.1,1",
        "2,1,0.25,0.75,0.5,0.01,0.2,0",
    ]
    assert read_history(history_csv(rows)) == rows
