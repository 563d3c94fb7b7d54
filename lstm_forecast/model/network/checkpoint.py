"""The state of a training, so that one that was stopped or killed ends, bit for bit, as if it never
had been.

Saved are the weights, the state of the optimiser (with its averages, and its step, which the
schedule follows), that of every random generator in the network, the best weights so far, and the
history. The order of the data depends on seed and epoch alone. An epoch that was not finished is
trained anew.
"""

import hashlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from lstm_forecast.errors import Stopped
from lstm_forecast.events import Epoch
from lstm_forecast.model.network.compiled import all_state

__all__ = ["Progress", "Saver", "StateStore", "fingerprint", "restore", "signals_deferred"]

# Between two checkpoints, at least: no more is lost than that, and the epoch.
CHECKPOINT_SECONDS = 10


class StateStore(Protocol):
    """Keeps states by key."""

    def load(self, key: str) -> bytes | None:
        """The state of that key; None if there is none that may be used."""

    def save(self, key: str, content: bytes) -> None:
        """Replace the state of that key, whole or not at all."""


@dataclass(frozen=True)
class Progress:
    """How far a training has come."""

    history: Sequence[Epoch]
    best_loss: float
    best_epoch: int
    best_weights: Sequence[NDArray[np.float32]]
    done: bool  # nothing is left to train


class Saver(keras.callbacks.Callback):  # type: ignore[misc]
    """Saves the progress after epochs, and stops the training at the end of a batch once a signal
    ``asked`` for it.
    """

    def __init__(
        self,
        store: StateStore | None,
        key: str,
        progress: Callable[[], Progress],
        asked: Sequence[int],
    ) -> None:
        super().__init__()
        self.store, self.key, self.progress, self.asked = store, key, progress, asked
        self.pending: bytes | None = None
        self.saved = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Stop here, where a signal asks for it."""
        self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Take down the state, and save it if the last time is a while ago."""
        self.pending = None if self.store is None else _packed(self.model, self.progress())
        if time.monotonic() - self.saved > CHECKPOINT_SECONDS:
            self.flush()
        self._stop_if_asked()

    def flush(self) -> None:
        """Save what has not been saved."""
        if self.store is not None and self.pending is not None:
            self.store.save(self.key, self.pending)
            self.pending, self.saved = None, time.monotonic()

    def _stop_if_asked(self) -> None:
        if self.asked:
            self.flush()
            raise Stopped(128 + self.asked[0])


@contextmanager
def signals_deferred() -> Iterator[Sequence[int]]:
    """Collect the first SIGTERM or SIGINT instead of acting on it; a second one acts at once, as it
    always did.

    If nobody has acted on it by the end, it is raised as Stopped.
    """
    asked: list[int] = []
    # only that one may handle signals
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {
        number: signal.getsignal(number) or signal.SIG_DFL
        for number in (signal.SIGTERM, signal.SIGINT)
    }

    def collect(number: int, frame: object) -> None:
        asked.append(number)
        give_back()

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, collect)
    try:
        yield asked
    finally:
        give_back()
    if asked:
        raise Stopped(128 + asked[0])


def fingerprint(network: keras.Sequential, decisive: Mapping[str, object]) -> str:
    """Return the SHA-256 of everything that decides how a training ends.

    That is the version of Keras, the layers and first weights of the network, and what else is
    ``decisive``, by name: dataclasses, arrays, what JSON knows, and lists of these.
    """
    layers = json.loads(network.to_json(), object_hook=_without_names)
    digest = hashlib.sha256(
        json.dumps([keras.__version__, keras.backend.backend(), layers]).encode()
    )
    for weight in network.get_weights():
        digest.update(weight.tobytes())
    _update(digest, decisive)
    return digest.hexdigest()


def _without_names(config: dict[str, Any]) -> dict[str, Any]:
    """Keras numbers the objects of a process in their names, by which others point to them."""
    named = ("name", "shared_object_id", "keras_history", "input_layers", "output_layers")
    return {key: value for key, value in config.items() if key not in named}


def _update(digest: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            digest.update(f"{key}=".encode())
            _update(digest, each)
    elif isinstance(value, list | tuple):
        _update(digest, dict(enumerate(value)))
    elif hasattr(value, "__dataclass_fields__"):
        _update(digest, {each.name: getattr(value, each.name) for each in fields(value)})
    else:
        digest.update(json.dumps(value).encode())


def _packed(network: keras.Sequential, progress: Progress) -> bytes:
    from safetensors.numpy import save

    facts = {"history": [asdict(epoch) for epoch in progress.history], "done": progress.done}
    facts |= {"best_loss": progress.best_loss, "best_epoch": progress.best_epoch}
    tensors = {"facts": np.frombuffer(json.dumps(facts).encode(), np.uint8)}
    state = map(keras.ops.convert_to_numpy, all_state(network))
    tensors |= {f"state/{k}": np.asarray(each) for k, each in enumerate(state)}
    return bytes(
        save(tensors | {f"best/{k}": weight for k, weight in enumerate(progress.best_weights)})
    )


def restore(network: keras.Sequential, content: bytes) -> Progress:
    """Set the compiled network and its optimiser to a saved state."""
    from safetensors.numpy import load

    tensors = load(content)
    for k, variable in enumerate(all_state(network)):
        variable.assign(tensors[f"state/{k}"])
    facts = json.loads(tensors["facts"].tobytes())
    best = [tensors[f"best/{k}"] for k in range(sum(name.startswith("best/") for name in tensors))]
    history = [Epoch(**row) for row in facts["history"]]
    return Progress(history, facts["best_loss"], facts["best_epoch"], best, facts["done"])
