"""From scaled values to forecasts in original units: window, network, and everything undone on the
way out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.network import quantiles_of
from lstm_forecast.config.schema import SUPPORTS
from lstm_forecast.forecasting.calibration import Calibration, calibrate
from lstm_forecast.forecasting.pretrained_share import PretrainedShare
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.windows.batch import Batch, gather_contexts, normalised
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows

__all__ = ["Exchange", "Forecaster", "Seen", "Trials", "batches"]

BATCH = 256  # larger ones are no faster, and ONNX Runtime keeps the memory of the largest
Floats = NDArray[np.float64]
Single = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """What the networks see of n windows. A prediction p means ``p * scale + center`` in scaled
    units.
    """

    inputs: Single  # (n, context_length, n_features)
    center: Single  # (n, 1, n_targets)
    scale: Single
    past: Single | None  # (n, steps, n_targets): by the pretrained one, where it has a share


@dataclass(frozen=True)
class Exchange:
    """Inputs that windows borrow from each other: window k those of window ``order[k]``."""

    order: Ints  # (n_windows,)
    steps: slice  # of the context
    channels: Sequence[int]  # of the inputs

    def applied(self, own: Seen, lent: Seen) -> Seen:
        """What windows see, with the inputs of others, which ``lent`` theirs."""
        inputs = own.inputs.copy()
        inputs[:, self.steps, self.channels] = lent.inputs[:, self.steps, self.channels]
        if own.past is None or lent.past is None:
            return replace(own, inputs=inputs)
        # what lies before the context goes with its first step
        past, context_length = own.past.copy(), inputs.shape[1]
        ahead, targets = past.shape[1] - context_length, range(past.shape[2])
        first, stop, _ = self.steps.indices(context_length)
        steps = slice(max(ahead + first, 0) if first else 0, max(ahead + stop, 0))
        exchanged = [each for each in self.channels if each in targets]
        past[:, steps, exchanged] = lent.past[:, steps, exchanged]
        return replace(own, inputs=inputs, past=past)


@dataclass(frozen=True)
class Trials:
    """Predictions of windows that the network did not learn from, in the units of its output, and
    what came.
    """

    predictions: Single  # (n, horizon, n_targets, n_quantiles)
    targets: Single  # (n, horizon, n_targets)
    # (n, n_targets): of the context from step to step, see ``Forecaster.changes``
    changes: Single
    series: Ints  # (n,): rows of the scaler
    news: float  # share of a window's steps that the one before had not


@dataclass(frozen=True)
class Forecaster:
    """A network with the scaling around it, and the pretrained one where it has a share.

    Forecasts are (n, horizon, n_targets, n_quantiles), see ``quantiles``.
    """

    session: Session
    scaler: Scaler
    framing: Framing
    channels: Channels
    calibration: Calibration
    levels: tuple[int, ...]  # percents of the intervals that are forecast
    # the least and the largest value that a target can have
    support: tuple[float, float] = SUPPORTS["real"]
    pretrained: PretrainedShare | None = None

    @property
    def needed_rows(self) -> int:
        """Rows without a gap at the end of a series that a forecast starts from."""
        return 1 if self.channels.padded else self.framing.context_length

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Ascending: the median, and both borders of every level."""
        return quantiles_of(self.levels)

    def on_windows(
        self,
        windows: Windows,
        series: Ints,
        *,
        exchange: Exchange | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Floats:
        """Forecasts of all windows; ``series`` (n_windows,) are rows of the scaler.

        ``exchange`` mixes up inputs first; ``progress`` hears how many more windows are done.
        """
        parts = []
        for index in batches(len(windows)):
            parts.append(self.on_batch(windows, series, index, exchange))
            progress(len(index))
        return np.concatenate(parts)

    def on_batch(
        self, windows: Windows, series: Ints, index: Ints, exchange: Exchange | None = None
    ) -> Floats:
        """The same of the windows ``index`` alone."""
        seen = self._seen(windows, index, windows.batch(index))
        if exchange is not None:
            other = exchange.order[index]
            seen = exchange.applied(seen, self._seen(windows, other, windows.batch(other)))
        return self._original(self._predict(seen, series[index]), series[index])

    def trials(self, windows: Windows, series: Ints) -> Trials:
        """What ``calibrated`` learns from; ``series`` as in ``on_windows``."""
        found = []
        for index in batches(len(windows)):
            batch = windows.batch(index)
            prediction = self._raw(self._seen(windows, index, batch), series[index])
            found.append((prediction, batch.targets, self.changes(batch.inputs)))
        predictions, targets, changes = (
            np.concatenate(arrays) for arrays in zip(*found, strict=True)
        )
        return Trials(
            predictions,
            targets,
            changes,
            series,
            news=min(1.0, windows.framing.stride / windows.framing.horizon),
        )

    def calibrated(self, trials: Sequence[Trials], *, per_series: bool) -> "Forecaster":
        """The same with intervals that would have held their levels in these trials, see
        ``calibrate``.
        """
        calibration = calibrate(
            np.concatenate([each.predictions for each in trials]),
            np.concatenate([each.targets for each in trials]),
            np.concatenate([each.series for each in trials]),
            np.concatenate([each.changes for each in trials]),
            levels=self.calibration.levels,
            n_series=len(self.scaler.ids),
            news=trials[0].news,
            per_series=per_series,
        )
        return replace(self, calibration=calibration)

    def ahead(
        self, values: Single, origins: Ints, floors: Ints, series: Ints, *, steps: int
    ) -> Floats:
        """Forecasts of the ``steps`` rows from each origin on.

        Columns known ahead must have their rows up to the network's horizon; nothing else behind an
        origin is read. Beyond that horizon the median forecast becomes the newest part of the
        context, which needs a network without covariates; its intervals then widen as if the errors
        of successive horizons were independent. Shapes of the others are (n,), see Windows.origins.
        """
        parts = []
        for part in batches(len(origins)):
            contexts, observed = gather_contexts(
                values, origins[part], floors[part], self.framing, self.channels
            )
            past = self._past(values, origins[part], floors[part])
            prediction = self._roll(contexts, observed, series[part], steps, past)
            parts.append(self._original(prediction, series[part]))
        return np.concatenate(parts)

    def seen(self, values: Single, origins: Ints, floors: Ints) -> Seen:
        """What the networks see of the windows before these origins, see ``ahead``."""
        contexts, observed = gather_contexts(values, origins, floors, self.framing, self.channels)
        past = self._past(values, origins, floors)
        return self._normalised(contexts, observed, past)

    def original(self, prediction: NDArray[np.floating], seen: Seen, series: Ints) -> Floats:
        """Forecasts in original units of predictions (n, horizon, n_targets, n_quantiles) in the
        windows' units, whose intervals stay as they are.
        """
        supported = self._supported(prediction, seen, series)
        return self._original(supported * seen.scale[..., None] + seen.center[..., None], series)

    def changes(self, inputs: Single) -> Single:
        """Root mean square changes of the targets from step to step of each window, (n, n_targets).

        ``inputs`` (n, context_length, n_features) and the result are in the units of the network's
        output; padding counts for nothing.
        """
        change = np.square(
            np.diff(inputs[..., : self.channels.n_targets].astype(np.float64), axis=1)
        )
        seen = inputs[:, :-1, -1:] if self.channels.padded else np.ones_like(change[..., :1])
        with np.errstate(over="ignore"):
            return np.asarray(
                np.sqrt((change * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)), np.float32
            )

    def _seen(self, windows: Windows, index: Ints, batch: Batch) -> Seen:
        """What the networks see of the windows ``index``, which the ``batch`` holds."""
        past = self._past(windows.values, *windows.origins(index))
        return _in_units(batch.inputs, batch.center, batch.scale, past)

    def _normalised(
        self, contexts: Single, observed: NDArray[np.bool_] | None, past: Single | None
    ) -> Seen:
        """What is seen of ``contexts`` as of ``gather_contexts``, and of a scaled ``past``."""
        inputs, center, scale = normalised(contexts, observed, self.framing, self.channels)
        targets = self.channels.targets
        return _in_units(inputs, center[..., targets], scale[..., targets], past)

    def _past(self, values: Single, origins: Ints, floors: Ints) -> Single | None:
        """What the pretrained network sees, scaled."""
        if self.pretrained is None:
            return None
        return self.pretrained.past(values, origins, floors, self.channels)

    def _raw(self, seen: Seen, series: Ints) -> Single:
        """Predictions in the windows' units, within the support."""
        prediction = self.session.predict(seen.inputs)
        if self.pretrained is not None and seen.past is not None:
            quantiles = quantiles_of(self.calibration.levels)
            prediction = self.pretrained.mixed(prediction, seen.past, quantiles)
        return self._supported(prediction, seen, series)

    def _predict(self, seen: Seen, series: Ints) -> Single:
        """Calibrated predictions in scaled units."""
        calibrated = self.calibration.apply(
            self._raw(seen, series), series, self.levels, changes=self.changes(seen.inputs)
        )
        return calibrated * seen.scale[..., None] + seen.center[..., None]

    def _supported(
        self, prediction: NDArray[np.floating], seen: Seen, series: Ints
    ) -> NDArray[np.floating]:
        """Predictions in the units of the network's output, moved so that no median lies outside of
        the support.

        All quantiles of a step move alike: an interval keeps its width until its borders are cut,
        and calibration learns from what is forecast.
        """
        if self.support == SUPPORTS["real"]:
            return prediction
        with np.errstate(over="ignore"):  # a border may lie beyond all predictions
            low, high = (
                ((border - seen.center) / seen.scale).astype(np.float32)
                for border in self._borders(series)
            )
        median = prediction[..., prediction.shape[-1] // 2]
        return np.asarray(prediction + (median.clip(low, high) - median)[..., None])

    def _borders(self, series: Ints) -> list[Floats]:
        """The support in scaled units, (n, 1, n_targets) each."""
        return [
            self.scaler.scaled(value, series, n_targets=self.channels.n_targets)
            for value in self.support
        ]

    def _original(self, scaled: Single, series: Ints) -> Floats:
        """Forecasts in original units, cut to the support; the order of quantiles stays."""
        values = self.scaler.invert(scaled, series, n_targets=self.channels.n_targets)
        # Adding 0 makes 0 of -0.
        return values if self.support == SUPPORTS["real"] else values.clip(*self.support) + 0.0

    def _roll(
        self,
        contexts: Single,
        observed: NDArray[np.bool_] | None,
        series: Ints,
        steps: int,
        past: Single | None,
    ) -> Single:
        """Scaled predictions (n, steps, n_targets, n_quantiles), one horizon after another."""
        blocks: list[Single] = []
        # distance of the quantiles from the median at the end of the last block
        carried = np.zeros(1, np.float32)
        while True:
            block = self._predict(self._normalised(contexts, observed, past), series)
            median: Single = block[..., block.shape[-1] // 2]
            distance = block - median[..., None]  # of the quantiles from the median
            if blocks:
                distance = np.sign(distance) * np.sqrt(distance**2 + carried**2)
                block = median[..., None] + distance
            carried = distance[:, -1:]
            blocks.append(block)
            if len(blocks) * blocks[0].shape[1] >= steps:
                return np.concatenate(blocks, axis=1)[:, :steps]
            known = median.clip(*self._borders(series)).astype(np.float32)  # after rounding, too
            contexts = np.concatenate([contexts, known], axis=1)[:, -self.framing.context_length :]
            if past is not None:
                past = np.concatenate([past, known], axis=1)[:, -past.shape[1] :]
            if observed is not None:
                rows = np.ones(median.shape[:2], bool)
                observed = np.concatenate([observed, rows], axis=1)[
                    :, -self.framing.context_length :
                ]


def batches(count: int) -> Iterator[Ints]:
    """Numbers of so many windows, as many at a time as are worth it."""
    for start in range(0, count, BATCH):
        yield np.arange(start, min(start + BATCH, count))


def _in_units(inputs: Single, center: Single, scale: Single, past: Single | None) -> Seen:
    """What is seen, with a scaled ``past`` in the windows' units."""
    return Seen(inputs, center, scale, None if past is None else (past - center) / scale)
