"""A training that was stopped anywhere ends with the same bits as one that never was."""

import os
import signal
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from lstm_forecast.errors import Stopped
from lstm_forecast.events import Epoch
from lstm_forecast.model.network import checkpoint
from lstm_forecast.model.network.build import build_network
from lstm_forecast.store import Checkpoints
from tests.networks.test_training import PLAIN, fit, spec, windows

EPOCHS = 4
OPTIONS = {"epochs": EPOCHS, "schedule": "cosine", "steps_per_epoch": 3}
DROPS = {"dropout": 0.3, "recurrent_dropout": 0.2}


class StopAt(keras.callbacks.Callback):
    """Send a signal to ourselves in the middle of a batch."""

    def __init__(self, batch: int, number: int) -> None:
        super().__init__()
        self.left, self.number = batch, number

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)


@pytest.fixture
def handlers() -> None:
    """SIGTERM as the command line handles it."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(143)

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", -1)


def train(
    checkpoints: Checkpoints | None = None, layers: object = None, **options: object
) -> tuple[list, list]:
    """Weights and history, without the seconds that an epoch took."""
    network = build_network(spec(**(layers or DROPS)))
    history = fit(network, **(OPTIONS | options), store=checkpoints)
    return network.get_weights(), [replace(row, seconds=0.0) for row in history]


@pytest.fixture(scope="module")
def whole() -> tuple[list, list]:
    """What ends as it should."""
    return train()


def same(one: tuple[list, list], other: tuple[list, list]) -> bool:
    return all(map(np.array_equal, one[0], other[0])) and one[1] == other[1]


def stopped_at(
    batch: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int = signal.SIGTERM,
    **options: object,
) -> int:
    """Train until a signal in that batch; the exit code, 0 if the training came to its end."""
    real = keras.Sequential.fit

    def fit_and_stop(
        network: keras.Sequential, *args: object, callbacks: list, **rest: object
    ) -> object:
        return real(network, *args, callbacks=[*callbacks, StopAt(batch, number)], **rest)

    with monkeypatch.context() as patch:
        patch.setattr(keras.Sequential, "fit", fit_and_stop)
        try:
            train(kept(folder, resume=True), **options)
        except Stopped as stop:
            return stop.exit_code
    return 0


def kept(
    folder: Path, *, resume: bool, said: Callable[[str], None] = lambda text: None
) -> Checkpoints:
    return Checkpoints(folder, resume=resume, note=said)


VARIANTS = {
    "averages of gru weights": {"ema": 0.9, "layers": {"cell": "gru", **DROPS}},
    "patience": {"patience": 1, "learning_rate": 1.0},
    "rmsprop for a part of the epochs, without validation": {
        "optimizer": "rmsprop",
        "validation": None,
        "stop_after": 3,
    },
    "two peephole layers": {"layers": {"cell": "peephole_lstm", "units": (3, 3), **DROPS}},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_stopped_again_and_again_it_ends_with_the_same_weights_and_history(
    variant: str, tmp_path: Path, handlers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = VARIANTS[variant]
    whole = train(**options)
    stops = 0
    # an epoch has three batches: each time one comes through
    while stopped_at(4, tmp_path, monkeypatch, **options):
        stops += 1
        assert stops <= EPOCHS
    assert stops >= 1
    assert same(train(kept(tmp_path, resume=True), **options), whole)


@pytest.mark.parametrize("batch", [1, 3, 4, 8, 3 * EPOCHS])
def test_stopped_in_any_batch_it_ends_as_if_it_never_had_been(
    batch: int,
    whole: tuple[list, list],
    tmp_path: Path,
    handlers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert stopped_at(batch, tmp_path, monkeypatch) == 143
    assert same(train(kept(tmp_path, resume=True)), whole)


@pytest.mark.parametrize("epoch", [1, EPOCHS])
def test_killed_after_an_epoch_it_ends_as_if_it_never_had_been(
    epoch: int, whole: tuple[list, list], tmp_path: Path, at_once: None
) -> None:
    def die(row: Epoch) -> None:
        if row.epoch == epoch:
            raise MemoryError

    with pytest.raises(MemoryError):
        train(kept(tmp_path, resume=True), report=die)
    assert same(train(kept(tmp_path, resume=True)), whole)


def test_a_finished_training_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(kept(tmp_path, resume=False))
    assert stopped_at(1, tmp_path, monkeypatch) == 0  # there is no first batch any more
    assert same(train(kept(tmp_path, resume=True)), whole)


@pytest.mark.parametrize(
    "change",
    [{"learning_rate": 0.02}, {"training": windows(noise=0.1)}, {"layers": {"dropout": 0.1}}],
    ids=["rate", "data", "network"],
)
def test_a_checkpoint_of_another_training_is_not_used(change: dict, tmp_path: Path) -> None:
    train(kept(tmp_path, resume=False))
    said: list[str] = []
    assert same(train(kept(tmp_path, resume=True, said=said.append), **change), train(**change))
    assert said == [
        "no checkpoint fits this config, these data and this version: training from the start"
    ]


def test_a_damaged_checkpoint_is_not_used(tmp_path: Path) -> None:
    said: list[str] = []
    kept(tmp_path, resume=False).save("key", b"content")
    file = tmp_path / "checkpoints" / "key"
    content = file.read_bytes()
    assert kept(tmp_path, resume=True).load("key") == b"content"
    for damaged in (b"", b"garbage", b"\0" * 100, content[:-1], content[:-1] + b"T"):
        file.write_bytes(damaged)
        assert kept(tmp_path, resume=True, said=said.append).load("key") is None
    assert all(text.startswith("no checkpoint fits") for text in said)


def test_without_resume_old_checkpoints_play_no_part(
    tmp_path: Path, handlers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stopped_at(5, tmp_path, monkeypatch)
    reported: list[Epoch] = []
    train(kept(tmp_path, resume=False), report=reported.append)
    assert len(reported) == EPOCHS + 1


def test_sigint_is_told_from_sigterm_and_the_handlers_are_given_back(
    tmp_path: Path, handlers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert stopped_at(2, tmp_path, monkeypatch, signal.SIGINT) == 130
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_second_signal_acts_at_once(handlers: None) -> None:
    with pytest.raises(Stopped), checkpoint.signals_deferred() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the second signal was deferred too")


def test_a_signal_that_nobody_acted_on_is_raised_in_the_end(handlers: None) -> None:
    passed = []
    with pytest.raises(Stopped) as stop, checkpoint.signals_deferred():
        os.kill(os.getpid(), signal.SIGINT)
        passed.append(True)
    assert (passed, stop.value.exit_code) == ([True], 130)


@pytest.mark.parametrize("name", [each.name for each in fields(PLAIN)])
def test_every_setting_that_decides_how_a_training_ends_is_in_the_fingerprint(name: str) -> None:
    network, value = build_network(spec()), getattr(PLAIN, name)
    other = f"another {name}" if isinstance(value, str) else (7 if value is None else (value, 1))
    prints = {
        checkpoint.fingerprint(network, {"how": each})
        for each in (PLAIN, replace(PLAIN), replace(PLAIN, **{name: other}))
    }
    assert len(prints) == 2
