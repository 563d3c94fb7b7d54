"""Values that were not observed (policy ``mask``): NaN from the panel to the windows, and without
any effect there.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_forecast.errors import DataError
from lstm_forecast.judging.metrics import seasonal_scale
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.holes import carried, history
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.scale import Scaler, fit_scaler
from lstm_forecast.windows.windows import Windows, make_windows
from tests.unit.conftest import build_panel, inspected, shape_of, table_of
from tests.unit.windows.test_windows import Case, cases, normalise, promised

KINDS = ["none", "last", "mean", "standard", "last_standard"]
STEPS = 60


def panel_with(
    holes: np.ndarray, content: float, *, policies: dict[str, Any] | None = None
) -> Panel:
    """Two targets, a past and a future covariate; cells in ``holes`` (n_rows, 4) hold ``content``,
    a sentinel.
    """
    rng = np.random.default_rng(0)
    values = np.where(holes, content, rng.normal(10, 1, holes.shape).round(3))
    settings = policies or {"missing": "mask", "sentinels": (content,)}
    columns = dict(zip("yzpf", values.T, strict=True))
    return build_panel(
        table_of(ds=np.arange(len(values)), **columns),
        timestamp="ds",
        targets=["y", "z"],
        past=["p"],
        known=Known(future=("f",)),
        freq="1",
        policies=settings,
    )


def scaled(panel: Panel, **how: Any) -> tuple[Scaler, np.ndarray]:
    ends = np.maximum(panel.layout.offsets[1:] - 12, panel.layout.offsets[:-1] + 1)
    scaler = fit_scaler(panel, train_ends=ends, **{"kind": "standard", "log": False, **how})
    return scaler, scaler.transform(panel)


def windows_of(
    panel: Panel, values: np.ndarray, *, normalisation: str = "mean", **how: Any
) -> Windows:
    shape = {"context_length": 6, "horizon": 3, "n_targets": 2, "n_flagged": 4, "n_ahead": 1}
    return make_windows(
        panel.layout,
        values,
        *shape_of(n_columns=values.shape[1], normalisation=normalisation, **{**shape, **how}),
        part_starts=panel.layout.offsets[:-1],
        part_ends=panel.layout.offsets[1:],
    )


def some_holes(share: float = 0.1) -> np.ndarray:
    holes = np.random.default_rng(1).random((STEPS, 4)) < share
    holes[-1] = False  # rows behind the last target would tell of the future
    return holes


@pytest.mark.parametrize("normalisation", KINDS)
@pytest.mark.parametrize("content", [1e6, -1e100, 0.125])
def test_what_stands_in_a_masked_cell_changes_nothing(normalisation: str, content: float) -> None:
    holes = some_holes()
    panels = [panel_with(holes, each) for each in (-200.0, content)]
    found = []
    for panel in panels:
        scaler, values = scaled(panel)
        windows = windows_of(panel, values, normalisation=normalisation)
        batch = windows.batch(np.arange(len(windows)))
        linear = fit_linear(windows, season_length=2, kind="combined")
        scale = seasonal_scale(panel.values[:, :2], 2)
        found.append(
            [
                scaler.to_json(),
                *(part.tobytes() for part in (*vars(batch).values(), linear.kernel, scale)),
            ]
        )
        assert len(windows)
        assert all(
            np.isfinite(part).all() for part in (*vars(batch).values(), linear.kernel, scale)
        )
    assert found[0] == found[1]


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 3)),
        elements=st.integers(0, 9),
    ),
    st.data(),
)
def test_a_hole_in_a_context_holds_the_value_before_it_or_the_first_one(
    values: np.ndarray, data: st.DataObject
) -> None:
    observed = data.draw(arrays(bool, values.shape))
    found = carried(np.where(observed, values, np.float32(np.nan)), observed)
    for window, column in np.ndindex(values.shape[0], values.shape[2]):
        kept = np.flatnonzero(observed[window, :, column])
        for step in range(values.shape[1]):
            before = kept[kept <= step]
            source = before[-1] if len(before) else kept[0] if len(kept) else None
            assert found[window, step, column] == (
                0 if source is None else values[window, source, column]
            )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("newest", [None, 4])
def test_local_statistics_are_those_of_the_observed_values(kind: str, newest: int | None) -> None:
    context = np.array([[1, np.nan, 5, np.nan, 2, np.nan]], np.float32)[..., None]
    inputs, center, scale = normalise(context, None, kind, statistics_length=newest, n_flagged=1)
    seen = np.array([1, 5, 2] if newest is None else [5, 2], np.float32)
    expected = {"none": (0, 1), "last": (2, 1), "mean": (seen.mean(), 1)}
    expected |= {"standard": (seen.mean(), seen.std()), "last_standard": (2, seen.std())}
    np.testing.assert_allclose([center[0, 0, 0], scale[0, 0, 0]], expected[kind], rtol=1e-6)
    np.testing.assert_allclose(
        inputs[0, :, 0] * scale[0, 0, 0] + center[0, 0, 0], [1, 1, 5, 5, 2, 2], rtol=1e-6
    )
    assert inputs[0, :, 1].tolist() == [1, 0, 1, 0, 1, 0]


def test_a_hole_is_no_padding() -> None:
    """The flag of padding is 1 on a hole: recurrent layers go over it, and ONNX counts it as a
    step.
    """
    context = np.array([[9, 4, np.nan, 6]], np.float32)[..., None]
    observed = np.array([[False, True, True, True]])
    inputs, *_ = normalise(context, observed, "none", padded=True, n_flagged=1)
    assert inputs[0].tolist() == [[0, 0, 0], [4, 1, 1], [4, 0, 1], [6, 1, 1]]


def test_without_holes_the_windows_are_those_of_no_policy_and_flags_of_one() -> None:
    panel = panel_with(np.zeros((STEPS, 4), bool), 0)
    _, values = scaled(panel)
    for kind in KINDS:
        plain, flagged = (
            windows_of(panel, values, normalisation=kind, n_flagged=n) for n in (0, 4)
        )
        index = np.arange(len(plain))
        one, other = plain.batch(index), flagged.batch(index)
        np.testing.assert_allclose(other.inputs[..., :5], one.inputs, atol=1e-6)
        assert (other.inputs[..., 5:] == 1).all()
        np.testing.assert_allclose(other.targets, one.targets, atol=1e-6)


@settings(max_examples=200)
@given(cases(), st.data())
def test_a_window_is_left_out_if_a_target_was_not_observed_or_nothing_before_it(
    case: Case, data: st.DataObject
) -> None:
    missing = data.draw(arrays(bool, case.n_rows))
    values = np.where(missing, np.nan, 1)[:, None]
    windows = case.make(values, n_flagged=1)
    horizon, context = case.shape["horizon"], case.shape["context_length"]
    wanted = [
        (row, floor)
        for row, floor in promised(case)
        if not missing[row : row + horizon].any()
        and not missing[max(floor, row - context) : row].all()
    ]
    found = windows.origins(np.arange(len(windows)))
    assert list(zip(*(each.tolist() for each in found), strict=True)) == wanted
    if wanted:
        assert np.isfinite(windows.batch(np.arange(len(windows))).inputs).all()


def test_a_window_with_a_hole_in_what_is_known_ahead_of_it_is_left_out() -> None:
    holes = np.zeros((STEPS, 4), bool)
    holes[30, 2:] = True  # past and future covariate
    panel = panel_with(holes, -200.0)
    _, values = scaled(panel)
    origins, _ = windows_of(panel, values).origins(np.arange(STEPS - 6 - 3 + 1 - 3))
    assert set(range(6, STEPS - 2)) - set(origins.tolist()) == {28, 29, 30}


def test_the_penalty_is_chosen_on_windows_behind_those_that_it_was_fitted_on() -> None:
    """Holes cut the windows of a span into many ranges, of which the last ones are the newest
    fifth.
    """
    from lstm_forecast.model.linear.linear import newest_fifth

    holes = some_holes(0.05)
    panel = panel_with(holes, -200.0)
    windows = windows_of(panel, scaled(panel)[1])
    newest = newest_fifth(windows)
    assert len(newest) > 3
    assert newest.sum() == len(windows) // 5
    held_back = np.flatnonzero(newest)
    assert (newest[held_back[1:]] == windows.counts[held_back[1:]]).all()
    assert held_back.tolist() == list(range(held_back[0], len(newest)))


def test_simple_forecasts_see_the_season_before_in_a_hole() -> None:
    values = np.array([np.nan, 1, 2, 3, np.nan, 5, np.nan, 6, np.nan])[:, None]
    spans = np.array([0, 7, 9])
    assert history(values, spans, 1)[:, 0].tolist() == [1, 1, 2, 3, 3, 5, 5, 6, 6]
    assert history(values, spans, 3)[:, 0].tolist() == [1, 1, 2, 3, 1, 5, 3, 6, 6]


# From rows to the panel

GAPPY = {"ds": [0, 1, 2, 5, 6, 20, 21, 22], "y": [1.0, np.nan, 3.0, 5.0, 6.0, 20.0, np.nan, 22.0]}


@pytest.mark.parametrize(
    ("policies", "expected", "spans"),
    [
        (
            {"gaps": "mask", "missing": "mask", "fill_limit": 3},
            [1, None, 3, None, None, 5, 6, 20, None, 22],
            [0, 7, 10],
        ),
        (
            {"gaps": "mask", "missing": "ffill", "fill_limit": 3},
            [1, 1, 3, None, None, 5, 6, 20, 20, 22],
            [0, 7, 10],
        ),
        (
            {"gaps": "fill", "missing": "mask", "fill_limit": 3},
            [1, None, 3, None, None, 5, 6, 20, None, 22],
            [0, 7, 10],
        ),
        ({"gaps": "split", "missing": "mask"}, [1, None, 3, 5, 6, 20, None, 22], [0, 3, 5, 8]),
    ],
)
def test_masked_rows_stay_in_the_grid(
    policies: dict[str, Any], expected: list[float | None], spans: list[int]
) -> None:
    panel = build_panel(
        table_of(**GAPPY), timestamp="ds", targets=["y"], freq="1", policies=dict(**policies)
    )
    assert [None if np.isnan(value) else value for value in panel.values[:, 0]] == expected
    assert panel.layout.spans.tolist() == spans
    assert panel.repairs == {"gaps": 15, "missing": 2}


def test_masking_gaps_says_nothing_of_empty_cells() -> None:
    _, findings = inspected(
        table_of(**GAPPY), timestamp="ds", targets=["y"], freq="1", policies={"gaps": "mask"}
    )
    assert {finding.kind: finding.level for finding in findings} == {
        "gaps": "settled",
        "missing": "refused",
    }
    assert findings[-1].remedy == "data.missing: ffill, seasonal, interpolate or mask"


@pytest.mark.parametrize("kind", ["standard", "minmax", "robust"])
@pytest.mark.parametrize("how", [{}, {"pooled": True}, {"log": True}, {"clip": True}])
def test_a_scaler_is_that_of_the_observed_values(kind: str, how: dict[str, Any]) -> None:
    y = np.random.default_rng(3).lognormal(size=50)
    masked = np.insert(y, [5, 20, 20], np.nan)
    scalers = []
    for values in (y, masked):
        table = table_of(ds=np.arange(len(values)), y=values)
        panel = build_panel(
            table, timestamp="ds", targets=["y"], freq="1", policies={"missing": "mask"}
        )
        scalers.append(
            fit_scaler(
                panel, train_ends=panel.layout.offsets[1:], **{"kind": kind, "log": False, **how}
            )
        )
    for name in ("center", "scale", "limits"):
        one, other = (getattr(scaler, name) for scaler in scalers)
        np.testing.assert_allclose(
            0 if one is None else one, 0 if other is None else other, rtol=1e-12
        )


def test_a_series_without_an_observed_value_to_scale_by_is_named() -> None:
    frame = pd.DataFrame({"id": np.repeat(["a", "b"], 9), "ds": [*range(9)] * 2, "y": 1.0})
    frame.loc[9:15, "y"] = np.nan
    panel = build_panel(
        table_of(**frame.to_dict("list")), timestamp="ds", targets=["y"], series_id="id", freq="1",
        policies={"missing": "mask"},
    )  # fmt: skip
    with pytest.raises(
        DataError, match="series b: column y: no value was observed in its training rows"
    ):
        fit_scaler(panel, kind="standard", log=False, train_ends=np.array([6, 15]))
