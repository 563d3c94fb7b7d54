"""What is known ahead reaches exactly the steps it belongs to: in windows, in the linear part, in
what is published.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.forecasting.calibration import uncalibrated
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.linear.ridge import inputs_of, normal_equations, solve
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.windows.windows import Windows, make_windows
from tests.unit.conftest import panel_of, shape_of

KINDS = ["none", "last", "mean", "standard", "last_standard"]
# a target and a past covariate; two columns known ahead; a static one
N_OWN, N_AHEAD, N_STATIC = 2, 2, 1
FUTURE = slice(N_OWN, N_OWN + N_AHEAD)


@dataclass(frozen=True)
class Case:
    """Random values of several series, the parts that windows are wanted of, and the shape of the
    windows.
    """

    layout: Layout
    values: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    shape: dict[str, Any]

    def windows(self, values: np.ndarray | None = None) -> Windows:
        values = self.values if values is None else values
        shape = dict(self.shape)
        latest = shape.pop("latest")
        return make_windows(
            self.layout,
            values,
            *shape_of(n_columns=values.shape[1], n_ahead=N_AHEAD, n_static=N_STATIC, **shape),
            part_starts=self.starts,
            part_ends=self.ends,
            latest=latest,
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    panel = panel_of(
        *draw(st.lists(st.integers(3, 20), min_size=1, max_size=3)),
        columns=N_OWN + N_AHEAD + N_STATIC,
    )
    horizon = draw(st.integers(1, 4))
    shape = {
        "horizon": horizon,
        "context_length": horizon + draw(st.integers(0, 4)),
        "padded": draw(st.booleans()),
        "latest": draw(st.booleans()),
        "normalisation": draw(st.sampled_from(KINDS)),
    }
    cuts = [
        sorted(draw(st.tuples(st.integers(0, int(n)), st.integers(0, int(n)))))
        for n in panel.layout.lengths
    ]
    starts, ends = panel.layout.offsets[:-1] + np.array(cuts).T
    return Case(panel.layout, panel.values.astype(np.float32), starts, ends, shape)


# Windows


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_newest_steps_hold_what_is_known_of_exactly_the_steps_to_be_forecast(
    case: Case,
) -> None:
    windows, horizon = case.windows(), case.shape["horizon"]
    for k in range(len(windows)):
        origin, floor = (int(found[0]) for found in windows.origins(np.array([k])))
        inputs = windows.batch(np.array([k])).inputs[0]
        assert inputs.shape == (case.shape["context_length"], windows.channels.n_features)
        for back in range(1, len(inputs) + 1):
            row, step = origin - back, inputs[-back]
            now, static, later = step[FUTURE], step[4:5], step[5:7]
            if row < floor:
                assert (step == 0).all()
                continue
            assert now.tolist() == case.values[row, FUTURE].tolist()
            assert static.tolist() == case.values[row, 4:].tolist()
            assert later.tolist() == case.values[row + horizon, FUTURE].tolist()


@settings(max_examples=100, deadline=None)
@given(cases(), st.data())
def test_a_row_changes_only_the_windows_that_may_know_it(case: Case, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(case.values) - 1))
    column = data.draw(st.integers(0, N_OWN + N_AHEAD - 1))
    changed = case.values.copy()
    changed[row, column] += 1
    windows, other = case.windows(), case.windows(changed)
    length, horizon = case.shape["context_length"], case.shape["horizon"]
    for k in range(len(windows)):
        before, after = windows.batch(np.array([k])), other.batch(np.array([k]))
        origin, floor = (int(found[0]) for found in windows.origins(np.array([k])))
        seen = max(floor, origin - length)
        known = column >= N_OWN
        reaches = seen <= row < origin or (known and seen + horizon <= row < origin + horizon)
        assert (before.inputs.tobytes() != after.inputs.tobytes()) <= reaches
        if known:  # and does so without a trace of normalisation, of its own or the targets'
            assert (before.inputs.tobytes() != after.inputs.tobytes()) == reaches
            assert before.targets.tobytes() == after.targets.tobytes()
            assert before.center.tobytes() == after.center.tobytes()


@settings(max_examples=60, deadline=None)
@given(cases(), st.floats(-1e3, 1e3, width=32))
def test_nothing_behind_a_part_is_read_by_its_windows(case: Case, other: float) -> None:
    rows = np.arange(len(case.values))
    behind = rows >= case.ends[case.layout.series_of(rows)]
    windows = (
        case.windows(),
        case.windows(np.where(behind[:, None], np.float32(other), case.values)),
    )
    for before, after in zip(*(each.batches(5) for each in windows), strict=True):
        for name, array in vars(before).items():
            assert array.tobytes() == getattr(after, name).tobytes(), name


# From the end of the series


class Recorder:
    """A network that predicts 0 and keeps what it was shown."""

    def __init__(self, horizon: int) -> None:
        self.horizon, self.inputs = horizon, np.empty(0)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        self.inputs = inputs
        return np.zeros((len(inputs), self.horizon, 1, 1), np.float32)


def known_panel(values: np.ndarray, lengths: tuple[int, ...], ahead: np.ndarray | None) -> Panel:
    known = Known(future=("p", "q"), static=("s",))
    columns = ("y", "x", "p", "q", "s")
    return replace(
        panel_of(*lengths, columns=5), columns=columns, values=values, known=known, ahead=ahead
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(11, 16), min_size=1, max_size=3),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 99),
)
def test_predicting_sees_what_a_window_at_the_same_place_sees_and_nothing_else_of_the_future(
    kind: str, lengths: list[int], horizon: int, more: int, seed: int
) -> None:
    whole = known_panel(
        np.random.default_rng(seed).normal(size=(sum(lengths), 5)), tuple(lengths), None
    )
    offsets = whole.layout.offsets
    cuts = offsets[1:] - horizon
    framing, channels = shape_of(
        n_columns=5,
        n_ahead=2,
        n_static=1,
        context_length=horizon + more,
        horizon=horizon,
        normalisation=kind,
    )
    windows = make_windows(
        whole.layout,
        whole.values.astype(np.float32),
        framing,
        channels,
        part_starts=cuts,
        part_ends=offsets[1:],
    )
    expected = windows.batch(np.arange(len(windows))).inputs

    rows = [np.arange(start, cut) for start, cut in zip(offsets[:-1], cuts, strict=True)]
    ahead = whole.values[cuts[:, None] + np.arange(horizon)]
    ahead[..., :2] = 1e9  # targets and past covariates of the future
    history = known_panel(whole.values[np.concatenate(rows)], tuple(map(len, rows)), ahead)
    extended = history.extended()
    session = Recorder(horizon)
    scaler = Scaler(
        False, ("y",), history.layout.ids, np.zeros((len(rows), 1)), np.ones((len(rows), 1))
    )
    forecaster = Forecaster(
        session,  # type: ignore[arg-type]
        scaler,
        framing,
        channels,
        levels=(),
        calibration=uncalibrated((), horizon=horizon, n_targets=1, n_series=len(rows)),
    )
    origins = extended.layout.offsets[1:] - horizon
    floors = extended.layout.spans[extended.layout.span_of(origins - 1)]
    forecaster.ahead(
        extended.values.astype(np.float32), origins, floors, np.arange(len(rows)), steps=horizon
    )
    np.testing.assert_array_equal(session.inputs, expected)


def test_steps_to_be_forecast_become_rows_of_the_last_span_of_their_series() -> None:
    layout = panel_of(5, 4).layout
    # a gap in the first series
    layout = replace(layout, spans=np.array([0, 2, 5, 9]), first=np.array([0, 7, 0]))
    ahead = np.arange(20.0).reshape(2, 2, 5)
    panel = replace(known_panel(np.ones((9, 5)), (5, 4), ahead), layout=layout)
    longer = panel.extended()
    assert longer.layout.offsets.tolist() == [0, 7, 13]
    assert longer.layout.spans.tolist() == [0, 2, 7, 13]
    assert longer.layout.ordinals(np.array([5, 6, 11, 12])).tolist() == [10, 11, 4, 5]
    np.testing.assert_array_equal(longer.values[[5, 6, 11, 12]], ahead.reshape(4, 5))
    assert (np.delete(longer.values, [5, 6, 11, 12], axis=0) == 1).all()
    kept = panel.only(np.array([False, True])).extended()
    np.testing.assert_array_equal(kept.values, longer.values[7:])
    with pytest.raises(ValueError, match="look_ahead"):
        replace(panel, ahead=None).extended()


def test_series_of_several_targets_share_what_is_known_ahead() -> None:
    panel = known_panel(np.arange(30.0).reshape(6, 5), (6,), np.arange(100.0, 110).reshape(1, 2, 5))
    melted = panel.melted(np.array([["y", "x"]], object)).extended()
    assert melted.values[6:8].tolist() == [[100, 102, 103, 104], [105, 107, 108, 109]]
    assert melted.values[14:].tolist() == [[101, 102, 103, 104], [106, 107, 108, 109]]


# The linear part


def random_windows(
    n_targets: int, *, padded: bool = False, horizon: int = 3, seed: int = 0
) -> Windows:
    layout = panel_of(60, 50).layout
    values = (
        np.random.default_rng(seed)
        .normal(size=(110, n_targets + 1 + N_AHEAD + N_STATIC))
        .astype(np.float32)
    )
    return make_windows(
        layout,
        values,
        *shape_of(
            n_columns=values.shape[1],
            n_targets=n_targets,
            n_ahead=N_AHEAD,
            n_static=N_STATIC,
            padded=padded,
            context_length=5,
            horizon=horizon,
        ),
        part_starts=layout.offsets[:-1],
        part_ends=layout.offsets[1:],
    )


@pytest.mark.parametrize("penalty", [1e-5, 1e-2, 1.0])
def test_the_ridge_is_a_regression_of_each_step_on_the_past_and_what_is_known_of_that_step(
    penalty: float,
) -> None:
    windows = random_windows(2)
    batch = next(windows.batches(1000))
    weights = solve(normal_equations(windows, 1000), penalty)
    n_known = windows.channels.n_known
    shape = {"n_targets": 2, "horizon": 3, "first": windows.channels.n_own, "n_known": n_known}
    own, known = inputs_of(batch.inputs, **shape)
    past = penalty * np.square(own.astype(float)).sum(axis=1).mean(axis=1)  # of each target
    ahead = penalty * np.square(known.astype(float)).sum(axis=1).mean()
    for target in range(2):
        for step in range(3):
            x = np.concatenate(
                [own[target], known[step], np.ones((len(own[target]), 1))], axis=1
            ).astype(np.float64)
            ridge = np.diag([past[target]] * 5 + [ahead] * n_known + [0])
            expected = np.linalg.solve(x.T @ x + ridge, x.T @ batch.targets[:, step, target])
            np.testing.assert_allclose(weights.kernel[target, :, step], expected[:5], atol=1e-5)
            np.testing.assert_allclose(weights.known[target, step], expected[5:-1], atol=1e-5)
            np.testing.assert_allclose(weights.bias[target, step], expected[-1], atol=1e-5)


@pytest.mark.parametrize("combined", [False, True])
def test_an_effect_of_the_day_to_be_forecast_is_found_and_added_whole(combined: bool) -> None:
    windows = random_windows(1)
    values = windows.values.copy()
    values[:, 0] = 3 * values[:, 2] - 2 * values[:, 3]  # of what is known ahead alone
    windows = replace(windows, values=values)
    linear = fit_linear(windows, season_length=2, kind="combined" if combined else "ridge")
    batch = next(windows.batches(1000))
    error = np.abs(linear.predict(batch.inputs) - batch.targets).mean()
    assert error < (0.5 if combined else 1e-3) * np.abs(batch.targets).mean()
    if not combined:
        own, both = linear.known[0, :, :3], linear.known[0, :, 3:]
        np.testing.assert_allclose(own, 0, atol=1e-2)
        np.testing.assert_allclose(both, [[3, -2]] * 3, atol=1e-2)
