import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.scale import Scaler, fit_scaler
from tests.unit.conftest import build_panel, panel_of, table_of

KINDS = ["standard", "minmax", "robust", "none"]
SOUND = {
    "log": False,
    "columns": ["y"],
    "known": [["x", 0.5, 2.0]],
    "series": {"a": {"y": {"center": 1.5, "scale": 2.0}}},
}
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def with_values(panel: Panel, values: np.ndarray) -> Panel:
    return replace(panel, values=np.asarray(values, np.float64).reshape(panel.values.shape))


def fitted(panel: Panel, kind: str, *, log: bool = False) -> Scaler:
    return fit_scaler(panel, kind=kind, log=log, train_ends=panel.layout.offsets[1:])


def undone(scaler: Scaler, panel: Panel) -> np.ndarray:
    """Every row through transform and invert."""
    index = scaler.indices(panel.layout.ids)[panel.layout.series_of(np.arange(len(panel.values)))]
    return scaler.invert(scaler.transform(panel)[:, None], index, n_targets=len(panel.columns))[
        :, 0
    ]


# Numbers


@pytest.mark.parametrize("kind", KINDS)
def test_a_pooled_scaler_is_that_of_one_series_with_all_rows(kind: str) -> None:
    values = [1.0, 5.0, 2.0, 30.0, 7.0]
    panel = with_values(panel_of(2, 3), values)
    pooled = fit_scaler(
        panel, kind=kind, log=True, train_ends=panel.layout.offsets[1:], pooled=True
    )
    alone = fitted(with_values(panel_of(5), values), kind, log=True)
    assert np.array_equal(pooled.center, np.repeat(alone.center, 2, axis=0))
    assert np.array_equal(pooled.scale, np.repeat(alone.scale, 2, axis=0))


@pytest.mark.parametrize(
    ("kind", "center", "scale"),
    [("standard", 4, np.sqrt(6)), ("minmax", 1, 7), ("robust", 4, 3), ("none", 0, 1)],
)
def test_each_kind_by_hand(kind: str, center: float, scale: float) -> None:
    panel = with_values(panel_of(6), [1, 2, 4, 4, 5, 8])
    center = center if kind != "robust" else np.median([1, 2, 4, 4, 5, 8])
    scale = {"standard": np.std([1, 2, 4, 4, 5, 8]), "robust": 4.75 - 2.5}.get(kind, scale)
    scaler = fitted(panel, kind)
    assert scaler.center.item() == pytest.approx(center)
    assert scaler.scale.item() == pytest.approx(scale)
    np.testing.assert_allclose(scaler.transform(panel), (panel.values - center) / scale, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(st.integers(-12, 12), st.integers(-12, 12), st.integers(0, 10**6))
def test_invert_undoes_transform_at_every_magnitude(
    kind: str, level: int, spread: int, seed: int
) -> None:
    panel = panel_of(30, 7, columns=3, seed=seed)
    panel = with_values(panel, 10.0**level + panel.values * 10.0**spread)
    scaler = fitted(panel, kind)
    assert np.isfinite(scaler.transform(panel)).all()
    worst = np.abs(panel.values - (0 if kind == "none" else scaler.center.repeat([30, 7], axis=0)))
    np.testing.assert_array_less(
        np.abs(undone(scaler, panel) - panel.values), 1e-6 * worst + 1e-14 * 10.0**level
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(st.integers(-12, 12), st.integers(0, 10**6))
def test_invert_undoes_the_logarithm(kind: str, level: int, seed: int) -> None:
    panel = panel_of(30, 7, columns=2, seed=seed)
    panel = with_values(panel, 10.0**level * np.exp(panel.values))
    np.testing.assert_allclose(
        undone(fitted(panel, kind, log=True), panel), panel.values, rtol=2e-5
    )


def test_quantiles_and_targets_are_inverted_by_the_series_of_each_window() -> None:
    scaler = Scaler(
        False,
        ("y", "z", "x"),
        ("a", "b"),
        np.array([[1.0, 2, 9], [3, 4, 9]]),
        np.array([[2.0, 3, 9]] * 2),
    )
    scaled = np.arange(2 * 5 * 2 * 3).reshape(2, 5, 2, 3)
    found = scaler.invert(scaled, np.array([1, 0]), n_targets=2)
    assert found.shape == scaled.shape
    np.testing.assert_array_equal(found[0, :, 0], scaled[0, :, 0] * 2 + 3)
    np.testing.assert_array_equal(found[1, :, 1], scaled[1, :, 1] * 3 + 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, 1e-12, 0.1, -7, 1e12])
def test_a_constant_column_has_scale_1(kind: str, value: float) -> None:
    panel = panel_of(30, 1, columns=2)
    values = panel.values.copy()
    values[:, 1] = value
    values[30] = value
    scaler = fitted(with_values(panel, values), kind)
    assert scaler.scale[:, 1].tolist() == [1, 1]
    assert scaler.scale[1, 0] == 1
    assert np.isfinite(scaler.transform(with_values(panel, values))).all()


# Series


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(st.permutations(["a", "b", "c", "d"]))
def test_numbers_belong_to_ids_and_not_to_positions(kind: str, names: list[str]) -> None:
    values = {name: np.random.default_rng(ord(name)).normal(ord(name), size=9) for name in names}
    table = table_of(
        id=np.repeat(names, 9), ds=np.tile(np.arange(9), 4), y=np.concatenate([*values.values()])
    )
    panel = build_panel(table, timestamp="ds", targets=["y"], series_id="id", freq="1")
    alone = {name: fitted(with_values(panel_of(9), y), kind) for name, y in values.items()}
    scaler = fitted(panel, kind)
    assert scaler.ids == ("a", "b", "c", "d")
    for name, row in zip(names, scaler.indices(names), strict=True):
        assert scaler.center[row] == alone[name].center[0]
        assert scaler.scale[row] == alone[name].scale[0]
    some = names[:2]
    part = table_of(
        id=np.repeat(some, 9),
        ds=np.tile(np.arange(9), 2),
        y=np.concatenate([values[n] for n in some]),
    )
    few = build_panel(part, timestamp="ds", targets=["y"], series_id="id", freq="1")
    expected = np.concatenate(
        [alone[name].transform(with_values(panel_of(9), values[name])) for name in sorted(some)]
    )
    np.testing.assert_array_equal(scaler.transform(few), expected)


def test_a_series_that_was_not_there_in_training_has_index_minus_one() -> None:
    assert fitted(panel_of(3, 3), "none").indices(["b", "z", "a"]).tolist() == [1, -1, 0]


# Leakage


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log", [False, True])
@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=1, max_size=3),
    st.floats(-1e12, 1e12),
    st.integers(0, 10**6),
)
def test_changing_every_value_behind_the_training_rows_changes_no_byte(
    kind: str, log: bool, parts: list[tuple[int, int]], other: float, seed: int
) -> None:
    panel = panel_of(*(train + rest for train, rest in parts), columns=2, seed=seed)
    panel = with_values(panel, np.exp(panel.values))
    train_ends = panel.layout.offsets[:-1] + [train for train, _ in parts]
    behind = (
        np.arange(len(panel.values))
        >= train_ends[panel.layout.series_of(np.arange(len(panel.values)))]
    )
    changed = with_values(panel, np.where(behind[:, None], other, panel.values))
    before, after = (
        fit_scaler(p, kind=kind, log=log, train_ends=train_ends) for p in (panel, changed)
    )
    assert before.to_json().encode() == after.to_json().encode()


# Logarithms


@pytest.mark.parametrize("value", [0, -2.5])
def test_a_training_value_without_a_logarithm_is_located(value: float) -> None:
    panel = panel_of(4, 5, columns=2)
    values = np.exp(panel.values)
    values[7, 1] = value
    message = (
        rf"series b, 3: column y1: {value:g} has no logarithm; train with preprocessing\.log: false"
    )
    with pytest.raises(DataError, match=message):
        fitted(with_values(panel, values), "standard", log=True)


def test_a_value_without_a_logarithm_behind_the_training_rows_is_located_on_transform() -> None:
    stamps = pd.date_range("2024-01-01", periods=6, freq="MS")
    panel = build_panel(table_of(ds=stamps, y=[1.0, 2, 3, 4, 0, 6]), timestamp="ds", targets=["y"])
    scaler = fit_scaler(panel, kind="standard", log=True, train_ends=np.array([4]))
    with pytest.raises(
        DataError, match="series y, 2024-05-01 00:00:00: column y: 0 has no logarithm"
    ):
        scaler.transform(panel)


# JSON


@settings(max_examples=100, deadline=None)
@given(
    st.booleans(),
    st.lists(st.text(), min_size=1, max_size=3, unique=True),
    st.lists(st.text(), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_json_keeps_every_bit(
    log: bool, columns: list[str], ids: list[str], data: st.DataObject
) -> None:
    size = len(ids) * len(columns)
    center = data.draw(st.lists(NUMBERS, min_size=size, max_size=size))
    scale = data.draw(st.lists(NUMBERS.filter(lambda x: x > 0), min_size=size, max_size=size))
    shape = len(ids), len(columns)
    known = [
        (name, center[k % size], scale[k % size])
        for k, name in enumerate(data.draw(st.lists(st.text())))
    ]
    scaler = Scaler(
        log,
        tuple(columns),
        tuple(ids),
        np.reshape(center, shape),
        np.reshape(scale, shape),
        tuple(known),
    )
    found = Scaler.from_json(scaler.to_json())
    assert (found.log, found.columns, found.ids, found.known) == (
        log,
        scaler.columns,
        scaler.ids,
        scaler.known,
    )
    assert (found.center.tobytes(), found.scale.tobytes()) == (
        scaler.center.tobytes(),
        scaler.scale.tobytes(),
    )
    assert found.to_json() == scaler.to_json()


def numbers(center: Any, scale: Any) -> str:
    return json.dumps({**SOUND, "series": {"a": {"y": {"center": center, "scale": scale}}}})


@pytest.mark.parametrize(
    "text",
    [
        *(
            numbers(center, 1.0)
            for center in (float("nan"), float("inf"), -float("inf"), None, "1.5", True, [1.0], {})
        ),
        *(
            numbers(0.0, scale)
            for scale in (0, 0.0, -0.0, -1.0, float("nan"), float("inf"), "1", True, None)
        ),
        *(
            numbers(0.0, 1.0).replace("0.0", huge)
            for huge in ("1" * 400, "1" * 5000, "-" + "1" * 400, "1e999")
        ),
        *(json.dumps({**SOUND, "log": log}) for log in (0, 1, "true", None, [])),
        *(
            json.dumps({**SOUND, "columns": columns})
            for columns in (["z"], ["y", "z"], "z", None, 1, [1], [["y"]])
        ),
        *(
            json.dumps({**SOUND, "known": known})
            for known in (None, 1, ["x"], [["x", 1.0]], [["x", None, 1.0]])
        ),
        *(
            json.dumps({**SOUND, "known": [["x", 0.0, scale]]})
            for scale in (0, -1.0, float("nan"), "1", True)
        ),
        *(
            json.dumps({**SOUND, "series": series})
            for series in (None, 1, "ab", [1], ["ab"], {"a": {}}, {"a": []})
        ),
        *(
            json.dumps({**SOUND, "series": {"a": y}})
            for y in (1, "y", None, ["y"], {"y": 1}, {"y": []}, {"y": {}})
        ),
        *(json.dumps({k: v for k, v in SOUND.items() if k != name}) for name in SOUND),
        *("", "{", "null", "[]", "1", '"text"', "NaN", json.dumps(SOUND)[:-3]),
    ],
)
def test_what_is_no_scaler_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Scaler.from_json(text)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["y", "a", "center", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["y", "a", "center", "scale", "log", "columns", "known", "series"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(
    JSON
    | st.fixed_dictionaries({"log": st.booleans(), "columns": JSON, "known": JSON, "series": JSON})
)
def test_no_json_raises_anything_else(content: Any) -> None:
    try:
        scaler = Scaler.from_json(json.dumps(content))
    except (ValueError, KeyError, TypeError):
        return
    assume(scaler.center.size)
    assert np.isfinite(scaler.center).all()
    assert (scaler.scale > 0).all()


def test_whole_numbers_in_json_are_numbers() -> None:
    assert Scaler.from_json(numbers(1, 2)).center.tolist() == [[1.0]]


# Outliers and numbers that are too large


def writable(panel: Panel) -> Panel:
    return replace(panel, values=panel.values.copy())


def test_outliers_are_clipped_to_the_fences_of_the_training_rows_and_counted() -> None:
    panel = writable(panel_of(300, 300, columns=2))
    panel.values[[10, 250, 310], [0, 1, 0]] = [1e6, -1e6, 500]
    clipped = fit_scaler(
        panel, kind="standard", log=False, train_ends=np.array([200, 500]), clip=True
    )
    assert np.abs(clipped.transform(panel)).max() < 20
    assert clipped.outliers(panel) == 3
    assert (
        fit_scaler(panel, kind="standard", log=False, train_ends=np.array([200, 500])).outliers(
            panel
        )
        == 0
    )
    assert (
        Scaler.from_json(clipped.to_json()).transform(panel).tobytes()
        == clipped.transform(panel).tobytes()
    )


def test_fences_come_from_training_rows_alone_and_are_shared_where_the_scale_is() -> None:
    panel = writable(panel_of(300, 300))
    fit = {"kind": "standard", "log": False, "train_ends": np.array([200, 500]), "clip": True}
    before = fit_scaler(panel, **fit)
    panel.values[250:300] *= 1e6
    panel.values[550:] = 1e9
    assert fit_scaler(panel, **fit).to_json() == before.to_json()
    pooled = fit_scaler(panel, **fit, pooled=True)
    assert pooled.limits is not None
    assert (pooled.limits[:, 0] == pooled.limits[:, 1]).all()


def test_a_value_too_far_out_for_float32_is_refused_with_its_place() -> None:
    panel = writable(panel_of(20, 20))
    scaler = fit_scaler(panel, kind="standard", log=False, train_ends=np.array([10, 30]))
    panel.values[35] = 1e120
    with pytest.raises(
        DataError, match=r"^series b, 15: column y0: 1e\+120 lies 1e\+15 times as far out"
    ):
        scaler.transform(panel)


@pytest.mark.parametrize("part", ["low", "high"])
@pytest.mark.parametrize("wrong", ["NaN", "null", '"1"', "1e999"])
def test_limits_that_are_no_numbers_are_refused(part: str, wrong: str) -> None:
    panel = panel_of(300)
    text = fit_scaler(
        panel, kind="standard", log=False, train_ends=np.array([300]), clip=True
    ).to_json()
    number = json.loads(text)["series"]["a"]["y0"][part]
    with pytest.raises((ValueError, TypeError)):
        Scaler.from_json(text.replace(json.dumps(number), wrong))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("log", [False, True])
def test_a_border_is_scaled_as_values_are_and_what_no_value_reaches_lies_infinitely_far(
    log: bool,
) -> None:
    scaler = Scaler(log, ("y",), ("a",), np.array([[2.0]]), np.array([[4.0]]))
    border, ends = 10.0, {-np.inf: -np.inf, np.inf: np.inf, 0.0: -np.inf if log else -0.5}
    inner = scaler.scaled(border, np.zeros(1, int), n_targets=1)
    assert scaler.invert(inner, np.zeros(1, int), n_targets=1).item() == pytest.approx(border)
    for value, expected in ends.items():
        assert scaler.scaled(value, np.zeros(1, int), n_targets=1).item() == expected
