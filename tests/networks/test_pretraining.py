"""The pretrained network: its graph does what it does, and its training ends as it should."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from lstm_forecast.errors import Stopped
from lstm_forecast.events import Epoch
from lstm_forecast.judging.generated import generated_errors
from lstm_forecast.model.network import pretraining
from lstm_forecast.model.network.checkpoint import fingerprint
from lstm_forecast.model.network.pretraining import Recipe, build_pretrained, pretrain
from lstm_forecast.model.onnx.pretrained import network_graph
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.architecture import Architecture
from lstm_forecast.model.pretrained.inputs import COUNT
from lstm_forecast.model.pretrained.lessons import FREQUENCIES, Curriculum, lesson
from lstm_forecast.model.pretrained.season import STEPS
from lstm_forecast.store import Checkpoints
from tests.networks.test_checkpoint import StopAt

Outcome = tuple[dict[str, np.ndarray], list[Epoch]]
TINY = Recipe(Architecture(units=32, layers=1, hidden=24), seed=3, steps=24, batch_size=48)
EPOCHS = 4


def weights_of(network: keras.Model) -> dict[str, np.ndarray]:
    return {
        f"{layer.name}.{weight.name}": keras.ops.convert_to_numpy(weight)
        for layer in network.layers
        for weight in layer.weights
    }


def test_no_series_to_judge_by_is_one_to_learn_from() -> None:
    """NumPy cuts a large seed into words: some pairs of seed and block draw the same."""
    judged = {
        batch.targets.tobytes()
        for block in range(pretraining.VALIDATION_BLOCKS)
        for batch in Curriculum(pretraining.VALIDATION_SEED, 12).batches(block)
    }
    for seed in (0, 1, 2**31, 2**32 - 1):
        for block in range(4):
            learned = Curriculum(seed, 12).batches(block)
            assert not judged & {batch.targets.tobytes() for batch in learned}


@pytest.mark.parametrize(
    "architecture",
    [Architecture(16, 1, 12), Architecture(8, 3, 20)],
    ids=["one layer", "three layers"],
)
def test_the_graph_forecasts_what_the_network_does(architecture: Architecture) -> None:
    """At every cutoff of short and long histories; the graph gets no step of padding."""
    keras.utils.set_random_seed(0)
    network = build_pretrained(architecture)
    rng = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(0.15 * rng.normal(size=weight.shape))
    session = Session(network_graph(weights_of(network)))
    compared = set()
    for frequency in FREQUENCIES[:2] + FREQUENCIES[8:10]:
        one = lesson(rng, 12, replace(frequency, short=0.5))
        cut_steps = one.cut_steps.astype(np.int32)
        expected = np.asarray(network([one.steps, cut_steps, one.cuts, one.simple]))
        for row in range(12):
            first = int((one.steps[row, :, COUNT] > 0).argmax())
            for cut, step in enumerate(cut_steps[row]):
                if step < first:
                    continue
                found = session.run(
                    {
                        "steps": one.steps[row : row + 1, first : step + 1],
                        "cut": one.cuts[row : row + 1, cut],
                        "simple": one.simple[row : row + 1, cut],
                    }
                )
                largest = max(1, np.abs(expected[row, cut]).max())
                np.testing.assert_allclose(found[0], expected[row, cut], atol=1e-5 * largest)
                compared.add((first > 0, int(step) == STEPS - 1))
    assert len(compared) == 4  # padded or not, at the end or before


def test_its_weights_are_those_of_its_architecture() -> None:
    network = build_pretrained(TINY.architecture)
    assert {name: each.shape for name, each in weights_of(network).items()} == (
        TINY.architecture.shapes
    )
    assert network.count_params() == TINY.architecture.n_parameters


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """Epochs of six batches, judged by four."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining, "LONGEST_EPOCH", TINY.steps // EPOCHS)
        patch.setattr(pretraining, "VALIDATION_BLOCKS", 1)
        yield


def train(
    store: Checkpoints | None = None, report: Callable[[Epoch], None] = lambda epoch: None
) -> Outcome:
    """Weights, and the history without the seconds that an epoch took."""
    # As in a process of its own: Keras numbers operations, and the key of a checkpoint tells.
    keras.utils.clear_session()
    weights, history = pretrain(TINY, report=report, store=store)
    return weights, [replace(row, seconds=0.0) for row in history]


def same(one: Outcome, other: Outcome) -> bool:
    equal = [np.array_equal(weight, other[0][name]) for name, weight in one[0].items()]
    return all(equal) and one[1] == other[1]


@pytest.fixture(scope="module")
def whole(short: None) -> Outcome:
    """What a training gives that was not stopped."""
    return train()


def test_training_twice_gives_equal_bits(whole: Outcome) -> None:
    reported: list[Epoch] = []
    assert same(train(report=reported.append), whole)
    assert [row.epoch for row in reported] == list(range(EPOCHS + 1))


def test_training_lowers_the_loss(whole: Outcome) -> None:
    weights, history = whole
    losses = [row.val_loss for row in history]
    assert losses == sorted(losses, reverse=True)
    assert {name: weight.shape for name, weight in weights.items()} == TINY.architecture.shapes


@pytest.fixture
def handlers() -> Iterator[None]:
    """SIGTERM as the command line handles it."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(143)

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


def stopped_at(batch: int, store: Checkpoints, monkeypatch: pytest.MonkeyPatch) -> int:
    """Train until a signal in that batch; the exit code, 0 if the training came to its end."""
    real = keras.Model.fit

    def fit_and_stop(network: keras.Model, *args: object, callbacks: list, **rest: object) -> None:
        real(network, *args, callbacks=[*callbacks, StopAt(batch, signal.SIGTERM)], **rest)

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "fit", fit_and_stop)
        try:
            train(store)
        except Stopped as stop:
            return stop.exit_code
    return 0


def test_stopped_again_and_again_it_ends_as_if_it_never_had_been(
    whole: Outcome, tmp_path: Path, handlers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    store = Checkpoints(tmp_path, resume=True, note=said.append)
    # of the batches left: in the middle of the second epoch, and of the third
    assert [stopped_at(batch, store, monkeypatch) for batch in (9, 9)] == [143, 143]
    assert same(train(store), whole)
    assert stopped_at(1, store, monkeypatch) == 0  # there is no first batch any more
    assert said[1:] == ["going on from a checkpoint"] * 3


def test_networks_of_one_process_have_the_same_fingerprint() -> None:
    prints = set()
    for _ in range(2):
        keras.utils.set_random_seed(0)
        prints.add(fingerprint(build_pretrained(TINY.architecture), {"recipe": TINY}))
    assert len(prints) == 1


def test_a_recipe_decides_the_fingerprint() -> None:
    network = build_pretrained(TINY.architecture)
    changes = [{}, {"seed": 4}, {"steps": 25}, {"batch_size": 49}, {"kinds": ("walks",)}]
    recipes = [TINY, *(replace(TINY, **change) for change in changes)]
    assert len({fingerprint(network, {"recipe": recipe}) for recipe in recipes}) == len(changes)


@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (6, 1), (7, 2), (24, 4), (25, 5)])
def test_epochs_are_equally_long_and_hold_all_steps(steps: int, epochs: int) -> None:
    recipe = replace(TINY, steps=steps)
    assert recipe.epochs == epochs
    assert steps <= recipe.epochs * recipe.steps_per_epoch < steps + recipe.epochs


def test_a_minute_of_pretraining_is_well_ahead_of_the_seasonal_naive() -> None:
    """On generated series that it did not learn from, over all frequencies."""
    recipe = Recipe(
        Architecture(units=48, layers=1, hidden=48),
        seed=1,
        steps=200,
        batch_size=48,
        learning_rate=2e-2,
    )
    keras.utils.set_random_seed(1)
    untrained = weights_of(build_pretrained(recipe.architecture))
    weights, _ = pretrain(recipe, report=lambda _: None)
    before, after = (list(generated_errors(network_graph(each))) for each in (untrained, weights))
    network, first = (np.mean([each.network for each in found]) for found in (after, before))
    assert network < 0.92 * np.mean([each.seasonal_naive for each in after])
    assert network < 0.96 * first
