"""Parallel decoding: every segment of the horizon is one more step of the recurrent cell, all from
the same state.
"""

from typing import Any

import keras
from keras import ops

__all__ = ["ParallelDecoder"]


@keras.saving.register_keras_serializable(package="lstm_forecast")
class ParallelDecoder(keras.layers.Layer):  # type: ignore[misc]
    """A recurrent layer that reads the context, and then takes one step per output segment.

    (batch, steps, features) to (batch, n_segments, units). The steps start from the state after the
    context and see a learned position instead of values: Lin et al. 2023, "SegRNN", parallel
    multi-step forecasting. Weights: `position` (n_segments, features), and those of the recurrent
    layer, which both parts share.
    """

    def __init__(self, recurrent: keras.layers.RNN, *, n_segments: int, **options: Any) -> None:
        super().__init__(**options)
        self.recurrent, self.n_segments = recurrent, n_segments
        self.recurrent.return_state = True
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs of shape (batch, steps, features)."""
        self.recurrent.build(input_shape)
        initializer = keras.initializers.RandomNormal(stddev=0.5, seed=self.recurrent.cell.seed)
        shape = (self.n_segments, input_shape[-1])
        self.position = self.add_weight(shape=shape, name="position", initializer=initializer)

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Read the context and decode."""
        _, *states = self.recurrent(inputs, mask=mask, training=training)
        batch = ops.shape(inputs)[0]
        positions = ops.tile(self.position, (batch, 1))
        states = [ops.repeat(state, self.n_segments, axis=0) for state in states]
        output, _ = self.recurrent.cell(positions, states, training=training)
        # as `RNN.call` does: masks are cached, and must not outlive the batch
        self.recurrent.cell.reset_dropout_mask()
        self.recurrent.cell.reset_recurrent_dropout_mask()
        return ops.reshape(output, (-1, self.n_segments, output.shape[-1]))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Every output segment counts."""

    def get_config(self) -> dict[str, Any]:
        """All that rebuilds the layer."""
        recurrent = keras.saving.serialize_keras_object(self.recurrent)
        return dict(super().get_config(), recurrent=recurrent, n_segments=self.n_segments)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ParallelDecoder":
        """Rebuild the layer."""
        recurrent = keras.saving.deserialize_keras_object(config.pop("recurrent"))
        return cls(recurrent, **config)
