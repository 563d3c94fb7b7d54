"""LSTM variants that Keras lacks, as cells for `keras.layers.RNN`.

Both extend `keras.layers.LSTMCell`: its constructor, initialisers, unit forget bias, dropout and
serialisation hold here too. Importing this module is enough for `keras.saving.load_model` to read a
network that uses them.
"""

from typing import Any, ClassVar

import keras
from keras import ops

__all__ = ["CoupledLSTMCell", "PeepholeLSTMCell"]


class _Cell(keras.layers.LSTMCell):  # type: ignore[misc]
    gates: ClassVar[int] = 4  # blocks of `units` columns in the kernels

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(units, implementation=1, **options)
        # implementation 1: a mask for each gate, as in keras.layers.LSTM
        self.dropout_mask_count = self.gates

    def _gate_inputs(self, inputs: Any, h: Any, training: bool) -> list[Any]:
        """Compute what goes into each gate's activation, (batch, units) each, in the kernels'
        order.
        """
        input_masks = self.get_dropout_mask(inputs) if training else None
        state_masks = self.get_recurrent_dropout_mask(h) if training else None
        z = _project(inputs, self.kernel, input_masks) + _project(
            h, self.recurrent_kernel, state_masks
        )
        return list(ops.split(z if self.bias is None else z + self.bias, self.gates, axis=-1))


def _project(x: Any, kernel: Any, masks: list[Any] | None) -> Any:
    """Multiply, each gate seeing `x` through its own dropout mask."""
    if masks is None:
        return ops.matmul(x, kernel)
    kernels = ops.split(kernel, len(masks), axis=1)
    return ops.concatenate(
        [ops.matmul(x * m, k) for m, k in zip(masks, kernels, strict=True)], axis=-1
    )


@keras.saving.register_keras_serializable(package="lstm_forecast")
class PeepholeLSTMCell(_Cell):
    """LSTM whose gates see the cell state (Gers and Schmidhuber 2000, "Recurrent Nets That Time and
    Count").

    With diagonal peepholes p, * the elementwise product, s the logistic function:

        i_t = s(W_i x_t + R_i h_{t-1} + p_i * c_{t-1} + b_i)
        f_t = s(W_f x_t + R_f h_{t-1} + p_f * c_{t-1} + b_f)
        c_t = f_t * c_{t-1} + i_t * tanh(W_c x_t + R_c h_{t-1} + b_c)
        o_t = s(W_o x_t + R_o h_{t-1} + p_o * c_t + b_o)
        h_t = o_t * tanh(c_t)

    Weights: `kernel` (features, 4 units), `recurrent_kernel` (units, 4 units), `bias` (4 units,),
    gates in Keras' order i, f, c, o; `peephole` (3, units), rows i, f, o, which start at 0: a plain
    LSTM.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs of shape (batch, features)."""
        super().build(input_shape)
        self.peephole = self.add_weight(shape=(3, self.units), name="peephole", initializer="zeros")

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Take one step from (batch, features) and [h, c], (batch, units) each, to h and the new
        [h, c].
        """
        h, c = states
        z_i, z_f, z_c, z_o = self._gate_inputs(inputs, h, training)
        p_i, p_f, p_o = ops.split(self.peephole, 3)
        i = self.recurrent_activation(z_i + p_i * c)
        f = self.recurrent_activation(z_f + p_f * c)
        c = f * c + i * self.activation(z_c)
        h = self.recurrent_activation(z_o + p_o * c) * self.activation(c)
        return h, [h, c]


@keras.saving.register_keras_serializable(package="lstm_forecast")
class CoupledLSTMCell(_Cell):
    """LSTM that forgets as much as it takes in: CIFG in Greff et al. 2017, "LSTM: A Search Space
    Odyssey".

    With * the elementwise product and s the logistic function:

        i_t = s(W_i x_t + R_i h_{t-1} + b_i)
        c_t = (1 - i_t) * c_{t-1} + i_t * tanh(W_c x_t + R_c h_{t-1} + b_c)
        o_t = s(W_o x_t + R_o h_{t-1} + b_o)
        h_t = o_t * tanh(c_t)

    It is the input gate that has weights because ONNX Runtime computes that one for
    `input_forget=1`. As 1 - s(z) = s(-z), a forget gate with weights would be the same cell with
    signs changed, and the unit forget bias is b_i = -1.

    Weights: `kernel` (features, 3 units), `recurrent_kernel` (units, 3 units), `bias` (3 units,),
    gates in the order i, c, o.
    """

    gates = 3

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs of shape (batch, features)."""
        columns = self.gates * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], columns),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, columns),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(columns,),
                name="bias",
                initializer=self._initial_bias if self.unit_forget_bias else self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _initial_bias(self, shape: tuple[int, ...], dtype: str | None = None) -> Any:
        others = self.bias_initializer((shape[0] - self.units,), dtype=dtype)
        return ops.concatenate([-ops.ones((self.units,), dtype=dtype), others])

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Take one step from (batch, features) and [h, c], (batch, units) each, to h and the new
        [h, c].
        """
        h, c = states
        z_i, z_c, z_o = self._gate_inputs(inputs, h, training)
        i = self.recurrent_activation(z_i)
        c = (1.0 - i) * c + i * self.activation(z_c)
        h = self.recurrent_activation(z_o) * self.activation(c)
        return h, [h, c]
