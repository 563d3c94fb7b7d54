from typing import Any

import keras
import numpy as np
import pytest

from lstm_forecast.model.network.cells import CoupledLSTMCell, PeepholeLSTMCell

UNITS, FEATURES, STEPS, BATCH = 5, 3, 7, 16
CELLS = [PeepholeLSTMCell, CoupledLSTMCell]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def randomised(layer: keras.layers.RNN) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    layer.build((None, STEPS, FEATURES))
    weights = {v.name: rng.normal(size=v.shape) for v in layer.weights}
    layer.set_weights(list(weights.values()))
    return weights


def windows() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(BATCH, STEPS, FEATURES)).astype("float32")


def test_the_peephole_cell_computes_the_equations_of_gers_and_schmidhuber() -> None:
    layer = keras.layers.RNN(PeepholeLSTMCell(UNITS), return_sequences=True)
    w = randomised(layer)
    (w_i, w_f, w_c, w_o), (r_i, r_f, r_c, r_o), (b_i, b_f, b_c, b_o) = (
        np.split(w[name], 4, axis=-1) for name in ("kernel", "recurrent_kernel", "bias")
    )
    p_i, p_f, p_o = w["peephole"]
    h = c = np.zeros((BATCH, UNITS))
    expected = []
    for x in windows().swapaxes(0, 1):
        i = sigmoid(x @ w_i + h @ r_i + p_i * c + b_i)
        f = sigmoid(x @ w_f + h @ r_f + p_f * c + b_f)
        c = f * c + i * np.tanh(x @ w_c + h @ r_c + b_c)
        o = sigmoid(x @ w_o + h @ r_o + p_o * c + b_o)
        h = o * np.tanh(c)
        expected.append(h)
    np.testing.assert_allclose(layer(windows()), np.stack(expected, axis=1), atol=1e-5)


def test_the_coupled_cell_computes_the_equations_of_greff_et_al() -> None:
    layer = keras.layers.RNN(CoupledLSTMCell(UNITS), return_sequences=True)
    w = randomised(layer)
    (w_i, w_c, w_o), (r_i, r_c, r_o), (b_i, b_c, b_o) = (
        np.split(w[name], 3, axis=-1) for name in ("kernel", "recurrent_kernel", "bias")
    )
    h = c = np.zeros((BATCH, UNITS))
    expected = []
    for x in windows().swapaxes(0, 1):
        i = sigmoid(x @ w_i + h @ r_i + b_i)
        o = sigmoid(x @ w_o + h @ r_o + b_o)
        c = (1 - i) * c + i * np.tanh(x @ w_c + h @ r_c + b_c)
        h = o * np.tanh(c)
        expected.append(h)
    np.testing.assert_allclose(layer(windows()), np.stack(expected, axis=1), atol=1e-5)


def test_a_peephole_cell_starts_as_a_plain_lstm() -> None:
    options: dict[str, Any] = {"kernel_initializer": keras.initializers.HeNormal(seed=1)}
    options["recurrent_initializer"] = keras.initializers.Orthogonal(seed=2)
    peephole = keras.layers.RNN(PeepholeLSTMCell(UNITS, **options))
    np.testing.assert_allclose(
        peephole(windows()), keras.layers.LSTM(UNITS, **options)(windows()), atol=1e-6
    )


def test_both_cells_start_with_a_forget_gate_biased_towards_remembering() -> None:
    peephole, coupled = (keras.layers.RNN(cell(UNITS)) for cell in CELLS)
    for layer in (peephole, coupled):
        layer.build((None, STEPS, FEATURES))
    np.testing.assert_array_equal(peephole.cell.bias, np.repeat([0, 1, 0, 0], UNITS))
    np.testing.assert_array_equal(coupled.cell.bias, np.repeat([-1, 0, 0], UNITS))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("rates", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
def test_dropout_changes_the_output_in_training_only_and_follows_the_seed(
    cell: Any, rates: Any
) -> None:
    def layer() -> keras.layers.RNN:
        initial = keras.initializers.HeNormal(seed=1)
        options = {"kernel_initializer": initial, "recurrent_initializer": initial, "seed": 3}
        return keras.layers.RNN(cell(UNITS, **options, **rates))

    x, first, second = windows(), layer(), layer()
    assert first.cell.seed == 3
    trained = np.array(first(x, training=True))
    np.testing.assert_array_equal(trained, second(x, training=True))
    np.testing.assert_array_equal(first(x), second(x))
    assert np.abs(trained - first(x)).max() > 0.01


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_with_recurrent_dropout_trains_in_a_compiled_step(cell: Any) -> None:
    layer = keras.layers.RNN(cell(UNITS, dropout=0.1, recurrent_dropout=0.1, seed=0))
    network = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, keras.layers.Dense(1)])
    network.compile(optimizer="adam", loss="mse", jit_compile=False)
    before = layer.get_weights()
    network.fit(windows(), np.ones((BATCH, 1), "float32"), epochs=1, verbose=0)
    assert all(
        np.abs(w - b).max() > 0 for w, b in zip(layer.trainable_weights, before, strict=True)
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_without_a_bias_is_possible(cell: Any) -> None:
    layer = keras.layers.RNN(cell(UNITS, use_bias=False))
    assert layer(windows()).shape == (BATCH, UNITS)
    assert layer.cell.bias is None


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_rebuilt_from_its_config(cell: Any) -> None:
    options = {"recurrent_dropout": 0.25, "unit_forget_bias": False, "seed": 7}
    original = cell(UNITS, name="cell", kernel_initializer="he_normal", **options)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(original))
    assert type(copy) is cell
    assert copy.get_config() == original.get_config()
