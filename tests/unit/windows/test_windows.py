import tracemalloc
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.split import MIN_CONTEXT
from lstm_forecast.windows.batch import gather_contexts, normalised
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows, make_windows
from tests.unit.conftest import build_panel, panel_of, shape_of, table_of

KINDS = ["none", "last", "mean", "standard", "last_standard"]
ULP = np.finfo(np.float32).eps


@dataclass(frozen=True)
class Case:
    """Series with gaps, the part of each with wanted windows, and their shape."""

    layout: Layout
    part_starts: np.ndarray
    part_ends: np.ndarray
    shape: dict[str, Any]

    def make(self, values: np.ndarray, **options: Any) -> Windows:
        shape = {**self.shape, **options}
        latest = shape.pop("latest", False)
        return make_windows(
            self.layout,
            values.astype(np.float32),
            *shape_of(n_columns=values.shape[1], **shape),
            part_starts=self.part_starts,
            part_ends=self.part_ends,
            latest=latest,
        )

    @property
    def n_rows(self) -> int:
        return int(self.layout.offsets[-1])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    series = draw(
        st.lists(st.lists(st.integers(1, 14), min_size=1, max_size=4), min_size=1, max_size=4)
    )
    ids, steps = [], []
    for name, spans in enumerate(series):
        step = 0
        for length in spans:
            ids += [name] * length
            steps += range(step, step + length)
            step += length + 2
    table = table_of(id=ids, ds=steps, y=np.zeros(len(ids)))
    policies = {"gaps": "split"}
    layout = build_panel(
        table, timestamp="ds", targets=["y"], series_id="id", freq="1", policies=policies
    ).layout
    assert len(layout.first) == sum(map(len, series))
    cuts = [
        sorted(draw(st.tuples(st.integers(0, int(n)), st.integers(0, int(n)))))
        for n in layout.lengths
    ]
    starts, ends = layout.offsets[:-1] + np.array(cuts).T
    shape = {
        "context_length": draw(st.integers(1, 8)),
        "horizon": draw(st.integers(1, 5)),
        "stride": draw(st.integers(1, 6)),
        "padded": draw(st.booleans()),
        "latest": draw(st.booleans()),
    }
    return Case(layout, starts, ends, shape)


def promised(case: Case) -> list[tuple[int, int]]:
    """First target row and first row that the context may use, of every window that the docstrings
    promise.
    """
    found = []
    context, horizon, stride = (
        case.shape[name] for name in ("context_length", "horizon", "stride")
    )
    for floor, behind in zip(case.layout.spans[:-1], case.layout.spans[1:], strict=True):
        series = next(k for k, offset in enumerate(case.layout.offsets[1:]) if floor < offset)
        targets = range(max(floor, case.part_starts[series]), min(behind, case.part_ends[series]))
        fit = [
            row for row in range(floor, behind) if row in targets and row + horizon - 1 in targets
        ]
        origins = [row for row in fit if row - floor >= context]
        if not origins and case.shape["padded"]:
            origins = [row for row in fit if row - floor >= MIN_CONTEXT]
            # to learn from: the fullest alone
            origins = origins if case.shape["latest"] else origins[-1:]
        origins = origins[::-1][::stride][::-1] if case.shape["latest"] else origins[::stride]
        found += [(row, int(floor)) for row in origins]
    return found


# Which windows


@settings(max_examples=60, deadline=None)
@given(cases())
def test_exactly_the_promised_windows_are_made(case: Case) -> None:
    windows = case.make(np.zeros((case.n_rows, 1)))
    expected = promised(case)
    assert len(windows) == len(expected)
    origins, floors = windows.origins(np.arange(len(windows)))
    assert list(zip(origins.tolist(), floors.tolist(), strict=True)) == expected


@settings(max_examples=60, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_a_batch_holds_the_rows_of_its_windows_in_the_order_asked_for(
    case: Case, random: Any
) -> None:
    rows = np.arange(case.n_rows) + 1  # so that 0 is padding
    windows, expected = case.make(np.stack([rows, -rows], axis=1)), promised(case)
    picked = random.sample(range(len(expected)), random.randint(0, len(expected)))
    batch = windows.batch(np.array(picked, np.int64))
    context, horizon = case.shape["context_length"], case.shape["horizon"]
    assert batch.inputs.shape == (len(picked), context, 2 + case.shape["padded"])
    assert batch.targets.shape == (len(picked), horizon, 1)
    assert batch.center.shape == batch.scale.shape == (len(picked), 1, 1)
    assert {array.dtype.name for array in vars(batch).values()} == {"float32"}
    for inputs, targets, k in zip(batch.inputs, batch.targets, picked, strict=True):
        origin, floor = expected[k]
        assert targets[:, 0].tolist() == list(range(origin + 1, origin + 1 + horizon))
        seen = [row + 1 if row >= floor else 0 for row in range(origin - context, origin)]
        assert inputs[:, 0].tolist() == seen
        assert inputs[:, 1].tolist() == [-row for row in seen]
        if case.shape["padded"]:
            assert inputs[:, 2].tolist() == [float(row > 0) for row in seen]
        else:
            assert min(seen) > 0


@settings(max_examples=40, deadline=None)
@given(cases(), st.sampled_from(KINDS))
def test_targets_stay_in_their_part_and_span_and_contexts_do_not_cross_a_gap(
    case: Case, kind: str
) -> None:
    windows = case.make(np.zeros((case.n_rows, 1)), normalisation=kind)
    origins, floors = windows.origins(np.arange(len(windows)))
    targets = origins[:, None] + np.arange(case.shape["horizon"])
    series = case.layout.series_of(origins)[:, None]
    assert (targets >= case.part_starts[series]).all()
    assert (targets < case.part_ends[series]).all()
    assert (case.layout.span_of(targets) == case.layout.span_of(floors)[:, None]).all()
    assert (case.layout.ordinals(origins) - case.layout.ordinals(floors) == origins - floors).all()


@settings(max_examples=50, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_chosen_windows_are_those_windows_and_no_others(case: Case, random: Any) -> None:
    windows = case.make(np.random.default_rng(0).normal(size=(case.n_rows, 1)))
    index = np.array([k for k in range(len(windows)) if random.random() < 0.5], np.int64)
    random.shuffle(index)
    chosen = windows.only(index)
    assert len(chosen) == len(index)
    for found, expected in zip(
        chosen.origins(np.arange(len(index))), windows.origins(index), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    if len(index):
        np.testing.assert_array_equal(
            next(chosen.batches(1000)).inputs, windows.batch(index).inputs
        )


def test_the_first_windows_are_those_of_the_documentation() -> None:
    case = Case(
        panel_of(6).layout, np.array([0]), np.array([6]),
        {"context_length": 3, "horizon": 2, "stride": 1, "padded": False},
    )  # fmt: skip
    batch = case.make(np.arange(6)[:, None]).batch(np.array([0, 1]))
    assert batch.inputs[..., 0].tolist() == [[0, 1, 2], [1, 2, 3]]
    assert batch.targets[..., 0].tolist() == [[3, 4], [4, 5]]


@pytest.mark.parametrize(("latest", "origins"), [(False, [4, 9, 14]), (True, [7, 12, 17])])
def test_a_large_stride_begins_at_the_start_of_the_part_or_ends_at_its_end(
    latest: bool, origins: list[int]
) -> None:
    shape = {"context_length": 4, "horizon": 3, "stride": 5, "padded": False, "latest": latest}
    windows = Case(panel_of(20).layout, np.array([0]), np.array([20]), shape).make(
        np.zeros((20, 1))
    )
    assert windows.origins(np.arange(3))[0].tolist() == origins
    assert len(windows) == 3


def test_the_context_of_a_later_part_reaches_back_into_the_earlier_one() -> None:
    shape = {"context_length": 4, "horizon": 2, "stride": 1, "padded": False}
    windows = Case(panel_of(10).layout, np.array([5]), np.array([10]), shape).make(
        np.arange(10)[:, None]
    )
    assert windows.batch(np.array([0])).inputs[0, :, 0].tolist() == [1, 2, 3, 4]
    assert len(windows) == 4


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("rows", "count"), [(8, 1), (9, 2)])
def test_the_shortest_series_with_a_window_has_one_full_window(
    rows: int, count: int, padded: bool
) -> None:
    shape = {"context_length": 5, "horizon": 3, "stride": 1, "padded": padded}
    windows = Case(panel_of(rows).layout, np.array([0]), np.array([rows]), shape).make(
        np.zeros((rows, 1))
    )
    assert len(windows) == count


@pytest.mark.parametrize(("latest", "origins"), [(False, [5]), (True, [2, 3, 4, 5])])
def test_a_series_too_short_for_a_full_context_teaches_its_fullest_window_and_is_judged_by_all(
    latest: bool, origins: list[int]
) -> None:
    shape = {"context_length": 6, "horizon": 2, "stride": 1, "padded": True, "latest": latest}
    case = Case(panel_of(7).layout, np.array([0]), np.array([7]), shape)
    windows = case.make(np.zeros((7, 1)))
    assert windows.origins(np.arange(len(windows)))[0].tolist() == origins
    assert len(case.make(np.zeros((7, 1)), padded=False)) == 0


# Batches


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(1, 9), st.none() | st.integers(1, 30))
def test_batches_hold_all_windows_in_order_or_some_spread_evenly(
    case: Case, size: int, limit: int | None
) -> None:
    windows = case.make(np.arange(case.n_rows)[:, None])
    batches = list(windows.batches(size, limit=limit))
    firsts = [int(row) for batch in batches for row in batch.targets[:, 0, 0]]
    origins = [origin for origin, _ in promised(case)]
    if limit is None or limit >= len(origins):
        assert firsts == origins
    else:
        assert len(firsts) == limit
        assert set(firsts) <= set(origins)
        assert firsts == sorted(set(firsts))
        assert firsts[0] == origins[0]
        assert limit == 1 or firsts[-1] == origins[-1]
    assert all(len(batch.inputs) == size for batch in batches[:-1])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(cases(), st.floats(-1e6, 1e6, width=32), st.integers(0, 99))
def test_changing_every_value_behind_the_part_changes_no_byte_of_its_batches(
    kind: str, case: Case, other: float, seed: int
) -> None:
    case = replace(case, part_starts=case.layout.offsets[:-1])  # the training part
    values = np.random.default_rng(seed).normal(size=(case.n_rows, 2))
    rows = np.arange(case.n_rows)
    behind = rows >= case.part_ends[case.layout.series_of(rows)]
    changed = np.where(behind[:, None], other, values)
    for before, after in zip(
        case.make(values, normalisation=kind).batches(4),
        case.make(changed, normalisation=kind).batches(4),
        strict=True,
    ):
        for name, array in vars(before).items():
            assert array.tobytes() == getattr(after, name).tobytes(), name


def test_origins_and_batches_of_ten_million_windows_cost_no_memory_for_them() -> None:
    n = 10_000_000
    windows = Windows(
        values=np.zeros((n, 1), np.float32),
        starts=np.array([5, n // 2]),
        counts=np.array([n // 2 - 10, n // 2 - 10]),
        floors=np.array([0, n // 2 - 5]),
        framing=Framing(context_length=5, horizon=3, normalisation="standard"),
        channels=Channels(n_targets=1, padded=True),
    )
    tracemalloc.start()
    try:
        origins, floors = windows.origins(np.array([0, n // 2 - 11, n // 2 - 10, len(windows) - 1]))
        windows.batch(np.arange(128))
        next(windows.batches(128, limit=1000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert origins.tolist() == [5, n // 2 - 6, n // 2, n - 11]
    assert floors.tolist() == [0, 0, n // 2 - 5, n // 2 - 5]
    assert peak < 1_000_000


# Normalisation

CONTEXTS = st.tuples(
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(1, 3),
    st.integers(-6, 6),
    st.integers(-6, 6),
    st.integers(0, 99),
)


def contexts(
    shape: tuple[int, int, int, int, int, int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contexts, the values that follow them, and which steps are observed: the last one is."""
    batch, length, columns, level, spread, seed = shape
    rng = np.random.default_rng(seed)
    values = 10.0**level + rng.normal(size=(batch, length + 4, columns)) * 10.0**spread
    observed = np.arange(length) >= rng.integers(0, length, size=(batch, 1))
    values[:, :length] *= observed[..., None]
    values = values.astype(np.float32)
    return values[:, :length], values[:, length:], observed


def normalise(
    contexts: np.ndarray, observed: np.ndarray | None, kind: str, **shape: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, center and scale of contexts whose columns are targets and past covariates."""
    framing, channels = shape_of(
        n_columns=contexts.shape[2],
        context_length=contexts.shape[1],
        horizon=1,
        normalisation=kind,
        **shape,
    )
    return normalised(contexts, observed, framing, channels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masked", [False, True])
@settings(max_examples=50, deadline=None)
@given(CONTEXTS, st.none() | st.integers(1, 9))
def test_each_normalisation_is_what_it_says_over_the_observed_ones_of_the_newest_steps(
    kind: str, masked: bool, shape: tuple[int, int, int, int, int, int], newest: int | None
) -> None:
    given_values, _, observed = contexts(shape)
    inputs, center, scale = normalise(
        given_values, observed if masked else None, kind, padded=masked, statistics_length=newest
    )
    first = 0 if newest is None else max(0, given_values.shape[1] - newest)
    for k, context in enumerate(given_values.astype(np.float64)):
        seen = context[observed[k]] if masked else context
        recent = context[first:][observed[k, first:]] if masked else context[first:]
        middle = {"none": 0 * seen[-1], "last": seen[-1], "last_standard": seen[-1]}.get(
            kind, recent.mean(axis=0)
        )
        size = np.abs(seen).max(axis=0)
        np.testing.assert_allclose(center[k, 0], middle, atol=8 * ULP * size.max())
        expected = seen - center[k, 0]
        if kind.endswith("standard"):
            constant = scale[k, 0] == 1
            close = np.isclose(scale[k, 0], recent.std(axis=0), rtol=1e-3, atol=1e-4 * size)
            assert (close | (constant & (recent.std(axis=0) <= 2e-5 * size))).all()
        else:
            assert (scale == 1).all()
        actual = inputs[k, :, : given_values.shape[2]][observed[k] if masked else slice(None)]
        np.testing.assert_allclose(actual * scale[k, 0], expected, atol=8 * ULP * size.max())
        if masked:
            assert (inputs[k, ~observed[k]] == 0).all()
            assert inputs[k, :, -1].tolist() == observed[k].tolist()


RECENT = np.array([[3.0, 1, 8, 2, 4, 6], [0, 0, 0, 0, 5, 9]], np.float32)[..., None]


@pytest.mark.parametrize(
    ("kind", "newest", "center", "scale"),
    [
        ("mean", 2, [5, 7], [1, 1]),
        ("mean", 3, [4, 7], [1, 1]),
        ("standard", 2, [5, 7], [1, 2]),
        ("standard", 3, [4, 7], [np.sqrt(8 / 3), 2]),
        ("last_standard", 3, [6, 9], [np.sqrt(8 / 3), 2]),
        ("last_standard", None, [6, 9], [np.sqrt(34 / 6), 2]),
        ("last_standard", 1, [6, 9], [1, 1]),
        ("last", 2, [6, 9], [1, 1]),
        ("none", 2, [0, 0], [1, 1]),
    ],
)
def test_a_statistics_length_takes_the_statistics_from_the_newest_steps_alone_by_hand(
    kind: str, newest: int | None, center: list[float], scale: list[float]
) -> None:
    observed = np.array([[True] * 6, [False] * 4 + [True] * 2])  # rows of padding count for nothing
    inputs, found_center, found_scale = normalise(
        RECENT, observed, kind, padded=True, statistics_length=newest
    )
    assert found_center.ravel() == pytest.approx(center)
    assert found_scale.ravel() == pytest.approx(scale)
    expected = (
        (RECENT - np.reshape(center, (2, 1, 1)))
        / np.reshape(scale, (2, 1, 1))
        * observed[..., None]
    )
    np.testing.assert_allclose(inputs[..., :1], expected, rtol=1e-6)
    assert inputs[..., 1].tolist() == observed.astype(float).tolist()


@settings(max_examples=50, deadline=None)
@given(
    cases(),
    st.sampled_from(["mean", "standard", "last_standard"]),
    st.integers(1, 8),
    st.integers(0, 99),
)
def test_values_before_the_newest_steps_change_neither_center_nor_scale(
    case: Case, kind: str, newest: int, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=(case.n_rows, 1))
    windows = case.make(values, normalisation=kind, statistics_length=newest)
    for k in range(len(windows)):
        origin = windows.origins(np.array([k]))[0][0]
        changed = values.copy()
        changed[: max(0, origin - newest)] = 1e3
        before, after = (
            windows.batch(np.array([k])),
            case.make(changed, normalisation=kind, statistics_length=newest).batch(np.array([k])),
        )
        assert before.center.tobytes() == after.center.tobytes()
        assert before.scale.tobytes() == after.scale.tobytes()
        assert before.targets.tobytes() == after.targets.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(
    cases(),
    st.integers(-9, 9),
    st.integers(-9, 9),
    st.integers(0, 99),
    st.none() | st.integers(1, 8),
)
def test_undoing_the_normalisation_gives_the_targets_back(
    kind: str, case: Case, level: int, spread: int, seed: int, newest: int | None
) -> None:
    values = 10.0**level + np.random.default_rng(seed).normal(size=(case.n_rows, 2)) * 10.0**spread
    windows = case.make(values, normalisation=kind, n_targets=2, statistics_length=newest)
    batch = windows.batch(np.arange(len(windows)))
    rows = windows.origins(np.arange(len(windows)))[0][:, None] + np.arange(case.shape["horizon"])
    actual = values.astype(np.float32)[rows]
    worst = np.abs(actual) + np.abs(batch.center)
    np.testing.assert_array_less(
        np.abs(batch.targets * batch.scale + batch.center - actual), 4 * ULP * worst + 1e-30
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, 1e-30, 1e-12, 0.1, -3.3, 1e6, 1e12, 1e18])
@pytest.mark.parametrize("observed", [1, 2, 5000])
@pytest.mark.filterwarnings("error")
def test_constant_windows_are_finite_and_flat(kind: str, value: float, observed: int) -> None:
    steps = np.broadcast_to(np.arange(5000) >= 5000 - observed, (3, 5000))
    flat = np.where(steps[..., None], np.float32(value), np.float32(0)).repeat(2, axis=2)
    inputs, center, scale = normalise(flat, steps if observed < 5000 else None, kind, padded=True)
    assert np.isfinite(inputs).all()
    assert (scale == 1).all()
    if kind != "none":
        np.testing.assert_allclose(center, np.float32(value), rtol=1e-6)
        np.testing.assert_allclose(inputs[..., :2], 0, atol=1e-5 * abs(value))


def test_padded_steps_are_zero_and_flagged_whatever_stands_before_the_span() -> None:
    values = np.full((10, 2), np.float32(7))
    shape = shape_of(n_columns=2, padded=True, context_length=4, horizon=1)
    found, observed = gather_contexts(values, np.array([5, 9]), np.array([3, 0]), *shape)
    assert observed is not None
    assert observed.tolist() == [[False, False, True, True], [True] * 4]
    assert found[0, :2].tolist() == [[0, 0], [0, 0]]
    for kind in KINDS:
        inputs, _, _ = normalise(found, observed, kind, padded=True)
        assert (inputs[0, :2] == 0).all()
        assert inputs[..., -1].tolist() == observed.astype(float).tolist()


def test_a_batch_without_padding_has_the_flag_all_the_same() -> None:
    shape = shape_of(n_columns=1, padded=True, context_length=4, horizon=1)
    found, observed = gather_contexts(
        np.zeros((10, 1), np.float32), np.array([8, 9]), np.array([0, 0]), *shape
    )
    assert observed is None
    assert normalise(found, observed, "last", padded=True)[0][..., 1].tolist() == [[1.0] * 4] * 2
