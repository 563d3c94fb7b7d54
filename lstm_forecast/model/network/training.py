"""Training of a Keras network on windows that are gathered batch by batch."""

import math
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from lstm_forecast.events import Epoch
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.network.checkpoint import (
    Saver,
    StateStore,
    fingerprint,
    restore,
    signals_deferred,
)
from lstm_forecast.model.network.compiled import compiled
from lstm_forecast.model.network.keeper import BestKeeper
from lstm_forecast.model.optimisation import Optimisation
from lstm_forecast.windows.windows import Windows

__all__ = ["Feed", "train_network"]

# Validation windows that an epoch is judged by: more cost time in every epoch.
MOST_VALIDATION_WINDOWS = 5_000
# Windows of a batch that is only judged, at least: nothing is learned from it, so that it may be
# larger than one of the training.
JUDGING_BATCH = 256
Floats = NDArray[np.float32]


def train_network(
    network: keras.Sequential,
    optimisation: Optimisation,
    *,
    training: Windows,
    validation: Windows | None,
    linear: Linear | None,
    report: Callable[[Epoch], None],
    store: StateStore | None = None,
) -> list[Epoch]:
    """Fit the network in place to what ``linear`` leaves over, and keep the weights with the lowest
    validation loss.

    ``report`` hears of every epoch, the first one untrained. Without validation windows the last
    weights stay. Training stops early where ``optimisation`` says so, or where the loss is not
    finite. Running averages, of which each step leaves the share ``ema``, are judged and kept.

    With a ``store`` the state is saved after epochs, and a training whose state is there goes on
    from it and ends with the same bits. SIGTERM or SIGINT ends the batch, saves and raises Stopped.
    """
    decisive = {"windows": training, "validation": validation, "linear": linear}
    key = "" if store is None else fingerprint(network, {**decisive, "how": optimisation})
    keras.utils.set_random_seed(optimisation.seed)
    feed = Feed.of(training, optimisation, linear)
    trained = compiled(network, optimisation, steps=max(1, optimisation.epochs) * len(feed))
    keeper = BestKeeper(
        _judging_feed(validation, optimisation, linear), optimisation.patience, report
    )
    begin, end = 0, optimisation.last_epoch
    if store is not None and (content := store.load(key)) is not None:
        begin = keeper.restore(restore(trained, content))
        feed.skip_to(begin)
        end = begin if keeper.done else end
    with signals_deferred() as asked:
        saver = Saver(store, key, lambda: keeper.progress(last=end), asked)
        both = [keeper, saver]
        trained.fit(feed, initial_epoch=begin, epochs=end, verbose=0, shuffle=False, callbacks=both)
        saver.flush()
    network.set_weights(trained.get_weights())
    return keeper.history


class Feed(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of (inputs, targets) for Keras; shuffled anew each epoch if there is a ``seed``.

    Of more windows than ``limit``, that many are taken, spread evenly; ``steps`` cuts an epoch
    short.
    """

    def __init__(
        self,
        windows: Windows,
        *,
        linear: Linear | None,
        batch_size: int,
        steps: int = 0,
        limit: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.windows, self.linear, self.batch_size, self.seed = windows, linear, batch_size, seed
        count = len(windows) if limit is None else min(limit, len(windows))
        batches = math.ceil(count / batch_size)
        self.steps = min(steps or batches, batches)
        self.epoch = 0
        # 32 bits, and shuffled in place: for ten million windows the order must not outweigh the
        # data.
        self._order = np.linspace(0, len(windows) - 1, count).astype(np.uint32)
        self._shuffle()

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Floats, Floats]:
        index = self.order[step * self.batch_size : (step + 1) * self.batch_size].astype(np.int64)
        batch = self.windows.batch(index)
        targets = (
            batch.targets
            if self.linear is None
            else batch.targets - self.linear.predict(batch.inputs)
        )
        return batch.inputs, targets[..., None]

    @classmethod
    def of(cls, training: Windows, optimisation: Optimisation, linear: Linear | None) -> "Feed":
        """The training windows as the optimisation wants them."""
        return cls(
            training,
            linear=linear,
            batch_size=optimisation.batch_size,
            steps=optimisation.steps_per_epoch,
            seed=optimisation.seed,
        )

    @property
    def order(self) -> NDArray[np.uint32]:
        """Windows of this epoch."""
        return self._order[: self.steps * self.batch_size]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order, which depends on seed and epoch alone."""
        self.skip_to(self.epoch + 1)

    def skip_to(self, epoch: int) -> None:
        """Draw the order of that epoch."""
        self.epoch = epoch
        self._shuffle()

    def _shuffle(self) -> None:
        if self.seed is not None:
            self._order.sort()
            np.random.default_rng((self.seed, self.epoch)).shuffle(self._order)


def _judging_feed(
    validation: Windows | None, optimisation: Optimisation, linear: Linear | None
) -> Feed | None:
    """The windows that epochs are judged by."""
    if validation is None:
        return None
    batch_size = max(optimisation.batch_size, JUDGING_BATCH)
    return Feed(validation, linear=linear, batch_size=batch_size, limit=MOST_VALIDATION_WINDOWS)
